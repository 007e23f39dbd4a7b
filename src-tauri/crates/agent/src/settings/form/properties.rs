//! Whatever stands in the file is read or refused with its line, and whatever is set comes back from it.

use std::collections::BTreeSet;

use daypass_domain::{
    chain::{ChainedRole, ExternalId},
    settings::{Clearing, LONGEST_TEXT, Memory, Notifications, QuietHours, ScreenLock},
    time::TimeOfDay,
};
use daypass_mutants::{check, odd_text, of_text};
use proptest::{collection::vec, option, prelude::*, sample::select};
use toml_edit::DocumentMut;

use super::*;

/// A file in which everything is set, in every way that TOML has for it.
const FULL: &str = r#"# mine
terminal = 'kitty "%s"' # the fast one
browser = """firefox %s"""
duration = "1h30m"
region = "eu-west-1"
chained-credentials = "45m" # short
organisation-file = "/srv/acme.toml"
future = { a = 1, b = [1979-05-27T07:32:00Z, 0x10, inf] } # of a later version
favourites = [
    # the first
    "acme/Admin@111122223333", # mine
    'a/b @c/=1+1@444455556666',
]

[clearing] # all of it
sleep = false
user-switch = true # too
screen-lock = "never"

# where I work
[[sso-session]]
name = "acme" # as in the AWS config file
start-url = "https://acme.awsapps.com/start"
region = "us-gov-west-1"
colour = "teal"
sign-in = "device-code"
keep-signed-in = true
[sso-session.later]
x = 1 # y

[[sso-session]]
name = "b"

# the big ones
[[account]]
pattern = "*-prod"
environment = "production" # says the team
colour = "red"
duration = "15m"
region = "" # none

[[account]]
pattern = "*-prod" # again
note = "x"

# ours
[[chained-role]]
name = "Scoped" # everywhere
arn = "arn:{partition}:iam::{account}:role/Scoped"
external-id = "a/b:c"
from-account = "*-prod"
tags = true # yes
"#;

/// The same said in one line each.
const INLINE: &str = "clearing = { sleep = false, screen-lock = 'at-once' } # short
sso-session = [{ name = 'a', sign-in = 'device-code' }, { name = 'b' }]
account = [{ pattern = '*' }]
";

const DOTTED: &str = "clearing.sleep = false # dotted\n\"terminal\" = 'xterm' # quoted\n";

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => of_text(FULL),
        2 => of_text(TEMPLATE),
        1 => of_text(INLINE),
        1 => of_text(DOTTED),
        1 => odd_text(),
    ]
}

