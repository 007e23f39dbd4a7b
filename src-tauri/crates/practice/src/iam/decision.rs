//! Decisions: whether policies let a request pass, and whose fault it is when they don't.

use std::sync::Arc;

use super::Context;
use super::document::{Document, Names, Statement};
use super::pattern::Pattern;

/// What somebody wants to do.
pub(crate) struct Request<'a> {
    /// As policies name it, `s3:PutObject`.
    pub(crate) action: &'a str,
    /// An ARN, or `*`.
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
}

/// Why a request doesn't pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Denied {
    ExplicitlyByIdentity,
    ExplicitlyBySession,
    NotByIdentity,
    NotBySession,
}

impl Denied {
    /// The end of AWS's sentence "User: … is not authorized to perform: …".
    pub(crate) fn because(self, action: &str) -> String {
        match self {
            Self::ExplicitlyByIdentity => "with an explicit deny in an identity-based policy".to_owned(),
            Self::ExplicitlyBySession => "with an explicit deny in a session policy".to_owned(),
            Self::NotByIdentity => format!("because no identity-based policy allows the {action} action"),
            Self::NotBySession => format!("because no session policy allows the {action} action"),
        }
    }
}

/// What a trust policy says of somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trust {
    Denied,
    /// Nothing lets them in.
    None,
    /// Their account is let in, which leaves it to that account to say who.
    Account,
    /// They themselves are let in, so that in the same account nothing else has to.
    Directly,
}

/// Whether a role's policies and, where there are any, a session's policies let a request pass: both have to, each of
/// them by one statement anywhere in it, and a Deny in either is the end of it.
///
/// # Errors
/// When they don't.
pub(crate) fn decide(
    identity: &[Arc<Document>],
    session: Option<&[Arc<Document>]>,
    request: &Request<'_>,
) -> Result<(), Denied> {
    let allowed_by_session = session.map_or(Some(true), |session| allows(session, request));
    match (allows(identity, request), allowed_by_session) {
        (None, _) => Err(Denied::ExplicitlyByIdentity),
        (_, None) => Err(Denied::ExplicitlyBySession),
        (Some(false), _) => Err(Denied::NotByIdentity),
        (_, Some(false)) => Err(Denied::NotBySession),
        (Some(true), Some(true)) => Ok(()),
    }
}

/// As [`decide`], for somebody whom the resource's own policy lets in: their role's policies needn't, but mustn't deny it.
/// A session's policies still have to.
///
/// # Errors
/// When something is in the way.
pub(crate) fn decide_let_in(
    identity: &[Arc<Document>],
    session: Option<&[Arc<Document>]>,
    request: &Request<'_>,
) -> Result<(), Denied> {
    match decide(identity, session, request) {
        Err(Denied::NotByIdentity)
            if session.is_some_and(|session| allows(session, request) != Some(true)) =>
        {
            Err(Denied::NotBySession)
        }
        Err(Denied::NotByIdentity) => Ok(()),
        decided => decided,
    }
}

/// Whether policies, united, allow a request; none when one denies it.
fn allows(policies: &[Arc<Document>], request: &Request<'_>) -> Option<bool> {
    let applying = |policy: &Arc<Document>, is_allow: bool| {
        policy.statements.iter().any(|statement| {
            statement.is_allow == is_allow && statement.applies(request, policy.has_variables)
        })
    };
    let is_denied = policies.iter().any(|policy| applying(policy, false));
    (!is_denied).then(|| policies.iter().any(|policy| applying(policy, true)))
}

/// What a trust policy says of a caller: the ARNs of account, role and session, any of which it may name.
pub(crate) fn trusts(policy: &Document, account: &str, direct: &[String], request: &Request<'_>) -> Trust {
    let mut best = Trust::None;
    for statement in policy.statements.iter().filter(|one| one.applies(request, policy.has_variables)) {
        let names = |names: &[&str]| statement.principals.iter().any(|one| names.contains(&one.as_str()));
        let is_direct = names(&["*"]) || direct.iter().any(|arn| names(&[arn]));
        let is_account = names(&[account, account.split(':').nth(4).unwrap_or_default()]);
        match (statement.is_allow, is_direct, is_account) {
            (_, false, false) => {}
            (false, ..) => return Trust::Denied,
            (true, true, _) => best = Trust::Directly,
            (true, false, true) if best == Trust::None => best = Trust::Account,
            _ => {}
        }
    }
    best
}

impl Statement {
    fn applies(&self, request: &Request<'_>, has_variables: bool) -> bool {
        self.is_of_action(request)
            && self.is_of_resource(request, has_variables)
            && self.conditions.iter().all(|condition| condition.is_met(request.context, has_variables))
    }

