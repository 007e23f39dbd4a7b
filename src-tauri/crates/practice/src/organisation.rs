//! Organisation: the accounts and roles one can be assigned to, generated from a seed.

use std::collections::HashSet;

use ring::digest::{SHA256, digest};

use crate::random::hex;

/// An account as the portal lists it, with the roles assigned to the person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// 12 digits.
    pub id: String,
    /// The account's name.
    pub name: String,
    /// The e-mail address of its root user.
    pub email: String,
    /// Role names, each once.
    pub roles: Vec<String>,
}

/// The accounts every practice organisation begins with; texts and screenshots rely on them.
const FIRST: [(&str, &str, &[&str]); 4] = [
    ("payments-prod", "111122223333", &["AdministratorAccess", "ReadOnlyAccess", "IncidentResponder"]),
    ("payments-staging", "444455556666", &["DeveloperAccess", "ReadOnlyAccess"]),
    ("sandbox-dana", "777788889999", &["AdministratorAccess", "BillingViewer"]),
    ("data-platform", "121212121212", &["AuditLogWriter", "GlueOperator"]),
];
const SYSTEMS: [&str; 26] = [
    "checkout",
    "search",
    "mobile",
    "identity",
    "billing",
    "catalog",
    "shipping",
    "inventory",
    "analytics",
    "fraud",
    "messaging",
    "support",
    "media",
    "pricing",
    "loyalty",
    "recommendations",
    "edge",
    "logging",
    "network",
    "backup",
    "reporting",
    "partner-api",
    "ml-training",
    "web",
    "orders",
    "returns",
];
const ENVIRONMENTS: [&str; 3] = ["staging", "prod", "dev"];
const ROLES: [&str; 16] = [
    "ReadOnlyAccess",
    "DeveloperAccess",
    "AdministratorAccess",
    "PowerUserAccess",
    "ViewOnlyAccess",
    "IncidentResponder",
    "DatabaseAdministrator",
    "BillingViewer",
    "SecurityAudit",
    "NetworkAdministrator",
    "DeployOperator",
    "SupportUser",
    "AuditLogWriter",
    "DataScientist",
    "GlueOperator",
    "BreakGlass",
];

/// `accounts` accounts with `roles` roles in all, the same for the same seed. Without accounts there are no roles.
pub(crate) fn generate(accounts: usize, roles: usize, seed: u64) -> Vec<Account> {
    let mut dice = Dice(seed);
    let mut ids: HashSet<String> = FIRST.iter().map(|(_, id, _)| (*id).to_owned()).collect();
    let mut all: Vec<Account> = FIRST
        .iter()
        .take(accounts)
        .map(|(name, id, roles)| account(name, (*id).to_owned(), roles.iter().copied()))
        .collect();
    for name in names(&mut dice).take(accounts.saturating_sub(all.len())) {
        let id = loop {
            let id = format!("{:012}", dice.roll(1_000_000_000_000));
            if ids.insert(id.clone()) {
                break id;
            }
        };
        let wanted = 2 + dice.roll(3) as usize;
        let mut picked: Vec<&str> = Vec::with_capacity(wanted);
        while picked.len() < wanted {
            // Rolled twice, so that the usual roles at the head of the list are the usual ones here.
            let role = ROLES[dice.roll(ROLES.len() as u64).min(dice.roll(ROLES.len() as u64)) as usize];
            if !picked.contains(&role) {
                picked.push(role);
            }
        }
        all.push(account(&name, id, picked.into_iter()));
    }
    settle(&mut all, roles);
    all
}

/// The role as IAM names it in ARNs: `AWSReservedSSO_ROLE_` and 16 hex digits that stay the same.
pub(crate) fn reserved_role_name(account_id: &str, role: &str) -> String {
    let fingerprint = digest(&SHA256, format!("{account_id}/{role}").as_bytes());
    format!("AWSReservedSSO_{role}_{}", hex(&fingerprint.as_ref()[..8]))
}

