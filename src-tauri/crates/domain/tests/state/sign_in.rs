//! Signing in and out: one at a time, cancellable, and honest about why it failed.

use daypass_domain::{
    event::{Effect, Event},
    failure::Code,
    request::Intent,
    settings::Way,
    sso::Source,
    time::Seconds,
    view::{DeviceView, Phase, SignInStatus, Stage, Why},
};

use crate::rig::{HOUR, Rig, name, sign_in, sso, wipe};

#[test]
fn asking_to_sign_in_starts_one_attempt() {
    let mut rig = Rig::signed_out();
    let (answer, effects) = rig.ask(sign_in("acme")).unwrap();
    assert_eq!(answer.attempt, Some(1));
    assert_eq!(
        effects,
        [Effect::SignIn {
            sso: Box::new(sso("acme", Source::Config)),
            attempt: 1,
            way: Way::Browser,
            kept: false
        }]
    );
    assert_eq!(rig.view().sign_in.unwrap().stage, Stage::Starting);
}

#[test]
fn asking_again_joins_the_sign_in_under_way() {
    let mut rig = Rig::signed_out();
    let first = rig.start_sign_in("acme");
    let (answer, effects) = rig.ask(sign_in("acme")).unwrap();
    assert_eq!((answer.attempt, effects), (Some(first), vec![]));
}

#[test]
fn another_sso_session_waits_for_its_turn() {
    let mut rig = Rig::signed_out();
    rig.start_sign_in("acme");
    assert_eq!(rig.ask(sign_in("beta")), Err(Code::SignInBusy));
}

#[test]
fn a_name_nobody_configured_is_refused() {
    assert_eq!(Rig::signed_out().ask(sign_in("gamma")), Err(Code::UnknownSsoSession));
}

#[test]
fn a_cancelled_sign_in_is_abandoned_and_makes_room() {
    let mut rig = Rig::signed_out();
    rig.start_sign_in("acme");
    let (_, effects) = rig.ask(Intent::CancelSignIn).unwrap();
    assert_eq!(effects, [Effect::AbandonSignIn]);
    assert!(rig.view().sign_in.is_none() && rig.view().notice.is_none(), "they know: they cancelled it");
    assert!(rig.ask(sign_in("beta")).is_ok());
}

#[test]
fn there_is_nothing_to_cancel_twice() {
    let mut rig = Rig::signed_out();
    assert_eq!(rig.ask(Intent::CancelSignIn), Err(Code::NoSignIn));
}

#[test]
fn a_cancelled_attempt_that_succeeds_late_signs_nobody_in() {
    let mut rig = Rig::signed_out();
    let cancelled = rig.start_sign_in("acme");
    rig.ask(Intent::CancelSignIn).unwrap();
    let second = rig.start_sign_in("acme");
    assert_eq!(rig.learn(Event::SignedIn { attempt: cancelled }), []);
    assert_eq!(rig.sso("acme").status, SignInStatus::SignedOut);
    assert_eq!(rig.view().sign_in.unwrap().attempt, second);
}

#[test]
fn an_earlier_attempt_that_fails_late_leaves_the_present_one_alone() {
    let mut rig = Rig::signed_out();
    let cancelled = rig.start_sign_in("acme");
    rig.ask(Intent::CancelSignIn).unwrap();
    rig.start_sign_in("acme");
    rig.learn(Event::SignInFailed { attempt: cancelled, code: Code::SignInTimedOut });
    assert!(rig.view().sign_in.is_some() && rig.view().notice.is_none());
}

#[test]
fn a_failed_sign_in_says_why_until_the_next_one() {
    let mut rig = Rig::signed_out();
    let attempt = rig.start_sign_in("acme");
    rig.learn(Event::SignInFailed { attempt, code: Code::SignInRefused });
    let notice = rig.view().notice.unwrap();
    assert_eq!((notice.sso_session, notice.failure.code), (Some(name("acme")), Code::SignInRefused));
    assert!(rig.view().sign_in.is_none());

    rig.start_sign_in("acme");
    assert!(rig.view().notice.is_none());
}

#[test]
fn a_notice_can_be_dismissed() {
    let mut rig = Rig::signed_out();
    let attempt = rig.start_sign_in("acme");
    rig.learn(Event::SignInFailed { attempt, code: Code::SignInRefused });
    rig.ask(Intent::DismissNotice).unwrap();
    assert!(rig.view().notice.is_none());
}

