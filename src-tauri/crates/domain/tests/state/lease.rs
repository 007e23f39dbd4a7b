//! Live leases: when they end, what renewing does, and what clocks can do to them.

use daypass_domain::{
    event::Effect,
    failure::Code,
    request::{Intent, Open},
    time::{Expiration, Seconds, Timestamp},
    view::{Phase, Why},
};

use crate::rig::{ACCOUNT, HOUR, Rig, issues_for, renew, wanted, wipe};

const LONG: Seconds = Seconds::hours(12);

fn plus(at: Timestamp, length: Seconds) -> Option<Timestamp> {
    Some(at + length)
}

#[test]
fn a_lease_ends_its_duration_after_it_was_asked_for() {
    let mut rig = Rig::signed_in();
    let asked = rig.now.wall;
    let session = rig.request("Billing", HOUR);
    rig.pass(Seconds(20));
    rig.issue(&session, LONG);
    let card = rig.card(&session);
    assert_eq!((card.phase, card.lease_end), (Phase::Active, plus(asked, HOUR)));
    assert_eq!(card.expiration, Some(Expiration(rig.now.wall + LONG)), "AWS's end is AWS's");
}

#[test]
fn a_lease_serves_until_a_second_before_its_end_and_not_at_it() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, LONG);
    rig.pass(Seconds(3599));
    assert_eq!(rig.tick(), []);
    assert!(rig.may_serve(&lease));
    rig.pass(Seconds(1));
    assert!(!rig.may_serve(&lease), "checked at use, before any tick");
    assert_eq!(rig.tick(), [wipe(&lease)]);
}

#[test]
fn programs_are_told_the_first_of_the_two_ends() {
    let mut rig = Rig::signed_in();
    let short_lease = rig.lease("Billing", HOUR, LONG);
    let short_credentials = rig.lease("Admin", LONG, HOUR);
    for lease in [short_lease, short_credentials] {
        let until = rig.state.session(lease.as_str()).unwrap().serve_until(rig.now);
        assert_eq!(until, plus(rig.now.wall, HOUR));
    }
}

#[test]
fn credentials_that_come_after_the_lease_would_have_ended_are_wiped() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", Seconds::minutes(1));
    rig.pass(Seconds::minutes(2));
    assert_eq!(rig.issue(&session, LONG).first(), Some(&wipe(&session)));
    assert_eq!(rig.card(&session).ended.unwrap().why, Why::LeaseEnd);
}

#[test]
fn credentials_that_come_expired_are_wiped() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    assert_eq!(rig.issue(&session, Seconds(0)).first(), Some(&wipe(&session)));
    assert_eq!(rig.card(&session).ended.unwrap().aws_accepts_until, None);
}

#[test]
fn a_clock_set_back_before_the_issue_buys_no_time() {
    let mut rig = Rig::signed_in();
    let session = rig.request("Billing", HOUR);
    rig.set_clock(-5 * 3600);
    rig.issue(&session, LONG);
    rig.pass(HOUR);
    assert!(!rig.may_serve(&session), "an hour has passed since the issue, whatever the wall clock says");
}

#[test]
fn a_clock_set_back_buys_no_time() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, LONG);
    rig.pass(Seconds(1800));
    rig.set_clock(-24 * 3600);
    assert_eq!(
        rig.card(&lease).lease_end,
        plus(rig.now.wall, Seconds(1800)),
        "shown in the clock people see"
    );
    rig.pass(Seconds(1799));
    assert!(rig.may_serve(&lease));
    rig.pass(Seconds(1));
    assert_eq!(rig.tick(), [wipe(&lease)]);
    assert_eq!(rig.card(&lease).lease_end, Some(rig.now.wall), "it ended now, not tomorrow");
}

#[test]
fn a_clock_set_forward_past_the_end_ends_the_lease() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, LONG);
    rig.set_clock(3600);
    assert_eq!(rig.tick(), [wipe(&lease)]);
}

#[test]
fn nine_hours_of_sleep_end_a_lease_when_it_was_due() {
    let mut rig = Rig::signed_in();
    let due = rig.now.wall + HOUR;
    let lease = rig.lease("Billing", HOUR, LONG);
    rig.pass(Seconds::hours(9));
    assert!(!rig.may_serve(&lease), "before any tick");
    assert_eq!(rig.tick(), [wipe(&lease)]);
    let ended = rig.card(&lease).ended.unwrap();
    assert_eq!((ended.why, ended.at), (Why::LeaseEnd, due));
}

#[test]
fn five_minutes_before_its_end_a_lease_turns_amber() {
    let mut rig = Rig::signed_in();
    rig.list(&[]);
    let lease = rig.lease("Billing", HOUR, LONG);
    assert_eq!(rig.state.next_due(rig.now), Some(55 * 60 * 1000), "somebody has to wake up for it");
    rig.pass(Seconds(55 * 60 - 1));
    assert_eq!(rig.card(&lease).phase, Phase::Active);
    rig.pass(Seconds(1));
    assert_eq!(rig.card(&lease).phase, Phase::Expiring);
    assert_eq!(rig.state.next_due(rig.now), Some(5 * 60 * 1000), "the end is next");
}

