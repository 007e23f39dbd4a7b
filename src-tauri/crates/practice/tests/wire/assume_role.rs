//! AssumeRole: who gets into which role, with what, and in which words the others are refused.

use std::time::Duration;

use daypass_practice::{ChainedRole, Kind};
use serde_json::json;

use crate::client::{Answer, Keys, Rig};
use crate::signed::element;

const ADMINISTRATOR: &str = "AdministratorAccess";

async fn signed_in() -> (Rig, Keys) {
    let rig = Rig::new().await;
    let keys = rig.keys_of("111122223333", ADMINISTRATOR).await;
    (rig, keys)
}

fn assert_refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, element(answer, "Code").as_str()), (status, code), "{}", answer.body);
    assert!(element(answer, "Message").contains(message), "{}", answer.body);
}

/// AccessDenied, in the sentence of AWS that names the caller, the action and the role.
fn assert_denied(answer: &Answer, action: &str, role: &str) {
    let ends =
        format!("is not authorized to perform: {action} on resource: arn:aws:iam::111122223333:role/{role}");
    assert_refused(answer, 403, "AccessDenied", &ends);
    let begins = "User: arn:aws:sts::111122223333:assumed-role/";
    assert!(element(answer, "Message").starts_with(begins), "{}", answer.body);
}

#[tokio::test]
async fn a_portal_role_gets_into_the_organisation_s_role_for_an_hour_and_is_told_who_it_is() {
    let (rig, keys) = signed_in().await;
    let tags = [("Tags.member.1.Key", "Ticket"), ("Tags.member.1.Value", "OPS-1")];
    let more = [&tags[..], &[("SourceIdentity", "dana@example.com"), ("DurationSeconds", "1800")]].concat();
    let answer = rig.assume(&keys, "DaypassScoped", &more).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml"), "{}", answer.body);
    let arn = "arn:aws:sts::111122223333:assumed-role/DaypassScoped/dana";
    assert_eq!(element(&answer, "Arn"), arn);
    assert!(element(&answer, "AssumedRoleId").starts_with("AROA"));
    assert_eq!(element(&answer, "SourceIdentity"), "dana@example.com");
    assert_eq!(element(&answer, "Expiration"), "2026-03-02T09:42:00Z");
    assert_eq!(element(&answer, "PackedPolicySize"), "3");
    let secret = element(&answer, "SecretAccessKey");
    assert!(rig.practice.issued().iter().any(|one| one.kind == Kind::SecretAccessKey && one.value == secret));
    let chained = rig.assumed(&keys, "DaypassScoped", &[]).await;
    let who = rig.sts("GetCallerIdentity", &chained, rig.clock.now()).await;
    assert_eq!(element(&who, "Arn"), arn);
    rig.clock.advance(Duration::from_secs(3600));
    let late = rig.sts("GetCallerIdentity", &chained, rig.clock.now()).await;
    assert_refused(&late, 403, "ExpiredToken", "expired");
}

#[tokio::test]
async fn nothing_to_pack_has_no_packed_size() {
    let (rig, keys) = signed_in().await;
    let answer = rig.assume(&keys, "DaypassScoped", &[]).await;
    assert!(!answer.body.contains("PackedPolicySize") && !answer.body.contains("SourceIdentity"));
}

#[tokio::test]
async fn each_role_asks_for_what_its_trust_policy_says() {
    let (rig, keys) = signed_in().await;
    let tagged = [("Tags.member.1.Key", "Ticket"), ("Tags.member.1.Value", "OPS-1")];
    let source = [("SourceIdentity", "dana@example.com")];
    let both = [&tagged[..], &source].concat();
    for (role, more, refused_action) in [
        ("PartnerAudit", &[][..], Some("sts:AssumeRole")),
        ("PartnerAudit", &[("ExternalId", "acme-audit-2025")], Some("sts:AssumeRole")),
        ("PartnerAudit", &[("ExternalId", "acme-audit-2026")], None),
        ("MfaOnly", &[], Some("sts:AssumeRole")),
        ("Sealed", &[], Some("sts:AssumeRole")),
        ("NoSuchRole", &[], Some("sts:AssumeRole")),
        ("SecondHop", &[], Some("sts:AssumeRole")),
        ("PaymentsReader", &[], Some("sts:AssumeRole")),
        ("Untagged", &[], None),
        ("Untagged", &tagged, Some("sts:TagSession")),
        ("Anonymous", &[], None),
        ("Anonymous", &source, Some("sts:SetSourceIdentity")),
        ("Ticketed", &tagged, Some("sts:AssumeRole")),
        ("Ticketed", &both, None),
    ] {
        let answer = rig.assume(&keys, role, more).await;
        match refused_action {
            Some(action) => assert_denied(&answer, action, role),
            None => assert_eq!(answer.status, 200, "{role} {more:?}: {}", answer.body),
        }
    }
}

