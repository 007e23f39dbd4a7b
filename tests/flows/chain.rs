//! Chained roles: the way to them, what AWS refuses on it, and credentials issued anew when asked for.

use daypass_domain::{
    chain::{Labels, Tag},
    failure::Code,
    request::{Intent, SessionRequest},
    scope::{Base, Scope},
    time::{Expiration, Seconds, Timestamp},
    view::{Phase, Why},
};
use daypass_practice::Failure;
use daypass_reveal::{Kind, Question, reveal};
use daypass_tests::{
    http,
    rig::{Rig, START, code},
    signed::Keys,
};

const HALF: i64 = 30 * 60;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(START + seconds)
}

fn tag(key: &str, value: &str, transitive: bool) -> Tag {
    Tag { key: key.parse().unwrap(), value: value.parse().unwrap(), transitive }
}

fn with_external_id(mut wish: SessionRequest, id: &str) -> SessionRequest {
    wish.path[0].external_id = Some(id.parse().unwrap());
    wish
}

/// What `daypass env` gets.
async fn env(rig: &Rig, session: &daypass_domain::ids::SessionId) -> Keys {
    let question = Question { session: session.to_string(), kind: Kind::Keys, program: "test".to_owned() };
    let revealed = reveal(&rig.folder, &question).await.unwrap();
    Keys::read(&revealed.secret.with_str(str::to_owned))
}

/// Why AWS refuses this on the way.
async fn refusal(rig: &Rig, wish: SessionRequest) -> Option<Code> {
    code(rig.request(wish).await)
}

#[tokio::test]
async fn a_lease_serves_the_chained_role_under_the_person_s_name_and_never_the_portal_s() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(60, &["DaypassScoped"])).await.unwrap();
    let ticket = rig.ticket(&lease.session).await.unwrap();
    let keys = rig.keys(&ticket).await;
    assert_eq!(
        rig.caller(&keys).await,
        "arn:aws:sts::111122223333:assumed-role/DaypassScoped/dana@example.com"
    );
    assert_eq!(keys.expiration, at(HALF).rfc3339(), "what leaks is worth half an hour");
    let view = rig.view().await;
    assert_eq!(view.sso_sessions[0].identity.as_deref(), Some("dana@example.com"));
    let card = rig.session(&lease.session).await;
    assert_eq!(
        (card.lease_end, card.expiration),
        (Some(at(3600)), Some(Expiration(at(HALF)))),
        "both clocks"
    );
    assert_eq!(rig.asked("AssumeRole"), 1);
}

#[tokio::test]
async fn a_way_leads_through_two_roles_and_carries_what_is_transitive() {
    let rig = Rig::signed_in().await;
    let mut wish = rig.chained(60, &["DaypassScoped", "SecondHop"]);
    wish.labels = Labels {
        session_name: Some("dana-replay".parse().unwrap()),
        tags: vec![tag("Ticket", "OPS-7", true), tag("Step", "2", false)],
        source_identity: Some("dana@example.com".parse().unwrap()),
    };
    let lease = rig.request(wish).await.unwrap();
    let keys = rig.keys(&rig.ticket(&lease.session).await.unwrap()).await;
    assert_eq!(rig.caller(&keys).await, "arn:aws:sts::111122223333:assumed-role/SecondHop/dana-replay");
    assert_eq!(rig.asked("AssumeRole"), 2);
}

#[tokio::test]
async fn a_way_leads_into_another_account() {
    let rig = Rig::signed_in().await;
    let theirs = "arn:aws:iam::121212121212:role/PaymentsReader";
    let lease = rig.request(rig.chained(60, &[theirs])).await.unwrap();
    let keys = rig.keys(&rig.ticket(&lease.session).await.unwrap()).await;
    assert!(rig.caller(&keys).await.starts_with("arn:aws:sts::121212121212:assumed-role/PaymentsReader/"));
    let json = env(&rig, &lease.session).await;
    assert!(rig.caller(&json).await.contains("121212121212"));
}

