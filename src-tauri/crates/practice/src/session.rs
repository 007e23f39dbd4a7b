//! Sessions: who credentials speak for, and what narrows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::iam::{Context, Document};
use crate::organisation::{reserved_role_name, role_id};
use crate::partition::Partition;
use crate::permissions;

/// The one person of the organisation, and so the session name of the portal's credentials.
const PERSON: &str = "dana@example.com";
/// The organisation's id, as in `aws:PrincipalOrgID`.
const ORGANISATION: &str = "o-practice0";

/// A session of a role: the portal's, or one that was assumed with the credentials of another.
pub(crate) struct RoleSession {
    pub(crate) account_id: String,
    /// The role as IAM has it, without its path.
    pub(crate) role_name: String,
    /// `/`, or the path between the role's account and its name.
    path: String,
    /// The last part of the session's ARN.
    pub(crate) name: String,
    /// Whether it came from AssumeRole.
    pub(crate) is_chained: bool,
    /// The role's own policies.
    pub(crate) policies: Vec<Arc<Document>>,
    /// Session policies; none at all narrow nothing.
    pub(crate) session_policies: Option<Vec<Arc<Document>>>,
    /// Session tags by key in small letters: the key as it was given, and the value.
    pub(crate) tags: BTreeMap<String, (String, String)>,
    /// Keys in small letters of the tags that go on to the sessions assumed from here.
    pub(crate) transitive: BTreeSet<String>,
    pub(crate) source_identity: Option<String>,
    pub(crate) issued: OffsetDateTime,
}

impl RoleSession {
    /// The portal's session of a permission set. Its role lies under the Region of Identity Center but in us-east-1.
    pub(crate) fn of_portal(account_id: &str, role: &str, region: &str, issued: OffsetDateTime) -> Self {
        let region = if region == "us-east-1" { String::new() } else { format!("{region}/") };
        Self {
            account_id: account_id.to_owned(),
            role_name: reserved_role_name(account_id, role),
            path: format!("/aws-reserved/sso.amazonaws.com/{region}"),
            name: PERSON.to_owned(),
            is_chained: false,
            policies: permissions::of_permission_set(role),
            session_policies: None,
            tags: BTreeMap::new(),
            transitive: BTreeSet::new(),
            source_identity: None,
            issued,
        }
    }

    /// A session of an assumed role, of which `name` has the path before it, as in ARNs.
    pub(crate) fn of_role(account_id: &str, name: &str, session_name: &str, issued: OffsetDateTime) -> Self {
        let (path, role_name) = name.rsplit_once('/').map_or(("", name), |(path, name)| (path, name));
        Self {
            account_id: account_id.to_owned(),
            role_name: role_name.to_owned(),
            path: if path.is_empty() { "/".to_owned() } else { format!("/{path}/") },
            name: session_name.to_owned(),
            is_chained: true,
            policies: Vec::new(),
            session_policies: None,
            tags: BTreeMap::new(),
            transitive: BTreeSet::new(),
            source_identity: None,
            issued,
        }
    }

    /// The session as GetCallerIdentity names it. Paths don't stand in it.
    pub(crate) fn arn(&self, partition: Partition) -> String {
        let (partition, account, role, name) =
            (partition.arn_name(), &self.account_id, &self.role_name, &self.name);
        format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}")
    }

    /// The role.
    pub(crate) fn role_arn(&self, partition: Partition) -> String {
        let (partition, account) = (partition.arn_name(), &self.account_id);
        format!("arn:{partition}:iam::{account}:role{}{}", self.path, self.role_name)
    }

    /// The account, as policies name it to leave the rest to it.
    pub(crate) fn account_arn(&self, partition: Partition) -> String {
        format!("arn:{}:iam::{}:root", partition.arn_name(), self.account_id)
    }

    /// Unique id of the role and the session's name.
    pub(crate) fn user_id(&self) -> String {
        format!("{}:{}", role_id(&self.account_id, &self.role_name), self.name)
    }

    /// The condition keys of the caller. There is no `aws:username`: a role isn't a user.
    pub(crate) fn context(&self, partition: Partition) -> Context {
        let issued = self.issued.replace_nanosecond(0).unwrap_or(self.issued);
        let context = Context::default()
            .with("aws:PrincipalAccount", &self.account_id)
            .with("aws:PrincipalArn", self.role_arn(partition))
            .with("aws:PrincipalType", "AssumedRole")
            .with("aws:PrincipalOrgID", ORGANISATION)
            .with("aws:PrincipalIsAWSService", "false")
            .with("aws:userid", self.user_id())
            .with("aws:MultiFactorAuthPresent", "false")
            .with("aws:ViaAWSService", "false")
            .with("aws:TokenIssueTime", issued.format(&Rfc3339).unwrap_or_default())
            .with_some("aws:SourceIdentity", self.source_identity.as_ref());
        self.tags.iter().fold(context, |context, (key, (_, value))| {
            context.with(&format!("aws:PrincipalTag/{key}"), value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_have_the_paths_that_aws_gives_them() {
        let at = OffsetDateTime::UNIX_EPOCH;
        let of = |region: &str| RoleSession::of_portal("111122223333", "ReadOnlyAccess", region, at);
        let begins = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/";
        let role_arn = of("us-east-1").role_arn(Partition::Aws);
        assert!(role_arn.starts_with(&format!("{begins}AWSReservedSSO_ReadOnlyAccess_")), "{role_arn}");
        let role_arn = of("eu-west-1").role_arn(Partition::Aws);
        assert!(role_arn.starts_with(&format!("{begins}eu-west-1/AWSReservedSSO_")), "{role_arn}");
        let deploy = RoleSession::of_role("111122223333", "team/a/Deploy", "dana", at);
        assert_eq!(deploy.role_arn(Partition::Aws), "arn:aws:iam::111122223333:role/team/a/Deploy");
        assert_eq!(deploy.arn(Partition::Aws), "arn:aws:sts::111122223333:assumed-role/Deploy/dana");
    }

    #[test]
    fn the_caller_s_keys_have_no_user_name_but_tags() {
        let mut session = RoleSession::of_role("111122223333", "Deploy", "dana", OffsetDateTime::UNIX_EPOCH);
        session.tags.insert("ticket".to_owned(), ("Ticket".to_owned(), "OPS-1".to_owned()));
        let context = session.context(Partition::Aws);
        assert_eq!(context.one("aws:username"), None);
        assert_eq!(context.one("aws:PrincipalTag/Ticket"), Some("OPS-1"));
    }
}
