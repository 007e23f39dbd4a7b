//! One HTTP client for all calls, and how the SDK's clients are made from it.

use std::time::Duration;

use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
        http_client_fn,
    },
    orchestrator::HttpRequest,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig, timeout::TimeoutConfig};
use daypass_domain::{
    failure::Code,
    sso::{Endpoints, SsoSession, is_loopback, is_secure},
    time::Timestamp,
};
use http_body_util::Limited;
use url::Url;

use crate::{skew::Skew, trust::trust};

const CONNECT: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_secs(30);
/// The most bytes of an answer that are read. AWS's own have some ten thousand; who sends more is not AWS.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// The way to AWS: no pooled connection (its read buffer would keep a copy of what passed), the
/// system's trust store or `AWS_CA_BUNDLE`, the proxy variables honoured.
#[derive(Clone)]
pub struct Aws {
    pub(crate) connector: SharedHttpConnector,
    tls: TlsContext,
    /// What `AWS_ENDPOINT_URL_*` and `DAYPASS_FEDERATION_URL` say; or what is wrong with the environment.
    defaults: Result<Endpoints, Code>,
    pub(crate) skew: Skew,
}

impl Aws {
    /// Reads the endpoint variables and `AWS_CA_BUNDLE` through `variable`; the time is `now`.
    #[must_use]
    pub fn new(
        variable: impl Fn(&str) -> Option<String>,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let (tls, trouble) = match trust(&variable) {
            Ok(tls) => (tls, None),
            Err(code) => (TlsContext::default(), Some(code)),
        };
        Self {
            connector: connector(&tls, 0),
            tls,
            defaults: trouble.map_or_else(|| defaults(variable), Err),
            skew: Skew::new(now),
        }
    }

    /// The same, with connections kept open: for the many calls of one catalogue sync. Drop it after.
    #[must_use]
    pub fn pooled(&self) -> Self {
        Self { connector: connector(&self.tls, 8), ..self.clone() }
    }

    /// Milliseconds that AWS's clock is ahead of ours, by its latest answer.
    #[must_use]
    pub fn skew_millis(&self) -> i64 {
        self.skew.millis()
    }

    /// When something that AWS dates happens by our clock.
    pub(crate) fn local(&self, at: Timestamp) -> Timestamp {
        self.skew.local(at)
    }

    /// Where this SSO session's services are, where not the SDK's rules say.
    ///
    /// # Errors
    /// An endpoint variable names a plain-http address that is not loopback; `BadCaBundle`.
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

fn connector(tls: &TlsContext, idle_connections: usize) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(REQUEST).build();
    let through = |proxy| {
        Connector::builder()
            .connector_settings(settings.clone())
            .proxy_config(proxy)
            .pool_max_idle_per_host(idle_connections)
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls.clone())
            .build()
    };
    SharedHttpConnector::new(Ways {
        direct: SharedHttpConnector::new(through(ProxyConfig::disabled())),
        proxied: SharedHttpConnector::new(through(ProxyConfig::from_env())),
    })
}

/// The way to this machine and the way to all others: what is on loopback is no proxy's business.
#[derive(Debug)]
struct Ways {
    direct: SharedHttpConnector,
    proxied: SharedHttpConnector,
}

impl HttpConnector for Ways {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let url = Url::parse(request.uri());
        let way = if url.is_ok_and(|url| is_loopback(&url)) { &self.direct } else { &self.proxied };
        let answer = way.call(request);
        let bounded = |body| SdkBody::from_body_1_x(Limited::new(body, LONGEST_ANSWER));
        HttpConnectorFuture::new(async move { Ok(answer.await?.map(bounded)) })
    }
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
            .retry_config($crate::client::no_retries())
            .time_source($aws.skew.clone())
            .interceptor($aws.skew.clone());
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
