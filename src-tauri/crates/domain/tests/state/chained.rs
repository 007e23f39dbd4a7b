//! Leases over chained roles: credentials of half an hour, issued anew when somebody asks and not before.

use daypass_domain::{
    chain::Hop,
    event::{Assume, Effect, Event},
    failure::Code,
    ids::SessionId,
    request::{Intent, SessionRequest},
    scope::{Base, Scope},
    settings::Settings,
    time::{Expiration, Seconds},
    view::{Phase, Why},
};

use crate::rig::{HOUR, Rig, end, issues_for, renew, request, wanted, wipe};

const THREE: Seconds = Seconds::hours(3);
const HALF: Seconds = Seconds::minutes(30);
const SCOPED: &str = "arn:aws:iam::111122223333:role/Scoped";

fn chained(duration: Seconds, scope: Scope) -> SessionRequest {
    let path = vec![Hop { role: SCOPED.parse().unwrap(), external_id: None }];
    SessionRequest { path, scope, ..wanted("Billing", duration) }
}

fn until() -> Scope {
    Scope { until_lease_end: true, ..Scope::default() }
}

/// A live lease over credentials of half an hour.
fn lease(rig: &mut Rig, duration: Seconds, scope: Scope) -> SessionId {
    let (answer, effects) = rig.ask(request(&chained(duration, scope))).unwrap();
    let session = answer.session.unwrap();
    assert_eq!(issues_for(&effects), Some(session.clone()));
    rig.issue(&session, HALF);
    session
}

fn asked(rig: &mut Rig, lease: &SessionId) -> Vec<Effect> {
    rig.state.asked(lease, rig.now)
}

fn assumes(effects: &[Effect]) -> Vec<Assume> {
    match effects {
        [Effect::Issue { issue, .. }] => issue.assumes.clone(),
        _ => panic!("not one issue: {effects:?}"),
    }
}

#[test]
fn nothing_is_issued_anew_because_time_goes_by() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, THREE, Scope::default());
    for _ in 0..179 {
        rig.pass(Seconds::minutes(1));
        assert_eq!(rig.tick(), []);
        assert!(rig.may_serve(&lease));
    }
    rig.pass(Seconds::minutes(1));
    assert_eq!(rig.tick(), [wipe(&lease)]);
    assert_eq!(
        rig.card(&lease).ended.unwrap().why,
        Why::LeaseEnd,
        "nobody asked, and it lasted all the same"
    );
}

#[test]
fn the_only_thing_that_time_brings_is_the_lease_end() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, THREE, Scope::default());
    rig.pass(Seconds::minutes(175));
    assert_eq!(rig.card(&lease).phase, Phase::Expiring);
    assert_eq!(rig.state.next_due(rig.now), Some(5 * 60 * 1000));
}

#[test]
fn whoever_asks_with_less_than_sixteen_minutes_left_has_them_issued_anew_and_those_after_wait() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, THREE, Scope::default());
    rig.pass(Seconds(14 * 60 - 1));
    assert_eq!(asked(&mut rig, &lease), []);
    rig.pass(Seconds(1));
    assert_eq!(issues_for(&asked(&mut rig, &lease)), Some(lease.clone()));
    let is_worth_waiting = |rig: &Rig| rig.state.session(lease.as_str()).unwrap().is_worth_waiting();
    assert!(is_worth_waiting(&rig));
    assert_eq!(asked(&mut rig, &lease), [], "it is under way");
    rig.issue(&lease, HALF);
    assert!(!is_worth_waiting(&rig));
    assert_eq!(asked(&mut rig, &lease), [], "these are fresh");
}

#[test]
fn credentials_that_expired_while_nobody_asked_are_issued_anew_for_whoever_does() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, THREE, Scope::default());
    rig.pass(Seconds::hours(2));
    let held = |rig: &Rig| rig.state.session(lease.as_str()).unwrap().serve_until(rig.now);
    assert_eq!(held(&rig), None, "there is nothing to serve");
    assert_eq!(issues_for(&asked(&mut rig, &lease)), Some(lease.clone()));
    rig.issue(&lease, HALF);
    assert_eq!(held(&rig), Some(rig.now.wall + HALF));
}

#[test]
fn nothing_is_issued_for_a_lease_that_ends_before_its_credentials() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, HALF, Scope::default());
    rig.pass(Seconds::minutes(29));
    assert_eq!(asked(&mut rig, &lease), []);
    rig.pass(Seconds::minutes(1));
    assert_eq!(asked(&mut rig, &lease), [], "and none after its end");
}

