//! What a person sets once: SSO sessions, programs, defaults, accounts' looks, what ends leases.

mod notifications;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wildmatch::WildMatchPattern;

pub use self::notifications::{Notifications, QuietHours};
use crate::{
    catalog::Environment,
    chain::ChainedRole,
    failure::Code,
    ids::{AccountId, Region, RoleRef, SsoSessionName},
    request::{LONGEST, SHORTEST},
    sso::StartUrl,
    time::Seconds,
};

/// The longest pattern or command, in characters.
pub const LONGEST_TEXT: usize = 512;
/// The most account rules and SSO sessions.
pub const MOST_ENTRIES: usize = 500;

/// The limits of what counts as idle: below, reading a page ends leases; above, it says nothing.
pub const SHORTEST_IDLE: Seconds = Seconds::minutes(1);
pub const LONGEST_IDLE: Seconds = Seconds::hours(8);

/// All of them. What is `None` is left to the program.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    pub sso_sessions: Vec<SsoSettings>,
    /// A command line that opens a terminal; the command to run in it is added, or stands where `%s` is.
    pub terminal: Option<String>,
    /// A command line that opens an address; it is added, or stands where `%s` is.
    pub browser: Option<String>,
    /// How long a lease lasts where nothing else says.
    pub duration: Seconds,
    /// The Region to work in where nothing else says; else the SSO Region.
    pub region: Option<Region>,
    /// Looks and defaults of accounts; the first rule that matches and says something wins.
    pub accounts: Vec<AccountRule>,
    pub favourites: BTreeSet<RoleRef>,
    /// Roles that the person knows to be assumable from portal roles.
    pub chained_roles: Vec<ChainedRole>,
    /// How long credentials of chained roles live at a time, 20 to 60 minutes: what leaks is worth no more.
    pub chained_credentials: Seconds,
    /// The organisation's file, besides the one in /etc/daypass.
    pub organisation_file: Option<String>,
    pub clearing: Clearing,
    pub notifications: Notifications,
    /// Start hidden when the person logs in to the desktop.
    pub start_at_login: bool,
    /// Shells that Daypass opens show role, account and time left before their own prompt.
    pub prompt: bool,
    pub memory: Memory,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sso_sessions: Vec::new(),
            terminal: None,
            browser: None,
            duration: Seconds::hours(1),
            region: None,
            accounts: Vec::new(),
            favourites: BTreeSet::new(),
            chained_roles: Vec::new(),
            chained_credentials: Seconds::minutes(30),
            organisation_file: None,
            clearing: Clearing::default(),
            notifications: Notifications::default(),
            start_at_login: false,
            prompt: true,
            memory: Memory::default(),
        }
    }
}

/// What kind of memory secrets rest in, those from now on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Memory {
    /// Locked, so that it never reaches the swap.
    #[default]
    Locked,
    /// `memfd_secret`: the kernel itself no longer maps it. It refuses to hibernate while there is any.
    Secret,
}

/// What is set for one SSO session.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SsoSettings {
    pub name: SsoSessionName,
    /// Where it is; None for one of the AWS config file, which says so itself.
    #[serde(default)]
    pub place: Option<SsoPlace>,
    #[serde(default)]
    pub colour: Option<Colour>,
    /// Keep the refresh token in the system keyring.
    #[serde(default)]
    pub keep_signed_in: bool,
    #[serde(default)]
    pub way: Way,
}

impl SsoSettings {
    #[must_use]
    pub fn new(name: SsoSessionName) -> Self {
        Self { name, place: None, colour: None, keep_signed_in: false, way: Way::default() }
    }
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SsoPlace {
    pub start_url: StartUrl,
    pub region: Region,
}

/// How to sign in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// The authorization-code flow with PKCE, in this machine's browser.
    #[default]
    Browser,
    /// A code to compare, approved in any browser.
    DeviceCode,
}

/// What an account or SSO session wears.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Colour {
    Red,
    Orange,
    Yellow,
    Green,
    Teal,
    Blue,
    Violet,
    Pink,
    Grey,
}