#[test]
fn there_is_an_address_to_open_only_once_the_browser_is_wanted() {
    let mut rig = Rig::signed_out();
    assert_eq!(rig.ask(Intent::SignInUrl), Err(Code::NoSignIn));
    let attempt = rig.start_sign_in("acme");
    assert_eq!(rig.ask(Intent::SignInUrl), Err(Code::NoSignIn));
    rig.learn(Event::BrowserWanted { attempt: attempt + 1 });
    assert_eq!(rig.ask(Intent::SignInUrl), Err(Code::NoSignIn), "that was another attempt's");
    rig.learn(Event::BrowserWanted { attempt });
    assert!(rig.ask(Intent::SignInUrl).is_ok());
}

#[test]
fn being_signed_in_starts_a_sync_and_says_since_when() {
    let mut rig = Rig::signed_out();
    let effects = rig.sign_in("acme");
    let acme = Box::new(sso("acme", Source::Config));
    assert_eq!(effects, [Effect::Sync { sso: acme }, Effect::Remember]);
    let shown = rig.sso("acme");
    assert_eq!((shown.status, shown.signed_in_at), (SignInStatus::SignedIn, Some(rig.now.wall)));
}

#[test]
fn after_thirty_seconds_in_the_browser_the_view_says_what_to_check() {
    let mut rig = Rig::signed_out();
    let attempt = rig.start_sign_in("acme");
    rig.pass(Seconds(7));
    rig.learn(Event::BrowserWanted { attempt });
    assert_eq!(rig.state.next_due(rig.now), Some(30_000), "somebody has to wake up for it");
    rig.pass(Seconds(29));
    assert!(rig.view().sign_in.unwrap().hint.is_none());
    rig.pass(Seconds(1));
    assert_eq!(rig.view().sign_in.unwrap().hint.unwrap().code, Code::StillWaiting);
    assert_eq!(rig.state.next_due(rig.now), None, "said once, nothing more is due");
}

#[test]
fn once_the_browser_came_back_nothing_says_that_it_has_not() {
    let mut rig = Rig::signed_out();
    let attempt = rig.start_sign_in("acme");
    rig.learn(Event::BrowserWanted { attempt });
    rig.pass(Seconds(31));
    rig.learn(Event::BrowserCame { attempt: attempt + 1 });
    assert_eq!(
        rig.view().sign_in.unwrap().hint.unwrap().code,
        Code::StillWaiting,
        "that was another attempt's"
    );
    rig.learn(Event::BrowserCame { attempt });
    assert!(rig.view().sign_in.unwrap().hint.is_none());
    assert_eq!(rig.ask(Intent::SignInUrl), Err(Code::NoSignIn), "its address is spent");
    rig.pass(Seconds(8));
    assert_eq!(rig.view().sign_in.unwrap().hint.unwrap().code, Code::SlowAnswer);
}

#[test]
fn after_eight_seconds_without_an_answer_everything_that_waits_says_so() {
    let mut rig = Rig::signed_in();
    let lease = rig.request("Billing", HOUR);
    rig.start_sign_in("beta");
    assert_eq!(rig.state.next_due(rig.now), Some(8000));
    assert_eq!((rig.view().sign_in.unwrap().hint, rig.card(&lease).failure), (None, None));
    rig.pass(Seconds(8));
    let said = [rig.view().sign_in.unwrap().hint, rig.card(&lease).failure, rig.sso("acme").catalog.failure];
    assert_eq!(said.map(|f| f.unwrap().code), [Code::SlowAnswer; 3]);
    rig.list(&[]);
    assert_eq!(rig.sso("acme").catalog.failure, None);
    rig.issue(&lease, HOUR);
    assert_eq!(rig.card(&lease).failure, None);
}

#[test]
fn a_device_code_is_shown_to_compare() {
    let mut rig = Rig::signed_out();
    let attempt = rig.start_sign_in("acme");
    let url = "https://acme.awsapps.com/start/#/device".to_owned();
    let device = DeviceView { user_code: "ABCD-EFGH".into(), url, expires_at: rig.now.wall + HOUR };
    rig.learn(Event::DeviceCode { attempt, device: device.clone() });
    let shown = rig.view().sign_in.unwrap();
    assert_eq!((shown.stage, shown.device), (Stage::DeviceCode, Some(device)));
    assert!(rig.ask(Intent::SignInUrl).is_ok());
    rig.learn(Event::SignInFailed { attempt, code: Code::DeviceCodeExpired });
    assert_eq!(rig.view().notice.unwrap().failure.code, Code::DeviceCodeExpired);
}

