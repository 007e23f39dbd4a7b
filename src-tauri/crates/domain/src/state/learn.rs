//! What events change.

use crate::{
    catalog::Account,
    event::{Effect, Event},
    failure::{Code, Failure},
    ids::{AccountId, SessionId, SsoSessionName},
    session::{Due, Stage},
    sso::Source,
    state::{Sso, State},
    time::{Expiration, Moment, Seconds, Timestamp},
    view::{NoticeView, Progress, SignInStatus, Stage as SignInStage, Why},
};

const NOT_LOCKED: &str =
    "Credentials may reach the swap: the system locks no more memory for Daypass. Raise `ulimit -l`.";
/// How many ended cards are kept.
const MOST_ENDED: usize = 20;

impl State {
    /// Takes note of what happened and says what to do about it.
    pub fn learn(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        match event {
            Event::Tick => self.tick(now),
            Event::BrowserWanted { attempt } => {
                if let Some(sign_in) = self.sign_in.as_mut().filter(|s| s.attempt == attempt) {
                    sign_in.stage = SignInStage::Browser;
                }
                vec![]
            }
            Event::SignedIn { attempt } => self.signed_in(attempt, now),
            Event::SignInFailed { attempt, code } => {
                let Some(sign_in) = self.sign_in.take_if(|s| s.attempt == attempt) else { return vec![] };
                self.fail_waiting(&sign_in.sso_session, code, now);
                self.notice =
                    Some(NoticeView { sso_session: Some(sign_in.sso_session), failure: Failure::from(code) });
                vec![]
            }
            Event::Lapsed { sso_session } => {
                if let Some(sso) = self.sso_sessions.get_mut(&sso_session).filter(|s| s.is_signed_in()) {
                    sso.status = SignInStatus::Lapsed;
                    sso.sync = None;
                }
                vec![]
            }
            Event::AccountsListed { sso_session, accounts } => {
                self.accounts_listed(&sso_session, accounts);
                vec![]
            }
            Event::RolesListed { sso_session, account, roles } => {
                self.catalog_revision += 1;
                let Some(sso) = self.sso_sessions.get_mut(&sso_session) else { return vec![] };
                if let Some(account) = sso.catalog.accounts.get_mut(&account) {
                    account.roles = roles.into_iter().collect();
                }
                if let Some(sync) = &mut sso.sync {
                    sync.done = sync.total.min(sync.done + 1);
                }
                vec![]
            }
            Event::Synced { sso_session, failed } => {
                let Some(sso) = self.sso_sessions.get_mut(&sso_session) else { return vec![] };
                sso.sync = None;
                sso.catalog.synced_at = Some(now.wall);
                sso.failed_accounts = failed;
                sso.catalog_failure = None;
                vec![Effect::Remember]
            }
            Event::SyncFailed { sso_session, code } => {
                if let Some(sso) = self.sso_sessions.get_mut(&sso_session) {
                    sso.sync = None;
                    sso.catalog_failure = Some(code);
                }
                vec![]
            }
            Event::Issued { session, expiration } => self.issued(session, expiration, now),
            Event::NotLocked => {
                if self.degraded.iter().all(|d| d != NOT_LOCKED) {
                    self.degraded.push(NOT_LOCKED.to_owned());
                }
                vec![]
            }
            Event::IssueFailed { session, code } => {
                if let Some(session) = self.session_mut(&session).filter(|s| s.is_open()) {
                    session.issue_failed(code, now);
                }
                vec![]
            }
            Event::Identified { sso_session, identity } => {
                if let Some(sso) = self.sso_sessions.get_mut(&sso_session).filter(|s| s.is_signed_in()) {
                    sso.identity = Some(identity);
                }
                vec![]
            }
            Event::Wiped { session, pages } => {
                if let Some(Stage::Ended(ended)) = self.session_mut(&session).map(|s| &mut s.stage) {
                    ended.wiped_pages += pages;
                }
                vec![]
            }
            Event::PracticeReady { sso } => {
                self.practice_starts = false;
                self.catalog_revision += 1;
                self.notice = None;
                let mut sso = *sso;
                // A real organisation may have the name.
                if self.sso_sessions.contains_key(&sso.name)
                    && let Ok(other) = "daypass-practice".parse()
                {
                    sso.name = other;
                }
                self.sso_sessions.insert(sso.name.clone(), Sso::new(sso, crate::catalog::Catalog::default()));
                vec![]
            }
            Event::PracticeFailed { code } => {
                self.practice_starts = false;
                self.notice = Some(NoticeView { sso_session: None, failure: Failure::from(code) });
                vec![]
            }
            Event::PracticeEnded => self.practice_ended(now),
            Event::Endpoint { listening, clients } => {
                self.endpoint.listening = listening;
                self.endpoint.clients = clients;
                vec![]
            }
        }
    }