#[test]
fn credentials_live_as_long_as_is_set_and_no_longer_than_need_be() {
    let mut rig = Rig::set_to(Settings { chained_credentials: Seconds::minutes(45), ..Settings::default() });
    rig.sign_in("acme");
    for (minutes, expected) in [(1, 15), (15, 15), (16, 30), (31, 45), (180, 45)] {
        let wish = SessionRequest { fresh: true, ..chained(Seconds::minutes(minutes), Scope::default()) };
        let (_, effects) = rig.ask(request(&wish)).unwrap();
        let lasts: Vec<_> = assumes(&effects).iter().map(|a| a.duration).collect();
        assert_eq!(lasts, [Some(Seconds::minutes(expected))], "{minutes} min");
    }
}

#[test]
fn what_only_leads_to_the_next_role_lives_as_short_as_it_can_and_carries_no_policy() {
    let mut rig = Rig::signed_in();
    let mut wish = chained(THREE, until());
    wish.path.push(Hop { role: "arn:aws:iam::111122223333:role/Second".parse().unwrap(), external_id: None });
    let [first, last] = &assumes(&rig.ask(request(&wish)).unwrap().1)[..] else { panic!("not two") };
    assert_eq!((first.duration, last.duration), (Some(Seconds::minutes(15)), Some(HALF)));
    assert_eq!(first.policy.document, None);
    assert!(last.policy.document.as_ref().unwrap().contains("aws:CurrentTime"));
}

#[test]
fn what_is_shown_is_to_the_letter_what_is_sent() {
    let mut rig = Rig::signed_in();
    rig.learn(Event::Skew { millis: 300_000 });
    let policies = vec!["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess".parse().unwrap()];
    let values = [("bucket".to_owned(), "acme-audit-logs".to_owned())].into();
    let custom = "{ \"Version\": \"2012-10-17\",\n  \"Statement\": {\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"} }";
    for base in [
        Base::Preset { preset: "s3-bucket".to_owned(), values, grants: None },
        Base::Services { services: vec!["s3".parse().unwrap()] },
        Base::Custom { policy: custom.to_owned() },
        Base::ReadOnly,
    ] {
        let plain = Scope { base, ..Scope::default() };
        let bound = Scope {
            policies: policies.clone(),
            regions: vec!["eu-west-1".parse().unwrap()],
            addresses: vec!["203.0.113.0/24".parse().unwrap()],
            until_lease_end: true,
            ..plain.clone()
        };
        for scope in [plain, bound] {
            let wish = chained(Seconds::minutes(10), scope);
            let preview = Intent::Preview { request: Box::new(wish.clone()), probe: None };
            let shown = rig.ask(preview).unwrap().0.preview.unwrap();
            let sent = assumes(&rig.ask(request(&wish)).unwrap().1)[0].policy.clone();
            assert_eq!((shown.policy, shown.policy_arns), (sent.document, sent.arns), "{:?}", wish.scope);
            assert_eq!(shown.refused, None);
        }
    }
}

#[test]
fn an_issue_that_failed_is_tried_again_a_minute_later_or_at_once_where_nothing_is_left() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, THREE, Scope::default());
    rig.pass(Seconds::minutes(20));
    asked(&mut rig, &lease);
    rig.issue_fails(&lease, Code::ChainRefused);
    assert_eq!(rig.card(&lease).failure.unwrap().code, Code::ChainRefused);
    rig.pass(Seconds(59));
    assert_eq!(asked(&mut rig, &lease), []);
    rig.pass(Seconds(1));
    assert_eq!(issues_for(&asked(&mut rig, &lease)), Some(lease.clone()));
    rig.pass(Seconds::minutes(30));
    rig.issue_fails(&lease, Code::Unreachable);
    assert_eq!(issues_for(&asked(&mut rig, &lease)), Some(lease));
}

#[test]
fn a_lapsed_sign_in_issues_nothing_and_a_new_one_only_what_is_asked_for() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, THREE, Scope::default());
    rig.lapse();
    rig.pass(HOUR);
    assert_eq!(asked(&mut rig, &lease), []);
    let card = rig.card(&lease);
    assert_eq!((card.phase, card.failure.unwrap().code), (Phase::Active, Code::SignInLapsed));
    assert_eq!(rig.ask(renew(&lease)), Err(Code::NotSignedIn));
    let effects = rig.sign_in("acme");
    assert!(effects.iter().all(|e| !matches!(e, Effect::Issue { .. })), "{effects:?}");
    assert_eq!(rig.card(&lease).failure, None);
    assert_eq!(issues_for(&asked(&mut rig, &lease)), Some(lease));
}

#[test]
fn renewing_a_lease_whose_policy_names_its_end_issues_at_once() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, HOUR, until());
    rig.pass(Seconds::minutes(5));
    let (_, effects) = rig.ask(renew(&lease)).unwrap();
    let policy = assumes(&effects)[0].policy.document.clone().unwrap();
    assert!(policy.contains(&(rig.now.wall + HOUR).rfc3339()), "{policy}");
    assert_eq!(rig.ask(renew(&lease)).unwrap().1, [], "one is under way");
    rig.issue(&lease, HALF);
    rig.pass(Seconds(0));
    assert_eq!(rig.tick(), []);
}

