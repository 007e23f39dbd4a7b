//! M6: a crash of the agent leaves no dump, even where the system pipes dumps to a program; its pages with secrets are out
//! of dumps anyway.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::sleep;

use crate::{
    clearing::ROLE,
    memory,
    sign_in::Way,
    table::{Bar, Verdict},
    world::{Place, World, kill, ran},
};

const PATTERN: &str = "/proc/sys/kernel/core_pattern";

/// The pattern of this machine; it is put back in any case.
struct Pattern(Vec<u8>);

impl Pattern {
    /// Has every dump on this machine piped into a file of its own under `folder`; None where that is forbidden.
    fn pipe_to(folder: &Path, place: &Place) -> Option<Self> {
        let before = fs::read(PATTERN).ok()?;
        let pattern =
            format!("|{} sink {}/core-%e", place.programs.join("residue").display(), folder.display());
        // Longer ones are cut.
        if pattern.len() > 127 {
            return None;
        }
        fs::write(PATTERN, pattern).ok()?;
        Some(Self(before))
    }
}

impl Drop for Pattern {
    fn drop(&mut self) {
        fs::write(PATTERN, &self.0).ok();
    }
}

/// Pipes dumps only where `may_change_system`: the pattern is the whole machine's.
pub(crate) async fn bars(place: &Place, may_change_system: bool) -> Vec<Bar> {
    look(place, may_change_system).await.unwrap_or_else(|failure| vec![Bar::of("M6", Err(failure))])
}

async fn look(place: &Place, may_change_system: bool) -> Result<Vec<Bar>, String> {
    let world = World::new(place).await;
    world.start_agent().await?;
    world.sign_in(Way::Browser).await?;
    world.lease(ROLE, "30m").await?;
    let agent = world.agent().ok_or("there is no agent")?.pid;
    let mut bars = vec![Bar::of("M6", flags(agent))];
    if !may_change_system {
        return Ok(bars);
    }
    let Some(pattern) = Pattern::pipe_to(world.folder(), place) else {
        let figure = "a crash with a piped core pattern: this machine does not let us set one".to_owned();
        bars.push(Bar { id: "M6", verdict: Verdict::NotShown, figure });
        return Ok(bars);
    };
    let mut control = world.program("residue");
    control.arg("crash");
    ran(control).await?;
    let dumped = |program: &str| {
        let path: PathBuf = world.folder().join(format!("core-{program}"));
        fs::metadata(path).map_or(0, |found| found.len())
    };
    kill(agent, libc::SIGABRT);
    world.until("the agent has crashed", || world.agent().is_none_or(|now| now.pid != agent)).await?;
    // The program that dumps are piped to is started by the kernel, and nobody waits for it.
    sleep(Duration::from_secs(2)).await;
    drop(pattern);
    let (of_control, of_agent) = (dumped("residue"), dumped("daypass-agent"));
    bars.push(if of_control == 0 {
        let figure = "a crash with a piped core pattern: of the control nothing came either (a container's kernel looks for the program elsewhere)";
        Bar { id: "M6", verdict: Verdict::NotShown, figure: figure.to_owned() }
    } else {
        let figure = format!("a crash with a piped core pattern: {of_agent} bytes of the agent, {of_control} of a control");
        Bar::of("M6", if of_agent == 0 { Ok(figure) } else { Err(figure) })
    });
    Ok(bars)
}

/// What keeps its memory out of dumps, as the kernel tells it.
fn flags(agent: u32) -> Result<String, String> {
    let read =
        |file: &str| fs::read_to_string(format!("/proc/{agent}/{file}")).map_err(|error| error.to_string());
    let limits = read("limits")?;
    let no_core = limits
        .lines()
        .any(|line| line.starts_with("Max core file size") && line.split_whitespace().nth(4) == Some("0"));
    // The kernel gives the files of an undumpable process to root.
    let is_undumpable = fs::metadata(format!("/proc/{agent}/mem")).is_ok_and(|found| found.uid() == 0)
        && !read("status")?.lines().any(|line| line.starts_with("Uid:\t0"));
    let locked: Vec<_> = memory::mappings(agent)
        .map_err(|error| error.to_string())?
        .into_iter()
        .filter(memory::Mapping::is_locked)
        .collect();
    let guarded = locked.iter().filter(|mapping| mapping.is_guarded()).count();
    let figure = format!(
        "undumpable: {is_undumpable}; core limit 0: {no_core}; {guarded} of {} locked mappings are left out of dumps and wiped in forks",
        locked.len()
    );
    if is_undumpable && no_core && guarded == locked.len() && guarded > 0 { Ok(figure) } else { Err(figure) }
}
