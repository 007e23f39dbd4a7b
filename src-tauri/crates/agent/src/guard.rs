//! What the desktop does that ends leases: a locked screen, sleep, another user in front, nobody there.
//!
//! Screen savers tell on the session bus ([`screen`]), logind on the system bus ([`logind`]); how long nobody has
//! touched anything has to be asked ([`idle`]). Each bus has a task of its own, off the hot path: a bus that is absent, or hangs, delays nothing and is tried again;
//! what can't be watched is told. Only who owns a well-known name is believed ([`bus`]).
//!
//! Waking up is not watched here: the clock's timers count sleep, and the one for a clock that was set fires
//! on every resume.
//!
//! Discarded: zbus's proxies. Each reads signals from a queue of its own, apart from its calls, so a state that was
//! asked for could come after the news that overtook it.

mod bus;
mod idle;
mod logind;
mod screen;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use daypass_aws::keyring::{on_this_machine, session_bus};
use daypass_domain::{
    event::{Desktop, Event, Watched},
    view::View,
};
use daypass_wire::folder;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use self::{logind::Seat, screen::Savers};
use crate::{actor::Mail, clock::Clock};

/// How long a bus, or who is on it, may take to answer.
const LIMIT: Duration = Duration::from_secs(5);
/// A bus that failed is tried again after a second, then two, then four ...
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const SYSTEM_BUS: &str = "unix:path=/run/dbus/system_bus_socket";

/// Where the buses are, on this machine.
#[derive(Clone, Debug, Default)]
pub struct Buses {
    pub session: Option<String>,
    pub system: Option<String>,
}

impl Buses {
    /// Finds them through `variable`, which reads the environment.
    #[must_use]
    pub fn find(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = variable("DBUS_SYSTEM_BUS_ADDRESS").filter(|value| !value.is_empty());
        let system = on_this_machine(set.as_deref().unwrap_or(SYSTEM_BUS));
        Self { session: session_bus(variable), system }
    }
}

/// Watches both buses for as long as what it returns lives.
#[must_use]
pub fn watch(
    buses: Buses,
    clock: Clock,
    views: watch::Receiver<Arc<View>>,
    mail: mpsc::Sender<Mail>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(idle::watch(buses.clone(), clock, views, Teller::new(mail.clone())));
    let (on_session, on_system) = (Teller::new(mail.clone()), Teller::new(mail));
    tasks.spawn(watch_screen(buses.session, on_session));
    tasks.spawn(watch_logind(buses.system, on_system));
    tasks
}

async fn watch_screen(address: Option<String>, mut teller: Teller) {
    let (mut savers, mut pause) = (Savers::default(), FIRST_PAUSE);
    loop {
        if let Some(address) = &address
            && savers.watch(address, &mut teller).await.is_ok()
        {
            pause = FIRST_PAUSE;
        }
        teller.watching(Watched::ScreenSaver, false).await;
        rest(&mut pause, address.is_some()).await;
    }
}

async fn watch_logind(address: Option<String>, mut teller: Teller) {
    let (mut seat, mut pause) = (Seat::of(folder::uid()), FIRST_PAUSE);
    loop {
        if let Some(address) = &address
            && seat.watch(address, &mut teller).await.is_ok()
        {
            pause = FIRST_PAUSE;
        }
        teller.watching(Watched::Logind, false).await;
        rest(&mut pause, address.is_some()).await;
    }
}

/// A while until the next try; for ever where there is nothing to try.
async fn rest(pause: &mut Duration, may_return: bool) {
    if !may_return {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(*pause).await;
    *pause = LONGEST_PAUSE.min(*pause * 2);
}

/// Tells the actor.
struct Teller {
    mail: mpsc::Sender<Mail>,
    told: BTreeMap<Watched, bool>,
}

impl Teller {
    fn new(mail: mpsc::Sender<Mail>) -> Self {
        Self { mail, told: BTreeMap::new() }
    }

    async fn desktop(&self, what: Desktop) {
        tracing::info!(?what, "the desktop tells");
        self.mail.send(Mail::Event(Event::Desktop(what))).await.ok();
    }

    /// Tells what can be watched, where that is news.
    async fn watching(&mut self, what: Watched, works: bool) {
        if self.told.insert(what, works) != Some(works) {
            self.mail.send(Mail::Event(Event::Watching { what, works })).await.ok();
        }
    }
}

/// Which of several screens, or services that tell of one, are locked.
struct Locks<K>(BTreeMap<K, bool>);

impl<K: Ord> Locks<K> {
    /// It was so before we came: no news.
    fn began(&mut self, who: K, is_locked: bool) {
        self.0.insert(who, is_locked);
    }

    /// It is so now; what that means, if it is news.
    fn are(&mut self, who: K, is_locked: bool) -> Option<Desktop> {
        let was_locked = self.0.insert(who, is_locked) == Some(true);
        match (was_locked, is_locked) {
            (false, true) => Some(Desktop::ScreenLocked),
            (true, false) if !self.any() => Some(Desktop::ScreenUnlocked),
            _ => None,
        }
    }

    fn any(&self) -> bool {
        self.0.values().any(|is_locked| *is_locked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_unlocked_when_all_who_said_otherwise_say_so() {
        let mut locks = Locks(BTreeMap::new());
        locks.began("gnome", true);
        assert_eq!(locks.are("gnome", true), None, "it was so before");
        assert_eq!(locks.are("mate", true), Some(Desktop::ScreenLocked));
        assert_eq!(locks.are("gnome", false), None);
        assert_eq!(locks.are("mate", false), Some(Desktop::ScreenUnlocked));
        assert_eq!(locks.are("kde", false), None);
    }

    #[test]
    fn buses_that_leave_the_machine_or_start_programs_are_none() {
        for (address, is_one) in [("unix:path=/a", true), ("tcp:host=a", false), ("unixexec:path=a", false)] {
            let buses = Buses::find(|name| name.starts_with("DBUS").then(|| address.to_owned()));
            assert_eq!((buses.session.is_some(), buses.system.is_some()), (is_one, is_one), "{address}");
        }
        assert_eq!(Buses::find(|_| None).system.as_deref(), Some(SYSTEM_BUS));
    }
}
