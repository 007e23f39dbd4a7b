//! Refusal: the answers that stand in for the true one, in the words of whoever would have sent them.

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::failure::OidcFailure;
use crate::oidc::{self, OidcError};
use crate::{portal, sts};

/// Where the captive portal wants a person to go. Names under `.test` lead nowhere (RFC 6761).
const LOGIN_PAGE: &str = "http://login.captive.test/welcome";

/// Which of AWS's services a path belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Service {
    Oidc,
    Portal,
    Sts,
}

impl Service {
    /// None for what a browser asks for.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "/" => Some(Self::Sts),
            "/client/register" | "/device_authorization" | "/token" => Some(Self::Oidc),
            "/assignment/accounts" | "/assignment/roles" | "/federation/credentials" | "/logout" => {
                Some(Self::Portal)
            }
            _ => None,
        }
    }
}

/// `code` as the service behind `path` says it.
pub(crate) fn by_service(path: &str, code: u16, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match Service::of(path) {
        None => bare_status(code),
        Some(Service::Portal) => {
            let (exception, message) = match code {
                400 => ("InvalidRequestException", "Invalid request"),
                401 => ("UnauthorizedException", "Session token not found or invalid"),
                403 => ("ForbiddenException", "No access"),
                404 => ("ResourceNotFoundException", "Not found"),
                429 => ("TooManyRequestsException", "HTTP 429 Unknown Code"),
                _ => ("InternalServerException", "Internal server error"),
            };
            portal::error(status, exception, message)
        }
        Some(Service::Oidc) => {
            let (exception, error) = match code {
                400 => ("InvalidRequestException", "invalid_request"),
                401 => ("InvalidClientException", "invalid_client"),
                403 => ("AccessDeniedException", "access_denied"),
                429 => ("SlowDownException", "slow_down"),
                _ => ("InternalServerException", "server_error"),
            };
            oidc::error(status, exception, error, "The request was not handled")
        }
        Some(Service::Sts) => {
            let (code, message) = match code {
                400 => ("ValidationError", "The request was not valid"),
                403 => ("AccessDenied", "Access denied"),
                429 => ("Throttling", "Rate exceeded"),
                503 => ("ServiceUnavailable", "The request failed due to a temporary failure of the server"),
                _ => ("InternalFailure", "The request processing has failed"),
            };
            sts::error(status, code, message)
        }
    };
    if let Some(seconds) = retry_after.filter(|_| code == 429) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What CreateToken says.
pub(crate) fn by_oidc(failure: OidcFailure) -> Response {
    match failure {
        OidcFailure::AccessDenied => OidcError::AccessDenied,
        OidcFailure::AuthorizationPending => OidcError::AuthorizationPending,
        OidcFailure::ExpiredToken => OidcError::ExpiredToken,
        OidcFailure::InvalidClient => OidcError::InvalidClient,
        OidcFailure::InvalidGrant => OidcError::InvalidGrant("Invalid grant provided"),
        OidcFailure::SlowDown => OidcError::SlowDown,
    }
    .into_response()
}

/// The answer of a gateway that has never heard of AWS.
pub(crate) fn bare_status(code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, status.canonical_reason().unwrap_or("failure").to_owned()).into_response()
}

/// An error whose message is the whole request: address, headers, body.
pub(crate) async fn echo(code: u16, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}; ", String::from_utf8_lossy(value.as_bytes())));
    let headers: String = headers.collect();
    let message = format!("{} {} {headers}{}", parts.method, parts.uri, String::from_utf8_lossy(&body));
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // By every name under which one of the services says it.
    let error = json!({
        "__type": "InternalServerException", "message": message, "Message": message,
        "error": "server_error", "error_description": message,
    });
    (status, Json(error)).into_response()
}

/// The page of a captive portal.
pub(crate) fn captive_page() -> Response {
    let mut response =
        Body::from("<!doctype html><title>Welcome</title><h1>Free Wi-Fi</h1><p>Accept the terms.")
            .into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// The way to the page of a captive portal.
pub(crate) fn captive_redirect() -> Response {
    (StatusCode::FOUND, [(LOCATION, LOGIN_PAGE)]).into_response()
}

/// The same response with half of its body.
pub(crate) async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2)))
}
