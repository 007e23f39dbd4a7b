//! Failure: what the wire can do instead of answering as it should.

use std::str::FromStr;

/// One way in which an answer goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// This status with a short plain-text body, as a gateway in between would send it. The request isn't handled.
    Status(u16),
    /// This status with the error that the service asked (portal, OIDC or STS) words for it; a 429 has the
    /// `Retry-After` of the options. The request isn't handled.
    Aws(u16),
    /// This status with an error whose message repeats all that the client sent: a service, or a proxy on the way, may
    /// be so careless. The request isn't handled.
    Echo(u16),
    /// This error of OIDC's, whatever path is asked. The request isn't handled.
    Oidc(OidcFailure),
    /// 200 with an HTML page, as a captive portal answers. The request isn't handled.
    Html200,
    /// 302 to a login page, as another captive portal answers. The request isn't handled.
    Redirect302,
    /// 200 with no body. The request isn't handled.
    Empty200,
    /// The request is handled, and the first half of the true body is sent as if it were all.
    TruncatedJson,
    /// No answer until the practice organisation stops.
    Hang,
    /// The connection is reset. The request isn't handled.
    Reset,
    /// The request is handled, and the connection is reset shortly before the end of the answer.
    ResetMidway,
}

/// What CreateToken may say to a client that did nothing wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OidcFailure {
    /// `access_denied`
    AccessDenied,
    /// `authorization_pending`
    AuthorizationPending,
    /// `expired_token`
    ExpiredToken,
    /// `invalid_client`
    InvalidClient,
    /// `invalid_grant`
    InvalidGrant,
    /// `slow_down`
    SlowDown,
}

/// A failure, and the requests it is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// What their path begins with: `""` for every path, `"/"` for STS alone. After a `?` may stand a text that the
    /// query has to contain, as in `/assignment/roles?account_id=111122223333`.
    pub target: String,
    /// How many of them fail; `usize::MAX` for all.
    pub times: usize,
    /// How they fail.
    pub failure: Failure,
}

/// A text that names no failure. The sentence says which do.
#[derive(Clone, Copy, Debug)]
pub struct UnknownFailure;

impl std::error::Error for UnknownFailure {}

impl std::fmt::Display for UnknownFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(
            "a failure is a status such as 503, bare-503, echo-500, html, redirect, empty, truncated, hang, reset, reset-midway, \
             authorization_pending, slow_down, expired_token, access_denied, invalid_client or invalid_grant",
        )
    }
}

impl FromStr for Failure {
    type Err = UnknownFailure;

    fn from_str(text: &str) -> Result<Self, UnknownFailure> {
        let status = |text: &str| text.parse().ok().filter(|code| (300..=599).contains(code));
        Ok(match text {
            "html" => Self::Html200,
            "redirect" => Self::Redirect302,
            "empty" => Self::Empty200,
            "truncated" => Self::TruncatedJson,
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            "reset-midway" => Self::ResetMidway,
            "access_denied" => Self::Oidc(OidcFailure::AccessDenied),
            "authorization_pending" => Self::Oidc(OidcFailure::AuthorizationPending),
            "expired_token" => Self::Oidc(OidcFailure::ExpiredToken),
            "invalid_client" => Self::Oidc(OidcFailure::InvalidClient),
            "invalid_grant" => Self::Oidc(OidcFailure::InvalidGrant),
            "slow_down" => Self::Oidc(OidcFailure::SlowDown),
            other => {
                let (make, code): (fn(u16) -> Self, _) = match other.split_once('-') {
                    Some(("bare", code)) => (Self::Status, code),
                    Some(("echo", code)) => (Self::Echo, code),
                    _ => (Self::Aws, other),
                };
                make(status(code).ok_or(UnknownFailure)?)
            }
        })
    }
}

impl FromStr for Plan {
    type Err = UnknownFailure;

    /// `[TARGET=]FAILURE[:TIMES]`
    fn from_str(text: &str) -> Result<Self, UnknownFailure> {
        let (target, what) = text.rsplit_once('=').unwrap_or(("", text));
        let (failure, times) = match what.split_once(':') {
            None => (what, usize::MAX),
            Some((failure, times)) => (failure, times.parse().map_err(|_| UnknownFailure)?),
        };
        Ok(Self { target: target.to_owned(), times, failure: failure.parse()? })
    }
}

/// Failures waiting for their request.
#[derive(Default)]
pub(crate) struct Failures(Vec<Plan>);

impl Failures {
    /// Adds a plan; of two for the same request the earlier one comes first.
    pub(crate) fn plan(&mut self, plan: Plan) {
        if plan.times > 0 {
            self.0.push(plan);
        }
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
        planned.times = planned.times.saturating_sub(usize::from(planned.times != usize::MAX));
        if planned.times == 0 {
            self.0.remove(index);
        }
        Some(failure)
    }
}

impl Plan {
    fn is_for(&self, path: &str, query: &str) -> bool {
        let (target, query_part) = self.target.split_once('?').unwrap_or((&self.target, ""));
        // Every path begins with "/", which as a target means STS.
        let is_path = if target == "/" { path == "/" } else { path.starts_with(target) };
        is_path && query.contains(query_part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(text: &str) -> Failures {
        let mut failures = Failures::default();
        failures.plan(text.parse().unwrap());
        failures
    }

    #[test]
    fn a_failure_is_spent_by_the_requests_it_was_planned_for_and_no_other() {
        let mut failures = planned("/assignment/roles?account_id=111122223333=html:2");
        assert_eq!(failures.take("/assignment/accounts", "account_id=111122223333"), None);
        assert_eq!(failures.take("/assignment/roles", "max_result=9&account_id=444455556666"), None);
        for _ in 0..2 {
            let taken = failures.take("/assignment/roles", "max_result=9&account_id=111122223333");
            assert_eq!(taken, Some(Failure::Html200));
        }
        assert_eq!(failures.take("/assignment/roles", "account_id=111122223333"), None);
    }

    #[test]
    fn a_failure_for_sts_leaves_the_other_paths_alone_and_one_for_all_paths_none() {
        let mut failures = planned("/=hang:1");
        assert_eq!(failures.take("/token", ""), None);
        assert_eq!(failures.take("/", ""), Some(Failure::Hang));
        let mut failures = planned("redirect");
        for path in ["/", "/token", "/token"] {
            assert_eq!(failures.take(path, ""), Some(Failure::Redirect302));
        }
    }

    #[test]
    fn what_is_no_failure_is_not_taken_for_one() {
        for text in ["", "2000", "200", "html:often", "htm", "bare-", "/token="] {
            assert!(text.parse::<Plan>().is_err(), "{text}");
        }
        assert_eq!("bare-503".parse::<Failure>().unwrap(), Failure::Status(503));
        assert_eq!("503".parse::<Failure>().unwrap(), Failure::Aws(503));
        assert_eq!("407".parse::<Failure>().unwrap(), Failure::Aws(407));
        assert_eq!("echo-500".parse::<Failure>().unwrap(), Failure::Echo(500));
    }
}
