//! The JSON protocols: an operation in X-Amz-Target, JSON in and out.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::caller::Unauthenticated;
use crate::holdings::Holdings;
use crate::sigv4::Received;

use super::{Call, Refused};

/// Performs an operation by its name, with the input it was given.
type Perform = fn(&mut Call<'_>, &mut Holdings, &str, &Value) -> Result<Value, Refused>;

/// Whether whoever asked expects JSON.
pub(super) fn is_spoken_by(received: &Received<'_>, service: &str) -> bool {
    service == "lambda" || received.headers.contains_key("x-amz-target")
}

pub(super) fn serve(
    call: &mut Call<'_>,
    holdings: &mut Holdings,
    received: &Received<'_>,
    perform: Perform,
) -> Response {
    let target = received.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
    let Ok(input) = serde_json::from_slice(received.body) else {
        return error(&Refused { status: 400, code: "SerializationException", message: "not JSON".into() });
    };
    match perform(call, holdings, operation, &input) {
        Ok(output) => answer(StatusCode::OK, &output),
        // Their AccessDenied is a 400 with a longer name.
        Err(Refused { code: "AccessDenied", message, .. }) => {
            error(&Refused { status: 400, code: "AccessDeniedException", message })
        }
        Err(refused) => error(&refused),
    }
}

pub(super) fn error(refused: &Refused) -> Response {
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = answer(status, &json!({ "__type": refused.code, "message": refused.message }));
    if let Ok(code) = refused.code.parse() {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

pub(super) fn unauthenticated(why: &Unauthenticated) -> Response {
    let (status, code) = match why {
        Unauthenticated::Missing => (400, "MissingAuthenticationTokenException"),
        Unauthenticated::Incomplete => (400, "IncompleteSignatureException"),
        Unauthenticated::Scope(_) | Unauthenticated::Skew(_) | Unauthenticated::WrongSignature => {
            (400, "InvalidSignatureException")
        }
        Unauthenticated::UnknownKey | Unauthenticated::WrongToken => (400, "UnrecognizedClientException"),
        Unauthenticated::Expired => (400, "ExpiredTokenException"),
    };
    error(&Refused { status, code, message: why.message().to_owned().into() })
}

/// What every service says of an operation it doesn't have here.
pub(super) fn unknown(operation: &str) -> Result<Value, Refused> {
    super::refuse(
        400,
        "UnknownOperationException",
        format!("The practice organisation has no operation {operation:?}"),
    )
}

/// A member of the input that has to be a text.
pub(super) fn text<'a>(input: &'a Value, member: &str) -> Result<&'a str, Refused> {
    match input.get(member).and_then(Value::as_str) {
        Some(text) => Ok(text),
        None => super::refuse(400, "ValidationException", format!("The parameter {member} is required")),
    }
}

/// The texts of a list in the input; none without it.
pub(super) fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    input[member].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn answer(status: StatusCode, output: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.1")], output.to_string()).into_response()
}
