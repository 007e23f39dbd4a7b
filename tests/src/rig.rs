//! The rig.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use daypass_agent::{
    actor::Mail,
    clock::{Clock, Manual},
    files::Memory,
    guard::Buses,
    organisation::OrganisationFiles,
    run::{Agent, Parts},
    settings::SettingsFile,
};
use daypass_aws::{client::Aws, keyring::Keyring};
use daypass_domain::{
    chain::Hop,
    event::Event,
    failure::{Code, Failure},
    ids::{RoleRef, SessionId},
    request::{Answer, Intent, SessionRequest, SignInTarget},
    sso::{Endpoints, Source, SsoSession, StartUrl},
    time::{Seconds, Timestamp},
    view::{SessionView, View},
};
use daypass_practice::{Clock as PracticeClock, Consent, Options, Practice};
use daypass_reveal::{Kind, Question, Revealed, reveal};
use daypass_vault::secret::Secret;
use daypass_wire::{
    client::Client,
    folder::RuntimeFolder,
    follow::{self, Wanted},
};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::http::{self, Response};

/// Where the clocks begin.
pub const START: i64 = 1_800_000_000;

pub struct Rig {
    pub practice: Practice,
    pub agent: Agent,
    pub client: Client,
    pub folder: RuntimeFolder,
    pub top: TempDir,
    /// Whether whoever dates or signs what passes between the agent and AWS panics.
    pub has_bug: Arc<AtomicBool>,
    clock: Manual,
    practice_clock: PracticeClock,
    environment: Vec<(&'static str, String)>,
    buses: Option<Buses>,
}

/// A ticket as `daypass shell` holds it.
pub struct Ticket {
    pub url: String,
    pub token: String,
    /// The connection that holds it.
    pub revealed: Revealed,
}

impl Rig {
    /// An agent that knows one SSO session, `acme`, and a practice organisation behind it.
    pub async fn new(options: Options) -> Self {
        Self::prepared(options, |practice| practice.env()).await
    }

