//! Leases: request, list, renew, end, and the console.

use daypass_domain::{
    failure::Code,
    ids::SessionId,
    receipt::{accepted, cleared},
    request::{Answer, Intent, SessionRequest},
    view::{Phase, SessionView, View},
};
use daypass_wire::{client::Client, follow};

use crate::{
    agent,
    args::Wanted,
    json,
    narrow::{self, Narrowed},
    roles, sign_in,
    text::{self, Look, Table, escape, print, print_json, say},
    trouble::Trouble,
};

/// `daypass request`
pub(crate) async fn request(wanted: Wanted, json: bool) -> Result<(), Trouble> {
    let client = agent::started().await?;
    let is_dry = wanted.narrow.dry_run;
    let request = wish(&client, wanted).await?;
    if is_dry {
        return narrow::preview(&client, request, json).await;
    }
    narrow::allowed(&client, &request).await?;
    let before = sign_in::under_way(&client);
    let answer = client.ask(Intent::Request { request, open: Vec::new() }).await?;
    taken(&client, answer, before, json).await
}

/// The request that was typed.
pub(crate) async fn wish(client: &Client, wanted: Wanted) -> Result<SessionRequest, Trouble> {
    let row = roles::find(client, &wanted.role).await?;
    let duration = wanted.duration.or(row.last_duration).unwrap_or(row.default_duration);
    let Narrowed { scope, path, labels } =
        Narrowed::of(client, &row.role, wanted.narrow, wanted.reason.as_deref()).await?;
    Ok(SessionRequest {
        region: wanted.region,
        reason: wanted.reason,
        fresh: wanted.new,
        scope,
        path,
        labels,
        ..SessionRequest::of(row.role, duration)
    })
}

/// Waits for what was asked for, and says so. `before`: the sign-in that was under way.
pub(crate) async fn taken(
    client: &Client,
    answer: Answer,
    before: Option<u32>,
    json: bool,
) -> Result<(), Trouble> {
    if let Some(attempt) = answer.attempt {
        sign_in::through(client, attempt, before).await?;
    }
    let session = answer.session.ok_or(Code::Internal)?;
    let live = follow::live(client, &session).await?;
    let view = agent::view(client).await?;
    if json {
        return Ok(print_json(&json::Session::from(&live))?);
    }
    print(&format!("{} {}\n", live.session, sentence(&live, &view)))?;
    if agent::has_reader() {
        say("Work with it: `daypass shell`, `daypass exec -- CMD`, `daypass console`.");
    }
    Ok(())
}

/// `daypass sessions`
pub(crate) async fn sessions(json: bool) -> Result<(), Trouble> {
    let Some(client) = agent::running().await? else {
        if json {
            return Ok(print("[]\n")?);
        }
        return Ok(print("No agent runs.\n")?);
    };
    let view = agent::view(&client).await?;
    if json {
        return Ok(print_json(&view.sessions.iter().map(json::Session::from).collect::<Vec<_>>())?);
    }
    if view.sessions.is_empty() {
        return Ok(print("No session is live.\n")?);
    }
    let mut table = Table::new(&["SESSION", "ROLE", "ACCOUNT", "ID", "PHASE", "LEFT", "REGION", "REASON"]);
    for session in &view.sessions {
        let (phase, look) = phase(session.phase);
        table.row([
            (session.session.as_str(), Look::Plain),
            (session.role.role.as_str(), Look::Plain),
            (&session.account_name, Look::Plain),
            (session.role.account.as_str(), Look::Dim),
            (phase, look),
            (&left(session, &view), look),
            (session.region.as_str(), Look::Plain),
            (session.reason.as_deref().unwrap_or_default(), Look::Dim),
        ]);
    }
    Ok(print(&table.render())?)
}

/// `daypass renew`
pub(crate) async fn renew(named: Option<&SessionId>, json: bool) -> Result<(), Trouble> {
    let client = agent::with_sessions().await?;
    let session =
        agent::session(&agent::view(&client).await?, named, agent::own_session().as_ref())?.session.clone();
    client.ask(Intent::Renew { session: session.clone() }).await?;
    let live = follow::live(&client, &session).await?;
    if json {
        return Ok(print_json(&json::Session::from(&live))?);
    }
    let view = agent::view(&client).await?;
    Ok(print(&format!("{} {}\n", live.session, sentence(&live, &view)))?)
}

/// `daypass end`
pub(crate) async fn end(named: Option<&SessionId>, all: bool, json: bool) -> Result<(), Trouble> {
    let Some(client) = agent::running().await? else {
        return match (all, json) {
            (true, true) => Ok(print("[]\n")?),
            (true, false) => Ok(print("No agent runs.\n")?),
            (false, _) => Err(Code::NoLiveSession.into()),
        };
    };
    let view = agent::view(&client).await?;
    let ending: Vec<SessionId> = if all {
        client.ask(Intent::EndAll).await?;
        let is_going = |s: &&SessionView| s.phase.is_live() || s.phase == Phase::Requesting;
        view.sessions.iter().filter(is_going).map(|s| s.session.clone()).collect()
    } else {
        let session = agent::session(&view, named, agent::own_session().as_ref())?.session.clone();
        client.ask(Intent::End { session: session.clone() }).await?;
        vec![session]
    };
    let mut ended = Vec::new();
    for session in &ending {
        ended.extend(wiped(&client, session).await?);
    }
    if json {
        return Ok(print_json(&ended.iter().map(json::Ended::from).collect::<Vec<_>>())?);
    }
    if ended.is_empty() {
        return Ok(print("No session is live.\n")?);
    }
    let view = agent::view(&client).await?;
    for session in &ended {
        print(&receipt(session, &view))?;
    }
    Ok(())
}

