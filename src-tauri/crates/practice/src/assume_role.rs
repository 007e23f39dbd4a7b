//! AssumeRole: whether a caller gets into a role, and the narrower session that comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::assume_request::AssumeRequest;
use crate::caller::Caller;
use crate::calls::caller_context;
use crate::clock::after;
use crate::iam::{Context, Document, Kind, Request, Trust, decide, decide_let_in, trusts};
use crate::packed;
use crate::page::Parameters;
use crate::permissions;
use crate::roles::{self, AssumableRole};
use crate::session::RoleSession;
use crate::state::{RoleCredentials, Shared, State};

/// The longest session of a role that was reached from another role's session.
const LONGEST_CHAINED: u64 = 3600;

/// What comes of it.
pub(crate) struct Assumed {
    pub(crate) access_key_id: String,
    pub(crate) credentials: RoleCredentials,
    /// Only when there was something to pack.
    pub(crate) packed_policy_size: Option<usize>,
}

/// Why not, with the message as AWS words it.
#[derive(Debug)]
pub(crate) enum NotAssumed {
    AccessDenied(String),
    MalformedPolicyDocument(String),
    PackedPolicyTooLarge(String),
    Validation(String),
}

/// Assumes a role. The order of the checks is AWS's as far as it can be seen: the form of the request, the right to
/// it, then what depends on the role.
pub(crate) fn assume(app: &Shared, caller: &Caller, parameters: &Parameters) -> Result<Assumed, NotAssumed> {
    let request = AssumeRequest::read(parameters).map_err(NotAssumed::Validation)?;
    let partition = app.partition;
    if !is_role_arn(&request.role_arn) {
        return Err(NotAssumed::Validation(format!("{} is invalid", request.role_arn)));
    }
    let session_policies = session_policies(&request, partition.arn_name())?;
    if request.has_mfa {
        // A device belongs to an IAM user, and no user ever calls here.
        let message = "MultiFactorAuthentication failed, unable to validate MFA code.  \
                       Please verify your MFA serial number is valid and associated with this user.";
        return Err(NotAssumed::AccessDenied(message.to_owned()));
    }
    let now = app.clock.now();
    let mut state = app.lock();
    let (tags, transitive) = tags(&request, &caller.session)?;
    let context = context(&request, &tags, &transitive, caller_context(app, &state, caller));
    let role = authorize(&state, app, caller, &request, &tags, &context)?;
    let duration = request.duration.unwrap_or(LONGEST_CHAINED);
    if duration > LONGEST_CHAINED {
        let message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(NotAssumed::Validation(message.to_owned()));
    }
    if duration > role.max_session_duration {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(NotAssumed::Validation(message.to_owned()));
    }
    let packed_policy_size = packed_policy_size(&request, &tags)?;
    let mut session = RoleSession::of_role(&role.account_id, &role.name, &request.session_name, now);
    session.policies = role.policies;
    session.session_policies = session_policies;
    session.tags = tags;
    session.transitive = transitive;
    session.source_identity = request.source_identity.or_else(|| caller.session.source_identity.clone());
    let role_name = session.role_name.clone();
    let (access_key_id, credentials) =
        state.issue_credentials(&role_name, session, after(now, Duration::from_secs(duration)));
    Ok(Assumed { access_key_id, credentials, packed_policy_size })
}

/// Inline and managed session policies, united; none when none were given.
fn session_policies(
    request: &AssumeRequest,
    partition: &str,
) -> Result<Option<Vec<Arc<Document>>>, NotAssumed> {
    let mut all = Vec::new();
    if let Some(text) = &request.policy {
        let policy = Document::parse(text, Kind::Identity)
            .and_then(|policy| policy.check_partition(partition).map(|()| policy))
            .map_err(|why| NotAssumed::MalformedPolicyDocument(why.0))?;
        all.push(Arc::new(policy));
    }
    for arn in &request.policy_arns {
        let unknown = || NotAssumed::Validation(format!("Policy {arn} does not exist or is not attachable."));
        all.push(permissions::managed(arn, partition).ok_or_else(unknown)?);
    }
    Ok((!all.is_empty()).then_some(all))
}

type Tags = BTreeMap<String, (String, String)>;

