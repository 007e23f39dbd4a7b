//! SigV4: checks header signatures from Amazon's specification alone, without Amazon's code.
//!
//! Source: "Create a signed AWS API request" in the IAM User Guide. Query (presigned) signatures aren't read.

use std::borrow::Cow;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use ring::digest::{SHA256, digest};
use ring::hmac;
use time::{Date, Month, OffsetDateTime, Time};

use crate::random::hex;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What S3's clients may put in the place of the body's hash. Bodies signed chunk by chunk aren't read.
const UNSIGNED_PAYLOADS: [&str; 2] = ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"];

/// A request as it came, before anything decoded it.
pub(crate) struct Received<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// The Authorization header and X-Amz-Date, taken apart and complete.
pub(crate) struct Signature {
    pub(crate) access_key_id: String,
    /// Date of the credential scope, `YYYYMMDD`.
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    /// X-Amz-Date as sent, `YYYYMMDDTHHMMSSZ`.
    pub(crate) timestamp: String,
    pub(crate) signed_at: OffsetDateTime,
    signed_headers: Vec<String>,
    signature: Vec<u8>,
}

/// Which service a request says it is signed for; none when it isn't signed in a header.
pub(crate) fn service_of(headers: &HeaderMap) -> Option<&str> {
    let credential = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once("Credential=")?.1;
    credential.split('/').nth(3)
}

/// Why there is no signature to check.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Unsigned {
    Missing,
    Incomplete,
}

impl Signature {
    /// Reads the signature of a request.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Unsigned> {
        let authorization = headers.get(AUTHORIZATION).ok_or(Unsigned::Missing)?;
        let authorization = authorization.to_str().map_err(|_| Unsigned::Incomplete)?;
        Self::parse(authorization, headers).ok_or(Unsigned::Incomplete)
    }

    fn parse(authorization: &str, headers: &HeaderMap) -> Option<Self> {
        let fields = authorization.strip_prefix(ALGORITHM)?;
        let field =
            |name: &str| fields.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let [access_key_id, date, region, service, "aws4_request"] =
            field("Credential")?.split('/').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let signed_headers: Vec<String> = field("SignedHeaders")?.split(';').map(str::to_owned).collect();
        let is_in_order = signed_headers.is_sorted_by(|one, next| one < next);
        let is_signed = |name: &str| signed_headers.iter().any(|signed| signed == name);
        // What isn't signed could be replaced on the way: host, and everything of Amazon's own.
        let are_all_signed = is_signed("host")
            && is_signed("x-amz-date")
            && headers
                .keys()
                .map(|name| name.as_str())
                .filter(|name| name.starts_with("x-amz-"))
                .all(is_signed);
        let timestamp = headers.get("x-amz-date")?.to_str().ok()?;
        (is_in_order && are_all_signed).then_some(())?;
        Some(Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            timestamp: timestamp.to_owned(),
            signed_at: parse_timestamp(timestamp)?,
            signature: from_hex(field("Signature")?)?,
            signed_headers,
        })
    }

    /// Whether `secret_access_key` made this signature over this very request.
    pub(crate) fn is_made_with(&self, secret_access_key: &str, request: &Received<'_>) -> bool {
        let Some(canonical) = self.canonical_request(request) else { return false };
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{}", self.timestamp, sha256(canonical.as_bytes()));
        let first = format!("AWS4{secret_access_key}").into_bytes();
        let key = [self.date.as_str(), &self.region, &self.service, "aws4_request"].iter().fold(
            first,
            |key, part| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
                hmac::sign(&key, part.as_bytes()).as_ref().to_vec()
            },
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        hmac::verify(&key, to_sign.as_bytes(), &self.signature).is_ok()
    }

    fn canonical_request(&self, request: &Received<'_>) -> Option<String> {
        let mut headers = String::new();
        for name in &self.signed_headers {
            let values: Option<Vec<String>> = request
                .headers
                .get_all(name)
                .iter()
                .map(|value| Some(value.to_str().ok()?.split_whitespace().collect::<Vec<_>>().join(" ")))
                .collect();
            let values = values.filter(|values| !values.is_empty())?;
            headers.push_str(&format!("{name}:{}\n", values.join(",")));
        }
        let claimed = request.headers.get("x-amz-content-sha256").and_then(|claimed| claimed.to_str().ok());
        let is_s3 = self.service == "s3";
        let payload = match claimed {
            Some(claimed) if is_s3 && UNSIGNED_PAYLOADS.contains(&claimed) => claimed.to_owned(),
            _ => sha256(request.body),
        };
        if claimed.is_some_and(|claimed| claimed != payload) {
            return None;
        }
        let signed_headers = self.signed_headers.join(";");
        let query = canonical_query(request.query);
        // Every service but S3 encodes the path once more. Dots in paths, which they would normalise, aren't for us.
        let path = if is_s3 { request.path.to_owned() } else { encode_path(request.path) };
        Some(format!("{}\n{path}\n{query}\n{headers}\n{signed_headers}\n{payload}", request.method))
    }
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (recode(name), recode(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Percent-encoding as SigV4 wants it: everything but unreserved characters, in capitals.
fn recode(part: &str) -> String {
    let mut decoded = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte, tail.get(..2).and_then(|digits| from_hex(std::str::from_utf8(digits).ok()?))) {
            (b'%', Some(value)) => {
                decoded.extend(value);
                rest = &tail[2..];
            }
            _ => {
                decoded.push(byte);
                rest = tail;
            }
        }
    }
    encode(&decoded)
}

