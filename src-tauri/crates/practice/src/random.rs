//! Random: everything secret the practice organisation issues, from the system's random source.

use ring::rand::{SecureRandom, SystemRandom};

/// Capital letters and digits as in access key ids.
const KEY_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters of user codes: no vowels, so no words.
const USER_CODE_ALPHABET: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `length` random bytes.
#[expect(
    clippy::expect_used,
    reason = "without a random source there is nothing left to do, and guessable secrets are worse"
)]
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    let mut filled = vec![0; length];
    SystemRandom::new().fill(&mut filled).expect("the system has a random source");
    filled
}

/// A random path segment or identifier of `length` bytes, in hex.
pub(crate) fn hex_id(length: usize) -> String {
    hex(&bytes(length))
}

/// An opaque token of `length` random bytes, base64url without padding.
pub(crate) fn token(length: usize) -> String {
    base64_url(&bytes(length))
}

/// `ASIA` and 16 more, as temporary access key ids have it.
pub(crate) fn access_key_id() -> String {
    format!("ASIA{}", pick(KEY_ALPHABET, 16))
}

/// 40 characters of base64, as secret access keys have it.
pub(crate) fn secret_access_key() -> String {
    base64_with(BASE64, &bytes(30))
}

/// A long token with the beginning that role session tokens have.
pub(crate) fn session_token() -> String {
    format!("IQoJb3JpZ2luX2Vj{}", base64_with(BASE64, &bytes(600)))
}

/// A JWT in looks and length (over 1.5 kB), as RegisterClient returns it.
pub(crate) fn client_secret() -> String {
    let header = base64_url(br#"{"kid":"practice","alg":"HS384"}"#);
    format!("{header}.{}.{}", token(1200), token(48))
}

/// Like `BCDF-GHJK`, for a person to compare.
pub(crate) fn user_code() -> String {
    format!("{}-{}", pick(USER_CODE_ALPHABET, 4), pick(USER_CODE_ALPHABET, 4))
}

/// A version 4 UUID in looks, for request ids.
pub(crate) fn request_id() -> String {
    let id = hex_id(16);
    format!("{}-{}-4{}-a{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..])
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Base64url without padding (RFC 4648, section 5).
pub(crate) fn base64_url(bytes: &[u8]) -> String {
    base64_with(BASE64_URL, bytes)
}

fn base64_with(alphabet: &[u8; 64], bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let joined = group.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        let joined = joined << (8 * (3 - group.len()));
        for position in 0..=group.len() {
            let index = (joined >> (18 - 6 * position)) & 63;
            text.push(char::from(alphabet[index]));
        }
    }
    text
}

/// `length` characters of `alphabet`, each as likely as the other.
fn pick(alphabet: &[u8], length: usize) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in bytes(length) {
            if usize::from(byte) < fair && text.len() < length {
                text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_url_agrees_with_the_rfc_vectors() {
        let vectors = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, encoded) in vectors {
            assert_eq!(base64_url(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn what_is_issued_has_the_lengths_of_the_real_thing() {
        assert_eq!(access_key_id().len(), 20);
        assert_eq!(secret_access_key().len(), 40);
        assert!(client_secret().len() > 1536, "a client secret is longer than 1.5 kB");
        assert_eq!(user_code().len(), 9);
        assert_eq!(request_id().len(), 36);
    }
}
