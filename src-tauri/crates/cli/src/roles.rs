//! Roles: listing them, and finding the one that ROLE@ACCOUNT means.

use std::time::Duration;

use daypass_domain::{
    catalog::RoleEntry,
    failure::Code,
    ids::SsoSessionName,
    view::{SignInStatus, SsoSessionView, View},
};
use daypass_wire::client::Client;
use tokio::time::{sleep, timeout};

use crate::{
    agent, json, sign_in,
    text::{self, Look, Table, print, print_json},
    trouble::Trouble,
};

/// How long a sync may show no progress before we go on without it.
const STALL: Duration = Duration::from_secs(30);
/// How many roles are named that may have been meant.
const MOST: usize = 10;
/// How often the list is fetched anew while it grows.
const PACE: Duration = Duration::from_millis(100);

/// `daypass roles [QUERY]`
pub(crate) async fn list(query: &[String], json: bool) -> Result<(), Trouble> {
    let client = agent::started().await?;
    let mut view = agent::view(&client).await?;
    while view.sso_sessions.iter().any(is_first_sync) && wait_for_sync(&client, &view).await? {
        view = agent::view(&client).await?;
    }
    let rows = client.catalog().await?;
    if rows.is_empty() {
        why_empty(&view)?;
    }
    let query = query.join(" ");
    let found: Vec<_> = rows.iter().filter(|row| matches(row, &query)).collect();
    if json {
        return Ok(print_json(&found.into_iter().map(json::Role::from).collect::<Vec<_>>())?);
    }
    if found.is_empty() {
        text::say("No role matches.");
        return Ok(());
    }
    print(&table(&found, &view))?;
    for sso in view.sso_sessions.iter().filter(|s| s.status != SignInStatus::SignedIn && s.catalog.roles > 0)
    {
        if let Some(at) = sso.catalog.synced_at {
            let age = text::roughly(at.until(view.now));
            text::say(&format!(
                "Not signed in to {}: its list is {age} old.",
                text::escape(sso.name.as_str())
            ));
        }
    }
    Ok(())
}

fn table(found: &[&RoleEntry], view: &View) -> String {
    let several = view.sso_sessions.len() > 1;
    let mut table =
        Table::new(&["", "ROLE", "ACCOUNT", "ID", "USED", if several { "SSO SESSION" } else { "" }]);
    for row in found {
        let used =
            row.last_used.map(|at| format!("{} ago", text::roughly(at.until(view.now)))).unwrap_or_default();
        table.row([
            (if row.favourite { "*" } else { "" }, Look::Soon),
            (row.role.role.as_str(), Look::Plain),
            (&row.account_name, Look::Plain),
            (row.role.account.as_str(), Look::Dim),
            (&used, Look::Dim),
            (if several { row.role.sso_session.as_str() } else { "" }, Look::Dim),
        ]);
    }
    table.render()
}

/// Nothing to list: says why, where there is a reason.
fn why_empty(view: &View) -> Result<(), Trouble> {
    if let Some(failure) = view.sso_sessions.iter().find_map(|s| s.catalog.failure.clone()) {
        return Err(failure.into());
    }
    if view.sso_sessions.iter().any(|s| s.status == SignInStatus::SignedIn) {
        return Ok(());
    }
    let advice = if view.sso_sessions.is_empty() {
        "Sign in with `daypass sign-in --start-url URL --sso-region REGION`, or try `daypass practice`."
    } else {
        "Sign in with `daypass sign-in`."
    };
    Err(Trouble::from(Code::NotSignedIn).with_advice(advice))
}

