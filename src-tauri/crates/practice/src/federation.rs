//! Federation: trades role credentials for a sign-in token, and the token for a console page.

use axum::Json;
use axum::extract::{RawForm, RawQuery, State as Extract};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::clock::after;
use crate::page::{self, Parameters};
use crate::random;
use crate::server::Action;
use crate::state::{App, ConsoleSession, Kind, Shared, SigninToken};

/// How long a sign-in token can be used.
const SIGNIN_TOKEN_LIFETIME: std::time::Duration = std::time::Duration::from_secs(15 * 60);
/// What `SessionDuration` may be, in seconds.
const SESSION_DURATION: std::ops::RangeInclusive<u64> = 900..=43200;

/// The `Session` parameter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    session_id: String,
    session_key: String,
    session_token: String,
}

/// What the console was asked to show.
struct Destination {
    service: String,
    region: String,
}

/// GET /federation
pub(crate) async fn from_url(Extract(app): Extract<App>, RawQuery(query): RawQuery) -> Response {
    dispatch(&app, &Parameters::parse(query.as_deref().unwrap_or_default().as_bytes()))
}

/// POST /federation, with a form in the body, so that no secret stands in an address.
pub(crate) async fn from_body(
    Extract(app): Extract<App>,
    RawQuery(query): RawQuery,
    RawForm(form): RawForm,
) -> Response {
    let joined = [query.unwrap_or_default().as_bytes(), &form].join(&b'&');
    dispatch(&app, &Parameters::parse(&joined))
}

fn dispatch(app: &Shared, parameters: &Parameters) -> Response {
    let (action, mut response) = match parameters.one("Action") {
        Some("getSigninToken") => ("getSigninToken", signin_token(app, parameters)),
        Some("login") => ("login", login(app, parameters)),
        _ => return refused("Unknown action"),
    };
    response.extensions_mut().insert(Action(action));
    response
}

fn signin_token(app: &Shared, parameters: &Parameters) -> Response {
    let session = parameters.one("Session").and_then(|text| serde_json::from_str::<Session>(text).ok());
    let Some(session) = session else { return refused("Invalid session parameter") };
    let duration = match parameters.one("SessionDuration").map(str::parse) {
        None => None,
        Some(Ok(seconds)) if SESSION_DURATION.contains(&seconds) => {
            Some(std::time::Duration::from_secs(seconds))
        }
        Some(_) => return refused("Invalid session duration parameter"),
    };
    let now = app.clock.now();
    let mut state = app.lock();
    let credentials = state.credentials.get(&session.session_id).filter(|credentials| {
        credentials.secret_access_key == session.session_key
            && credentials.session_token == session.session_token
            && credentials.expiration > now
    });
    let Some(credentials) = credentials else { return refused("Invalid credentials parameter") };
    if credentials.session.is_chained && duration.is_some() {
        // Role chaining: such a console lasts as long as its credentials, and AWS's words for it say nothing of that.
        return refused("Invalid credentials parameter");
    }
    let signin = SigninToken {
        account_id: credentials.account_id.clone(),
        role: credentials.role.clone(),
        expires: after(now, SIGNIN_TOKEN_LIFETIME),
        console_ends: duration.map_or(credentials.expiration, |duration| after(now, duration)),
    };
    let token = state.issue(Kind::SigninToken, random::token(480));
    state.signin_tokens.insert(token.clone(), signin);
    Json(json!({ "SigninToken": token })).into_response()
}

fn login(app: &Shared, parameters: &Parameters) -> Response {
    let destination = parameters.one("Destination").and_then(|url| destination(app, url));
    let Some(destination) = destination else { return refused("Invalid destination parameter") };
    let now = app.clock.now();
    let mut state = app.lock();
    let signin = parameters.one("SigninToken").and_then(|token| state.signin_tokens.remove(token));
    let Some(signin) = signin.filter(|signin| signin.expires > now) else {
        return refused("The sign-in token is unknown, was used, or has expired");
    };
    let address = state.issue(Kind::ConsoleAddress, random::hex_id(24));
    let location = format!("{}/console/{address}", app.base_url);
    let console = ConsoleSession {
        account_id: signin.account_id,
        role: signin.role,
        service: destination.service,
        region: destination.region,
        issuer: parameters.one("Issuer").and_then(web_address),
        ends: signin.console_ends,
    };
    state.consoles.insert(address, console);
    (StatusCode::FOUND, [(LOCATION, location)]).into_response()
}

/// A console of this partition, or this organisation's own `/console…`; nothing else is a place to go.
fn destination(app: &Shared, text: &str) -> Option<Destination> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let origin = url.origin().ascii_serialization();
    let (path, host_region) = if origin == app.base_url {
        let rest = url.path().strip_prefix("/console")?;
        (rest.is_empty() || rest.starts_with('/')).then_some((rest, None))?
    } else {
        let console = app.partition.console_host();
        (host == console || host.ends_with(&format!(".{console}"))).then_some(())?;
        let is_plain = url.scheme() == "https" && url.port().is_none() && url.username().is_empty();
        // Either {region}, or {account}-{8 characters}.{region} when several sessions are open.
        let labels = host.strip_suffix(console)?.trim_end_matches('.');
        let region = labels.rsplit('.').next().filter(|label| !label.is_empty());
        is_plain.then_some((url.path(), region))?
    };
    let service = path.split('/').find(|segment| !segment.is_empty()).unwrap_or("console");
    let asked_region =
        url.query_pairs().find(|(name, _)| name == "region").map(|(_, region)| region.into_owned());
    Some(Destination {
        service: service.to_owned(),
        region: asked_region.or(host_region.map(str::to_owned)).unwrap_or_else(|| app.region.clone()),
    })
}

/// An Issuer that may become a link.
fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// The real endpoint answers in HTML as well, with the reason in a sentence.
fn refused(reason: &'static str) -> Response {
    page::failure(
        StatusCode::BAD_REQUEST,
        reason,
        "Sign-in to the console can't go on. Open it again from the application.",
    )
}
