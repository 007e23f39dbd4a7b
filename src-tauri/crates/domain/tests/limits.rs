//! Each limit of AWS's: its sentence, and the nearest that is allowed. The page plays the same table.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

use std::{fs, path::Path};

use daypass_domain::{
    chain::{Hop, Tag},
    failure::{Code, Failure},
    limit::{Field, Limit, Typed},
    nearest::Nearest,
    request::SessionRequest,
    scope::{
        Base, LONGEST_POLICY, Scope,
        compile::{Place, SessionPolicy},
        preset::OURS,
    },
    time::{Seconds, Timestamp},
};
use serde::Serialize;

/// A text, why AWS refuses it, what the button says, and what it puts in.
type Text = (Field, String, Code, &'static str, &'static str);

fn texts() -> Vec<Text> {
    use Field::*;
    let x = |n: usize| "x".repeat(n);
    let row = |field, text: &str, code, words, instead| (field, text.to_owned(), code, words, instead);
    let out = "Leave out what is not allowed";
    vec![
        (SessionName, x(65), Code::NoSessionName, "Shorten to 64 characters", ""),
        row(SessionName, "d", Code::NoSessionName, "", ""),
        row(SessionName, "dana replay", Code::NoSessionName, "Use dana-replay", "dana-replay"),
        row(SessionName, "dänä", Code::NoSessionName, "Use d-n", "d-n"),
        (SessionName, format!("{} y", x(80)), Code::NoSessionName, "Shorten to 64 characters", ""),
        (SourceIdentity, x(65), Code::NoSourceIdentity, "Shorten to 64 characters", ""),
        row(SourceIdentity, "dana:ops", Code::NoSourceIdentity, "Use dana-ops", "dana-ops"),
        row(SourceIdentity, "d", Code::NoSourceIdentity, "", ""),
        (ExternalId, x(1225), Code::NoExternalId, "Shorten to 1224 characters", ""),
        row(ExternalId, "a", Code::NoExternalId, "", ""),
        row(ExternalId, "acme audit*2026", Code::NoExternalId, "Use acme-audit-2026", "acme-audit-2026"),
        (TagKey, x(129), Code::NoTagKey, "Shorten to 128 characters", ""),
        row(TagKey, "", Code::NoTagKey, "", ""),
        row(TagKey, "Ticket#", Code::NoTagKey, "Use Ticket", "Ticket"),
        row(TagKey, "aws:Ticket", Code::TagReserved, "Use Ticket", "Ticket"),
        row(TagKey, "AWS: aws:Ticket", Code::TagReserved, "Use Ticket", "Ticket"),
        (TagValue, x(257), Code::NoTagValue, "Shorten to 256 characters", ""),
        row(TagValue, "why? *", Code::NoTagValue, "Use why", "why"),
        (TagValue, format!("{}?{}", x(30), x(30)), Code::NoTagValue, out, ""),
        row(RoleArn, "Scoped", Code::NoRoleArn, "", ""),
        row(RoleArn, "arn:aws:sts::111122223333:assumed-role/Scoped/dana", Code::NoRoleArn, "", ""),
        row(
            PolicyArn,
            "ReadOnlyAccess",
            Code::NoPolicyArn,
            "Use arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
        ),
        row(PolicyArn, "policy/*", Code::NoPolicyArn, "", ""),
        row(Service, "S3", Code::NoService, "Use s3", "s3"),
        row(Service, "s3:GetObject", Code::NoService, "Use s3", "s3"),
        row(Service, "*", Code::NoService, "", ""),
        row(Addresses, "203.0.113.7/24", Code::NoAddresses, "Use 203.0.113.0/24", "203.0.113.0/24"),
        row(Addresses, "home", Code::NoAddresses, "", ""),
    ]
}

