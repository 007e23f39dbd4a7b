//! Leases: from request to end, and what is served meanwhile.

use daypass_domain::{
    failure::Code,
    request::Intent,
    time::{Seconds, Timestamp},
    view::{Phase, Why},
};
use daypass_practice::Options;
use daypass_tests::{
    http,
    rig::{Rig, START, code},
};
use daypass_wire::{client::Client, follow};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(START + seconds)
}

#[tokio::test]
async fn a_lease_serves_credentials_that_aws_accepts() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let session = rig.session(&lease).await;
    assert_eq!((session.phase, session.lease_end), (Phase::Active, Some(at(1800))));
    assert_eq!(session.expiration.map(|e| e.0), Some(at(3600)));
    let ticket = rig.ticket(&lease).await.unwrap();
    let answer = rig.fetch(&ticket).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let served: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let issued: Vec<_> = rig.practice.issued().into_iter().map(|i| i.value).collect();
    for part in ["AccessKeyId", "SecretAccessKey", "Token"] {
        assert!(issued.iter().any(|i| served[part] == i.as_str()), "{part}");
    }
    assert_eq!(served["Expiration"], at(1800).rfc3339(), "programs stop with the lease");
    let who = &rig.view().await.sso_sessions[0].identity;
    assert_eq!(who.as_deref(), Some("dana@example.com"), "STS accepted the signature");
}

#[tokio::test]
async fn a_client_that_comes_later_is_told_what_time_it_is() {
    let rig = Rig::signed_in().await;
    rig.lease(60).await;
    rig.pass_unnoticed(Seconds::minutes(20));
    let late = Client::connect(&rig.folder, "late").await.unwrap();
    assert_eq!(
        late.wait_for(|view| Some(view.now)).await.unwrap(),
        at(1200),
        "and not when something changed"
    );
}

#[tokio::test]
async fn a_lease_ends_on_time_even_if_the_laptop_slept() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(60).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    rig.pass_unnoticed(Seconds::hours(9));
    assert_eq!(rig.fetch(&ticket).await.status, 404, "the endpoint checks the lease at use");
    rig.pass(Seconds(1)).await;
    let ended = rig.session(&lease).await;
    assert_eq!(ended.phase, Phase::Ended);
    let receipt = ended.ended.unwrap();
    assert_eq!((receipt.why, receipt.at), (Why::LeaseEnd, at(3600)));
    assert_eq!(receipt.wiped_pages, 3, "credentials, path and token");
    assert_eq!(receipt.aws_accepts_until, None);
}

#[tokio::test]
async fn a_clock_set_back_gives_no_lease_more_time() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(15).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    rig.set_wall_clock(-24 * 3600 * 1000);
    assert_eq!(rig.fetch(&ticket).await.status, 200);
    rig.pass(Seconds::minutes(15)).await;
    assert_eq!(rig.fetch(&ticket).await.status, 404);
    assert_eq!(rig.session(&lease).await.phase, Phase::Ended);
}

#[tokio::test]
async fn what_is_ended_by_hand_is_wiped_and_says_until_when_aws_accepts_it() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(15).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    assert_eq!(rig.view().await.endpoint.clients, 1);
    rig.ask(Intent::End { session: lease.clone() }).await.unwrap();
    assert_eq!(rig.fetch(&ticket).await.status, 404);
    let receipt = rig.session(&lease).await.ended.unwrap();
    assert_eq!((receipt.why, receipt.wiped_pages, receipt.clients_told), (Why::Ended, 3, 1));
    assert_eq!(receipt.aws_accepts_until, Some(at(3600)));
    let end = receipt.key_id_end.unwrap();
    assert_eq!(end.len(), 4);
    assert!(rig.practice.issued().iter().any(|i| i.value.starts_with("ASIA") && i.value.ends_with(&end)));
    assert_eq!(code(rig.ticket(&lease).await), Some(Code::SessionNotLive));
    let mut connection = ticket.revealed.connection;
    let closed = tokio::io::AsyncReadExt::read(&mut connection, &mut [0; 1]).await;
    assert_eq!(closed.unwrap(), 0, "who holds a ticket is told by the closed connection");
}

#[tokio::test]
async fn the_port_closes_a_second_after_the_last_lease() {
    let rig = Rig::signed_in().await;
    assert!(!rig.view().await.endpoint.listening);
    let lease = rig.lease(15).await;
    assert!(rig.view().await.endpoint.listening);
    rig.ask(Intent::EndAll).await.unwrap();
    rig.client.wait_for(|v| (!v.endpoint.listening).then_some(())).await.unwrap();
    drop(lease);
}

#[tokio::test]
async fn renewing_keeps_the_id_and_twice_changes_nothing_more() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(15).await;
    rig.pass(Seconds::minutes(10)).await;
    for _ in 0..2 {
        let answer = rig.ask(Intent::Renew { session: lease.clone() }).await.unwrap();
        assert_eq!(answer.session.as_ref(), Some(&lease));
        let session = rig.session(&lease).await;
        assert_eq!((session.phase, session.lease_end), (Phase::Active, Some(at(25 * 60))));
    }
    assert_eq!(rig.view().await.sessions.len(), 1);
}

