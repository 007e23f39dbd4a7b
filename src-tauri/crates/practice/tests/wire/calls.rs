//! Calls: what a narrowed session may do with the services, and what they answer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Answer, Keys, Rig};
use crate::signed::{Signed, element};

const BUCKET: &str = "/audit-logs-111122223333";

/// A session of the organisation's role in payments-prod, narrowed by these statements.
async fn narrowed(rig: &Rig, statements: Value) -> Keys {
    let keys = rig.keys_of("111122223333", "AdministratorAccess").await;
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    rig.assumed(&keys, "DaypassScoped", &[("Policy", &policy)]).await
}

fn assert_denied(answer: &Answer, message: &str) {
    assert_eq!((answer.status, element(answer, "Code").as_str()), (403, "AccessDenied"), "{}", answer.body);
    assert!(element(answer, "Message").ends_with(message), "{}", answer.body);
}

#[tokio::test]
async fn a_put_only_session_may_put_and_nothing_else() {
    let rig = Rig::new().await;
    let put_only = json!({ "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::audit-logs-111122223333/*" });
    let keys = narrowed(&rig, put_only).await;
    let object = format!("{BUCKET}/replay/new.json");
    assert_eq!(rig.s3(&keys, "PUT", &object, "{}").await.status, 200);
    let because = |action: &str| format!("because no session policy allows the {action} action");
    assert_denied(&rig.s3(&keys, "GET", &object, "").await, &because("s3:GetObject"));
    assert_denied(&rig.s3(&keys, "DELETE", &object, "").await, &because("s3:DeleteObject"));
    let listing = format!("{BUCKET}?list-type=2&prefix=");
    assert_denied(&rig.s3(&keys, "GET", &listing, "").await, &because("s3:ListBucket"));
    assert_denied(&rig.s3(&keys, "GET", "/", "").await, &because("s3:ListAllMyBuckets"));
    let elsewhere = rig.s3(&keys, "PUT", "/exports-111122223333/x", "").await;
    assert_denied(&elsewhere, &because("s3:PutObject"));
    assert!(
        element(&elsewhere, "Message")
            .contains("on resource: &quot;arn:aws:s3:::exports-111122223333/x&quot;")
    );
    let calls = rig.practice.requests();
    assert_eq!(calls.last().unwrap().action, Some("s3:PutObject"), "the log says what was asked for");
}

#[tokio::test]
async fn a_session_with_until_is_refused_after_it_although_its_credentials_live() {
    let rig = Rig::new().await;
    let until = "2026-03-02T09:17:00Z";
    let keys = narrowed(&rig, json!([
        { "Effect": "Allow", "Action": "s3:*", "Resource": "*" },
        { "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": { "DateGreaterThanEquals": { "aws:CurrentTime": until } } },
    ]))
    .await;
    rig.clock.advance(Duration::from_secs(299));
    assert_eq!(rig.s3(&keys, "GET", "/", "").await.status, 200);
    rig.clock.advance(Duration::from_secs(1));
    assert_denied(&rig.s3(&keys, "GET", "/", "").await, "with an explicit deny in a session policy");
    assert_eq!(rig.sts("GetCallerIdentity", &keys, rig.clock.now()).await.status, 200);
}

#[tokio::test]
async fn regions_and_addresses_are_those_of_the_request() {
    let rig = Rig::new().await;
    let keys = narrowed(&rig, json!([
        { "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*" },
        { "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": { "StringNotEquals": { "aws:RequestedRegion": "eu-west-1" } } },
        { "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
            "NotIpAddress": { "aws:SourceIp": "127.0.0.0/8" }, "Bool": { "aws:ViaAWSService": "false" } } },
    ]))
    .await;
    let list = |region: &'static str| {
        let headers = &[("x-amz-target", "DynamoDB_20120810.ListTables")];
        Signed { service: "dynamodb", region, method: "POST", target: "/", headers, body: "{}" }
    };
    let here = rig.signed_at(rig.clock.now(), &keys, &list("eu-west-1")).await;
    assert_eq!(here.json(), json!({ "TableNames": ["orders", "sessions"] }));
    let elsewhere = rig.signed_at(rig.clock.now(), &keys, &list("us-east-1")).await;
    assert_eq!((elsewhere.status, elsewhere.text("__type").as_str()), (400, "AccessDeniedException"));
    rig.practice.set_source_ip("203.0.113.9".parse().unwrap());
    let outside = rig.signed_at(rig.clock.now(), &keys, &list("eu-west-1")).await;
    assert!(
        outside.text("message").ends_with("with an explicit deny in a session policy"),
        "{}",
        outside.body
    );
}

