//! STS: only a true signature by living credentials is answered.

use std::time::Duration;

use crate::client::{Answer, Rig};

fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(answer.body.contains(&format!("<Code>{code}</Code>")), "{}", answer.body);
}

#[tokio::test]
async fn the_right_secret_is_told_who_it_is() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let answer = rig.sts("GetCallerIdentity", &keys, rig.clock.now()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml"), "{}", answer.body);
    let arn = answer.body.split_once("<Arn>").unwrap().1.split_once("</Arn>").unwrap().0;
    let role =
        arn.strip_prefix("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_ReadOnlyAccess_").unwrap();
    let fingerprint = role.strip_suffix("/dana@example.com").unwrap();
    assert!(fingerprint.len() == 16 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn a_wrong_secret_key_id_or_session_token_is_refused() {
    let rig = Rig::new().await;
    let now = rig.clock.now();
    let mut keys = rig.keys().await;
    keys.secret = keys.secret.chars().rev().collect();
    assert_refused(&rig.sts("GetCallerIdentity", &keys, now).await, 403, "SignatureDoesNotMatch");
    let mut keys = rig.keys().await;
    keys.token.push('A');
    assert_refused(&rig.sts("GetCallerIdentity", &keys, now).await, 403, "InvalidClientTokenId");
    let mut keys = rig.keys().await;
    keys.id = "ASIAAAAAAAAAAAAAAAAA".to_owned();
    assert_refused(&rig.sts("GetCallerIdentity", &keys, now).await, 403, "InvalidClientTokenId");
}

#[tokio::test]
async fn expired_credentials_are_refused_although_the_signature_is_right() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    rig.clock.advance(Duration::from_secs(3599));
    assert_eq!(rig.sts("GetCallerIdentity", &keys, rig.clock.now()).await.status, 200);
    rig.clock.advance(Duration::from_secs(1));
    assert_refused(&rig.sts("GetCallerIdentity", &keys, rig.clock.now()).await, 403, "ExpiredToken");
}

#[tokio::test]
async fn credentials_outlive_the_sign_in_they_came_from() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    rig.practice.revoke_sessions();
    assert_eq!(rig.sts("GetCallerIdentity", &keys, rig.clock.now()).await.status, 200);
}

#[tokio::test]
async fn a_clock_more_than_five_minutes_off_is_refused_both_ways() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let now = rig.clock.now();
    for seconds in [-300, 300] {
        let signed_at = now + time::Duration::seconds(seconds);
        assert_eq!(rig.sts("GetCallerIdentity", &keys, signed_at).await.status, 200);
    }
    for (seconds, text) in [(-301, "Signature expired: "), (301, "Signature not yet current: ")] {
        let answer = rig.sts("GetCallerIdentity", &keys, now + time::Duration::seconds(seconds)).await;
        assert_refused(&answer, 403, "SignatureDoesNotMatch");
        assert!(answer.body.contains(text), "{}", answer.body);
    }
    rig.practice.set_skew_checked(false);
    assert_eq!(rig.sts("GetCallerIdentity", &keys, now + time::Duration::hours(9)).await.status, 200);
}

#[tokio::test]
async fn unsigned_half_signed_and_unknown_requests_are_refused() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let unsigned = rig.send("POST", "/", &[], body).await.unwrap();
    assert_refused(&unsigned, 403, "MissingAuthenticationToken");
    let half =
        rig.send("POST", "/", &[("authorization", "AWS4-HMAC-SHA256 Credential=x")], body).await.unwrap();
    assert_refused(&half, 400, "IncompleteSignature");
    assert_refused(&rig.sts("DoWhatIMean", &keys, rig.clock.now()).await, 400, "InvalidAction");
    assert_refused(&rig.sts("AssumeRole", &keys, rig.clock.now()).await, 403, "AccessDenied");
    assert_refused(&rig.sts("GetSessionToken", &keys, rig.clock.now()).await, 403, "AccessDenied");
}
