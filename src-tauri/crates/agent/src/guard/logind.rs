//! logind on the system bus: sleep, other users, and what the desktop tells it of the screen.
//!
//! By <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html>; elogind is the same.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use daypass_domain::event::{Desktop, Watched};
use tokio::{sync::oneshot, time::timeout};
use zbus::{
    Message,
    zvariant::{OwnedFd, OwnedObjectPath, OwnedValue},
};

use super::{
    LIMIT, Locks, Teller,
    bus::{Bus, News},
};
use crate::actor::Mail;

pub(super) const LOGIND: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// The seat that sessions take turns on; others have one session each.
const SEAT: &str = "seat0";
/// Why sleep waits, in `systemd-inhibit --list`.
const INHIBIT: (&str, &str, &str, &str) = ("sleep", "Daypass", "wipe leases and sign-ins", "delay");
/// logind waits 5 s (`InhibitDelayMaxSec`); what has hung for so long must not keep the machine awake.
const WIPED_WITHIN: Duration = Duration::from_secs(4);

/// Whose screen it is, as a source of news about it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Screen {
    /// By its object.
    Session(String),
    /// The login screen stands in front: light-locker locks so, and "switch user" begins so.
    Greeter,
}

/// One of logind's sessions.
pub(super) struct Session {
    path: String,
    pub(super) uid: u32,
    /// Somebody logged in.
    pub(super) is_person: bool,
    /// Somebody may log in.
    is_greeter: bool,
    /// Not by ssh.
    has_screen: bool,
    is_in_front: bool,
    is_locked: bool,
    pub(super) is_idle: bool,
    /// When it last changed whether it is, in microseconds since 1970; 0 where nobody ever said.
    pub(super) idle_since: u64,
}

/// What logind told; kept while its bus is away.
pub(super) struct Seat {
    uid: u32,
    /// The sessions of ours that have a screen.
    ours: BTreeSet<String>,
    locks: Locks<Screen>,
    /// One of ours was the last of anybody's in front.
    is_ours: bool,
    /// What is found so at the start was so before there was a lease of ours.
    is_begun: bool,
}

impl Seat {
    pub(super) fn of(uid: u32) -> Self {
        let locks = Locks(BTreeMap::new());
        Self { uid, ours: BTreeSet::new(), locks, is_ours: false, is_begun: false }
    }

    /// Watches until the bus is gone.
    ///
    /// # Errors
    /// There was no connection to begin with.
    pub(super) async fn watch(&mut self, address: &str, teller: &mut Teller) -> zbus::Result<()> {
        let at_start = !std::mem::replace(&mut self.is_begun, true);
        let names = [(LOGIND, format!("path_namespace='{PATH}'"))];
        let connecting = timeout(LIMIT, Bus::connect(address, &names));
        let mut bus = connecting.await.unwrap_or(Err(zbus::Error::Handshake("too slow".to_owned())))?;
        let mut delay = self.meet(&bus, at_start, teller).await;
        while let Some(news) = bus.next().await {
            match news {
                News::Owner(_) => delay = self.meet(&bus, false, teller).await,
                News::Signal(signal) if bus.is_from(LOGIND, &signal) => {
                    self.hear(&bus, &signal, &mut delay, teller).await;
                }
                News::Signal(_) | News::Reply(..) => {}
            }
        }
        Ok(())
    }

    /// logind is there, or has gone: begins with it. Returns what makes sleep wait for us.
    async fn meet(&mut self, bus: &Bus, at_start: bool, teller: &mut Teller) -> Option<OwnedFd> {
        if bus.owner(LOGIND).is_none() || self.look(bus, at_start, teller).await.is_err() {
            teller.watching(Watched::Logind, false).await;
            return None;
        }
        teller.watching(Watched::Logind, true).await;
        if is_going_to_sleep(bus).await {
            wipe_for_sleep(teller).await;
            return None;
        }
        inhibit(bus, teller).await
    }

    async fn hear(&mut self, bus: &Bus, signal: &Message, delay: &mut Option<OwnedFd>, teller: &mut Teller) {
        let (header, body) = (signal.header(), signal.body());
        let (Some(interface), Some(member), Some(path)) =
            (header.interface(), header.member(), header.path())
        else {
            return;
        };
        let is_ours = || self.ours.contains(path.as_str());
        match (interface.as_str(), member.as_str()) {
            (MANAGER, "PrepareForSleep") if path.as_str() == PATH => match body.deserialize() {
                Ok(true) => {
                    wipe_for_sleep(teller).await;
                    *delay = None;
                }
                Ok(false) => *delay = inhibit(bus, teller).await,
                Err(_) => {}
            },
            // Requests: the desktop follows them, or somebody's `swayidle`.
            (SESSION, "Lock") if is_ours() => teller.desktop(Desktop::ScreenLocked).await,
            (SESSION, "Unlock") if is_ours() && !self.locks.any() => {
                teller.desktop(Desktop::ScreenUnlocked).await;
            }
            (MANAGER, "SessionNew" | "SessionRemoved") => drop(self.look(bus, false, teller).await),
            (PROPERTIES, "PropertiesChanged") => {
                let changed: Result<(&str, HashMap<&str, OwnedValue>, Vec<&str>), _> = body.deserialize();
                let is_news = changed.is_ok_and(|(interface, values, names)| {
                    interface == SESSION
                        && ["Active", "LockedHint"]
                            .iter()
                            .any(|n| values.contains_key(n) || names.contains(n))
                });
                if is_news {
                    self.look(bus, false, teller).await.ok();
                }
            }
            _ => {}
        }
    }

