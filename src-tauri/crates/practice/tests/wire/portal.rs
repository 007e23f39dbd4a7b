//! Portal: pages, limits, tokens that end, roles that are gone.

use std::collections::HashSet;
use std::time::Duration;

use daypass_practice::Options;
use serde_json::{Value, json};

use crate::client::Rig;

pub(crate) async fn token(rig: &Rig) -> String {
    rig.sign_in().await["accessToken"].as_str().unwrap().to_owned()
}

/// Follows next_token to the end; returns what was listed and how large each page was.
pub(crate) async fn all_pages(rig: &Rig, token: &str, target: &str, list: &str) -> (Vec<Value>, Vec<usize>) {
    let (mut listed, mut sizes, mut next) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = rig.portal(&format!("{target}{next}"), token).await.json();
        let items = page[list].as_array().unwrap().clone();
        sizes.push(items.len());
        listed.extend(items);
        match page["nextToken"].as_str() {
            Some(token) => next = format!("&next_token={token}"),
            None => return (listed, sizes),
        }
    }
}

#[tokio::test]
async fn accounts_come_in_pages_of_a_hundred_each_once() {
    let rig = Rig::with(Options { accounts: 250, roles: 700, ..Options::default() }).await;
    let token = token(&rig).await;
    let (accounts, sizes) = all_pages(&rig, &token, "/assignment/accounts?", "accountList").await;
    assert_eq!(sizes, [100, 100, 50]);
    let ids: HashSet<_> = accounts.iter().map(|account| account["accountId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 250);
    assert_eq!(
        accounts[0],
        json!({ "accountId": "111122223333", "accountName": "payments-prod", "emailAddress": "payments-prod@example.com" })
    );
}

#[tokio::test]
async fn all_214_roles_of_71_accounts_can_be_listed() {
    let rig = Rig::new().await;
    let token = token(&rig).await;
    let mut total = 0;
    for account in rig.practice.accounts() {
        let target = format!("/assignment/roles?account_id={}&max_result=2", account.id);
        let (roles, _) = all_pages(&rig, &token, &target, "roleList").await;
        assert!(roles.iter().all(|role| role["accountId"] == json!(account.id)));
        total += roles.len();
    }
    assert_eq!((rig.practice.accounts().len(), total), (71, 214));
}

#[tokio::test]
async fn a_page_size_or_token_out_of_bounds_is_an_invalid_request() {
    let rig = Rig::new().await;
    let token = token(&rig).await;
    let next = rig.portal("/assignment/accounts?max_result=10", &token).await.text("nextToken");
    for target in [
        "/assignment/accounts?max_result=0".to_owned(),
        "/assignment/accounts?max_result=101".to_owned(),
        "/assignment/accounts?next_token=a-made-up-one".to_owned(),
        format!("/assignment/roles?account_id=111122223333&next_token={next}"),
        "/assignment/roles?account_id=1".to_owned(),
    ] {
        let answer = rig.portal(&target, &token).await;
        let kind = "com.amazonaws.switchboard.portal#InvalidRequestException";
        assert_eq!((answer.status, answer.text("__type").as_str()), (400, kind), "{target}");
    }
}

#[tokio::test]
async fn calls_above_the_limit_are_answered_429_until_time_passes() {
    let rig = Rig::new().await;
    let token = token(&rig).await;
    rig.practice.set_calls_per_second(Some(3), Some(Duration::from_secs(2)));
    for _ in 0..3 {
        assert_eq!(rig.portal("/assignment/accounts", &token).await.status, 200);
    }
    let refused = rig.portal("/assignment/accounts", &token).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "2"));
    assert_eq!(refused.text("__type"), "com.amazonaws.switchboard.portal#TooManyRequestsException");
    rig.clock.advance(Duration::from_millis(400));
    assert_eq!(rig.portal("/assignment/accounts", &token).await.status, 200);
    assert_eq!(rig.portal("/assignment/accounts", &token).await.status, 429);
}

#[tokio::test]
async fn a_token_that_expired_was_revoked_or_logged_out_is_unauthorized() {
    let rig = Rig::new().await;
    let expired = token(&rig).await;
    rig.clock.advance(Duration::from_secs(3600));
    let logged_out = token(&rig).await;
    let logout = rig.send("POST", "/logout", &[("x-amz-sso_bearer_token", &logged_out)], "").await.unwrap();
    assert_eq!((logout.status, logout.body.as_str()), (200, ""));
    let living = token(&rig).await;
    assert_eq!(rig.portal("/assignment/accounts", &living).await.status, 200);
    rig.practice.revoke_sessions();
    for token in [&expired, &logged_out, &living, ""] {
        let answer = rig.portal("/assignment/accounts", token).await;
        assert_eq!(
            (answer.status, answer.text("message").as_str()),
            (401, "Session token not found or invalid")
        );
    }
}

#[tokio::test]
async fn a_role_that_is_not_assigned_is_forbidden_even_if_it_is_still_listed() {
    let rig = Rig::new().await;
    let token = token(&rig).await;
    let target = "/federation/credentials?account_id=111122223333&role_name=";
    assert_eq!(rig.portal(&format!("{target}ReadOnlyAccess"), &token).await.status, 200);
    rig.practice.forbid_role("111122223333", "ReadOnlyAccess");
    for role in ["ReadOnlyAccess", "BillingViewer"] {
        let answer = rig.portal(&format!("{target}{role}"), &token).await;
        let kind = "com.amazonaws.switchboard.portal#ForbiddenException";
        assert_eq!((answer.status, answer.text("__type").as_str()), (403, kind));
    }
    let listed = rig.portal("/assignment/roles?account_id=111122223333", &token).await;
    assert!(listed.body.contains("ReadOnlyAccess"));
}

#[tokio::test]
async fn credentials_carry_their_end_in_milliseconds() {
    let rig = Rig::new().await;
    let token = token(&rig).await;
    let target = "/federation/credentials?account_id=777788889999&role_name=BillingViewer";
    let answer = rig.portal(target, &token).await.json();
    let expected = (rig.clock.now().unix_timestamp() + 3600) * 1000;
    assert_eq!(answer["roleCredentials"]["expiration"], json!(expected));
}
