//! Sign-in: registrations, codes, PKCE, refresh and device codes are as strict as the real ones.

use std::time::Duration;

use daypass_practice::Consent;
use serde_json::json;

use crate::client::{Answer, REDIRECT, Rig, callback};
use crate::device::device_client;

pub(crate) fn assert_refused(answer: &Answer, status: u16, exception: &str) {
    let header = format!("{exception}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/");
    assert_eq!(
        (answer.status, answer.header("x-amzn-errortype")),
        (status, header.as_str()),
        "{}",
        answer.body
    );
    assert!(answer.json()["error"].is_string() && answer.json()["error_description"].is_string());
}

#[tokio::test]
async fn the_right_verifier_signs_in_and_state_comes_back() {
    let rig = Rig::new().await;
    let client = rig.register().await;
    assert!(client["clientSecret"].as_str().unwrap().len() > 1536);
    let redirect = rig.authorize(&client, &[]).await;
    assert_eq!(callback(&redirect, "state").as_deref(), Some("a-state"));
    let answer = rig.redeem(&client, &callback(&redirect, "code").unwrap(), json!({})).await;
    assert_eq!(
        (answer.status, &answer.json()["expiresIn"], &answer.json()["tokenType"]),
        (200, &json!(3600), &json!("Bearer"))
    );
}

#[tokio::test]
async fn a_wrong_verifier_port_or_client_is_refused() {
    let rig = Rig::new().await;
    let client = rig.register().await;
    let other = rig.register().await;
    for (who, changes) in [
        (&client, json!({ "codeVerifier": "x".repeat(64) })),
        (&client, json!({ "codeVerifier": "short" })),
        (&client, json!({ "redirectUri": REDIRECT.replace("43210", "43211") })),
        (&client, json!({ "redirectUri": "http://127.0.0.1/oauth/callback" })),
        (&other, json!({})),
    ] {
        let code = rig.code(&client).await;
        assert_refused(&rig.redeem(who, &code, changes).await, 400, "InvalidGrantException");
    }
}

