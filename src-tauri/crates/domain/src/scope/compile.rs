//! From a scope to the session policy that is sent: what is shown is exactly that.
//!
//! A session's policies are united: a condition on one Allow binds no other, nor a managed policy. So conditions
//! become Deny statements with the condition negated.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use crate::{
    failure::Code,
    ids::{AccountId, Region},
    scope::{Base, LONGEST_POLICY, Scope, preset::Preset},
    time::Timestamp,
};

/// Services that answer in one Region for all, whatever Region one works in.
const GLOBAL: [&str; 14] = [
    "account:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "globalaccelerator:*",
    "health:*",
    "iam:*",
    "organizations:*",
    "route53:*",
    "route53domains:*",
    "shield:*",
    "sts:*",
    "support:*",
    "waf:*",
];

/// Where a scope is to hold.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub account: &'a AccountId,
    /// The Region to work in; resources are named there.
    pub region: &'a Region,
    pub lease_end: Timestamp,
}

/// What goes along with AssumeRole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SessionPolicy {
    pub document: Option<String>,
    pub arns: Vec<String>,
}

impl SessionPolicy {
    /// What AWS counts: the plain text of the policy, and the managed policies' ARNs.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.document.iter().chain(&self.arns).map(|text| text.chars().count()).sum()
    }

    /// Whether AWS takes so much.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.characters() <= LONGEST_POLICY
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<OneOrAll<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_action: Option<OneOrAll<'a>>,
    resource: OneOrAll<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: Conditions<'a>,
}

type Conditions<'a> = BTreeMap<&'a str, BTreeMap<&'a str, OneOrAll<'a>>>;

/// A list as IAM takes it: one alone needs no brackets.
struct OneOrAll<'a>(Vec<&'a str>);

impl Serialize for OneOrAll<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if let [one] = self.0[..] { one.serialize(to) } else { self.0.serialize(to) }
    }
}

impl<'a> Statement<'a> {
    fn allow(action: Vec<&'a str>, resource: Vec<&'a str>) -> Self {
        let (action, resource) = (Some(OneOrAll(action)), OneOrAll(resource));
        Self { effect: "Allow", action, not_action: None, resource, condition: Conditions::new() }
    }

    fn deny_all(condition: Conditions<'a>) -> Self {
        Self { effect: "Deny", condition, ..Self::allow(vec!["*"], vec!["*"]) }
    }
}

impl Scope {
    /// The session policy, with the presets there are.
    ///
    /// # Errors
    /// A parameter is missing or wrong, a preset unknown, or the policy longer than AWS takes. What a person
    /// wrote is not judged by its length: AWS does that.
    pub fn compile(&self, place: &Place<'_>, presets: &[Preset]) -> Result<SessionPolicy, Code> {
        let sent = self.compile_whatever_its_length(place, presets)?;
        let is_custom = matches!(self.base, Base::Custom { .. });
        if is_custom || sent.fits() { Ok(sent) } else { Err(Code::PolicyTooLong) }
    }

    pub(crate) fn compile_whatever_its_length(
        &self,
        place: &Place<'_>,
        presets: &[Preset],
    ) -> Result<SessionPolicy, Code> {
        self.check()?;
        if self.is_whole() {
            return Ok(SessionPolicy::default());
        }
        let arns = self.arns(place);
        let (services, filled);
        let mut statements = Vec::new();
        match &self.base {
            Base::WholeRole => statements.push(Statement::allow(vec!["*"], vec!["*"])),
            Base::ReadOnly | Base::Managed { .. } => {}
            Base::Services { services: named } => {
                services = named.iter().map(|service| format!("{service}:*")).collect::<Vec<_>>();
                statements.push(Statement::allow(texts(&services), vec!["*"]));
            }
            Base::Preset { preset, values, grants } => {
                let preset = presets.iter().find(|p| p.id == *preset).ok_or(Code::UnknownPreset)?;
                filled = preset.fill(values, grants.as_deref(), place)?;
                statements.extend(filled.iter().map(|grant| {
                    let actions = texts(&grant.actions);
                    let resources = texts(&grant.resources);
                    let mut statement = Statement::allow(actions, resources);
                    statement.condition = borrowed(&grant.conditions);
                    statement
                }));
            }
            Base::Custom { policy } => return self.custom(policy, place),
        }
        let until = place.lease_end.rfc3339();
        statements.extend(self.conditions(&until));
        if statements.is_empty() {
            return Ok(SessionPolicy { document: None, arns });
        }
        Ok(SessionPolicy { document: Some(written(&statements)?), arns })
    }