/// The new session's tags and which of them go on: those asked for, and what the caller's session hands down.
fn tags(request: &AssumeRequest, caller: &RoleSession) -> Result<(Tags, BTreeSet<String>), NotAssumed> {
    let mut transitive = caller.transitive.clone();
    let handed_down = caller.tags.iter().filter(|(key, _)| transitive.contains(*key));
    let mut tags: Tags = handed_down.map(|(key, tag)| (key.clone(), tag.clone())).collect();
    for (key, value) in &request.tags {
        if tags.insert(key.to_lowercase(), (key.clone(), value.clone())).is_some() {
            let message = "One of the specified transitive tag keys can't be set because it conflicts with a \
                           transitive tag key from the calling session.";
            return Err(NotAssumed::Validation(message.to_owned()));
        }
    }
    transitive.extend(request.transitive_keys.iter().map(|key| key.to_lowercase()));
    Ok((tags, transitive))
}

fn context(request: &AssumeRequest, tags: &Tags, transitive: &BTreeSet<String>, caller: Context) -> Context {
    let keys: Vec<String> = tags.values().map(|(key, _)| key.clone()).collect();
    let context = caller
        .with("aws:ResourceAccount", request.role_arn.split(':').nth(4).unwrap_or_default())
        .with("sts:RoleSessionName", &request.session_name)
        .with_some("sts:ExternalId", request.external_id.as_ref())
        .with_some("sts:SourceIdentity", request.source_identity.as_ref())
        .with_all("aws:TagKeys", keys)
        .with_all("sts:TransitiveTagKeys", transitive.iter().cloned().collect());
    tags.values().fold(context, |context, (key, value)| context.with(&format!("aws:RequestTag/{key}"), value))
}

/// The role, if everything that this request needs is allowed: its trust policy has to let the caller in, and so has the
/// caller's own account, unless that is the role's and the trust policy names the caller and not the account.
fn authorize(
    state: &State,
    app: &Shared,
    caller: &Caller,
    request: &AssumeRequest,
    tags: &Tags,
    context: &Context,
) -> Result<AssumableRole, NotAssumed> {
    let (session, partition) = (&caller.session, app.partition);
    let resource = request.role_arn.as_str();
    let not_authorized = |action: &str, because: &str| {
        let who = session.arn(partition);
        let message =
            format!("User: {who} is not authorized to perform: {action} on resource: {resource}{because}");
        NotAssumed::AccessDenied(message)
    };
    // Nobody is told whether a role is shut or doesn't exist.
    let role = roles::find(state, partition, resource).ok_or_else(|| not_authorized("sts:AssumeRole", ""))?;
    let needs_source_identity = request.source_identity.is_some() || session.source_identity.is_some();
    let needed = [
        Some("sts:AssumeRole"),
        (!tags.is_empty()).then_some("sts:TagSession"),
        needs_source_identity.then_some("sts:SetSourceIdentity"),
    ];
    for action in needed.into_iter().flatten() {
        let asked = Request { action, resource, context };
        let direct = [session.role_arn(partition), session.arn(partition)];
        let trust = trusts(&role.trust, &session.account_arn(partition), &direct, &asked);
        let is_same_account = role.account_id == session.account_id;
        let deciding = if trust == Trust::Directly && is_same_account { decide_let_in } else { decide };
        let because = match trust {
            Trust::None => String::new(),
            Trust::Denied => " with an explicit deny in a resource-based policy".to_owned(),
            Trust::Account | Trust::Directly => {
                match deciding(&session.policies, session.session_policies.as_deref(), &asked) {
                    Ok(()) => continue,
                    Err(denied) => format!(" {}", denied.because(action)),
                }
            }
        };
        return Err(not_authorized(action, &because));
    }
    // Once set, a source identity stays; AWS refuses another one as it refuses who may not set any.
    let is_other = |earlier: &String| request.source_identity.as_ref().is_some_and(|new| new != earlier);
    if session.source_identity.as_ref().is_some_and(is_other) {
        return Err(not_authorized("sts:SetSourceIdentity", ""));
    }
    Ok(role)
}

fn packed_policy_size(request: &AssumeRequest, tags: &Tags) -> Result<Option<usize>, NotAssumed> {
    let policies: Vec<&str> = request.policy.iter().chain(&request.policy_arns).map(String::as_str).collect();
    if policies.is_empty() && tags.is_empty() {
        return Ok(None);
    }
    let percent =
        packed::percent(&policies, tags.values().map(|(key, value)| (key.as_str(), value.as_str())));
    match percent {
        0..=100 => Ok(Some(percent)),
        _ if policies.is_empty() => Err(NotAssumed::PackedPolicyTooLarge(format!(
            "Packed size of session tags consumes {percent}% of allotted space."
        ))),
        _ => Err(NotAssumed::PackedPolicyTooLarge(format!(
            "Packed policy consumes {percent}% of allotted space, please use smaller policy."
        ))),
    }
}

fn is_role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "iam", "", account, resource]
        if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && resource.starts_with("role/"))
}