#[tokio::test]
async fn credentials_are_issued_anew_inside_a_long_lease() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(240).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    let first = rig.fetch(&ticket).await.body;
    rig.pass(Seconds::minutes(46)).await;
    let second = rig.fetch(&ticket).await.body;
    assert_ne!(first, second);
    assert_eq!(rig.practice.calls("/federation/credentials"), 2);
    assert_eq!(rig.session(&lease).await.lease_end, Some(at(240 * 60)), "the lease is as it was");
    for _ in 0..4 {
        rig.pass(Seconds::minutes(46)).await;
    }
    assert_eq!(rig.fetch(&ticket).await.status, 200);
    rig.pass(Seconds::minutes(10)).await;
    assert_eq!(rig.session(&lease).await.phase, Phase::Ended);
}

#[tokio::test]
async fn a_lease_whose_sign_in_lapses_ends_with_the_credentials_it_has() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(240).await;
    rig.practice.revoke_sessions();
    rig.pass(Seconds::minutes(46)).await;
    let session = rig.session(&lease).await;
    assert_eq!((session.phase, session.failure.unwrap().code), (Phase::Active, Code::SignInLapsed));
    rig.pass(Seconds::minutes(14)).await;
    assert_eq!(rig.session(&lease).await.ended.unwrap().why, Why::NotIssuedAnew);
}

#[tokio::test]
async fn signing_in_again_saves_a_lease_whose_sign_in_lapsed() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(240).await;
    rig.practice.revoke_sessions();
    rig.pass(Seconds::minutes(46)).await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    rig.pass(Seconds::minutes(30)).await;
    let session = rig.session(&lease).await;
    assert_eq!((session.phase, session.failure), (Phase::Active, None));
}

#[tokio::test]
async fn the_same_wish_uses_the_live_lease_and_new_takes_another() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    assert_eq!(rig.lease(30).await, lease);
    let mut wish = rig.wish("444455556666", "DeveloperAccess", 30);
    wish.fresh = true;
    assert_ne!(rig.request(wish).await.unwrap().session, lease);
}

#[tokio::test]
async fn a_request_while_signed_out_signs_in_and_goes_on_by_itself() {
    let rig = Rig::new(Options { accounts: 4, roles: 10, ..Options::default() }).await;
    let request = rig.wish("444455556666", "DeveloperAccess", 30);
    let answer = rig.ask(Intent::Request { request, open: vec![] }).await.unwrap();
    let session = answer.session.unwrap();
    assert_eq!(rig.view_now().sessions[0].phase, Phase::Requesting);
    rig.follow_sign_in(answer.attempt.unwrap()).await.unwrap();
    let live = follow::live(&rig.client, &session).await.unwrap();
    assert_eq!(live.phase, Phase::Active);
}

#[tokio::test]
async fn the_console_opens_once_by_a_nonce() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let url = rig.ask(Intent::Console { session: lease.clone() }).await.unwrap().url.unwrap();
    let page = http::browse(&url).await;
    assert_eq!(page.status, 200);
    for text in ["dana@example.com", "DeveloperAccess", "payments-staging", "444455556666"] {
        assert!(page.body.contains(text), "{text}");
    }
    assert_eq!(http::browse(&url).await.status, 410, "it is spent");
    let late = rig.ask(Intent::Console { session: lease.clone() }).await.unwrap().url.unwrap();
    rig.ask(Intent::End { session: lease }).await.unwrap();
    assert_eq!(http::browse(&late).await.status, 410, "it dies with the lease");
}

#[tokio::test]
async fn a_console_that_is_still_opening_when_the_lease_ends_stays_closed() {
    let rig = Rig::signed_in().await;
    let (lease, other) = (rig.lease(30).await, rig.wish("111122223333", "ReadOnlyAccess", 30));
    rig.request(other).await.unwrap();
    let url = rig.ask(Intent::Console { session: lease.clone() }).await.unwrap().url.unwrap();
    rig.practice.fail_next("/federation", daypass_practice::Failure::Hang);
    let opening = tokio::spawn(async move { http::browse(&url).await });
    while rig.practice.calls("/federation") == 0 {
        tokio::task::yield_now().await;
    }
    rig.ask(Intent::End { session: lease.clone() }).await.unwrap();
    let answer = opening.await.unwrap();
    assert_eq!(answer.status, 502, "{}", answer.head);
    assert_eq!(rig.session(&lease).await.ended.unwrap().wiped_pages, 1, "the borrower has let go");
}

#[tokio::test]
async fn quitting_ends_everything() {
    let mut rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    rig.ask(Intent::Quit).await.unwrap();
    rig.agent.ended().await;
    let port = url::Url::parse(&ticket.url).unwrap().port().unwrap();
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err());
    assert!(!rig.folder.socket().exists());
    let mut views = rig.client.views();
    while views.changed().await.is_ok() {}
    assert!(rig.client.has_quit(), "clients know that it was no crash");
}
