//! From what was typed to a scope and a way.

use std::{fs, io::Read, path::Path};

use daypass_domain::{
    chain::{Hop, Labels, RoleArn, Tag},
    failure::{Code, Failure},
    ids::RoleRef,
    request::{Chain, Intent, Preview, SessionRequest},
    scope::{Base, LONGEST_CUSTOM, Scope},
};
use daypass_wire::client::Client;

use crate::{
    args::narrow::{Narrow, Way},
    json,
    text::{self, escape, print, print_json, say},
    trouble::Trouble,
};

/// What narrows a request for `role`, and the way it takes.
pub(crate) struct Narrowed {
    pub(crate) scope: Scope,
    pub(crate) path: Vec<Hop>,
    pub(crate) labels: Labels,
}

impl Narrowed {
    pub(crate) async fn of(
        client: &Client,
        role: &RoleRef,
        narrow: Narrow,
        reason: Option<&str>,
    ) -> Result<Self, Trouble> {
        let (scope, way) = scope(narrow)?;
        let labels = labels(&way);
        let is_plain = scope.is_whole() && labels == Labels::default() && way.external_id.is_none();
        if is_plain && way.via.is_empty() {
            return Ok(Self { scope, path: Vec::new(), labels });
        }
        let options = client.ask(Intent::Options { role: role.clone() }).await?.options;
        let options = options.ok_or(Code::AgentOlder)?;
        let path = path(&options.chains, &way)?;
        let labels = options.labelled(&path, reason, labels);
        Ok(Self { scope, path, labels })
    }
}

fn scope(mut narrow: Narrow) -> Result<(Scope, Way), Trouble> {
    let base = if narrow.read_only {
        Base::ReadOnly
    } else if !narrow.services.is_empty() {
        Base::Services { services: narrow.services }
    } else if let Some(preset) = narrow.preset {
        let grants = (!narrow.grants.is_empty()).then_some(narrow.grants);
        Base::Preset { preset, values: narrow.values.into_iter().collect(), grants }
    } else if let Some(file) = narrow.policy {
        Base::Custom { policy: read(&file)? }
    } else if !narrow.policy_arns.is_empty() {
        Base::Managed { policies: std::mem::take(&mut narrow.policy_arns) }
    } else {
        Base::WholeRole
    };
    let scope = Scope {
        base,
        policies: narrow.policy_arns,
        regions: narrow.regions,
        addresses: narrow.addresses,
        until_lease_end: narrow.until_end,
    };
    Ok((scope, narrow.way))
}

/// The policy in a file; no more of it than could be sent.
fn read(file: &Path) -> Result<String, Trouble> {
    let most = LONGEST_CUSTOM as u64 + 1;
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(most).read_to_string(&mut text)
    } else {
        fs::File::open(file).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    let advice = "Name a file of JSON that you may read, or - for standard input.";
    read.map_err(|_| Trouble::usage("the policy could not be read", advice))?;
    Ok(text)
}

fn labels(way: &Way) -> Labels {
    let tags = |all: &[_], transitive| -> Vec<Tag> {
        all.iter().cloned().map(|(key, value)| Tag { key, value, transitive }).collect()
    };
    Labels {
        session_name: way.session_name.clone(),
        tags: [tags(&way.tags, false), tags(&way.transitive_tags, true)].concat(),
        source_identity: way.source_identity.clone(),
    }
}

/// The roles by ARN or by the names they are known by. Where none is named, the only one there is.
fn path(chains: &[Chain], way: &Way) -> Result<Vec<Hop>, Trouble> {
    let mut path = match (&way.via[..], chains) {
        ([], []) => Vec::new(),
        ([], [only]) => vec![hop(only)],
        ([], several) => return Err(several_known(several)),
        (named, _) => named.iter().map(|name| known(chains, name)).collect::<Result<_, _>>()?,
    };
    if let (Some(last), Some(id)) = (path.last_mut(), &way.external_id) {
        last.external_id = Some(id.clone());
    }
    Ok(path)
}

