//! STS: who these credentials are.

use aws_sdk_sts::config::Credentials as SdkCredentials;
use daypass_domain::{failure::Code, ids::Region, sso::SsoSession};
use daypass_vault::credentials::Credentials;

use crate::{
    client::{Aws, sdk_config},
    error,
};

/// The session name of the role, which Identity Center makes from the person's user name.
///
/// # Errors
/// The trouble on the way.
pub async fn caller_name(
    aws: &Aws,
    sso: &SsoSession,
    region: &Region,
    credentials: &Credentials,
) -> Result<String, Code> {
    let answer = client(aws, sso, region, credentials)?
        .get_caller_identity()
        .send()
        .await
        .map_err(|e| error::read("GetCallerIdentity", &e).code)?;
    // arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME
    let arn = answer.arn.ok_or(Code::EmptyAnswer)?;
    let name = arn.rsplit('/').next().unwrap_or_default();
    let is_name = (2..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
    if is_name { Ok(name.to_owned()) } else { Err(Code::NotAws) }
}

/// STS in a Region, called with these credentials. The SDK zeroes its copy.
pub(crate) fn client(
    aws: &Aws,
    sso: &SsoSession,
    region: &Region,
    credentials: &Credentials,
) -> Result<aws_sdk_sts::Client, Code> {
    let credentials = credentials.with(|parts| {
        SdkCredentials::new(
            parts.access_key_id,
            parts.secret_access_key,
            Some(parts.session_token.to_owned()),
            None,
            "daypass",
        )
    });
    let config =
        sdk_config!(aws_sdk_sts, aws, region, aws.endpoints(sso)?.sts).credentials_provider(credentials);
    Ok(aws_sdk_sts::Client::from_conf(config.build()))
}
