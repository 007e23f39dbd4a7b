//! Bad days: a network in the way, accounts that fail, calls that fail at random, texts that want to do harm.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::time::Duration;

use daypass_practice::{Failure, HOSTILE_TEXTS, OidcFailure, Options, Rates};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Answer, Rig};
use crate::portal::{all_pages, token};

const SERVICES: [(&str, &str); 7] = [
    ("POST", "/client/register"),
    ("POST", "/device_authorization"),
    ("POST", "/token"),
    ("GET", "/assignment/accounts"),
    ("GET", "/assignment/roles?account_id=111122223333"),
    ("GET", "/federation/credentials?account_id=111122223333&role_name=ReadOnlyAccess"),
    ("POST", "/"),
];

async fn ask(rig: &Rig, (method, target): (&str, &str)) -> Answer {
    rig.send(method, target, &[], "").await.unwrap()
}

#[tokio::test]
async fn a_captive_portal_answers_every_call_with_a_page_or_the_way_to_one() {
    let rig = Rig::new().await;
    rig.practice.fail_times("", SERVICES.len(), Failure::Html200);
    for service in SERVICES {
        let page = ask(&rig, service).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    }
    rig.practice.fail_times("", usize::MAX, Failure::Redirect302);
    for service in SERVICES {
        let away = ask(&rig, service).await;
        assert_eq!((away.status, away.header("location")), (302, "http://login.captive.test/welcome"));
    }
    rig.practice.clear_failures();
    rig.sign_in().await;
}

#[tokio::test]
async fn every_service_words_a_status_in_its_own_way() {
    let rig = Rig::with(Options { retry_after: Some(Duration::from_secs(3)), ..Options::default() }).await;
    for (code, oidc, portal, sts) in [
        (403, "AccessDeniedException", "ForbiddenException", "AccessDenied"),
        (429, "SlowDownException", "TooManyRequestsException", "Throttling"),
        (500, "InternalServerException", "InternalServerException", "InternalFailure"),
        (503, "InternalServerException", "InternalServerException", "ServiceUnavailable"),
    ] {
        rig.practice.fail_times("", 3, Failure::Aws(code));
        let token = ask(&rig, ("POST", "/token")).await;
        assert!(token.header("x-amzn-errortype").starts_with(&format!("{oidc}:")), "{code}");
        let accounts = ask(&rig, ("GET", "/assignment/accounts")).await;
        assert_eq!(accounts.text("__type"), format!("com.amazonaws.switchboard.portal#{portal}"));
        let identity = ask(&rig, ("POST", "/")).await;
        assert!(identity.body.contains(&format!("<Code>{sts}</Code>")), "{}", identity.body);
        for answer in [token, accounts, identity] {
            let expected = if code == 429 { "3" } else { "" };
            assert_eq!((answer.status, answer.header("retry-after")), (code, expected));
        }
    }
}

#[tokio::test]
async fn create_token_says_what_it_is_told_to_say_and_then_goes_on() {
    let rig = Rig::new().await;
    let client = rig.register().await;
    for (failure, status, error) in [
        (OidcFailure::AuthorizationPending, 400, "authorization_pending"),
        (OidcFailure::SlowDown, 400, "slow_down"),
        (OidcFailure::ExpiredToken, 400, "expired_token"),
        (OidcFailure::AccessDenied, 400, "access_denied"),
        (OidcFailure::InvalidGrant, 400, "invalid_grant"),
        (OidcFailure::InvalidClient, 401, "invalid_client"),
    ] {
        let code = rig.code(&client).await;
        rig.practice.fail_next("/token", Failure::Oidc(failure));
        let answer = rig.redeem(&client, &code, serde_json::json!({})).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (status, error));
        assert_eq!(
            rig.redeem(&client, &code, serde_json::json!({})).await.status,
            200,
            "the code is not spent"
        );
    }
}

#[tokio::test]
async fn connections_are_refused_and_accepted_again_on_the_same_port() {
    let rig = Rig::new().await;
    rig.practice.refuse_connections(true).await;
    let error = rig.send("GET", "/start", &[], "").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(TcpStream::connect(rig.host()).await.is_err(), "and again");
    rig.practice.refuse_connections(false).await;
    assert_eq!(rig.get("/start").await.status, 200);
}

