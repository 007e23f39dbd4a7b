//! Terminals: which there are, how each takes a command, and opening one on a session.

use std::{path::Path, process::Command, time::Duration};

use daypass_domain::{
    failure::{Code, Failure},
    ids::SessionId,
};

use crate::{
    command_line,
    start::{self, NotRunning},
};

/// How long a terminal may take to fail.
const PATIENCE: Duration = Duration::from_millis(300);

/// A terminal program and what stands between its own options and the command.
struct Kind {
    name: &'static str,
    flags: &'static [&'static str],
}

/// In the order in which they are looked for.
#[rustfmt::skip]
const KINDS: &[Kind] = &[
    // Debian's policy: whatever stands behind it takes -e and the rest as the command.
    Kind { name: "x-terminal-emulator", flags: &["-e"] },
    Kind { name: "gnome-terminal",      flags: &["--"] },
    Kind { name: "ptyxis",              flags: &["--"] },
    Kind { name: "kgx",                 flags: &["--"] },
    Kind { name: "konsole",             flags: &["-e"] },
    Kind { name: "xfce4-terminal",      flags: &["-x"] },
    Kind { name: "kitty",               flags: &[] },
    Kind { name: "alacritty",           flags: &["-e"] },
    Kind { name: "foot",                flags: &[] },
    Kind { name: "wezterm",             flags: &["start", "--"] },
    Kind { name: "ghostty",             flags: &["-e"] },
    Kind { name: "xterm",               flags: &["-e"] },
];

/// Opens a terminal in which `daypass shell` runs on `session`.
///
/// The choice is `DAYPASS_TERMINAL` (a command line; the command comes at its end, or where a word `%s` or `{}`
/// stands), then `set` (the same, of the settings), else the first of the known terminals that is installed and starts. Blocks for up to 300 ms a terminal.
///
/// # Errors
/// `NoCommand`, `NoTerminal`, or `TerminalFailed` where those there are do not start.
pub fn open(session: &SessionId, set: Option<&str>) -> Result<(), Failure> {
    let daypass = daypass_beside_us()?;
    // One word: `--session ID` would be taken by Qt, before konsole could see it, as its own option.
    let session = format!("--session={session}");
    let inside = [daypass.as_str(), "shell", &session];
    let variable = std::env::var("DAYPASS_TERMINAL").ok().filter(|line| !line.trim().is_empty());
    if let Some(choice) = variable.as_deref().or(set) {
        let words = chosen(choice, &inside).ok_or(Code::TerminalFailed)?;
        return run(&words).map_err(|_| Code::TerminalFailed.into());
    }
    let mut failure = Code::NoTerminal;
    for kind in KINDS.iter().filter(|kind| can_show(kind)) {
        let Some(path) = start::find(kind.name) else { continue };
        let words = command(&path.to_string_lossy(), true_kind(&path).unwrap_or(kind), &inside);
        if run(&words).is_ok() {
            return Ok(());
        }
        failure = Code::TerminalFailed;
    }
    Err(failure.into())
}

fn run(words: &[String]) -> Result<(), NotRunning> {
    let (program, arguments) = words.split_first().ok_or(NotRunning::NotStarted)?;
    let mut command = Command::new(start::find(program).ok_or(NotRunning::NotStarted)?);
    command.args(arguments);
    start::detached(command, PATIENCE)
}

/// The command line for a person's choice.
fn chosen(line: &str, inside: &[&str]) -> Option<Vec<String>> {
    let words = command_line::split(line).filter(|words| !words.is_empty())?;
    if let Some(place) = words.iter().position(|word| word == "{}" || word == "%s").filter(|&place| place > 0)
    {
        let (before, after) = (&words[..place], &words[place + 1..]);
        let inside = inside.iter().map(|&word| word.to_owned());
        return Some(before.iter().cloned().chain(inside).chain(after.iter().cloned()).collect());
    }
    let name = Path::new(&words[0]).file_name()?.to_str()?;
    let flags: &[&str] = match kind_of(name) {
        // `x-terminal-emulator` may be a link to a terminal that we know by its own name.
        Some(kind) if kind.name == "x-terminal-emulator" => {
            start::find(&words[0]).as_deref().and_then(true_kind).unwrap_or(kind).flags
        }
        Some(kind) => kind.flags,
        None => &["-e"],
    };
    // Flags the person has written already are not written again.
    let missing: Vec<_> = if words.last().map(String::as_str) == flags.last().copied() {
        Vec::new()
    } else {
        flags.iter().filter(|&&flag| !words.iter().any(|word| word == flag)).copied().collect()
    };
    Some(words.into_iter().chain(missing.iter().chain(inside).map(|&word| word.to_owned())).collect())
}

