//! Practice: the handle of a running practice organisation, with the switches tests turn.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use axum::serve::Listener;

use crate::chance::Rates;
use crate::failure::{Failure, Plan};
use crate::hostile;
use crate::listener::Loopback;
use crate::options::{Consent, Options};
use crate::organisation::{Account, generate};
use crate::roles::{AssumableRole, ChainedRole};
use crate::server::serve;
use crate::state::{App, Issued, Request, Shared};
use crate::tls::Authority;

/// A running practice organisation. It stops when this is dropped.
pub struct Practice {
    app: App,
    ca_pem: Option<String>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<io::Result<()>>,
}

impl Practice {
    /// Starts listening on 127.0.0.1 and serves on the current tokio runtime.
    ///
    /// # Errors
    /// When the port can't be bound, or a certificate can't be made.
    pub async fn start(options: Options) -> io::Result<Self> {
        let authority = options.is_tls.then(Authority::new).transpose()?;
        let (ca_pem, acceptor) = authority.map(|made| (made.pem, made.acceptor)).unzip();
        let scheme = if options.is_tls { "https" } else { "http" };
        let (listener, door) = Loopback::bind(options.port, acceptor).await?;
        let base_url = format!("{scheme}://{}", listener.local_addr()?);
        let (stop, stopping) = watch::channel(false);
        let mut accounts = generate(options.accounts, options.roles, options.seed);
        if options.has_hostile_texts {
            hostile::rename(&mut accounts);
        }
        let (failures, failing) = (options.failures.clone(), options.failing_accounts);
        door.want_shut(options.refuse_after == Some(0));
        let app = Shared::new(base_url, door, options, accounts, stopping.clone());
        let serving = tokio::spawn(serve(listener, app.clone(), stopping));
        let practice = Self { app, ca_pem, stop, serving };
        practice.app.door.turned().await;
        for plan in failures {
            practice.fail(plan);
        }
        if let Some((count, failure, times)) = failing {
            practice.fail_accounts(count, failure, times);
        }
        Ok(practice)
    }

    /// Begins to stop: no new connections, and what hangs is cut off.
    pub fn begin_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops, and returns when the port is free again.
    pub async fn stop(mut self) {
        self.begin_stop();
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }

