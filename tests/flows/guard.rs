//! What the desktop does that ends leases: the agent among buses, screen savers and logind.

use daypass_agent::guard::Buses;
use daypass_domain::{
    ids::SessionId,
    time::Seconds,
    view::{Phase, SignInStatus, Why},
};
use daypass_tests::{
    buses::{Inhibitor, Logind, PrivateBus, SESSION, Saver, Session, signal},
    environment::{inside, is_inside},
    rig::Rig,
};

const AT_ONCE: &str = "[clearing]\nscreen-lock = 'at-once'\n";
const LOGIND_PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";

fn session_bus(bus: &PrivateBus) -> Buses {
    Buses { session: Some(bus.address()), system: None }
}

fn system_bus(bus: &PrivateBus) -> Buses {
    Buses { session: None, system: Some(bus.address()) }
}

/// A signed-in agent on a bus with a screen saver, which it has asked; and how it is called there.
async fn with_saver(bus: &PrivateBus, settings: &str) -> (Rig, Saver, String) {
    let mut saver = Saver::gnome(bus).await;
    let rig = Rig::signed_in_on(session_bus(bus), settings).await;
    let agent = saver.asked().await;
    bus.heard().await;
    (rig, saver, agent)
}

async fn with_logind(bus: &PrivateBus) -> (Rig, Logind, Inhibitor) {
    let mut logind = Logind::come(bus).await;
    let rig = Rig::signed_in_on(system_bus(bus), "").await;
    let inhibitor = logind.inhibitor().await;
    (rig, logind, inhibitor)
}

/// Whether a lease has ended, and why; and whether somebody is signed in.
async fn fate(rig: &Rig, lease: &SessionId) -> (Option<Why>, bool) {
    let ended = rig.session(lease).await.ended.map(|receipt| receipt.why);
    (ended, rig.view().await.sso_sessions[0].status == SignInStatus::SignedIn)
}

fn other(class: &'static str, uid: u32) -> Session {
    Session { uid, class, is_active: true, is_locked: false }
}

async fn degraded(rig: &Rig, count: usize) -> Vec<String> {
    rig.client.wait_for(|v| (v.degraded.len() == count).then(|| v.degraded.clone())).await.unwrap()
}

#[tokio::test]
async fn five_minutes_of_a_locked_screen_end_leases_and_keep_the_sign_in() {
    let bus = PrivateBus::start();
    let (rig, saver, _) = with_saver(&bus, "").await;
    let lease = rig.lease(60).await;
    saver.turns(true).await;
    bus.heard().await;
    rig.pass(Seconds(299)).await;
    assert_eq!(fate(&rig, &lease).await, (None, true));
    rig.pass(Seconds(1)).await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::ScreenLock), true));
}

#[tokio::test]
async fn a_screen_unlocked_in_time_ends_nothing() {
    let bus = PrivateBus::start();
    let (rig, saver, _) = with_saver(&bus, "").await;
    let lease = rig.lease(60).await;
    saver.turns(true).await;
    bus.heard().await;
    rig.pass(Seconds(299)).await;
    saver.turns(false).await;
    bus.heard().await;
    rig.pass(Seconds::minutes(20)).await;
    assert_eq!(fate(&rig, &lease).await, (None, true));
}

#[tokio::test]
async fn a_screen_that_locks_ends_leases_at_once_where_so_set() {
    let bus = PrivateBus::start();
    let (rig, saver, _) = with_saver(&bus, AT_ONCE).await;
    let lease = rig.lease(60).await;
    saver.turns(true).await;
    bus.heard().await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::ScreenLock), true));
}

#[tokio::test]
async fn who_does_not_own_the_name_cannot_lock_the_screen() {
    let bus = PrivateBus::start();
    let (rig, saver, agent) = with_saver(&bus, AT_ONCE).await;
    let lease = rig.lease(60).await;
    let stranger = bus.connect().await;
    for to in [None, Some(agent.as_str())] {
        signal(&stranger, to, "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "ActiveChanged", &true)
            .await;
    }
    // Nor with a name of its own, in the name of another.
    stranger.request_name("org.mate.ScreenSaver").await.unwrap();
    signal(
        &stranger,
        Some(&agent),
        "/org/gnome/ScreenSaver",
        "org.gnome.ScreenSaver",
        "ActiveChanged",
        &true,
    )
    .await;
    bus.heard().await;
    assert_eq!(fate(&rig, &lease).await, (None, true));
    saver.turns(true).await;
    bus.heard().await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::ScreenLock), true), "the owner can");
}

