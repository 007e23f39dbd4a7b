//! "Keep me signed in": the system keyring, by the Secret Service protocol of freedesktop.org.
//!
//! One item per SSO session holds the refresh token and the client registration it needs. What goes over
//! the bus is encrypted with a key agreed for this one connection (`dh-ietf1024-sha256-aes128-cbc-pkcs7`,
//! <https://specifications.freedesktop.org/secret-service/latest/transfer-secrets.html>): no plain copy
//! in messages, which the bus daemon buffers and anyone of this user may watch.
//!
//! No call shows a dialog, and none waits longer than its limit: it is dropped then, with its connection and every
//! copy it had. Unlocking is left to the person's desktop.
//!
//! Discarded: `keyring-core` with `zbus-secret-service-keyring-store`, which wraps the same
//! `secret-service` crate in blocking calls. Looking for an item that is locked makes it ask for the
//! password unasked, and a call that never returns holds its thread, and the token, until the process ends.

use std::{collections::HashMap, time::Duration};

use daypass_domain::sso::SsoSession;
use daypass_vault::secret::Secret;
use secret_service::{Collection, EncryptionType, Error, SecretService};
use tokio::{sync::Mutex, time::timeout};
use zbus::{DBusError, connection};
use zeroize::Zeroize;

use crate::{
    kept::{self, Kept, Unread},
    oidc::Registration,
};

/// How long the keyring may take.
const LIMIT: Duration = Duration::from_secs(5);

const APPLICATION: (&str, &str) = ("application", "daypass");
const SSO_SESSION: &str = "sso-session";
const START_URL: &str = "start-url";
const REGION: &str = "region";

/// Why the keyring did not do what was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyringTrouble {
    /// No session bus, or no keyring on it.
    Absent,
    /// It is there, and has to be unlocked by the person first.
    Locked,
    /// It is there, and has no place for new items yet: the person never set it up.
    NoCollection,
    /// It did not answer. Whether it did what was asked is not known.
    TimedOut,
    /// It said no, for some other reason.
    Refused,
}

/// The system keyring of the person.
pub struct Keyring {
    /// The session bus, on this machine.
    bus: Option<String>,
    /// One call at a time, in the order they were made: what is forgotten last stays forgotten.
    turn: Mutex<()>,
}

impl Keyring {
    /// Finds the session bus through `variable`, which reads the environment.
    #[must_use]
    pub fn new(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self { bus: session_bus(variable), turn: Mutex::default() }
    }

    /// Whether something could be kept now. Shows nothing to the person.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn probe(&self) -> Result<(), KeyringTrouble> {
        let work = async {
            let service = self.service().await?;
            open_collection(&service).await.map(|_| ())
        };
        self.in_turn(work).await
    }

    /// Keeps what a sign-in can be taken up again with, in the place of what was kept for this SSO session.
    ///
    /// # Errors
    /// What stood in the way. After `TimedOut` it may be kept all the same: see [`Keyring::forget`].
    pub async fn keep(
        &self,
        sso: &SsoSession,
        registration: &Registration,
        refresh: &Secret,
    ) -> Result<(), KeyringTrouble> {
        let work = async {
            let service = self.service().await?;
            let collection = open_collection(&service).await?;
            let label = format!("Daypass: {}", sso.name);
            let text = kept::write(sso, registration, refresh).map_err(|_| KeyringTrouble::Refused)?;
            // UTF-8 text, as KWallet takes nothing else.
            let created = collection
                .create_item(&label, exactly(sso), text.bytes(), true, "text/plain")
                .await
                .map_err(read)?;
            drop(text);
            // The session of this name had another start URL or Region before, or lay in another collection.
            let all = service.search_items(by_name(sso)).await.map_err(read)?;
            for old in all.unlocked.iter().filter(|item| item.item_path != created.item_path) {
                old.delete().await.map_err(read)?;
            }
            Ok(())
        };
        self.in_turn(work).await
    }

    /// What was kept for this SSO session, start URL and Region included. What cannot be read is removed.
    ///
    /// # Errors
    /// What stood in the way of looking.
    pub async fn kept(&self, sso: &SsoSession) -> Result<Option<Kept>, KeyringTrouble> {
        let work = async {
            let service = self.service().await?;
            let found = service.search_items(exactly(sso)).await.map_err(read)?;
            for item in &found.unlocked {
                let mut text = item.get_secret().await.map_err(read)?;
                let kept = kept::read(&text, sso);
                text.zeroize();
                match kept {
                    Ok(kept) => return Ok(Some(kept)),
                    Err(Unread::NoMemory) => return Err(KeyringTrouble::Refused),
                    Err(Unread::Damaged) => {
                        tracing::warn!("what the keyring had was damaged, and is removed");
                        item.delete().await.map_err(read)?;
                    }
                }
            }
            // Some keyrings show what they have while locked, some do not.
            if found.locked.is_empty() && !is_locked(&service).await? {
                Ok(None)
            } else {
                Err(KeyringTrouble::Locked)
            }
        };
        self.in_turn(work).await
    }

    /// Removes what was kept for an SSO session of this name, whatever its start URL and Region.
    ///
    /// # Errors
    /// What stood in the way: it may still be there.
    pub async fn forget(&self, sso: &SsoSession) -> Result<(), KeyringTrouble> {
        let work = async {
            let service = self.service().await?;
            let found = service.search_items(by_name(sso)).await.map_err(read)?;
            for item in &found.unlocked {
                item.delete().await.map_err(read)?;
            }
            if found.locked.is_empty() && (!found.unlocked.is_empty() || !is_locked(&service).await?) {
                Ok(())
            } else {
                Err(KeyringTrouble::Locked)
            }
        };
        self.in_turn(work).await
    }

    /// Does the work after all that was asked before, within the limit, waiting included.
    async fn in_turn<T>(
        &self,
        work: impl Future<Output = Result<T, KeyringTrouble>>,
    ) -> Result<T, KeyringTrouble> {
        let work = async {
            let _turn = self.turn.lock().await;
            work.await
        };
        timeout(LIMIT, work).await.unwrap_or(Err(KeyringTrouble::TimedOut))
    }

    /// A connection of its own, with a key of its own: dropping it ends both.
    async fn service(&self) -> Result<SecretService<'static>, KeyringTrouble> {
        let address = self.bus.as_deref().ok_or(KeyringTrouble::Absent)?;
        let bus = async { connection::Builder::address(address)?.build().await };
        let bus = bus.await.map_err(|_| KeyringTrouble::Absent)?;
        SecretService::connect_with_existing(EncryptionType::Dh, bus).await.map_err(read)
    }
}

