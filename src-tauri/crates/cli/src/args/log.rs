//! What `daypass log` takes.

use daypass_domain::{
    ids::SessionId,
    time::{Seconds, Timestamp},
};

/// Which rows are wanted.
#[derive(Debug, clap::Args)]
pub(crate) struct Wanted {
    /// Look through the whole chain; the exit code is 1 where it is damaged
    #[arg(long, conflicts_with_all = ["since", "session", "number", "words"])]
    pub(crate) verify: bool,
    /// Only what happened since: a length of time like 2h, or a time like 2026-11-22T09:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Only what is about one session
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<SessionId>,
    /// At most so many, the newest
    #[arg(short, long, value_name = "N")]
    pub(crate) number: Option<usize>,
    /// Words that a row must have, in any order
    pub(crate) words: Vec<String>,
}

/// From when on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Since {
    Ago(Seconds),
    At(Timestamp),
}

fn since(text: &str) -> Result<Since, &'static str> {
    let at = || Timestamp::parse(text).map(Since::At);
    Seconds::parse(text).map(Since::Ago).or_else(at).ok_or("a time looks like 2h or 2026-11-22T09:00:00Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_length_or_a_time() {
        assert_eq!(since("2h"), Ok(Since::Ago(Seconds::hours(2))));
        assert_eq!(since("1970-01-01T00:00:01Z"), Ok(Since::At(Timestamp::from_secs(1))));
        assert!(since("yesterday").is_err());
    }
}
