//! One-shot addresses: what a browser is given to open, so that nothing secret stands in an argv.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use daypass_aws::random;
use daypass_domain::{
    ids::SessionId,
    time::{Deadline, Moment, Seconds},
};

/// How long an unused nonce is good.
const LASTS: Seconds = Seconds(30);

/// Nonces that wait to be used, each for the console of one session.
#[derive(Default)]
pub struct Nonces(Mutex<HashMap<String, (SessionId, Deadline)>>);

impl Nonces {
    /// A fresh nonce for the console of `session`; None where there is no randomness.
    #[must_use]
    pub fn make(&self, session: SessionId, now: Moment) -> Option<String> {
        let nonce = random::secret(256).ok()?.with_str(str::to_owned);
        let mut waiting = self.lock();
        waiting.retain(|_, (_, good_until)| !good_until.has_passed(now));
        waiting.insert(nonce.clone(), (session, now.after(LASTS)));
        Some(nonce)
    }

    /// Spends the nonce: it is good once, in time.
    #[must_use]
    pub fn spend(&self, nonce: &str, now: Moment) -> Option<SessionId> {
        let (session, good_until) = self.lock().remove(nonce)?;
        (!good_until.has_passed(now)).then_some(session)
    }

    /// Forgets those of one session.
    pub fn forget(&self, session: &SessionId) {
        self.lock().retain(|_, (of, _)| of != session);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (SessionId, Deadline)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use daypass_domain::time::Timestamp;

    use super::*;

    #[test]
    fn a_nonce_is_good_once_and_for_thirty_seconds() {
        let nonces = Nonces::default();
        let now = Moment { wall: Timestamp::from_secs(1000), boot: 0, utc_offset: 0 };
        let later = Moment { wall: Timestamp::from_secs(1031), boot: 31_000, utc_offset: 0 };
        let session: SessionId = "abcdefgh".parse().unwrap();
        let nonce = nonces.make(session.clone(), now).unwrap();
        assert_eq!(nonces.spend(&nonce, now), Some(session.clone()));
        assert_eq!(nonces.spend(&nonce, now), None);
        let late = nonces.make(session.clone(), now).unwrap();
        assert_eq!(nonces.spend(&late, later), None);
        let forgotten = nonces.make(session.clone(), now).unwrap();
        nonces.forget(&session);
        assert_eq!(nonces.spend(&forgotten, now), None);
    }
}
