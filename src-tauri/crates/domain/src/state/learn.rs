//! What events change.

use crate::{
    audit::{About, What},
    catalog::Warmth,
    event::{Effect, Event},
    failure::{Code, Failure},
    ids::{AccountId, SessionId, SsoSessionName},
    protection::NOT_LOCKED,
    request::SessionRequest,
    session::{Due, Stage},
    settings::Way,
    sso::Source,
    state::{SLOW_AFTER, Sso, State, ask::requesting},
    time::{Expiration, Moment, Seconds, Timestamp},
    view::{NoticeView, Progress, SignInStatus, Stage as SignInStage, Why},
};

/// After so long in the browser the view says what to check.
const HINT_AFTER: Seconds = Seconds(30);
/// A clock so far off makes trouble for AWS's signatures, which allow 5 minutes.
const SKEW_MILLIS: u64 = 120_000;
/// How many ended cards are kept.
const MOST_ENDED: usize = 20;

impl State {
    pub(super) fn take_in(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        match event {
            Event::Tick => self.tick(now),
            Event::BrowserWanted { attempt } => {
                if let Some(sign_in) = self.sign_in.as_mut().filter(|s| s.attempt == attempt) {
                    sign_in.stage = SignInStage::Browser;
                    sign_in.hint_at = now.after(HINT_AFTER);
                }
                vec![]
            }
            Event::BrowserCame { attempt } => {
                if let Some(sign_in) = self.sign_in.as_mut().filter(|s| s.attempt == attempt) {
                    sign_in.stage = SignInStage::Finishing;
                    sign_in.hint_at = now.after(SLOW_AFTER);
                }
                vec![]
            }
            Event::DeviceCode { attempt, device } => {
                if let Some(sign_in) = self.sign_in.as_mut().filter(|s| s.attempt == attempt) {
                    sign_in.stage = SignInStage::DeviceCode;
                    sign_in.device = Some(device);
                    sign_in.hint_at = now.after(HINT_AFTER);
                }
                vec![]
            }
            Event::SignedIn { attempt } => {
                let Some(sign_in) = self.sign_in.take_if(|s| s.attempt == attempt) else { return vec![] };
                self.signed_in(&sign_in.sso_session, Some(sign_in.way), now)
            }
            Event::Restored { sso_session } => {
                let Some(sso) = self.sso_sessions.get(&sso_session) else { return vec![] };
                match sso.status {
                    SignInStatus::Restoring => {}
                    SignInStatus::SignedIn => return vec![],
                    // Signed out meanwhile: what came late goes at once.
                    SignInStatus::SignedOut | SignInStatus::Lapsed => {
                        return vec![Effect::DropToken { sso: sso.boxed() }];
                    }
                }
                let overtaken = self.sign_in.take_if(|s| s.sso_session == sso_session);
                let mut effects = self.signed_in(&sso_session, None, now);
                effects.extend(overtaken.map(|_| Effect::AbandonSignIn));
                effects
            }
            Event::NotRestored { sso_session, code } => {
                let restoring = |s: &&mut Sso| s.status == SignInStatus::Restoring;
                let Some(sso) = self.sso_sessions.get_mut(&sso_session).filter(restoring) else {
                    return vec![];
                };
                sso.status = SignInStatus::SignedOut;
                sso.keyring = code;
                if self.sign_in.as_ref().is_none_or(|s| s.sso_session != sso_session) {
                    self.fail_waiting(&sso_session, Code::SignInLapsed, now);
                }
                vec![]
            }
            Event::Keyring { sso_session, trouble } => {
                if let Some(sso) = self.sso_sessions.get_mut(&sso_session) {
                    sso.keyring = trouble;
                }
                vec![]
            }
            Event::SignInFailed { attempt, code } => {
                let Some(sign_in) = self.sign_in.take_if(|s| s.attempt == attempt) else { return vec![] };
                self.note_sso(What::SignInFailed { code }, &sign_in.sso_session, now);
                self.fail_waiting(&sign_in.sso_session, code, now);
                self.notice =
                    Some(NoticeView { sso_session: Some(sign_in.sso_session), failure: Failure::from(code) });
                vec![]
            }
            Event::Lapsed { sso_session } => {
                let signed_in = |s: &&mut Sso| s.is_signed_in();
                let Some(sso) = self.sso_sessions.get_mut(&sso_session).filter(signed_in) else {
                    return vec![];
                };
                sso.status = SignInStatus::Lapsed;
                sso.sync = None;
                let sso = sso.boxed();
                self.note_sso(What::Lapsed, &sso_session, now);
                // What the keyring has of it is no good either.
                let kept = self.settings.keeps_signed_in(&sso_session);
                kept.then_some(Effect::Forget { sso }).into_iter().collect()
            }
            Event::Refreshed { sso_session } => {
                let sso = self.sso_sessions.get(&sso_session).filter(|s| s.is_signed_in());
                let kept = sso.filter(|_| self.settings.keeps_signed_in(&sso_session));
                kept.map(|s| Effect::Keep { sso: s.boxed() }).into_iter().collect()
            }
            Event::AccountsListed { sso_session, accounts } => {
                self.accounts_listed(&sso_session, accounts);
                vec![]
            }
            Event::RolesListed { sso_session, account, roles } => {
                self.catalog_revision += 1;
                let Some(sso) = self.sso_sessions.get_mut(&sso_session) else { return vec![] };
                sso.catalog.list_roles(&account, roles.into_iter().collect());
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
                let Some(sso) = self.sso_sessions.get_mut(&sso_session) else { return vec![] };
                sso.sync = None;
                sso.catalog_failure = Some(code);
                vec![Effect::Remember]
            }
            Event::Issued { session, expiration, key_id_end } => {
                self.issued(session, expiration, key_id_end, now)
            }
            Event::IssuedLasting { session, expiration, key_id_end } => {
                self.note_accepted(&session, expiration, key_id_end);
                self.note_session(What::IssuedLasting { expiration }, &session, now);
                vec![]
            }
            Event::NotLocked => {
                if self.degraded.iter().all(|d| d != NOT_LOCKED) {
                    self.degraded.push(NOT_LOCKED.to_owned());
                }
                vec![]
            }
            Event::IssueFailed { session, code } => {
                if let Some(open) = self.session_mut(&session).filter(|s| s.is_open()) {
                    let is_known = open.failure == Some(code);
                    open.issue_failed(code, now);
                    if !is_known {
                        self.note_session(What::Failed { code }, &session, now);
                    }
                }
                vec![]
            }
            Event::Identified { sso_session, identity } => {
                if let Some(sso) = self.sso_sessions.get_mut(&sso_session).filter(|s| s.is_signed_in()) {
                    sso.identity = Some(identity);
                }
                vec![]
            }
            Event::Wiped { session, pages, clients } => {
                if let Some(Stage::Ended(ended)) = self.session_mut(&session).map(|s| &mut s.stage) {
                    ended.wiped_pages += pages;
                    // Wiped once more, because something came late, the same may still be on their way out.
                    ended.clients_told = ended.clients_told.max(clients);
                }
                self.note_wipe(&session, pages, now);
                vec![]
            }
            Event::SettingsFile { trouble } => {
                for code in [
                    Code::SettingsBroken,
                    Code::SettingsUnknown,
                    Code::SettingsInvalid,
                    Code::SettingsUnwritable,
                ] {
                    self.stand(code, trouble == Some(code));
                }
                vec![]
            }
            Event::SettingsRead { settings } => {
                self.note(What::SettingsChanged, About::default(), now);
                self.settings_read(*settings)
            }
            Event::OrganisationRead { organisation } => {
                self.stand(Code::OrganisationBroken, organisation.is_none());
                self.catalog_revision += 1;
                self.organisation =
                    organisation.map_or_else(|| std::mem::take(&mut self.organisation), |o| *o);
                vec![]
            }
            Event::Skew { millis } => {
                self.skew_millis = millis;
                self.stand(Code::ClockOff, millis.unsigned_abs() > SKEW_MILLIS);
                vec![]
            }
            Event::Desktop(what) => self.desktop(what, now),
            Event::Watching { what, works } => {
                self.watching.insert(what, works);
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
            Event::Memory { works } => {
                self.no_memory = !works;
                vec![]
            }
            Event::Endpoint { listening, clients } => {
                self.endpoint.listening = listening;
                self.endpoint.clients = clients;
                vec![]
            }
            Event::Served { session, program } => {
                self.count_served(session, program, now);
                vec![]
            }
            Event::Revealed { session, what, program } => {
                self.note_revealed(&session, what, program, now);
                vec![]
            }
            Event::Log { trouble } => {
                self.log_told(trouble);
                vec![]
            }
        }
    }

    fn tick(&mut self, now: Moment) -> Vec<Effect> {
        self.note_counted_when_due(now);
        let mut effects = self.end_locked(now);
        let due: Vec<(SessionId, Due)> =
            self.sessions.iter_mut().map(|s| (s.id.clone(), s.due(now))).collect();
        for (id, due) in due {
            match due {
                Due::Nothing => {}
                Due::End(why) => effects.extend(self.end_where(why, now, |s| s.id == id)),
                Due::Issue => {
                    let Some(session) = self.session(id.as_str()) else { continue };
                    let name = &session.request.role.sso_session;
                    if self.sso_sessions.get(name).is_some_and(Sso::is_signed_in) {
                        effects.extend(self.issue(&id, now));
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

    fn signed_in(&mut self, name: &SsoSessionName, way: Option<Way>, now: Moment) -> Vec<Effect> {
        self.notice = None;
        self.note_sso(What::SignedIn { way }, name, now);
        let Some(sso) = self.sso_sessions.get_mut(name) else { return vec![] };
        sso.status = SignInStatus::SignedIn;
        sso.signed_in_at = Some(now.wall);
        sso.keyring = None;
        let mut effects = vec![sso.start_sync(now), Effect::Remember];
        if self.settings.keeps_signed_in(name) {
            effects.push(Effect::Keep { sso: sso.boxed() });
        }
        effects.extend(self.note_place(name));
        // What waited for this, or failed for want of it, goes on by itself.
        let mut wanted = Vec::new();
        for session in self.sessions.iter_mut().filter(|s| s.request.role.sso_session == *name) {
            let lapsed = session.failure == Some(Code::SignInLapsed);
            match session.stage {
                Stage::WaitingForSignIn => session.requested_at = now.wall,
                Stage::Failed if lapsed && session.is_still_wanted(now) => session.requested_at = now.wall,
                Stage::Live(_) if lapsed => {
                    wanted.extend(session.sign_in_is_back(now).then(|| session.id.clone()));
                    continue;
                }
                _ => continue,
            }
            session.stage = requesting(now);
            session.failure = None;
            wanted.push(session.id.clone());
        }
        effects.extend(wanted.iter().filter_map(|id| self.issue(id, now)));
        effects
    }

    fn accounts_listed(&mut self, name: &SsoSessionName, accounts: Vec<(AccountId, String)>) {
        self.catalog_revision += 1;
        let Some(sso) = self.sso_sessions.get_mut(name) else { return };
        let total = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        sso.sync = Some(Progress { done: 0, total });
        sso.slow_at = None;
        sso.catalog_failure = None;
        sso.catalog.list_accounts(accounts);
    }

    fn issued(
        &mut self,
        id: SessionId,
        expiration: Expiration,
        key_id_end: String,
        now: Moment,
    ) -> Vec<Effect> {
        if self.session(id.as_str()).is_none_or(|s| !s.is_open()) {
            // It ended while AWS was asked: what came late goes at once, and AWS accepts it all the same.
            self.note_accepted(&id, expiration, key_id_end);
            return vec![Effect::Wipe { session: id }];
        }
        self.note_accepted(&id, expiration, key_id_end);
        let Some(session) = self.session_mut(&id) else { return vec![] };
        let (is_first, is_chained) = (session.live().is_none(), session.is_chained());
        session.issued(expiration, now);
        let (role, duration) = (session.request.role.clone(), session.request.duration);
        let is_usual = session.request == SessionRequest::of(role.clone(), duration);
        let request = (!is_usual).then(|| session.request.clone());
        self.note_issue(&id, is_first, now);
        let mut effects = self.tick(now);
        if is_first {
            let habit = self.habits.entry(role).or_default();
            habit.last_used = Some(now.wall);
            habit.warmth = Some(Warmth::used(habit.warmth, now.wall));
            habit.last_duration = Some(duration);
            habit.last_request = request;
            // Issued a moment ago: the whole length, in minutes.
            let whole = now.wall.until(expiration.0).0.div_ceil(60).saturating_mul(60);
            habit.longest = habit.longest.max((!is_chained).then_some(Seconds(whole)));
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
