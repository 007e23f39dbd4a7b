//! Signing in: the authorization-code flow with PKCE of IAM Identity Center's OIDC service, and refreshing.
//!
//! The shapes are those of `sso-oidc`: RegisterClient, the unmodelled `/authorize`, CreateToken.

use aws_sdk_ssooidc::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use daypass_domain::{
    failure::Code,
    settings::Way,
    sso::SsoSession,
    time::{Seconds, Timestamp},
};
use daypass_vault::{page::NoMemory, secret::Secret};
use ring::digest;
use url::Url;
use zeroize::Zeroize;

use crate::{
    client::{Aws, sdk_config},
    error::{self, Trouble},
    random,
    redirect::{REGISTERED, Redirect},
};

const SCOPE: &str = "sso:account:access";

/// A client registration: lives about 90 days, made anew for every sign-in.
pub struct Registration {
    pub client_id: String,
    pub client_secret: Secret,
    /// When AWS stops accepting it, and with it the refresh tokens it got.
    pub expires_at: Timestamp,
    pub way: Way,
}

/// An SSO token: about an hour, refreshed for as long as the SSO session lives.
pub struct Token {
    pub access: Secret,
    refresh: Option<Secret>,
    pub lasts: Seconds,
    /// Set by whoever keeps it.
    pub expires_at: Timestamp,
}

impl Token {
    /// A token of which nothing is left but the means to refresh it.
    ///
    /// # Errors
    /// No memory.
    pub fn lapsed(refresh: Secret) -> Result<Self, NoMemory> {
        let expires_at = Timestamp::from_secs(0);
        Ok(Self { access: Secret::with_capacity(0)?, refresh: Some(refresh), lasts: Seconds(0), expires_at })
    }

    /// What it can be refreshed with, where AWS gave that. Dead after one use, if AWS gives a new one.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh.as_ref()
    }

    #[must_use]
    pub fn page_count(&self) -> usize {
        self.access.page_count() + self.refresh.as_ref().map_or(0, Secret::page_count)
    }
}

/// A sign-in on its way: registered, with the address to open.
pub struct Authorization {
    pub registration: Registration,
    verifier: Secret,
    redirect_uri: String,
    /// The address for the browser. Its `state` and challenge are for this sign-in only.
    pub url: Secret,
}

/// Registers a client and makes the address to open. `redirect` already listens.
///
/// # Errors
/// `StartUrlRefused` where Identity Center does not know the start URL; else the trouble on the way.
pub async fn authorize(aws: &Aws, sso: &SsoSession, redirect: &Redirect) -> Result<Authorization, Code> {
    let registration = register(aws, sso, Way::Browser).await?;
    let verifier = random::secret(256).map_err(|_| Code::NoMemory)?;
    let mut url = match aws.endpoints(sso)?.oidc {
        Some(url) => url,
        None => resolve(sso).await?,
    };
    url.set_path("/authorize");
    redirect.state().with_str(|state| {
        url.query_pairs_mut()
            .clear()
            .append_pair("response_type", "code")
            .append_pair("client_id", &registration.client_id)
            .append_pair("redirect_uri", &redirect.uri())
            .append_pair("state", state)
            .append_pair("code_challenge_method", "S256")
            .append_pair("scopes", SCOPE)
            .append_pair("code_challenge", &verifier.with(challenge));
    });
    let url = Secret::copy_of(url.as_str().as_bytes()).map_err(|_| Code::NoMemory)?;
    Ok(Authorization { registration, verifier, redirect_uri: redirect.uri(), url })
}

/// Registers a client for one way to sign in; AWS knows it by no other.
pub(crate) async fn register(aws: &Aws, sso: &SsoSession, way: Way) -> Result<Registration, Code> {
    let client = client(aws, sso)?;
    let call = || {
        let call = client.register_client().client_name("Daypass").client_type("public").scopes(SCOPE);
        match way {
            Way::Browser => call
                .grant_types("authorization_code")
                .grant_types("refresh_token")
                .redirect_uris(REGISTERED)
                .issuer_url(sso.start_url.as_str()),
            Way::DeviceCode => call,
        }
        .send()
    };
    let mut answer = error::patiently("RegisterClient", call).await.map_err(start_url_refused)?;
    let client_id = token_of(answer.client_id.take())?;
    let mut client_secret = token_of(answer.client_secret.take())?;
    let kept = Secret::copy_of(client_secret.as_bytes());
    client_secret.zeroize();
    Ok(Registration {
        client_id,
        client_secret: kept.map_err(|_| Code::NoMemory)?,
        expires_at: Timestamp::from_secs(answer.client_secret_expires_at),
        way,
    })
}

