//! Roles: those one can assume besides the portal's, with their trust policies.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::iam::{Document, Kind, Malformed};
use crate::partition::Partition;
use crate::permissions;
use crate::state::State;

/// A role to put into an account, for what the ones that are there don't show.
#[derive(Clone, Debug)]
pub struct ChainedRole {
    /// Its account, 12 digits.
    pub account_id: String,
    /// Its name, with its path if it has one: `Deploy`, or `team/Deploy`.
    pub name: String,
    /// Its trust policy, JSON.
    pub trust: String,
    /// Its permissions, JSON each.
    pub policies: Vec<String>,
    /// How long its sessions last at most when they aren't chained.
    pub max_session_duration: Duration,
}

/// A role as AssumeRole needs it.
#[derive(Clone)]
pub(crate) struct AssumableRole {
    pub(crate) account_id: String,
    /// With its path, as in its ARN.
    pub(crate) name: String,
    pub(crate) trust: Arc<Document>,
    /// The trust policy as it was written.
    pub(crate) trust_text: String,
    pub(crate) policies: Vec<Arc<Document>>,
    pub(crate) max_session_duration: u64,
}

/// A role that every account has, or some do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Standard {
    name: String,
    about: String,
    #[serde(default)]
    accounts: Vec<String>,
    policies: Vec<String>,
    #[serde(default = "one_hour")]
    max_session_duration: u64,
    trust: Value,
}

static STANDARD: LazyLock<Vec<Standard>> =
    LazyLock::new(|| serde_json::from_str(include_str!("roles.json")).unwrap_or_default());

fn one_hour() -> u64 {
    3600
}

/// Name and description of every role there is to assume, for a person who wants to try.
pub fn roles_to_try() -> impl Iterator<Item = (&'static str, &'static str)> {
    STANDARD.iter().map(|role| (role.name.as_str(), role.about.as_str()))
}

impl AssumableRole {
    /// # Errors
    /// When one of its policies is malformed.
    pub(crate) fn read(role: &ChainedRole) -> Result<Self, Malformed> {
        let policies =
            role.policies.iter().map(|policy| Document::parse(policy, Kind::Identity).map(Arc::new));
        Ok(Self {
            account_id: role.account_id.clone(),
            name: role.name.clone(),
            trust: Arc::new(Document::parse(&role.trust, Kind::Trust)?),
            trust_text: role.trust.clone(),
            policies: policies.collect::<Result<_, _>>()?,
            max_session_duration: role.max_session_duration.as_secs(),
        })
    }

    fn standard(role: &Standard, account_id: &str, partition: Partition) -> Option<Self> {
        let is_here = role.accounts.is_empty() || role.accounts.iter().any(|account| account == account_id);
        is_here.then_some(())?;
        let trust = json!({ "Version": "2012-10-17", "Statement": role.trust })
            .to_string()
            .replace("{account}", account_id)
            .replace("{partition}", partition.arn_name());
        let names: Vec<&str> = role.policies.iter().map(String::as_str).collect();
        Some(Self {
            account_id: account_id.to_owned(),
            name: role.name.clone(),
            trust: Arc::new(Document::parse(&trust, Kind::Trust).ok()?),
            trust_text: trust,
            policies: permissions::named(&names).collect(),
            max_session_duration: role.max_session_duration,
        })
    }
}

/// Every role of an account that can be assumed: those that were put in, and those that all have unless replaced.
pub(crate) fn in_account(
    put: &[AssumableRole],
    partition: Partition,
    account_id: &str,
) -> Vec<AssumableRole> {
    let mut all: Vec<AssumableRole> =
        put.iter().filter(|role| role.account_id == account_id).cloned().collect();
    for standard in STANDARD.iter() {
        if all.iter().all(|role| role.name != standard.name) {
            all.extend(AssumableRole::standard(standard, account_id, partition));
        }
    }
    all
}

/// The role of an ARN `arn:{partition}:iam::{account}:role/{path and name}`, if there is one.
pub(crate) fn find(state: &State, partition: Partition, arn: &str) -> Option<AssumableRole> {
    let (account_id, name) = arn
        .strip_prefix("arn:")?
        .strip_prefix(partition.arn_name())?
        .strip_prefix(":iam::")?
        .split_once(":role/")?;
    state.account(account_id)?;
    in_account(&state.roles, partition, account_id).into_iter().find(|role| role.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_to_try_have_policies_that_are_known_and_trust_that_can_be_read() {
        assert_eq!(roles_to_try().count(), 10);
        for role in STANDARD.iter() {
            let account = role.accounts.first().map_or("444455556666", String::as_str);
            let read = AssumableRole::standard(role, account, Partition::China).unwrap();
            assert_eq!(read.policies.len(), role.policies.len(), "{}", role.name);
        }
    }
}
