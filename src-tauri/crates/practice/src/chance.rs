//! Chance: calls that fail at random, at a given rate, and the same ones for the same seed.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};

/// How often calls of AWS's services fail at random, each from 0 (never) to 1 (always).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Answered 429 by the service.
    pub throttled: f64,
    /// Answered 503 by the service.
    pub unavailable: f64,
}

/// How often each call was made so far.
#[derive(Default)]
pub(crate) struct Chance(HashMap<String, u64>);

impl Chance {
    /// The status this call fails with, if it does.
    ///
    /// It depends on the seed, on what is asked for and on how often it was asked for before, but not on the order
    /// in which calls arrive: that differs from run to run.
    pub(crate) fn draw(&mut self, seed: u64, rates: Rates, path: &str, account_id: &str) -> Option<u16> {
        if rates == Rates::default() {
            return None;
        }
        let call = format!("{path} {account_id}");
        let before = self.0.entry(call.clone()).or_default();
        let fraction = fraction(&format!("{seed} {before} {call}"));
        *before += 1;
        match fraction {
            low if low < rates.throttled => Some(429),
            low if low < rates.throttled + rates.unavailable => Some(503),
            _ => None,
        }
    }
}

/// A number from 0 to 1 that looks random and is always the same for the same text.
fn fraction(text: &str) -> f64 {
    let hash = digest(&SHA256, text.as_bytes());
    let number = hash.as_ref().iter().take(4).fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
    f64::from(number) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates { throttled: 0.2, unavailable: 0.1 };

    fn fates(seed: u64, calls: impl Iterator<Item = u32>) -> Vec<(u32, Option<u16>)> {
        let mut chance = Chance::default();
        let mut fates: Vec<_> =
            calls.map(|call| (call, chance.draw(seed, RATES, "/", &call.to_string()))).collect();
        fates.sort_unstable();
        fates
    }

    #[test]
    fn the_same_calls_fail_in_whatever_order_they_come_and_others_for_another_seed() {
        assert_eq!(fates(7, 0..100), fates(7, (0..100).rev()));
        assert_ne!(fates(7, 0..100), fates(8, 0..100));
    }

    #[test]
    fn as_many_fail_as_the_rates_say() {
        let fates = fates(7, 0..10_000);
        let count = |status| fates.iter().filter(|(_, fate)| *fate == status).count();
        assert!((1_900..2_100).contains(&count(Some(429))), "{}", count(Some(429)));
        assert!((900..1_100).contains(&count(Some(503))), "{}", count(Some(503)));
    }

    #[test]
    fn a_call_that_failed_may_go_well_the_next_time() {
        let mut chance = Chance::default();
        let drawn: Vec<_> = (0..50).map(|_| chance.draw(7, RATES, "/token", "")).collect();
        assert!(drawn.contains(&None) && drawn.contains(&Some(429)) && drawn.contains(&Some(503)));
    }
}
