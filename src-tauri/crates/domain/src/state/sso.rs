//! One SSO session as the state knows it.

use crate::{
    catalog::Catalog,
    event::Effect,
    failure::Code,
    sso::SsoSession,
    state::SLOW_AFTER,
    time::{Deadline, Moment, Timestamp},
    view::{Progress, SignInStatus},
};

/// One SSO session and what is known of it.
#[derive(Debug)]
pub(super) struct Sso {
    pub(super) sso: SsoSession,
    pub(super) status: SignInStatus,
    pub(super) signed_in_at: Option<Timestamp>,
    pub(super) identity: Option<String>,
    pub(super) catalog: Catalog,
    pub(super) sync: Option<Progress>,
    /// When the view begins to say that a sync hears nothing.
    pub(super) slow_at: Option<Deadline>,
    pub(super) failed_accounts: u32,
    pub(super) catalog_failure: Option<Code>,
    /// Why a sign-in that is to be kept is not, or was not taken up, or one that is not to be may still be.
    pub(super) keyring: Option<Code>,
    /// Until when AWS accepts something that was issued by it, cards that were taken away included.
    pub(super) accepted_until: Option<Timestamp>,
}

impl Sso {
    pub(super) fn new(sso: SsoSession, catalog: Catalog) -> Self {
        Self {
            sso,
            status: SignInStatus::SignedOut,
            signed_in_at: None,
            identity: None,
            catalog,
            sync: None,
            slow_at: None,
            failed_accounts: 0,
            catalog_failure: None,
            keyring: None,
            accepted_until: None,
        }
    }

    /// A sync is under way from here on; how many accounts there are is known later.
    pub(super) fn start_sync(&mut self, now: Moment) -> Effect {
        self.sync = Some(Progress { done: 0, total: 0 });
        self.slow_at = Some(now.after(SLOW_AFTER));
        Effect::Sync { sso: self.boxed() }
    }

    /// Once more what the keyring, or the way to AWS, kept from being done when the person last said the same.
    pub(super) fn keep_again(&mut self, on: bool) -> Option<Effect> {
        let trouble = self.keyring?;
        let is_held = trouble == Code::KeyringStillHolds;
        match self.status {
            SignInStatus::Restoring => None,
            SignInStatus::SignedIn if on => Some(Effect::Keep { sso: self.boxed() }),
            SignInStatus::SignedOut if on && !is_held => Some(self.restore()),
            _ => Some(Effect::Forget { sso: self.boxed() }),
        }
    }

    /// The sign-in that the keyring keeps is taken up from here on.
    pub(super) fn restore(&mut self) -> Effect {
        self.status = SignInStatus::Restoring;
        self.keyring = None;
        Effect::Restore { sso: self.boxed() }
    }

    pub(super) fn sign_out(&mut self) {
        self.status = SignInStatus::SignedOut;
        self.signed_in_at = None;
        self.identity = None;
        self.sync = None;
    }

    pub(super) fn boxed(&self) -> Box<SsoSession> {
        Box::new(self.sso.clone())
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.status == SignInStatus::SignedIn
    }
}
