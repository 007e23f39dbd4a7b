//! How long ago something was, sleep included: Rust's own clocks stand still while the machine sleeps.

use rustix::time::{ClockId, clock_gettime};

/// A moment since boot, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since(i64);

impl Since {
    pub(crate) fn now() -> Self {
        let time = clock_gettime(ClockId::Boottime);
        Self(time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000))
    }

    #[cfg(test)]
    pub(crate) fn ago(millis: i64) -> Self {
        Self(Self::now().0 - millis)
    }

    /// Milliseconds that have passed since then.
    pub(crate) fn millis(self) -> i64 {
        Self::now().0.saturating_sub(self.0).max(0)
    }
}
