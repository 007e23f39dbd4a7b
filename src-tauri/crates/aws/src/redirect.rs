//! The loopback address the browser comes back to after a sign-in (RFC 8252, PKCE).
//!
//! It serves before the browser opens. A request that is not exactly the right one is answered 400 and
//! forgotten: it neither ends the wait nor spends the shot. Nothing of a request is ever reflected.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use daypass_domain::failure::Code;
use daypass_vault::secret::Secret;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Bytes},
    header::{self, HeaderValue},
};
use tokio::{
    net::TcpListener,
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};
use zeroize::Zeroize;

use crate::{door, random};

/// What is registered: without a port, which is free at authorization.
pub const REGISTERED: &str = "http://127.0.0.1/oauth/callback";
const PATH: &str = "/oauth/callback";
const START: &str = "/sign-in/";
/// How many addresses that were not opened are remembered.
const MOST_STARTS: usize = 8;

const DONE: &str = include_str!("redirect.html");
const NOT_THIS: &str = "This is not the request Daypass waits for.";
const SPENT: &str = "This address has been used. Ask Daypass to open the browser again.";

/// The listener, bound.
pub struct Redirect {
    listener: TcpListener,
    gate: Arc<Gate>,
}

/// What requests are judged by.
pub struct Gate {
    port: u16,
    state: Secret,
    /// Where the sign-in leads, once that is known.
    authorize: OnceLock<Secret>,
    /// Addresses given out and not opened yet.
    starts: Mutex<Vec<Secret>>,
}

/// What the right request brought: the authorization code, or that it was refused.
type Outcome = Result<Secret, Code>;

impl Gate {
    /// A one-shot address that leads to the sign-in: `state` and challenge stand in nobody's argv.
    ///
    /// # Errors
    /// No memory.
    pub fn new_start(&self) -> Result<String, Code> {
        let start = random::secret(256).map_err(|_| Code::NoMemory)?;
        let url = start.with_str(|start| format!("http://127.0.0.1:{}{START}{start}", self.port));
        let mut starts = self.starts();
        if starts.len() >= MOST_STARTS {
            starts.remove(0);
        }
        starts.push(start);
        Ok(url)
    }

    fn spend(&self, start: &str) -> bool {
        let mut starts = self.starts();
        let found = starts.iter().position(|s| random::is_same(s, start));
        found.map(|i| starts.remove(i)).is_some()
    }

    fn starts(&self) -> MutexGuard<'_, Vec<Secret>> {
        self.starts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Redirect {
    /// Binds a free port on 127.0.0.1 and makes the `state` that the right request carries.
    ///
    /// # Errors
    /// No port or no memory.
    pub async fn bind() -> Result<Self, Code> {
        let (listener, port) = door::bind().await.map_err(|_| Code::Internal)?;
        let state = random::secret(256).map_err(|_| Code::NoMemory)?;
        let gate = Gate { port, state, authorize: OnceLock::new(), starts: Mutex::default() };
        Ok(Self { listener, gate: Arc::new(gate) })
    }

    #[must_use]
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// The address as it is at authorization and at CreateToken.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.gate.port)
    }

    #[must_use]
    pub fn state(&self) -> &Secret {
        &self.gate.state
    }

    /// Serves processes of `uid` until the right request comes; whoever opens a start is led to `authorize`.
    /// Dropping the future closes the port.
    ///
    /// # Errors
    /// `SignInRefused` where the person said no, `SignInTimedOut` after 10 minutes.
    pub async fn wait(self, uid: u32, authorize: Secret) -> Outcome {
        self.gate.authorize.set(authorize).ok();
        let (sender, mut outcome) = mpsc::channel::<Outcome>(1);
        let gate = self.gate;
        let serving = Serving(tokio::spawn(door::serve(self.listener, uid, move |request| {
            let response = answer(&request, &gate, &sender);
            async move { response }
        })));
        let outcome = timeout(Duration::from_secs(600), outcome.recv()).await;
        // The browser still gets its page.
        tokio::spawn(async move {
            sleep(Duration::from_secs(1)).await;
            drop(serving);
        });
        outcome.map_or(Err(Code::SignInTimedOut), |outcome| outcome.unwrap_or(Err(Code::Internal)))
    }
}

