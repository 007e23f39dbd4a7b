//! The client's side: connect, ask, watch.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
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
        // One that was killed just now hangs up as well, but listens no more.
        Ok(Err(FrameError::Closed | FrameError::Io(_))) => {
            let listens = UnixStream::connect(folder.socket()).await.is_ok();
            Err(if listens { Code::AgentBusy } else { Code::AgentMissing })
        }
        Ok(Err(_)) => Err(Code::AgentOlder),
        Ok(Ok(hello)) if hello.version != VERSION => Err(Code::AgentOlder),
        Ok(Ok(_)) => Ok(stream),
    }
}

/// Questions that are not answered yet, and who asked.
type Waiting = Arc<Mutex<BTreeMap<u32, (ToAgent, oneshot::Sender<Reply>)>>>;
type Writer = Arc<AsyncMutex<OwnedWriteHalf>>;

/// A connection to the agent. Clones share it. An agent that goes on afresh is connected to again, and asked again what
/// it has not answered: nobody notices.
#[derive(Clone)]
pub struct Client {
    write: Writer,
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
        let write = Arc::new(AsyncMutex::new(write));
        let connection = Connection {
            folder: folder.clone(),
            program: program.to_owned(),
            write: Arc::downgrade(&write),
            waiting: Arc::clone(&waiting),
        };
        tokio::spawn(connection.keep(read, sender, Arc::clone(&has_quit)));
        let client = Self { write, waiting, number: Arc::default(), views, has_quit, place: None };
        // Where the agent has gone on in this very moment, what it said last is still to be read.
        send(&mut *client.write.lock().await, &watch()).await.ok();
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
            Reply::Done(answer) => Ok(*answer),
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
    /// `AgentQuit` or `AgentSilent` when the agent goes first.
    pub async fn wait_for<T>(&self, mut enough: impl FnMut(&View) -> Option<T>) -> Result<T, Failure> {
        let mut views = self.views();
        loop {
            let found = views.borrow_and_update().as_deref().and_then(&mut enough);
            if let Some(found) = found {
                return Ok(found);
            }
            let gone = |_| if self.has_quit() { Code::AgentQuit } else { Code::AgentSilent };
            views.changed().await.map_err(gone)?;
        }
    }

    async fn question(&self, question: Question) -> Result<Reply, Failure> {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = oneshot::channel();
        let question = ToAgent { number, question, place: self.place };
        let mut write = self.write.lock().await;
        lock(&self.waiting).insert(number, (question.clone(), sender));
        // Where the connection has just broken, it is sent again or given up with the others.
        let sent = send(&mut write, &question).await;
        drop(write);
        if let Err(code) = sent
            && (code == Code::Malformed || self.is_gone())
        {
            lock(&self.waiting).remove(&number);
            return Err(code.into());
        }
        match timeout(PATIENCE, receiver).await {
            Ok(Ok(reply)) => Ok(reply),
            _ => {
                // Given up: an agent that goes on later must not be asked it again.
                lock(&self.waiting).remove(&number);
                Err(Code::AgentSilent.into())
            }
        }
    }
}

/// Where a client is connected, for as long as somebody has the client.
struct Connection {
    folder: RuntimeFolder,
    program: String,
    write: Weak<AsyncMutex<OwnedWriteHalf>>,
    waiting: Waiting,
}

impl Connection {
    /// Hands replies to those who wait and publishes views, until the agent has gone.
    async fn keep(
        self,
        mut read: OwnedReadHalf,
        views: watch::Sender<Option<Arc<View>>>,
        has_quit: Arc<AtomicBool>,
    ) {
        while let Ok(message) = frame::read_reply(&mut read).await {
            match message {
                FromAgent::View(view) => {
                    views.send_replace(Some(Arc::new(*view)));
                }
                FromAgent::Reply { number, reply } => {
                    if let Some((_, asker)) = lock(&self.waiting).remove(&number) {
                        asker.send(reply).ok();
                    }
                }
                FromAgent::Quit => has_quit.store(true, Ordering::Release),
                FromAgent::Afresh => match self.again().await {
                    Some(anew) => read = anew,
                    None => break,
                },
            }
        }
        drop(views);
        // Nobody is answered any more: dropping the senders tells them.
        lock(&self.waiting).clear();
    }

