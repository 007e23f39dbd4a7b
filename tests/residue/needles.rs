//! What is looked for: every secret in every encoding, and in each every window of 16 bytes.
//!
//! A window of 16 bytes anywhere in memory covers one whole word of 8 bytes that is aligned there. So only aligned words
//! are looked up, in a table of all the 8-byte words of all forms; what stands around a word that is found decides. That
//! costs one look at a bitmap for 8 bytes: a gigabyte in a second or two, in a debug build too.
//!
//! Only what is random of a secret is looked for: beginnings that every token of its kind has (`IQoJb3JpZ2luX2Vj`, `aoa`, a
//! JWT's header) are cut off before anything else, so innocent text that quotes them is not counted. Of what is left, 16
//! bytes hold 48 random bits at least, in the widest encoding.

use daypass_practice::{Issued, Kind};

use crate::sign_in::Way;

/// The shortest piece that counts, in bytes.
pub(crate) const WINDOW: usize = 16;
const WORD: usize = 8;
/// Bits of the table's bitmap; a power of two.
const BITS: usize = 1 << 23;

/// Whose secret it is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum What {
    ClientSecret,
    AuthorizationCode,
    CodeVerifier,
    DeviceCode,
    AccessToken,
    RefreshToken,
    SecretAccessKey,
    SessionToken,
    SigninToken,
    ConsoleAddress,
    /// The endpoint's token of one lease: worth nothing after it, and no marker outside our processes' memory.
    Ticket,
    /// Planted by us: a search that misses one is worth nothing.
    Control,
}

impl What {
    /// The kinds that a run has to have issued in which one signs in this way, or it showed nothing.
    pub(crate) fn issued_by(way: Way) -> Vec<Self> {
        let of_way: &[Self] = match way {
            Way::Browser => &[Self::AuthorizationCode, Self::CodeVerifier],
            Way::DeviceCode => &[Self::DeviceCode],
        };
        let of_all = [
            Self::ClientSecret,
            Self::AccessToken,
            Self::RefreshToken,
            Self::SecretAccessKey,
            Self::SessionToken,
            Self::SigninToken,
            Self::ConsoleAddress,
            Self::Ticket,
        ];
        of_all.iter().chain(of_way).copied().collect()
    }

    /// None for what is no secret by itself: access key ids, whose last four characters receipts show.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::ClientSecret => Self::ClientSecret,
            Kind::AuthorizationCode => Self::AuthorizationCode,
            Kind::CodeVerifier => Self::CodeVerifier,
            Kind::AccessToken => Self::AccessToken,
            Kind::RefreshToken => Self::RefreshToken,
            Kind::SecretAccessKey => Self::SecretAccessKey,
            Kind::SessionToken => Self::SessionToken,
            Kind::SigninToken => Self::SigninToken,
            Kind::ConsoleAddress => Self::ConsoleAddress,
            Kind::DeviceCode => Self::DeviceCode,
            Kind::AccessKeyId => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ClientSecret => "client secret",
            Self::AuthorizationCode => "authorization code",
            Self::CodeVerifier => "code verifier",
            Self::DeviceCode => "device code",
            Self::AccessToken => "access token",
            Self::RefreshToken => "refresh token",
            Self::SecretAccessKey => "secret access key",
            Self::SessionToken => "session token",
            Self::SigninToken => "console sign-in token",
            Self::ConsoleAddress => "console address",
            Self::Ticket => "endpoint token",
            Self::Control => "control",
        }
    }

    /// Whether it belongs to a sign-in, which outlives a lease.
    pub(crate) fn is_of_sign_in(self) -> bool {
        matches!(self, Self::ClientSecret | Self::AccessToken | Self::RefreshToken)
    }
}

/// How a form is written.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Encoding {
    Raw,
    Utf16,
    /// By how many bytes stand before the secret, modulo 3.
    Base64(u8),
    HexLower,
    HexUpper,
    UrlEscaped,
}

