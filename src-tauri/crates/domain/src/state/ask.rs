//! What a person may ask, and when they are told no.

use crate::{
    audit::What,
    catalog::{Catalog, Changes},
    event::Effect,
    failure::{Code, Failure},
    ids::{SessionId, SsoSessionName},
    limit::Typed,
    request::{Answer, Intent, Open, SessionRequest, SignInTarget},
    session::{Live, Session, Stage},
    settings::Way,
    sso::{BadStartUrl, Source, SsoSession, StartUrl},
    state::{SLOW_AFTER, SignIn, Sso, State},
    time::{Moment, Seconds},
    view::{SignInStatus, Stage as SignInStage, Why},
};

/// How many leases may be open at once.
const MOST_SESSIONS: usize = 50;
/// The longest name made from a start URL; a DNS label has no more.
const NAME_LENGTH: usize = 63;

/// What was answered, and what has to be done.
pub(super) type Asked = Result<(Answer, Vec<Effect>), Failure>;

impl State {
    pub(super) fn answer(&mut self, intent: Intent, now: Moment) -> Asked {
        match intent {
            Intent::SignIn { target, way, keep } => {
                let name = self.target(target)?;
                let (attempt, mut effects) = self.start_sign_in(&name, way, now)?;
                if let Some(on) = keep.filter(|&on| on != self.settings.keeps_signed_in(&name)) {
                    effects.extend(self.keep_signed_in(&name, on, now)?.1);
                }
                Ok((Answer { attempt: Some(attempt), ..Answer::default() }, effects))
            }
            Intent::SignInUrl => match &self.sign_in {
                Some(s) if s.stage.has_address() => done(vec![]),
                _ => Err(Code::NoSignIn.into()),
            },
            Intent::CancelSignIn => match self.sign_in.take() {
                None => Err(Code::NoSignIn.into()),
                Some(sign_in) => {
                    let code = Code::SignInCancelled;
                    self.note_sso(What::SignInFailed { code }, &sign_in.sso_session, now);
                    self.fail_waiting(&sign_in.sso_session, code, now);
                    done(vec![Effect::AbandonSignIn])
                }
            },
            Intent::SignOut { sso_session } => self.sign_out(&sso_session, now),
            Intent::Practice => {
                let runs = self.sso_sessions.values().any(|s| s.sso.source == Source::Practice);
                let starts = std::mem::replace(&mut self.practice_starts, !runs);
                done(if runs || starts { vec![] } else { vec![Effect::StartPractice] })
            }
            Intent::Sync { sso_session } => {
                let sso = self.sso_sessions.get_mut(&sso_session).ok_or(Code::UnknownSsoSession)?;
                match (sso.is_signed_in(), sso.sync) {
                    (false, _) => Err(Code::NotSignedIn.into()),
                    (true, Some(_)) => done(vec![]),
                    (true, None) => done(vec![sso.start_sync(now)]),
                }
            }
            Intent::Request { request, .. } => self.request(request, now),
            Intent::Options { role } => self.options(&role),
            Intent::Preview { request, probe } => self.preview(&request, probe.as_ref(), now),
            Intent::Brought => Ok(self.brought()),
            Intent::Limits { typed } => {
                Ok((Answer { limits: Typed::limits(&typed), ..Answer::default() }, vec![]))
            }
            Intent::SavePass { pass } => self.save_pass(*pass, now),
            Intent::RemovePass { name } => self.remove_pass(&name, now),
            Intent::TakePass { name } => self.take_pass(&name, now),
            Intent::Renew { session } => self.renew(&session, now),
            Intent::End { session } => {
                self.open_session(&session)?;
                done(self.end_where(Why::Ended, now, |s| s.id == session))
            }
            Intent::EndAll => done(self.end_where(Why::Ended, now, |_| true)),
            Intent::Dismiss { session } => match self.session(session.as_str()) {
                None => Err(Code::UnknownSession.into()),
                Some(found) if found.is_open() => Err(Code::SessionLive.into()),
                Some(_) => {
                    self.sessions.retain(|s| s.id != session);
                    done(vec![])
                }
            },
            Intent::Console { session } => self.open(session, Open::Console, now),
            Intent::Terminal { session } => self.open(session, Open::Terminal, now),
            Intent::Favourite { role, on } => {
                // One that is no longer listed can still be taken away.
                if on && !self.sso_sessions.get(&role.sso_session).is_some_and(|s| s.catalog.has(&role)) {
                    return Err(Code::UnknownRole.into());
                }
                let favourites = &mut self.settings.favourites;
                let changes = if on { favourites.insert(role) } else { favourites.remove(&role) };
                self.catalog_revision += 1;
                done(changes.then_some(Effect::SaveSettings).into_iter().collect())
            }
            Intent::KeepSignedIn { sso_session, on } => self.keep_signed_in(&sso_session, on, now),
            Intent::Configure { settings } => self.configure(*settings, now),
            Intent::SeenChanges { sso_session } => {
                let sso = self.sso_sessions.get_mut(&sso_session).ok_or(Code::UnknownSsoSession)?;
                sso.catalog.changes = Changes::default();
                done(vec![Effect::Remember])
            }
            Intent::DismissNotice => {
                self.notice = None;
                done(vec![])
            }
            Intent::EndAtAws { session } => self.end_at_aws(&session, now),
            Intent::Quit => {
                let mut effects = self.end_where(Why::Quit, now, |_| true);
                effects.push(Effect::Quit);
                done(effects)
            }
            // Nothing that the state knows: the agent looks, and answers.
            Intent::Protection | Intent::SelfCheck => done(vec![]),
            // The log's keeper answers these.
            Intent::Log { .. } | Intent::VerifyLog | Intent::ExportLog { .. } => done(vec![]),
        }
    }

