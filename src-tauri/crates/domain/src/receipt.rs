//! What a clearing did and what it can't do, in words, and how to have AWS refuse what was issued before.
//!
//! By AWS's documents "Revoke IAM role temporary security credentials"
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html> and, for the roles of
//! permission sets, which nobody can edit in IAM, "Use a Deny policy to revoke active user permissions"
//! <https://docs.aws.amazon.com/singlesignon/latest/userguide/prereqs-revoking-user-permissions.html>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

use crate::{
    chain::RoleArn,
    ids::RoleRef,
    time::{Moment, Seconds, TimeOfDay, Timestamp},
    view::EndedView,
};

/// As AWS's own console calls it, so that the one takes the other's place.
const POLICY_NAME: &str = "AWSRevokeOlderSessions";
/// Stands where an administrator puts the person's id in the identity store; nobody else can know it.
const USER_ID: &str = "USER-ID";

/// How to have AWS refuse what was issued. Daypass itself calls nothing for it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EndAtAws {
    /// What it does, and whom it hits.
    pub what: String,
    pub who: String,
    /// What an administrator does, in order; none where the command is all.
    pub steps: Vec<String>,
    /// The policy, to be read.
    pub policy: String,
    /// What does it, for a shell. Holds no secret.
    pub command: Option<String>,
}

impl EndAtAws {
    /// For credentials of a chained role.
    #[must_use]
    pub fn of_chained(role: &RoleArn, now: Moment) -> Self {
        let (name, account, before) = (role.name(), role.account(), just_after(now));
        let policy = deny(&json!({ "DateLessThan": { "aws:TokenIssueTime": before } }));
        let command = format!(
            "aws iam put-role-policy --role-name {} --policy-name {POLICY_NAME} --policy-document {}",
            quoted(name),
            quoted(&policy.to_string()),
        );
        Self {
            what: format!(
                "The role {name} in {account} refuses everything that was issued for it before {before}: to you, \
                 and to every other person and program that took it before then. What is issued later works, also \
                 what Daypass has issued anew."
            ),
            who: format!(
                "Whoever may call iam:PutRolePolicy on this role in account {account}. It may take AWS some minutes."
            ),
            steps: Vec::new(),
            policy: readable(&policy),
            command: Some(command),
        }
    }

    /// For credentials straight from the portal.
    #[must_use]
    pub fn of_portal(role: &RoleRef, person: Option<&str>, until: Timestamp, now: Moment) -> Self {
        let RoleRef { account, role, .. } = role;
        let (before, person) = (just_after(now), person.unwrap_or("you"));
        let until = clock(until, now);
        let policy = deny(&json!({
            "StringEquals": { "identitystore:userId": USER_ID },
            "DateLessThan": { "aws:TokenIssueTime": before },
        }));
        Self {
            what: format!(
                "It refuses you everything, in all accounts where the policy holds, with what was issued before \
                 {before}. It hits nobody else: the policy names one user. Roles of Identity Center cannot be edited \
                 in IAM, so no command does it."
            ),
            who:
                "An administrator of IAM Identity Center, or of the organisation's service control policies."
                    .to_owned(),
            steps: vec![
                format!(
                    "In the IAM Identity Center console open Users, choose {person}, note the user ID, and delete the \
                     active sessions: no sign-in from before gets new credentials."
                ),
                format!(
                    "Put that user ID for {USER_ID} into the policy, and add it to the inline policy of the permission \
                     set {role}, or to a service control policy that covers account {account}."
                ),
                format!("After {until} take it away again: AWS no longer accepts what was issued."),
            ],
            policy: readable(&policy),
            command: None,
        }
    }
}

/// `3 pages wiped from memory, 2 clients told`.
#[must_use]
pub fn cleared(pages: u32, clients: u32) -> String {
    let wiped = match pages {
        0 => "nothing was held in memory".to_owned(),
        1 => "1 page wiped from memory".to_owned(),
        _ => format!("{pages} pages wiped from memory"),
    };
    match clients {
        0 => wiped,
        1 => format!("{wiped}, 1 client told"),
        _ => format!("{wiped}, {clients} clients told"),
    }
}

