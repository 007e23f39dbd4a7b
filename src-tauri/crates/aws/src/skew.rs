//! How far AWS's clock is ahead of ours, learned from the `Date` of its answers.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef, dyn_dispatch_hint},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag, date_time::Format};
use daypass_domain::time::Timestamp;

/// Less than this is the way's and the header's whole seconds, not the clock's.
const NOTHING_MILLIS: i64 = 5000;

/// Our clock, and what is known of AWS's. Clones share what they learn.
#[derive(Clone)]
pub(crate) struct Skew {
    ours: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ahead: Arc<AtomicI64>,
}

impl fmt::Debug for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Skew").field(&self.millis()).finish()
    }
}

impl Skew {
    pub(crate) fn new(ours: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { ours: Arc::new(ours), ahead: Arc::default() }
    }

    /// Milliseconds that AWS's clock is ahead of ours.
    pub(crate) fn millis(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// When something that AWS dates happens by our clock.
    pub(crate) fn local(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millis().saturating_sub(self.millis()))
    }

    fn learn(&self, date: &str) {
        let theirs = DateTime::from_str(date, Format::HttpDate).ok().and_then(|d| d.to_millis().ok());
        if let Some(theirs) = theirs {
            let ahead = theirs.saturating_sub((self.ours)().as_millis());
            let ahead = if ahead.abs() < NOTHING_MILLIS { 0 } else { ahead };
            self.ahead.store(ahead, Ordering::Relaxed);
        }
    }
}

/// The time as AWS has it, for signatures.
impl TimeSource for Skew {
    fn now(&self) -> SystemTime {
        let millis = (self.ours)().as_millis().saturating_add(self.millis());
        UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

#[dyn_dispatch_hint]
impl Intercept for Skew {
    fn name(&self) -> &'static str {
        "Skew"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.learn(date);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_goes_wrong_is_known_and_reckoned_with() {
        let ours = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let skew = Skew::new(|| Timestamp::from_secs(1_800_000_000));
        let learn = |secs: i64| {
            skew.learn(&DateTime::from_secs(secs).fmt(Format::HttpDate).unwrap());
            skew.millis()
        };
        assert_eq!(learn(1_800_000_003), 0, "whole seconds and the way there");
        assert_eq!(learn(1_800_001_200), 1_200_000);
        assert_eq!(skew.local(Timestamp::from_secs(1_800_004_800)), Timestamp::from_secs(1_800_003_600));
        assert_eq!(skew.now(), ours + Duration::from_secs(1200));
        assert_eq!(learn(1_799_998_800), -1_200_000);
        assert_eq!(skew.now(), ours - Duration::from_secs(1200));
        skew.learn("a captive portal's idea of a date");
        assert_eq!(skew.millis(), -1_200_000);
    }
}
