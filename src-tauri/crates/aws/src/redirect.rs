//! The loopback address the browser comes back to after a sign-in (RFC 8252, PKCE).
//!
//! It serves before the browser opens. A request that is not exactly the right one is answered 400 and
//! forgotten: it neither ends the wait nor spends the shot. Nothing of a request is ever reflected.

use std::{convert::Infallible, net::Ipv4Addr, sync::Arc, time::Duration};

use daypass_domain::failure::Code;
use daypass_vault::secret::Secret;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, body::Bytes, header, server::conn::http1, service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
    time::timeout,
};
use zeroize::Zeroize;

use crate::random;

/// What is registered: without a port, which is free at authorization.
pub const REGISTERED: &str = "http://127.0.0.1/oauth/callback";
const PATH: &str = "/oauth/callback";

const DONE: &str = include_str!("redirect.html");

/// The listener, bound.
pub struct Redirect {
    listener: TcpListener,
    port: u16,
    state: Arc<Secret>,
}

/// What the right request brought: the authorization code, or that it was refused.
type Outcome = Result<Secret, Code>;

impl Redirect {
    /// Binds a free port on 127.0.0.1 and makes the `state` that the right request carries.
    ///
    /// # Errors
    /// No port or no memory.
    pub async fn bind() -> Result<Self, Code> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|_| Code::Internal)?;
        let port = listener.local_addr().map_err(|_| Code::Internal)?.port();
        let state = Arc::new(random::secret(256).map_err(|_| Code::NoMemory)?);
        Ok(Self { listener, port, state })
    }

    /// The address as it is at authorization and at CreateToken.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    #[must_use]
    pub fn state(&self) -> &Secret {
        &self.state
    }

    /// Serves until the right request comes. Dropping the future closes the port.
    ///
    /// # Errors
    /// `SignInRefused` where the person said no, `SignInTimedOut` after 10 minutes.
    pub async fn wait(self) -> Outcome {
        timeout(Duration::from_secs(600), self.serve()).await.unwrap_or(Err(Code::SignInTimedOut))
    }

    async fn serve(self) -> Outcome {
        let (sender, mut outcome) = mpsc::channel::<Outcome>(1);
        let places = Arc::new(Semaphore::new(64));
        loop {
            let accepted = tokio::select! {
                biased;
                Some(outcome) = outcome.recv() => return outcome,
                accepted = self.listener.accept() => accepted,
            };
            let (Ok((stream, _)), Ok(place)) = (accepted, Arc::clone(&places).try_acquire_owned()) else {
                continue;
            };
            let (sender, state, port) = (sender.clone(), Arc::clone(&self.state), self.port);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let response = answer(&request, port, &state, &sender);
                    async move { Ok::<_, Infallible>(response) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(Duration::from_secs(5))
                    .keep_alive(false)
                    .max_buf_size(16 * 1024)
                    .serve_connection(TokioIo::new(stream), service);
                timeout(Duration::from_secs(10), connection).await.ok();
                drop(place);
            });
        }
    }
}

fn answer<B>(
    request: &Request<B>,
    port: u16,
    state: &Secret,
    sender: &mpsc::Sender<Outcome>,
) -> Response<Full<Bytes>> {
    // Only the first right request counts: the channel has one place.
    if read(request, port, state).is_some_and(|outcome| sender.try_send(outcome).is_ok()) {
        page(StatusCode::OK, DONE)
    } else {
        page(StatusCode::BAD_REQUEST, "This is not the request Daypass waits for.")
    }
}

/// The outcome, if this is the right request: method, path, Host, `state`, and only then `error` or `code`.
fn read<B>(request: &Request<B>, port: u16, state: &Secret) -> Option<Outcome> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host_is_ours = hosts.next().is_some_and(|h| h.as_bytes() == format!("127.0.0.1:{port}").as_bytes());
    if request.method() != Method::GET
        || request.uri().path() != PATH
        || !host_is_ours
        || hosts.next().is_some()
    {
        return None;
    }
    let query = request.uri().query()?;
    let parameter = |name: &str| {
        let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| value.into_owned());
        // Said twice is not said.
        first.filter(|_| found.next().is_none())
    };
    if !random::is_same(state, &parameter("state")?) {
        return None;
    }
    if parameter("error").is_some() {
        return Some(Err(Code::SignInRefused));
    }
    let mut code = parameter("code").filter(|c| !c.is_empty())?;
    let kept = Secret::copy_of(code.as_bytes()).map_err(|_| Code::NoMemory);
    code.zeroize();
    Some(kept)
}

fn page(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    async fn send(port: u16, request: String) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok();
        answer
    }

    fn get(port: u16, target: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
    }

    #[tokio::test]
    async fn the_right_request_wins_after_any_number_of_wrong_ones() {
        let redirect = Redirect::bind().await.unwrap();
        let port = redirect.port;
        let state = redirect.state().with_str(str::to_owned);
        let wait = tokio::spawn(redirect.wait());
        let wrong = [
            get(port, "/"),
            get(port, "/oauth/callback"),
            get(port, "/oauth/callback?code=evil"),
            get(port, "/oauth/callback?code=evil&state=wrong"),
            get(port, "/oauth/callback?error=access_denied"),
            get(port, "/oauth/callback?error=access_denied&state=wrong"),
            get(port, &format!("/oauth/callback?state={state}")),
            get(port, &format!("/oauth/callback?state={state}&code=")),
            get(port, &format!("/oauth/callback?state={state}&state={state}&code=evil")),
            get(port, &format!("/oauth/callback?state={state}&code=evil&code=evil2")),
            get(port, &format!("/oauth/callback/?state={state}&code=evil")),
            get(port, &format!("/oauth/callback?state={state}&code=evil")).replace("GET", "POST"),
            get(port, &format!("/oauth/callback?state={state}&code=evil"))
                .replace("127.0.0.1", "evil.example"),
            get(port, &format!("/oauth/callback?state={state}&code=evil"))
                .replace("\r\n\r\n", "\r\nHost: x\r\n\r\n"),
            format!("GET /oauth/callback?state={state}&code=evil HTTP/1.0\r\n\r\n"),
            "\u{0}\u{1}garbage\r\n\r\n".to_owned(),
        ];
        for request in wrong {
            let answer = send(port, request.clone()).await;
            assert!(!answer.contains(" 200 "), "{request}");
            assert!(!answer.contains("evil"), "nothing is reflected");
        }
        let answer = send(port, get(port, &format!("/oauth/callback?code=right&state={state}"))).await;
        assert!(answer.contains(" 200 ") && answer.contains("no-store"));
        assert!(wait.await.unwrap().is_ok_and(|code| code.with_str(|c| c == "right")));
    }

    #[tokio::test]
    async fn half_a_request_does_not_hold_up_the_right_one() {
        let redirect = Redirect::bind().await.unwrap();
        let port = redirect.port;
        let state = redirect.state().with_str(str::to_owned);
        let wait = tokio::spawn(redirect.wait());
        let mut half = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        half.write_all(b"GET /oauth").await.unwrap();
        send(port, get(port, &format!("/oauth/callback?error=access_denied&state={state}"))).await;
        assert!(matches!(wait.await.unwrap(), Err(Code::SignInRefused)));
    }
}
