//! "Keep me signed in", with the real keyring on a bus of the test's own.

use daypass_domain::{
    failure::{Action, Code},
    ids::SsoSessionName,
    request::{Intent, SignInTarget},
    view::{SignInStatus, SsoSessionView},
};
use daypass_practice::Options;
use daypass_tests::{
    desk::{Desk, KEYRING},
    rig::Rig,
};

const ITEM: [&str; 2] = ["application", "daypass"];

async fn rig(desk: &Desk) -> Rig {
    let address = desk.address.clone();
    Rig::prepared(Options { accounts: 2, roles: 4, ..Options::default() }, move |practice| {
        practice.env().into_iter().chain([("DBUS_SESSION_BUS_ADDRESS", address.clone())]).collect()
    })
    .await
}

fn acme() -> SsoSessionName {
    "acme".parse().unwrap()
}

async fn sign_in_to_stay(rig: &Rig) {
    let target = SignInTarget::Named { sso_session: acme() };
    let asked = rig.ask(Intent::SignIn { target, way: None, keep: Some(true) }).await.unwrap();
    rig.follow_sign_in(asked.attempt.unwrap()).await.unwrap();
    rig.settled().await;
}

async fn keep(rig: &Rig, on: bool) {
    rig.ask(Intent::KeepSignedIn { sso_session: acme(), on }).await.unwrap();
    rig.settled().await;
}

/// How the sign-in stands, and what is said of keeping it.
async fn trouble(rig: &Rig) -> (SignInStatus, Option<Code>) {
    let sso = shown(rig).await;
    (sso.status, sso.keyring.map(|failure| failure.code))
}

async fn shown(rig: &Rig) -> SsoSessionView {
    rig.view().await.sso_sessions[0].clone()
}

#[tokio::test]
async fn a_kept_sign_in_is_there_at_the_next_start_without_a_browser() {
    let desk = Desk::with_keyring();
    let mut rig = rig(&desk).await;
    sign_in_to_stay(&rig).await;
    for _ in 0..2 {
        // Each start uses the refresh token up and keeps its successor.
        rig.restart().await;
        assert_eq!(shown(&rig).await.status, SignInStatus::SignedIn);
        rig.lease(15).await;
    }
    assert_eq!(rig.practice.calls("/authorize"), 1);
    assert!(desk.secret_tool_search(&ITEM).contains(&"label = Daypass: acme".to_owned()));
}

#[tokio::test]
async fn signing_out_and_taking_the_wish_back_leave_nothing_in_the_keyring() {
    let desk = Desk::with_keyring();
    let mut rig = rig(&desk).await;
    sign_in_to_stay(&rig).await;
    rig.ask(Intent::KeepSignedIn { sso_session: acme(), on: false }).await.unwrap();
    rig.settled().await;
    assert_eq!(desk.secret_tool_search(&ITEM), [""; 0]);
    rig.ask(Intent::KeepSignedIn { sso_session: acme(), on: true }).await.unwrap();
    rig.settled().await;
    assert_ne!(desk.secret_tool_search(&ITEM), [""; 0]);
    rig.ask(Intent::SignOut { sso_session: acme() }).await.unwrap();
    rig.settled().await;
    assert_eq!(desk.secret_tool_search(&ITEM), [""; 0]);
    rig.restart().await;
    assert_eq!(shown(&rig).await.status, SignInStatus::SignedOut);
}

#[tokio::test]
async fn one_that_identity_center_ended_is_taken_out_and_asked_for_anew() {
    let desk = Desk::with_keyring();
    let mut rig = rig(&desk).await;
    sign_in_to_stay(&rig).await;
    rig.practice.revoke_sessions();
    rig.restart().await;
    let sso = shown(&rig).await;
    assert_eq!((sso.status, sso.keyring), (SignInStatus::SignedOut, None));
    assert_eq!(desk.secret_tool_search(&ITEM), [""; 0]);
    sign_in_to_stay(&rig).await;
    assert_eq!(rig.practice.calls("/authorize"), 2);
}

