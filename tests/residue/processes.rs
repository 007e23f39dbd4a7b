//! Who runs: the processes of one person, and which of them are ours.

use std::{fs, iter, os::unix::fs::MetadataExt, path::Path};

/// Programs of this test, and a person's own tools: they may know what they were given. So may the keyring.
const NOT_OURS: [&str; 5] = ["residue", "python3", "dbus-daemon", "gdb", "gnome-keyring"];

/// A process.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// The file name of its program.
    pub(crate) program: String,
}

impl Process {
    /// The living process `pid` of `user`; None for another's, or one that has ended.
    fn of(pid: u32, user: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
        let is_alive = !matches!(field("State:")?, "Z" | "X");
        if field("Uid:")?.parse() != Ok(user) || !is_alive {
            return None;
        }
        // Root may ask of an undumpable one too; else its name, of 15 characters, has to do.
        let exe = fs::read_link(format!("/proc/{pid}/exe")).ok();
        let name = exe.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let program = name.or_else(|| field("Name:").map(str::to_owned))?;
        Some(Self { pid, program: program.trim_end_matches(" (deleted)").to_owned() })
    }

    /// Whether it must hold no secret, or only the agent's: the agent, the desktop with its web processes, the command,
    /// and whatever else runs here but our own tools.
    pub(crate) fn is_scanned(&self) -> bool {
        !NOT_OURS.iter().any(|name| self.program.starts_with(name))
    }

    /// The row of a table it counts in.
    pub(crate) fn row(&self) -> &str {
        match self.program.as_str() {
            "daypass-agent" => "agent",
            "daypass-desktop" => "desktop",
            "WebKitWebProcess" => "web",
            "WebKitNetworkProcess" => "network",
            "daypass" => "command",
            _ => "others",
        }
    }
}

/// All living processes of `user`. Without root only those that we started: the others are the person's own affair.
pub(crate) fn of(user: u32) -> Vec<Process> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_theirs = |entry: &fs::DirEntry| entry.metadata().is_ok_and(|folder| folder.uid() == user);
    let numbers = all.filter(is_theirs).filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|pid| is_root() || is_started_by_us(*pid))
        .filter_map(|pid| Process::of(pid, user))
        .collect()
}

/// Whether `pid` descends from us.
fn is_started_by_us(pid: u32) -> bool {
    let parent = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())
    };
    iter::successors(parent(&pid), parent).any(|one: u32| one == std::process::id())
}

/// Has us be the parent of what a program of ours leaves running: else nobody would know where it came from.
#[expect(unsafe_code, reason = "prctl with this option touches no memory")]
pub(crate) fn adopt() {
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
    }
}

/// Those of one program.
pub(crate) fn running(user: u32, program: &str) -> Vec<Process> {
    of(user).into_iter().filter(|process| process.program == program).collect()
}

/// The variable `name` in the environment that `pid` was started with.
pub(crate) fn variable(pid: u32, name: &str) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let all = environment.split(|byte| *byte == 0).filter_map(|one| std::str::from_utf8(one).ok());
    all.filter_map(|one| one.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

/// Who runs this.
pub(crate) fn us() -> u32 {
    daypass_wire::folder::uid()
}

pub(crate) fn is_root() -> bool {
    us() == 0
}