/// What holds for the accounts whose name or id matches.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccountRule {
    /// An account's name or id; `*` stands for anything, `?` for one character, case doesn't matter.
    pub pattern: String,
    #[serde(default)]
    pub environment: Option<Environment>,
    #[serde(default)]
    pub colour: Option<Colour>,
    #[serde(default)]
    pub duration: Option<Seconds>,
    #[serde(default)]
    pub region: Option<Region>,
}

impl AccountRule {
    fn matches(&self, id: &AccountId, name: &str) -> bool {
        let pattern = WildMatchPattern::<'*', '?'>::new_case_insensitive(&self.pattern);
        pattern.matches(name) || pattern.matches(id.as_str())
    }
}

/// What the settings say of one account.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Account {
    pub environment: Option<Environment>,
    pub colour: Option<Colour>,
    pub duration: Option<Seconds>,
    pub region: Option<Region>,
}

/// What ends leases besides their time, End, sign-out and quit.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Clearing {
    /// Sleep ends every lease and sign-in.
    pub sleep: bool,
    /// So does switching to another user.
    pub user_switch: bool,
    /// A locked screen ends every lease; sign-ins stay.
    pub screen_lock: ScreenLock,
    /// So does a while without input, 1 min to 8 h of it; None is never.
    pub idle: Option<Seconds>,
}

impl Default for Clearing {
    fn default() -> Self {
        Self { sleep: true, user_switch: true, screen_lock: ScreenLock::default(), idle: None }
    }
}

/// When a locked screen ends leases.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ScreenLock {
    AtOnce,
    #[default]
    AfterFiveMinutes,
    Never,
}

