//! How fast the portal may be asked.
//!
//! AWS publishes no limit for the portal (Identity Center's is 20 a second): start at 15, halve on 429,
//! creep up to 19, obey `Retry-After`, and spread what is tried again (full jitter).

use std::{sync::Mutex, sync::PoisonError, time::Duration};

use tokio::time::{Instant, sleep_until};

const START: f64 = 15.0;
const MOST: f64 = 19.0;
const LEAST: f64 = 0.5;
/// How much faster every good answer makes it, in calls a second.
const CREEP: f64 = 0.25;
/// Refusals so close together are of the same haste: they count once.
const SAME_HASTE: Duration = Duration::from_secs(1);

/// One pace for all calls of one sync.
pub struct Pace(Mutex<Inner>);

struct Inner {
    per_second: f64,
    next: Instant,
    halved_at: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self(Mutex::new(Inner { per_second: START, next: Instant::now(), halved_at: None }))
    }
}

impl Pace {
    /// Waits for this call's turn.
    pub async fn turn(&self) {
        let at = {
            let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let at = inner.next.max(Instant::now());
            inner.next = at + Duration::from_secs_f64(1.0 / inner.per_second);
            at
        };
        sleep_until(at).await;
    }

    /// A call was answered.
    pub fn went_well(&self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.per_second = (inner.per_second + CREEP).min(MOST);
    }

    /// A call was answered 429: everything waits `retry_after`, then goes on at half the pace.
    pub fn too_fast(&self, retry_after: Option<u64>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.halved_at.is_none_or(|at| at.elapsed() >= SAME_HASTE) {
            inner.per_second = (inner.per_second / 2.0).max(LEAST);
            inner.halved_at = Some(Instant::now());
        }
        if let Some(seconds) = retry_after {
            let resume = Instant::now() + Duration::from_secs(seconds.min(60));
            inner.next = inner.next.max(resume);
        }
    }
}

/// How long to wait before try number `attempt` (from 1): anything up to 0.2 s, 0.4 s, ... 10 s.
#[must_use]
pub fn jitter(attempt: u32) -> Duration {
    let most = 0.2 * f64::from(1_u32 << attempt.min(6).saturating_sub(1));
    #[expect(clippy::cast_precision_loss, reason = "a fraction for jitter")]
    let fraction = crate::random::seed() as f64 / u64::MAX as f64;
    Duration::from_secs_f64(most.min(10.0) * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fifteen_calls_take_a_second_and_half_as_many_after_a_429() {
        let pace = Pace::default();
        let start = Instant::now();
        for _ in 0..=15 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed().as_secs_f64().round(), 1.0);
        pace.too_fast(None);
        pace.turn().await;
        let start = Instant::now();
        for _ in 0..15 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed().as_secs_f64().round(), 2.0);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_of_one_moment_count_once_and_good_answers_bring_the_pace_back() {
        let pace = Pace::default();
        let per_second = || pace.0.lock().unwrap().per_second;
        for _ in 0..8 {
            pace.too_fast(None);
        }
        assert_eq!(per_second(), START / 2.0);
        for _ in 0..100 {
            pace.went_well();
        }
        assert_eq!(per_second(), MOST, "below Identity Center's 20");
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_holds_everything_back() {
        let pace = Pace::default();
        let start = Instant::now();
        pace.too_fast(Some(7));
        pace.turn().await;
        assert_eq!(start.elapsed().as_secs(), 7);
    }
}