/// `abcd1234 Billing in payments-prod ended, 3 pages wiped from memory, 1 client told. AWS accepts key …7Q2X until 12:40.`
pub(crate) fn receipt(session: &SessionView, view: &View) -> String {
    let ended = session.ended.as_ref();
    let cleared = ended.map_or_else(String::new, |e| format!(", {}", cleared(e.wiped_pages, e.clients_told)));
    let accepted = ended.and_then(|e| {
        let until = e.aws_accepts_until?.time_of_day(view.utc_offset);
        Some(format!(" {}.", accepted(&[e], until)))
    });
    let (role, account) = (&session.role.role, escape(&session.account_name));
    let accepted = accepted.unwrap_or_default();
    format!("{} {role} in {account} ended{cleared}.{accepted}\n", session.session)
}

/// `daypass end --at-aws`: ends it here, where it is live, and says how AWS can be made to refuse what it has issued.
pub(crate) async fn end_at_aws(named: Option<&SessionId>, json: bool) -> Result<(), Trouble> {
    let client = agent::with_sessions().await?;
    let view = agent::view(&client).await?;
    let of = |id: &SessionId| view.sessions.iter().find(|s| s.session == *id);
    let session = match named.and_then(of) {
        Some(named) => named,
        None => agent::session(&view, named, agent::own_session().as_ref())?,
    };
    let (id, is_open) = (session.session.clone(), session.phase.is_live());
    if is_open {
        client.ask(Intent::End { session: id.clone() }).await?;
    }
    let told = client.ask(Intent::EndAtAws { session: id }).await?.end_at_aws.ok_or(Code::Internal)?;
    if json {
        return Ok(print_json(&told)?);
    }
    if is_open && let Some(ended) = wiped(&client, &session.session).await? {
        print(&format!("{}\n", receipt(&ended, &view)))?;
    }
    let mut text = format!("{}\n\nWho: {}\n\n", told.what, told.who);
    for (number, step) in told.steps.iter().enumerate() {
        text.push_str(&format!("{}. {}\n", number + 1, escape(step)));
    }
    text.push_str(&told.command.unwrap_or(told.policy));
    Ok(print(&format!("{text}\n"))?)
}

/// Waits until `session` says that it was wiped; None where its card is gone.
async fn wiped(client: &Client, session: &SessionId) -> Result<Option<SessionView>, Trouble> {
    let over = client.wait_for(|view| match view.sessions.iter().find(|s| s.session == *session) {
        None => Some(None),
        Some(s) if s.phase == Phase::Failed || s.ended.is_some() => Some(Some(s.clone())),
        Some(_) => None,
    });
    Ok(over.await?)
}

/// `daypass console`
pub(crate) async fn console(named: Option<&SessionId>, print_url: bool, json: bool) -> Result<(), Trouble> {
    let client = agent::with_sessions().await?;
    let live = agent::live_session(&client, named).await?;
    let answer = client.ask(Intent::Console { session: live.session.clone() }).await?;
    let url = answer.url.ok_or(Code::ConsoleRefused)?;
    let shown = print_url.then(|| url.clone());
    if !print_url {
        let advice =
            "Run `daypass console --print-url` and open the address yourself, or set DAYPASS_BROWSER.";
        sign_in::open(&client, url, advice).await?;
    }
    match shown {
        _ if json => print_json(&json::Console { session: &live.session, url: shown.as_deref() })?,
        Some(url) => print(&format!("{url}\n"))?,
        None => {
            print(&format!("Opened the console as {} in {}.\n", live.role.role, escape(&live.account_name)))?
        }
    }
    Ok(())
}

/// `Billing in payments-prod (111122223333), eu-west-1, until 14:32 (14 min left).`
fn sentence(session: &SessionView, view: &View) -> String {
    let until = session.lease_end.map_or_else(String::new, |end| {
        format!(", until {} ({} left)", text::time_of_day(end, Some(view.now)), left(session, view))
    });
    format!(
        "{} in {} ({}), {}{until}.",
        session.role.role,
        escape(&session.account_name),
        session.role.account,
        session.region
    )
}

/// The time left of a lease that lives; nothing for others.
pub(crate) fn left(session: &SessionView, view: &View) -> String {
    session
        .lease_end
        .filter(|_| session.phase.is_live())
        .map(|end| text::roughly(view.now.until(end)))
        .unwrap_or_default()
}

const fn phase(phase: Phase) -> (&'static str, Look) {
    match phase {
        Phase::Requesting => ("requesting", Look::Dim),
        Phase::Active => ("active", Look::Good),
        Phase::Expiring => ("expiring", Look::Soon),
        Phase::Ended => ("ended", Look::Dim),
        Phase::Failed => ("failed", Look::Bad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::tests::view_of;

    #[test]
    fn a_lease_is_told_in_one_sentence() {
        let mut view = view_of(&[("abcd1234", "active")]);
        view.sessions[0].account_name = "prod\u{1b}[2J".to_owned();
        let told = sentence(&view.sessions[0], &view);
        assert!(told.starts_with("Billing in prod\\u{1b}[2J (111122223333), eu-west-1, until "), "{told}");
        assert!(told.ends_with(" (15 min left)."), "{told}");
    }

    #[test]
    fn an_ended_lease_has_no_time_left() {
        let view = view_of(&[("abcd1234", "ended")]);
        assert_eq!(left(&view.sessions[0], &view), "");
    }
}
