//! The truth: one plain struct that a person's intents and the world's events change.
//!
//! `ask` is for a person, who can be told no; `learn` is for the world, which can't. Both return what
//! has to be done. Nothing here waits, reads a clock or holds a secret.

mod afresh;
mod ask;
mod desktop;
mod ids;
mod learn;
mod narrow;
mod protection;
mod receipt;
mod record;
mod settings;
mod show;
mod sso;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::afresh::Passed;
use crate::{
    catalog::Habit,
    chain::ChainedRole,
    event::{Effect, Issue, Remembered, Watched},
    failure::Code,
    ids::{RoleRef, SessionId, SsoSessionName},
    organisation::Organisation,
    request::Pass,
    session::Session,
    settings::{Settings, Way},
    sso::{Source, SsoSession},
    state::{ids::Ids, record::Record, sso::Sso},
    time::{Deadline, Moment, Seconds, Timestamp},
    view::{DeviceView, EndpointView, NoticeView, Stage, TodayView, Why},
};

/// After so long without an answer the view says so.
const SLOW_AFTER: Seconds = Seconds(8);

/// How long credentials of a chained role are to live.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Lasts {
    /// As the settings say, and no longer than need be.
    AsSet,
    /// As long as AWS and the lease allow. No duration is named, for the console takes none that was; the policy
    /// names the lease end.
    AsLongAsMayBe,
}

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
    /// What is told of the desktop. What was never heard of is no trouble.
    watching: BTreeMap<Watched, bool>,
    /// What is wrong for as long as it is.
    standing: Vec<Code>,
    settings: Settings,
    organisation: Organisation,
    /// Chained roles of the AWS config file.
    config_chains: Vec<ChainedRole>,
    passes: Vec<Pass>,
    /// The screen is locked: when leases end.
    lock_ends_at: Option<Deadline>,
    /// The kernel refused the kind of memory that the settings want.
    no_memory: bool,
    /// The practice organisation was started, and is not ready yet.
    practice_starts: bool,
    record: Record,
    /// How far AWS's clock is ahead of ours.
    skew_millis: i64,
    ids: Ids,
    /// It goes on from another agent's.
    goes_on: bool,
}

/// The sign-in under way.
#[derive(Debug)]
struct SignIn {
    sso_session: SsoSessionName,
    attempt: u32,
    way: Way,
    stage: Stage,
    device: Option<DeviceView>,
    started_at: Timestamp,
    /// When the view begins to say what to check.
    hint_at: Deadline,
}

/// What was counted on one day.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
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

/// What a state begins with.
#[derive(Debug, Default)]
pub struct Start {
    /// The SSO sessions of the AWS config file.
    pub configured: Vec<SsoSession>,
    /// Chained roles of the AWS config file.
    pub config_chains: Vec<ChainedRole>,
    pub settings: Settings,
    pub organisation: Organisation,
    pub remembered: Remembered,
    /// What protects less than it should, in sentences.
    pub degraded: Vec<String>,
    /// What is wrong from the start.
    pub standing: Vec<Code>,
    /// Makes ids differ.
    pub seed: u64,
    /// What the agent had that this one goes on from.
    pub passed: Option<Passed>,
}

impl State {
    #[must_use]
    pub fn new(start: Start) -> Self {
        let mut catalogs: BTreeMap<_, _> = start.remembered.catalogs.into_iter().collect();
        let mut sso_sessions = BTreeMap::new();
        let typed = start.settings.sso_sessions.iter().filter_map(|s| {
            let place = s.place.clone()?;
            Some(SsoSession::typed(s.name.clone(), place.start_url, place.region))
        });
        // What is configured wins over what was typed under the same name.
        for sso in typed.chain(start.configured) {
            let catalog = catalogs.remove(&sso.name).unwrap_or_default();
            sso_sessions.insert(sso.name.clone(), Sso::new(sso, catalog));
        }
        let mut state = Self {
            sso_sessions,
            sign_in: None,
            attempts: 0,
            notice: None,
            sessions: Vec::new(),
            habits: start.remembered.habits.into_iter().collect(),
            catalog_revision: 1,
            endpoint: EndpointView::default(),
            today: Today::default(),
            degraded: start.degraded,
            watching: BTreeMap::new(),
            standing: start.standing,
            settings: start.settings,
            organisation: start.organisation,
            config_chains: start.config_chains,
            passes: start.remembered.passes,
            lock_ends_at: None,
            no_memory: false,
            practice_starts: false,
            record: Record::default(),
            skew_millis: 0,
            ids: Ids::new(start.seed),
            goes_on: start.passed.is_some(),
        };
        if let Some(passed) = start.passed {
            state.take_up(passed);
        }
        state
    }

