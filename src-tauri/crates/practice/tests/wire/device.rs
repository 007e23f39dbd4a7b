//! Device: the code a person compares, and what a client is told that polls for the answer.

use std::time::Duration;

use daypass_practice::{Consent, Options};
use serde_json::{Value, json};

use crate::client::{Answer, Rig};
use crate::sign_in::assert_refused;

pub(crate) async fn device_client(rig: &Rig) -> Value {
    let registration =
        json!({ "clientName": "Daypass", "clientType": "public", "scopes": ["sso:account:access"] });
    rig.post("/client/register", registration).await.json()
}

async fn start_device(rig: &Rig, client: &Value) -> Value {
    let answer = rig
        .post(
            "/device_authorization",
            json!({ "clientId": client["clientId"], "clientSecret": client["clientSecret"], "startUrl": rig.practice.start_url() }),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn poll(rig: &Rig, client: &Value, device: &Value) -> Answer {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    rig.token(client, json!({ "grantType": grant, "deviceCode": device["deviceCode"] })).await
}

#[tokio::test]
async fn a_device_code_waits_for_its_answer_and_works_once() {
    let rig = Rig::new().await;
    let client = device_client(&rig).await;
    let device = start_device(&rig, &client).await;
    assert_refused(&poll(&rig, &client, &device).await, 400, "AuthorizationPendingException");
    assert!(rig.practice.answer_device(device["userCode"].as_str().unwrap(), true));
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(poll(&rig, &client, &device).await.status, 200);
    assert_refused(&poll(&rig, &client, &device).await, 400, "InvalidGrantException");
}

#[tokio::test]
async fn polling_too_fast_slows_the_client_down_for_good() {
    let rig = Rig::new().await;
    let client = device_client(&rig).await;
    let device = start_device(&rig, &client).await;
    assert_refused(&poll(&rig, &client, &device).await, 400, "AuthorizationPendingException");
    assert_refused(&poll(&rig, &client, &device).await, 400, "SlowDownException");
    rig.clock.advance(Duration::from_secs(6));
    assert_refused(&poll(&rig, &client, &device).await, 400, "AuthorizationPendingException");
    rig.clock.advance(Duration::from_secs(2));
    assert_refused(&poll(&rig, &client, &device).await, 400, "SlowDownException");
}

#[tokio::test]
async fn a_refused_and_an_expired_device_code_say_so() {
    let rig = Rig::new().await;
    rig.practice.set_consent(Consent::Ask);
    let client = device_client(&rig).await;
    let device = start_device(&rig, &client).await;
    let user_code = device["userCode"].as_str().unwrap();
    assert!(rig.get(&format!("/device?user_code={user_code}")).await.body.contains("id=\"deny\""));
    rig.form("/device", &[("user_code", user_code), ("decision", "deny")]).await;
    assert_refused(&poll(&rig, &client, &device).await, 400, "AccessDeniedException");
    let device = start_device(&rig, &client).await;
    rig.clock.advance(Duration::from_secs(600));
    assert_refused(&poll(&rig, &client, &device).await, 400, "ExpiredTokenException");
}

#[tokio::test]
async fn the_page_shows_the_code_that_the_application_shows_and_no_other_one_can_be_answered() {
    let rig = Rig::new().await;
    rig.practice.set_consent(Consent::Ask);
    let client = device_client(&rig).await;
    let device = start_device(&rig, &client).await;
    let user_code = device["userCode"].as_str().unwrap();
    let complete = device["verificationUriComplete"].as_str().unwrap();
    let page = rig.get(complete.strip_prefix(rig.practice.base_url()).unwrap()).await;
    assert!(page.body.contains(&format!("id=\"user-code\">{user_code}<")), "{}", page.body);
    assert!(page.body.contains("<b>Daypass</b>") && !page.body.contains("autofocus"));
    for other in ["BBBB-BBBB", "", "<script>"] {
        let answer = rig.form("/device", &[("user_code", other), ("decision", "allow")]).await;
        assert_eq!((answer.status, answer.body.contains("id=\"failure\"")), (400, true), "{other}");
    }
    assert_refused(&poll(&rig, &client, &device).await, 400, "AuthorizationPendingException");
    let typed = rig.form("/device", &[("user_code", &user_code.to_lowercase()), ("decision", "allow")]).await;
    assert!(typed.body.contains("id=\"done\""), "small letters will do");
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(poll(&rig, &client, &device).await.status, 200);
}

#[tokio::test]
async fn tokens_of_the_device_flow_are_refreshed_by_rotation_until_the_session_is_revoked() {
    let rig = Rig::new().await;
    let client = device_client(&rig).await;
    let device = start_device(&rig, &client).await;
    rig.practice.answer_device(device["userCode"].as_str().unwrap(), true);
    let first = poll(&rig, &client, &device).await.text("refreshToken");
    let refresh = |token: &str| json!({ "grantType": "refresh_token", "refreshToken": token });
    let second = rig.token(&client, refresh(&first)).await.text("refreshToken");
    assert_refused(&rig.token(&client, refresh(&first)).await, 400, "InvalidGrantException");
    rig.practice.revoke_sessions();
    assert_refused(&rig.token(&client, refresh(&second)).await, 400, "InvalidGrantException");
}

#[tokio::test]
async fn a_short_registration_ends_in_the_middle_of_polling_and_refreshing() {
    let lifetime = Duration::from_secs(60);
    let rig = Rig::with(Options { registration_lifetime: lifetime, ..Options::default() }).await;
    let client = device_client(&rig).await;
    let ends = rig.clock.now().unix_timestamp() + 60;
    assert_eq!(client["clientSecretExpiresAt"], json!(ends));
    let device = start_device(&rig, &client).await;
    assert_refused(&poll(&rig, &client, &device).await, 400, "AuthorizationPendingException");
    rig.clock.advance(lifetime);
    assert_refused(&poll(&rig, &client, &device).await, 401, "InvalidClientException");
    rig.practice.set_registration_lifetime(Duration::from_secs(3600));
    let client = device_client(&rig).await;
    rig.practice.set_device_interval(Duration::from_secs(7));
    assert_eq!(start_device(&rig, &client).await["interval"], json!(7));
}
