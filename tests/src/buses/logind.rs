//! logind, played at the wire.

use std::{
    collections::HashMap,
    io::Read,
    os::{fd::OwnedFd, unix::net::UnixStream},
    sync::{Arc, Mutex},
};

use tokio::{sync::mpsc, task::JoinHandle};
use zbus::{
    Connection, MessageStream,
    zvariant::{self, ObjectPath, Value},
};

use super::{PrivateBus, lock, next_call, signal};

const LOGIND: &str = "org.freedesktop.login1";
const LOGIND_PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
pub const SESSION: &str = "org.freedesktop.login1.Session";

/// One of logind's sessions.
#[derive(Clone, Debug)]
pub struct Session {
    pub uid: u32,
    pub class: &'static str,
    pub is_active: bool,
    pub is_locked: bool,
}

#[derive(Default)]
struct Rooms {
    /// By number; all on seat0.
    sessions: HashMap<u32, Session>,
    refuses_to_wait: bool,
    is_asleep: bool,
    /// Session 1's hint, and since when in microseconds; 0 is never said.
    idle: (bool, u64),
}

/// logind. It leaves when this is dropped.
pub struct Logind {
    pub bus: Connection,
    rooms: Arc<Mutex<Rooms>>,
    /// None where it is refused.
    inhibitors: mpsc::UnboundedReceiver<Option<Inhibitor>>,
    /// How often sleep should have been asked to wait, and was not yet seen to be.
    owed: u32,
    playing: JoinHandle<()>,
}

impl Drop for Logind {
    fn drop(&mut self) {
        self.playing.abort();
    }
}

/// Sleep waits for this one.
pub struct Inhibitor {
    pub words: String,
    /// Who asked for it.
    pub caller: String,
    other_end: Option<UnixStream>,
}

impl Inhibitor {
    /// Whether logind would still wait.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let mut other_end = self.other_end.as_ref().expect("not given up");
        other_end.set_nonblocking(true).expect("a socket");
        other_end.read(&mut [0]).is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Waits until it is let go.
    pub async fn released(&mut self) {
        let mut other_end = self.other_end.take().expect("not given up");
        other_end.set_nonblocking(false).expect("a socket");
        let read = tokio::task::spawn_blocking(move || other_end.read(&mut [0]));
        assert_eq!(read.await.expect("no panic").expect("readable"), 0, "the end of it");
    }
}

impl Logind {
    /// With one session, number 1: ours, in front, unlocked.
    pub async fn come(bus: &PrivateBus) -> Self {
        Self::come_and(bus, false).await
    }

    /// The same where policy forbids to make sleep wait.
    pub async fn come_impatient(bus: &PrivateBus) -> Self {
        Self::come_and(bus, true).await
    }

