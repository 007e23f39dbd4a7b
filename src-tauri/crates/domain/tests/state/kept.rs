//! "Keep me signed in": what goes into the keyring and comes out of it.

use daypass_domain::{
    event::{Effect, Event, Remembered},
    failure::{Action, Code, Failure},
    request::{Intent, SignInTarget},
    settings::Settings,
    sso::{Source, SsoSession},
    view::{Phase, SignInStatus},
};

use crate::rig::{HOUR, Rig, name, sign_in, sso};

fn boxed() -> Box<SsoSession> {
    Box::new(sso("acme", Source::Config))
}

fn keep(on: bool) -> Intent {
    Intent::KeepSignedIn { sso_session: name("acme"), on }
}

/// A state that starts with `acme` kept.
fn restoring() -> Rig {
    let mut settings = Settings::default();
    settings.sso_mut(&name("acme")).keep_signed_in = true;
    let mut rig = Rig::with(Remembered::default(), settings);
    assert_eq!(rig.state.start(), [Effect::Restore { sso: boxed() }]);
    rig
}

fn restored(rig: &mut Rig) -> Vec<Effect> {
    rig.learn(Event::Restored { sso_session: name("acme") })
}

#[test]
fn nothing_is_kept_unless_asked_for() {
    let mut rig = Rig::signed_out();
    assert_eq!(rig.state.start(), []);
    assert!(rig.sign_in("acme").iter().all(|e| !matches!(e, Effect::Keep { .. })));
    assert!(!rig.sso("acme").keep_signed_in);
}

#[test]
fn a_sign_in_is_kept_when_it_comes_and_after_each_refresh() {
    let mut rig = Rig::signed_out();
    let target = SignInTarget::Named { sso_session: name("acme") };
    let attempt = rig.ask(Intent::SignIn { target, way: None, keep: Some(true) }).unwrap().0.attempt.unwrap();
    assert!(rig.learn(Event::SignedIn { attempt }).contains(&Effect::Keep { sso: boxed() }));
    let refreshed = rig.learn(Event::Refreshed { sso_session: name("acme") });
    assert_eq!(refreshed, [Effect::Keep { sso: boxed() }]);
    assert!(rig.state.settings_to_write().keeps_signed_in(&name("acme")));
}

#[test]
fn asked_for_while_signed_in_it_is_kept_at_once_and_taken_out_when_no_longer_wanted() {
    let mut rig = Rig::signed_in();
    assert_eq!(rig.ask(keep(true)).unwrap().1, [Effect::Keep { sso: boxed() }, Effect::SaveSettings]);
    assert_eq!(rig.ask(keep(false)).unwrap().1, [Effect::Forget { sso: boxed() }, Effect::SaveSettings]);
}

#[test]
fn a_kept_sign_in_is_taken_up_at_start() {
    let mut rig = restoring();
    assert_eq!(rig.sso("acme").status, SignInStatus::Restoring);
    let effects = restored(&mut rig);
    assert!(effects.contains(&Effect::Sync { sso: boxed() }));
    assert_eq!(rig.sso("acme").status, SignInStatus::SignedIn);
}

#[test]
fn a_request_waits_for_a_kept_sign_in_without_opening_a_browser() {
    let mut rig = restoring();
    let lease = rig.request("Admin", HOUR);
    assert_eq!((rig.view().sign_in, rig.card(&lease).phase), (None, Phase::Requesting));
    assert!(restored(&mut rig).iter().any(|e| matches!(e, Effect::Issue { .. })));
}

#[test]
fn a_kept_sign_in_that_is_no_longer_good_leaves_one_signed_out() {
    let mut rig = restoring();
    let lease = rig.request("Admin", HOUR);
    rig.learn(Event::NotRestored { sso_session: name("acme"), code: None });
    assert_eq!(rig.sso("acme").status, SignInStatus::SignedOut);
    assert_eq!(rig.card(&lease).failure.unwrap().code, Code::SignInLapsed);
}

#[test]
fn a_locked_keyring_is_said_and_sign_in_works_all_the_same() {
    let mut rig = restoring();
    rig.learn(Event::NotRestored { sso_session: name("acme"), code: Some(Code::KeyringLocked) });
    assert_eq!(rig.sso("acme").keyring.unwrap().code, Code::KeyringLocked);
    rig.sign_in("acme");
    rig.learn(Event::Keyring { sso_session: name("acme"), trouble: Some(Code::KeyringLocked) });
    let shown = rig.sso("acme");
    assert_eq!((shown.status, shown.keyring.unwrap().code), (SignInStatus::SignedIn, Code::KeyringLocked));
    // Unlocked meanwhile, and asked for again.
    assert!(rig.ask(keep(true)).unwrap().1.contains(&Effect::Keep { sso: boxed() }));
    rig.learn(Event::Keyring { sso_session: name("acme"), trouble: None });
    assert_eq!(rig.sso("acme").keyring, None);
}