#[tokio::test]
async fn each_refusal_of_a_trust_policy_has_its_own_sentence() {
    let rig = Rig::signed_in().await;
    let tagged = |role: &str| {
        let mut wish = rig.chained(60, &[role]);
        wish.labels.tags = vec![tag("Ticket", "OPS-1", false)];
        wish
    };
    let named = |role: &str| {
        let mut wish = rig.chained(60, &[role]);
        wish.labels.source_identity = Some("dana".parse().unwrap());
        wish
    };
    for role in ["Sealed", "MfaOnly", "NoSuchRole", "SecondHop", "PartnerAudit"] {
        let failed = rig.request(rig.chained(60, &[role])).await.err().unwrap();
        assert_eq!(failed.code, Code::ChainRefused, "{role}");
        for word in ["trust policy", "MFA", "external ID"] {
            assert!(failed.advice.contains(word), "{word}: {}", failed.advice);
        }
    }
    let partner = || rig.chained(60, &["PartnerAudit"]);
    let wrong = with_external_id(partner(), "acme-audit-2025");
    assert_eq!(refusal(&rig, wrong).await, Some(Code::ChainRefused));
    assert_eq!(refusal(&rig, with_external_id(partner(), "acme-audit-2026")).await, None);
    assert_eq!(refusal(&rig, tagged("Untagged")).await, Some(Code::ChainNoTags));
    assert_eq!(refusal(&rig, named("Untagged")).await, None);
    assert_eq!(refusal(&rig, named("Anonymous")).await, Some(Code::ChainNoSourceIdentity));
    assert_eq!(refusal(&rig, tagged("Anonymous")).await, None);
    let mut billing = rig.wish("777788889999", "BillingViewer", 60);
    billing.path = rig.chained(60, &["arn:aws:iam::777788889999:role/DaypassScoped"]).path;
    assert_eq!(
        refusal(&rig, billing).await,
        Some(Code::ChainNotAllowed),
        "its permission set may not assume"
    );
}

#[tokio::test]
async fn what_aws_finds_too_large_or_malformed_has_its_own_sentence() {
    let rig = Rig::signed_in().await;
    let scoped = |base| {
        let mut wish = rig.chained(60, &["DaypassScoped"]);
        wish.scope = Scope { base, ..Scope::default() };
        wish
    };
    let mut tagged = rig.chained(60, &["DaypassScoped"]);
    tagged.labels.tags = (0..3).map(|n| tag(&format!("key{n}"), &"v".repeat(250), false)).collect();
    assert_eq!(refusal(&rig, tagged).await, Some(Code::PackedTooLarge));
    let policy = |text: &str| Base::Custom { policy: text.to_owned() };
    let long = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{}"}}]}}"#,
        "a".repeat(2100)
    );
    assert_eq!(refusal(&rig, scoped(policy(&long))).await, Some(Code::PolicyTooLong));
    let unknown = "arn:aws:iam::aws:policy/NoSuchPolicy".parse().unwrap();
    let managed = scoped(Base::Managed { policies: vec![unknown] });
    assert_eq!(refusal(&rig, managed).await, Some(Code::PolicyArnUnknown));
    let odd = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Comment":"mine"}]}"#;
    assert_eq!(refusal(&rig, scoped(policy(odd))).await, Some(Code::PolicyRefused));
}

#[tokio::test]
async fn nothing_is_issued_anew_until_somebody_asks_and_then_once_for_all_who_do() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(180, &["DaypassScoped"])).await.unwrap().session;
    let ticket = rig.ticket(&lease).await.unwrap();
    rig.pass(Seconds(14 * 60 - 1)).await;
    let first = rig.keys(&ticket).await;
    assert_eq!(rig.asked("AssumeRole"), 1, "16 minutes are enough for any SDK");
    rig.pass(Seconds(61)).await;
    assert_eq!(rig.asked("AssumeRole"), 1, "time alone issues nothing");
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (url, token) = (ticket.url.clone(), ticket.token.clone());
        asked.spawn(async move { http::get(&url, &[("Authorization", &token)]).await });
    }
    for answer in asked.join_all().await {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let keys = Keys::read(&answer.body);
        assert!(!keys.is_same(&first));
        assert_eq!(keys.expiration, at(15 * 60 + HALF).rfc3339());
    }
    assert_eq!(rig.asked("AssumeRole"), 2);
    assert_eq!(rig.practice.calls("/federation/credentials"), 2);
}

