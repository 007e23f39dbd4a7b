//! What STS answers to AssumeRole: mutants of it become a code or whole credentials, and no secret of them is logged.

use daypass_aws::assume::assume_role;
use daypass_domain::{chain::SessionName, event::Assume, scope::compile::SessionPolicy};
use daypass_mutants::of_bytes;
use daypass_vault::credentials::{Credentials, Parts};

use crate::answers::{Asker, code_is_fair, is_whole, one, secret};

#[test]
fn mutants_of_assumed_credentials_are_whole_credentials_or_a_code() {
    let asker = Asker::new();
    let right = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><AssumedRoleId>AROA:dana</AssumedRoleId>\
         <Arn>arn:aws:sts::111122223333:assumed-role/Scoped/dana</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>\
         <SessionToken>{}</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration></Credentials>\
         <PackedPolicySize>6</PackedPolicySize></AssumeRoleResult></AssumeRoleResponse>",
        secret("key"),
        secret("token"),
    );
    let parts = Parts { access_key_id: "ASIA", secret_access_key: "key", session_token: "token" };
    let credentials = Credentials::copy_of(&parts).unwrap();
    let assume = Assume {
        role: "arn:aws:iam::111122223333:role/Scoped".parse().unwrap(),
        external_id: None,
        session_name: None,
        tags: vec![],
        source_identity: None,
        policy: SessionPolicy::default(),
        duration: None,
    };
    let (region, person) = ("eu-west-1".parse().unwrap(), SessionName::of_nobody());
    asker.check_bodies(200, &right, of_bytes(right.as_bytes()), one, |status| {
        let Asker { runtime, aws, sso, .. } = &asker;
        match runtime.block_on(assume_role(aws, sso, &region, &credentials, &assume, &person)) {
            Err(code) => code_is_fair(status, code),
            Ok((credentials, expiration)) => is_whole(&credentials, expiration),
        }
    });
}
