//! Every secret the agent holds, by what it is for.

use daypass_aws::{
    oidc::{Registration, Token},
    random,
};
use daypass_domain::{
    ids::{SessionId, SsoSessionName},
    time::Timestamp,
};
use daypass_vault::{credentials::Credentials, page::NoMemory, secret::Secret, vault::Vault};

/// A sign-in: the registration and the token it got.
pub struct SignedIn {
    pub registration: std::sync::Arc<Registration>,
    pub token: Token,
}

/// The endpoint's path and token for one lease.
pub struct Ticket {
    pub path: Secret,
    pub token: Secret,
}

impl Ticket {
    /// A fresh one: 128 bits of path, 256 of token.
    ///
    /// # Errors
    /// No memory.
    pub fn new() -> Result<Self, NoMemory> {
        Ok(Self { path: random::secret(128)?, token: random::secret(256)? })
    }
}

/// The vaults.
#[derive(Default)]
pub struct Secrets {
    pub sign_ins: Vault<SsoSessionName, SignedIn>,
    pub credentials: Vault<SessionId, Credentials>,
    pub tickets: Vault<SessionId, Ticket>,
}

impl Secrets {
    /// Zeroes what one lease had; returns how many pages.
    pub fn wipe(&self, session: &SessionId) -> u32 {
        let credentials = self.credentials.take(session).map_or(0, |c| c.page_count());
        let ticket = self.tickets.take(session).map_or(0, |t| t.path.page_count() + t.token.page_count());
        u32::try_from(credentials + ticket).unwrap_or(u32::MAX)
    }

    /// The lease whose ticket has this path; every ticket is compared, each in constant time.
    #[must_use]
    pub fn ticket_at(&self, path: &str) -> Option<SessionId> {
        self.tickets.find(|ticket| random::is_same(&ticket.path, path))
    }

    /// Zeroes everything.
    pub fn wipe_all(&self) {
        self.credentials.clear();
        self.tickets.clear();
        self.sign_ins.clear();
    }
}

/// The credentials as the container endpoint gives them, until `until`. The caller sends and drops it.
#[must_use]
pub fn container_json(credentials: &Credentials, until: Timestamp) -> Vec<u8> {
    credentials.with(|parts| {
        json(&[
            ("AccessKeyId", parts.access_key_id),
            ("SecretAccessKey", parts.secret_access_key),
            ("Token", parts.session_token),
            ("Expiration", &until.rfc3339()),
        ])
    })
}

/// The credentials as `credential_process` prints them.
#[must_use]
pub fn process_json(credentials: &Credentials, until: Timestamp, account: &str) -> Vec<u8> {
    credentials.with(|parts| {
        let mut text = json(&[
            ("AccessKeyId", parts.access_key_id),
            ("SecretAccessKey", parts.secret_access_key),
            ("SessionToken", parts.session_token),
            ("Expiration", &until.rfc3339()),
            ("AccountId", account),
        ]);
        text.pop();
        text.extend_from_slice(b",\"Version\":1}");
        text
    })
}

fn json(fields: &[(&str, &str)]) -> Vec<u8> {
    let room: usize = fields.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    // Sized once: a buffer that grows would leave copies behind.
    let mut text = Vec::with_capacity(room * 2);
    text.push(b'{');
    for (name, value) in fields {
        if text.len() > 1 {
            text.push(b',');
        }
        serde_json::to_writer(&mut text, name).ok();
        text.push(b':');
        serde_json::to_writer(&mut text, value).ok();
    }
    text.push(b'}');
    text
}

#[cfg(test)]
mod tests {
    use daypass_vault::credentials::Parts;

    use super::*;

    #[test]
    fn credentials_are_written_as_sdks_read_them() {
        let parts = Parts { access_key_id: "ASIA", secret_access_key: "s\"k", session_token: "t" };
        let credentials = Credentials::copy_of(&parts).unwrap();
        let at = Timestamp::from_secs(0);
        let container: serde_json::Value = serde_json::from_slice(&container_json(&credentials, at)).unwrap();
        assert_eq!(container["SecretAccessKey"], "s\"k");
        assert_eq!(container["Token"], "t");
        assert_eq!(container["Expiration"], "1970-01-01T00:00:00Z");
        let process: serde_json::Value =
            serde_json::from_slice(&process_json(&credentials, at, "111122223333")).unwrap();
        assert_eq!(process["Version"], 1);
        assert_eq!(process["SessionToken"], "t");
    }

    #[test]
    fn wiping_counts_the_pages_of_one_lease() {
        let secrets = Secrets::default();
        let id: SessionId = "abcdefgh".parse().unwrap();
        let parts = Parts { access_key_id: "a", secret_access_key: "b", session_token: "c" };
        secrets.credentials.put(id.clone(), Credentials::copy_of(&parts).unwrap());
        secrets.tickets.put(id.clone(), Ticket::new().unwrap());
        assert_eq!(secrets.wipe(&id), 3);
        assert_eq!(secrets.wipe(&id), 0);
    }
}
