//! Lambda: functions that answer with what they were given.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::holdings::Holdings;
use crate::sigv4::Received;

use super::{Call, Refused, json, refuse};

const ROOT: &str = "/2015-03-31/functions";

pub(super) fn serve(call: &mut Call<'_>, holdings: &mut Holdings, received: &Received<'_>) -> Response {
    match perform(call, holdings, received) {
        Ok(answer) => answer,
        Err(Refused { code: "AccessDenied", message, status }) => {
            json::error(&Refused { status, code: "AccessDeniedException", message })
        }
        Err(refused) => json::error(&refused),
    }
}

fn perform(
    call: &mut Call<'_>,
    holdings: &mut Holdings,
    received: &Received<'_>,
) -> Result<Response, Refused> {
    let path = received.path.strip_prefix(ROOT).unwrap_or_default().trim_matches('/').replace("%3A", ":");
    let mut segments = path.split('/');
    match (received.method, segments.next().unwrap_or_default(), segments.next()) {
        ("GET", "", None) => {
            call.allow("lambda:ListFunctions", "*", &[])?;
            let all: Vec<Value> = holdings.functions.iter().map(|name| described(call, name)).collect();
            Ok(answer(StatusCode::OK, &json!({ "Functions": all })))
        }
        ("GET", function, None) => {
            let name = known(call, holdings, "lambda:GetFunction", function)?;
            Ok(answer(StatusCode::OK, &json!({ "Configuration": described(call, name) })))
        }
        ("POST", function, Some("invocations")) => {
            let name = known(call, holdings, "lambda:InvokeFunction", function)?;
            match received.headers.get("x-amz-invocation-type").map(|kind| kind.as_bytes()) {
                Some(b"Event") => Ok(StatusCode::ACCEPTED.into_response()),
                Some(b"DryRun") => Ok(StatusCode::NO_CONTENT.into_response()),
                _ => {
                    let given: Value = serde_json::from_slice(received.body).unwrap_or(Value::Null);
                    Ok(answer(StatusCode::OK, &json!({ "function": name, "event": given })))
                }
            }
        }
        _ => refuse(404, "ResourceNotFoundException", "The practice organisation has no such operation"),
    }
}

/// The function's name, if the caller may do this with it and it is there.
fn known(
    call: &mut Call<'_>,
    holdings: &Holdings,
    action: &'static str,
    function: &str,
) -> Result<&'static str, Refused> {
    let name = function.rsplit_once(":function:").map_or(function, |(_, name)| name);
    let name = name.split(':').next().unwrap_or_default();
    let arn = call.arn("lambda", &format!("function:{name}"));
    call.allow(action, &arn, &[])?;
    match holdings.functions.iter().find(|one| **one == name) {
        Some(name) => Ok(name),
        None => refuse(404, "ResourceNotFoundException", format!("Function not found: {arn}")),
    }
}

fn described(call: &Call<'_>, name: &str) -> Value {
    json!({ "FunctionName": name, "FunctionArn": call.arn("lambda", &format!("function:{name}")), "Runtime": "provided.al2023" })
}

fn answer(status: StatusCode, output: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], output.to_string()).into_response()
}