fn encode_path(path: &str) -> String {
    path.split('/').map(|segment| encode(segment.as_bytes())).collect::<Vec<_>>().join("/")
}

fn encode(plain: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            Cow::from(char::from(*byte).to_string())
        }
        other => Cow::from(format!("%{other:02X}")),
    };
    plain.iter().map(one).collect()
}

/// `YYYYMMDDTHHMMSSZ`, as in X-Amz-Date.
pub(crate) fn format_timestamp(moment: OffsetDateTime) -> String {
    let (date, time) = (moment.date(), moment.time());
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

fn parse_timestamp(text: &str) -> Option<OffsetDateTime> {
    let is_shaped = text.len() == 16 && text.is_ascii() && &text[8..9] == "T" && text.ends_with('Z');
    is_shaped.then_some(())?;
    let number = |from: usize, to: usize| text[from..to].parse::<u8>().ok();
    let month = Month::try_from(number(4, 6)?).ok()?;
    let date = Date::from_calendar_date(text[..4].parse().ok()?, month, number(6, 8)?).ok()?;
    let time = Time::from_hms(number(9, 11)?, number(11, 13)?, number(13, 15)?).ok()?;
    Some(OffsetDateTime::new_utc(date, time))
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then_some(())?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// The worked example of Amazon's documentation: ListUsers of IAM.
    fn documented() -> HeaderMap {
        let mut headers = HeaderMap::new();
        let pairs = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, \
                 Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ),
        ];
        for (name, value) in pairs {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers
    }

    fn verify(headers: &HeaderMap, secret: &str, query: &str) -> bool {
        let request = Received { method: "GET", path: "/", query, headers, body: b"" };
        Signature::read(headers).unwrap().is_made_with(secret, &request)
    }

    #[test]
    fn the_documented_example_verifies_and_a_changed_one_does_not() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let query = "Action=ListUsers&Version=2010-05-08";
        assert!(verify(&documented(), secret, query));
        assert!(verify(&documented(), secret, "Version=2010-05-08&Action=ListUsers"), "order doesn't matter");
        assert!(!verify(&documented(), secret, "Action=ListRoles&Version=2010-05-08"));
        assert!(!verify(&documented(), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEz", query));
        let mut moved = documented();
        moved.insert("host", HeaderValue::from_static("sts.amazonaws.com"));
        assert!(!verify(&moved, secret, query));
    }

    #[test]
    fn a_session_token_that_is_not_signed_is_incomplete() {
        let mut headers = documented();
        headers.insert("x-amz-security-token", HeaderValue::from_static("added on the way"));
        assert_eq!(Signature::read(&headers).err(), Some(Unsigned::Incomplete));
    }

    #[test]
    fn timestamps_read_back_and_nonsense_does_not_panic() {
        let moment = parse_timestamp("20150830T123600Z").unwrap();
        assert_eq!(format_timestamp(moment), "20150830T123600Z");
        for text in ["", "20151330T123600Z", "20150830T123600", "2015083éT12360Z", "20150830T993600Z"] {
            assert_eq!(parse_timestamp(text), None);
        }
        assert_eq!(recode("a%2fb%zz+é"), "a%2Fb%25zz%2B%C3%A9");
    }
}
