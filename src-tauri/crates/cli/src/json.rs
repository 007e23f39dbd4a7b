//! The shapes of `--json`: stable, documented in `daypass help json`, apart from what goes over the wire.

mod log;

use daypass_domain::{
    catalog::RoleEntry,
    chain::Hop,
    failure::{Code, Failure},
    ids::{AccountId, Region, RoleName, SessionId, SsoSessionName},
    protection::{Guard, SelfCheckRow},
    scope::Scope,
    sso::Source,
    time::Timestamp,
    view::{EndedView, Phase, SessionView, SignInStatus, SsoSessionView, Stage, Why},
};
use serde::Serialize;

pub(crate) use self::log::{LogRow, LogVerdict};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Role<'a> {
    account: &'a AccountId,
    account_name: &'a str,
    role: &'a RoleName,
    sso_session: &'a SsoSessionName,
    favourite: bool,
    last_used: Option<String>,
}

impl<'a> From<&'a RoleEntry> for Role<'a> {
    fn from(entry: &'a RoleEntry) -> Self {
        Self {
            account: &entry.role.account,
            account_name: &entry.account_name,
            role: &entry.role.role,
            sso_session: &entry.role.sso_session,
            favourite: entry.favourite,
            last_used: entry.last_used.map(Timestamp::rfc3339),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session<'a> {
    session: &'a SessionId,
    account: &'a AccountId,
    account_name: &'a str,
    role: &'a RoleName,
    phase: Phase,
    lease_end: Option<String>,
    expiration: Option<String>,
    region: &'a Region,
    reason: Option<&'a str>,
    scope: &'a Scope,
    path: &'a [Hop],
    ended: Option<Receipt<'a>>,
}

/// How a lease ended, and what is left at AWS.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt<'a> {
    at: String,
    why: Why,
    wiped_pages: u32,
    aws_accepts_until: Option<String>,
    clients_told: u32,
    key_id_end: Option<&'a str>,
}

impl<'a> From<&'a EndedView> for Receipt<'a> {
    fn from(ended: &'a EndedView) -> Self {
        Self {
            at: ended.at.rfc3339(),
            why: ended.why,
            wiped_pages: ended.wiped_pages,
            aws_accepts_until: ended.aws_accepts_until.map(Timestamp::rfc3339),
            clients_told: ended.clients_told,
            key_id_end: ended.key_id_end.as_deref(),
        }
    }
}

impl<'a> From<&'a SessionView> for Session<'a> {
    fn from(view: &'a SessionView) -> Self {
        Self {
            session: &view.session,
            account: &view.role.account,
            account_name: &view.account_name,
            role: &view.role.role,
            phase: view.phase,
            lease_end: view.lease_end.map(Timestamp::rfc3339),
            expiration: view.expiration.map(|e| e.0.rfc3339()),
            region: &view.region,
            reason: view.reason.as_deref(),
            scope: &view.scope,
            path: &view.path,
            ended: view.ended.as_ref().map(Receipt::from),
        }
    }
}

/// What would be sent with a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview<'a> {
    policy: Option<&'a str>,
    policy_arns: &'a [String],
    characters: u32,
    is_long: bool,
    packed_percent: u32,
}

impl<'a> From<&'a daypass_domain::request::Preview> for Preview<'a> {
    fn from(preview: &'a daypass_domain::request::Preview) -> Self {
        Self {
            policy: preview.policy.as_deref(),
            policy_arns: &preview.policy_arns,
            characters: preview.characters,
            is_long: preview.is_long,
            packed_percent: preview.packed_percent,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pass<'a> {
    name: &'a str,
    account: &'a AccountId,
    role: &'a RoleName,
    sso_session: &'a SsoSessionName,
    seconds: u32,
    scope: &'a Scope,
    path: &'a [Hop],
}

impl<'a> From<&'a daypass_domain::request::Pass> for Pass<'a> {
    fn from(pass: &'a daypass_domain::request::Pass) -> Self {
        let request = &pass.request;
        Self {
            name: &pass.name,
            account: &request.role.account,
            role: &request.role.role,
            sso_session: &request.role.sso_session,
            seconds: request.duration.0,
            scope: &request.scope,
            path: &request.path,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Removed<'a> {
    pub(crate) name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ended<'a> {
    pub(crate) session: &'a SessionId,
    pub(crate) why: Option<Why>,
    pub(crate) wiped_pages: u32,
    pub(crate) aws_accepts_until: Option<String>,
    pub(crate) clients_told: u32,
    pub(crate) key_id_end: Option<&'a str>,
}

impl<'a> From<&'a SessionView> for Ended<'a> {
    fn from(view: &'a SessionView) -> Self {
        let ended = view.ended.as_ref();
        Self {
            session: &view.session,
            why: ended.map(|e| e.why),
            wiped_pages: ended.map_or(0, |e| e.wiped_pages),
            aws_accepts_until: ended.and_then(|e| e.aws_accepts_until).map(Timestamp::rfc3339),
            clients_told: ended.map_or(0, |e| e.clients_told),
            key_id_end: ended.and_then(|e| e.key_id_end.as_deref()),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Console<'a> {
    pub(crate) session: &'a SessionId,
    pub(crate) url: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Whoami<'a> {
    pub(crate) session: &'a SessionId,
    pub(crate) account: &'a AccountId,
    pub(crate) account_name: &'a str,
    pub(crate) role: &'a RoleName,
    pub(crate) sso_session: &'a SsoSessionName,
    pub(crate) identity: Option<&'a str>,
    pub(crate) region: &'a Region,
    pub(crate) phase: Phase,
    pub(crate) lease_end: Option<String>,
    pub(crate) expiration: Option<String>,
    pub(crate) seconds_left: u32,
    pub(crate) in_the_way: &'a [&'static str],
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status<'a> {
    pub(crate) agent_runs: bool,
    pub(crate) version: &'a str,
    pub(crate) sso_sessions: Vec<SsoSession<'a>>,
    pub(crate) sign_in: Option<SignIn<'a>>,
    pub(crate) live_sessions: usize,
    pub(crate) endpoint_listens: bool,
    pub(crate) clients: u32,
    pub(crate) degraded: &'a [String],
    pub(crate) standing: Vec<Trouble<'a>>,
    /// Those that have ended, and AWS still accepts something of.
    pub(crate) accepted: Vec<Ended<'a>>,
}

/// What is wrong, as a failure is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trouble<'a> {
    code: Code,
    fact: &'a str,
    advice: &'a str,
}

impl<'a> From<&'a Failure> for Trouble<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self { code: failure.code, fact: &failure.fact, advice: &failure.advice }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SsoSession<'a> {
    sso_session: &'a SsoSessionName,
    start_url: &'a str,
    region: &'a Region,
    source: Source,
    status: SignInStatus,
    signed_in_at: Option<String>,
    identity: Option<&'a str>,
    keep_signed_in: bool,
    keyring: Option<Trouble<'a>>,
    accounts: u32,
    roles: u32,
    synced_at: Option<String>,
    failed_accounts: u32,
}

