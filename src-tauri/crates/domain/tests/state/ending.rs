//! Ends: everything wiped, and the card honest about what AWS still accepts.

use daypass_domain::{
    event::{Effect, Event},
    failure::Code,
    ids::SessionId,
    request::Intent,
    sso::Source,
    time::Seconds,
    view::{Phase, Why},
};

use crate::rig::{HOUR, Rig, end, name, request, sso, wanted, wipe};

/// A live lease, one waiting for its credentials, and one that failed.
fn three(rig: &mut Rig) -> [SessionId; 3] {
    let live = rig.lease("Billing", HOUR, HOUR);
    let requesting = rig.request("Admin", HOUR);
    let failed = rig.request("Gone", HOUR);
    rig.issue_fails(&failed, Code::RoleNotAssigned);
    [live, requesting, failed]
}

fn phases(rig: &Rig, sessions: &[SessionId]) -> Vec<Phase> {
    sessions.iter().map(|s| rig.card(s).phase).collect()
}

#[test]
fn ending_by_hand_wipes_that_lease_and_no_other() {
    let mut rig = Rig::signed_in();
    let [live, requesting, failed] = three(&mut rig);
    assert_eq!(rig.ask(end(&live)).unwrap().1, [wipe(&live)]);
    assert_eq!(phases(&rig, &[live, requesting, failed]), [Phase::Ended, Phase::Requesting, Phase::Failed]);
}

#[test]
fn what_has_ended_cannot_end_again() {
    let mut rig = Rig::signed_in();
    let [live, _, failed] = three(&mut rig);
    rig.ask(end(&live)).unwrap();
    assert_eq!(rig.ask(end(&live)), Err(Code::SessionNotLive));
    assert_eq!(rig.ask(end(&failed)), Err(Code::SessionNotLive));
}

#[test]
fn ending_all_wipes_everything_open() {
    let mut rig = Rig::signed_in();
    let [live, requesting, failed] = three(&mut rig);
    assert_eq!(rig.ask(Intent::EndAll).unwrap().1, [wipe(&live), wipe(&requesting)]);
    assert_eq!(phases(&rig, &[live, requesting, failed]), [Phase::Ended, Phase::Ended, Phase::Failed]);
    assert_eq!(rig.ask(Intent::EndAll).unwrap().1, [], "there is nothing left to end");
}

#[test]
fn quitting_wipes_everything_before_it_quits() {
    let mut rig = Rig::signed_in();
    let [live, requesting, _] = three(&mut rig);
    assert_eq!(rig.ask(Intent::Quit).unwrap().1, [wipe(&live), wipe(&requesting), Effect::Quit]);
    assert_eq!(rig.card(&live).ended.unwrap().why, Why::Quit);
}

#[test]
fn practice_that_ends_takes_its_leases_along_and_leaves_the_others() {
    let mut rig = Rig::signed_in();
    let real = rig.lease("Billing", HOUR, HOUR);
    rig.learn(Event::PracticeReady { sso: Box::new(sso("practice", Source::Practice)) });
    rig.sign_in("practice");
    let mut practised = wanted("Billing", HOUR);
    practised.role.sso_session = name("practice");
    let practised = rig.ask(request(&practised)).unwrap().0.session.unwrap();
    rig.issue(&practised, HOUR);

    assert_eq!(rig.learn(Event::PracticeEnded), [wipe(&practised)]);
    assert_eq!(rig.card(&practised).ended.unwrap().why, Why::PracticeEnded);
    assert!(rig.may_serve(&real));
    let view = rig.view();
    assert!(view.sso_sessions.iter().all(|s| s.source != Source::Practice));
    assert_eq!(view.notice.unwrap().failure.code, Code::PracticeEnded);
}

#[test]
fn credentials_that_come_after_the_end_are_wiped_at_once() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    rig.ask(end(&session)).unwrap();
    assert_eq!(rig.issue(&session, HOUR), [wipe(&session)]);
    assert_eq!(rig.card(&session).phase, Phase::Ended);
}

#[test]
fn credentials_for_a_session_nobody_remembers_are_wiped_too() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    rig.ask(end(&session)).unwrap();
    rig.ask(Intent::Dismiss { session: session.clone() }).unwrap();
    assert_eq!(rig.issue(&session, HOUR), [wipe(&session)]);
    assert!(rig.view().sessions.is_empty());
}

