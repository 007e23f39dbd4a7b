//! What has to be done, done as tasks that report back by events.
//!
//! The only place where secrets pass from `aws` into the vaults.

mod sign_in;
mod sync;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use daypass_aws::{assume::assume_role, client::Aws, keyring::Keyring, oidc, portal, sts};
use daypass_domain::{
    chain::SessionName,
    event::{Event, Issue},
    failure::Code,
    ids::{SessionId, SsoSessionName},
    sso::SsoSession,
    time::Expiration,
};
use daypass_vault::{credentials::Credentials, secret::Secret};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
    time::timeout,
};

use crate::{
    actor::{Mail, Need, Served},
    clock::Clock,
    effects::sign_in::UnderWay,
    practice::Practice,
    secrets::{Secrets, SignedIn},
};

/// A token with less than this left is refreshed before it is used.
const REFRESH_AHEAD_MILLIS: i64 = 5 * 60 * 1000;
/// How long the portal may take to end its session: our copy of the token lives no longer.
const LOGOUT_WITHIN: Duration = Duration::from_millis(900);

/// What effects work with.
pub struct Effects {
    pub aws: Aws,
    pub secrets: Arc<Secrets>,
    pub clock: Clock,
    pub mail: mpsc::Sender<Mail>,
    keyring: Keyring,
    /// What was last told of AWS's clock.
    skew: AtomicI64,
    /// One gate per SSO session: whoever refreshes, refreshes for all.
    gates: Mutex<HashMap<SsoSessionName, Arc<AsyncMutex<()>>>>,
    sign_in: Mutex<Option<UnderWay>>,
    /// The practice organisation, while it runs.
    pub practice: Mutex<Option<Practice>>,
}

impl Effects {
    #[must_use]
    pub fn new(
        aws: Aws,
        keyring: Keyring,
        secrets: Arc<Secrets>,
        clock: Clock,
        mail: mpsc::Sender<Mail>,
    ) -> Self {
        let (skew, gates, sign_in) = (AtomicI64::new(0), Mutex::default(), Mutex::default());
        Self { aws, secrets, clock, mail, keyring, skew, gates, sign_in, practice: Mutex::default() }
    }

    pub async fn tell(&self, event: Event) {
        self.mail.send(Mail::Event(event)).await.ok();
    }

    /// What goes with a lease, if it may be served in this way now.
    ///
    /// # Errors
    /// `UnknownSession`, `SessionNotLive`; `AuditUnwritable` where it was to be recorded.
    pub async fn served(&self, session: &str, need: Need) -> Result<Served, Code> {
        let (sender, reply) = oneshot::channel();
        let letter = Mail::Serve(session.to_owned(), need, sender);
        self.mail.send(letter).await.map_err(|_| Code::AgentSilent)?;
        reply.await.map_err(|_| Code::AgentSilent)?
    }

    /// Waits until the log has on the disk all that happened so far. What hangs on it may then be handed out.
    ///
    /// # Errors
    /// `AuditUnwritable`; `SessionNotLive` where the lease ended meanwhile.
    pub async fn recorded(&self, session: &str) -> Result<(), Code> {
        self.served(session, Need::Recorded).await?;
        self.served(session, Need::Lease).await.map(drop)
    }

    /// Tells what AWS's answers said of our clock, where it is news.
    async fn note_skew(&self) {
        let millis = self.aws.skew_millis();
        if self.skew.swap(millis, Ordering::Relaxed) != millis {
            self.tell(Event::Skew { millis }).await;
        }
    }

    /// Drops the tokens here, then ends the portal's session with a copy that lives less than a second.
    pub async fn sign_out(&self, sso: &SsoSession) {
        let access = match self.secrets.sign_ins.take(&sso.name) {
            Some(signed_in) => signed_in.token.access.with(Secret::copy_of),
            None => return,
        };
        if let Ok(access) = access {
            timeout(LOGOUT_WITHIN, portal::logout(&self.aws, sso, &access)).await.ok();
        }
    }

