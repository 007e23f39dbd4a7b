//! What has to be done, done as tasks that report back by events.
//!
//! The only place where secrets pass from `aws` into the vaults.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use daypass_aws::{
    client::Aws,
    oidc,
    pace::Pace,
    portal::{self, Portal},
    redirect::Redirect,
    sts,
};
use daypass_domain::{
    event::Event,
    failure::Code,
    ids::{Region, RoleRef, SessionId, SsoSessionName},
    sso::SsoSession,
};
use daypass_vault::secret::Secret;
use tokio::sync::{Mutex as AsyncMutex, mpsc};

use crate::{
    actor::Mail,
    clock::Clock,
    secrets::{Secrets, SignedIn},
};

/// A token with less than this left is refreshed before it is used.
const REFRESH_AHEAD_MILLIS: i64 = 5 * 60 * 1000;
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
    /// The address of the sign-in under way.
    sign_in_url: Mutex<Option<Arc<Secret>>>,
}

impl Effects {
    #[must_use]
    pub fn new(aws: Aws, secrets: Arc<Secrets>, clock: Clock, mail: mpsc::Sender<Mail>) -> Self {
        Self { aws, secrets, clock, mail, gates: Mutex::default(), sign_in_url: Mutex::default() }
    }

    pub async fn tell(&self, event: Event) {
        self.mail.send(Mail::Event(event)).await.ok();
    }

    /// The address to open for the sign-in under way.
    #[must_use]
    pub fn sign_in_url(&self) -> Option<String> {
        let url = self.sign_in_url.lock().unwrap_or_else(PoisonError::into_inner).clone();
        url.map(|u| u.with_str(str::to_owned))
    }

    pub fn forget_sign_in_url(&self) {
        self.set_sign_in_url(None);
    }

    fn set_sign_in_url(&self, url: Option<Arc<Secret>>) {
        *self.sign_in_url.lock().unwrap_or_else(PoisonError::into_inner) = url;
    }

    /// Signs in through the browser. Dropping the future gives it up.
    pub async fn sign_in(&self, sso: &SsoSession, attempt: u32) {
        let outcome = self.try_sign_in(sso, attempt).await;
        self.set_sign_in_url(None);
        self.tell(match outcome {
            Ok(()) => Event::SignedIn { attempt },
            Err(code) => Event::SignInFailed { attempt, code },
        })
        .await;
    }

    async fn try_sign_in(&self, sso: &SsoSession, attempt: u32) -> Result<(), Code> {
        // The address is bound before anything can lead there.
        let redirect = Redirect::bind().await?;
        let authorization = oidc::authorize(&self.aws, sso, &redirect).await?;
        let url = authorization.url.with(Secret::copy_of).map_err(|_| Code::NoMemory)?;
        self.set_sign_in_url(Some(Arc::new(url)));
        // Serving begins before the client hears that it may open the browser.
        let (code, ()) = tokio::join!(redirect.wait(), self.tell(Event::BrowserWanted { attempt }));
        let mut token = oidc::redeem(&self.aws, sso, &authorization, &code?).await?;
        token.expires_at = self.clock.now().wall + token.lasts;
        let registration = Arc::new(authorization.registration);
        self.secrets.sign_ins.put(sso.name.clone(), SignedIn { registration, token });
        Ok(())
    }

    /// Drops the token here, then at the portal.
    pub async fn sign_out(&self, sso: &SsoSession) {
        if let Some(signed_in) = self.secrets.sign_ins.take(&sso.name) {
            portal::logout(&self.aws, sso, &signed_in.token.access).await.ok();
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
                if self.secrets.sign_ins.lend(&sso.name).is_none_or(|now| !Arc::ptr_eq(&now, &held)) {
                    return Err(Code::SignInLapsed);
                }
                self.secrets.sign_ins.put(sso.name.clone(), SignedIn { registration, token });
                self.secrets.sign_ins.lend(&sso.name).ok_or(Code::SignInLapsed)
            }
            // The old token is still good for some minutes; AWS may be back by then.
            Err(code) if code != Code::SignInLapsed && left > 0 => Ok(held),
            Err(code) => Err(code),
        }
    }

    /// Notes that the sign-in is no longer good, where that is the trouble.
    async fn note(&self, sso: &SsoSession, code: Code) {
        if code == Code::SignInLapsed {
            self.secrets.sign_ins.take(&sso.name);
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
            portal::role_credentials(&self.aws, sso, &signed_in.token.access, role).await
        };
        match issued.await {
            Ok((credentials, expiration)) => {
                self.secrets.credentials.put(session.clone(), credentials);
                self.tell(Event::Issued { session: session.clone(), expiration }).await;
            }
            Err(code) => {
                self.note(sso, code).await;
                self.tell(Event::IssueFailed { session, code }).await;
                return;
            }
        }
        if identify
            && let Some(credentials) = self.secrets.credentials.lend(&session)
            && let Ok(identity) = sts::caller_name(&self.aws, sso, region, &credentials).await
        {
            self.tell(Event::Identified { sso_session: sso.name.clone(), identity }).await;
        }
    }

    /// Lists accounts, then roles, at the portal's pace; what fails does not hold up the rest.
    pub async fn sync(self: &Arc<Self>, sso: &SsoSession) {
        let name = sso.name.clone();
        match self.try_sync(sso).await {
            Ok(failed) => self.tell(Event::Synced { sso_session: name, failed }).await,
            Err(code) => {
                self.note(sso, code).await;
                self.tell(Event::SyncFailed { sso_session: name, code }).await;
            }
        }
    }

    async fn try_sync(self: &Arc<Self>, sso: &SsoSession) -> Result<u32, Code> {
        let aws = self.aws.pooled();
        let pace = Pace::default();
        let signed_in = self.signed_in(sso).await?;
        let portal = Portal::new(&aws, sso, &signed_in.token.access, &pace)?;
        let accounts = portal.accounts().await?;
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
        if lapsed { Err(Code::SignInLapsed) } else { Ok(failed) }
    }
}