impl Settings {
    /// What makes no sense, said before it is kept.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn check(&self) -> Result<(), Code> {
        let durations = self.accounts.iter().filter_map(|a| a.duration).chain([self.duration]);
        for duration in durations {
            if duration < SHORTEST {
                return Err(Code::DurationTooShort);
            }
            if duration > LONGEST {
                return Err(Code::DurationTooLong);
            }
        }
        let is_text = |text: &str| {
            !text.trim().is_empty()
                && text.chars().count() <= LONGEST_TEXT
                && !text.chars().any(char::is_control)
        };
        if !self.accounts.iter().all(|a| is_text(&a.pattern)) {
            return Err(Code::BadPattern);
        }
        if !self
            .chained_roles
            .iter()
            .all(|r| r.is_sound() && [&r.name, &r.from_role, &r.from_account].iter().all(|t| is_text(t)))
        {
            return Err(Code::BadChainedRole);
        }
        if !(Seconds::minutes(20)..=Seconds::hours(1)).contains(&self.chained_credentials) {
            return Err(Code::BadCredentialLength);
        }
        if self.clearing.idle.is_some_and(|idle| !(SHORTEST_IDLE..=LONGEST_IDLE).contains(&idle)) {
            return Err(Code::BadIdle);
        }
        if ![&self.terminal, &self.browser, &self.organisation_file].into_iter().flatten().all(|c| is_text(c))
        {
            return Err(Code::BadCommand);
        }
        let names: BTreeSet<_> = self.sso_sessions.iter().map(|s| &s.name).collect();
        if names.len() != self.sso_sessions.len() {
            return Err(Code::SsoSessionTwice);
        }
        if self.chained_roles.len() > MOST_ENTRIES
            || self.accounts.len() > MOST_ENTRIES
            || self.sso_sessions.len() > MOST_ENTRIES
        {
            return Err(Code::TooManyEntries);
        }
        Ok(())
    }

    /// What is set for this SSO session.
    #[must_use]
    pub fn sso(&self, name: &SsoSessionName) -> Option<&SsoSettings> {
        self.sso_sessions.iter().find(|s| s.name == *name)
    }

    /// The entry of this SSO session, made where there is none.
    pub fn sso_mut(&mut self, name: &SsoSessionName) -> &mut SsoSettings {
        let at = self.sso_sessions.iter().position(|s| s.name == *name).unwrap_or_else(|| {
            self.sso_sessions.push(SsoSettings::new(name.clone()));
            self.sso_sessions.len() - 1
        });
        &mut self.sso_sessions[at]
    }

    #[must_use]
    pub fn keeps_signed_in(&self, name: &SsoSessionName) -> bool {
        self.sso(name).is_some_and(|s| s.keep_signed_in)
    }

    /// What the rules say of an account, and `more` where they say nothing. Where none names an environment, its
    /// name may.
    #[must_use]
    pub fn account(&self, more: &[AccountRule], id: &AccountId, name: &str) -> Account {
        let mut account = Account::default();
        for rule in self.accounts.iter().chain(more).filter(|rule| rule.matches(id, name)) {
            account.environment = account.environment.or(rule.environment);
            account.colour = account.colour.or(rule.colour);
            account.duration = account.duration.or(rule.duration);
            account.region = account.region.or_else(|| rule.region.clone());
        }
        account.environment = account.environment.or_else(|| Environment::of(name));
        account
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::TimeOfDay;

    fn rule(pattern: &str) -> AccountRule {
        AccountRule { pattern: pattern.to_owned(), ..AccountRule::default() }
    }

    #[test]
    fn the_first_rule_that_says_something_wins() {
        let settings = Settings {
            accounts: vec![
                AccountRule { colour: Some(Colour::Red), ..rule("*-PROD") },
                AccountRule { environment: Some(Environment::Staging), ..rule("1111*") },
                AccountRule {
                    colour: Some(Colour::Blue),
                    environment: Some(Environment::Sandbox),
                    ..rule("*")
                },
            ],
            ..Settings::default()
        };
        let id = "111122223333".parse().unwrap();
        let account = settings.account(&[], &id, "payments-prod");
        assert_eq!((account.colour, account.environment), (Some(Colour::Red), Some(Environment::Staging)));
        assert_eq!(settings.account(&[], &id, "other").colour, Some(Colour::Blue));
        let unset = Settings::default().account(&[], &id, "payments-prod");
        assert_eq!((unset.colour, unset.environment), (None, Some(Environment::Production)));
    }

    #[test]
    fn quiet_hours_go_over_midnight() {
        let at = |text: &str| text.parse::<TimeOfDay>().unwrap();
        let night = QuietHours { from: at("22:00"), to: at("07:30") };
        assert!(night.include(at("23:59")) && night.include(at("00:00")) && night.include(at("22:00")));
        assert!(!night.include(at("07:30")) && !night.include(at("21:59")));
        let noon = QuietHours { from: at("12:00"), to: at("13:00") };
        assert!(noon.include(at("12:30")) && !noon.include(at("13:00")) && !noon.include(at("00:00")));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_own_code() {
        let with = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings.check()
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|s| s.duration = Seconds(5)), Err(Code::DurationTooShort));
        assert_eq!(with(|s| s.clearing.idle = Some(Seconds(59))), Err(Code::BadIdle));
        assert_eq!(with(|s| s.clearing.idle = Some(Seconds(8 * 3600 + 1))), Err(Code::BadIdle));
        for (minutes, found) in [
            (19, Err(Code::BadCredentialLength)),
            (20, Ok(())),
            (60, Ok(())),
            (61, Err(Code::BadCredentialLength)),
        ] {
            let settings = Settings { chained_credentials: Seconds::minutes(minutes), ..Settings::default() };
            assert_eq!(settings.check(), found, "{minutes} min");
        }
        assert_eq!(with(|s| s.accounts = vec![rule(" ")]), Err(Code::BadPattern));
        assert_eq!(with(|s| s.terminal = Some("a\nb".to_owned())), Err(Code::BadCommand));
        assert_eq!(
            with(|s| s.sso_sessions = vec![SsoSettings::new("a".parse().unwrap()); 2]),
            Err(Code::SsoSessionTwice)
        );
    }
}
