//! Status, whoami and quit.

use std::time::Duration;

use daypass_domain::{
    failure::Code,
    request::Intent,
    time::Seconds,
    view::{SessionView, SignInStatus, SsoSessionView, View},
};
use daypass_wire::{
    client::Client,
    folder::{RuntimeFolder, uid},
    message::VERSION,
};
use tokio::{io::AsyncReadExt, net::UnixStream, time::timeout};

use crate::{
    agent, environment, json, lease,
    text::{self, Look, Table, capitalised, escape, print, print_json},
    trouble::Trouble,
};

/// How long ending everything may take.
const QUIT_PATIENCE: Duration = Duration::from_secs(5);

/// `daypass status`
pub(crate) async fn status(json: bool) -> Result<(), Trouble> {
    let Some(client) = agent::running().await? else {
        if json {
            return Ok(print_json(&json::Status { version: VERSION, ..Default::default() })?);
        }
        return Ok(print("No agent runs.\n")?);
    };
    let view = agent::view(&client).await?;
    if json {
        return Ok(print_json(&shape(&view))?);
    }
    print(&told(&view))?;
    Ok(())
}

fn shape(view: &View) -> json::Status<'_> {
    json::Status {
        agent_runs: true,
        version: VERSION,
        sso_sessions: view.sso_sessions.iter().map(json::SsoSession::from).collect(),
        sign_in: view.sign_in.as_ref().map(|sign_in| json::SignIn {
            sso_session: &sign_in.sso_session,
            stage: sign_in.stage,
            started_at: sign_in.started_at.rfc3339(),
        }),
        live_sessions: live_count(view),
        endpoint_listens: view.endpoint.listening,
        clients: view.endpoint.clients,
        degraded: &view.degraded,
        standing: view.standing.iter().map(json::Trouble::from).collect(),
        accepted: accepted(view).map(json::Ended::from).collect(),
    }
}

fn told(view: &View) -> String {
    let mut out = String::new();
    if view.sso_sessions.is_empty() {
        out.push_str("No SSO session is known. `daypass sign-in --start-url URL --sso-region REGION`, or `daypass practice`.\n");
    } else {
        let mut table = Table::new(&["SSO SESSION", "SIGN-IN", "ROLES"]);
        for sso in &view.sso_sessions {
            let (sign_in, look) = sign_in(sso, view);
            table.row([(sso.name.as_str(), Look::Plain), (&sign_in, look), (&list(sso, view), Look::Dim)]);
        }
        out.push_str(&table.render());
    }
    if let Some(under_way) = &view.sign_in {
        out.push_str(&format!("Signing in to {}.\n", escape(under_way.sso_session.as_str())));
    }
    let live = live_count(view) as u64;
    out.push_str(&format!("{} live", text::count(live, "session")));
    if live > 0 {
        out.push_str(&format!(", {} with a ticket", text::count(view.endpoint.clients, "program")));
    }
    out.push_str(".\n");
    for session in accepted(view) {
        out.push_str(&lease::receipt(session, view));
    }
    if let Some(notice) = &view.notice {
        out.push_str(&format!("{}. {}\n", capitalised(&notice.failure.fact), notice.failure.advice));
    }
    for failure in view.sso_sessions.iter().filter_map(|s| s.keyring.as_ref()).chain(&view.standing) {
        out.push_str(&format!("{}. {}\n", capitalised(&failure.fact), failure.advice));
    }
    for sentence in &view.degraded {
        out.push_str(&format!("Weaker here: {}\n", escape(sentence)));
    }
    out
}

fn sign_in(sso: &SsoSessionView, view: &View) -> (String, Look) {
    match sso.status {
        SignInStatus::SignedOut => ("signed out".to_owned(), Look::Dim),
        SignInStatus::Restoring => ("being signed in by the keyring".to_owned(), Look::Dim),
        SignInStatus::Lapsed => ("lapsed, sign in again".to_owned(), Look::Soon),
        SignInStatus::SignedIn => {
            let who = sso.identity.as_deref().map(|who| format!("as {who} ")).unwrap_or_default();
            let since = sso.signed_in_at.map(|at| format!("since {}", text::time_of_day(at, Some(view.now))));
            (format!("signed in {who}{}", since.unwrap_or_default()).trim_end().to_owned(), Look::Good)
        }
    }
}

fn list(sso: &SsoSessionView, view: &View) -> String {
    let catalog = &sso.catalog;
    let total =
        format!("{} in {}", text::count(catalog.roles, "role"), text::count(catalog.accounts, "account"));
    match (catalog.progress, catalog.synced_at) {
        (Some(progress), _) => format!("{total}, listing {} of {}", progress.done, progress.total),
        (None, Some(at)) => format!("{total}, listed {} ago", text::roughly(at.until(view.now))),
        (None, None) => String::new(),
    }
}

