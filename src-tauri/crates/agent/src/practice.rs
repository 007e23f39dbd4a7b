//! The practice organisation: a child of ours, never linked in, so that what it issued is in its memory alone.

use std::process::Stdio;

use daypass_domain::{
    event::Event,
    failure::Code,
    sso::{Endpoints, Source, SsoSession, StartUrl, is_secure},
};
use daypass_wire::start::beside;
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
    task::JoinHandle,
    time::{Duration, timeout},
};
use url::Url;

use crate::actor::Mail;

/// What the program prints once it listens.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Announcement {
    base_url: String,
    start_url: String,
    region: String,
}

/// Starts it and tells the actor when it is ready, and when it has ended. It ends with us: its standard input closes.
pub async fn run(mail: mpsc::Sender<Mail>) {
    mind(tokio::spawn(work(mail.clone())), &mail).await;
}

/// Where a bug ends the work, nothing is left that waits for it: neither its start nor its SSO session.
async fn mind(work: JoinHandle<()>, mail: &mpsc::Sender<Mail>) {
    if work.await.is_err() {
        for event in [Event::PracticeEnded, Event::PracticeFailed { code: Code::Internal }] {
            mail.send(Mail::Event(event)).await.ok();
        }
    }
}

async fn work(mail: mpsc::Sender<Mail>) {
    let (sso, mut child) = match start().await {
        Ok(started) => started,
        Err(code) => {
            tracing::warn!(?code, "the practice organisation did not start");
            mail.send(Mail::Event(Event::PracticeFailed { code })).await.ok();
            return;
        }
    };
    mail.send(Mail::Event(Event::PracticeReady { sso: Box::new(sso) })).await.ok();
    // Held here: `wait` would close it, and practice ends when it closes.
    let _stdin = child.stdin.take();
    child.wait().await.ok();
    mail.send(Mail::Event(Event::PracticeEnded)).await.ok();
}

async fn start() -> Result<(SsoSession, Child), Code> {
    let mut child = Command::new(beside("daypass-practice", Code::PracticeMissing)?)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| Code::PracticeMissing)?;
    let stdout = child.stdout.take().ok_or(Code::PracticeMissing)?;
    let mut line = String::new();
    let mut stdout = BufReader::new(stdout);
    timeout(Duration::from_secs(5), stdout.read_line(&mut line))
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or(Code::PracticeMissing)?;
    let sso = sso_session(&line).ok_or(Code::PracticeMissing)?;
    Ok((sso, child))
}

fn sso_session(line: &str) -> Option<SsoSession> {
    let told: Announcement = serde_json::from_str(line).ok()?;
    let base = Url::parse(&told.base_url).ok().filter(is_secure)?;
    Some(SsoSession {
        name: "practice".parse().ok()?,
        start_url: StartUrl::try_from(told.start_url).ok()?,
        region: told.region.parse().ok()?,
        source: Source::Practice,
        endpoints: Endpoints {
            oidc: Some(base.clone()),
            portal: Some(base.clone()),
            sts: Some(base.clone()),
            federation: base.join("/federation").ok(),
        },
    })
}

#[cfg(test)]
mod tests {
    use daypass_mutants::{check, of_json, of_text};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_bug_is_said_as_a_failure() {
        let (mail, mut said) = mpsc::channel(2);
        mind(tokio::spawn(async { panic!("a mistake that a test makes") }), &mail).await;
        assert!(matches!(said.recv().await, Some(Mail::Event(Event::PracticeEnded))));
        let failed = said.recv().await;
        assert!(matches!(failed, Some(Mail::Event(Event::PracticeFailed { code: Code::Internal }))));
        mind(tokio::spawn(async {}), &mail).await;
        drop(mail);
        assert!(said.recv().await.is_none());
    }

    #[test]
    fn whatever_the_program_prints_leads_nowhere_but_here_or_over_https() {
        let right = json!({
            "baseUrl": "http://127.0.0.1:4000",
            "startUrl": "http://127.0.0.1:4000/start",
            "region": "eu-west-1",
            "caPem": null,
        });
        assert!(sso_session(&right.to_string()).is_some());
        let lossy = of_json(&right).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        check(600, prop_oneof![lossy, of_text(&right.to_string())], |line| {
            if let Some(sso) = sso_session(&line) {
                prop_assert_eq!(sso.source, Source::Practice);
                let ends = sso.endpoints;
                for url in [ends.oidc, ends.portal, ends.sts, ends.federation] {
                    prop_assert!(url.is_some_and(|url| is_secure(&url)));
                }
            }
            Ok(())
        });
    }
}
