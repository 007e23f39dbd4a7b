//! What the state knows of the guards.

use crate::{
    event::Watched,
    failure::Failure,
    protection::{Kept, Wiping},
    state::State,
};

impl State {
    /// Whose news of sleep and locking come in, and what is done about them.
    #[must_use]
    pub fn wiping(&self) -> Wiping {
        let works = |what| self.watching.get(&what) == Some(&true);
        Wiping {
            clearing: self.settings.clearing,
            logind: works(Watched::Logind),
            lock: works(Watched::ScreenSaver) || works(Watched::LockedHint),
            missing: self.unwatched().collect(),
        }
    }

    /// What the keyring is to keep, and what stood in the way when it was last asked to.
    #[must_use]
    pub fn kept(&self) -> Kept {
        let wanted = || self.sso_sessions.values().filter(|s| self.settings.keeps_signed_in(&s.sso.name));
        Kept {
            wanted: u32::try_from(wanted().count()).unwrap_or(u32::MAX),
            // What the way to AWS kept from being taken up says nothing of the keyring.
            trouble: wanted().filter_map(|s| s.keyring).map(Failure::from).find(Failure::is_of_keyring),
        }
    }
}
