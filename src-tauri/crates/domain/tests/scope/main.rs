//! What a scope compiles to: it fits, it reads as IAM, and it lets nothing pass that is not in it.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

mod properties;

use daypass_domain::{
    failure::Code,
    ids::{AccountId, Region},
    scope::{
        Base, LONGEST_POLICY, Scope,
        compile::{Place, SessionPolicy},
        preset::OURS,
        probe::{Probe, Verdict},
    },
    time::Timestamp,
};
use serde_json::{Value, json};

const NOON: i64 = 1_764_000_000;

struct World {
    account: AccountId,
    region: Region,
}

impl World {
    fn new() -> Self {
        Self { account: "111122223333".parse().unwrap(), region: "eu-west-1".parse().unwrap() }
    }

    fn place(&self) -> Place<'_> {
        let lease_end = Timestamp::from_secs(NOON + 600);
        Place { account: &self.account, region: &self.region, lease_end }
    }

    fn compile(&self, scope: &Scope) -> Result<SessionPolicy, Code> {
        scope.compile(&self.place(), &OURS)
    }

    fn passes(&self, scope: &Scope, action: &str, resource: &str) -> Verdict {
        self.passes_at(scope, action, resource, NOON)
    }

    fn passes_at(&self, scope: &Scope, action: &str, resource: &str, at: i64) -> Verdict {
        let probe = Probe { action: action.to_owned(), resource: resource.to_owned() };
        let policy = self.compile(scope).unwrap();
        policy.verdict(scope, &probe, &self.place(), Timestamp::from_secs(at))
    }
}

fn preset(id: &str, values: &[(&str, &str)], grants: &[&str]) -> Scope {
    let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let grants = Some(grants.iter().map(|&g| g.to_owned()).collect()).filter(|g: &Vec<_>| !g.is_empty());
    Scope { base: Base::Preset { preset: id.to_owned(), values, grants }, ..Scope::default() }
}

fn custom(policy: &str) -> Scope {
    Scope { base: Base::Custom { policy: policy.to_owned() }, ..Scope::default() }
}

fn document(policy: &SessionPolicy) -> Value {
    serde_json::from_str(policy.document.as_ref().unwrap()).unwrap()
}

/// The texts of a list that may be one alone.
fn each(list: &Value) -> Vec<String> {
    match list {
        Value::Array(all) => all.iter().flat_map(each).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    }
}

#[test]
fn the_whole_role_sends_no_policy() {
    assert_eq!(World::new().compile(&Scope::default()), Ok(SessionPolicy::default()));
}

#[test]
fn one_bucket_may_be_written_to_and_nothing_else() {
    let world = World::new();
    let scope = preset("s3-bucket", &[("bucket", "acme-audit-logs")], &["put"]);
    let sent = world.compile(&scope).unwrap();
    assert_eq!(
        document(&sent)["Statement"],
        json!([{ "Effect": "Allow", "Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": "arn:aws:s3:::acme-audit-logs/*" }])
    );
    assert_eq!(world.passes(&scope, "s3:PutObject", "arn:aws:s3:::acme-audit-logs/a"), Verdict::Passes);
    assert_eq!(world.passes(&scope, "s3:putobject", "arn:aws:s3:::acme-audit-logs/a"), Verdict::Passes);
    for (action, resource) in [
        ("s3:GetObject", "arn:aws:s3:::acme-audit-logs/a"),
        ("s3:ListBucket", "arn:aws:s3:::acme-audit-logs"),
        ("s3:PutObject", "arn:aws:s3:::acme-audit-logs-2/a"),
        ("s3:ListAllMyBuckets", "*"),
        ("iam:CreateUser", "*"),
    ] {
        assert_eq!(world.passes(&scope, action, resource), Verdict::NotAllowed, "{action} {resource}");
    }
}