/// Leases that have ended, while AWS still accepts something of them.
fn accepted(view: &View) -> impl Iterator<Item = &SessionView> {
    let is_accepted =
        |s: &&SessionView| s.ended.as_ref().is_some_and(|e| e.aws_accepts_until > Some(view.now));
    view.sessions.iter().filter(is_accepted)
}

fn live_count(view: &View) -> usize {
    view.sessions.iter().filter(|session| session.phase.is_live()).count()
}

/// `daypass whoami`
pub(crate) async fn whoami(json: bool) -> Result<(), Trouble> {
    let own = agent::own_session();
    let client = agent::with_sessions().await?;
    let view = agent::view(&client).await?;
    // In a Daypass shell the question is about this shell, also when its lease is over.
    let session = agent::session(&view, own.as_ref(), None)?;
    if !session.phase.is_live() {
        return Err(Code::SessionNotLive.into());
    }
    let sso = view.sso_sessions.iter().find(|sso| sso.name == session.role.sso_session);
    let identity = sso.and_then(|sso| sso.identity.as_deref());
    let in_the_way = if own.is_some() { environment::in_the_way() } else { Vec::new() };
    if json {
        return Ok(print_json(&json::Whoami {
            session: &session.session,
            account: &session.role.account,
            account_name: &session.account_name,
            role: &session.role.role,
            sso_session: &session.role.sso_session,
            identity,
            region: &session.region,
            phase: session.phase,
            lease_end: session.lease_end.map(|end| end.rfc3339()),
            expiration: session.expiration.map(|e| e.0.rfc3339()),
            seconds_left: session.lease_end.map_or(Seconds(0), |end| view.now.until(end)).0,
            in_the_way: &in_the_way,
        })?);
    }
    let until = session.lease_end.map(|end| text::time_of_day(end, Some(view.now))).unwrap_or_default();
    let mut table = Table::default();
    table.row([("role", Look::Dim), (session.role.role.as_str(), Look::Plain)]);
    let account = format!("{} ({})", session.account_name, session.role.account);
    table.row([("account", Look::Dim), (&account, Look::Plain)]);
    table.row([("Region", Look::Dim), (session.region.as_str(), Look::Plain)]);
    table.row([
        ("lease", Look::Dim),
        (&format!("until {until}, {} left", lease::left(session, &view)), Look::Plain),
    ]);
    if let Some(identity) = identity {
        table.row([("you", Look::Dim), (identity, Look::Plain)]);
    }
    table.row([("session", Look::Dim), (session.session.as_str(), Look::Plain)]);
    print(&table.render())?;
    if !in_the_way.is_empty() {
        let names = in_the_way.join(", ");
        text::say(&format!("AWS programs in this shell use something else: {names} is set. Unset it."));
    }
    Ok(())
}

/// `daypass quit`
pub(crate) async fn quit(json: bool) -> Result<(), Trouble> {
    let agent_ran = match agent::running().await {
        Ok(None) => false,
        Ok(Some(client)) => {
            ask_to_quit(&client).await?;
            true
        }
        Err(trouble) if trouble.is(Code::AgentOlder) => {
            end_other_version().await?;
            true
        }
        Err(trouble) => return Err(trouble),
    };
    if json {
        return Ok(print_json(&json::Quit { agent_ran })?);
    }
    let told =
        if agent_ran { "Every session has ended, and the agent with them.\n" } else { "No agent runs.\n" };
    Ok(print(told)?)
}

async fn ask_to_quit(client: &Client) -> Result<(), Trouble> {
    match client.ask(Intent::Quit).await {
        // It may be gone before it can answer.
        Err(failure) if failure.code != Code::AgentSilent => return Err(failure.into()),
        _ => {}
    }
    let mut views = client.views();
    let gone = async { while views.changed().await.is_ok() {} };
    Ok(timeout(QUIT_PATIENCE, gone).await.map_err(|_| Code::AgentSilent)?)
}

/// Ends an agent whose language we don't speak: by a signal, to the process behind the socket.
async fn end_other_version() -> Result<(), Trouble> {
    let folder = RuntimeFolder::find()?;
    folder.check()?;
    let mut stream = UnixStream::connect(folder.socket()).await.map_err(|_| Code::AgentSilent)?;
    let peer = stream.peer_cred().map_err(|_| Code::AgentSilent)?;
    let pid = peer.pid().filter(|_| peer.uid() == uid()).ok_or(Code::SocketFolder)?;
    crate::child::send(pid, libc::SIGTERM);
    let mut rest = Vec::new();
    let gone = stream.read_to_end(&mut rest);
    timeout(QUIT_PATIENCE, gone).await.map_err(|_| Code::AgentSilent)?.ok();
    Ok(())
}
