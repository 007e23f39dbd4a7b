//! Options: how large, how slow and how strict a practice organisation is.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::chance::Rates;
use crate::clock::Clock;
use crate::failure::{Failure, Plan};

/// Who answers "sign in as Dana?".
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Consent {
    /// A page asks the person, with buttons Allow and Deny.
    #[default]
    Ask,
    /// Allowed at once, without a page.
    Allow,
    /// Denied at once, without a page.
    Deny,
}

/// What a practice organisation starts with. Most of it can be changed while it runs, see
/// [`Practice`](crate::Practice).
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// How many accounts there are.
    pub accounts: usize,
    /// How many roles there are in all accounts together.
    pub roles: usize,
    /// Where generated names and account ids come from, and which calls fail at random: the same seed, the same
    /// organisation and the same trouble.
    pub seed: u64,
    /// The Region it says it lives in, which decides on the partition of its ARNs.
    pub region: String,
    /// Whether accounts but the first four have hostile names, some roles odd ones, and errors hostile messages.
    pub has_hostile_texts: bool,
    /// Whether it serves https, with a certificate of a private CA made at start.
    pub is_tls: bool,
    /// How long every answer waits.
    pub latency: Duration,
    /// Portal calls a second before it answers 429; no limit when absent. A burst of one second's worth is allowed.
    pub calls_per_second: Option<u32>,
    /// The `Retry-After` header of a 429, in whole seconds. AWS doesn't document one, so none by default.
    pub retry_after: Option<Duration>,
    /// How long an access token lives that was asked for with scopes.
    pub access_token_lifetime: Duration,
    /// How long the Identity Center session lives that a sign-in starts; no refresh outlives it.
    pub session_lifetime: Duration,
    /// How long role credentials live.
    pub role_credentials_lifetime: Duration,
    /// How long a client registration lives.
    pub registration_lifetime: Duration,
    /// How long a device code and an authorization code live.
    pub code_lifetime: Duration,
    /// How long a client must wait between two polls of a device code.
    pub device_interval: Duration,
    /// What fails from the start.
    pub failures: Vec<Plan>,
    /// How many accounts can't list their roles, how that fails, and how often each; `usize::MAX` for good.
    pub failing_accounts: Option<(usize, Failure, usize)>,
    /// How many calls fail at random.
    pub rates: Rates,
    /// After how many requests it refuses connections, for good; never when absent.
    pub refuse_after: Option<usize>,
    /// Who answers the question to sign in.
    pub consent: Consent,
    /// A start URL that is accepted besides the organisation's own `/start`.
    pub start_url: Option<String>,
    /// Where callers seem to come from, for policies that ask: `aws:SourceIp`.
    pub source_ip: IpAddr,
    /// The clock all of it goes by.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            accounts: 71,
            roles: 214,
            seed: 7,
            region: "us-east-1".to_owned(),
            has_hostile_texts: false,
            is_tls: false,
            latency: Duration::ZERO,
            calls_per_second: None,
            retry_after: None,
            access_token_lifetime: Duration::from_secs(3600),
            session_lifetime: Duration::from_secs(8 * 3600),
            role_credentials_lifetime: Duration::from_secs(3600),
            registration_lifetime: Duration::from_secs(90 * 86400),
            code_lifetime: Duration::from_secs(600),
            device_interval: Duration::from_secs(1),
            failures: Vec::new(),
            failing_accounts: None,
            rates: Rates::default(),
            refuse_after: None,
            consent: Consent::Ask,
            start_url: None,
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            clock: Clock::real(),
        }
    }
}
