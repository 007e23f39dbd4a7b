//! The audit log: what happened, to which access, and by whom. No secret: `domain` has none.

pub mod words;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    failure::Code,
    ids::{AccountId, RoleName, SessionId, SsoSessionName},
    settings::Way,
    time::{Expiration, Seconds, Timestamp},
    view::{EndedView, Why},
};

/// How many rows one page of the log holds.
pub const LOG_PAGE: usize = 100;
/// A name from outside is cut after so many characters: a line of the log has an end.
const LONGEST_NAME: usize = 256;

/// One thing that happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub at: Timestamp,
    #[serde(flatten)]
    pub what: What,
    #[serde(flatten)]
    pub about: About,
    pub by: By,
}

/// What happened, with its facts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum What {
    Started,
    /// Everything was wiped, and the agent went.
    Stopped,
    /// A file of the log was full; this one goes on.
    Continued,
    /// So many entries could not be written and were too many to keep.
    Lost {
        count: u32,
    },
    /// From the keyring where there is no way.
    SignedIn {
        way: Option<Way>,
    },
    SignInFailed {
        code: Code,
    },
    SignedOut,
    /// AWS no longer accepts the sign-in.
    Lapsed,
    Requested {
        duration: Seconds,
    },
    /// So many times the same, to the same.
    Refused {
        code: Code,
        #[serde(default = "once")]
        count: u32,
    },
    Granted {
        duration: Seconds,
        lease_end: Timestamp,
        expiration: Expiration,
    },
    /// The lease ends later.
    Renewed {
        duration: Seconds,
        lease_end: Timestamp,
    },
    IssuedAnew {
        expiration: Expiration,
    },
    /// Credentials for those who can't renew them; they are kept nowhere.
    IssuedLasting {
        expiration: Expiration,
    },
    /// No credentials came.
    Failed {
        code: Code,
    },
    /// A program fetched credentials from the endpoint.
    Served {
        count: u32,
    },
    /// A shell or command got the endpoint's address and token.
    TicketGiven,
    /// Somebody asked for the credentials themselves.
    KeysRevealed,
    ConsoleOpened,
    TerminalOpened,
    /// The lease is over: the receipt.
    Ended {
        receipt: EndedView,
    },
    /// What came late for a lease that was over.
    WipedLate {
        pages: u32,
    },
    /// Every lease and every sign-in of this machine went.
    Cleared {
        why: Why,
    },
    SettingsChanged,
    PassSaved {
        name: String,
    },
    PassRemoved {
        name: String,
    },
}

/// What a line says that was written before refusals were counted.
fn once() -> u32 {
    1
}

/// Which access it is about, as far as it is about any.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sso_session: Option<SsoSessionName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// In a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who or what brought it about.
#[derive(Clone, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum By {
    /// Daypass itself: an answer of AWS, a refresh.
    #[default]
    Daypass,
    Window,
    Tray,
    /// A button of a notification.
    Notification,
    /// A lease's end, or that of its credentials.
    Timer,
    /// Screen lock, sleep, user switch.
    Desktop,
    Program(Program),
}

impl By {
    /// The same, or the same program run again.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Program(one), Self::Program(another)) => one.name == another.name,
            _ => self == other,
        }
    }
}

/// A program of this machine.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Program {
    /// As the program calls itself.
    pub name: String,
    /// 0 where the system did not tell.
    pub pid: i32,
}

impl Program {
    #[must_use]
    pub fn new(name: &str, pid: i32) -> Self {
        Self { name: cut(name), pid }
    }

    /// One that was gone before anybody could look.
    #[must_use]
    pub fn unknown() -> Self {
        Self { name: String::new(), pid: 0 }
    }
}

