//! Server: which path leads where, and what every request and answer has in common.

use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::watch;

use crate::failure::{Failure, bare_status, captive_page, truncate};
use crate::listener::{Loopback, Scissors};
use crate::state::{App, Request as Logged};
use crate::{authorize, console, device, federation, oidc, page, portal, random, sts};

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
        .layer(from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

/// Logs the request, waits out the latency, fails if a test asked for it, and sets the headers all answers have.
async fn observe(
    State(app): State<App>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let (number, latency, failure) = {
        let mut state = app.lock();
        let failure = state.failures.take(path, request.uri().query().unwrap_or_default());
        state.requests.push(Logged {
            method: request.method().to_string(),
            path: masked(path),
            action: None,
            status: None,
        });
        (state.requests.len() - 1, state.options.latency, failure)
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let mut response = match failure {
        None => next.run(request).await,
        Some(Failure::Status(code)) => bare_status(code),
        Some(Failure::Html200) => captive_page(),
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
    };
    {
        let mut state = app.lock();
        let logged = &mut state.requests[number];
        logged.action = response.extensions().get::<Action>().map(|action| action.0);
        let is_cut = matches!(failure, Some(Failure::Hang | Failure::Reset));
        logged.status = Some(if is_cut { 0 } else { response.status().as_u16() });
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(id) = HeaderValue::from_str(&random::request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// The path without what could be a secret in it.
fn masked(path: &str) -> String {
    match path.strip_prefix("/console/") {
        Some(_) => "/console/…".to_owned(),
        None => path.to_owned(),
    }
}
