//! The loopback server: credentials for SDKs by ticket, the console by nonce.
//!
//! 127.0.0.1 only, one listener while any lease lives. Every request is judged anew: method, Host, path,
//! token in constant time, the peer's user, and the lease. Every refusal has the same body.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use daypass_aws::{console, door, random};
use daypass_domain::{
    audit::Program,
    event::Event,
    failure::{Code, Failure},
};
use daypass_vault::credentials::Credentials;
use daypass_wire::folder::uid;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
};
use tokio::{task::JoinHandle, time::timeout};

use crate::{actor::Need, effects::Effects, nonce::Nonces, program, secrets::container_json};

/// How long a program waits at most while credentials are issued anew.
const ANSWERS_WITHIN: Duration = Duration::from_millis(1500);

/// How long a program waits at most until it is known for the record who it is.
const FOUND_WITHIN: Duration = Duration::from_millis(100);

/// What every refusal says, whatever its reason.
const REFUSAL: &str = r#"{"code":"Refused","message":"Daypass does not serve this request"}"#;

/// The listener. Dropping it closes the port and every connection.
pub struct Endpoint {
    port: u16,
    listener: JoinHandle<()>,
    /// Whether its end is already arranged.
    pub is_closing: AtomicBool,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// What a request is answered from.
struct Desk {
    effects: Arc<Effects>,
    nonces: Arc<Nonces>,
    port: u16,
}

impl Endpoint {
    /// Binds a free port of 127.0.0.1 and serves.
    pub async fn open(effects: Arc<Effects>, nonces: Arc<Nonces>) -> Option<Self> {
        let (listener, port) = door::bind().await.ok()?;
        let desk = Arc::new(Desk { effects, nonces, port });
        let listener = tokio::spawn(door::serve(listener, uid(), move |request| {
            let desk = Arc::clone(&desk);
            async move { desk.answer(request).await }
        }));
        Some(Self { port, listener, is_closing: AtomicBool::new(false) })
    }

    /// Closes the port, and returns once it is closed.
    pub async fn close(mut self) {
        self.listener.abort();
        (&mut self.listener).await.ok();
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if !door::is_plain_get(&request, self.port) {
            return refusal(StatusCode::BAD_REQUEST);
        }
        match request.uri().path().strip_prefix("/console/") {
            Some(nonce) => self.console(nonce).await,
            None => self.credentials(&request).await,
        }
    }

    async fn credentials(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if door::is_from_page(request) || request.uri().query().is_some() {
            return refusal(StatusCode::FORBIDDEN);
        }
        let path = request.uri().path().strip_prefix('/').unwrap_or_default();
        let secrets = &self.effects.secrets;
        let Some(session) = secrets.ticket_at(path) else { return refusal(StatusCode::NOT_FOUND) };
        let mut given = request.headers().get_all(header::AUTHORIZATION).iter();
        let token = given.next().and_then(|v| v.to_str().ok()).unwrap_or_default();
        let is_right = secrets.tickets.lend(&session).is_some_and(|t| random::is_same(&t.token, token));
        if !is_right || given.next().is_some() {
            return refusal(StatusCode::UNAUTHORIZED);
        }
        // While the connection is open, there is somebody to be found at its other end.
        let peer = request.extensions().get::<door::Peer>().copied();
        let program = tokio::task::spawn_blocking(move || program::at(peer?));
        // SDKs wait 2 s for an answer: where AWS takes longer, they get what there is and ask again.
        let fresh = timeout(ANSWERS_WITHIN, self.effects.served(session.as_str(), Need::Fresh));
        let served = match fresh.await {
            Ok(served) => served,
            Err(_) => self.effects.served(session.as_str(), Need::Held).await,
        };
        let Ok(served) = served else { return refusal(StatusCode::NOT_FOUND) };
        let Some(credentials) = secrets.credentials.lend(&session) else {
            return refusal(StatusCode::NOT_FOUND);
        };
        let program = timeout(FOUND_WITHIN, program).await.ok().and_then(Result::ok).flatten();
        let program = program.unwrap_or_else(Program::unknown);
        self.effects.tell(Event::Served { session, program }).await;
        respond(StatusCode::OK, "application/json", Bytes::from(container_json(&credentials, served.until)))
    }

    async fn console(&self, nonce: &str) -> Response<Full<Bytes>> {
        let now = self.effects.clock.now();
        let Some(session) = self.nonces.spend(nonce, now) else {
            return page(StatusCode::GONE, &Code::SessionNotLive.into());
        };
        let opened = async {
            let served = self.effects.served(session.as_str(), Need::Lasting).await?;
            let Effects { aws, secrets, .. } = &*self.effects;
            let (sso, region) = (&served.sso, &served.region);
            // Given up at once when the lease ends meanwhile.
            let url = if let Some(issue) = &served.lasting {
                let sign_in = async {
                    let (credentials, _) = self.effects.lasting(&session, issue).await?;
                    console::sign_in_url(aws, sso, region, &credentials, None).await
                };
                secrets.while_live(&session, sign_in).await
            } else {
                let left = served.now.wall.until(served.until);
                let sign_in = |credentials: Arc<Credentials>| async move {
                    console::sign_in_url(aws, sso, region, &credentials, Some(left)).await
                };
                secrets.while_held(&session, sign_in).await
            };
            let url = url.ok_or(Code::SessionNotLive)??;
            // It leaves no sooner than its record is on the disk, and only if the lease still lives then.
            self.effects.recorded(session.as_str()).await.map(|()| url)
        };
        let url = match opened.await {
            Ok(url) => url,
            Err(code) => return page(StatusCode::BAD_GATEWAY, &code.into()),
        };
        let Ok(location) = url.with(HeaderValue::from_bytes) else {
            return page(StatusCode::BAD_GATEWAY, &Code::ConsoleRefused.into());
        };
        let mut response = respond(StatusCode::SEE_OTHER, "text/plain", Bytes::new());
        response.headers_mut().insert(header::LOCATION, location);
        response
    }
}

fn refusal(status: StatusCode) -> Response<Full<Bytes>> {
    respond(status, "application/json", Bytes::from_static(REFUSAL.as_bytes()))
}

/// A page of our own fixed sentences.
fn page(status: StatusCode, failure: &Failure) -> Response<Full<Bytes>> {
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Daypass</title>\
         <style>:root{{color-scheme:light dark}}body{{font:15px/1.5 system-ui,sans-serif;max-width:28em;margin:20vh auto;padding:0 1em}}</style>\
         <h1>The console was not opened</h1><p>Daypass: {}. {}</p></html>",
        failure.fact, failure.advice
    );
    respond(status, "text/html; charset=utf-8", Bytes::from(text))
}

fn respond(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
