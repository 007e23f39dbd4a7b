//! What a client waits for after asking: the sign-in's address, the sign-in, a live session.

use daypass_domain::{
    failure::{Code, Failure},
    ids::SessionId,
    request::Intent,
    view::{DeviceView, Phase, SessionView, SignInView, Stage, View},
};

use crate::client::Client;

/// What a sign-in wants of the person.
#[derive(Debug)]
pub enum Wanted {
    /// That they sign in at this address.
    Browser(String),
    /// That they approve this code.
    DeviceCode(DeviceView),
    /// Nothing: what the keyring kept was good.
    Nothing,
}

/// Waits until sign-in `attempt` wants something of the person, or is over.
///
/// # Errors
/// Why the attempt failed before.
pub async fn sign_in_wants(client: &Client, attempt: u32) -> Result<Wanted, Failure> {
    let device = client
        .wait_for(|view| match under_way(view, attempt).map(|s| (s.stage, &s.device)) {
            Some((Stage::Starting | Stage::Finishing, _)) => None,
            Some((Stage::Browser, _)) => Some(Ok(None)),
            Some((Stage::DeviceCode, device)) => device.clone().map(|d| Ok(Some(Wanted::DeviceCode(d)))),
            None => Some(how_it_ended(view).map(|()| Some(Wanted::Nothing))),
        })
        .await??;
    match device {
        Some(wanted) => Ok(wanted),
        None => {
            let url = client.ask(Intent::SignInUrl).await?.url;
            url.map(Wanted::Browser).ok_or_else(|| Code::NoSignIn.into())
        }
    }
}

/// Waits until sign-in `attempt` is over.
///
/// # Errors
/// Why it failed.
pub async fn signed_in(client: &Client, attempt: u32) -> Result<(), Failure> {
    client
        .wait_for(|view| match under_way(view, attempt) {
            Some(_) => None,
            None => Some(how_it_ended(view)),
        })
        .await?
}

/// Waits until `session` is live.
///
/// # Errors
/// Why it failed or ended.
pub async fn live(client: &Client, session: &SessionId) -> Result<SessionView, Failure> {
    client
        .wait_for(|view| match view.sessions.iter().find(|s| s.session == *session) {
            None => Some(Err(Code::UnknownSession.into())),
            Some(s) if s.phase.is_live() => Some(Ok(s.clone())),
            Some(s) if s.phase == Phase::Requesting => None,
            Some(s) => Some(Err(s.failure.clone().unwrap_or_else(|| Code::SessionNotLive.into()))),
        })
        .await?
}

fn under_way(view: &View, attempt: u32) -> Option<&SignInView> {
    view.sign_in.as_ref().filter(|s| s.attempt == attempt)
}

fn how_it_ended(view: &View) -> Result<(), Failure> {
    view.notice.as_ref().map_or(Ok(()), |n| Err(n.failure.clone()))
}
