//! Signing in, by the browser, a device code or what the keyring has; and what goes into the keyring.

use std::sync::{Arc, MutexGuard, PoisonError};

use daypass_aws::{
    device::{self, Polled},
    keyring::KeyringTrouble,
    oidc::{self, Registration, Token},
    redirect::{Gate, Redirect},
};
use daypass_domain::{
    event::Event, failure::Code, ids::SsoSessionName, settings::Way, sso::SsoSession, view::DeviceView,
};
use daypass_vault::secret::Secret;
use daypass_wire::folder::uid;

use crate::{effects::Effects, secrets::SignedIn};

/// The sign-in under way.
pub(super) struct UnderWay {
    sso_session: SsoSessionName,
    attempt: u32,
    address: Option<Address>,
}

/// Where it leads the person.
#[derive(Clone)]
enum Address {
    Gate(Arc<Gate>),
    Device(String),
}

impl Effects {
    /// An address that leads to the sign-in under way; in the browser flow it works once.
    ///
    /// # Errors
    /// There is none, or it is not that far.
    pub fn sign_in_url(&self) -> Result<String, Code> {
        match self.under_way().as_ref().and_then(|u| u.address.clone()).ok_or(Code::NoSignIn)? {
            Address::Gate(gate) => gate.new_start(),
            Address::Device(url) => Ok(url),
        }
    }

    /// A sign-in begins; only the one that is under way may bring a token.
    pub fn begin_sign_in(&self, sso_session: SsoSessionName, attempt: u32) {
        *self.under_way() = Some(UnderWay { sso_session, attempt, address: None });
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

    /// Signs in: by what the keyring has, else by the person. Dropping the future gives it up.
    pub async fn sign_in(&self, sso: &SsoSession, attempt: u32, way: Way, kept: bool) {
        let brought = async {
            if kept && let Ok(Some(signed_in)) = self.take_up(sso).await {
                return Ok(signed_in);
            }
            match way {
                Way::Browser => self.by_browser(sso, attempt).await,
                Way::DeviceCode => self.by_device_code(sso, attempt).await,
            }
        };
        let event = match brought.await {
            Ok(signed_in) => {
                let mut under_way = self.under_way();
                // Given up meanwhile? Then the token must not come to rest here.
                if under_way.take_if(|u| u.attempt == attempt).is_some() {
                    self.secrets.sign_ins.put(sso.name.clone(), signed_in);
                }
                Event::SignedIn { attempt }
            }
            Err(code) => Event::SignInFailed { attempt, code },
        };
        self.note_skew().await;
        self.tell(event).await;
    }

    async fn by_browser(&self, sso: &SsoSession, attempt: u32) -> Result<SignedIn, Code> {
        // The address is bound before anything can lead there.
        let redirect = Redirect::bind().await?;
        let authorization = oidc::authorize(&self.aws, sso, &redirect).await?;
        self.leads_to(attempt, Address::Gate(redirect.gate()));
        let url = authorization.url.with(Secret::copy_of).map_err(|_| Code::NoMemory)?;
        // Serving begins before the client hears that it may open the browser.
        let (code, ()) = tokio::join!(redirect.wait(uid(), url), self.tell(Event::BrowserWanted { attempt }));
        let code = code?;
        self.tell(Event::BrowserCame { attempt }).await;
        let token = oidc::redeem(&self.aws, sso, &authorization, &code).await?;
        Ok(self.signed_in_by(authorization.registration, token))
    }

    async fn by_device_code(&self, sso: &SsoSession, attempt: u32) -> Result<SignedIn, Code> {
        let mut device = device::start(&self.aws, sso).await?;
        self.leads_to(attempt, Address::Device(device.complete_url.clone()));
        let began = self.clock.now();
        let shown = DeviceView {
            user_code: device.user_code.clone(),
            url: device.url.clone(),
            expires_at: began.wall + device.lasts,
        };
        self.tell(Event::DeviceCode { attempt, device: shown }).await;
        let end = began.after(device.lasts);
        loop {
            let next = self.clock.now().after(device.interval);
            while !next.has_passed(self.clock.now()) {
                self.clock.wait(Some(next.millis_left(self.clock.now()))).await;
            }
            if end.has_passed(self.clock.now()) {
                return Err(Code::DeviceCodeExpired);
            }
            if let Polled::Token(token) = device::poll(&self.aws, sso, &mut device).await? {
                return Ok(self.signed_in_by(device.registration, token));
            }
        }
    }

    fn leads_to(&self, attempt: u32, address: Address) {
        if let Some(under_way) = self.under_way().as_mut().filter(|u| u.attempt == attempt) {
            under_way.address = Some(address);
        }
    }

    fn signed_in_by(&self, registration: Registration, mut token: Token) -> SignedIn {
        token.expires_at = self.clock.now().wall + token.lasts;
        SignedIn { registration: Arc::new(registration), token }
    }

    /// Takes up the sign-in that the keyring has.
    pub async fn restore(&self, sso: &SsoSession) {
        let event = match self.take_up(sso).await {
            Ok(Some(signed_in)) => {
                self.secrets.sign_ins.put(sso.name.clone(), signed_in);
                Event::Restored { sso_session: sso.name.clone() }
            }
            Ok(None) => Event::NotRestored { sso_session: sso.name.clone(), code: None },
            Err(code) => Event::NotRestored { sso_session: sso.name.clone(), code: Some(code) },
        };
        self.note_skew().await;
        self.tell(event).await;
    }

    /// The refresh token of the keyring is dead after this; its successor is kept by whoever is signed in.
    async fn take_up(&self, sso: &SsoSession) -> Result<Option<SignedIn>, Code> {
        let Some(kept) = self.keyring.kept(sso).await.map_err(keyring_code)? else { return Ok(None) };
        match oidc::refresh(&self.aws, sso, &kept.registration, &kept.token).await {
            Ok(token) => Ok(Some(self.signed_in_by(kept.registration, token))),
            Err(Code::SignInLapsed) => {
                self.keyring.forget(sso).await.ok();
                Ok(None)
            }
            Err(code) => Err(code),
        }
    }

    /// Puts the sign-in into the keyring.
    pub async fn keep(&self, sso: &SsoSession) {
        let Some(held) = self.secrets.sign_ins.lend(&sso.name) else { return };
        let Some(refresh) = held.token.refresh_token() else { return };
        let kept = self.keyring.keep(sso, &held.registration, refresh).await;
        self.tell_keyring(sso, kept.map_err(keyring_code)).await;
    }

    pub async fn forget(&self, sso: &SsoSession) {
        let forgotten = match self.keyring.forget(sso).await {
            // Where there is no keyring, nothing is kept.
            Ok(()) | Err(KeyringTrouble::Absent | KeyringTrouble::NoCollection) => Ok(()),
            Err(_) => Err(Code::KeyringStillHolds),
        };
        self.tell_keyring(sso, forgotten).await;
    }

    /// What keeps the keyring from keeping something now.
    pub async fn keyring_trouble(&self) -> Option<Code> {
        self.keyring.probe().await.err().map(keyring_code)
    }

    async fn tell_keyring(&self, sso: &SsoSession, outcome: Result<(), Code>) {
        let trouble = outcome.err();
        self.tell(Event::Keyring { sso_session: sso.name.clone(), trouble }).await;
    }

    /// Drops the token here alone.
    pub fn drop_token(&self, sso: &SsoSession) {
        self.secrets.sign_ins.take(&sso.name);
    }
}

fn keyring_code(trouble: KeyringTrouble) -> Code {
    match trouble {
        KeyringTrouble::Absent => Code::KeyringAbsent,
        KeyringTrouble::Locked => Code::KeyringLocked,
        KeyringTrouble::TimedOut => Code::KeyringSilent,
        KeyringTrouble::NoCollection | KeyringTrouble::Refused => Code::KeyringRefused,
    }
}

#[cfg(test)]
mod tests {
    use daypass_aws::{client::Aws, keyring::Keyring};
    use daypass_domain::time::Timestamp;

