//! The CloudFormation template for an organisation: whom the role it makes lets in.

use std::{fs, path::Path, time::Duration};

use daypass_domain::{
    chain::{Hop, Tag},
    failure::Code,
};
use daypass_practice::ChainedRole;
use daypass_tests::rig::{Rig, code};
use serde_json::json;

const ACCOUNT: &str = "111122223333";

/// The role that the template makes for a permission set.
fn role_for(permission_set: &str) -> ChainedRole {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/templates");
    let template = fs::read_to_string(folder.join("scoped-role.yaml")).unwrap();
    let filled = template
        .replace("${PermissionSet}", permission_set)
        .replace("${AWS::Partition}", "aws")
        .replace("${AWS::AccountId}", ACCOUNT);
    let between =
        |from: &str, to: &str| filled.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
    let trust = between("AssumeRolePolicyDocument:", "Outputs:");
    let words: Vec<_> = trust.split_whitespace().collect();
    assert!(words.windows(3).any(|w| w == ["-", "Effect:", "Allow"]) && !trust.contains("Deny"));
    assert!(words.windows(3).any(|w| w == ["Condition:", "ArnLike:", "aws:PrincipalArn:"]), "{trust}");
    let named: Vec<_> = trust
        .lines()
        .filter_map(|line| line.split_once("!Sub \""))
        .map(|(_, arn)| arn.trim_end_matches('"'))
        .collect();
    let (principal, arns) = named.split_first().unwrap();
    let actions: Vec<_> = words.iter().filter(|word| word.starts_with("sts:")).collect();
    let statement = json!({
        "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions,
        "Condition": { "ArnLike": { "aws:PrincipalArn": arns } },
    });
    let all = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
    ChainedRole {
        account_id: ACCOUNT.to_owned(),
        name: format!("{}{}", between("Path: /", "\n"), between("RoleName: !Sub \"", "\"")),
        trust: json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string(),
        policies: vec![all.to_string()],
        max_session_duration: Duration::from_secs(between("MaxSessionDuration: ", "\n").parse().unwrap()),
    }
}

#[tokio::test]
async fn the_role_of_the_template_lets_its_permission_set_in_and_no_other() {
    let rig = Rig::signed_in().await;
    let arn = "arn:aws:iam::111122223333:role/daypass/Daypass-AdministratorAccess";
    let made = role_for("AdministratorAccess");
    assert_eq!(format!("arn:aws:iam::{ACCOUNT}:role/{}", made.name), arn);
    // Whoever asks may assume any role: where they stay out, it is the trust policy that keeps them out.
    for (made_for, found) in [
        ("AdministratorAccess", None),
        ("ReadOnlyAccess", Some(Code::ChainRefused)),
        ("Administrator", Some(Code::ChainRefused)),
        ("Access", Some(Code::ChainRefused)),
    ] {
        rig.practice.put_role(&ChainedRole { name: made.name.clone(), ..role_for(made_for) }).unwrap();
        let mut wish = rig.wish(ACCOUNT, "AdministratorAccess", 30);
        wish.path = vec![Hop { role: arn.parse().unwrap(), external_id: None }];
        wish.labels.source_identity = Some("dana".parse().unwrap());
        let key = "Reason".parse().unwrap();
        wish.labels.tags = vec![Tag { key, value: "INC-42".parse().unwrap(), transitive: false }];
        wish.fresh = true;
        assert_eq!(code(rig.request(wish).await), found, "made for {made_for}");
    }
}
