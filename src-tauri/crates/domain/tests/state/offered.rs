//! What the request form is offered: chained roles from everywhere they are known, presets, and what was used last.

use daypass_domain::{
    chain::{ChainedRole, Hop, Known},
    event::Event,
    failure::Code,
    organisation::{Organisation, Rule},
    request::{Intent, Options, SessionRequest},
    settings::Settings,
    state::{Start, State},
    time::Seconds,
};

use crate::rig::{ACCOUNT, HOUR, Rig, request, role, sso, wanted};

const THREE: Seconds = Seconds::hours(3);

/// A role known as `name`, whose ARN ends in `role`.
fn known(name: &str, role: &str, source: Known) -> ChainedRole {
    let arn = format!("arn:{{partition}}:iam::{{account}}:role/{role}");
    ChainedRole { name: name.to_owned(), arn, source, ..ChainedRole::of_practice() }
}

fn options(rig: &mut Rig) -> Options {
    *rig.ask(Intent::Options { role: role("Billing") }).unwrap().0.options.unwrap()
}

#[test]
fn a_role_known_from_several_places_is_offered_once_as_the_nearest_to_the_person_says() {
    let mut rig = Rig::signed_in();
    let mine =
        vec![known("mine", "Shared", Known::Settings), known("mine as well", "Shared", Known::Settings)];
    rig.state = State::new(Start {
        configured: vec![sso("acme", daypass_domain::sso::Source::Practice)],
        settings: Settings { chained_roles: mine, ..Settings::default() },
        config_chains: vec![
            known("theirs", "Ours", Known::Config),
            known("profile", "Config", Known::Config),
        ],
        ..Start::default()
    });
    let ours =
        vec![known("shared", "Shared", Known::Organisation), known("ours", "Ours", Known::Organisation)];
    let organisation = Organisation { chained_roles: ours, ..Organisation::default() };
    rig.learn(Event::OrganisationRead { organisation: Some(Box::new(organisation)) });
    let offered: Vec<_> = options(&mut rig).chains.into_iter().map(|c| (c.name, c.source)).collect();
    assert_eq!(
        offered,
        [
            ("mine".to_owned(), Known::Settings),
            ("ours".to_owned(), Known::Organisation),
            ("profile".to_owned(), Known::Config),
            ("DaypassScoped".to_owned(), Known::Practice),
        ]
    );
}

#[test]
fn one_key_never_asks_for_longer_than_the_organisation_allows() {
    let mut rig = Rig::signed_in();
    rig.list(&[(ACCOUNT, &["Billing", "Other"])]);
    rig.lease("Billing", THREE, THREE);
    let rule = Rule {
        role: "Billing".to_owned(),
        account: "*".to_owned(),
        longest: Some(Seconds::minutes(30)),
        reason_required: false,
    };
    let organisation = Organisation { rules: vec![rule], ..Organisation::default() };
    rig.learn(Event::OrganisationRead { organisation: Some(Box::new(organisation)) });
    let [ruled, other] = &rig.state.roles()[..] else { panic!("not two") };
    let half = Seconds::minutes(30);
    assert_eq!((ruled.last_duration, ruled.default_duration), (Some(half), half));
    assert_eq!((other.last_duration, other.default_duration), (None, HOUR));
    assert_eq!(rig.view().quick[0].duration, half, "nor does the tray");
    assert!(rig.ask(request(&wanted("Billing", half))).is_ok());
}

#[test]
fn what_was_used_last_is_offered_again_and_what_was_refused_is_not() {
    let mut rig = Rig::signed_in();
    assert_eq!(options(&mut rig).last, None);
    let path =
        vec![Hop { role: "arn:aws:iam::111122223333:role/Scoped".parse().unwrap(), external_id: None }];
    let narrow =
        SessionRequest { path, reason: Some("INC-42".to_owned()), ..wanted("Billing", Seconds::minutes(20)) };
    let session = rig.ask(request(&narrow)).unwrap().0.session.unwrap();
    assert_eq!(options(&mut rig).last, None, "it has not been had yet");
    rig.issue(&session, HOUR);
    assert_eq!(options(&mut rig).last, Some(narrow.clone()));
    let other = SessionRequest { reason: Some("INC-43".to_owned()), fresh: true, ..narrow.clone() };
    let refused = rig.ask(request(&other)).unwrap().0.session.unwrap();
    rig.issue_fails(&refused, Code::ChainRefused);
    assert_eq!(options(&mut rig).last, Some(narrow));
}
