//! S3: buckets and objects, by path or by host.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, LAST_MODIFIED};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::caller::Unauthenticated;
use crate::holdings::{Holdings, Object};
use crate::page::{Parameters, escape};
use crate::random::{self, hex};
use crate::sigv4::Received;

use super::s3_listing::{buckets, objects};
use super::{Call, Refused, refuse};

/// What a request is about: a bucket and a key in it, either or both of which may be missing.
struct Place {
    bucket: String,
    key: String,
}

pub(super) fn serve(call: &mut Call<'_>, holdings: &mut Holdings, received: &Received<'_>) -> Response {
    match perform(call, holdings, received) {
        Ok(response) => response,
        Err(refused) => error(received, &refused),
    }
}

pub(super) fn unauthenticated(received: &Received<'_>, why: &Unauthenticated) -> Response {
    let (status, code, message) = match why {
        Unauthenticated::Missing => (403, "AccessDenied", "Access Denied"),
        Unauthenticated::Incomplete => (400, "AuthorizationHeaderMalformed", why.message()),
        Unauthenticated::Scope(sentence) => (400, "AuthorizationHeaderMalformed", sentence.as_str()),
        Unauthenticated::Skew(_) => (
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        Unauthenticated::UnknownKey => {
            (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        }
        Unauthenticated::WrongToken => {
            (400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        }
        Unauthenticated::WrongSignature => (403, "SignatureDoesNotMatch", why.message()),
        Unauthenticated::Expired => (400, "ExpiredToken", "The provided token has expired."),
    };
    error(received, &Refused { status, code, message: message.to_owned().into() })
}

fn perform(
    call: &mut Call<'_>,
    holdings: &mut Holdings,
    received: &Received<'_>,
) -> Result<Response, Refused> {
    let Place { bucket, key } = place(received);
    let query = Parameters::parse(received.query.as_bytes());
    let bucket_arn = format!("arn:{}:s3:::{bucket}", call.partition.arn_name());
    let object_arn = format!("{bucket_arn}/{key}");
    match (received.method, bucket.is_empty(), key.is_empty()) {
        ("GET", true, _) => {
            call.allow("s3:ListAllMyBuckets", &format!("{bucket_arn}*"), &[])?;
            Ok(xml(buckets(holdings.buckets.keys(), call.now)))
        }
        ("GET", false, true) if query.one("location").is_some() => {
            call.allow("s3:GetBucketLocation", &bucket_arn, &[])?;
            find(call, holdings, &bucket)?;
            // us-east-1 is told by telling nothing.
            let region = Some(call.caller.region.as_str()).filter(|region| *region != "us-east-1");
            Ok(xml(format!("<LocationConstraint>{}</LocationConstraint>", region.unwrap_or_default())))
        }
        ("GET", false, true) if is_listing(received.query) => {
            let given = |key: &'static str, name: &str| query.one(name).map(|value| (key, value));
            let keys = [
                given("s3:prefix", "prefix"),
                given("s3:delimiter", "delimiter"),
                given("s3:max-keys", "max-keys"),
            ];
            call.allow("s3:ListBucket", &bucket_arn, &keys.into_iter().flatten().collect::<Vec<_>>())?;
            Ok(xml(objects(&bucket, find(call, holdings, &bucket)?, &query)))
        }
        ("HEAD", false, true) => {
            call.allow("s3:ListBucket", &bucket_arn, &[])?;
            find(call, holdings, &bucket)?;
            Ok(StatusCode::OK.into_response())
        }
        ("GET" | "HEAD", false, false) => {
            call.allow("s3:GetObject", &object_arn, &[])?;
            match find(call, holdings, &bucket)?.get(&key) {
                Some(object) => Ok(content(object, received.method == "HEAD")),
                // Whether a key exists is told only to who may list.
                None => {
                    call.allow("s3:ListBucket", &bucket_arn, &[])?;
                    call.action = Some("s3:GetObject");
                    refuse(404, "NoSuchKey", "The specified key does not exist.")
                }
            }
        }
        ("PUT", false, false) if is_plain(received) => {
            call.allow("s3:PutObject", &object_arn, &[])?;
            let Some(body) = body(received) else {
                return refuse(400, "IncompleteBody", "The request body terminated unexpectedly");
            };
            let content_type = received.headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
            let content_type = content_type.unwrap_or("binary/octet-stream").to_owned();
            let object = Object { body, content_type, modified: call.now };
            let tag = etag(&object.body);
            find(call, holdings, &bucket)?.insert(key, object);
            Ok((StatusCode::OK, [(ETAG, tag)]).into_response())
        }
        ("DELETE", false, false) if received.query.starts_with("x-id=") || received.query.is_empty() => {
            call.allow("s3:DeleteObject", &object_arn, &[])?;
            find(call, holdings, &bucket)?.remove(&key);
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => refuse(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        ),
    }
}

/// The caller's bucket. Nobody lets others into theirs here, and whose it is can be told from its name's end.
fn find<'a>(
    call: &Call<'_>,
    holdings: &'a mut Holdings,
    bucket: &str,
) -> Result<&'a mut BTreeMap<String, Object>, Refused> {
    let is_others = call.accounts.iter().any(|account| bucket.ends_with(&format!("-{}", account.id)));
    match holdings.buckets.get_mut(bucket) {
        Some(found) => Ok(found),
        None if is_others => refuse(403, "AccessDenied", "Access Denied"),
        None => refuse(404, "NoSuchBucket", "The specified bucket does not exist"),
    }
}

/// By host for `BUCKET.localhost` and `BUCKET.s3.localhost`, else by path.
fn place(received: &Received<'_>) -> Place {
    let path = received.path.trim_start_matches('/');
    let (bucket, key) = match bucket_of_host(received.headers) {
        Some(bucket) => (bucket, path),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            (decode(bucket), key)
        }
    };
    Place { bucket, key: decode(key) }
}

fn bucket_of_host(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let bucket = host.strip_suffix(".localhost")?;
    let bucket = bucket.strip_suffix(".s3").unwrap_or(bucket);
    (bucket != "s3" && bucket.parse::<IpAddr>().is_err()).then(|| bucket.to_owned())
}

fn decode(part: &str) -> String {
    // In a path `+` is itself.
    let form = format!("k={}", part.replace('+', "%2B"));
    Parameters::parse(form.as_bytes()).one("k").unwrap_or_default().to_owned()
}

/// Listing is what GET does with a bucket that is asked for nothing else: its ACL, its policy …
fn is_listing(query: &str) -> bool {
    let known = [
        "list-type",
        "prefix",
        "delimiter",
        "max-keys",
        "encoding-type",
        "continuation-token",
        "start-after",
        "marker",
        "fetch-owner",
        "x-id",
    ];
    let names = query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty());
    names.into_iter().all(|name| known.contains(&name))
}

