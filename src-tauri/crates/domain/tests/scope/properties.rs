//! Whatever scope is filled in: what it compiles to fits, reads as IAM, and ends where the scope does.

use std::collections::BTreeMap;

use daypass_domain::{
    failure::Code,
    ids::Region,
    scope::{
        Base, LONGEST_POLICY, Scope,
        preset::{Grant, OURS, Preset},
        probe::{Probe, Verdict},
    },
    time::Timestamp,
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{NOON, World, document, each};

/// Any preset, every blank filled with what its kind takes.
fn any_filled() -> impl Strategy<Value = Scope> {
    let filled = |preset: &Preset| {
        let kinds: Vec<_> = preset.parameters.iter().map(|p| serde_json::to_value(p.kind).unwrap()).collect();
        let names: Vec<_> = preset.parameters.iter().map(|p| p.name.clone()).collect();
        let id = preset.id.clone();
        let all: Vec<_> = preset.grants.iter().map(|g| g.id.clone()).collect();
        let values: Vec<BoxedStrategy<String>> = kinds
            .iter()
            .map(|kind| match kind.as_str().unwrap() {
                "bucket" => "[a-z0-9][a-z0-9.-]{2,40}".boxed(),
                "root" => "/[a-z0-9/]{1,60}[a-z]".boxed(),
                "path" => "[A-Za-z0-9/_.-]{1,60}".boxed(),
                "prefix" => {
                    "[ -~äß]{0,60}".prop_map(|t| t.replace(['*', '?', '$', '{', '}', '"', '\\'], "x")).boxed()
                }
                _ => "[A-Za-z0-9._-]{1,60}".boxed(),
            })
            .collect();
        let grants = proptest::sample::subsequence(all.clone(), 1..=all.len());
        (values, grants).prop_map(move |(values, grants)| {
            let values = names.iter().cloned().zip(values).collect::<BTreeMap<_, _>>();
            Scope {
                base: Base::Preset { preset: id.clone(), values, grants: Some(grants) },
                ..Scope::default()
            }
        })
    };
    let each: Vec<_> = OURS.iter().map(|preset| filled(preset).boxed()).collect();
    (0..each.len()).prop_flat_map(move |at| each[at].clone())
}

fn any_conditions() -> impl Strategy<Value = (Vec<Region>, Vec<&'static str>, bool)> {
    let regions = vec(select(vec!["eu-west-1", "us-east-1", "ap-southeast-2"]), 0..3);
    let regions = regions.prop_map(|names| names.iter().map(|n| n.parse().unwrap()).collect());
    (regions, vec(select(vec!["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"]), 0..3), any::<bool>())
}

/// An action on a resource that the scope's preset is to allow, by its own words.
fn allowed(scope: &Scope) -> Option<(String, String)> {
    let Base::Preset { preset, values, grants: Some(grants) } = &scope.base else { unreachable!() };
    let preset = OURS.iter().find(|p| p.id == *preset).unwrap();
    let is_plain =
        |g: &&Grant| g.conditions.is_empty() && !g.resources[0].contains('$') && g.resources[0] != "*";
    let grant = preset.grants.iter().filter(|g| grants.contains(&g.id)).find(is_plain)?;
    let place = [("partition", "aws"), ("region", "eu-west-1"), ("account", "111122223333")]
        .map(|(n, v)| (n, v.to_owned()));
    let own = values.iter().map(|(name, value)| (name.as_str(), value.trim().to_owned()));
    let mut resource = grant.resources[0].replace(['?', '*'], "x");
    for (name, value) in place.into_iter().chain(own) {
        resource = resource.replace(&format!("{{{name}}}"), &value);
    }
    Some((grant.actions[0].replace('*', ""), resource))
}

/// The same elsewhere: in another account, or in another bucket.
fn elsewhere(resource: &str) -> String {
    resource.replace(":111122223333:", ":444455556666:").replace(":::", ":::z")
}

proptest! {
    #[test]
    fn what_a_preset_names_passes_and_what_is_next_to_it_does_not(
        filled in any_filled(),
        (regions, addresses, until_lease_end) in any_conditions(),
    ) {
        let world = World::new();
        let is_here = regions.is_empty() || regions.contains(&world.region);
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        let scope = Scope { regions, addresses, until_lease_end, ..filled };
        let Ok(sent) = world.compile(&scope) else { return Ok(()) };
        let Some((action, resource)) = allowed(&scope) else { return Ok(()) };
        let verdict = |action: &str, resource: &str| {
            let probe = Probe { action: action.to_owned(), resource: resource.to_owned() };
            sent.verdict(&scope, &probe, &world.place(), Timestamp::from_secs(NOON))
        };
        let expected = if is_here { Verdict::Passes } else { Verdict::Denied };
        prop_assert_eq!(verdict(&action, &resource), expected, "{} {}", action, resource);
        let not_in_it = if is_here { Verdict::NotAllowed } else { Verdict::Denied };
        let other = format!("{}:ZapEverything", action.split(':').next().unwrap());
        prop_assert_eq!(verdict(&other, &resource), not_in_it, "{} {}", other, resource);
        prop_assert_eq!(verdict(&action, &elsewhere(&resource)), not_in_it, "{} {}", action, elsewhere(&resource));
    }

    #[test]
    fn everything_in_the_services_named_passes_and_nothing_in_others(
        services in proptest::sample::subsequence(vec!["s3", "dynamodb", "logs", "sqs", "iam"], 1..=4),
        other in select(vec!["s3", "dynamodb", "logs", "sqs", "iam", "s3express"]),
        action in "[A-Z][A-Za-z]{2,14}",
        (regions, addresses, until_lease_end) in any_conditions(),
    ) {
        let world = World::new();
        let is_here = regions.is_empty() || regions.contains(&world.region) || other == "iam";
        let is_named = services.contains(&other);
        let base = Base::Services { services: services.iter().map(|s| s.parse().unwrap()).collect() };
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        let scope = Scope { base, policies: vec![], regions, addresses, until_lease_end };
        let expected = match (is_here, is_named) {
            (false, _) => Verdict::Denied,
            (true, true) => Verdict::Passes,
            (true, false) => Verdict::NotAllowed,
        };
        prop_assert_eq!(world.passes(&scope, &format!("{other}:{action}"), "*"), expected);
    }

    #[test]
    fn whatever_is_filled_in_fits_reads_as_iam_and_stays_inside(
        filled in any_filled(),
        (regions, addresses, until_lease_end) in any_conditions(),
        action in "[a-z]{2,8}:[A-Z][A-Za-z]{2,14}",
        name in "[a-z0-9/.-]{1,20}",
    ) {
        let world = World::new();
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        let scope = Scope { regions, addresses, until_lease_end, ..filled };
        let sent = match world.compile(&scope) {
            // Spaces at both ends are taken off, and nothing may be left.
            Err(Code::ParameterMissing) => return Ok(()),
            sent => sent.unwrap(),
        };
        let text = sent.document.as_ref().unwrap();
        prop_assert!(text.chars().count() <= LONGEST_POLICY, "{} characters", text.len());
        prop_assert_eq!(sent.mistake(), None);
        let Base::Preset { preset, .. } = &scope.base else { unreachable!() };
        let service = OURS.iter().find(|p| p.id == *preset).unwrap().grants[0].actions[0].split(':').next().unwrap();
        let probe = Probe { action, resource: format!("arn:aws:zz:eu-west-1:111122223333:{name}") };
        let verdict = sent.verdict(&scope, &probe, &world.place(), Timestamp::from_secs(NOON));
        prop_assert_ne!(verdict, Verdict::Passes, "{} let {:?} pass", service, probe);
        // After its time nothing passes, though it is in the scope.
        if until_lease_end {
            let first = document(&sent)["Statement"][0].clone();
            let (action, resource) = (each(&first["Action"])[0].clone(), each(&first["Resource"])[0].clone());
            let probe = Probe { action: action.replace('*', ""), resource: if resource == "*" { resource } else { resource.replace(['?', '*'], "x") } };
            let late = Timestamp::from_secs(NOON + 601);
            prop_assert_eq!(sent.verdict(&scope, &probe, &world.place(), late), Verdict::Denied);
        }
    }

    #[test]
    fn hostile_values_compile_to_nothing_or_to_what_they_say(
        value in r#"[-a-zA-Z0-9*?$\{\}"'\\/:, \u{e4}\u{4e2d}\n]{1,30}"#,
        at in 0..OURS.len(),
    ) {
        let world = World::new();
        let preset = &OURS[at];
        let values = preset.parameters.iter().map(|p| (p.name.clone(), value.clone())).collect();
        let base = Base::Preset { preset: preset.id.clone(), values, grants: None };
        let scope = Scope { base, ..Scope::default() };
        if let Ok(sent) = world.compile(&scope) {
            prop_assert_eq!(sent.mistake(), None);
            let resources = document(&sent)["Statement"].as_array().unwrap().iter()
                .flat_map(|s| each(&s["Resource"]))
                .collect::<Vec<_>>();
            // No wildcard or variable that the preset does not have itself.
            let own = |text: &str| text.matches(['*', '?', '$']).count();
            let written: usize = resources.iter().map(|r| own(r)).sum();
            let wanted: usize = preset.grants.iter().filter(|g| g.default).flat_map(|g| &g.resources).map(|r| own(r)).sum();
            prop_assert_eq!(written, wanted);
        }
    }
}
