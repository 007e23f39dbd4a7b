//! Bad days: what AWS, the network, clients and folders do wrong.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use daypass_agent::{
    clock::Clock,
    organisation::OrganisationFiles,
    run::{Agent, Parts},
};
use daypass_aws::{client::Aws, keyring::Keyring};
use daypass_domain::{
    failure::Code,
    request::Intent,
    time::Seconds,
    view::{Phase, SignInStatus},
};
use daypass_practice::{Failure, Options};
use daypass_tests::rig::{Rig, code};
use daypass_wire::{
    client::greet,
    frame,
    message::{FromAgent, Hello, Purpose, Reply},
};
use tokio::net::UnixStream;

#[tokio::test]
async fn a_role_that_is_no_longer_assigned_is_named_as_such() {
    let rig = Rig::signed_in().await;
    rig.practice.forbid_role("444455556666", "DeveloperAccess");
    let wish = rig.wish("444455556666", "DeveloperAccess", 30);
    assert_eq!(code(rig.request(wish).await), Some(Code::RoleNotAssigned));
    assert_eq!(rig.view().await.sessions[0].phase, Phase::Failed);
}

#[tokio::test]
async fn a_role_that_is_not_listed_is_refused_before_anything_is_sent() {
    let rig = Rig::signed_in().await;
    let wish = rig.wish("444455556666", "Nonesuch", 30);
    assert_eq!(code(rig.request(wish).await), Some(Code::UnknownRole));
    assert_eq!(rig.practice.calls("/federation/credentials"), 0);
}

#[tokio::test]
async fn every_kind_of_bad_answer_has_its_own_name() {
    let rig = Rig::signed_in().await;
    for (failure, expected) in [
        (Failure::Html200, Code::NotAws),
        (Failure::TruncatedJson, Code::NotAws),
        (Failure::Empty200, Code::EmptyAnswer),
        (Failure::Reset, Code::ConnectionLost),
        // A 400 without a code of AWS's own is somebody else's.
        (Failure::Status(400), Code::NotAws),
    ] {
        rig.practice.fail_times("/federation/credentials", usize::MAX, failure);
        let mut wish = rig.wish("444455556666", "DeveloperAccess", 30);
        wish.fresh = true;
        assert_eq!(code(rig.request(wish).await), Some(expected), "{failure:?}");
        rig.practice.clear_failures();
    }
}

#[tokio::test]
async fn passing_trouble_at_aws_is_tried_again_without_a_word() {
    let rig = Rig::signed_in().await;
    rig.practice.fail_times("/federation/credentials", 2, Failure::Status(503));
    rig.lease(30).await;
    assert_eq!(rig.practice.calls("/federation/credentials"), 3);
}

#[tokio::test]
async fn throttling_slows_a_sync_and_never_fails_it() {
    let rig = Rig::new(Options { accounts: 6, roles: 12, ..Options::default() }).await;
    rig.practice.fail_times("/assignment/roles", 5, Failure::Status(429));
    rig.practice.fail_times("/assignment/accounts", 1, Failure::Status(429));
    rig.sign_in().await.unwrap();
    let view = rig.view().await;
    let catalog = &view.sso_sessions[0].catalog;
    assert_eq!((catalog.roles, catalog.failed_accounts), (12, 0));
    assert_eq!(catalog.failure, None);
}

#[tokio::test]
async fn accounts_that_fail_do_not_hide_the_others() {
    let rig = Rig::new(Options { accounts: 4, roles: 10, ..Options::default() }).await;
    rig.practice.fail_times("/assignment/roles?account_id=444455556666", 9, Failure::Html200);
    rig.sign_in().await.unwrap();
    let view = rig.view().await;
    let catalog = &view.sso_sessions[0].catalog;
    assert_eq!((catalog.accounts, catalog.failed_accounts), (4, 1));
    assert!(catalog.roles > 0 && catalog.roles < 10);
    rig.practice.clear_failures();
    rig.ask(Intent::Sync { sso_session: "acme".parse().unwrap() }).await.unwrap();
    let view = rig.view().await;
    assert_eq!((view.sso_sessions[0].catalog.roles, view.sso_sessions[0].catalog.failed_accounts), (10, 0));
}

#[tokio::test]
async fn a_sign_in_that_was_ended_elsewhere_is_noticed_and_the_request_goes_on_after_the_next() {
    let rig = Rig::signed_in().await;
    rig.practice.revoke_sessions();
    let wish = rig.wish("444455556666", "DeveloperAccess", 30);
    assert_eq!(code(rig.request(wish).await), Some(Code::SignInLapsed));
    assert_eq!(rig.view().await.sso_sessions[0].status, SignInStatus::Lapsed);
    rig.sign_in().await.unwrap();
    assert_eq!(rig.view().await.sessions[0].phase, Phase::Active);
}