    fn target(&mut self, target: SignInTarget) -> Result<SsoSessionName, Failure> {
        let (start_url, region) = match target {
            SignInTarget::Named { sso_session } => {
                let known = self.sso_sessions.contains_key(&sso_session);
                return if known { Ok(sso_session) } else { Err(Code::UnknownSsoSession.into()) };
            }
            SignInTarget::Typed { start_url, region } => (start_url, region),
        };
        let start_url = StartUrl::try_from(start_url).map_err(|bad| match bad {
            BadStartUrl::NotAnAddress => Code::StartUrlNotAnAddress,
            BadStartUrl::NotHttps => Code::StartUrlNotHttps,
        })?;
        let region = region.trim().parse().map_err(|_| Code::BadRegion)?;
        let same = |s: &&Sso| s.sso.start_url == start_url && s.sso.region == region;
        if let Some(known) = self.sso_sessions.values().find(same) {
            return Ok(known.sso.name.clone());
        }
        // Nothing is added for a sign-in that can't start, nor changed under the feet of the one under way.
        if self.sign_in.is_some() {
            return Err(Code::SignInBusy.into());
        }
        // A host's label may be of any length; names may not.
        let label: String = start_url.label().chars().take(NAME_LENGTH).collect();
        let name = (1..)
            .map(|n| if n == 1 { label.clone() } else { format!("{label}-{n}") })
            .filter_map(|name| name.parse::<SsoSessionName>().ok())
            .find(|name| {
                // A typed one that was never signed in to gives its name up to the corrected address.
                self.sso_sessions.get(name).is_none_or(|s| {
                    s.sso.source == Source::Typed
                        && s.status == SignInStatus::SignedOut
                        && s.catalog.accounts.is_empty()
                })
            })
            .ok_or(Code::Internal)?;
        let sso = SsoSession::typed(name.clone(), start_url, region);
        self.sso_sessions.insert(name.clone(), Sso::new(sso, Catalog::default()));
        Ok(name)
    }

