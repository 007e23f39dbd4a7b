//! One HTTP client for all calls, and how the SDK's clients are made from it.

use std::time::Duration;

use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use daypass_domain::{
    failure::Code,
    sso::{Endpoints, SsoSession, is_secure},
};
use url::Url;

const CONNECT: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_secs(30);

/// The way to AWS: no pooled connection (its read buffer would keep a copy of what passed), the
/// system's trust store, the proxy variables honoured.
#[derive(Clone)]
pub struct Aws {
    pub(crate) connector: SharedHttpConnector,
    /// What `AWS_ENDPOINT_URL_*` and `DAYPASS_FEDERATION_URL` say.
    defaults: Result<Endpoints, Code>,
}

impl Aws {
    /// Reads the endpoint variables through `variable`.
    #[must_use]
    pub fn new(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self { connector: connector(0), defaults: defaults(variable) }
    }

    /// The same, with connections kept open: for the many calls of one catalogue sync. Drop it after.
    #[must_use]
    pub fn pooled(&self) -> Self {
        Self { connector: connector(8), defaults: self.defaults.clone() }
    }

    /// Where this SSO session's services are, where not the SDK's rules say.
    ///
    /// # Errors
    /// An endpoint variable names a plain-http address that is not loopback.
    pub fn endpoints(&self, sso: &SsoSession) -> Result<Endpoints, Code> {
        let defaults = self.defaults.clone()?;
        let own = &sso.endpoints;
        Ok(Endpoints {
            oidc: own.oidc.clone().or(defaults.oidc),
            portal: own.portal.clone().or(defaults.portal),
            sts: own.sts.clone().or(defaults.sts),
            federation: own.federation.clone().or(defaults.federation),
        })
    }

    pub(crate) fn http(&self) -> SharedHttpClient {
        let connector = self.connector.clone();
        http_client_fn(move |_, _| connector.clone())
    }
}

fn connector(idle_connections: usize) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(REQUEST).build();
    SharedHttpConnector::new(
        Connector::builder()
            .connector_settings(settings)
            .proxy_config(ProxyConfig::from_env())
            .pool_max_idle_per_host(idle_connections)
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build(),
    )
}

/// The whole call, connecting included.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_timeout(REQUEST).build()
}

/// The SDK's retries know neither `Retry-After` nor our pace: ours are elsewhere.
pub(crate) fn no_retries() -> RetryConfig {
    RetryConfig::disabled()
}

/// An SDK's configuration with what all of ours have in common.
macro_rules! sdk_config {
    ($sdk:ident, $aws:expr, $region:expr, $endpoint:expr) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new($region.to_string()))
            .http_client($aws.http())
            .timeout_config($crate::client::timeouts())
            .retry_config($crate::client::no_retries());
        let endpoint: Option<url::Url> = $endpoint;
        config.set_endpoint_url(endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned()));
        config
    }};
}
pub(crate) use sdk_config;

fn defaults(variable: impl Fn(&str) -> Option<String>) -> Result<Endpoints, Code> {
    let read = |name: &str| match variable(name).filter(|v| !v.is_empty()) {
        None => Ok(None),
        Some(text) => Url::parse(&text).ok().filter(is_secure).map(Some).ok_or(Code::InsecureEndpoint),
    };
    if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
        return Ok(Endpoints { federation: read("DAYPASS_FEDERATION_URL")?, ..Endpoints::default() });
    }
    Ok(Endpoints {
        oidc: read("AWS_ENDPOINT_URL_SSO_OIDC")?,
        portal: read("AWS_ENDPOINT_URL_SSO")?,
        sts: read("AWS_ENDPOINT_URL_STS")?,
        federation: read("DAYPASS_FEDERATION_URL")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_http_endpoint_that_leaves_the_machine_is_refused() {
        let set = |value: &'static str| {
            defaults(move |name| (name == "AWS_ENDPOINT_URL_SSO").then(|| value.to_owned()))
        };
        assert_eq!(set("http://10.0.0.1/"), Err(Code::InsecureEndpoint));
        assert_eq!(set("nonsense"), Err(Code::InsecureEndpoint));
        assert!(set("http://127.0.0.1:4000").unwrap().portal.is_some());
        assert!(set("https://portal.example.com").unwrap().portal.is_some());
    }
}
