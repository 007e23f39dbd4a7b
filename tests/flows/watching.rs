//! Listening to the buses when they fail, with the test in the actor's place and time that only it lets pass.

use std::{os::unix::net::UnixListener, sync::Arc, time::Duration};

use daypass_agent::{
    actor::Mail,
    clock::Clock,
    guard::{self, Buses},
};
use daypass_domain::event::{Desktop, Event, Watched};
use daypass_tests::buses::{Logind, PrivateBus, Saver};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet, spawn_blocking},
    time::{Instant, sleep},
};

/// What reaches the actor.
struct Post {
    letters: mpsc::Receiver<Mail>,
    _guard: JoinSet<()>,
}

impl Post {
    fn from(session: Option<String>, system: Option<String>) -> Self {
        let (mail, letters) = mpsc::channel(64);
        // What nobody sets is not asked either.
        let (_, views) = watch::channel(Arc::default());
        Self { letters, _guard: guard::watch(Buses { session, system }, Clock::Real, views, mail) }
    }

    async fn event(&mut self) -> Event {
        match self.letters.recv().await.unwrap() {
            Mail::Event(event) => event,
            _ => unreachable!("no event"),
        }
    }

    /// The next news of the desktop; what can be watched is passed over.
    async fn desktop(&mut self) -> Desktop {
        loop {
            if let Event::Desktop(what) = self.event().await {
                return what;
            }
        }
    }

    /// Waits until it is told so.
    async fn told(&mut self, sought: Watched, is_so: bool) {
        loop {
            if let Event::Watching { what, works } = self.event().await
                && (what, works) == (sought, is_so)
            {
                return;
            }
        }
    }

    async fn settle(&mut self) -> oneshot::Sender<()> {
        match self.letters.recv().await.unwrap() {
            Mail::Settle(reply) => reply,
            _ => unreachable!("no barrier"),
        }
    }
}

/// The paused clock stands until this is dropped: buses take no time.
struct Held(Option<std::sync::mpsc::Sender<()>>, #[expect(dead_code, reason = "held")] JoinHandle<()>);

impl Held {
    fn hold() -> Self {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        Self(Some(sender), spawn_blocking(move || receiver.recv().unwrap_or(())))
    }

    fn let_go(mut self) {
        self.0.take();
    }
}

#[tokio::test]
async fn sleep_is_let_go_on_only_after_the_actor_has_done_everything() {
    let bus = PrivateBus::start();
    let mut logind = Logind::come(&bus).await;
    let mut post = Post::from(None, Some(bus.address()));
    let mut inhibitor = logind.inhibitor().await;
    logind.sleeps(true).await;
    assert_eq!(post.desktop().await, Desktop::Sleeps);
    assert!(inhibitor.is_held());
    let barrier = post.settle().await;
    assert!(inhibitor.is_held(), "the wipe is still under way");
    barrier.send(()).unwrap();
    inhibitor.released().await;
    logind.sleeps(false).await;
    assert!(logind.inhibitor().await.is_held());
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_hangs_keeps_the_machine_awake_for_4_seconds() {
    let held = Held::hold();
    let bus = PrivateBus::start();
    let mut logind = Logind::come(&bus).await;
    let mut post = Post::from(None, Some(bus.address()));
    let mut inhibitor = logind.inhibitor().await;
    logind.sleeps(true).await;
    assert_eq!(post.desktop().await, Desktop::Sleeps);
    let _barrier = post.settle().await;
    held.let_go();
    sleep(Duration::from_millis(3999)).await;
    assert!(inhibitor.is_held());
    sleep(Duration::from_millis(1)).await;
    inhibitor.released().await;
}

#[tokio::test]
async fn every_desktops_screen_saver_is_heard() {
    for (name, path) in [
        ("org.freedesktop.ScreenSaver", "/ScreenSaver"),
        ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
        ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
        ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
        ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
        ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"),
    ] {
        let bus = PrivateBus::start();
        let saver = Saver::come(&bus, name, path).await;
        let mut post = Post::from(Some(bus.address()), None);
        post.told(Watched::ScreenSaver, true).await;
        saver.turns(true).await;
        assert_eq!(post.desktop().await, Desktop::ScreenLocked, "{name} {path}");
        saver.turns(false).await;
        assert_eq!(post.desktop().await, Desktop::ScreenUnlocked, "{name} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn buses_that_hang_are_told_after_5_seconds() {
    let held = Held::hold();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    // Connections wait in its queue for ever.
    let _listener = UnixListener::bind(&path).unwrap();
    let address = Some(format!("unix:path={}", path.display()));
    let before = Instant::now();
    let mut post = Post::from(address.clone(), address);
    held.let_go();
    for _ in 0..2 {
        assert!(matches!(post.event().await, Event::Watching { works: false, .. }));
        assert_eq!(before.elapsed().as_secs(), 5, "by the paused clock");
    }
}

#[tokio::test(start_paused = true)]
async fn a_screen_saver_that_never_answers_is_told_after_5_seconds() {
    let held = Held::hold();
    let bus = PrivateBus::start();
    let mut calls = bus.silent("org.gnome.ScreenSaver").await;
    let mut post = Post::from(Some(bus.address()), None);
    assert_eq!(calls.recv().await.unwrap(), "GetActive");
    let before = Instant::now();
    held.let_go();
    post.told(Watched::ScreenSaver, false).await;
    assert_eq!(before.elapsed().as_secs(), 5, "by the paused clock");
    let _held = Held::hold();
    let _another = Saver::come(&bus, "org.mate.ScreenSaver", "/org/mate/ScreenSaver").await;
    post.told(Watched::ScreenSaver, true).await;
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_comes_back_is_listened_to_again_and_what_was_missed_is_learned() {
    let mut bus = PrivateBus::start();
    let held = Held::hold();
    let mut saver = Saver::gnome(&bus).await;
    let mut post = Post::from(Some(bus.address()), None);
    saver.asked().await;
    post.told(Watched::ScreenSaver, true).await;
    bus.restart();
    post.told(Watched::ScreenSaver, false).await;
    saver = Saver::come_locked(&bus, "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver").await;
    held.let_go();
    sleep(Duration::from_secs(1)).await;
    let _held = Held::hold();
    assert_eq!(post.desktop().await, Desktop::ScreenLocked);
    saver.turns(false).await;
    assert_eq!(post.desktop().await, Desktop::ScreenUnlocked);
}

#[tokio::test]
async fn a_screen_that_was_locked_before_there_was_an_agent_is_no_news() {
    let bus = PrivateBus::start();
    let saver = Saver::come_locked(&bus, "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver").await;
    let mut post = Post::from(Some(bus.address()), None);
    post.told(Watched::ScreenSaver, true).await;
    saver.turns(false).await;
    saver.turns(true).await;
    assert_eq!(post.desktop().await, Desktop::ScreenUnlocked, "nothing came before it");
    assert_eq!(post.desktop().await, Desktop::ScreenLocked);
}