impl Encoding {
    pub(crate) const ALL: [Self; 8] = [
        Self::Raw,
        Self::Utf16,
        Self::Base64(0),
        Self::Base64(1),
        Self::Base64(2),
        Self::HexLower,
        Self::HexUpper,
        Self::UrlEscaped,
    ];

    /// The bytes of `secret` in this encoding.
    pub(crate) fn write(self, secret: &str) -> Vec<u8> {
        let hex = |format: fn(&u8) -> String| secret.as_bytes().iter().map(format).collect::<String>().into();
        match self {
            Self::Raw => secret.into(),
            Self::Utf16 => secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Base64(before) => base64(secret.as_bytes(), before.into()),
            Self::HexLower => hex(|byte| format!("{byte:02x}")),
            Self::HexUpper => hex(|byte| format!("{byte:02X}")),
            Self::UrlEscaped => {
                url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>().into()
            }
        }
    }
}

/// A secret in one encoding.
struct Form {
    what: What,
    encoding: Encoding,
    bytes: Vec<u8>,
}

/// A piece of a secret that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) what: What,
    pub(crate) encoding: Encoding,
    /// Where in the bytes that were searched.
    pub(crate) at: usize,
    pub(crate) length: usize,
}

/// All forms, and the table of their words.
pub(crate) struct Needles {
    forms: Vec<Form>,
    /// Each word with the form it is of and its place there, sorted.
    words: Vec<(u64, u32, u32)>,
    bitmap: Vec<u64>,
}

impl Needles {
    pub(crate) fn of(secrets: &[(What, String)]) -> Self {
        let mut forms: Vec<Form> = Vec::new();
        for (what, secret) in secrets {
            let random = random_part(*what, secret);
            assert!(random.len() >= WINDOW, "a {} of {} characters is too short", what.name(), secret.len());
            for encoding in Encoding::ALL {
                let bytes = encoding.write(random);
                // Escaping changes only some.
                if encoding == Encoding::Raw || bytes != random.as_bytes() {
                    forms.push(Form { what: *what, encoding, bytes });
                }
            }
        }
        let mut words = Vec::new();
        for (number, form) in (0..).zip(&forms) {
            let places = (0..).zip(form.bytes.windows(WORD));
            words.extend(places.map(|(place, bytes)| (word(bytes), number, place)));
        }
        words.sort_unstable();
        let mut bitmap = vec![0; BITS / 64];
        for (word, ..) in &words {
            let bit = slot(*word);
            bitmap[bit / 64] |= 1_u64 << (bit % 64);
        }
        Self { forms, words, bitmap }
    }

    /// Every piece of `WINDOW` bytes or more in `bytes`, longest runs as one. `bytes` begins at an aligned address.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for (number, chunk) in bytes.chunks_exact(WORD).enumerate() {
            let word = word(chunk);
            // Most of memory is zero, or nothing of ours.
            if word == 0 || !self.may_have(word) {
                continue;
            }
            let at = number * WORD;
            let is_known = hits.last().is_some_and(|last| at < last.at + last.length);
            if !is_known && let Some(hit) = self.around(bytes, at, word) {
                hits.push(hit);
            }
        }
        hits
    }

    fn may_have(&self, word: u64) -> bool {
        let bit = slot(word);
        self.bitmap[bit / 64] & (1 << (bit % 64)) != 0
    }

    /// The longest piece of any form around the word at `at`.
    fn around(&self, bytes: &[u8], at: usize, word: u64) -> Option<Hit> {
        let first = self.words.partition_point(|(known, ..)| *known < word);
        let same = self.words[first..].iter().take_while(|(known, ..)| *known == word);
        let pieces = same.map(|&(_, form, place)| {
            let (form, place) = (&self.forms[form as usize], place as usize);
            let before = bytes[..at].iter().rev().zip(form.bytes[..place].iter().rev());
            let after = bytes[at..].iter().zip(&form.bytes[place..]);
            let before = before.take_while(|(a, b)| a == b).count();
            let after = after.take_while(|(a, b)| a == b).count();
            Hit { what: form.what, encoding: form.encoding, at: at - before, length: before + after }
        });
        pieces.max_by_key(|hit| hit.length).filter(|hit| hit.length >= WINDOW)
    }
}

