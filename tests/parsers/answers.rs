//! What AWS answers: mutants of it become a code or sane values, and no secret of them reaches the log.

use std::{
    io,
    sync::{Arc, Mutex},
};

use daypass_aws::{
    client::Aws,
    device::{self, Polled},
    oidc::{self, Registration, Token},
    pace::Pace,
    portal::{self, Portal},
};
use daypass_domain::{
    failure::Code,
    ids::RoleRef,
    settings::Way,
    sso::{SsoSession, StartUrl, is_secure},
    time::{Expiration, Timestamp},
};
use daypass_mutants::{check, of_json};
use daypass_vault::{credentials::Credentials, secret::Secret};
use proptest::{prelude::*, test_runner::TestCaseResult};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};
use url::Url;

use crate::{
    panics, runtime,
    server::{Answers, Server},
};

/// Stands in every secret of the answers.
const MARK: &str = "s3cr3t";

/// Everything that is logged, at the level that says most.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Somebody who asks AWS, which answers as it is told.
pub(crate) struct Asker {
    pub(crate) runtime: Runtime,
    server: Server,
    pub(crate) aws: Aws,
    pub(crate) sso: SsoSession,
    token: Secret,
    log: Log,
    _logging: tracing::subscriber::DefaultGuard,
}

impl Asker {
    pub(crate) fn new() -> Self {
        let runtime = runtime();
        let server = Server::start(&runtime);
        let start_url = format!("http://127.0.0.1:{}/start", server.port);
        let start_url = StartUrl::try_from(start_url).unwrap();
        let mut sso = SsoSession::typed("acme".parse().unwrap(), start_url, "eu-west-1".parse().unwrap());
        let base = Url::parse(&format!("http://127.0.0.1:{}/", server.port)).unwrap();
        sso.endpoints.sts = Some(base.clone());
        (sso.endpoints.oidc, sso.endpoints.portal) = (Some(base.clone()), Some(base));
        let log = Log::default();
        // As the agent does: traces of HTTP libraries hold tokens, and are off.
        let ours = EnvFilter::new("daypass_aws=trace,daypass_domain=trace,daypass_vault=trace");
        let subscriber = tracing_subscriber::fmt().with_env_filter(ours).with_writer(log.clone()).finish();
        let aws = Aws::new(|_| None, || Timestamp::from_secs(1_800_000_000));
        let token = Secret::copy_of(MARK.as_bytes()).unwrap();
        Self { runtime, server, aws, sso, token, log, _logging: tracing::subscriber::set_default(subscriber) }
    }

    /// Tries mutants of `right`, each under every status AWS may answer with.
    fn check(
        &self,
        cases: u32,
        right: &Value,
        answers: impl Fn(u16, Vec<u8>) -> Answers,
        ask: impl Fn(u16) -> TestCaseResult,
    ) {
        self.check_bodies(cases, &right.to_string(), of_json(right), answers, ask);
    }

    /// The same of answers in any form.
    pub(crate) fn check_bodies(
        &self,
        cases: u32,
        right: &str,
        mutants: impl Strategy<Value = Vec<u8>>,
        answers: impl Fn(u16, Vec<u8>) -> Answers,
        ask: impl Fn(u16) -> TestCaseResult,
    ) {
        let statuses = prop_oneof![8 => Just(200), 1 => Just(400), 1 => Just(401), 1 => Just(403)];
        self.server.answer(answers(200, right.as_bytes().to_vec()));
        if let Err(failure) = ask(0) {
            panic_with(&failure);
        }
        check(cases, (statuses, mutants), |(status, body)| {
            self.server.answer(answers(status, body));
            ask(status)?;
            let said = self.log.0.lock().unwrap().split_off(0);
            prop_assert!(!String::from_utf8_lossy(&said).contains(MARK), "in the log");
            prop_assert_eq!(panics(), 0);
            Ok(())
        });
    }
}

