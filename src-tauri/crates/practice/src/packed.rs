//! Packed size: how much of its room for policies and tags a session takes, in percent.
//!
//! AWS keeps the true function to itself. This one agrees with what is known of it: 9 tags of 252 characters are 498 %,
//! so that tags are hardly packed and have room for about 455 characters; policies are packed well, so that 2,048
//! characters of ordinary ones fit and as many without repetition don't.

/// Characters of keys and values that fill the room by themselves.
const TAG_ROOM: usize = 455;
/// Packed bytes of policies that fill the room by themselves.
const POLICY_ROOM: usize = 1024;
/// The longest way back and the longest repetition of the packing.
const WINDOW: usize = 2048;
const LONGEST: usize = 64;
/// A repetition costs this many bytes: where it stands and how long it is.
const REPETITION: usize = 2;
/// Words every policy has, known to both ends.
const KNOWN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["Resource":["arn:aws:s3:::"],"Condition":{"StringEquals":{"aws:RequestedRegion":"Effect":"Deny","NotAction":arn:aws:iam::aws:policy/"#;

/// How full the room is, in percent; rounded up.
pub(crate) fn percent<'a>(policies: &[&str], tags: impl Iterator<Item = (&'a str, &'a str)>) -> usize {
    let characters: usize = tags.map(|(key, value)| key.chars().count() + value.chars().count()).sum();
    let bytes: usize = packed(policies);
    (characters * 100).div_ceil(TAG_ROOM) + (bytes * 100).div_ceil(POLICY_ROOM)
}

/// Bytes after replacing what stood before by a reference to it, as every packing of text begins.
fn packed(policies: &[&str]) -> usize {
    let joined = policies.iter().flat_map(|policy| policy.split_ascii_whitespace());
    let mut text = KNOWN.as_bytes().to_vec();
    text.extend(joined.flat_map(str::bytes));
    let (mut at, mut size) = (KNOWN.len(), 0);
    while at < text.len() {
        let repeated = longest_repetition(&text, at);
        let (step, cost) = if repeated > REPETITION { (repeated, REPETITION) } else { (1, 1) };
        at += step;
        size += cost;
    }
    size
}

fn longest_repetition(text: &[u8], at: usize) -> usize {
    let length = |from: usize| {
        let pairs = text[from..].iter().zip(&text[at..]);
        pairs.take(LONGEST).take_while(|(before, now)| before == now).count()
    };
    (at.saturating_sub(WINDOW)..at).map(length).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_the_room_that_was_measured() {
        let tags: Vec<(String, String)> =
            (0..9).map(|number| (format!("k{number}"), "v".repeat(250))).collect();
        let pairs = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        assert!((495..=502).contains(&percent(&[], pairs)), "9 tags of 252 characters are 498 %");
        assert_eq!(percent(&[], [].into_iter()), 0);
    }

    #[test]
    fn an_ordinary_policy_of_2048_characters_fits_and_one_without_repetition_does_not() {
        let mut policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["#.to_owned();
        for number in 0.. {
            let resource = format!(r#""arn:aws:s3:::bucket-{number:03}/*","#);
            if policy.len() + resource.len() > 2040 {
                break;
            }
            policy.push_str(&resource);
        }
        let ordinary = percent(&[&policy], [].into_iter());
        assert!((10..=100).contains(&ordinary), "{ordinary}");
        let noise = crate::random::token(1500);
        assert!(percent(&[&noise[..2000]], [].into_iter()) > 100);
    }
}
