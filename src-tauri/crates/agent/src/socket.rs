//! The Unix socket: who may connect, and what they may say.

mod door;

use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use daypass_domain::{
    audit::{By, Program},
    failure::Code,
    request::Intent,
    view::View,
};
use daypass_wire::{
    folder::{RuntimeFolder, uid},
    frame,
    message::{DESKTOP, FromAgent, Hello, Place, Purpose, Question, Reply, ToAgent, VERSION},
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    time::timeout,
};

use crate::{actor::Mail, audit::Log, effects::Effects, program};

const DEADLINE: Duration = Duration::from_secs(5);
const MOST_CLIENTS: usize = 256;
/// Shells and commands that hold a ticket, counted apart: they stay for hours and must lock nobody out.
const MOST_HOLDERS: usize = 256;

/// What a connection is served from.
#[derive(Clone)]
pub struct Desk {
    pub mail: mpsc::Sender<Mail>,
    pub views: watch::Receiver<Arc<View>>,
    /// Why the agent no longer serves, once it doesn't: clients are told, and then their connections end.
    pub farewell: watch::Receiver<Option<Farewell>>,
    pub effects: Arc<Effects>,
    pub log: Log,
}

/// Why the agent no longer serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Farewell {
    Quit,
    Afresh,
}

/// What a client is to be sent.
enum Out {
    /// Views, from now on.
    Views,
    Reply(FromAgent),
    /// Nothing: the agent goes, and has not taken up what was asked.
    Untaken,
}

/// Binds the socket in the folder; a stale one is replaced (the caller holds the lock).
///
/// # Errors
/// The socket can't be made.
pub fn bind(folder: &RuntimeFolder) -> Result<std::os::unix::net::UnixListener, Code> {
    let path = folder.socket();
    std::fs::remove_file(&path).ok();
    let listener = std::os::unix::net::UnixListener::bind(&path).map_err(|_| Code::SocketFolder)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .map_err(|_| Code::SocketFolder)?;
    Ok(listener)
}

/// The same socket, for [`serve`]: it listens on when that no longer accepts.
///
/// # Errors
/// Out of descriptors.
pub fn accepting(listener: &std::os::unix::net::UnixListener) -> Result<UnixListener, Code> {
    let accepting = || {
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener.try_clone()?)
    };
    accepting().map_err(|_| Code::SocketFolder)
}

