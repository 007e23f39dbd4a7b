//! What was found, as a table, and whether the bars hold.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    clearing::{Outside, Run},
    memory::Found,
    needles::What,
    triggers::Trigger,
};

/// Where a bar stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    Missed,
    /// This machine does not let us show it.
    NotShown,
}

/// One bar of security.md.
pub(crate) struct Bar {
    pub(crate) id: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) figure: String,
}

impl Bar {
    pub(crate) fn of(id: &'static str, outcome: Result<String, String>) -> Self {
        let (verdict, figure) = match outcome {
            Ok(figure) => (Verdict::Passed, figure),
            Err(figure) => (Verdict::Missed, figure),
        };
        Self { id, verdict, figure }
    }

    pub(crate) fn print(&self) {
        let verdict = match self.verdict {
            Verdict::Passed => "ok",
            Verdict::Missed => "MISSED",
            Verdict::NotShown => "NOT SHOWN",
        };
        println!("{:<4} {verdict:<10} {}", self.id, self.figure);
    }
}

/// Copies of one kind in the processes of one row.
type Counts = BTreeMap<(String, What), [usize; 2]>;

fn counts(runs: &[Run]) -> Counts {
    let mut counts = Counts::new();
    for run in runs {
        for (column, found) in [&run.after_1, &run.after_10].into_iter().enumerate() {
            for one in found {
                let row = (one.process.row().to_owned(), one.what);
                counts.entry(row).or_default()[column] += 1;
            }
        }
    }
    counts
}

/// The rows of one trigger, over all its runs; and whether it left nothing in any.
pub(crate) fn trigger(trigger: Trigger, runs: &[Run], failures: &[String]) -> Bar {
    let name = trigger.name();
    let counts = counts(runs);
    let mut rows: Vec<_> = runs.iter().flat_map(|run| run.rows.clone()).collect();
    rows.sort();
    rows.dedup();
    for row in rows {
        let of_row: Vec<_> = counts.iter().filter(|((known, _), _)| *known == row).collect();
        for ((_, what), [first, later]) in &of_row {
            println!("  {name:<16} {row:<10} {:<24} {first:>6} {later:>6}", what.name());
        }
        if of_row.is_empty() {
            let kinds = format!("all {} kinds", What::issued_by(trigger.way()).len());
            println!("  {name:<16} {row:<10} {kinds:<24} {:>6} {:>6}", 0, 0);
        }
    }
    let clean = runs.iter().filter(|run| run.after_1.is_empty() && run.after_10.is_empty()).count();
    let all = runs.len() + failures.len();
    let mut figure = format!("{name}: nothing left in {clean} of {all} runs");
    for one in runs.iter().flat_map(|run| run.after_1.iter().chain(&run.after_10)) {
        write!(figure, "; {}", one.place()).ok();
    }
    for failure in failures {
        write!(figure, "; {failure}").ok();
    }
    Bar::of("M1", if clean == all && all > 0 { Ok(figure) } else { Err(figure) })
}

/// D1, P1 and P3, over all runs.
pub(crate) fn outside(all: &[&Outside]) -> [Bar; 3] {
    let sum = |count: fn(&Outside) -> usize| all.iter().map(|one| count(one)).sum::<usize>();
    let megabytes = all.iter().map(|one| one.bytes).sum::<u64>() / 1_000_000;
    let places = |found: Vec<String>, looked: String| match found.is_empty() {
        true if all.is_empty() => Err("no run came so far".to_owned()),
        true => Ok(format!("0 markers in {looked}")),
        false => {
            Err(format!("{} markers in {looked}: {}", found.len(), found[..found.len().min(5)].join(", ")))
        }
    };
    let files = all
        .iter()
        .flat_map(|one| &one.in_files)
        .map(|(path, what)| format!("{} in {}", what.name(), path.display()));
    let lines = all.iter().flat_map(|one| &one.in_command_lines);
    let lines = lines.map(|(process, what)| format!("{} of {}", what.name(), process.program));
    let variables = all.iter().flat_map(|one| &one.in_environments);
    let variables = variables.map(|(process, what)| format!("{} of {}", what.name(), process.program));
    [
        Bar::of("D1", places(files.collect(), format!("{} files, {megabytes} MB", sum(|one| one.files)))),
        Bar::of("P1", places(lines.collect(), format!("{} command lines", sum(|one| one.command_lines)))),
        Bar::of("P3", places(variables.collect(), format!("{} environments", sum(|one| one.environments)))),
    ]
}

/// Where each piece was, for whoever looks for its cause.
pub(crate) fn details(found: &[Found]) {
    for one in found {
        println!("    {}", one.place());
    }
}