#[test]
fn resources_are_named_in_the_place_of_the_session() {
    let world = World { region: "us-gov-west-1".parse().unwrap(), ..World::new() };
    let scope = preset("dynamodb-table", &[("table", "orders")], &[]);
    let own = "arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/orders";
    assert_eq!(world.passes(&scope, "dynamodb:GetItem", own), Verdict::Passes);
    for other in [
        "arn:aws-us-gov:dynamodb:us-gov-west-1:444455556666:table/orders",
        "arn:aws-us-gov:dynamodb:us-gov-east-1:111122223333:table/orders",
        "arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/orders2",
    ] {
        assert_eq!(world.passes(&scope, "dynamodb:GetItem", other), Verdict::NotAllowed, "{other}");
    }
    assert_eq!(world.passes(&scope, "dynamodb:PutItem", own), Verdict::NotAllowed, "reading only");
}

#[test]
fn conditions_deny_whatever_else_allows() {
    let world = World::new();
    let scope = Scope {
        base: Base::ReadOnly,
        policies: Vec::new(),
        regions: vec!["eu-west-1".parse().unwrap()],
        addresses: vec!["203.0.113.0/24".parse().unwrap()],
        until_lease_end: true,
    };
    let sent = world.compile(&scope).unwrap();
    assert_eq!(sent.arns, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    let statements = document(&sent)["Statement"].as_array().unwrap().clone();
    assert_eq!(statements.len(), 3);
    assert!(
        statements.iter().all(|s| s["Effect"] == "Deny"),
        "a managed policy is bound by no condition of ours"
    );
    assert_eq!(statements[1]["Condition"]["Bool"]["aws:ViaAWSService"], json!("false"));
    assert_eq!(
        statements[2]["Condition"]["DateGreaterThan"]["aws:CurrentTime"],
        json!("2025-11-24T16:10:00Z")
    );
    let here = "arn:aws:sqs:eu-west-1:111122223333:q";
    assert_eq!(
        world.passes(&scope, "sqs:ListQueues", here),
        Verdict::Unknown,
        "what the managed policy says"
    );
    assert_eq!(world.passes_at(&scope, "sqs:ListQueues", here, NOON + 601), Verdict::Denied);
    assert_eq!(
        world.passes(&scope, "sqs:ListQueues", "arn:aws:sqs:eu-west-2:111122223333:q"),
        Verdict::Denied
    );
    assert_eq!(world.passes(&scope, "iam:ListUsers", "*"), Verdict::Unknown, "IAM has no Region");
}

#[test]
fn managed_policies_go_along_and_conditions_bind_them_too() {
    let world = World::new();
    let bucket = preset("s3-bucket", &[("bucket", "abc")], &["get"]);
    let policies = vec!["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess".parse().unwrap()];
    let scope = Scope { policies, until_lease_end: true, ..bucket };
    let sent = world.compile(&scope).unwrap();
    assert_eq!(sent.arns, ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]);
    assert_eq!(document(&sent)["Statement"][1]["Effect"], "Deny");
    assert_eq!(world.passes(&scope, "s3:GetObject", "arn:aws:s3:::abc/x"), Verdict::Passes);
    let queue = "arn:aws:sqs:eu-west-1:111122223333:q";
    assert_eq!(world.passes(&scope, "sqs:ListQueues", queue), Verdict::Unknown, "the managed one decides");
    assert_eq!(world.passes_at(&scope, "sqs:ListQueues", queue, NOON + 601), Verdict::Denied);
    let whole = Scope { policies: scope.policies, ..Scope::default() };
    assert_eq!(world.compile(&whole), Err(Code::PoliciesBesideWhole));
}

#[test]
fn a_managed_policy_named_twice_goes_along_once() {
    let policy = |name: &str| format!("arn:aws:iam::aws:policy/{name}").parse().unwrap();
    let twice = Scope {
        base: Base::ReadOnly,
        policies: vec![policy("ReadOnlyAccess"), policy("AmazonSQSReadOnlyAccess"), policy("ReadOnlyAccess")],
        ..Scope::default()
    };
    let sent = World::new().compile(&twice).unwrap();
    let arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"];
    assert_eq!(sent.arns, arns);
}

