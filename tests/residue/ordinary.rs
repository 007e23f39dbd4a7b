//! What an ordinary user can show: that they can't look into the agent, and what it leaves outside of memory. The memory
//! itself the kernel shows to root alone.

use tokio::time::Instant;

use crate::{
    clearing::{Outside, work},
    keyring, processes, prying,
    search::Control,
    sign_in::Way,
    table::{self, Bar, Verdict},
    triggers::{WITHIN, after},
    world::{Place, World},
};

/// The bars that look into memory, or at what the kernel says of it.
const OF_ROOT: [&str; 6] = ["M1", "M2", "M3", "M6", "D3", "R1"];

pub(crate) async fn bars(place: &Place) -> Vec<Bar> {
    processes::adopt();
    let mut bars = prying::bars(place).await;
    match day(place).await {
        Ok(outside) => bars.extend(table::outside(&[&outside])),
        Err(failure) => bars.extend(["D1", "P1", "P3"].map(|id| Bar::of(id, Err(failure.clone())))),
    }
    let figure = "it takes root to look into the agent's memory";
    bars.extend(OF_ROOT.map(|id| Bar { id, verdict: Verdict::NotShown, figure: figure.to_owned() }));
    bars
}

/// The whole scenario, to a sign-out.
async fn day(place: &Place) -> Result<Outside, String> {
    let world = World::new(place).await;
    let control = Control::plant(&world).await?;
    let (session, _) = work(&world, place, "30m", Way::Browser).await?;
    world.daypass(&["end", &session]).await?;
    let start = Instant::now();
    world.daypass(&["sign-out"]).await?;
    after(start, WITHIN).await;
    let kept = keyring::holds(&world).await?;
    if !kept.is_empty() {
        return Err(format!("the keyring has {kept:?}"));
    }
    Outside::of(&world, &control)
}