    fn tick(&mut self, now: Moment) -> Vec<Effect> {
        let due: Vec<(SessionId, Due)> =
            self.sessions.iter_mut().map(|s| (s.id.clone(), s.due(now))).collect();
        let mut effects = Vec::new();
        for (id, due) in due {
            match due {
                Due::Nothing => {}
                Due::End(why) => effects.extend(self.end_where(why, now, |s| s.id == id)),
                Due::Issue => {
                    let Some(session) = self.session(id.as_str()) else { continue };
                    let name = &session.request.role.sso_session;
                    if self.sso_sessions.get(name).is_some_and(Sso::is_signed_in) {
                        effects.extend(self.issue(session));
                    } else if let Some(session) = self.session_mut(&id) {
                        session.issue_failed(Code::SignInLapsed, now);
                    }
                }
            }
        }
        self.forget_old_cards();
        effects
    }

    /// Closed cards beyond the newest few go; they hold no secret, only room.
    pub(super) fn forget_old_cards(&mut self) {
        let mut closed: Vec<(Timestamp, SessionId)> =
            self.sessions.iter().filter_map(|s| Some((s.closed_at()?, s.id.clone()))).collect();
        // By when they closed: a long lease that ends last has the newest card.
        closed.sort_by_key(|(at, _)| *at);
        closed.truncate(closed.len().saturating_sub(MOST_ENDED));
        self.sessions.retain(|s| closed.iter().all(|(_, gone)| *gone != s.id));
    }

    fn signed_in(&mut self, attempt: u32, now: Moment) -> Vec<Effect> {
        let Some(sign_in) = self.sign_in.take_if(|s| s.attempt == attempt) else { return vec![] };
        self.notice = None;
        let name = sign_in.sso_session;
        let Some(sso) = self.sso_sessions.get_mut(&name) else { return vec![] };
        sso.status = SignInStatus::SignedIn;
        sso.signed_in_at = Some(now.wall);
        let mut effects = vec![sso.start_sync(), Effect::Remember];
        // What waited for this, or failed for want of it, goes on by itself.
        for session in self.sessions.iter_mut().filter(|s| s.request.role.sso_session == name) {
            let lapsed = session.failure == Some(Code::SignInLapsed);
            match session.stage {
                Stage::WaitingForSignIn => session.requested_at = now.wall,
                Stage::Failed if lapsed && session.is_still_wanted(now) => session.requested_at = now.wall,
                Stage::Live(_) if lapsed => {
                    session.is_issued_anew();
                    continue;
                }
                _ => continue,
            }
            session.stage = Stage::Requesting;
            session.failure = None;
        }
        let waiting = self.sessions.iter().filter(|s| {
            let lapsed_live = s.live().is_some() && s.failure == Some(Code::SignInLapsed);
            s.request.role.sso_session == name && (matches!(s.stage, Stage::Requesting) || lapsed_live)
        });
        effects.extend(waiting.filter_map(|s| self.issue(s)));
        effects
    }

    fn accounts_listed(&mut self, name: &SsoSessionName, accounts: Vec<(AccountId, String)>) {
        self.catalog_revision += 1;
        let Some(sso) = self.sso_sessions.get_mut(name) else { return };
        let total = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        sso.sync = Some(Progress { done: 0, total });
        sso.catalog_failure = None;
        // Roles known from before stay in view until their account is listed anew.
        let mut before = std::mem::take(&mut sso.catalog.accounts);
        sso.catalog.accounts = accounts
            .into_iter()
            .map(|(id, name)| {
                let roles = before.remove(&id).map(|a| a.roles).unwrap_or_default();
                (id, Account { name, roles })
            })
            .collect();
    }

    fn issued(&mut self, id: SessionId, expiration: Expiration, now: Moment) -> Vec<Effect> {
        let Some(session) = self.session_mut(&id).filter(|s| s.is_open()) else {
            // It ended while AWS was asked: what came late goes at once.
            return vec![Effect::Wipe { session: id }];
        };
        let is_first = session.live().is_none();
        session.issued(expiration, now);
        let (role, duration) = (session.request.role.clone(), session.request.duration);
        let mut effects = self.tick(now);
        if is_first {
            let habit = self.habits.entry(role).or_default();
            habit.last_used = Some(now.wall);
            habit.last_duration = Some(duration);
            // Issued a moment ago: the whole length, in minutes.
            let whole = now.wall.until(expiration.0).0.div_ceil(60).saturating_mul(60);
            habit.longest = habit.longest.max(Some(Seconds(whole)));
            self.catalog_revision += 1;
            effects.push(Effect::Remember);
        }
        effects
    }

    fn practice_ended(&mut self, now: Moment) -> Vec<Effect> {
        let found = self.sso_sessions.values().find(|s| s.sso.source == Source::Practice);
        let Some(name) = found.map(|s| s.sso.name.clone()) else { return vec![] };
        let mut effects = self.end_where(Why::PracticeEnded, now, |s| s.request.role.sso_session == name);
        self.sso_sessions.remove(&name);
        if self.sign_in.take_if(|s| s.sso_session == name).is_some() {
            effects.push(Effect::AbandonSignIn);
        }
        self.catalog_revision += 1;
        self.notice = Some(NoticeView { sso_session: None, failure: Code::PracticeEnded.into() });
        effects
    }
}