fn plain() -> SessionRequest {
    let role = serde_json::from_str(r#"{"ssoSession":"acme","account":"111122223333","role":"Admin"}"#);
    SessionRequest::of(role.unwrap(), Seconds::minutes(30))
}

fn chained() -> SessionRequest {
    let role = "arn:aws:iam::111122223333:role/Scoped".parse().unwrap();
    SessionRequest { path: vec![Hop { role, external_id: None }], ..plain() }
}

fn scoped(base: Base) -> SessionRequest {
    SessionRequest { scope: Scope { base, ..Scope::default() }, ..chained() }
}

fn tagged(tags: usize, value: usize) -> SessionRequest {
    let mut request = chained();
    let tag = |n| Tag {
        key: format!("k{n}").parse().unwrap(),
        value: "v".repeat(value).parse().unwrap(),
        transitive: false,
    };
    request.labels.tags = (1..=tags).map(tag).collect();
    request
}

/// A request, what is said of it, and what the button says.
fn requests() -> Vec<(SessionRequest, Code, &'static str)> {
    let for_ = |duration, request| SessionRequest { duration, ..request };
    let policies = |n: usize| -> Vec<_> {
        (0..n).map(|n| format!("arn:aws:iam::aws:policy/P{n}").parse().unwrap()).collect()
    };
    let policy = |pad: usize| {
        let (pad, object) = (" ".repeat(pad), "arn:aws:s3:::b/a \\\" b");
        let json = format!(
            "{{{pad}\"Version\": \"2012-10-17\", \"Statement\": [{{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"{object}\"}}]}}"
        );
        scoped(Base::Custom { policy: json })
    };
    let mut twice = tagged(2, 1);
    twice.labels.tags[1].key = "K1".parse().unwrap();
    let mut besides = scoped(Base::ReadOnly);
    besides.scope.policies = policies(10);
    let services = |n: usize, pad: usize| -> Base {
        Base::Services {
            services: (0..n).map(|n| format!("s{n}{}", "x".repeat(pad)).parse().unwrap()).collect(),
        }
    };
    let long = |base| {
        let mut request = scoped(base);
        let own = |n| format!("arn:aws:iam::111122223333:policy/{}{n}", "x".repeat(300)).parse().unwrap();
        request.scope.policies = (0..9).map(own).collect();
        request
    };
    let mut bound = scoped(services(20, 60));
    bound.scope.addresses = (0..20).map(|n| format!("2001:db8:85a3:8d3:{n}::/80").parse().unwrap()).collect();
    let mut at_home = scoped(services(20, 60));
    at_home.scope.regions = (10..30).map(|n| format!("ap-southeast-{n}").parse().unwrap()).collect();
    vec![
        (for_(Seconds(30), plain()), Code::DurationTooShort, "Lengthen to 1 min"),
        (for_(Seconds::hours(13), plain()), Code::DurationTooLong, "Shorten to 12 h"),
        (for_(Seconds::minutes(5), chained()), Code::LeaseUnderCredentials, "Have AWS refuse them, too"),
        (for_(Seconds::hours(2), chained()), Code::ChainTooLong, "Shorten to 1 h"),
        (
            SessionRequest { reason: Some("r".repeat(257)), ..plain() },
            Code::ReasonTooLong,
            "Shorten to 256 characters",
        ),
        (scoped(Base::Managed { policies: policies(11) }), Code::PolicyCount, "Keep the first 10"),
        (besides, Code::PolicyCount, "Keep the first 9"),
        (scoped(services(21, 0)), Code::ScopeTooWide, "Keep the first 20"),
        (policy(LONGEST_POLICY), Code::PolicyLong, "Take out its spaces"),
        (policy(20_000), Code::PolicyTooLong, "Take out its spaces"),
        (long(Base::ReadOnly), Code::PolicyTooLong, "Remove the last 3 managed policies"),
        (bound, Code::PolicyTooLong, "Remove the last 3 addresses"),
        (at_home, Code::PolicyTooLong, "Remove the last 2 Regions"),
        (
            long(Base::Custom { policy: ALLOW_ALL.to_owned() }),
            Code::PolicyLong,
            "Remove the last 4 managed policies",
        ),
        (tagged(53, 1), Code::TooManyTags, "Remove the last 3 tags"),
        (tagged(51, 1), Code::TooManyTags, "Remove the last tag"),
        (tagged(3, 200), Code::TagsLong, "Remove the last tag"),
        (twice, Code::TagTwice, "Keep the first of them"),
        (SessionRequest { path: vec![], ..tagged(1, 1) }, Code::LabelsNeedChain, "Leave them out"),
        (SessionRequest { path: vec![], ..scoped(Base::ReadOnly) }, Code::ScopeNeedsChain, ""),
        (SessionRequest { path: vec![chained().path[0].clone(); 6], ..plain() }, Code::TooManyHops, ""),
    ]
}

const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// What is said of a request that no rule of an organisation concerns.
fn said(request: &SessionRequest) -> Option<Code> {
    request.check().err().or_else(|| match compiled(request) {
        Ok(sent) => request.warning(&sent),
        Err(code) => Some(code),
    })
}

fn compiled(request: &SessionRequest) -> Result<SessionPolicy, Code> {
    let region = "eu-west-1".parse().unwrap();
    let lease_end = Timestamp::from_secs(1_764_000_000);
    request.scope.compile(&Place { account: &request.role.account, region: &region, lease_end }, &OURS)
}

fn nearest(request: &SessionRequest, code: Code, longest: Option<Seconds>) -> Option<Nearest> {
    request.nearest(code, longest, |other| compiled(other).is_ok_and(|sent| sent.fits()))
}

fn limit(field: Field, text: &str) -> Option<Limit> {
    Typed { field, text: text.to_owned() }.limit()
}

#[test]
fn what_is_typed_beyond_a_limit_has_its_sentence_and_the_nearest_that_is_allowed() {
    for (field, text, code, words, near) in texts() {
        let shown: String = text.chars().take(30).collect();
        let limit = limit(field, &text).unwrap();
        assert_eq!(limit.failure, Failure::from(code), "{field:?} {shown}");
        match limit.instead {
            None => assert_eq!(words, "", "{field:?} {shown}"),
            Some(instead) => {
                assert_eq!(instead.words, words, "{field:?} {shown}");
                assert!(near.is_empty() || instead.text == near, "{}", instead.text);
                assert_eq!(self::limit(field, &instead.text), None, "{}", instead.text);
            }
        }
    }
    for (field, text) in [
        (Field::SessionName, "x".repeat(64)),
        (Field::ExternalId, "x".repeat(1224)),
        (Field::TagKey, "ü".repeat(128)),
        (Field::TagValue, String::new()),
        (Field::TagValue, "x".repeat(256)),
        (Field::Addresses, "2001:db8::/32".to_owned()),
    ] {
        assert_eq!(limit(field, &text), None, "{field:?}");
    }
}

#[test]
fn a_request_beyond_a_limit_has_its_sentence_and_the_nearest_that_is_allowed() {
    for (request, code, words) in requests() {
        assert_eq!(said(&request), Some(code));
        let nearest = nearest(&request, code, None);
        assert_eq!(nearest.as_ref().map_or("", |n| n.words.as_str()), words, "{code:?}");
        if let Some(Nearest { request, .. }) = nearest {
            assert_ne!(said(&request), Some(code), "it helps");
        }
    }
    let long = SessionRequest { duration: Seconds::hours(4), ..plain() };
    let nearest = nearest(&long, Code::DurationOverOrganisation, Some(Seconds::hours(2))).unwrap();
    assert_eq!((nearest.words.as_str(), nearest.request.duration), ("Shorten to 2 h", Seconds::hours(2)));
    assert_eq!(said(&chained()), None);
}

#[test]
fn a_policy_without_its_spaces_says_the_same() {
    let (request, code, _) = requests().into_iter().find(|(_, code, _)| *code == Code::PolicyLong).unwrap();
    let Base::Custom { policy: before } = request.scope.base.clone() else { unreachable!() };
    let Base::Custom { policy } = nearest(&request, code, None).unwrap().request.scope.base else {
        unreachable!()
    };
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&policy), read(&before));
    assert!(policy.chars().count() < 150 && policy.contains("b/a \\\" b"), "{policy}");
}

