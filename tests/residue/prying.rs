//! M5: another process of the same user can look into the agent in no way, from before its first secret on. The same ways
//! lead into any other process of that user, or it would prove nothing.

use std::{collections::BTreeMap, process::Stdio};

use crate::{
    clearing::ROLE,
    sign_in::Way,
    table::{Bar, Verdict},
    world::{Place, World, ran},
};

/// Each way, and whether it led in.
type Ways = BTreeMap<String, bool>;

pub(crate) async fn bars(place: &Place) -> Vec<Bar> {
    vec![look(place).await.unwrap_or_else(|failure| Bar::of("M5", Err(failure)))]
}

async fn look(place: &Place) -> Result<Bar, String> {
    let world = World::new(place).await;
    let mut other =
        world.command("sleep").arg("60").kill_on_drop(true).spawn().map_err(|error| error.to_string())?;
    let open = pry(&world, other.id().ok_or("it has ended")?).await?;
    other.kill().await.ok();
    // Only what leads into others shows something by not leading into the agent.
    let shown: Vec<_> = open.iter().filter(|(_, is_in)| **is_in).map(|(way, _)| way.clone()).collect();
    if shown.len() < 4 {
        let figure = format!("only {shown:?} leads into any process of the same user on this machine");
        return Ok(Bar { id: "M5", verdict: Verdict::NotShown, figure });
    }
    let mut seen = Vec::new();
    world.start_agent().await?;
    seen.push(pry_agent(&world).await?);
    let before = world.secrets().len();
    world.sign_in(Way::Browser).await?;
    seen.push(pry_agent(&world).await?);
    let (session, _) = world.lease(ROLE, "30m").await?;
    seen.push(pry_agent(&world).await?);
    world.daypass(&["end", &session]).await?;
    seen.push(pry_agent(&world).await?);
    let led_in: Vec<_> =
        seen.iter().flatten().filter(|(_, is_in)| **is_in).map(|(way, _)| way.clone()).collect();
    let figure = format!(
        "{} refused at {} moments, the first with {before} secrets issued",
        shown.join(", "),
        seen.len()
    );
    Ok(Bar::of(
        "M5",
        if led_in.is_empty() && before == 0 { Ok(figure) } else { Err(format!("{led_in:?} led in")) },
    ))
}

async fn pry_agent(world: &World) -> Result<Ways, String> {
    pry(world, world.agent().ok_or("there is no agent")?.pid).await
}

async fn pry(world: &World, pid: u32) -> Result<Ways, String> {
    let mut command = world.program("residue");
    command.args(["pry", &pid.to_string()]).stdout(Stdio::piped());
    let said = ran(command).await?.stdout;
    let said = String::from_utf8_lossy(&said);
    Ok(said
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(way, how)| (way.to_owned(), how == "in"))
        .collect())
}