/// Everything that practice issued, as what it is.
pub(crate) fn issued(all: Vec<Issued>) -> Vec<(What, String)> {
    all.into_iter().filter_map(|one| Some((What::of(one.kind)?, one.value))).collect()
}

/// The secret without the beginning that every secret of its kind has.
fn random_part(what: What, secret: &str) -> &str {
    match what {
        What::ClientSecret => secret.split_once('.').map_or(secret, |(_, rest)| rest),
        What::SessionToken => secret.strip_prefix("IQoJb3JpZ2luX2Vj").unwrap_or(secret),
        What::AccessToken | What::RefreshToken => secret.get(3..).unwrap_or(secret),
        _ => secret,
    }
}

fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; WORD];
    word.copy_from_slice(bytes);
    u64::from_ne_bytes(word)
}

/// Where a word stands in the bitmap (Fibonacci hashing).
#[expect(clippy::cast_possible_truncation, reason = "the bits that are wanted are kept")]
fn slot(word: u64) -> usize {
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS.trailing_zeros())) as usize
}

/// Base64 of `bytes` as it stands after `before` other bytes, without the characters that depend on the neighbours.
fn base64(bytes: &[u8], before: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let whole = &bytes[(3 - before) % 3..];
    let groups = whole.chunks_exact(3).flat_map(|group| {
        let joined = group.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| ALPHABET[(joined >> shift) & 63])
    });
    groups.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0kFq/2vW+9sTzYxQ1mNbVc7LpRt4aEuG8hJd3KiO";

    fn needles() -> Needles {
        Needles::of(&[(What::SecretAccessKey, SECRET.to_owned())])
    }

    #[test]
    fn a_secret_is_found_in_every_encoding_wherever_it_begins() {
        for encoding in Encoding::ALL {
            for shift in 0..WORD {
                let bytes = [vec![b'.'; 64 + shift], encoding.write(SECRET), vec![b'.'; 64]].concat();
                let hits = needles().find(&bytes);
                assert_eq!(hits.len(), 1, "{encoding:?} at {shift}: {hits:?}");
                assert_eq!((hits[0].encoding, hits[0].at), (encoding, 64 + shift));
            }
        }
    }

    #[test]
    fn every_window_of_16_bytes_counts_and_15_bytes_do_not() {
        for start in 0..SECRET.len() - WINDOW {
            for shift in 0..WORD {
                let bytes = |length| {
                    [&[b'.'; 64][..shift], &SECRET.as_bytes()[start..start + length], b"........"].concat()
                };
                assert_eq!(needles().find(&bytes(WINDOW)).len(), 1, "{start} at {shift}");
                assert!(needles().find(&bytes(WINDOW - 1)).is_empty(), "{start} at {shift}");
            }
        }
    }

    #[test]
    fn base64_is_that_of_the_rfc_whatever_stands_before() {
        // "foobar" is Zm9vYmFy; after one more byte the groups are other ones.
        assert_eq!(base64(b"foobar", 0), b"Zm9vYmFy");
        assert_eq!(base64(b"oobar", 1), b"YmFy");
        assert_eq!(base64(b"obar", 2), b"YmFy");
    }

    #[test]
    fn what_every_token_begins_with_is_no_secret() {
        let token = format!("IQoJb3JpZ2luX2Vj{SECRET}");
        let needles = Needles::of(&[(What::SessionToken, token)]);
        assert!(needles.find(b"token: IQoJb3JpZ2luX2Vj and so on").is_empty());
        assert_eq!(needles.find(SECRET.as_bytes()).len(), 1);
    }
}