#[test]
fn a_custom_policy_is_sent_as_it_was_written() {
    let world = World::new();
    let text = "{ \"Version\": \"2012-10-17\",\n  \"Statement\": {\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"} }";
    assert_eq!(world.compile(&custom(text)).unwrap().document.as_deref(), Some(text));
    let bound = Scope { until_lease_end: true, ..custom(text) };
    let statements = document(&world.compile(&bound).unwrap())["Statement"].as_array().unwrap().clone();
    assert_eq!((statements.len(), &statements[1]["Effect"]), (2, &json!("Deny")));
    let long = format!("{text}{}", " ".repeat(LONGEST_POLICY));
    assert!(world.compile(&custom(&long)).is_ok(), "its length is AWS's to judge");
}

#[test]
fn a_mistake_in_a_custom_policy_is_named_with_its_place() {
    let world = World::new();
    let mistake = |text: &str| {
        let [found, bound] = [false, true].map(|until_lease_end| {
            let scope = Scope { until_lease_end, ..custom(text) };
            world.compile(&scope).unwrap().mistake().map(|m| (m.failure.code, m.line, m.column))
        });
        assert_eq!(bound, found, "it stands where it was written, whatever else is asked for");
        found
    };
    let statement = |inner: &str| format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{{{inner}}}]}}");
    assert_eq!(mistake("{\n  \"Version\": x}"), Some((Code::PolicyNotJson, Some(2), Some(14))));
    assert_eq!(mistake(&statement("\"Effect\":\"Permit\"")).unwrap().0, Code::PolicyWrong);
    for (inner, code) in [
        ("\"Effect\":\"Allow\",\"Action\":\"GetObject\",\"Resource\":\"*\"", Code::PolicyAction),
        ("\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"bucket\"", Code::PolicyResource),
        (
            "\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"",
            Code::PolicyPrincipal,
        ),
    ] {
        assert_eq!(mistake(&statement(inner)).map(|m| m.0), Some(code), "{inner}");
    }
    assert_eq!(mistake("{\"\u{4e2d}\": 1}").unwrap().0, Code::PolicyCharacters);
    assert_eq!(
        mistake(&statement("\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"")),
        None
    );
}

#[test]
fn hostile_parameters_are_refused_or_harmless() {
    let world = World::new();
    for hostile in [
        "*",
        "a*",
        "?x",
        "${aws:username}",
        "a\"b",
        "a/../b",
        "a,b",
        "a b",
        "\u{202e}x",
        "{account}",
        "a:b",
        "ä",
    ] {
        let bucket = preset("s3-bucket", &[("bucket", hostile)], &[]);
        assert_eq!(world.compile(&bucket), Err(Code::ParameterInvalid), "{hostile:?}");
        let table = preset("dynamodb-table", &[("table", hostile)], &[]);
        assert_eq!(world.compile(&table), Err(Code::ParameterInvalid), "{hostile:?}");
    }
    assert_eq!(world.compile(&preset("s3-bucket", &[("bucket", " ")], &[])), Err(Code::ParameterMissing));
    assert_eq!(world.compile(&preset("s3-bucket", &[("bucket", "abc")], &["none"])), Err(Code::NoGrants));
    assert_eq!(world.compile(&preset("nothing", &[], &[])), Err(Code::UnknownPreset));
    let odd = preset("s3-bucket", &[("bucket", "abc"), ("prefix", "größe/\u{4e2d}/")], &["get"]);
    let sent = world.compile(&odd).unwrap();
    assert!(sent.document.as_ref().unwrap().is_ascii() && sent.mistake().is_none());
    assert_eq!(document(&sent)["Statement"][0]["Resource"], "arn:aws:s3:::abc/größe/\u{4e2d}/*");
}

#[test]
fn a_list_below_a_prefix_says_so_and_one_of_all_needs_none() {
    let world = World::new();
    let sent =
        |values: &[(&str, &str)]| document(&world.compile(&preset("s3-bucket", values, &["list"])).unwrap());
    let below = sent(&[("bucket", "abc"), ("prefix", "2026/")]);
    assert_eq!(below["Statement"][0]["Condition"]["StringLike"]["s3:prefix"], json!("2026/*"));
    assert_eq!(sent(&[("bucket", "abc")])["Statement"][0]["Condition"], Value::Null);
}
