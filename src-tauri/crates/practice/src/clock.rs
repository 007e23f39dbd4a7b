//! Clock: what the practice organisation takes for now, the real time or one a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

/// The real clock, or one that stands still until it is moved. Either can go wrong. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// Milliseconds it is ahead of what it should say.
    skew: Arc<AtomicI64>,
}

#[derive(Clone, Debug)]
enum Source {
    Real,
    /// Milliseconds since the Unix epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn real() -> Self {
        Self { source: Source::Real, skew: Arc::default() }
    }

    /// A clock that stands at `start`, to the millisecond.
    #[must_use]
    pub fn manual(start: OffsetDateTime) -> Self {
        let source = Source::Manual(Arc::new(AtomicI64::new(milliseconds(start))));
        Self { source, skew: Arc::default() }
    }

    /// The time by this clock, in UTC.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        let right = match &self.source {
            Source::Real => real_now(),
            Source::Manual(at) => {
                let nanoseconds = i128::from(at.load(Ordering::SeqCst)) * 1_000_000;
                OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
            }
        };
        right.saturating_add(time::Duration::milliseconds(self.skew.load(Ordering::SeqCst)))
    }

    /// Puts it ahead of the right time, or behind for a negative `skew`.
    pub fn set_skew(&self, skew: time::Duration) {
        let skew = i64::try_from(skew.whole_milliseconds()).unwrap_or(i64::MAX);
        self.skew.store(skew, Ordering::SeqCst);
    }

    /// Moves a manual clock forward. The real clock goes its own way and ignores this.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(at) = &self.source {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            let moved = at.load(Ordering::SeqCst).saturating_add(by);
            at.store(moved, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock, forward or back. The real clock ignores this.
    pub fn set(&self, to: OffsetDateTime) {
        if let Source::Manual(at) = &self.source {
            at.store(milliseconds(to), Ordering::SeqCst);
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::real()
    }
}

/// `moment` plus a lifetime; a lifetime too long for the calendar ends at its last day.
pub(crate) fn after(moment: OffsetDateTime, lifetime: Duration) -> OffsetDateTime {
    moment.saturating_add(time::Duration::try_from(lifetime).unwrap_or(time::Duration::MAX))
}

/// Milliseconds since the Unix epoch.
pub(crate) fn milliseconds(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// Whole seconds from `now` until `end`, none when it has passed.
pub(crate) fn seconds_left(now: OffsetDateTime, end: OffsetDateTime) -> i64 {
    (end - now).whole_seconds().max(0)
}

#[expect(clippy::disallowed_methods, reason = "the one real clock of this crate")]
fn real_now() -> OffsetDateTime {
    OffsetDateTime::from(std::time::SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told_and_for_all_its_clones() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let clone = clock.clone();
        clone.advance(Duration::from_secs(90));
        assert_eq!(clock.now().unix_timestamp(), 90);
    }

    #[test]
    fn a_skewed_clock_is_wrong_by_as_much_wherever_it_goes() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        clock.clone().set_skew(time::Duration::minutes(-20));
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now().unix_timestamp(), 90 - 20 * 60);
    }

    #[test]
    fn a_lifetime_beyond_the_calendar_does_not_panic() {
        let end = after(OffsetDateTime::UNIX_EPOCH, Duration::MAX);
        assert!(end.year() > 9000);
    }
}
