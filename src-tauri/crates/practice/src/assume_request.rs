//! The parameters of AssumeRole, refused where STS's constraints are broken before anything is looked up.

use std::collections::BTreeSet;

use crate::page::Parameters;

const NAME_PATTERN: &str = r"[\w+=,.@-]*";
const EXTERNAL_ID_PATTERN: &str = r"[\w+=,.@:\/-]*";
const TAG_PATTERN: &str = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+";
/// Characters of the policy and of the policies' ARNs.
const LONGEST_POLICY: usize = 2048;

/// What AssumeRole was asked, with every single value as it may be.
pub(crate) struct AssumeRequest {
    pub(crate) role_arn: String,
    pub(crate) session_name: String,
    pub(crate) duration: Option<u64>,
    pub(crate) policy: Option<String>,
    pub(crate) policy_arns: Vec<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) transitive_keys: Vec<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) source_identity: Option<String>,
    pub(crate) has_mfa: bool,
}

/// The broken constraints, in AWS's words.
#[derive(Default)]
struct Broken(Vec<String>);

impl AssumeRequest {
    /// Reads it.
    ///
    /// # Errors
    /// With the message of the ValidationError.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, String> {
        let one = |name: &str| parameters.one(name).map(str::to_owned);
        let list = |name: &str| -> Vec<String> {
            (1..=64).map_while(|number| one(&format!("{name}.member.{number}"))).collect()
        };
        let mut broken = Broken::default();
        let pairs = (1..=64).map_while(|number| {
            let key = one(&format!("Tags.member.{number}.Key"))?;
            Some((key, one(&format!("Tags.member.{number}.Value")).unwrap_or_default()))
        });
        let arns = (1..=64).map_while(|number| one(&format!("PolicyArns.member.{number}.arn")));
        let request = Self {
            role_arn: broken.required("roleArn", one("RoleArn")),
            session_name: broken.required("roleSessionName", one("RoleSessionName")),
            duration: one("DurationSeconds").map(|text| broken.duration(&text)),
            policy: one("Policy"),
            policy_arns: arns.collect(),
            tags: pairs.collect(),
            transitive_keys: list("TransitiveTagKeys"),
            external_id: one("ExternalId"),
            source_identity: one("SourceIdentity"),
            has_mfa: one("SerialNumber").is_some() || one("TokenCode").is_some(),
        };
        request.check(&mut broken);
        match broken.0.len() {
            0 => request.check_keys().map(|()| request),
            1 => Err(format!("1 validation error detected: {}", broken.0[0])),
            count => Err(format!("{count} validation errors detected: {}", broken.0.join("; "))),
        }
    }

    fn check(&self, broken: &mut Broken) {
        if broken.0.is_empty() {
            broken.length("roleArn", &self.role_arn, 20..=2048);
            broken.length("roleSessionName", &self.session_name, 2..=64);
            broken.pattern("roleSessionName", &self.session_name, NAME_PATTERN, is_name);
        }
        if let Some(identity) = &self.source_identity {
            broken.length("sourceIdentity", identity, 2..=64);
            broken.pattern("sourceIdentity", identity, NAME_PATTERN, is_name);
        }
        if let Some(id) = &self.external_id {
            broken.length("externalId", id, 2..=1224);
            let is_allowed = |character| is_name(character) || ":/".contains(character);
            broken.pattern("externalId", id, EXTERNAL_ID_PATTERN, is_allowed);
        }
        if let Some(policy) = &self.policy {
            // What the documentation calls plain text of both: a managed policy adds its ARN, not what it says.
            let arns: usize = self.policy_arns.iter().map(|arn| arn.chars().count()).sum();
            broken.length("policy", policy, 1..=LONGEST_POLICY.saturating_sub(arns));
            let is_allowed = |character| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
            broken.pattern("policy", policy, r"[\u0009\u000A\u000D\u0020-\u00FF]+", is_allowed);
        }
        broken.count("policyArns", self.policy_arns.len(), 10);
        broken.count("tags", self.tags.len(), 50);
        broken.count("transitiveTagKeys", self.transitive_keys.len(), 50);
        for (number, (key, value)) in (1..).zip(&self.tags) {
            let (key_field, value_field) =
                (format!("tags.{number}.member.key"), format!("tags.{number}.member.value"));
            broken.length(&key_field, key, 1..=128);
            broken.pattern(&key_field, key, TAG_PATTERN, is_of_tag);
            broken.length(&value_field, value, 0..=256);
            broken.pattern(&value_field, value, TAG_PATTERN, is_of_tag);
        }
    }

    /// What binds tags to one another.
    fn check_keys(&self) -> Result<(), String> {
        let mut keys = BTreeSet::new();
        for (key, _) in &self.tags {
            if key.to_lowercase().starts_with("aws:") {
                return Err("Tag keys beginning with aws: are reserved for system use.".to_owned());
            }
            if !keys.insert(key.to_lowercase()) {
                return Err(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.".to_owned()
                );
            }
        }
        if self.transitive_keys.iter().any(|key| !keys.contains(&key.to_lowercase())) {
            return Err("The specified transitive tag key must be included in the requested tags.".to_owned());
        }
        Ok(())
    }
}

impl Broken {
    fn because(&mut self, field: &str, value: &str, constraint: &str) {
        let sentence = format!("Value '{value}' at '{field}' failed to satisfy constraint: {constraint}");
        self.0.push(sentence);
    }

    fn required(&mut self, field: &str, value: Option<String>) -> String {
        if value.is_none() {
            let sentence =
                format!("Value null at '{field}' failed to satisfy constraint: Member must not be null");
            self.0.push(sentence);
        }
        value.unwrap_or_default()
    }