/// The rule of every search field of Daypass: each word, in any order, in role, account name or account id.
pub(crate) fn matches(row: &RoleEntry, query: &str) -> bool {
    let text = format!("{} {} {}", row.role.role, row.account_name, row.role.account).to_lowercase();
    query.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// Refuses what cannot name a role, before anything is started for it.
pub(crate) fn check_spelling(wanted: &str) -> Result<(), Trouble> {
    if wanted.contains('@') {
        return Ok(());
    }
    Err(Trouble::usage("a role is named ROLE@ACCOUNT", "`daypass roles` lists them."))
}

/// The one role that `wanted` means; signs in first where that is what is missing.
pub(crate) async fn find(client: &Client, wanted: &str) -> Result<RoleEntry, Trouble> {
    let mut has_tried = false;
    loop {
        let view = agent::view(client).await?;
        let places = places(&view, wanted)?;
        let rows = client.catalog().await?;
        let found = meant(&rows, wanted);
        // A name may turn out to be another account's too, as long as accounts arrive; an id may not.
        if found.is_by_id || !places.iter().any(|sso| is_first_sync(sso)) {
            match found.rows.as_slice() {
                [] => {}
                [row] => return Ok((*row).clone()),
                several => return Err(ambiguous(several)),
            }
        }
        if places.iter().any(|sso| is_syncing(sso)) && wait_for_sync(client, &view).await? {
            continue;
        }
        if let Some(row) = found.rows.first().filter(|_| found.rows.len() == 1) {
            return Ok((*row).clone());
        }
        if has_tried || places.iter().any(|sso| sso.status == SignInStatus::SignedIn) {
            return Err(places
                .iter()
                .find_map(|sso| sso.catalog.failure.clone())
                .map_or_else(|| unknown(&rows, wanted), Trouble::from));
        }
        has_tried = true;
        let sso = agent::sso_session(&view, only(&places), |_| true, Code::NotSignedIn)?;
        sign_in::to(client, &sso.name).await?;
    }
}

/// None is spelt so: says which are like it, by the words of `wanted`, or are in its account.
fn unknown(rows: &[RoleEntry], wanted: &str) -> Trouble {
    let trouble = Trouble::from(Code::UnknownRole);
    let spelt = |row: &RoleEntry| {
        let within =
            wanted.strip_prefix(row.role.sso_session.as_str()).and_then(|rest| rest.strip_prefix('/'));
        within.unwrap_or(wanted).replace('@', " ")
    };
    let account = wanted.rsplit_once('@').map_or("", |(_, account)| account);
    let is_there = |row: &&RoleEntry| [row.role.account.as_str(), &row.account_name].contains(&account);
    let mut like: Vec<_> = rows.iter().filter(|row| matches(row, &spelt(row))).take(MOST).collect();
    if like.is_empty() {
        like = rows.iter().filter(is_there).take(MOST).collect();
    }
    if like.is_empty() {
        return trouble;
    }
    trouble.with_advice("Was one of these meant?").with_candidates(like.into_iter().map(full))
}

fn only<'a>(places: &[&'a SsoSessionView]) -> Option<&'a SsoSessionName> {
    match places {
        [one] => Some(&one.name),
        _ => None,
    }
}

fn ambiguous(rows: &[&RoleEntry]) -> Trouble {
    let advice = "Name the account by its id, or put the SSO session in front:";
    Trouble::own("ambiguousRole", "several roles have this name", advice)
        .with_candidates(rows.iter().copied().map(full))
}

/// A role so that nothing else is named so, and what its account is called.
fn full(row: &RoleEntry) -> String {
    let role = &row.role;
    format!("{}/{}@{}  {}", role.sso_session, role.role, role.account, row.account_name)
}

/// The SSO sessions in which `wanted` may be: the one it begins with, else all.
fn places<'a>(view: &'a View, wanted: &str) -> Result<Vec<&'a SsoSessionView>, Code> {
    let is_prefix = |name: &str| wanted.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    let named: Vec<_> = view.sso_sessions.iter().filter(|sso| is_prefix(sso.name.as_str())).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    match wanted.split_once('/') {
        Some((before, _)) if !before.contains('@') => Err(Code::UnknownSsoSession),
        _ => Ok(view.sso_sessions.iter().collect()),
    }
}

struct Meant<'a> {
    rows: Vec<&'a RoleEntry>,
    is_by_id: bool,
}

/// The rows that `wanted` spells. An account id goes before an account name: names are the organisation's
/// text, and one may look like another account's id. Exact case goes before any case.
fn meant<'a>(rows: &'a [RoleEntry], wanted: &str) -> Meant<'a> {
    let spelt = |row: &RoleEntry, account: &str, same: fn(&str, &str) -> bool| {
        let short = format!("{}@{account}", row.role.role);
        same(&short, wanted) || same(&format!("{}/{short}", row.role.sso_session), wanted)
    };
    let exactly: fn(&str, &str) -> bool = |a, b| a == b;
    let in_any_case: fn(&str, &str) -> bool = |a, b| a.to_lowercase() == b.to_lowercase();
    for is_by_id in [true, false] {
        for same in [exactly, in_any_case] {
            let account =
                |row: &'a RoleEntry| if is_by_id { row.role.account.as_str() } else { &row.account_name };
            let found: Vec<_> = rows.iter().filter(|row| spelt(row, account(row), same)).collect();
            if !found.is_empty() {
                return Meant { rows: found, is_by_id };
            }
        }
    }
    Meant { rows: Vec::new(), is_by_id: false }
}

/// Signed in, and its list never complete so far.
fn is_first_sync(sso: &SsoSessionView) -> bool {
    sso.catalog.synced_at.is_none() && is_syncing(sso)
}

/// A sync is under way, or about to start because a sign-in has just ended.
fn is_syncing(sso: &SsoSessionView) -> bool {
    let is_due = sso.status == SignInStatus::SignedIn
        && sso.catalog.failure.is_none()
        && sso.catalog.synced_at.is_none_or(|at| sso.signed_in_at.is_some_and(|signed_in| at < signed_in));
    sso.catalog.progress.is_some() || is_due
}

