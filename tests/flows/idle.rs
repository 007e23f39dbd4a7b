//! Nobody at keyboard and mouse: who tells, in which unit, and what it ends.

use daypass_agent::guard::Buses;
use daypass_domain::{
    ids::SessionId,
    request::Intent,
    settings::{Clearing, Settings},
    time::{Seconds, Timestamp},
    view::{SignInStatus, Why},
};
use daypass_tests::{
    buses::{IdleMonitor, Logind, PrivateBus},
    rig::{Rig, START},
};

const TEN_MINUTES: &str = "[clearing]\nidle = '10m'\n";

fn session_bus(bus: &PrivateBus) -> Buses {
    Buses { session: Some(bus.address()), system: None }
}

/// Time passes by seconds until the agent asks again, and so has taken in what it was told before.
async fn asked_again(rig: &Rig, monitor: &mut IdleMonitor) {
    while !monitor.was_asked() {
        rig.pass(Seconds(1)).await;
    }
}

/// Time passes by seconds until the lease has ended, and why.
async fn ended(rig: &Rig, lease: &SessionId) -> Why {
    loop {
        rig.pass(Seconds(1)).await;
        if let Some(ended) = rig.session(lease).await.ended {
            return ended.why;
        }
    }
}

#[tokio::test]
async fn a_while_without_input_ends_leases_and_keeps_the_sign_in() {
    let bus = PrivateBus::start();
    let mut monitor = IdleMonitor::mutter(&bus).await;
    let rig = Rig::signed_in_on(session_bus(&bus), TEN_MINUTES).await;
    let lease = rig.lease(60).await;
    rig.pass(Seconds::minutes(10)).await;
    monitor.says(599_000);
    while monitor.was_asked() {}
    for _ in 0..2 {
        asked_again(&rig, &mut monitor).await;
    }
    assert!(rig.session(&lease).await.ended.is_none(), "there was input 599 s ago");
    monitor.says(600_000);
    assert_eq!(ended(&rig, &lease).await, Why::Idle);
    assert_eq!(rig.view().await.sso_sessions[0].status, SignInStatus::SignedIn);
}

#[tokio::test]
async fn whoever_has_just_asked_for_a_lease_is_there() {
    let bus = PrivateBus::start();
    let mut monitor = IdleMonitor::mutter(&bus).await;
    monitor.says(3_600_000);
    let rig = Rig::signed_in_on(session_bus(&bus), TEN_MINUTES).await;
    let lease = rig.lease(60).await;
    while monitor.was_asked() {}
    asked_again(&rig, &mut monitor).await;
    assert!(rig.session(&lease).await.ended.is_none(), "asked for a moment ago, from afar perhaps");
    assert_eq!(ended(&rig, &lease).await, Why::Idle);
    assert!(rig.view().await.now >= Timestamp::from_secs(START + 600));
}

#[tokio::test]
async fn every_desktop_is_understood_in_its_own_unit() {
    let (free, kde) = ("org.freedesktop.ScreenSaver", "org.kde.screensaver");
    for (names, limit) in [
        (vec![free], 600),
        (vec![free, kde], 600_000),
        (vec!["org.xfce.ScreenSaver"], 600),
        (vec!["org.mate.ScreenSaver"], 600),
    ] {
        let bus = PrivateBus::start();
        let mut monitor = IdleMonitor::saver(&bus, &names).await;
        let rig = Rig::signed_in_on(session_bus(&bus), TEN_MINUTES).await;
        let lease = rig.lease(60).await;
        rig.pass(Seconds::minutes(10)).await;
        monitor.says(limit - 1);
        while monitor.was_asked() {}
        for _ in 0..2 {
            asked_again(&rig, &mut monitor).await;
        }
        assert!(rig.session(&lease).await.ended.is_none(), "{names:?}");
        monitor.says(limit);
        assert_eq!(ended(&rig, &lease).await, Why::Idle, "{names:?}");
    }
}

#[tokio::test]
async fn where_only_logind_is_told_its_hint_counts() {
    let bus = PrivateBus::start();
    let logind = Logind::come(&bus).await;
    logind.idle(true, START - 60);
    let rig = Rig::signed_in_on(Buses { session: None, system: Some(bus.address()) }, TEN_MINUTES).await;
    let lease = rig.lease(60).await;
    assert_eq!(ended(&rig, &lease).await, Why::Idle);
    assert!(
        rig.view().await.now >= Timestamp::from_secs(START + 600),
        "not before somebody was away so long"
    );
    let degraded = &rig.view().await.degraded;
    assert!(degraded.iter().all(|d| !d.contains("keyboard")), "{degraded:?}");
}

#[tokio::test]
async fn where_nobody_tells_the_window_says_so_until_it_is_switched_off() {
    let bus = PrivateBus::start();
    let _logind = Logind::come(&bus).await;
    let buses = Buses { session: None, system: Some(bus.address()) };
    let rig = Rig::signed_in_on(buses, TEN_MINUTES).await;
    let says = |v: &daypass_domain::view::View| v.degraded.iter().any(|d| d.contains("keyboard or mouse"));
    rig.client.wait_for(|v| says(v).then_some(())).await.unwrap();
    let lease = rig.lease(60).await;
    rig.pass(Seconds::minutes(30)).await;
    assert!(rig.session(&lease).await.ended.is_none(), "nothing is made up");
    rig.ask(Intent::Configure { settings: Box::new(Settings::default()) }).await.unwrap();
    assert!(!says(&*rig.view().await));
}

#[tokio::test]
async fn nobody_is_asked_while_it_is_off() {
    let bus = PrivateBus::start();
    let mut monitor = IdleMonitor::mutter(&bus).await;
    monitor.says(36_000_000);
    let rig = Rig::signed_in_on(session_bus(&bus), "").await;
    let lease = rig.lease(60).await;
    for _ in 0..20 {
        rig.pass(Seconds::minutes(1)).await;
    }
    assert!(!monitor.was_asked() && rig.session(&lease).await.ended.is_none());
    let clearing = Clearing { idle: Some(Seconds::minutes(5)), ..Clearing::default() };
    let settings = Box::new(Settings { clearing, ..Settings::default() });
    rig.ask(Intent::Configure { settings }).await.unwrap();
    assert_eq!(ended(&rig, &lease).await, Why::Idle);
}
