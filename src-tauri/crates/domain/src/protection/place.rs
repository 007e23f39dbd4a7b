//! What surrounds the agent: files, keyring, endpoint, socket, swap, and who tells it to wipe.

use crate::{
    failure::Failure,
    protection::{Guard, GuardKind, Holds, NO_RUNTIME_FOLDER, counted},
    settings::{Clearing, ScreenLock},
};

/// What was found in our own files.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Disk {
    pub files: u32,
    /// Pieces of secrets in them.
    pub found: u32,
    /// Files that could not be read, or not in time.
    pub unread: u32,
    /// Whether some refresh token is kept in the keyring.
    pub in_keyring: bool,
}

impl Disk {
    pub(super) fn guard(self) -> Guard {
        let kind = GuardKind::Disk;
        let value = format!("{} found", self.found);
        if self.found > 0 {
            let advice =
                "Sign out, so that what was found is worth nothing, and report it with the agent's log.";
            return kind.degraded("A secret is on disk", "one of Daypass's files has it", value, advice);
        }
        if self.unread > 0 {
            return Guard {
                holds: Holds::Unknown,
                advice: Some(
                    "Look whether the files in ~/.local/state/daypass and ~/.config/daypass are yours."
                        .to_owned(),
                ),
                ..kind.holding(format!("{} could not be read", counted(self.unread, "file")), value)
            };
        }
        let keyring = if self.in_keyring { "; the keyring has what you let it keep" } else { "" };
        let files = counted(self.files, "file");
        kind.holding(
            format!("{files} of Daypass's read, settings, role list and logs among them{keyring}"),
            value,
        )
    }
}

/// What the keyring keeps.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Kept {
    /// SSO sessions whose sign-in is to be kept.
    pub wanted: u32,
    /// Why the keyring does not, asked just now.
    pub trouble: Option<Failure>,
}

impl Kept {
    pub(super) fn guard(self) -> Guard {
        let kind = GuardKind::Kept;
        if self.wanted == 0 {
            return kind.holding("off: you sign in again after a restart", "off");
        }
        match self.trouble {
            Some(trouble) => kind.degraded("Keep me signed in", trouble.fact, "not kept", &trouble.advice),
            None => kind.holding(
                "the refresh token is in the system keyring, which answers and is unlocked, and nowhere else",
                format!("{} kept", self.wanted),
            ),
        }
    }
}

/// Where the agent listens.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Endpoint {
    pub listening: bool,
    /// Ports of this process that are open to other machines.
    pub exposed: u32,
    /// What a request with a wrong token and one with a wrong Host got, where they were tried.
    pub refuses: Option<bool>,
    pub clients: u32,
}

impl Endpoint {
    pub(super) fn guard(self) -> Guard {
        let kind = GuardKind::Endpoint;
        if self.exposed > 0 {
            let advice = "End every session, quit Daypass and report it: the endpoint must never do this.";
            let value = counted(self.exposed, "port");
            return kind.degraded(
                "A port is open to the network",
                "it should listen on 127.0.0.1 only",
                value,
                advice,
            );
        }
        match (self.listening, self.refuses) {
            (false, _) => kind.holding("closed: nothing listens while no lease lives", "closed"),
            (true, Some(true)) => kind.holding(
                "127.0.0.1 only; a wrong token and a wrong Host were refused just now",
                counted(self.clients, "client"),
            ),
            (true, Some(false)) => kind.degraded(
                "The endpoint answers strangers",
                "a request with a wrong token was not refused",
                counted(self.clients, "client"),
                "End every session, quit Daypass and report it.",
            ),
            (true, None) => Guard {
                holds: Holds::Unknown,
                advice: Some("Check again in a moment.".to_owned()),
                ..kind.holding("127.0.0.1 only; it did not answer in time", counted(self.clients, "client"))
            },
        }
    }
}

/// The folder and the socket by which window and command reach the agent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Socket {
    /// The folder is ours, no link, and closed to others; so is the socket.
    pub is_private: bool,
    pub is_runtime_dir: bool,
    /// What we create is closed to others.
    pub umask: Option<u32>,
}

