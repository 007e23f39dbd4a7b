//! The catalogue: accounts and roles as the portal lists them. Never a secret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ids::{AccountId, RoleName, RoleRef},
    time::{Seconds, Timestamp},
};

/// What one SSO session's portal lists.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Catalog {
    pub accounts: BTreeMap<AccountId, Account>,
    /// When the last sync ended with everything listed, or with all but some accounts.
    pub synced_at: Option<Timestamp>,
}

/// One account. Names are the organisation's text: untrusted, to be escaped by every sink.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Account {
    pub name: String,
    pub roles: BTreeSet<RoleName>,
}

impl Catalog {
    #[must_use]
    pub fn role_count(&self) -> usize {
        self.accounts.values().map(|a| a.roles.len()).sum()
    }

    #[must_use]
    pub fn has(&self, role: &RoleRef) -> bool {
        self.accounts.get(&role.account).is_some_and(|a| a.roles.contains(&role.role))
    }
}

/// What the person did with a role, kept beside the list.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Habit {
    pub favourite: bool,
    pub last_used: Option<Timestamp>,
    pub last_duration: Option<Seconds>,
    /// The longest credentials AWS issued for it, known after the first issue.
    pub longest: Option<Seconds>,
}

/// What an account is for, told from its name until settings say otherwise.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Environment {
    Production,
    Staging,
    Development,
    Sandbox,
    Shared,
}

impl Environment {
    /// Reads the words of an account's name: `payments-prod` is production.
    #[must_use]
    pub fn of(account_name: &str) -> Option<Self> {
        let name = account_name.to_lowercase();
        name.split(|c: char| !c.is_alphanumeric()).find_map(|word| match word {
            "prod" | "production" | "prd" | "live" => Some(Self::Production),
            "staging" | "stage" | "stg" | "preprod" | "uat" | "qa" | "test" => Some(Self::Staging),
            "dev" | "development" => Some(Self::Development),
            "sandbox" | "sbx" | "playground" => Some(Self::Sandbox),
            "shared" | "platform" | "tools" | "tooling" | "security" | "logs" | "audit" | "network" => {
                Some(Self::Shared)
            }
            _ => None,
        })
    }
}

/// One row of the role list, as clients see it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoleEntry {
    #[serde(flatten)]
    pub role: RoleRef,
    pub account_name: String,
    pub environment: Option<Environment>,
    pub favourite: bool,
    pub last_used: Option<Timestamp>,
    /// What was asked last; the usual case asks the same again.
    pub last_duration: Option<Seconds>,
    /// The longest credentials AWS issued for it so far.
    pub longest: Option<Seconds>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_a_whole_word_of_the_name() {
        assert_eq!(Environment::of("payments-prod"), Some(Environment::Production));
        assert_eq!(Environment::of("Data Platform"), Some(Environment::Shared));
        assert_eq!(Environment::of("products"), None);
        assert_eq!(Environment::of("latest"), None);
    }
}
