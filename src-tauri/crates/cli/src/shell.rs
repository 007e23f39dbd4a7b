//! `daypass shell` and `daypass exec`: a child with a ticket.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    path::Path,
    process::Command,
};

use daypass_domain::{failure::Code, ids::SessionId, time::Timestamp};
use daypass_reveal::{Grant, Kind, Question, Revealed, reveal};
use daypass_wire::folder::RuntimeFolder;

use crate::{
    agent, child, environment,
    posture::Posture,
    text::{self, escape},
    trouble::Trouble,
};

/// `daypass shell`
pub(crate) async fn shell(named: Option<&SessionId>, posture: &Posture) -> Result<u8, Trouble> {
    let shell = environment::shell();
    let Revealed { grant, secret, connection } = match ticket(named, &shell).await {
        Ok(revealed) => revealed,
        Err(trouble) => return Err(stay_readable(trouble)),
    };
    let mut command = Command::new(&shell);
    environment::give_ticket(&mut command, &grant, &secret);
    posture.restore_in(&mut command);
    drop(secret);
    let terminal = Terminal::open();
    if let Some(terminal) = &terminal {
        terminal.greet(&grant);
    }
    let end = child::run(command, connection, || {
        if let Some(terminal) = &terminal {
            terminal.tell_lease_end(&grant);
        }
    })
    .await;
    if let Some(terminal) = &terminal {
        terminal.restore_title();
    }
    finish(end)
}

/// `daypass exec`
pub(crate) async fn exec(
    named: Option<&SessionId>,
    command: Vec<OsString>,
    posture: &Posture,
) -> Result<u8, Trouble> {
    let mut words = command.into_iter();
    let program = words.next().ok_or_else(Trouble::internal)?;
    let Revealed { grant, secret, connection } = ticket(named, &program).await?;
    let mut command = Command::new(program);
    command.args(words);
    environment::give_ticket(&mut command, &grant, &secret);
    posture.restore_in(&mut command);
    drop(secret);
    finish(child::run(command, connection, || {}).await)
}

async fn ticket(named: Option<&SessionId>, program: &OsStr) -> Result<Revealed, Trouble> {
    // The connection for the question closes here; the ticket has its own.
    let session = agent::live_session(&agent::with_sessions().await?, named).await?.session;
    let question = Question { session: session.into(), kind: Kind::Ticket, program: name_of(program) };
    Ok(reveal(&RuntimeFolder::find()?, &question).await?)
}

/// The program's name for the record: its file name, and not all of a long one.
fn name_of(program: &OsStr) -> String {
    let name = Path::new(program).file_name().unwrap_or(program).to_string_lossy();
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn finish(end: io::Result<child::End>) -> Result<u8, Trouble> {
    match end {
        Ok(end) => Ok(child::end_likewise(end)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Code::CommandNotFound.into()),
        Err(_) => {
            let advice = "Check that it is executable.";
            Err(Trouble::own("commandNotStarted", "the program could not be started", advice).with_exit(126))
        }
    }
}

/// A terminal that was opened for us closes when we end: waits until the person has read why.
fn stay_readable(trouble: Trouble) -> Trouble {
    #[expect(unsafe_code, reason = "getsid and getpid have no preconditions")]
    let is_first = unsafe { libc::getsid(0) == libc::getpid() };
    if is_first && io::stdin().is_terminal() && io::stderr().is_terminal() {
        trouble.tell(false);
        text::say("Press Enter to close.");
        io::stdin().read_line(&mut String::new()).ok();
        return trouble.told();
    }
    trouble
}

/// The terminal the shell runs in, reached past whatever output is redirected to.
struct Terminal {
    tty: File,
    has_title: bool,
}

impl Terminal {
    /// None unless a person sits at both ends.
    fn open() -> Option<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        let tty = OpenOptions::new().write(true).open("/dev/tty").ok()?;
        let kind = std::env::var("TERM").unwrap_or_default();
        Some(Self { tty, has_title: !matches!(kind.as_str(), "" | "dumb" | "linux") })
    }

    fn greet(&self, grant: &Grant) {
        if self.has_title {
            // The title of before is put aside where the terminal can.
            self.write("\x1b[22;0t");
            self.title(&format!("{} · {} · Daypass", grant.role, grant.account_name));
        }
        let until = Timestamp::parse(&grant.lease_end).map(|end| text::time_of_day(end, None));
        self.write(&format!(
            "{} in {} ({}), {}, until {}. Type `exit` to leave.\n",
            escape(&grant.role),
            escape(&grant.account_name),
            escape(&grant.account),
            escape(&grant.region),
            until.unwrap_or_default(),
        ));
    }

    fn tell_lease_end(&self, grant: &Grant) {
        if self.has_title {
            self.title(&format!("ended · {} · {}", grant.role, grant.account_name));
        }
        self.write(&format!(
            "\r\nThe lease on {} in {} has ended: AWS programs get no credentials here any more. Type `exit` to leave.\r\n",
            escape(&grant.role),
            escape(&grant.account_name),
        ));
    }

    fn restore_title(&self) {
        if self.has_title {
            self.write("\x1b[23;0t");
        }
    }

    fn title(&self, title: &str) {
        self.write(&format!("\x1b]0;{}\x07", escape(title)));
    }

    /// Writes also while the shell inside has the terminal: SIGTTOU, which would stop us, is blocked meanwhile.
    #[expect(
        unsafe_code,
        reason = "blocks one signal in this thread and restores the mask; sigset_t is plain data"
    )]
    fn write(&self, text: &str) {
        unsafe {
            let mut before: libc::sigset_t = std::mem::zeroed();
            let mut ttou: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut ttou);
            libc::sigaddset(&raw mut ttou, libc::SIGTTOU);
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const ttou, &raw mut before);
            // A terminal that has gone needs no words.
            (&self.tty).write_all(text.as_bytes()).ok();
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_names_the_program_and_not_its_path() {
        assert_eq!(name_of(OsStr::new("/usr/bin/aws")), "aws");
        assert_eq!(name_of(OsStr::new("a\u{1b}w")), "aw");
        assert_eq!(name_of(OsStr::new(&"x".repeat(300))).len(), 64);
    }

    #[test]
    fn a_program_that_is_not_there_ends_with_127() {
        let missing = finish(Err(io::Error::from(io::ErrorKind::NotFound))).unwrap_err();
        assert_eq!(missing.exit(), 127);
        let refused = finish(Err(io::Error::from(io::ErrorKind::PermissionDenied))).unwrap_err();
        assert_eq!(refused.exit(), 126);
    }
}
