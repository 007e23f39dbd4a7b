//! Permissions: what the roles of the organisation may do, made of short likenesses of AWS's managed policies.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use crate::iam::{Document, Kind};

/// The likenesses: fewer actions than AWS's own, those of the services served here among them.
static MANAGED: LazyLock<HashMap<String, Arc<Document>>> = LazyLock::new(|| {
    let all: HashMap<String, Value> = serde_json::from_str(include_str!("managed.json")).unwrap_or_default();
    all.into_iter().filter_map(|(name, statements)| Some((name, inline(&statements)?))).collect()
});

/// What permission sets hold besides managed policies: the way into chained roles. Without it a role that trusts only
/// the account would stay shut, since such trust leaves it to the account's own policies.
static CHAINING: LazyLock<Option<Arc<Document>>> = LazyLock::new(|| {
    inline(&json!({
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Resource": "arn:*:iam::*:role/*",
    }))
});

/// AWS's managed policy of an ARN such as `arn:aws:iam::aws:policy/job-function/Billing`, if it is known here.
pub(crate) fn managed(arn: &str, partition: &str) -> Option<Arc<Document>> {
    let name = arn.strip_prefix("arn:")?.strip_prefix(partition)?.strip_prefix(":iam::aws:policy/")?;
    MANAGED.get(name).cloned()
}

/// The policies of a permission set, by its name.
pub(crate) fn of_permission_set(name: &str) -> Vec<Arc<Document>> {
    let managed: &[&str] = match name {
        "AdministratorAccess" | "BreakGlass" => &["AdministratorAccess"],
        "DeveloperAccess" | "PowerUserAccess" | "DeployOperator" | "GlueOperator" => &["PowerUserAccess"],
        "IncidentResponder" => &["ReadOnlyAccess", "CloudWatchLogsFullAccess", "AWSLambda_FullAccess"],
        "AuditLogWriter" => &["AmazonS3FullAccess", "CloudWatchLogsFullAccess"],
        "DataScientist" => &["AmazonS3ReadOnlyAccess", "AmazonDynamoDBReadOnlyAccess"],
        "ViewOnlyAccess" => &["job-function/ViewOnlyAccess"],
        "BillingViewer" => &["job-function/Billing"],
        "SupportUser" => &["job-function/SupportUser"],
        "SecurityAudit" => &["SecurityAudit"],
        "NetworkAdministrator" => &["job-function/NetworkAdministrator"],
        "DatabaseAdministrator" => &["job-function/DatabaseAdministrator"],
        _ => &["ReadOnlyAccess"],
    };
    // The one permission set that may not chain: a lease of it can't be narrowed.
    let chaining = CHAINING.iter().filter(|_| name != "BillingViewer").cloned();
    named(managed).chain(chaining).collect()
}

/// Managed policies by the ends of their ARNs.
pub(crate) fn named(names: &[&str]) -> impl Iterator<Item = Arc<Document>> {
    names.iter().filter_map(|name| MANAGED.get(*name).cloned())
}

fn inline(statements: &Value) -> Option<Arc<Document>> {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    Document::parse(&text, Kind::Identity).ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{Context, Request, decide};

    #[test]
    fn every_likeness_is_a_policy_and_is_found_by_its_arn() {
        let all: HashMap<String, Value> = serde_json::from_str(include_str!("managed.json")).unwrap();
        for name in all.keys() {
            let arn = format!("arn:aws-cn:iam::aws:policy/{name}");
            assert!(managed(&arn, "aws-cn").is_some(), "{name}");
            assert!(managed(&arn, "aws").is_none(), "another partition's policies are not ours");
        }
    }

    #[test]
    fn permission_sets_may_do_what_their_names_say() {
        let context = Context::default();
        for (name, action, expected) in [
            ("AdministratorAccess", "iam:DeleteRole", true),
            ("DeveloperAccess", "s3:PutObject", true),
            ("DeveloperAccess", "iam:DeleteRole", false),
            ("ReadOnlyAccess", "s3:GetObject", true),
            ("ReadOnlyAccess", "s3:PutObject", false),
            ("ReadOnlyAccess", "secretsmanager:GetSecretValue", false),
            ("AuditLogWriter", "s3:PutObject", true),
            ("BillingViewer", "s3:ListAllMyBuckets", false),
            ("TeamAccess5", "s3:GetObject", true),
        ] {
            let request = Request { action, resource: "arn:aws:s3:::a/b", context: &context };
            let decided = decide(&of_permission_set(name), None, &request);
            assert_eq!(decided.is_ok(), expected, "{name}: {action}");
        }
        let role = "arn:aws:iam::111122223333:role/DaypassScoped";
        let chain = Request { action: "sts:AssumeRole", resource: role, context: &context };
        assert!(decide(&of_permission_set("ReadOnlyAccess"), None, &chain).is_ok());
        assert!(decide(&of_permission_set("BillingViewer"), None, &chain).is_err());
    }
}
