//! Labels: names from outside made harmless, short enough for a menu, and how much time is left.

use daypass_domain::{
    text::is_unseen,
    time::{Seconds, Timestamp},
};

/// The longest name in a label, in characters.
const LONGEST: usize = 36;
/// From here on every ten seconds count.
pub(super) const SOON: i64 = 5 * MINUTE;

const MINUTE: i64 = 60_000;
const TEN_SECONDS: i64 = 10_000;

/// A name from outside on one line: without what is unseen, and with its middle left out where it is long.
pub(super) fn name(text: &str) -> String {
    let shown: Vec<char> = text.chars().filter(|&c| !is_unseen(c)).collect();
    if shown.len() <= LONGEST {
        return shown.into_iter().collect();
    }
    // What tells accounts apart often stands at the end: acme-platform-team-payments-prod.
    let kept = LONGEST - 1;
    let (start, end) = (&shown[..kept.div_ceil(2)], &shown[shown.len() - kept / 2..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// The time left until `end`, rounded up to what is shown of it: minutes, then every ten seconds.
pub(super) fn left(now: Timestamp, end: Timestamp) -> Seconds {
    let millis = millis_left(now, end);
    let step = step(millis);
    Seconds(u32::try_from(millis.saturating_add(step - 1) / step * (step / 1000)).unwrap_or(u32::MAX))
}

/// How many milliseconds [`left`] stays as it is; `None` once nothing is left.
pub(super) fn stays(now: Timestamp, end: Timestamp) -> Option<i64> {
    let millis = millis_left(now, end);
    let step = step(millis);
    (millis > 0).then(|| (millis - 1) % step + 1)
}

fn millis_left(now: Timestamp, end: Timestamp) -> i64 {
    end.as_millis().saturating_sub(now.as_millis()).max(0)
}

const fn step(millis: i64) -> i64 {
    if millis > SOON { MINUTE } else { TEN_SECONDS }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(millis: i64) -> String {
        left(Timestamp::from_millis(7), Timestamp::from_millis(7 + millis)).to_string()
    }

    #[test]
    fn a_long_name_keeps_its_two_ends() {
        let long = format!("acme-platform{}payments-prod", "-team".repeat(9));
        assert_eq!(name(&long), "acme-platform-team…teampayments-prod");
        assert_eq!(name(&long).chars().count(), LONGEST);
        assert_eq!(name("payments-prod"), "payments-prod");
    }

    #[test]
    fn a_name_turns_and_hides_nothing() {
        assert_eq!(name("a\u{202e}b\n\tc\u{200b}d\u{7}"), "abcd");
    }

    #[test]
    fn time_is_shown_in_minutes_and_near_the_end_in_tens_of_seconds() {
        for (millis, words) in [
            (3 * 3_600_000, "3 h"),
            (72 * MINUTE, "1 h 12 min"),
            (42 * MINUTE - 1, "42 min"),
            (SOON + 1, "6 min"),
            (SOON, "5 min"),
            (SOON - 10_000, "4 min 50 s"),
            (9_999, "10 s"),
            (0, "0 s"),
            (-5, "0 s"),
        ] {
            assert_eq!(shown(millis), words, "{millis}");
        }
    }

    #[test]
    fn a_label_changes_when_it_says_and_not_before() {
        for millis in [1, 9_999, 10_000, 10_001, SOON - 1, SOON, SOON + 1, 42 * MINUTE, 71 * MINUTE + 333] {
            let end = Timestamp::from_millis(millis);
            let stays = stays(Timestamp::from_millis(0), end).unwrap();
            let at = |now| left(Timestamp::from_millis(now), end);
            assert_eq!(at(0), at(stays - 1), "{millis}: it changes before {stays}");
            assert_ne!(at(0), at(stays), "{millis}: it does not change at {stays}");
        }
        assert_eq!(stays(Timestamp::from_millis(5), Timestamp::from_millis(5)), None);
    }
}
