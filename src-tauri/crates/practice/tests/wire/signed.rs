//! Signed: requests with a signature made here, from Amazon's specification, and what is asked with them most.

use ring::digest::{SHA256, digest};
use ring::hmac;
use time::OffsetDateTime;

use crate::client::{Answer, Keys, Rig, encode};

/// A request to sign.
pub(crate) struct Signed<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) method: &'a str,
    /// As sent, with the query.
    pub(crate) target: &'a str,
    /// Names in small letters.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a str,
}

impl Rig {
    /// Sends a request with a signature made at `signed_at`.
    pub(crate) async fn signed_at(&self, at: OffsetDateTime, keys: &Keys, request: &Signed<'_>) -> Answer {
        let Signed { service, region, method, target, body, .. } = request;
        let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
        let stamp = at.format(&format).unwrap();
        let scope = format!("{}/{region}/{service}/aws4_request", &stamp[..8]);
        let (host, hash) = (self.host(), sha256_hex(body));
        let mut lines = vec![
            ("host", host.as_str()),
            ("x-amz-content-sha256", &hash),
            ("x-amz-date", &stamp),
            ("x-amz-security-token", &keys.token),
        ];
        lines.retain(|(name, _)| request.headers.iter().all(|(given, _)| given != name));
        lines.extend(request.headers);
        lines.sort_unstable();
        let names = lines.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let block: String = lines.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let claimed = lines.iter().find(|(name, _)| *name == "x-amz-content-sha256").unwrap().1;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = if *service == "s3" { path.to_owned() } else { path.replace('%', "%25") };
        let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        let canonical = format!("{method}\n{path}\n{}\n{block}\n{names}\n{claimed}", pairs.join("&"));
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", sha256_hex(&canonical));
        let key = [region, *service, "aws4_request"]
            .iter()
            .fold(mac(format!("AWS4{}", keys.secret).as_bytes(), &stamp[..8]), |key, part| mac(&key, part));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            keys.id,
            hex(&mac(&key, &to_sign))
        );
        lines.retain(|(name, _)| *name != "host");
        lines.push(("authorization", &authorization));
        self.send(method, target, &lines, body).await.unwrap()
    }

    /// Calls STS with a signature made at `signed_at`.
    pub(crate) async fn sts(&self, action: &str, keys: &Keys, signed_at: OffsetDateTime) -> Answer {
        self.sts_in("eu-west-1", action, keys, signed_at).await
    }

    /// The same with a signature for a Region.
    pub(crate) async fn sts_in(
        &self,
        region: &str,
        action: &str,
        keys: &Keys,
        signed_at: OffsetDateTime,
    ) -> Answer {
        let body = format!("Action={action}&Version=2011-06-15");
        let request =
            Signed { service: "sts", region, method: "POST", target: "/", headers: &[], body: &body };
        self.signed_at(signed_at, keys, &request).await
    }

    /// Asks for a role by its name in payments-prod, or by its ARN, with more parameters or other ones.
    pub(crate) async fn assume(&self, keys: &Keys, role: &str, more: &[(&str, &str)]) -> Answer {
        let arn = match role {
            arn if arn.starts_with("arn:") => arn.to_owned(),
            name => format!("arn:aws:iam::111122223333:role/{name}"),
        };
        let usual = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", arn.as_str()),
            ("RoleSessionName", "dana"),
        ];
        let is_changed = |name: &str| more.iter().any(|(changed, _)| *changed == name);
        let fields: Vec<_> =
            usual.into_iter().filter(|(name, _)| !is_changed(name)).chain(more.iter().copied()).collect();
        let body = encode(&fields);
        let (service, region) = ("sts", "eu-west-1");
        let request = Signed { service, region, method: "POST", target: "/", headers: &[], body: &body };
        self.signed_at(self.clock.now(), keys, &request).await
    }

    /// The credentials that [`assume`](Self::assume) gives.
    pub(crate) async fn assumed(&self, keys: &Keys, role: &str, more: &[(&str, &str)]) -> Keys {
        let answer = self.assume(keys, role, more).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Keys {
            id: element(&answer, "AccessKeyId"),
            secret: element(&answer, "SecretAccessKey"),
            token: element(&answer, "SessionToken"),
        }
    }

    /// Calls S3.
    pub(crate) async fn s3(&self, keys: &Keys, method: &str, target: &str, body: &str) -> Answer {
        let (service, region) = ("s3", "eu-west-1");
        let request = Signed { service, region, method, target, headers: &[], body };
        self.signed_at(self.clock.now(), keys, &request).await
    }

    /// Calls a service of the JSON protocols.
    pub(crate) async fn json(&self, keys: &Keys, service: &str, operation: &str, body: &str) -> Answer {
        let target = format!("Practice_20260101.{operation}");
        let headers = [("x-amz-target", target.as_str())];
        let request =
            Signed { service, region: "eu-west-1", method: "POST", target: "/", headers: &headers, body };
        self.signed_at(self.clock.now(), keys, &request).await
    }
}

/// The text of an element of XML.
pub(crate) fn element(answer: &Answer, name: &str) -> String {
    let begin = format!("<{name}>");
    let rest = answer.body.split_once(&begin).unwrap_or_else(|| panic!("no {name}: {}", answer.body)).1;
    rest.split_once("</").unwrap().0.to_owned()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn sha256_hex(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
