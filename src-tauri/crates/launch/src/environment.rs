//! Which variables a program we start may keep: of `AWS_*` settings, nothing that chooses credentials; of those that
//! Daypass has set, none.

use std::{ffi::OsStr, process::Command};

use daypass_domain::variables::{OURS, names};

/// Settings of SDKs and the AWS CLI that say how to call, not as whom.
const SETTINGS: &[&str] = &[
    "AWS_CA_BUNDLE",
    "AWS_CLI_AUTO_PROMPT",
    "AWS_CLI_FILE_ENCODING",
    "AWS_DEFAULT_OUTPUT",
    "AWS_DEFAULTS_MODE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_PAGER",
    "AWS_RETRY_MODE",
    "AWS_SDK_UA_APP_ID",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
];

/// Whether `name` may pass to a program we start.
///
/// Everything does but `AWS_*`, of which the settings in the list and `AWS_ENDPOINT_URL*` do. A list of
/// what is kept, because AWS adds variables that choose credentials more often than settings.
#[must_use]
pub fn may_pass(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return true };
    !name.starts_with("AWS_") || name.starts_with("AWS_ENDPOINT_URL") || SETTINGS.contains(&name)
}

/// Takes from `command` the variables of ours that may not pass.
pub fn scrub(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if !may_pass(&name) {
            command.env_remove(name);
        }
    }
    for name in names(&std::env::var(OURS).unwrap_or_default()) {
        command.env_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(name: &str) -> bool {
        may_pass(OsStr::new(name))
    }

    #[test]
    fn whatever_could_choose_credentials_stays_behind() {
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_PROFILE",
            "AWS_DEFAULT_PROFILE",
            "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "AWS_SOMETHING_NEW",
        ] {
            assert!(!passes(name), "{name}");
        }
    }

    #[test]
    fn settings_and_everything_else_pass() {
        for name in
            ["AWS_CA_BUNDLE", "AWS_PAGER", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "PATH", "AWSOME"]
        {
            assert!(passes(name), "{name}");
        }
    }
}
