//! Presets: scopes that a person only fills in. They are data, ours and an organisation's.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{failure::Code, scope::compile::Place};

/// The longest value of a parameter, in characters.
const LONGEST_VALUE: usize = 512;

/// A scope with blanks in it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub struct Preset {
    /// Its name in requests: `s3-bucket`.
    pub id: String,
    pub title: String,
    /// What it is for, in a few words.
    pub about: String,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    pub grants: Vec<Grant>,
}

/// A blank to fill in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub struct Parameter {
    /// Its name between braces in resources and conditions.
    pub name: String,
    pub label: String,
    pub kind: Kind,
    pub example: String,
    #[serde(default)]
    pub optional: bool,
}

/// Which characters a value may have. None of them means anything in a policy.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A bucket: small letters, digits, dots and dashes.
    Bucket,
    /// A name without separators: a table, function, queue.
    Name,
    /// A name that may have slashes: a log group, repository, secret.
    Path,
    /// A path that begins with a slash.
    Root,
    /// The beginning of an object's key.
    Prefix,
}

impl Kind {
    fn takes(self, value: &str) -> bool {
        let name = |c: char| c.is_ascii_alphanumeric() || "._-+=@".contains(c);
        let path = |c: char| name(c) || "/#".contains(c);
        match self {
            Self::Bucket => {
                (3..=63).contains(&value.len())
                    && value.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c))
            }
            Self::Name => value.chars().all(name),
            Self::Path => value.chars().all(path),
            Self::Root => value.len() > 1 && value.starts_with('/') && value.chars().all(path),
            Self::Prefix => !value.chars().any(|c| c.is_control() || "*?${}\"\\".contains(c)),
        }
    }
}

/// Something a preset allows; the person chooses among them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub struct Grant {
    pub id: String,
    pub label: String,
    pub actions: Vec<String>,
    /// ARNs with `{partition}`, `{region}`, `{account}` and the parameters in braces.
    pub resources: Vec<String>,
    /// Operator, key, values; left out where a parameter named in a value is empty.
    #[serde(default)]
    pub conditions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Whether it is chosen where the person chooses nothing.
    #[serde(default)]
    pub default: bool,
}

/// A grant with everything filled in.
pub(super) struct Filled {
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) conditions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// The presets Daypass brings.
pub static OURS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a test reads the same text")]
    serde_json::from_str(include_str!("presets.json")).expect("presets.json is ours")
});

impl Preset {
    /// The chosen grants with the values in their places.
    ///
    /// # Errors
    /// A value is missing or is none of its kind, or no grant is chosen.
    pub(super) fn fill(
        &self,
        values: &BTreeMap<String, String>,
        chosen: Option<&[String]>,
        place: &Place<'_>,
    ) -> Result<Vec<Filled>, Code> {
        let blanks = self.blanks(values, place)?;
        let is_chosen = |grant: &&Grant| chosen.map_or(grant.default, |ids| ids.contains(&grant.id));
        let grants: Vec<_> = self.grants.iter().filter(is_chosen).map(|grant| grant.fill(&blanks)).collect();
        if grants.is_empty() { Err(Code::NoGrants) } else { Ok(grants) }
    }

    fn blanks<'a>(
        &'a self,
        values: &'a BTreeMap<String, String>,
        place: &Place<'a>,
    ) -> Result<BTreeMap<&'a str, &'a str>, Code> {
        let mut blanks = BTreeMap::from([
            ("partition", place.region.partition()),
            ("region", place.region.as_str()),
            ("account", place.account.as_str()),
        ]);
        for parameter in &self.parameters {
            let value = values.get(&parameter.name).map_or("", |v| v.trim());
            if value.is_empty() && !parameter.optional {
                return Err(Code::ParameterMissing);
            }
            let fits = value.chars().count() <= LONGEST_VALUE;
            let is_right = value.is_empty() || (fits && parameter.kind.takes(value));
            if !is_right {
                return Err(Code::ParameterInvalid);
            }
            blanks.insert(&parameter.name, value);
        }
        Ok(blanks)
    }

    /// Whether every blank in it is one of its parameters: what an organisation wrote is checked when it is read.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let names: Vec<_> = self.parameters.iter().map(|p| p.name.as_str()).collect();
        let known = |text: &str| {
            blanks_in(text)
                .all(|blank| ["partition", "region", "account"].contains(&blank) || names.contains(&blank))
        };
        let is_action = |text: &str| {
            text.split_once(':').is_some_and(|(service, action)| {
                !service.is_empty() && !action.is_empty() && !service.contains('*')
            })
        };
        !self.id.is_empty()
            && !self.grants.is_empty()
            && self.grants.iter().all(|grant| {
                let values = grant.conditions.values().flat_map(BTreeMap::values).flatten();
                !grant.actions.is_empty()
                    && grant.actions.iter().all(|action| is_action(action))
                    && !grant.resources.is_empty()
                    && grant.resources.iter().chain(values).all(|text| known(text))
            })
    }
}

impl Grant {
    fn fill(&self, blanks: &BTreeMap<&str, &str>) -> Filled {
        let is_told =
            |text: &String| blanks_in(text).all(|blank| blanks.get(blank).is_some_and(|v| !v.is_empty()));
        let mut conditions = self.conditions.clone();
        for keys in conditions.values_mut() {
            keys.retain(|_, values| values.iter().all(is_told));
            for value in keys.values_mut().flatten() {
                *value = fill(value, blanks);
            }
        }
        conditions.retain(|_, keys| !keys.is_empty());
        Filled {
            actions: self.actions.clone(),
            resources: self.resources.iter().map(|text| fill(text, blanks)).collect(),
            conditions,
        }
    }
}

/// Puts values into their places, each once: a value with braces in it is filled into nothing.
fn fill(text: &str, blanks: &BTreeMap<&str, &str>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_blank(rest) {
        filled.push_str(before);
        filled.push_str(blanks.get(name).copied().unwrap_or_default());
        rest = after;
    }
    filled + rest
}

fn blanks_in(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next_blank(rest)?;
        rest = after;
        Some(name)
    })
}

/// What stands before the next blank, its name, and what follows. `${…}` is IAM's own and no blank.
fn next_blank(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        let close = open + text[open..].find('}')?;
        if !text[..open].ends_with('$') {
            return Some((&text[..open], &text[open + 1..close], &text[close + 1..]));
        }
        from = close + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_presets_are_sound_and_named_once() {
        assert!(OURS.len() >= 15);
        for preset in OURS.iter() {
            assert!(preset.is_sound(), "{}", preset.id);
            assert!(preset.grants.iter().any(|g| g.default), "{} grants something at once", preset.id);
            assert_eq!(OURS.iter().filter(|p| p.id == preset.id).count(), 1);
        }
    }

    #[test]
    fn a_preset_with_a_blank_nobody_fills_is_not_sound() {
        let mut preset = OURS[0].clone();
        preset.grants[0].resources = vec!["arn:{partition}:s3:::{nothing}".to_owned()];
        assert!(!preset.is_sound());
        preset.grants[0].resources = vec!["arn:aws:s3:::home/${aws:username}".to_owned()];
        assert!(preset.is_sound(), "IAM's own variables are no blanks");
        preset.grants[0].actions = vec!["*".to_owned()];
        assert!(!preset.is_sound());
    }

    #[test]
    fn a_value_is_put_in_once_and_never_read_again() {
        let blanks = BTreeMap::from([("a", "{b}"), ("b", "x")]);
        assert_eq!(fill("{a}/{b}/${aws:username}", &blanks), "{b}/x/${aws:username}");
    }
}
