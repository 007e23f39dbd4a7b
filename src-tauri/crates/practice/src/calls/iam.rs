//! IAM: a look at the roles there are to assume, so that a refusal by a trust policy can be understood.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::organisation::role_id;
use crate::page::{Parameters, escape};
use crate::random;
use crate::roles::{AssumableRole, in_account};
use crate::sigv4::Received;
use crate::sts;

use super::{Call, Refused, refuse};

const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

pub(super) fn serve(call: &mut Call<'_>, received: &Received<'_>) -> Response {
    match perform(call, &Parameters::parse(received.body)) {
        Ok(xml) => (StatusCode::OK, [(CONTENT_TYPE, "text/xml")], xml).into_response(),
        Err(refused) => {
            let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
            sts::error(status, refused.code, &refused.message)
        }
    }
}

fn perform(call: &mut Call<'_>, parameters: &Parameters) -> Result<String, Refused> {
    let account = call.caller.session.account_id.clone();
    // IAM's ARNs are the same in every Region.
    let arn = |name: &str| format!("arn:{}:iam::{account}:role/{name}", call.partition.arn_name());
    let roles = in_account(call.roles, call.partition, &account);
    match parameters.one("Action") {
        Some("GetRole") => {
            let name = parameters.one("RoleName").unwrap_or_default();
            let found = roles.iter().find(|role| role.name.rsplit('/').next() == Some(name));
            let arn = arn(found.map_or(name, |role| &role.name));
            call.allow("iam:GetRole", &arn, &[])?;
            match found {
                Some(role) => Ok(result_of("GetRole", &format!("<Role>{}</Role>", described(role, &arn)))),
                None => refuse(404, "NoSuchEntity", format!("The role with name {name} cannot be found.")),
            }
        }
        Some("ListRoles") => {
            let all =
                roles.iter().map(|role| format!("<member>{}</member>", described(role, &arn(&role.name))));
            let listed =
                format!("<IsTruncated>false</IsTruncated><Roles>{}</Roles>", all.collect::<String>());
            let roots = arn("");
            call.allow("iam:ListRoles", &roots, &[])?;
            Ok(result_of("ListRoles", &listed))
        }
        _ => refuse(400, "InvalidAction", "The practice organisation's IAM has GetRole and ListRoles"),
    }
}

/// The members of a role. Its trust policy is percent-encoded, as in AWS.
fn described(role: &AssumableRole, arn: &str) -> String {
    let (path, name) = role.name.rsplit_once('/').map_or(("", role.name.as_str()), |split| split);
    let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
    let trust: String = url::form_urlencoded::byte_serialize(role.trust_text.as_bytes()).collect();
    format!(
        "<Path>{}</Path><RoleName>{}</RoleName><RoleId>{}</RoleId><Arn>{}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
         <AssumeRolePolicyDocument>{}</AssumeRolePolicyDocument><MaxSessionDuration>{}</MaxSessionDuration>",
        escape(&path),
        escape(name),
        role_id(&role.account_id, name),
        escape(arn),
        trust.replace('+', "%20"),
        role.max_session_duration,
    )
}

fn result_of(action: &str, result: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{action}Response>",
        random::request_id(),
    )
}
