//! Device: the code a person compares, and what a client is told that polls for the answer.

use std::time::Duration;

use daypass_practice::Consent;
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