#[test]
fn characters_that_aws_does_not_take_can_be_written_so_that_it_does() {
    let policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b/\u{4e2d}\"}]}";
    let request = scoped(Base::Custom { policy: policy.to_owned() });
    let Base::Custom { policy } = nearest(&request, Code::PolicyCharacters, None).unwrap().request.scope.base
    else {
        unreachable!()
    };
    assert!(policy.ends_with("b/\\u4e2d\"}]}"), "{policy}");
}

#[derive(Serialize)]
struct Told {
    request: SessionRequest,
    refused: Option<Failure>,
    warned: Option<Failure>,
    nearest: Nearest,
}

/// `UPDATE_BINDINGS=1 cargo test -p daypass-domain` writes it.
#[test]
fn the_page_plays_this_table() {
    let texts: Vec<_> = texts()
        .into_iter()
        .map(|(field, text, ..)| serde_json::json!({ "field": field, "text": text, "limit": limit(field, &text) }))
        .collect();
    let told = |(request, code, _): (SessionRequest, Code, _)| {
        let nearest = nearest(&request, code, None)?;
        let is_refused = request.check().is_err() || compiled(&request).is_err();
        let failure = |yes: bool| yes.then(|| code.into());
        Some(Told { refused: failure(is_refused), warned: failure(!is_refused), nearest, request })
    };
    let requests: Vec<_> = requests().into_iter().filter_map(told).collect();
    let table = serde_json::json!({ "texts": texts, "requests": requests });
    let fresh = serde_json::to_string_pretty(&table).unwrap() + "\n";
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/ipc/limits.json");
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        fs::write(&committed, &fresh).unwrap();
    }
    assert!(
        fs::read_to_string(&committed).unwrap() == fresh,
        "run: UPDATE_BINDINGS=1 cargo test -p daypass-domain"
    );
}
