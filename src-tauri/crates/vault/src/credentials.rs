//! Role credentials: access key id + secret access key + session token, in one run of pages.

use crate::{
    held::{Held, Kind},
    page::NoMemory,
    secret::Secret,
};

/// One set of role credentials.
pub struct Credentials {
    /// The three parts one after the other.
    parts: Secret,
    id_end: usize,
    key_end: usize,
}

static_assertions::assert_not_impl_any!(Credentials: Clone, Copy, std::fmt::Debug, std::fmt::Display, PartialEq);

/// The parts of credentials, lent.
pub struct Parts<'a> {
    pub access_key_id: &'a str,
    pub secret_access_key: &'a str,
    pub session_token: &'a str,
}

static_assertions::assert_not_impl_any!(Parts: Clone, Copy, std::fmt::Debug, std::fmt::Display, PartialEq);

impl Credentials {
    /// Copies the parts into pages of their own. The originals stay the caller's to wipe.
    ///
    /// # Errors
    /// No memory.
    pub fn copy_of(parts: &Parts<'_>) -> Result<Self, NoMemory> {
        let (id, key, token) = (parts.access_key_id, parts.secret_access_key, parts.session_token);
        let mut secret = Secret::with_capacity(id.len() + key.len() + token.len())?;
        for part in [id, key, token] {
            secret.append(part.as_bytes())?;
        }
        Ok(Self { parts: secret, id_end: id.len(), key_end: id.len() + key.len() })
    }

    /// Lends the parts.
    pub fn with<T>(&self, lend: impl FnOnce(&Parts<'_>) -> T) -> T {
        self.parts.with_str(|all| {
            let (id_and_key, session_token) = all.split_at_checked(self.key_end).unwrap_or_default();
            let (access_key_id, secret_access_key) =
                id_and_key.split_at_checked(self.id_end).unwrap_or_default();
            lend(&Parts { access_key_id, secret_access_key, session_token })
        })
    }

    /// The last four characters of the access key id, which is no secret: what AWS's own lists show it by.
    #[must_use]
    pub fn key_id_end(&self) -> String {
        self.with(|parts| {
            let id: Vec<char> = parts.access_key_id.chars().filter(char::is_ascii_alphanumeric).collect();
            id[id.len().saturating_sub(4)..].iter().collect()
        })
    }

    #[must_use]
    pub fn page_count(&self) -> usize {
        self.parts.page_count()
    }

    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.parts.is_locked()
    }
}

impl Held for Credentials {
    /// The access key id is no secret.
    fn each(&self, see: &mut dyn FnMut(Kind, &Secret, &[u8])) {
        self.with(|parts| {
            see(Kind::SecretAccessKey, &self.parts, parts.secret_access_key.as_bytes());
            see(Kind::SessionToken, &self.parts, parts.session_token.as_bytes());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_come_back_as_they_went_in() {
        let parts = Parts { access_key_id: "ASIA1", secret_access_key: "s/k+", session_token: "tok=" };
        Credentials::copy_of(&parts).unwrap().with(|p| {
            assert!(p.access_key_id == "ASIA1" && p.secret_access_key == "s/k+" && p.session_token == "tok=");
        });
    }

    #[test]
    fn no_more_than_the_end_of_the_access_key_id_is_told() {
        for (id, end) in [("ASIAEXAMPLE7Q2X", "7Q2X"), ("AB", "AB"), ("", ""), ("ASIA\u{1b}[2J!", "IA2J")] {
            let parts = Parts { access_key_id: id, secret_access_key: "s", session_token: "t" };
            assert_eq!(Credentials::copy_of(&parts).unwrap().key_id_end(), end);
        }
    }
}
