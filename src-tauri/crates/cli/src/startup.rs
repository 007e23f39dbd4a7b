//! Making bash, zsh and fish show their lease in each prompt, once they have read the person's own files in full.
//!
//! Their startup files are ours for this one start: a folder beside the agent's socket that goes with the shell.
//! Nothing of the lease is in it.

use std::{
    env,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::{self, Command},
};

use daypass_wire::folder::RuntimeFolder;

use crate::args::Dialect;

const BASH: &str = include_str!("startup/lease.bash");
const ZSH: &str = include_str!("startup/lease.zsh");
const FISH: &str = include_str!("startup/lease.fish");

const PREFIX: &str = "shell-";

/// A shell's startup files, for as long as it runs.
pub(crate) struct Startup(PathBuf);

impl Startup {
    /// Has `command`, which runs `shell`, read ours too. None for another shell, or where they can't be written: it
    /// then starts as ever.
    pub(crate) fn of(shell: &OsStr, command: &mut Command) -> Option<Self> {
        let dialect = dialect(shell)?;
        let beside = RuntimeFolder::find().ok()?;
        sweep(beside.path());
        let ours = Self(beside.path().join(format!("{PREFIX}{}", process::id())));
        ours.write(dialect, command).ok()?;
        Some(ours)
    }

    fn write(&self, dialect: Dialect, command: &mut Command) -> io::Result<()> {
        fs::create_dir(&self.0)?;
        let program = env::current_exe()?;
        let program = quoted(&program, dialect).ok_or(io::ErrorKind::InvalidInput)?;
        match dialect {
            Dialect::Bash => {
                let file = self.0.join("bashrc");
                fs::write(&file, format!("_daypass_program={program}\n{BASH}"))?;
                command.arg("--rcfile").arg(file);
            }
            Dialect::Zsh => {
                let theirs = match env::var_os("ZDOTDIR") {
                    Some(folder) => {
                        let folder =
                            quoted(Path::new(&folder), dialect).ok_or(io::ErrorKind::InvalidInput)?;
                        format!("ZDOTDIR={folder}")
                    }
                    None => "unset ZDOTDIR".to_owned(),
                };
                fs::write(self.0.join(".zshenv"), format!("{theirs}\n_daypass_program={program}\n{ZSH}"))?;
                command.env("ZDOTDIR", &self.0);
            }
            Dialect::Fish => {
                let file = self.0.join("lease.fish");
                fs::write(&file, format!("set -g _daypass_program {program}\n{FISH}"))?;
                let file = quoted(&file, dialect).ok_or(io::ErrorKind::InvalidInput)?;
                command.arg("--init-command").arg(format!("source {file}"));
            }
        }
        Ok(())
    }
}

impl Drop for Startup {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Removes what was left by those that were killed, by one with our own id too.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if id == process::id().to_string() || !Path::new("/proc").join(id).exists() {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

fn dialect(shell: &OsStr) -> Option<Dialect> {
    match Path::new(shell).file_name()?.to_str()? {
        "bash" => Some(Dialect::Bash),
        "zsh" => Some(Dialect::Zsh),
        "fish" => Some(Dialect::Fish),
        _ => None,
    }
}

/// `path` as one word of a script.
fn quoted(path: &Path, dialect: Dialect) -> Option<String> {
    let path = path.to_str()?;
    let path = match dialect {
        Dialect::Bash | Dialect::Zsh => path.replace('\'', r"'\''"),
        Dialect::Fish => path.replace('\\', r"\\").replace('\'', r"\'"),
    };
    Some(format!("'{path}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_known_by_the_names_of_their_programs() {
        assert_eq!(dialect(OsStr::new("/usr/bin/zsh")), Some(Dialect::Zsh));
        for other in ["/bin/sh", "/usr/bin/bash-wrapper", "/"] {
            assert_eq!(dialect(OsStr::new(other)), None, "{other}");
        }
    }

    #[test]
    fn only_what_the_dead_left_is_swept_away() {
        let top = tempfile::tempdir().unwrap();
        let ours = format!("shell-{}", process::id());
        // No process has a number as high as the second.
        for name in ["shell-1", "shell-4194999", &ours, "agent.sock"] {
            fs::create_dir(top.path().join(name)).unwrap();
        }
        sweep(top.path());
        let mut left: Vec<_> = fs::read_dir(top.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["agent.sock", "shell-1"]);
    }

    #[test]
    fn a_path_stays_one_word() {
        let path = Path::new(r"/it's\$(id) here");
        assert_eq!(quoted(path, Dialect::Bash).unwrap(), r"'/it'\''s\$(id) here'");
        assert_eq!(quoted(path, Dialect::Fish).unwrap(), r"'/it\'s\\$(id) here'");
    }
}
