//! Text for people: names made harmless, columns, colour, times of day.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

pub(crate) use daypass_domain::text::capitalised;
use daypass_domain::{
    text::is_unseen,
    time::{Seconds, Timestamp},
};
use unicode_width::UnicodeWidthStr;

/// Writes `text` to standard output.
///
/// # Errors
/// It can't be written. A reader that has seen enough (`| head`) is none.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes `value` as one line of JSON to standard output.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_json(value: &impl serde::Serialize) -> io::Result<()> {
    print(&format!("{}\n", serde_json::to_string(value)?))
}

/// Says `line` on standard error: what goes on, not what was asked for.
pub(crate) fn say(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

/// A name from outside, made harmless for a terminal: what is invisible or moves things is spelt out.
pub(crate) fn escape(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for c in name.chars() {
        if is_unseen(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// `1 role`, `2 roles`.
pub(crate) fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// How a cell looks, on a terminal only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    Plain,
    Dim,
    Good,
    Soon,
    Bad,
}

/// Rows in aligned columns.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Vec<(String, Look)>>,
}

impl Table {
    /// A table with dim headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|&h| (h.to_owned(), Look::Dim)).collect()] }
    }

    /// Adds a row. Cells are escaped here, so that no name gets past it.
    pub(crate) fn row<const N: usize>(&mut self, cells: [(&str, Look); N]) {
        self.rows.push(cells.map(|(text, look)| (escape(text), look)).into());
    }

    /// The table as text, coloured where standard output is a terminal.
    pub(crate) fn render(&self) -> String {
        let is_coloured = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        self.render_as(is_coloured)
    }

    fn render_as(&self, is_coloured: bool) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|(text, _)| text.width())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for ((text, look), width) in row.iter().zip(&widths) {
                let padding = width.saturating_sub(text.width()) + 2;
                match colour(*look).filter(|_| is_coloured && !text.is_empty()) {
                    Some(colour) => _ = write!(line, "\x1b[{colour}m{text}\x1b[0m"),
                    None => line.push_str(text),
                }
                line.extend(std::iter::repeat_n(' ', padding));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

const fn colour(look: Look) -> Option<&'static str> {
    match look {
        Look::Plain => None,
        Look::Dim => Some("2"),
        Look::Good => Some("32"),
        Look::Soon => Some("33"),
        Look::Bad => Some("31"),
    }
}

/// A length of time, no finer than it matters, to the nearest minute: `15 min`, `45 s`.
pub(crate) fn roughly(length: Seconds) -> String {
    let minutes = length.0.saturating_add(30) / 60;
    if length < Seconds(60) { length.to_string() } else { Seconds::minutes(minutes).to_string() }
}

/// The time of day where this machine is: `14:32`; with the date where that is another than `now`'s.
pub(crate) fn time_of_day(at: Timestamp, now: Option<Timestamp>) -> String {
    let Some(local) = local(at) else { return at.rfc3339() };
    let is_today = now
        .and_then(self::local)
        .is_none_or(|now| (now.tm_year, now.tm_yday) == (local.tm_year, local.tm_yday));
    let clock = format!("{:02}:{:02}", local.tm_hour, local.tm_min);
    if is_today {
        clock
    } else {
        format!("{}-{:02}-{:02} {clock}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday)
    }
}

/// Date and time to the second where this machine is: `2026-11-22 14:32:05`.
pub(crate) fn date_and_time(at: Timestamp) -> String {
    let Some(local) = local(at) else { return at.rfc3339() };
    let (year, month, day) = (local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
    format!("{year}-{month:02}-{day:02} {:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec)
}

fn local(at: Timestamp) -> Option<libc::tm> {
    let seconds: libc::time_t = at.as_millis().div_euclid(1000);
    #[expect(
        unsafe_code,
        reason = "localtime_r fills the struct it is given; both pointers are to live values"
    )]
    unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        (!libc::localtime_r(&raw const seconds, &raw mut tm).is_null()).then_some(tm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_spelt_out() {
        assert_eq!(escape("prod\u{1b}]0;x\u{7}"), "prod\\u{1b}]0;x\\u{7}");
        assert_eq!(escape("a\nb\tc\u{9b}2J"), "a\\u{a}b\\u{9}c\\u{9b}2J");
        assert_eq!(escape("\u{202e}dorp"), "\\u{202e}dorp");
        assert_eq!(escape("Zürich 東京 · é"), "Zürich 東京 · é");
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let mut table = Table::new(&["ROLE", "ACCOUNT"]);
        table.row([("東京", Look::Plain), ("a", Look::Plain)]);
        table.row([("Billing", Look::Good), ("b\u{1b}", Look::Bad)]);
        assert_eq!(table.render_as(false), "ROLE     ACCOUNT\n東京     a\nBilling  b\\u{1b}\n");
        assert!(table.render_as(true).contains("\x1b[32mBilling\x1b[0m  \x1b[31mb\\u{1b}\x1b[0m"));
    }

    #[test]
    fn lengths_are_no_finer_than_they_matter() {
        assert_eq!(roughly(Seconds(899)), "15 min");
        assert_eq!(roughly(Seconds(45)), "45 s");
        assert_eq!(roughly(Seconds(3661)), "1 h 1 min");
        assert_eq!(roughly(Seconds(89)), "1 min");
    }
}
