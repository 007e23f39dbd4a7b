//! Before a lease ends.

use daypass_domain::{
    desktop::{About, Button},
    time::Seconds,
    view::Why,
};

use crate::desk::{Desk, minutes, only};

#[test]
fn a_lease_is_told_of_15_5_and_1_minutes_before_its_end() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
    assert_eq!(desk.look().look_again, Some(desk.now + minutes(45)), "nothing has to be done before");
    assert_eq!(
        desk.pass(minutes(59)),
        [
            "Billing in payments ends in 15 min",
            "Billing in payments ends in 5 min",
            "Billing in payments ends in 1 min"
        ]
    );
}

#[test]
fn what_is_told_has_the_time_and_the_buttons() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
    let told = only(desk.wait(minutes(45)));
    assert_eq!(told.body, "The lease ends at 13:00. Renew gives it 1 h from now.");
    assert_eq!(told.buttons, [Button::Renew, Button::End, Button::Open]);
    assert_eq!(told.about, About::Session { session: "aaaaaaaa".parse().unwrap() });
    assert!(!told.urgent);
    let last = only(desk.wait(minutes(14)));
    assert_eq!(last.id, told.id, "the newer takes the place of the older");
    assert!(last.urgent, "the last is to be seen");
}

#[test]
fn a_lease_is_not_told_of_a_time_longer_than_it_was_asked_for() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", minutes(10));
    desk.lease("bbbbbbbb", "Audit", minutes(15));
    assert_eq!(desk.pass(minutes(1)), [""; 0]);
    assert_eq!(
        desk.pass(minutes(10)),
        [
            "Billing in payments ends in 5 min",
            "Billing in payments ends in 1 min",
            "Audit in payments ends in 5 min"
        ]
    );
}

#[test]
fn each_time_can_be_switched_off() {
    let mut desk = Desk::new();
    desk.set(|set| set.before_15_minutes = false);
    desk.set(|set| set.before_1_minute = false);
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
    assert_eq!(desk.pass(minutes(59)), ["Billing in payments ends in 5 min"]);
    desk.set(|set| set.at_end = false);
    desk.end("aaaaaaaa", Why::LeaseEnd, 3);
    assert_eq!(desk.pass(minutes(1)), [""; 0]);
}

#[test]
fn renewing_takes_the_notification_away_and_the_lease_is_told_anew() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
    let told = only(desk.wait(minutes(55)));
    desk.renew("aaaaaaaa");
    let news = desk.look();
    assert_eq!((news.show, news.away), (vec![], vec![told.id]));
    assert_eq!(desk.pass(minutes(46)), ["Billing in payments ends in 15 min"]);
}

#[test]
fn several_leases_that_near_their_end_together_are_one_notification() {
    let mut desk = Desk::new();
    for (id, role) in
        [("aaaaaaaa", "Billing"), ("bbbbbbbb", "Audit"), ("cccccccc", "Dev"), ("dddddddd", "Ops")]
    {
        desk.lease(id, role, minutes(30));
        desk.wait(Seconds(15));
    }
    let told = only(desk.wait(minutes(14)));
    assert_eq!(told.title, "4 leases end by 12:30");
    assert_eq!(told.body, "Billing in payments, Audit in payments, Dev in payments and 1 more.");
    assert_eq!((told.about, told.buttons), (About::Everything, vec![Button::Open]));
    assert_eq!(desk.pass(minutes(5)), [""; 0], "those that follow within the minute are told already");
    desk.renew("bbbbbbbb");
    assert_eq!(desk.look().away, [told.id], "it is no longer true of all of them");
}

#[test]
fn two_leases_keep_a_notification_and_its_buttons_each() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", minutes(30));
    desk.lease("bbbbbbbb", "Audit", minutes(30));
    let news = desk.wait(minutes(15));
    assert_eq!(news.show.len(), 2);
    assert!(news.show.iter().all(|told| told.buttons.contains(&Button::Renew)));
}
