//! Mutants: what is valid, with something wrong. Tests of parsers read them; no program does.
//!
//! Random bytes hardly ever get past a parser's first line. These are mostly right, so they get far.

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use serde_json::Value;

/// What parsers have stumbled over before.
const ODD: &[&str] = &[
    "\0",
    "\r",
    "\n",
    "\r\n\r\n",
    "\t",
    " ",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{85}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "\u{e9}",
    "\u{10ffff}",
    "\"",
    "'",
    "\"\"\"",
    "\\",
    "\\u0000",
    "%00",
    "%0d%0a",
    "%",
    "+",
    "&",
    "=",
    "?",
    "#",
    "/../",
    "//",
    ";",
    ":",
    "@",
    "<script>",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "null",
    "-1",
    "0",
    "1e999",
    "4294967296",
    "99999999999999999999999999",
];

/// JSON to stand where something else should.
const WRONG: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"a\\r\\nb: c\"",
    "\"\\u202e\\u001b[2J\"",
    "\"\\ud800\"",
    "\"<b>&amp;\"",
    "0",
    "-0",
    "-1",
    "0.5",
    "1e999",
    "2147483647",
    "2147483648",
    "-2147483649",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999",
    "{\"a\":1,\"a\":2}",
    "\u{feff}",
    "",
];

/// One thing that goes wrong on the way.
#[derive(Clone, Debug)]
enum Wrong {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, Index),
    Double(Index, Index),
    Insert(Index, usize),
    /// So often that whatever counts or nests has enough.
    InsertMany(Index, usize, usize),
}

impl Wrong {
    fn any() -> impl Strategy<Value = Self> {
        let at = any::<Index>;
        prop_oneof![
            3 => (at(), 1..=255_u8).prop_map(|(at, bits)| Self::Flip(at, bits)),
            1 => at().prop_map(Self::Cut),
            2 => (at(), at()).prop_map(|(from, to)| Self::Remove(from, to)),
            2 => (at(), at()).prop_map(|(from, to)| Self::Double(from, to)),
            4 => (at(), 0..ODD.len()).prop_map(|(at, odd)| Self::Insert(at, odd)),
            1 => (at(), 0..ODD.len(), 100..2000_usize).prop_map(|(at, odd, times)| Self::InsertMany(at, odd, times)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index| at.index(bytes.len() + 1);
        let range = |from: &Index, to: &Index| place(from).min(place(to))..place(from).max(place(to));
        match self {
            Self::Flip(at, bits) => {
                let place = place(at);
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= bits;
                }
            }
            Self::Cut(at) => bytes.truncate(place(at)),
            Self::Remove(from, to) => drop(bytes.drain(range(from, to))),
            Self::Double(from, to) => {
                let range = range(from, to);
                let end = range.end;
                let again = bytes[range].to_vec();
                bytes.splice(end..end, again);
            }
            Self::Insert(at, odd) => {
                let place = place(at);
                bytes.splice(place..place, ODD[*odd].bytes());
            }
            Self::InsertMany(at, odd, times) => {
                let place = place(at);
                bytes.splice(place..place, ODD[*odd].repeat(*times).bytes());
            }
        }
    }
}

/// `valid` with one to four things wrong; rarely it comes out as it was.
pub fn of_bytes(valid: &[u8]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let valid = valid.to_vec();
    vec(Wrong::any(), 1..=4).prop_map(move |wrongs| {
        let mut bytes = valid.clone();
        wrongs.iter().for_each(|wrong| wrong.apply(&mut bytes));
        bytes
    })
}

/// The same of text that stays text.
pub fn of_text(valid: &str) -> impl Strategy<Value = String> + use<> {
    of_bytes(valid.as_bytes()).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// `valid` with values in it replaced by others, twice there or buried deep, and now and then bytes wrong besides.
pub fn of_json(valid: &Value) -> impl Strategy<Value = Vec<u8>> + use<> {
    let valid = valid.clone();
    let structural = vec((any::<Index>(), wrong_value()), 1..=3)
        .prop_map(move |places| {
            let mut mutant = valid.clone();
            let mut texts = Vec::new();
            for (at, text) in places {
                let mut count = 0;
                count_values(&mutant, &mut count);
                let hole = format!("\u{1}{}\u{1}", texts.len());
                replace(&mut mutant, &mut at.index(count), &hole);
                texts.push((Value::from(hole).to_string(), text));
            }
            texts
                .into_iter()
                .fold(mutant.to_string(), |json, (hole, text)| json.replace(&hole, &text))
                .into_bytes()
        })
        .boxed();
    prop_oneof![
        3 => structural.clone(),
        1 => structural.prop_flat_map(|bytes| of_bytes(&bytes)),
    ]
}

fn wrong_value() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0..WRONG.len()).prop_map(|i| WRONG[i].to_owned()),
        2 => odd_text().prop_map(|text| Value::from(text).to_string()),
        1 => (1..100_000_usize).prop_map(|length| Value::from("x".repeat(length)).to_string()),
        1 => (1..2000_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
    ]
}

/// Text of a few odd pieces: for fields that take any text, and for those that should not.
pub fn odd_text() -> impl Strategy<Value = String> {
    let piece =
        prop_oneof![2 => (0..ODD.len()).prop_map(|i| ODD[i].to_owned()), 1 => "\\PC{0,8}", 1 => ".{0,8}"];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn count_values(json: &Value, count: &mut usize) {
    *count += 1;
    match json {
        Value::Array(all) => all.iter().for_each(|value| count_values(value, count)),
        Value::Object(all) => all.values().for_each(|value| count_values(value, count)),
        _ => {}
    }
}

/// Puts `hole` in the place of the value that is the `left`th, counted from the outside.
fn replace(json: &mut Value, left: &mut usize, hole: &str) -> bool {
    if *left == 0 {
        *json = Value::from(hole);
        return true;
    }
    *left -= 1;
    match json {
        Value::Array(all) => all.iter_mut().any(|value| replace(value, left, hole)),
        Value::Object(all) => all.values_mut().any(|value| replace(value, left, hole)),
        _ => false,
    }
}

/// Runs `test` on so many mutants, and shows the smallest that fails. Nothing is written to disk.
/// With `MUTANTS_TIMES=50` in the environment it looks 50 times as long.
///
/// # Panics
/// A mutant fails the test.
#[expect(clippy::panic, reason = "for tests only: it fails the test")]
pub fn check<S: Strategy>(cases: u32, mutants: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let times = std::env::var("MUTANTS_TIMES").ok().and_then(|t| t.parse().ok()).unwrap_or(1);
    let cases = cases.saturating_mul(times);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    if let Err(failure) = TestRunner::new(config).run(&mutants, test) {
        panic!("{failure}");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;

    #[test]
    fn most_mutants_differ_and_many_are_still_json() {
        let valid = json!({ "a": [1, "b"], "c": { "d": null } });
        let (differ, are_json) = (Cell::new(0), Cell::new(0));
        check(400, of_json(&valid), |bytes| {
            differ.set(differ.get() + u32::from(bytes != valid.to_string().as_bytes()));
            are_json.set(are_json.get() + u32::from(serde_json::from_slice::<Value>(&bytes).is_ok()));
            Ok(())
        });
        assert!(differ.get() > 350 && are_json.get() > 150, "{differ:?} {are_json:?}");
    }

    #[test]
    fn whatever_is_mutated_stays_in_bounds() {
        for valid in ["", "x", "GET / HTTP/1.1\r\n\r\n"] {
            check(200, of_text(valid), |text| {
                prop_assert!(text.len() < 500_000);
                Ok(())
            });
        }
    }
}
