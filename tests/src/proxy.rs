//! A forward proxy as companies have it: CONNECT and absolute-form requests, a password if wanted, a record of who
//! was asked for.

use std::{
    collections::HashSet,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http_body_util::{BodyExt, Empty, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    client, header,
    header::HeaderValue,
    http::uri::Authority,
    server::conn::http1,
    service::service_fn,
    upgrade,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

type Body = BoxBody<Bytes, hyper::Error>;

/// A running proxy on 127.0.0.1. It stops when this is dropped.
pub struct Proxy {
    port: u16,
    office: Arc<Office>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Office {
    /// The `Proxy-Authorization` that is asked for.
    pass: Option<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    refusal: Option<StatusCode>,
    /// Names that no resolver knows, and that lead to this machine.
    ours: HashSet<String>,
    asked: Vec<Asked>,
}

/// One request for a connection or a page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    pub method: String,
    /// Host and port, as asked for.
    pub host: String,
    pub status: u16,
}

impl Proxy {
    /// A proxy for everybody.
    pub async fn start() -> Self {
        Self::serve(None).await
    }

    /// A proxy that answers 407 to who doesn't know the name and password (Basic).
    pub async fn with_password(user: &str, password: &str) -> Self {
        Self::serve(Some(format!("Basic {}", base64(format!("{user}:{password}").as_bytes())))).await
    }

    async fn serve(pass: Option<String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let office = Arc::new(Office { pass, ..Office::default() });
        let serving = tokio::spawn(serve(listener, Arc::clone(&office)));
        Self { port, office, serving }
    }

    /// For `HTTP_PROXY` and `HTTPS_PROXY`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The same with a name and password in it.
    #[must_use]
    pub fn url_with(&self, user: &str, password: &str) -> String {
        format!("http://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// Every request from now on is answered with this status.
    pub fn refuse(&self, status: u16) {
        self.office.state().refusal = Some(StatusCode::from_u16(status).expect("a status"));
    }

    /// Leads `host` to 127.0.0.1, to the port that is asked for.
    pub fn lead(&self, host: &str) {
        self.office.state().ours.insert(host.to_owned());
    }

    /// What was asked for so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.office.state().asked.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Office {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a request goes no further, if it doesn't.
    fn refusal(&self, request: &Request<Incoming>) -> Option<StatusCode> {
        let shown = request.headers().get(header::PROXY_AUTHORIZATION).map(HeaderValue::as_bytes);
        let is_let_in = self.pass.is_none() || shown == self.pass.as_deref().map(str::as_bytes);
        if is_let_in { self.state().refusal } else { Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED) }
    }

    async fn connect(&self, host: &Authority) -> io::Result<TcpStream> {
        let is_ours = self.state().ours.contains(host.host());
        let name = if is_ours { "127.0.0.1" } else { host.host() };
        TcpStream::connect((name, host.port_u16().unwrap_or(80))).await
    }
}

async fn serve(listener: TcpListener, office: Arc<Office>) {
    while let Ok((stream, _)) = listener.accept().await {
        let office = Arc::clone(&office);
        let service = service_fn(move |request| {
            let office = Arc::clone(&office);
            async move { Ok::<_, hyper::Error>(pass_on(&office, request).await) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection.with_upgrades());
    }
}

async fn pass_on(office: &Office, request: Request<Incoming>) -> Response<Body> {
    let (method, host) = (request.method().to_string(), request.uri().authority().cloned());
    let answer = match (office.refusal(&request), &host) {
        (Some(status), _) => refusal(status),
        // Somebody takes it for a web server.
        (None, None) => refusal(StatusCode::BAD_REQUEST),
        (None, Some(host)) => match office.connect(host).await {
            Err(_) => refusal(StatusCode::BAD_GATEWAY),
            Ok(stream) if request.method() == Method::CONNECT => tunnel(request, stream),
            Ok(stream) => forward(request, stream).await.unwrap_or_else(|_| refusal(StatusCode::BAD_GATEWAY)),
        },
    };
    let host = host.map(|host| host.to_string()).unwrap_or_default();
    office.state().asked.push(Asked { method, host, status: answer.status().as_u16() });
    answer
}

/// Bytes both ways from here on.
fn tunnel(request: Request<Incoming>, mut stream: TcpStream) -> Response<Body> {
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade::on(request).await {
            io::copy_bidirectional(&mut TokioIo::new(upgraded), &mut stream).await.ok();
        }
    });
    Response::new(nothing())
}

/// The request in origin form, without what was meant for us.
async fn forward(mut request: Request<Incoming>, stream: TcpStream) -> hyper::Result<Response<Body>> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    if let Ok(target) = target.parse::<Uri>() {
        *request.uri_mut() = target;
    }
    request.headers_mut().remove(header::PROXY_AUTHORIZATION);
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.map(BodyExt::boxed))
}

fn refusal(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(nothing());
    *answer.status_mut() = status;
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        let wanted = HeaderValue::from_static("Basic realm=\"Acme\"");
        answer.headers_mut().insert(header::PROXY_AUTHENTICATE, wanted);
    }
    answer
}

fn nothing() -> Body {
    Empty::new().map_err(|never| match never {}).boxed()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let joined =
            group.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
        for position in 0..4 {
            let is_there = position <= group.len();
            let letter = char::from(ALPHABET[joined >> (18 - 6 * position) & 63]);
            text.push(if is_there { letter } else { '=' });
        }
    }
    text
}