#[tokio::test]
async fn a_role_of_another_account_lets_in_only_the_account_it_trusts() {
    let (rig, keys) = signed_in().await;
    let theirs = "arn:aws:iam::121212121212:role/PaymentsReader";
    let chained = rig.assumed(&keys, theirs, &[]).await;
    let who = rig.sts("GetCallerIdentity", &chained, rig.clock.now()).await;
    assert_eq!(element(&who, "Account"), "121212121212");
    let strangers = rig.keys_of("777788889999", ADMINISTRATOR).await;
    let answer = rig.assume(&strangers, theirs, &[]).await;
    assert_refused(&answer, 403, "AccessDenied", &format!("sts:AssumeRole on resource: {theirs}"));
    let scoped = rig.assume(&keys, "arn:aws:iam::121212121212:role/DaypassScoped", &[]).await;
    assert_refused(&scoped, 403, "AccessDenied", "sts:AssumeRole");
}

#[tokio::test]
async fn a_permission_set_that_may_not_assume_roles_is_told_which_policy_is_missing() {
    let rig = Rig::new().await;
    let keys = rig.keys_of("777788889999", "BillingViewer").await;
    let answer = rig.assume(&keys, "arn:aws:iam::777788889999:role/DaypassScoped", &[]).await;
    let because = "because no identity-based policy allows the sts:AssumeRole action";
    assert_refused(&answer, 403, "AccessDenied", because);
}

#[tokio::test]
async fn a_trust_policy_that_names_the_role_itself_needs_no_permission_in_the_same_account() {
    let rig = Rig::new().await;
    let keys = rig.keys_of("777788889999", "BillingViewer").await;
    let role = ChainedRole {
        account_id: "777788889999".to_owned(),
        name: "team/Invoices".to_owned(),
        trust: json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole",
            "Condition": { "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::777788889999:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_BillingViewer_*" } },
        }})
        .to_string(),
        policies: Vec::new(),
        max_session_duration: Duration::from_secs(3600),
    };
    rig.practice.put_role(&role).unwrap();
    let chained = rig.assumed(&keys, "arn:aws:iam::777788889999:role/team/Invoices", &[]).await;
    let who = rig.sts("GetCallerIdentity", &chained, rig.clock.now()).await;
    assert_eq!(element(&who, "Arn"), "arn:aws:sts::777788889999:assumed-role/Invoices/dana");
    let broken = ChainedRole { trust: "{}".to_owned(), ..role };
    assert!(rig.practice.put_role(&broken).is_err());
}

#[tokio::test]
async fn a_deny_in_a_trust_policy_is_named() {
    let (rig, keys) = signed_in().await;
    let statement = |effect: &str, action: &str| {
        let account = json!({ "AWS": "111122223333" });
        json!({ "Effect": effect, "Principal": account, "Action": action })
    };
    let statements = [statement("Allow", "sts:*"), statement("Deny", "sts:TagSession")];
    let role = ChainedRole {
        account_id: "111122223333".to_owned(),
        name: "Shut".to_owned(),
        trust: json!({ "Version": "2012-10-17", "Statement": statements }).to_string(),
        policies: Vec::new(),
        max_session_duration: Duration::from_secs(3600),
    };
    rig.practice.put_role(&role).unwrap();
    assert_eq!(rig.assume(&keys, "Shut", &[]).await.status, 200);
    let tags = [("Tags.member.1.Key", "Ticket"), ("Tags.member.1.Value", "OPS-1")];
    let refused = rig.assume(&keys, "Shut", &tags).await;
    assert_denied(&refused, "sts:TagSession", "Shut with an explicit deny in a resource-based policy");
}

#[tokio::test]
async fn an_hour_is_all_there_is_in_a_chain_whatever_the_role_allows() {
    let (rig, keys) = signed_in().await;
    let longer = [("DurationSeconds", "3601")];
    for role in ["DaypassScoped", "LongRunning"] {
        let answer = rig.assume(&keys, role, &longer).await;
        let message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        assert_refused(&answer, 400, "ValidationError", message);
    }
    let hour = rig.assume(&keys, "LongRunning", &[("DurationSeconds", "3600")]).await;
    assert_eq!(element(&hour, "Expiration"), "2026-03-02T10:12:00Z");
    let shut = rig.assume(&keys, "Sealed", &longer).await;
    assert_denied(&shut, "sts:AssumeRole", "Sealed");
}

