//! The actor: owns the state and takes everything in order.

mod look;
mod serve;
mod tasks;
mod work;

use std::{collections::HashMap, sync::Arc, time::Duration};

use daypass_domain::{
    audit::{By, Entry},
    catalog::RoleEntry,
    event::Event,
    failure::{Code, Failure},
    ids::{SessionId, SsoSessionName},
    request::{Answer, Intent},
    settings::Memory as MemorySetting,
    state::{Passed, State},
    view::View,
};
use daypass_vault::page;
use daypass_wire::message::{CATALOG_PAGE, CatalogPage};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::AbortHandle,
};

pub use serve::{Need, Served};

use crate::{
    actor::{look::Looks, serve::Asker, tasks::Tasks},
    audit::Log,
    clock::Clock,
    effects::Effects,
    endpoint::Endpoint,
    files::{Memory, Writer},
    nonce::Nonces,
    organisation,
    protection::Watchman,
    settings::Keeper,
};

/// With no client and no lease for so long, an agent that nobody needs leaves.
const LEAVES_AFTER: Duration = Duration::from_secs(600);
/// The endpoint's port closes this long after the last lease.
const CLOSES_AFTER: Duration = Duration::from_secs(1);

/// What reaches the actor.
pub enum Mail {
    Ask(Box<Intent>, By, oneshot::Sender<Result<Answer, Failure>>),
    Event(Event),
    Catalog(usize, oneshot::Sender<CatalogPage>),
    /// May this session be served in this way now, and what goes with it?
    Serve(String, Need, oneshot::Sender<Result<Served, Code>>),
    /// A client connected, or one has gone.
    Client(i32),
    /// Somebody holds a ticket of this lease, or (false) no longer.
    Holder(SessionId, bool),
    /// The endpoint may close, if there is still no lease.
    CloseEndpoint,
    /// Answered once no effect is under way.
    Settle(oneshot::Sender<()>),
}

/// Who keeps the files that people write.
pub struct Keepers {
    pub settings: Option<Keeper>,
    pub organisation: organisation::Keeper,
    /// Who looks at the guards.
    pub watchman: Arc<Watchman>,
}

/// How it ended.
pub enum Ending {
    Quit,
    /// It is to go on afresh, from this, and to write what the log's disk did not take.
    Afresh(Box<Passed>, Vec<Entry>),
}

/// Everything the actor holds.
pub struct Actor {
    state: State,
    effects: Arc<Effects>,
    clock: Clock,
    memory: Option<Writer>,
    log: Log,
    settings: Option<Keeper>,
    organisation: organisation::Keeper,
    views: watch::Sender<Arc<View>>,
    endpoint: Option<Endpoint>,
    nonces: Arc<Nonces>,
    tasks: Tasks,
    /// Looks at guards and memory: nothing waits for their end.
    looks: Looks,
    sign_in: Option<AbortHandle>,
    /// Syncs and issues under way, by whose token they use.
    work: HashMap<SsoSessionName, Vec<AbortHandle>>,
    roles: (u64, Arc<Vec<RoleEntry>>),
    clients: i32,
    /// How many hold a ticket, by lease.
    holders: HashMap<SessionId, u32>,
    settlers: Vec<oneshot::Sender<()>>,
    /// Who waits for credentials that are being issued.
    askers: Vec<Asker>,
    /// Whether this process can execute itself afresh, and whether it is to.
    goes_afresh: bool,
    wants_afresh: bool,
}

impl Actor {
    #[must_use]
    pub fn new(
        state: State,
        effects: Effects,
        memory: Option<Memory>,
        log: Log,
        keepers: Keepers,
        goes_afresh: bool,
    ) -> Self {
        let clock = effects.clock.clone();
        let views = watch::Sender::new(Arc::new(state.view(clock.now())));
        Self {
            state,
            effects: Arc::new(effects),
            clock,
            memory: memory.map(Memory::writer),
            log,
            settings: keepers.settings,
            organisation: keepers.organisation,
            views,
            endpoint: None,
            nonces: Arc::default(),
            tasks: Tasks::default(),
            looks: Looks::new(keepers.watchman),
            sign_in: None,
            work: HashMap::new(),
            roles: (0, Arc::default()),
            clients: 0,
            holders: HashMap::new(),
            settlers: Vec::new(),
            askers: Vec::new(),
            goes_afresh,
            wants_afresh: false,
        }
    }

