//! Client: just enough HTTP and signing to talk to the practice organisation without its own code.

use std::io;

use daypass_practice::{Clock, Consent, Options, Practice};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk.-~0123456789ABCDEF";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:43210/oauth/callback";

/// A practice organisation that says yes at once, at a time that stands still.
pub(crate) struct Rig {
    pub(crate) practice: Practice,
    pub(crate) clock: Clock,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Role credentials as the portal returned them.
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    pub(crate) fn text(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_else(|| panic!("no {key}: {}", self.body)).to_owned()
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let clock = Clock::manual(datetime!(2026-03-02 09:12:00 UTC));
        let options = Options { clock: clock.clone(), consent: Consent::Allow, ..options };
        Self { practice: Practice::start(options).await.unwrap(), clock }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Answer> {
        let host = self.host();
        let mut request = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(&host).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await?;
        let raw = String::from_utf8(raw).unwrap();
        let (head, body) = raw.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Answer { status, headers, body: body.to_owned() })
    }

    pub(crate) fn host(&self) -> String {
        self.practice.base_url().trim_start_matches("http://").to_owned()
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], "").await.unwrap()
    }

    pub(crate) async fn post(&self, target: &str, body: Value) -> Answer {
        self.send("POST", target, &[], &body.to_string()).await.unwrap()
    }

    pub(crate) async fn form(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let content = ("content-type", "application/x-www-form-urlencoded");
        self.send("POST", target, &[content], &encode(fields)).await.unwrap()
    }

    /// RegisterClient for the authorization-code flow.
    pub(crate) async fn register(&self) -> Value {
        let answer = self.post("/client/register", self.registration()).await;
        assert_eq!(answer.status, 200);
        answer.json()
    }

    pub(crate) fn registration(&self) -> Value {
        json!({
            "clientName": "Daypass", "clientType": "public", "scopes": ["sso:account:access"],
            "grantTypes": ["authorization_code", "refresh_token"],
            "redirectUris": ["http://127.0.0.1/oauth/callback"], "issuerUrl": self.practice.start_url(),
        })
    }

    /// /authorize with a challenge for [`VERIFIER`] and changes to the usual parameters.
    pub(crate) async fn authorize(&self, client: &Value, changes: &[(&str, &str)]) -> Answer {
        let challenge = base64_url(digest(&SHA256, VERIFIER.as_bytes()).as_ref());
        let usual = [
            ("response_type", "code"),
            ("client_id", client["clientId"].as_str().unwrap()),
            ("redirect_uri", REDIRECT),
            ("state", "a-state"),
            ("code_challenge_method", "S256"),
            ("scopes", "sso:account:access"),
            ("code_challenge", &challenge),
        ];
        let change = |name| changes.iter().find(|(changed, _)| *changed == name);
        let fields: Vec<_> = usual.map(|(name, value)| *change(name).unwrap_or(&(name, value))).to_vec();
        self.get(&format!("/authorize?{}", encode(&fields))).await
    }

    pub(crate) async fn code(&self, client: &Value) -> String {
        let answer = self.authorize(client, &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        callback(&answer, "code").unwrap()
    }

    /// CreateToken with a code and changes to the usual fields.
    pub(crate) async fn redeem(&self, client: &Value, code: &str, changes: Value) -> Answer {
        let usual = json!({
            "grantType": "authorization_code", "code": code, "redirectUri": REDIRECT, "codeVerifier": VERIFIER,
        });
        self.token(client, merge(usual, changes)).await
    }

    pub(crate) async fn token(&self, client: &Value, fields: Value) -> Answer {
        let own = json!({ "clientId": client["clientId"], "clientSecret": client["clientSecret"] });
        self.post("/token", merge(own, fields)).await
    }

    /// Signs in and returns the answer of CreateToken.
    pub(crate) async fn sign_in(&self) -> Value {
        let client = self.register().await;
        let code = self.code(&client).await;
        let answer = self.redeem(&client, &code, json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub(crate) async fn portal(&self, target: &str, access_token: &str) -> Answer {
        self.send("GET", target, &[("x-amz-sso_bearer_token", access_token)], "").await.unwrap()
    }

    /// Credentials for a role that every practice organisation has.
    pub(crate) async fn keys(&self) -> Keys {
        self.keys_of("111122223333", "ReadOnlyAccess").await
    }

    /// Credentials for a role, from the portal.
    pub(crate) async fn keys_of(&self, account: &str, role: &str) -> Keys {
        let signed_in = self.sign_in().await;
        let target = format!("/federation/credentials?role_name={role}&account_id={account}");
        let answer = self.portal(&target, signed_in["accessToken"].as_str().unwrap()).await;
        let keys = answer.json()["roleCredentials"].clone();
        let field = |name: &str| keys[name].as_str().unwrap().to_owned();
        Keys { id: field("accessKeyId"), secret: field("secretAccessKey"), token: field("sessionToken") }
    }

    /// Asks for a sign-in token.
    pub(crate) async fn signin_token(&self, keys: &Keys, duration: Option<&str>) -> Answer {
        let session = json!({ "sessionId": keys.id, "sessionKey": keys.secret, "sessionToken": keys.token })
            .to_string();
        let mut fields = vec![("Action", "getSigninToken"), ("Session", &session)];
        fields.extend(duration.map(|seconds| ("SessionDuration", seconds)));
        self.form("/federation", &fields).await
    }
}

/// A parameter of the redirect back to the application.
pub(crate) fn callback(answer: &Answer, name: &str) -> Option<String> {
    let location = Url::parse(answer.header("location")).unwrap();
    location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn merge(mut into: Value, from: Value) -> Value {
    into.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
    into
}

/// One bit after the other: slow, plain, and not the code under test.
fn base64_url(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let index =
        |group: &[u8]| (0..6).fold(0, |sum, bit| sum * 2 + usize::from(*group.get(bit).unwrap_or(&0)));
    bits.chunks(6).map(|group| alphabet[index(group)]).collect()
}
