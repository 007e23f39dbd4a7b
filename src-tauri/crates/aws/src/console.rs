//! Console federation: from credentials to an address that opens the AWS console.
//!
//! `getSigninToken` by POST, so that no secret stands in a URL; the login address is itself a bearer
//! secret, good for 15 minutes.

use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use daypass_domain::{failure::Code, ids::Region, sso::SsoSession, time::Seconds};
use daypass_vault::{credentials::Credentials, secret::Secret};
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroize;

use crate::{client::Aws, error};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Session<'a> {
    session_id: &'a str,
    session_key: &'a str,
    session_token: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SigninToken {
    signin_token: String,
}

/// The address that signs a browser in to the console, for `left` of the lease. `None`: for as long as the
/// credentials last, which is all that those of a chained role may ask for.
///
/// # Errors
/// `ConsoleRefused`, or the trouble on the way.
pub async fn sign_in_url(
    aws: &Aws,
    sso: &SsoSession,
    region: &Region,
    credentials: &Credentials,
    left: Option<Seconds>,
) -> Result<Secret, Code> {
    let hosts = Hosts::of(region);
    let federation = aws.endpoints(sso)?.federation.unwrap_or(hosts.federation);
    let duration = left.map(session_duration);
    let mut token = match signin_token(aws, &federation, credentials, duration).await {
        // Some durations are refused where none is not.
        Err(Code::ConsoleRefused) if duration.is_some() => {
            signin_token(aws, &federation, credentials, None).await?
        }
        other => other?,
    };
    let url = login(federation, sso.start_url.as_str(), &hosts.home, &token);
    token.zeroize();
    Secret::copy_of(url.as_str().as_bytes()).map_err(|_| Code::NoMemory)
}

fn login(mut federation: Url, issuer: &str, home: &Url, token: &str) -> Url {
    federation
        .query_pairs_mut()
        .clear()
        .append_pair("Action", "login")
        .append_pair("Issuer", issuer)
        .append_pair("Destination", home.as_str())
        .append_pair("SigninToken", token);
    federation
}

async fn signin_token(
    aws: &Aws,
    federation: &Url,
    credentials: &Credentials,
    duration: Option<u32>,
) -> Result<String, Code> {
    let mut request = HttpRequest::new(SdkBody::from(form(credentials, duration)?));
    request.set_method("POST").map_err(|_| Code::Internal)?;
    request.set_uri(federation.as_str()).map_err(|_| Code::Internal)?;
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
    request.headers_mut().insert("accept", "application/json");
    let response = aws.connector.call(request).await.map_err(|e| {
        if e.is_timeout() { Code::TimedOut } else { error::of_connection(&e).unwrap_or(Code::Unreachable) }
    })?;
    let status = response.status().as_u16();
    tracing::debug!(operation = "getSigninToken", status, "federation answered");
    match status {
        200 => {}
        407 => return Err(Code::ProxyAuth),
        429 => return Err(Code::Throttled),
        511 => return Err(Code::NotAws),
        400..=499 => return Err(Code::ConsoleRefused),
        500..=599 => return Err(Code::AwsTrouble),
        _ => return Err(Code::NotAws),
    }
    let body = ByteStream::new(response.into_body())
        .collect()
        .await
        .map_err(|e| error::of_connection(&e).unwrap_or(Code::NotAws))?;
    token_in(&body.into_bytes())
}

fn token_in(body: &[u8]) -> Result<String, Code> {
    if body.is_empty() {
        return Err(Code::EmptyAnswer);
    }
    let token: SigninToken = serde_json::from_slice(body).map_err(|_| Code::NotAws)?;
    if token.signin_token.is_empty() { Err(Code::EmptyAnswer) } else { Ok(token.signin_token) }
}

/// The body of `getSigninToken`.
fn form(credentials: &Credentials, duration: Option<u32>) -> Result<String, Code> {
    let session = credentials.with(|parts| {
        serde_json::to_string(&Session {
            session_id: parts.access_key_id,
            session_key: parts.secret_access_key,
            session_token: parts.session_token,
        })
    });
    let mut session = session.map_err(|_| Code::Internal)?;
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "getSigninToken").append_pair("Session", &session);
    if let Some(duration) = duration {
        form.append_pair("SessionDuration", &duration.to_string());
    }
    session.zeroize();
    Ok(form.finish())
}

/// What is left, rounded up to a multiple of 900 s, between 900 s and 12 h.
fn session_duration(left: Seconds) -> u32 {
    left.0.div_ceil(900).clamp(1, 48) * 900
}

/// Where the console of a Region's partition is.
struct Hosts {
    federation: Url,
    home: Url,
}

impl Hosts {
    fn of(region: &Region) -> Self {
        let (signin, console) = match region.as_str().split('-').next() {
            Some("cn") => ("signin.amazonaws.cn".to_owned(), "console.amazonaws.cn"),
            Some("us") if region.as_str().starts_with("us-gov-") => {
                ("signin.amazonaws-us-gov.com".to_owned(), "console.amazonaws-us-gov.com")
            }
            Some("eusc") => (format!("{region}.signin.amazonaws-eusc.eu"), "console.amazonaws-eusc.eu"),
            _ => ("signin.aws.amazon.com".to_owned(), "console.aws.amazon.com"),
        };
        #[expect(
            clippy::expect_used,
            reason = "a Region has letters, digits and dashes only; the tests try each form"
        )]
        let parse =
            |text: String| Url::parse(&text).expect("an address made of a host we wrote and a Region");
        Self {
            federation: parse(format!("https://{signin}/federation")),
            home: parse(format!("https://{console}/console/home?region={region}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use daypass_mutants::{check, of_json};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_federation_answers_leads_to_its_login_or_nowhere() {
        let Hosts { federation, home } = Hosts::of(&"eu-west-1".parse().unwrap());
        let issuer = "https://acme.awsapps.com/start";
        let right = json!({ "SigninToken": "VCQgs5qZZt3Q6fn8Tr5EXAMPLE&x=%41" });
        assert!(token_in(right.to_string().as_bytes()).is_ok());
        assert_eq!(token_in(br#"{"SigninToken":""}"#), Err(Code::EmptyAnswer));
        check(600, of_json(&right), |body| {
            if let Ok(token) = token_in(&body) {
                let url = login(federation.clone(), issuer, &home, &token);
                prop_assert_eq!((url.origin(), url.path()), (federation.origin(), "/federation"));
                prop_assert!(url.fragment().is_none());
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
                prop_assert_eq!(names, ["Action", "Issuer", "Destination", "SigninToken"]);
                prop_assert_eq!(&pairs[0].1, "login");
                prop_assert_eq!(&pairs[3].1, &token);
            }
            Ok(())
        });
    }

    #[test]
    fn every_partition_has_its_own_console() {
        for (region, host) in [
            ("eu-west-1", "signin.aws.amazon.com"),
            ("us-east-1", "signin.aws.amazon.com"),
            ("us-gov-west-1", "signin.amazonaws-us-gov.com"),
            ("cn-north-1", "signin.amazonaws.cn"),
            ("eusc-de-east-1", "eusc-de-east-1.signin.amazonaws-eusc.eu"),
        ] {
            assert_eq!(Hosts::of(&region.parse().unwrap()).federation.host_str(), Some(host));
        }
    }

    #[test]
    fn the_session_duration_is_one_that_aws_takes() {
        for (left, asked) in [(0, 900), (1, 900), (900, 900), (901, 1800), (7273, 8100), (999_999, 43_200)] {
            assert_eq!(session_duration(Seconds(left)), asked, "{left}");
        }
    }
}