    #[must_use]
    pub fn effects(&self) -> Arc<Effects> {
        Arc::clone(&self.effects)
    }

    #[must_use]
    pub fn views(&self) -> watch::Receiver<Arc<View>> {
        self.views.subscribe()
    }

    /// Runs until asked to quit, or until nobody needs it. Every secret is wiped when it returns.
    pub async fn run(mut self, mut mail: mpsc::Receiver<Mail>) -> Ending {
        self.choose_memory();
        self.state.note_start(self.clock.now());
        for effect in self.state.start() {
            self.run_effect(effect).await;
        }
        self.publish();
        let leave = tokio::time::sleep(LEAVES_AFTER);
        tokio::pin!(leave);
        let mut ending = loop {
            let due = self.state.next_due(self.clock.now());
            let is_needed = self.clients > 0 || self.state.has_open_sessions();
            if is_needed {
                leave.as_mut().reset(tokio::time::Instant::now() + LEAVES_AFTER);
            }
            tokio::select! {
                letter = mail.recv() => match letter {
                    Some(letter) => if !self.take(letter).await { break Ending::Quit },
                    None => break Ending::Quit,
                },
                () = self.clock.wait(due) => self.learn(Event::Tick).await,
                Some(unsaid) = self.tasks.ended() => if let Some(event) = unsaid { self.learn(event).await },
                () = &mut leave, if !is_needed => break Ending::Quit,
            }
            self.tend_endpoint().await;
            if self.tasks.is_empty() && mail.is_empty() {
                // Whoever waits may let the machine sleep before there is a new image: it goes on when that wakes.
                for settler in self.settlers.drain(..) {
                    settler.send(()).ok();
                }
                // Not while another sign-in or a lease lives: they have to wait for their own end.
                if self.wants_afresh
                    && let Some(passed) = self.state.passed()
                {
                    break Ending::Afresh(Box::new(passed), Vec::new());
                }
            }
        };
        self.quit(&mut ending).await;
        ending
    }

    /// Takes one letter; false to quit.
    async fn take(&mut self, letter: Mail) -> bool {
        match letter {
            Mail::Ask(intent, _, reply) if intent.takes_a_look() => self.look(&intent, reply),
            Mail::Ask(intent, by, reply) => {
                let quits = matches!(*intent, Intent::Quit);
                let answer = self.ask(*intent, by).await;
                reply.send(answer).ok();
                return !quits;
            }
            Mail::Event(event) => self.learn(event).await,
            Mail::Catalog(from, reply) => drop(reply.send(self.page(from))),
            Mail::Serve(session, need, reply) => self.serve(session, need, reply).await,
            Mail::Client(change) => self.clients += change,
            Mail::Holder(session, holds) => {
                let count = self.holders.entry(session.clone()).or_default();
                *count = if holds { *count + 1 } else { count.saturating_sub(1) };
                if *count == 0 {
                    self.holders.remove(&session);
                }
                self.note_endpoint().await;
            }
            Mail::CloseEndpoint => {
                if !self.state.has_live_sessions()
                    && let Some(endpoint) = self.endpoint.take()
                {
                    endpoint.close().await;
                    self.note_endpoint().await;
                }
            }
            Mail::Settle(reply) => self.settlers.push(reply),
        }
        true
    }

    async fn ask(&mut self, intent: Intent, by: By) -> Result<Answer, Failure> {
        let now = self.clock.now();
        let console = if let Intent::Console { session } = &intent { Some(session.clone()) } else { None };
        let wants_url = matches!(intent, Intent::SignInUrl);
        let asked = self.state.ask(intent, by, now);
        if asked.is_err() {
            self.publish();
        }
        let (mut answer, effects) = asked?;
        for effect in effects {
            self.run_effect(effect).await;
        }
        self.answer_askers();
        self.choose_memory();
        if wants_url {
            answer.url = Some(self.effects.sign_in_url()?);
        }
        if let Some(session) = console {
            self.tend_endpoint().await;
            let port = self.endpoint.as_ref().map(Endpoint::port).ok_or(Code::Internal)?;
            let nonce = self.nonces.make(session, now).ok_or(Code::NoMemory)?;
            answer.url = Some(format!("http://127.0.0.1:{port}/console/{nonce}"));
        }
        self.publish();
        Ok(answer)
    }