#[test]
fn a_kept_sign_in_that_could_not_be_taken_up_is_taken_up_when_asked_for_again() {
    for code in [Code::KeyringLocked, Code::KeyringAbsent, Code::NameNotFound, Code::Internal] {
        let mut rig = restoring();
        rig.learn(Event::NotRestored { sso_session: name("acme"), code: Some(code) });
        let effects = rig.ask(keep(true)).unwrap().1;
        assert_eq!(effects, [Effect::Restore { sso: boxed() }, Effect::SaveSettings], "{code:?}");
        let shown = rig.sso("acme");
        assert_eq!((shown.status, shown.keyring), (SignInStatus::Restoring, None), "{code:?}");
        // Pressed twice, it is done once.
        assert_eq!(rig.ask(keep(true)).unwrap().1, [Effect::SaveSettings], "{code:?}");
        restored(&mut rig);
        assert_eq!(rig.sso("acme").status, SignInStatus::SignedIn, "{code:?}");
    }
}

#[test]
fn a_way_to_aws_that_failed_is_not_said_of_the_keyring() {
    let mut rig = restoring();
    rig.learn(Event::NotRestored { sso_session: name("acme"), code: Some(Code::NameNotFound) });
    let shown = rig.sso("acme").keyring.unwrap();
    assert_eq!(shown.action, Some(Action::Retry));
    assert!(shown.fact.starts_with("the sign-in that the keyring keeps was not taken up: the name of"));
    assert_eq!(rig.state.kept().trouble, None);
}

#[test]
fn what_the_keyring_may_still_hold_is_taken_out_when_asked_for_again() {
    for wish in [true, false] {
        let mut rig = restoring();
        restored(&mut rig);
        if wish {
            rig.ask(Intent::SignOut { sso_session: name("acme") }).unwrap();
        } else {
            rig.ask(keep(false)).unwrap();
        }
        rig.learn(Event::Keyring { sso_session: name("acme"), trouble: Some(Code::KeyringStillHolds) });
        assert_eq!(rig.sso("acme").keyring.unwrap().action, Some(Action::Forget));
        let effects = rig.ask(keep(wish)).unwrap().1;
        assert_eq!(effects, [Effect::Forget { sso: boxed() }, Effect::SaveSettings], "{wish}");
        rig.learn(Event::Keyring { sso_session: name("acme"), trouble: None });
        assert_eq!(rig.sso("acme").keyring, None);
    }
}

#[test]
fn what_is_said_of_the_keyring_is_true_signed_in_or_not() {
    for code in [Code::KeyringAbsent, Code::KeyringLocked, Code::KeyringSilent, Code::KeyringRefused] {
        let failure = Failure::from(code);
        assert!(!failure.advice.contains("You are signed in"), "{code:?}");
        assert_eq!(failure.action, Some(Action::Keep), "{code:?}");
        assert!(failure.advice.ends_with("choose Keep me signed in again."), "{code:?}");
    }
}

#[test]
fn signing_out_takes_it_out_of_the_keyring() {
    let mut rig = restoring();
    restored(&mut rig);
    let out = rig.ask(Intent::SignOut { sso_session: name("acme") }).unwrap().1;
    assert_eq!(out, [Effect::Forget { sso: boxed() }, Effect::SignOut { sso: boxed() }, Effect::Afresh]);
}

#[test]
fn a_lapsed_sign_in_is_taken_out_of_the_keyring() {
    let mut rig = restoring();
    restored(&mut rig);
    let effects = rig.learn(Event::Lapsed { sso_session: name("acme") });
    assert_eq!(effects, [Effect::Forget { sso: boxed() }]);
}

#[test]
fn what_is_taken_up_after_a_sign_out_is_dropped() {
    let mut rig = restoring();
    rig.ask(Intent::SignOut { sso_session: name("acme") }).unwrap();
    assert_eq!(restored(&mut rig), [Effect::DropToken { sso: boxed() }]);
}

#[test]
fn a_kept_sign_in_overtakes_the_browser() {
    let mut rig = restoring();
    rig.ask(sign_in("acme")).unwrap();
    assert_eq!(restored(&mut rig).last(), Some(&Effect::AbandonSignIn));
    assert_eq!((rig.view().sign_in, rig.sso("acme").status), (None, SignInStatus::SignedIn));
}