#[tokio::test]
async fn a_connection_kept_open_ends_at_its_next_request_once_others_are_refused() {
    let rig = Rig::new().await;
    let mut stream = TcpStream::connect(rig.host()).await.unwrap();
    let request = format!("POST /token HTTP/1.1\r\nhost: {}\r\ncontent-length: 2\r\n\r\n{{}}", rig.host());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        stream.read_buf(&mut answer).await.unwrap();
    }
    rig.practice.refuse_connections(true).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let error = stream.read_to_end(&mut answer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn the_network_can_go_after_so_many_calls_or_be_gone_from_the_start() {
    let rig = Rig::with(Options { refuse_after: Some(2), ..Options::default() }).await;
    rig.register().await;
    rig.register().await;
    rig.practice.refuse_connections(true).await;
    assert!(TcpStream::connect(rig.host()).await.is_err());
    assert_eq!(rig.practice.calls("/client/register"), 2);
    let rig = Rig::with(Options { refuse_after: Some(0), ..Options::default() }).await;
    assert_eq!(TcpStream::connect(rig.host()).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_reset_midway_comes_after_the_head_and_part_of_the_body() {
    let rig = Rig::new().await;
    rig.practice.fail_next("/start", Failure::ResetMidway);
    let mut stream = TcpStream::connect(rig.host()).await.unwrap();
    let request = format!("GET /start HTTP/1.1\r\nhost: {}\r\n\r\n", rig.host());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).await.unwrap_err();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && body.starts_with("<!doctype html>"), "{answer}");
    assert!(!body.contains("</html>"), "it is not whole");
    assert_eq!(rig.practice.requests()[0].status, Some(0));
}

#[tokio::test]
async fn some_of_many_accounts_fail_for_good_or_for_the_first_calls() {
    let options = Options { accounts: 200, roles: 600, ..Options::default() };
    let rig =
        Rig::with(Options { failing_accounts: Some((3, Failure::Aws(500), usize::MAX)), ..options }).await;
    let token = token(&rig).await;
    let failing = async || {
        let mut failing = HashSet::new();
        for account in rig.practice.accounts() {
            let answer = rig.portal(&format!("/assignment/roles?account_id={}", account.id), &token).await;
            if answer.status != 200 {
                failing.insert((account.id, answer.status));
            }
        }
        failing
    };
    let first = failing().await;
    assert_eq!((first.len(), first.iter().all(|(_, status)| *status == 500)), (3, true));
    assert_eq!(failing().await, first, "the same ones again");
    rig.practice.clear_failures();
    let picked: HashSet<_> = rig.practice.fail_accounts(5, Failure::Aws(429), 1).into_iter().collect();
    assert_eq!(failing().await.into_iter().map(|(id, _)| id).collect::<HashSet<_>>(), picked);
    assert!(failing().await.is_empty(), "the first call failed, the second does not");
}

#[tokio::test]
async fn what_fails_at_random_fails_the_same_for_the_same_seed_and_leaves_pages_alone() {
    let rates = Rates { throttled: 0.2, unavailable: 0.2 };
    let fates = async |seed: u64| {
        let options =
            Options { seed, rates, retry_after: Some(Duration::from_secs(1)), ..Options::default() };
        let rig = Rig::with(options).await;
        let mut fates = Vec::new();
        for _ in 0..60 {
            let answer = rig.get("/assignment/roles?account_id=111122223333").await;
            assert_eq!(answer.header("retry-after"), if answer.status == 429 { "1" } else { "" });
            fates.push(answer.status);
            assert_eq!(rig.get("/start").await.status, 200);
        }
        fates
    };
    let first = fates(7).await;
    assert!([401, 429, 503].iter().all(|status| first.contains(status)), "{first:?}");
    assert_eq!(fates(7).await, first);
    assert_ne!(fates(8).await, first);
}

#[tokio::test]
async fn hostile_texts_arrive_as_they_are_and_role_names_stay_legal() {
    let options = Options { accounts: 60, roles: 200, has_hostile_texts: true, ..Options::default() };
    let rig = Rig::with(options).await;
    let token = token(&rig).await;
    let (accounts, _) = all_pages(&rig, &token, "/assignment/accounts?", "accountList").await;
    let names: Vec<_> = accounts.iter().map(|account| account["accountName"].as_str().unwrap()).collect();
    assert!(HOSTILE_TEXTS.iter().all(|text| names.contains(text)));
    assert!(names.iter().any(|name| name.len() > 4000), "and one too long");
    assert_eq!(names[0], "payments-prod", "the first are as ever");
    assert!(accounts[4]["emailAddress"].as_str().unwrap().contains(HOSTILE_TEXTS[0]));
    for account in rig.practice.accounts() {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
        assert!(account.roles.iter().all(|role| role.len() <= 64 && role.bytes().all(is_legal)));
    }
    let refused = rig.get("/assignment/accounts").await;
    assert!(refused.text("message").contains(HOSTILE_TEXTS[2]), "an escape sequence in an error");
    let refused = rig.post("/token", serde_json::json!({})).await;
    assert!(refused.text("error_description").contains(HOSTILE_TEXTS[0]));
    let refused = rig.send("POST", "/", &[], "").await.unwrap();
    assert!(refused.body.contains("<Code>MissingAuthenticationToken</Code>"));
    assert!(refused.body.contains("&lt;img src=x") && refused.body.contains('\u{202e}'), "{}", refused.body);
}

#[tokio::test]
async fn two_thousand_accounts_come_in_pages_of_a_hundred() {
    let rig = Rig::with(Options { accounts: 2_000, roles: 10_000, ..Options::default() }).await;
    let token = token(&rig).await;
    let (accounts, sizes) = all_pages(&rig, &token, "/assignment/accounts?", "accountList").await;
    assert_eq!((accounts.len(), sizes), (2_000, vec![100; 20]));
    let roles: usize = rig.practice.accounts().iter().map(|account| account.roles.len()).sum();
    assert_eq!(roles, 10_000);
}
