//! The client's side: connect, ask, watch.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use daypass_domain::{
    catalog::RoleEntry,
    failure::{Code, Failure},
    request::{Answer, Intent},
    settings::Settings,
    view::View,
};
use tokio::{
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Mutex as AsyncMutex, oneshot, watch},
    time::timeout,
};

use crate::{
    folder::{RuntimeFolder, uid},
    frame::{self, FrameError},
    message::{FromAgent, Hello, Place, Purpose, Question, Reply, ToAgent, VERSION},
};

/// How long the agent may take for anything that needs no network.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Connects and exchanges hellos.
///
/// # Errors
/// `AgentMissing` where none listens, `AgentBusy` where it hangs up, `AgentOlder` for another version, `SocketFolder`, `AgentSilent`.
pub async fn greet(folder: &RuntimeFolder, program: &str, purpose: Purpose) -> Result<UnixStream, Code> {
    folder.check()?;
    let mut stream = UnixStream::connect(folder.socket()).await.map_err(|_| Code::AgentMissing)?;
    if stream.peer_cred().map_err(|_| Code::AgentMissing)?.uid() != uid() {
        return Err(Code::SocketFolder);
    }
    let hello = async {
        frame::write(&mut stream, &Hello::new(program, purpose)).await?;
        frame::read::<Hello>(&mut stream).await
    };
    match timeout(PATIENCE, hello).await {
        Err(_) => Err(Code::AgentSilent),
        Ok(Err(FrameError::Closed | FrameError::Io(_))) => Err(Code::AgentBusy),
        Ok(Err(_)) => Err(Code::AgentOlder),
        Ok(Ok(hello)) if hello.version != VERSION => Err(Code::AgentOlder),
        Ok(Ok(_)) => Ok(stream),
    }
}

type Waiting = Arc<Mutex<HashMap<u32, oneshot::Sender<Reply>>>>;

/// A connection to the agent. Clones share it.
#[derive(Clone)]
pub struct Client {
    write: Arc<AsyncMutex<OwnedWriteHalf>>,
    waiting: Waiting,
    number: Arc<AtomicU32>,
    views: watch::Receiver<Option<Arc<View>>>,
    has_quit: Arc<AtomicBool>,
    place: Option<Place>,
}

impl Client {
    /// Connects to the agent that runs, and watches its views.
    ///
    /// # Errors
    /// As [`greet`].
    pub async fn connect(folder: &RuntimeFolder, program: &str) -> Result<Self, Code> {
        let (read, write) = greet(folder, program, Purpose::Control).await?.into_split();
        let waiting = Waiting::default();
        let (sender, views) = watch::channel(None);
        let has_quit = Arc::<AtomicBool>::default();
        tokio::spawn(listen(read, Arc::clone(&waiting), sender, Arc::clone(&has_quit)));
        let write = Arc::new(AsyncMutex::new(write));
        let client = Self { write, waiting, number: Arc::default(), views, has_quit, place: None };
        client.send(0, Question::Watch).await.map_err(|f| f.code)?;
        Ok(client)
    }

    /// The same connection, asking from another place.
    #[must_use]
    pub fn asking_from(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }

    /// Asks the agent to do something.
    ///
    /// # Errors
    /// A refusal, or that the agent is gone.
    pub async fn ask(&self, intent: Intent) -> Result<Answer, Failure> {
        match self.question(Question::Ask(Box::new(intent))).await? {
            Reply::Done(answer) => Ok(answer),
            Reply::Refused(failure) => Err(failure),
            Reply::Catalog(_) => Err(Code::AgentSilent.into()),
        }
    }

    /// The whole role list, of one revision.
    ///
    /// # Errors
    /// That the agent is gone.
    pub async fn catalog(&self) -> Result<Vec<RoleEntry>, Failure> {
        let mut rows = Vec::new();
        let mut revision = None;
        loop {
            let Reply::Catalog(page) = self.question(Question::Catalog { from: rows.len() }).await? else {
                return Err(Code::AgentSilent.into());
            };
            if *revision.get_or_insert(page.revision) != page.revision {
                rows.clear();
                revision = None;
                continue;
            }
            let is_last = page.rows.is_empty() || rows.len() + page.rows.len() >= page.total;
            rows.extend(page.rows);
            if is_last {
                return Ok(rows);
            }
        }
    }

