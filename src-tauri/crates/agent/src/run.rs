//! Puts the agent together: the lock, the socket, the actor.

use std::{
    fs::{File, TryLockError},
    path::Path,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use daypass_aws::{client::Aws, keyring::Keyring, random};
use daypass_domain::{
    audit::By,
    chain::ChainedRole,
    failure::Code,
    request::Intent,
    sso::SsoSession,
    state::{Start, State},
};
use daypass_wire::folder::RuntimeFolder;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    actor::{Actor, Keepers, Mail},
    audit::Log,
    clock::Clock,
    effects::Effects,
    files::Memory,
    guard::{self, Buses},
    organisation::OrganisationFiles,
    protection::Watchman,
    secrets::Secrets,
    settings::SettingsFile,
    socket::{self, Desk},
};

/// How long clients may take to hear that it has quit. Nothing secret is left by then.
const FAREWELL: Duration = Duration::from_secs(1);

/// What an agent is made of.
pub struct Parts {
    pub folder: RuntimeFolder,
    pub aws: Aws,
    pub clock: Clock,
    pub memory: Option<Memory>,
    pub settings: Option<SettingsFile>,
    pub organisation: OrganisationFiles,
    pub keyring: Keyring,
    /// Where the desktop tells what ends leases; `None` to listen to nobody.
    pub buses: Option<Buses>,
    pub configured: Vec<SsoSession>,
    /// Chained roles of the AWS config file.
    pub config_chains: Vec<ChainedRole>,
    /// What protects less than it should, in sentences.
    pub degraded: Vec<String>,
}

/// An agent that runs.
pub struct Agent {
    pub mail: mpsc::Sender<Mail>,
    /// What it holds, to see that nothing is left.
    pub secrets: Arc<Secrets>,
    actor: tokio::task::JoinHandle<()>,
    socket: tokio::task::JoinHandle<()>,
    guard: JoinSet<()>,
    has_quit: watch::Sender<bool>,
    folder: RuntimeFolder,
    /// Held as long as we run: it decides who is the one agent.
    lock: Option<File>,
}

impl Agent {
    /// Takes the lock, binds the socket and serves.
    ///
    /// # Errors
    /// `AgentRunning` where another one has the lock; `SocketFolder`.
    pub fn start(parts: Parts) -> Result<Self, Code> {
        parts.folder.create()?;
        let lock = File::create(parts.folder.lock()).map_err(|_| Code::SocketFolder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Code::AgentRunning),
            Err(TryLockError::Error(_)) => return Err(Code::SocketFolder),
        }
        let listener = socket::bind(&parts.folder)?;
        let remembered = parts.memory.as_ref().map(Memory::read).unwrap_or_default();
        let mut file = parts.settings;
        let places = parts.memory.iter().map(Memory::folder).chain(file.iter().map(SettingsFile::folder));
        let places = places.map(Path::to_owned).collect();
        let read = file.as_mut().map(SettingsFile::start).unwrap_or_default();
        let mut organisation_files = parts.organisation;
        let organisation = organisation_files.start(read.settings.organisation_file.as_deref());
        let broken = organisation.is_none().then_some(Code::OrganisationBroken);
        let state = State::new(Start {
            configured: parts.configured,
            config_chains: parts.config_chains,
            settings: read.settings,
            remembered,
            degraded: parts.degraded,
            standing: read.trouble.into_iter().chain(broken).collect(),
            organisation: organisation.unwrap_or_default(),
            seed: random::seed(),
        });
        let secrets = Arc::new(Secrets::default());
        let (mail, letters) = mpsc::channel(256);
        let clock = parts.clock.clone();
        let effects = Effects::new(parts.aws, parts.keyring, Arc::clone(&secrets), parts.clock, mail.clone());
        let keeper = file.map(|file| file.keep(mail.clone()));
        let watchman = Arc::new(Watchman::new(parts.folder.clone(), places));
        let keepers =
            Keepers { settings: keeper, organisation: organisation_files.keep(mail.clone()), watchman };
        // Where there is no place for it, it cannot be written, and that is said.
        let nowhere = || PathBuf::from("/dev/null");
        let folder = parts.memory.as_ref().map_or_else(nowhere, |memory| memory.folder().to_owned());
        let log = Log::open(folder, mail.clone());
        let actor = Actor::new(state, effects, parts.memory, log.clone(), keepers);
        let has_quit = watch::Sender::new(false);
        let desk = Desk {
            mail: mail.clone(),
            views: actor.views(),
            has_quit: has_quit.subscribe(),
            effects: actor.effects(),
            log,
        };
        let socket = tokio::spawn(socket::serve(listener, desk));
        let watch = |buses| guard::watch(buses, clock, actor.views(), mail.clone());
        let guard = parts.buses.map(watch).unwrap_or_default();
        let actor = tokio::spawn(actor.run(letters));
        Ok(Self { mail, secrets, actor, socket, guard, has_quit, folder: parts.folder, lock: Some(lock) })
    }

    /// Asks it to end everything, as `Quit` does.
    pub async fn quit(&self) {
        let (sender, reply) = oneshot::channel();
        self.mail.send(Mail::Ask(Box::new(Intent::Quit), By::Daypass, sender)).await.ok();
        reply.await.ok();
    }

    /// Waits until it has ended; then the socket goes, clients hear of it, and the lock goes.
    pub async fn ended(&mut self) {
        let has_quit = (&mut self.actor).await.is_ok();
        self.guard.abort_all();
        self.socket.abort();
        std::fs::remove_file(self.folder.socket()).ok();
        if has_quit {
            self.has_quit.send_replace(true);
            timeout(FAREWELL, self.has_quit.closed()).await.ok();
        }
        self.lock = None;
    }
}