#[tokio::test]
async fn a_lease_of_three_hours_serves_a_program_that_asks_now_and_then_and_ends_on_time() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(180, &["DaypassScoped"])).await.unwrap().session;
    let ticket = rig.ticket(&lease).await.unwrap();
    for minutes in [50, 100, 150, 179] {
        rig.pass(Seconds::minutes(if minutes == 179 { 29 } else { 50 })).await;
        let keys = rig.keys(&ticket).await;
        rig.caller(&keys).await;
        let until = (minutes * 60 + HALF).min(180 * 60);
        assert_eq!(keys.expiration, at(until).rfc3339(), "after {minutes} min");
    }
    rig.pass(Seconds::minutes(1)).await;
    assert_eq!(rig.fetch(&ticket).await.status, 404);
    assert_eq!(rig.session(&lease).await.ended.unwrap().why, Why::LeaseEnd);
}

#[tokio::test]
async fn where_issuing_anew_fails_programs_get_what_is_left_and_the_card_says_why() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(180, &["DaypassScoped"])).await.unwrap().session;
    let ticket = rig.ticket(&lease).await.unwrap();
    let first = rig.keys(&ticket).await;
    rig.practice.forbid_role("111122223333", "AdministratorAccess");
    rig.pass(Seconds::minutes(20)).await;
    assert!(rig.keys(&ticket).await.is_same(&first));
    let card = rig.session(&lease).await;
    assert_eq!((card.phase, card.failure.unwrap().code), (Phase::Active, Code::RoleNotAssigned));
    rig.pass(Seconds::minutes(10)).await;
    assert_eq!(rig.fetch(&ticket).await.status, 404, "nothing is left");
    rig.practice.permit_role("111122223333", "AdministratorAccess");
    assert!(!rig.keys(&ticket).await.is_same(&first), "and the lease goes on");
    assert_eq!(rig.session(&lease).await.failure, None);
}

#[tokio::test]
async fn a_program_gets_what_is_left_while_aws_does_not_answer() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(180, &["DaypassScoped"])).await.unwrap().session;
    let ticket = rig.ticket(&lease).await.unwrap();
    let first = rig.keys(&ticket).await;
    rig.pass(Seconds::minutes(20)).await;
    rig.practice.fail_next("/", Failure::Hang);
    assert!(rig.keys(&ticket).await.is_same(&first), "SDKs wait 2 s and no longer");
}

#[tokio::test]
async fn signing_out_ends_it_and_a_lapsed_sign_in_issues_nothing() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(180, &["DaypassScoped"])).await.unwrap().session;
    let ticket = rig.ticket(&lease).await.unwrap();
    rig.practice.revoke_sessions();
    rig.pass(Seconds::minutes(90)).await;
    assert_eq!(rig.fetch(&ticket).await.status, 404);
    assert_eq!(rig.session(&lease).await.failure.unwrap().code, Code::SignInLapsed);
    rig.sign_in().await.unwrap();
    rig.settled().await;
    rig.keys(&ticket).await;
    rig.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await.unwrap();
    assert_eq!(rig.fetch(&ticket).await.status, 404);
    let ended = rig.session(&lease).await.ended.unwrap();
    assert_eq!((ended.why, ended.wiped_pages), (Why::SignedOut, 3));
}

