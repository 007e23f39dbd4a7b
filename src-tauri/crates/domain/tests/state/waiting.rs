//! Requests: refused in time, reused where they can be, and patient while somebody signs in.

use daypass_domain::{
    event::{Effect, Event},
    failure::Code,
    ids::SessionId,
    request::{Intent, LONGEST, REASON_LENGTH, SHORTEST},
    time::Seconds,
    view::Phase,
};

use crate::rig::{ACCOUNT, HOUR, Rig, end, issues_for, request, role, sign_in, wanted};

#[test]
fn a_request_while_signed_in_asks_for_credentials_at_once() {
    let mut rig = Rig::signed_in();
    let (answer, effects) = rig.ask(request(&wanted("Billing", HOUR))).unwrap();
    let session = answer.session.unwrap();
    assert_eq!(issues_for(&effects), Some(session.clone()));
    assert_eq!((answer.attempt, rig.card(&session).phase), (None, Phase::Requesting));
}

#[test]
fn a_request_while_signed_out_opens_the_sign_in_and_goes_on_after_it() {
    let mut rig = Rig::signed_out();
    let (answer, effects) = rig.ask(request(&wanted("Billing", HOUR))).unwrap();
    let attempt = answer.attempt.unwrap();
    assert!(matches!(effects.as_slice(), [Effect::SignIn { .. }]), "{effects:?}");
    rig.pass(Seconds::minutes(3));

    let effects = rig.learn(Event::SignedIn { attempt });
    assert_eq!(issues_for(effects.get(2..).unwrap()), answer.session, "{effects:?}");
    let session = answer.session.unwrap();
    assert_eq!(rig.card(&session).requested_at, rig.now.wall, "the lease pays for no time in the browser");
}

#[test]
fn signing_in_elsewhere_does_not_serve_a_request_that_waits() {
    let mut rig = Rig::signed_in();
    rig.lapse();
    let waiting = rig.request("Billing", HOUR);
    rig.ask(Intent::CancelSignIn).unwrap();
    let effects = rig.sign_in("beta");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Issue { .. })), "{effects:?}");
    assert_eq!(rig.card(&waiting).phase, Phase::Failed);
}

#[test]
fn a_request_that_waits_is_joined_with_its_sign_in() {
    let mut rig = Rig::signed_out();
    let first = rig.ask(request(&wanted("Billing", HOUR))).unwrap().0;
    let (again, effects) = rig.ask(request(&wanted("Billing", HOUR))).unwrap();
    assert_eq!((again, effects), (first, vec![]));
}

#[test]
fn a_request_behind_somebody_elses_sign_in_is_refused() {
    let mut rig = Rig::signed_out();
    rig.start_sign_in("beta");
    assert_eq!(rig.ask(request(&wanted("Billing", HOUR))), Err(Code::SignInBusy));
    assert!(rig.view().sessions.is_empty());
}

#[test]
fn cancelling_the_sign_in_fails_what_waits_for_it() {
    let mut rig = Rig::signed_out();
    let waiting = rig.request("Billing", HOUR);
    rig.ask(Intent::CancelSignIn).unwrap();
    let card = rig.card(&waiting);
    assert_eq!((card.phase, card.failure.unwrap().code), (Phase::Failed, Code::SignInCancelled));
}

#[test]
fn a_failed_sign_in_fails_what_waits_for_it_for_the_same_reason() {
    let mut rig = Rig::signed_out();
    let answer = rig.ask(request(&wanted("Billing", HOUR))).unwrap().0;
    rig.learn(Event::SignInFailed { attempt: answer.attempt.unwrap(), code: Code::StartUrlRefused });
    let card = rig.card(&answer.session.unwrap());
    assert_eq!((card.phase, card.failure.unwrap().code), (Phase::Failed, Code::StartUrlRefused));
}

#[test]
fn a_request_that_failed_is_not_taken_up_by_a_later_sign_in() {
    let mut rig = Rig::signed_out();
    rig.request("Billing", HOUR);
    rig.ask(Intent::CancelSignIn).unwrap();
    let effects = rig.sign_in("acme");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Issue { .. })), "{effects:?}");
}