    /// A sign-in whose token is good for a while; refreshed where need be, once for all who wait.
    async fn signed_in(&self, sso: &SsoSession) -> Result<Arc<SignedIn>, Code> {
        let gate = {
            let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(gates.entry(sso.name.clone()).or_default())
        };
        let _one_at_a_time = gate.lock().await;
        let held = self.secrets.sign_ins.lend(&sso.name).ok_or(Code::SignInLapsed)?;
        let left = held.token.expires_at.as_millis() - self.clock.now().wall.as_millis();
        if left > REFRESH_AHEAD_MILLIS {
            return Ok(held);
        }
        match oidc::refresh(&self.aws, sso, &held.registration, &held.token).await {
            Ok(mut token) => {
                token.expires_at = self.clock.now().wall + token.lasts;
                let registration = Arc::clone(&held.registration);
                // Signed out meanwhile? Then the new token must not come to rest here.
                let fresh = SignedIn { registration, token };
                let kept = self.secrets.sign_ins.replace_if(&sso.name, &held, fresh);
                self.tell(Event::Refreshed { sso_session: sso.name.clone() }).await;
                kept.ok_or(Code::SignInLapsed)
            }
            // The old token is still good for some minutes; AWS may be back by then.
            Err(code) if code != Code::SignInLapsed && left > 0 => Ok(held),
            Err(code) => {
                self.note(sso, code, &held).await;
                Err(code)
            }
        }
    }

    /// Notes that the sign-in that was used is no longer good, where that is the trouble. A newer one stays.
    async fn note(&self, sso: &SsoSession, code: Code, used: &Arc<SignedIn>) {
        if code == Code::SignInLapsed && self.secrets.sign_ins.take_if(&sso.name, used) {
            self.tell(Event::Lapsed { sso_session: sso.name.clone() }).await;
        }
    }

    /// Gets credentials for a session into the vault.
    pub async fn issue(&self, session: SessionId, issue: &Issue) {
        match self.credentials(issue).await {
            Ok((credentials, expiration)) => {
                if !credentials.is_locked() {
                    self.tell(Event::NotLocked).await;
                }
                let key_id_end = credentials.key_id_end();
                self.secrets.credentials.put(session.clone(), credentials);
                self.tell(Event::Issued { session: session.clone(), expiration, key_id_end }).await;
            }
            Err(code) => return self.tell(Event::IssueFailed { session, code }).await,
        }
        // Whoever goes on from there is known by now.
        if !issue.identify || !issue.assumes.is_empty() {
            return;
        }
        let ask = |credentials: Arc<Credentials>| async move {
            sts::caller_name(&self.aws, &issue.sso, &issue.region, &credentials).await
        };
        if let Some(Ok(identity)) = self.secrets.while_held(&session, ask).await {
            self.tell(Event::Identified { sso_session: issue.sso.name.clone(), identity }).await;
        }
    }

    /// Credentials that are handed on at once and kept nowhere: for those who can't renew.
    ///
    /// # Errors
    /// As of an issue.
    pub async fn lasting(
        &self,
        session: &SessionId,
        issue: &Issue,
    ) -> Result<(Credentials, Expiration), Code> {
        let (credentials, expiration) = self.credentials(issue).await?;
        let key_id_end = credentials.key_id_end();
        self.tell(Event::IssuedLasting { session: session.clone(), expiration, key_id_end }).await;
        Ok((credentials, expiration))
    }

    /// The portal's credentials, or those at the end of the way that begins there. Of what lies between, each is
    /// zeroed as soon as the next is there.
    async fn credentials(&self, issue: &Issue) -> Result<(Credentials, Expiration), Code> {
        let outcome = async {
            let signed_in = self.signed_in(&issue.sso).await?;
            let token = &signed_in.token.access;
            let portal = portal::role_credentials(&self.aws, &issue.sso, token, &issue.role).await;
            if let Err(code) = portal {
                self.note(&issue.sso, code, &signed_in).await;
            }
            drop(signed_in);
            let (mut credentials, mut expiration) = portal?;
            let person = self.person(issue, &credentials).await;
            for assume in &issue.assumes {
                (credentials, expiration) =
                    assume_role(&self.aws, &issue.sso, &issue.region, &credentials, assume, &person).await?;
            }
            Ok((credentials, expiration))
        };
        let outcome = Box::pin(outcome).await;
        self.note_skew().await;
        outcome
    }

    /// What to call the sessions of chained roles where the request names none: as the portal called its own.
    async fn person(&self, issue: &Issue, portal: &Credentials) -> SessionName {
        let is_wanted = issue.identify || issue.assumes.iter().any(|assume| assume.session_name.is_none());
        let mut name = None;
        if is_wanted && !issue.assumes.is_empty() {
            let identity = sts::caller_name(&self.aws, &issue.sso, &issue.region, portal).await.ok();
            name = identity.as_deref().and_then(SessionName::sanitised);
            if let Some(identity) = identity {
                self.tell(Event::Identified { sso_session: issue.sso.name.clone(), identity }).await;
            }
        }
        name.unwrap_or_else(SessionName::of_nobody)
    }
}