/// The role's unique id in IAM, `AROA` and 17 more.
pub(crate) fn role_id(account_id: &str, role: &str) -> String {
    let fingerprint = digest(&SHA256, format!("id of {account_id}/{role}").as_bytes());
    let text = hex(fingerprint.as_ref()).to_uppercase();
    format!("AROA{}", &text[..17])
}

fn account<'a>(name: &str, id: String, roles: impl Iterator<Item = &'a str>) -> Account {
    let email = format!("{name}@example.com");
    Account { id, name: name.to_owned(), email, roles: roles.map(str::to_owned).collect() }
}

/// Adds or takes roles until there are `wanted`, in the generated accounts first, leaving each one if that is possible.
fn settle(all: &mut [Account], wanted: usize) {
    let first = if all.len() > FIRST.len() { FIRST.len() } else { 0 };
    let mut total: usize = all.iter().map(|account| account.roles.len()).sum();
    let mut most = 4;
    while total < wanted && !all.is_empty() {
        let before = total;
        for account in &mut all[first..] {
            if total < wanted && account.roles.len() < most {
                account.roles.push(unused_role(&account.roles));
                total += 1;
            }
        }
        most += usize::from(total == before);
    }
    for (from, least) in [(first, 2), (first, 1), (0, 1), (0, 0)] {
        for account in all[from..].iter_mut().rev() {
            while total > wanted && account.roles.len() > least {
                account.roles.pop();
                total -= 1;
            }
        }
    }
}

fn unused_role(taken: &[String]) -> String {
    match ROLES.iter().find(|role| !taken.iter().any(|one| one == *role)) {
        Some(role) => (*role).to_owned(),
        None => format!("TeamAccess{}", taken.len()),
    }
}

/// Account names without end: every system in every environment, shuffled, then the same again with a number.
fn names(dice: &mut Dice) -> impl Iterator<Item = String> + use<> {
    let mut pairs: Vec<(&str, &str)> =
        SYSTEMS.iter().flat_map(|system| ENVIRONMENTS.map(|environment| (*system, environment))).collect();
    for last in (1..pairs.len()).rev() {
        pairs.swap(last, dice.roll(last as u64 + 1) as usize);
    }
    (1..).flat_map(move |round: u32| {
        let named = move |(system, environment): (&str, &str)| match round {
            1 => format!("{system}-{environment}"),
            _ => format!("{system}-{round}-{environment}"),
        };
        pairs.clone().into_iter().map(named)
    })
}

/// Reproducible numbers for names (splitmix64). Nothing secret comes from here.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(accounts: &[Account]) -> usize {
        accounts.iter().map(|account| account.roles.len()).sum()
    }

    #[test]
    fn the_default_organisation_has_214_roles_in_71_accounts_and_begins_with_the_known_four() {
        let all = generate(71, 214, 7);
        assert_eq!((all.len(), total(&all)), (71, 214));
        for (account, (name, id, roles)) in all.iter().zip(FIRST) {
            assert_eq!((account.name.as_str(), account.id.as_str()), (name, id));
            assert_eq!(account.roles, roles);
        }
        assert!(all.iter().all(|account| (2..=4).contains(&account.roles.len())), "2 to 4 roles each");
    }

    #[test]
    fn totals_are_exact_and_nothing_appears_twice_whatever_is_asked() {
        for (accounts, roles) in [(1000, 5000), (4, 3), (2, 9), (1, 40), (71, 71), (150, 200), (5, 0)] {
            let all = generate(accounts, roles, 1);
            assert_eq!((all.len(), total(&all)), (accounts, roles));
            let ids: HashSet<_> = all.iter().map(|account| &account.id).collect();
            let names: HashSet<_> = all.iter().map(|account| &account.name).collect();
            assert_eq!((ids.len(), names.len()), (accounts, accounts));
            for account in &all {
                let roles: HashSet<_> = account.roles.iter().collect();
                assert_eq!(roles.len(), account.roles.len(), "a role stands once in an account");
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_organisation() {
        assert_eq!(generate(71, 214, 3), generate(71, 214, 3));
        assert_ne!(generate(71, 214, 3), generate(71, 214, 4));
    }
}