    /// Actions have no variables, and capitals and small letters in them are the same.
    fn is_of_action(&self, request: &Request<'_>) -> bool {
        let action = request.action.to_lowercase();
        let fits = |name: &String| {
            let pattern = Pattern::read(&name.to_lowercase(), request.context, false);
            pattern.is_some_and(|pattern| pattern.is_like(&action))
        };
        match &self.actions {
            Names::Some(names) => names.iter().any(fits),
            Names::AllBut(names) => !names.iter().any(fits),
        }
    }

    fn is_of_resource(&self, request: &Request<'_>, has_variables: bool) -> bool {
        let fits = |name: &String| {
            let pattern = Pattern::read(name, request.context, has_variables);
            pattern.is_some_and(|pattern| name == "*" || pattern.is_arn_like(request.resource))
        };
        match &self.resources {
            Names::Some(names) => names.iter().any(fits),
            Names::AllBut(names) => !names.iter().any(fits),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Kind;
    use super::*;

    const AUDIT: &str = "arn:aws:s3:::audit-logs-111122223333";

    fn policy(statements: Value) -> Arc<Document> {
        let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        Arc::new(Document::parse(&text, Kind::Identity).unwrap())
    }

    fn everything() -> Vec<Arc<Document>> {
        vec![policy(json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }))]
    }

    fn ask(session: &[Arc<Document>], action: &str, resource: &str, context: &Context) -> Result<(), Denied> {
        decide(&everything(), Some(session), &Request { action, resource, context })
    }

    /// A policy, what is asked of it, and the answer.
    #[test]
    fn sentences_about_actions_and_resources() {
        let none = Context::default();
        let object = format!("{AUDIT}/2026/a.json");
        let put_only =
            json!({ "Effect": "Allow", "Action": "s3:PutObject", "Resource": format!("{AUDIT}/*") });
        let all_but_deletes =
            json!({ "Effect": "Allow", "NotAction": ["s3:Delete*", "iam:*"], "Resource": "*" });
        let elsewhere = json!({ "Effect": "Allow", "Action": "s3:*", "NotResource": format!("{AUDIT}*") });
        let capitals = json!({ "Effect": "Allow", "Action": "S3:putobject", "Resource": "*" });
        let bucket =
            json!({ "Effect": "Allow", "Action": "s3:List*", "Resource": "arn:aws:s3:::audit-logs-?1*" });
        for (allowed, action, resource, expected) in [
            (&put_only, "s3:PutObject", object.as_str(), true),
            (&put_only, "s3:PutObjectAcl", &object, false),
            (&put_only, "s3:GetObject", &object, false),
            (&put_only, "s3:ListBucket", AUDIT, false),
            (&put_only, "s3:PutObject", "arn:aws:s3:::exports-111122223333/x", false),
            (&all_but_deletes, "s3:DeleteObject", &object, false),
            (&all_but_deletes, "dynamodb:Scan", "arn:aws:dynamodb:eu-west-1:111122223333:table/a", true),
            (&elsewhere, "s3:GetObject", &object, false),
            (&elsewhere, "s3:GetObject", "arn:aws:s3:::exports-111122223333/x", true),
            (&capitals, "s3:PutObject", &object, true),
            (&bucket, "s3:ListBucket", AUDIT, true),
            (&bucket, "s3:ListBucket", "arn:aws:s3:::exports-111122223333", false),
        ] {
            let expected = if expected { Ok(()) } else { Err(Denied::NotBySession) };
            let decided = ask(&[policy(allowed.clone())], action, resource, &none);
            assert_eq!(decided, expected, "{action} on {resource} by {allowed}");
        }
    }

    #[test]
    fn what_the_role_does_not_allow_no_session_policy_can() {
        let reader = [policy(json!({ "Effect": "Allow", "Action": "s3:Get*", "Resource": "*" }))];
        let context = Context::default();
        let put = Request { action: "s3:PutObject", resource: AUDIT, context: &context };
        assert_eq!(decide(&reader, Some(&everything()), &put), Err(Denied::NotByIdentity));
        let get = Request { action: "s3:GetObject", ..put };
        assert_eq!(decide(&reader, Some(&everything()), &get), Ok(()));
        assert_eq!(decide(&reader, Some(&[]), &get), Err(Denied::NotBySession));
        assert_eq!(decide(&reader, None, &get), Ok(()), "no session policies at all narrow nothing");
    }

