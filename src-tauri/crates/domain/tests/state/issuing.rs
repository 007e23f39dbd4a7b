//! Issuing anew inside a lease: in time, once, and never for a lease that ends first.

use daypass_domain::{
    event::Event,
    failure::Code,
    time::Seconds,
    view::{Phase, Why},
};

use crate::rig::{HOUR, Rig, issues_for, wipe};

const FOUR: Seconds = Seconds::hours(4);
const MINUTE: Seconds = Seconds::minutes(1);

#[test]
fn a_four_hour_lease_over_one_hour_credentials_is_issued_anew_before_sdks_ask() {
    let mut rig = Rig::signed_in();
    rig.list(&[]);
    let lease = rig.lease("Billing", FOUR, HOUR);
    let wait = rig.state.next_due(rig.now).unwrap();
    assert!((1..=45 * 60 * 1000).contains(&wait), "SDKs ask 15 minutes before the end: {wait} ms");
    rig.pass(Seconds(u32::try_from(wait / 1000).unwrap() - 1));
    assert_eq!(rig.tick(), []);
    rig.pass(Seconds(1));
    assert_eq!(issues_for(&rig.tick()), Some(lease));
}

#[test]
fn an_issue_under_way_is_not_asked_for_twice() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", FOUR, HOUR);
    rig.pass(Seconds::minutes(50));
    assert_eq!(issues_for(&rig.tick()), Some(lease));
    rig.pass(MINUTE);
    assert_eq!(rig.tick(), []);
}

#[test]
fn four_hours_of_one_hour_credentials_serve_without_a_gap_and_end_on_time() {
    let mut rig = Rig::signed_in();
    let end = rig.now.wall + FOUR;
    let lease = rig.lease("Billing", FOUR, HOUR);
    let mut issues = 0;
    while rig.now.wall < end {
        assert!(rig.may_serve(&lease));
        if issues_for(&rig.tick()).is_some() {
            issues += 1;
            rig.issue(&lease, HOUR);
        }
        rig.pass(MINUTE);
    }
    assert_eq!(rig.tick(), [wipe(&lease)]);
    assert_eq!(rig.card(&lease).ended.unwrap().why, Why::LeaseEnd);
    assert!((3..=5).contains(&issues), "{issues} issues");
}

#[test]
fn nothing_is_issued_when_the_lease_ends_first() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, Seconds(3601));
    for _ in 0..59 {
        rig.pass(MINUTE);
        assert_eq!(rig.tick(), []);
    }
    rig.pass(MINUTE);
    assert_eq!(rig.tick(), [wipe(&lease)]);
}

#[test]
fn a_failed_issue_is_told_and_tried_again_a_minute_later() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", FOUR, HOUR);
    rig.pass(Seconds::minutes(50));
    rig.tick();
    rig.issue_fails(&lease, Code::Unreachable);
    let card = rig.card(&lease);
    assert_eq!((card.phase, card.failure.unwrap().code), (Phase::Active, Code::Unreachable));
    rig.pass(Seconds(59));
    assert_eq!(rig.tick(), []);
    rig.pass(Seconds(1));
    assert_eq!(issues_for(&rig.tick()), Some(lease.clone()));
    rig.issue(&lease, HOUR);
    assert_eq!(rig.card(&lease).failure, None, "what is over is not shown");
}

#[test]
fn a_lease_that_cannot_be_issued_anew_lives_as_long_as_its_credentials() {
    let mut rig = Rig::signed_in();
    let expires = rig.now.wall + HOUR;
    let lease = rig.lease("Billing", FOUR, HOUR);
    rig.pass(Seconds::minutes(50));
    rig.tick();
    rig.issue_fails(&lease, Code::Unreachable);
    rig.pass(Seconds(599));
    assert!(rig.may_serve(&lease));
    rig.pass(Seconds(1));
    assert!(!rig.may_serve(&lease), "checked at use, before any tick");
    assert_eq!(rig.tick(), [wipe(&lease)]);
    let ended = rig.card(&lease).ended.unwrap();
    assert_eq!((ended.why, ended.at, ended.aws_accepts_until), (Why::NotIssuedAnew, expires, None));
}

#[test]
fn a_lapsed_sign_in_is_shown_on_the_lease_and_asks_aws_nothing() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", FOUR, HOUR);
    rig.lapse();
    rig.pass(Seconds::minutes(50));
    assert_eq!(rig.tick(), []);
    assert_eq!(rig.card(&lease).failure.unwrap().code, Code::SignInLapsed);
}

#[test]
fn signing_in_again_issues_at_once_what_the_lapse_held_up() {
    let mut rig = Rig::signed_in();
    let held_up = rig.lease("Billing", FOUR, HOUR);
    let good = rig.lease("Admin", HOUR, FOUR);
    rig.lapse();
    rig.pass(Seconds::minutes(50));
    rig.tick();
    let effects = rig.sign_in("acme");
    assert_eq!(issues_for(effects.get(2..).unwrap()), Some(held_up), "and nothing else: {effects:?}");
    assert!(rig.may_serve(&good));
}

#[test]
fn what_signing_in_issues_is_not_asked_for_again_by_the_next_tick() {
    let mut rig = Rig::signed_in();
    rig.lease("Billing", FOUR, HOUR);
    rig.lapse();
    rig.pass(Seconds::minutes(50));
    rig.tick();
    rig.sign_in("acme");
    rig.pass(MINUTE);
    assert_eq!(rig.tick(), []);
}

#[test]
fn the_longest_credentials_seen_are_remembered_in_whole_minutes() {
    let mut rig = Rig::signed_in();
    rig.list(&[(crate::rig::ACCOUNT, &["Billing"])]);
    let first = rig.lease("Billing", HOUR, Seconds(3590));
    rig.ask(crate::rig::end(&first)).unwrap();
    rig.lease("Billing", HOUR, Seconds(1790));
    assert_eq!(rig.state.roles().first().unwrap().longest, Some(HOUR));
}

#[test]
fn an_issue_that_fails_after_the_end_changes_nothing() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.ask(crate::rig::end(&lease)).unwrap();
    let ended = rig.view();
    rig.learn(Event::IssueFailed { session: lease, code: Code::Unreachable });
    assert_eq!(rig.view(), ended);
}
