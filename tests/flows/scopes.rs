//! Scopes: what a narrowed lease may do, as AWS judges its signed calls.

use std::collections::BTreeMap;

use daypass_domain::{
    failure::Code,
    ids::SessionId,
    request::{Intent, Pass},
    scope::{Base, Scope, compile::Place, preset::OURS},
    time::{Seconds, Timestamp},
};
use daypass_practice::lets_pass;
use daypass_tests::{
    rig::{Rig, code},
    signed::Keys,
};

const BUCKET: &str = "audit-logs-111122223333";

fn bucket(grants: &[&str]) -> Scope {
    let base = Base::Preset {
        preset: "s3-bucket".to_owned(),
        values: BTreeMap::from([("bucket".to_owned(), BUCKET.to_owned())]),
        grants: Some(grants.iter().map(|&g| g.to_owned()).collect()),
    };
    Scope { base, ..Scope::default() }
}

/// A live lease through the organisation's role, narrowed, and its credentials.
async fn narrowed(rig: &Rig, minutes: u32, scope: Scope) -> (SessionId, Keys) {
    let mut wish = rig.chained(minutes, &["DaypassScoped"]);
    wish.scope = scope;
    let session = rig.request(wish).await.unwrap().session;
    let keys = rig.keys(&rig.ticket(&session).await.unwrap()).await;
    (session, keys)
}

async fn s3(rig: &Rig, keys: &Keys, method: &str, target: &str) -> u16 {
    rig.call(keys, "s3", method, target, if method == "PUT" { "{}" } else { "" }).await.status
}

#[tokio::test]
async fn a_lease_on_one_bucket_that_may_put_may_do_nothing_else() {
    let rig = Rig::signed_in().await;
    let (_, keys) = narrowed(&rig, 15, bucket(&["put"])).await;
    let object = format!("/{BUCKET}/replay/new.json");
    assert_eq!(s3(&rig, &keys, "PUT", &object).await, 200);
    assert_eq!(s3(&rig, &keys, "GET", &object).await, 403);
    assert_eq!(s3(&rig, &keys, "DELETE", &object).await, 403);
    assert_eq!(s3(&rig, &keys, "GET", &format!("/{BUCKET}?list-type=2&prefix=")).await, 403);
    assert_eq!(s3(&rig, &keys, "PUT", "/exports-111122223333/x").await, 403);
    assert_eq!(s3(&rig, &keys, "GET", "/").await, 403);
}

#[tokio::test]
async fn a_read_only_lease_reads_and_writes_nothing() {
    let rig = Rig::signed_in().await;
    let (_, keys) = narrowed(&rig, 15, Scope { base: Base::ReadOnly, ..Scope::default() }).await;
    assert_eq!(s3(&rig, &keys, "GET", "/").await, 200);
    assert_eq!(s3(&rig, &keys, "PUT", &format!("/{BUCKET}/x")).await, 403);
}

#[tokio::test]
async fn a_lease_for_one_service_is_refused_by_others() {
    let rig = Rig::signed_in().await;
    let base = Base::Services { services: vec!["s3".parse().unwrap()] };
    let (_, keys) = narrowed(&rig, 15, Scope { base, ..Scope::default() }).await;
    let object = format!("/{BUCKET}/x");
    let functions = "/2015-03-31/functions/replay";
    assert_eq!(s3(&rig, &keys, "PUT", &object).await, 200);
    assert_eq!(s3(&rig, &keys, "GET", "/").await, 200);
    assert_eq!(rig.call(&keys, "lambda", "GET", functions, "").await.status, 403);
    let (_, whole) = narrowed(&rig, 15, Scope::default()).await;
    assert_ne!(rig.call(&whole, "lambda", "GET", functions, "").await.status, 403, "the role itself may");
}

#[test]
fn conditions_bind_what_the_person_does_and_not_what_services_do_for_them() {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let place = Place { account: &account, region: &region, lease_end: Timestamp::from_secs(0) };
    let scope = Scope {
        regions: vec!["eu-west-1".parse().unwrap()],
        addresses: vec!["203.0.113.0/24".parse().unwrap()],
        ..Scope::default()
    };
    let policy = scope.compile(&place, &OURS).unwrap().document.unwrap();
    for (action, region, address, via_service, passes) in [
        ("sqs:SendMessage", "eu-west-1", "203.0.113.7", "false", true),
        ("sqs:SendMessage", "eu-west-1", "198.51.100.7", "false", false),
        ("sqs:SendMessage", "eu-west-1", "198.51.100.7", "true", true),
        ("sqs:SendMessage", "us-east-1", "203.0.113.7", "false", false),
        ("sqs:SendMessage", "us-east-1", "203.0.113.7", "true", false),
        ("iam:ListUsers", "us-east-1", "203.0.113.7", "false", true),
        ("iam:ListUsers", "us-east-1", "198.51.100.7", "false", false),
    ] {
        let keys =
            [("aws:RequestedRegion", region), ("aws:SourceIp", address), ("aws:ViaAWSService", via_service)];
        let judged = lets_pass(&policy, action, "*", &keys).unwrap();
        assert_eq!(judged, passes, "{action} in {region} from {address}, by a service: {via_service}");
    }
}

