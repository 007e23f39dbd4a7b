//! Screen savers on the session bus, by the interface that GNOME's had and the others took over.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use daypass_domain::event::Watched;
use tokio::time::{Instant, sleep_until, timeout};
use zbus::message::Type;

use super::{
    LIMIT, Locks, Teller,
    bus::{Bus, News},
};

/// A well-known name, which is its interface too, and where the owner may have its object.
type Saver = (&'static str, &'static [&'static str]);

const SAVERS: [Saver; 5] = [
    // KDE's, and the freedesktop.org name that others share.
    ("org.freedesktop.ScreenSaver", &["/ScreenSaver", "/org/freedesktop/ScreenSaver"]),
    ("org.gnome.ScreenSaver", &["/org/gnome/ScreenSaver"]),
    ("org.cinnamon.ScreenSaver", &["/org/cinnamon/ScreenSaver"]),
    ("org.mate.ScreenSaver", &["/org/mate/ScreenSaver"]),
    ("org.xfce.ScreenSaver", &["/org/xfce/ScreenSaver"]),
];

/// What they said; kept while their bus is away.
pub(super) struct Savers {
    locks: Locks<&'static str>,
    /// What is found so at the start was so before there was a lease of ours.
    is_begun: bool,
}

impl Default for Savers {
    fn default() -> Self {
        Self { locks: Locks(BTreeMap::new()), is_begun: false }
    }
}

/// What was asked and not answered yet.
struct Asked {
    name: &'static str,
    at_start: bool,
}

impl Savers {
    /// Watches until the bus is gone.
    ///
    /// # Errors
    /// There was no connection to begin with.
    pub(super) async fn watch(&mut self, address: &str, teller: &mut Teller) -> zbus::Result<()> {
        let at_start = !std::mem::replace(&mut self.is_begun, true);
        let rule = |name| format!("interface='{name}',member='ActiveChanged'");
        let names = SAVERS.map(|(name, _)| (name, rule(name)));
        let connecting = timeout(LIMIT, Bus::connect(address, &names));
        let mut bus = connecting.await.unwrap_or(Err(zbus::Error::Handshake("too slow".to_owned())))?;
        let mut asked = HashMap::new();
        for saver in SAVERS {
            ask(&bus, saver, at_start, &mut asked).await;
        }
        let mut answering = BTreeSet::new();
        let (mut deadline, mut is_overdue) = (Instant::now() + LIMIT, false);
        loop {
            // Known when one has answered, or nobody is left who might in time.
            if !answering.is_empty() || asked.is_empty() || is_overdue {
                teller.watching(Watched::ScreenSaver, !answering.is_empty()).await;
            }
            let news = tokio::select! {
                news = bus.next() => news,
                () = sleep_until(deadline), if !asked.is_empty() && !is_overdue => {
                    is_overdue = true;
                    continue;
                }
            };
            match news {
                None => return Ok(()),
                Some(News::Owner(name)) => {
                    answering.remove(name);
                    asked.retain(|_, a| a.name != name);
                    (deadline, is_overdue) = (Instant::now() + LIMIT, false);
                    for saver in SAVERS.into_iter().filter(|(n, _)| *n == name) {
                        ask(&bus, saver, false, &mut asked).await;
                    }
                }
                Some(News::Reply(serial, reply)) => {
                    let name = asked.get(&serial).map(|a| a.name);
                    if !name.is_some_and(|name| bus.is_from(name, &reply)) {
                        continue;
                    }
                    let Some(Asked { name, at_start }) = asked.remove(&serial) else { continue };
                    if reply.message_type() == Type::MethodReturn
                        && let Ok(is_active) = reply.body().deserialize::<bool>()
                    {
                        answering.insert(name);
                        self.note(name, is_active, at_start, teller).await;
                    }
                }
                Some(News::Signal(signal)) => {
                    let header = signal.header();
                    let is_it = |(name, paths): &&Saver| {
                        header.interface().is_some_and(|i| i == *name)
                            && header.path().is_some_and(|path| paths.contains(&path.as_str()))
                            && bus.is_from(name, &signal)
                    };
                    let Some((name, _)) = SAVERS.iter().find(is_it) else { continue };
                    if header.member().is_some_and(|m| m == "ActiveChanged")
                        && let Ok(is_active) = signal.body().deserialize::<bool>()
                    {
                        answering.insert(name);
                        self.note(name, is_active, false, teller).await;
                    }
                }
            }
        }
    }

    async fn note(&mut self, name: &'static str, is_active: bool, at_start: bool, teller: &Teller) {
        if at_start {
            self.locks.began(name, is_active);
        } else if let Some(what) = self.locks.are(name, is_active) {
            teller.desktop(what).await;
        }
    }
}

/// Asks one, if it is there.
async fn ask(
    bus: &Bus,
    (name, paths): Saver,
    at_start: bool,
    asked: &mut HashMap<std::num::NonZeroU32, Asked>,
) {
    for path in paths {
        if let Some(serial) = bus.ask(name, path, "GetActive").await {
            asked.insert(serial, Asked { name, at_start });
        }
    }
}