#[test]
fn renewing_moves_the_end_and_keeps_the_id() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, LONG);
    rig.pass(Seconds(1800));
    let (answer, effects) = rig.ask(renew(&lease)).unwrap();
    assert_eq!((answer.session, effects), (Some(lease.clone()), vec![]), "these credentials last");
    assert_eq!(rig.card(&lease).lease_end, plus(rig.now.wall, HOUR));
    assert_eq!(rig.view().sessions.len(), 1);
}

#[test]
fn renewing_twice_changes_nothing_more() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.pass(Seconds(50 * 60));
    let (_, effects) = rig.ask(renew(&lease)).unwrap();
    assert_eq!(issues_for(&effects), Some(lease.clone()), "ten minutes would not do");
    let once = rig.view();
    assert_eq!(rig.ask(renew(&lease)).unwrap().1, [], "an issue is under way");
    assert_eq!(rig.view(), once);
}

#[test]
fn renewing_early_issues_nothing_until_the_credentials_near_their_end() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.pass(Seconds(600));
    assert_eq!(rig.ask(renew(&lease)).unwrap().1, []);
    rig.pass(Seconds(35 * 60));
    assert_eq!(issues_for(&rig.tick()), Some(lease));
}

#[test]
fn an_issue_after_a_renewal_leaves_the_lease_end_alone() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.pass(Seconds(50 * 60));
    rig.ask(renew(&lease)).unwrap();
    let end = rig.card(&lease).lease_end;
    rig.pass(Seconds(5));
    rig.issue(&lease, LONG);
    assert_eq!(rig.card(&lease).lease_end, end);
}

#[test]
fn without_a_sign_in_a_lease_is_renewed_only_as_far_as_its_credentials_last() {
    let mut rig = Rig::signed_in();
    let long = rig.lease("Billing", HOUR, Seconds::hours(2));
    let short = rig.lease("Admin", HOUR, HOUR);
    rig.pass(Seconds(600));
    rig.lapse();
    let before = rig.card(&short).lease_end;
    assert_eq!(rig.ask(renew(&short)), Err(Code::NotSignedIn));
    assert_eq!(rig.card(&short).lease_end, before);
    assert_eq!(rig.ask(renew(&long)).map(|(_, effects)| effects), Ok(vec![]));
    rig.pass(Seconds(50 * 60));
    assert_eq!(rig.ask(renew(&long)).map(|(_, effects)| effects), Ok(vec![]), "exactly as long as they last");
    rig.pass(Seconds(1));
    assert_eq!(rig.ask(renew(&long)), Err(Code::NotSignedIn));
}

#[test]
fn the_credentials_that_count_are_the_ones_held_now() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", Seconds::hours(2), LONG);
    rig.issue(&lease, HOUR);
    rig.lapse();
    assert_eq!(rig.ask(renew(&lease)), Err(Code::NotSignedIn), "those of twelve hours are gone");
}

#[test]
fn what_is_not_live_cannot_be_renewed_or_opened() {
    let mut rig = Rig::signed_in();
    let requesting = rig.request("Billing", HOUR);
    let over = rig.lease("Admin", HOUR, LONG);
    rig.pass(HOUR);
    for session in [requesting, over] {
        assert_eq!(rig.ask(renew(&session)), Err(Code::SessionNotLive));
        assert_eq!(rig.ask(Intent::Console { session: session.clone() }), Err(Code::SessionNotLive));
        assert_eq!(rig.ask(Intent::Terminal { session }), Err(Code::SessionNotLive));
    }
}

#[test]
fn a_live_lease_opens_the_console_and_a_terminal() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    for intent in [Intent::Console { session: lease.clone() }, Intent::Terminal { session: lease.clone() }] {
        assert_eq!(rig.ask(intent).unwrap().0.session, Some(lease.clone()));
    }
}

#[test]
fn one_click_asks_and_opens_as_it_was_last() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Admin", "Billing", "ReadOnly"])]);
    let lease = rig.lease("Billing", Seconds::hours(2), LONG);
    let opened = rig.ask(Intent::Terminal { session: lease.clone() }).unwrap();
    assert_eq!(opened.1, [Effect::Remember]);
    assert_eq!(rig.ask(Intent::Terminal { session: lease }).unwrap().1, [], "nothing new");
    rig.pass(HOUR);
    rig.lease("Admin", HOUR, LONG);
    rig.ask(Intent::Favourite { role: wanted("ReadOnly", HOUR).role, on: true }).unwrap();
    let quick = rig.view().quick;
    let shown: Vec<_> =
        quick.iter().map(|q| (q.role.role.as_str(), q.favourite, q.open, q.duration)).collect();
    assert_eq!(
        shown,
        [
            ("ReadOnly", true, Open::Console, HOUR),
            ("Admin", false, Open::Console, HOUR),
            ("Billing", false, Open::Terminal, Seconds::hours(2)),
        ]
    );
    rig.list(&[(ACCOUNT, &["Admin"])]);
    assert_eq!(rig.view().quick.len(), 1, "what is no longer listed is not offered");
}

#[test]
fn an_id_nobody_gave_out_is_unknown() {
    let mut rig = Rig::signed_in();
    let session: daypass_domain::ids::SessionId = "zzzzzzzz".parse().unwrap();
    for intent in [
        renew(&session),
        crate::rig::end(&session),
        Intent::Dismiss { session: session.clone() },
        Intent::Console { session: session.clone() },
        Intent::Terminal { session: session.clone() },
    ] {
        assert_eq!(rig.ask(intent.clone()), Err(Code::UnknownSession), "{intent:?}");
    }
}
