//! AWS's limits on narrowed sessions: said before anything is sent, and held by AWS.

use std::collections::BTreeMap;

use daypass_domain::{
    chain::Tag,
    failure::Code,
    request::{Intent, Preview, SessionRequest},
    scope::{Base, Scope},
    time::Seconds,
};
use daypass_practice::Options;
use daypass_tests::rig::{Rig, code};

const BUCKET: &str = "audit-logs-111122223333";

async fn preview(rig: &Rig, request: &SessionRequest) -> Preview {
    let ask = Intent::Preview { request: Box::new(request.clone()), probe: None };
    *rig.ask(ask).await.unwrap().preview.unwrap()
}

fn custom(policy: String) -> Scope {
    Scope { base: Base::Custom { policy }, ..Scope::default() }
}

fn tag(key: &str, value: &str, transitive: bool) -> Tag {
    Tag { key: key.parse().unwrap(), value: value.parse().unwrap(), transitive }
}

#[tokio::test]
async fn until_goes_by_the_clock_of_aws_whether_ours_is_late_or_early() {
    for minutes in [-20, 0, 20] {
        let rig = Rig::new(Options { accounts: 4, roles: 10, ..Options::default() }).await;
        rig.practice.set_skew(time::Duration::minutes(minutes));
        rig.sign_in().await.unwrap();
        rig.settled().await;
        let mut wish = rig.chained(5, &["DaypassScoped"]);
        let values = BTreeMap::from([("bucket".to_owned(), BUCKET.to_owned())]);
        let base =
            Base::Preset { preset: "s3-bucket".to_owned(), values, grants: Some(vec!["put".to_owned()]) };
        wish.scope = Scope { base, until_lease_end: true, ..Scope::default() };
        let session = rig.request(wish).await.unwrap().session;
        let keys = rig.keys(&rig.ticket(&session).await.unwrap()).await;
        let object = format!("/{BUCKET}/x");
        rig.pass(Seconds::minutes(5)).await;
        let put = async |when: &str, status: u16| {
            let answer = rig.call(&keys, "s3", "PUT", &object, "{}").await;
            assert_eq!(answer.status, status, "{when}, {minutes} min off: {}", answer.body);
        };
        put("to the last second", 200).await;
        rig.pass(Seconds(1)).await;
        put("after it", 403).await;
    }
}

#[tokio::test]
async fn a_transitive_tag_holds_at_the_second_role() {
    let rig = Rig::signed_in().await;
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/Team": "ledger" } },
    }] });
    for (team, status) in [("ledger", 200), ("billing", 403)] {
        let mut wish = rig.chained(30, &["DaypassScoped", "SecondHop"]);
        wish.labels.tags = vec![tag("Team", team, true)];
        wish.scope = custom(policy.to_string());
        wish.fresh = true;
        let session = rig.request(wish).await.unwrap().session;
        let keys = rig.keys(&rig.ticket(&session).await.unwrap()).await;
        assert_eq!(rig.call(&keys, "s3", "GET", "/", "").await.status, status, "{team}");
    }
}

#[tokio::test]
async fn aws_gives_a_chained_role_an_hour_and_no_more_whatever_the_role_says() {
    let rig = Rig::signed_in().await;
    let wish = rig.wish("111122223333", "AdministratorAccess", 60);
    let session = rig.request(wish).await.unwrap().session;
    let keys = rig.keys(&rig.ticket(&session).await.unwrap()).await;
    let assume = async |seconds: u32| {
        let body = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleSessionName=dana&DurationSeconds={seconds}\
             &RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FLongRunning"
        );
        rig.call(&keys, "sts", "POST", "/", &body).await
    };
    assert_eq!(assume(3600).await.status, 200);
    let refused = assume(3601).await;
    assert!(refused.status == 400 && refused.body.contains("1 hour session limit"), "{}", refused.body);
    assert_eq!(assume(899).await.status, 400, "and no less than 15 min");
    let said = preview(&rig, &rig.chained(180, &["LongRunning"])).await;
    assert_eq!((said.refused, said.warned.unwrap().code), (None, Code::ChainTooLong));
    assert_eq!(said.nearest.unwrap().words, "Shorten to 1 h");
}

#[tokio::test]
async fn a_policy_above_2048_characters_is_warned_of_and_left_to_aws() {
    let rig = Rig::signed_in().await;
    let (pad, policy) = (
        " ".repeat(2100),
        r#""Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]"#,
    );
    let mut wish = rig.chained(30, &["DaypassScoped"]);
    wish.scope = custom(format!("{{{pad}{policy}}}"));
    let said = preview(&rig, &wish).await;
    assert!(said.is_long && said.refused.is_none());
    assert_eq!(said.warned.unwrap().code, Code::PolicyLong);
    assert_eq!(code(rig.request(wish).await), Some(Code::PolicyTooLong), "it was sent, and AWS refused it");
    assert_eq!(rig.asked("AssumeRole"), 1);
    let nearest = said.nearest.unwrap();
    assert_eq!(nearest.words, "Take out its spaces");
    rig.request(nearest.request).await.unwrap();
}

#[tokio::test]
async fn managed_policies_count_with_their_arns() {
    let rig = Rig::signed_in().await;
    let policies = vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".parse().unwrap()];
    let policy = r#""Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let pad = " ".repeat(2048 - "{".len() - policy.len() - "arn:aws:iam::aws:policy/ReadOnlyAccess".len());
    let mut wish = rig.chained(30, &["DaypassScoped"]);
    wish.scope = Scope { policies: policies.clone(), ..custom(format!("{{{pad}{policy}")) };
    let said = preview(&rig, &wish).await;
    assert_eq!((said.characters, said.warned), (2048, None));
    rig.request(wish.clone()).await.unwrap();
    wish.scope = Scope { policies, ..custom(format!("{{ {pad}{policy}")) };
    let said = preview(&rig, &wish).await;
    assert_eq!((said.characters, said.warned.unwrap().code), (2049, Code::PolicyLong));
    assert_eq!(code(rig.request(wish).await), Some(Code::PolicyTooLong), "it was sent, and AWS refused it");
}

#[tokio::test]
async fn managed_policies_go_along_with_a_preset_and_are_united_with_it() {
    let rig = Rig::signed_in().await;
    let mut wish = rig.chained(30, &["DaypassScoped"]);
    let values = BTreeMap::from([("bucket".to_owned(), BUCKET.to_owned())]);
    let base = Base::Preset { preset: "s3-bucket".to_owned(), values, grants: Some(vec!["put".to_owned()]) };
    let policies = vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".parse().unwrap()];
    wish.scope = Scope { base, policies, ..Scope::default() };
    let session = rig.request(wish).await.unwrap().session;
    let keys = rig.keys(&rig.ticket(&session).await.unwrap()).await;
    let object = format!("/{BUCKET}/x");
    assert_eq!(rig.call(&keys, "s3", "PUT", &object, "{}").await.status, 200, "the preset");
    assert_eq!(rig.call(&keys, "s3", "GET", "/", "").await.status, 200, "the managed policy");
    assert_eq!(rig.call(&keys, "s3", "DELETE", &object, "").await.status, 403, "neither");
}
