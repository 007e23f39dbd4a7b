//! M2 and M3: what is in memory while leases live. The agent's secrets are in its locked pages alone, and the desktop and
//! its web processes have none, from the first window to the last end.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    clearing::use_all,
    memory::Found,
    needles::What,
    search::{Control, Sample},
    sign_in::Way,
    table::{Bar, details},
    world::{Place, World},
};

/// How long three leases lie idle.
const IDLE: Duration = Duration::from_secs(30);
/// How long the desktop is left alone between two looks at it.
const EVERY: Duration = Duration::from_secs(2);

/// What the desktop's processes held at every sample, from before the sign-in to after the sign-out.
#[derive(Default)]
struct Samples {
    count: usize,
    found: Vec<Found>,
}

impl Samples {
    fn add(&mut self, sample: &Sample) {
        let is_desktop = |one: &&Found| ["desktop", "web", "network"].contains(&one.process.row());
        // What does not run was not looked at.
        self.count += usize::from(sample.rows.iter().any(|row| row == "web"));
        self.found.extend(sample.found.iter().filter(is_desktop).cloned());
    }
}

pub(crate) async fn bars(place: &Place) -> Vec<Bar> {
    match look(place).await {
        Ok(bars) => bars.into(),
        Err(failure) => ["M2", "M3"].map(|id| Bar::of(id, Err(failure.clone()))).into(),
    }
}

async fn look(place: &Place) -> Result<[Bar; 2], String> {
    let world = World::new(place).await;
    let control = Control::plant(&world).await?;
    let mut samples = Samples::default();
    world.open_window().await?;
    samples.add(&Sample::take(&world, &control).await?);
    let waiting = world.ask_for_device_code().await?;
    let during = Sample::take(&world, &control).await?;
    if !during.found.iter().any(|one| one.what == What::DeviceCode) {
        return Err("nothing holds the device code that waits to be approved".to_owned());
    }
    samples.add(&during);
    let working = async {
        waiting.approve(&world).await?;
        use_all(&world, place, "30m", Way::DeviceCode).await?;
        for role in world.other_roles(2).await? {
            world.lease(&role, "30m").await?;
        }
        sleep(IDLE).await;
        let at_rest = Sample::take(&world, &control).await?;
        world.daypass(&["end", "--all"]).await?;
        world.daypass(&["sign-out"]).await?;
        Ok::<_, String>(at_rest)
    };
    let looking = async {
        loop {
            match Sample::take(&world, &control).await {
                Ok(sample) => samples.add(&sample),
                Err(failure) => return failure,
            }
            sleep(EVERY).await;
        }
    };
    let at_rest = tokio::select! {
        at_rest = working => at_rest?,
        failure = looking => return Err(failure),
    };
    samples.add(&at_rest);
    samples.add(&Sample::take(&world, &control).await?);
    details(&samples.found);
    Ok([idle_leases(&at_rest), desktop(&samples)])
}

/// Three leases: three keys, three session tokens, and the sign-in's, all found, and all where they may be.
fn idle_leases(sample: &Sample) -> Bar {
    let (kept, plain): (Vec<_>, Vec<_>) = sample.found.iter().cloned().partition(|one| one.is_kept);
    let count = |what| kept.iter().filter(|one| one.what == what).count();
    let (keys, tokens) = (count(What::SecretAccessKey), count(What::SessionToken));
    details(&plain);
    let figure =
        format!("3 leases idle for 30 s: {} copies in locked pages, {} elsewhere", kept.len(), plain.len());
    let is_seen = keys == 3 && tokens == 3 && count(What::AccessToken) > 0;
    Bar::of("M2", if plain.is_empty() && is_seen { Ok(figure) } else { Err(figure) })
}

fn desktop(samples: &Samples) -> Bar {
    let figure = format!(
        "desktop and web processes: {} copies in {} samples, from before the sign-in to after the sign-out",
        samples.found.len(),
        samples.count
    );
    Bar::of("M3", if samples.found.is_empty() && samples.count > 3 { Ok(figure) } else { Err(figure) })
}
