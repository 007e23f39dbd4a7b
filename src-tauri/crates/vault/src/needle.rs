//! Needles: by keyed hashes of every window of 16 bytes, copies of secrets are found, and no copy is made for that.
//!
//! A hash is `SipHash` under a key that this process drew for itself and that never leaves it. Looked for are the
//! text itself, also with two bytes a character, and what base64, hexadecimal digits and URLs make of it.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
};

use zeroize::Zeroize;

/// What is compared at a time, in bytes.
pub const WINDOW: usize = 16;
/// A window with fewer different bytes is no sign of a secret: padding, a rule of dashes.
const LEAST_DIFFERENT: u32 = 6;

static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: [&[u8; 16]; 2] = [b"0123456789abcdef", b"0123456789ABCDEF"];

/// The keyed hash of a window, taken where it stands: a number of 16 bytes would be a copy of it on the stack.
pub(crate) fn hash(window: &[u8; WINDOW]) -> u64 {
    KEY.hash_one(window.as_slice())
}

/// What to look for, each with a label of the caller's.
pub struct Needles<L> {
    hashes: HashMap<u64, L>,
}

impl<L> Default for Needles<L> {
    fn default() -> Self {
        Self { hashes: HashMap::new() }
    }
}

impl<L: Copy + Eq> Needles<L> {
    /// Every window of `secret` from now on, in every encoding.
    pub fn add(&mut self, secret: &[u8], label: L) {
        self.add_all(secret.iter().copied(), label);
        for start in 0..3.min(secret.len()) {
            for alphabet in [BASE64, BASE64_URL] {
                let encoded = secret[start..].chunks_exact(3).flat_map(|three| {
                    let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
                    [18, 12, 6, 0].map(|shift| alphabet[bits >> shift & 63])
                });
                self.add_all(encoded, label);
            }
        }
        for digits in HEX {
            let two = |byte: &u8| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]];
            self.add_all(secret.iter().flat_map(two), label);
            let escaped = secret.iter().flat_map(|byte| {
                let is_plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
                let [high, low] = two(byte);
                let all = if is_plain { [*byte, 0, 0] } else { [b'%', high, low] };
                all.into_iter().take(if is_plain { 1 } else { 3 })
            });
            self.add_all(escaped, label);
        }
    }

    /// Windows of which only the hashes are left.
    pub fn add_hashes(&mut self, hashes: &[u64], label: L) {
        for hash in hashes {
            // What is still held is no longer gone.
            self.hashes.entry(*hash).or_insert(label);
        }
    }

    fn add_all(&mut self, bytes: impl Iterator<Item = u8>, label: L) {
        let mut window = [0; WINDOW];
        for (at, byte) in bytes.enumerate() {
            window.rotate_left(1);
            window[WINDOW - 1] = byte;
            if at + 1 >= WINDOW && is_telling(&window) {
                self.hashes.insert(hash(&window), label);
            }
        }
        window.zeroize();
    }

    /// Looks through `bytes`, and tells of each window that is one: where it ends, and whose it is.
    pub fn look(&self, bytes: &[u8], mut found: impl FnMut(usize, L)) {
        let mut window = [0; WINDOW];
        let mut run = 0;
        // Characters of two bytes, the second 0, by whether they end at an even place or an odd one.
        let mut wide = [0; 2];
        for (at, byte) in bytes.iter().enumerate() {
            run = if byte.is_ascii_graphic() { run + 1 } else { 0 };
            let is_wide = *byte == 0 && at > 0 && bytes[at - 1].is_ascii_graphic();
            let lane = &mut wide[at % 2];
            *lane = if is_wide { *lane + 1 } else { 0 };
            let step = if run >= WINDOW {
                1
            } else if *lane >= WINDOW {
                2
            } else {
                continue;
            };
            let first = at + 1 - step * WINDOW;
            for (to, from) in window.iter_mut().zip(bytes[first..].iter().step_by(step)) {
                *to = *from;
            }
            if let Some(label) = self.hashes.get(&hash(&window)) {
                found(at + 1, *label);
            }
        }
        window.zeroize();
    }
}

/// How much of one part has to be looked at again with the next, so that nothing is missed between them.
pub const OVERLAP: usize = 2 * WINDOW - 1;

