//! Calls to AWS's services with the credentials that a lease serves, signed by AWS's own signer.

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use serde_json::Value;
use url::Url;

use crate::{
    http::{self, Response},
    rig::{Rig, Ticket},
};

/// Credentials as a program has them.
pub struct Keys {
    id: String,
    secret: String,
    token: String,
    pub expiration: String,
}

impl Keys {
    /// Reads what the endpoint or `daypass env --json` gives.
    #[must_use]
    pub fn read(json: &str) -> Self {
        let json: Value = serde_json::from_str(json).expect("credentials");
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        Self {
            id: text("AccessKeyId").expect("an id"),
            secret: text("SecretAccessKey").expect("a key"),
            token: text("Token").or_else(|| text("SessionToken")).expect("a token"),
            expiration: text("Expiration").expect("an expiration"),
        }
    }

    /// Whether these are the same credentials.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Rig {
    /// What the endpoint serves.
    pub async fn keys(&self, ticket: &Ticket) -> Keys {
        let answer = self.fetch(ticket).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Keys::read(&answer.body)
    }

    /// One signed call; the time is that of AWS.
    pub async fn call(&self, keys: &Keys, service: &str, method: &str, target: &str, body: &str) -> Response {
        let base = Url::parse(self.practice.base_url()).expect("an address");
        let host = format!("{}:{}", base.host_str().expect("a host"), base.port().expect("a port"));
        let credentials = Credentials::new(&keys.id, &keys.secret, Some(keys.token.clone()), None, "test");
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name(service)
            .time(self.aws_now())
            .settings(settings)
            .build()
            .expect("all is told")
            .into();
        let address = format!("http://{host}{target}");
        let headers = [("host", host.as_str())];
        let request =
            SignableRequest::new(method, address, headers.into_iter(), SignableBody::Bytes(body.as_bytes()));
        let (signed, _) = sign(request.expect("a request"), &params).expect("a signature").into_parts();
        let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for (name, value) in signed.headers() {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        http::send(base.port().expect("a port"), text.as_bytes()).await
    }

    /// The ARN that AWS knows these credentials by.
    pub async fn caller(&self, keys: &Keys) -> String {
        let body = "Action=GetCallerIdentity&Version=2011-06-15";
        let answer = self.call(keys, "sts", "POST", "/", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let rest = answer.body.split_once("<Arn>").expect("an ARN").1;
        rest.split_once("</").expect("an end").0.to_owned()
    }
}
