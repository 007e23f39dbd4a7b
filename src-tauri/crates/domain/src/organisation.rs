//! What an organisation says for everybody, in a file its administrator ships.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wildmatch::WildMatchPattern;

use crate::{chain::ChainedRole, ids::RoleRef, scope::preset::Preset, settings::AccountRule, time::Seconds};

/// All of it. Empty where there is no file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Organisation {
    pub chained_roles: Vec<ChainedRole>,
    pub presets: Vec<Preset>,
    pub rules: Vec<Rule>,
    /// Looks and environments of accounts, where the person's own rules say nothing.
    pub accounts: Vec<AccountRule>,
}

/// What is known of scopes and ways besides the person's settings, to be shown there.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Brought {
    /// Those of the organisation and of the AWS config file.
    pub chained_roles: Vec<ChainedRole>,
    pub presets: Vec<Preset>,
    pub rules: Vec<Rule>,
    pub accounts: Vec<AccountRule>,
}

/// What holds for the roles that match.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// A role's name; `*` stands for anything.
    pub role: String,
    /// An account's name or id.
    pub account: String,
    /// How long a lease may last.
    pub longest: Option<Seconds>,
    pub reason_required: bool,
}

/// What the rules say of one role together: the strictest.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ruled {
    pub longest: Option<Seconds>,
    pub reason_required: bool,
}

impl Organisation {
    #[must_use]
    pub fn ruled(&self, role: &RoleRef, account_name: &str) -> Ruled {
        let mut ruled = Ruled::default();
        for rule in self.rules.iter().filter(|rule| rule.matches(role, account_name)) {
            ruled.longest = ruled.longest.into_iter().chain(rule.longest).min();
            ruled.reason_required |= rule.reason_required;
        }
        ruled
    }
}

impl Rule {
    fn matches(&self, role: &RoleRef, account_name: &str) -> bool {
        let is = |pattern: &str, text: &str| {
            WildMatchPattern::<'*', '?'>::new_case_insensitive(pattern).matches(text)
        };
        is(&self.role, role.role.as_str())
            && (is(&self.account, account_name) || is(&self.account, role.account.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_rules_the_strictest_holds() {
        let rule = |role: &str, account: &str, longest, reason_required| Rule {
            role: role.to_owned(),
            account: account.to_owned(),
            longest,
            reason_required,
        };
        let organisation = Organisation {
            rules: vec![
                rule("*", "*-prod", Some(Seconds::hours(1)), false),
                rule("Admin*", "*", Some(Seconds::minutes(30)), true),
            ],
            ..Organisation::default()
        };
        let role = |name: &str| RoleRef {
            sso_session: "acme".parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            role: name.parse().unwrap(),
        };
        let ruled = |name: &str, account: &str| organisation.ruled(&role(name), account);
        let strict = Ruled { longest: Some(Seconds::minutes(30)), reason_required: true };
        assert_eq!(ruled("AdminAccess", "pay-prod"), strict);
        assert_eq!(ruled("ReadOnly", "pay-prod").longest, Some(Seconds::hours(1)));
        assert_eq!(ruled("ReadOnly", "sandbox"), Ruled::default());
    }
}
