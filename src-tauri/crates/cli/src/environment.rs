//! The environment of a child: AWS programs in it use the ticket, and nothing that was there before.

use std::{env, ffi::OsString, path::PathBuf, process::Command};

use daypass_domain::variables::{OURS, names};
use daypass_launch::environment::scrub;
use daypass_reveal::Grant;
use daypass_vault::secret::Secret;

/// The shell's session.
const SESSION: &str = "DAYPASS_SESSION";
const ROLE: &str = "DAYPASS_ROLE";
const ACCOUNT_NAME: &str = "DAYPASS_ACCOUNT_NAME";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
/// Nobody may ask a proxy for the endpoint on this machine.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "localhost"];
/// What AWS programs take before a ticket.
const GOES_FIRST: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/// Gives `command` the ticket. The token goes straight from its page into the child's environment.
pub(crate) fn give_ticket(command: &mut Command, grant: &Grant, token: &Secret) {
    scrub(command);
    let variables = variables(grant);
    let mut ours = vec![TOKEN, ROLE, ACCOUNT_NAME];
    ours.extend(variables.iter().map(|(name, _)| name.as_str()));
    command.env(OURS, ours.join(","));
    for (name, value) in &variables {
        command.env(name, value);
    }
    if !grant.environment.is_empty() {
        // Switches that turn the endpoints of the practice organisation off, or can't be had with them.
        for name in
            ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"]
        {
            command.env_remove(name);
        }
    }
    command.env(SESSION, &grant.session).env(ROLE, &grant.role).env(ACCOUNT_NAME, &grant.account_name);
    for name in ["NO_PROXY", "no_proxy"] {
        command.env(name, without_proxy(env::var(name).ok().as_deref()));
    }
    if let Some(path) = with_our_folder(env::var_os("PATH"), env::current_exe().ok()) {
        command.env("PATH", path);
    }
    token.with_str(|token| _ = command.env(TOKEN, token));
}

/// `PATH` with the folder of this program at its end, so that `daypass whoami` works in the shell it starts.
fn with_our_folder(path: Option<OsString>, program: Option<PathBuf>) -> Option<OsString> {
    let folder = program?.parent()?.to_owned();
    let path = path.unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    if folders.contains(&folder) {
        return None;
    }
    folders.push(folder);
    env::join_paths(folders).ok()
}

/// Every `AWS_*` variable of the child but the token.
fn variables(grant: &Grant) -> Vec<(String, String)> {
    let mut variables = vec![
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned(), grant.url.clone().unwrap_or_default()),
        // A [default] profile with keys would go before the ticket.
        ("AWS_CONFIG_FILE".to_owned(), "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), "/dev/null".to_owned()),
        ("AWS_REGION".to_owned(), grant.region.clone()),
        ("AWS_DEFAULT_REGION".to_owned(), grant.region.clone()),
    ];
    variables.extend(endpoints(grant));
    variables
}

/// Where the services of this session are; only ever endpoints, whatever the agent says.
pub(crate) fn endpoints(grant: &Grant) -> impl Iterator<Item = (String, String)> {
    grant.environment.iter().filter(|(name, _)| name.starts_with("AWS_ENDPOINT_URL")).cloned()
}

fn without_proxy(existing: Option<&str>) -> String {
    let mut hosts: Vec<&str> =
        existing.unwrap_or_default().split(',').map(str::trim).filter(|h| !h.is_empty()).collect();
    if hosts != ["*"] {
        hosts.extend(LOOPBACK.iter().filter(|host| !hosts.contains(host)).copied().collect::<Vec<_>>());
    }
    hosts.join(",")
}

/// Variables that make AWS programs use something else than the ticket.
pub(crate) fn in_the_way() -> Vec<&'static str> {
    GOES_FIRST.into_iter().filter(|name| env::var_os(name).is_some_and(|value| !value.is_empty())).collect()
}

/// Drops what an outer Daypass shell set. An agent started from here must not take the shell's emptied
/// config file and its endpoints for the person's, nor hold its ticket.
pub(crate) fn leave_outer_shell() {
    let ours = env::var(OURS).unwrap_or_default();
    for name in names(&ours).filter(|name| name.starts_with("AWS_") || *name == OURS) {
        if env::var_os(name).is_some() {
            #[expect(unsafe_code, reason = "called first thing in main, before there is a second thread")]
            unsafe {
                env::remove_var(name);
            }
        }
    }
}

/// Role and account of the Daypass shell this runs in.
pub(crate) fn own_names() -> (String, String) {
    let variable = |name| env::var(name).unwrap_or_default();
    (variable(ROLE), variable(ACCOUNT_NAME))
}

/// Whether a shell's prompt and the terminal's title may be changed: as the variable says, else as is `set`.
pub(crate) fn may_change_prompt(set: bool) -> bool {
    env::var_os("DAYPASS_PROMPT").map_or(set, |value| value != "off")
}

/// The person's shell.
pub(crate) fn shell() -> OsString {
    env::var_os("SHELL")
        .filter(|shell| std::path::Path::new(shell).is_absolute())
        .unwrap_or_else(|| OsString::from("/bin/sh"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        serde_json::from_value(serde_json::json!({
            "session": "abcd1234", "account": "111122223333", "accountName": "p", "role": "Billing",
            "region": "eu-west-1", "leaseEnd": "2026-01-01T00:00:00Z", "url": "http://127.0.0.1:1/x",
            "environment": [["AWS_ENDPOINT_URL_STS", "http://127.0.0.1:2"], ["LD_PRELOAD", "/tmp/x.so"]],
        }))
        .unwrap()
    }

    fn given(command: &Command, name: &str) -> Option<String> {
        let (_, value) = command.get_envs().find(|(n, _)| *n == name)?;
        Some(value?.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_folder_of_the_command_comes_last_and_once() {
        let program = || Some(PathBuf::from("/opt/daypass/daypass"));
        let path = with_our_folder(Some("/usr/bin:/bin".into()), program());
        assert_eq!(path, Some("/usr/bin:/bin:/opt/daypass".into()));
        assert_eq!(with_our_folder(path, program()), None);
    }

    #[test]
    fn a_child_gets_the_ticket_the_region_and_the_practice_endpoints() {
        let mut command = Command::new("true");
        give_ticket(&mut command, &grant(), &Secret::copy_of(b"t0ken").unwrap());
        for (name, value) in [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/x"),
            (TOKEN, "t0ken"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:2"),
            (SESSION, "abcd1234"),
            (ROLE, "Billing"),
            (ACCOUNT_NAME, "p"),
        ] {
            assert_eq!(given(&command, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(given(&command, "LD_PRELOAD"), None, "only endpoints are taken from a grant");
        let ours = given(&command, OURS).unwrap();
        assert!(ours.contains(TOKEN) && ours.contains("AWS_ENDPOINT_URL_STS") && !ours.contains("t0ken"));
    }

    #[test]
    fn the_endpoint_is_never_asked_through_a_proxy() {
        assert_eq!(without_proxy(None), "127.0.0.1,localhost");
        assert_eq!(without_proxy(Some("corp.example, 127.0.0.1")), "corp.example,127.0.0.1,localhost");
        assert_eq!(without_proxy(Some("*")), "*");
    }
}
