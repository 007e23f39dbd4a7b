//! Once leases have ended.

use daypass_domain::{desktop::Button, time::Seconds, view::Why};

use crate::desk::{Desk, minutes, only};

#[test]
fn an_end_is_told_once_its_pages_are_counted() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", minutes(10));
    desk.pass(minutes(10));
    desk.end("aaaaaaaa", Why::LeaseEnd, 0);
    let early = desk.look();
    assert_eq!((early.show, early.away), (vec![], vec![]), "the warning stays until it is replaced");
    let ended = desk.of("aaaaaaaa").ended.as_mut().unwrap();
    (ended.wiped_pages, ended.clients_told) = (3, 2);
    assert_eq!(desk.look().show, []);
    let told = only(desk.wait(Seconds(1)));
    assert_eq!(told.id, "lease-aaaaaaaa");
    assert_eq!(told.title, "Billing in payments ended");
    assert_eq!(
        told.body,
        "Ended 12:10, 3 pages wiped from memory, 2 clients told. The lease ran out. \
         AWS accepts key …7Q2X until 13:00."
    );
    assert_eq!(told.buttons, [Button::Open], "there is nothing to renew");
    assert_eq!(desk.pass(Seconds::hours(2)), [""; 0], "told once");
}

#[test]
fn why_a_lease_ended_reads_as_on_its_card() {
    let card = include_str!("../../../../../ui/src/lib/lease.ts");
    for why in [
        Why::LeaseEnd,
        Why::NotIssuedAnew,
        Why::PracticeEnded,
        Why::Sleep,
        Why::UserSwitch,
        Why::ScreenLock,
        Why::Idle,
    ] {
        let mut desk = Desk::new();
        desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
        desk.end("aaaaaaaa", why, 1);
        desk.look();
        let body = only(desk.wait(Seconds(1))).body;
        let why = body.split(". ").nth(1).unwrap();
        assert!(card.contains(&format!("\"{why}.\"")), "{why}");
    }
}

#[test]
fn what_a_person_ends_by_hand_is_not_told() {
    for why in [Why::Ended, Why::SignedOut, Why::Quit] {
        let mut desk = Desk::new();
        desk.lease("aaaaaaaa", "Billing", minutes(20));
        let told = only(desk.wait(minutes(5)));
        desk.end("aaaaaaaa", why, 3);
        assert_eq!(desk.look().away, [told.id], "it is no longer true");
        assert_eq!(desk.pass(minutes(5)), [""; 0], "{why:?}");
    }
}

#[test]
fn a_card_that_is_taken_away_takes_its_notification_with_it() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", minutes(20));
    desk.end("aaaaaaaa", Why::ScreenLock, 3);
    desk.look();
    let told = only(desk.wait(Seconds(1)));
    desk.view.sessions.clear();
    assert_eq!(desk.look().away, [told.id]);
}

#[test]
fn leases_that_end_within_a_minute_become_one_notification() {
    let mut desk = Desk::new();
    for (id, role) in [("aaaaaaaa", "Billing"), ("bbbbbbbb", "Audit"), ("cccccccc", "Dev")] {
        desk.lease(id, role, minutes(1));
        desk.wait(Seconds(10));
    }
    desk.wait(Seconds(30));
    desk.end("aaaaaaaa", Why::LeaseEnd, 2);
    desk.look();
    let first = only(desk.wait(Seconds(1)));
    desk.wait(Seconds(9));
    desk.end("bbbbbbbb", Why::LeaseEnd, 3);
    desk.look();
    let news = desk.wait(Seconds(1));
    assert_eq!(news.away, [first.id], "told with the other");
    assert_eq!(only(news).title, "2 leases ended");
    desk.wait(Seconds(9));
    desk.end("cccccccc", Why::LeaseEnd, 3);
    desk.look();
    let last = only(desk.wait(Seconds(1)));
    assert_eq!(last.title, "3 leases ended");
    assert_eq!(
        last.body,
        "Billing in payments, Audit in payments, Dev in payments: 8 pages wiped from memory. The lease ran out. \
         AWS accepts what was issued until 13:00."
    );
}

#[test]
fn after_sleep_there_is_one_summary_instead_of_a_storm() {
    let mut desk = Desk::new();
    for (id, role) in [("aaaaaaaa", "Billing"), ("bbbbbbbb", "Audit"), ("cccccccc", "Dev")] {
        desk.lease(id, role, Seconds::hours(1));
    }
    for id in ["aaaaaaaa", "bbbbbbbb", "cccccccc"] {
        desk.end(id, Why::Sleep, 1);
    }
    assert_eq!(desk.look().show, []);
    let told = only(desk.wait(Seconds::hours(8)));
    assert_eq!(told.title, "3 leases ended while the machine slept");
    assert_eq!(
        told.body,
        "Billing in payments, Audit in payments, Dev in payments: 3 pages wiped from memory. The computer went to \
         sleep. AWS no longer accepts what was issued."
    );
}

#[test]
fn leases_whose_time_came_during_sleep_are_one_summary_too() {
    let mut desk = Desk::new();
    for (id, role, length) in
        [("aaaaaaaa", "Billing", 20), ("bbbbbbbb", "Audit", 40), ("cccccccc", "Dev", 482)]
    {
        desk.lease(id, role, minutes(length));
    }
    let noon = desk.now;
    desk.now = noon + Seconds::hours(8);
    for (id, length) in [("aaaaaaaa", 20), ("bbbbbbbb", 40)] {
        desk.end(id, Why::LeaseEnd, 1);
        desk.of(id).ended.as_mut().unwrap().at = noon + minutes(length);
    }
    // What still lives is told with the time it has, not with the marks it slept through.
    assert_eq!(
        desk.pass(Seconds(30)),
        ["Dev in payments ends in 2 min", "2 leases ended while the machine slept"]
    );
}
