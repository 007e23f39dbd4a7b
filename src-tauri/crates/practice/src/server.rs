//! Server: which path leads where, and what every request and answer has in common.

use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CACHE_CONTROL, DATE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use time::macros::format_description;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::listener::{Loopback, Scissors};
use crate::page::Parameters;
use crate::refusal::{
    Service, bare_status, by_oidc, by_service, captive_page, captive_redirect, echo, truncate,
};
use crate::state::{App, Request as Logged, State as Remembered};
use crate::{authorize, calls, console, device, federation, hostile, oidc, page, portal, random, sts};

/// The action a handler recognised, handed to the request log through the response.
#[derive(Clone, Copy)]
pub(crate) struct Action(pub(crate) &'static str);

/// Serves until `stopping` turns true.
///
/// # Errors
/// When the listening socket fails.
pub(crate) async fn serve(
    listener: Loopback,
    app: App,
    mut stopping: watch::Receiver<bool>,
) -> io::Result<()> {
    let service = router(app).into_make_service_with_connect_info::<Scissors>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            // An error means that the handle is gone, which is a reason to stop as well.
            let _ = stopping.wait_for(|stop| *stop).await;
        })
        .await
}

fn router(app: App) -> Router {
    Router::new()
        .route("/", get(sts::query_from_url).post(sts::query_from_body))
        .route("/client/register", post(oidc::register_client))
        .route("/token", post(oidc::create_token))
        .route("/authorize", get(authorize::ask).post(authorize::answer))
        .route("/device_authorization", post(device::start))
        .route("/device", get(device::ask).post(device::answer))
        .route("/assignment/accounts", get(portal::list_accounts))
        .route("/assignment/roles", get(portal::list_account_roles))
        .route("/federation/credentials", get(portal::role_credentials))
        .route("/logout", post(portal::logout))
        .route("/federation", get(federation::from_url).post(federation::from_body))
        .route("/console", get(console::signed_out))
        .route("/console/{*rest}", get(console::show))
        .route("/start", get(page::start))
        .fallback(page::not_found)
        .layer(from_fn_with_state(app.clone(), calls::serve_signed))
        .layer(from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

/// Logs the request, waits out the latency, fails where that was asked for, and sets the headers all answers have.
async fn observe(
    State(app): State<App>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let (number, latency, retry_after, has_hostile_texts, failure) = {
        let mut state = app.lock();
        let failure = fate(&app, &mut state, &path, request.uri().query().unwrap_or_default());
        state.requests.push(Logged {
            method: request.method().to_string(),
            path: masked(&path),
            action: None,
            status: None,
        });
        if state.options.refuse_after.is_some_and(|most| state.requests.len() >= most) {
            app.door.want_shut(true);
        }
        let options = &state.options;
        let retry_after = options.retry_after.map(|wait| wait.as_secs());
        (state.requests.len() - 1, options.latency, retry_after, options.has_hostile_texts, failure)
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let mut response = match failure {
        None => next.run(request).await,
        Some(Failure::Status(code)) => bare_status(code),
        Some(Failure::Aws(code)) => by_service(&path, code, retry_after),
        Some(Failure::Echo(code)) => echo(code, request).await,
        Some(Failure::Oidc(failure)) => by_oidc(failure),
        Some(Failure::Html200) => captive_page(),
        Some(Failure::Redirect302) => captive_redirect(),
        Some(Failure::Empty200) => Body::empty().into_response(),
        Some(Failure::TruncatedJson) => truncate(next.run(request).await).await,
        Some(Failure::Hang) => {
            let _ = app.stopping.clone().wait_for(|stop| *stop).await;
            scissors.cut();
            Body::empty().into_response()
        }
        Some(Failure::Reset) => {
            scissors.cut();
            Body::empty().into_response()
        }
        Some(Failure::ResetMidway) => {
            let response = next.run(request).await;
            scissors.cut_midway();
            response
        }
    };
    {
        let mut state = app.lock();
        let logged = &mut state.requests[number];
        logged.action = response.extensions().get::<Action>().map(|action| action.0);
        let is_cut = matches!(failure, Some(Failure::Hang | Failure::Reset | Failure::ResetMidway));
        logged.status = Some(if is_cut { 0 } else { response.status().as_u16() });
    }
    if has_hostile_texts {
        response = hostile::reword(response).await;
    }
    mark(&app, &mut response);
    response
}

/// How this request fails, if it does: because the port is shut, as planned, or by chance.
fn fate(app: &App, state: &mut Remembered, path: &str, query: &str) -> Option<Failure> {
    if app.door.is_wanted_shut() {
        // A connection from before: it ends at its next use.
        return Some(Failure::Reset);
    }
    let planned = state.failures.take(path, query);
    if planned.is_some() || Service::of(path).is_none() {
        return planned;
    }
    let parameters = Parameters::parse(query.as_bytes());
    let account_id = parameters.one("account_id").unwrap_or_default();
    let (seed, rates) = (state.options.seed, state.options.rates);
    state.chance.draw(seed, rates, path, account_id).map(Failure::Aws)
}

/// The headers all answers have, the time by our clock among them.
fn mark(app: &App, response: &mut Response) {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = app.clock.now().format(&format).unwrap_or_default();
    let id = random::request_id();
    let all = [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (DATE, &date),
        (HeaderName::from_static("x-amzn-requestid"), &id),
    ];
    for (name, value) in all {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// The path without what could be a secret in it.
fn masked(path: &str) -> String {
    match path.strip_prefix("/console/") {
        Some(_) => "/console/…".to_owned(),
        None => path.to_owned(),
    }
}
