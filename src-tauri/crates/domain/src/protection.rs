//! What stands between a person's credentials and everyone else, as it was found, in sentences.
//!
//! A [`Finding`] is what a look at this machine brought; [`Guard`] is what a person reads of it. Only what was looked
//! at is told: a sentence is no test.

mod memory;
mod place;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use memory::{Locked, Reading, SecretKind, SelfCheck, SelfCheckRow};
pub use place::{Disk, Endpoint, Kept, Socket, Swap, Wiping};

use crate::time::Timestamp;

/// Other programs of the same user may read the agent.
pub const READABLE: &str =
    "Other programs of yours may read the agent's memory: the system refused to forbid it.";
/// A crash leaves a core file.
pub const DUMPS_CORE: &str = "A crash may leave a core file: the system refused to forbid it.";
/// Memory can't be locked.
pub const NOT_LOCKED: &str =
    "Credentials may reach the swap: the system locks no more memory for Daypass. Raise `ulimit -l`.";
/// There is no runtime folder.
pub const NO_RUNTIME_FOLDER: &str =
    "XDG_RUNTIME_DIR is missing: the agent's socket is in ~/.local/state/daypass/run instead.";

/// Every guard, as of `checked_at`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Protection {
    pub checked_at: Timestamp,
    pub guards: Vec<Guard>,
}

/// One guard: what it is, whether it holds, and what was found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Guard {
    pub kind: GuardKind,
    pub holds: Holds,
    /// Its name; where it does not hold, what is so instead.
    pub title: String,
    pub fact: String,
    /// What was counted or read: "3 pages".
    pub value: String,
    /// Why it does not hold, and what to do.
    pub advice: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum GuardKind {
    LockedPages,
    FreedMemory,
    Reading,
    Disk,
    Kept,
    Endpoint,
    Socket,
    Swap,
    Wiping,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Holds {
    Holds,
    /// It protects less than it should; `advice` says why and what to do.
    Degraded,
    /// It could not be looked at, or not in time.
    Unknown,
}

/// What a look at one guard brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finding {
    LockedPages(Locked),
    /// What was freed still held what had been in it, of so many kinds of freeing that were tried.
    FreedMemory {
        tried: u32,
        left: u32,
    },
    Reading(Reading),
    Disk(Disk),
    Kept(Kept),
    Endpoint(Endpoint),
    Socket(Socket),
    Swap(Swap),
    Wiping(Wiping),
    /// It was not looked at in time.
    Late(GuardKind),
}

impl From<Finding> for Guard {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::LockedPages(locked) => locked.guard(),
            Finding::FreedMemory { tried, left } => memory::freed(tried, left),
            Finding::Reading(reading) => reading.guard(),
            Finding::Disk(disk) => disk.guard(),
            Finding::Kept(kept) => kept.guard(),
            Finding::Endpoint(endpoint) => endpoint.guard(),
            Finding::Socket(socket) => socket.guard(),
            Finding::Swap(swap) => swap.guard(),
            Finding::Wiping(wiping) => wiping.guard(),
            Finding::Late(kind) => Self {
                holds: Holds::Unknown,
                advice: Some("Check again in a moment.".to_owned()),
                ..kind.holding("it could not be looked at in time", "not known")
            },
        }
    }
}

impl GuardKind {
    const fn title(self) -> &'static str {
        match self {
            Self::LockedPages => "Secrets in locked pages",
            Self::FreedMemory => "Freed memory is zeroed",
            Self::Reading => "No core dumps, no ptrace",
            Self::Disk => "No secret on disk",
            Self::Kept => "Keep me signed in",
            Self::Endpoint => "Local endpoint",
            Self::Socket => "Private socket",
            Self::Swap => "Disk swap",
            Self::Wiping => "Wipe on sleep, quit, lock",
        }
    }

    fn holding(self, fact: impl Into<String>, value: impl Into<String>) -> Guard {
        let title = self.title().to_owned();
        Guard { kind: self, holds: Holds::Holds, title, fact: fact.into(), value: value.into(), advice: None }
    }

    fn degraded(self, title: &str, fact: impl Into<String>, value: impl Into<String>, advice: &str) -> Guard {
        Guard {
            holds: Holds::Degraded,
            title: title.to_owned(),
            advice: Some(advice.to_owned()),
            ..self.holding(fact, value)
        }
    }
}

