//! AWS's limits on what is typed for AssumeRole: what is wrong with a text, and the nearest that is allowed.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    chain::{ExternalId, RoleArn, SessionName, TagKey, TagValue, is_tag_character},
    failure::{Code, Failure},
    scope::{AddressRange, PolicyArn, Service},
};

/// The longest text that a button shows whole, in characters.
const SHOWN: usize = 40;
/// The prefix of tags that AWS keeps to itself, in any case.
const RESERVED: &str = "aws:";

/// What a text is to be.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    RoleArn,
    ExternalId,
    SessionName,
    SourceIdentity,
    TagKey,
    TagValue,
    PolicyArn,
    Service,
    Addresses,
}

/// A text as a person typed it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Typed {
    pub field: Field,
    pub text: String,
}

/// A text that AWS would refuse.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    /// Which of the texts it is, counted from 0.
    pub at: u32,
    pub failure: Failure,
    pub instead: Option<Instead>,
}

/// The allowed text nearest to one that is not.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Instead {
    /// What the button says.
    pub words: String,
    pub text: String,
}

impl Typed {
    /// What AWS would refuse of these texts.
    #[must_use]
    pub fn limits(all: &[Self]) -> Vec<Limit> {
        (0..).zip(all).filter_map(|(at, typed)| Some(Limit { at, ..typed.limit()? })).collect()
    }

    /// Why AWS would refuse it, and what it would take.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        let text = self.text.trim();
        (!self.field.takes(text)).then(|| Limit {
            at: 0,
            failure: self.field.code(text).into(),
            instead: self.field.nearest(text),
        })
    }
}

/// For the command: fact, advice, and what the button would say.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { fact, advice, .. } = &self.failure;
        write!(f, "{fact}. {advice}")?;
        self.instead.as_ref().map_or(Ok(()), |instead| write!(f, " {}.", instead.words))
    }
}

impl Field {
    fn takes(self, text: &str) -> bool {
        let text = text.to_owned();
        match self {
            Self::RoleArn => RoleArn::try_from(text).is_ok(),
            Self::ExternalId => ExternalId::try_from(text).is_ok(),
            Self::SessionName | Self::SourceIdentity => SessionName::try_from(text).is_ok(),
            Self::TagKey => TagKey::try_from(text).is_ok(),
            Self::TagValue => TagValue::try_from(text).is_ok(),
            Self::PolicyArn => PolicyArn::try_from(text).is_ok(),
            Self::Service => Service::try_from(text).is_ok(),
            Self::Addresses => AddressRange::try_from(text).is_ok(),
        }
    }

    fn code(self, text: &str) -> Code {
        match self {
            Self::RoleArn => Code::NoRoleArn,
            Self::ExternalId => Code::NoExternalId,
            Self::SessionName => Code::NoSessionName,
            Self::SourceIdentity => Code::NoSourceIdentity,
            Self::TagKey if is_reserved(text) => Code::TagReserved,
            Self::TagKey => Code::NoTagKey,
            Self::TagValue => Code::NoTagValue,
            Self::PolicyArn => Code::NoPolicyArn,
            Self::Service => Code::NoService,
            Self::Addresses => Code::NoAddresses,
        }
    }

    fn nearest(self, text: &str) -> Option<Instead> {
        let name = |more: &'static str| move |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        let near = match self {
            Self::RoleArn => return None,
            Self::ExternalId => near(text, 1224, '-', name("_+=,.@:/-")),
            Self::SessionName | Self::SourceIdentity => near(text, 64, '-', name("_+=,.@-")),
            Self::TagKey => near(without_reserved(text), 128, ' ', is_tag_character),
            Self::TagValue => near(text, 256, ' ', is_tag_character),
            Self::PolicyArn => format!("arn:aws:iam::aws:policy/{text}"),
            Self::Service => text.split(':').next().unwrap_or_default().to_lowercase(),
            Self::Addresses => text.parse::<IpNet>().ok()?.trunc().to_string(),
        };
        if !self.takes(&near) {
            return None;
        }
        let words = if text.starts_with(&near) && matches!(near.chars().count(), 64 | 128 | 256 | 1224) {
            format!("Shorten to {} characters", near.chars().count())
        } else if near.chars().count() <= SHOWN {
            format!("Use {near}")
        } else {
            "Leave out what is not allowed".to_owned()
        };
        Some(Instead { words, text: near })
    }
}

fn is_reserved(key: &str) -> bool {
    key.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
}

fn without_reserved(mut key: &str) -> &str {
    while is_reserved(key) {
        key = key[RESERVED.len()..].trim_start();
    }
    key
}

/// `text` with `gap` for what is not allowed, no longer than `most` characters.
pub(crate) fn near(text: &str, most: usize, gap: char, is_allowed: impl Fn(char) -> bool) -> String {
    let text: String = text.chars().map(|c| if is_allowed(c) { c } else { gap }).take(most).collect();
    text.trim_matches(gap).to_owned()
}
