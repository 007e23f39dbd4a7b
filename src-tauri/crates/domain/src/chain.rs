//! The way to a session: the portal's role, then chained roles, each assumed from the one before.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wildmatch::WildMatchPattern;

use crate::{
    failure::Code,
    ids::{BadId, RoleRef, iam_name, id},
    time::Seconds,
};

/// How long AWS lets credentials from a chained role live, whatever the role says.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>
pub const CHAINED_LONGEST: Seconds = Seconds::hours(1);
/// The shortest AWS issues credentials for.
pub const SHORTEST_CREDENTIALS: Seconds = Seconds::minutes(15);
/// The most chained roles on one way.
pub const MOST_HOPS: usize = 5;
/// The most session tags.
pub const MOST_TAGS: usize = 50;

id!(
    /// A role's ARN, path included.
    RoleArn, BadId::RoleArn,
    |t| (20..=2048).contains(&t.len()) && iam_name(t, "role/", &[]).is_some()
);
id!(
    /// What a trust policy may ask for besides the caller.
    ExternalId, BadId::ExternalId,
    |t| (2..=1224).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b))
);
id!(
    /// The name of a session, and the source identity: what CloudTrail shows.
    SessionName, BadId::SessionName,
    |t| (2..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
);
id!(
    /// A session tag's key.
    TagKey, BadId::TagKey,
    |t| (1..=128).contains(&t.chars().count()) && t.chars().all(is_tag_character) && !t.to_lowercase().starts_with("aws:")
);
id!(
    /// A session tag's value.
    TagValue, BadId::TagValue,
    |t| t.chars().count() <= 256 && t.chars().all(is_tag_character)
);

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`, as STS says.
pub(crate) fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

impl SessionName {
    /// Where nobody knows the person.
    #[must_use]
    pub fn of_nobody() -> Self {
        Self("daypass".to_owned())
    }

    /// What is left of `text` where only some characters may stand; None where that is too little.
    #[must_use]
    pub fn sanitised(text: &str) -> Option<Self> {
        let name: String = text
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' })
            .take(64)
            .collect();
        name.trim_matches('-').to_owned().try_into().ok()
    }
}

impl RoleArn {
    /// The account it is in.
    #[must_use]
    pub fn account(&self) -> &str {
        self.as_str().split(':').nth(4).unwrap_or_default()
    }

    /// Its name without path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }
}

/// One AssumeRole.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    pub role: RoleArn,
    #[serde(default)]
    pub external_id: Option<ExternalId>,
}

/// What a chained session carries for those who read CloudTrail and for trust policies.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Labels {
    /// Made from the identity where none is given.
    pub session_name: Option<SessionName>,
    pub tags: Vec<Tag>,
    /// The person, where the role takes it; it stays through the whole chain.
    pub source_identity: Option<SessionName>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    pub key: TagKey,
    pub value: TagValue,
    /// Whether it stays with roles assumed from this session.
    #[serde(default)]
    pub transitive: bool,
}

impl Labels {
    pub(crate) fn check(&self) -> Result<(), Code> {
        if self.tags.len() > MOST_TAGS {
            return Err(Code::TooManyTags);
        }
        let keys: BTreeSet<_> = self.tags.iter().map(|tag| tag.key.as_str().to_lowercase()).collect();
        if keys.len() == self.tags.len() { Ok(()) } else { Err(Code::TagTwice) }
    }

    /// How much of the room for tags and policies these take, in percent, roughly: AWS packs them by a rule it
    /// does not tell. About 455 characters of tags fill it.
    #[must_use]
    pub fn packed_percent(&self) -> u32 {
        let characters: usize =
            self.tags.iter().map(|t| t.key.as_str().chars().count() + t.value.as_str().chars().count()).sum();
        u32::try_from(characters * 100 / 455).unwrap_or(u32::MAX)
    }
}

/// A role known to be assumable from portal roles.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChainedRole {
    /// What the person calls it.
    pub name: String,
    /// Its ARN; `{account}` stands for the account of the portal role, `{partition}` for its partition.
    pub arn: String,
    #[serde(default)]
    pub external_id: Option<ExternalId>,
    /// Portal roles it can be assumed from; `*` stands for anything.
    pub from_role: String,
    /// Accounts (names or ids) whose portal roles those are.
    pub from_account: String,
    /// Whether its trust policy allows session tags (sts:TagSession).
    pub takes_tags: bool,
    /// Whether it allows a source identity (sts:SetSourceIdentity).
    pub takes_source_identity: bool,
    pub source: Known,
}

/// Where a chained role, preset or rule is known from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Known {
    /// Daypass brings it.
    Daypass,
    /// The AWS config file.
    Config,
    /// The person's settings.
    Settings,
    /// The organisation's file.
    Organisation,
    /// The practice organisation has it.
    Practice,
}

impl ChainedRole {
    /// The one that every account of the practice organisation has.
    #[must_use]
    pub fn of_practice() -> Self {
        Self {
            name: "DaypassScoped".to_owned(),
            arn: "arn:{partition}:iam::{account}:role/DaypassScoped".to_owned(),
            external_id: None,
            from_role: "*".to_owned(),
            from_account: "*".to_owned(),
            takes_tags: true,
            takes_source_identity: true,
            source: Known::Practice,
        }
    }

    /// The role's ARN for someone who holds `role`; None where it can't be assumed from there.
    #[must_use]
    pub fn for_role(&self, role: &RoleRef, account_name: &str, partition: &str) -> Option<RoleArn> {
        let matches = |pattern: &str, text: &str| {
            WildMatchPattern::<'*', '?'>::new_case_insensitive(pattern).matches(text)
        };
        let is_from = matches(&self.from_role, role.role.as_str())
            && (matches(&self.from_account, account_name)
                || matches(&self.from_account, role.account.as_str()));
        let arn = self.arn.replace("{account}", role.account.as_str()).replace("{partition}", partition);
        arn.try_into().ok().filter(|_| is_from)
    }

    /// Whether its ARN is one for any account.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let arn = self.arn.replace("{account}", "111122223333").replace("{partition}", "aws");
        RoleArn::try_from(arn).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_wide_role_serves_every_account() {
        let role = ChainedRole {
            name: "Scoped".to_owned(),
            arn: "arn:{partition}:iam::{account}:role/daypass/Scoped".to_owned(),
            external_id: None,
            from_role: "Developer*".to_owned(),
            from_account: "*-prod".to_owned(),
            takes_tags: true,
            takes_source_identity: true,
            source: Known::Organisation,
        };
        let from = |name: &str| RoleRef {
            sso_session: "acme".parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            role: name.parse().unwrap(),
        };
        let arn = role.for_role(&from("DeveloperAccess"), "pay-prod", "aws-us-gov").unwrap();
        assert_eq!(arn.as_str(), "arn:aws-us-gov:iam::111122223333:role/daypass/Scoped");
        assert_eq!((arn.name(), arn.account()), ("Scoped", "111122223333"));
        assert_eq!(role.for_role(&from("ReadOnly"), "pay-prod", "aws"), None);
        assert_eq!(role.for_role(&from("DeveloperAccess"), "sandbox", "aws"), None);
        assert!(role.is_sound());
    }

    #[test]
    fn names_and_tags_follow_the_rules_of_sts() {
        assert_eq!(SessionName::sanitised("Dana Ö@example.com").unwrap().as_str(), "Dana--@example.com");
        assert!(SessionName::sanitised("ö").is_none());
        let key = |text: &str| TagKey::try_from(text.to_owned()).is_ok();
        assert!(key("Cost center") && key("ü:1") && !key("aws:x") && !key("AWS:x") && !key("") && !key("a*"));
        let tag = |key: &str| Tag {
            key: key.parse().unwrap(),
            value: "x".repeat(50).parse().unwrap(),
            transitive: false,
        };
        let labels = Labels { tags: vec![tag("Team"), tag("team")], ..Labels::default() };
        assert_eq!(labels.check(), Err(Code::TagTwice));
        assert_eq!(Labels { tags: vec![tag("Team")], ..Labels::default() }.packed_percent(), 11);
    }
}
