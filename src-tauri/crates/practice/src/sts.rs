//! STS: the query protocol with its XML, for requests that are truly signed.

use axum::body::Bytes;
use axum::extract::{RawQuery, State as Extract};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::organisation::{reserved_role_name, role_id};
use crate::page::{Parameters, escape};
use crate::partition::Partition;
use crate::random;
use crate::server::Action;
use crate::sigv4::{Received, Signature, Unsigned, format_timestamp};
use crate::state::{App, RoleCredentials, Shared};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const VERSION: &str = "2011-06-15";
const ACTIONS: [&str; 5] = [
    "GetCallerIdentity",
    "AssumeRole",
    "GetSessionToken",
    "GetFederationToken",
    "DecodeAuthorizationMessage",
];
/// How far a request's clock may be from ours.
const SKEW: time::Duration = time::Duration::minutes(5);

/// Why a request is refused.
struct StsError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

fn refuse<T>(status: u16, code: &'static str, message: impl Into<String>) -> Result<T, StsError> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Err(StsError { status, code, message: message.into() })
}

/// GET /, or the way to /start for a person who opened the bare address.
pub(crate) async fn query_from_url(
    Extract(app): Extract<App>,
    uri: Uri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    match query {
        None => (StatusCode::FOUND, [(LOCATION, app.start_url())]).into_response(),
        Some(query) => {
            let request =
                Received { method: "GET", path: uri.path(), query: &query, headers: &headers, body: b"" };
            answer(&app, &request, &Parameters::parse(query.as_bytes()))
        }
    }
}

/// POST /
pub(crate) async fn query_from_body(
    Extract(app): Extract<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let request =
        Received { method: method.as_str(), path: uri.path(), query, headers: &headers, body: &body };
    answer(&app, &request, &Parameters::parse(&body))
}

fn answer(app: &Shared, request: &Received<'_>, parameters: &Parameters) -> Response {
    let named = parameters.one("Action").unwrap_or_default();
    let action = ACTIONS.into_iter().find(|known| *known == named);
    let result = authenticate(app, request).and_then(|caller| {
        if parameters.one("Version").is_some_and(|version| version != VERSION) {
            return refuse(400, "InvalidAction", "Could not find operation for that version");
        }
        perform(app, action, &caller)
    });
    let mut response = match result {
        Ok(xml) => (StatusCode::OK, [(CONTENT_TYPE, "text/xml")], xml).into_response(),
        Err(refused) => error(refused.status, refused.code, &refused.message),
    };
    if let Some(action) = action {
        response.extensions_mut().insert(Action(action));
    }
    response
}

/// The credentials that signed the request, if everything about the signature is right.
fn authenticate(app: &Shared, request: &Received<'_>) -> Result<RoleCredentials, StsError> {
    let signature = match Signature::read(request.headers) {
        Ok(signature) => signature,
        Err(Unsigned::Missing) => {
            return refuse(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
        }
        Err(Unsigned::Incomplete) => {
            let message = "Authorization header requires 'Credential', 'Signature', 'SignedHeaders' and an 'X-Amz-Date'";
            return refuse(400, "IncompleteSignature", message);
        }
    };
    if signature.service != "sts" {
        let message = "Credential should be scoped to correct service: 'sts'. ";
        return refuse(403, "SignatureDoesNotMatch", message);
    }
    if !signature.timestamp.starts_with(&signature.date) {
        return refuse(
            403,
            "SignatureDoesNotMatch",
            "Date in Credential scope does not match YYYYMMDD of the request",
        );
    }
    let now = app.clock.now();
    let state = app.lock();
    if state.is_skew_checked {
        check_skew(&signature, now)?;
    }
    // Credentials of one partition are unknown in the others.
    let is_ours = Partition::of(&signature.region) == app.partition;
    let Some(credentials) = state.credentials.get(&signature.access_key_id).filter(|_| is_ours) else {
        return refuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    };
    let session_token = request.headers.get("x-amz-security-token").map(|token| token.as_bytes());
    if session_token != Some(credentials.session_token.as_bytes()) {
        return refuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    }
    if !signature.is_made_with(&credentials.secret_access_key, request) {
        let message = "The request signature we calculated does not match the signature you provided. \
                       Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
        return refuse(403, "SignatureDoesNotMatch", message);
    }
    if credentials.expiration <= now {
        return refuse(403, "ExpiredToken", "The security token included in the request is expired");
    }
    Ok(credentials.clone())
}

fn check_skew(signature: &Signature, now: time::OffsetDateTime) -> Result<(), StsError> {
    let (stamp, at) = (&signature.timestamp, format_timestamp(now));
    if now - signature.signed_at > SKEW {
        let limit = format_timestamp(now - SKEW);
        let message = format!("Signature expired: {stamp} is now earlier than {limit} ({at} - 5 min.)");
        return refuse(403, "SignatureDoesNotMatch", message);
    }
    if signature.signed_at - now > SKEW {
        let limit = format_timestamp(now + SKEW);
        let message =
            format!("Signature not yet current: {stamp} is still later than {limit} ({at} + 5 min.)");
        return refuse(403, "SignatureDoesNotMatch", message);
    }
    Ok(())
}

fn perform(app: &Shared, action: Option<&str>, caller: &RoleCredentials) -> Result<String, StsError> {
    let account = &caller.account_id;
    let arn = format!(
        "arn:{}:sts::{account}:assumed-role/{}/dana@example.com",
        app.partition.arn_name(),
        reserved_role_name(account, &caller.role)
    );
    match action {
        Some("GetCallerIdentity") => Ok(format!(
            "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\">\n  <GetCallerIdentityResult>\n    <Arn>{}</Arn>\n    \
             <UserId>{}:dana@example.com</UserId>\n    <Account>{account}</Account>\n  </GetCallerIdentityResult>\n  \
             <ResponseMetadata>\n    <RequestId>{}</RequestId>\n  </ResponseMetadata>\n</GetCallerIdentityResponse>\n",
            escape(&arn),
            role_id(account, &caller.role),
            random::request_id(),
        )),
        Some(action @ ("GetSessionToken" | "GetFederationToken")) => {
            refuse(403, "AccessDenied", format!("Cannot call {action} with session credentials"))
        }
        Some(action) => {
            refuse(403, "AccessDenied", format!("User: {arn} is not authorized to perform: sts:{action}"))
        }
        None => refuse(400, "InvalidAction", "Could not find operation for version 2011-06-15"),
    }
}

/// An error as the query protocol has it.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    let xml = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{code}</Code>\n    \
         <Message>{}</Message>\n  </Error>\n  <RequestId>{}</RequestId>\n</ErrorResponse>\n",
        escape(message),
        random::request_id(),
    );
    (status, [(CONTENT_TYPE, "text/xml")], xml).into_response()
}