    async fn come_and(bus: &PrivateBus, refuses_to_wait: bool) -> Self {
        let bus = bus.connect().await;
        let us =
            Session { uid: daypass_wire::folder::uid(), class: "user", is_active: true, is_locked: false };
        let rooms = Rooms { sessions: HashMap::from([(1, us)]), refuses_to_wait, ..Rooms::default() };
        let rooms = Arc::new(Mutex::new(rooms));
        let (taking, inhibitors) = mpsc::unbounded_channel();
        let mut stream = MessageStream::from(&bus);
        let (me, at) = (bus.clone(), Arc::clone(&rooms));
        let playing = tokio::spawn(async move {
            while let Some(call) = next_call(&mut stream).await {
                let header = call.header();
                let path = header.path().expect("a path").to_string();
                match header.member().expect("a member").as_str() {
                    "Inhibit" if !lock(&at).refuses_to_wait => {
                        let words: (String, String, String, String) =
                            call.body().deserialize().expect("four words");
                        let (ours, theirs) = UnixStream::pair().expect("two ends");
                        me.reply(&header, &zvariant::Fd::from(OwnedFd::from(theirs))).await.ok();
                        let caller = header.sender().expect("a sender").to_string();
                        let words = format!("{words:?}");
                        taking.send(Some(Inhibitor { words, caller, other_end: Some(ours) })).ok();
                    }
                    "ListSessions" => {
                        let list = listed(&lock(&at));
                        me.reply(&header, &list).await.ok();
                    }
                    "Get" => {
                        let is_asleep = lock(&at).is_asleep;
                        me.reply(&header, &Value::from(is_asleep)).await.ok();
                    }
                    "GetAll" => {
                        let session = path.rsplit('_').next().and_then(|n| n.parse().ok());
                        let session = session.and_then(|n: u32| lock(&at).sessions.get(&n).cloned());
                        let Some(session) = session else {
                            me.reply_error(&header, "org.freedesktop.DBus.Error.UnknownObject", &"no")
                                .await
                                .ok();
                            continue;
                        };
                        let (idle, since) = lock(&at).idle;
                        let about: HashMap<&str, Value<'_>> = HashMap::from([
                            ("Class", session.class.into()),
                            ("Type", "wayland".into()),
                            ("Active", session.is_active.into()),
                            ("LockedHint", session.is_locked.into()),
                            ("IdleHint", idle.into()),
                            ("IdleSinceHint", since.into()),
                        ]);
                        me.reply(&header, &about).await.ok();
                    }
                    "Inhibit" => {
                        me.reply_error(&header, "org.freedesktop.DBus.Error.AccessDenied", &"no").await.ok();
                        taking.send(None).ok();
                    }
                    _ => {
                        me.reply_error(&header, "org.freedesktop.DBus.Error.UnknownMethod", &"no").await.ok();
                    }
                }
            }
        });
        bus.request_name(LOGIND).await.expect("a free name");
        Self { bus, rooms, inhibitors, owed: 1, playing }
    }

    /// Waits until the agent has asked sleep to wait, as often as it should.
    pub async fn inhibitor(&mut self) -> Inhibitor {
        self.settled().await.expect("it was given one")
    }

    pub async fn sleeps(&mut self, is_going_to: bool) {
        if !is_going_to {
            self.owed += 1;
        }
        lock(&self.rooms).is_asleep = is_going_to;
        signal(&self.bus, None, LOGIND_PATH, MANAGER, "PrepareForSleep", &is_going_to).await;
    }

    /// Somebody hints that session 1 is idle, since then in seconds since 1970.
    pub fn idle(&self, is_idle: bool, since: i64) {
        lock(&self.rooms).idle = (is_idle, u64::try_from(since).expect("after 1970") * 1_000_000);
    }

    /// `Lock` or `Unlock` is asked of session 1.
    pub async fn asks(&self, member: &str) {
        signal(&self.bus, None, &path(1), SESSION, member, &()).await;
    }

    /// A session comes or changes; everybody is told of both properties.
    pub async fn session(&self, number: u32, session: Session) {
        let values = HashMap::from([
            ("Active", Value::from(session.is_active)),
            ("LockedHint", Value::from(session.is_locked)),
        ]);
        lock(&self.rooms).sessions.insert(number, session);
        let body = (SESSION, values, [""; 0].as_slice());
        signal(&self.bus, None, &path(number), "org.freedesktop.DBus.Properties", "PropertiesChanged", &body)
            .await;
    }

    /// Session 1, as it is but for this.
    pub async fn ours(&self, is_active: bool, is_locked: bool) {
        let us = lock(&self.rooms).sessions.get(&1).cloned().expect("it is there");
        self.session(1, Session { is_active, is_locked, ..us }).await;
    }

    /// Waits until the agent has taken in all that was before: it asks sleep to wait once for each waking.
    pub async fn heard(&mut self) {
        self.sleeps(false).await;
        self.settled().await;
    }

    async fn settled(&mut self) -> Option<Inhibitor> {
        let mut last = None;
        while self.owed > 0 {
            last = self.inhibitors.recv().await.expect("logind plays");
            self.owed -= 1;
        }
        last
    }
}

fn listed(rooms: &Rooms) -> Vec<(String, u32, &'static str, &'static str, ObjectPath<'static>)> {
    let row = |(number, session): (&u32, &Session)| {
        let path = ObjectPath::try_from(path(*number)).expect("a path");
        (number.to_string(), session.uid, "dana", "seat0", path)
    };
    rooms.sessions.iter().map(row).collect()
}

fn path(number: u32) -> String {
    format!("{LOGIND_PATH}/session/_{number}")
}
