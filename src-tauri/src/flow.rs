//! What a click sets off: the browser for a sign-in, the console or a terminal once a session is live.

use std::sync::Arc;

use daypass_domain::{
    failure::{Code, Failure},
    ids::SessionId,
    request::{Answer, Intent, Open},
};
use daypass_launch::{browser, terminal};
use daypass_wire::{
    client::Client,
    follow::{self, Wanted},
    message::Place,
};

use crate::link::Link;

/// Does what the page asks. Addresses are opened here and taken out of the answer: the page never sees one.
pub(crate) async fn ask(link: &Arc<Link>, intent: Intent, place: Option<Place>) -> Result<Answer, Failure> {
    match &intent {
        Intent::SignIn { .. } | Intent::Request { .. } | Intent::TakePass { .. } | Intent::DismissNotice => {
            link.forget_notice()
        }
        _ => {}
    }
    let mut client = match (link.client_soon().await, &intent) {
        // The notice was the desktop's own; there is no agent to have one.
        (Err(_), Intent::DismissNotice) => return Ok(Answer::default()),
        (client, _) => client?.asking_from(place),
    };
    let mut answer = match client.ask(intent.clone()).await {
        // It went before it could answer, and what it knew went with it.
        Err(_) if client.is_gone() && intent != Intent::Quit => {
            client = link.client_soon().await?.asking_from(place);
            client.ask(intent.clone()).await?
        }
        answer => answer?,
    };
    if let Some(url) = answer.url.take() {
        open_address(&client, url).await?;
    }
    if let Some(attempt) = answer.attempt {
        spawn(link, open_sign_in(client.clone(), attempt));
    }
    let open = match &intent {
        Intent::Request { open, .. } => open.clone(),
        // What a pass opens, the agent knows.
        _ => std::mem::take(&mut answer.open),
    };
    match (intent, &answer.session) {
        (Intent::Terminal { session }, _) => open_terminal(&client, session).await?,
        (_, Some(session)) if !open.is_empty() => {
            spawn(link, open_when_live(client.clone(), session.clone(), open));
        }
        _ => {}
    }
    Ok(answer)
}

/// Whether what was asked failed after all, or shows a code that a person has to read: nobody would see it
/// without the main window.
pub(crate) async fn needs_window(link: &Link, answer: Answer) -> bool {
    let Ok(client) = link.client() else { return true };
    if let Some(attempt) = answer.attempt
        && !matches!(follow::sign_in_wants(&client, attempt).await, Ok(Wanted::Browser(_) | Wanted::Nothing))
    {
        return true;
    }
    match answer.session {
        Some(session) => follow::live(&client, &session).await.is_err(),
        None => false,
    }
}

async fn open_sign_in(client: Client, attempt: u32) -> Result<(), Failure> {
    // Why an attempt ended is in the agent's own notice.
    match follow::sign_in_wants(&client, attempt).await {
        Ok(Wanted::Browser(url)) => open_address(&client, url).await,
        // A code is approved where the person chooses; the window has a button for this machine's browser.
        Ok(Wanted::DeviceCode(_) | Wanted::Nothing) | Err(_) => Ok(()),
    }
}

async fn open_when_live(client: Client, session: SessionId, open: Vec<Open>) -> Result<(), Failure> {
    // Why it did not come to life is on its card.
    if follow::live(&client, &session).await.is_err() {
        return Ok(());
    }
    for what in open {
        match what {
            Open::Console => {
                let answer = client.ask(Intent::Console { session: session.clone() }).await?;
                let url = answer.url.ok_or(Code::SessionNotLive)?;
                open_address(&client, url).await?;
            }
            Open::Terminal => {
                client.ask(Intent::Terminal { session: session.clone() }).await?;
                open_terminal(&client, session.clone()).await?;
            }
        }
    }
    Ok(())
}

/// Runs a flow on its own; what fails in it becomes a notice.
fn spawn(link: &Arc<Link>, flow: impl Future<Output = Result<(), Failure>> + Send + 'static) {
    let link = Arc::clone(link);
    tauri::async_runtime::spawn(async move {
        if let Err(failure) = flow.await {
            link.warn(failure);
        }
    });
}

async fn open_address(client: &Client, url: String) -> Result<(), Failure> {
    let set = client.settings().browser;
    off_thread(move || browser::open(&url, set.as_deref())).await
}

async fn open_terminal(client: &Client, session: SessionId) -> Result<(), Failure> {
    let set = client.settings().terminal;
    off_thread(move || terminal::open(&session, set.as_deref())).await
}

/// Starting a program may take a while; nothing waits for it but its own flow.
async fn off_thread(start: impl FnOnce() -> Result<(), Failure> + Send + 'static) -> Result<(), Failure> {
    tauri::async_runtime::spawn_blocking(start).await.unwrap_or_else(|_| Err(Code::Internal.into()))
}
