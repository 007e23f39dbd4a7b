//! What each preset lets pass, as practice's own evaluator judges the policy that is compiled.

use std::collections::{BTreeMap, BTreeSet};

use daypass_domain::{
    scope::{
        Base, Scope,
        compile::Place,
        preset::OURS,
        probe::{Probe, Verdict},
    },
    time::Timestamp,
};
use daypass_practice::lets_pass;

/// Preset, values, grants, and what these allow and what they don't: `action resource`. `{}` stands for
/// `eu-west-1:111122223333`, `*` for actions without a resource.
type Row = (String, BTreeMap<String, String>, Vec<String>, Vec<String>, Vec<String>);

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("presets.json")).unwrap()
}

/// What a request of dana's carries.
const KEYS: [(&str, &str); 3] =
    [("aws:userid", "AROA:dana"), ("aws:RequestedRegion", "eu-west-1"), ("s3:prefix", "a/2026")];

#[test]
fn each_preset_lets_pass_what_it_says_and_nothing_beside_it() {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let place = Place { account: &account, region: &region, lease_end: Timestamp::from_secs(0) };
    for (preset, values, grants, passes, fails) in rows() {
        let scope = Scope {
            base: Base::Preset { preset: preset.clone(), values, grants: Some(grants) },
            ..Scope::default()
        };
        let sent = scope.compile(&place, &OURS).unwrap();
        let policy = sent.document.as_deref().unwrap();
        let elsewhere = ["us-east-1:111122223333", "eu-west-1:444455556666"];
        let asked = passes.iter().map(|row| (row, true)).chain(fails.iter().map(|row| (row, false)));
        for (row, is_in) in asked {
            let judge = |here: &str| {
                let row = row.replace("{}", here);
                let (action, resource) = row.split_once(' ').unwrap();
                // What is said at once in the form, by another evaluator; it has no person and no prefix.
                let probe = Probe { action: action.to_owned(), resource: resource.to_owned() };
                if !policy.contains("${") && !policy.contains("s3:prefix") {
                    let verdict = sent.verdict(&scope, &probe, &place, Timestamp::from_secs(0));
                    let agreed =
                        if is_in && here == "eu-west-1:111122223333" { Verdict::Passes } else { verdict };
                    assert_eq!(verdict, agreed, "{preset}: {row}");
                }
                lets_pass(policy, action, resource, &KEYS).unwrap()
            };
            assert_eq!(judge("eu-west-1:111122223333"), is_in, "{preset}: {row}");
            if row.contains("{}") {
                assert!(!elsewhere.into_iter().any(judge), "{preset} in another place: {row}");
            }
        }
    }
}

#[test]
fn every_grant_of_every_preset_is_put_to_the_test() {
    let rows = rows();
    let tested: BTreeSet<_> = rows
        .iter()
        .flat_map(|(preset, _, grants, ..)| grants.iter().map(|grant| (preset.as_str(), grant.as_str())))
        .collect();
    let ours: BTreeSet<_> = OURS
        .iter()
        .flat_map(|preset| preset.grants.iter().map(|grant| (preset.id.as_str(), grant.id.as_str())))
        .collect();
    assert_eq!(tested, ours);
}
