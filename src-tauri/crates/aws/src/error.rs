//! From the SDK's errors to codes. The only place that looks inside them.

use std::{error::Error, io, time::Duration};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use daypass_domain::failure::Code;
use tokio::time::sleep;

use crate::pace::jitter;

/// What an SDK error comes to: a code for the person, and what a caller may need to go on.
pub(crate) struct Trouble {
    pub(crate) code: Code,
    /// AWS's own name of it, letters and digits only.
    pub(crate) aws_code: Option<String>,
    /// What AWS's sentence is about, where that decides. The sentence itself goes nowhere.
    pub(crate) phrase: Option<Phrase>,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
}

/// Words by which AWS's sentences of one code differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phrase {
    NoPermission,
    TagSession,
    SetSourceIdentity,
    OneHour,
    Policy,
    PolicyArn,
}

impl Phrase {
    /// The first that `message` has.
    pub(crate) fn of(message: &str) -> Option<Self> {
        let known = [
            ("no identity-based policy allows", Self::NoPermission),
            ("perform: sts:TagSession", Self::TagSession),
            ("perform: sts:SetSourceIdentity", Self::SetSourceIdentity),
            ("1 hour session limit", Self::OneHour),
            ("at 'policy' failed to satisfy", Self::Policy),
            ("does not exist or is not attachable", Self::PolicyArn),
        ];
        known.into_iter().find(|(words, _)| message.contains(words)).map(|(_, phrase)| phrase)
    }
}

/// Reads an SDK error. The log gets the operation, status and AWS's code; never a body.
pub(crate) fn read<E: ProvideErrorMetadata + Error + 'static>(
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> Trouble {
    let response = error.raw_response();
    let status = response.map(|r| r.status().as_u16());
    let retry_after = response.and_then(|r| r.headers().get("retry-after")).and_then(|v| v.parse().ok());
    let aws_code = error.as_service_error().and_then(|e| e.code()).map(clean);
    let code = match error {
        SdkError::TimeoutError(_) => Code::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Code::TimedOut,
        SdkError::DispatchFailure(failure) => {
            failure.as_connector_error().and_then(|e| of_connection(e)).unwrap_or(Code::Unreachable)
        }
        SdkError::ServiceError(_) => of_service(status, aws_code.as_deref()),
        // Half an answer, because the connection went; or a whole one that is empty, or none of AWS's.
        SdkError::ResponseError(_) => {
            let is_empty = response.and_then(|r| r.body().bytes()).is_some_and(<[u8]>::is_empty);
            of_connection(error).unwrap_or(if is_empty { Code::EmptyAnswer } else { Code::NotAws })
        }
        // The request could not even be built: a mistake of ours.
        _ => Code::Internal,
    };
    tracing::warn!(operation, status, aws_code, ?code, "a call to AWS failed");
    let phrase = error.as_service_error().and_then(|e| e.message()).and_then(Phrase::of);
    Trouble { code, aws_code, phrase, retry_after }
}

/// Why no answer came at all. Looked at, never logged: what is below may have seen a request.
pub(crate) fn of_connection(error: &(dyn Error + 'static)) -> Option<Code> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if let Some(tls) = io.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
                return Some(of_tls(tls));
            }
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return Some(Code::ConnectionRefused),
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return Some(Code::ConnectionLost),
                io::ErrorKind::TimedOut => return Some(Code::TimedOut),
                _ => {}
            }
        }
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(of_tls(tls));
        }
        // These types are private to hyper and hyper-util; what they say is not.
        let said = error.to_string();
        for (words, code) in [
            ("tunnel error: proxy authorization required", Code::ProxyAuth),
            ("tunnel error: unsuccessful", Code::ProxyFailed),
            ("tunnel error: unexpected end", Code::ProxyFailed),
            ("tunnel error: proxy response", Code::ProxyFailed),
            ("dns error", Code::NameNotFound),
            ("failed to lookup address", Code::NameNotFound),
            ("connection closed before message completed", Code::ConnectionLost),
            ("error reading a body from connection", Code::ConnectionLost),
        ] {
            if said.starts_with(words) {
                return Some(code);
            }
        }
        next = error.source();
    }
    None
}

fn of_tls(error: &rustls::Error) -> Code {
    match error {
        rustls::Error::InvalidCertificate(_) => Code::UnknownCa,
        _ => Code::NotAws,
    }
}

/// How often a call is tried when AWS or the way to it has passing trouble.
const TRIES: u32 = 4;

/// Calls, and again where that may help and asking twice does no harm.
pub(crate) async fn patiently<T, E, F>(operation: &'static str, call: impl Fn() -> F) -> Result<T, Trouble>
where
    E: ProvideErrorMetadata + 'static + Error,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let mut tries = 0;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        tries += 1;
        let trouble = read(operation, &error);
        let is_passing =
            matches!(trouble.code, Code::Throttled | Code::AwsTrouble) || is_transient(trouble.code);
        if tries >= TRIES || !is_passing {
            return Err(trouble);
        }
        let asked = Duration::from_secs(trouble.retry_after.unwrap_or(0).min(5));
        sleep(jitter(tries).max(asked)).await;
    }
}

/// Whether the same call may go better in a moment.
pub(crate) fn is_transient(code: Code) -> bool {
    matches!(code, Code::Unreachable | Code::ConnectionLost | Code::ConnectionRefused)
}

fn of_service(status: Option<u16>, aws_code: Option<&str>) -> Code {
    match (status, aws_code) {
        (_, Some("TooManyRequestsException" | "SlowDownException" | "Throttling")) | (Some(429), _) => {
            Code::Throttled
        }
        (
            _,
            Some(
                "UnauthorizedException" | "ExpiredTokenException" | "ExpiredToken" | "InvalidGrantException",
            ),
        ) => Code::SignInLapsed,
        (_, Some("ForbiddenException" | "ResourceNotFoundException")) => Code::RoleNotAssigned,
        (Some(407), _) => Code::ProxyAuth,
        // Network Authentication Required: what captive portals are asked to say (RFC 6585).
        (Some(511), _) => Code::NotAws,
        (Some(500..=599), _) => Code::AwsTrouble,
        // No code at all: HTML, or something that only looks like AWS.
        (_, None) => Code::NotAws,
        (_, Some(_)) => Code::AwsRefused,
    }
}

/// AWS's code without the `:http://...` tail and without what is no letter or digit.
fn clean(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}
