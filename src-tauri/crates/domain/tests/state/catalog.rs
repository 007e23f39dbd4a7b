//! The role list: usable while it arrives, honest about its gaps, and new whenever its number is.

use daypass_domain::{
    event::{Effect, Event},
    failure::Code,
    request::Intent,
    sso::Source,
    view::{NoticeView, Progress},
};

use crate::rig::{ACCOUNT, HOUR, Rig, account, end, name, role, sso};

const OTHER: &str = "444455556666";

fn roles(rig: &Rig) -> Vec<(String, String)> {
    rig.state.roles().into_iter().map(|r| (r.role.account.to_string(), r.role.role.to_string())).collect()
}

fn listed(account_id: &str, role: &str) -> (String, String) {
    (account_id.to_owned(), role.to_owned())
}

#[test]
fn accounts_and_roles_appear_as_they_arrive() {
    let mut rig = Rig::signed_in();
    let accounts = vec![(account(ACCOUNT), "payments-prod".into()), (account(OTHER), "sandbox".into())];
    rig.learn(Event::AccountsListed { sso_session: name("acme"), accounts });
    let shown = rig.sso("acme").catalog;
    assert_eq!((shown.accounts, shown.roles), (2, 0));
    assert_eq!(shown.progress, Some(Progress { done: 0, total: 2 }));

    let arrived = vec!["Billing".parse().unwrap()];
    rig.learn(Event::RolesListed { sso_session: name("acme"), account: account(OTHER), roles: arrived });
    assert_eq!(rig.sso("acme").catalog.progress, Some(Progress { done: 1, total: 2 }));
    assert_eq!(roles(&rig), [listed(OTHER, "Billing")]);
}

#[test]
fn a_sync_that_ends_says_when_and_is_remembered() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    assert_eq!(rig.synced(0), [Effect::Remember]);
    let shown = rig.sso("acme").catalog;
    assert_eq!((shown.synced_at, shown.progress), (Some(rig.now.wall), None));
}

#[test]
fn accounts_that_failed_are_counted_and_the_rest_is_shown() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    rig.synced(3);
    let shown = rig.sso("acme").catalog;
    assert_eq!((shown.failed_accounts, shown.roles), (3, 1));
}

#[test]
fn a_sync_that_fails_says_why_and_keeps_the_list() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    rig.synced(0);
    rig.learn(Event::SyncFailed { sso_session: name("acme"), code: Code::Unreachable });
    let shown = rig.sso("acme").catalog;
    assert_eq!((shown.failure.unwrap().code, shown.roles, shown.progress), (Code::Unreachable, 1, None));
    rig.list(&[(ACCOUNT, &["Billing"])]);
    assert_eq!(rig.sso("acme").catalog.failure, None, "it goes when the next sync gets through");
}

#[test]
fn a_list_stays_in_view_while_it_is_synced_anew() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Admin", "Billing"]), (OTHER, &["Billing"])]);
    rig.synced(0);
    let accounts = vec![(account(ACCOUNT), "renamed".into())];
    rig.learn(Event::AccountsListed { sso_session: name("acme"), accounts });
    assert_eq!(
        roles(&rig),
        [listed(ACCOUNT, "Admin"), listed(ACCOUNT, "Billing")],
        "the other account is gone"
    );

    let arrived = vec!["Billing".parse().unwrap()];
    rig.learn(Event::RolesListed { sso_session: name("acme"), account: account(ACCOUNT), roles: arrived });
    assert_eq!(roles(&rig), [listed(ACCOUNT, "Billing")], "a role withdrawn is gone too");
}

#[test]
fn a_list_outlives_signing_out() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    rig.synced(0);
    rig.ask(Intent::SignOut { sso_session: name("acme") }).unwrap();
    assert_eq!(roles(&rig), [listed(ACCOUNT, "Billing")]);
}

#[test]
fn progress_never_shows_more_than_all() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    let again = Event::RolesListed { sso_session: name("acme"), account: account(ACCOUNT), roles: vec![] };
    rig.learn(again);
    assert_eq!(rig.sso("acme").catalog.progress, Some(Progress { done: 1, total: 1 }));
}