/// `1 page`, `2 pages`.
fn counted(number: u32, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Code;

    fn found(finding: Finding) -> Guard {
        finding.into()
    }

    #[test]
    fn what_holds_needs_no_advice_and_what_does_not_has_some() {
        let locked = Locked { can_lock: true, locked: 3, ..Locked::default() };
        let reading = Reading { undumpable: true, no_core: true, refused: Some(true), ..Reading::default() };
        let socket = Socket { is_private: true, is_runtime_dir: true, umask: Some(0o077) };
        let open = Endpoint { listening: true, refuses: Some(true), clients: 2, ..Endpoint::default() };
        let good = [
            Finding::LockedPages(locked),
            Finding::FreedMemory { tried: 8, left: 0 },
            Finding::Reading(reading),
            Finding::Reading(Reading { refused: None, ..reading }),
            Finding::Disk(Disk { files: 7, ..Disk::default() }),
            Finding::Kept(Kept::default()),
            Finding::Kept(Kept { wanted: 1, trouble: None }),
            Finding::Endpoint(Endpoint::default()),
            Finding::Endpoint(open),
            Finding::Socket(socket),
            Finding::Swap(Swap::default()),
            Finding::Swap(Swap { encrypted: 1, ..Swap::default() }),
            Finding::Wiping(Wiping::default()),
        ];
        for guard in good.map(found) {
            assert!(guard.holds == Holds::Holds && guard.advice.is_none(), "{guard:?}");
            assert!(!guard.fact.ends_with('.') && !guard.value.is_empty(), "{guard:?}");
        }
        let weak = [
            Finding::LockedPages(Locked { open: 1, ..locked }),
            Finding::LockedPages(Locked { can_lock: false, ..locked }),
            Finding::FreedMemory { tried: 8, left: 1 },
            Finding::Reading(Reading { undumpable: false, ..reading }),
            Finding::Reading(Reading { refused: Some(false), ..reading }),
            Finding::Reading(Reading { no_core: false, ..reading }),
            Finding::Disk(Disk { found: 1, ..Disk::default() }),
            Finding::Kept(Kept { wanted: 1, trouble: Some(Code::KeyringLocked.into()) }),
            Finding::Endpoint(Endpoint { exposed: 1, ..open }),
            Finding::Endpoint(Endpoint { refuses: Some(false), ..open }),
            Finding::Socket(Socket { is_private: false, ..socket }),
            Finding::Socket(Socket { is_runtime_dir: false, ..socket }),
            Finding::Socket(Socket { umask: Some(0o022), ..socket }),
            Finding::Swap(Swap { plain: 1, encrypted: 1, ..Swap::default() }),
            Finding::Wiping(Wiping { missing: vec!["Nobody tells.".to_owned()], ..Wiping::default() }),
        ];
        for guard in weak.map(found) {
            assert_eq!(guard.holds, Holds::Degraded, "{guard:?}");
            assert!(guard.advice.as_ref().is_some_and(|advice| advice.ends_with('.')), "{guard:?}");
        }
    }

    #[test]
    fn what_was_not_looked_at_is_neither() {
        for finding in [
            Finding::Late(GuardKind::Swap),
            Finding::FreedMemory { tried: 0, left: 0 },
            Finding::Disk(Disk { unread: 1, ..Disk::default() }),
            Finding::Endpoint(Endpoint { listening: true, ..Endpoint::default() }),
            Finding::Swap(Swap { unknown: 1, ..Swap::default() }),
        ] {
            let guard = found(finding);
            assert!(guard.holds == Holds::Unknown && guard.advice.is_some(), "{guard:?}");
        }
    }
}
