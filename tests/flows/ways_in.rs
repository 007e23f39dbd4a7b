//! The device code: approved elsewhere, at the pace that Identity Center sets.

use std::time::Duration;

use daypass_domain::{
    failure::Code,
    request::{Intent, SignInTarget},
    settings::Way,
    time::Seconds,
    view::{DeviceView, SignInStatus, Stage},
};
use daypass_practice::{Failure, OidcFailure, Options};
use daypass_tests::rig::{Rig, code};
use daypass_wire::follow::{self, Wanted};

async fn rig() -> Rig {
    let device_interval = Duration::from_secs(5);
    Rig::new(Options { accounts: 2, roles: 3, device_interval, ..Options::default() }).await
}

async fn start(rig: &Rig) -> (u32, DeviceView) {
    let target = SignInTarget::Named { sso_session: "acme".parse().unwrap() };
    let intent = Intent::SignIn { target, way: Some(Way::DeviceCode), keep: None };
    let attempt = rig.ask(intent).await.unwrap().attempt.unwrap();
    match follow::sign_in_wants(&rig.client, attempt).await.unwrap() {
        Wanted::DeviceCode(device) => (attempt, device),
        other => panic!("no device code: {other:?}"),
    }
}

/// Time passes until the agent has asked once more.
async fn pass_until_asked(rig: &Rig, seconds: u32) {
    let before = answered(rig);
    rig.waiting(2).await;
    rig.pass_unnoticed(Seconds(seconds));
    while answered(rig) == before {
        tokio::task::yield_now().await;
    }
}

fn answered(rig: &Rig) -> usize {
    rig.practice.requests().iter().filter(|r| r.path == "/token" && r.status.is_some()).count()
}

#[tokio::test]
async fn a_code_approved_elsewhere_signs_in() {
    let rig = rig().await;
    let (attempt, device) = start(&rig).await;
    let shown = rig.view_now().sign_in.clone().unwrap();
    assert_eq!((shown.stage, shown.way), (Stage::DeviceCode, Way::DeviceCode));
    let url = rig.ask(Intent::SignInUrl).await.unwrap().url.unwrap();
    assert!(url.starts_with(&device.url) && url.contains(&device.user_code), "{url}");
    pass_until_asked(&rig, 5).await;
    assert!(rig.practice.answer_device(&device.user_code, true));
    pass_until_asked(&rig, 5).await;
    follow::signed_in(&rig.client, attempt).await.unwrap();
    assert_eq!(rig.view().await.sso_sessions[0].status, SignInStatus::SignedIn);
    // The device flow's token is refreshed like any other.
    rig.pass(Seconds::minutes(57)).await;
    rig.lease(15).await;
}

#[tokio::test]
async fn slow_down_is_obeyed_for_good() {
    let rig = rig().await;
    let (_, device) = start(&rig).await;
    rig.practice.fail_next("/token", Failure::Oidc(OidcFailure::SlowDown));
    pass_until_asked(&rig, 5).await;
    let before = answered(&rig);
    rig.waiting(2).await;
    rig.pass_unnoticed(Seconds(9));
    rig.waiting(2).await;
    assert_eq!(answered(&rig), before, "10 s from now on");
    pass_until_asked(&rig, 1).await;
    assert!(rig.practice.answer_device(&device.user_code, true));
    pass_until_asked(&rig, 10).await;
}

#[tokio::test]
async fn a_refusal_ends_it_and_so_does_the_codes_end() {
    for is_answered in [true, false] {
        let rig = rig().await;
        let (attempt, device) = start(&rig).await;
        rig.waiting(2).await;
        let expected = if is_answered {
            rig.practice.answer_device(&device.user_code, false);
            rig.pass_unnoticed(Seconds(5));
            Code::SignInRefused
        } else {
            rig.pass_unnoticed(Seconds(600));
            Code::DeviceCodeExpired
        };
        assert_eq!(code(follow::signed_in(&rig.client, attempt).await), Some(expected));
    }
}

#[tokio::test]
async fn a_moment_without_network_costs_nobody_their_code() {
    let rig = rig().await;
    let (attempt, device) = start(&rig).await;
    for failure in [Failure::Reset, Failure::Aws(503), Failure::Aws(429)] {
        rig.practice.fail_next("/token", failure);
        // A 429 makes the interval longer.
        pass_until_asked(&rig, 10).await;
    }
    assert!(rig.practice.answer_device(&device.user_code, true));
    pass_until_asked(&rig, 10).await;
    follow::signed_in(&rig.client, attempt).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_code_is_no_longer_asked_for() {
    let rig = rig().await;
    let (attempt, device) = start(&rig).await;
    rig.ask(Intent::CancelSignIn).await.unwrap();
    rig.settled().await;
    assert!(rig.practice.answer_device(&device.user_code, true));
    rig.pass(Seconds(60)).await;
    assert_eq!((answered(&rig), rig.view().await.sign_in.is_none()), (0, true));
    assert!(follow::signed_in(&rig.client, attempt).await.is_ok(), "cancelled is no failure");
}