#[tokio::test]
async fn the_console_gets_an_hour_of_its_own_and_names_no_duration() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(180, &["DaypassScoped"])).await.unwrap().session;
    let ticket = rig.ticket(&lease).await.unwrap();
    let programs = rig.keys(&ticket).await;
    let url = rig.ask(Intent::Console { session: lease.clone() }).await.unwrap().url.unwrap();
    let page = http::browse(&url).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("DaypassScoped"), "{}", page.body);
    assert_eq!(
        rig.asked("getSigninToken"),
        1,
        "AWS takes no duration from a chained role, and was asked with none"
    );
    let card = rig.session(&lease).await;
    assert_eq!(card.expiration, Some(Expiration(at(3600))), "the card shows the longest that AWS holds");
    assert!(rig.keys(&ticket).await.is_same(&programs), "programs go on with their half hour");
}

#[tokio::test]
async fn env_gets_one_credential_as_long_as_aws_allows_and_no_longer_than_the_lease() {
    let rig = Rig::signed_in().await;
    let long = rig.request(rig.chained(180, &["DaypassScoped"])).await.unwrap().session;
    assert_eq!(env(&rig, &long).await.expiration, at(3600).rfc3339());
    let short = rig.request(rig.chained(20, &["LongRunning"])).await.unwrap().session;
    let keys = env(&rig, &short).await;
    assert_eq!(keys.expiration, at(20 * 60).rfc3339());
    let buckets = |rig| call_buckets(rig, &keys);
    rig.pass(Seconds::minutes(20)).await;
    assert_eq!(buckets(&rig).await, 200, "to the last second");
    rig.pass(Seconds(1)).await;
    assert_eq!(
        buckets(&rig).await,
        403,
        "AWS itself refuses it after the lease, though it lives for an hour"
    );
}

async fn call_buckets(rig: &Rig, keys: &Keys) -> u16 {
    rig.call(keys, "s3", "GET", "/", "").await.status
}

#[tokio::test]
async fn a_lease_that_ends_while_env_waits_gives_nothing() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(180, &["DaypassScoped"])).await.unwrap().session;
    rig.practice.fail_next("/", Failure::Hang);
    let question = Question { session: lease.to_string(), kind: Kind::Keys, program: "test".to_owned() };
    let folder = rig.folder.clone();
    let before = rig.practice.calls("/");
    let waiting = tokio::spawn(async move { reveal(&folder, &question).await.err().map(|f| f.code) });
    while rig.practice.calls("/") == before {
        tokio::task::yield_now().await;
    }
    rig.ask(Intent::End { session: lease.clone() }).await.unwrap();
    assert_eq!(waiting.await.unwrap(), Some(Code::SessionNotLive));
    assert_eq!(rig.session(&lease).await.ended.unwrap().wiped_pages, 1);
}

#[tokio::test]
async fn of_what_lies_between_nothing_stays() {
    let rig = Rig::signed_in().await;
    let lease = rig.request(rig.chained(60, &["DaypassScoped", "SecondHop"])).await.unwrap().session;
    let held = rig.agent.secrets.credentials.lend(&lease).unwrap();
    let issued = rig.practice.issued();
    let keys: Vec<_> = issued.iter().filter(|i| i.kind == daypass_practice::Kind::SecretAccessKey).collect();
    assert_eq!(keys.len(), 3, "the portal's, the first role's and the second's");
    assert!(held.with(|parts| parts.secret_access_key == keys[2].value), "the last one's are the session's");
    drop(held);
    assert_eq!(rig.agent.secrets.credentials.find(|_| true), Some(lease));
}

#[tokio::test]
async fn a_hop_that_fails_leaves_nothing_and_says_which_rule_it_was() {
    let rig = Rig::signed_in().await;
    let answer =
        rig.ask(Intent::Request { request: rig.chained(60, &["DaypassScoped", "Sealed"]), open: vec![] });
    let session = answer.await.unwrap().session.unwrap();
    let card = rig.session(&session).await;
    assert_eq!((card.phase, card.failure.unwrap().code), (Phase::Failed, Code::ChainRefused));
    assert!(rig.agent.secrets.credentials.lend(&session).is_none());
}