#[tokio::test]
async fn what_is_malformed_too_long_or_too_large_is_told_in_aws_s_words() {
    let (rig, keys) = signed_in().await;
    let long = "x".repeat(2049);
    let noise: String = rig.practice.issued().iter().map(|one| one.value.as_str()).collect();
    let noise = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{}"}}]}}"#,
        noise.chars().filter(char::is_ascii_alphanumeric).take(1900).collect::<String>()
    );
    let value = "v".repeat(250);
    let tags = ["1", "2"].map(|number| {
        [
            (format!("Tags.member.{number}.Key"), format!("key{number}")),
            (format!("Tags.member.{number}.Value"), value.clone()),
        ]
    });
    let tags: Vec<(&str, &str)> =
        tags.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let elsewhere = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws-cn:s3:::x"}}"#;
    let arn = "PolicyArns.member.1.arn";
    for (more, code, message) in [
        (
            &[("RoleSessionName", "d")][..],
            "ValidationError",
            "at &#39;roleSessionName&#39; failed to satisfy",
        ),
        (&[("DurationSeconds", "899")], "ValidationError", "greater than or equal to 900"),
        (&[("Policy", &long)], "ValidationError", "less than or equal to 2048"),
        (&[("RoleArn", "arn:aws:iam::1:role/much-too-short")], "ValidationError", "is invalid"),
        (&[("Policy", elsewhere)], "MalformedPolicyDocument", "is not valid for resource"),
        (&[("Policy", "{")], "MalformedPolicyDocument", "This policy contains invalid Json"),
        (&[("Policy", &noise)], "PackedPolicyTooLarge", "Packed policy consumes"),
        (&tags, "PackedPolicyTooLarge", "Packed size of session tags consumes 112% of allotted space."),
        (&[(arn, "arn:aws:iam::111122223333:policy/Own")], "ValidationError", "does not exist"),
    ] {
        let answer = rig.assume(&keys, "DaypassScoped", more).await;
        assert_refused(&answer, 400, code, message);
    }
    let mfa = [("SerialNumber", "arn:aws:iam::111122223333:mfa/dana"), ("TokenCode", "123456")];
    let answer = rig.assume(&keys, "DaypassScoped", &mfa).await;
    assert_refused(&answer, 403, "AccessDenied", "MultiFactorAuthentication failed");
}

#[tokio::test]
async fn transitive_tags_and_the_source_identity_go_down_the_chain_and_can_not_be_replaced() {
    let (rig, keys) = signed_in().await;
    let more = [
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "ledger"),
        ("Tags.member.2.Key", "Ticket"),
        ("Tags.member.2.Value", "OPS-1"),
        ("TransitiveTagKeys.member.1", "Team"),
        ("SourceIdentity", "dana@example.com"),
    ];
    let first = rig.assumed(&keys, "DaypassScoped", &more).await;
    let second = rig.assume(&first, "SecondHop", &[]).await;
    assert_eq!(element(&second, "SourceIdentity"), "dana@example.com");
    // Team with its value alone: ten characters of 455.
    assert_eq!(element(&second, "PackedPolicySize"), "3");
    let again = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "other")];
    let conflict = rig.assume(&first, "SecondHop", &again).await;
    assert_refused(&conflict, 400, "ValidationError", "conflicts with a transitive tag key");
    let other = rig.assume(&first, "SecondHop", &[("SourceIdentity", "someone-else")]).await;
    assert_denied(&other, "sts:SetSourceIdentity", "SecondHop");
    // What the first session brings along, the second role has to allow although nobody asked for it.
    let untagged = rig.assume(&first, "Untagged", &[]).await;
    assert_denied(&untagged, "sts:TagSession", "Untagged");
    let anonymous = rig.assume(&first, "Anonymous", &[]).await;
    assert_denied(&anonymous, "sts:SetSourceIdentity", "Anonymous");
}

#[tokio::test]
async fn a_session_policy_binds_the_next_assume_role_as_well() {
    let (rig, keys) = signed_in().await;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let narrow = rig.assumed(&keys, "DaypassScoped", &[("Policy", policy)]).await;
    let answer = rig.assume(&narrow, "LongRunning", &[]).await;
    assert_denied(
        &answer,
        "sts:AssumeRole",
        "LongRunning because no session policy allows the sts:AssumeRole action",
    );
    let who = rig.sts("GetCallerIdentity", &narrow, rig.clock.now()).await;
    assert_eq!(who.status, 200, "GetCallerIdentity needs no permission");
}

#[tokio::test]
async fn a_console_by_chained_credentials_can_not_have_a_duration() {
    let (rig, keys) = signed_in().await;
    let chained = rig.assumed(&keys, "DaypassScoped", &[]).await;
    let refused = rig.signin_token(&chained, Some("900")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("Invalid credentials parameter"), "{}", refused.body);
    assert_eq!(rig.signin_token(&chained, None).await.status, 200);
}
