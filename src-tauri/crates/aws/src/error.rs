//! From the SDK's errors to codes. The only place that looks inside them.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use daypass_domain::failure::Code;

/// What an SDK error comes to: a code for the person, and what a caller may need to go on.
pub(crate) struct Trouble {
    pub(crate) code: Code,
    /// AWS's own name of it, letters and digits only.
    pub(crate) aws_code: Option<String>,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
}

/// Reads an SDK error. The log gets the operation, status and AWS's code; never a body.
pub(crate) fn read<E: ProvideErrorMetadata>(
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
        SdkError::DispatchFailure(_) => Code::Unreachable,
        SdkError::ServiceError(_) => of_service(status, aws_code.as_deref()),
        SdkError::ResponseError(_) => Code::NotAws,
        // The request could not even be built: a mistake of ours.
        _ => Code::Internal,
    };
    tracing::warn!(operation, status, aws_code, ?code, "a call to AWS failed");
    Trouble { code, aws_code, retry_after }
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