impl<'a> From<&'a SsoSessionView> for SsoSession<'a> {
    fn from(view: &'a SsoSessionView) -> Self {
        Self {
            sso_session: &view.name,
            start_url: &view.start_url,
            region: &view.region,
            source: view.source,
            status: view.status,
            signed_in_at: view.signed_in_at.map(Timestamp::rfc3339),
            identity: view.identity.as_deref(),
            keep_signed_in: view.keep_signed_in,
            keyring: view.keyring.as_ref().map(Trouble::from),
            accounts: view.catalog.accounts,
            roles: view.catalog.roles,
            synced_at: view.catalog.synced_at.map(Timestamp::rfc3339),
            failed_accounts: view.catalog.failed_accounts,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignIn<'a> {
    pub(crate) sso_session: &'a SsoSessionName,
    pub(crate) stage: Stage,
    pub(crate) started_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn<'a> {
    pub(crate) sso_session: &'a SsoSessionName,
    pub(crate) status: SignInStatus,
    pub(crate) identity: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedOut<'a> {
    pub(crate) sso_session: &'a SsoSessionName,
    pub(crate) status: SignInStatus,
    pub(crate) remains: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct Url<'a> {
    pub(crate) url: &'a str,
    pub(crate) user_code: Option<&'a str>,
    pub(crate) expires_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protection<'a> {
    pub(crate) checked_at: String,
    pub(crate) guards: &'a [Guard],
    pub(crate) self_check: Option<SelfCheck<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SelfCheck<'a> {
    checked_at: String,
    kib: u32,
    control_found: bool,
    rows: &'a [SelfCheckRow],
    verdict: &'a str,
    advice: Option<&'a str>,
}

impl<'a> From<&'a daypass_domain::protection::SelfCheck> for SelfCheck<'a> {
    fn from(check: &'a daypass_domain::protection::SelfCheck) -> Self {
        Self {
            checked_at: check.checked_at.rfc3339(),
            kib: check.kib,
            control_found: check.control_found,
            rows: &check.rows,
            verdict: &check.verdict,
            advice: check.advice.as_deref(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Quit {
    pub(crate) agent_ran: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::tests::view_of;

    #[test]
    fn a_session_has_the_documented_shape() {
        let view = view_of(&[("abcd1234", "active")]);
        assert_eq!(
            serde_json::to_string(&Session::from(&view.sessions[0])).unwrap(),
            r#"{"session":"abcd1234","account":"111122223333","accountName":"payments-prod","role":"Billing","phase":"active","leaseEnd":"1970-01-01T00:15:00Z","expiration":"1970-01-01T01:00:00Z","region":"eu-west-1","reason":null,"scope":{"base":{"kind":"wholeRole"},"policies":[],"regions":[],"addresses":[],"untilLeaseEnd":false},"path":[],"ended":null}"#
        );
    }

    #[test]
    fn a_role_has_the_documented_shape() {
        let entry: RoleEntry = serde_json::from_str(
            r#"{"ssoSession":"acme","account":"111122223333","role":"Billing","accountName":"p","environment":null,
                "colour":null,"favourite":true,"lastUsed":0,"warmth":null,"lastDuration":null,"longest":null,
                "defaultDuration":3600,"defaultRegion":null}"#,
        )
        .unwrap();
        assert_eq!(
            serde_json::to_string(&Role::from(&entry)).unwrap(),
            r#"{"account":"111122223333","accountName":"p","role":"Billing","ssoSession":"acme","favourite":true,"lastUsed":"1970-01-01T00:00:00Z"}"#
        );
    }
}