    /// As it was written; conditions are put behind its own statements.
    fn custom(&self, policy: &str, place: &Place<'_>) -> Result<SessionPolicy, Code> {
        let until = place.lease_end.rfc3339();
        let conditions = self.conditions(&until);
        let written = SessionPolicy { document: Some(policy.to_owned()), arns: self.arns(place) };
        // A mistake has its place in what the person wrote.
        if conditions.is_empty() || written.mistake().is_some() {
            return Ok(written);
        }
        let mut document: serde_json::Value =
            serde_json::from_str(policy).map_err(|_| Code::PolicyNotJson)?;
        let statements = document.get_mut("Statement").ok_or(Code::PolicyWrong)?;
        if !statements.is_array() {
            *statements = serde_json::Value::Array(vec![statements.take()]);
        }
        let list = statements.as_array_mut().ok_or(Code::PolicyWrong)?;
        for condition in &conditions {
            list.push(serde_json::to_value(condition).map_err(|_| Code::Internal)?);
        }
        let document = ascii(&serde_json::to_string(&document).map_err(|_| Code::Internal)?);
        Ok(SessionPolicy { document: Some(document), ..written })
    }

    /// The managed policies, each once.
    fn arns(&self, place: &Place<'_>) -> Vec<String> {
        let base = match &self.base {
            Base::ReadOnly => {
                vec![format!("arn:{}:iam::aws:policy/ReadOnlyAccess", place.region.partition())]
            }
            Base::Managed { policies } => policies.iter().map(ToString::to_string).collect(),
            _ => vec![],
        };
        let mut seen = BTreeSet::new();
        let all = self.policies.iter().map(ToString::to_string).chain(base);
        all.filter(|arn| seen.insert(arn.clone())).collect()
    }

    fn conditions<'a>(&'a self, until: &'a str) -> Vec<Statement<'a>> {
        let one = |operator, key, values: Vec<&'a str>| {
            BTreeMap::from([(operator, BTreeMap::from([(key, OneOrAll(values))]))])
        };
        let mut denied = Vec::new();
        if !self.regions.is_empty() {
            let regions = self.regions.iter().map(Region::as_str).collect();
            denied.push(Statement {
                action: None,
                not_action: Some(OneOrAll(GLOBAL.to_vec())),
                ..Statement::deny_all(one("StringNotEquals", "aws:RequestedRegion", regions))
            });
        }
        if !self.addresses.is_empty() {
            let addresses = self.addresses.iter().map(|range| range.as_str()).collect();
            let mut condition = one("NotIpAddress", "aws:SourceIp", addresses);
            // A service that acts for the person comes from addresses of AWS's own.
            condition.insert("Bool", BTreeMap::from([("aws:ViaAWSService", OneOrAll(vec!["false"]))]));
            denied.push(Statement::deny_all(condition));
        }
        if self.until_lease_end {
            denied.push(Statement::deny_all(one("DateGreaterThan", "aws:CurrentTime", vec![until])));
        }
        denied
    }
}

fn texts(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

fn borrowed<'a>(conditions: &'a BTreeMap<String, BTreeMap<String, Vec<String>>>) -> Conditions<'a> {
    let part = |(operator, keys): (&'a String, &'a BTreeMap<String, Vec<String>>)| {
        (
            operator.as_str(),
            keys.iter().map(|(key, values)| (key.as_str(), OneOrAll(texts(values)))).collect(),
        )
    };
    conditions.iter().map(part).collect()
}

/// One statement a line: AWS takes line ends, and a person reads them.
fn written(statements: &[Statement<'_>]) -> Result<String, Code> {
    let lines: Vec<_> =
        statements.iter().map(serde_json::to_string).collect::<Result<_, _>>().map_err(|_| Code::Internal)?;
    Ok(ascii(&format!("{{\"Version\":\"2012-10-17\",\"Statement\":[\n{}\n]}}", lines.join(",\n"))))
}

/// AWS takes no character above U+00FF in a policy's text; JSON can write them all without.
pub(crate) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}
