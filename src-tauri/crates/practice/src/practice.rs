//! Practice: the handle of a running practice organisation, with the switches tests turn.

use std::io;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use axum::serve::Listener;

use crate::failure::Failure;
use crate::listener::Loopback;
use crate::options::{Consent, Options};
use crate::organisation::{Account, generate};
use crate::server::serve;
use crate::state::{App, Issued, Request, Shared};

/// A running practice organisation. It stops when this is dropped.
pub struct Practice {
    app: App,
    stop: watch::Sender<bool>,
    serving: JoinHandle<io::Result<()>>,
}

impl Practice {
    /// Starts listening on 127.0.0.1 and serves on the current tokio runtime.
    ///
    /// # Errors
    /// When the port can't be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = Loopback::bind(options.port).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let (stop, stopping) = watch::channel(false);
        let accounts = generate(options.accounts, options.roles, options.seed);
        let app = Shared::new(base_url, options, accounts, stopping.clone());
        let serving = tokio::spawn(serve(listener, app.clone(), stopping));
        Ok(Self { app, stop, serving })
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

    /// `http://127.0.0.1:PORT`: the endpoint of the portal, of OIDC and of STS.
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
    pub fn region(&self) -> &'static str {
        "us-east-1"
    }

    /// The environment that points a client here.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let base = self.app.base_url.clone();
        vec![
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

    /// Makes the next request fail whose path begins with `target`. `"/"` is STS alone. After a `?` may stand a text
    /// that the query has to contain, as in `"/assignment/roles?account_id=111122223333"`.
    pub fn fail_next(&self, target: &str, failure: Failure) {
        self.fail_times(target, 1, failure);
    }

    /// [`fail_next`](Self::fail_next) for the next `times` such requests; `usize::MAX` for all of them.
    pub fn fail_times(&self, target: &str, times: usize, failure: Failure) {
        self.app.lock().failures.plan(target, times, failure);
    }

    /// Forgets the planned failures.
    pub fn clear_failures(&self) {
        self.app.lock().failures.clear();
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
