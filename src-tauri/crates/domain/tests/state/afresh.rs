//! Going on afresh: when, and with what.

use daypass_domain::{
    event::{Desktop, Effect, Event},
    failure::Code,
    request::Intent,
    sso::Source,
    state::{Start, State},
    view::SignInStatus,
};

use crate::rig::{HOUR, Rig, end, name, request, sso, wanted};

fn sign_out(rig: &mut Rig, sso: &str) -> Vec<Effect> {
    rig.ask(Intent::SignOut { sso_session: name(sso) }).unwrap().1
}

/// The state of the agent that comes after, through the text that is passed.
fn after(rig: &Rig) -> State {
    let text = serde_json::to_string(&rig.state.passed().unwrap()).unwrap();
    let passed = Some(serde_json::from_str(&text).unwrap());
    State::new(Start { configured: vec![sso("acme", Source::Config)], passed, seed: 9, ..Start::default() })
}

#[test]
fn a_sign_out_and_a_sleep_that_cleared_something_have_the_agent_go_on_afresh() {
    let mut rig = Rig::signed_in();
    assert!(sign_out(&mut rig, "acme").contains(&Effect::Afresh));
    assert_eq!(rig.learn(Event::Desktop(Desktop::Sleeps)), [], "there was nothing any more");
    rig.sign_in("acme");
    assert!(rig.learn(Event::Desktop(Desktop::Sleeps)).contains(&Effect::Afresh));
    rig.sign_in("acme");
    assert!(rig.learn(Event::Desktop(Desktop::UserSwitched)).contains(&Effect::Afresh));
}

#[test]
fn nothing_is_passed_on_while_a_secret_is_held_or_on_its_way() {
    let mut rig = Rig::signed_in();
    assert!(rig.state.passed().is_none(), "signed in");
    rig.sign_in("beta");
    sign_out(&mut rig, "acme");
    assert!(rig.state.passed().is_none(), "to another");
    sign_out(&mut rig, "beta");
    assert!(rig.state.passed().is_some());
    rig.start_sign_in("beta");
    assert!(rig.state.passed().is_none(), "on its way");
    rig.ask(Intent::CancelSignIn).unwrap();
    rig.ask(Intent::Practice).unwrap();
    assert!(rig.state.passed().is_none(), "practice is being started");
}

#[test]
fn a_lease_that_outlives_its_sign_in_keeps_the_agent_as_it_is() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    rig.lapse();
    assert!(rig.state.passed().is_none());
    rig.ask(end(&lease)).unwrap();
    assert!(rig.state.passed().is_some());
}

#[test]
fn cards_and_counters_come_through_and_what_is_found_again_is_not_passed_twice() {
    let mut rig = Rig::signed_in();
    let ended = rig.lease("Billing", HOUR, HOUR);
    let failed = rig.request("Gone", HOUR);
    rig.issue_fails(&failed, Code::RoleNotAssigned);
    let practice = Box::new(sso("practice", Source::Practice));
    rig.learn(Event::PracticeReady { sso: practice.clone() });
    sign_out(&mut rig, "acme");
    rig.learn(Event::Wiped { session: ended.clone(), pages: 3, clients: 2 });
    let mut before = rig.view();
    let mut after = after(&rig).view(rig.now);
    assert!(after.catalog_revision > before.catalog_revision, "pages fetch the list anew");
    (before.catalog_revision, after.catalog_revision) = (0, 0);
    (before.log_revision, after.log_revision) = (0, 0);
    before.sso_sessions.retain(|s| s.name.as_str() != "beta");
    assert_eq!(after, before, "all but what the AWS config file no longer has");
    assert_eq!(after.sso_sessions[1].status, SignInStatus::SignedOut);
}

#[test]
fn what_comes_after_tells_of_attempts_and_keys_as_if_nothing_had_been() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", HOUR, HOUR);
    sign_out(&mut rig, "acme");
    rig.state = after(&rig);
    assert!(rig.ask(Intent::EndAtAws { session: lease }).is_ok());
    let (answer, _) = rig.ask(request(&wanted("Billing", HOUR))).unwrap();
    assert_eq!(answer.attempt, Some(2), "clients know sign-ins by their numbers");
    rig.learn(Event::SignedIn { attempt: 2 });
    rig.ask(end(&answer.session.unwrap())).unwrap();
    let said = rig.ask(Intent::SignOut { sso_session: name("acme") }).unwrap().0.remains.unwrap();
    assert!(said.contains("credentials"), "{said}");
}
