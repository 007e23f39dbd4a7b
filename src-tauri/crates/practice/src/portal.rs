//! Portal: the accounts and roles of the person who signed in, and credentials for a role.

use axum::Json;
use axum::extract::{RawQuery, State as Extract};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ring::hmac;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::clock::{after, milliseconds};
use crate::page::Parameters;
use crate::random::hex;
use crate::session::RoleSession;
use crate::state::{App, Shared, State};

const BEARER: &str = "x-amz-sso_bearer_token";
const LARGEST_PAGE: usize = 100;

/// The portal's errors. Forbidden isn't in Amazon's model, but on the wire it is.
pub(crate) enum PortalError {
    Forbidden,
    InvalidRequest(&'static str),
    TooManyRequests(Option<u64>),
    Unauthorized,
}

impl IntoResponse for PortalError {
    fn into_response(self) -> Response {
        let (status, exception, message) = match self {
            Self::Forbidden => (StatusCode::FORBIDDEN, "ForbiddenException", "No access"),
            Self::InvalidRequest(why) => (StatusCode::BAD_REQUEST, "InvalidRequestException", why),
            Self::TooManyRequests(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "HTTP 429 Unknown Code")
            }
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, "UnauthorizedException", "Session token not found or invalid")
            }
        };
        let mut response = error(status, exception, message);
        if let Self::TooManyRequests(Some(seconds)) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An error as the portal has it.
pub(crate) fn error(status: StatusCode, exception: &str, message: &str) -> Response {
    let kind = format!("com.amazonaws.switchboard.portal#{exception}");
    (status, Json(json!({ "message": message, "__type": kind }))).into_response()
}

/// GET /assignment/accounts
pub(crate) async fn list_accounts(
    Extract(app): Extract<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, PortalError> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default().as_bytes());
    let mut state = app.lock();
    admit(&mut state, &headers, app.clock.now())?;
    let listed: Vec<Value> = state
        .accounts
        .iter()
        .map(|one| json!({ "accountId": one.id, "accountName": one.name, "emailAddress": one.email }))
        .collect();
    let (list, next_token) = page(&app, "accounts", &listed, &parameters)?;
    Ok(Json(json!({ "accountList": list, "nextToken": next_token })))
}

/// GET /assignment/roles
pub(crate) async fn list_account_roles(
    Extract(app): Extract<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, PortalError> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default().as_bytes());
    let mut state = app.lock();
    admit(&mut state, &headers, app.clock.now())?;
    let account = state.account(account_id(&parameters)?).ok_or(PortalError::Forbidden)?;
    let listed: Vec<Value> =
        account.roles.iter().map(|role| json!({ "roleName": role, "accountId": account.id })).collect();
    let (list, next_token) = page(&app, &account.id, &listed, &parameters)?;
    Ok(Json(json!({ "roleList": list, "nextToken": next_token })))
}

/// GET /federation/credentials
pub(crate) async fn role_credentials(
    Extract(app): Extract<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, PortalError> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default().as_bytes());
    let now = app.clock.now();
    let mut state = app.lock();
    admit(&mut state, &headers, now)?;
    let account_id = account_id(&parameters)?.to_owned();
    let role = parameters
        .one("role_name")
        .filter(|role| !role.is_empty())
        .ok_or(PortalError::InvalidRequest("Role name is missing"))?
        .to_owned();
    let is_listed = state.account(&account_id).is_some_and(|account| account.roles.contains(&role));
    if !is_listed || state.forbidden.contains(&(account_id.clone(), role.clone())) {
        return Err(PortalError::Forbidden);
    }
    let expiration = after(now, state.options.role_credentials_lifetime);
    let session = RoleSession::of_portal(&account_id, &role, &app.region, now);
    let (access_key_id, credentials) = state.issue_credentials(&role, session, expiration);
    let answer = json!({ "roleCredentials": {
        "accessKeyId": access_key_id,
        "secretAccessKey": credentials.secret_access_key,
        "sessionToken": credentials.session_token,
        "expiration": milliseconds(expiration),
    }});
    Ok(Json(answer))
}

/// POST /logout: ends the Identity Center session. Role credentials live on, as they do in AWS.
pub(crate) async fn logout(
    Extract(app): Extract<App>,
    headers: HeaderMap,
) -> Result<StatusCode, PortalError> {
    let mut state = app.lock();
    let session = admit(&mut state, &headers, app.clock.now())?;
    state.sessions.remove(&session);
    Ok(StatusCode::OK)
}

/// Lets a call in that is below the limit and has a token of a living session, whose number it returns.
fn admit(state: &mut State, headers: &HeaderMap, now: OffsetDateTime) -> Result<u64, PortalError> {
    if let Some(limit) = state.options.calls_per_second {
        let most = f64::from(limit);
        let (left, since) = state.bucket.unwrap_or((most, now));
        let refilled = (left + (now - since).as_seconds_f64().max(0.0) * most).min(most);
        state.bucket = Some(((refilled - 1.0).max(0.0), now));
        if refilled < 1.0 {
            // A refused call costs nothing, or nobody would ever get in again.
            state.bucket = Some((refilled, now));
            return Err(PortalError::TooManyRequests(state.options.retry_after.map(|wait| wait.as_secs())));
        }
    }
    let token = headers.get(BEARER).and_then(|token| token.to_str().ok()).unwrap_or_default();
    state.session_of(token, now).ok_or(PortalError::Unauthorized)
}

fn account_id(parameters: &Parameters) -> Result<&str, PortalError> {
    parameters
        .one("account_id")
        .filter(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or(PortalError::InvalidRequest("Account id must be 12 digits"))
}

/// The part of `listed` asked for, and the token of the next part.
fn page<'a>(
    app: &Shared,
    list: &str,
    listed: &'a [Value],
    parameters: &Parameters,
) -> Result<(&'a [Value], Option<String>), PortalError> {
    let size = match parameters.one("max_result") {
        None => LARGEST_PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (1..=LARGEST_PAGE).contains(size))
            .ok_or(PortalError::InvalidRequest("max_result must be between 1 and 100"))?,
    };
    let start = match parameters.one("next_token") {
        None => 0,
        Some(token) => {
            page_start(app, list, token).ok_or(PortalError::InvalidRequest("Invalid next token provided"))?
        }
    };
    let start = start.min(listed.len());
    let end = start.saturating_add(size).min(listed.len());
    let next_token = (end < listed.len()).then(|| page_token(app, list, end));
    Ok((&listed[start..end], next_token))
}

/// Opaque to clients, and good for the one list it was made for.
fn page_token(app: &Shared, list: &str, start: usize) -> String {
    let seal = hmac::sign(&app.page_key, format!("{list}/{start}").as_bytes());
    format!("{start:x}-{}", hex(seal.as_ref()))
}

fn page_start(app: &Shared, list: &str, token: &str) -> Option<usize> {
    let (start, _) = token.split_once('-')?;
    let start = usize::from_str_radix(start, 16).ok()?;
    (page_token(app, list, start) == token).then_some(start)
}
