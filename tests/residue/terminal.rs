//! A real terminal of the person's: opened on a lease, and typed in.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    sync::PoisonError,
};

use crate::{
    processes::{self, Process},
    world::World,
};

/// Where a shell of ours has its ticket.
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

impl World {
    /// A real terminal on a lease, with a shell that does what is written to `keys`; the ticket is noted.
    pub(crate) async fn open_terminal(&self, session: &str) -> Result<(), String> {
        let mut xterm = self.command("xterm");
        xterm.arg("-e").arg(self.program("daypass").as_std().get_program());
        xterm.arg("shell").arg(format!("--session={session}"));
        xterm.spawn().map_err(|error| error.to_string())?;
        self.until("the terminal's shell runs", || self.shell().is_some()).await?;
        self.note_ticket();
        Ok(())
    }

    /// The shell that `daypass shell` started.
    fn shell(&self) -> Option<Process> {
        let has_ticket = |shell: &Process| processes::variable(shell.pid, TOKEN).is_some();
        self.running("bash").into_iter().find(has_ticket)
    }

    fn note_ticket(&self) {
        let ticket = self.shell().and_then(|shell| processes::variable(shell.pid, TOKEN));
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner).extend(ticket);
    }

    /// Types a line in the terminal; what came of it, and whether it went well.
    pub(crate) async fn types(&self, line: &str) -> Result<(bool, String), String> {
        let (keys, answer) = (self.home.join("keys"), self.home.join("answer"));
        let line = format!("{line}\n");
        // Not waiting in the kernel for who reads it: nothing could end that.
        let open = || File::options().write(true).custom_flags(libc::O_NONBLOCK).open(&keys);
        let types = || open().and_then(|mut keys| keys.write_all(line.as_bytes())).is_ok();
        self.until("the terminal takes a line", types).await?;
        self.until("the terminal answers", || answer.exists()).await?;
        let said = fs::read_to_string(&answer).unwrap_or_default();
        fs::remove_file(answer).ok();
        let (said, code) = said.trim_end().rsplit_once('\n').unwrap_or(("", said.trim_end()));
        Ok((code == "code 0", said.to_owned()))
    }
}