#[test]
fn a_sync_under_way_is_joined() {
    let mut rig = Rig::signed_in();
    let sync = Intent::Sync { sso_session: name("acme") };
    // The sign-in began one, before a single account is known.
    assert_eq!(rig.sso("acme").catalog.progress, Some(Progress { done: 0, total: 0 }));
    assert_eq!(rig.ask(sync.clone()).unwrap().1, []);
    rig.list(&[(ACCOUNT, &["Billing"])]);
    assert_eq!(rig.ask(sync.clone()).unwrap().1, []);
    rig.learn(Event::Synced { sso_session: name("acme"), failed: 0 });
    let effect = Effect::Sync { sso: Box::new(sso("acme", Source::Config)) };
    assert_eq!(rig.ask(sync).unwrap().1, [effect]);
}

#[test]
fn the_revision_grows_whenever_the_list_is_another() {
    let mut rig = Rig::signed_in();
    let mut before = (rig.state.catalog_revision(), rig.state.roles());
    let mut grew = |rig: &Rig, what: &str| {
        let after = (rig.state.catalog_revision(), rig.state.roles());
        assert!(after.1 != before.1 && after.0 > before.0, "{what}");
        before = after;
    };
    rig.list(&[(ACCOUNT, &["Billing"])]);
    grew(&rig, "listed");
    rig.ask(Intent::Favourite { role: role("Billing"), on: true }).unwrap();
    grew(&rig, "favourite");
    let lease = rig.lease("Billing", HOUR, HOUR);
    grew(&rig, "used");
    rig.ask(end(&lease)).unwrap();
    rig.list(&[(ACCOUNT, &["Admin"])]);
    grew(&rig, "listed anew");
}

#[test]
fn the_last_duration_is_offered_again_under_a_new_revision() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    let before = (rig.state.catalog_revision(), rig.state.roles());
    let session = rig.request("Billing", HOUR);
    let asked = (rig.state.catalog_revision(), rig.state.roles());
    assert!(asked.1 == before.1 || asked.0 > before.0, "a list that changed has a new number");
    rig.issue(&session, HOUR);
    let row = rig.state.roles().into_iter().next().unwrap();
    assert_eq!((row.last_duration, row.last_used), (Some(HOUR), Some(rig.now.wall)));
    assert!(rig.state.catalog_revision() > before.0);
}

#[test]
fn a_favourite_is_kept_between_runs() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    let on = Intent::Favourite { role: role("Billing"), on: true };
    assert_eq!(rig.ask(on).unwrap().1, [Effect::SaveSettings]);
    let next = Rig::with(rig.state.remembered(), rig.state.settings_to_write());
    assert!(next.state.roles().first().unwrap().favourite);
}

#[test]
fn a_favourite_can_be_taken_back() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    for on in [true, false] {
        rig.ask(Intent::Favourite { role: role("Billing"), on }).unwrap();
    }
    assert!(!rig.state.roles().first().unwrap().favourite);
    assert_eq!(rig.ask(Intent::Favourite { role: role("Gone"), on: false }), Ok(Default::default()));
}

#[test]
fn only_a_role_of_the_list_can_be_a_favourite() {
    let mut rig = Rig::signed_in();
    let favourite = Intent::Favourite { role: role("Billing"), on: true };
    assert_eq!(rig.ask(favourite), Err(Code::UnknownRole));
}

#[test]
fn practice_leaves_nothing_to_remember() {
    let mut rig = Rig::signed_out();
    rig.learn(Event::PracticeReady { sso: Box::new(sso("practice", Source::Practice)) });
    let sso_session = name("practice");
    let accounts = vec![(account(ACCOUNT), "sandbox".into())];
    rig.learn(Event::AccountsListed { sso_session: sso_session.clone(), accounts });
    let billing = vec!["Billing".parse().unwrap()];
    rig.learn(Event::RolesListed {
        sso_session: sso_session.clone(),
        account: account(ACCOUNT),
        roles: billing,
    });
    let mut practised = role("Billing");
    practised.sso_session = sso_session.clone();
    rig.ask(Intent::Favourite { role: practised, on: true }).unwrap();

    let remembered = rig.state.remembered();
    assert!(remembered.habits.is_empty() && rig.state.settings_to_write().favourites.is_empty());
    assert!(remembered.catalogs.iter().all(|(name, _)| *name != sso_session));
}

#[test]
fn what_the_endpoint_does_is_shown() {
    let mut rig = Rig::signed_out();
    rig.learn(Event::Endpoint { listening: true, clients: 2 });
    let shown = rig.view().endpoint;
    assert_eq!((shown.listening, shown.clients), (true, 2));
    assert_eq!(rig.view().notice, None::<NoticeView>);
}