/// The server, which ends when this is dropped.
struct Serving(JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn answer<B: Body>(
    request: &Request<B>,
    gate: &Gate,
    sender: &mpsc::Sender<Outcome>,
) -> Response<Full<Bytes>> {
    if !door::is_plain_get(request, gate.port) {
        return page(StatusCode::BAD_REQUEST, NOT_THIS);
    }
    if let Some(start) = request.uri().path().strip_prefix(START) {
        let authorize = gate.authorize.get().and_then(|url| url.with(HeaderValue::from_bytes).ok());
        return match authorize {
            Some(authorize) if gate.spend(start) => {
                let mut response = page(StatusCode::SEE_OTHER, "");
                response.headers_mut().insert(header::LOCATION, authorize);
                response
            }
            _ => page(StatusCode::GONE, SPENT),
        };
    }
    // Only the first right request counts: the channel has one place.
    if read(request, &gate.state).is_some_and(|outcome| sender.try_send(outcome).is_ok()) {
        page(StatusCode::OK, DONE)
    } else {
        page(StatusCode::BAD_REQUEST, NOT_THIS)
    }
}

/// The outcome, if this is the right request: path, `state`, and only then `error` or `code`.
fn read<B>(request: &Request<B>, state: &Secret) -> Option<Outcome> {
    if request.uri().path() != PATH {
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
    use std::{net::Ipv4Addr, os::unix::fs::MetadataExt};

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

    fn uid() -> u32 {
        std::fs::metadata("/proc/self").unwrap().uid()
    }

    fn get(port: u16, target: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
    }

    #[tokio::test]
    async fn the_right_request_wins_after_any_number_of_wrong_ones() {
        let redirect = Redirect::bind().await.unwrap();
        let port = redirect.gate.port;
        let state = redirect.state().with_str(str::to_owned);
        let wait =
            tokio::spawn(redirect.wait(uid(), Secret::copy_of(b"https://idp.example/authorize").unwrap()));
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
        let port = redirect.gate.port;
        let state = redirect.state().with_str(str::to_owned);
        let wait =
            tokio::spawn(redirect.wait(uid(), Secret::copy_of(b"https://idp.example/authorize").unwrap()));
        let mut half = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        half.write_all(b"GET /oauth").await.unwrap();
        send(port, get(port, &format!("/oauth/callback?error=access_denied&state={state}"))).await;
        assert!(matches!(wait.await.unwrap(), Err(Code::SignInRefused)));
    }

    #[tokio::test]
    async fn a_start_leads_to_the_sign_in_once() {
        let redirect = Redirect::bind().await.unwrap();
        let gate = redirect.gate();
        let target = Secret::copy_of(b"https://idp.example/authorize").unwrap();
        let _wait = tokio::spawn(redirect.wait(uid(), target));
        let start = gate.new_start().unwrap();
        let path = start.split_once(&gate.port.to_string()).unwrap().1.to_owned();
        let first = send(gate.port, get(gate.port, &path)).await;
        assert!(
            first.contains("303") && first.contains("location: https://idp.example/authorize"),
            "{first}"
        );
        assert!(send(gate.port, get(gate.port, &path)).await.contains("410"));
        assert!(send(gate.port, get(gate.port, "/sign-in/x")).await.contains("410"));
    }

    #[tokio::test]
    async fn another_user_is_cut_off_whatever_they_know() {
        let redirect = Redirect::bind().await.unwrap();
        let port = redirect.gate.port;
        let state = redirect.state().with_str(str::to_owned);
        let someone_else = uid() + 1;
        let wait = tokio::spawn(redirect.wait(someone_else, Secret::copy_of(b"x").unwrap()));
        let answer = send(port, get(port, &format!("/oauth/callback?code=right&state={state}"))).await;
        assert_eq!(answer, "");
        assert!(!wait.is_finished());
    }

    #[tokio::test]
    async fn hundreds_of_half_open_connections_do_not_keep_the_right_one_out() {
        let redirect = Redirect::bind().await.unwrap();
        let port = redirect.gate.port;
        let state = redirect.state().with_str(str::to_owned);
        let wait = tokio::spawn(redirect.wait(uid(), Secret::copy_of(b"x").unwrap()));
        let mut half_open = Vec::new();
        for _ in 0..300 {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
            half_open.push(stream);
        }
        send(port, get(port, &format!("/oauth/callback?code=right&state={state}"))).await;
        assert!(wait.await.unwrap().is_ok());
    }
}