    use super::*;
    use crate::{
        clock::{Clock, Manual},
        secrets::Secrets,
    };

    #[test]
    fn what_an_abandoned_sign_in_just_brought_is_dropped_unless_one_is_signed_in_all_the_same() {
        let secrets = Arc::new(Secrets::default());
        let clock = Clock::Manual(Manual::new(Timestamp::from_secs(0)));
        let (mail, _letters) = tokio::sync::mpsc::channel(1);
        let aws = Aws::new(|_| None, clock.wall());
        let effects = Effects::new(aws, Keyring::new(|_| None), Arc::clone(&secrets), clock, mail);
        let name: SsoSessionName = "acme".parse().unwrap();
        for is_signed_in in [true, false] {
            effects.begin_sign_in(name.clone(), 1);
            let secret = || Secret::copy_of(b"secret").unwrap();
            let (client_id, expires_at) = ("client".to_owned(), Timestamp::from_secs(1));
            let registration =
                Registration { client_id, client_secret: secret(), expires_at, way: Way::Browser };
            let token = Token::lapsed(secret()).unwrap();
            secrets.sign_ins.put(name.clone(), SignedIn { registration: Arc::new(registration), token });
            effects.abandon_sign_in(|_| is_signed_in);
            assert_eq!(secrets.sign_ins.lend(&name).is_some(), is_signed_in);
        }
    }
}