#[test]
fn renewing_any_other_issues_nothing_until_somebody_asks() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, HOUR, Scope::default());
    rig.pass(Seconds::minutes(25));
    assert_eq!(rig.ask(renew(&lease)).unwrap().1, []);
    assert_eq!(issues_for(&asked(&mut rig, &lease)), Some(lease));
}

#[test]
fn a_lease_that_grew_while_its_policy_was_under_way_gets_another() {
    let mut rig = Rig::signed_in();
    let session = rig.ask(request(&chained(HALF, until()))).unwrap().0.session.unwrap();
    assert_eq!(rig.ask(request(&chained(THREE, until()))).unwrap().0.session, Some(session.clone()));
    let effects = rig.issue(&session, HALF);
    let again = effects.iter().filter(|e| matches!(e, Effect::Issue { .. })).count();
    assert_eq!(again, 1, "{effects:?}");
}

#[test]
fn a_renewal_that_aws_refused_is_tried_again_in_time() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, HOUR, until());
    rig.pass(Seconds::minutes(5));
    rig.ask(renew(&lease)).unwrap();
    rig.issue_fails(&lease, Code::Unreachable);
    assert_eq!(rig.state.next_due(rig.now), Some(60 * 1000));
    rig.pass(Seconds(60));
    assert_eq!(issues_for(&rig.tick()), Some(lease));
}

#[test]
fn what_can_not_renew_gets_an_hour_and_a_policy_that_ends_with_the_lease() {
    let mut rig = Rig::signed_in();
    let long = lease(&mut rig, THREE, Scope::default());
    let lasting =
        |rig: &Rig, id: &SessionId| rig.state.lasting(id, rig.now).map(|i| i.unwrap().assumes[0].clone());
    let whole = lasting(&rig, &long).unwrap();
    assert_eq!((whole.duration, whole.policy.document), (None, None), "AWS's hour ends before the lease");
    let lease_end = rig.card(&long).lease_end.unwrap();
    rig.pass(Seconds::minutes(150));
    let last = lasting(&rig, &long).unwrap();
    assert_eq!(last.duration, None);
    assert!(last.policy.document.unwrap().contains(&lease_end.rfc3339()));
    let whole = rig.lease("Admin", HOUR, HOUR);
    assert_eq!(rig.state.lasting(&whole, rig.now), Ok(None), "the portal's own are that already");
    rig.lapse();
    assert_eq!(lasting(&rig, &long), Err(Code::SignInLapsed));
    rig.ask(end(&long)).unwrap();
    assert_eq!(rig.state.lasting(&long, rig.now), Err(Code::SessionNotLive));
}

#[test]
fn the_receipt_tells_of_the_longest_that_was_handed_out() {
    let mut rig = Rig::signed_in();
    let lease = lease(&mut rig, THREE, Scope::default());
    let expiration = Expiration(rig.now.wall + HOUR);
    rig.learn(Event::IssuedLasting { session: lease.clone(), expiration, key_id_end: "7Q2X".to_owned() });
    assert_eq!(rig.card(&lease).expiration, Some(expiration));
    rig.ask(end(&lease)).unwrap();
    assert_eq!(rig.card(&lease).ended.unwrap().aws_accepts_until, Some(expiration.0));
}

#[test]
fn a_chained_role_tells_nothing_of_how_long_the_portal_s_credentials_last() {
    let mut rig = Rig::signed_in();
    rig.list(&[(crate::rig::ACCOUNT, &["Billing"])]);
    lease(&mut rig, HOUR, Scope::default());
    assert_eq!(rig.state.roles().first().unwrap().longest, None);
}

#[test]
fn a_scope_that_cannot_be_had_any_more_fails_the_request_and_says_why() {
    let mut rig = Rig::signed_in();
    let base = Base::Preset { preset: "gone".to_owned(), values: [].into(), grants: None };
    let wish = chained(HOUR, Scope { base, ..Scope::default() });
    assert_eq!(rig.ask(request(&wish)), Err(Code::UnknownPreset));
}

#[test]
fn who_signed_in_is_the_session_s_name_where_none_is_given() {
    let mut rig = Rig::signed_in();
    let name = |rig: &mut Rig| {
        let wish = SessionRequest { fresh: true, ..chained(HOUR, Scope::default()) };
        assumes(&rig.ask(request(&wish)).unwrap().1)[0].session_name.clone().map(String::from)
    };
    assert_eq!(name(&mut rig), None, "nobody knows yet: the agent asks");
    let sso_session = crate::rig::name("acme");
    rig.learn(Event::Identified { sso_session, identity: "dana@example.com".to_owned() });
    assert_eq!(name(&mut rig).as_deref(), Some("dana@example.com"));
}
