//! The practice organisation: a child of ours, never linked in, so that what it issued is in its memory alone.

use std::{
    os::fd::OwnedFd,
    process::Stdio,
    sync::{Arc, PoisonError},
};

use daypass_domain::{
    event::Event,
    failure::Code,
    sso::{Endpoints, Source, SsoSession, StartUrl, is_secure},
};
use daypass_wire::start::beside;
use rustix::process::{Pid, PidfdFlags, WaitOptions, pidfd_open, waitpid};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Interest, unix::AsyncFd},
    process::Command,
    sync::mpsc,
    task::JoinHandle,
    time::{Duration, timeout},
};
use url::Url;

use crate::{actor::Mail, effects::Effects};

/// What the program prints once it listens.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Announcement {
    base_url: String,
    start_url: String,
    region: String,
}

/// The child, by what outlives the agent's image: it ends with the process, when its standard input closes.
pub struct Practice {
    pub pid: Pid,
    pub stdin: OwnedFd,
}

/// Starts it and tells the actor when it is ready, and when it has ended.
pub async fn run(effects: Arc<Effects>) {
    mind(tokio::spawn(work(Arc::clone(&effects))), &effects.mail).await;
}

/// Where a bug ends the work, nothing is left that waits for it: neither its start nor its SSO session.
async fn mind(work: JoinHandle<()>, mail: &mpsc::Sender<Mail>) {
    if work.await.is_err() {
        for event in [Event::PracticeEnded, Event::PracticeFailed { code: Code::Internal }] {
            mail.send(Mail::Event(event)).await.ok();
        }
    }
}

async fn work(effects: Arc<Effects>) {
    let (sso, child) = match start().await {
        Ok(started) => started,
        Err(code) => {
            tracing::warn!(?code, "the practice organisation did not start");
            return effects.tell(Event::PracticeFailed { code }).await;
        }
    };
    effects.tell(Event::PracticeReady { sso: Box::new(sso) }).await;
    keep(&effects, child).await;
}

/// Keeps it until it has ended, and tells the actor.
pub async fn keep(effects: &Effects, practice: Practice) {
    let ended = ended(practice.pid);
    let held = || effects.practice.lock().unwrap_or_else(PoisonError::into_inner);
    *held() = Some(practice);
    ended.await;
    *held() = None;
    effects.tell(Event::PracticeEnded).await;
}

/// Waits for a child that this image, or the one before, has started.
async fn ended(pid: Pid) {
    let Ok(fd) = pidfd_open(pid, PidfdFlags::NONBLOCK) else { return };
    #[expect(unsafe_code, reason = "an OwnedFd gives the same open descriptor as long as it lives")]
    let child = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    if let Ok(child) = child {
        drop(child.readable().await);
        waitpid(Some(pid), WaitOptions::NOHANG).ok();
    }
}

async fn start() -> Result<(SsoSession, Practice), Code> {
    let mut child = Command::new(beside("daypass-practice", Code::PracticeMissing)?)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
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
    let stdin = child.stdin.take().and_then(|stdin| stdin.into_owned_fd().ok());
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
    Ok((sso, Practice { pid: pid.ok_or(Code::PracticeMissing)?, stdin: stdin.ok_or(Code::PracticeMissing)? }))
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