#[tokio::test]
async fn identity_center_out_of_reach_is_said_before_a_browser_opens() {
    let rig = Rig::new(Options { accounts: 2, roles: 3, ..Options::default() }).await;
    rig.practice.fail_times("/client/register", 9, Failure::Reset);
    assert_eq!(code(rig.sign_in().await), Some(Code::ConnectionLost));
    rig.practice.clear_failures();
    rig.practice.fail_times("/client/register", 9, Failure::Html200);
    assert_eq!(code(rig.sign_in().await), Some(Code::NotAws));
    rig.practice.clear_failures();
    rig.sign_in().await.expect("and again");
}

#[tokio::test]
async fn a_second_agent_is_told_that_one_runs() {
    let rig = Rig::signed_in().await;
    let parts = Parts {
        folder: rig.folder.clone(),
        aws: Aws::new(|_| None, Clock::Real.wall()),
        keyring: Keyring::new(|_| None),
        buses: None,
        clock: Clock::Real,
        memory: None,
        settings: None,
        organisation: OrganisationFiles::at(rig.top.path().join("none.toml")),
        configured: vec![],
        config_chains: vec![],
        degraded: vec![],
        goes_afresh: false,
        baggage: None,
    };
    assert!(matches!(Agent::start(parts), Err(Code::AgentRunning)));
    rig.lease(15).await;
}

#[tokio::test]
async fn a_client_of_another_version_is_told_and_not_served() {
    let rig = Rig::signed_in().await;
    let mut stream = UnixStream::connect(rig.folder.socket()).await.unwrap();
    let hello = Hello { version: "0.0.0".to_owned(), program: "old".to_owned(), purpose: Purpose::Control };
    frame::write(&mut stream, &hello).await.unwrap();
    let answer: Hello = frame::read(&mut stream).await.unwrap();
    assert_ne!(answer.version, "0.0.0");
    assert!(frame::read_bytes(&mut stream, frame::LONGEST).await.is_err(), "and hangs up");
}

#[tokio::test]
async fn an_intent_from_another_world_is_refused_by_number_and_the_connection_lives_on() {
    let rig = Rig::signed_in().await;
    let mut stream = greet(&rig.folder, "test", Purpose::Control).await.unwrap();
    frame::write_bytes(&mut stream, br#"{"number":7,"question":{"ask":{"kind":"fly"}}}"#).await.unwrap();
    let FromAgent::Reply { number: 7, reply: Reply::Refused(failure) } =
        frame::read(&mut stream).await.unwrap()
    else {
        panic!("another answer");
    };
    assert_eq!(failure.code, Code::Malformed);
    frame::write_bytes(&mut stream, br#"{"number":8,"question":{"ask":{"kind":"dismissNotice"}}}"#)
        .await
        .unwrap();
    let answer: FromAgent = frame::read_reply(&mut stream).await.unwrap();
    assert!(matches!(answer, FromAgent::Reply { number: 8, reply: Reply::Done(_) }));
}

#[tokio::test]
async fn a_socket_folder_open_to_others_is_not_used() {
    let rig = Rig::signed_in().await;
    std::fs::set_permissions(rig.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(greet(&rig.folder, "test", Purpose::Control).await, Err(Code::SocketFolder)));
}

#[tokio::test]
async fn a_slow_aws_does_not_keep_a_lease_from_ending() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(240).await;
    rig.practice.set_latency(Duration::from_millis(200));
    rig.pass_unnoticed(Seconds::minutes(50));
    rig.ask(Intent::End { session: lease.clone() }).await.unwrap();
    let ended = rig.session(&lease).await;
    assert_eq!(ended.phase, Phase::Ended, "what came late does not wake it");
}

#[tokio::test]
async fn views_longer_than_a_clients_frame_reach_it() {
    let rig = Rig::signed_in().await;
    for _ in 0..50 {
        let mut wish = rig.wish("444455556666", "DeveloperAccess", 30);
        wish.reason = Some("\u{1f512}".repeat(256));
        wish.fresh = true;
        rig.request(wish).await.unwrap();
    }
    let again = daypass_wire::client::Client::connect(&rig.folder, "another").await.unwrap();
    let last = again.wait_for(|v| v.sessions.first().map(|s| s.session.clone())).await.unwrap();
    again.ask(Intent::End { session: last }).await.unwrap();
}

#[tokio::test]
async fn a_lapse_that_is_learned_late_leaves_the_newer_sign_in_alone() {
    let rig = Rig::signed_in().await;
    rig.practice.revoke_sessions();
    rig.practice.set_latency(Duration::from_millis(150));
    let sso_session = || "acme".parse().unwrap();
    rig.ask(Intent::Sync { sso_session: sso_session() }).await.unwrap();
    rig.ask(Intent::SignOut { sso_session: sso_session() }).await.unwrap();
    rig.sign_in().await.unwrap();
    let view = rig.view().await;
    assert_eq!(view.sso_sessions[0].status, SignInStatus::SignedIn);
    rig.lease(15).await;
}
