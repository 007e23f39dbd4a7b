//! The Unix socket: who may connect, what they may say, and the door for secrets.

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
    event::{Event, Revealed},
    failure::Code,
    request::Intent,
    sso::Source,
    view::View,
};
use daypass_reveal::{Answer, Grant, Kind, Question as Reveal};
use daypass_wire::{
    folder::{RuntimeFolder, uid},
    frame,
    message::{DESKTOP, FromAgent, Hello, Place, Purpose, Question, Reply, ToAgent, VERSION},
};
use tokio::{
    io::AsyncReadExt,
    net::{UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    time::timeout,
};

use crate::{
    actor::{Mail, Need, Served},
    audit::Log,
    effects::Effects,
    secrets::{Ticket, process_json},
};

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
                        let (desk, sender, by) = (self.clone(), sender.clone(), by(&client, place));
                        tokio::spawn(async move {
                            sender.send(out(number, desk.ask(intent, by).await)).await.ok();
                        });
                        continue;
                    }
                    Question::Ask(intent) => self.ask(intent, by(&client, place)).await,
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

    /// The one door for secrets.
    async fn reveal(&self, mut stream: UnixStream, place: OwnedSemaphorePermit, holders: Arc<Semaphore>) {
        let Ok(Ok(question)) = timeout(DEADLINE, frame::read::<Reveal>(&mut stream)).await else { return };
        let place = match question.kind {
            Kind::Keys => Ok(place),
            Kind::Ticket => {
                drop(place);
                holders.try_acquire_owned().map_err(|_| Code::AgentBusy)
            }
        };
        let granted = match &place {
            Ok(_) => self.grant(&question).await,
            Err(busy) => Err(*busy),
        };
        let (served, grant, secret) = match granted {
            Ok(granted) => granted,
            Err(code) => {
                frame::write(&mut stream, &Answer::Refused(code.into())).await.ok();
                return;
            }
        };
        let (what, program) = match question.kind {
            Kind::Ticket => (Revealed::Ticket, format!("daypass for {}", question.program)),
            Kind::Keys => (Revealed::Keys, "daypass env".to_owned()),
        };
        let (session, program) = (served.session.clone(), client(&stream, &program));
        self.effects.tell(Event::Revealed { session, what, program }).await;
        if frame::write(&mut stream, &Answer::Granted(grant)).await.is_err() {
            return;
        }
        let sent = frame::write_bytes(&mut stream, &secret).await;
        drop(secret);
        if sent.is_ok() && question.kind == Kind::Ticket {
            self.mail.send(Mail::Holder(served.session.clone(), true)).await.ok();
            self.hold(stream, &served).await;
            self.mail.send(Mail::Holder(served.session, false)).await.ok();
        }
    }

    /// What is granted, and the secret part of it: the allocator wipes it when it is freed.
    async fn grant(&self, question: &Reveal) -> Result<(Served, Grant, Vec<u8>), Code> {
        let (sender, reply) = oneshot::channel();
        let need = if question.kind == Kind::Ticket { Need::Lease } else { Need::Lasting };
        let letter = Mail::Serve(question.session.clone(), need, sender);
        self.mail.send(letter).await.map_err(|_| Code::AgentSilent)?;
        let served = reply.await.map_err(|_| Code::AgentSilent)??;
        let (url, secret) = match question.kind {
            Kind::Keys => (None, self.keys(&served).await?),
            Kind::Ticket => {
                let url = self.ticket_url(&served).await?;
                let ticket =
                    self.effects.secrets.tickets.lend(&served.session).ok_or(Code::SessionNotLive)?;
                (Some(url), ticket.token.with(<[u8]>::to_vec))
            }
        };
        let endpoints = &served.sso.endpoints;
        // Practice serves whatever is asked of it: calls must not end at AWS with credentials that mean nothing there.
        let every = endpoints.sts.clone().filter(|_| served.sso.source == Source::Practice);
        let environment = [
            ("AWS_ENDPOINT_URL", &every),
            ("AWS_ENDPOINT_URL_STS", &endpoints.sts),
            ("AWS_ENDPOINT_URL_SSO", &endpoints.portal),
            ("AWS_ENDPOINT_URL_SSO_OIDC", &endpoints.oidc),
        ]
        .into_iter()
        .filter_map(|(name, url)| {
            Some((name.to_owned(), url.as_ref()?.as_str().trim_end_matches('/').to_owned()))
        });
        let grant = Grant {
            session: served.session.to_string(),
            account: served.account.to_string(),
            account_name: served.account_name.clone(),
            role: served.role.clone(),
            region: served.region.to_string(),
            lease_end: served.lease_end.rfc3339(),
            url,
            environment: environment.collect(),
        };
        Ok((served, grant, secret))
    }

    /// The credentials themselves: those that are held, or for a chained role others that last longer.
    async fn keys(&self, served: &Served) -> Result<Vec<u8>, Code> {
        let (secrets, session) = (&self.effects.secrets, &served.session);
        let Some(issue) = &served.lasting else {
            let credentials = secrets.credentials.lend(session).ok_or(Code::SessionNotLive)?;
            return Ok(process_json(&credentials, served.until, served.account.as_str()));
        };
        let issued = secrets.while_live(session, self.effects.lasting(session, issue)).await;
        let (credentials, expiration) = issued.ok_or(Code::SessionNotLive)??;
        let until = served.until.min(expiration.0);
        let account = issue.assumes.last().map_or(served.account.as_str(), |last| last.role.account());
        Ok(process_json(&credentials, until, account))
    }

    /// The endpoint's address for a lease; its ticket is made with the first who asks.
    async fn ticket_url(&self, served: &Served) -> Result<String, Code> {
        let secrets = &self.effects.secrets;
        if secrets.tickets.lend(&served.session).is_none() {
            secrets.tickets.put(served.session.clone(), Ticket::new().map_err(|_| Code::NoMemory)?);
        }
        let ticket = secrets.tickets.lend(&served.session).ok_or(Code::SessionNotLive)?;
        let port = served.port.ok_or(Code::Internal)?;
        Ok(ticket.path.with_str(|path| format!("http://127.0.0.1:{port}/{path}")))
    }

    /// Keeps the connection until its holder leaves or the lease ends. A byte tells it that the lease has changed.
    async fn hold(&self, mut stream: UnixStream, served: &Served) {
        let mut views = self.views.clone();
        let live = |view: &View| {
            view.sessions.iter().find(|s| s.session == served.session && s.phase.is_live()).cloned()
        };
        let mut known = live(&views.borrow_and_update());
        let mut nothing = [0; 1];
        while known.is_some() {
            tokio::select! {
                _ = stream.read(&mut nothing) => return,
                changed = views.changed() => if changed.is_err() { return },
            }
            let now = live(&views.borrow_and_update());
            // One that reads nothing needs no more of them.
            if now.is_some() && now != known {
                stream.try_write(&nothing).ok();
            }
            known = now;
        }
    }
}

/// The program that connected, as it calls itself.
fn client(stream: &UnixStream, name: &str) -> Program {
    let pid = stream.peer_cred().ok().and_then(|peer| peer.pid()).unwrap_or_default();
    Program::new(name, pid)
}

/// Who asks: the desktop has several places to ask from.
fn by(client: &Program, place: Option<Place>) -> By {
    match place {
        Some(Place::Tray) => By::Tray,
        Some(Place::Notification) => By::Notification,
        None if client.name == DESKTOP => By::Window,
        None => By::Program(client.clone()),
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
