//! Signing in with a device code (RFC 8628): approved in any browser, on any machine.

use daypass_domain::{
    failure::Code,
    settings::Way,
    sso::{SsoSession, is_secure},
    time::Seconds,
};
use daypass_vault::secret::Secret;
use url::Url;
use zeroize::Zeroize;

use crate::{
    client::Aws,
    error,
    oidc::{self, Registration, Token},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Where AWS names no interval, and what each `slow_down` adds, both by RFC 8628.
const INTERVAL: Seconds = Seconds(5);
/// AWS shows eight letters and a dash.
const LONGEST_CODE: usize = 32;
/// AWS's last ten minutes and less; what is longer is cut.
const LONGEST_LIFE: Seconds = Seconds::hours(1);
const LONGEST_INTERVAL: Seconds = Seconds::minutes(1);
/// The longest address to be shown, in bytes.
const LONGEST_URL: usize = 2048;
/// Where AWS has people approve codes, by partition (the hosts `aws sso login` allows).
const HOSTS: &[&str] = &[
    ".awsapps.com",
    ".awsapps.cn",
    ".app.aws",
    ".portal.amazonaws.com",
    ".portal.amazonaws.com.cn",
    ".portal.amazonaws.eu",
    ".api.amazonwebservices.eu",
    ".app.amazonwebservices.com.cn",
];

/// A device code on its way.
pub struct Device {
    pub registration: Registration,
    code: Secret,
    pub user_code: String,
    /// Where the person types the code.
    pub url: String,
    /// The same with the code filled in, to be compared there.
    pub complete_url: String,
    pub lasts: Seconds,
    /// How long to wait before each question.
    pub interval: Seconds,
}

/// What AWS says of a device code.
pub enum Polled {
    Pending,
    Token(Token),
}

/// Registers a client and gets a device code.
///
/// # Errors
/// `StartUrlRefused` where Identity Center does not know the start URL; `NotAws` where it would send the
/// person elsewhere; else the trouble on the way.
pub async fn start(aws: &Aws, sso: &SsoSession) -> Result<Device, Code> {
    let registration = oidc::register(aws, sso, Way::DeviceCode).await?;
    let client = oidc::client(aws, sso)?;
    let call = || {
        client
            .start_device_authorization()
            .client_id(&registration.client_id)
            .client_secret(registration.client_secret.with_str(str::to_owned))
            .start_url(sso.start_url.as_str())
            .send()
    };
    let mut answer =
        error::patiently("StartDeviceAuthorization", call).await.map_err(oidc::start_url_refused)?;
    let mut code = oidc::token_of(answer.device_code.take())?;
    let kept = Secret::copy_of(code.as_bytes());
    code.zeroize();
    let user_code = answer.user_code.take().filter(|code| is_code(code)).ok_or(Code::NotAws)?;
    // Written anew: parsing forgives line breaks and blanks, which what opens it may not.
    let address = |text: Option<String>| text.filter(|t| may_open(t, sso)).and_then(|t| Url::parse(&t).ok());
    let url = address(answer.verification_uri.take()).map(String::from).ok_or(Code::NotAws)?;
    let complete_url = address(answer.verification_uri_complete.take()).map(String::from);
    let seconds = |n: i32| u32::try_from(n).ok().filter(|&n| n > 0).map(Seconds);
    Ok(Device {
        registration,
        code: kept.map_err(|_| Code::NoMemory)?,
        user_code,
        complete_url: complete_url.unwrap_or_else(|| url.clone()),
        url,
        lasts: seconds(answer.expires_in).ok_or(Code::NotAws)?.min(LONGEST_LIFE),
        interval: seconds(answer.interval).unwrap_or(INTERVAL).min(LONGEST_INTERVAL),
    })
}

/// Asks once whether the person has approved it. `slow_down` makes the interval longer for good.
///
/// # Errors
/// `SignInRefused`, `DeviceCodeExpired`, or the trouble on the way.
pub async fn poll(aws: &Aws, sso: &SsoSession, device: &mut Device) -> Result<Polled, Code> {
    let answer = oidc::client(aws, sso)?
        .create_token()
        .client_id(&device.registration.client_id)
        .client_secret(device.registration.client_secret.with_str(str::to_owned))
        .grant_type(GRANT)
        .device_code(device.code.with_str(str::to_owned))
        .send()
        .await;
    let error = match answer {
        Ok(answer) => return oidc::keep(answer, None).map(Polled::Token),
        // The usual answer, a few seconds apart for minutes: nothing for the log.
        Err(e) if e.as_service_error().is_some_and(|e| e.is_authorization_pending_exception()) => {
            return Ok(Polled::Pending);
        }
        Err(error) => error,
    };
    let trouble = error::read("CreateToken (device code)", &error);
    match (trouble.aws_code.as_deref(), trouble.code) {
        (Some("SlowDownException"), _) | (_, Code::Throttled) => {
            device.interval = Seconds(device.interval.0.saturating_add(INTERVAL.0));
            Ok(Polled::Pending)
        }
        (Some("AccessDeniedException"), _) => Err(Code::SignInRefused),
        (Some("ExpiredTokenException" | "InvalidGrantException"), _) => Err(Code::DeviceCodeExpired),
        // The person is still at it: a moment without network must not cost them the code.
        (_, code) if error::is_transient(code) || matches!(code, Code::TimedOut | Code::AwsTrouble) => {
            Ok(Polled::Pending)
        }
        (_, code) => Err(code),
    }
}

/// It is shown large, to be compared: letters, digits and dashes, and not many.
fn is_code(text: &str) -> bool {
    (4..=LONGEST_CODE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// AWS's own hosts over https, or the host of the start URL: practice's, or the person's own.
fn may_open(text: &str, sso: &SsoSession) -> bool {
    let (Ok(url), Ok(start)) = (Url::parse(text), Url::parse(sso.start_url.as_str())) else { return false };
    let Some(host) = url.host_str().filter(|_| url.as_str().len() <= LONGEST_URL) else { return false };
    let is_own = url.origin() == start.origin();
    // What `device.sso.REGION` has after it is the partition's own domain.
    let device = host.strip_prefix(&format!("device.sso.{}.", sso.region));
    let is_aws = HOSTS.iter().any(|suffix| host.ends_with(suffix))
        || device.is_some_and(|rest| matches!(rest, "amazonaws.com" | "amazonaws.com.cn" | "amazonaws.eu"));
    let is_aws = is_aws && url.scheme() == "https";
    is_secure(&url) && (is_own || is_aws) && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use daypass_domain::sso::StartUrl;

    use super::*;

    #[test]
    fn people_are_sent_to_aws_or_their_own_portal_and_nowhere_else() {
        let start_url = StartUrl::try_from("https://sso.acme.example/start".to_owned()).unwrap();
        let sso = SsoSession::typed("acme".parse().unwrap(), start_url, "eu-west-1".parse().unwrap());
        for good in [
            "https://acme.awsapps.com/start/#/device?user_code=ABCD-EFGH",
            "https://device.sso.eu-west-1.amazonaws.com/",
            "https://sso.acme.example/device",
        ] {
            assert!(may_open(good, &sso), "{good}");
        }
        for bad in [
            "http://acme.awsapps.com/start/#/device",
            "https://bucket.s3.amazonaws.com/",
            "https://awsapps.com.evil.example/",
            "https://evil.example/?.awsapps.com",
            "https://acme.awsapps.com@evil.example/",
            "https://me@acme.awsapps.com/",
            "http://sso.acme.example/device",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!may_open(bad, &sso), "{bad}");
        }
    }

    #[test]
    fn a_code_to_compare_is_short_and_plain() {
        assert!(is_code("ABCD-EFGH"));
        for bad in ["", "<b>", "AB CD", "\u{202e}ABCD", &"A".repeat(33)] {
            assert!(!is_code(bad), "{bad:?}");
        }
    }
}