fn command(program: &str, kind: &Kind, inside: &[&str]) -> Vec<String> {
    [program].iter().chain(kind.flags).chain(inside).map(|&word| word.to_owned()).collect()
}

fn kind_of(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The kind of what `path` leads to, through Debian's alternatives. `gnome-terminal.wrapper` is none: it takes -e.
fn true_kind(path: &Path) -> Option<&'static Kind> {
    kind_of(path.canonicalize().ok()?.file_name()?.to_str()?)
}

/// Foot speaks Wayland only; elsewhere it would fail at once.
fn can_show(kind: &Kind) -> bool {
    kind.name != "foot" || std::env::var_os("WAYLAND_DISPLAY").is_some()
}

fn daypass_beside_us() -> Result<String, Code> {
    let us = std::env::current_exe().map_err(|_| Code::NoCommand)?;
    let daypass = us.parent().ok_or(Code::NoCommand)?.join("daypass");
    if !daypass.is_file() {
        return Err(Code::NoCommand);
    }
    daypass.into_os_string().into_string().map_err(|_| Code::NoCommand)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const INSIDE: &[&str] = &["/usr/bin/daypass", "shell", "--session=abcd1234"];

    fn words(line: &str) -> String {
        chosen(line, INSIDE).unwrap().join(" ").replace(&INSIDE.join(" "), "CMD")
    }

    #[test]
    fn each_known_terminal_gets_the_command_its_own_way() {
        for (choice, line) in [
            ("gnome-terminal", "gnome-terminal -- CMD"),
            ("/usr/bin/konsole", "/usr/bin/konsole -e CMD"),
            ("xfce4-terminal", "xfce4-terminal -x CMD"),
            ("kitty --single-instance", "kitty --single-instance CMD"),
            ("wezterm", "wezterm start -- CMD"),
            ("foot", "foot CMD"),
            ("xterm -fa Mono", "xterm -fa Mono -e CMD"),
        ] {
            assert_eq!(words(choice), line);
        }
    }

    #[test]
    fn an_unknown_terminal_gets_the_command_by_e() {
        assert_eq!(words("/opt/st"), "/opt/st -e CMD");
    }

    #[test]
    fn braces_say_where_the_command_goes() {
        assert_eq!(words("tmux new-window {}"), "tmux new-window CMD");
        assert_eq!(words("xterm -e {} --more"), "xterm -e CMD --more");
    }

    #[test]
    fn flags_already_written_are_not_doubled() {
        assert_eq!(words("xterm -e"), "xterm -e CMD");
        assert_eq!(words("wezterm start"), "wezterm start -- CMD");
        assert_eq!(words("wezterm start --"), "wezterm start -- CMD");
    }

    #[test]
    fn a_line_that_cannot_be_split_chooses_nothing() {
        assert_eq!(chosen("xterm 'oops", INSIDE), None);
        assert_eq!(chosen("''", INSIDE), None);
    }

    #[test]
    fn a_link_is_followed_to_the_terminal_it_stands_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (real, known) in [("gnome-terminal", Some("gnome-terminal")), ("gnome-terminal.wrapper", None)] {
            std::fs::write(at(real), "").unwrap();
            let link = at(&format!("link-{real}"));
            symlink(at(real), &link).unwrap();
            assert_eq!(true_kind(&link).map(|kind| kind.name), known);
        }
    }
}
