//! The catalogue: accounts and roles as the portal lists them. Never a secret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ids::{AccountId, Region, RoleName, RoleRef},
    request::{Open, SessionRequest},
    settings::Colour,
    time::{Seconds, Timestamp},
};

/// What one SSO session's portal lists.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Catalog {
    pub accounts: BTreeMap<AccountId, Account>,
    /// When the last sync ended with everything listed, or with all but some accounts.
    pub synced_at: Option<Timestamp>,
    /// What came and went since the person last looked.
    #[serde(default)]
    pub changes: Changes,
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
        self.lists(&role.account, &role.role)
    }

    fn lists(&self, account: &AccountId, role: &RoleName) -> bool {
        self.accounts.get(account).is_some_and(|a| a.roles.contains(role))
    }

    fn rows(&self) -> impl Iterator<Item = Change> {
        self.accounts.iter().flat_map(|(account, known)| {
            known.roles.iter().map(|role| Change {
                account_name: known.name.clone(),
                account: account.clone(),
                role: role.clone(),
            })
        })
    }
}

/// Roles that came and went, with the names their accounts had.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Changes {
    pub came: BTreeSet<Change>,
    pub went: BTreeSet<Change>,
}

#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Change {
    pub account_name: String,
    pub account: AccountId,
    pub role: RoleName,
}

impl Changes {
    /// Adds what is different between two lists. What came and went again is no change.
    pub fn add(&mut self, before: &Catalog, after: &Catalog) {
        for gone in before.rows().filter(|row| !after.lists(&row.account, &row.role)) {
            if !self.came.remove(&gone) {
                self.went.insert(gone);
            }
        }
        for new in after.rows().filter(|row| !before.lists(&row.account, &row.role)) {
            if !self.went.remove(&new) {
                self.came.insert(new);
            }
        }
    }
}

/// What the person did with a role, kept beside the list.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Habit {
    pub last_used: Option<Timestamp>,
    pub last_duration: Option<Seconds>,
    /// The whole request, where it was more than role and duration.
    pub last_request: Option<SessionRequest>,
    /// What was opened last with a session of it.
    pub last_open: Option<Open>,
    /// The longest credentials AWS issued for it, known after the first issue.
    pub longest: Option<Seconds>,
    pub warmth: Option<Warmth>,
}

/// How often and how lately something was used, as one number to sort by: more is warmer.
///
/// A use counts 1 and half as much after each week. The number is when, in milliseconds, what is left of
/// all uses comes down to 1; so it need not be reckoned anew as time goes by.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Warmth(i64);

const HALF_LIFE_MILLIS: f64 = 7.0 * 24.0 * 3600.0 * 1000.0;

impl Warmth {
    /// Used once more.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "milliseconds of an order"
    )]
    pub fn used(before: Option<Self>, now: Timestamp) -> Self {
        let left = before.map_or(0.0, |b| {
            ((b.0.saturating_sub(now.as_millis())) as f64 / HALF_LIFE_MILLIS).min(60.0).exp2()
        });
        Self(now.as_millis().saturating_add((HALF_LIFE_MILLIS * (left + 1.0).log2()) as i64))
    }
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
    pub colour: Option<Colour>,
    pub favourite: bool,
    pub last_used: Option<Timestamp>,
    /// Frecency: how often and how lately it was used. More is warmer.
    pub warmth: Option<Warmth>,
    /// What was asked last; the usual case asks the same again.
    pub last_duration: Option<Seconds>,
    /// The longest credentials AWS issued for it so far.
    pub longest: Option<Seconds>,
    /// What the settings say for its account, or for all.
    pub default_duration: Seconds,
    /// Where to work; None for the SSO Region.
    pub default_region: Option<Region>,
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

    #[test]
    fn what_is_used_often_or_lately_is_warmer() {
        let day = |n: i64| Timestamp::from_secs(n * 24 * 3600);
        let uses = |days: &[i64]| days.iter().fold(None, |w, &d| Some(Warmth::used(w, day(d))));
        assert!(uses(&[10]) > uses(&[9]));
        assert!(uses(&[8, 9]) > uses(&[10]), "twice of late beats once a day later");
        assert!(uses(&[1, 2, 3]) < uses(&[60]), "what was long ago fades");
        assert_eq!(uses(&[10]), Some(Warmth(day(10).as_millis())));
    }

    #[test]
    fn what_came_and_went_again_is_no_change() {
        let list = |roles: &[&str]| {
            let roles = roles.iter().map(|r| r.parse().unwrap()).collect();
            let account = Account { name: "pay".to_owned(), roles };
            let accounts = BTreeMap::from([("111122223333".parse().unwrap(), account)]);
            Catalog { accounts, ..Catalog::default() }
        };
        let (old, new) = (list(&["Admin", "ReadOnly"]), list(&["ReadOnly", "Audit"]));
        let mut changes = Changes::default();
        changes.add(&old, &new);
        let names = |set: &BTreeSet<Change>| set.iter().map(|c| c.role.to_string()).collect::<Vec<_>>();
        assert_eq!(
            (names(&changes.came), names(&changes.went)),
            (vec!["Audit".into()], vec!["Admin".into()])
        );
        changes.add(&new, &old);
        assert_eq!(changes, Changes::default());
    }
}