#[test]
fn a_request_that_ends_while_it_waits_is_not_issued() {
    let mut rig = Rig::signed_out();
    let answer = rig.ask(request(&wanted("Billing", HOUR))).unwrap().0;
    rig.ask(end(&answer.session.unwrap())).unwrap();
    let effects = rig.learn(Event::SignedIn { attempt: answer.attempt.unwrap() });
    assert!(!effects.iter().any(|e| matches!(e, Effect::Issue { .. })), "{effects:?}");
}

#[test]
fn a_role_that_a_complete_list_lacks_is_refused() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing"])]);
    rig.synced(0);
    assert_eq!(rig.ask(request(&wanted("Admin", HOUR))), Err(Code::UnknownRole));
    assert!(rig.ask(request(&wanted("Billing", HOUR))).is_ok());
}

#[test]
fn a_list_that_may_lack_something_leaves_the_answer_to_aws() {
    let never = |_: &mut Rig| {};
    let under_way = |rig: &mut Rig| rig.list(&[(ACCOUNT, &["Billing"])]);
    let with_gaps = |rig: &mut Rig| {
        rig.list(&[(ACCOUNT, &["Billing"])]);
        rig.synced(1);
    };
    let synced_again = |rig: &mut Rig| {
        rig.list(&[(ACCOUNT, &["Billing"])]);
        rig.synced(0);
        rig.list(&[(ACCOUNT, &["Billing"])]);
    };
    let broken_off = |rig: &mut Rig| {
        rig.list(&[(ACCOUNT, &["Billing"])]);
        rig.synced(0);
        rig.list(&[(ACCOUNT, &["Billing"])]);
        rig.learn(Event::SyncFailed { sso_session: crate::rig::name("acme"), code: Code::Unreachable });
    };
    let from_the_last_sign_in = |rig: &mut Rig| {
        rig.list(&[(ACCOUNT, &["Billing"])]);
        rig.synced(0);
        rig.pass(HOUR);
        rig.lapse();
        rig.sign_in("acme");
    };
    let from_the_last_run = |rig: &mut Rig| {
        rig.list(&[(ACCOUNT, &["Billing"])]);
        rig.synced(1);
        *rig = Rig::remembering(rig.state.remembered());
    };
    type Case = (&'static str, fn(&mut Rig));
    let cases: [Case; 7] = [
        ("never synced", never),
        ("under way", under_way),
        ("with gaps", with_gaps),
        ("synced again", synced_again),
        ("broken off", broken_off),
        ("from the last sign-in", from_the_last_sign_in),
        ("from the last run, with gaps", from_the_last_run),
    ];
    for (case, prepare) in cases {
        let mut rig = Rig::signed_in();
        prepare(&mut rig);
        assert!(rig.ask(request(&wanted("Admin", HOUR))).is_ok(), "{case}");
    }
}

#[test]
fn asking_for_the_same_again_uses_the_live_lease() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    let (answer, effects) = rig.ask(request(&wanted("Billing", Seconds::minutes(15)))).unwrap();
    assert_eq!((answer.session, effects), (Some(lease), vec![]));
}

#[test]
fn what_differs_or_is_asked_fresh_gets_a_lease_of_its_own() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    let mut fresh = wanted("Billing", HOUR);
    fresh.fresh = true;
    let mut elsewhere = wanted("Billing", HOUR);
    elsewhere.region = Some("us-east-1".parse().unwrap());
    for other in [fresh, elsewhere, wanted("Admin", HOUR)] {
        let (answer, effects) = rig.ask(request(&other)).unwrap();
        assert_ne!(answer.session, Some(lease.clone()), "{other:?}");
        assert_eq!(issues_for(&effects), answer.session, "{other:?}");
    }
}

#[test]
fn a_lease_that_ended_during_sleep_serves_no_new_request() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.pass(Seconds::hours(9));
    let (answer, effects) = rig.ask(request(&wanted("Billing", HOUR))).unwrap();
    assert_ne!(answer.session, Some(lease), "the click came before the tick");
    assert_eq!(issues_for(&effects), answer.session);
}

#[test]
fn the_sso_region_is_where_one_works_unless_another_is_named() {
    let mut rig = Rig::signed_in();
    let plain = rig.request("Billing", HOUR);
    let mut elsewhere = wanted("Admin", HOUR);
    elsewhere.region = Some("us-east-1".parse().unwrap());
    let named = rig.ask(request(&elsewhere)).unwrap().0.session.unwrap();
    assert_eq!(rig.card(&plain).region.as_str(), "eu-west-1");
    assert_eq!(rig.card(&named).region.as_str(), "us-east-1");
}

