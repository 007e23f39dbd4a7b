//! The truth: one plain struct that a person's intents and the world's events change.
//!
//! `ask` is for a person, who can be told no; `learn` is for the world, which can't. Both return what
//! has to be done. Nothing here waits, reads a clock or holds a secret.

mod ask;
mod learn;
mod show;

use std::collections::BTreeMap;

use crate::{
    catalog::{Catalog, Habit},
    event::{Effect, Remembered},
    failure::Code,
    ids::{RoleRef, SessionId, SsoSessionName},
    session::Session,
    sso::{Source, SsoSession},
    time::{Deadline, Moment, Timestamp},
    view::{EndpointView, NoticeView, Progress, SignInStatus, Stage, TodayView, Why},
};

/// Everything the agent knows that is no secret.
#[derive(Debug)]
pub struct State {
    sso_sessions: BTreeMap<SsoSessionName, Sso>,
    sign_in: Option<SignIn>,
    attempts: u32,
    notice: Option<NoticeView>,
    /// Oldest first.
    sessions: Vec<Session>,
    habits: BTreeMap<RoleRef, Habit>,
    catalog_revision: u64,
    endpoint: EndpointView,
    today: Today,
    degraded: Vec<String>,
    /// The practice organisation was started, and is not ready yet.
    practice_starts: bool,
    ids: Ids,
}

/// One SSO session and what is known of it.
#[derive(Debug)]
struct Sso {
    sso: SsoSession,
    status: SignInStatus,
    signed_in_at: Option<Timestamp>,
    identity: Option<String>,
    catalog: Catalog,
    sync: Option<Progress>,
    failed_accounts: u32,
    catalog_failure: Option<Code>,
}

impl Sso {
    fn new(sso: SsoSession, catalog: Catalog) -> Self {
        Self {
            sso,
            status: SignInStatus::SignedOut,
            signed_in_at: None,
            identity: None,
            catalog,
            sync: None,
            failed_accounts: 0,
            catalog_failure: None,
        }
    }

    /// A sync is under way from here on; how many accounts there are is known later.
    fn start_sync(&mut self) -> Effect {
        self.sync = Some(Progress { done: 0, total: 0 });
        Effect::Sync { sso: self.boxed() }
    }

    fn boxed(&self) -> Box<SsoSession> {
        Box::new(self.sso.clone())
    }

    fn is_signed_in(&self) -> bool {
        self.status == SignInStatus::SignedIn
    }
}

/// The sign-in under way.
#[derive(Debug)]
struct SignIn {
    sso_session: SsoSessionName,
    attempt: u32,
    stage: Stage,
    started_at: Timestamp,
    /// When the view begins to say what to check.
    hint_at: Deadline,
}

/// What was counted on one day.
#[derive(Debug, Default)]
struct Today {
    /// Days since 1970, local.
    day: i64,
    counts: TodayView,
}

impl Today {
    /// The counts of the day that `now` is in, to add to.
    fn counts(&mut self, now: Moment) -> &mut TodayView {
        if self.day != now.local_day() {
            *self = Self { day: now.local_day(), counts: TodayView::default() };
        }
        &mut self.counts
    }

    fn shown(&self, now: Moment) -> TodayView {
        if self.day == now.local_day() { self.counts } else { TodayView::default() }
    }
}

/// Makes session ids: not secret, but different in every run.
#[derive(Debug)]
struct Ids(u64);

impl Ids {
    fn next(&mut self) -> Option<SessionId> {
        // A step of splitmix64: well spread from any seed.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let letters = b"0123456789abcdefghjkmnpqrstvwxyz";
        let id: String = (0..8).map(|i| char::from(letters[(z >> (i * 5)) as usize & 31])).collect();
        id.parse().ok()
    }
}