    /// Starts a sign-in, or joins the one under way for the same SSO session.
    fn start_sign_in(
        &mut self,
        name: &SsoSessionName,
        way: Option<Way>,
        now: Moment,
    ) -> Result<(u32, Vec<Effect>), Failure> {
        if let Some(under_way) = &self.sign_in {
            return if under_way.sso_session == *name {
                Ok((under_way.attempt, vec![]))
            } else {
                Err(Code::SignInBusy.into())
            };
        }
        let sso = self.sso_sessions.get(name).ok_or(Code::UnknownSsoSession)?.boxed();
        let way = way.or_else(|| self.settings.sso(name).map(|s| s.way)).unwrap_or_default();
        self.attempts += 1;
        self.notice = None;
        self.sign_in = Some(SignIn {
            sso_session: name.clone(),
            attempt: self.attempts,
            way,
            stage: SignInStage::Starting,
            device: None,
            started_at: now.wall,
            hint_at: now.after(SLOW_AFTER),
        });
        let kept = self.settings.keeps_signed_in(name);
        Ok((self.attempts, vec![Effect::SignIn { sso, attempt: self.attempts, way, kept }]))
    }

    fn sign_out(&mut self, name: &SsoSessionName, now: Moment) -> Asked {
        let sso = self.sso_sessions.get_mut(name).ok_or(Code::UnknownSsoSession)?;
        if sso.status == SignInStatus::SignedOut {
            return Err(Code::NotSignedIn.into());
        }
        sso.sign_out();
        sso.keyring = None;
        let sso = sso.boxed();
        self.note_sso(What::SignedOut, name, now);
        let mut effects = self.end_where(Why::SignedOut, now, |s| s.request.role.sso_session == *name);
        if self.settings.keeps_signed_in(name) {
            effects.push(Effect::Forget { sso: sso.clone() });
        }
        effects.extend([Effect::SignOut { sso }, Effect::Afresh]);
        Ok((Answer { remains: Some(self.remains(name, now)), ..Answer::default() }, effects))
    }

    pub(super) fn request(&mut self, request: SessionRequest, now: Moment) -> Asked {
        if let Some(code) = self.refusal(&request, now) {
            return Err(code.into());
        }
        let name = request.role.sso_session.clone();
        let sso = self.sso_sessions.get(&name).ok_or(Code::UnknownSsoSession)?;
        // A list that is complete and of this sign-in knows; any other leaves the answer to AWS.
        let is_complete = sso.signed_in_at.is_some_and(|since| sso.catalog.synced_at >= Some(since))
            && sso.sync.is_none()
            && sso.catalog_failure.is_none()
            && sso.failed_accounts == 0;
        if is_complete && !sso.catalog.has(&request.role) {
            return Err(Code::UnknownRole.into());
        }
        let is_over = |s: &Session| s.live().is_some() && !s.may_serve(now);
        let shape = |s: &&Session| s.is_open() && !is_over(s) && s.request.same_shape(&request);
        if !request.fresh
            && let Some(same) = self.sessions.iter().rfind(shape)
        {
            return self.reuse(same.id.clone(), request.duration, now);
        }
        if self.sessions.iter().filter(|s| s.is_open()).count() >= MOST_SESSIONS {
            return Err(Code::TooManySessions.into());
        }
        let region = self.region_of(&request.role, request.region.as_ref())?;
        let is_signed_in = sso.is_signed_in();
        // What the keyring keeps is being taken up: no browser for that.
        let (attempt, mut effects) = if is_signed_in || sso.status == SignInStatus::Restoring {
            (None, vec![])
        } else {
            let (attempt, effects) = self.start_sign_in(&name, None, now)?;
            (Some(attempt), effects)
        };
        let id = self.ids.next().ok_or(Code::Internal)?;
        let duration = request.duration;
        let session = Session {
            id: id.clone(),
            request,
            region,
            requested_at: now.wall,
            stage: if is_signed_in { requesting(now) } else { Stage::WaitingForSignIn },
            failure: None,
            latest: None,
            key_id_end: None,
            promised: None,
        };
        self.sessions.push(session);
        self.note_request(&id, duration, now);
        if is_signed_in {
            effects.extend(self.issue(&id, now));
        }
        self.forget_old_cards();
        self.today.counts(now).requested += 1;
        Ok((Answer { session: Some(id), attempt, ..Answer::default() }, effects))
    }

