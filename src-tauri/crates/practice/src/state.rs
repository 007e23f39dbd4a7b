//! State: everything the practice organisation remembers, behind one lock.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ring::hmac;
use time::OffsetDateTime;
use tokio::sync::watch;
use url::Url;

use crate::chance::Chance;
use crate::clock::{Clock, after};
use crate::failure::Failures;
use crate::holdings::Holdings;
use crate::listener::Door;
use crate::options::Options;
use crate::organisation::Account;
use crate::partition::Partition;
use crate::random;
use crate::roles::AssumableRole;
use crate::session::RoleSession;

/// What a secret is that the practice organisation issued.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// RegisterClient's `clientSecret`.
    ClientSecret,
    /// The `code` of the redirect.
    AuthorizationCode,
    /// CreateToken's `codeVerifier`: the client's own, noted when a code is redeemed with it.
    CodeVerifier,
    /// StartDeviceAuthorization's `deviceCode`.
    DeviceCode,
    /// CreateToken's `accessToken`.
    AccessToken,
    /// CreateToken's `refreshToken`.
    RefreshToken,
    /// GetRoleCredentials' `accessKeyId`, or AssumeRole's; not secret by itself.
    AccessKeyId,
    /// GetRoleCredentials' `secretAccessKey`, or AssumeRole's.
    SecretAccessKey,
    /// GetRoleCredentials' `sessionToken`, or AssumeRole's.
    SessionToken,
    /// The federation endpoint's `SigninToken`.
    SigninToken,
    /// The random part of a console address.
    ConsoleAddress,
}

/// Something issued, for scanning what should be free of it. Has no `Debug`, since it holds a secret.
#[derive(Clone)]
pub struct Issued {
    /// What it is.
    pub kind: Kind,
    /// The secret itself, as it stood on the wire.
    pub value: String,
}

/// One request that arrived. Holds no secret: no query, and console addresses are masked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path alone.
    pub path: String,
    /// Which action it was, if a known one: `AssumeRole` of STS, `getSigninToken`, or `s3:PutObject` as policies have it.
    pub action: Option<&'static str>,
    /// The status answered; absent while there is no answer, and 0 if the connection was reset.
    pub status: Option<u16>,
}

/// What the handlers share.
pub(crate) type App = Arc<Shared>;

pub(crate) struct Shared {
    pub(crate) base_url: String,
    pub(crate) region: String,
    pub(crate) partition: Partition,
    pub(crate) door: Door,
    pub(crate) clock: Clock,
    pub(crate) page_key: hmac::Key,
    pub(crate) stopping: watch::Receiver<bool>,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(
        base_url: String,
        door: Door,
        options: Options,
        accounts: Vec<Account>,
        stopping: watch::Receiver<bool>,
    ) -> App {
        let page_key = hmac::Key::new(hmac::HMAC_SHA256, &random::bytes(32));
        let clock = options.clock.clone();
        let region = options.region.clone();
        Arc::new(Self {
            base_url,
            partition: Partition::of(&region),
            region,
            door,
            clock,
            page_key,
            stopping,
            state: Mutex::new(State::new(options, accounts)),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The organisation's own start URL.
    pub(crate) fn start_url(&self) -> String {
        format!("{}/start", self.base_url)
    }

    /// Whether a start URL leads to this organisation. AWS takes it with or without a `/` or `/#` at its end.
    pub(crate) fn is_start_url(&self, start_url: &str, state: &State) -> bool {
        let trimmed = |url: &str| url.trim_end_matches(['/', '#']).to_owned();
        let known = [Some(self.start_url()), state.options.start_url.clone()];
        known.iter().flatten().any(|one| trimmed(one) == trimmed(start_url))
    }
}

/// All that changes.
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) accounts: Vec<Account>,
    /// Roles that were put in besides those every organisation has.
    pub(crate) roles: Vec<AssumableRole>,
    /// What lies in an account, from the first call to it on.
    pub(crate) holdings: HashMap<String, Holdings>,
    /// Where callers seem to come from.
    pub(crate) source_ip: IpAddr,
    pub(crate) forbidden: HashSet<(String, String)>,
    pub(crate) is_skew_checked: bool,
    pub(crate) registrations: HashMap<String, Registration>,
    /// Authorizations a person hasn't answered yet, by the random id in the page.
    pub(crate) asked: HashMap<String, Authorization>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) devices: HashMap<String, Device>,
    /// Living Identity Center sessions: when each ends.
    pub(crate) sessions: HashMap<u64, OffsetDateTime>,
    pub(crate) access_tokens: HashMap<String, AccessToken>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    /// Role credentials by access key id.
    pub(crate) credentials: HashMap<String, RoleCredentials>,
    pub(crate) signin_tokens: HashMap<String, SigninToken>,
    pub(crate) consoles: HashMap<String, ConsoleSession>,
    pub(crate) bucket: Option<(f64, OffsetDateTime)>,
    pub(crate) failures: Failures,
    pub(crate) chance: Chance,
    pub(crate) requests: Vec<Request>,
    pub(crate) issued: Vec<Issued>,
    last_session: u64,
}

