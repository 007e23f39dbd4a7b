//! What settings change, and what they may not.

use daypass_domain::{
    catalog::Environment,
    event::{Effect, Event},
    failure::Code,
    request::Intent,
    settings::{AccountRule, Colour, Settings, SsoPlace, SsoSettings, Way},
    sso::StartUrl,
    time::Seconds,
};

use crate::rig::{ACCOUNT, HOUR, Rig, account, name, role, sign_in, typed};

fn place(label: &str) -> SsoPlace {
    let start_url = StartUrl::try_from(format!("https://{label}.awsapps.com/start")).unwrap();
    SsoPlace { start_url, region: "us-gov-west-1".parse().unwrap() }
}

fn with_gamma(label: &str) -> Settings {
    let gamma = SsoSettings { place: Some(place(label)), ..SsoSettings::new(name("gamma")) };
    Settings { sso_sessions: vec![gamma], ..Settings::default() }
}

fn configure(rig: &mut Rig, settings: Settings) -> Result<Vec<Effect>, Code> {
    rig.ask(Intent::Configure { settings: Box::new(settings) }).map(|(_, effects)| effects)
}

fn names(rig: &Rig) -> Vec<String> {
    rig.view().sso_sessions.into_iter().map(|s| s.name.to_string()).collect()
}

#[test]
fn an_sso_session_of_the_settings_is_there_with_its_looks() {
    let mut rig = Rig::signed_out();
    let mut settings = with_gamma("gamma");
    settings.sso_sessions[0].colour = Some(Colour::Teal);
    settings.sso_sessions[0].way = Way::DeviceCode;
    assert_eq!(configure(&mut rig, settings), Ok(vec![Effect::SaveSettings]));
    let gamma = rig.sso("gamma");
    assert_eq!(
        (gamma.colour, gamma.way, gamma.partition.as_str()),
        (Some(Colour::Teal), Way::DeviceCode, "aws-us-gov")
    );
    let effects = rig.ask(sign_in("gamma")).unwrap().1;
    assert!(matches!(effects[..], [Effect::SignIn { way: Way::DeviceCode, .. }]));
}

#[test]
fn one_that_is_signed_in_to_is_neither_moved_nor_removed() {
    let mut rig = Rig::set_to(with_gamma("gamma"));
    rig.sign_in("gamma");
    for other in [Settings::default(), with_gamma("other")] {
        assert_eq!(configure(&mut rig, other), Err(Code::SsoSessionInUse));
    }
    rig.ask(Intent::SignOut { sso_session: name("gamma") }).unwrap();
    configure(&mut rig, with_gamma("other")).unwrap();
    assert_eq!(rig.sso("gamma").start_url, "https://other.awsapps.com/start");
    configure(&mut rig, Settings::default()).unwrap();
    assert_eq!(names(&rig), ["acme", "beta"]);
}

#[test]
fn a_file_changed_by_hand_moves_none_that_is_signed_in_to_and_changes_the_rest() {
    let mut rig = Rig::set_to(with_gamma("gamma"));
    rig.sign_in("gamma");
    let settings = Settings { duration: Seconds::minutes(5), ..Settings::default() };
    assert_eq!(rig.learn(Event::SettingsRead { settings: Box::new(settings) }), []);
    assert_eq!(rig.view().settings.duration, Seconds::minutes(5));
    assert_eq!(names(&rig), ["acme", "beta", "gamma"]);
}

#[test]
fn a_typed_start_url_comes_into_the_settings_once_it_was_signed_in_to() {
    let mut rig = Rig::signed_out();
    let (answer, _) = rig.ask(typed("https://gamma.awsapps.com/start", "us-gov-west-1")).unwrap();
    assert_eq!(rig.state.settings_to_write().sso_sessions, []);
    let effects = rig.learn(Event::SignedIn { attempt: answer.attempt.unwrap() });
    assert!(effects.contains(&Effect::SaveSettings));
    let next = Rig::set_to(rig.state.settings_to_write());
    assert_eq!(names(&next), ["acme", "beta", "gamma"]);
}

#[test]
fn nonsense_changes_nothing() {
    let mut rig = Rig::signed_out();
    let nonsense = Settings { duration: Seconds(1), ..with_gamma("gamma") };
    assert_eq!(configure(&mut rig, nonsense), Err(Code::DurationTooShort));
    assert_eq!(rig.view().settings, Settings::default());
}

