//! Console: sign-in tokens and the page behind them.

use std::time::Duration;

use daypass_practice::{Account, Kind};

use crate::client::{Answer, Keys, Rig, encode};

const BUCKETS: &str = "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1#";

async fn login(rig: &Rig, token: &str, destination: &str) -> Answer {
    let issuer = rig.practice.start_url();
    let fields = [
        ("Action", "login"),
        ("Issuer", issuer.as_str()),
        ("Destination", destination),
        ("SigninToken", token),
    ];
    rig.get(&format!("/federation?{}", encode(&fields))).await
}

async fn open(rig: &Rig, keys: &Keys, destination: &str) -> String {
    let token = rig.signin_token(keys, Some("900")).await.text("SigninToken");
    let answer = login(rig, &token, destination).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    answer.header("location").strip_prefix(rig.practice.base_url()).unwrap().to_owned()
}

#[tokio::test]
async fn the_console_shows_who_as_what_where_and_for_how_long() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let address = open(&rig, &keys, BUCKETS).await;
    let page = rig.get(&address).await;
    for part in [
        "id=\"console\"",
        "Dana Example",
        "ReadOnlyAccess",
        "payments-prod",
        "111122223333",
        "Production",
        "S3",
        "eu-west-1",
        "0:15:00",
    ] {
        assert!(page.body.contains(part), "{part} is missing: {}", page.body);
    }
    assert_eq!(
        (page.header("cache-control"), page.header("x-content-type-options")),
        ("no-store", "nosniff")
    );
    rig.clock.advance(Duration::from_secs(900));
    let ended = rig.get(&address).await;
    assert!(ended.body.contains("id=\"expired\"") && ended.body.contains(&rig.practice.start_url()));
}

#[tokio::test]
async fn a_sign_in_token_opens_one_console_within_15_minutes() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let token = rig.signin_token(&keys, None).await.text("SigninToken");
    assert_eq!(login(&rig, &token, BUCKETS).await.status, 302);
    assert_eq!(login(&rig, &token, BUCKETS).await.status, 400);
    let late = rig.signin_token(&keys, None).await.text("SigninToken");
    rig.clock.advance(Duration::from_secs(900));
    assert_eq!(login(&rig, &late, BUCKETS).await.status, 400);
}

#[tokio::test]
async fn session_duration_is_900_to_43200_seconds() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    for (duration, status) in
        [("900", 200), ("43200", 200), ("899", 400), ("43201", 400), ("-900", 400), ("soon", 400)]
    {
        let answer = rig.signin_token(&keys, Some(duration)).await;
        assert_eq!(answer.status, status, "{duration}");
        let is_html = answer.header("content-type").starts_with("text/html");
        assert_eq!(is_html, status == 400, "a refusal is a page, not JSON");
    }
}

#[tokio::test]
async fn credentials_that_are_wrong_or_expired_get_no_sign_in_token() {
    let rig = Rig::new().await;
    let mut keys = rig.keys().await;
    keys.secret.push('x');
    assert_eq!(rig.signin_token(&keys, None).await.status, 400);
    let keys = rig.keys().await;
    rig.clock.advance(Duration::from_secs(3600));
    assert_eq!(rig.signin_token(&keys, None).await.status, 400);
}

#[tokio::test]
async fn only_consoles_are_destinations_and_a_refused_one_does_not_spend_the_token() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let token = rig.signin_token(&keys, None).await.text("SigninToken");
    let start = rig.practice.start_url();
    for destination in [
        "https://example.com/",
        "https://console.aws.amazon.com.example.com/",
        "https://evilconsole.aws.amazon.com/",
        "http://console.aws.amazon.com/",
        "https://user@console.aws.amazon.com/",
        "javascript:alert(1)",
        start.as_str(),
    ] {
        assert_eq!(login(&rig, &token, destination).await.status, 400, "{destination}");
    }
    let own = format!("{}/console/dynamodb/home?region=ap-south-1", rig.practice.base_url());
    let answer = login(&rig, &token, &own).await;
    let page = rig.get(answer.header("location").strip_prefix(rig.practice.base_url()).unwrap()).await;
    assert!(page.body.contains("DynamoDB") && page.body.contains("ap-south-1"));
}

#[tokio::test]
async fn hostile_names_are_shown_as_text() {
    let rig = Rig::new().await;
    rig.practice.put_account(Account {
        id: "111122223333".to_owned(),
        name: "<script>alert(1)</script>".to_owned(),
        email: "\"><img src=x>@example.com".to_owned(),
        roles: vec!["ReadOnlyAccess".to_owned()],
    });
    let keys = rig.keys().await;
    let address =
        open(&rig, &keys, "https://console.aws.amazon.com/%3Cimg%20src=x%3E/home?region=<b>x</b>").await;
    let page = rig.get(&address).await.body;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for part in ["<script>alert", "<img", "<b>x</b>"] {
        assert!(!page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn nobody_gets_in_without_an_address_and_the_log_keeps_it_secret() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let address = open(&rig, &keys, BUCKETS).await;
    rig.get(&address).await;
    assert_eq!(rig.get("/console/0123456789abcdef").await.status, 403);
    assert_eq!(rig.get("/console").await.status, 403);
    assert_eq!(rig.get("/nowhere").await.status, 404);
    let log = format!("{:?}", rig.practice.requests());
    let issued = rig.practice.issued();
    assert!(issued.iter().any(|one| one.kind == Kind::ConsoleAddress && address.ends_with(&one.value)));
    assert!(issued.iter().all(|one| !log.contains(&one.value)), "no secret is in the log");
    assert!(log.contains("getSigninToken"));
}
