//! What narrows a request: the scope, and the chained roles it goes through.

use std::{path::PathBuf, str::FromStr};

use clap::ArgGroup;
use daypass_domain::{
    chain::{ExternalId, SessionName, TagKey, TagValue},
    ids::Region,
    limit::{Field, Typed},
    scope::{AddressRange, PolicyArn, Service},
};

#[derive(Debug, Default, clap::Args)]
#[command(
    next_help_heading = "Narrower than the role",
    group = ArgGroup::new("base").args(["read_only", "services", "preset", "policy"])
)]
pub(crate) struct Narrow {
    /// Only what AWS's policy ReadOnlyAccess allows
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Only this service, as actions name it: s3, dynamodb (may be repeated)
    #[arg(long = "service", value_name = "SERVICE", value_parser = typed::<Service>(Field::Service))]
    pub(crate) services: Vec<Service>,
    /// A preset, like s3-bucket; --set fills it in, --grant chooses what it allows
    #[arg(long, value_name = "PRESET")]
    pub(crate) preset: Option<String>,
    /// A value of the preset, like bucket=acme-audit-logs (may be repeated)
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair, requires = "preset")]
    pub(crate) values: Vec<(String, String)>,
    /// What the preset is to allow, like put; what it allows by itself where none is given (may be repeated)
    #[arg(long = "grant", value_name = "GRANT", requires = "preset")]
    pub(crate) grants: Vec<String>,
    /// A session policy of your own, in JSON; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Only what this managed policy allows; beside another scope, that too (may be repeated)
    #[arg(long = "policy-arn", value_name = "ARN", value_parser = typed::<PolicyArn>(Field::PolicyArn))]
    pub(crate) policy_arns: Vec<PolicyArn>,
    /// Only in this Region, and in services that have none (may be repeated)
    #[arg(long = "only-region", value_name = "REGION")]
    pub(crate) regions: Vec<Region>,
    /// Only from these addresses, like 203.0.113.0/24 (may be repeated)
    #[arg(long = "only-from", value_name = "ADDRESSES", value_parser = typed::<AddressRange>(Field::Addresses))]
    pub(crate) addresses: Vec<AddressRange>,
    /// Have AWS, too, refuse the credentials from the lease end on
    #[arg(long)]
    pub(crate) until_end: bool,
    #[command(flatten)]
    pub(crate) way: Way,
    /// Only show what would be sent
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Through a chained role")]
pub(crate) struct Way {
    /// The chained role: its ARN, or a name it is known by; the only one there is where narrowing needs one (may be
    /// repeated, each from the one before)
    #[arg(long = "via", value_name = "ROLE")]
    pub(crate) via: Vec<String>,
    /// What the last chained role's trust policy asks for
    #[arg(long, value_name = "ID", value_parser = typed::<ExternalId>(Field::ExternalId))]
    pub(crate) external_id: Option<ExternalId>,
    /// What CloudTrail calls the session; your user name where not given
    #[arg(long, value_name = "NAME", value_parser = typed::<SessionName>(Field::SessionName))]
    pub(crate) session_name: Option<SessionName>,
    /// A session tag, like Ticket=OPS-1234; the reason goes along as Reason where the role takes tags (may be
    /// repeated)
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(TagKey, TagValue)>,
    /// A session tag that stays through the whole way (may be repeated)
    #[arg(long = "transitive-tag", value_name = "KEY=VALUE", value_parser = tag)]
    pub(crate) transitive_tags: Vec<(TagKey, TagValue)>,
    /// Who it is, for good: CloudTrail shows it through the whole way; your user name where not given and every
    /// role takes it
    #[arg(long, value_name = "NAME", value_parser = typed::<SessionName>(Field::SourceIdentity))]
    pub(crate) source_identity: Option<SessionName>,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("a value looks like bucket=acme-audit-logs")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn tag(text: &str) -> Result<(TagKey, TagValue), String> {
    let (key, value) = text.split_once('=').ok_or("a tag looks like Ticket=OPS-1234")?;
    Ok((typed(Field::TagKey)(key)?, typed(Field::TagValue)(value)?))
}

/// Reads a text that AWS has a limit for: what is beyond it is told with the nearest that is not.
fn typed<T: FromStr>(field: Field) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let limit = || Typed { field, text: text.to_owned() }.limit().map(|limit| limit.to_string());
        text.parse().map_err(|_| limit().unwrap_or_default())
    }
}
