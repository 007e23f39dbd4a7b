//! `daypass shell` and `daypass exec`: a child with a ticket.

use std::{
    ffi::{OsStr, OsString},
    io::{self, IsTerminal},
    path::Path,
    process::Command,
    sync::Arc,
};

use daypass_domain::{failure::Code, ids::SessionId, time::Timestamp};
use daypass_reveal::{Grant, Kind, Question, Revealed, reveal};
use daypass_wire::folder::RuntimeFolder;
use tokio::net::UnixStream;

use crate::{
    agent,
    child::{self, News},
    environment,
    posture::Posture,
    startup::Startup,
    terminal::Terminal,
    text::{self, escape},
    title::Title,
    trouble::Trouble,
};

/// `daypass shell`
pub(crate) async fn shell(named: Option<&SessionId>, posture: &Posture) -> Result<u8, Trouble> {
    let shell = environment::shell();
    let (Revealed { grant, secret, connection }, prompt) = match ticket(named, &shell).await {
        Ok(ticket) => ticket,
        Err(trouble) => return Err(stay_readable(trouble)),
    };
    let mut command = Command::new(&shell);
    environment::give_ticket(&mut command, &grant, &secret);
    posture.restore_in(&mut command);
    drop(secret);
    let end = match Terminal::open() {
        None => child::run(command, connection, |_| {}).await,
        Some(terminal) => {
            let may_change = environment::may_change_prompt(prompt);
            in_terminal(terminal, command, &shell, connection, &grant, may_change).await
        }
    };
    finish(end)
}

/// The shell of a person who sits there: shows role, account and time left.
async fn in_terminal(
    terminal: Terminal,
    mut command: Command,
    shell: &OsStr,
    connection: UnixStream,
    grant: &Grant,
    may_change: bool,
) -> io::Result<child::End> {
    let _startup = may_change.then(|| Startup::of(shell, &mut command)).flatten();
    let terminal = Arc::new(terminal);
    terminal.write(&greeting(grant));
    let title = Title::keep(&terminal, grant, may_change);
    let end = child::run(command, connection, |news| match news {
        News::Changed => title.look_again(),
        News::Ended => {
            title.end();
            terminal.write(&farewell(grant));
        }
    })
    .await;
    title.restore();
    end
}

/// `daypass exec`
pub(crate) async fn exec(
    named: Option<&SessionId>,
    command: Vec<OsString>,
    posture: &Posture,
) -> Result<u8, Trouble> {
    let mut words = command.into_iter();
    let program = words.next().ok_or_else(Trouble::internal)?;
    let (Revealed { grant, secret, connection }, _) = ticket(named, &program).await?;
    let mut command = Command::new(program);
    command.args(words);
    environment::give_ticket(&mut command, &grant, &secret);
    posture.restore_in(&mut command);
    drop(secret);
    finish(child::run(command, connection, |_| {}).await)
}

/// The ticket, and whether the settings let shells wear a prompt.
async fn ticket(named: Option<&SessionId>, program: &OsStr) -> Result<(Revealed, bool), Trouble> {
    // The connection for the question closes here; the ticket has its own.
    let client = agent::with_sessions().await?;
    let session = agent::live_session(&client, named).await?.session;
    let question = Question { session: session.into(), kind: Kind::Ticket, program: name_of(program) };
    Ok((reveal(&RuntimeFolder::find()?, &question).await?, client.settings().prompt))
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

fn greeting(grant: &Grant) -> String {
    let until = Timestamp::parse(&grant.lease_end).map(|end| text::time_of_day(end, None));
    format!(
        "{} in {} ({}), {}, until {}. Type `exit` to leave.\n",
        escape(&grant.role),
        escape(&grant.account_name),
        escape(&grant.account),
        escape(&grant.region),
        until.unwrap_or_default(),
    )
}

fn farewell(grant: &Grant) -> String {
    format!(
        "\r\nThe lease on {} in {} has ended: AWS programs get no credentials here any more. Type `exit` to leave.\r\n",
        escape(&grant.role),
        escape(&grant.account_name),
    )
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