    /// The certificate of the private CA that whoever connects has to trust, with TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// `http://127.0.0.1:PORT`, or `https` with TLS: the endpoint of the portal, of OIDC and of STS.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.app.base_url
    }

    /// The start URL to sign in with.
    #[must_use]
    pub fn start_url(&self) -> String {
        self.app.start_url()
    }

    /// The address of the federation endpoint.
    #[must_use]
    pub fn federation_url(&self) -> String {
        format!("{}/federation", self.app.base_url)
    }

    /// The Region the organisation says it lives in.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.app.region
    }

    /// The environment that points a client here. `AWS_ENDPOINT_URL` covers every service: calls of those that aren't
    /// served end here as well, and not at AWS with credentials that mean nothing there.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let base = self.app.base_url.clone();
        vec![
            ("AWS_ENDPOINT_URL", base.clone()),
            ("AWS_ENDPOINT_URL_SSO", base.clone()),
            ("AWS_ENDPOINT_URL_SSO_OIDC", base.clone()),
            ("AWS_ENDPOINT_URL_STS", base),
            ("DAYPASS_FEDERATION_URL", self.federation_url()),
        ]
    }

    /// The accounts and roles there are, in the order the portal lists them.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        self.app.lock().accounts.clone()
    }

    /// Adds an account as it is, or replaces the one with its id. Names may be hostile: they are data.
    pub fn put_account(&self, account: Account) {
        let mut state = self.app.lock();
        match state.accounts.iter_mut().find(|known| known.id == account.id) {
            Some(known) => *known = account,
            None => state.accounts.push(account),
        }
    }

    /// Puts a role into an account that AssumeRole can be asked for, or replaces the one of its name.
    ///
    /// # Errors
    /// When AWS would call one of its policies malformed, with why.
    pub fn put_role(&self, role: &ChainedRole) -> Result<(), String> {
        let role = AssumableRole::read(role).map_err(|malformed| malformed.0)?;
        let mut state = self.app.lock();
        state.roles.retain(|known| known.account_id != role.account_id || known.name != role.name);
        state.roles.push(role);
        Ok(())
    }

    /// Sets where callers seem to come from, for policies with `aws:SourceIp`.
    pub fn set_source_ip(&self, address: IpAddr) {
        self.app.lock().source_ip = address;
    }

    /// Makes a role answer 403 although it is still listed, as a stale assignment does.
    pub fn forbid_role(&self, account_id: &str, role: &str) {
        self.app.lock().forbidden.insert((account_id.to_owned(), role.to_owned()));
    }

    /// Takes [`forbid_role`](Self::forbid_role) back.
    pub fn permit_role(&self, account_id: &str, role: &str) {
        self.app.lock().forbidden.remove(&(account_id.to_owned(), role.to_owned()));
    }

    /// Ends every Identity Center session: access and refresh tokens are refused from now on. Role credentials live on.
    pub fn revoke_sessions(&self) {
        self.app.lock().sessions.clear();
    }

    /// Forgets every client registration, so that clients are told `InvalidClientException`.
    pub fn forget_registrations(&self) {
        self.app.lock().registrations.clear();
    }

    /// Sets who answers the question to sign in.
    pub fn set_consent(&self, consent: Consent) {
        self.app.lock().options.consent = consent;
    }

    /// Sets how long every answer waits.
    pub fn set_latency(&self, latency: Duration) {
        self.app.lock().options.latency = latency;
    }

    /// Sets the portal's limit, and the `Retry-After` of its refusals. Starts with a full second's worth.
    pub fn set_calls_per_second(&self, limit: Option<u32>, retry_after: Option<Duration>) {
        let mut state = self.app.lock();
        state.options.calls_per_second = limit;
        state.options.retry_after = retry_after;
        state.bucket = None;
    }

    /// Sets how long access tokens live that are issued from now on.
    pub fn set_access_token_lifetime(&self, lifetime: Duration) {
        self.app.lock().options.access_token_lifetime = lifetime;
    }

    /// Sets how long Identity Center sessions live that start from now on.
    pub fn set_session_lifetime(&self, lifetime: Duration) {
        self.app.lock().options.session_lifetime = lifetime;
    }

    /// Sets how long role credentials live that are issued from now on.
    pub fn set_role_credentials_lifetime(&self, lifetime: Duration) {
        self.app.lock().options.role_credentials_lifetime = lifetime;
    }

    /// Whether STS refuses signatures more than 5 minutes off its clock. A test that moves a manual clock, but not that
    /// of its AWS client, turns this off.
    pub fn set_skew_checked(&self, is_checked: bool) {
        self.app.lock().is_skew_checked = is_checked;
    }

    /// Answers a device code as the person would. Returns false if no such code waits for an answer.
    pub fn answer_device(&self, user_code: &str, is_allowed: bool) -> bool {
        let mut state = self.app.lock();
        let waiting = state
            .devices
            .values_mut()
            .find(|device| device.user_code == user_code && device.answer.is_none());
        waiting.map(|device| device.answer = Some(is_allowed)).is_some()
    }

    /// Makes the next request to `target` fail, see [`Plan::target`].
    pub fn fail_next(&self, target: &str, failure: Failure) {
        self.fail_times(target, 1, failure);
    }

    /// [`fail_next`](Self::fail_next) for the next `times` such requests; `usize::MAX` for all of them.
    pub fn fail_times(&self, target: &str, times: usize, failure: Failure) {
        self.fail(Plan { target: target.to_owned(), times, failure });
    }

    /// Plans a failure.
    pub fn fail(&self, plan: Plan) {
        self.app.lock().failures.plan(plan);
    }

    /// Makes ListAccountRoles fail for `count` accounts from all over the list, `times` times each; `usize::MAX` for
    /// good. Returns their ids.
    pub fn fail_accounts(&self, count: usize, failure: Failure, times: usize) -> Vec<String> {
        let accounts = self.accounts();
        let count = count.min(accounts.len());
        let failing: Vec<String> =
            (0..count).map(|number| accounts[number * accounts.len() / count].id.clone()).collect();
        for id in &failing {
            self.fail_times(&format!("/assignment/roles?account_id={id}"), times, failure);
        }
        failing
    }

    /// Sets how many calls fail at random from now on.
    pub fn set_rates(&self, rates: Rates) {
        self.app.lock().options.rates = rates;
    }

    /// Refuses connections, or accepts them again. Open ones are reset at their next request. Returns when it is so.
    pub async fn refuse_connections(&self, is_refusing: bool) {
        self.app.door.want_shut(is_refusing);
        self.app.door.turned().await;
    }

    /// Puts the clock ahead of the right time, or behind for a negative `skew`, with all that is dated by it.
    pub fn set_skew(&self, skew: time::Duration) {
        self.app.clock.set_skew(skew);
    }

    /// Sets how long a client must wait between two polls of a device code that is asked for from now on.
    pub fn set_device_interval(&self, interval: Duration) {
        self.app.lock().options.device_interval = interval;
    }

    /// Sets how long registrations live that are made from now on.
    pub fn set_registration_lifetime(&self, lifetime: Duration) {
        self.app.lock().options.registration_lifetime = lifetime;
    }

    /// Forgets the planned failures, and lets none happen at random.
    pub fn clear_failures(&self) {
        let mut state = self.app.lock();
        state.failures.clear();
        state.options.rates = Rates::default();
    }

    /// Every secret issued so far, for scanning places that must be free of them.
    #[must_use]
    pub fn issued(&self) -> Vec<Issued> {
        self.app.lock().issued.clone()
    }

    /// Every request so far, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.app.lock().requests.clone()
    }

    /// How many requests came for exactly this path.
    #[must_use]
    pub fn calls(&self, path: &str) -> usize {
        self.app.lock().requests.iter().filter(|request| request.path == path).count()
    }
}

impl Drop for Practice {
    fn drop(&mut self) {
        self.begin_stop();
    }
}
