//! D3: nothing secret is logged or said where services repeat in their errors what they were sent, with logs at trace.

use daypass_practice::Failure;
use tokio::time::Instant;

use crate::{
    clearing::{Outside, ROLE},
    needles::Needles,
    search::{Control, Sample},
    table::Bar,
    triggers::{WITHIN, after},
    world::{Place, World},
};

pub(crate) async fn bars(place: &Place) -> Vec<Bar> {
    vec![Bar::of("D3", look(place).await)]
}

async fn look(place: &Place) -> Result<String, String> {
    let world = World::new(place).await;
    let control = Control::plant(&world).await?;
    let mut said = Vec::new();
    // Each fails as often as it is tried again.
    let fails = |target: &str, code| world.practice.fail_times(target, usize::MAX, Failure::Echo(code));
    let mut outcomes = |outcome: Result<serde_json::Value, String>| match outcome {
        Ok(_) => false,
        Err(text) => {
            said.push(text);
            true
        }
    };
    for code in [400, 500] {
        fails("/token", code);
        let failed = outcomes(world.daypass(&["sign-in", "acme"]).await);
        world.practice.clear_failures();
        if !failed {
            return Err("a sign-in worked without a token".to_owned());
        }
    }
    fails("/assignment/roles?account_id=111122223333", 403);
    world.daypass(&["sign-in", "acme", "--keep-signed-in"]).await?;
    world.practice.clear_failures();
    for code in [400, 403, 500] {
        fails("/federation/credentials", code);
        let failed = outcomes(world.daypass(&["request", ROLE, "--for", "30m"]).await);
        world.practice.clear_failures();
        if !failed {
            return Err("a lease was had without credentials".to_owned());
        }
    }
    // Who one is fails, and the lease works.
    fails("/", 500);
    let session = world.daypass(&["request", ROLE, "--for", "30m"]).await?;
    world.practice.clear_failures();
    let id = session["session"].as_str().unwrap_or_default().to_owned();
    fails("/federation", 400);
    // The command opens an address; the page there says what failed.
    world.daypass(&["console", &id]).await?;
    world.until("the console was asked for", || world.practice.calls("/federation") > 0).await?;
    fails("/logout", 500);
    let start = Instant::now();
    world.daypass(&["sign-out"]).await?;
    after(start, WITHIN).await;
    let needles: Needles = Needles::of(&world.secrets());
    let in_words = said.iter().flat_map(|text| needles.find(text.as_bytes())).count();
    let left = Sample::take(&world, &control).await?.residue(false);
    crate::table::details(&left);
    let outside = Outside::of(&world, &control)?;
    let logs = world.home.join(".local/state/daypass/agent.log");
    let lines = std::fs::read_to_string(logs).map_or(0, |text| text.lines().count());
    let markers =
        in_words + outside.in_files.len() + outside.in_command_lines.len() + outside.in_environments.len();
    let figure = format!(
        "{} errors that repeat what was sent, {lines} lines of log at trace: {markers} markers said or written, {} left in memory",
        said.len() + 4,
        left.len()
    );
    if markers == 0 && left.is_empty() && lines > 0 { Ok(figure) } else { Err(figure) }
}
