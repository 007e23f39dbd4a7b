//! The command's own words for less than a role: `request`, `pass` and `take`, as they are typed.

use std::process::{Output, Stdio};

use daypass_tests::{rig::Rig, signed::Keys, terminal::program};
use serde_json::Value;
use tokio::process::Command;

const BUCKET: &str = "audit-logs-111122223333";
const ROLE: &str = "AdministratorAccess@111122223333";
const SCOPED: &str = "arn:aws:iam::111122223333:role/DaypassScoped";
const SECOND: &str = "arn:aws:iam::111122223333:role/SecondHop";

/// Runs `daypass` as a person would whose agent this is.
async fn daypass(rig: &Rig, words: &[&str]) -> Output {
    Command::new(program("daypass"))
        .args(words)
        .env_clear()
        .env("HOME", rig.top.path())
        .env("XDG_RUNTIME_DIR", rig.top.path())
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

/// What it says of a lease, and the credentials that `daypass env` gets.
async fn lease(rig: &Rig, words: &[&str]) -> (Value, Keys) {
    let said = daypass(rig, &[words, &["--json"]].concat()).await;
    assert!(said.status.success(), "{words:?}: {}", String::from_utf8_lossy(&said.stderr));
    let lease: Value = serde_json::from_slice(&said.stdout).unwrap();
    let id = lease["session"].as_str().unwrap();
    let env = daypass(rig, &["env", "--session", id, "--json"]).await;
    assert!(env.status.success(), "{}", String::from_utf8_lossy(&env.stderr));
    let keys = Keys::read(&String::from_utf8(env.stdout).unwrap());
    (lease, keys)
}

/// What it says where it refuses, and its exit code.
async fn refused(rig: &Rig, words: &[&str]) -> (String, Option<i32>) {
    let said = daypass(rig, words).await;
    (String::from_utf8_lossy(&said.stderr).into_owned(), said.status.code())
}

#[tokio::test]
async fn a_request_for_one_bucket_may_put_there_and_list_nothing() {
    let rig = Rig::signed_in().await;
    let set = format!("bucket={BUCKET}");
    let words = ["request", ROLE, "--for", "15m", "--preset", "s3-bucket", "--set", &set, "--grant", "put"];
    let (said, keys) = lease(&rig, &[&words[..], &["--via", SCOPED]].concat()).await;
    assert_eq!(said["path"][0]["role"], SCOPED);
    let object = format!("/{BUCKET}/x");
    assert_eq!(rig.call(&keys, "s3", "PUT", &object, "{}").await.status, 200);
    assert_eq!(rig.call(&keys, "s3", "GET", &object, "").await.status, 403);
}

#[tokio::test]
async fn a_pass_through_two_roles_is_saved_and_taken() {
    let rig = Rig::signed_in().await;
    let name = "Look around";
    let words = ["pass", "save", name, ROLE, "--for", "30m", "--read-only", "--via", SCOPED, "--via", SECOND];
    let more = ["--session-name", "dana-looks", "--transitive-tag", "Team=ledger"];
    let saved = daypass(&rig, &[&words[..], &more].concat()).await;
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    let (said, keys) = lease(&rig, &["take", name]).await;
    assert_eq!(said["scope"]["base"]["kind"], "readOnly");
    assert_eq!(rig.caller(&keys).await, "arn:aws:sts::111122223333:assumed-role/SecondHop/dana-looks");
    assert_eq!(rig.call(&keys, "s3", "GET", "/", "").await.status, 200);
    assert_eq!(rig.call(&keys, "s3", "PUT", &format!("/{BUCKET}/x"), "{}").await.status, 403);
    assert_eq!(refused(&rig, &["take", "No such"]).await.1, Some(1));
    let json = async |words: &[&str]| -> Value {
        serde_json::from_slice(&daypass(&rig, &[words, &["--json"]].concat()).await.stdout).unwrap()
    };
    let passes = json(&["pass", "list"]).await;
    assert_eq!((passes.as_array().unwrap().len(), &passes[0]["name"]), (1, &Value::from(name)));
    assert_eq!(json(&["pass", "remove", name]).await["name"], name);
    assert_eq!(json(&["pass", "list"]).await, Value::from(Vec::<Value>::new()));
}

#[tokio::test]
async fn reason_and_person_travel_with_what_is_taken_where_the_role_takes_them() {
    let mut rig = Rig::signed_in().await;
    let etc = rig.top.path().join("etc");
    std::fs::create_dir_all(&etc).unwrap();
    let known = "[[chained-role]]\nname = 'Scoped'\narn = 'arn:{partition}:iam::{account}:role/DaypassScoped'\n\
        tags = true\nsource-identity = true\n[[chained-role]]\nname = 'Other'\n\
        arn = 'arn:{partition}:iam::{account}:role/LongRunning'\n";
    std::fs::write(etc.join("organisation.toml"), known).unwrap();
    rig.restart().await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    let ask = ["request", ROLE, "--for", "30m", "--reason", "INC-42: look"];
    lease(&rig, &ask).await;
    // Only a session whose own tags say why may list.
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/Reason":"INC-42: look"}}}]}"#;
    let file = rig.top.path().join("policy.json");
    std::fs::write(&file, policy).unwrap();
    for (role, listed, identity) in [("Scoped", 200, Some("dana@example.com")), ("Other", 403, None)] {
        let narrow = ["--via", role, "--policy", file.to_str().unwrap()];
        let (said, keys) = lease(&rig, &[&ask[..], &narrow].concat()).await;
        assert_eq!(rig.call(&keys, "s3", "GET", "/", "").await.status, listed, "{role}");
        let id = said["session"].as_str().unwrap().parse().unwrap();
        let labels = rig.session(&id).await.labels;
        assert_eq!(labels.source_identity.as_ref().map(|who| who.as_str()), identity, "{role}");
    }
}

#[tokio::test]
async fn what_aws_would_refuse_is_told_with_what_it_takes_and_never_sent() {
    let rig = Rig::signed_in().await;
    let long = "x".repeat(65);
    for (words, advice, exit) in [
        (vec!["--for", "13h"], "Shorten to 12 h.", 1),
        (vec!["--via", SCOPED, "--session-name", &long], "Shorten to 64 characters.", 2),
        (vec!["--via", SCOPED, "--tag", "aws:Team=x"], "Use Team.", 2),
        (vec!["--via", SCOPED, "--tag", "Team=x", "--tag", "team=y"], "Keep the first of them.", 1),
        (vec!["--read-only"], "go through a chained role", 1),
    ] {
        let (said, code) = refused(&rig, &[&["request", ROLE], &words[..]].concat()).await;
        assert!(said.contains(advice), "{words:?}: {said}");
        assert_eq!(code, Some(exit), "{words:?}");
    }
    let (said, code) = refused(&rig, &["request", ROLE, "--for", "2h", "--via", SCOPED, "--dry-run"]).await;
    assert!(said.contains("1 h at most") && code == Some(0), "{said}");
    assert_eq!((rig.asked("AssumeRole"), rig.view().await.sessions.len()), (0, 0));
}
