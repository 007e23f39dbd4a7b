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
    let sso = serde_json::from_str(&line).ok().and_then(sso_session).ok_or(Code::PracticeMissing)?;
    Ok((sso, child))
}

fn sso_session(told: Announcement) -> Option<SsoSession> {
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
