//! Documents: policies read from JSON, refused where AWS calls them malformed.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::condition::{Condition, Unreadable};

/// What a policy is for, which decides what may stand in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A role's or a session's policy: resources, and no principals.
    Identity,
    /// A role's trust policy: principals, and no resources.
    Trust,
}

/// A policy that was read.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) statements: Vec<Statement>,
    /// Policies of 2012-10-17 have variables, older ones don't.
    pub(crate) has_variables: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) is_allow: bool,
    /// The `AWS` principals of a trust policy; other kinds of principals never sign a request here.
    pub(crate) principals: Vec<String>,
    pub(crate) actions: Names,
    pub(crate) resources: Names,
    pub(crate) conditions: Vec<Condition>,
}

/// Names that are meant, or all others.
#[derive(Clone, Debug)]
pub(crate) enum Names {
    Some(Vec<String>),
    AllBut(Vec<String>),
}

/// Why a policy can't be taken, in AWS's words.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Malformed(pub(crate) String);

const SYNTAX: &str = "Syntax errors in policy.";
const NOT_JSON: &str = "This policy contains invalid Json";
const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

fn malformed<T>(why: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(why.into()))
}

impl Document {
    /// Reads a policy.
    ///
    /// # Errors
    /// When AWS would say MalformedPolicyDocument.
    pub(crate) fn parse(text: &str, kind: Kind) -> Result<Self, Malformed> {
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else { return malformed(NOT_JSON) };
        only(&policy, &["Version", "Id", "Statement"])?;
        let has_variables = match policy.get("Version").map(Value::as_str) {
            None | Some(Some("2008-10-17")) => false,
            Some(Some("2012-10-17")) => true,
            Some(_) => return malformed(SYNTAX),
        };
        let statements = match policy.get("Statement") {
            Some(Value::Array(all)) if !all.is_empty() => all.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return malformed(SYNTAX),
        };
        let mut sids = HashSet::new();
        for sid in statements.iter().filter_map(|statement| statement.get("Sid")) {
            let sid = sid.as_str().filter(|sid| sid.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            match sid {
                None => {
                    return malformed(
                        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
                    );
                }
                Some(sid) if !sid.is_empty() && !sids.insert(sid) => {
                    return malformed("Statement IDs (SID) in a single policy must be unique.");
                }
                Some(_) => {}
            }
        }
        let statements = statements.into_iter().map(|one| statement(one, kind)).collect::<Result<_, _>>()?;
        Ok(Self { statements, has_variables })
    }

    /// # Errors
    /// When a resource is of another partition than this one, as MalformedPolicyDocument.
    pub(crate) fn check_partition(&self, partition: &str) -> Result<(), Malformed> {
        let resources = self.statements.iter().flat_map(|statement| statement.resources.all());
        let is_other = |resource: &&String| {
            resource
                .split(':')
                .nth(1)
                .is_some_and(|part| part != partition && !part.contains(['*', '?', '$']))
        };
        match resources.into_iter().find(is_other) {
            None => Ok(()),
            Some(resource) => {
                let part = resource.split(':').nth(1).unwrap_or_default();
                malformed(format!("Partition \"{part}\" is not valid for resource \"{resource}\"."))
            }
        }
    }
}

fn statement(value: &Value, kind: Kind) -> Result<Statement, Malformed> {
    let Value::Object(statement) = value else { return malformed(SYNTAX) };
    only(
        statement,
        &["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"],
    )?;
    let is_allow = match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return malformed(SYNTAX),
    };
    let Some(actions) = names(statement, "Action", "NotAction")? else {
        return malformed("Policy statement must contain actions.");
    };
    if !actions.all().iter().all(|action| is_action(action)) {
        return malformed(VENDOR);
    }
    let resources = names(statement, "Resource", "NotResource")?;
    let (principals, resources) = match (kind, statement.get("Principal"), resources) {
        (Kind::Identity, Some(_), _) => return malformed("Policy document should not specify a principal."),
        (Kind::Identity, None, None) => return malformed("Policy statement must contain resources."),
        (Kind::Identity, None, Some(resources)) => {
            if let Some(wrong) = resources.all().iter().find(|resource| !is_resource(resource)) {
                return malformed(format!("Resource {wrong} must be in ARN format or \"*\"."));
            }
            (Vec::new(), resources)
        }
        (Kind::Trust, _, Some(_)) => return malformed("Has prohibited field Resource"),
        (Kind::Trust, None, None) => return malformed("Missing required field Principal"),
        (Kind::Trust, Some(given), None) => (principals(given)?, Names::Some(vec!["*".to_owned()])),
    };
    let conditions = statement.get("Condition").map_or(Ok(Vec::new()), conditions)?;
    Ok(Statement { is_allow, principals, actions, resources, conditions })
}

impl Names {
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Self::Some(names) | Self::AllBut(names) => names,
        }
    }
}

fn names(statement: &Map<String, Value>, these: &str, others: &str) -> Result<Option<Names>, Malformed> {
    match (statement.get(these), statement.get(others)) {
        (Some(_), Some(_)) => malformed(SYNTAX),
        (Some(given), None) => Ok(Some(Names::Some(texts(given)?))),
        (None, Some(given)) => Ok(Some(Names::AllBut(texts(given)?))),
        (None, None) => Ok(None),
    }
}

