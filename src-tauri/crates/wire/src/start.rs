//! Starting the agent, for whoever needs it first.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use daypass_domain::{
    failure::{Code, Failure},
    variables::{OURS, names},
};
use tokio::time::{Instant, sleep};

use crate::{client::Client, folder::RuntimeFolder};

/// How long an agent may take until it answers.
const PATIENCE: Duration = Duration::from_secs(5);
/// Before another is started in the place of one that has gone.
const PAUSE: Duration = Duration::from_millis(100);

/// The program `name` beside the one that runs.
///
/// # Errors
/// `missing` where there is none.
pub fn beside(name: &str, missing: Code) -> Result<PathBuf, Code> {
    std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(|dir| dir.join(name)))
        .filter(|path| path.is_file())
        .ok_or(missing)
}

/// Connects to the agent, starting it when none runs.
///
/// # Errors
/// The agent can't be started, does not answer, or is of another version.
pub async fn connect_or_start(folder: &RuntimeFolder, program: &str) -> Result<Client, Failure> {
    match Client::connect(folder, program).await {
        Err(Code::AgentMissing) => {}
        other => return other.map_err(Failure::from),
    }
    let mut child = spawn()?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Client::connect(folder, program).await {
            Err(Code::AgentMissing | Code::AgentBusy) if Instant::now() < deadline => {}
            other => {
                // Reaped when it ends, so that a long-lived client leaves no zombie.
                std::thread::spawn(move || child.wait());
                return other.map_err(Failure::from);
            }
        }
        sleep(Duration::from_millis(10)).await;
        // It has gone again: one that was killed a moment ago still had the lock, say.
        if child.try_wait().is_ok_and(|ended| ended.is_some()) {
            sleep(PAUSE).await;
            child = spawn()?;
        }
    }
}

fn spawn() -> Result<Child, Code> {
    let mut command = Command::new(beside("daypass-agent", Code::AgentMissing)?);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // What a Daypass shell has set is for its own programs: an agent that took it over would go to the
    // practice organisation's address for real ones too.
    let ours = std::env::var(OURS).unwrap_or_default();
    for name in names(&ours).chain(["DAYPASS_SESSION"]) {
        command.env_remove(name);
    }
    // A session of its own: it must outlive the terminal it was started from.
    #[expect(unsafe_code, reason = "setsid is async-signal-safe and is all that runs between fork and exec")]
    unsafe {
        use std::os::unix::process::CommandExt;
        command.pre_exec(|| {
            libc::setsid();
            Ok(())
        });
    }
    command.spawn().map_err(|_| Code::AgentMissing)
}