/// Neither a copy nor a part of something larger.
fn is_plain(received: &Received<'_>) -> bool {
    let has_extra = received.query.split('&').any(|pair| !pair.is_empty() && !pair.starts_with("x-id="));
    !has_extra && !received.headers.contains_key("x-amz-copy-source")
}

/// The body, taken out of its chunks if it came in some.
fn body(received: &Received<'_>) -> Option<Vec<u8>> {
    let claimed = received.headers.get("x-amz-content-sha256").map(|claimed| claimed.as_bytes());
    if !claimed.is_some_and(|claimed| claimed.starts_with(b"STREAMING-")) {
        return Some(received.body.to_vec());
    }
    let (mut rest, mut whole) = (received.body, Vec::new());
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let length = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?;
        let length = usize::from_str_radix(length, 16).ok()?;
        rest = rest.get(end + 2..)?;
        if length == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length..)?.strip_prefix(b"\r\n")?;
    }
}

fn content(object: &Object, is_head: bool) -> Response {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let headers = [
        (CONTENT_TYPE, object.content_type.clone()),
        (CONTENT_LENGTH, object.body.len().to_string()),
        (ETAG, etag(&object.body)),
        (LAST_MODIFIED, object.modified.format(&format).unwrap_or_default()),
    ];
    let body = if is_head { Body::empty() } else { Body::from(object.body.clone()) };
    (StatusCode::OK, headers, body).into_response()
}

/// Changes with the content, which is all that clients may expect of it.
pub(super) fn etag(body: &[u8]) -> String {
    format!("\"{}\"", &hex(digest(&SHA256, body).as_ref())[..32])
}

/// As listings have it.
pub(super) fn iso(moment: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    moment.format(&format).unwrap_or_default()
}

fn xml(content: String) -> Response {
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{content}");
    (StatusCode::OK, [(CONTENT_TYPE, "application/xml")], declared).into_response()
}

/// An error; to HEAD without a body, as it has to be.
fn error(received: &Received<'_>, refused: &Refused) -> Response {
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
    if received.method == "HEAD" {
        return status.into_response();
    }
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message><RequestId>{}</RequestId></Error>",
        refused.code,
        escape(&refused.message),
        random::request_id(),
    );
    (status, [(CONTENT_TYPE, "application/xml")], text).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_bucket_is_named_by_the_path_or_by_a_host_below_localhost() {
        for (host, path, bucket, key) in [
            ("127.0.0.1:4000", "/audit/2026/a%20b+c", "audit", "2026/a b+c"),
            ("localhost:4000", "/audit", "audit", ""),
            ("localhost", "/", "", ""),
            ("audit.localhost:4000", "/2026/x", "audit", "2026/x"),
            ("audit.logs.s3.localhost", "/x", "audit.logs", "x"),
            ("s3.localhost:4000", "/audit/x", "audit", "x"),
        ] {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            let received = Received { method: "GET", path, query: "", headers: &headers, body: b"" };
            let Place { bucket: found, key: found_key } = place(&received);
            assert_eq!((found.as_str(), found_key.as_str()), (bucket, key), "{host}{path}");
        }
    }
}
