//! What passes from an agent to the one it becomes by executing itself afresh: cards and counters, no secret.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::Catalog,
    failure::Code,
    ids::{Region, SessionId, SsoSessionName},
    request::SessionRequest,
    session::{Session, Stage},
    sso::{Source, SsoSession},
    state::{Sso, State, Today},
    time::{Expiration, Timestamp},
    view::{EndedView, NoticeView, SignInStatus},
};

/// All of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Passed {
    cards: Vec<Card>,
    sso_sessions: Vec<Known>,
    attempts: u32,
    catalog_revision: u64,
    today: Today,
    notice: Option<NoticeView>,
}

/// A session that is over.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Card {
    id: SessionId,
    request: SessionRequest,
    region: Region,
    requested_at: Timestamp,
    /// None: it failed.
    ended: Option<EndedView>,
    failure: Option<Code>,
    latest: Option<Expiration>,
    key_id_end: Option<String>,
}

/// An SSO session that is signed out of, or has lapsed.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Known {
    name: SsoSessionName,
    /// Where the next one would not find it again by itself: typed ones, and practice.
    sso: Option<(SsoSession, Catalog)>,
    is_lapsed: bool,
    signed_in_at: Option<Timestamp>,
    identity: Option<String>,
    accepted_until: Option<Timestamp>,
    failed_accounts: u32,
    keyring: Option<Code>,
}

impl State {
    /// What to pass on; None while anything secret is held or on its way: a lease or another sign-in.
    #[must_use]
    pub fn passed(&self) -> Option<Passed> {
        let is_out = |s: &Sso| matches!(s.status, SignInStatus::SignedOut | SignInStatus::Lapsed);
        let is_bare = self.sign_in.is_none()
            && !self.practice_starts
            && !self.has_open_sessions()
            && self.sso_sessions.values().all(is_out);
        is_bare.then(|| Passed {
            cards: self.sessions.iter().map(Card::of).collect(),
            sso_sessions: self.sso_sessions.values().map(Known::of).collect(),
            attempts: self.attempts,
            catalog_revision: self.catalog_revision,
            today: self.today.clone(),
            notice: self.notice.clone(),
        })
    }

    pub(super) fn take_up(&mut self, passed: Passed) {
        self.attempts = passed.attempts;
        // Pages have the list of the revision before.
        self.catalog_revision = passed.catalog_revision + 1;
        self.today = passed.today;
        self.notice = passed.notice;
        self.sessions = passed.cards.into_iter().map(Card::session).collect();
        for known in passed.sso_sessions {
            let found = self.sso_sessions.entry(known.name);
            let found = match (found, known.sso) {
                (std::collections::btree_map::Entry::Occupied(found), _) => found.into_mut(),
                (free, Some((sso, catalog))) => free.or_insert_with(|| Sso::new(sso, catalog)),
                // The AWS config file no longer has it.
                (std::collections::btree_map::Entry::Vacant(_), None) => continue,
            };
            if known.is_lapsed {
                found.status = SignInStatus::Lapsed;
            }
            found.signed_in_at = known.signed_in_at;
            found.identity = known.identity;
            found.accepted_until = known.accepted_until;
            found.failed_accounts = known.failed_accounts;
            found.keyring = known.keyring;
        }
    }
}

impl Card {
    fn of(session: &Session) -> Self {
        Self {
            id: session.id.clone(),
            request: session.request.clone(),
            region: session.region.clone(),
            requested_at: session.requested_at,
            ended: if let Stage::Ended(ended) = &session.stage { Some(ended.clone()) } else { None },
            failure: session.failure,
            latest: session.latest,
            key_id_end: session.key_id_end.clone(),
        }
    }

    fn session(self) -> Session {
        Session {
            id: self.id,
            request: self.request,
            region: self.region,
            requested_at: self.requested_at,
            stage: self.ended.map_or(Stage::Failed, Stage::Ended),
            failure: self.failure,
            latest: self.latest,
            key_id_end: self.key_id_end,
            promised: None,
        }
    }
}

impl Known {
    fn of(sso: &Sso) -> Self {
        let is_ours_alone = sso.sso.source != Source::Config;
        Self {
            name: sso.sso.name.clone(),
            sso: is_ours_alone.then(|| (sso.sso.clone(), sso.catalog.clone())),
            is_lapsed: sso.status == SignInStatus::Lapsed,
            signed_in_at: sso.signed_in_at,
            identity: sso.identity.clone(),
            accepted_until: sso.accepted_until,
            failed_accounts: sso.failed_accounts,
            keyring: sso.keyring,
        }
    }
}