/// The address of the session bus, where it is on this machine.
#[must_use]
pub fn session_bus(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let read = |name: &str| variable(name).filter(|value| !value.is_empty());
    let addresses = read("DBUS_SESSION_BUS_ADDRESS")
        .or_else(|| read("XDG_RUNTIME_DIR").map(|folder| format!("unix:path={folder}/bus")))?;
    on_this_machine(&addresses)
}

/// The first of these D-Bus addresses that neither leaves the machine nor starts a program.
#[must_use]
pub fn on_this_machine(addresses: &str) -> Option<String> {
    addresses.split(';').find(|one| one.starts_with("unix:")).map(ToOwned::to_owned)
}

/// The collection for new items, unlocked.
async fn open_collection<'a>(service: &'a SecretService<'_>) -> Result<Collection<'a>, KeyringTrouble> {
    let collection = service.get_default_collection().await.map_err(read)?;
    if collection.is_locked().await.map_err(read)? { Err(KeyringTrouble::Locked) } else { Ok(collection) }
}

/// Whether there is a collection that may have more than it shows.
async fn is_locked(service: &SecretService<'_>) -> Result<bool, KeyringTrouble> {
    match open_collection(service).await {
        Ok(_) | Err(KeyringTrouble::NoCollection) => Ok(false),
        Err(KeyringTrouble::Locked) => Ok(true),
        Err(trouble) => Err(trouble),
    }
}

/// What names the item of one SSO session. Not secret: keyrings store and show attributes in the clear.
fn exactly(sso: &SsoSession) -> HashMap<&str, &str> {
    let portal = [(START_URL, sso.start_url.as_str()), (REGION, sso.region.as_str())];
    by_name(sso).into_iter().chain(portal).collect()
}

fn by_name(sso: &SsoSession) -> HashMap<&str, &str> {
    HashMap::from([APPLICATION, (SSO_SESSION, sso.name.as_str())])
}

/// Reads an error of the keyring's. The log gets the name of it, never a message.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn read(error: Error) -> KeyringTrouble {
    let (trouble, name) = match &error {
        Error::Locked | Error::Prompt => (KeyringTrouble::Locked, "locked"),
        Error::NoResult => (KeyringTrouble::NoCollection, "no collection"),
        Error::Unavailable | Error::PromptDisconnected => (KeyringTrouble::Absent, "unavailable"),
        Error::Zbus(zbus::Error::MethodError(name, ..)) => (of_name(name.as_str()), name.as_str()),
        Error::Zbus(zbus::Error::FDO(error)) => (of_name(&error.name()), "of the bus"),
        Error::ZbusFdo(error) => (of_name(&error.name()), "of the bus"),
        Error::Zbus(zbus::Error::InputOutput(_)) => (KeyringTrouble::Absent, "the bus is gone"),
        _ => (KeyringTrouble::Refused, "other"),
    };
    tracing::debug!(?trouble, name, "a call to the keyring failed");
    trouble
}

/// By the errors of the D-Bus and Secret Service specifications.
fn of_name(name: &str) -> KeyringTrouble {
    let of_bus = name.strip_prefix("org.freedesktop.DBus.Error.");
    match of_bus {
        Some("ServiceUnknown" | "NameHasNoOwner" | "Disconnected" | "NoServer") => KeyringTrouble::Absent,
        Some(spawn) if spawn.starts_with("Spawn.") => KeyringTrouble::Absent,
        Some("NoReply" | "Timeout" | "TimedOut") => KeyringTrouble::TimedOut,
        _ if name == "org.freedesktop.Secret.Error.IsLocked" => KeyringTrouble::Locked,
        _ => KeyringTrouble::Refused,
    }
}