    /// The same, with the agent finding AWS by what `environment` says once practice runs.
    pub async fn prepared(
        options: Options,
        environment: impl Fn(&Practice) -> Vec<(&'static str, String)>,
    ) -> Self {
        Self::placed(options, environment, "", None).await
    }

    async fn placed(
        options: Options,
        environment: impl Fn(&Practice) -> Vec<(&'static str, String)>,
        settings: &str,
        buses: Option<Buses>,
    ) -> Self {
        let top = tempfile::tempdir().expect("a folder");
        if !settings.is_empty() {
            let folder = top.path().join("config");
            std::fs::create_dir(&folder).expect("a folder");
            std::fs::write(folder.join("settings.toml"), settings).expect("a file");
        }
        let start = time::OffsetDateTime::from_unix_timestamp(START).expect("a time");
        let practice_clock = PracticeClock::manual(start);
        let practice =
            Practice::start(Options { clock: practice_clock.clone(), consent: Consent::Allow, ..options })
                .await
                .expect("practice starts");
        let clock = Manual::new(Timestamp::from_secs(START));
        let environment = environment(&practice);
        let has_bug = Arc::<AtomicBool>::default();
        let (agent, folder) =
            start_agent(&top, &practice, &clock, &has_bug, environment.clone(), buses.clone());
        let client = Client::connect(&folder, "test").await.expect("the agent answers");
        Self { practice, agent, client, folder, top, has_bug, clock, practice_clock, environment, buses }
    }

    /// The same, small, signed in, with its list.
    pub async fn signed_in() -> Self {
        let rig = Self::new(Options { accounts: 4, roles: 10, ..Options::default() }).await;
        rig.sign_in().await.expect("sign-in");
        rig.settled().await;
        rig
    }

    /// The same on a desktop, with this settings file.
    pub async fn signed_in_on(buses: Buses, settings: &str) -> Self {
        let options = Options { accounts: 4, roles: 10, ..Options::default() };
        let rig = Self::placed(options, |practice| practice.env(), settings, Some(buses)).await;
        rig.sign_in().await.expect("sign-in");
        rig.settled().await;
        rig
    }

    /// Quits the agent and starts another on the same folders.
    pub async fn restart(&mut self) {
        self.agent.quit().await;
        self.agent.ended().await;
        let environment = self.environment.clone();
        let (agent, folder) = start_agent(
            &self.top,
            &self.practice,
            &self.clock,
            &self.has_bug,
            environment,
            self.buses.clone(),
        );
        self.agent = agent;
        self.client = Client::connect(&folder, "test").await.expect("the agent answers");
        self.folder = folder;
    }

    pub async fn ask(&self, intent: Intent) -> Result<Answer, Failure> {
        self.client.ask(intent).await
    }

    /// The view after everything asked so far.
    pub async fn view(&self) -> Arc<View> {
        self.settled().await;
        // A question makes the agent send its newest view first.
        self.client.ask(Intent::DismissNotice).await.ok();
        self.client.views().borrow().clone().expect("a view")
    }

    /// The view without waiting for what is under way.
    #[must_use]
    pub fn view_now(&self) -> Arc<View> {
        self.client.views().borrow().clone().expect("a view")
    }

    pub async fn sign_in(&self) -> Result<(), Failure> {
        let sso_session = "acme".parse().expect("a name");
        let asked = self.ask(Intent::sign_in(SignInTarget::Named { sso_session })).await?;
        self.follow_sign_in(asked.attempt.expect("an attempt")).await
    }

    /// The person's part: opens the address in the browser and lets it come back.
    pub async fn follow_sign_in(&self, attempt: u32) -> Result<(), Failure> {
        if let Wanted::Browser(url) = follow::sign_in_wants(&self.client, attempt).await? {
            http::browse_trusting(self.practice.ca_pem(), &url).await;
        }
        follow::signed_in(&self.client, attempt).await
    }

    /// The address that sign-in `attempt` leads to.
    pub async fn sign_in_url(&self, attempt: u32) -> String {
        match follow::sign_in_wants(&self.client, attempt).await {
            Ok(Wanted::Browser(url)) => url,
            other => panic!("no address to sign in at: {other:?}"),
        }
    }

    #[must_use]
    pub fn role(&self, account: &str, role: &str) -> RoleRef {
        RoleRef {
            sso_session: "acme".parse().expect("a name"),
            account: account.parse().expect("an account"),
            role: role.parse().expect("a role"),
        }
    }

    #[must_use]
    pub fn wish(&self, account: &str, role: &str, minutes: u32) -> SessionRequest {
        SessionRequest {
            region: Some("eu-west-1".parse().expect("a Region")),
            ..SessionRequest::of(self.role(account, role), Seconds::minutes(minutes))
        }
    }

    pub async fn request(&self, wish: SessionRequest) -> Result<SessionView, Failure> {
        let answer = self.ask(Intent::Request { request: wish, open: vec![] }).await?;
        follow::live(&self.client, &answer.session.expect("a session")).await
    }

    /// The same through chained roles, in the role's own account where a role has no other.
    #[must_use]
    pub fn chained(&self, minutes: u32, roles: &[&str]) -> SessionRequest {
        let mut wish = self.wish("111122223333", "AdministratorAccess", minutes);
        let hop = |role: &&str| {
            let arn = if role.starts_with("arn:") {
                (*role).to_owned()
            } else {
                format!("arn:aws:iam::111122223333:role/{role}")
            };
            Hop { role: arn.parse().expect("an ARN"), external_id: None }
        };
        wish.path = roles.iter().map(hop).collect();
        wish
    }

    /// A live lease on DeveloperAccess in payments-staging.
    pub async fn lease(&self, minutes: u32) -> SessionId {
        let wish = self.wish("444455556666", "DeveloperAccess", minutes);
        let session = self.request(wish).await.expect("a lease").session;
        self.settled().await;
        session
    }

    pub async fn session(&self, id: &SessionId) -> SessionView {
        let view = self.view().await;
        view.sessions.iter().find(|s| s.session == *id).expect("the session").clone()
    }

    /// What the command does to get a ticket.
    pub async fn ticket(&self, session: &SessionId) -> Result<Ticket, Failure> {
        let question =
            Question { session: session.to_string(), kind: Kind::Ticket, program: "test".to_owned() };
        let revealed = reveal(&self.folder, &question).await?;
        let url = revealed.grant.url.clone().expect("an address");
        Ok(Ticket { url, token: text(&revealed.secret), revealed })
    }

    pub async fn fetch(&self, ticket: &Ticket) -> Response {
        http::get(&ticket.url, &[("Authorization", &ticket.token)]).await
    }

    /// Time passes for everybody: here, at AWS, awake or asleep.
    pub async fn pass(&self, length: Seconds) {
        self.practice_clock.advance(Duration::from_secs(length.0.into()));
        self.clock.pass(i64::from(length.0) * 1000);
        self.agent.mail.send(Mail::Event(Event::Tick)).await.ok();
        self.settled().await;
    }

    /// AWS's clock alone goes with the real one from here on, for what is counted by the second there.
    pub fn let_aws_clock_go(&self) {
        let clock = self.practice_clock.clone();
        tokio::spawn(async move {
            let (begun, mut shown) = (tokio::time::Instant::now(), Duration::ZERO);
            loop {
                tokio::time::sleep(Duration::from_millis(2)).await;
                let gone = begun.elapsed();
                clock.advance(gone - shown);
                shown = gone;
            }
        });
    }

    /// What AWS's clock shows.
    #[must_use]
    pub fn aws_now(&self) -> std::time::SystemTime {
        self.practice_clock.now().into()
    }

    /// How often something was asked of AWS, as policies name it.
    #[must_use]
    pub fn asked(&self, action: &str) -> usize {
        self.practice.requests().iter().filter(|request| request.action == Some(action)).count()
    }

    /// Time passes and no timer notices, as in sleep before the wake-up is noticed.
    pub fn pass_unnoticed(&self, length: Seconds) {
        self.practice_clock.advance(Duration::from_secs(length.0.into()));
        self.clock.pass(i64::from(length.0) * 1000);
    }

    /// Waits until so many wait for time to pass; the actor always is one.
    pub async fn waiting(&self, count: usize) {
        while self.clock.waiting() < count {
            tokio::task::yield_now().await;
        }
    }

    pub fn set_wall_clock(&self, millis: i64) {
        self.clock.set_wall(millis);
    }

    /// Waits until nothing is under way.
    pub async fn settled(&self) {
        let (sender, settled) = oneshot::channel();
        self.agent.mail.send(Mail::Settle(sender)).await.ok();
        settled.await.expect("the agent lives");
    }
}

/// The code of a refusal.
#[must_use]
pub fn code<T>(outcome: Result<T, Failure>) -> Option<Code> {
    outcome.err().map(|f| f.code)
}

fn start_agent(
    top: &TempDir,
    practice: &Practice,
    clock: &Manual,
    has_bug: &Arc<AtomicBool>,
    environment: Vec<(&'static str, String)>,
    buses: Option<Buses>,
) -> (Agent, RuntimeFolder) {
    // Where the command looks with `XDG_RUNTIME_DIR` set to the top.
    let folder = RuntimeFolder::at(top.path().join("daypass"));
    let variable = move |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
    let acme = SsoSession {
        name: "acme".parse().expect("a name"),
        start_url: StartUrl::try_from(practice.start_url()).expect("a start URL"),
        region: practice.region().parse().expect("a Region"),
        source: Source::Config,
        endpoints: Endpoints::default(),
    };
    let (wall, has_bug) = (Clock::Manual(clock.clone()).wall(), Arc::clone(has_bug));
    let now = move || {
        assert!(!has_bug.load(Ordering::Relaxed), "the mistake that a test makes");
        wall()
    };
    let agent = Agent::start(Parts {
        folder: folder.clone(),
        aws: Aws::new(variable.clone(), now),
        keyring: Keyring::new(variable.clone()),
        buses,
        clock: Clock::Manual(clock.clone()),
        organisation: OrganisationFiles::at(top.path().join("etc/organisation.toml")),
        settings: Some(SettingsFile::at(&top.path().join("config"))),
        memory: Some(Memory::at(top.path().join("state"))),
        configured: vec![acme],
        config_chains: vec![],
        goes_afresh: false,
        baggage: None,
        degraded: vec![],
    })
    .expect("the agent starts");
    (agent, folder)
}

fn text(secret: &Secret) -> String {
    secret.with_str(str::to_owned)
}