/// One RegisterClient.
pub(crate) struct Registration {
    pub(crate) client_name: String,
    pub(crate) client_secret: String,
    pub(crate) expires: OffsetDateTime,
    pub(crate) grant_types: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) issuer_url: Option<String>,
    pub(crate) redirect_uris: Vec<Url>,
}

/// What a client asked at /authorize.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) code_challenge: String,
}

pub(crate) struct Code {
    pub(crate) authorization: Authorization,
    pub(crate) expires: OffsetDateTime,
}

pub(crate) struct Device {
    pub(crate) client_id: String,
    pub(crate) user_code: String,
    pub(crate) expires: OffsetDateTime,
    pub(crate) interval: std::time::Duration,
    pub(crate) last_poll: Option<OffsetDateTime>,
    pub(crate) answer: Option<bool>,
}

pub(crate) struct AccessToken {
    pub(crate) session: u64,
    pub(crate) expires: OffsetDateTime,
}

pub(crate) struct RefreshToken {
    pub(crate) session: u64,
    pub(crate) client_id: String,
}

#[derive(Clone)]
pub(crate) struct RoleCredentials {
    pub(crate) account_id: String,
    pub(crate) role: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
    pub(crate) expiration: OffsetDateTime,
    /// Who they speak for, and what narrows them.
    pub(crate) session: Arc<RoleSession>,
}

pub(crate) struct SigninToken {
    pub(crate) account_id: String,
    pub(crate) role: String,
    pub(crate) expires: OffsetDateTime,
    pub(crate) console_ends: OffsetDateTime,
}

pub(crate) struct ConsoleSession {
    pub(crate) account_id: String,
    pub(crate) role: String,
    pub(crate) service: String,
    pub(crate) region: String,
    pub(crate) issuer: Option<String>,
    pub(crate) ends: OffsetDateTime,
}

impl State {
    fn new(options: Options, accounts: Vec<Account>) -> Self {
        let source_ip = options.source_ip;
        Self {
            options,
            accounts,
            roles: Vec::new(),
            holdings: HashMap::new(),
            source_ip,
            forbidden: HashSet::new(),
            is_skew_checked: true,
            registrations: HashMap::new(),
            asked: HashMap::new(),
            codes: HashMap::new(),
            devices: HashMap::new(),
            sessions: HashMap::new(),
            access_tokens: HashMap::new(),
            refresh_tokens: HashMap::new(),
            credentials: HashMap::new(),
            signin_tokens: HashMap::new(),
            consoles: HashMap::new(),
            bucket: None,
            failures: Failures::default(),
            chance: Chance::default(),
            requests: Vec::new(),
            issued: Vec::new(),
            last_session: 0,
        }
    }

    /// Writes down that `value` leaves the house, and returns it.
    pub(crate) fn issue(&mut self, kind: Kind, value: String) -> String {
        self.issued.push(Issued { kind, value: value.clone() });
        value
    }

    /// Starts an Identity Center session and returns its number.
    pub(crate) fn start_session(&mut self, now: OffsetDateTime) -> u64 {
        self.last_session += 1;
        self.sessions.insert(self.last_session, after(now, self.options.session_lifetime));
        self.last_session
    }

    /// Issues credentials for a session; `role` is the name a person knows it by.
    pub(crate) fn issue_credentials(
        &mut self,
        role: &str,
        session: RoleSession,
        expiration: OffsetDateTime,
    ) -> (String, RoleCredentials) {
        let access_key_id = self.issue(Kind::AccessKeyId, random::access_key_id());
        let credentials = RoleCredentials {
            account_id: session.account_id.clone(),
            role: role.to_owned(),
            secret_access_key: self.issue(Kind::SecretAccessKey, random::secret_access_key()),
            session_token: self.issue(Kind::SessionToken, random::session_token()),
            expiration,
            session: Arc::new(session),
        };
        self.credentials.insert(access_key_id.clone(), credentials.clone());
        (access_key_id, credentials)
    }

    /// When the session ends, if it still lives.
    pub(crate) fn session_end(&self, session: u64, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.sessions.get(&session).copied().filter(|ends| *ends > now)
    }

    /// The living session behind an access token.
    pub(crate) fn session_of(&self, access_token: &str, now: OffsetDateTime) -> Option<u64> {
        let token = self.access_tokens.get(access_token).filter(|token| token.expires > now)?;
        self.session_end(token.session, now).map(|_| token.session)
    }

    pub(crate) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    pub(crate) fn account_name(&self, id: &str) -> String {
        self.account(id).map_or_else(String::new, |account| account.name.clone())
    }
}
