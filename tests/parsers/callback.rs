//! The address the browser comes back to: whatever comes, the wait goes on, and the right request wins.

use daypass_aws::redirect::Redirect;
use daypass_domain::failure::Code;
use daypass_mutants::{check, of_bytes};
use daypass_vault::secret::Secret;
use daypass_wire::folder::uid;
use proptest::prelude::*;
use tokio::{runtime::Runtime, task::JoinHandle};
use url::Url;

use crate::{Head, panics, runtime, send};

struct Wait {
    port: u16,
    state: String,
    outcome: JoinHandle<Result<Secret, Code>>,
}

impl Wait {
    fn begin(runtime: &Runtime) -> Self {
        let redirect = runtime.block_on(Redirect::bind()).unwrap();
        let port = Url::parse(&redirect.uri()).unwrap().port().unwrap();
        let state = redirect.state().with_str(str::to_owned);
        let authorize = Secret::copy_of(b"https://idp.example/authorize").unwrap();
        Self { port, state, outcome: runtime.spawn(redirect.wait(uid(), authorize)) }
    }

    fn request(&self, state: &str, code: &str) -> String {
        format!(
            "GET /oauth/callback?code={code}&state={state} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\
             User-Agent: Mozilla/5.0\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n\r\n",
            self.port
        )
    }

    /// The right request comes last, and wins.
    fn wins_at_last(self, runtime: &Runtime) -> bool {
        let last = runtime.block_on(send(self.port, self.request(&self.state, "right").as_bytes()));
        let code = runtime.block_on(self.outcome).unwrap();
        last.status == 200 && code.is_ok_and(|code| code.with_str(|c| c == "right"))
    }
}

const NOT_THIS: &str = "This is not the request Daypass waits for.";

#[test]
fn without_the_state_nothing_ends_the_wait_and_every_refusal_is_the_same() {
    let runtime = runtime();
    let wait = Wait::begin(&runtime);
    let guess = "0123456789abcdef".repeat(wait.state.len() / 16);
    let error = wait.request(&guess, "evil").replace("code=evil", "error=access_denied");
    let start = wait.request(&guess, "evil").replace("/oauth/callback?code=", "/sign-in/");
    let mutants = prop_oneof![
        2 => of_bytes(wait.request(&guess, "evil").as_bytes()),
        1 => of_bytes(error.as_bytes()),
        1 => of_bytes(start.as_bytes()),
    ];
    check(240, mutants, |request| {
        let said = runtime.block_on(send(wait.port, &request));
        prop_assert!(!wait.outcome.is_finished());
        match said.status {
            400 => prop_assert_eq!(said.body, NOT_THIS),
            410 => prop_assert!(said.body.starts_with("This address has been used."), "{}", said.body),
            status => prop_assert_eq!((status, said.body.as_str()), (0, ""), "closed without a word"),
        }
        Ok(())
    });
    assert!(wait.wins_at_last(&runtime));
    assert_eq!(panics(), 0);
}

#[test]
fn with_the_state_it_is_the_right_request_or_the_wait_goes_on() {
    let runtime = runtime();
    // The state is random; its place is not.
    let hole = "S".repeat(64);
    let template = Wait::begin(&runtime);
    let (port, text) = (format!(":{}\r", template.port), template.request(&hole, "right"));
    check(120, of_bytes(text.as_bytes()), |request| {
        let wait = Wait::begin(&runtime);
        let request = put(&request, hole.as_bytes(), wait.state.as_bytes());
        let request = put(&request, port.as_bytes(), format!(":{}\r", wait.port).as_bytes());
        let said = runtime.block_on(send(wait.port, &request));
        if said.status != 200 {
            prop_assert!(said.status == 400 || said.body.is_empty(), "{}", said.status);
            prop_assert!(!wait.outcome.is_finished() && wait.wins_at_last(&runtime));
            return Ok(());
        }
        let head = Head::of(&request);
        let query =
            head.first().strip_prefix("GET /oauth/callback?").and_then(|rest| rest.split_once(" HTTP/1."));
        prop_assert!(
            query.is_some_and(|(query, _)| query.matches(&wait.state).count() == 1),
            "{}",
            head.first()
        );
        prop_assert_eq!(head.all("host"), vec![format!("127.0.0.1:{}", wait.port)]);
        prop_assert!(runtime.block_on(wait.outcome).is_ok());
        Ok(())
    });
    assert!(!template.outcome.is_finished());
    assert_eq!(panics(), 0);
}

fn put(bytes: &[u8], hole: &[u8], what: &[u8]) -> Vec<u8> {
    let Some(at) = bytes.windows(hole.len()).position(|w| w == hole) else { return bytes.to_vec() };
    [&bytes[..at], what, &put(&bytes[at + hole.len()..], hole, what)].concat()
}