impl State {
    /// The state at start: what the AWS config file and the last run tell. `seed` makes ids differ.
    #[must_use]
    pub fn new(
        configured: Vec<SsoSession>,
        remembered: Remembered,
        degraded: Vec<String>,
        seed: u64,
    ) -> Self {
        let mut catalogs: BTreeMap<_, _> = remembered.catalogs.into_iter().collect();
        let mut sso_sessions = BTreeMap::new();
        // What is configured wins over what was typed under the same name.
        for sso in remembered.typed.into_iter().chain(configured) {
            sso_sessions.insert(sso.name.clone(), sso);
        }
        Self {
            sso_sessions: sso_sessions
                .into_iter()
                .map(|(name, sso)| {
                    let catalog = catalogs.remove(&name).unwrap_or_default();
                    (name, Sso::new(sso, catalog))
                })
                .collect(),
            sign_in: None,
            attempts: 0,
            notice: None,
            sessions: Vec::new(),
            habits: remembered.habits.into_iter().collect(),
            catalog_revision: 1,
            endpoint: EndpointView::default(),
            today: Today::default(),
            degraded,
            practice_starts: false,
            ids: Ids(seed),
        }
    }

    /// What to keep for the next run. The practice organisation's list dies with it.
    #[must_use]
    pub fn remembered(&self) -> Remembered {
        let kept = || self.sso_sessions.values().filter(|s| s.sso.source != Source::Practice);
        let is_kept = |name: &SsoSessionName| kept().any(|s| s.sso.name == *name);
        Remembered {
            habits: self
                .habits
                .iter()
                .filter(|(role, _)| is_kept(&role.sso_session))
                .map(|(r, h)| (r.clone(), h.clone()))
                .collect(),
            catalogs: kept().map(|s| (s.sso.name.clone(), s.catalog.clone())).collect(),
            typed: kept().filter(|s| s.sso.source == Source::Typed).map(|s| s.sso.clone()).collect(),
        }
    }

    /// The session `id`, for whoever serves its credentials.
    #[must_use]
    pub fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|s| s.id.as_str() == id)
    }

    /// The SSO session `name`.
    #[must_use]
    pub fn sso(&self, name: &SsoSessionName) -> Option<&SsoSession> {
        self.sso_sessions.get(name.as_str()).map(|s| &s.sso)
    }

    #[must_use]
    pub fn is_signed_in(&self, name: &SsoSessionName) -> bool {
        self.sso_sessions.get(name.as_str()).is_some_and(Sso::is_signed_in)
    }

    /// Whether any lease wants or has credentials.
    #[must_use]
    pub fn has_open_sessions(&self) -> bool {
        self.sessions.iter().any(Session::is_open)
    }

    #[must_use]
    pub fn has_live_sessions(&self) -> bool {
        self.sessions.iter().any(|s| s.live().is_some())
    }

    /// Milliseconds until [`crate::event::Event::Tick`] is due.
    #[must_use]
    pub fn next_due(&self, now: Moment) -> Option<i64> {
        let hint = self.sign_in.as_ref().map(|s| s.hint_at).filter(|h| !h.has_passed(now));
        self.sessions.iter().filter_map(|s| s.next_due(now)).chain(hint.map(|h| h.millis_left(now))).min()
    }

    fn session_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|s| s.id == *id)
    }

    /// Ends every open session that `which` picks.
    fn end_where(&mut self, why: Why, now: Moment, which: impl Fn(&Session) -> bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        for session in self.sessions.iter_mut().filter(|s| s.is_open() && which(s)) {
            session.end(why, now);
            self.today.counts(now).ended += 1;
            effects.push(Effect::Wipe { session: session.id.clone() });
        }
        effects
    }

    fn issue(&self, session: &Session) -> Option<Effect> {
        let sso = self.sso_sessions.get(&session.request.role.sso_session)?;
        Some(Effect::Issue {
            sso: sso.boxed(),
            session: session.id.clone(),
            role: session.request.role.clone(),
            region: session.region.clone(),
            identify: sso.identity.is_none(),
        })
    }
}
