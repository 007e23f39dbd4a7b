//! Puts the agent together: the lock, the socket, the actor.

use std::{
    fs::{File, TryLockError},
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::Duration,
};

use daypass_aws::{client::Aws, keyring::Keyring, random};
use daypass_domain::{
    audit::By,
    chain::ChainedRole,
    failure::Code,
    request::Intent,
    sso::SsoSession,
    state::{Passed, Start, State},
};
use daypass_wire::folder::RuntimeFolder;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    actor::{Actor, Ending, Keepers, Mail},
    afresh::Baggage,
    audit::Log,
    clock::Clock,
    effects::Effects,
    files::Memory,
    guard::{self, Buses},
    organisation::OrganisationFiles,
    practice,
    protection::Watchman,
    secrets::Secrets,
    settings::SettingsFile,
    socket::{self, Desk, Farewell},
};

/// How long clients may take to hear that it has quit, or goes on afresh. Nothing secret is left by then.
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
    /// Whether this process can execute itself afresh.
    pub goes_afresh: bool,
    /// What the image before left.
    pub baggage: Option<Baggage>,
}

/// An agent that runs.
pub struct Agent {
    pub mail: mpsc::Sender<Mail>,
    /// What it holds, to see that nothing is left.
    pub secrets: Arc<Secrets>,
    actor: tokio::task::JoinHandle<Ending>,
    ending: Option<Ending>,
    socket: tokio::task::JoinHandle<()>,
    guard: JoinSet<()>,
    farewell: watch::Sender<Option<Farewell>>,
    folder: RuntimeFolder,
    /// The socket once more: it listens even while nobody accepts.
    listener: UnixListener,
    /// Held as long as we run: it decides who is the one agent.
    lock: Option<File>,
    effects: Arc<Effects>,
}

impl Agent {
    /// Takes the lock, binds the socket and serves.
    ///
    /// # Errors
    /// `AgentRunning` where another one has the lock; `SocketFolder`.
    pub fn start(parts: Parts) -> Result<Self, Code> {
        let (passed, unwritten, listener, lock, practice) = match parts.baggage {
            Some(Baggage { passed, unwritten, listener, lock, practice }) => {
                (Some(passed), unwritten, listener, lock, practice)
            }
            None => {
                let lock = take_lock(&parts.folder)?;
                (None, Vec::new(), socket::bind(&parts.folder)?, lock, None)
            }
        };
        let accepting = socket::accepting(&listener)?;
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
            passed,
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
        log.write(unwritten);
        let actor = Actor::new(state, effects, parts.memory, log.clone(), keepers, parts.goes_afresh);
        let (farewell, effects) = (watch::Sender::new(None), actor.effects());
        if let Some(practice) = practice {
            let effects = Arc::clone(&effects);
            tokio::spawn(async move { practice::keep(&effects, practice).await });
        }
        let desk = Desk {
            mail: mail.clone(),
            views: actor.views(),
            farewell: farewell.subscribe(),
            effects: Arc::clone(&effects),
            log,
        };
        let socket = tokio::spawn(socket::serve(accepting, desk));
        let watch = |buses| guard::watch(buses, clock, actor.views(), mail.clone());
        let guard = parts.buses.map(watch).unwrap_or_default();
        let actor = tokio::spawn(actor.run(letters));
        Ok(Self {
            mail,
            secrets,
            actor,
            ending: None,
            socket,
            guard,
            farewell,
            folder: parts.folder,
            listener,
            lock: Some(lock),
            effects,
        })
    }

    /// Asks it to end everything, as `Quit` does.
    pub async fn quit(&self) {
        let (sender, reply) = oneshot::channel();
        self.mail.send(Mail::Ask(Box::new(Intent::Quit), By::Daypass, sender)).await.ok();
        reply.await.ok();
    }

    /// Waits until it has ended, and clients have heard of it.
    async fn over(&mut self) {
        if self.ending.is_none() {
            self.ending = (&mut self.actor).await.ok();
        }
        self.guard.abort_all();
        self.socket.abort();
        let word = match self.ending {
            Some(Ending::Quit) => Farewell::Quit,
            Some(Ending::Afresh(..)) => Farewell::Afresh,
            // A bug of ours ended it, and nobody is told.
            None => return self.forget_socket(),
        };
        if word == Farewell::Quit {
            self.forget_socket();
        }
        self.farewell.send_replace(Some(word));
        timeout(FAREWELL, self.farewell.closed()).await.ok();
    }

    /// Waits until it has ended for good; then the socket goes, clients hear of it, and the lock goes.
    pub async fn ended(&mut self) {
        self.over().await;
        self.close();
    }

    fn close(&mut self) {
        self.forget_socket();
        self.lock = None;
    }

    fn forget_socket(&self) {
        std::fs::remove_file(self.folder.socket()).ok();
    }

    /// Waits until it has ended, or is to go on afresh: what it takes along for that. Nothing is lost when it is
    /// dropped.
    pub async fn goes_on(&mut self) -> Option<Baggage> {
        self.over().await;
        let Some(Ending::Afresh(passed, unwritten)) = &self.ending else {
            self.close();
            return None;
        };
        let (passed, unwritten) = (Passed::clone(passed), unwritten.clone());
        let practice = self.effects.practice.lock().unwrap_or_else(PoisonError::into_inner).take();
        let listener = self.listener.try_clone().ok()?;
        Some(Baggage { passed, unwritten, listener, lock: self.lock.take()?, practice })
    }
}

fn take_lock(folder: &RuntimeFolder) -> Result<File, Code> {
    folder.create()?;
    let lock = File::create(folder.lock()).map_err(|_| Code::SocketFolder)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Code::AgentRunning),
        Err(TryLockError::Error(_)) => Err(Code::SocketFolder),
    }
}