#[expect(clippy::panic, reason = "outside cfg(test), yet a test")]
fn panic_with(failure: &TestCaseError) {
    panic!("the right answer: {failure}");
}

/// Nothing of the credentials is missing or odd.
pub(crate) fn is_whole(credentials: &Credentials, expiration: Expiration) -> TestCaseResult {
    let is_whole = credentials.with(|parts| {
        let all = [parts.access_key_id, parts.secret_access_key, parts.session_token];
        all.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic()))
    });
    prop_assert!(is_whole);
    prop_assert!(expiration.0.rfc3339().len() == 20, "{}", expiration.0.rfc3339());
    Ok(())
}

/// A code comes only where the answer is wrong, and never one that blames ourselves.
pub(crate) fn code_is_fair(status: u16, code: Code) -> TestCaseResult {
    prop_assert!(status != 0, "the right answer gave {:?}", code);
    prop_assert!(code != Code::Internal, "for {}", status);
    Ok(())
}

pub(crate) fn secret(of: &str) -> String {
    format!("{of}-{}", [MARK; 20].join("-"))
}

pub(crate) fn one(status: u16, body: Vec<u8>) -> Answers {
    vec![("", status, body)]
}

#[test]
fn mutants_of_the_list_of_accounts_are_accounts_or_a_code() {
    let asker = Asker::new();
    let right = json!({
        "nextToken": "",
        "accountList": [
            { "accountId": "111122223333", "accountName": "Payments", "emailAddress": "a@b.example" },
            { "accountId": "444455556666", "accountName": "\u{202e}x", "emailAddress": null },
        ],
    });
    asker.check(150, &right, one, |status| {
        let pace = Pace::default();
        let portal = Portal::new(&asker.aws, &asker.sso, &asker.token, &pace).unwrap();
        match asker.runtime.block_on(portal.accounts()) {
            Err(code) => code_is_fair(status, code)?,
            Ok(accounts) => {
                prop_assert!(status == 200 || accounts.len() == 2);
                for (_, name) in accounts {
                    prop_assert!(name.chars().count() <= 128 && !name.trim().is_empty(), "{:?}", name);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn mutants_of_the_list_of_roles_are_roles_or_a_code() {
    let asker = Asker::new();
    let right = json!({
        "nextToken": null,
        "roleList": [{ "roleName": "Admin", "accountId": "111122223333" }, { "roleName": "=1+1" }],
    });
    let account = "111122223333".parse().unwrap();
    asker.check(150, &right, one, |status| {
        let pace = Pace::default();
        let portal = Portal::new(&asker.aws, &asker.sso, &asker.token, &pace).unwrap();
        match asker.runtime.block_on(portal.roles(&account)) {
            Err(code) => code_is_fair(status, code)?,
            Ok(roles) => prop_assert!(status == 200 || roles.len() == 2),
        }
        Ok(())
    });
}

#[test]
fn mutants_of_role_credentials_are_whole_credentials_or_a_code() {
    let asker = Asker::new();
    let right = json!({ "roleCredentials": {
        "accessKeyId": "ASIAEXAMPLE",
        "secretAccessKey": secret("key"),
        "sessionToken": secret("token"),
        "expiration": 1_800_003_600_000_i64,
    } });
    let role = RoleRef {
        sso_session: "acme".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        role: "Admin".parse().unwrap(),
    };
    asker.check(200, &right, one, |status| {
        match asker.runtime.block_on(portal::role_credentials(&asker.aws, &asker.sso, &asker.token, &role)) {
            Err(code) => code_is_fair(status, code),
            Ok((credentials, expiration)) => is_whole(&credentials, expiration),
        }
    });
}

fn registered() -> Value {
    json!({
        "clientId": "client",
        "clientSecret": secret("client"),
        "clientIdIssuedAt": 1_800_000_000,
        "clientSecretExpiresAt": 1_807_776_000,
        "authorizationEndpoint": null,
        "tokenEndpoint": null,
    })
}

#[test]
fn mutants_of_a_token_are_a_token_that_can_be_sent_or_a_code() {
    let asker = Asker::new();
    let right = json!({
        "accessToken": secret("access"),
        "tokenType": "Bearer",
        "expiresIn": 3600,
        "refreshToken": secret("refresh"),
        "idToken": null,
    });
    let registration = Registration {
        client_id: "client".to_owned(),
        client_secret: Secret::copy_of(secret("client").as_bytes()).unwrap(),
        expires_at: Timestamp::from_secs(1_807_776_000),
        way: Way::Browser,
    };
    let old = Token::lapsed(Secret::copy_of(secret("old").as_bytes()).unwrap()).unwrap();
    asker.check(200, &right, one, |status| {
        let refreshed = oidc::refresh(&asker.aws, &asker.sso, &registration, &old);
        match asker.runtime.block_on(refreshed) {
            Err(code) => code_is_fair(status, code)?,
            Ok(token) => {
                let is_sendable =
                    |s: &Secret| s.with(|b| !b.is_empty() && b.iter().all(u8::is_ascii_graphic));
                prop_assert!(is_sendable(&token.access));
                prop_assert!(token.refresh_token().is_some_and(|t| t.with(|b| !b.is_empty())));
            }
        }
        Ok(())
    });
}

#[test]
fn mutants_of_a_device_code_send_nobody_elsewhere() {
    let asker = Asker::new();
    let home = asker.sso.start_url.as_str().to_owned();
    let right = json!({
        "deviceCode": secret("device"),
        "userCode": "ABCD-EFGH",
        "verificationUri": home,
        "verificationUriComplete": format!("{home}?user_code=ABCD-EFGH"),
        "expiresIn": 600,
        "interval": 1,
    });
    let answers = |status, body| {
        vec![("/client/register", 200, registered().to_string().into_bytes()), ("", status, body)]
    };
    asker.check(200, &right, answers, |status| {
        match asker.runtime.block_on(device::start(&asker.aws, &asker.sso)) {
            Err(code) => code_is_fair(status, code)?,
            Ok(mut device) => {
                prop_assert!((4..=32).contains(&device.user_code.len()) && device.user_code.is_ascii());
                for text in [&device.url, &device.complete_url] {
                    let url = Url::parse(text).unwrap();
                    prop_assert_eq!(url.as_str(), text);
                    prop_assert!(is_secure(&url) && url.as_str().len() <= 2048, "{}", url.as_str().len());
                    prop_assert_eq!(url.port(), Some(asker.server.port));
                }
                prop_assert!((1..=3600).contains(&device.lasts.0), "{}", device.lasts.0);
                prop_assert!((1..=600).contains(&device.interval.0), "{}", device.interval.0);
                // The same answer is no token.
                let polled = asker.runtime.block_on(device::poll(&asker.aws, &asker.sso, &mut device));
                prop_assert!(!matches!(polled, Ok(Polled::Token(_))));
            }
        }
        Ok(())
    });
}

#[test]
fn mutants_of_a_registration_are_one_or_a_code() {
    let asker = Asker::new();
    let device = json!({
        "deviceCode": secret("device"),
        "userCode": "ABCD-EFGH",
        "verificationUri": asker.sso.start_url.as_str(),
        "expiresIn": 600,
    });
    let answers =
        |status, body| vec![("/client/register", status, body), ("", 200, device.to_string().into_bytes())];
    asker.check(150, &registered(), answers, |status| {
        match asker.runtime.block_on(device::start(&asker.aws, &asker.sso)) {
            Err(code) => code_is_fair(status, code)?,
            Ok(device) => {
                prop_assert!(!device.registration.client_id.is_empty());
                prop_assert!(device.registration.client_secret.with(|s| !s.is_empty()));
            }
        }
        Ok(())
    });
}
