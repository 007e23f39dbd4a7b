//! A state with two SSO sessions, `acme` and `beta`, and a hand on both clocks.

use daypass_domain::{
    audit::By,
    event::{Effect, Event, Remembered},
    failure::Code,
    ids::{AccountId, RoleRef, SessionId, SsoSessionName},
    request::{Answer, Intent, SessionRequest, SignInTarget},
    session::Session,
    settings::Settings,
    sso::{Endpoints, Source, SsoSession, StartUrl},
    state::{Start, State},
    time::{Expiration, Moment, Seconds, Timestamp},
    view::{SessionView, SsoSessionView, View},
};

pub(crate) const HOUR: Seconds = Seconds::hours(1);
pub(crate) const ACCOUNT: &str = "111122223333";

pub(crate) struct Rig {
    pub(crate) state: State,
    pub(crate) now: Moment,
}

impl Rig {
    pub(crate) fn signed_out() -> Self {
        Self::remembering(Remembered::default())
    }

    pub(crate) fn remembering(remembered: Remembered) -> Self {
        Self::with(remembered, Settings::default())
    }

    pub(crate) fn set_to(settings: Settings) -> Self {
        Self::with(Remembered::default(), settings)
    }

    pub(crate) fn with(remembered: Remembered, settings: Settings) -> Self {
        let configured = vec![sso("acme", Source::Config), sso("beta", Source::Config)];
        let now = Moment { wall: Timestamp::from_secs(1_700_000_000), boot: 1_000_000, utc_offset: 0 };
        Self {
            state: State::new(Start { configured, remembered, settings, seed: 7, ..Start::default() }),
            now,
        }
    }

    /// Signed in to `acme`, nothing listed yet.
    pub(crate) fn signed_in() -> Self {
        let mut rig = Self::signed_out();
        rig.sign_in("acme");
        rig
    }

    pub(crate) fn ask(&mut self, intent: Intent) -> Result<(Answer, Vec<Effect>), Code> {
        self.state.ask(intent, By::Window, self.now).map_err(|f| f.code)
    }

    pub(crate) fn learn(&mut self, event: Event) -> Vec<Effect> {
        self.state.learn(event, self.now)
    }

    pub(crate) fn tick(&mut self) -> Vec<Effect> {
        self.learn(Event::Tick)
    }

    /// Time passes, sleep included.
    pub(crate) fn pass(&mut self, length: Seconds) {
        self.now.wall = self.now.wall + length;
        self.now.boot += i64::from(length.0) * 1000;
    }

    /// Somebody sets the wall clock.
    pub(crate) fn set_clock(&mut self, by_secs: i64) {
        self.now.wall = Timestamp::from_millis(self.now.wall.as_millis() + by_secs * 1000);
    }

    pub(crate) fn start_sign_in(&mut self, sso: &str) -> u32 {
        self.ask(sign_in(sso)).unwrap().0.attempt.unwrap()
    }

    pub(crate) fn sign_in(&mut self, sso: &str) -> Vec<Effect> {
        let attempt = self.start_sign_in(sso);
        self.learn(Event::SignedIn { attempt })
    }

    pub(crate) fn lapse(&mut self) {
        self.learn(Event::Lapsed { sso_session: name("acme") });
    }

    /// Asks for a role that no other lease has.
    pub(crate) fn request(&mut self, role: &str, duration: Seconds) -> SessionId {
        self.ask(request(&wanted(role, duration))).unwrap().0.session.unwrap()
    }

    /// Credentials come that AWS accepts for `length` from now.
    pub(crate) fn issue(&mut self, session: &SessionId, length: Seconds) -> Vec<Effect> {
        self.issue_key(session, length, "7Q2X")
    }

    /// As [`Self::issue`]; the access key id ends so.
    pub(crate) fn issue_key(&mut self, session: &SessionId, length: Seconds, end: &str) -> Vec<Effect> {
        let expiration = Expiration(self.now.wall + length);
        self.learn(Event::Issued { session: session.clone(), expiration, key_id_end: end.to_owned() })
    }

    /// A live lease over credentials that AWS accepts for `credentials`.
    pub(crate) fn lease(&mut self, role: &str, duration: Seconds, credentials: Seconds) -> SessionId {
        let session = self.request(role, duration);
        self.issue(&session, credentials);
        session
    }

    pub(crate) fn issue_fails(&mut self, session: &SessionId, code: Code) -> Vec<Effect> {
        self.learn(Event::IssueFailed { session: session.clone(), code })
    }

    pub(crate) fn list(&mut self, accounts: &[(&str, &[&str])]) {
        let sso_session = name("acme");
        let named = accounts.iter().map(|(id, _)| (account(id), format!("account {id}"))).collect();
        self.learn(Event::AccountsListed { sso_session: sso_session.clone(), accounts: named });
        for (id, roles) in accounts {
            let roles = roles.iter().map(|r| r.parse().unwrap()).collect();
            self.learn(Event::RolesListed { sso_session: sso_session.clone(), account: account(id), roles });
        }
    }

    pub(crate) fn synced(&mut self, failed: u32) -> Vec<Effect> {
        self.learn(Event::Synced { sso_session: name("acme"), failed })
    }

    pub(crate) fn view(&self) -> View {
        self.state.view(self.now)
    }

    pub(crate) fn sso(&self, sso: &str) -> SsoSessionView {
        self.view().sso_sessions.into_iter().find(|s| s.name.as_str() == sso).unwrap()
    }

    pub(crate) fn card(&self, session: &SessionId) -> SessionView {
        self.view().sessions.into_iter().find(|s| s.session == *session).unwrap()
    }

    pub(crate) fn may_serve(&self, session: &SessionId) -> bool {
        self.state.session(session.as_str()).is_some_and(|s: &Session| s.may_serve(self.now))
    }
}

pub(crate) fn name(text: &str) -> SsoSessionName {
    text.parse().unwrap()
}

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn sso(label: &str, source: Source) -> SsoSession {
    SsoSession {
        name: name(label),
        start_url: StartUrl::try_from(format!("https://{label}.awsapps.com/start")).unwrap(),
        region: "eu-west-1".parse().unwrap(),
        source,
        endpoints: Endpoints::default(),
    }
}

pub(crate) fn sign_in(sso: &str) -> Intent {
    Intent::sign_in(SignInTarget::Named { sso_session: name(sso) })
}

pub(crate) fn typed(start_url: &str, region: &str) -> Intent {
    let target = SignInTarget::Typed { start_url: start_url.into(), region: region.into() };
    Intent::sign_in(target)
}

pub(crate) fn role(text: &str) -> RoleRef {
    RoleRef { sso_session: name("acme"), account: account(ACCOUNT), role: text.parse().unwrap() }
}

pub(crate) fn wanted(text: &str, duration: Seconds) -> SessionRequest {
    let role = role(text);
    SessionRequest::of(role, duration)
}

pub(crate) fn request(wanted: &SessionRequest) -> Intent {
    Intent::Request { request: wanted.clone(), open: vec![] }
}

pub(crate) fn renew(session: &SessionId) -> Intent {
    Intent::Renew { session: session.clone() }
}

pub(crate) fn end(session: &SessionId) -> Intent {
    Intent::End { session: session.clone() }
}

pub(crate) fn wipe(session: &SessionId) -> Effect {
    Effect::Wipe { session: session.clone() }
}

/// The session that effects issue for, when that is all they do.
pub(crate) fn issues_for(effects: &[Effect]) -> Option<SessionId> {
    match effects {
        [Effect::Issue { session, .. }] => Some(session.clone()),
        _ => None,
    }
}
