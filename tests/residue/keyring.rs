//! The person's keyring: the real daemon, unlocked, and the one place where a sign-in may be kept. Its memory is not ours
//! and is not searched; its files are.

use std::process::Stdio;

use tokio::{
    io::AsyncWriteExt,
    process::Command,
    time::{Instant, sleep},
};

use crate::{
    needles::{Needles, What},
    world::{BETWEEN, PATIENCE, World, ran},
};

/// What a kept sign-in needs, and all that may be in there of it.
pub(crate) const KEPT: [What; 2] = [What::ClientSecret, What::RefreshToken];

/// What every item of Daypass's is found by, and the control too.
const OURS: [&str; 2] = ["application", "daypass"];
/// Without one there is no place for items.
const PASSWORD: &str = "password\n";

/// Starts it and plants an item that no sign-in has: a search that misses it is worth nothing.
pub(crate) async fn start(world: &World) -> Result<(), String> {
    let mut daemon = world.command("gnome-keyring-daemon");
    daemon.args(["--foreground", "--components=secrets", "--unlock"]);
    let mut daemon = tell(daemon, PASSWORD).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut control = world.command("secret-tool");
        control.args(["store", "--label=control", "control", "yes"]).args(OURS);
        if tell(control, "control").await?.wait().await.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        if Instant::now() > deadline || daemon.try_wait().is_ok_and(|ended| ended.is_some()) {
            return Err("the keyring keeps nothing".to_owned());
        }
        sleep(BETWEEN).await;
    }
}

/// What of all that was issued stands in it, as any program of the person's is shown it.
///
/// # Errors
/// It did not show the control.
pub(crate) async fn holds(world: &World) -> Result<Vec<What>, String> {
    let mut search = world.command("secret-tool");
    search.args(["search", "--all"]).args(OURS).stdout(Stdio::piped());
    let shown = ran(search).await?.stdout;
    if !String::from_utf8_lossy(&shown).lines().any(|line| line == "label = control") {
        return Err("the control in the keyring was missed".to_owned());
    }
    let mut found: Vec<_> =
        Needles::of(&world.secrets()).find(&shown).into_iter().map(|hit| hit.what).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Starts a program that reads this to its end.
async fn tell(mut program: Command, text: &str) -> Result<tokio::process::Child, String> {
    let mut child = program.stdin(Stdio::piped()).spawn().map_err(|error| format!("{program:?}: {error}"))?;
    let mut input = child.stdin.take().ok_or("no input")?;
    input.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
    Ok(child)
}
