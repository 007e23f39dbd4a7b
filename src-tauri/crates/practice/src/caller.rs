//! Callers: who signed a request, if everything about the signature is right.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::partition::Partition;
use crate::session::RoleSession;
use crate::sigv4::{Received, Signature, Unsigned, format_timestamp};
use crate::state::Shared;

/// How far a request's clock may be from ours.
const SKEW: Duration = Duration::minutes(5);

/// Somebody whose request is truly signed by credentials that live.
pub(crate) struct Caller {
    pub(crate) session: Arc<RoleSession>,
    /// The Region the request was signed for.
    pub(crate) region: String,
}

/// Why nobody is believed to have signed. Each protocol has its own words for it.
#[derive(Debug)]
pub(crate) enum Unauthenticated {
    Missing,
    Incomplete,
    /// The credential scope is wrong, with AWS's sentence.
    Scope(String),
    /// The clocks are too far apart, with AWS's sentence.
    Skew(String),
    UnknownKey,
    WrongToken,
    WrongSignature,
    Expired,
}

impl Unauthenticated {
    /// AWS's sentence, the same for most services.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Missing => "Request is missing Authentication Token",
            Self::Incomplete => {
                "Authorization header requires 'Credential', 'Signature', 'SignedHeaders' and an 'X-Amz-Date'"
            }
            Self::Scope(sentence) | Self::Skew(sentence) => sentence,
            Self::UnknownKey | Self::WrongToken => "The security token included in the request is invalid.",
            Self::WrongSignature => {
                "The request signature we calculated does not match the signature you provided. \
                 Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
            }
            Self::Expired => "The security token included in the request is expired",
        }
    }
}

/// Who signed this request to `service`.
pub(crate) fn authenticate(
    app: &Shared,
    request: &Received<'_>,
    service: &str,
) -> Result<Caller, Unauthenticated> {
    let signature = Signature::read(request.headers).map_err(|unsigned| match unsigned {
        Unsigned::Missing => Unauthenticated::Missing,
        Unsigned::Incomplete => Unauthenticated::Incomplete,
    })?;
    if signature.service != service {
        let sentence = format!("Credential should be scoped to correct service: '{service}'. ");
        return Err(Unauthenticated::Scope(sentence));
    }
    if !signature.timestamp.starts_with(&signature.date) {
        let sentence = "Date in Credential scope does not match YYYYMMDD of the request";
        return Err(Unauthenticated::Scope(sentence.to_owned()));
    }
    let now = app.clock.now();
    let state = app.lock();
    if state.is_skew_checked {
        check_skew(&signature, now)?;
    }
    // Credentials of one partition are unknown in the others.
    let is_ours = Partition::of(&signature.region) == app.partition;
    let credentials = state.credentials.get(&signature.access_key_id).filter(|_| is_ours);
    let credentials = credentials.ok_or(Unauthenticated::UnknownKey)?;
    let session_token = request.headers.get("x-amz-security-token").map(|token| token.as_bytes());
    if session_token != Some(credentials.session_token.as_bytes()) {
        return Err(Unauthenticated::WrongToken);
    }
    if !signature.is_made_with(&credentials.secret_access_key, request) {
        return Err(Unauthenticated::WrongSignature);
    }
    if credentials.expiration <= now {
        return Err(Unauthenticated::Expired);
    }
    Ok(Caller { session: credentials.session.clone(), region: signature.region })
}

fn check_skew(signature: &Signature, now: OffsetDateTime) -> Result<(), Unauthenticated> {
    let (stamp, at) = (&signature.timestamp, format_timestamp(now));
    if now - signature.signed_at > SKEW {
        let limit = format_timestamp(now - SKEW);
        let sentence = format!("Signature expired: {stamp} is now earlier than {limit} ({at} - 5 min.)");
        return Err(Unauthenticated::Skew(sentence));
    }
    if signature.signed_at - now > SKEW {
        let limit = format_timestamp(now + SKEW);
        let sentence =
            format!("Signature not yet current: {stamp} is still later than {limit} ({at} + 5 min.)");
        return Err(Unauthenticated::Skew(sentence));
    }
    Ok(())
}
