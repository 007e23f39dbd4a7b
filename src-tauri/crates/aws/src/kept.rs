//! What is kept of a sign-in, and how it is written down for the system keyring.
//!
//! A small JSON object with a version. What cannot be read, belongs to another portal or has another
//! version is no sign-in: whoever finds it removes it.

use std::{borrow::Cow, io};

use daypass_domain::{settings::Way, sso::SsoSession, time::Timestamp};
use daypass_vault::{
    page::{NoMemory, Pages},
    secret::Secret,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::oidc::{Registration, Token};

const VERSION: u32 = 1;

/// A sign-in as it comes back from the keyring: the registration, and a token to refresh before its first use.
pub struct Kept {
    pub registration: Registration,
    pub token: Token,
}

static_assertions::assert_not_impl_any!(Kept: Clone, Copy, std::fmt::Debug);

/// Why no sign-in could be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unread {
    /// Not ours, not whole, or of another version.
    Damaged,
    NoMemory,
}

/// Version 1. Borrows: the secrets in it stay in the pages or the buffer they are in.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Form<'a> {
    version: u32,
    #[serde(borrow)]
    start_url: Cow<'a, str>,
    #[serde(borrow)]
    region: Cow<'a, str>,
    /// How the registration signs in: AWS knows it by no other.
    way: Way,
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    #[serde(borrow)]
    client_secret: Cow<'a, str>,
    /// Milliseconds since 1970.
    client_expires_at: i64,
    #[serde(borrow)]
    refresh_token: Cow<'a, str>,
}

/// Text with an escape in it is a copy on the heap.
impl Drop for Form<'_> {
    fn drop(&mut self) {
        for text in [&mut self.client_secret, &mut self.refresh_token] {
            if let Cow::Owned(copy) = text {
                copy.zeroize();
            }
        }
    }
}

/// A sign-in written down, in locked pages.
///
/// Lent for longer than a closure lasts: the keyring's client takes it across an await.
pub(crate) struct Written {
    pages: Pages,
    length: usize,
}

static_assertions::assert_not_impl_any!(Written: Clone, Copy, std::fmt::Debug);

impl Written {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.pages.bytes()[..self.length]
    }
}

/// Writes a sign-in down.
pub(crate) fn write(
    sso: &SsoSession,
    registration: &Registration,
    refresh: &Secret,
) -> Result<Written, NoMemory> {
    registration.client_secret.with_str(|client_secret| {
        refresh.with_str(|refresh_token| {
            let form = Form {
                version: VERSION,
                start_url: sso.start_url.as_str().into(),
                region: sso.region.as_str().into(),
                way: registration.way,
                client_id: registration.client_id.as_str().into(),
                client_secret: client_secret.into(),
                client_expires_at: registration.expires_at.as_millis(),
                refresh_token: refresh_token.into(),
            };
            // Written twice, the first time only to be measured: a buffer that grows leaves copies behind.
            let mut size = Measured(0);
            serde_json::to_writer(&mut size, &form).map_err(|_| NoMemory)?;
            let mut written = Written { pages: Pages::with_capacity(size.0)?, length: size.0 };
            serde_json::to_writer(&mut written.pages.bytes_mut()[..size.0], &form).map_err(|_| NoMemory)?;
            Ok(written)
        })
    })
}

/// Reads what was written for this SSO session. The text stays the caller's to wipe.
pub(crate) fn read(text: &[u8], sso: &SsoSession) -> Result<Kept, Unread> {
    let form: Form<'_> = serde_json::from_slice(text).map_err(|_| Unread::Damaged)?;
    let is_ours = form.version == VERSION
        && form.start_url == sso.start_url.as_str()
        && form.region == sso.region.as_str();
    if !is_ours || form.client_secret.is_empty() || form.refresh_token.is_empty() {
        return Err(Unread::Damaged);
    }
    let secret = |text: &str| Secret::copy_of(text.as_bytes()).map_err(|_| Unread::NoMemory);
    Ok(Kept {
        registration: Registration {
            client_id: form.client_id.as_ref().to_owned(),
            client_secret: secret(&form.client_secret)?,
            expires_at: Timestamp::from_millis(form.client_expires_at),
            way: form.way,
        },
        token: Token::lapsed(secret(&form.refresh_token)?).map_err(|_| Unread::NoMemory)?,
    })
}

struct Measured(usize);