/// `AWS accepts key …7Q2X until 12:40`; of several leases, what was issued.
#[must_use]
pub fn accepted(ended: &[&EndedView], until: TimeOfDay) -> String {
    match ended {
        [EndedView { key_id_end: Some(end), .. }] => format!("AWS accepts key …{end} until {until}"),
        _ => format!("AWS accepts what was issued until {until}"),
    }
}

/// What a sign-out does not end. <https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_Logout.html>
#[must_use]
pub fn remains(until: Option<Timestamp>, now: Moment) -> String {
    const CONSOLES: &str = "Consoles open in a browser stay open until AWS ends them.";
    match until {
        Some(until) => {
            format!("AWS accepts credentials that were issued before until {}. {CONSOLES}", clock(until, now))
        }
        None => CONSOLES.to_owned(),
    }
}

fn clock(at: Timestamp, now: Moment) -> TimeOfDay {
    at.time_of_day(now.utc_offset)
}

/// The policy is written in whole seconds: what was issued in this one counts as before.
fn just_after(now: Moment) -> String {
    (now.wall + Seconds(1)).rfc3339()
}

fn deny(condition: &Value) -> Value {
    let everything = ["*"];
    json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Deny", "Action": everything, "Resource": everything, "Condition": condition },
        ],
    })
}

fn readable(policy: &Value) -> String {
    serde_json::to_string_pretty(policy).unwrap_or_default()
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Moment {
        Moment { wall: Timestamp::from_millis(1_000_000_900), boot: 0, utc_offset: 3600 }
    }

    #[test]
    fn a_chained_role_is_named_without_its_path_and_everything_is_one_word() {
        let role: RoleArn = "arn:aws:iam::111122223333:role/teams/data/Scoped+x".parse().unwrap();
        let told = EndAtAws::of_chained(&role, now());
        let command = told.command.unwrap();
        let words: Vec<&str> = command.split('\'').collect();
        assert_eq!(words[0], "aws iam put-role-policy --role-name ");
        assert_eq!(words[1], "Scoped+x");
        assert_eq!(words[2], " --policy-name AWSRevokeOlderSessions --policy-document ");
        let sent: Value = serde_json::from_str(words[3]).unwrap();
        assert_eq!(
            sent,
            serde_json::from_str::<Value>(&told.policy).unwrap(),
            "what is read is what is sent"
        );
        let [statement] = sent["Statement"].as_array().unwrap().as_slice() else { panic!("one statement") };
        assert_eq!(statement["Effect"], "Deny");
        assert_eq!(
            statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"], "1970-01-12T13:46:41Z",
            "what was issued in this very second is before it"
        );
        assert!(told.what.contains("Scoped+x in 111122223333") && told.what.contains("every other person"));
        assert!(told.who.contains("iam:PutRolePolicy"));
    }

    #[test]
    fn a_portal_role_is_an_administrators_to_end_and_hits_one_user() {
        let role = RoleRef {
            sso_session: "acme".parse().unwrap(),
            account: "111122223333".parse().unwrap(),
            role: "Billing".parse().unwrap(),
        };
        let until = Timestamp::from_millis(1_000_000_000 + 3_600_000);
        let told = EndAtAws::of_portal(&role, Some("dana@example.com"), until, now());
        assert_eq!(told.command, None);
        let policy: Value = serde_json::from_str(&told.policy).unwrap();
        let condition = &policy["Statement"][0]["Condition"];
        assert_eq!(condition["StringEquals"]["identitystore:userId"], USER_ID);
        assert_eq!(condition["DateLessThan"]["aws:TokenIssueTime"], "1970-01-12T13:46:41Z");
        let steps = told.steps.join("\n");
        for named in
            ["dana@example.com", "active sessions", "permission set Billing", "111122223333", "15:46"]
        {
            assert!(steps.contains(named), "{named} in {steps}");
        }
    }

    #[test]
    fn a_word_of_a_shell_stays_one() {
        assert_eq!(quoted("a'; rm -rf ~ #"), r"'a'\''; rm -rf ~ #'");
    }

    #[test]
    fn a_sign_out_says_what_goes_on() {
        let until = Timestamp::from_millis(1_000_000_000 + 3_600_000);
        assert!(
            remains(Some(until), now())
                .starts_with("AWS accepts credentials that were issued before until 15:46. ")
        );
        assert!(remains(None, now()).starts_with("Consoles open in a browser"));
    }
}