    /// The person's settings as of the newest view.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.views().borrow().as_ref().map(|view| view.settings.clone()).unwrap_or_default()
    }

    /// Views as they come: `None` until the first, closed when the agent is gone.
    #[must_use]
    pub fn views(&self) -> watch::Receiver<Option<Arc<View>>> {
        self.views.clone()
    }

    /// Whether the agent is gone because somebody asked it to quit.
    #[must_use]
    pub fn has_quit(&self) -> bool {
        self.has_quit.load(Ordering::Acquire)
    }

    /// Whether the agent has gone, or the connection to it.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.views.has_changed().is_err()
    }

    /// Waits until a view satisfies `enough`.
    ///
    /// # Errors
    /// `AgentSilent` when the agent goes first.
    pub async fn wait_for<T>(&self, mut enough: impl FnMut(&View) -> Option<T>) -> Result<T, Failure> {
        let mut views = self.views();
        loop {
            let found = views.borrow_and_update().as_deref().and_then(&mut enough);
            if let Some(found) = found {
                return Ok(found);
            }
            views.changed().await.map_err(|_| Code::AgentSilent)?;
        }
    }

    async fn question(&self, question: Question) -> Result<Reply, Failure> {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(number, sender);
        self.send(number, question).await?;
        match timeout(PATIENCE, receiver).await {
            Ok(Ok(reply)) => Ok(reply),
            _ => Err(Code::AgentSilent.into()),
        }
    }

    async fn send(&self, number: u32, question: Question) -> Result<(), Failure> {
        let mut write = self.write.lock().await;
        frame::write(&mut *write, &ToAgent { number, question, place: self.place }).await.map_err(|e| match e
        {
            FrameError::TooLong => Code::Malformed.into(),
            _ => Code::AgentSilent.into(),
        })
    }
}

/// Hands replies to those who wait and publishes views, until the connection ends.
async fn listen(
    mut read: OwnedReadHalf,
    waiting: Waiting,
    views: watch::Sender<Option<Arc<View>>>,
    has_quit: Arc<AtomicBool>,
) {
    while let Ok(message) = frame::read_reply(&mut read).await {
        match message {
            FromAgent::View(view) => {
                views.send_replace(Some(Arc::new(*view)));
            }
            FromAgent::Reply { number, reply } => {
                let asker = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
                if let Some(asker) = asker {
                    asker.send(reply).ok();
                }
            }
            FromAgent::Quit => has_quit.store(true, Ordering::Release),
        }
    }
    drop(views);
    // Nobody is answered any more: dropping the senders tells them.
    waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;

    /// A folder with a listener that is not (quite) an agent.
    fn folder() -> (tempfile::TempDir, RuntimeFolder, UnixListener) {
        let top = tempfile::tempdir().unwrap();
        let folder = RuntimeFolder::at(top.path().join("run"));
        folder.create().unwrap();
        let listener = UnixListener::bind(folder.socket()).unwrap();
        (top, folder, listener)
    }

    #[tokio::test]
    async fn an_agent_of_another_version_is_named_as_such() {
        let (_top, folder, listener) = folder();
        let agent = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _hello: Hello = frame::read(&mut stream).await.unwrap();
            let older =
                Hello { version: "0.0.1".to_owned(), ..Hello::new("daypass-agent", Purpose::Control) };
            frame::write(&mut stream, &older).await.unwrap();
        };
        let (outcome, ()) = tokio::join!(greet(&folder, "test", Purpose::Control), agent);
        assert_eq!(outcome.err(), Some(Code::AgentOlder));
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_says_nothing_is_given_up_in_time() {
        let (_top, folder, _listener) = folder();
        assert_eq!(greet(&folder, "test", Purpose::Control).await.err(), Some(Code::AgentSilent));
    }

    #[tokio::test]
    async fn an_agent_that_hangs_up_is_busy_and_not_missing() {
        let (_top, folder, listener) = folder();
        let agent = async { drop(listener.accept().await.unwrap()) };
        let (outcome, ()) = tokio::join!(greet(&folder, "test", Purpose::Control), agent);
        assert_eq!(outcome.err(), Some(Code::AgentBusy));
    }

    #[tokio::test]
    async fn a_socket_nobody_listens_on_is_a_missing_agent() {
        let (_top, folder, listener) = folder();
        drop(listener);
        assert_eq!(greet(&folder, "test", Purpose::Control).await.err(), Some(Code::AgentMissing));
    }
}
