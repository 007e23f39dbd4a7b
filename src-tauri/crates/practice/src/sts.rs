//! STS: the query protocol with its XML, for requests that are truly signed.

use axum::body::Bytes;
use axum::extract::{RawQuery, State as Extract};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use time::format_description::well_known::Rfc3339;

use crate::assume_role::{Assumed, NotAssumed, assume};
use crate::caller::{Caller, Unauthenticated, authenticate};
use crate::page::{Parameters, escape};
use crate::random;
use crate::server::Action;
use crate::sigv4::Received;
use crate::state::{App, Shared};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const VERSION: &str = "2011-06-15";
const ACTIONS: [&str; 5] = [
    "GetCallerIdentity",
    "AssumeRole",
    "GetSessionToken",
    "GetFederationToken",
    "DecodeAuthorizationMessage",
];

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
    let caller = authenticate(app, request, "sts").map_err(|why| {
        let (status, code) = unauthenticated(&why);
        StsError { status, code, message: why.message().to_owned() }
    });
    let result = caller.and_then(|caller| {
        if parameters.one("Version").is_some_and(|version| version != VERSION) {
            return refuse(400, "InvalidAction", "Could not find operation for that version");
        }
        perform(app, action, &caller, parameters)
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

/// The words of the query protocol for a signature that isn't right.
pub(crate) fn unauthenticated(why: &Unauthenticated) -> (StatusCode, &'static str) {
    let (status, code) = match why {
        Unauthenticated::Missing => (StatusCode::FORBIDDEN, "MissingAuthenticationToken"),
        Unauthenticated::Incomplete => (StatusCode::BAD_REQUEST, "IncompleteSignature"),
        Unauthenticated::Scope(_) | Unauthenticated::Skew(_) | Unauthenticated::WrongSignature => {
            (StatusCode::FORBIDDEN, "SignatureDoesNotMatch")
        }
        Unauthenticated::UnknownKey | Unauthenticated::WrongToken => {
            (StatusCode::FORBIDDEN, "InvalidClientTokenId")
        }
        Unauthenticated::Expired => (StatusCode::FORBIDDEN, "ExpiredToken"),
    };
    (status, code)
}

fn perform(
    app: &Shared,
    action: Option<&str>,
    caller: &Caller,
    parameters: &Parameters,
) -> Result<String, StsError> {
    let session = &caller.session;
    let arn = session.arn(app.partition);
    match action {
        // Needs no permission: not even a Deny keeps anybody from asking who they are.
        Some("GetCallerIdentity") => {
            let (arn, id, account) = (escape(&arn), escape(&session.user_id()), &session.account_id);
            let result = format!(
                "    <Arn>{arn}</Arn>\n    <UserId>{id}</UserId>\n    <Account>{account}</Account>\n"
            );
            Ok(result_of("GetCallerIdentity", &result))
        }
        Some("AssumeRole") => match assume(app, caller, parameters) {
            Ok(assumed) => Ok(result_of("AssumeRole", &assumed_role(app, &assumed))),
            Err(NotAssumed::AccessDenied(message)) => refuse(403, "AccessDenied", message),
            Err(NotAssumed::MalformedPolicyDocument(message)) => {
                refuse(400, "MalformedPolicyDocument", message)
            }
            Err(NotAssumed::PackedPolicyTooLarge(message)) => refuse(400, "PackedPolicyTooLarge", message),
            Err(NotAssumed::Validation(message)) => refuse(400, "ValidationError", message),
        },
        Some(action @ ("GetSessionToken" | "GetFederationToken")) => {
            refuse(403, "AccessDenied", format!("Cannot call {action} with session credentials"))
        }
        Some(action) => {
            refuse(403, "AccessDenied", format!("User: {arn} is not authorized to perform: sts:{action}"))
        }
        None => refuse(400, "InvalidAction", "Could not find operation for version 2011-06-15"),
    }
}

fn result_of(action: &str, result: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\">\n  <{action}Result>\n{result}  </{action}Result>\n  \
         <ResponseMetadata>\n    <RequestId>{}</RequestId>\n  </ResponseMetadata>\n</{action}Response>\n",
        random::request_id(),
    )
}

fn assumed_role(app: &Shared, assumed: &Assumed) -> String {
    let (credentials, session) = (&assumed.credentials, &assumed.credentials.session);
    let expiration = credentials.expiration.replace_nanosecond(0).unwrap_or(credentials.expiration);
    let mut xml = String::new();
    if let Some(identity) = &session.source_identity {
        xml.push_str(&format!("    <SourceIdentity>{}</SourceIdentity>\n", escape(identity)));
    }
    xml.push_str(&format!(
        "    <AssumedRoleUser>\n      <Arn>{}</Arn>\n      <AssumedRoleId>{}</AssumedRoleId>\n    </AssumedRoleUser>\n    \
         <Credentials>\n      <AccessKeyId>{}</AccessKeyId>\n      <SecretAccessKey>{}</SecretAccessKey>\n      \
         <SessionToken>{}</SessionToken>\n      <Expiration>{}</Expiration>\n    </Credentials>\n",
        escape(&session.arn(app.partition)),
        escape(&session.user_id()),
        assumed.access_key_id,
        credentials.secret_access_key,
        credentials.session_token,
        expiration.format(&Rfc3339).unwrap_or_default(),
    ));
    if let Some(percent) = assumed.packed_policy_size {
        xml.push_str(&format!("    <PackedPolicySize>{percent}</PackedPolicySize>\n"));
    }
    xml
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