#[test]
fn signing_out_ends_the_leases_of_that_sso_session_and_drops_the_token() {
    let mut rig = Rig::signed_in();
    rig.learn(Event::Identified { sso_session: name("acme"), identity: "jane".into() });
    let lease = rig.lease("Billing", HOUR, HOUR);
    let (_, effects) = rig.ask(Intent::SignOut { sso_session: name("acme") }).unwrap();
    let out = Effect::SignOut { sso: Box::new(sso("acme", Source::Config)) };
    assert_eq!(effects, [wipe(&lease), out, Effect::Afresh]);
    assert_eq!(rig.card(&lease).ended.unwrap().why, Why::SignedOut);
    let shown = rig.sso("acme");
    assert_eq!((shown.status, shown.signed_in_at, shown.identity), (SignInStatus::SignedOut, None, None));
}

#[test]
fn signing_out_of_one_sso_session_leaves_the_leases_of_another() {
    let mut rig = Rig::signed_in();
    rig.sign_in("beta");
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.ask(Intent::SignOut { sso_session: name("beta") }).unwrap();
    assert!(rig.may_serve(&lease));
}

#[test]
fn who_is_not_signed_in_cannot_sign_out_or_sync() {
    let mut rig = Rig::signed_out();
    let sso_session = name("acme");
    assert_eq!(rig.ask(Intent::SignOut { sso_session: sso_session.clone() }), Err(Code::NotSignedIn));
    assert_eq!(rig.ask(Intent::Sync { sso_session }), Err(Code::NotSignedIn));
    let sso_session = name("gamma");
    assert_eq!(rig.ask(Intent::SignOut { sso_session: sso_session.clone() }), Err(Code::UnknownSsoSession));
    assert_eq!(rig.ask(Intent::Sync { sso_session }), Err(Code::UnknownSsoSession));
}

#[test]
fn an_identity_that_comes_after_signing_out_is_not_shown() {
    let mut rig = Rig::signed_in();
    rig.ask(Intent::SignOut { sso_session: name("acme") }).unwrap();
    rig.learn(Event::Identified { sso_session: name("acme"), identity: "jane".into() });
    assert_eq!(rig.sso("acme").identity, None);
}

#[test]
fn the_practice_organisation_is_started_once_it_is_asked_for() {
    let mut rig = Rig::signed_out();
    assert_eq!(rig.ask(Intent::Practice).unwrap().1, [Effect::StartPractice]);
    assert_eq!(rig.ask(Intent::Practice).unwrap().1, [], "it starts already");
    rig.learn(Event::PracticeReady { sso: Box::new(sso("practice", Source::Practice)) });
    assert_eq!(rig.sso("practice").source, Source::Practice);
    assert_eq!(rig.ask(Intent::Practice).unwrap().1, [], "it runs already");
}

#[test]
fn practice_never_takes_the_name_of_a_real_organisation() {
    let mut rig = Rig::signed_in();
    let real = rig.lease("Billing", HOUR, HOUR);
    rig.learn(Event::PracticeReady { sso: Box::new(sso("acme", Source::Practice)) });
    assert_eq!(rig.sso("acme").source, Source::Config);
    assert_eq!(rig.sso("daypass-practice").source, Source::Practice);
    rig.learn(Event::PracticeEnded);
    assert!(rig.may_serve(&real), "the real lease lives on");
}

#[test]
fn credentials_in_unlocked_memory_are_shown_once() {
    let mut rig = Rig::signed_in();
    rig.learn(Event::NotLocked);
    rig.learn(Event::NotLocked);
    assert_eq!(rig.view().degraded.len(), 1);
}

#[test]
fn practice_that_does_not_start_says_so() {
    let mut rig = Rig::signed_out();
    rig.learn(Event::PracticeFailed { code: Code::PracticeMissing });
    assert_eq!(rig.view().notice.unwrap().failure.code, Code::PracticeMissing);
    assert_eq!(rig.ask(Intent::Practice).unwrap().1, [Effect::StartPractice], "it may be tried again");
}

#[test]
fn practice_that_ends_takes_its_sign_in_along() {
    let mut rig = Rig::signed_out();
    rig.learn(Event::PracticeReady { sso: Box::new(sso("practice", Source::Practice)) });
    rig.start_sign_in("practice");
    assert_eq!(rig.learn(Event::PracticeEnded), [Effect::AbandonSignIn]);
    assert!(rig.view().sign_in.is_none());
}

#[test]
fn practice_that_ends_leaves_another_sign_in_alone() {
    let mut rig = Rig::signed_out();
    rig.learn(Event::PracticeReady { sso: Box::new(sso("practice", Source::Practice)) });
    rig.start_sign_in("acme");
    assert_eq!(rig.learn(Event::PracticeEnded), []);
    assert!(rig.view().sign_in.is_some());
}

#[test]
fn a_lapsed_sign_in_keeps_its_leases_and_says_so() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.lapse();
    assert_eq!(rig.sso("acme").status, SignInStatus::Lapsed);
    assert_eq!(rig.card(&lease).phase, Phase::Active);
}
