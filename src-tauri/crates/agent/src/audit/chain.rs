//! One line of the log, and what holds it to the line before.
//!
//! A line is JSON: `n`, `previous`, the entry, and last `hash`, the SHA-256 of the line as it is without it. The hash
//! is over bytes as they stand, so that every byte counts. What is unseen is written as `\u` escapes: the file is
//! plain for whoever has it printed in a terminal.

use std::fmt::Write;

use daypass_domain::{audit::Entry, text::is_unseen};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// What the first line ever has for `previous`.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_MARK: &str = r#","hash":""#;
const HASH_END: &str = r#""}"#;
const HASH_LENGTH: usize = 64;

/// Where the chain has come to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Tip {
    pub(super) n: u64,
    pub(super) hash: String,
}

impl Default for Tip {
    fn default() -> Self {
        Self { n: 0, hash: NOTHING.to_owned() }
    }
}

/// A line without its hash.
#[derive(Deserialize, Serialize)]
pub(super) struct Link {
    pub(super) n: u64,
    pub(super) previous: String,
    #[serde(flatten)]
    pub(super) entry: Entry,
}

/// The line for `entry` behind `tip`, its end included, and where the chain is then.
///
/// # Errors
/// Never for an entry: each has a form in JSON.
pub(super) fn line(tip: &Tip, entry: &Entry) -> serde_json::Result<(String, Tip)> {
    let link = Link { n: tip.n + 1, previous: tip.hash.clone(), entry: entry.clone() };
    let body = plain(&serde_json::to_string(&link)?);
    let hash = hash_of(&body);
    let open = body.strip_suffix('}').unwrap_or(&body);
    Ok((format!("{open}{HASH_MARK}{hash}{HASH_END}\n"), Tip { n: link.n, hash }))
}

/// The line, where it is what was written: its hash is right. `line` is without its end.
#[must_use]
pub(super) fn check(line: &[u8]) -> Option<(Link, Tip)> {
    let line = std::str::from_utf8(line).ok()?;
    let rest = line.strip_suffix(HASH_END)?;
    let (open, hash) = rest.split_at_checked(rest.len().checked_sub(HASH_LENGTH)?)?;
    let open = open.strip_suffix(HASH_MARK)?;
    let body = format!("{open}}}");
    let link: Link = serde_json::from_str(&body).ok()?;
    let tip = Tip { n: link.n, hash: hash.to_owned() };
    (hash_of(&body) == hash).then_some((link, tip))
}

fn hash_of(body: &str) -> String {
    let mut hex = String::with_capacity(HASH_LENGTH);
    for byte in digest(&SHA256, body.as_bytes()).as_ref() {
        write!(hex, "{byte:02x}").ok();
    }
    hex
}

/// JSON with everything unseen escaped. Such characters stand in strings alone, where `\u` means the same.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unseen(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(plain, "\\u{unit:04x}").ok();
            }
        } else {
            plain.push(c);
        }
    }
    plain
}
