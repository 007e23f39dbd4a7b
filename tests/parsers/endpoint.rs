//! The endpoint: only the right request is served; all others are refused alike.

use std::cell::Cell;

use daypass_mutants::{check, of_bytes};
use daypass_tests::rig::Rig;
use proptest::prelude::*;
use url::Url;

use crate::{Head, panics, runtime, send};

const REFUSAL: &str = r#"{"code":"Refused","message":"Daypass does not serve this request"}"#;

#[test]
fn a_mutant_of_the_right_request_is_right_itself_or_refused_like_all_others() {
    let runtime = runtime();
    let rig = runtime.block_on(Rig::signed_in());
    let lease = runtime.block_on(rig.lease(30));
    let ticket = runtime.block_on(rig.ticket(&lease)).unwrap();
    let url = Url::parse(&ticket.url).unwrap();
    let (port, path) = (url.port().unwrap(), url.path());
    let host = format!("127.0.0.1:{port}");
    let right = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {}\r\nAccept: application/json\r\n\
         User-Agent: aws-cli/2\r\nConnection: close\r\n\r\n",
        ticket.token
    );
    let page = right.replace("User-Agent: aws-cli/2", "Sec-Fetch-Site: none\r\nOrigin: null");
    let (served, refused) = (Cell::new(0), Cell::new(0));
    check(300, prop_oneof![4 => of_bytes(right.as_bytes()), 1 => of_bytes(page.as_bytes())], |request| {
        let said = runtime.block_on(send(port, &request));
        if said.status == 200 {
            served.set(served.get() + 1);
            let head = Head::of(&request);
            let line = head.first().strip_prefix(&format!("GET {path} HTTP/1."));
            prop_assert!(matches!(line, Some("0" | "1")), "{}", head.first());
            prop_assert_eq!(head.all("host"), vec![&host]);
            prop_assert_eq!(head.all("authorization"), vec![&ticket.token]);
            prop_assert!(!head.has_prefix("origin:") && !head.has_prefix("sec-fetch-"));
            prop_assert!(said.body.contains("SecretAccessKey"));
        } else if head_leads_to_console(&request) {
            prop_assert_eq!(said.status, 410);
        } else if said.status == 0 {
            prop_assert_eq!(said.body.as_str(), "");
        } else {
            refused.set(refused.get() + 1);
            prop_assert!((400..500).contains(&said.status), "{}", said.status);
            // To HEAD nothing is said.
            let is_head = Head::of(&request).first().starts_with("HEAD ");
            prop_assert_eq!(said.body.as_str(), if is_head { "" } else { REFUSAL });
        }
        Ok(())
    });
    assert!(served.get() > 0 && refused.get() > 100, "{served:?} {refused:?}");
    assert_eq!(runtime.block_on(rig.fetch(&ticket)).status, 200);
    assert_eq!(panics(), 0);
}

fn head_leads_to_console(request: &[u8]) -> bool {
    Head::of(request).first().starts_with("GET /console/")
}