/// Waits until the list has changed or the sync is over. False where neither happens for long.
async fn wait_for_sync(client: &Client, before: &View) -> Result<bool, Trouble> {
    sleep(PACE).await;
    let changed = client.wait_for(|view| {
        let is_over = !view.sso_sessions.iter().any(is_syncing);
        (is_over || view.catalog_revision != before.catalog_revision).then_some(())
    });
    match timeout(STALL, changed).await {
        Ok(changed) => Ok(changed.map(|()| true)?),
        Err(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::tests::view_of;

    fn row(sso: &str, role: &str, account: &str, name: &str) -> RoleEntry {
        serde_json::from_value(serde_json::json!({
            "ssoSession": sso, "account": account, "role": role, "accountName": name, "environment": null,
            "colour": null, "favourite": false, "lastUsed": null, "warmth": null, "lastDuration": null,
            "longest": null, "defaultDuration": 3600, "defaultRegion": null,
        }))
        .unwrap()
    }

    fn rows() -> Vec<RoleEntry> {
        vec![
            row("acme", "Billing", "111111111111", "payments-prod"),
            row("acme", "Billing", "222222222222", "payments-dev"),
            row("acme", "Admin@Night", "222222222222", "payments-dev"),
            row("acme", "Billing", "333333333333", "twin"),
            row("acme", "Billing", "444444444444", "twin"),
            row("acme", "Billing", "555555555555", "111111111111"),
            row("other", "Billing", "111111111111", "payments-prod"),
            row("other", "Audit", "666666666666", "a/b@c"),
        ]
    }

    fn found(wanted: &str) -> Vec<String> {
        let rows = rows();
        let found = meant(&rows, wanted);
        found.rows.iter().map(|r| format!("{}/{}", r.role.sso_session, r.role.account)).collect()
    }

    #[test]
    fn words_match_in_any_order_and_anywhere() {
        let row = row("acme", "BillingReadOnly", "111122223333", "Payments Prod");
        for query in ["", "prod billing", "READ pay", "1222", "  ro  "] {
            assert!(matches(&row, query), "{query}");
        }
        for query in ["prod admin", "acme"] {
            assert!(!matches(&row, query), "{query}");
        }
    }

    #[test]
    fn a_role_is_found_by_id_or_by_name_in_any_case() {
        assert_eq!(found("Billing@222222222222"), ["acme/222222222222"]);
        assert_eq!(found("billing@Payments-Dev"), ["acme/222222222222"]);
        assert_eq!(found("Admin@Night@payments-dev"), ["acme/222222222222"]);
        assert_eq!(found("Audit@a/b@c"), ["other/666666666666"]);
        assert_eq!(found("other/Audit@a/b@c"), ["other/666666666666"]);
        assert!(found("Nobody@payments-dev").is_empty());
    }

    #[test]
    fn what_is_ambiguous_stays_so_until_an_id_or_an_sso_session_tells() {
        assert_eq!(found("Billing@twin"), ["acme/333333333333", "acme/444444444444"]);
        assert_eq!(found("Billing@444444444444"), ["acme/444444444444"]);
        assert_eq!(found("Billing@payments-prod"), ["acme/111111111111", "other/111111111111"]);
        assert_eq!(found("other/Billing@payments-prod"), ["other/111111111111"]);
    }

    #[test]
    fn a_role_that_is_not_there_brings_those_that_are_like_it_or_in_its_account() {
        let candidates = |wanted: &str| {
            let said = serde_json::to_value(unknown(&rows(), wanted)).unwrap();
            said["candidates"].as_array().map_or(0, Vec::len)
        };
        assert_eq!(candidates("Bill@payments-dev"), 1, "by its words");
        assert_eq!(candidates("other/Bill@payments-prod"), 1, "and by the SSO session in front");
        assert_eq!(candidates("Nobody@payments-dev"), 2, "by the account's name");
        assert_eq!(candidates("Nobody@444444444444"), 1, "and id");
        assert_eq!(candidates("Nobody@nowhere"), 0);
    }

    #[test]
    fn an_account_named_like_an_id_cannot_pose_as_that_account() {
        assert_eq!(found("acme/Billing@111111111111"), ["acme/111111111111"]);
    }

    #[test]
    fn an_sso_session_nobody_knows_is_said_so() {
        let view = view_of(&[]);
        assert_eq!(places(&view, "nowhere/Billing@twin").err(), Some(Code::UnknownSsoSession));
        assert_eq!(places(&view, "acme/Billing@twin").unwrap().len(), 1);
        assert_eq!(places(&view, "Audit@a/b").unwrap().len(), 1);
    }
}