fn principals(given: &Value) -> Result<Vec<String>, Malformed> {
    match given {
        Value::String(all) if all == "*" => Ok(vec!["*".to_owned()]),
        Value::Object(kinds) => {
            only(kinds, &["AWS", "Service", "Federated"])?;
            kinds.get("AWS").map_or(Ok(Vec::new()), texts)
        }
        _ => malformed(SYNTAX),
    }
}

fn conditions(given: &Value) -> Result<Vec<Condition>, Malformed> {
    let Value::Object(operators) = given else { return malformed(SYNTAX) };
    let mut all = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else { return malformed(SYNTAX) };
        for (key, values) in keys {
            if !key.contains(':') {
                return malformed(VENDOR);
            }
            let condition = Condition::read(operator, key, texts(values)?);
            let condition = condition.map_err(|unreadable| match unreadable {
                Unreadable::Operator => Malformed(format!("Invalid Condition type : {operator}.")),
                Unreadable::Value => Malformed(SYNTAX.to_owned()),
            })?;
            all.push(condition);
        }
    }
    Ok(all)
}

/// A text or a list of texts. Numbers and truths may stand in conditions without quotes.
fn texts(given: &Value) -> Result<Vec<String>, Malformed> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => malformed(SYNTAX),
    };
    match given {
        Value::Array(all) if all.is_empty() => malformed(SYNTAX),
        Value::Array(all) => all.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), Malformed> {
    if object.keys().all(|key| known.contains(&key.as_str())) { Ok(()) } else { malformed(SYNTAX) }
}

fn is_action(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"*?-".contains(&byte);
    let parts = text.split_once(':');
    text == "*"
        || parts.is_some_and(|(vendor, name)| {
            !vendor.is_empty()
                && vendor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !name.is_empty()
                && name.bytes().all(is_name)
        })
}

fn is_resource(text: &str) -> bool {
    text == "*" || (text.starts_with("arn:") && text.split(':').count() >= 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        Document::parse(text, Kind::Identity).err().unwrap_or(Malformed("taken".to_owned())).0
    }

    #[test]
    fn a_policy_that_aws_would_call_malformed_is_told_why() {
        let of = |statement: &str| format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        let allow = |rest: &str| of(&format!(r#"[{{"Effect":"Allow",{rest}}}]"#));
        for (policy, expected) in [
            ("{".to_owned(), NOT_JSON),
            ("[]".to_owned(), NOT_JSON),
            (r#"{"Statement":[]}"#.to_owned(), SYNTAX),
            (of("[]"), SYNTAX),
            (of(r#"[{"Effect":"Perhaps","Action":"s3:*","Resource":"*"}]"#), SYNTAX),
            (allow(r#""Action":"s3:*","Resource":"*","Ressource":"*""#), SYNTAX),
            (allow(r#""Resource":"*""#), "Policy statement must contain actions."),
            (allow(r#""Action":"s3:*""#), "Policy statement must contain resources."),
            (allow(r#""Action":"PutObject","Resource":"*""#), VENDOR),
            (allow(r#""Action":"s3:Put Object","Resource":"*""#), VENDOR),
            (
                allow(r#""Action":"s3:*","Resource":"audit""#),
                r#"Resource audit must be in ARN format or "*"."#,
            ),
            (
                allow(r#""Action":"s3:*","Resource":"*","Principal":"*""#),
                "Policy document should not specify a principal.",
            ),
            (
                allow(r#""Action":"s3:*","Resource":"*","Condition":{"StringEqual":{"a:b":"c"}}"#),
                "Invalid Condition type : StringEqual.",
            ),
            (allow(r#""Action":"s3:*","NotAction":"s3:*","Resource":"*""#), SYNTAX),
            (
                allow(
                    r#""Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"17:30"}}"#,
                ),
                SYNTAX,
            ),
            (r#"{"Version":"2026-01-01","Statement":[]}"#.to_owned(), SYNTAX),
        ] {
            assert_eq!(why(&policy), expected, "{policy}");
        }
        let twice = r#"{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
        let twice = of(&format!("[{twice},{twice}]"));
        assert_eq!(why(&twice), "Statement IDs (SID) in a single policy must be unique.");
    }

    #[test]
    fn one_statement_needs_no_list_and_one_value_neither() {
        let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*",
            "Condition":{"Bool":{"aws:SecureTransport":false},"NumericLessThan":{"s3:max-keys":10}}}}"#;
        let read = Document::parse(policy, Kind::Identity).unwrap();
        assert_eq!((read.statements.len(), read.statements[0].conditions.len()), (1, 2));
    }

    #[test]
    fn a_trust_policy_names_principals_and_no_resources() {
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}}"#;
        assert!(Document::parse(trust, Kind::Trust).unwrap().statements[0].principals.is_empty());
        assert!(Document::parse(&trust.replace("Principal", "Resource"), Kind::Trust).is_err());
    }
}
