//! Start URLs as people type them, and the names that come of them.

use daypass_domain::{
    event::{Effect, Event},
    failure::Code,
    request::Intent,
    sso::Source,
};

use crate::rig::{HOUR, Rig, name, typed};

/// The name and address a typed sign-in goes to.
fn goes_to(rig: &mut Rig, start_url: &str, region: &str) -> (String, String) {
    let (_, effects) = rig.ask(typed(start_url, region)).unwrap();
    match effects.as_slice() {
        [Effect::SignIn { sso, .. }] => (sso.name.to_string(), sso.start_url.as_str().to_owned()),
        other => panic!("{other:?}"),
    }
}

fn typed_names(rig: &Rig) -> Vec<String> {
    let view = rig.view().sso_sessions.into_iter();
    view.filter(|s| s.source == Source::Typed).map(|s| s.name.to_string()).collect()
}

#[test]
fn what_is_no_start_url_is_refused_with_a_sentence_of_its_own() {
    for (start_url, region, code) in [
        ("gamma", "eu-west-1", Code::StartUrlNotAnAddress),
        ("https://jane:pw@gamma.example/start", "eu-west-1", Code::StartUrlNotAnAddress),
        ("http://gamma.example/start", "eu-west-1", Code::StartUrlNotHttps),
        ("https://gamma.example/start", "Ireland", Code::BadRegion),
        ("https://gamma.example/start", "eu-west-1.evil.example/", Code::BadRegion),
    ] {
        let mut rig = Rig::signed_out();
        assert_eq!(rig.ask(typed(start_url, region)), Err(code), "{start_url} {region}");
        assert_eq!(typed_names(&rig), [""; 0], "{start_url} {region}");
    }
}

#[test]
fn a_typed_sso_session_is_named_after_its_host() {
    let mut rig = Rig::signed_out();
    let (name, url) = goes_to(&mut rig, " https://gamma.awsapps.com/start ", " us-east-1 ");
    assert_eq!((name.as_str(), url.as_str()), ("gamma", "https://gamma.awsapps.com/start"));
    assert_eq!(rig.sso("gamma").source, Source::Typed);
}

#[test]
fn what_is_configured_already_is_not_added_again() {
    let mut rig = Rig::signed_out();
    let (name, _) = goes_to(&mut rig, "https://acme.awsapps.com/start", "eu-west-1");
    assert_eq!((name.as_str(), typed_names(&rig).len()), ("acme", 0));
}

#[test]
fn the_same_address_in_another_region_gets_a_name_of_its_own() {
    let mut rig = Rig::signed_out();
    let (name, _) = goes_to(&mut rig, "https://acme.awsapps.com/start", "us-east-1");
    assert_eq!(name, "acme-2");
    assert_eq!(rig.sso("acme").region.as_str(), "eu-west-1");
}

#[test]
fn a_corrected_address_takes_the_name_of_the_one_that_never_worked() {
    let mut rig = Rig::signed_out();
    goes_to(&mut rig, "https://gamma.awsapps.com/strat", "us-east-1");
    rig.ask(Intent::CancelSignIn).unwrap();
    let (name, _) = goes_to(&mut rig, "https://gamma.awsapps.com/start", "us-east-1");
    assert_eq!((name.as_str(), typed_names(&rig)), ("gamma", vec!["gamma".to_owned()]));
}

#[test]
fn a_typed_sso_session_with_leases_keeps_its_name_even_when_it_lapsed() {
    let mut rig = Rig::signed_out();
    let attempt = rig.ask(typed("https://gamma.awsapps.com/start", "us-east-1")).unwrap().0.attempt.unwrap();
    rig.learn(Event::SignedIn { attempt });
    let mut wanted = crate::rig::wanted("Billing", HOUR);
    wanted.role.sso_session = name("gamma");
    rig.ask(crate::rig::request(&wanted)).unwrap();
    rig.learn(Event::Lapsed { sso_session: name("gamma") });
    let (other, _) = goes_to(&mut rig, "https://gamma.evil.example/start", "us-east-1");
    assert_eq!(other, "gamma-2");
    assert_eq!(rig.sso("gamma").start_url, "https://gamma.awsapps.com/start");
}

#[test]
fn a_sign_in_refused_as_busy_adds_nothing() {
    let mut rig = Rig::signed_out();
    rig.start_sign_in("acme");
    assert_eq!(rig.ask(typed("https://gamma.awsapps.com/start", "us-east-1")), Err(Code::SignInBusy));
    assert_eq!(typed_names(&rig), [""; 0]);
}

#[test]
fn a_sign_in_under_way_keeps_its_address() {
    let mut rig = Rig::signed_out();
    goes_to(&mut rig, "https://gamma.awsapps.com/start", "us-east-1");
    assert_eq!(rig.ask(typed("https://gamma.awsapps.com/other", "us-east-1")), Err(Code::SignInBusy));
    assert_eq!(rig.sso("gamma").start_url, "https://gamma.awsapps.com/start");
}

#[test]
fn an_address_with_an_endless_host_still_gets_a_name() {
    let mut rig = Rig::signed_out();
    let (name, _) = goes_to(&mut rig, &format!("https://{}.example/start", "a".repeat(200)), "us-east-1");
    assert!(name.len() <= 128 && name.starts_with("aaa"), "{name}");
}

#[test]
fn an_address_whose_host_begins_with_a_dot_still_gets_a_name() {
    let mut rig = Rig::signed_out();
    let (name, _) = goes_to(&mut rig, "https://.gamma.example/start", "us-east-1");
    assert!(!name.is_empty());
}
