//! Reading the log: pages, the verdict on the whole chain, the export.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
};

use daypass_domain::audit::{
    Damage, LOG_PAGE, LogDamage, LogFilter, LogFormat, LogPage, LogRow, LogVerdict, What, words::CSV_HEAD,
};

use crate::audit::{
    chain::{self, Link, NOTHING, Tip},
    files::{Files, KEPT, Opened},
};

/// How many damaged places are named.
const NAMED: usize = 20;
/// No line of ours is longer; a longer one is none of ours and is not held in memory.
const LONGEST_LINE: u64 = 64 * 1024;

/// Rows, newest first: those before `before`.
pub(super) fn page(opened: Opened, filter: &LogFilter, before: Option<u64>) -> io::Result<LogPage> {
    let mut page = LogPage::default();
    for (_, file, length) in opened.files {
        let mut rows = Vec::new();
        for line in Lines::of(file, length) {
            let row = row(&line?).filter(|row| before.is_none_or(|n| row.n < n) && filter.takes(row));
            rows.extend(row);
        }
        let room = LOG_PAGE - page.rows.len();
        page.has_more = rows.len() > room;
        page.rows.extend(rows.into_iter().rev().take(room));
        if page.has_more {
            break;
        }
    }
    Ok(page)
}

/// The whole chain, oldest first.
pub(super) fn verify(opened: Opened) -> io::Result<LogVerdict> {
    let mut found = LogVerdict::default();
    // None where any line may follow: what stood before is kept no longer, or was damaged and is told of.
    let mut tip: Option<Tip> = None;
    let (mut last, mut is_first) = ((String::from("audit.jsonl"), 0), true);
    // What was before is only ever deleted once there are as many files as are kept.
    let may_go_on = opened.files.iter().any(|(name, ..)| *name == Files::name(KEPT));
    for (name, file, length) in opened.files.into_iter().rev() {
        for (at, line) in (1..).zip(Lines::of(file, length)) {
            last = (name.clone(), at);
            let Some((link, next)) = chain::check(&line?) else {
                tell(&mut found, &name, at, Damage::Line);
                (tip, is_first) = (None, false);
                continue;
            };
            let follows = match &tip {
                Some(tip) => link.previous == tip.hash && link.n == tip.n + 1,
                None => !is_first || is_beginning(&link, may_go_on),
            };
            if !follows {
                tell(&mut found, &name, at, Damage::Gap);
            }
            found.entries += 1;
            (tip, is_first) = (Some(next), false);
        }
    }
    let is_cut = |known: &Tip| known.n > 0 && tip.as_ref() != Some(known);
    // A last line that was changed is told of already.
    if opened.tip.as_ref().is_some_and(is_cut) && (tip.is_some() || found.places == 0) {
        tell(&mut found, &last.0, last.1, Damage::End);
    }
    Ok(found.told())
}

/// Whether a log may begin with this line: the first ever, or the first of a file that was begun for a full one.
fn is_beginning(link: &Link, may_go_on: bool) -> bool {
    (link.n == 1 && link.previous == NOTHING) || (may_go_on && link.entry.what == What::Continued)
}

fn tell(found: &mut LogVerdict, file: &str, line: u64, how: Damage) {
    found.places += 1;
    if found.damage.len() < NAMED {
        found.damage.push(LogDamage::new(file, line, how));
    }
}

/// Everything that the filter takes, oldest first.
pub(super) fn exported(opened: Opened, format: LogFormat, filter: &LogFilter) -> io::Result<Vec<u8>> {
    let (head, between, foot) = match format {
        LogFormat::Csv => (CSV_HEAD, "", ""),
        LogFormat::Json => ("[\n", ",\n", "\n]\n"),
    };
    let mut text = head.as_bytes().to_vec();
    for (_, file, length) in opened.files.into_iter().rev() {
        for line in Lines::of(file, length) {
            let line = line?;
            let Some(row) = row(&line).filter(|row| filter.takes(row)) else { continue };
            if text.len() > head.len() {
                text.extend_from_slice(between.as_bytes());
            }
            match format {
                LogFormat::Csv => text.extend_from_slice(row.csv().as_bytes()),
                LogFormat::Json => text.extend_from_slice(&line),
            }
        }
    }
    text.extend_from_slice(foot.as_bytes());
    Ok(text)
}

/// What a line says, damaged or not, as long as it can be understood.
fn row(line: &[u8]) -> Option<LogRow> {
    let Link { n, entry, .. } = serde_json::from_slice(line).ok()?;
    Some(LogRow::of(n, entry))
}

/// The lines of a file without their ends; what is too long for one of ours is cut.
struct Lines(io::Take<BufReader<File>>);

impl Lines {
    fn of(file: File, length: u64) -> Self {
        Self(BufReader::new(file).take(length))
    }
}

impl Iterator for Lines {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        match (&mut self.0).take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => {
                line.pop_if(|end| *end == b'\n');
                Some(Ok(line))
            }
            Err(e) => Some(Err(e)),
        }
    }
}
