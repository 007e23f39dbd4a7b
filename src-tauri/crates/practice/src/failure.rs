//! Failure: what a test can make the wire do instead of answering.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// One way in which an answer goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// This status with a short plain-text body, as a gateway in between would send it. The request isn't handled.
    Status(u16),
    /// 200 with an HTML page, as a captive portal answers. The request isn't handled.
    Html200,
    /// 200 with no body. The request isn't handled.
    Empty200,
    /// The request is handled, and the first half of the true body is sent as if it were all.
    TruncatedJson,
    /// No answer until the practice organisation stops.
    Hang,
    /// The connection is reset.
    Reset,
}

/// Failures waiting for their request.
#[derive(Default)]
pub(crate) struct Failures(Vec<Planned>);

struct Planned {
    path: String,
    query_part: String,
    times: usize,
    failure: Failure,
}

impl Failures {
    /// Plans `failure` for the next `times` requests to `target`, see [`Practice::fail_next`](crate::Practice::fail_next).
    pub(crate) fn plan(&mut self, target: &str, times: usize, failure: Failure) {
        let (path, query_part) = target.split_once('?').unwrap_or((target, ""));
        self.0.push(Planned { path: path.to_owned(), query_part: query_part.to_owned(), times, failure });
    }

    /// Forgets what is planned.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The failure planned for this request, if any; it is spent by this.
    pub(crate) fn take(&mut self, path: &str, query: &str) -> Option<Failure> {
        let index = self.0.iter().position(|planned| planned.is_for(path, query))?;
        let planned = &mut self.0[index];
        let failure = planned.failure;
        planned.times = planned.times.saturating_sub(1);
        if planned.times == 0 {
            self.0.remove(index);
        }
        Some(failure)
    }
}

impl Planned {
    fn is_for(&self, path: &str, query: &str) -> bool {
        // Every path begins with "/", which as a target means STS.
        let is_path = if self.path == "/" { path == "/" } else { path.starts_with(&self.path) };
        is_path && query.contains(&self.query_part)
    }
}

/// The answer of a gateway that has never heard of AWS.
pub(crate) fn bare_status(code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, status.canonical_reason().unwrap_or("failure").to_owned()).into_response()
}

/// The page of a captive portal.
pub(crate) fn captive_page() -> Response {
    let mut response =
        Body::from("<!doctype html><title>Welcome</title><h1>Free Wi-Fi</h1><p>Accept the terms.")
            .into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// The same response with half of its body.
pub(crate) async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_spent_by_the_requests_it_was_planned_for_and_no_other() {
        let mut failures = Failures::default();
        failures.plan("/assignment/roles?account_id=111122223333", 2, Failure::Html200);
        assert_eq!(failures.take("/assignment/accounts", "account_id=111122223333"), None);
        assert_eq!(failures.take("/assignment/roles", "max_result=9&account_id=444455556666"), None);
        for _ in 0..2 {
            let taken = failures.take("/assignment/roles", "max_result=9&account_id=111122223333");
            assert_eq!(taken, Some(Failure::Html200));
        }
        assert_eq!(failures.take("/assignment/roles", "account_id=111122223333"), None);
    }

    #[test]
    fn a_failure_for_sts_leaves_the_other_paths_alone() {
        let mut failures = Failures::default();
        failures.plan("/", 1, Failure::Hang);
        assert_eq!(failures.take("/token", ""), None);
        assert_eq!(failures.take("/", ""), Some(Failure::Hang));
    }
}