    /// What is to be done first: sign-ins that the keyring keeps are taken up, unless what was there before has just
    /// dropped them.
    pub fn start(&mut self) -> Vec<Effect> {
        if self.goes_on {
            return vec![];
        }
        let kept = |s: &&mut Sso| self.settings.keeps_signed_in(&s.sso.name);
        self.sso_sessions.values_mut().filter(kept).map(Sso::restore).collect()
    }

    /// What to keep for the next run. The practice organisation's list dies with it.
    #[must_use]
    pub fn remembered(&self) -> Remembered {
        let kept = || self.sso_sessions.values().filter(|s| s.sso.source != Source::Practice);
        let is_kept = |name: &SsoSessionName| kept().any(|s| s.sso.name == *name);
        let habits = self.habits.iter().filter(|(role, _)| is_kept(&role.sso_session));
        Remembered {
            habits: habits.map(|(r, h)| (r.clone(), h.clone())).collect(),
            catalogs: kept().map(|s| (s.sso.name.clone(), s.catalog.clone())).collect(),
            passes: self.passes.iter().filter(|p| is_kept(&p.request.role.sso_session)).cloned().collect(),
        }
    }

    /// What to write into the settings file. The practice organisation has no place there.
    #[must_use]
    pub fn settings_to_write(&self) -> Settings {
        let practice = self.sso_sessions.values().find(|s| s.sso.source == Source::Practice);
        let is_kept = |name: &SsoSessionName| practice.is_none_or(|p| p.sso.name != *name);
        let mut settings = self.settings.clone();
        settings.favourites.retain(|role| is_kept(&role.sso_session));
        settings.sso_sessions.retain(|s| is_kept(&s.name));
        settings
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
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
        let sign_in = self.sign_in.iter().map(|s| s.hint_at);
        let syncs = self.sso_sessions.values().filter(|s| s.sync.is_some()).filter_map(|s| s.slow_at);
        let hints = sign_in.chain(syncs).filter(|h| !h.has_passed(now)).map(|h| h.millis_left(now));
        let lock = self.lock_ends_at.map(|at| at.millis_left(now));
        self.sessions
            .iter()
            .filter_map(|s| s.next_due(now))
            .chain(hints)
            .chain(lock)
            .chain(self.log_due(now))
            .min()
    }

    /// Notes that something is wrong, or no longer.
    fn stand(&mut self, code: Code, is_wrong: bool) {
        self.standing.retain(|c| *c != code);
        if is_wrong {
            self.standing.push(code);
        }
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

    /// What gets credentials for an open session. Where its scope or its SSO session is gone, it fails.
    fn issue(&mut self, id: &SessionId, now: Moment) -> Option<Effect> {
        let session = self.session(id.as_str())?;
        let until_lease_end = session.request.scope.until_lease_end;
        let promised = until_lease_end.then(|| session.lease_end(now).shown(now));
        let issue = self.issue_of(session, Lasts::AsSet, now);
        let session = self.session_mut(id)?;
        match issue {
            Ok(issue) => {
                session.promised = promised;
                Some(Effect::Issue { session: id.clone(), issue })
            }
            Err(code) => {
                session.issue_failed(code, now);
                None
            }
        }
    }

    fn issue_of(&self, session: &Session, lasts: Lasts, now: Moment) -> Result<Box<Issue>, Code> {
        let sso = self.sso_sessions.get(&session.request.role.sso_session).ok_or(Code::UnknownSsoSession)?;
        Ok(Box::new(Issue {
            sso: sso.sso.clone(),
            role: session.request.role.clone(),
            region: session.region.clone(),
            identify: sso.identity.is_none(),
            assumes: self.assumes(session, lasts, now)?,
        }))
    }

    /// Somebody asks for credentials of a lease: those of a chained role may have to be issued anew for that.
    pub fn asked(&mut self, id: &SessionId, now: Moment) -> Vec<Effect> {
        let Some(session) = self.session_mut(id) else { return vec![] };
        if !session.asked(now) {
            return vec![];
        }
        let name = session.request.role.sso_session.clone();
        if !self.is_signed_in(&name) {
            if let Some(session) = self.session_mut(id) {
                session.issue_failed(Code::SignInLapsed, now);
            }
            return vec![];
        }
        self.issue(id, now).into_iter().collect()
    }

    /// What gets credentials for those who can't renew them, the console and `env`: as long as lease and AWS allow.
    /// None for a lease straight from the portal, whose own are that already.
    ///
    /// # Errors
    /// `SignInLapsed`; its scope is gone, or takes no more room for the lease end.
    pub fn lasting(&self, id: &SessionId, now: Moment) -> Result<Option<Box<Issue>>, Code> {
        let session = self.session(id.as_str()).filter(|s| s.may_serve(now)).ok_or(Code::SessionNotLive)?;
        if !session.is_chained() {
            return Ok(None);
        }
        if !self.is_signed_in(&session.request.role.sso_session) {
            return Err(Code::SignInLapsed);
        }
        self.issue_of(session, Lasts::AsLongAsMayBe, now).map(Some)
    }
}