#[test]
fn a_window_with_an_old_view_takes_no_favourite_away() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    rig.ask(Intent::Favourite { role: role("Billing"), on: true }).unwrap();
    configure(&mut rig, Settings::default()).unwrap();
    assert!(rig.view().settings.favourites.contains(&role("Billing")));
}

#[test]
fn rules_say_how_accounts_look_and_where_and_how_long_one_works_there() {
    let rule = AccountRule {
        pattern: "account 1111*".to_owned(),
        environment: Some(Environment::Production),
        colour: Some(Colour::Red),
        duration: Some(Seconds::minutes(15)),
        region: Some("eu-north-1".parse().unwrap()),
    };
    let region = Some("eu-west-3".parse().unwrap());
    let mut rig =
        Rig::set_to(Settings { accounts: vec![rule], region: region.clone(), ..Settings::default() });
    rig.sign_in("acme");
    rig.list(&[(ACCOUNT, &["Admin"]), ("999999999999", &["Admin"])]);
    let roles = rig.state.roles();
    let [one, other] = &roles[..] else { panic!("two roles") };
    assert_eq!((one.environment, one.colour), (Some(Environment::Production), Some(Colour::Red)));
    assert_eq!(
        (one.default_duration, &one.default_region),
        (Seconds::minutes(15), &Some("eu-north-1".parse().unwrap()))
    );
    assert_eq!((other.colour, other.default_duration, &other.default_region), (None, HOUR, &region));
    let lease = rig.request("Admin", HOUR);
    let card = rig.card(&lease);
    assert_eq!((card.colour, card.region.as_str()), (Some(Colour::Red), "eu-north-1"));
}

#[test]
fn what_came_and_went_is_shown_until_seen_across_runs() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Admin", "Billing"])]);
    rig.synced(0);
    assert_eq!(rig.sso("acme").catalog.changes, None, "the first list brings no news");
    rig.list(&[(ACCOUNT, &["Admin"]), ("999999999999", &["Audit"])]);
    rig.synced(0);
    let mut next = Rig::remembering(rig.state.remembered());
    let changes = next.sso("acme").catalog.changes.unwrap();
    assert_eq!((changes.came, changes.went), (1, 1));
    assert_eq!((changes.some[0].account.clone(), changes.some[0].came), (account("999999999999"), true));
    assert_eq!((changes.some[1].role.as_str(), changes.some[1].came), ("Billing", false));
    next.ask(Intent::SeenChanges { sso_session: name("acme") }).unwrap();
    assert_eq!(next.sso("acme").catalog.changes, None);
}

#[test]
fn roles_of_an_account_that_could_not_be_listed_have_not_gone() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Admin"])]);
    rig.synced(0);
    let accounts = vec![(account(ACCOUNT), "account".to_owned())];
    rig.learn(Event::AccountsListed { sso_session: name("acme"), accounts });
    rig.synced(1);
    assert_eq!(rig.sso("acme").catalog.changes, None);
}

#[test]
fn what_came_before_a_sync_failed_is_told_once_it_is_over() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Admin"])]);
    rig.synced(0);
    rig.list(&[(ACCOUNT, &["Admin", "Audit"])]);
    assert_eq!(rig.sso("acme").catalog.changes, None, "not while it counts up");
    rig.learn(Event::SyncFailed { sso_session: name("acme"), code: Code::Unreachable });
    rig.list(&[(ACCOUNT, &["Admin", "Audit"])]);
    rig.synced(0);
    let changes = rig.sso("acme").catalog.changes.unwrap();
    assert_eq!((changes.came, changes.some[0].role.as_str()), (1, "Audit"));
}

#[test]
fn trouble_with_the_file_and_the_clock_stands_until_it_is_mended() {
    let mut rig = Rig::signed_out();
    let standing = |rig: &Rig| rig.view().standing.iter().map(|f| f.code).collect::<Vec<_>>();
    rig.learn(Event::SettingsFile { trouble: Some(Code::SettingsInvalid) });
    rig.learn(Event::Skew { millis: -1_200_000 });
    assert_eq!(standing(&rig), [Code::SettingsInvalid, Code::ClockOff]);
    rig.learn(Event::SettingsFile { trouble: None });
    rig.learn(Event::Skew { millis: 900 });
    assert_eq!(standing(&rig), []);
}
