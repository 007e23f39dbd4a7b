//! M1: one run of the whole scenario up to a trigger, and what is left a second and ten seconds after it.
//!
//! Each run also says what it wrote to disk (D1), showed on command lines (P1) and in environments (P3), and whether the
//! terminal still gets credentials.

use std::{path::PathBuf, time::Duration};

use crate::{
    files, keyring,
    memory::Found,
    needles::{Needles, What},
    processes::Process,
    search::{Control, Sample},
    sign_in::Way,
    triggers::{Trigger, after},
    world::{Place, World, ran},
};

pub(crate) const ROLE: &str = "DeveloperAccess@444455556666";

/// What one run showed.
pub(crate) struct Run {
    pub(crate) rows: Vec<String>,
    pub(crate) after_1: Vec<Found>,
    pub(crate) after_10: Vec<Found>,
    pub(crate) outside: Outside,
}

/// What was found outside memory.
#[derive(Default)]
pub(crate) struct Outside {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    pub(crate) in_files: Vec<(PathBuf, What)>,
    pub(crate) command_lines: usize,
    pub(crate) in_command_lines: Vec<(Process, What)>,
    pub(crate) environments: usize,
    pub(crate) in_environments: Vec<(Process, What)>,
}

impl Run {
    /// Plays the scenario, pulls the trigger and looks.
    ///
    /// # Errors
    /// The scenario broke, a control was missed, or the terminal still got credentials.
    pub(crate) async fn of(trigger: Trigger, place: &Place, is_long: bool) -> Result<Self, String> {
        let mut world = World::new(place).await;
        let control = Control::plant(&world).await?;
        let (session, ends) = work(&world, place, trigger.lease(), trigger.way()).await?;
        let at = trigger.pull(&mut world, &session, ends).await?;
        after(at, Duration::from_secs(1)).await;
        let first = Sample::take(&world, &control).await?;
        let kept = keyring::holds(&world).await?;
        if kept != trigger.kept() {
            return Err(format!("the keyring has {kept:?}"));
        }
        let (gets_some, said) = world.types("residue fetch").await?;
        if gets_some {
            return Err(format!("the terminal still gets credentials: {said}"));
        }
        let mut after_10 = Vec::new();
        if is_long {
            after(at, Duration::from_secs(10)).await;
            after_10 = Sample::take(&world, &control).await?.residue(trigger.keeps_sign_in());
        }
        let outside = Outside::of(&world, &control)?;
        let after_1 = first.residue(trigger.keeps_sign_in());
        Ok(Self { rows: first.rows, after_1, after_10, outside })
    }
}

/// The whole scenario: the window, a sign-in that is kept, and all that one does then.
pub(crate) async fn work(
    world: &World,
    place: &Place,
    length: &str,
    way: Way,
) -> Result<(String, i64), String> {
    world.open_window().await?;
    world.sign_in(way).await?;
    use_all(world, place, length, way).await
}

/// A lease, a terminal with the AWS CLI and an SDK's call in it, a command of its own, the console. Every kind of secret
/// has been issued by its end.
pub(crate) async fn use_all(
    world: &World,
    place: &Place,
    length: &str,
    way: Way,
) -> Result<(String, i64), String> {
    let (session, ends) = world.lease(ROLE, length).await?;
    world.open_terminal(&session).await?;
    let aws = place.aws.as_ref().map(|aws| format!("{aws} sts get-caller-identity"));
    for line in aws.as_deref().into_iter().chain(["residue fetch"]) {
        let (went_well, said) = world.types(line).await?;
        if !went_well {
            return Err(format!("`{line}` in the terminal: {said}"));
        }
    }
    let mut exec = world.program("daypass");
    exec.args(["exec", "--session", &session, "--", "residue", "fetch"]);
    if !ran(exec).await?.status.success() {
        return Err("daypass exec got no credentials".to_owned());
    }
    world.daypass(&["console", &session]).await?;
    let kinds = What::issued_by(way);
    let has_all = || kinds.iter().all(|what| world.secrets().iter().any(|(known, _)| known == what));
    world.until("every kind of secret is issued", has_all).await?;

    Ok((session, ends))
}

impl Outside {
    /// Looks, and sees to it that what was planted is found.
    pub(crate) fn of(world: &World, control: &Control) -> Result<Self, String> {
        let mut secrets = world.secrets();
        secrets.push((What::Control, control.secret.clone()));
        // A ticket is not a credential: it is no marker here.
        secrets.retain(|(what, _)| *what != What::Ticket);
        let needles = Needles::of(&secrets);
        let searched = files::search(world.folder(), world.user, &needles);
        let (command_lines, in_command_lines) = world.watch.command_lines(&needles);
        let (environments, in_environments) = world.watch.environments(&needles);
        let planted = |all: usize, what: &str| match all {
            0 => Err(format!("the control in {what} was missed")),
            _ => Ok(()),
        };
        let (in_files, controls) = apart(searched.found);
        let mut paths: Vec<_> = controls.into_iter().map(|(path, _)| path).collect();
        paths.dedup();
        if paths.len() != crate::needles::Encoding::ALL.len() {
            return Err(format!("the control was found in {} files only", paths.len()));
        }
        let (in_command_lines, controls) = apart(in_command_lines);
        planted(controls.len(), "a command line")?;
        let (in_environments, controls) = apart(in_environments);
        planted(controls.len(), "an environment")?;
        let (files, bytes) = (searched.files, searched.bytes);
        Ok(Self { files, bytes, in_files, command_lines, in_command_lines, environments, in_environments })
    }
}

/// Where something was found, and what.
type Marked<T> = Vec<(T, What)>;

/// What was found, and what of it was planted.
fn apart<T>(found: Marked<T>) -> (Marked<T>, Marked<T>) {
    found.into_iter().partition(|(_, what)| *what != What::Control)
}
