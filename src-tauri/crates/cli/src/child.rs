//! Running a child as if we were not there: signals, exit codes and job control pass through.
//!
//! The child shares our process group and terminal. Ctrl-C and Ctrl-\ reach it from the terminal; we take them by
//! handlers, which exec resets, rather than ignore them, which it would not. When it stops, we stop, so that the
//! shell outside sees a stopped job; when we go on, it goes on. What is sent to us alone is sent on.

use std::{io, process::Command};

use tokio::{
    io::AsyncReadExt,
    net::UnixStream,
    signal::unix::{Signal, SignalKind, signal},
};

/// From the terminal, to the whole group.
const SHARED: [i32; 3] = [libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP];
/// To us, for the child.
const PASSED_ON: [i32; 4] = [libc::SIGHUP, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2];

/// How a child ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Exit(u8),
    Signal(i32),
}

/// What the agent says of the lease while the child runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum News {
    /// It was renewed, say.
    Changed,
    Ended,
}

/// Runs `command` to its end. `connection` is held until then: the agent sends a byte when the lease changes, and
/// closes it when the lease ends.
///
/// # Errors
/// The child can't be started.
pub(crate) async fn run(
    mut command: Command,
    mut connection: UnixStream,
    mut tell: impl FnMut(News),
) -> io::Result<End> {
    let mut changes = signal(SignalKind::child())?;
    let _taken = take(&SHARED)?;
    let mut passed_on = Vec::new();
    let signals = take(&PASSED_ON)?;
    let pid = i32::try_from(command.spawn()?.id()).map_err(io::Error::other)?;
    // The ticket is the child's now.
    drop(command);
    for (number, mut signal) in signals {
        passed_on.push(tokio::spawn(async move {
            while signal.recv().await.is_some() {
                send(pid, number);
            }
        }));
    }
    let mut is_live = true;
    let end = loop {
        match look(pid) {
            Change::Ended(end) => break end,
            Change::Stopped => stop_with(pid),
            Change::None => {}
        }
        let mut byte = [0];
        tokio::select! {
            _ = changes.recv() => {}
            read = connection.read(&mut byte), if is_live => {
                is_live = matches!(read, Ok(1));
                tell(if is_live { News::Changed } else { News::Ended });
            }
        }
    };
    for task in passed_on {
        task.abort();
    }
    Ok(end)
}

/// Takes those signals that were not ignored when we started: `nohup` and `&` keep their meaning.
pub(crate) fn take(numbers: &[i32]) -> io::Result<Vec<(i32, Signal)>> {
    let wanted = numbers.iter().filter(|&&number| !is_ignored(number));
    wanted.map(|&number| Ok((number, signal(SignalKind::from_raw(number))?))).collect()
}

enum Change {
    None,
    Stopped,
    Ended(End),
}

fn look(pid: i32) -> Change {
    let mut status = 0;
    #[expect(unsafe_code, reason = "waitpid writes to a live integer; the pid is our own child's")]
    let changed = unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG | libc::WUNTRACED) };
    match changed {
        0 => Change::None,
        // Somebody else waited for it: it is gone, and nobody knows how.
        -1 => Change::Ended(End::Exit(1)),
        _ if libc::WIFEXITED(status) => {
            Change::Ended(End::Exit(u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(1)))
        }
        _ if libc::WIFSIGNALED(status) => Change::Ended(End::Signal(libc::WTERMSIG(status))),
        _ if libc::WIFSTOPPED(status) => Change::Stopped,
        _ => Change::None,
    }
}

/// Stops as the child did, and lets it go on when we do.
#[expect(unsafe_code, reason = "getsid, getpid and raise have no preconditions")]
fn stop_with(pid: i32) {
    unsafe {
        // As the first process of a terminal we have nobody who could let us go on.
        if libc::getsid(0) != libc::getpid() {
            libc::raise(libc::SIGSTOP);
        }
    }
    send(pid, libc::SIGCONT);
}

/// Sends a signal to a process of ours.
pub(crate) fn send(pid: i32, number: i32) {
    #[expect(unsafe_code, reason = "kill has no memory preconditions")]
    unsafe {
        libc::kill(pid, number);
    }
}

fn is_ignored(number: i32) -> bool {
    #[expect(unsafe_code, reason = "sigaction without a new action only fills the struct it is given")]
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(number, std::ptr::null(), &raw mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
    }
}

/// Ends as the child did: with its code, or by its signal.
pub(crate) fn end_likewise(end: End) -> u8 {
    match end {
        End::Exit(code) => code,
        End::Signal(number) => {
            #[expect(unsafe_code, reason = "signal with a default action and raise have no preconditions")]
            unsafe {
                libc::signal(number, libc::SIG_DFL);
                libc::raise(number);
            }
            u8::try_from(128 + number).unwrap_or(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn the_childs_exit_code_is_ours() {
        let (ours, _agent) = UnixStream::pair().unwrap();
        assert_eq!(run(sh("exit 42"), ours, |_| {}).await.unwrap(), End::Exit(42));
    }

    #[tokio::test]
    async fn a_signal_that_ends_the_child_is_known() {
        let (ours, _agent) = UnixStream::pair().unwrap();
        assert_eq!(run(sh("kill -TERM $$"), ours, |_| {}).await.unwrap(), End::Signal(libc::SIGTERM));
    }

    #[tokio::test]
    async fn news_of_the_lease_are_told_while_the_child_runs_on() {
        let (ours, mut agent) = UnixStream::pair().unwrap();
        let (read, write) = std::io::pipe().unwrap();
        let mut command = sh("read line; exit 7");
        command.stdin(read);
        agent.write_all(&[0]).await.unwrap();
        drop(agent);
        let (mut write, mut told) = (Some(write), Vec::new());
        // Only the call at the lease end closes the pipe that the child waits on.
        let tell = |news| {
            told.push(news);
            if news == News::Ended {
                write.take();
            }
        };
        assert_eq!(run(command, ours, tell).await.unwrap(), End::Exit(7));
        assert_eq!(told, [News::Changed, News::Ended]);
    }
}
