//! The loopback server: credentials for SDKs by ticket, the console by nonce.
//!
//! 127.0.0.1 only, one listener while any lease lives. Every request is judged anew: method, Host, path,
//! token in constant time, the peer's user, and the lease. Every refusal has the same body.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use daypass_aws::{console, random};
use daypass_domain::failure::{Code, Failure};
use daypass_wire::folder::uid;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{AbortHandle, JoinHandle},
    time::timeout,
};

use crate::{
    actor::{Mail, Served},
    effects::Effects,
    guard,
    nonce::Nonces,
    secrets::container_json,
};

/// What every refusal says, whatever its reason.
const REFUSAL: &str = r#"{"code":"Refused","message":"Daypass does not serve this request"}"#;
const MOST_CONNECTIONS: usize = 256;
const HEADERS_WITHIN: Duration = Duration::from_secs(5);
const ALL_WITHIN: Duration = Duration::from_secs(10);
/// The smallest buffer hyper takes; longer headers are refused.
const MOST_HEADERS: usize = 8 * 1024;

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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?;
        let port = listener.local_addr().ok()?.port();
        let desk = Arc::new(Desk { effects, nonces, port });
        let listener = tokio::spawn(serve(listener, desk));
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

/// A connection: where to cut it, and whether a whole request has come.
struct Open {
    abort: AbortHandle,
    asked: Arc<AtomicBool>,
}

/// Cut with the listener.
#[derive(Default)]
struct Connections(VecDeque<Open>);

impl Drop for Connections {
    fn drop(&mut self) {
        self.0.iter().for_each(|c| c.abort.abort());
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let mut open = Connections::default();
    loop {
        let Ok((stream, peer)) = listener.accept().await else { continue };
        open.0.retain(|c| !c.abort.is_finished());
        if open.0.len() >= MOST_CONNECTIONS {
            // The oldest that has not even asked makes room; where all have asked, the newest waits its turn in vain.
            match open.0.iter().position(|c| !c.asked.load(Ordering::Relaxed)) {
                Some(oldest) => open.0.remove(oldest).map_or((), |c| c.abort.abort()),
                None => continue,
            }
        }
        let asked = Arc::new(AtomicBool::new(false));
        let task =
            tokio::spawn(timeout(ALL_WITHIN, converse(stream, peer, Arc::clone(&desk), Arc::clone(&asked))));
        open.0.push_back(Open { abort: task.abort_handle(), asked });
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, desk: Arc<Desk>, asked: Arc<AtomicBool>) {
    let Ok(ours) = stream.local_addr() else { return };
    let service = service_fn(|request| {
        asked.store(true, Ordering::Relaxed);
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.answer(request, peer, ours).await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .keep_alive(false)
        .max_buf_size(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await
        .ok();
}

impl Desk {
    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        ours: SocketAddr,
    ) -> Response<Full<Bytes>> {
        if !guard::is_plain_get(&request, self.port) {
            return refusal(StatusCode::BAD_REQUEST);
        }
        // Reads the kernel's table: a file of some hundred rows.
        if !tokio::task::spawn_blocking(move || guard::is_peer(uid(), peer, ours)).await.unwrap_or(false) {
            return refusal(StatusCode::FORBIDDEN);
        }
        match request.uri().path().strip_prefix("/console/") {
            Some(nonce) => self.console(nonce).await,
            None => self.credentials(&request).await,
        }
    }

    async fn credentials(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if guard::is_from_page(request) || request.uri().query().is_some() {
            return refusal(StatusCode::FORBIDDEN);
        }
        let path = request.uri().path().trim_start_matches('/');
        let secrets = &self.effects.secrets;
        let Some(session) = secrets.ticket_at(path) else { return refusal(StatusCode::NOT_FOUND) };
        let mut given = request.headers().get_all(header::AUTHORIZATION).iter();
        let token = given.next().and_then(|v| v.to_str().ok()).unwrap_or_default();
        let is_right = secrets.tickets.lend(&session).is_some_and(|t| random::is_same(&t.token, token));
        if !is_right || given.next().is_some() {
            return refusal(StatusCode::UNAUTHORIZED);
        }
        let Some(served) = self.served(session.as_str()).await else { return refusal(StatusCode::NOT_FOUND) };
        let Some(credentials) = secrets.credentials.lend(&session) else {
            return refusal(StatusCode::NOT_FOUND);
        };
        respond(StatusCode::OK, "application/json", Bytes::from(container_json(&credentials, served.until)))
    }

    async fn served(&self, session: &str) -> Option<Served> {
        let (sender, reply) = oneshot::channel();
        self.effects.mail.send(Mail::Serve(session.to_owned(), sender)).await.ok()?;
        reply.await.ok()?
    }

    async fn console(&self, nonce: &str) -> Response<Full<Bytes>> {
        let now = self.effects.clock.now();
        let Some(session) = self.nonces.spend(nonce, now) else {
            return page(StatusCode::GONE, &Code::SessionNotLive.into());
        };
        let opened = async {
            let served = self.served(session.as_str()).await.ok_or(Code::SessionNotLive)?;
            let credentials = self.effects.secrets.credentials.lend(&session).ok_or(Code::SessionNotLive)?;
            let left = served.now.wall.until(served.until);
            console::sign_in_url(&self.effects.aws, &served.sso, &served.region, &credentials, left).await
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