#[test]
fn a_lease_lasts_a_minute_at_least_and_twelve_hours_at_most() {
    let mut rig = Rig::signed_in();
    for (secs, answer) in [
        (SHORTEST.0 - 1, Err(Code::DurationTooShort)),
        (SHORTEST.0, Ok(())),
        (LONGEST.0, Ok(())),
        (LONGEST.0 + 1, Err(Code::DurationTooLong)),
    ] {
        let asked = rig.ask(request(&wanted("Billing", Seconds(secs)))).map(drop);
        assert_eq!(asked, answer, "{secs} s");
    }
}

#[test]
fn a_reason_is_counted_in_characters() {
    let mut rig = Rig::signed_in();
    let mut wanted = wanted("Billing", HOUR);
    wanted.reason = Some("é".repeat(REASON_LENGTH));
    assert!(rig.ask(request(&wanted)).is_ok());
    wanted.reason = Some("é".repeat(REASON_LENGTH + 1));
    assert_eq!(rig.ask(request(&wanted)), Err(Code::ReasonTooLong));
}

#[test]
fn fifty_sessions_are_enough_until_one_ends() {
    let mut rig = Rig::signed_in();
    let first: Vec<SessionId> = (0..50).map(|n| rig.request(&format!("Role{n}"), HOUR)).collect();
    assert_eq!(rig.ask(request(&wanted("OneMore", HOUR))), Err(Code::TooManySessions));
    rig.ask(end(first.first().unwrap())).unwrap();
    assert!(rig.ask(request(&wanted("OneMore", HOUR))).is_ok());
}

#[test]
fn credentials_that_do_not_come_fail_the_request_with_the_reason() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    assert_eq!(rig.issue_fails(&session, Code::RoleNotAssigned), []);
    let card = rig.card(&session);
    assert_eq!((card.phase, card.failure.unwrap().code), (Phase::Failed, Code::RoleNotAssigned));
    assert!(!rig.state.has_open_sessions());
}

#[test]
fn a_request_that_met_a_lapsed_sign_in_goes_on_after_the_next() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    rig.lapse();
    rig.issue_fails(&session, Code::SignInLapsed);
    assert_eq!(rig.card(&session).phase, Phase::Failed);

    let effects = rig.sign_in("acme");
    assert_eq!(issues_for(effects.get(2..).unwrap()), Some(session.clone()));
    assert_eq!(rig.card(&session).phase, Phase::Requesting);
}

#[test]
fn a_request_that_nobody_waits_for_any_more_does_not_come_back_with_a_later_sign_in() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    rig.lapse();
    rig.issue_fails(&session, Code::SignInLapsed);
    rig.pass(Seconds::minutes(11));
    rig.sign_in("acme");
    assert_eq!(rig.card(&session).phase, Phase::Failed);
}

#[test]
fn aws_is_asked_who_signed_in_until_it_has_told() {
    let identifies =
        |rig: &mut Rig, text: &str| match rig.ask(request(&wanted(text, HOUR))).unwrap().1.as_slice() {
            [Effect::Issue { issue, .. }] => issue.identify,
            other => panic!("{other:?}"),
        };
    let mut rig = Rig::signed_in();
    assert!(identifies(&mut rig, "Billing"));
    rig.learn(Event::Identified { sso_session: role("Billing").sso_session, identity: "jane".into() });
    assert!(!identifies(&mut rig, "Admin"));
    assert_eq!(rig.sso("acme").identity.as_deref(), Some("jane"));
}

#[test]
fn requests_of_the_day_are_counted_once_each() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.request("Billing", HOUR);
    rig.ask(sign_in("acme")).ok();
    rig.ask(end(&lease)).unwrap();
    let today = rig.view().today;
    assert_eq!((today.requested, today.ended), (1, 1));
}

#[test]
fn the_counts_of_the_day_begin_anew_at_local_midnight() {
    let mut rig = Rig::signed_in(); // 22:13 UTC
    rig.now.utc_offset = 3600;
    rig.request("Billing", HOUR);
    rig.pass(Seconds(46 * 60));
    assert_eq!(rig.view().today.requested, 1, "23:59 local");
    rig.pass(Seconds(60));
    assert_eq!(rig.view().today.requested, 0, "00:00 local");
}
