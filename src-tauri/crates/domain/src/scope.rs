//! What narrows a session. Compiled to a session policy, which can only take away from its role.

pub mod compile;
pub mod preset;
pub mod probe;

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    failure::Code,
    ids::{BadId, Region, iam_name, id},
};

/// The most managed policies a session takes.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
pub const MOST_POLICIES: usize = 10;
/// The longest session policy, in characters: more is AWS's to refuse.
pub const LONGEST_POLICY: usize = 2048;
/// The longest that is sent at all, so that nobody pastes a book.
pub const LONGEST_CUSTOM: usize = 20_000;
/// The most services, Regions or address ranges of one scope.
pub const MOST_OF_A_KIND: usize = 20;

/// What is allowed, and under which conditions.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Scope {
    pub base: Base,
    /// Managed policies besides: what they allow is allowed, too.
    pub policies: Vec<PolicyArn>,
    /// Only in these Regions (and in services that have none); in any where the list is empty.
    pub regions: Vec<Region>,
    /// Only from these addresses, and through AWS's own services; from any where the list is empty.
    pub addresses: Vec<AddressRange>,
    /// AWS, too, refuses the credentials from the lease end on, though it issues them for 15 minutes at least.
    pub until_lease_end: bool,
}

/// What of the role a session may use.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Base {
    #[default]
    WholeRole,
    /// What AWS's managed policy ReadOnlyAccess allows.
    ReadOnly,
    /// Everything in these services.
    Services { services: Vec<Service> },
    /// A preset with its parameters filled in; of its grants those named, or those it has on by default.
    Preset {
        preset: String,
        #[serde(default)]
        values: BTreeMap<String, String>,
        #[serde(default)]
        grants: Option<Vec<String>>,
    },
    /// What these managed policies allow.
    Managed { policies: Vec<PolicyArn> },
    /// A policy as the person wrote it.
    Custom { policy: String },
}

impl Base {
    /// How many managed policies it sends.
    pub(crate) fn managed(&self) -> usize {
        match self {
            Self::ReadOnly => 1,
            Self::Managed { policies } => policies.len(),
            _ => 0,
        }
    }
}

impl Scope {
    /// Whether nothing is taken away from the role.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    /// What makes no sense whatever the presets say.
    pub(crate) fn check(&self) -> Result<(), Code> {
        let counts = [self.regions.len(), self.addresses.len()];
        if counts.into_iter().any(|n| n > MOST_OF_A_KIND) {
            return Err(Code::ScopeTooWide);
        }
        match &self.base {
            Base::Services { services } if services.is_empty() => Err(Code::NoServices),
            Base::Services { services } if services.len() > MOST_OF_A_KIND => Err(Code::ScopeTooWide),
            Base::Managed { policies } if policies.is_empty() => Err(Code::PolicyCount),
            base if base.managed() + self.policies.len() > MOST_POLICIES => Err(Code::PolicyCount),
            // A session's policies are united: beside everything, more is nothing.
            Base::WholeRole if !self.policies.is_empty() => Err(Code::PoliciesBesideWhole),
            Base::Custom { policy } if policy.len() > LONGEST_CUSTOM => Err(Code::PolicyTooLong),
            _ => Ok(()),
        }
    }
}

id!(
    /// A service as actions name it: the `s3` of `s3:GetObject`.
    Service, BadId::Service,
    |t| (1..=63).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
id!(
    /// The ARN of a managed policy: `arn:aws:iam::aws:policy/ReadOnlyAccess`.
    PolicyArn, BadId::PolicyArn,
    |t| (20..=2048).contains(&t.len()) && iam_name(t, "policy/", &["aws"]).is_some()
);
id!(
    /// Addresses as one: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`.
    AddressRange, BadId::AddressRange,
    |t| t.parse::<IpNet>().is_ok_and(|net| net.addr() == net.network()) || t.parse::<IpAddr>().is_ok()
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_of_its_kind_does_not_parse() {
        let service = |text: &str| Service::try_from(text.to_owned()).is_ok();
        assert!(
            service("s3") && service("kinesis-video") && !service("s3:*") && !service("") && !service("S3")
        );
        let policy = |text: &str| PolicyArn::try_from(text.to_owned()).is_ok();
        assert!(policy("arn:aws:iam::aws:policy/ReadOnlyAccess"));
        assert!(policy("arn:aws-us-gov:iam::111122223333:policy/team/Own"));
        assert!(!policy("arn:aws:iam::aws:role/Admin") && !policy("arn:aws:iam::aws:policy/"));
        assert!(!policy("arn:aws:iam::1:policy/Short") && !policy("arn:aws:iam::aws:policy/a b"));
        let addresses = |text: &str| AddressRange::try_from(text.to_owned()).is_ok();
        assert!(addresses("203.0.113.7") && addresses("203.0.113.0/24") && addresses("2001:db8::/32"));
        assert!(!addresses("203.0.113.7/24") && !addresses("0.0.0.0/33") && !addresses("here"));
    }

    #[test]
    fn a_scope_without_anything_in_it_is_refused() {
        let check = |base| Scope { base, ..Scope::default() }.check();
        assert_eq!(check(Base::WholeRole), Ok(()));
        assert_eq!(check(Base::Services { services: vec![] }), Err(Code::NoServices));
        assert_eq!(check(Base::Managed { policies: vec![] }), Err(Code::PolicyCount));
        assert_eq!(check(Base::Custom { policy: " ".repeat(LONGEST_CUSTOM + 1) }), Err(Code::PolicyTooLong));
    }
}