    /// Connects to the same agent again. Its socket listens all the while: at worst this waits until it accepts.
    async fn again(&self) -> Option<OwnedReadHalf> {
        let shared = self.write.upgrade()?;
        // Nobody asks meanwhile; whoever has asked is in `waiting`.
        let mut write = shared.lock().await;
        let stream = greet(&self.folder, &self.program, Purpose::Control).await.ok()?;
        let (read, fresh) = stream.into_split();
        *write = fresh;
        // It may still be the image before: then its last word is to be read, and all is asked once more.
        send(&mut write, &watch()).await.ok();
        let unanswered: Vec<_> = lock(&self.waiting).values().map(|(question, _)| question.clone()).collect();
        for question in unanswered {
            send(&mut write, &question).await.ok();
        }
        Some(read)
    }
}

/// What a connection begins with: nobody waits for its answer.
fn watch() -> ToAgent {
    ToAgent { number: 0, question: Question::Watch, place: None }
}

async fn send(write: &mut OwnedWriteHalf, question: &ToAgent) -> Result<(), Code> {
    frame::write(write, question).await.map_err(|e| match e {
        FrameError::TooLong => Code::Malformed,
        _ => Code::AgentSilent,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// An agent that has been greeted, and is watched.
    async fn greeted(listener: &UnixListener) -> UnixStream {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _hello: Hello = frame::read(&mut stream).await.unwrap();
        frame::write(&mut stream, &Hello::new("daypass-agent", Purpose::Control)).await.unwrap();
        let _watch: ToAgent = frame::read(&mut stream).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn an_agent_that_goes_on_afresh_is_asked_again_what_it_left_unanswered() {
        let (_top, folder, listener) = folder();
        let (client, mut before) =
            tokio::join!(async { Client::connect(&folder, "test").await.unwrap() }, greeted(&listener));
        let view =
            |revision| FromAgent::View(Box::new(View { catalog_revision: revision, ..View::default() }));
        let agent = async {
            frame::write(&mut before, &view(1)).await.unwrap();
            let _left: ToAgent = frame::read(&mut before).await.unwrap();
            frame::write(&mut before, &FromAgent::Afresh).await.unwrap();
            drop(before);
            let mut after = greeted(&listener).await;
            frame::write(&mut after, &view(2)).await.unwrap();
            let again: ToAgent = frame::read(&mut after).await.unwrap();
            assert!(matches!(&again.question, Question::Ask(intent) if **intent == Intent::EndAll));
            let reply = Reply::Done(Box::new(Answer { attempt: Some(7), ..Answer::default() }));
            frame::write(&mut after, &FromAgent::Reply { number: again.number, reply }).await.unwrap();
            after
        };
        let (answer, after) = tokio::join!(client.ask(Intent::EndAll), agent);
        assert_eq!(answer.unwrap().attempt, Some(7));
        client.wait_for(|view| (view.catalog_revision == 2).then_some(())).await.unwrap();
        assert!(!client.is_gone() && !client.has_quit(), "nobody noticed");
        drop(after);
        let mut views = client.views();
        while views.changed().await.is_ok() {}
        assert!(client.is_gone(), "now it has crashed");
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_says_nothing_is_given_up_in_time() {
        let (_top, folder, _listener) = folder();
        assert_eq!(greet(&folder, "test", Purpose::Control).await.err(), Some(Code::AgentSilent));
    }

    #[tokio::test]
    async fn an_agent_that_is_killed_is_missing_and_not_busy() {
        let (_top, folder, listener) = folder();
        let agent = async {
            let (stream, _) = listener.accept().await.unwrap();
            drop(listener);
            drop(stream);
        };
        let (outcome, ()) = tokio::join!(greet(&folder, "test", Purpose::Control), agent);
        assert_eq!(outcome.err(), Some(Code::AgentMissing));
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