/// What a person may set: commands and patterns of odd characters, so far as they are allowed.
fn any_settings() -> impl Strategy<Value = Settings> {
    let plain =
        |text: String, most: usize| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
    let shown = move || odd_text().prop_map(move |text| plain(text, LONGEST_TEXT - 1) + "x");
    let name = move || odd_text().prop_map(move |text| plain(text, 127) + "n");
    let regions = || select(vec!["eu-west-1", "us-gov-west-1", "cn-north-1"]);
    let region = move || option::of(regions().prop_map(|r| r.parse::<Region>().unwrap()));
    let colour = || option::of(select(vec![Colour::Red, Colour::Teal, Colour::Grey]));
    let length = || (60..=43_200_u32).prop_map(Seconds);
    let sso = (
        name(),
        option::of((select(vec!["https://a.awsapps.com/start", "http://127.0.0.1:9/%22#'"]), regions())),
        colour(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(name, place, colour, keep_signed_in, by_code)| SsoSettings {
            name: name.parse().unwrap(),
            place: place.map(|(url, region)| SsoPlace {
                start_url: StartUrl::try_from(url.to_owned()).unwrap(),
                region: region.parse().unwrap(),
            }),
            colour,
            keep_signed_in,
            way: if by_code { Way::DeviceCode } else { Way::Browser },
        });
    let environments = vec![Environment::Production, Environment::Sandbox];
    let rule = (shown(), option::of(select(environments)), colour(), option::of(length()), region())
        .prop_map(|(pattern, environment, colour, duration, region)| AccountRule {
            pattern,
            environment,
            colour,
            duration,
            region,
        });
    let role = (name(), "[0-9]{12}", "[A-Za-z0-9+=,.@_-]{1,64}").prop_map(|(sso, account, role)| RoleRef {
        sso_session: sso.parse().unwrap(),
        account: account.parse().unwrap(),
        role: role.parse().unwrap(),
    });
    let locks = vec![ScreenLock::AtOnce, ScreenLock::AfterFiveMinutes, ScreenLock::Never];
    let idle = option::of((60..=8 * 3600_u32).prop_map(Seconds));
    let clearing = (any::<bool>(), any::<bool>(), select(locks), idle).prop_map(
        |(sleep, user_switch, screen_lock, idle)| Clearing { sleep, user_switch, screen_lock, idle },
    );
    let commands = (option::of(shown()), option::of(shown()));
    let time = || (0..24, 0..60).prop_map(|(h, m)| format!("{h:02}:{m:02}").parse::<TimeOfDay>().unwrap());
    let quiet = option::of((time(), time()).prop_map(|(from, to)| QuietHours { from, to }));
    let told = (any::<[bool; 5]>(), quiet).prop_map(|(told, quiet)| Notifications {
        before_15_minutes: told[0],
        before_5_minutes: told[1],
        before_1_minute: told[2],
        at_end: told[3],
        trouble: told[4],
        quiet,
    });
    let memory = select(vec![Memory::Locked, Memory::Secret]);
    let desktop = (clearing, told, any::<bool>(), any::<bool>(), memory);
    let arns = vec!["arn:aws:iam::111122223333:role/a/B", "arn:{partition}:iam::{account}:role/Scoped"];
    let ids = option::of("[a-z0-9:/=+.@_-]{2,30}".prop_map(|id| id.parse::<ExternalId>().unwrap()));
    let chained = (shown(), select(arns), ids, shown(), shown(), any::<[bool; 2]>()).prop_map(
        |(name, arn, external_id, from_role, from_account, takes)| ChainedRole {
            name,
            arn: arn.to_owned(),
            external_id,
            from_role,
            from_account,
            takes_tags: takes[0],
            takes_source_identity: takes[1],
            source: Known::Settings,
        },
    );
    let chains = (vec(chained, 0..4), (1200..=3600_u32).prop_map(Seconds), option::of(shown()));
    let desktop = (desktop, chains);
    (vec(sso, 0..4), commands, length(), region(), vec(rule, 0..4), vec(role, 0..4), desktop).prop_map(
        |(mut sso_sessions, (terminal, browser), duration, region, accounts, roles, desktop)| {
            let (desktop, (chained_roles, chained_credentials, organisation_file)) = desktop;
            let (clearing, notifications, start_at_login, prompt, memory) = desktop;
            let mut names = BTreeSet::new();
            sso_sessions.retain(|sso| names.insert(sso.name.clone()));
            let favourites = roles.into_iter().collect();
            Settings {
                sso_sessions,
                terminal,
                browser,
                duration,
                region,
                accounts,
                favourites,
                chained_roles,
                chained_credentials,
                organisation_file,
                clearing,
                notifications,
                start_at_login,
                prompt,
                memory,
            }
        },
    )
}

/// The comments, each as often as it is there.
fn comments(text: &str) -> Vec<&str> {
    let of = |line: &'_ str| line.find('#').map(|at| at..line.len());
    let mut all: Vec<_> = text.lines().filter_map(|l| Some(l[of(l)?].trim())).collect();
    all.sort_unstable();
    all
}

#[test]
fn whatever_stands_in_the_file_is_read_or_refused_with_its_line() {
    check(600, texts(), |text| {
        match read(&text) {
            Ok(Read { settings, .. }) => prop_assert_eq!(settings.check(), Ok(())),
            Err(mistake) => {
                if text.parse::<DocumentMut>().is_ok() && !mistake.starts_with("line ") {
                    // Of several settings that don't go together.
                    return Ok(());
                }
                let line = mistake.strip_prefix("line ").and_then(|m| m.split_once(':'));
                let number = line.and_then(|(number, _)| number.parse::<usize>().ok());
                let lines = text.split('\n').count();
                prop_assert!(number.is_some_and(|n| (1..=lines).contains(&n)), "{} of {}", mistake, lines);
            }
        }
        Ok(())
    });
}

#[test]
fn whatever_is_set_is_read_again_whatever_stood_in_the_file() {
    check(300, (texts(), any_settings()), |(before, settings)| {
        prop_assert_eq!(settings.check(), Ok(()));
        let text = write(&before, &settings).unwrap();
        let again = read(&text).map(|r| r.settings);
        prop_assert_eq!(again, Ok(settings.clone()), "{}", text);
        prop_assert_eq!(write(&text, &settings).unwrap(), text, "written twice it stays the same");
        Ok(())
    });
}

#[test]
fn what_is_read_and_written_keeps_every_comment() {
    check(300, prop_oneof![Just(FULL.to_owned()), texts()], |before| {
        // A string may have a # in it too; it stays as well where nothing is changed.
        if let Ok(Read { settings, unknown }) = read(&before) {
            let after = write(&before, &settings).unwrap();
            for comment in comments(&before) {
                prop_assert!(after.contains(comment), "{} in\n{}", comment, after);
            }
            // Parts may have moved.
            let names = |all: Vec<String>| all.into_iter().collect::<BTreeSet<_>>();
            prop_assert_eq!(read(&after).map(|r| names(r.unknown)), Ok(names(unknown)), "{}", after);
        }
        Ok(())
    });
}
