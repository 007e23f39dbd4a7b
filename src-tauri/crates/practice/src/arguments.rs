//! Arguments: the command line of `daypass-practice`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use daypass_practice::{Clock, Consent, Failure, Options, Plan, Rates, UnknownFailure, roles_to_try};

/// A simulated AWS organisation on loopback: IAM Identity Center, STS, console and a few services.
///
/// Prints one line of JSON when it listens: baseUrl, startUrl, region, and the environment that points AWS clients
/// at it. Ends when its standard input is closed, or on SIGTERM or SIGINT.
#[derive(Parser)]
#[command(name = "daypass-practice", version, after_help = after_help())]
pub(crate) struct Arguments {
    /// Port on 127.0.0.1; 0 for any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Serve https with a certificate of a private CA made now, and write the CA to this file (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca_out: Option<PathBuf>,
    /// A start URL to accept besides its own
    #[arg(long, value_name = "URL")]
    start_url: Option<String>,
    /// Print the environment as `export` lines as well
    #[arg(long)]
    pub(crate) print_env: bool,

    /// Number of accounts
    #[arg(long, default_value_t = 71, help_heading = "The organisation")]
    accounts: usize,
    /// Number of roles in all accounts together
    #[arg(long, default_value_t = 214, help_heading = "The organisation")]
    roles: usize,
    /// Seed of the names and of what fails at random
    #[arg(long, default_value_t = 7, help_heading = "The organisation")]
    seed: u64,
    /// Region it says it lives in; us-gov-…, cn-… and eusc-… have partitions of their own
    #[arg(long, default_value = "us-east-1", value_parser = region, help_heading = "The organisation")]
    region: String,
    /// Address that callers seem to come from, for policies with aws:SourceIp
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", help_heading = "The organisation")]
    source_ip: IpAddr,
    /// Hostile names for all accounts but the first four, odd roles in them, and hostile texts in all errors
    #[arg(long, help_heading = "The organisation")]
    hostile_names: bool,

    /// Sign in without asking
    #[arg(long, conflicts_with = "auto_deny", help_heading = "Sign-in")]
    auto_approve: bool,
    /// Refuse to sign in without asking
    #[arg(long, help_heading = "Sign-in")]
    auto_deny: bool,
    /// Lifetime of access tokens
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = "Sign-in")]
    access_token_lifetime: u64,
    /// Lifetime of the Identity Center session
    #[arg(long, value_name = "SECONDS", default_value_t = 28800, help_heading = "Sign-in")]
    session_lifetime: u64,
    /// Lifetime of role credentials
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = "Sign-in")]
    role_credentials_lifetime: u64,
    /// Lifetime of client registrations; after it clients are told invalid_client
    #[arg(long, value_name = "SECONDS", default_value_t = 90 * 86400, help_heading = "Sign-in")]
    registration_lifetime: u64,
    /// Lifetime of device and authorization codes; after it clients are told expired_token
    #[arg(long, value_name = "SECONDS", default_value_t = 600, help_heading = "Sign-in")]
    code_lifetime: u64,
    /// Seconds between two polls of a device code; who polls faster is told slow_down
    #[arg(long, value_name = "SECONDS", default_value_t = 1, help_heading = "Sign-in")]
    device_interval: u64,

    /// Milliseconds every answer waits
    #[arg(long, value_name = "MS", default_value_t = 0, help_heading = "Bad days")]
    latency: u64,
    /// Portal calls a second before it answers 429; no limit by default
    #[arg(long, value_name = "N", help_heading = "Bad days")]
    calls_per_second: Option<u32>,
    /// Retry-After of a 429, in seconds; none by default
    #[arg(long, value_name = "SECONDS", help_heading = "Bad days")]
    retry_after: Option<u64>,
    /// Part of the service calls that is answered 429 at random, from 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate, help_heading = "Bad days")]
    random_429: f64,
    /// Part of the service calls that is answered 503 at random, from 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate, help_heading = "Bad days")]
    random_503: f64,
    /// Make requests fail, see below; can be given several times
    #[arg(long, value_name = "[TARGET=]FAILURE[:TIMES]", help_heading = "Bad days")]
    fail: Vec<Plan>,
    /// Make ListAccountRoles fail for N of the accounts, for good or TIMES times each
    #[arg(long, value_name = "N=FAILURE[:TIMES]", value_parser = failing_accounts, help_heading = "Bad days")]
    fail_accounts: Option<(usize, Failure, usize)>,
    /// Refuse connections after N requests; from the start with 0
    #[arg(long, value_name = "N", help_heading = "Bad days")]
    refuse_after: Option<usize>,
    /// Minutes its clock is ahead, or behind if negative; STS refuses signatures more than 5 minutes off
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 0,
        allow_negative_numbers = true,
        help_heading = "Bad days"
    )]
    skew: i64,
}

const FAILURES: &str = "\
Failures:
  400, 403, 407, 429, 503 …   the status, in the words of the service that was asked
  bare-503 …                  the status with a line of text, as of a gateway
  echo-500 …                  the status with an error that repeats all that was sent
  html, redirect              a captive portal: 200 with a page, or 302 to a login page
  empty, truncated            200 with no body, or with half of the JSON
  hang                        no answer
  reset, reset-midway         a TCP reset instead of an answer, or before its end
  authorization_pending, slow_down, expired_token, access_denied, invalid_client, invalid_grant
                              what /token says

