//! Random texts and the comparison that tells nothing by its length of time.

use daypass_vault::{page::NoMemory, secret::Secret};
use ring::rand::{SecureRandom, SystemRandom};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A secret of `bits` random bits, in hexadecimal digits.
///
/// # Errors
/// No memory, or no randomness.
pub fn secret(bits: usize) -> Result<Secret, NoMemory> {
    let mut text = Secret::with_capacity(bits / 4)?;
    let digits = text.fill(bits / 4);
    SystemRandom::new().fill(digits).map_err(|_| NoMemory)?;
    for digit in digits {
        *digit = HEX[usize::from(*digit & 15)];
    }
    Ok(text)
}

/// A seed for what need not be secret.
#[must_use]
pub fn seed() -> u64 {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).ok();
    u64::from_ne_bytes(bytes)
}

/// Whether `given` is the secret; takes the same time for every text of its length.
#[must_use]
pub fn is_same(secret: &Secret, given: &str) -> bool {
    secret.with(|bytes| {
        let given = given.as_bytes();
        // The lengths are no secret; the bytes are.
        bytes.len() == given.len() && bytes.iter().zip(given).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_text_is_the_same() {
        let token = Secret::copy_of(b"abcd").unwrap();
        assert!(is_same(&token, "abcd"));
        for other in ["", "abc", "abcde", "abcx", "ABCD"] {
            assert!(!is_same(&token, other), "{other}");
        }
    }

    #[test]
    fn two_secrets_differ() {
        let first = secret(256).unwrap();
        assert!(first.with(|b| b.len() == 64));
        assert!(secret(256).unwrap().with_str(|second| !is_same(&first, second)));
    }
}
