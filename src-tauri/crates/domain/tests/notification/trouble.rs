//! What is wrong, what is old, and when it is quiet.

use daypass_domain::{
    desktop::Button,
    failure::{Code, Failure},
    notification::{News, Teller, refused},
    settings::QuietHours,
    time::Seconds,
    view::{SignInStatus, SignInView, Stage, Why},
};

use crate::desk::{Desk, minutes, only};

#[test]
fn nothing_old_is_told_at_the_start() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", minutes(20));
    desk.lease("bbbbbbbb", "Audit", minutes(20));
    desk.now = desk.now + minutes(16);
    desk.end("bbbbbbbb", Why::ScreenLock, 3);
    desk.of("aaaaaaaa").failure = Some(Code::Unreachable.into());
    desk.view.sso_sessions[0].status = SignInStatus::Lapsed;
    desk.teller = Teller::default();
    assert_eq!(desk.look().show, []);
    assert_eq!(desk.pass(minutes(3)), ["Billing in payments ends in 1 min"], "what comes is told");
}

#[test]
fn a_renewal_that_fails_is_told_until_it_succeeds() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(2));
    desk.of("aaaaaaaa").failure = Some(Code::Unreachable.into());
    let told = only(desk.look());
    assert_eq!(told.title, "Billing in payments could not be renewed");
    let Failure { advice, .. } = Code::Unreachable.into();
    let body = format!("AWS cannot be reached. {advice} Without new credentials it ends at 13:00.");
    assert_eq!((told.body, told.urgent), (body, true));
    assert_eq!(desk.wait(minutes(1)).show, [], "tried again in vain: told already");
    desk.of("aaaaaaaa").failure = None;
    assert_eq!(desk.look().away, [told.id]);
}

#[test]
fn many_renewals_that_fail_are_one_notification() {
    let mut desk = Desk::new();
    for (id, role) in [("aaaaaaaa", "Billing"), ("bbbbbbbb", "Audit")] {
        desk.lease(id, role, Seconds::hours(2));
    }
    desk.of("aaaaaaaa").failure = Some(Code::Unreachable.into());
    let first = only(desk.look());
    desk.of("bbbbbbbb").failure = Some(Code::Unreachable.into());
    let both = only(desk.look());
    assert_eq!((both.title.as_str(), &both.id), ("2 leases could not be renewed", &first.id));
}

#[test]
fn a_sign_in_is_asked_for_where_leases_need_one() {
    let mut desk = Desk::new();
    desk.view.sso_sessions[0].status = SignInStatus::Lapsed;
    assert_eq!(desk.look().show, [], "nothing needs it");
    desk.view.sso_sessions[0].status = SignInStatus::SignedIn;
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(2));
    desk.view.sso_sessions[0].status = SignInStatus::Lapsed;
    desk.of("aaaaaaaa").failure = Some(Code::SignInLapsed.into());
    let told = only(desk.look());
    assert_eq!(told.title, "Your sign-in to acme has lapsed");
    assert_eq!(told.body, "Sign in to renew Billing in payments.");
    assert_eq!(told.buttons, [Button::SignIn, Button::Open]);
    desk.view.sign_in = Some(SignInView {
        sso_session: "acme".parse().unwrap(),
        attempt: 1,
        way: daypass_domain::settings::Way::Browser,
        stage: Stage::Browser,
        device: None,
        started_at: desk.now,
        hint: None,
    });
    assert_eq!(desk.look().away, [told.id], "the person is at it");
}

#[test]
fn trouble_can_be_switched_off() {
    let mut desk = Desk::new();
    desk.set(|set| set.trouble = false);
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(2));
    desk.of("aaaaaaaa").failure = Some(Code::Unreachable.into());
    desk.view.sso_sessions[0].status = SignInStatus::Lapsed;
    assert_eq!(desk.look().show, []);
}

#[test]
fn a_lease_that_cannot_be_renewed_without_a_sign_in_offers_that() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
    desk.set(|set| set.trouble = false);
    desk.view.sso_sessions[0].status = SignInStatus::Lapsed;
    let told = only(desk.wait(minutes(45)));
    assert_eq!(told.body, "The lease ends at 13:00. Sign in to renew it.");
    assert_eq!(told.buttons, [Button::SignIn, Button::End, Button::Open]);
}

#[test]
fn quiet_hours_are_those_of_the_wall_and_leave_it_to_the_window() {
    let mut desk = Desk::new();
    let at = |text: &str| text.parse().unwrap();
    desk.set(|set| set.quiet = Some(QuietHours { from: at("22:00"), to: at("07:00") }));
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
    assert!(!desk.look().quiet);
    desk.view.utc_offset = 10 * 3600;
    let news = desk.wait(minutes(45));
    assert!(news.quiet, "it is 22:45 here");
    assert_eq!(news.show.len(), 1);
}

#[test]
fn when_the_agent_goes_everything_told_goes_with_it() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
    let told = only(desk.wait(minutes(45)));
    assert_eq!(desk.teller.forget().away, [told.id]);
    assert_eq!(desk.look(), News { look_again: Some(desk.now + minutes(10)), ..News::default() });
}

#[test]
fn a_button_that_was_refused_says_why_in_its_place() {
    let mut desk = Desk::new();
    desk.lease("aaaaaaaa", "Billing", Seconds::hours(1));
    let told = only(desk.wait(minutes(45)));
    let said = refused(&told, &Code::NotSignedIn.into());
    assert_eq!((said.title.as_str(), said.body.as_str()), ("You are not signed in", "Sign in first."));
    assert_eq!((said.id, said.buttons), (told.id, vec![Button::SignIn, Button::Open]));
}