#[tokio::test]
async fn a_code_works_once_and_not_after_ten_minutes() {
    let rig = Rig::new().await;
    let client = rig.register().await;
    let code = rig.code(&client).await;
    assert_eq!(rig.redeem(&client, &code, json!({})).await.status, 200);
    assert_refused(&rig.redeem(&client, &code, json!({})).await, 400, "InvalidGrantException");
    let late = rig.code(&client).await;
    rig.clock.advance(Duration::from_secs(601));
    assert_refused(&rig.redeem(&client, &late, json!({})).await, 400, "ExpiredTokenException");
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_a_new_one_and_dies() {
    let rig = Rig::new().await;
    let client = rig.register().await;
    let code = rig.code(&client).await;
    let first = rig.redeem(&client, &code, json!({})).await.text("refreshToken");
    let refresh = |token: &str| json!({ "grantType": "refresh_token", "refreshToken": token });
    let second = rig.token(&client, refresh(&first)).await.text("refreshToken");
    assert_refused(&rig.token(&client, refresh(&first)).await, 400, "InvalidGrantException");
    let third = rig.token(&client, refresh(&second)).await.text("refreshToken");
    rig.clock.advance(Duration::from_secs(8 * 3600));
    assert_refused(&rig.token(&client, refresh(&third)).await, 400, "InvalidGrantException");
}

#[tokio::test]
async fn an_access_token_never_outlives_the_session_it_belongs_to() {
    let rig = Rig::new().await;
    let client = rig.register().await;
    let code = rig.code(&client).await;
    let token = rig.redeem(&client, &code, json!({})).await.text("refreshToken");
    rig.clock.advance(Duration::from_secs(8 * 3600 - 60));
    let answer = rig.token(&client, json!({ "grantType": "refresh_token", "refreshToken": token })).await;
    assert_eq!(answer.json()["expiresIn"], json!(60));
}

#[tokio::test]
async fn an_unknown_client_a_wrong_secret_and_an_old_registration_are_invalid_clients() {
    let rig = Rig::new().await;
    let mut client = rig.register().await;
    let code = rig.code(&client).await;
    client["clientSecret"] = json!("wrong");
    assert_refused(&rig.redeem(&client, &code, json!({})).await, 401, "InvalidClientException");
    let client = rig.register().await;
    let code = rig.code(&client).await;
    rig.clock.advance(Duration::from_secs(91 * 86400));
    assert_refused(&rig.redeem(&client, &code, json!({})).await, 401, "InvalidClientException");
}

#[tokio::test]
async fn registrations_are_checked() {
    let rig = Rig::new().await;
    for (field, value, exception) in [
        ("clientType", json!("confidential"), "InvalidClientMetadataException"),
        ("scopes", json!(["everything"]), "InvalidScopeException"),
        ("grantTypes", json!(["password"]), "UnsupportedGrantTypeException"),
        ("redirectUris", json!(["http://127.0.0.1:8080/oauth/callback"]), "InvalidRedirectUriException"),
        ("redirectUris", json!(["https://example.com/oauth/callback"]), "InvalidRedirectUriException"),
        ("clientName", json!(7), "InvalidRequestException"),
    ] {
        let mut registration = rig.registration();
        registration[field] = value;
        assert_refused(&rig.post("/client/register", registration).await, 400, exception);
    }
}

#[tokio::test]
async fn a_registration_for_one_flow_is_no_good_for_the_other() {
    let rig = Rig::new().await;
    let client = device_client(&rig).await;
    assert_eq!(rig.authorize(&client, &[]).await.status, 400);
    let start = json!({ "clientId": client["clientId"], "clientSecret": client["clientSecret"], "startUrl": "https://other.awsapps.com/start" });
    assert_refused(&rig.post("/device_authorization", start).await, 400, "InvalidRequestException");
    let client = rig.register().await;
    let start = json!({ "clientId": client["clientId"], "clientSecret": client["clientSecret"], "startUrl": rig.practice.start_url() });
    assert_refused(&rig.post("/device_authorization", start).await, 400, "UnauthorizedClientException");
}

#[tokio::test]
async fn a_bad_authorization_is_told_in_the_browser_and_reflects_nothing() {
    let rig = Rig::new().await;
    let client = rig.register().await;
    for change in [
        ("redirect_uri", "http://127.0.0.1:43210/elsewhere"),
        ("redirect_uri", "https://example.com/oauth/callback"),
        ("client_id", "<script>alert(1)</script>"),
        ("code_challenge_method", "plain"),
        ("code_challenge", "short"),
        ("response_type", "token"),
        ("scopes", "sso:account:access more"),
        ("state", ""),
    ] {
        let answer = rig.authorize(&client, &[change]).await;
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{change:?}");
        assert!(answer.body.contains("id=\"failure\"") && !answer.body.contains("alert"), "{change:?}");
    }
    let mut registration = rig.registration();
    registration["issuerUrl"] = json!("https://d-1234567890.awsapps.com/start");
    let stranger = rig.post("/client/register", registration).await.json();
    assert!(
        rig.authorize(&stranger, &[]).await.body.contains("Region"),
        "a wrong start URL is said here only"
    );
}

#[tokio::test]
async fn a_person_can_allow_or_deny_on_the_page_and_only_once() {
    let rig = Rig::new().await;
    rig.practice.set_consent(Consent::Ask);
    let client = rig.register().await;
    for (decision, parameter) in [("allow", "code"), ("deny", "error")] {
        let page = rig.authorize(&client, &[]).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(page.body.contains("Acme: sign in as Dana Example (dana@example.com)?"));
        let id = page.body.split_once("name=\"id\" value=\"").unwrap().1.split_once('"').unwrap().0;
        let answer = rig.form("/authorize", &[("id", id), ("decision", decision)]).await;
        assert_eq!(answer.status, 303);
        assert!(callback(&answer, parameter).is_some());
        assert_eq!(rig.form("/authorize", &[("id", id), ("decision", "allow")]).await.status, 410);
    }
}