/// Redeems the code the browser brought.
///
/// # Errors
/// The trouble on the way.
pub async fn redeem(aws: &Aws, sso: &SsoSession, with: &Authorization, code: &Secret) -> Result<Token, Code> {
    let client = client(aws, sso)?;
    let call = || {
        client
            .create_token()
            .client_id(&with.registration.client_id)
            .client_secret(with.registration.client_secret.with_str(str::to_owned))
            .grant_type("authorization_code")
            .code(code.with_str(str::to_owned))
            .redirect_uri(&with.redirect_uri)
            .code_verifier(with.verifier.with_str(str::to_owned))
            .send()
    };
    let answer =
        error::patiently("CreateToken", call).await.map_err(|t| match (t.aws_code.as_deref(), t.code) {
            (Some("AccessDeniedException"), _) => Code::SignInRefused,
            (Some("ExpiredTokenException"), _) => Code::SignInTimedOut,
            (_, Code::SignInLapsed | Code::AwsRefused) => Code::SignInNotAccepted,
            (_, code) => code,
        })?;
    keep(answer, None)
}

/// Gets a new token for the old one. The old refresh token is dead from now on.
///
/// # Errors
/// `SignInLapsed` where the SSO session has ended; else the trouble on the way.
pub async fn refresh(
    aws: &Aws,
    sso: &SsoSession,
    registration: &Registration,
    token: &Token,
) -> Result<Token, Code> {
    let old = token.refresh.as_ref().ok_or(Code::SignInLapsed)?;
    let answer = client(aws, sso)?
        .create_token()
        .client_id(&registration.client_id)
        .client_secret(registration.client_secret.with_str(str::to_owned))
        .grant_type("refresh_token")
        .refresh_token(old.with_str(str::to_owned))
        .send()
        .await
        .map_err(|e| match error::read("CreateToken (refresh)", &e) {
            // The registration or the grant is no longer good: only a new sign-in helps.
            t if t.code == Code::AwsRefused => Code::SignInLapsed,
            t => t.code,
        })?;
    keep(answer, Some(old))
}

/// What a refused registration or device authorization comes to.
pub(crate) fn start_url_refused(trouble: Trouble) -> Code {
    if trouble.code == Code::AwsRefused { Code::StartUrlRefused } else { trouble.code }
}

pub(crate) fn client(aws: &Aws, sso: &SsoSession) -> Result<aws_sdk_ssooidc::Client, Code> {
    Ok(aws_sdk_ssooidc::Client::from_conf(
        sdk_config!(aws_sdk_ssooidc, aws, sso.region, aws.endpoints(sso)?.oidc).build(),
    ))
}

/// Moves the tokens of an answer into locked pages. Where no new refresh token came, the old one stays good.
pub(crate) fn keep(
    mut answer: aws_sdk_ssooidc::operation::create_token::CreateTokenOutput,
    old: Option<&Secret>,
) -> Result<Token, Code> {
    let mut access = token_of(answer.access_token.take())?;
    let mut refresh = answer.refresh_token.take().filter(|t| is_token(t));
    let kept_access = Secret::copy_of(access.as_bytes());
    let kept_refresh = match (&refresh, old) {
        (Some(new), _) => Some(Secret::copy_of(new.as_bytes())),
        (None, old) => old.map(|o| o.with(Secret::copy_of)),
    };
    access.zeroize();
    refresh.zeroize();
    Ok(Token {
        access: kept_access.map_err(|_| Code::NoMemory)?,
        refresh: kept_refresh.transpose().map_err(|_| Code::NoMemory)?,
        lasts: Seconds(u32::try_from(answer.expires_in).unwrap_or(0)),
        expires_at: Timestamp::from_secs(0),
    })
}

/// What an answer has to have, and AWS may have issued.
pub(crate) fn token_of(part: Option<String>) -> Result<String, Code> {
    let text = part.ok_or(Code::EmptyAnswer)?;
    if is_token(&text) { Ok(text) } else { Err(Code::NotAws) }
}

/// Whether AWS may have issued it: something that a header can carry.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

/// The OIDC address of the SSO Region by the SDK's rules, partition included.
async fn resolve(sso: &SsoSession) -> Result<Url, Code> {
    let parameters = Params::builder().region(sso.region.as_str()).build().map_err(|_| Code::BadRegion)?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await.map_err(|_| Code::BadRegion)?;
    Url::parse(endpoint.url()).map_err(|_| Code::BadRegion)
}

/// `S256` of RFC 7636: the unpadded base64url of the verifier's SHA-256.
fn challenge(verifier: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, verifier);
    aws_smithy_types::base64::encode(hash)
        .replace('+', "-")
        .replace('/', "_")
        .trim_end_matches('=')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use daypass_domain::sso::StartUrl;

    use super::*;

    #[tokio::test]
    async fn identity_center_is_where_the_sdk_has_it_in_every_partition() {
        for (region, host) in [
            ("eu-west-1", "oidc.eu-west-1.amazonaws.com"),
            ("us-gov-west-1", "oidc.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "oidc.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "oidc.eusc-de-east-1.amazonaws.eu"),
        ] {
            let start_url = StartUrl::try_from("https://acme.awsapps.com/start".to_owned()).unwrap();
            let sso = SsoSession::typed("acme".parse().unwrap(), start_url, region.parse().unwrap());
            assert_eq!(resolve(&sso).await.unwrap().host_str(), Some(host));
        }
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(
            challenge(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