TARGET is what the path begins with, every path without it; `/` alone is STS. After `?` may stand a part of the query.
  --fail html                                               a captive portal in front of everything
  --fail /token=slow_down:2                                 the next two polls are too fast
  --fail '/assignment/roles?account_id=111122223333=hang'   one account hangs
  --fail-accounts 3=429:2                                   three accounts are throttled twice each";

/// What there is to try, and what can go wrong.
fn after_help() -> String {
    let mut help =
        "Roles to assume, arn:aws:iam::ACCOUNT:role/NAME, in every account if nothing else is said:\n"
            .to_owned();
    for (name, about) in roles_to_try() {
        help.push_str(&format!("  {name:<16}{about}\n"));
    }
    format!("{help}\n{SERVICES}\n\n{FAILURES}")
}

const SERVICES: &str = "\
Every portal role but BillingViewer may assume roles. Sessions are chained, so 1 hour at most. Session policies
(2,048 characters, 10 ARNs of AWS's), tags and source identity are enforced, on these services as well:
  s3               audit-logs-ACCOUNT, exports-ACCOUNT: list, get, put, delete
  dynamodb         tables orders, sessions, with the key id: list, describe, get, put, delete, scan
  logs             /acme/checkout, /aws/lambda/replay-audit: describe, filter, get
  ssm              parameters under /checkout and /shared: get, by path, put
  secretsmanager   checkout/database, partner/token: list, describe, get
  lambda           replay-audit, checkout: list, get, invoke
  iam              the roles to assume, with their trust policies: list, get";

impl Arguments {
    pub(crate) fn options(&self) -> Options {
        let clock = Clock::real();
        clock.set_skew(time::Duration::minutes(self.skew));
        let consent = match (self.auto_approve, self.auto_deny) {
            (true, _) => Consent::Allow,
            (_, true) => Consent::Deny,
            _ => Consent::Ask,
        };
        Options {
            port: self.port,
            accounts: self.accounts,
            roles: self.roles,
            seed: self.seed,
            region: self.region.clone(),
            has_hostile_texts: self.hostile_names,
            is_tls: self.tls_ca_out.is_some(),
            latency: Duration::from_millis(self.latency),
            calls_per_second: self.calls_per_second,
            retry_after: self.retry_after.map(Duration::from_secs),
            access_token_lifetime: Duration::from_secs(self.access_token_lifetime),
            session_lifetime: Duration::from_secs(self.session_lifetime),
            role_credentials_lifetime: Duration::from_secs(self.role_credentials_lifetime),
            registration_lifetime: Duration::from_secs(self.registration_lifetime),
            code_lifetime: Duration::from_secs(self.code_lifetime),
            device_interval: Duration::from_secs(self.device_interval),
            failures: self.fail.clone(),
            failing_accounts: self.fail_accounts,
            rates: Rates { throttled: self.random_429, unavailable: self.random_503 },
            refuse_after: self.refuse_after,
            consent,
            start_url: self.start_url.clone(),
            source_ip: self.source_ip,
            clock,
        }
    }
}

fn region(text: &str) -> Result<String, &'static str> {
    let is_region = (2..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_region { Ok(text.to_owned()) } else { Err("a Region looks like us-gov-west-1") }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate)).ok_or("a rate is a number from 0 to 1")
}

fn failing_accounts(text: &str) -> Result<(usize, Failure, usize), String> {
    let (count, plan) = text.split_once('=').ok_or("it looks like 3=500 or 3=429:2")?;
    let count = count.parse().map_err(|_| "the number of accounts is no number")?;
    let plan: Plan = plan.parse().map_err(|unknown: UnknownFailure| unknown.to_string())?;
    Ok((count, plan.failure, plan.times))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_its_defaults_are_those_of_the_library() {
        Arguments::command().debug_assert();
        let (ours, theirs) = (Arguments::parse_from(["daypass-practice"]).options(), Options::default());
        let without_clock = |options| format!("{options:?}").split("clock").next().map(str::to_owned);
        assert_eq!(without_clock(ours), without_clock(theirs));
    }

    #[test]
    fn failures_can_be_told_on_the_command_line() {
        let arguments = [
            "daypass-practice",
            "--fail",
            "/token=slow_down:2",
            "--fail",
            "html",
            "--fail-accounts",
            "3=429:2",
        ];
        let options = Arguments::parse_from(arguments).options();
        assert_eq!(options.failures[0].target, "/token");
        assert_eq!((options.failures[1].failure, options.failures[1].times), (Failure::Html200, usize::MAX));
        assert_eq!(options.failing_accounts, Some((3, Failure::Aws(429), 2)));
        for wrong in
            [["--fail", "soon"], ["--fail-accounts", "html"], ["--random-503", "2"], ["--region", "Mars"]]
        {
            assert!(
                Arguments::try_parse_from([&["daypass-practice"], &wrong[..]].concat()).is_err(),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn the_clock_can_be_told_to_be_wrong() {
        let skewed = Arguments::parse_from(["daypass-practice", "--skew", "-20"]).options().clock.now();
        let ahead = Clock::real().now() - skewed;
        assert_eq!(ahead.whole_minutes(), 20);
    }
}
