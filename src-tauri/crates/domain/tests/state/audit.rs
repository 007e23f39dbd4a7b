//! What is noted for the audit log.

use daypass_domain::{
    audit::{By, Entry, Program, What},
    event::{Desktop, Event},
    failure::Code,
    ids::SessionId,
    request::Intent,
    time::Seconds,
    view::Why,
};

use crate::rig::{HOUR, Rig, end, wanted};

fn whats(entries: &[Entry]) -> Vec<What> {
    entries.iter().map(|e| e.what.clone()).collect()
}

fn serve(rig: &mut Rig, session: &SessionId, program: &str) {
    let program = Program::new(program, 7);
    rig.learn(Event::Served { session: session.clone(), program });
}

/// A live lease, with what was noted of it put away.
fn lease(rig: &mut Rig) -> SessionId {
    let session = rig.lease("Billing", HOUR, HOUR);
    rig.state.take_entries();
    session
}

#[test]
fn a_lease_is_noted_from_request_to_receipt_with_who_was_behind_it() {
    let mut rig = Rig::signed_in();
    rig.state.take_entries();
    let request = Intent::Request { request: wanted("Billing", HOUR), open: vec![] };
    let session = rig.state.ask(request, By::Tray, rig.now).unwrap().0.session.unwrap();
    rig.issue(&session, HOUR);
    rig.state.ask(end(&session), By::Window, rig.now).unwrap();
    rig.learn(Event::Wiped { session: session.clone(), pages: 3, clients: 0 });
    let noted = rig.state.take_entries();
    let [requested, granted, ended] = &noted[..] else { panic!("{noted:?}") };
    assert_eq!((&requested.what, &requested.by), (&What::Requested { duration: HOUR }, &By::Tray));
    assert!(matches!(granted.what, What::Granted { duration: HOUR, .. }) && granted.by == By::Tray);
    let What::Ended { receipt } = &ended.what else { panic!("{ended:?}") };
    assert_eq!((receipt.why, receipt.wiped_pages, &ended.by), (Why::Ended, 3, &By::Window));
    assert!(receipt.aws_accepts_until.is_some());
    for entry in &noted {
        assert_eq!(entry.about.session.as_ref(), Some(&session));
        assert_eq!(entry.about.role.as_ref().unwrap().as_str(), "Billing");
        assert_eq!(entry.about.scope.as_deref(), Some("whole role"));
    }
    rig.learn(Event::Wiped { session, pages: 2, clients: 0 });
    assert_eq!(whats(&rig.state.take_entries()), [What::WipedLate { pages: 2 }], "there is one receipt");
}

#[test]
fn an_end_on_time_is_the_timers_and_one_by_sleep_the_desktops() {
    let mut rig = Rig::signed_in();
    let session = lease(&mut rig);
    rig.pass(HOUR);
    rig.tick();
    rig.learn(Event::Wiped { session, pages: 1, clients: 0 });
    assert_eq!(rig.state.take_entries()[0].by, By::Timer);
    let session = lease(&mut rig);
    rig.learn(Event::Desktop(Desktop::Sleeps));
    rig.learn(Event::Wiped { session, pages: 1, clients: 0 });
    let noted = rig.state.take_entries();
    assert_eq!(noted[0].what, What::Cleared { why: Why::Sleep });
    assert!(noted.iter().all(|e| e.by == By::Desktop), "{noted:?}");
}

#[test]
fn a_refusal_of_access_is_noted_and_a_slip_in_the_window_is_not() {
    let mut rig = Rig::signed_in();
    rig.state.take_entries();
    let too_long = Intent::Request { request: wanted("Billing", Seconds::hours(13)), open: vec![] };
    rig.ask(too_long).unwrap_err();
    let noted = rig.state.take_entries();
    assert_eq!(whats(&noted), [What::Refused { code: Code::DurationTooLong, count: 1 }]);
    assert_eq!(noted[0].about.role.as_ref().unwrap().as_str(), "Billing");
    rig.ask(Intent::SignInUrl).unwrap_err();
    assert!(rig.state.take_entries().is_empty());
}

#[test]
fn credentials_served_are_counted_for_ten_seconds_and_noted_before_the_receipt() {
    let mut rig = Rig::signed_in();
    rig.list(&[("111122223333", &["Billing"])]);
    rig.synced(0);
    let session = lease(&mut rig);
    for program in ["aws", "python3", "aws"] {
        serve(&mut rig, &session, program);
    }
    assert!(rig.state.take_entries().is_empty());
    assert_eq!(rig.state.next_due(rig.now), Some(10_000));
    rig.pass(Seconds(10));
    rig.tick();
    let noted = rig.state.take_entries();
    assert_eq!(whats(&noted), [What::Served { count: 2 }, What::Served { count: 1 }]);
    assert_eq!(noted[0].by.words(), "aws (pid 7)");
    serve(&mut rig, &session, "aws");
    rig.ask(end(&session)).unwrap();
    rig.learn(Event::Wiped { session: session.clone(), pages: 1, clients: 0 });
    let noted = rig.state.take_entries();
    assert!(matches!(whats(&noted)[..], [What::Served { count: 1 }, What::Ended { .. }]), "{noted:?}");
    serve(&mut rig, &session, "aws");
    assert_eq!(rig.state.take_entries().len(), 1, "nothing waits for a lease that is over");
}

#[test]
fn an_issue_that_goes_on_failing_is_noted_once() {
    let mut rig = Rig::signed_in();
    let session = lease(&mut rig);
    for _ in 0..3 {
        rig.issue_fails(&session, Code::Unreachable);
    }
    assert_eq!(whats(&rig.state.take_entries()), [What::Failed { code: Code::Unreachable }]);
}

#[test]
fn a_name_has_an_end_in_the_log() {
    let mut rig = Rig::signed_in();
    let mut request = wanted("Billing", HOUR);
    request.reason = Some("x".repeat(100_000));
    rig.state.take_entries();
    rig.ask(Intent::Request { request, open: vec![] }).unwrap_err();
    let noted = rig.state.take_entries();
    assert_eq!(noted[0].about.reason.as_ref().unwrap().chars().count(), 257);
}

#[test]
fn the_view_says_that_the_log_has_grown() {
    let mut rig = Rig::signed_in();
    let before = rig.view().log_revision;
    lease(&mut rig);
    assert!(rig.view().log_revision > before);
}
