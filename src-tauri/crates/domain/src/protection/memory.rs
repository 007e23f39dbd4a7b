//! The agent's own memory: locked pages, freed memory, who may read it, and what the self-check found in it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    protection::{DUMPS_CORE, Guard, GuardKind, NOT_LOCKED, READABLE, counted},
    time::Timestamp,
};

/// The flags of the pages that hold secrets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Locked {
    /// Pages that the kernel keeps out of swap, dumps and forks.
    pub locked: u32,
    /// Pages of secrets that lack one of the three.
    pub open: u32,
    /// Of the locked ones: taken out of the kernel's own reach (memfd_secret).
    pub hidden: u32,
    /// Whether a page made just now for the test was locked.
    pub can_lock: bool,
    /// How much more may be locked, in KiB; None without limit.
    pub room: Option<u64>,
}

impl Locked {
    pub(super) fn guard(self) -> Guard {
        let kind = GuardKind::LockedPages;
        if self.open > 0 || !self.can_lock {
            let all = self.locked + self.open;
            let value = format!("{} of {}", self.locked, counted(all, "page"));
            return kind.degraded(
                "Secrets are not all in locked pages",
                "they may be swapped out",
                value,
                NOT_LOCKED,
            );
        }
        let hidden = if self.hidden > 0 && self.hidden == self.locked {
            ", out of the kernel's reach too"
        } else {
            ""
        };
        let room = self.room.map(|kib| format!("; room for {kib} KiB more")).unwrap_or_default();
        kind.holding(
            format!("kept out of swap, core dumps and forks{hidden}{room}"),
            counted(self.locked, "page"),
        )
    }
}

pub(super) fn freed(tried: u32, left: u32) -> Guard {
    let kind = GuardKind::FreedMemory;
    if tried == 0 {
        return Guard {
            holds: crate::protection::Holds::Unknown,
            advice: Some("The system does not let Daypass look at its own memory.".to_owned()),
            ..kind.holding("it could not be looked at", "not known")
        };
    }
    if left > 0 {
        let value = format!("{left} of {tried} left");
        let advice = "What programs free should be empty here, and is not: Daypass was built without its \
                      wiping allocator. Install the packaged version.";
        return kind.degraded(
            "Freed memory is not zeroed",
            "what was freed could be read again",
            value,
            advice,
        );
    }
    kind.holding("what was just written, grown and freed could not be found again", "on")
}

/// Who may read the agent, by what the kernel says of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reading {
    pub undumpable: bool,
    pub no_core: bool,
    /// Opening its memory by its path, as any other program would, is refused; None for root, who may.
    pub refused: Option<bool>,
    /// Yama's `ptrace_scope`, where the kernel has it.
    pub yama: Option<u8>,
    /// The kernel hands core dumps to a program, which a limit alone does not stop.
    pub piped: bool,
}

impl Reading {
    pub(super) fn guard(self) -> Guard {
        let kind = GuardKind::Reading;
        let yama = self.yama.map(|scope| format!(", ptrace scope {scope}")).unwrap_or_default();
        if !self.undumpable || self.refused == Some(false) {
            let fact = format!("other programs of yours may read this process{yama}");
            return kind.degraded("This process can be read", fact, "off", READABLE);
        }
        if !self.no_core {
            let fact = "the core limit is not 0; the kernel was told to dump nothing all the same";
            return kind.degraded("A core dump is not ruled out", fact, "off", DUMPS_CORE);
        }
        let piped = if self.piped { "; core dumps would go to a program, and do not" } else { "" };
        let fact = match self.refused {
            Some(_) => format!("other programs of yours cannot read this process{yama}{piped}"),
            None => format!("undumpable, but it runs as root, who may read anything{yama}{piped}"),
        };
        kind.holding(fact, "on")
    }
}

/// What a secret is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SecretKind {
    AccessToken,
    RefreshToken,
    ClientSecret,
    SecretAccessKey,
    SessionToken,
    TicketToken,
}

impl SecretKind {
    pub const ALL: [Self; 6] = [
        Self::AccessToken,
        Self::RefreshToken,
        Self::ClientSecret,
        Self::SecretAccessKey,
        Self::SessionToken,
        Self::TicketToken,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "SSO access token",
            Self::RefreshToken => "SSO refresh token",
            Self::ClientSecret => "Client secret",
            Self::SecretAccessKey => "Secret access key",
            Self::SessionToken => "Session token",
            Self::TicketToken => "Ticket token",
        }
    }
}

/// What the agent found in its own memory.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SelfCheck {
    pub checked_at: Timestamp,
    /// How much was looked through, in KiB.
    pub kib: u32,
    /// Whether the copy that was put there for the test was found; else the rest says nothing.
    pub control_found: bool,
    /// By kind; the last row is what has been wiped since the agent started.
    pub rows: Vec<SelfCheckRow>,
    /// What it comes to, in a sentence.
    pub verdict: String,
    pub advice: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SelfCheckRow {
    pub name: String,
    /// None for what has been wiped.
    pub kind: Option<SecretKind>,
    /// How many the agent holds, or has wiped.
    pub secrets: u32,
    /// Of those held: found in pages that are locked.
    pub locked: u32,
    /// Copies of them, or of a piece, anywhere else.
    pub elsewhere: u32,
}

impl SelfCheckRow {
    #[must_use]
    pub fn held(kind: SecretKind) -> Self {
        Self { name: kind.name().to_owned(), kind: Some(kind), secrets: 0, locked: 0, elsewhere: 0 }
    }

    #[must_use]
    pub fn wiped() -> Self {
        Self { name: "Wiped before".to_owned(), kind: None, secrets: 0, locked: 0, elsewhere: 0 }
    }
}

impl SelfCheck {
    /// The result in words.
    #[must_use]
    pub fn of(checked_at: Timestamp, kib: u32, control_found: bool, rows: Vec<SelfCheckRow>) -> Self {
        let elsewhere: u32 = rows.iter().map(|row| row.elsewhere).sum();
        let (wiped, held): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.kind.is_none());
        let count = |rows: &[&SelfCheckRow]| rows.iter().map(|row| row.secrets).sum::<u32>();
        let (wiped, held) = (count(&wiped), count(&held));
        let (verdict, advice) = if !control_found {
            let verdict = "The check did not find the copy that it had put there itself, so it says nothing.";
            (verdict.to_owned(), Some("Run it again; if it stays so, report it with the agent's log."))
        } else if elsewhere > 0 {
            let verdict = format!("{} found outside the locked pages.", counted_copies(elsewhere));
            let advice = "They pass through memory while a sign-in, a request or a program that fetches is under \
                          way: run it again in a moment. If they stay, report it with the agent's log.";
            (verdict, Some(advice))
        } else {
            let wiped = if wiped > 0 {
                format!(" {} that have gone left none.", counted(wiped, "secret"))
            } else {
                String::new()
            };
            (
                format!("No copy of {} was found outside the locked pages.{wiped}", counted(held, "secret")),
                None,
            )
        };
        Self { checked_at, kib, control_found, rows, verdict, advice: advice.map(str::to_owned) }
    }

    /// Whether it found its own control, and nothing else.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.control_found && self.rows.iter().all(|row| row.elsewhere == 0)
    }
}

fn counted_copies(number: u32) -> String {
    if number == 1 { "1 copy was".to_owned() } else { format!("{number} copies were") }
}
