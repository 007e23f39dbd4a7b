//! R1: the agent is killed at points all over the scenario. Another one starts in two seconds, nothing is left of what the
//! first one held, nothing of it listens, and the terminals it leaves get no credentials.

use std::{fs, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Child,
    time::{Instant, sleep, timeout},
};

use crate::{
    clearing::{Outside, ROLE},
    search::{Control, Sample},
    table::{Bar, details},
    triggers::{WITHIN, after},
    world::{Place, World, kill},
};

/// After so many points a world has issued so much that a new one is quicker.
const POINTS_OF_WORLD: usize = 20;
const RESTARTS_WITHIN: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Tally {
    points: usize,
    with_secrets: usize,
    with_terminal: usize,
    slowest: Duration,
    faults: Vec<String>,
}

pub(crate) async fn bars(place: &Place, points: usize) -> Vec<Bar> {
    let mut tally = Tally::default();
    while tally.points < points {
        let count = POINTS_OF_WORLD.min(points - tally.points);
        if let Err(failure) = of_world(place, count, points, &mut tally).await {
            tally.faults.push(failure);
            break;
        }
    }
    let figure = format!(
        "kill -9 at {} points ({} with secrets in the agent, {} with a terminal): {} faults, the slowest restart took {} ms{}",
        tally.points,
        tally.with_secrets,
        tally.with_terminal,
        tally.faults.len(),
        tally.slowest.as_millis(),
        tally.faults.first().map(|fault| format!("; {fault}")).unwrap_or_default()
    );
    vec![Bar::of("R1", if tally.faults.is_empty() { Ok(figure) } else { Err(figure) })]
}

async fn of_world(place: &Place, count: usize, points: usize, tally: &mut Tally) -> Result<(), String> {
    let world = World::new(place).await;
    let control = Control::plant(&world).await?;
    // Once to its end, to know how long it takes here.
    world.start_agent().await?;
    let start = Instant::now();
    let mut terminal = None;
    play(&world, &mut terminal).await?;
    let length = start.elapsed();
    world.daypass(&["quit"]).await?;
    drop(terminal);
    world.ended().await?;
    for _ in 0..count {
        // Spread as evenly as any number of them can be, by the golden ratio.
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let part = (tally.points as f64 * 0.618_033_988_75).fract();
        tally.points += 1;
        let at = format!("at {:.0} % of {} points' scenario", part * 100.0, points);
        if let Err(fault) = one(&world, &control, length.mul_f64(part), tally).await {
            println!("    {at}: {fault}");
            tally.faults.push(format!("{at}: {fault}"));
        }
    }
    let outside = Outside::of(&world, &control)?;
    let written = outside.in_files.len() + outside.in_command_lines.len() + outside.in_environments.len();
    if written > 0 {
        tally.faults.push(format!(
            "{written} markers in files, command lines and environments: {:?}",
            outside.in_files
        ));
    }
    Ok(())
}

/// Kills in the midst of it, looks, starts another agent, looks, and leaves the world as it was.
async fn one(world: &World, control: &Control, into: Duration, tally: &mut Tally) -> Result<(), String> {
    world.start_agent().await?;
    let agent = world.agent().ok_or("there is no agent")?.pid;
    let mut terminal = None;
    let start = Instant::now();
    // The commands under way go with it.
    timeout(into, play(world, &mut terminal)).await.ok();
    after(start, into).await;
    tally.with_secrets += usize::from(Sample::take_of_agent(world)?);
    kill(agent, libc::SIGKILL);
    world.until("the agent is gone", || world.agent().is_none()).await?;
    // The kernel closes what was open a moment after the memory is gone.
    let closed = world.until("its ports are closed", || listening(world.user) == 0);
    timeout(WITHIN, closed).await.map_err(|_| "ports are still open a second after")??;
    let start = Instant::now();
    world.start_agent().await?;
    let took = start.elapsed();
    tally.slowest = tally.slowest.max(took);
    if took > RESTARTS_WITHIN {
        return Err(format!("another agent came after {took:?}"));
    }
    if let Some(terminal) = &mut terminal {
        tally.with_terminal += 1;
        let said = terminal.asks().await?;
        if !said.starts_with("status ") || said.trim() == "status 200" {
            return Err(format!("the terminal was told: {said}"));
        }
    }
    let found = Sample::take(world, control).await?.residue(false);
    details(&found);
    if !found.is_empty() {
        return Err(format!("{} pieces of secrets are left", found.len()));
    }
    let agents = world.running("daypass-agent").len();
    if agents != 1 {
        return Err(format!("{agents} agents run"));
    }
    world.daypass(&["quit"]).await?;
    drop(terminal);
    world.ended().await
}

/// A person's program with a ticket, which asks for credentials when it is told to.
struct Terminal {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    /// Questions whose answer nobody has read: the kill may come between the two.
    unanswered: usize,
}

impl Terminal {
    fn open(world: &World, session: &str) -> Result<Self, String> {
        let mut exec = world.program("daypass");
        exec.args(["exec", "--session", session, "--", "residue", "terminal"]);
        exec.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = exec.spawn().map_err(|error| error.to_string())?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        Ok(Self { child, lines, unanswered: 0 })
    }

    async fn asks(&mut self) -> Result<String, String> {
        let input = self.child.stdin.as_mut().ok_or("no input")?;
        input.write_all(b"\n").await.map_err(|error| error.to_string())?;
        self.unanswered += 1;
        let mut said = None;
        while self.unanswered > 0 {
            let line = timeout(Duration::from_secs(10), self.lines.next_line()).await;
            said = line
                .map_err(|_| "the terminal says nothing".to_owned())?
                .map_err(|error| error.to_string())?;
            self.unanswered = if said.is_some() { self.unanswered - 1 } else { 0 };
        }
        Ok(said.unwrap_or_else(|| "status closed".to_owned()))
    }
}

/// Sign-in, lease, terminal, console, renewal, end, and another lease.
async fn play(world: &World, terminal: &mut Option<Terminal>) -> Result<(), String> {
    world.daypass(&["sign-in", "acme"]).await?;
    let (session, _) = world.lease(ROLE, "30m").await?;
    let opened = terminal.insert(Terminal::open(world, &session)?);
    let said = opened.asks().await?;
    if said != "status 200" {
        return Err(format!("the terminal was told: {said}"));
    }
    world.daypass(&["console", &session]).await?;
    world.daypass(&["renew", &session]).await?;
    world.daypass(&["end", &session]).await?;
    world.lease(ROLE, "30m").await?;
    sleep(Duration::from_millis(100)).await;
    Ok(())
}

/// How many TCP ports programs of `user` listen on.
fn listening(user: u32) -> usize {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let is_theirs = |line: &&str| {
        let mut fields = line.split_whitespace().skip(3);
        fields.next() == Some("0A") && fields.nth(3).and_then(|uid| uid.parse().ok()) == Some(user)
    };
    tables.iter().flat_map(|table| table.lines()).filter(is_theirs).count()
}
