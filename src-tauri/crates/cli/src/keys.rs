//! `daypass env`: the credentials themselves, because the person said so.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
};

use daypass_domain::{failure::Code, ids::SessionId};
use daypass_reveal::{Grant, Kind, Question, reveal};
use daypass_wire::folder::RuntimeFolder;
use serde::Deserialize;

use crate::{agent, environment, trouble::Trouble};

/// What `credential_process` is defined to print, read in place.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys<'a> {
    #[serde(borrow)]
    access_key_id: Cow<'a, str>,
    #[serde(borrow)]
    secret_access_key: Cow<'a, str>,
    #[serde(borrow)]
    session_token: Cow<'a, str>,
    #[serde(borrow)]
    expiration: Option<Cow<'a, str>>,
}

/// Variables that would go before the keys, or belong to other credentials.
const UNSET: &str = "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SECURITY_TOKEN AWS_CONTAINER_CREDENTIALS_FULL_URI \
                     AWS_CONTAINER_AUTHORIZATION_TOKEN\n";

/// `daypass env`
pub(crate) async fn print(named: Option<&SessionId>, json: bool) -> Result<(), Trouble> {
    if io::stdout().is_terminal() {
        return Err(Trouble::usage(
            "credentials are not shown on a terminal",
            "Let the shell read them: eval \"$(daypass env)\".",
        ));
    }
    let session = agent::live_session(&agent::with_sessions().await?, named).await?.session;
    let question = Question { session: session.into(), kind: Kind::Keys, program: "env".to_owned() };
    let revealed = reveal(&RuntimeFolder::find()?, &question).await?;
    // Not through std's buffered output, which keeps what went through it.
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    if json {
        revealed.secret.with(|bytes| out.write_all(bytes).and_then(|()| out.write_all(b"\n")))?;
        return Ok(());
    }
    revealed.secret.with_str(|text| {
        let keys: Keys<'_> = serde_json::from_str(text).map_err(|_| Code::AgentSilent)?;
        // The buffer is wiped when it is freed, by the allocator.
        Ok(out.write_all(script(&revealed.grant, &keys).as_bytes())?)
    })
}

fn script(grant: &Grant, keys: &Keys<'_>) -> String {
    let mut script = String::with_capacity(8 * 1024);
    script.push_str(UNSET);
    export(&mut script, "AWS_ACCESS_KEY_ID", &keys.access_key_id);
    export(&mut script, "AWS_SECRET_ACCESS_KEY", &keys.secret_access_key);
    export(&mut script, "AWS_SESSION_TOKEN", &keys.session_token);
    if let Some(expiration) = &keys.expiration {
        export(&mut script, "AWS_CREDENTIAL_EXPIRATION", expiration);
    }
    export(&mut script, "AWS_REGION", &grant.region);
    export(&mut script, "AWS_DEFAULT_REGION", &grant.region);
    for (name, value) in environment::endpoints(grant) {
        if name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
            export(&mut script, &name, &value);
        }
    }
    script
}

/// One line that a POSIX shell reads as exactly `value`.
fn export(script: &mut String, name: &str, value: &str) {
    script.extend(["export ", name, "='"]);
    for part in value.split_inclusive('\'') {
        match part.strip_suffix('\'') {
            Some(before) => script.extend([before, "'\\''"]),
            None => script.push_str(part),
        }
    }
    script.push_str("'\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_values_as_they_are() {
        let nasty = "a'b$(id)`id`\"c\\d e\nf";
        let mut script = String::new();
        export(&mut script, "X", nasty);
        script.push_str("printf %s \"$X\"");
        let out = std::process::Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(out.stdout).unwrap(), nasty);
    }

    #[test]
    fn what_credential_process_prints_becomes_exports() {
        let json = r#"{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"s/k+","SessionToken":"t=","Expiration":"2026-01-01T00:00:00Z"}"#;
        let keys: Keys<'_> = serde_json::from_str(json).unwrap();
        let grant: Grant = serde_json::from_value(serde_json::json!({
            "session": "abcd1234", "account": "111122223333", "accountName": "p", "role": "Billing",
            "region": "eu-west-1", "leaseEnd": "2026-01-01T00:00:00Z", "url": null,
            "environment": [["AWS_ENDPOINT_URL_STS", "http://127.0.0.1:2"]],
        }))
        .unwrap();
        let script = script(&grant, &keys);
        assert!(script.starts_with("unset AWS_PROFILE"));
        for line in [
            "export AWS_ACCESS_KEY_ID='ASIA1'",
            "export AWS_SECRET_ACCESS_KEY='s/k+'",
            "export AWS_SESSION_TOKEN='t='",
            "export AWS_REGION='eu-west-1'",
            "export AWS_ENDPOINT_URL_STS='http://127.0.0.1:2'",
        ] {
            assert!(script.lines().any(|l| l == line), "{line}");
        }
    }
}
