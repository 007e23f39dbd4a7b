//! The audit log: its newest rows, and whether its chain is whole.

use daypass_domain::{
    audit::{LogFilter, LogPage, LogRow},
    failure::Code,
    request::Intent,
};
use daypass_wire::client::Client;

use crate::{
    agent,
    args::log::{Since, Wanted},
    json,
    text::{self, Look, Table, capitalised, print, print_json},
    trouble::Trouble,
};

/// How many rows are shown where nobody says.
const USUAL: usize = 50;

/// `daypass log`; the exit code.
pub(crate) async fn log(wanted: Wanted, json: bool) -> Result<u8, Trouble> {
    let client = agent::started().await?;
    if wanted.verify {
        return verify(&client, json).await;
    }
    let now = agent::view(&client).await?.now;
    let since = wanted.since.map(|since| match since {
        Since::Ago(length) => now.after_millis(-i64::from(length.0) * 1000),
        Since::At(at) => at,
    });
    let filter =
        LogFilter { since, session: wanted.session, text: wanted.words.join(" "), ..LogFilter::default() };
    let rows = rows(&client, &filter, wanted.number.unwrap_or(USUAL)).await?;
    if json {
        print_json(&rows.iter().map(json::LogRow::from).collect::<Vec<_>>())?;
    } else if rows.is_empty() {
        print("Nothing of this is in the log.\n")?;
    } else {
        print(&table(&rows).render())?;
    }
    Ok(0)
}

/// So many rows, oldest first: what is read last is what happened last.
async fn rows(client: &Client, filter: &LogFilter, number: usize) -> Result<Vec<LogRow>, Trouble> {
    let mut rows = Vec::<LogRow>::new();
    while rows.len() < number {
        let before = rows.last().map(|row| row.n);
        let answer = client.ask(Intent::Log { filter: filter.clone(), before }).await?;
        let LogPage { rows: more, has_more } = *answer.log.ok_or(Code::AgentSilent)?;
        rows.extend(more);
        if !has_more {
            break;
        }
    }
    rows.truncate(number);
    rows.reverse();
    Ok(rows)
}

fn table(rows: &[LogRow]) -> Table {
    let mut table = Table::new(&["TIME", "EVENT", "ROLE", "ACCOUNT", "SCOPE", "BY"]);
    for row in rows {
        let account = row.account_name.as_deref().or_else(|| row.sso_session.as_ref().map(AsRef::as_ref));
        let mut event = row.event.clone();
        if let Some(until) = row.accepted_until {
            event = format!("{event}, AWS accepts it until {}", text::time_of_day(until, Some(row.at)));
        }
        table.row([
            (text::date_and_time(row.at).as_str(), Look::Dim),
            (&event, Look::Plain),
            (row.role.as_ref().map_or("", AsRef::as_ref), Look::Plain),
            (account.unwrap_or_default(), Look::Plain),
            (row.scope.as_deref().unwrap_or_default(), Look::Dim),
            (&row.by, Look::Dim),
        ]);
    }
    table
}

async fn verify(client: &Client, json: bool) -> Result<u8, Trouble> {
    let answer = client.ask(Intent::VerifyLog).await?;
    let verdict = *answer.verdict.ok_or(Code::AgentSilent)?;
    if json {
        print_json(&json::LogVerdict::from(&verdict))?;
    } else {
        let mut told = format!("{}.\n", capitalised(&verdict.words));
        for damage in verdict.damage.iter().skip(1) {
            told.push_str(&format!("{}.\n", capitalised(&damage.words)));
        }
        print(&told)?;
        text::say("A chain without a key shows damage, not a forger with your own rights.");
    }
    Ok(u8::from(!verdict.is_whole()))
}
