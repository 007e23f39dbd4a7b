//! What a policy says, before it is sent: where it goes wrong, and "would this pass?".

use iam_rs::{
    Arn, Context, ContextValue, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId,
    Validate, ValidationContext, ValidationError,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    failure::{Code, Failure},
    scope::{
        Scope,
        compile::{Place, SessionPolicy},
    },
    time::Timestamp,
};

/// An action on a resource, typed by a person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    pub action: String,
    /// An ARN, or `*` for actions that have no resource.
    pub resource: String,
}

/// What the session policy says to it. The role has to allow it, too.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The scope lets it pass.
    Passes,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
    /// A managed policy decides, and only AWS knows what it says.
    Unknown,
    /// It is not written as an action on a resource.
    Unreadable,
}

/// Where a policy goes wrong.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Mistake {
    pub failure: Failure,
    /// Counted from 1; None where it is not one place.
    pub line: Option<u32>,
    pub column: Option<u32>,
}

impl From<Code> for Mistake {
    fn from(code: Code) -> Self {
        Self { failure: code.into(), line: None, column: None }
    }
}

impl SessionPolicy {
    /// The first mistake AWS would find in the document.
    #[must_use]
    pub fn mistake(&self) -> Option<Mistake> {
        let document = self.document.as_ref()?;
        // The characters that AWS's own model names.
        if !document.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}')) {
            return Some(Code::PolicyCharacters.into());
        }
        let read = serde_json::from_str::<serde_json::Value>(document)
            .map_err(|e| (Code::PolicyNotJson, e))
            .and_then(|_| IAMPolicy::from_json(document).map_err(|e| (Code::PolicyWrong, e)));
        let policy = match read {
            Ok(policy) => policy,
            Err((code, e)) => {
                let place = |n: usize| u32::try_from(n).ok().filter(|&n| n > 0);
                return Some(Mistake {
                    failure: code.into(),
                    line: place(e.line()),
                    column: place(e.column()),
                });
            }
        };
        if policy.statement.is_empty() {
            return Some(Code::PolicyWrong.into());
        }
        if policy.statement.iter().any(|s| s.principal.is_some() || s.not_principal.is_some()) {
            return Some(Code::PolicyPrincipal.into());
        }
        policy.validate(&mut ValidationContext::new()).err().map(|e| code_of(&e).into())
    }

    /// Whether the session policy lets `probe` pass at `now`.
    #[must_use]
    pub fn verdict(&self, scope: &Scope, probe: &Probe, place: &Place<'_>, now: Timestamp) -> Verdict {
        if self.document.is_none() && self.arns.is_empty() {
            return Verdict::Passes;
        }
        let Some(request) = request(scope, probe, place, now) else { return Verdict::Unreadable };
        let document = self.document.as_deref().map(IAMPolicy::from_json);
        let Ok(policies) = document.into_iter().collect::<Result<Vec<_>, _>>() else {
            return Verdict::Unreadable;
        };
        match PolicyEvaluator::with_policies(policies).evaluate(&request).map(|r| r.decision) {
            Ok(Decision::Deny) => Verdict::Denied,
            Ok(Decision::Allow) => Verdict::Passes,
            Ok(Decision::NotApplicable) if self.arns.is_empty() => Verdict::NotAllowed,
            Ok(Decision::NotApplicable) => Verdict::Unknown,
            Err(_) => Verdict::Unreadable,
        }
    }
}

fn request(scope: &Scope, probe: &Probe, place: &Place<'_>, now: Timestamp) -> Option<IAMRequest> {
    let (action, resource) = (probe.action.trim(), probe.resource.trim());
    let (service, name) = action.split_once(':')?;
    if service.is_empty() || name.is_empty() || action.contains(['*', '?']) {
        return None;
    }
    let any = format!("arn:{}:{service}:::*", place.region.partition());
    let resource = Arn::parse(if resource.is_empty() || resource == "*" { &any } else { resource }).ok()?;
    let region = if resource.region.is_empty() { place.region.as_str() } else { &resource.region };
    let mut context = Context::new()
        .with_string("aws:RequestedRegion", region)
        .with_string("aws:CurrentTime", now.rfc3339())
        .with_boolean("aws:ViaAWSService", false);
    // Asked as from a place that the scope allows.
    if let Some(range) = scope.addresses.first() {
        let address = range.as_str().split('/').next().unwrap_or_default();
        context.insert("aws:SourceIp".to_owned(), ContextValue::String(address.to_owned()));
    }
    let principal = format!("arn:{}:iam::{}:role/session", place.region.partition(), place.account);
    Some(IAMRequest {
        principal: Principal::Aws(PrincipalId::String(principal)),
        action: action.to_owned(),
        resource,
        context,
    })
}

fn code_of(error: &ValidationError) -> Code {
    match error {
        ValidationError::Multiple(all) => all.first().map_or(Code::PolicyWrong, code_of),
        ValidationError::InvalidAction { .. } => Code::PolicyAction,
        ValidationError::InvalidResource { .. } | ValidationError::InvalidArn { .. } => Code::PolicyResource,
        ValidationError::InvalidCondition { .. } => Code::PolicyCondition,
        _ => Code::PolicyWrong,
    }
}
