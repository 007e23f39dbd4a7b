//! Looking through everything of a world at once, and knowing that nothing would have been missed.

use std::{fs, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Child,
    task::spawn_blocking,
};

use crate::{
    memory::{self, Found},
    needles::{Encoding, Needles, What},
    processes,
    world::World,
};

/// Somebody who holds a secret in every encoding in plain memory, files that hold it, and a process whose command line
/// and environment do.
pub(crate) struct Control {
    pub(crate) secret: String,
    /// Ends when its input does.
    holder: Child,
    _shown: Child,
}

impl Control {
    pub(crate) async fn plant(world: &World) -> Result<Self, String> {
        let random = || daypass_aws::random::secret(256).map(|secret| secret.with_str(str::to_owned));
        let (first, second) = (random().map_err(|_| "no memory")?, random().map_err(|_| "no memory")?);
        // With something in it that is escaped.
        let secret = format!("{first}/+{second}");
        let mut command = world.program("residue");
        command.arg("hold").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut holder = command.spawn().map_err(|error| error.to_string())?;
        let input = holder.stdin.as_mut().ok_or("no input")?;
        input.write_all(format!("{secret}\n").as_bytes()).await.map_err(|error| error.to_string())?;
        let mut said = String::new();
        BufReader::new(holder.stdout.take().ok_or("no output")?).read_line(&mut said).await.ok();
        for (number, encoding) in Encoding::ALL.iter().enumerate() {
            let path = world.home.join(format!("control-{number}"));
            fs::write(path, encoding.write(&secret)).map_err(|error| error.to_string())?;
        }
        let mut shown = world.command("sleep");
        shown.args(["60"]).env("CONTROL", &secret).arg0(&secret).kill_on_drop(true);
        // GNU's sleep takes its name from nowhere: the command line holds the control, as `argv[0]`.
        let shown = shown.spawn().map_err(|error| error.to_string())?;
        Ok(Self { secret, holder, _shown: shown })
    }

    /// Whether all that was planted is found in memory.
    fn is_found(&self, user: u32, needles: &Needles) -> Result<(), String> {
        let pid = self.holder.id().ok_or("the control has ended")?;
        let holder =
            processes::of(user).into_iter().find(|one| one.pid == pid).ok_or("the control has ended")?;
        let found = memory::search(&holder, needles).map_err(|error| error.to_string())?;
        let is_missed = |encoding: &&Encoding| {
            !found.iter().any(|one| one.what == What::Control && one.encoding == **encoding)
        };
        match Encoding::ALL.iter().find(is_missed) {
            None => Ok(()),
            Some(encoding) => Err(format!("the control in {encoding:?} was missed")),
        }
    }
}

/// What the memory of all processes of a person held.
pub(crate) struct Sample {
    pub(crate) found: Vec<Found>,
    /// Which rows of the table were looked at.
    pub(crate) rows: Vec<String>,
}

impl Sample {
    /// Looks through every process of the world that is searched, the agent first, and through the control.
    pub(crate) async fn take(world: &World, control: &Control) -> Result<Self, String> {
        let mut secrets = world.secrets();
        secrets.push((What::Control, control.secret.clone()));
        let (user, needles) = (world.user, Needles::of(&secrets));
        let mut scanned: Vec<_> =
            processes::of(user).into_iter().filter(processes::Process::is_scanned).collect();
        // It is what a second is short for.
        scanned.sort_by_key(|process| process.row() != "agent");
        let (needles, found, rows) = spawn_blocking(move || {
            let mut found = Vec::new();
            for process in &scanned {
                found.extend(memory::search(process, &needles)?);
            }
            let mut rows: Vec<_> = scanned.iter().map(|process| process.row().to_owned()).collect();
            rows.sort();
            rows.dedup();
            Ok::<_, std::io::Error>((needles, found, rows))
        })
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| format!("a process could not be searched: {error}"))?;
        control.is_found(user, &needles)?;
        // The command line of the control is in the memory of the shell that the ticket is of: neither is ours.
        let counts = |one: &Found| {
            one.what != What::Control && !(one.process.row() == "others" && one.what == What::Ticket)
        };
        Ok(Self { found: found.into_iter().filter(counts).collect(), rows })
    }

    /// Whether the agent holds anything now.
    pub(crate) fn take_of_agent(world: &World) -> Result<bool, String> {
        let Some(agent) = world.agent() else { return Ok(false) };
        let found =
            memory::search(&agent, &Needles::of(&world.secrets())).map_err(|error| error.to_string())?;
        Ok(!found.is_empty())
    }

    /// What must not be there: everything, but for a sign-in that stays and rests where it may.
    pub(crate) fn residue(&self, keeps_sign_in: bool) -> Vec<Found> {
        let may_stay = |one: &Found| {
            keeps_sign_in && one.is_kept && one.what.is_of_sign_in() && one.process.row() == "agent"
        };
        self.found.iter().filter(|one| !may_stay(one)).cloned().collect()
    }
}