    fn length(&mut self, field: &str, value: &str, range: std::ops::RangeInclusive<usize>) {
        let length = value.chars().count();
        if length < *range.start() {
            let constraint = format!("Member must have length greater than or equal to {}", range.start());
            self.because(field, value, &constraint);
        } else if length > *range.end() {
            let constraint = format!("Member must have length less than or equal to {}", range.end());
            self.because(field, value, &constraint);
        }
    }

    fn pattern(&mut self, field: &str, value: &str, pattern: &str, is_allowed: impl Fn(char) -> bool) {
        if !value.chars().all(is_allowed) {
            let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
            self.because(field, value, &constraint);
        }
    }

    fn count(&mut self, field: &str, count: usize, most: usize) {
        if count > most {
            let constraint = format!("Member must have length less than or equal to {most}");
            self.because(field, &format!("[{count} members]"), &constraint);
        }
    }

    fn duration(&mut self, text: &str) -> u64 {
        match text.parse::<i64>() {
            Ok(seconds) if seconds < 900 => {
                let constraint = "Member must have value greater than or equal to 900";
                self.because("durationSeconds", text, constraint);
            }
            Ok(seconds) if seconds > 43200 => {
                let constraint = "Member must have value less than or equal to 43200";
                self.because("durationSeconds", text, constraint);
            }
            Ok(seconds) => return seconds.unsigned_abs(),
            Err(_) => self.because("durationSeconds", text, "Member must be a number"),
        }
        0
    }
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)
}

/// Letters, spaces and numbers of any script, and a few signs.
fn is_of_tag(character: char) -> bool {
    let is_space = character.is_whitespace() && !character.is_control();
    character.is_alphanumeric() || is_space || "_.:/=+-@".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/DaypassScoped";

    fn read(more: &[(&str, &str)]) -> Result<AssumeRequest, String> {
        let usual = [("RoleArn", ROLE), ("RoleSessionName", "dana")];
        let is_changed = |name: &str| more.iter().any(|(changed, _)| *changed == name);
        let all = usual
            .iter()
            .filter(|(name, _)| !is_changed(name))
            .chain(more.iter().filter(|one| !one.1.is_empty()));
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        AssumeRequest::read(&Parameters::parse(text.as_bytes()))
    }

    fn why(name: &str, value: &str) -> String {
        read(&[(name, value)]).err().unwrap_or_else(|| "taken".to_owned())
    }

    #[test]
    fn every_limit_is_told_as_sts_tells_it() {
        let long = |length: usize| "x".repeat(length);
        for (name, value, expected) in [
            ("RoleArn", String::new(), "Member must not be null"),
            (
                "RoleArn",
                long(19),
                "at 'roleArn' failed to satisfy constraint: Member must have length greater",
            ),
            ("RoleSessionName", "x".to_owned(), "Member must have length greater than or equal to 2"),
            ("RoleSessionName", long(65), "Member must have length less than or equal to 64"),
            ("RoleSessionName", "Dana Example".to_owned(), r"pattern: [\w+=,.@-]*"),
            ("RoleSessionName", "dána".to_owned(), r"pattern: [\w+=,.@-]*"),
            ("DurationSeconds", "899".to_owned(), "Member must have value greater than or equal to 900"),
            ("DurationSeconds", "43201".to_owned(), "Member must have value less than or equal to 43200"),
            ("DurationSeconds", "900".to_owned(), "taken"),
            ("Policy", long(2048), "taken"),
            ("Policy", long(2049), "at 'policy' failed to satisfy constraint: Member must have length less"),
            (
                "Policy",
                "\u{20ac}".to_owned(),
                "at 'policy' failed to satisfy constraint: Member must satisfy",
            ),
            ("ExternalId", "x".to_owned(), "Member must have length greater than or equal to 2"),
            ("ExternalId", long(1225), "Member must have length less than or equal to 1224"),
            ("ExternalId", "a:b/c".to_owned(), "taken"),
            ("SourceIdentity", "x".to_owned(), "at 'sourceIdentity' failed"),
            ("Tags.member.1.Key", long(129), "at 'tags.1.member.key' failed"),
            ("Tags.member.1.Key", "Équipe à 2".to_owned(), "taken"),
            ("Tags.member.1.Key", "a*b".to_owned(), r"\p{N}_.:/=+\-@]+"),
            ("Tags.member.1.Key", "AWS:x".to_owned(), "reserved"),
            ("TransitiveTagKeys.member.1", "Team".to_owned(), "must be included in the requested tags"),
        ] {
            let told = why(name, &value);
            assert!(told.contains(expected), "{name}: {told}");
        }
    }

    #[test]
    fn limits_of_lists_and_of_all_policies_together() {
        let many = |name: fn(usize) -> String, value: &str, count: usize| {
            let names: Vec<String> = (1..=count).map(name).collect();
            let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), value)).collect();
            read(&pairs).err()
        };
        let arn = |number: usize| format!("PolicyArns.member.{number}.arn");
        assert_eq!(many(arn, "arn:aws:iam::aws:policy/ReadOnlyAccess", 10), None);
        assert!(many(arn, "arn:aws:iam::aws:policy/ReadOnlyAccess", 11).unwrap().contains("or equal to 10"));
        let tag = |number: usize| format!("Tags.member.{number}.Key");
        assert!(many(tag, "same", 2).unwrap().contains("case insensitive"));
        assert!(many(tag, "same", 51).unwrap().contains("at 'tags'"));
        let (policy, arn) = ("x".repeat(2000), "y".repeat(49));
        assert!(read(&[("Policy", &policy), ("PolicyArns.member.1.arn", &arn)]).is_err(), "united, 2,049");
    }
}
