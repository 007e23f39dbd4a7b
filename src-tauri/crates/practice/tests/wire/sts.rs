//! STS: only a true signature by living credentials is answered.

use std::time::Duration;

use daypass_practice::Options;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::client::{Answer, Rig, encode};

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
    assert_refused(&rig.sts("AssumeRole", &keys, rig.clock.now()).await, 400, "ValidationError");
    assert_refused(&rig.sts("GetFederationToken", &keys, rig.clock.now()).await, 403, "AccessDenied");
    assert_refused(&rig.sts("GetSessionToken", &keys, rig.clock.now()).await, 403, "AccessDenied");
}

/// When it is by the Date header of an answer.
fn date(answer: &Answer) -> OffsetDateTime {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time::PrimitiveDateTime::parse(answer.header("date"), &format).unwrap().assume_utc()
}

#[tokio::test]
async fn a_wrong_clock_is_wrong_in_the_date_header_and_in_what_is_dated_and_sts_goes_by_it() {
    for minutes in [-20, 20] {
        let rig = Rig::new().await;
        let right = rig.clock.now();
        let skew = time::Duration::minutes(minutes);
        rig.practice.set_skew(skew);
        let client = rig.register().await;
        assert_eq!(client["clientIdIssuedAt"], serde_json::json!((right + skew).unix_timestamp()));
        let keys = rig.keys().await;
        let refused = rig.sts("GetCallerIdentity", &keys, right).await;
        assert_refused(&refused, 403, "SignatureDoesNotMatch");
        let text = if minutes > 0 { "Signature expired: " } else { "Signature not yet current: " };
        assert!(refused.body.contains(text), "{}", refused.body);
        assert_eq!(date(&refused), right + skew);
        let corrected = rig.sts("GetCallerIdentity", &keys, date(&refused)).await;
        assert_eq!(corrected.status, 200, "who goes by the Date header gets through");
    }
}

#[tokio::test]
async fn every_partition_has_its_own_arns_and_knows_no_other_ones_credentials() {
    for (region, partition, console) in [
        ("us-gov-west-1", "aws-us-gov", "console.amazonaws-us-gov.com"),
        ("cn-north-1", "aws-cn", "console.amazonaws.cn"),
        ("eusc-de-east-1", "aws-eusc", "console.amazonaws-eusc.eu"),
        ("eu-west-1", "aws", "console.aws.amazon.com"),
    ] {
        let rig = Rig::with(Options { region: region.to_owned(), ..Options::default() }).await;
        assert_eq!(rig.practice.region(), region);
        let keys = rig.keys().await;
        let answer = rig.sts_in(region, "GetCallerIdentity", &keys, rig.clock.now()).await;
        assert!(answer.body.contains(&format!("<Arn>arn:{partition}:sts::111122223333:")), "{}", answer.body);
        let elsewhere = if partition == "aws" { "cn-north-1" } else { "eu-west-1" };
        let answer = rig.sts_in(elsewhere, "GetCallerIdentity", &keys, rig.clock.now()).await;
        assert_refused(&answer, 403, "InvalidClientTokenId");
        for (host, status) in [(console, 302), ("console.example.com", 400)] {
            let token = rig.signin_token(&keys, None).await.text("SigninToken");
            let destination = format!("https://{host}/console/home");
            let fields = [("Action", "login"), ("Destination", &destination), ("SigninToken", &token)];
            let login = rig.get(&format!("/federation?{}", encode(&fields))).await;
            assert_eq!(login.status, status, "{host}");
        }
    }
}
