//! S3's listings: buckets, and the keys of one by prefix, delimiter and page.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::holdings::Object;
use crate::page::{Parameters, escape};

use super::s3::{etag, iso};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const LARGEST_PAGE: usize = 1000;

/// ListBuckets.
pub(super) fn buckets<'a>(names: impl Iterator<Item = &'a String>, created: OffsetDateTime) -> String {
    let all: String = names
        .map(|name| {
            format!(
                "<Bucket><Name>{}</Name><CreationDate>{}</CreationDate></Bucket>",
                escape(name),
                iso(created)
            )
        })
        .collect();
    format!("<ListAllMyBucketsResult xmlns=\"{NAMESPACE}\"><Buckets>{all}</Buckets></ListAllMyBucketsResult>")
}

/// ListObjectsV2, and ListObjects, which goes on after a marker instead of a token.
pub(super) fn objects(bucket: &str, held: &BTreeMap<String, Object>, query: &Parameters) -> String {
    let prefix = query.one("prefix").unwrap_or_default();
    let delimiter = query.one("delimiter").filter(|delimiter| !delimiter.is_empty());
    let most = query.one("max-keys").and_then(|most| most.parse().ok()).unwrap_or(LARGEST_PAGE);
    let most = most.min(LARGEST_PAGE);
    // A page begins after the last name of the one before, which the token simply is.
    let after = ["continuation-token", "marker", "start-after"].iter().find_map(|name| query.one(name));
    let after = after.unwrap_or_default();
    let is_encoded = query.one("encoding-type") == Some("url");
    let shown = |name: &str| {
        if is_encoded {
            url::form_urlencoded::byte_serialize(name.as_bytes()).collect()
        } else {
            escape(name)
        }
    };
    let (mut contents, mut groups, mut count) = (String::new(), String::new(), 0);
    let (mut last, mut is_truncated) = (String::new(), false);
    for (key, object) in held.iter().filter(|(key, _)| key.starts_with(prefix)) {
        let group = delimiter.and_then(|delimiter| {
            let end = key[prefix.len()..].find(delimiter)? + delimiter.len();
            Some(&key[..prefix.len() + end])
        });
        let name = group.unwrap_or(key);
        if name <= after || name == last {
            continue;
        }
        if count == most {
            is_truncated = true;
            break;
        }
        count += 1;
        name.clone_into(&mut last);
        match group {
            Some(group) => {
                groups.push_str(&format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", shown(group)));
            }
            None => contents.push_str(&format!(
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                shown(key),
                iso(object.modified),
                escape(&etag(&object.body)),
                object.body.len(),
            )),
        }
    }
    let mut more = String::new();
    if is_encoded {
        more.push_str("<EncodingType>url</EncodingType>");
    }
    if let Some(delimiter) = delimiter {
        more.push_str(&format!("<Delimiter>{}</Delimiter>", shown(delimiter)));
    }
    if is_truncated {
        more.push_str(&format!("<NextContinuationToken>{}</NextContinuationToken>", escape(&last)));
        more.push_str(&format!("<NextMarker>{}</NextMarker>", shown(&last)));
    }
    format!(
        "<ListBucketResult xmlns=\"{NAMESPACE}\"><Name>{}</Name><Prefix>{}</Prefix><MaxKeys>{most}</MaxKeys>\
         <KeyCount>{count}</KeyCount><IsTruncated>{is_truncated}</IsTruncated>{more}{contents}{groups}</ListBucketResult>",
        escape(bucket),
        shown(prefix),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(query: &str) -> String {
        let held = ["a/1", "a/2", "b/1", "c"].map(|key| {
            let modified = OffsetDateTime::UNIX_EPOCH;
            (key.to_owned(), Object { body: Vec::new(), content_type: String::new(), modified })
        });
        objects("bucket", &BTreeMap::from(held), &Parameters::parse(query.as_bytes()))
    }

    fn told<'a>(listing: &'a str, element: &str) -> Vec<&'a str> {
        let tag = format!("<{element}>");
        let after = listing.match_indices(&tag).map(|(at, tag)| &listing[at + tag.len()..]);
        after.map(|rest| rest.split("</").next().unwrap_or_default()).collect()
    }

    #[test]
    fn keys_come_by_prefix_and_in_groups_up_to_the_delimiter() {
        assert_eq!(told(&list(""), "Key"), ["a/1", "a/2", "b/1", "c"]);
        assert_eq!(told(&list("prefix=a/"), "Key"), ["a/1", "a/2"]);
        let grouped = list("delimiter=/");
        assert_eq!((told(&grouped, "Key"), told(&grouped, "KeyCount")), (vec!["c"], vec!["3"]));
        assert_eq!(told(&grouped, "Prefix"), ["", "a/", "b/"], "its own prefix, and the groups");
    }

    #[test]
    fn pages_follow_one_another_without_a_gap_or_a_repetition() {
        for (query, expected) in
            [("", vec!["a/1", "a/2", "b/1", "c"]), ("&delimiter=/", vec!["", "a/", "b/", "c"])]
        {
            let (mut all, mut token) = (Vec::new(), String::new());
            loop {
                let page = list(&format!("max-keys=1&continuation-token={token}{query}"));
                all.extend(told(&page, "Key").into_iter().map(str::to_owned));
                if !query.is_empty() {
                    all.extend(told(&page, "Prefix").into_iter().map(str::to_owned));
                }
                match told(&page, "NextContinuationToken").first() {
                    Some(next) => token = (*next).to_owned(),
                    None => break,
                }
            }
            all.sort();
            all.dedup();
            assert_eq!(all, expected);
        }
    }
}
