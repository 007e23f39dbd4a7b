//! What a client waits for after asking: the sign-in's address, the sign-in, a live session.

use daypass_domain::{
    failure::{Code, Failure},
    ids::SessionId,
    request::Intent,
    view::{Phase, SessionView, Stage, View},
};

use crate::client::Client;

/// Waits until sign-in `attempt` wants a browser and returns the address to open.
///
/// # Errors
/// Why the attempt ended before.
pub async fn sign_in_url(client: &Client, attempt: u32) -> Result<String, Failure> {
    client
        .wait_for(|view| match under_way(view, attempt) {
            Some(Stage::Starting) => None,
            Some(Stage::Browser) => Some(Ok(())),
            None => Some(Err(why_it_ended(view))),
        })
        .await??;
    client.ask(Intent::SignInUrl).await?.url.ok_or_else(|| Code::NoSignIn.into())
}

/// Waits until sign-in `attempt` is over.
///
/// # Errors
/// Why it failed.
pub async fn signed_in(client: &Client, attempt: u32) -> Result<(), Failure> {
    client
        .wait_for(|view| match under_way(view, attempt) {
            Some(_) => None,
            None => Some(view.notice.as_ref().map_or(Ok(()), |n| Err(n.failure.clone()))),
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

fn under_way(view: &View, attempt: u32) -> Option<Stage> {
    view.sign_in.as_ref().filter(|s| s.attempt == attempt).map(|s| s.stage)
}

fn why_it_ended(view: &View) -> Failure {
    view.notice.as_ref().map_or_else(|| Code::NoSignIn.into(), |n| n.failure.clone())
}
