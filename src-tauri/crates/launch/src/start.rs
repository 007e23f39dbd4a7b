//! Starting a program that outlives us, and noticing when it fails at once.

use std::{
    env,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::environment;

/// Why a program is not running.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotRunning {
    /// It could not be started.
    NotStarted,
    /// It ended within the time given, and not well.
    Failed,
}

/// Starts `command` in a session of its own, without our standard streams and without `AWS_*`.
///
/// Waits for `patience` at most. A program that ended well by then counts as started: many
/// terminals and browsers hand over to a server and leave.
pub(crate) fn detached(mut command: Command, patience: Duration) -> Result<(), NotRunning> {
    environment::scrub(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[expect(unsafe_code, reason = "setsid is async-signal-safe and is all that runs between fork and exec")]
    unsafe {
        command.pre_exec(|| {
            libc::setsid();
            Ok(())
        });
    }
    let mut child = command.spawn().map_err(|_| NotRunning::NotStarted)?;
    let (sender, ended) = mpsc::channel();
    // Reaped when it ends, so that a long-lived caller leaves no zombie.
    thread::spawn(move || sender.send(child.wait()).ok());
    match ended.recv_timeout(patience) {
        Ok(Ok(status)) if !status.success() => Err(NotRunning::Failed),
        _ => Ok(()),
    }
}

/// Where the program `name` is: on `PATH`, or at the path that `name` is.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_program(path));
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_that_fails_at_once_is_noticed() {
        assert_eq!(detached(sh("exit 3"), Duration::from_secs(5)), Err(NotRunning::Failed));
        assert_eq!(
            detached(Command::new("/nonexistent/terminal"), Duration::from_secs(5)),
            Err(NotRunning::NotStarted)
        );
    }

    #[test]
    fn a_launcher_that_hands_over_and_leaves_counts_as_started() {
        assert_eq!(detached(sh("exit 0"), Duration::from_secs(5)), Ok(()));
    }

    #[test]
    fn a_program_that_stays_is_not_waited_for() {
        assert_eq!(detached(sh("sleep 1"), Duration::ZERO), Ok(()));
    }

    #[test]
    fn what_was_started_has_a_session_of_its_own() {
        let script = r#"test "$(ps -o sid= -p $$ | tr -d ' ')" = "$$""#;
        assert_eq!(detached(sh(script), Duration::from_secs(5)), Ok(()));
    }
}