/// Serves for ever.
pub async fn serve(listener: UnixListener, desk: Desk) {
    let places = Arc::new(Semaphore::new(MOST_CLIENTS));
    let holders = Arc::new(Semaphore::new(MOST_HOLDERS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: not to be asked again at once.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let is_ours = stream.peer_cred().is_ok_and(|peer| peer.uid() == uid());
        let (true, Ok(place)) = (is_ours, Arc::clone(&places).try_acquire_owned()) else { continue };
        let (desk, holders) = (desk.clone(), Arc::clone(&holders));
        tokio::spawn(async move { desk.greet(stream, place, holders).await });
    }
}

impl Desk {
    async fn greet(self, mut stream: UnixStream, place: OwnedSemaphorePermit, holders: Arc<Semaphore>) {
        let hello = async {
            let hello: Hello = frame::read(&mut stream).await.ok()?;
            frame::write(&mut stream, &Hello::new("daypass-agent", hello.purpose)).await.ok()?;
            Some(hello)
        };
        // An equal version, or no conversation: the client has our hello and knows why.
        let Ok(Some(hello)) = timeout(DEADLINE, hello).await else { return };
        if hello.version != VERSION {
            return;
        }
        self.mail.send(Mail::Client(1)).await.ok();
        match hello.purpose {
            Purpose::Control => self.control(stream, &hello.program).await,
            Purpose::Reveal => self.reveal(stream, place, holders).await,
        }
        self.mail.send(Mail::Client(-1)).await.ok();
    }

    async fn control(&self, stream: UnixStream, program: &str) {
        let client = client(&stream, program);
        let is_desktop = client.name == DESKTOP && program::is_ours(client.pid, DESKTOP);
        let (mut read, mut write) = stream.into_split();
        let (sender, mut replies) = mpsc::channel::<Out>(16);
        let (mut views, mut farewell) = (self.views.clone(), self.farewell.clone());
        // How many questions are read and not answered: the last word comes after their answers.
        let in_hand = &AtomicUsize::new(0);
        let writer = async move {
            let (mut watches, mut has_views) = (false, true);
            loop {
                let reply = tokio::select! {
                    biased;
                    out = replies.recv() => {
                        in_hand.fetch_sub(1, Ordering::Relaxed);
                        match out {
                            Some(Out::Reply(reply)) => Some(reply),
                            Some(Out::Views) => None,
                            Some(Out::Untaken) => continue,
                            None => return,
                        }
                    }
                    word = last_word(&mut farewell), if in_hand.load(Ordering::Relaxed) == 0 => {
                        // Read in this very moment?
                        if in_hand.load(Ordering::Relaxed) > 0 {
                            continue;
                        }
                        if let Some(word) = word {
                            send(&mut write, &word).await;
                        }
                        return;
                    }
                    changed = views.changed(), if watches && has_views => {
                        has_views = changed.is_ok();
                        if !has_views {
                            continue;
                        }
                        None
                    }
                };
                // The view that a reply is about goes before the reply.
                let is_due = reply.is_none() || (watches && views.has_changed().unwrap_or(false));
                if is_due {
                    watches = true;
                    let mut view = Arc::unwrap_or_clone(Arc::clone(&views.borrow_and_update()));
                    // It may have been made long ago, and clients count on from here.
                    view.now = self.effects.clock.now().wall;
                    if !send(&mut write, &FromAgent::View(Box::new(view))).await {
                        return;
                    }
                }
                if let Some(reply) = reply
                    && !send(&mut write, &reply).await
                {
                    return;
                }
            }
        };
        let reader = async {
            while let Ok(bytes) = frame::read_bytes(&mut read, frame::LONGEST).await {
                in_hand.fetch_add(1, Ordering::Relaxed);
                let Ok(ToAgent { number, question, place }) = frame::parse(&bytes) else {
                    let number = frame::parse::<Number>(&bytes).map_or(0, |n| n.number);
                    let reply = Reply::Refused(Code::Malformed.into());
                    if sender.send(Out::Reply(FromAgent::Reply { number, reply })).await.is_err() {
                        return;
                    }
                    continue;
                };
                let reply = match question {
                    Question::Watch => {
                        sender.send(Out::Views).await.ok();
                        continue;
                    }
                    // A look at the machine takes a while: what is asked meanwhile does not wait for it.
                    Question::Ask(intent) if intent.takes_a_look() => {
                        let (desk, sender, by) =
                            (self.clone(), sender.clone(), by(&client, place, is_desktop));
                        tokio::spawn(async move {
                            sender.send(out(number, desk.ask(intent, by).await)).await.ok();
                        });
                        continue;
                    }
                    Question::Ask(intent) => self.ask(intent, by(&client, place, is_desktop)).await,
                    Question::Catalog { from } => {
                        let (sender, reply) = oneshot::channel();
                        self.mail.send(Mail::Catalog(from, sender)).await.ok();
                        reply.await.ok().map(Reply::Catalog)
                    }
                };
                let Some(reply) = reply else {
                    sender.send(Out::Untaken).await.ok();
                    return std::future::pending().await;
                };
                if sender.send(out(number, Some(reply))).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = writer => {}
            () = reader => {}
        }
    }

    /// None where the agent goes and has not taken it up.
    async fn ask(&self, intent: Box<Intent>, by: By) -> Option<Reply> {
        if let Some(answer) = self.log.answer(&intent, self.effects.clock.now().wall).await {
            return Some(
                answer
                    .map_or_else(|code| Reply::Refused(code.into()), |answer| Reply::Done(Box::new(answer))),
            );
        }
        let (sender, reply) = oneshot::channel();
        self.mail.send(Mail::Ask(intent, by, sender)).await.ok();
        Some(match reply.await.ok()? {
            Ok(answer) => Reply::Done(Box::new(answer)),
            Err(failure) => Reply::Refused(failure),
        })
    }
}

/// The program that connected, as it calls itself: our command hides from the same user's eyes.
fn client(stream: &UnixStream, name: &str) -> Program {
    let pid = stream.peer_cred().ok().and_then(|peer| peer.pid()).unwrap_or_default();
    Program::new(name, pid)
}

/// Who asks: the desktop has several places to ask from, and no other program may name them.
fn by(client: &Program, place: Option<Place>, is_desktop: bool) -> By {
    match place {
        _ if !is_desktop => By::Program(client.clone()),
        Some(Place::Tray) => By::Tray,
        Some(Place::Notification) => By::Notification,
        None => By::Window,
    }
}

fn out(number: u32, reply: Option<Reply>) -> Out {
    reply.map_or(Out::Untaken, |reply| Out::Reply(FromAgent::Reply { number, reply }))
}

/// Enough of a frame to answer it.
#[derive(serde::Deserialize)]
struct Number {
    number: u32,
}

/// Waits for the agent's last word; None where it goes without one.
async fn last_word(farewell: &mut watch::Receiver<Option<Farewell>>) -> Option<FromAgent> {
    let word = *farewell.wait_for(Option::is_some).await.ok()?;
    word.map(|word| match word {
        Farewell::Quit => FromAgent::Quit,
        Farewell::Afresh => FromAgent::Afresh,
    })
}

async fn send(write: &mut tokio::net::unix::OwnedWriteHalf, message: &FromAgent) -> bool {
    timeout(DEADLINE, frame::write(write, message)).await.is_ok_and(|sent| sent.is_ok())
}
