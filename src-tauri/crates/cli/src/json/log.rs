//! What `daypass log --json` prints.

use daypass_domain::{
    audit,
    ids::{AccountId, RoleName, SessionId, SsoSessionName},
    time::Timestamp,
};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogRow<'a> {
    n: u64,
    at: String,
    event: &'a str,
    sso_session: Option<&'a SsoSessionName>,
    session: Option<&'a SessionId>,
    role: Option<&'a RoleName>,
    account: Option<&'a AccountId>,
    account_name: Option<&'a str>,
    scope: Option<&'a str>,
    reason: Option<&'a str>,
    by: &'a str,
    aws_accepts_until: Option<String>,
}

impl<'a> From<&'a audit::LogRow> for LogRow<'a> {
    fn from(row: &'a audit::LogRow) -> Self {
        Self {
            n: row.n,
            at: row.at.rfc3339(),
            event: &row.event,
            sso_session: row.sso_session.as_ref(),
            session: row.session.as_ref(),
            role: row.role.as_ref(),
            account: row.account.as_ref(),
            account_name: row.account_name.as_deref(),
            scope: row.scope.as_deref(),
            reason: row.reason.as_deref(),
            by: &row.by,
            aws_accepts_until: row.accepted_until.map(Timestamp::rfc3339),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogVerdict<'a> {
    is_whole: bool,
    entries: u64,
    places: u64,
    damage: &'a [audit::LogDamage],
}

impl<'a> From<&'a audit::LogVerdict> for LogVerdict<'a> {
    fn from(verdict: &'a audit::LogVerdict) -> Self {
        let (entries, places) = (verdict.entries, verdict.places);
        Self { is_whole: verdict.is_whole(), entries, places, damage: &verdict.damage }
    }
}