#[test]
fn the_card_counts_every_page_that_was_wiped() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.ask(end(&lease)).unwrap();
    assert_eq!(rig.card(&lease).ended.unwrap().wiped_pages, 0, "said after the wiping, not before");
    for (pages, clients) in [(3, 2), (1, 1)] {
        rig.learn(Event::Wiped { session: lease.clone(), pages, clients });
    }
    let ended = rig.card(&lease).ended.unwrap();
    assert_eq!((ended.wiped_pages, ended.clients_told), (4, 2), "one was still on its way out");
}

#[test]
fn an_ended_card_says_until_when_aws_accepts_what_was_issued() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, Seconds::hours(2));
    let until = rig.now.wall + Seconds::hours(2);
    rig.issue_key(&lease, HOUR, "LAST");
    rig.ask(end(&lease)).unwrap();
    let ended = rig.card(&lease).ended.unwrap();
    assert_eq!(ended.aws_accepts_until, Some(until), "the latest of all that was issued, not the last");
    assert_eq!(ended.key_id_end.as_deref(), Some("7Q2X"), "of that one");
    assert_eq!((ended.why, ended.at), (Why::Ended, rig.now.wall));
}

#[test]
fn a_request_that_ends_before_its_credentials_came_leaves_nothing_at_aws() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    rig.ask(end(&session)).unwrap();
    assert_eq!(rig.card(&session).ended.unwrap().aws_accepts_until, None);
}

#[test]
fn credentials_that_come_after_the_end_are_on_the_card() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    rig.ask(end(&session)).unwrap();
    let until = rig.now.wall + HOUR;
    rig.issue_key(&session, HOUR, "LATE");
    let ended = rig.card(&session).ended.unwrap();
    assert_eq!((ended.aws_accepts_until, ended.key_id_end.as_deref()), (Some(until), Some("LATE")));
}

#[test]
fn a_card_can_be_taken_away_once_it_is_closed() {
    let mut rig = Rig::signed_in();
    let [live, requesting, failed] = three(&mut rig);
    for open in [&live, &requesting] {
        assert_eq!(rig.ask(Intent::Dismiss { session: open.clone() }), Err(Code::SessionLive));
    }
    rig.ask(Intent::Dismiss { session: failed.clone() }).unwrap();
    assert_eq!(rig.ask(Intent::Dismiss { session: failed }), Err(Code::UnknownSession));
    assert_eq!(rig.view().sessions.len(), 2);
}

#[test]
fn of_the_closed_cards_the_newest_twenty_are_kept() {
    let mut rig = Rig::signed_in();
    let ended: Vec<SessionId> = (0..25)
        .map(|n| {
            let lease = rig.lease(&format!("Role{n}"), HOUR, HOUR);
            rig.pass(Seconds(1));
            rig.ask(end(&lease)).unwrap();
            lease
        })
        .collect();
    rig.tick();
    let kept: Vec<SessionId> = rig.view().sessions.into_iter().rev().map(|s| s.session).collect();
    assert_eq!(kept, ended.get(5..).unwrap());
}

#[test]
fn cards_that_failed_without_a_tick_in_between_are_forgotten_too() {
    let mut rig = Rig::signed_in();
    for n in 0..100 {
        let session = rig.request(&format!("Role{n}"), HOUR);
        rig.issue_fails(&session, Code::RoleNotAssigned);
    }
    let cards = rig.view().sessions.len();
    assert!(cards <= 21, "{cards} cards");
}

#[test]
fn an_old_lease_that_ends_last_is_not_the_first_to_be_forgotten() {
    let mut rig = Rig::signed_in();
    let old = rig.lease("Billing", Seconds::hours(12), Seconds::hours(12));
    for n in 0..20 {
        let lease = rig.lease(&format!("Role{n}"), HOUR, HOUR);
        rig.ask(end(&lease)).unwrap();
    }
    rig.pass(Seconds::hours(12));
    assert_eq!(rig.tick(), [wipe(&old)]);
    assert_eq!(rig.view().sessions.len(), 20);
    assert_eq!(rig.card(&old).ended.unwrap().why, Why::LeaseEnd, "its receipt is the newest");
}