#[tokio::test]
async fn a_desktop_that_tells_logind_of_its_lock_is_heard() {
    let bus = PrivateBus::start();
    let (rig, mut logind, _inhibitor) = with_logind(&bus).await;
    for ends in [false, true] {
        let lease = rig.lease(60).await;
        logind.ours(true, true).await;
        logind.heard().await;
        if !ends {
            logind.ours(true, false).await;
            logind.heard().await;
        }
        rig.pass(Seconds::minutes(5)).await;
        assert_eq!(fate(&rig, &lease).await, (ends.then_some(Why::ScreenLock), true));
    }
}

#[tokio::test]
async fn a_session_that_is_asked_to_lock_counts_as_locked_until_asked_to_unlock() {
    let bus = PrivateBus::start();
    let (rig, mut logind, _inhibitor) = with_logind(&bus).await;
    for asked in [vec!["Lock", "Unlock"], vec!["Lock"], vec!["Lock"]] {
        let lease = rig.lease(60).await;
        for member in &asked {
            logind.asks(member).await;
        }
        logind.heard().await;
        rig.pass(Seconds::minutes(5)).await;
        let ended = (asked.len() == 1).then_some(Why::ScreenLock);
        assert_eq!(fate(&rig, &lease).await, (ended, true), "{asked:?}");
    }
}

#[tokio::test]
async fn sleep_waits_until_leases_and_sign_ins_are_gone_and_waking_makes_it_wait_again() {
    let bus = PrivateBus::start();
    let (rig, mut logind, mut inhibitor) = with_logind(&bus).await;
    for _ in 0..2 {
        assert!(
            inhibitor.words.contains("sleep") && inhibitor.words.contains("delay"),
            "{}",
            inhibitor.words
        );
        let lease = rig.lease(60).await;
        assert!(inhibitor.is_held());
        logind.sleeps(true).await;
        inhibitor.released().await;
        assert_eq!(fate(&rig, &lease).await, (Some(Why::Sleep), false));
        logind.sleeps(false).await;
        inhibitor = logind.inhibitor().await;
        rig.sign_in().await.unwrap();
    }
    assert!(inhibitor.is_held());
}

#[tokio::test]
async fn another_user_in_front_clears_everything() {
    let bus = PrivateBus::start();
    let (rig, mut logind, _inhibitor) = with_logind(&bus).await;
    let lease = rig.lease(60).await;
    logind.ours(false, false).await;
    logind.session(2, other("user", 4242)).await;
    logind.heard().await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::UserSwitch), false));
}

#[tokio::test]
async fn a_dark_screen_a_console_and_oneself_are_nobody_else() {
    let bus = PrivateBus::start();
    let (rig, mut logind, _inhibitor) = with_logind(&bus).await;
    let lease = rig.lease(60).await;
    logind.ours(false, false).await;
    logind.heard().await;
    logind.session(2, other("user", daypass_wire::folder::uid())).await;
    logind.heard().await;
    rig.pass(Seconds::minutes(20)).await;
    assert_eq!(fate(&rig, &lease).await, (None, true));
}

#[tokio::test]
async fn the_login_screen_in_front_is_a_locked_screen() {
    let bus = PrivateBus::start();
    let (rig, mut logind, _inhibitor) = with_logind(&bus).await;
    let lease = rig.lease(60).await;
    let greeter = other("greeter", 4243);
    logind.ours(false, false).await;
    logind.session(2, greeter.clone()).await;
    logind.heard().await;
    rig.pass(Seconds::minutes(4)).await;
    logind.session(2, Session { is_active: false, ..greeter.clone() }).await;
    logind.ours(true, false).await;
    logind.heard().await;
    rig.pass(Seconds::minutes(6)).await;
    assert_eq!(fate(&rig, &lease).await, (None, true), "back in time");
    logind.ours(false, false).await;
    logind.session(2, greeter.clone()).await;
    logind.heard().await;
    rig.pass(Seconds::minutes(5)).await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::ScreenLock), true));
    // Who then logs in there is another user all the same.
    logind.session(2, Session { is_active: false, ..greeter }).await;
    logind.session(3, other("user", 4242)).await;
    logind.heard().await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::ScreenLock), false));
}

