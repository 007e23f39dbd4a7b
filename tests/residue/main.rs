//! `make residue`: runs Daypass's real programs through everything that clears, and looks for every secret that practice
//! issued, in all their memory and in all they wrote.
//!
//! Usage: `residue FOLDER_OF_THE_PROGRAMS FOLDER_OF_THE_CLIENTS short|full [RUNS] [POINTS]`, as root, under a display. Each
//! world runs as a user of its own; the other words are parts that the program itself plays there ([`person`]). Without
//! root it shows what an ordinary user can ([`ordinary`]).
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "for tests only: a world that can't be made is nothing to go on with"
)]

mod clearing;
mod crash;
mod echoes;
mod files;
mod keyring;
mod kills;
mod live;
mod memory;
mod needles;
mod ordinary;
mod person;
mod processes;
mod prying;
mod search;
mod sign_in;
mod table;
mod terminal;
mod triggers;
mod watch;
mod world;

use std::{path::Path, process::ExitCode, sync::Arc};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
    task::JoinSet,
    time::Instant,
};

use crate::{
    clearing::Run,
    table::{Bar, Verdict},
    triggers::Trigger,
    world::Place,
};

/// Worlds at a time: most of each is waiting.
const AT_A_TIME: usize = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let mut stopped = signal(SignalKind::terminate()).expect("a signal");
    // Dropping the worlds ends what runs in them.
    tokio::select! {
        code = run() => code,
        _ = stopped.recv() => ExitCode::FAILURE,
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

async fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = person::play(&arguments).await {
        return code;
    }
    let [programs, clients, extent, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: residue PROGRAMS CLIENTS short|full [RUNS] [POINTS]");
        return ExitCode::FAILURE;
    };
    let is_full = extent == "full";
    let number = |at: usize, otherwise| rest.get(at).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (runs, points) = (number(0, if is_full { 10 } else { 1 }), number(1, if is_full { 200 } else { 5 }));
    let place = Arc::new(Place::new(Path::new(programs), Path::new(clients)));
    if !processes::is_root() {
        return verdict(&ordinary::bars(&place).await);
    }
    let only = std::env::var("ONLY").ok();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only.split(',').any(|one| one == name));
    let triggers: Vec<_> = Trigger::ALL.into_iter().filter(|trigger| wanted(trigger.name())).collect();
    let mut bars = Vec::new();
    if !triggers.is_empty() {
        bars.extend(clearing(&place, &triggers, runs, is_full).await);
    }
    if wanted("M2") {
        bars.extend(live::bars(&place).await);
    }
    if wanted("M5") {
        bars.extend(prying::bars(&place).await);
    }
    if wanted("D3") {
        bars.extend(echoes::bars(&place).await);
    }
    if wanted("R1") {
        bars.extend(kills::bars(&place, points).await);
    }
    if wanted("M6") {
        // Last, and alone: the pattern is the whole machine's.
        bars.extend(crash::bars(&place, is_full).await);
    }
    verdict(&bars)
}

/// Prints them all.
fn verdict(bars: &[Bar]) -> ExitCode {
    for bar in bars {
        bar.print();
    }
    for bar in bars.iter().filter(|bar| bar.verdict == Verdict::Missed) {
        // Again, where the end of a long output is all that is read.
        eprintln!("missed: {} {}", bar.id, bar.figure);
    }
    let missed = bars.iter().filter(|bar| bar.verdict == Verdict::Missed).count();
    let unshown = bars.iter().filter(|bar| !matches!(bar.verdict, Verdict::Passed | Verdict::Missed)).count();
    println!(
        "{} bars hold, {missed} are missed, {unshown} could not be shown",
        bars.len() - missed - unshown
    );
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// M1, D1, P1 and P3.
async fn clearing(place: &Arc<Place>, triggers: &[Trigger], runs: usize, is_full: bool) -> Vec<Bar> {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut playing = JoinSet::new();
    for _ in 0..runs {
        for trigger in triggers.iter().copied() {
            let (place, turns) = (Arc::clone(place), Arc::clone(&turns));
            // Ten seconds for some only where time is short.
            let is_long = is_full || matches!(trigger, Trigger::End | Trigger::SignOut | Trigger::Sleep);
            playing.spawn(async move {
                let _turn = turns.acquire().await;
                let start = Instant::now();
                let outcome = Run::of(trigger, &place, is_long).await;
                eprintln!("{}: {} s", trigger.name(), start.elapsed().as_secs());
                (trigger, outcome)
            });
        }
    }
    let mut outcomes = Vec::new();
    while let Some(outcome) = playing.join_next().await {
        outcomes.push(outcome.expect("a run that does not panic"));
    }
    println!("  {:<16} {:<10} {:<24} {:>6} {:>6}", "trigger", "process", "kind", "+1 s", "+10 s");
    let mut bars = Vec::new();
    let mut outside = Vec::new();
    for trigger in triggers {
        let (mut done, mut failures) = (Vec::new(), Vec::new());
        let mut rest = Vec::new();
        for (which, outcome) in outcomes {
            match outcome {
                other if which != *trigger => rest.push((which, other)),
                Ok(run) => done.push(run),
                Err(failure) => failures.push(failure),
            }
        }
        outcomes = rest;
        bars.push(table::trigger(*trigger, &done, &failures));
        outside.extend(done.into_iter().map(|run| run.outside));
    }
    bars.extend(table::outside(&outside.iter().collect::<Vec<_>>()));
    bars
}
