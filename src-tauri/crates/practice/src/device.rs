//! Device: StartDeviceAuthorization and the page where a person compares the code.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawForm, RawQuery, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::authorize::question;
use crate::clock::{after, seconds_left};
use crate::oidc::{DEVICE_CODE, OidcError, known_client, parse};
use crate::options::Consent;
use crate::page::{self, Page, Parameters, escape};
use crate::random;
use crate::state::{App, Device, Kind, State};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartRequest {
    client_id: String,
    client_secret: String,
    start_url: String,
}

/// POST /device_authorization
pub(crate) async fn start(Extract(app): Extract<App>, body: Bytes) -> Result<Json<Value>, OidcError> {
    let request: StartRequest = parse(&body)?;
    let now = app.clock.now();
    let mut state = app.lock();
    let client = known_client(&state, &request.client_id, &request.client_secret, now)?;
    if !client.grant_types.iter().any(|grant| grant == DEVICE_CODE) {
        return Err(OidcError::UnauthorizedClient);
    }
    if !app.is_start_url(&request.start_url, &state) {
        return Err(OidcError::InvalidRequest("Invalid start URL provided"));
    }
    let device_code = state.issue(Kind::DeviceCode, random::token(64));
    let user_code = random::user_code();
    let expires = after(now, state.options.code_lifetime);
    let interval = state.options.device_interval;
    let answer = json!({
        "deviceCode": device_code,
        "userCode": user_code,
        "verificationUri": format!("{}/device", app.base_url),
        "verificationUriComplete": format!("{}/device?user_code={user_code}", app.base_url),
        "expiresIn": seconds_left(now, expires),
        "interval": interval.as_secs(),
    });
    let device =
        Device { client_id: request.client_id, user_code, expires, interval, last_poll: None, answer: None };
    state.devices.insert(device_code, device);
    Ok(Json(answer))
}

/// GET /device
pub(crate) async fn ask(Extract(app): Extract<App>, RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default().as_bytes());
    let Some(user_code) = parameters.one("user_code") else { return entry() };
    let mut state = app.lock();
    let consent = state.options.consent;
    let now = app.clock.now();
    let Some(device) = waiting(&mut state, user_code, now) else { return unknown() };
    match consent {
        Consent::Allow => decide(device, true),
        Consent::Deny => decide(device, false),
        Consent::Ask => {
            let (client_id, user_code) = (device.client_id.clone(), device.user_code.clone());
            let client_name = state.registrations.get(&client_id).map(|client| client.client_name.clone());
            let more = format!(
                r#"<p>Go on only if the application shows this code, and you started it yourself:</p><p class="code" id="user-code">{}</p>"#,
                escape(&user_code)
            );
            question("/device", "user_code", &user_code, &client_name.unwrap_or_default(), &more)
        }
    }
}

/// POST /device, from the page's own buttons.
pub(crate) async fn answer(Extract(app): Extract<App>, RawForm(form): RawForm) -> Response {
    let parameters = Parameters::parse(&form);
    let mut state = app.lock();
    let now = app.clock.now();
    match parameters.one("user_code").and_then(|code| waiting(&mut state, code, now)) {
        Some(device) => decide(device, parameters.one("decision") == Some("allow")),
        None => unknown(),
    }
}

fn waiting<'a>(state: &'a mut State, user_code: &str, now: OffsetDateTime) -> Option<&'a mut Device> {
    let typed = user_code.trim().to_uppercase();
    let is_meant =
        |device: &&mut Device| device.user_code == typed && device.expires > now && device.answer.is_none();
    state.devices.values_mut().find(is_meant)
}

fn decide(device: &mut Device, is_allowed: bool) -> Response {
    device.answer = Some(is_allowed);
    let body = match is_allowed {
        true => {
            r#"<h1 id="done">Request approved</h1><p>Go back to the application. You can close this page.</p>"#
        }
        false => r#"<h1 id="done">Request denied</h1><p>Nobody was signed in. You can close this page.</p>"#,
    };
    Page { title: "Sign in to Acme", body, script: "" }.respond(StatusCode::OK)
}

fn entry() -> Response {
    let body = r#"<p class="eyebrow">IAM Identity Center</p><h1>Enter the code the application shows</h1>
<form method="get" action="/device"><label for="user_code">Code</label>
<input id="user_code" name="user_code" placeholder="BCDF-GHJK" autocomplete="off" required autofocus>
<div class="buttons"><button class="primary" id="next">Next</button></div></form>"#;
    Page { title: "Sign in to Acme", body, script: "" }.respond(StatusCode::OK)
}

fn unknown() -> Response {
    let advice = "The code is unknown, was answered, or has expired. Start again in the application.";
    page::failure(StatusCode::BAD_REQUEST, "This code can't be used", advice)
}