fn known(chains: &[Chain], named: &str) -> Result<Hop, Trouble> {
    if let Ok(role) = named.parse::<RoleArn>() {
        let known = chains.iter().find(|chain| chain.role == role).map(hop);
        return Ok(known.unwrap_or(Hop { role, external_id: None }));
    }
    let is_meant = |chain: &&Chain| [chain.name.as_str(), chain.role.name()].contains(&named);
    match chains.iter().filter(is_meant).collect::<Vec<_>>()[..] {
        [chain] => Ok(hop(chain)),
        [] => {
            let none = chains.is_empty();
            let advice = if none { "Give its ARN." } else { "Give its ARN, or one of these:" };
            let trouble =
                Trouble::own("unknownChainedRole", "no chained role of that name is known here", advice);
            Err(trouble.with_candidates(shown(chains)))
        }
        ref several => Err(several_known(several.iter().copied())),
    }
}

fn several_known<'a>(chains: impl IntoIterator<Item = &'a Chain>) -> Trouble {
    let fact = "several chained roles could be meant";
    Trouble::own("ambiguousChainedRole", fact, "Name one with --via:").with_candidates(shown(chains))
}

fn shown<'a>(chains: impl IntoIterator<Item = &'a Chain>) -> impl Iterator<Item = String> {
    chains.into_iter().map(|chain| format!("{}  {}", chain.role, chain.name))
}

fn hop(chain: &Chain) -> Hop {
    Hop { role: chain.role.clone(), external_id: chain.external_id.clone() }
}

/// What would be sent, and not refused: what would be is told with what would not. What AWS may make less of is said.
pub(crate) async fn allowed(client: &Client, request: &SessionRequest) -> Result<Preview, Trouble> {
    let ask = Intent::Preview { request: Box::new(request.clone()), probe: None };
    let preview = *client.ask(ask).await?.preview.ok_or(Code::AgentOlder)?;
    let advice = |failure: &Failure| match &preview.nearest {
        Some(nearest) => format!("{} {}.", failure.advice, nearest.words),
        None => failure.advice.clone(),
    };
    if let Some(refused) = &preview.refused {
        return Err(Trouble::from(refused.clone()).with_advice(&advice(refused)));
    }
    if let Some(warned) = &preview.warned {
        say(&format!("{}. {}", text::capitalised(&warned.fact), advice(warned)));
    }
    Ok(preview)
}

