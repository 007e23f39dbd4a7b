//! AssumeRole: from one role's credentials to another's, perhaps narrower.

use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use daypass_domain::{
    chain::SessionName,
    event::Assume,
    failure::Code,
    ids::Region,
    sso::SsoSession,
    time::{Expiration, Timestamp},
};
use daypass_vault::credentials::Credentials;
use zeroize::Zeroize;

use crate::{
    client::Aws,
    error::{self, Phrase, Trouble},
    portal::kept,
    sts,
};

/// Credentials for a role that lets the holder of `credentials` in, straight into locked pages. The session is
/// called `person` where the request names none.
///
/// # Errors
/// What the role's trust policy or AWS's limits refuse, each with its code; or the trouble on the way.
pub async fn assume_role(
    aws: &Aws,
    sso: &SsoSession,
    region: &Region,
    credentials: &Credentials,
    assume: &Assume,
    person: &SessionName,
) -> Result<(Credentials, Expiration), Code> {
    let client = sts::client(aws, sso, region, credentials)?;
    let arn = |arn: &String| PolicyDescriptorType::builder().arn(arn).build();
    let arns: Vec<_> = assume.policy.arns.iter().map(arn).collect();
    let tag = |tag: &daypass_domain::chain::Tag| {
        Tag::builder().key(tag.key.as_str()).value(tag.value.as_str()).build().map_err(|_| Code::Internal)
    };
    let tags: Vec<_> = assume.tags.iter().map(tag).collect::<Result<_, _>>()?;
    let transitive = assume.tags.iter().filter(|tag| tag.transitive).map(|tag| tag.key.to_string());
    let transitive: Vec<_> = transitive.collect();
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let answer = error::patiently("AssumeRole", || {
        client
            .assume_role()
            .role_arn(assume.role.as_str())
            .role_session_name(assume.session_name.as_ref().unwrap_or(person).as_str())
            .set_external_id(assume.external_id.as_ref().map(ToString::to_string))
            .set_policy(assume.policy.document.clone())
            .set_policy_arns((!arns.is_empty()).then(|| arns.clone()))
            .set_tags((!tags.is_empty()).then(|| tags.clone()))
            .set_transitive_tag_keys(some(transitive.clone()))
            .set_source_identity(assume.source_identity.as_ref().map(ToString::to_string))
            .set_duration_seconds(assume.duration.and_then(|d| i32::try_from(d.0).ok()))
            .send()
    })
    .await
    .map_err(|trouble| refused(&trouble))?;
    let mut given = answer.credentials.ok_or(Code::EmptyAnswer)?;
    let credentials = kept([&given.access_key_id, &given.secret_access_key, &given.session_token]);
    given.secret_access_key.zeroize();
    given.session_token.zeroize();
    let millis = given.expiration.to_millis().map_err(|_| Code::NotAws)?;
    Ok((credentials?, Expiration(aws.local(Timestamp::from_millis(millis)))))
}

/// What AWS refused, by its code and by what its sentence is about.
fn refused(trouble: &Trouble) -> Code {
    match (trouble.aws_code.as_deref(), trouble.phrase) {
        (Some("AccessDenied"), Some(Phrase::NoPermission)) => Code::ChainNotAllowed,
        (Some("AccessDenied"), Some(Phrase::TagSession)) => Code::ChainNoTags,
        (Some("AccessDenied"), Some(Phrase::SetSourceIdentity)) => Code::ChainNoSourceIdentity,
        (Some("AccessDenied"), _) => Code::ChainRefused,
        (Some("PackedPolicyTooLarge" | "PackedPolicyTooLargeException"), _) => Code::PackedTooLarge,
        (Some("MalformedPolicyDocument" | "MalformedPolicyDocumentException"), _) => Code::PolicyRefused,
        (Some("ValidationError"), Some(Phrase::OneHour)) => Code::ChainTooLong,
        (Some("ValidationError"), Some(Phrase::Policy)) => Code::PolicyTooLong,
        (Some("ValidationError"), Some(Phrase::PolicyArn)) => Code::PolicyArnUnknown,
        // The credentials are a moment old: it is not the sign-in that has lapsed.
        _ if trouble.code == Code::SignInLapsed => Code::AwsRefused,
        _ => trouble.code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_aws_has_its_own_code() {
        let not = "User: arn:aws:sts::1:assumed-role/R/d is not authorized to perform:";
        for (aws_code, message, code) in [
            ("AccessDenied", format!("{not} sts:AssumeRole on resource: X"), Code::ChainRefused),
            ("AccessDenied", format!("{not} sts:TagSession on resource: X"), Code::ChainNoTags),
            ("AccessDenied", format!("{not} sts:SetSourceIdentity on resource: X"), Code::ChainNoSourceIdentity),
            (
                "AccessDenied",
                format!("{not} sts:TagSession on resource: X because no identity-based policy allows it"),
                Code::ChainNotAllowed,
            ),
            ("PackedPolicyTooLarge", "Packed policy consumes 120%".to_owned(), Code::PackedTooLarge),
            ("MalformedPolicyDocument", "Syntax errors in policy.".to_owned(), Code::PolicyRefused),
            (
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
                    .to_owned(),
                Code::ChainTooLong,
            ),
            (
                "ValidationError",
                "1 validation error detected: Value '..' at 'policy' failed to satisfy constraint".to_owned(),
                Code::PolicyTooLong,
            ),
            (
                "ValidationError",
                "Policy arn:aws:iam::aws:policy/X does not exist or is not attachable.".to_owned(),
                Code::PolicyArnUnknown,
            ),
            ("ValidationError", "anything else".to_owned(), Code::AwsRefused),
            ("ExpiredToken", "The security token included in the request is expired".to_owned(), Code::AwsRefused),
            ("RegionDisabledException", String::new(), Code::AwsRefused),
        ] {
            let trouble = Trouble {
                code: if aws_code == "ExpiredToken" { Code::SignInLapsed } else { Code::AwsRefused },
                aws_code: Some(aws_code.to_owned()),
                phrase: Phrase::of(&message),
                retry_after: None,
            };
            assert_eq!(refused(&trouble), code, "{aws_code}: {message}");
        }
    }
}
