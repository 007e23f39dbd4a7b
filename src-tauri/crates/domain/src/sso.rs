//! SSO sessions: where a person signs in.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::{Host, Url};

use crate::ids::{Region, SsoSessionName};

/// The access portal's address: https, or http on loopback (the practice organisation).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct StartUrl(Url);

/// The longest start URL, in bytes as it is written down: AWS's own have less than 100.
const LONGEST: usize = 512;

/// Why a text is no start URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadStartUrl {
    #[error("the start URL is not a web address")]
    NotAnAddress,
    #[error("the start URL does not begin with https://")]
    NotHttps,
}

impl StartUrl {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The first label of the host: what people call their portal (`acme` of `acme.awsapps.com`).
    #[must_use]
    pub fn label(&self) -> &str {
        self.0.host_str().unwrap_or("sso").split('.').next().unwrap_or("sso")
    }
}

impl TryFrom<String> for StartUrl {
    type Error = BadStartUrl;
    fn try_from(text: String) -> Result<Self, BadStartUrl> {
        let url = Url::parse(text.trim()).map_err(|_| BadStartUrl::NotAnAddress)?;
        if url.as_str().len() > LONGEST
            || url.host_str().is_none()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(BadStartUrl::NotAnAddress);
        }
        if is_secure(&url) { Ok(Self(url)) } else { Err(BadStartUrl::NotHttps) }
    }
}

impl From<StartUrl> for String {
    fn from(url: StartUrl) -> String {
        url.0.into()
    }
}

/// Whether tokens may be sent there: https, or plain http that cannot leave this machine.
#[must_use]
pub fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Whether it is on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Where the services of an SSO session are, when not where the SDK's rules say.
///
/// The `/authorize` address follows from `oidc`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Endpoints {
    pub oidc: Option<Url>,
    pub portal: Option<Url>,
    pub sts: Option<Url>,
    pub federation: Option<Url>,
}

/// Where we learned of an SSO session.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// An `[sso-session]` or a legacy profile of the AWS config file.
    Config,
    /// Typed by the person.
    Typed,
    /// The practice organisation.
    Practice,
}

/// A named place to sign in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SsoSession {
    pub name: SsoSessionName,
    pub start_url: StartUrl,
    /// The Region where Identity Center lives; not the Region one works in.
    pub region: Region,
    pub source: Source,
    pub endpoints: Endpoints,
}

impl SsoSession {
    #[must_use]
    pub fn typed(name: SsoSessionName, start_url: StartUrl, region: Region) -> Self {
        Self { name, start_url, region, source: Source::Typed, endpoints: Endpoints::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<StartUrl, BadStartUrl> {
        StartUrl::try_from(text.to_owned())
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(parse("https://acme.awsapps.com/start").is_ok());
        assert!(parse("http://127.0.0.1:9/start").is_ok());
        assert_eq!(parse("http://acme.awsapps.com/start"), Err(BadStartUrl::NotHttps));
        assert_eq!(parse("http://127.0.0.1.evil.example/"), Err(BadStartUrl::NotHttps));
        assert_eq!(parse("file:///etc/passwd"), Err(BadStartUrl::NotAnAddress));
        assert_eq!(parse("acme"), Err(BadStartUrl::NotAnAddress));
        assert_eq!(parse("https://user:pw@acme.awsapps.com/"), Err(BadStartUrl::NotAnAddress));
    }

    #[test]
    fn a_start_url_that_was_taken_is_taken_again_as_it_is_written_down() {
        let longest = format!("https://acme.awsapps.com/{}", "x".repeat(LONGEST - 25));
        assert_eq!(parse(&longest).map(String::from), Ok(longest.clone()));
        assert_eq!(parse(&format!("{longest}x")), Err(BadStartUrl::NotAnAddress));
        let grows = format!("https://acme.awsapps.com/{}start", "\u{1}".repeat(200));
        assert_eq!(parse(&grows), Err(BadStartUrl::NotAnAddress));
    }
}