    /// Looks at who has a screen and who is in front, and tells what is new.
    async fn look(&mut self, bus: &Bus, at_start: bool, teller: &mut Teller) -> zbus::Result<()> {
        let sessions = sessions(bus, self.uid).await?;
        let ours = || sessions.iter().filter(|s| s.uid == self.uid && s.is_person && s.has_screen);
        self.ours = ours().map(|s| s.path.clone()).collect();
        self.locks.0.retain(|screen, _| match screen {
            Screen::Session(path) => self.ours.contains(path),
            Screen::Greeter => true,
        });
        if ours().any(|s| s.is_locked) {
            teller.watching(Watched::LockedHint, true).await;
        }
        for Session { path, is_locked, .. } in ours() {
            let screen = Screen::Session(path.clone());
            if at_start {
                self.locks.began(screen, *is_locked);
            } else if let Some(what) = self.locks.are(screen, *is_locked) {
                teller.desktop(what).await;
            }
        }
        match sessions.iter().find(|s| s.is_in_front) {
            Some(session) if session.is_person && session.uid == self.uid => {
                self.is_ours = true;
                self.greeter(false, teller).await;
            }
            Some(session) if session.is_person && self.is_ours => {
                self.is_ours = false;
                teller.desktop(Desktop::UserSwitched).await;
            }
            Some(session) if session.is_greeter && self.is_ours => self.greeter(true, teller).await,
            // A dark screen, a console where nobody has logged in, or a machine where we only are by ssh.
            _ => {}
        }
        Ok(())
    }

    async fn greeter(&mut self, is_in_front: bool, teller: &Teller) {
        if let Some(what) = self.locks.are(Screen::Greeter, is_in_front) {
            teller.desktop(what).await;
        }
    }
}

/// The sessions of this user, and those on the seat where users take turns.
pub(super) async fn sessions(bus: &Bus, uid: u32) -> zbus::Result<Vec<Session>> {
    let reply = bus.call(LOGIND, &object(PATH)?, MANAGER, "ListSessions", &()).await?;
    let all: Vec<(String, u32, String, String, OwnedObjectPath)> = reply.body().deserialize()?;
    let mut sessions = Vec::new();
    for (_, owner, _, seat, path) in all.into_iter().filter(|s| s.1 == uid || s.3 == SEAT) {
        // Gone since it was listed? Then there is nothing to tell of it.
        let Ok(reply) = bus.call(LOGIND, &path, PROPERTIES, "GetAll", &SESSION).await else { continue };
        let about: HashMap<String, OwnedValue> = reply.body().deserialize()?;
        let is = |name: &str| about.get(name).is_some_and(|value| value.downcast_ref() == Ok(true));
        let text = |name: &str| about.get(name).and_then(|v| v.downcast_ref::<&str>().ok()).unwrap_or("");
        sessions.push(Session {
            path: path.to_string(),
            uid: owner,
            is_person: text("Class").starts_with("user"),
            is_greeter: ["greeter", "lock-screen"].contains(&text("Class")),
            has_screen: !seat.is_empty() || ["x11", "wayland", "mir"].contains(&text("Type")),
            is_in_front: seat == SEAT && is("Active"),
            is_locked: is("LockedHint"),
            is_idle: is("IdleHint"),
            idle_since: about.get("IdleSinceHint").and_then(|v| v.downcast_ref().ok()).unwrap_or(0),
        });
    }
    Ok(sessions)
}

/// Tells that the machine goes to sleep, and waits until everything that follows from it is done.
async fn wipe_for_sleep(teller: &Teller) {
    teller.desktop(Desktop::Sleeps).await;
    let (sender, settled) = oneshot::channel();
    teller.mail.send(Mail::Settle(sender)).await.ok();
    if timeout(WIPED_WITHIN, settled).await.is_err() {
        tracing::warn!("something was still under way when the machine went to sleep");
    }
}

/// Has logind wait before it sleeps, until what is returned is dropped.
async fn inhibit(bus: &Bus, teller: &mut Teller) -> Option<OwnedFd> {
    let asked = async {
        let reply = bus.call(LOGIND, &object(PATH)?, MANAGER, "Inhibit", &INHIBIT).await?;
        reply.body().deserialize::<OwnedFd>()
    };
    let delay = asked.await.ok();
    teller.watching(Watched::SleepDelay, delay.is_some()).await;
    delay
}

async fn is_going_to_sleep(bus: &Bus) -> bool {
    let asked = async {
        let name = (MANAGER, "PreparingForSleep");
        let reply = bus.call(LOGIND, &object(PATH)?, PROPERTIES, "Get", &name).await?;
        Ok::<_, zbus::Error>(reply.body().deserialize::<OwnedValue>()?.downcast_ref::<bool>()?)
    };
    asked.await.unwrap_or(false)
}

fn object(path: &str) -> zbus::Result<OwnedObjectPath> {
    Ok(OwnedObjectPath::try_from(path)?)
}
