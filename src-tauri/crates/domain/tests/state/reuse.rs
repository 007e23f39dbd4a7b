//! Asking for what a lease already gives: the same lease, and never for less long than was asked.

use daypass_domain::{
    event::Effect,
    failure::Code,
    request::{Answer, SessionRequest},
    time::Seconds,
    view::SignInStatus,
};

use crate::rig::{HOUR, Rig, issues_for, renew, request, sign_in, wanted};

const FOUR: Seconds = Seconds::hours(4);
const LONG: Seconds = Seconds::hours(12);

#[test]
fn a_live_lease_asked_for_longer_ends_when_the_new_one_would() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, LONG);
    rig.pass(Seconds::minutes(58));
    assert_eq!(rig.request("Billing", FOUR), lease);
    let card = rig.card(&lease);
    assert_eq!((card.lease_end, card.duration), (Some(rig.now.wall + FOUR), FOUR));
    assert_eq!(rig.view().sessions.len(), 1);
    rig.pass(HOUR);
    rig.ask(renew(&lease)).unwrap();
    assert_eq!(rig.card(&lease).lease_end, Some(rig.now.wall + FOUR), "renewed by what was asked last");
}

#[test]
fn a_live_lease_asked_for_shorter_stays_as_it_is() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", FOUR, LONG);
    let before = rig.card(&lease);
    assert_eq!(rig.request("Billing", HOUR), lease);
    assert_eq!(rig.card(&lease), before);
}

#[test]
fn asking_twice_changes_nothing_more() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.pass(Seconds::minutes(50));
    let ask = request(&wanted("Billing", FOUR));
    let (_, effects) = rig.ask(ask.clone()).unwrap();
    assert_eq!(issues_for(&effects), Some(lease), "ten minutes of credentials would not do");
    let once = rig.view();
    assert_eq!(rig.ask(ask).unwrap().1, [], "an issue is under way");
    assert_eq!(rig.view(), once);
}

#[test]
fn a_fresh_lease_leaves_the_other_as_it_is() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, LONG);
    let before = rig.card(&lease);
    let fresh = SessionRequest { fresh: true, ..wanted("Billing", FOUR) };
    let (answer, effects) = rig.ask(request(&fresh)).unwrap();
    assert_ne!(answer.session, Some(lease.clone()));
    assert_eq!(issues_for(&effects), answer.session);
    assert_eq!(rig.card(&lease), before);
}

#[test]
fn a_request_under_way_lasts_for_the_longer_of_the_two() {
    let mut rig = Rig::signed_in();
    let asked = rig.now.wall;
    let session = rig.request("Billing", HOUR);
    for duration in [FOUR, HOUR] {
        assert_eq!(rig.request("Billing", duration), session);
    }
    rig.issue(&session, LONG);
    assert_eq!(rig.card(&session).lease_end, Some(asked + FOUR));
}

#[test]
fn what_only_a_sign_in_gives_is_signed_in_for() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, LONG);
    rig.lease("Admin", HOUR, HOUR);
    rig.pass(Seconds::minutes(30));
    rig.lapse();
    let held = rig.ask(request(&wanted("Billing", FOUR)));
    assert_eq!(held, Ok((Answer { session: Some(lease), ..Answer::default() }, vec![])), "AWS's last");
    let (answer, effects) = rig.ask(request(&wanted("Admin", FOUR))).unwrap();
    assert!(matches!(effects[..], [Effect::SignIn { .. }]), "{effects:?}");
    assert_eq!(rig.ask(request(&wanted("Admin", FOUR))).unwrap(), (answer, vec![]), "it joins");
    rig.sign_in("acme");
    assert_eq!(rig.sso("acme").status, SignInStatus::SignedIn);
}

#[test]
fn a_sign_in_that_cannot_start_leaves_the_lease_as_it_is() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.lapse();
    rig.ask(sign_in("beta")).unwrap();
    let before = rig.card(&lease);
    assert_eq!(rig.ask(request(&wanted("Billing", FOUR))), Err(Code::SignInBusy));
    assert_eq!(rig.card(&lease), before);
}