    /// An open session serves whoever asks for another `duration` of the same.
    fn reuse(&mut self, id: SessionId, duration: Seconds, now: Moment) -> Asked {
        let session = self.open_session(&id)?;
        let name = session.request.role.sso_session.clone();
        // Whoever asks again while the sign-in waits joins it.
        let waits = matches!(session.stage, Stage::WaitingForSignIn);
        let (attempt, mut effects) = if self.needs_sign_in(session, duration, now) {
            let (attempt, effects) = self.start_sign_in(&name, None, now)?;
            (Some(attempt), effects)
        } else {
            (self.sign_in.as_ref().filter(|_| waits).map(|s| s.attempt), vec![])
        };
        effects.extend(self.extend(&id, duration, now));
        Ok((Answer { session: Some(id), attempt, ..Answer::default() }, effects))
    }

    fn renew(&mut self, id: &SessionId, now: Moment) -> Asked {
        let session = self.open_session(id)?;
        if !session.may_serve(now) {
            return Err(Code::SessionNotLive.into());
        }
        let duration = session.request.duration;
        if self.needs_sign_in(session, duration, now) {
            return Err(Code::NotSignedIn.into());
        }
        let effects = self.extend(id, duration, now);
        Ok((Answer { session: Some(id.clone()), ..Answer::default() }, effects))
    }

    /// Whether only a new sign-in gives a live session credentials for so long.
    fn needs_sign_in(&self, session: &Session, duration: Seconds, now: Moment) -> bool {
        let sso = self.sso_sessions.get(&session.request.role.sso_session);
        let lasts =
            |live: &Live| live.accepted_until(now).millis_left(now) >= now.after(duration).millis_left(now);
        !sso.is_some_and(Sso::is_signed_in) && !session.live().is_none_or(lasts)
    }

    fn extend(&mut self, id: &SessionId, duration: Seconds, now: Moment) -> Vec<Effect> {
        let lease_end = |state: &Self| Some(state.session(id.as_str())?.live()?.lease_end);
        let before = lease_end(self);
        let wants_issue = self.session_mut(id).is_some_and(|s| s.renew(duration, now));
        if lease_end(self) != before {
            self.note_renewal(id, now);
        }
        if wants_issue { self.issue(id, now).into_iter().collect() } else { vec![] }
    }

    fn open(&mut self, id: SessionId, what: Open, now: Moment) -> Asked {
        let session = self.session(id.as_str()).ok_or(Code::UnknownSession)?;
        if !session.may_serve(now) {
            return Err(Code::SessionNotLive.into());
        }
        let habit = self.habits.entry(session.request.role.clone()).or_default();
        let is_new = habit.last_open.replace(what) != Some(what);
        let effects = is_new.then_some(Effect::Remember).into_iter().collect();
        let opened = match what {
            Open::Console => What::ConsoleOpened,
            Open::Terminal => What::TerminalOpened,
        };
        self.note_session(opened, &id, now);
        Ok((Answer { session: Some(id), ..Answer::default() }, effects))
    }

    fn open_session(&self, id: &SessionId) -> Result<&Session, Failure> {
        let session = self.session(id.as_str()).ok_or(Code::UnknownSession)?;
        if session.is_open() { Ok(session) } else { Err(Code::SessionNotLive.into()) }
    }

    /// Sessions that waited for this sign-in will get nothing from it.
    pub(super) fn fail_waiting(&mut self, name: &SsoSessionName, code: Code, now: Moment) {
        for session in &mut self.sessions {
            if matches!(session.stage, Stage::WaitingForSignIn) && session.request.role.sso_session == *name {
                session.issue_failed(code, now);
            }
        }
    }
}

pub(super) fn done(effects: Vec<Effect>) -> Asked {
    Ok((Answer::default(), effects))
}

pub(super) fn requesting(now: Moment) -> Stage {
    Stage::Requesting { slow_at: now.after(SLOW_AFTER) }
}
