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
    /// What is listed for it next is no news: of an account of the first list, until its roles were listed once.
    #[serde(default)]
    pub is_unheard: bool,
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

    /// The portal lists these accounts now. Roles known from before stay until their account is listed anew.
    pub fn list_accounts(&mut self, accounts: Vec<(AccountId, String)>) {
        let is_unheard = self.synced_at.is_none();
        let mut before = std::mem::take(&mut self.accounts);
        for (id, name) in accounts {
            let known = before.remove(&id).unwrap_or(Account { is_unheard, ..Account::default() });
            self.accounts.insert(id, Account { name, ..known });
        }
        for (id, gone) in before {
            self.changes.note(&id, &gone.name, gone.roles, BTreeSet::new());
        }
    }

    /// The portal lists these roles of an account now.
    pub fn list_roles(&mut self, id: &AccountId, roles: BTreeSet<RoleName>) {
        let Some(account) = self.accounts.get_mut(id) else { return };
        let before = std::mem::replace(&mut account.roles, roles);
        if !std::mem::take(&mut account.is_unheard) {
            self.changes.note(id, &account.name, before, account.roles.clone());
        }
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
    /// Adds what is different between two lists of an account. What came and went again is no change.
    fn note(&mut self, id: &AccountId, name: &str, before: BTreeSet<RoleName>, after: BTreeSet<RoleName>) {
        let change = |role: &RoleName| Change {
            account_name: name.to_owned(),
            account: id.clone(),
            role: role.clone(),
        };
        for gone in before.difference(&after).map(change) {
            if !take_out(&mut self.came, &gone) {
                self.went.insert(gone);
            }
        }
        for new in after.difference(&before).map(change) {
            if !take_out(&mut self.went, &new) {
                self.came.insert(new);
            }
        }
    }
}

/// Takes a role out, whatever its account was called; false where it is not there.
fn take_out(changes: &mut BTreeSet<Change>, change: &Change) -> bool {
    let count = changes.len();
    changes.retain(|c| (&c.account, &c.role) != (&change.account, &change.role));
    changes.len() < count
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

    fn names(changes: &BTreeSet<Change>) -> Vec<&str> {
        changes.iter().map(|c| c.role.as_str()).collect()
    }

    fn list(catalog: &mut Catalog, name: &str, roles: &[&str]) {
        let id: AccountId = "111122223333".parse().unwrap();
        catalog.list_accounts(vec![(id.clone(), name.to_owned())]);
        catalog.list_roles(&id, roles.iter().map(|r| r.parse().unwrap()).collect());
    }

    #[test]
    fn what_came_and_went_again_is_no_change_whatever_the_account_is_called() {
        let mut catalog = Catalog::default();
        list(&mut catalog, "pay", &["Admin", "ReadOnly"]);
        catalog.synced_at = Some(Timestamp::from_secs(0));
        list(&mut catalog, "pay", &["ReadOnly", "Audit"]);
        let Changes { came, went } = &catalog.changes;
        assert_eq!((names(came), names(went)), (vec!["Audit"], vec!["Admin"]));
        list(&mut catalog, "payments", &["Admin", "ReadOnly"]);
        assert_eq!(catalog.changes, Changes::default());
    }

    #[test]
    fn an_account_that_failed_in_the_first_list_brings_no_news_later() {
        let mut catalog = Catalog::default();
        catalog.list_accounts(vec![("111122223333".parse().unwrap(), "pay".to_owned())]);
        catalog.synced_at = Some(Timestamp::from_secs(0));
        list(&mut catalog, "pay", &["Admin"]);
        assert_eq!(catalog.changes, Changes::default());
        list(&mut catalog, "pay", &["Admin", "Audit"]);
        assert_eq!(names(&catalog.changes.came), ["Audit"]);
    }

    #[test]
    fn an_account_that_comes_is_news_and_so_is_one_that_goes() {
        let mut catalog = Catalog { synced_at: Some(Timestamp::from_secs(0)), ..Catalog::default() };
        list(&mut catalog, "pay", &["Admin"]);
        assert_eq!(names(&catalog.changes.came), ["Admin"]);
        catalog.changes = Changes::default();
        catalog.list_accounts(vec![]);
        assert_eq!(names(&catalog.changes.went), ["Admin"]);
    }
}