    #[test]
    fn whom_the_resource_lets_in_needs_no_leave_of_their_role_but_of_their_session() {
        let context = Context::default();
        let put = Request { action: "s3:PutObject", resource: AUDIT, context: &context };
        let reads = [policy(json!({ "Effect": "Allow", "Action": "s3:Get*", "Resource": "*" }))];
        let denies = [policy(json!({ "Effect": "Deny", "Action": "s3:Put*", "Resource": "*" }))];
        assert_eq!(decide_let_in(&reads, None, &put), Ok(()));
        assert_eq!(decide_let_in(&reads, Some(&everything()), &put), Ok(()));
        assert_eq!(decide_let_in(&reads, Some(&reads), &put), Err(Denied::NotBySession));
        assert_eq!(decide_let_in(&denies, None, &put), Err(Denied::ExplicitlyByIdentity));
    }

    #[test]
    fn session_policies_are_united_so_that_a_condition_on_one_does_not_bind_another_but_a_deny_does() {
        let only_here = |effect: &str, operator: &str| {
            policy(json!({ "Effect": effect, "Action": "s3:*", "Resource": "*",
                "Condition": { operator: { "aws:RequestedRegion": "eu-west-1" } } }))
        };
        let elsewhere = Context::default().with("aws:RequestedRegion", "us-east-1");
        let open = policy(json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }));
        let conditioned = [only_here("Allow", "StringEquals"), open.clone()];
        assert_eq!(ask(&conditioned, "s3:GetObject", AUDIT, &elsewhere), Ok(()));
        let denied = [only_here("Deny", "StringNotEquals"), open];
        let refused = ask(&denied, "s3:GetObject", AUDIT, &elsewhere);
        assert_eq!(refused, Err(Denied::ExplicitlyBySession));
    }

    #[test]
    fn until_is_kept_to_the_second() {
        let until = [
            policy(json!({ "Effect": "Allow", "Action": "*", "Resource": "*" })),
            policy(json!({ "Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": { "DateGreaterThanEquals": { "aws:CurrentTime": "2026-03-02T10:00:00Z" } } })),
        ];
        let at = |time: &str| Context::default().with("aws:CurrentTime", time);
        assert_eq!(ask(&until, "s3:PutObject", AUDIT, &at("2026-03-02T09:59:59Z")), Ok(()));
        let late = ask(&until, "s3:PutObject", AUDIT, &at("2026-03-02T10:00:00Z"));
        assert_eq!(late, Err(Denied::ExplicitlyBySession));
    }

    #[test]
    fn a_prefix_binds_listing_by_condition_and_variables_by_the_caller() {
        let mine = [policy(json!({ "Effect": "Allow", "Action": "s3:ListBucket", "Resource": AUDIT,
            "Condition": { "StringLike": { "s3:prefix": "home/${aws:PrincipalTag/Team}/*" } } }))];
        let listing = |prefix: &str| Context::default().with("s3:prefix", prefix);
        let tagged = listing("home/ledger/").with("aws:PrincipalTag/team", "ledger");
        assert_eq!(ask(&mine, "s3:ListBucket", AUDIT, &tagged), Ok(()));
        let untagged = ask(&mine, "s3:ListBucket", AUDIT, &listing("home/${aws:PrincipalTag/Team}/"));
        assert_eq!(untagged, Err(Denied::NotBySession), "a variable without a value matches not even itself");
    }

    fn trust(principal: Value, effect: &str) -> Document {
        let text = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::999999999999:root" }, "Action": "sts:*" },
            { "Effect": effect, "Principal": principal, "Action": ["sts:AssumeRole"] },
        ] });
        Document::parse(&text.to_string(), Kind::Trust).unwrap()
    }

    #[test]
    fn a_trust_policy_may_name_everyone_the_account_the_role_or_the_session() {
        let (account, role) = ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/Deploy");
        let session = "arn:aws:sts::111122223333:assumed-role/Deploy/dana";
        let context = Context::default();
        let says = |principal: Value, effect: &str, action: &str| {
            let request = Request { action, resource: "*", context: &context };
            trusts(&trust(principal, effect), account, &[role.to_owned(), session.to_owned()], &request)
        };
        for (principal, expected) in [
            (json!("*"), Trust::Directly),
            (json!({ "AWS": "*" }), Trust::Directly),
            (json!({ "AWS": account }), Trust::Account),
            (json!({ "AWS": "111122223333" }), Trust::Account),
            (json!({ "AWS": ["arn:aws:iam::1:role/x", role] }), Trust::Directly),
            (json!({ "AWS": session }), Trust::Directly),
            (json!({ "AWS": "arn:aws:iam::111122223333:role/*" }), Trust::None),
            (json!({ "Service": "ec2.amazonaws.com" }), Trust::None),
        ] {
            assert_eq!(says(principal.clone(), "Allow", "sts:AssumeRole"), expected, "{principal}");
        }
        assert_eq!(says(json!({ "AWS": role }), "Deny", "sts:AssumeRole"), Trust::Denied);
        assert_eq!(says(json!({ "AWS": role }), "Allow", "sts:TagSession"), Trust::None);
    }
}