impl Socket {
    pub(super) fn guard(self) -> Guard {
        let kind = GuardKind::Socket;
        if !self.is_private {
            let advice = "Quit Daypass, remove the folder daypass in XDG_RUNTIME_DIR, then start it again.";
            let fact = "its folder or the socket is open to others";
            return kind.degraded("The socket is open to others", fact, "open", advice);
        }
        if self.umask.is_none_or(|mask| mask & 0o077 != 0o077) {
            let advice = "Start Daypass again; if it stays so, report it.";
            return kind.degraded("New files may be open to others", "the umask is not 077", "open", advice);
        }
        if !self.is_runtime_dir {
            let advice =
                format!("{NO_RUNTIME_FOLDER} A desktop session sets it; in others, use one of systemd's.");
            return kind.degraded(
                "The socket is on disk",
                "closed to others, but not in memory",
                "0700",
                &advice,
            );
        }
        kind.holding("only your user can reach the agent; checked by folder, socket and umask", "0700")
    }
}

/// What this machine swaps to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swap {
    pub encrypted: u32,
    /// Compressed memory.
    pub in_memory: u32,
    pub plain: u32,
    /// Could not be followed to a disk.
    pub unknown: u32,
}

impl Swap {
    pub(super) fn guard(self) -> Guard {
        let kind = GuardKind::Swap;
        let titled = |title: &str, guard: Guard| Guard { title: title.to_owned(), ..guard };
        let advice = "Locked pages never reach it. For what other programs hold: encrypt the swap (the `swap` option \
                      of /etc/crypttab with a random key), use zram, or turn it off with `swapoff -a`.";
        if self.plain > 0 {
            let fact = "locked pages are safe; other programs are not";
            return kind.degraded("Disk swap is not encrypted", fact, counted(self.plain, "area"), advice);
        }
        if self.unknown > 0 {
            return Guard {
                holds: Holds::Unknown,
                advice: Some(advice.to_owned()),
                ..kind.holding(
                    "locked pages are safe; whether the swap is encrypted cannot be told",
                    "not known",
                )
            };
        }
        match (self.encrypted, self.in_memory) {
            (0, 0) => titled(
                "No disk swap",
                kind.holding("nothing of this machine's memory goes to a disk", "none"),
            ),
            (0, _) => {
                titled("No disk swap", kind.holding("what is swapped stays in memory, compressed", "zram"))
            }
            _ => titled(
                "Disk swap is encrypted",
                kind.holding("by dm-crypt, under every swap area", "dm-crypt"),
            ),
        }
    }
}

/// Who tells of sleep, locking and user switches, and what is done about it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wiping {
    pub clearing: Clearing,
    pub logind: bool,
    /// A screen saver, or a desktop that has logind know of a locked screen.
    pub lock: bool,
    /// What the settings want and cannot be noticed, in sentences.
    pub missing: Vec<String>,
}

impl Wiping {
    pub(super) fn guard(self) -> Guard {
        let kind = GuardKind::Wiping;
        let sources: Vec<_> = [(self.logind, "logind"), (self.lock, "screen lock")]
            .into_iter()
            .filter_map(|(answers, name)| answers.then_some(name))
            .collect();
        let value = if sources.is_empty() { "nobody tells".to_owned() } else { sources.join(", ") };
        if !self.missing.is_empty() {
            let advice =
                format!("{} End leases by hand before you leave the machine.", self.missing.join(" "));
            let fact = "quit and sign-out always wipe; not all else is noticed";
            return kind.degraded("Not every wipe can be promised", fact, value, &advice);
        }
        let lock = match self.clearing.screen_lock {
            ScreenLock::AtOnce => "lock ends leases at once",
            ScreenLock::AfterFiveMinutes => "lock ends leases after 5 min",
            ScreenLock::Never => "lock ends nothing, as you set it",
        };
        let sleep = if self.clearing.sleep { "" } else { "sleep ends nothing, as you set it; " };
        let user = if self.clearing.user_switch { "" } else { "a user switch ends nothing, as you set it; " };
        kind.holding(format!("listening to the desktop session; {sleep}{user}{lock}"), value)
    }
}