#[tokio::test]
async fn who_is_not_logind_cannot_put_the_machine_to_sleep() {
    let bus = PrivateBus::start();
    let (rig, mut logind, inhibitor) = with_logind(&bus).await;
    let agent = inhibitor.caller;
    let lease = rig.lease(60).await;
    let stranger = bus.connect().await;
    let session = format!("{LOGIND_PATH}/session/_1");
    for to in [None, Some(agent.as_str())] {
        signal(&stranger, to, LOGIND_PATH, MANAGER, "PrepareForSleep", &true).await;
        signal(&stranger, to, &session, SESSION, "Lock", &()).await;
    }
    logind.heard().await;
    rig.pass(Seconds::minutes(5)).await;
    assert_eq!(fate(&rig, &lease).await, (None, true));
    logind.sleeps(true).await;
    logind.heard().await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::Sleep), false), "logind can");
}

#[tokio::test]
async fn without_buses_the_agent_works_and_says_what_it_misses() {
    let nowhere = tempfile::tempdir().unwrap();
    let address = format!("unix:path={}/bus", nowhere.path().display());
    let there_is_none = Buses { session: Some(address.clone()), system: Some(address) };
    for buses in [Buses::default(), there_is_none] {
        let rig = Rig::signed_in_on(buses, "").await;
        let lease = rig.lease(60).await;
        assert_eq!(rig.session(&lease).await.phase, Phase::Active);
        let sentences = degraded(&rig, 2).await;
        assert!(sentences[0].contains("no screen saver answers"), "{sentences:?}");
        assert!(sentences[1].contains("logind does not answer"), "{sentences:?}");
    }
}

#[tokio::test]
async fn what_comes_late_is_taken_up_and_what_leaves_is_missed() {
    let (session, system) = (PrivateBus::start(), PrivateBus::start());
    let buses = Buses { session: Some(session.address()), system: Some(system.address()) };
    let rig = Rig::signed_in_on(buses, "").await;
    assert_eq!(degraded(&rig, 2).await.len(), 2);
    let mut logind = Logind::come(&system).await;
    let mut inhibitor = logind.inhibitor().await;
    let saver = Saver::gnome(&session).await;
    degraded(&rig, 0).await;
    let lease = rig.lease(60).await;
    logind.sleeps(true).await;
    inhibitor.released().await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::Sleep), false));
    drop((saver, logind));
    degraded(&rig, 2).await;
}

#[tokio::test]
async fn a_logind_that_does_not_wait_is_told_and_still_heard() {
    let bus = PrivateBus::start();
    let mut logind = Logind::come_impatient(&bus).await;
    let rig = Rig::signed_in_on(system_bus(&bus), "").await;
    let sentences = degraded(&rig, 2).await;
    assert!(sentences[1].contains("logind does not wait"), "{sentences:?}");
    let lease = rig.lease(60).await;
    logind.sleeps(true).await;
    logind.heard().await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::Sleep), false));
}

#[tokio::test]
async fn a_hardened_agent_is_known_to_the_buses_all_the_same() {
    if !is_inside() {
        inside("guard::a_hardened_agent_is_known_to_the_buses_all_the_same", &[]).await;
        return;
    }
    let bus = PrivateBus::start();
    let hardening = daypass_vault::harden::harden();
    assert!(hardening.undumpable && hardening.no_core);
    let (rig, mut logind, mut inhibitor) = with_logind(&bus).await;
    let lease = rig.lease(60).await;
    logind.sleeps(true).await;
    inhibitor.released().await;
    assert_eq!(fate(&rig, &lease).await, (Some(Why::Sleep), false));
}