#[tokio::test]
async fn a_lease_in_one_region_is_refused_in_others() {
    let rig = Rig::signed_in().await;
    let scope = |region: &str| Scope { regions: vec![region.parse().unwrap()], ..bucket(&["put"]) };
    let object = format!("/{BUCKET}/x");
    let (_, here) = narrowed(&rig, 15, scope("eu-west-1")).await;
    assert_eq!(s3(&rig, &here, "PUT", &object).await, 200);
    let (_, elsewhere) = narrowed(&rig, 15, scope("us-west-2")).await;
    assert_eq!(s3(&rig, &elsewhere, "PUT", &object).await, 403);
    rig.caller(&elsewhere).await;
}

#[tokio::test]
async fn a_lease_from_one_network_is_refused_from_others() {
    let rig = Rig::signed_in().await;
    let scope = Scope { addresses: vec!["203.0.113.0/24".parse().unwrap()], ..bucket(&["put"]) };
    let (_, keys) = narrowed(&rig, 15, scope).await;
    let object = format!("/{BUCKET}/x");
    rig.practice.set_source_ip("203.0.113.7".parse().unwrap());
    assert_eq!(s3(&rig, &keys, "PUT", &object).await, 200);
    rig.practice.set_source_ip("198.51.100.7".parse().unwrap());
    assert_eq!(s3(&rig, &keys, "PUT", &object).await, 403);
}

#[tokio::test]
async fn a_lease_of_five_minutes_is_refused_by_aws_itself_after_it() {
    let rig = Rig::signed_in().await;
    let (_, keys) = narrowed(&rig, 5, Scope { until_lease_end: true, ..bucket(&["put"]) }).await;
    let object = format!("/{BUCKET}/x");
    rig.pass(Seconds::minutes(5)).await;
    assert_eq!(s3(&rig, &keys, "PUT", &object).await, 200, "to the last second");
    rig.pass(Seconds(1)).await;
    assert_eq!(s3(&rig, &keys, "PUT", &object).await, 403);
    rig.caller(&keys).await;
}

#[tokio::test]
async fn renewing_it_issues_at_once_what_lasts_as_long() {
    let rig = Rig::signed_in().await;
    let (session, before) = narrowed(&rig, 5, Scope { until_lease_end: true, ..bucket(&["put"]) }).await;
    let ticket = rig.ticket(&session).await.unwrap();
    rig.pass(Seconds::minutes(4)).await;
    rig.ask(Intent::Renew { session }).await.unwrap();
    rig.settled().await;
    assert_eq!(rig.asked("AssumeRole"), 2);
    let after = rig.keys(&ticket).await;
    rig.pass(Seconds::minutes(4)).await;
    let object = format!("/{BUCKET}/x");
    assert_eq!(s3(&rig, &before, "PUT", &object).await, 403);
    assert_eq!(s3(&rig, &after, "PUT", &object).await, 200);
}

#[tokio::test]
async fn what_is_shown_is_what_is_sent_and_what_makes_no_sense_never_leaves() {
    let rig = Rig::signed_in().await;
    let mut wish = rig.chained(15, &["DaypassScoped"]);
    wish.scope = bucket(&["put"]);
    let ask = Intent::Preview { request: Box::new(wish.clone()), probe: None };
    let preview = rig.ask(ask).await.unwrap().preview.unwrap();
    let policy = preview.policy.unwrap();
    assert!(policy.contains("s3:PutObject") && policy.contains(BUCKET), "{policy}");
    assert_eq!(preview.refused, None);
    wish.path.clear();
    assert_eq!(code(rig.request(wish.clone()).await), Some(Code::ScopeNeedsChain));
    let ask = Intent::Preview { request: Box::new(wish), probe: None };
    assert_eq!(rig.ask(ask).await.unwrap().preview.unwrap().refused.unwrap().code, Code::ScopeNeedsChain);
    assert_eq!(rig.asked("AssumeRole"), 0);
}

#[tokio::test]
async fn a_pass_is_kept_over_a_restart_and_takes_what_it_holds() {
    let mut rig = Rig::signed_in().await;
    let mut request = rig.chained(15, &["DaypassScoped"]);
    request.scope = bucket(&["put"]);
    let pass = Pass { name: "Replay audit logs".to_owned(), request, open: vec![] };
    rig.ask(Intent::SavePass { pass: Box::new(pass) }).await.unwrap();
    rig.restart().await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    let name = "Replay audit logs".to_owned();
    let session = rig.ask(Intent::TakePass { name }).await.unwrap().session.unwrap();
    rig.settled().await;
    let keys = rig.keys(&rig.ticket(&session).await.unwrap()).await;
    assert_eq!(s3(&rig, &keys, "PUT", &format!("/{BUCKET}/x")).await, 200);
    assert_eq!(s3(&rig, &keys, "GET", &format!("/{BUCKET}/x")).await, 403);
}
