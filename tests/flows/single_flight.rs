//! Many at once: one refresh, one sign-in, answers for all.

use std::collections::BTreeSet;

use daypass_domain::{request::Intent, time::Seconds};
use daypass_practice::Options;
use daypass_tests::rig::Rig;

/// Callers at once.
const MANY: usize = 100;
/// As many leases as may be open; the others ask for the same.
const ROLES: usize = 50;

/// As many as that ask at once, each role twice.
async fn ask_for_all(rig: &Rig) -> Vec<daypass_domain::request::Answer> {
    let roles = rig.client.catalog().await.unwrap();
    assert!(roles.len() >= ROLES);
    let mut asked = tokio::task::JoinSet::new();
    for entry in roles.into_iter().take(ROLES).cycle().take(MANY) {
        let mut request = rig.wish(entry.role.account.as_str(), entry.role.role.as_str(), 15);
        request.role = entry.role;
        let client = rig.client.clone();
        asked.spawn(async move { client.ask(Intent::Request { request, open: vec![] }).await.unwrap() });
    }
    asked.join_all().await
}

async fn signed_in() -> Rig {
    let rig = Rig::new(Options { accounts: 20, roles: 60, ..Options::default() }).await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    rig
}

async fn live(rig: &Rig) -> usize {
    rig.view().await.sessions.iter().filter(|s| s.phase.is_live()).count()
}

#[tokio::test]
async fn many_requests_on_a_lapsed_token_refresh_it_once() {
    let rig = signed_in().await;
    rig.pass(Seconds::minutes(70)).await;
    let before = rig.practice.calls("/token");
    ask_for_all(&rig).await;
    assert_eq!(live(&rig).await, ROLES);
    assert_eq!(rig.practice.calls("/token") - before, 1);
}

#[tokio::test]
async fn many_requests_while_signed_out_share_one_sign_in() {
    let rig = signed_in().await;
    rig.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await.unwrap();
    rig.settled().await;
    let before = rig.practice.calls("/client/register");
    let attempts: BTreeSet<_> = ask_for_all(&rig).await.into_iter().map(|a| a.attempt).collect();
    let [Some(attempt)] = attempts.into_iter().collect::<Vec<_>>()[..] else {
        panic!("more than one sign-in")
    };
    rig.follow_sign_in(attempt).await.unwrap();
    assert_eq!(live(&rig).await, ROLES);
    assert_eq!(rig.practice.calls("/client/register") - before, 1);
}

#[tokio::test]
async fn a_hundred_programs_that_fetch_at_once_are_all_answered_without_asking_aws() {
    let rig = signed_in().await;
    let lease = rig.lease(30).await;
    let before = rig.practice.requests().len();
    let mut fetched = tokio::task::JoinSet::new();
    let ticket = rig.ticket(&lease).await.unwrap();
    for _ in 0..100 {
        let (url, token) = (ticket.url.clone(), ticket.token.clone());
        fetched
            .spawn(async move { daypass_tests::http::get(&url, &[("Authorization", &token)]).await.status });
    }
    let statuses: BTreeSet<_> = fetched.join_all().await.into_iter().collect();
    assert_eq!(statuses, BTreeSet::from([200]));
    assert_eq!(rig.practice.requests().len(), before);
}
