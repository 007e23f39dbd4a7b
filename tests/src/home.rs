//! The agent's real program, in a home of its own.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use daypass_domain::{
    failure::Code,
    ids::SessionId,
    request::{Answer, Intent, SessionRequest, SignInTarget},
    time::Seconds,
    view::{SignInStatus, Stage, View},
};
use daypass_practice::{Consent, Options, Practice};
use daypass_reveal::{Kind, Question, Revealed, reveal};
use daypass_wire::{client::Client, folder::RuntimeFolder, follow};
use tempfile::TempDir;

use crate::{http, terminal::program};

/// The agent's program, in a home of its own, and a client of it that stays.
pub struct Home {
    pub practice: Practice,
    pub agent: Child,
    pub client: Client,
    pub folder: RuntimeFolder,
    top: TempDir,
}

impl Drop for Home {
    fn drop(&mut self) {
        self.agent.kill().ok();
        self.agent.wait().ok();
    }
}

impl Home {
    pub async fn new(system_bus: Option<String>) -> Self {
        let options = Options { accounts: 2, roles: 4, consent: Consent::Allow, ..Options::default() };
        let practice = Practice::start(options).await.expect("it works");
        let top = tempfile::tempdir().expect("it works");
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o700)).expect("it works");
        let config = format!(
            "[sso-session acme]\nsso_start_url = {}\nsso_region = {}\n",
            practice.start_url(),
            practice.region()
        );
        fs::write(top.path().join("config"), config).expect("it works");
        let agent = Command::new(program("daypass-agent"))
            .env_clear()
            .env("HOME", top.path())
            .env("XDG_RUNTIME_DIR", top.path())
            .env("AWS_CONFIG_FILE", top.path().join("config"))
            .env("DBUS_SYSTEM_BUS_ADDRESS", system_bus.unwrap_or_else(|| "unix:path=/nowhere".to_owned()))
            .envs(practice.env())
            .stdin(Stdio::null())
            .spawn()
            .expect("it works");
        let folder = RuntimeFolder::at(top.path().join("daypass"));
        let client = loop {
            match Client::connect(&folder, "test").await {
                Ok(client) => break client,
                Err(Code::AgentMissing | Code::SocketFolder) => tokio::task::yield_now().await,
                Err(code) => panic!("{code:?}"),
            }
        };
        Self { practice, agent, client, folder, top }
    }

    /// Where it keeps what it remembers.
    pub fn state(&self) -> PathBuf {
        self.top.path().join(".local/state/daypass")
    }

    pub async fn ask(&self, intent: Intent) -> Answer {
        self.client.ask(intent).await.expect("it works")
    }

    pub async fn until(&self, is_so: impl Fn(&View) -> bool) -> View {
        self.client.wait_for(|view| is_so(view).then(|| view.clone())).await.expect("it works")
    }

    pub async fn sign_in(&self) {
        let target = SignInTarget::Named { sso_session: "acme".parse().expect("it works") };
        self.ask(Intent::sign_in(target)).await;
        self.until(|v| v.sign_in.as_ref().is_some_and(|s| s.stage == Stage::Browser)).await;
        let url = self.ask(Intent::SignInUrl).await.url.expect("it works");
        http::browse(&url).await;
        self.until(|v| is_signed_in(v) && v.sso_sessions[0].catalog.synced_at.is_some()).await;
    }

    pub async fn lease(&self) -> SessionId {
        let role = self.client.catalog().await.expect("it works")[0].role.clone();
        let request = SessionRequest::of(role, Seconds::minutes(30));
        let session = self.ask(Intent::Request { request, open: vec![] }).await.session.expect("it works");
        follow::live(&self.client, &session).await.expect("it works");
        session
    }

    /// Sends it a signal, as `kill` names it.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([name, &self.agent.id().to_string()]).status();
        assert!(kill.expect("kill, from procps").success());
    }

    /// Whether it is the image that followed another.
    pub fn is_afresh(&self) -> bool {
        self.about("cmdline").contains("--afresh")
    }

    pub fn about(&self, what: &str) -> String {
        let bytes = fs::read(format!("/proc/{}/{what}", self.agent.id())).expect("it works");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub async fn goes_on_afresh(&self) {
        while !self.is_afresh() {
            tokio::task::yield_now().await;
        }
        // It has taken up the connections when it answers.
        self.ask(Intent::DismissNotice).await;
    }

    /// What it has open, by kind.
    pub fn open(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{}/fd", self.agent.id())).expect("it works").flatten() {
            let Ok(link) = fs::read_link(entry.path()) else { continue };
            let kind = link.display().to_string();
            *kinds.entry(kind.split("[").next().expect("it works").to_owned()).or_default() += 1;
        }
        // Timers come and go with who waits, and the log is opened when something is written.
        kinds.retain(|kind, _| kind != "anon_inode:" && !kind.ends_with("/audit.jsonl"));
        kinds
    }

    pub fn children(&self) -> Vec<String> {
        let of = |pid: &str| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = format!(" {} ", self.agent.id());
        let pids = fs::read_dir("/proc")
            .expect("it works")
            .flatten()
            .filter_map(|e| e.file_name().into_string().ok());
        let is_child =
            |pid: &String| of(pid).rsplit_once(')').is_some_and(|(_, rest)| rest[2..].starts_with(&parent));
        pids.filter(|pid| pid.bytes().all(|b| b.is_ascii_digit())).filter(is_child).collect()
    }

    /// Somebody holds a ticket: what `daypass shell` has of it.
    pub async fn holder(&self, lease: &SessionId) -> Revealed {
        let question =
            Question { program: "test".to_owned(), session: lease.to_string(), kind: Kind::Ticket };
        let holder = reveal(&self.folder, &question).await.expect("a ticket");
        self.until(|v| v.endpoint.clients > 0).await;
        holder
    }
}

/// Whether somebody is signed in to the first SSO session.
#[must_use]
pub fn is_signed_in(view: &View) -> bool {
    view.sso_sessions[0].status == SignInStatus::SignedIn
}
