//! Calls: of the few services of AWS that are served here, each signed and decided by the caller's policies.
//!
//! A request is told by the service in its signature, before its path means anything: a bucket may be called
//! `console`.

mod dynamodb;
mod iam;
mod json;
mod lambda;
mod logs;
mod s3;
mod s3_listing;
mod secretsmanager;
mod ssm;

use std::borrow::Cow;

use axum::body::{Body, to_bytes};
use axum::extract::{Request as Incoming, State as Extract};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use time::format_description::well_known::Rfc3339;

use crate::caller::{Caller, authenticate};
use crate::holdings::Holdings;
use crate::iam::{Context, Request, decide};
use crate::organisation::Account;
use crate::partition::Partition;
use crate::roles::AssumableRole;
use crate::server::Action;
use crate::sigv4::{self, Received};
use crate::state::{App, Shared, State};
use crate::sts;

/// More than anybody needs to put here.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// Why a service doesn't do what it was asked.
#[derive(Debug)]
struct Refused {
    status: u16,
    code: &'static str,
    message: Cow<'static, str>,
}

fn refuse<T>(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> Result<T, Refused> {
    Err(Refused { status, code, message: message.into() })
}

/// One call of somebody who signed it.
struct Call<'a> {
    caller: &'a Caller,
    partition: Partition,
    accounts: &'a [Account],
    roles: &'a [AssumableRole],
    context: Context,
    now: time::OffsetDateTime,
    /// What was asked for, as policies name it.
    action: Option<&'static str>,
}

impl Call<'_> {
    /// Lets the call go on, if the caller's policies allow this with these condition keys besides the usual ones.
    fn allow(&mut self, action: &'static str, resource: &str, keys: &[(&str, &str)]) -> Result<(), Refused> {
        self.action = Some(action);
        let context =
            keys.iter().fold(self.context.clone(), |context, (key, value)| context.with(key, *value));
        let session = &self.caller.session;
        let request = Request { action, resource, context: &context };
        decide(&session.policies, session.session_policies.as_deref(), &request).map_err(|denied| {
            let (who, because) = (session.arn(self.partition), denied.because(action));
            // S3 puts the resource between quotes, the others don't.
            let quote = if action.starts_with("s3:") { "\"" } else { "" };
            let message = format!(
                "User: {who} is not authorized to perform: {action} on resource: {quote}{resource}{quote} {because}"
            );
            Refused { status: 403, code: "AccessDenied", message: message.into() }
        })
    }

    /// The ARN of something of the caller's account in the Region of the call.
    fn arn(&self, service: &str, rest: &str) -> String {
        let (partition, account) = (self.partition.arn_name(), &self.caller.session.account_id);
        format!("arn:{partition}:{service}:{}:{account}:{rest}", self.caller.region)
    }
}

/// The condition keys of any request: the caller's, and where and when it is made.
pub(crate) fn caller_context(app: &Shared, state: &State, caller: &Caller) -> Context {
    let now = app.clock.now();
    let second = now.replace_nanosecond(0).unwrap_or(now);
    let is_secure = app.base_url.starts_with("https:");
    caller
        .session
        .context(app.partition)
        .with("aws:RequestedRegion", &caller.region)
        .with("aws:SourceIp", state.source_ip.to_string())
        .with("aws:CurrentTime", second.format(&Rfc3339).unwrap_or_default())
        .with("aws:EpochTime", now.unix_timestamp().to_string())
        .with("aws:SecureTransport", is_secure.to_string())
        .with("aws:ResourceAccount", &caller.session.account_id)
}

/// Serves what is signed for a service other than STS; everything else goes its way.
pub(crate) async fn serve_signed(Extract(app): Extract<App>, incoming: Incoming, next: Next) -> Response {
    let service = sigv4::service_of(incoming.headers()).filter(|service| *service != "sts");
    let Some(service) = service.map(str::to_owned) else { return next.run(incoming).await };
    let (parts, body) = incoming.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, Body::empty()).into_response();
    };
    let received = Received {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
    };
    let caller = match authenticate(&app, &received, &service) {
        Ok(caller) => caller,
        Err(why) if service == "s3" => return s3::unauthenticated(&received, &why),
        Err(why) if json::is_spoken_by(&received, &service) => return json::unauthenticated(&why),
        Err(why) => {
            let (status, code) = sts::unauthenticated(&why);
            return sts::error(status, code, why.message());
        }
    };
    let mut state = app.lock();
    let now = app.clock.now();
    let context = caller_context(&app, &state, &caller);
    let State { accounts, roles, holdings, .. } = &mut *state;
    let account_id = caller.session.account_id.clone();
    let holdings = holdings.entry(account_id).or_insert_with_key(|id| Holdings::of(id, now));
    let partition = app.partition;
    let mut call = Call { caller: &caller, partition, accounts, roles, context, now, action: None };
    let mut response = match service.as_str() {
        "s3" => s3::serve(&mut call, holdings, &received),
        "iam" => iam::serve(&mut call, &received),
        "lambda" => lambda::serve(&mut call, holdings, &received),
        "dynamodb" => json::serve(&mut call, holdings, &received, dynamodb::perform),
        "logs" => json::serve(&mut call, holdings, &received, logs::perform),
        "secretsmanager" => json::serve(&mut call, holdings, &received, secretsmanager::perform),
        "ssm" => json::serve(&mut call, holdings, &received, ssm::perform),
        other => not_served(&received, other),
    };
    if let Some(action) = call.action {
        response.extensions_mut().insert(Action(action));
    }
    response
}

/// What is true, in a form that clients of most services can read.
fn not_served(received: &Received<'_>, service: &str) -> Response {
    let message = format!(
        "The practice organisation doesn't serve {service}. It serves dynamodb, iam, lambda, logs, s3, secretsmanager, ssm and sts."
    );
    if json::is_spoken_by(received, service) {
        let refused = Refused { status: 400, code: "UnknownOperationException", message: message.into() };
        return json::error(&refused);
    }
    sts::error(StatusCode::BAD_REQUEST, "InvalidAction", &message)
}