impl io::Write for Measured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use daypass_domain::sso::{Endpoints, Source, StartUrl};
    use daypass_mutants::{check, odd_text, of_bytes, of_json};
    use proptest::prelude::*;

    use super::*;

    fn sso(start_url: &str) -> SsoSession {
        SsoSession {
            name: "work".parse().unwrap(),
            start_url: StartUrl::try_from(start_url.to_owned()).unwrap(),
            region: "eu-west-1".parse().unwrap(),
            source: Source::Typed,
            endpoints: Endpoints::default(),
        }
    }

    fn written(sso: &SsoSession) -> String {
        let registration = Registration {
            client_id: "client".to_owned(),
            client_secret: Secret::copy_of("se\"cr\\et".as_bytes()).unwrap(),
            expires_at: Timestamp::from_secs(1_800_000_000),
            way: Way::DeviceCode,
        };
        let refresh = Secret::copy_of("t\u{1}oken \u{e9}".as_bytes()).unwrap();
        String::from_utf8(write(sso, &registration, &refresh).ok().unwrap().bytes().to_vec()).unwrap()
    }

    #[test]
    fn what_was_written_is_read_whatever_the_characters() {
        let sso = sso("https://acme.awsapps.com/start");
        let kept = read(written(&sso).as_bytes(), &sso).ok().unwrap();
        assert_eq!(kept.registration.client_id, "client");
        assert_eq!(kept.registration.expires_at, Timestamp::from_secs(1_800_000_000));
        assert!(kept.registration.client_secret.with_str(|s| s == "se\"cr\\et"));
        assert!(kept.token.refresh_token().unwrap().with_str(|s| s == "t\u{1}oken \u{e9}"));
        assert!(kept.token.access.with(<[u8]>::is_empty));
        assert_eq!(kept.token.expires_at, Timestamp::from_secs(0), "to be refreshed before its first use");
    }

    #[test]
    fn what_is_not_ours_whole_and_of_this_version_is_no_sign_in() {
        let here = sso("https://acme.awsapps.com/start");
        let good = written(&here);
        let wrong = [
            written(&sso("https://other.awsapps.com/start")),
            good.replace("\"version\":1", "\"version\":2"),
            good.replace("eu-west-1", "eu-west-2"),
            good.replace("deviceCode", "something_else"),
            good.replace("\"refreshToken\":\"", "\"refreshToken\":\"\",\"was\":\""),
            good.replace("\"clientId\"", "\"client\""),
            good[..good.len() - 1].to_owned(),
            String::new(),
        ];
        for text in wrong {
            assert_ne!(text, good);
            assert_eq!(read(text.as_bytes(), &here).err(), Some(Unread::Damaged), "{text}");
        }
    }

    /// Where a sign-in is for; what else is there may be anything.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Place {
        start_url: String,
        region: String,
    }

    #[test]
    fn what_was_damaged_on_the_way_is_a_whole_sign_in_for_here_or_none() {
        let here = sso("https://acme.awsapps.com/start");
        let good = written(&here);
        let mutants = prop_oneof![of_bytes(good.as_bytes()), of_json(&serde_json::from_str(&good).unwrap())];
        check(600, mutants, |bytes| {
            if let Ok(kept) = read(&bytes, &here) {
                prop_assert!(kept.registration.client_secret.with_str(|s| !s.is_empty()));
                prop_assert!(kept.token.refresh_token().is_some_and(|t| t.with_str(|s| !s.is_empty())));
                prop_assert!(kept.token.access.with(<[u8]>::is_empty));
                let place: Place = serde_json::from_slice(&bytes).unwrap();
                prop_assert_eq!(place.start_url, "https://acme.awsapps.com/start");
                prop_assert_eq!(place.region, "eu-west-1");
            }
            Ok(())
        });
    }

    #[test]
    fn any_secret_that_is_written_is_read_again() {
        let here = sso("https://acme.awsapps.com/start");
        check(200, odd_text(), |text| {
            let secret = format!("{text}.");
            let registration = Registration {
                client_id: text,
                client_secret: Secret::copy_of(secret.as_bytes()).unwrap(),
                expires_at: Timestamp::from_millis(i64::MAX),
                way: Way::Browser,
            };
            let refresh = Secret::copy_of(secret.as_bytes()).unwrap();
            let kept = read(write(&here, &registration, &refresh).ok().unwrap().bytes(), &here).ok().unwrap();
            prop_assert_eq!(kept.registration.client_id, registration.client_id);
            prop_assert_eq!(kept.registration.expires_at, registration.expires_at);
            prop_assert!(kept.registration.client_secret.with_str(|s| s == secret));
            prop_assert!(kept.token.refresh_token().unwrap().with_str(|s| s == secret));
            Ok(())
        });
    }
}
