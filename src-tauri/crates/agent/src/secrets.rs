//! Every secret the agent holds, by what it is for.

use std::{sync::Arc, time::Duration};

use daypass_aws::{
    oidc::{Registration, Token},
    random,
};
use daypass_domain::{
    ids::{SessionId, SsoSessionName},
    time::Timestamp,
};
use daypass_vault::{credentials::Credentials, page::NoMemory, secret::Secret, vault::Vault};
use tokio::sync::Notify;

/// A sign-in: the registration and the token it got.
pub struct SignedIn {
    pub registration: Arc<Registration>,
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

/// How long a borrower gets to let go of what is being wiped.
const LETS_GO_WITHIN: Duration = Duration::from_millis(500);

/// The vaults.
#[derive(Default)]
pub struct Secrets {
    /// Says that something has been taken out: borrowers look whether it was theirs.
    taken: Notify,
    pub sign_ins: Vault<SsoSessionName, SignedIn>,
    pub credentials: Vault<SessionId, Credentials>,
    pub tickets: Vault<SessionId, Ticket>,
}

impl Secrets {
    /// Runs `work` with a lease's credentials, and drops it, and them, at once when the lease ends.
    ///
    /// `None` where there are none, or no longer.
    pub async fn while_held<T, F>(
        &self,
        session: &SessionId,
        work: impl FnOnce(Arc<Credentials>) -> F,
    ) -> Option<T>
    where
        F: Future<Output = T>,
    {
        let held = self.credentials.lend(session)?;
        let is_gone = Arc::downgrade(&held);
        let is_same = |now: Arc<Credentials>| std::ptr::eq(Arc::as_ptr(&now), is_gone.as_ptr());
        tokio::select! {
            biased;
            () = self.until(|| !self.credentials.lend(session).is_some_and(is_same)) => None,
            done = work(held) => Some(done),
        }
    }

    /// Runs `work`, which gets credentials for a lease that are kept nowhere, and drops it, and them, at once when the
    /// lease ends. `None` where it has.
    pub async fn while_live<T>(&self, session: &SessionId, work: impl Future<Output = T>) -> Option<T> {
        // Wiping waits for whoever has borrowed: so it does for this.
        let held = self.credentials.lend(session)?;
        let done = tokio::select! {
            biased;
            () = self.until(|| self.credentials.lend(session).is_none()) => None,
            done = work => Some(done),
        };
        drop(held);
        done
    }

    /// Waits until, after something was taken out, `is_over` says so.
    async fn until(&self, is_over: impl Fn() -> bool) {
        loop {
            // Enabled before looking: what is taken in between is not missed.
            let mut taken = std::pin::pin!(self.taken.notified());
            taken.as_mut().enable();
            if is_over() {
                return;
            }
            taken.await;
        }
    }

    /// Zeroes what one lease had; returns how many pages are zeroed when this returns.
    pub async fn wipe(&self, session: &SessionId) -> u32 {
        let credentials = self.credentials.take(session);
        let ticket = self.tickets.take(session);
        self.taken.notify_waiters();
        let mut pages = ticket.map_or(0, |t| t.path.page_count() + t.token.page_count());
        if let Some(credentials) = credentials {
            let alone = async {
                while Arc::strong_count(&credentials) > 1 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            // Not counted where a borrower will not let go: "wiped" is said after the wiping.
            if tokio::time::timeout(LETS_GO_WITHIN, alone).await.is_ok() {
                pages += credentials.page_count();
            }
        }
        u32::try_from(pages).unwrap_or(u32::MAX)
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

    #[tokio::test]
    async fn wiping_counts_the_pages_of_one_lease() {
        let secrets = Secrets::default();
        let id: SessionId = "abcdefgh".parse().unwrap();
        let parts = Parts { access_key_id: "a", secret_access_key: "b", session_token: "c" };
        secrets.credentials.put(id.clone(), Credentials::copy_of(&parts).unwrap());
        secrets.tickets.put(id.clone(), Ticket::new().unwrap());
        assert_eq!(secrets.wipe(&id).await, 3);
        assert_eq!(secrets.wipe(&id).await, 0);
    }

    #[tokio::test]
    async fn who_works_with_credentials_is_cut_off_when_they_are_wiped() {
        let secrets = Secrets::default();
        let id: SessionId = "abcdefgh".parse().unwrap();
        let parts = Parts { access_key_id: "a", secret_access_key: "b", session_token: "c" };
        secrets.credentials.put(id.clone(), Credentials::copy_of(&parts).unwrap());
        let work = secrets.while_held(&id, |_held| std::future::pending::<()>());
        let (done, pages) = tokio::join!(work, secrets.wipe(&id));
        assert!(done.is_none());
        assert_eq!(pages, 1);
    }
}
