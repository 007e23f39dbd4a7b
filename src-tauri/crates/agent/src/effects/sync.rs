//! Listing accounts and roles.

use std::sync::{Arc, Mutex, PoisonError};

use daypass_aws::{pace::Pace, portal::Portal};
use daypass_domain::{event::Event, failure::Code, sso::SsoSession};

use crate::effects::Effects;

/// Calls under way at once.
const CALLS: usize = 8;

impl Effects {
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
        let workers: [_; CALLS] = std::array::from_fn(|_| worker());
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
