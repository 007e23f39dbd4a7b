//! The agent, seen from the command: connecting, the view, and which session or SSO session is meant.

use std::io::IsTerminal;

use daypass_domain::{
    failure::Code,
    ids::{SessionId, SsoSessionName},
    view::{Phase, SessionView, SsoSessionView, View},
};
use daypass_wire::{
    client::{Client, PATIENCE},
    folder::RuntimeFolder,
    follow, start,
};
use tokio::time::timeout;

use crate::trouble::Trouble;

pub(crate) const PROGRAM: &str = "daypass";

/// The agent, started when none runs.
pub(crate) async fn started() -> Result<Client, Trouble> {
    Ok(start::connect_or_start(&RuntimeFolder::find()?, PROGRAM).await?)
}

/// The agent, where one runs.
pub(crate) async fn running() -> Result<Option<Client>, Trouble> {
    match Client::connect(&RuntimeFolder::find()?, PROGRAM).await {
        Ok(client) => Ok(Some(client)),
        Err(Code::AgentMissing) => Ok(None),
        Err(code) => Err(code.into()),
    }
}

/// The agent, for what needs a live session: where none runs, there is no session either.
pub(crate) async fn with_sessions() -> Result<Client, Trouble> {
    running().await?.ok_or_else(|| Code::NoLiveSession.into())
}

/// The view as it is now.
pub(crate) async fn view(client: &Client) -> Result<View, Trouble> {
    let view = timeout(PATIENCE, client.wait_for(|view| Some(view.clone()))).await;
    Ok(view.map_err(|_| Code::AgentSilent)??)
}

/// The id of the Daypass shell this runs in.
pub(crate) fn own_session() -> Option<SessionId> {
    std::env::var("DAYPASS_SESSION").ok()?.parse().ok()
}

/// The session meant: the one named, else this shell's while it is live, else the newest live one.
pub(crate) fn session<'a>(
    view: &'a View,
    named: Option<&SessionId>,
    own: Option<&SessionId>,
) -> Result<&'a SessionView, Code> {
    let with_id = |id: &SessionId| view.sessions.iter().find(|s| s.session == *id);
    if let Some(id) = named {
        return with_id(id).ok_or(Code::UnknownSession);
    }
    own.and_then(with_id)
        .filter(|s| s.phase.is_live())
        .or_else(|| view.sessions.iter().find(|s| s.phase.is_live()))
        .ok_or(Code::NoLiveSession)
}

/// The session meant, once it is live.
pub(crate) async fn live_session(client: &Client, named: Option<&SessionId>) -> Result<SessionView, Trouble> {
    let view = view(client).await?;
    let found = session(&view, named, own_session().as_ref())?;
    match found.phase {
        Phase::Active | Phase::Expiring => Ok(found.clone()),
        Phase::Requesting => Ok(follow::live(client, &found.session).await?),
        Phase::Ended | Phase::Failed => Err(Code::SessionNotLive.into()),
    }
}

/// The SSO session meant: the one named, else the only one that is `eligible`.
pub(crate) fn sso_session<'a>(
    view: &'a View,
    named: Option<&SsoSessionName>,
    eligible: impl Fn(&SsoSessionView) -> bool,
    none: Code,
) -> Result<&'a SsoSessionView, Trouble> {
    if let Some(name) = named {
        return view
            .sso_sessions
            .iter()
            .find(|s| s.name == *name)
            .ok_or_else(|| Code::UnknownSsoSession.into());
    }
    let mut eligible = view.sso_sessions.iter().filter(|s| eligible(s));
    let Some(first) = eligible.next() else { return Err(none.into()) };
    let others: Vec<_> = eligible.collect();
    if others.is_empty() {
        return Ok(first);
    }
    let names = [first].into_iter().chain(others).map(|s| s.name.to_string());
    Err(Trouble::own("ambiguousSsoSession", "there are several SSO sessions", "Name one of these:")
        .with_candidates(names))
}

/// Whether somebody is there to read progress.
pub(crate) fn has_reader() -> bool {
    std::io::stderr().is_terminal()
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A view with sessions of these ids and phases, newest first, and one SSO session.
    pub(crate) fn view_of(sessions: &[(&str, &str)]) -> View {
        let session = |(id, phase): &(&str, &str)| {
            json!({
                "session": id, "ssoSession": "acme", "account": "111122223333", "role": "Billing",
                "accountName": "payments-prod", "environment": "production", "colour": null, "region": "eu-west-1",
                "reason": null, "scope": {"base": {"kind": "wholeRole"}}, "path": [], "labels": {}, "phase": phase,
                "requestedAt": 0, "duration": 900,
                "leaseEnd": 900_000, "expiration": 3_600_000, "failure": null, "ended": null,
            })
        };
        let sso = json!({
            "name": "acme", "startUrl": "https://acme.awsapps.com/start", "region": "eu-west-1", "source": "config",
            "status": "signedIn", "signedInAt": 0, "identity": null, "colour": null, "partition": "aws",
            "way": "browser", "keepSignedIn": false, "keyring": null,
            "catalog": {
                "accounts": 0, "roles": 0, "syncedAt": null, "progress": null, "failedAccounts": 0, "failure": null,
                "changes": null,
            },
        });
        serde_json::from_value(json!({
            "now": 0, "utcOffset": 0, "quick": [], "ssoSessions": [sso], "signIn": null, "notice": null,
            "sessions": sessions.iter().map(session).collect::<Vec<_>>(), "catalogRevision": 0,
            "endpoint": { "listening": false, "clients": 0 }, "today": { "requested": 0, "ended": 0 }, "degraded": [],
            "standing": [], "settings": {}, "utcOffset": 0, "quick": [], "passes": [],
        }))
        .unwrap()
    }

    fn id(text: &str) -> SessionId {
        text.parse().unwrap()
    }

    #[test]
    fn the_newest_live_session_is_meant_where_none_is_named() {
        let view = view_of(&[("endedaaa", "ended"), ("newestaa", "expiring"), ("olderaaa", "active")]);
        assert_eq!(session(&view, None, None).unwrap().session, id("newestaa"));
        assert_eq!(session(&view, Some(&id("endedaaa")), None).unwrap().session, id("endedaaa"));
        assert_eq!(session(&view, Some(&id("nothere1")), None).err(), Some(Code::UnknownSession));
        assert_eq!(session(&view_of(&[("endedaaa", "ended")]), None, None).err(), Some(Code::NoLiveSession));
    }

    #[test]
    fn inside_a_daypass_shell_its_own_session_is_meant_while_it_lives() {
        let view = view_of(&[("newestaa", "active"), ("olderaaa", "active"), ("endedaaa", "ended")]);
        assert_eq!(session(&view, None, Some(&id("olderaaa"))).unwrap().session, id("olderaaa"));
        assert_eq!(session(&view, None, Some(&id("endedaaa"))).unwrap().session, id("newestaa"));
    }

    #[test]
    fn several_sso_sessions_are_listed_rather_than_guessed() {
        let mut view = view_of(&[]);
        assert!(sso_session(&view, None, |_| true, Code::NotSignedIn).is_ok());
        assert!(sso_session(&view, None, |_| false, Code::NotSignedIn).is_err());
        view.sso_sessions.push(view.sso_sessions[0].clone());
        assert!(sso_session(&view, None, |_| true, Code::NotSignedIn).is_err());
    }
}