fn is_telling(window: &[u8; WINDOW]) -> bool {
    let seen = window.iter().fold([0_u64; 4], |mut seen, byte| {
        seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
        seen
    });
    seen.iter().map(|bits| bits.count_ones()).sum::<u32>() >= LEAST_DIFFERENT
}

/// Counts copies: windows that follow one another are of one.
pub struct Copies<L> {
    counts: Vec<(L, usize, u32)>,
}

impl<L> Default for Copies<L> {
    fn default() -> Self {
        Self { counts: Vec::new() }
    }
}

impl<L: Copy + Eq> Copies<L> {
    /// A window of `label` ends at `end`.
    pub fn see(&mut self, end: usize, label: L) {
        let near = 2 * WINDOW;
        match self.counts.iter_mut().find(|(of, ..)| *of == label) {
            Some((_, last, count)) => {
                *count += u32::from(!(last.saturating_sub(near)..=*last + near).contains(&end));
                *last = end;
            }
            None => self.counts.push((label, end, 1)),
        }
    }

    #[must_use]
    pub fn of(&self, label: L) -> u32 {
        self.counts.iter().find(|(of, ..)| *of == label).map_or(0, |(.., count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn copies(needles: &Needles<u8>, hay: &[u8]) -> u32 {
        let mut copies = Copies::default();
        needles.look(hay, |end, label| copies.see(end, label));
        copies.of(1)
    }

    #[test]
    fn a_secret_is_found_in_whatever_form() {
        let mut needles = Needles::default();
        needles.add(SECRET, 1);
        let text = std::str::from_utf8(SECRET).unwrap();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hex: String = SECRET.iter().map(|b| format!("{b:02X}")).collect();
        let forms: [&[u8]; 8] = [
            SECRET,
            &SECRET[11..11 + WINDOW],
            &wide,
            // By coreutils' base64: the text, and the text after one and two other letters.
            b"d0phbHJYVXRuRkVNSS9LN01ERU5HK2JQeFJmaUNZRVhBTVBMRUtFWQ==",
            b"eHdKYWxyWFV0bkZFTUkvSzdNREVORytiUHhSZmlDWUVYQU1QTEVLRVk=",
            b"eHl3SmFsclhVdG5GRU1JL0s3TURFTkcrYlB4UmZpQ1lFWEFNUExFS0VZ",
            hex.as_bytes(),
            b"wJalrXUtnFEMI%2FK7MDENG%2bbPxRfiCYEXAMPLEKEY",
        ];
        for form in forms {
            for before in 0..4 {
                let hay = [&vec![7; before][..], form, &[7]].concat();
                assert_eq!(copies(&needles, &hay), 1, "{} after {before}", String::from_utf8_lossy(form));
            }
        }
        assert_eq!(copies(&needles, &[SECRET, &[0; 64], &wide].concat()), 2);
    }

    #[test]
    fn what_only_looks_like_it_is_not_found() {
        let mut needles = Needles::default();
        needles.add(SECRET, 1);
        needles.add(&[b'A'; 200], 1);
        assert_eq!(copies(&needles, &SECRET[..WINDOW - 1]), 0);
        assert_eq!(copies(&needles, &[b'A'; 64]), 0);
        assert_eq!(copies(&needles, b"wJalrXUtnFEMJ/K7MDENG-bPxRfiCYfXAMPLEKEY"), 0);
    }

    #[test]
    fn of_what_has_gone_a_whole_copy_is_found() {
        struct One(crate::secret::Secret);
        impl crate::held::Held for One {
            fn each(&self, see: &mut dyn FnMut(crate::held::Kind, &crate::secret::Secret, &[u8])) {
                self.0.with(|bytes| see(crate::held::Kind::TicketToken, &self.0, bytes));
            }
        }
        let mut gone = crate::held::Gone::default();
        gone.note(&One(crate::secret::Secret::copy_of(SECRET).unwrap()));
        let mut needles = Needles::default();
        for hashes in gone.each() {
            needles.add_hashes(hashes, 1);
        }
        assert!(copies(&needles, SECRET) > 0);
        assert_eq!(copies(&needles, &SECRET[1..]), 0, "the second half of its hashes was never kept");
    }
}