#[tokio::test]
async fn a_locked_keyring_is_said_and_the_sign_in_works_all_the_same() {
    let desk = Desk::with_keyring();
    let mut rig = rig(&desk).await;
    sign_in_to_stay(&rig).await;
    desk.lock();
    rig.restart().await;
    let sso = shown(&rig).await;
    assert_eq!((sso.status, sso.keyring.unwrap().code), (SignInStatus::SignedOut, Code::KeyringLocked));
    sign_in_to_stay(&rig).await;
    let sso = shown(&rig).await;
    assert_eq!((sso.status, sso.keyring.unwrap().code), (SignInStatus::SignedIn, Code::KeyringLocked));
    rig.lease(15).await;
}

#[tokio::test]
async fn a_keyring_unlocked_later_gives_the_sign_in_to_who_asks_again_without_a_browser() {
    let desk = Desk::with_keyring();
    let mut rig = rig(&desk).await;
    sign_in_to_stay(&rig).await;
    desk.lock();
    rig.restart().await;
    assert_eq!(trouble(&rig).await, (SignInStatus::SignedOut, Some(Code::KeyringLocked)));
    keep(&rig, true).await;
    assert_eq!(
        trouble(&rig).await,
        (SignInStatus::SignedOut, Some(Code::KeyringLocked)),
        "it is still locked"
    );
    desk.unlock();
    keep(&rig, true).await;
    assert_eq!(trouble(&rig).await, (SignInStatus::SignedIn, None));
    assert_eq!(rig.practice.calls("/authorize"), 1);
    rig.lease(15).await;
}

#[tokio::test]
async fn a_network_that_is_down_at_the_start_costs_no_sign_in() {
    let desk = Desk::with_keyring();
    let mut rig = rig(&desk).await;
    sign_in_to_stay(&rig).await;
    rig.practice.refuse_connections(true).await;
    rig.restart().await;
    let said = shown(&rig).await.keyring.unwrap();
    assert_eq!((said.code, said.action), (Code::ConnectionRefused, Some(Action::Retry)));
    rig.practice.refuse_connections(false).await;
    keep(&rig, true).await;
    assert_eq!(trouble(&rig).await, (SignInStatus::SignedIn, None));
    assert_eq!(rig.practice.calls("/authorize"), 1);
}

#[tokio::test]
async fn a_sign_out_that_a_locked_keyring_did_not_hear_of_is_said_and_made_good() {
    let desk = Desk::with_keyring();
    let rig = rig(&desk).await;
    sign_in_to_stay(&rig).await;
    desk.lock();
    rig.ask(Intent::SignOut { sso_session: acme() }).await.unwrap();
    assert_eq!(trouble(&rig).await, (SignInStatus::SignedOut, Some(Code::KeyringStillHolds)));
    desk.unlock();
    assert_ne!(desk.secret_tool_search(&ITEM), [""; 0], "it does still hold it");
    keep(&rig, true).await;
    assert_eq!(trouble(&rig).await, (SignInStatus::SignedOut, None));
    assert_eq!(desk.secret_tool_search(&ITEM), [""; 0]);
}

#[tokio::test]
async fn a_keyring_without_a_collection_or_an_answer_is_said_and_the_sign_in_works_all_the_same() {
    let (refuses, silent) = (Desk::without_collection(), Desk::bare());
    let _calls = silent.silent_owner(KEYRING);
    for (desk, code) in [(refuses, Code::KeyringRefused), (silent, Code::KeyringSilent)] {
        let rig = rig(&desk).await;
        sign_in_to_stay(&rig).await;
        assert_eq!(trouble(&rig).await, (SignInStatus::SignedIn, Some(code)));
        rig.lease(15).await;
    }
}

#[tokio::test]
async fn without_a_keyring_it_is_said_and_the_sign_in_works_all_the_same() {
    for desk in [None, Some(Desk::bare())] {
        let rig = match &desk {
            Some(desk) => rig(desk).await,
            None => Rig::new(Options { accounts: 2, roles: 4, ..Options::default() }).await,
        };
        sign_in_to_stay(&rig).await;
        let sso = shown(&rig).await;
        assert_eq!((sso.status, sso.keyring.unwrap().code), (SignInStatus::SignedIn, Code::KeyringAbsent));
    }
}