    async fn learn(&mut self, event: Event) {
        let practice_ended = matches!(event, Event::PracticeEnded);
        let effects = self.state.learn(event, self.clock.now());
        if practice_ended {
            // Its SSO session is gone, and so must its tokens be.
            self.effects.secrets.sign_ins.retain(|name| self.state.sso(name).is_some());
        }
        for effect in effects {
            self.run_effect(effect).await;
        }
        self.answer_askers();
        self.choose_memory();
        self.publish();
    }

    /// Secrets from now on rest in the kind of memory that the settings want.
    fn choose_memory(&mut self) {
        let is_wanted = self.state.settings().memory == MemorySetting::Secret;
        if page::is_secret_wanted() != is_wanted {
            let works = page::want_secret(is_wanted);
            // Brings no effect.
            self.state.learn(Event::Memory { works }, self.clock.now());
        }
    }

    /// Opens the endpoint with the first lease and closes it a second after the last.
    async fn tend_endpoint(&mut self) {
        match (&self.endpoint, self.state.has_live_sessions()) {
            (None, true) => {
                let effects = Arc::clone(&self.effects);
                self.endpoint = Endpoint::open(effects, Arc::clone(&self.nonces)).await;
                self.note_endpoint().await;
            }
            (Some(endpoint), false)
                if !endpoint.is_closing.swap(true, std::sync::atomic::Ordering::Relaxed) =>
            {
                let mail = self.effects.mail.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(CLOSES_AFTER).await;
                    mail.send(Mail::CloseEndpoint).await.ok();
                });
            }
            (Some(endpoint), true) => endpoint.is_closing.store(false, std::sync::atomic::Ordering::Relaxed),
            _ => {}
        }
    }

    async fn note_endpoint(&mut self) {
        let clients = self.holders.values().sum();
        Box::pin(self.learn(Event::Endpoint { listening: self.endpoint.is_some(), clients })).await;
    }

    fn page(&mut self, from: usize) -> CatalogPage {
        let revision = self.state.catalog_revision();
        if self.roles.0 != revision {
            self.roles = (revision, Arc::new(self.state.roles()));
        }
        let all = &self.roles.1;
        let rows = all.iter().skip(from).take(CATALOG_PAGE).cloned().collect();
        CatalogPage { revision, total: all.len(), rows }
    }

    /// Has written down what was noted.
    fn record(&mut self) {
        self.log.write(self.state.take_entries());
    }

    fn publish(&mut self) {
        self.record();
        let mut view = self.state.view(self.clock.now());
        self.views.send_if_modified(|last| {
            let now = std::mem::replace(&mut view.now, last.now);
            let is_new = view != **last;
            view.now = now;
            if is_new {
                *last = Arc::new(view);
            }
            is_new
        });
    }

    fn remember(&mut self) {
        if let Some(memory) = &self.memory {
            memory.write(self.state.remembered());
        }
    }

    async fn quit(&mut self, ending: &mut Ending) {
        self.learn(Event::Tick).await;
        self.tasks.abort_all();
        if let Some(endpoint) = self.endpoint.take() {
            endpoint.close().await;
        }
        self.effects.abandon_sign_in(|_| false);
        self.effects.secrets.wipe_all();
        if matches!(ending, Ending::Quit) {
            self.state.note_stop(self.clock.now());
        }
        self.record();
        let left = self.log.finish().await;
        match ending {
            Ending::Afresh(_, unwritten) => *unwritten = left,
            Ending::Quit if left.is_empty() => {}
            Ending::Quit => {
                tracing::warn!(entries = left.len(), "the audit log lacks what the disk did not take")
            }
        }
        if let Some(memory) = self.memory.take() {
            memory.finish().await;
        }
        if let Some(settings) = self.settings.take() {
            settings.finish().await;
        }
    }
}
