//! What has to be done, done as tasks that report back by events.
//!
//! The only place where secrets pass from `aws` into the vaults.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use daypass_aws::{
    client::Aws,
    oidc,
    pace::Pace,
    portal::{self, Portal},
    redirect::{Gate, Redirect},
    sts,
};
use daypass_domain::{
    event::Event,
    failure::Code,
    ids::{Region, RoleRef, SessionId, SsoSessionName},
    sso::SsoSession,
};
use daypass_vault::{credentials::Credentials, secret::Secret};
use daypass_wire::folder::uid;
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc},
    time::timeout,
};

use crate::{
    actor::Mail,
    clock::Clock,
    secrets::{Secrets, SignedIn},
};

/// A token with less than this left is refreshed before it is used.
const REFRESH_AHEAD_MILLIS: i64 = 5 * 60 * 1000;
/// How long the portal may take to end its session: our copy of the token lives no longer.
const LOGOUT_WITHIN: Duration = Duration::from_millis(900);
/// Calls of a sync under way at once.
const SYNC_CALLS: usize = 8;

/// What effects work with.
pub struct Effects {
    pub aws: Aws,
    pub secrets: Arc<Secrets>,
    pub clock: Clock,
    pub mail: mpsc::Sender<Mail>,
    /// One gate per SSO session: whoever refreshes, refreshes for all.
    gates: Mutex<HashMap<SsoSessionName, Arc<AsyncMutex<()>>>>,
    sign_in: Mutex<Option<UnderWay>>,
}

/// The sign-in under way.
struct UnderWay {
    sso_session: SsoSessionName,
    attempt: u32,
    gate: Option<Arc<Gate>>,
}

impl Effects {
    #[must_use]
    pub fn new(aws: Aws, secrets: Arc<Secrets>, clock: Clock, mail: mpsc::Sender<Mail>) -> Self {
        Self { aws, secrets, clock, mail, gates: Mutex::default(), sign_in: Mutex::default() }
    }

    pub async fn tell(&self, event: Event) {
        self.mail.send(Mail::Event(event)).await.ok();
    }

    /// A one-shot address that leads to the sign-in under way.
    ///
    /// # Errors
    /// There is none, or it is not that far.
    pub fn sign_in_url(&self) -> Result<String, Code> {
        let gate = self.under_way().as_ref().and_then(|u| u.gate.clone());
        gate.ok_or(Code::NoSignIn)?.new_start()
    }

    /// A sign-in begins; only the one that is under way may bring a token.
    pub fn begin_sign_in(&self, sso_session: SsoSessionName, attempt: u32) {
        *self.under_way() = Some(UnderWay { sso_session, attempt, gate: None });
    }

    /// Gives the sign-in under way up, and what it may just have brought, unless `is_signed_in` all the same.
    pub fn abandon_sign_in(&self, is_signed_in: impl Fn(&SsoSessionName) -> bool) {
        let mut under_way = self.under_way();
        if let Some(abandoned) = under_way.take().filter(|a| !is_signed_in(&a.sso_session)) {
            self.secrets.sign_ins.take(&abandoned.sso_session);
        }
    }

    fn under_way(&self) -> MutexGuard<'_, Option<UnderWay>> {
        self.sign_in.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs in through the browser. Dropping the future gives it up.
    pub async fn sign_in(&self, sso: &SsoSession, attempt: u32) {
        let event = match self.try_sign_in(sso, attempt).await {
            Ok(()) => Event::SignedIn { attempt },
            Err(code) => Event::SignInFailed { attempt, code },
        };
        self.tell(event).await;
    }

