//! Names and identifiers, each valid once it exists.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a text is not the identifier it was taken for. Never holds the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadId {
    #[error("an account id has 12 digits")]
    Account,
    #[error("a role name has 1 to 64 letters, digits or +=,.@_-")]
    Role,
    #[error("a Region has lower-case letters, digits and dashes, like eu-west-1")]
    Region,
    #[error("an SSO session has a name of 1 to 128 printable characters")]
    SsoSession,
    #[error("a session id has 8 letters or digits")]
    Session,
    #[error("a service is named as in actions: s3, dynamodb, logs")]
    Service,
    #[error("a managed policy looks like arn:aws:iam::aws:policy/ReadOnlyAccess")]
    PolicyArn,
    #[error("addresses look like 203.0.113.0/24")]
    AddressRange,
    #[error("a role's ARN looks like arn:aws:iam::111122223333:role/Name")]
    RoleArn,
    #[error("an external ID has 2 to 1224 letters, digits or +=,.@:/_-")]
    ExternalId,
    #[error("a session name has 2 to 64 letters, digits or +=,.@_-")]
    SessionName,
    #[error("a tag's key has 1 to 128 letters, digits, spaces or _.:/=+-@, and does not begin with aws:")]
    TagKey,
    #[error("a tag's value has at most 256 letters, digits, spaces or _.:/=+-@")]
    TagValue,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bad:expr, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, TS)]
        #[serde(try_from = "String", into = "String")]
        #[ts(type = "string")]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err($bad) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(crate) use id;

/// The name in an ARN of IAM's: what stands behind `kind` in `arn:PARTITION:iam::ACCOUNT:KIND/NAME`. The account is
/// 12 digits, or one of `owners`.
pub(crate) fn iam_name<'a>(arn: &'a str, kind: &str, owners: &[&str]) -> Option<&'a str> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, name] = parts[..] else { return None };
    let is_partition = partition == "aws" || partition.strip_prefix("aws-").is_some_and(is_word);
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let name = name.strip_prefix(kind)?;
    let is_name = !name.is_empty()
        && !name.ends_with('/')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_/-".contains(&b));
    (is_partition && (is_account || owners.contains(&account)) && is_name).then_some(name)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

id!(
    /// An AWS account id: 12 digits.
    AccountId, BadId::Account, |t| t.len() == 12 && t.bytes().all(|b| b.is_ascii_digit())
);
id!(
    /// A role as the portal lists it (IAM's rule for role names).
    RoleName, BadId::Role,
    |t| (1..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b))
);
id!(
    /// A Region's code. Shape only: AWS adds Regions, we don't keep a list.
    Region, BadId::Region,
    |t| (2..=32).contains(&t.len())
        && t.starts_with(|c: char| c.is_ascii_lowercase())
        && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
id!(
    /// The name of an `[sso-session]`.
    SsoSessionName, BadId::SsoSession,
    |t| !t.is_empty() && t.chars().count() <= 128 && !t.chars().any(char::is_control)
);
id!(
    /// One lease, for as long as the agent remembers it. Random, not secret.
    SessionId, BadId::Session, |t| t.len() == 8 && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
);

impl Region {
    /// The partition it is in, by the prefixes of the SDKs' `partitions.json`.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        let starts = |prefix: &str| self.as_str().starts_with(prefix);
        match () {
            () if starts("us-gov-") => "aws-us-gov",
            () if starts("cn-") => "aws-cn",
            () if starts("eusc-") => "aws-eusc",
            () => "aws",
        }
    }
}

/// One role in one account behind one SSO session.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoleRef {
    pub sso_session: SsoSessionName,
    pub account: AccountId,
    pub role: RoleName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_is_twelve_digits_and_nothing_else() {
        assert!("111122223333".parse::<AccountId>().is_ok());
        for bad in ["", "11112222333", "1111222233334", "11112222333a", "１１１１２２２２３３３３"]
        {
            assert_eq!(bad.parse::<AccountId>(), Err(BadId::Account), "{bad}");
        }
    }

    #[test]
    fn hostile_role_names_are_refused_where_they_enter() {
        for bad in ["", "a b", "a\nb", "<b>", "a;b", "\u{202e}x"] {
            assert_eq!(bad.parse::<RoleName>(), Err(BadId::Role), "{bad:?}");
        }
    }

    #[test]
    fn an_id_read_from_json_is_checked_too() {
        assert!(serde_json::from_str::<Region>("\"eu-west-1\"").is_ok());
        assert!(serde_json::from_str::<Region>("\"eu-west-1.evil.example/\"").is_err());
    }
}