/// `text`, no longer than a line of the log takes.
#[must_use]
pub(crate) fn cut(text: &str) -> String {
    let mut kept: String = text.chars().take(LONGEST_NAME).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

/// What the log is filtered by.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LogKind {
    SignIns,
    /// Requests, grants, renewals.
    Leases,
    /// Credentials served and revealed, console, terminal.
    Uses,
    /// Endings and wipes.
    Endings,
    /// Refusals and failures.
    Trouble,
    /// Settings, passes, the agent's own life.
    Other,
}

impl What {
    #[must_use]
    pub const fn kind(&self) -> LogKind {
        match self {
            Self::SignedIn { .. } | Self::SignedOut | Self::Lapsed => LogKind::SignIns,
            Self::Requested { .. }
            | Self::Granted { .. }
            | Self::Renewed { .. }
            | Self::IssuedAnew { .. }
            | Self::IssuedLasting { .. } => LogKind::Leases,
            Self::Served { .. }
            | Self::TicketGiven
            | Self::KeysRevealed
            | Self::ConsoleOpened
            | Self::TerminalOpened => LogKind::Uses,
            Self::Ended { .. } | Self::WipedLate { .. } | Self::Cleared { .. } => LogKind::Endings,
            Self::SignInFailed { .. } | Self::Refused { .. } | Self::Failed { .. } | Self::Lost { .. } => {
                LogKind::Trouble
            }
            Self::Started
            | Self::Stopped
            | Self::Continued
            | Self::SettingsChanged
            | Self::PassSaved { .. }
            | Self::PassRemoved { .. } => LogKind::Other,
        }
    }
}

/// Which rows of the log are wanted.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct LogFilter {
    /// Words that a row must have, in any order, whatever their case.
    pub text: String,
    pub kind: Option<LogKind>,
    pub sso_session: Option<SsoSessionName>,
    pub role: Option<RoleName>,
    pub session: Option<SessionId>,
    /// Not what happened before.
    pub since: Option<Timestamp>,
}

impl LogFilter {
    #[must_use]
    pub fn takes(&self, row: &LogRow) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none() || wanted == found
        }
        is(self.kind.as_ref(), Some(&row.kind))
            && is(self.sso_session.as_ref(), row.sso_session.as_ref())
            && is(self.role.as_ref(), row.role.as_ref())
            && is(self.session.as_ref(), row.session.as_ref())
            && self.since.is_none_or(|since| row.at >= since)
            && row.has_words(&self.text)
    }
}

/// One entry as it is shown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogRow {
    /// Counts entries from the first there ever was.
    #[ts(type = "number")]
    pub n: u64,
    pub at: Timestamp,
    pub kind: LogKind,
    /// What happened, in words.
    pub event: String,
    /// Until when AWS accepts what was issued, in a receipt.
    pub accepted_until: Option<Timestamp>,
    pub sso_session: Option<SsoSessionName>,
    pub session: Option<SessionId>,
    pub role: Option<RoleName>,
    pub account: Option<AccountId>,
    pub account_name: Option<String>,
    pub scope: Option<String>,
    pub reason: Option<String>,
    pub by: String,
}

/// Some rows of the log, newest first.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    pub rows: Vec<LogRow>,
    /// Ask for those before the last row.
    pub has_more: bool,
}

/// What became of the whole chain.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogVerdict {
    /// Whole entries, over all files that are kept.
    #[ts(type = "number")]
    pub entries: u64,
    /// Where it is damaged; the first few.
    pub damage: Vec<LogDamage>,
    /// In how many places.
    #[ts(type = "number")]
    pub places: u64,
    /// The same in a sentence.
    pub words: String,
}

/// One place where the chain is damaged.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogDamage {
    pub file: String,
    /// From 1.
    #[ts(type = "number")]
    pub line: u64,
    pub how: Damage,
    /// The same in words.
    pub words: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Damage {
    /// The line is not what was written: changed, or torn off.
    Line,
    /// What stood before this line is missing, or stands elsewhere.
    Gap,
    /// What stood after this line is missing.
    End,
}

/// How the log is exported.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LogFormat {
    Json,
    Csv,
}