#[tokio::test]
async fn managed_policies_narrow_to_what_they_allow_and_are_united_with_the_inline_one() {
    let rig = Rig::new().await;
    let keys = rig.keys_of("111122223333", "AdministratorAccess").await;
    let arn = ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess");
    let inline =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}}"#;
    let object = format!("{BUCKET}/x");
    for (more, expected) in [(&[arn][..], 403), (&[arn, ("Policy", inline)], 200)] {
        let narrow = rig.assumed(&keys, "DaypassScoped", more).await;
        assert_eq!(rig.s3(&narrow, "GET", "/", "").await.status, 200);
        assert_eq!(rig.s3(&narrow, "PUT", &object, "").await.status, expected);
    }
}

#[tokio::test]
async fn a_portal_role_may_what_its_permission_set_says() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let read = rig.s3(&keys, "GET", &format!("{BUCKET}/replay/README.txt"), "").await;
    assert_eq!((read.status, read.body.as_str()), (200, r#"{"events":[]}"#));
    let put = rig.s3(&keys, "PUT", &format!("{BUCKET}/x"), "").await;
    assert_denied(&put, "because no identity-based policy allows the s3:PutObject action");
    let secret = rig.json(&keys, "secretsmanager", "GetSecretValue", r#"{"SecretId":"partner/token"}"#).await;
    assert_eq!(secret.text("__type"), "AccessDeniedException");
    let theirs = rig.s3(&keys, "GET", "/audit-logs-444455556666?list-type=2", "").await;
    assert_denied(&theirs, "Access Denied");
    let nobodys = rig.s3(&keys, "GET", "/nobodys?list-type=2", "").await;
    assert_eq!(element(&nobodys, "Code"), "NoSuchBucket");
}

#[tokio::test]
async fn a_key_that_is_missing_is_told_only_to_who_may_list() {
    let rig = Rig::new().await;
    let get = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
    let keys = narrowed(&rig, get).await;
    let missing = format!("{BUCKET}/missing");
    assert_denied(&rig.s3(&keys, "GET", &missing, "").await, "allows the s3:ListBucket action");
    let reader = rig.keys().await;
    assert_eq!(element(&rig.s3(&reader, "GET", &missing, "").await, "Code"), "NoSuchKey");
}

#[tokio::test]
async fn s3_has_its_own_words_for_credentials_that_are_no_good_and_so_have_the_json_services() {
    let rig = Rig::new().await;
    let mut keys = rig.keys().await;
    rig.clock.advance(Duration::from_secs(3600));
    assert_eq!(element(&rig.s3(&keys, "GET", "/", "").await, "Code"), "ExpiredToken");
    assert_eq!(rig.json(&keys, "ssm", "GetParameter", "{}").await.text("__type"), "ExpiredTokenException");
    keys.secret.push('x');
    assert_eq!(element(&rig.s3(&keys, "GET", "/", "").await, "Code"), "SignatureDoesNotMatch");
    assert_eq!(
        rig.json(&keys, "ssm", "GetParameter", "{}").await.text("__type"),
        "InvalidSignatureException"
    );
    keys.id = "ASIAAAAAAAAAAAAAAAAA".to_owned();
    assert_eq!(element(&rig.s3(&keys, "GET", "/", "").await, "Code"), "InvalidAccessKeyId");
    assert_eq!(
        rig.json(&keys, "ssm", "GetParameter", "{}").await.text("__type"),
        "UnrecognizedClientException"
    );
}

#[tokio::test]
async fn a_body_in_chunks_is_put_together_and_a_body_that_was_changed_is_refused() {
    let rig = Rig::new().await;
    let keys = rig.keys_of("111122223333", "AdministratorAccess").await;
    let put = |headers, body| Signed {
        service: "s3",
        region: "eu-west-1",
        method: "PUT",
        target: "/audit-logs-111122223333/a%20b%2Bc",
        headers,
        body,
    };
    let chunked = [("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")];
    let body = "3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
    assert_eq!(rig.signed_at(rig.clock.now(), &keys, &put(&chunked, body)).await.status, 200);
    let read = rig.s3(&keys, "GET", "/audit-logs-111122223333/a%20b%2Bc", "").await;
    assert_eq!(read.body, "abcde");
    let listed = rig.s3(&keys, "GET", "/audit-logs-111122223333?list-type=2&prefix=a", "").await;
    assert_eq!(element(&listed, "Key"), "a b+c");
    let wrong =
        [("x-amz-content-sha256", "0000000000000000000000000000000000000000000000000000000000000000")];
    let refused = rig.signed_at(rig.clock.now(), &keys, &put(&wrong, "abc")).await;
    assert_eq!(element(&refused, "Code"), "SignatureDoesNotMatch");
    let short = rig.signed_at(rig.clock.now(), &keys, &put(&chunked, "9\r\nabc\r\n0\r\n\r\n")).await;
    assert_eq!(element(&short, "Code"), "IncompleteBody");
}

#[tokio::test]
async fn one_thing_of_each_service_can_be_all_that_a_session_reaches() {
    let rig = Rig::new().await;
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-1:111122223333:{rest}");
    for (service, action, resource, allowed, refused) in [
        (
            "dynamodb",
            "dynamodb:GetItem",
            arn("dynamodb", "table/orders"),
            ("GetItem", r#"{"TableName":"orders","Key":{"id":{"S":"o-1001"}}}"#),
            ("GetItem", r#"{"TableName":"sessions","Key":{"id":{"S":"s-1"}}}"#),
        ),
        (
            "logs",
            "logs:FilterLogEvents",
            arn("logs", "log-group:/acme/checkout:*"),
            ("FilterLogEvents", r#"{"logGroupName":"/acme/checkout"}"#),
            ("FilterLogEvents", r#"{"logGroupName":"/aws/lambda/replay-audit"}"#),
        ),
        (
            "ssm",
            "ssm:GetParametersByPath",
            arn("ssm", "parameter/checkout*"),
            ("GetParametersByPath", r#"{"Path":"/checkout","Recursive":true}"#),
            ("GetParametersByPath", r#"{"Path":"/shared"}"#),
        ),
        (
            "secretsmanager",
            "secretsmanager:GetSecretValue",
            arn("secretsmanager", "secret:partner/token-??????"),
            ("GetSecretValue", r#"{"SecretId":"partner/token"}"#),
            ("GetSecretValue", r#"{"SecretId":"checkout/database"}"#),
        ),
    ] {
        let keys = narrowed(&rig, json!({ "Effect": "Allow", "Action": action, "Resource": resource })).await;
        let answer = rig.json(&keys, service, allowed.0, allowed.1).await;
        assert_eq!(answer.status, 200, "{service}: {}", answer.body);
        let answer = rig.json(&keys, service, refused.0, refused.1).await;
        assert_eq!(answer.text("__type"), "AccessDeniedException", "{service}: {}", answer.body);
    }
    let replay = arn("lambda", "function:replay-audit");
    let invoke = json!({ "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": replay });
    let keys = narrowed(&rig, invoke).await;
    for (function, status) in
        [("replay-audit", 200), (replay.replace(':', "%3A").as_str(), 200), ("checkout", 403)]
    {
        let target = format!("/2015-03-31/functions/{function}/invocations");
        let request = Signed {
            service: "lambda",
            region: "eu-west-1",
            method: "POST",
            target: &target,
            headers: &[],
            body: "{}",
        };
        let answer = rig.signed_at(rig.clock.now(), &keys, &request).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test]
async fn what_is_not_served_is_said_and_a_bucket_may_be_called_like_a_path_of_ours() {
    let rig = Rig::new().await;
    let keys = rig.keys().await;
    let request =
        Signed { service: "ec2", region: "eu-west-1", method: "POST", target: "/", headers: &[], body: "" };
    let answer = rig.signed_at(rig.clock.now(), &keys, &request).await;
    assert!(element(&answer, "Message").contains("serve ec2"), "{}", answer.body);
    let unknown = rig.json(&keys, "kinesis", "ListStreams", "{}").await;
    assert_eq!(unknown.text("__type"), "UnknownOperationException");
    let console = rig.s3(&keys, "GET", "/console/x", "").await;
    assert_eq!(element(&console, "Code"), "NoSuchBucket");
}
