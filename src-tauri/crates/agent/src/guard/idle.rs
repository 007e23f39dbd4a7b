//! How long nobody has touched keyboard or mouse. Nobody tells unasked, so it is asked: only while the settings name a
//! limit, again only when it could have been reached, and each time over a connection of its own.
//!
//! Mutter tells milliseconds, screen savers seconds, KDE's milliseconds in spite of its interface (kscreenlocker's
//! `Interface::GetSessionIdleTime` returns KIdleTime's; on Wayland it tells nothing). Some savers, and logind's hint,
//! count only from where the desktop itself says idle: with those it is later, never earlier.

use std::sync::Arc;

use daypass_domain::{
    event::{Desktop, Watched},
    time::{Moment, Seconds},
    view::{Phase, View},
};
use daypass_wire::folder;
use tokio::{sync::watch, time::timeout};
use zbus::{Message, zvariant::OwnedObjectPath};

use super::{
    Buses, LIMIT, Teller,
    bus::Bus,
    logind::{self, LOGIND},
};
use crate::clock::Clock;

/// Where nothing tells, or it was told already.
const ASK_AGAIN: i64 = 60_000;
/// Nobody is asked more often.
const SHORTEST_PAUSE: i64 = 100;
const MUTTER: &str = "org.gnome.Mutter.IdleMonitor";
const MUTTER_PATH: &str = "/org/gnome/Mutter/IdleMonitor/Core";
const FREEDESKTOP: &str = "org.freedesktop.ScreenSaver";
/// KDE's saver has this name besides.
const KDE: &str = "org.kde.screensaver";
const SAVERS: [(&str, &str); 4] = [
    (FREEDESKTOP, "/ScreenSaver"),
    (FREEDESKTOP, "/org/freedesktop/ScreenSaver"),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
];

/// What is wanted, as the views say.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Wanted {
    limit: Seconds,
    /// Whether there is anything to end.
    is_open: bool,
}

/// Watches for as long as there are views.
pub(super) async fn watch(
    buses: Buses,
    clock: Clock,
    mut views: watch::Receiver<Arc<View>>,
    mut teller: Teller,
) {
    loop {
        let wanted = wanted(&views.borrow_and_update());
        // Asked once although nothing is open: whether it works at all is told when it is set.
        let left = match wanted {
            Some(wanted) => Some(ask(&buses, &clock, &views, wanted, &mut teller).await),
            None => None,
        };
        let pause = left.filter(|_| wanted.is_some_and(|w| w.is_open)).map(|left| left.max(SHORTEST_PAUSE));
        let changed = views.wait_for(|view| self::wanted(view) != wanted);
        tokio::select! {
            changed = changed => if changed.is_err() { return },
            () = clock.wait(pause), if pause.is_some() => {}
        }
    }
}

fn wanted(view: &View) -> Option<Wanted> {
    let is_open = view.sessions.iter().any(|s| s.phase.is_live() || s.phase == Phase::Requesting);
    view.settings.clearing.idle.map(|limit| Wanted { limit, is_open })
}

/// Asks, and tells where the limit is reached. Returns in how many milliseconds it may be.
async fn ask(
    buses: &Buses,
    clock: &Clock,
    views: &watch::Receiver<Arc<View>>,
    wanted: Wanted,
    teller: &mut Teller,
) -> i64 {
    let idle = idle(buses, clock.now()).await;
    teller.watching(Watched::Idle, idle.is_some()).await;
    let Some(idle) = idle else { return ASK_AGAIN };
    // Who asks for a lease from afar is there, though the desktop sees nobody.
    let asked_at = views.borrow().sessions.iter().map(|s| s.requested_at).max();
    let now = clock.now().wall;
    // What was asked in what is now the future, as the clock was set back, says nothing.
    let since_asked =
        asked_at.filter(|at| *at <= now).map_or(i64::MAX, |at| now.as_millis() - at.as_millis());
    let left = i64::from(wanted.limit.0) * 1000 - idle.min(since_asked);
    if left <= 0 && wanted.is_open {
        teller.desktop(Desktop::Idle).await;
        return ASK_AGAIN;
    }
    left
}

/// For how many milliseconds there was no input; None where nothing tells.
async fn idle(buses: &Buses, now: Moment) -> Option<i64> {
    if let Some(address) = &buses.session
        && let Ok(Some(millis)) = timeout(LIMIT, on_session(address)).await
    {
        return Some(millis);
    }
    let address = buses.system.as_ref()?;
    timeout(LIMIT, on_system(address, now)).await.ok()?
}

async fn on_session(address: &str) -> Option<i64> {
    let mut bus = Bus::connect(address, &[]).await.ok()?;
    if let Some(reply) = call(&mut bus, MUTTER, MUTTER_PATH, "GetIdletime").await {
        return reply.body().deserialize::<u64>().ok()?.try_into().ok();
    }
    for (name, path) in SAVERS {
        let Some(reply) = call(&mut bus, name, path, "GetSessionIdleTime").await else { continue };
        let Ok(told) = reply.body().deserialize::<u32>() else { continue };
        let in_millis =
            name == FREEDESKTOP && bus.find(KDE).await.cloned().as_ref() == bus.owner(FREEDESKTOP);
        return Some(i64::from(told) * if in_millis { 1 } else { 1000 });
    }
    None
}

async fn call(bus: &mut Bus, name: &'static str, path: &str, member: &str) -> Option<Message> {
    bus.find(name).await?;
    bus.call(name, &OwnedObjectPath::try_from(path).ok()?, name, member, &()).await.ok()
}

/// By logind's hints: idle for as long as the last of our sessions is.
async fn on_system(address: &str, now: Moment) -> Option<i64> {
    let mut bus = Bus::connect(address, &[]).await.ok()?;
    bus.find(LOGIND).await?;
    let uid = folder::uid();
    let sessions = logind::sessions(&bus, uid).await.ok()?;
    let ours = sessions.iter().filter(|s| s.uid == uid && s.is_person);
    let idle = ours.map(|session| match (session.is_idle, i64::try_from(session.idle_since).ok()?) {
        // Never idle since it began: nobody sets it.
        (_, 0) => None,
        (true, since) => Some(now.wall.as_millis().saturating_sub(since / 1000).max(0)),
        (false, _) => Some(0),
    });
    idle.collect::<Option<Vec<_>>>()?.into_iter().min()
}