/// `--dry-run`: what would be sent, as it would be.
pub(crate) async fn preview(client: &Client, request: SessionRequest, json: bool) -> Result<(), Trouble> {
    let preview = allowed(client, &request).await?;
    if json {
        return Ok(print_json(&json::Preview::from(&preview))?);
    }
    let Preview { policy, policy_arns, packed_percent, .. } = preview;
    for line in policy.iter().chain(&policy_arns) {
        print(&format!("{}\n", line.lines().map(escape).collect::<Vec<_>>().join("\n")))?;
    }
    if policy.is_none() && policy_arns.is_empty() {
        say("No policy would be sent: it is the whole role.");
    }
    if packed_percent > 0 {
        say(&format!("The tags take about {packed_percent} % of the room there is for tags and policy."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use daypass_domain::chain::Known;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        narrow: Narrow,
    }

    fn typed(line: &str) -> Result<(Scope, Way), String> {
        let line = Line::try_parse_from(std::iter::once("x").chain(line.split_whitespace()));
        let narrow = line.map_err(|e| e.to_string())?.narrow;
        Ok(scope(narrow).ok().unwrap())
    }

    fn chain(name: &str, external_id: Option<&str>) -> Chain {
        Chain {
            name: name.to_owned(),
            role: format!("arn:aws:iam::111122223333:role/team/{name}Role").parse().unwrap(),
            external_id: external_id.map(|id| id.parse().unwrap()),
            takes_tags: true,
            takes_source_identity: true,
            source: Known::Settings,
        }
    }

    fn way(line: &str, chains: &[Chain]) -> Result<Vec<String>, Vec<String>> {
        let shown = |hop: &Hop| {
            format!("{} {}", hop.role.name(), hop.external_id.as_ref().map_or("-", |id| id.as_str()))
        };
        match path(chains, &typed(line).unwrap().1) {
            Ok(path) => Ok(path.iter().map(shown).collect()),
            Err(trouble) => Err(vec![serde_json::to_value(&trouble).unwrap()["code"].to_string()]),
        }
    }

    #[test]
    fn options_become_a_scope() {
        let (scope, _) =
            typed("--preset s3-bucket --set bucket=a --set prefix=b=c --grant put --until-end").unwrap();
        let Base::Preset { preset, values, grants } = scope.base else { panic!("no preset") };
        assert_eq!((preset.as_str(), values["prefix"].as_str(), values.len()), ("s3-bucket", "b=c", 2));
        assert_eq!((grants.unwrap(), scope.until_lease_end), (vec!["put".to_owned()], true));
        let (scope, _) = typed("--only-region eu-west-1 --only-from 203.0.113.0/24").unwrap();
        assert_eq!((scope.base, scope.regions.len(), scope.addresses.len()), (Base::WholeRole, 1, 1));
        assert!(typed("").unwrap().0.is_whole());
    }

    #[test]
    fn only_one_thing_can_be_what_is_allowed() {
        assert!(typed("--read-only --service s3").is_err());
        assert!(typed("--set bucket=a").is_err());
        assert!(typed("--service S3").is_err());
        let (scope, _) = typed("--read-only --policy-arn arn:aws:iam::aws:policy/A").unwrap();
        assert_eq!((scope.base, scope.policies.len()), (Base::ReadOnly, 1), "and a managed policy besides");
        let (scope, _) = typed("--policy-arn arn:aws:iam::aws:policy/A").unwrap();
        assert!(matches!(scope.base, Base::Managed { .. }) && scope.policies.is_empty());
    }

    #[test]
    fn what_aws_has_a_limit_for_is_told_with_the_nearest_that_is_allowed() {
        let long = format!("--session-name {}", "x".repeat(65));
        for (line, words) in [
            (
                "--tag aws:x=1",
                "keys that begin with aws: are AWS's own. Give the session tag another key. Use x.",
            ),
            (
                long.as_str(),
                "that is not a session name. It has 2 to 64 letters, digits or +=,.@_-. Shorten to 64 characters.",
            ),
            ("--source-identity d:a", "Use d-a."),
            ("--external-id a", "that is not an external ID."),
            ("--service S3", "Use s3."),
            ("--only-from 203.0.113.7/24", "Use 203.0.113.0/24."),
            ("--policy-arn ReadOnlyAccess", "Use arn:aws:iam::aws:policy/ReadOnlyAccess."),
        ] {
            let told = typed(line).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn a_chained_role_is_named_by_arn_or_name_or_is_the_only_one() {
        let (a, b) = (chain("A", Some("id-a")), chain("B", None));
        let both = [a.clone(), b];
        assert_eq!(way("--read-only", &[a]), Ok(vec!["ARole id-a".to_owned()]));
        assert_eq!(way("--read-only", &both), Err(vec!["\"ambiguousChainedRole\"".to_owned()]));
        assert_eq!(way("--via C", &both), Err(vec!["\"unknownChainedRole\"".to_owned()]));
        assert_eq!(
            way("--via A --via BRole --external-id id-b", &both),
            Ok(vec!["ARole id-a".to_owned(), "BRole id-b".to_owned()])
        );
        let arn = "--via arn:aws:iam::111122223333:role/team/ARole";
        assert_eq!(way(arn, &both), Ok(vec!["ARole id-a".to_owned()]), "what is known of it goes along");
        assert_eq!(way("--read-only", &[]), Ok(vec![]), "and is refused for want of one");
    }
}