    async fn try_sign_in(&self, sso: &SsoSession, attempt: u32) -> Result<(), Code> {
        // The address is bound before anything can lead there.
        let redirect = Redirect::bind().await?;
        let authorization = oidc::authorize(&self.aws, sso, &redirect).await?;
        if let Some(under_way) = self.under_way().as_mut().filter(|u| u.attempt == attempt) {
            under_way.gate = Some(redirect.gate());
        }
        let url = authorization.url.with(Secret::copy_of).map_err(|_| Code::NoMemory)?;
        // Serving begins before the client hears that it may open the browser.
        let (code, ()) = tokio::join!(redirect.wait(uid(), url), self.tell(Event::BrowserWanted { attempt }));
        let mut token = oidc::redeem(&self.aws, sso, &authorization, &code?).await?;
        token.expires_at = self.clock.now().wall + token.lasts;
        let registration = Arc::new(authorization.registration);
        let mut under_way = self.under_way();
        // Given up meanwhile? Then the token must not come to rest here.
        if under_way.take_if(|u| u.attempt == attempt).is_some() {
            self.secrets.sign_ins.put(sso.name.clone(), SignedIn { registration, token });
        }
        Ok(())
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
                self.secrets.sign_ins.replace_if(&sso.name, &held, fresh).ok_or(Code::SignInLapsed)
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
    pub async fn issue(
        &self,
        sso: &SsoSession,
        session: SessionId,
        role: &RoleRef,
        region: &Region,
        identify: bool,
    ) {
        let issued = async {
            let signed_in = self.signed_in(sso).await?;
            let issued = portal::role_credentials(&self.aws, sso, &signed_in.token.access, role).await;
            if let Err(code) = issued {
                self.note(sso, code, &signed_in).await;
            }
            issued
        };
        match issued.await {
            Ok((credentials, expiration)) => {
                if !credentials.is_locked() {
                    self.tell(Event::NotLocked).await;
                }
                self.secrets.credentials.put(session.clone(), credentials);
                self.tell(Event::Issued { session: session.clone(), expiration }).await;
            }
            Err(code) => {
                self.tell(Event::IssueFailed { session, code }).await;
                return;
            }
        }
        if !identify {
            return;
        }
        let ask = |credentials: Arc<Credentials>| async move {
            sts::caller_name(&self.aws, sso, region, &credentials).await
        };
        if let Some(Ok(identity)) = self.secrets.while_held(&session, ask).await {
            self.tell(Event::Identified { sso_session: sso.name.clone(), identity }).await;
        }
    }

    /// Lists accounts, then roles, at the portal's pace; what fails does not hold up the rest.
    pub async fn sync(self: &Arc<Self>, sso: &SsoSession) {
        let name = sso.name.clone();
        match self.try_sync(sso).await {
            Ok(failed) => self.tell(Event::Synced { sso_session: name, failed }).await,
            Err(code) => self.tell(Event::SyncFailed { sso_session: name, code }).await,
        }
    }

    async fn try_sync(self: &Arc<Self>, sso: &SsoSession) -> Result<u32, Code> {
        let aws = self.aws.pooled();
        let pace = Pace::default();
        let signed_in = self.signed_in(sso).await?;
        let portal = Portal::new(&aws, sso, &signed_in.token.access, &pace)?;
        let accounts = match portal.accounts().await {
            Ok(accounts) => accounts,
            Err(code) => {
                self.note(sso, code, &signed_in).await;
                return Err(code);
            }
        };
        let ids: Vec<_> = accounts.iter().map(|(id, _)| id.clone()).collect();
        self.tell(Event::AccountsListed { sso_session: sso.name.clone(), accounts }).await;
        let queue = Mutex::new(ids.into_iter());
        let failed = Mutex::new(0_u32);
        let lapsed = Mutex::new(false);
        let worker = || async {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(account) = next else { return };
                match portal.roles(&account).await {
                    Ok(roles) => {
                        let sso_session = sso.name.clone();
                        self.tell(Event::RolesListed { sso_session, account, roles }).await;
                    }
                    // Nothing more will come with this token.
                    Err(Code::SignInLapsed) => {
                        *lapsed.lock().unwrap_or_else(PoisonError::into_inner) = true;
                        return;
                    }
                    Err(_) => *failed.lock().unwrap_or_else(PoisonError::into_inner) += 1,
                }
            }
        };
        let workers: [_; SYNC_CALLS] = std::array::from_fn(|_| worker());
        let [a, b, c, d, e, f, g, h] = workers;
        tokio::join!(a, b, c, d, e, f, g, h);
        let lapsed = *lapsed.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = *failed.lock().unwrap_or_else(PoisonError::into_inner);
        if lapsed {
            self.note(sso, Code::SignInLapsed, &signed_in).await;
            return Err(Code::SignInLapsed);
        }
        Ok(failed)
    }
}
