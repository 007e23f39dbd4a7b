//! sso-oidc: RegisterClient and CreateToken, with the error shapes of the real service.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::Url;

use crate::clock::{after, seconds_left};
use crate::random;
use crate::state::{AccessToken, App, Kind, RefreshToken, Registration, State};

pub(crate) const AUTHORIZATION_CODE: &str = "authorization_code";
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";
/// The only scope a client of the access portal needs.
pub(crate) const ACCOUNT_ACCESS: &str = "sso:account:access";

/// The service's errors: exception name, `error`, `error_description`, status.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OidcError {
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidClient,
    InvalidClientMetadata(&'static str),
    InvalidGrant(&'static str),
    InvalidRedirectUri,
    InvalidRequest(&'static str),
    InvalidScope,
    SlowDown,
    UnauthorizedClient,
    UnsupportedGrantType,
}

impl OidcError {
    fn shape(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AccessDenied => ("AccessDeniedException", "access_denied", "Access was denied"),
            Self::AuthorizationPending => {
                ("AuthorizationPendingException", "authorization_pending", "Authorization is still pending")
            }
            Self::ExpiredToken => ("ExpiredTokenException", "expired_token", "Token or code is expired"),
            Self::InvalidClient => ("InvalidClientException", "invalid_client", "Invalid client provided"),
            Self::InvalidClientMetadata(why) => {
                ("InvalidClientMetadataException", "invalid_client_metadata", why)
            }
            Self::InvalidGrant(why) => ("InvalidGrantException", "invalid_grant", why),
            Self::InvalidRedirectUri => {
                ("InvalidRedirectUriException", "invalid_redirect_uri", "Invalid redirect URI provided")
            }
            Self::InvalidRequest(why) => ("InvalidRequestException", "invalid_request", why),
            Self::InvalidScope => ("InvalidScopeException", "invalid_scope", "Invalid scope provided"),
            Self::SlowDown => ("SlowDownException", "slow_down", "Polling too frequently"),
            Self::UnauthorizedClient => (
                "UnauthorizedClientException",
                "unauthorized_client",
                "Client is not registered for this grant type",
            ),
            Self::UnsupportedGrantType => {
                ("UnsupportedGrantTypeException", "unsupported_grant_type", "Unsupported grant type provided")
            }
        }
    }
}

impl IntoResponse for OidcError {
    fn into_response(self) -> Response {
        let (exception, error, description) = self.shape();
        let status = match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        self::error(status, exception, error, description)
    }
}

/// An error as OIDC has it.
pub(crate) fn error(status: StatusCode, exception: &str, error: &str, description: &str) -> Response {
    let body = Json(json!({ "error": error, "error_description": description }));
    let mut response = (status, body).into_response();
    // Clients must cut the tail off; the real service sends it.
    let header = format!("{exception}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/");
    if let Ok(header) = HeaderValue::from_str(&header) {
        response.headers_mut().insert("x-amzn-errortype", header);
    }
    response
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegisterClientRequest {
    client_name: String,
    client_type: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    grant_types: Vec<String>,
    issuer_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateTokenRequest {
    client_id: String,
    client_secret: String,
    grant_type: String,
    device_code: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
}

/// POST /client/register
pub(crate) async fn register_client(
    Extract(app): Extract<App>,
    body: Bytes,
) -> Result<Json<Value>, OidcError> {
    let request: RegisterClientRequest = parse(&body)?;
    if request.client_name.is_empty() {
        return Err(OidcError::InvalidClientMetadata("Client name is missing"));
    }
    if request.client_type != "public" {
        return Err(OidcError::InvalidClientMetadata("Client type must be public"));
    }
    if request.scopes.iter().any(|scope| scope != ACCOUNT_ACCESS) {
        return Err(OidcError::InvalidScope);
    }
    let redirect_uris: Option<Vec<Url>> =
        request.redirect_uris.iter().map(|uri| loopback_redirect(uri)).collect();
    let redirect_uris = redirect_uris.ok_or(OidcError::InvalidRedirectUri)?;
    // Registrations of the device flow name no grant types.
    let grant_types = match request.grant_types.is_empty() {
        true => vec![DEVICE_CODE.to_owned(), REFRESH_TOKEN.to_owned()],
        false => request.grant_types,
    };
    if !grant_types
        .iter()
        .all(|grant| [AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN].contains(&grant.as_str()))
    {
        return Err(OidcError::UnsupportedGrantType);
    }
    if grant_types.iter().any(|grant| grant == AUTHORIZATION_CODE)
        && (redirect_uris.is_empty() || request.issuer_url.is_none())
    {
        return Err(OidcError::InvalidClientMetadata("The grant needs redirect URIs and an issuer URL"));
    }

    let now = app.clock.now();
    let mut state = app.lock();
    let client_id = random::token(24);
    let client_secret = state.issue(Kind::ClientSecret, random::client_secret());
    let expires = after(now, state.options.registration_lifetime);
    let answer = json!({
        "clientId": client_id,
        "clientSecret": client_secret,
        "clientIdIssuedAt": now.unix_timestamp(),
        "clientSecretExpiresAt": expires.unix_timestamp(),
        "authorizationEndpoint": null,
        "tokenEndpoint": null,
    });
    let registration = Registration {
        client_name: request.client_name,
        client_secret,
        expires,
        grant_types,
        scopes: request.scopes,
        issuer_url: request.issuer_url,
        redirect_uris,
    };
    state.registrations.insert(client_id, registration);
    Ok(Json(answer))
}

/// POST /token
pub(crate) async fn create_token(Extract(app): Extract<App>, body: Bytes) -> Result<Json<Value>, OidcError> {
    let request: CreateTokenRequest = parse(&body)?;
    let now = app.clock.now();
    let mut state = app.lock();
    let client = known_client(&state, &request.client_id, &request.client_secret, now)?;
    let grant = request.grant_type.as_str();
    if ![AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN].contains(&grant) {
        return Err(OidcError::UnsupportedGrantType);
    }
    if !client.grant_types.iter().any(|registered| registered == grant) {
        return Err(OidcError::UnauthorizedClient);
    }
    let session = match grant {
        AUTHORIZATION_CODE => redeem_code(&mut state, &request, now)?,
        DEVICE_CODE => redeem_device_code(&mut state, &request, now)?,
        _ => rotate_refresh_token(&mut state, &request, now)?,
    };
    tokens(&mut state, &request.client_id, session, now)
}

/// Reads a JSON body.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, OidcError> {
    serde_json::from_slice(body).map_err(|_| OidcError::InvalidRequest("Invalid request"))
}

/// The registration, if the secret is right and it hasn't expired.
pub(crate) fn known_client<'a>(
    state: &'a State,
    client_id: &str,
    client_secret: &str,
    now: OffsetDateTime,
) -> Result<&'a Registration, OidcError> {
    state
        .registrations
        .get(client_id)
        .filter(|client| client.client_secret == client_secret && client.expires > now)
        .ok_or(OidcError::InvalidClient)
}

/// Whether `presented` is one of the registered redirects, with whatever port.
pub(crate) fn is_registered_redirect(registered: &[Url], presented: &str) -> bool {
    let Ok(mut presented) = Url::parse(presented) else { return false };
    presented.set_port(None).is_ok() && registered.contains(&presented)
}

fn loopback_redirect(uri: &str) -> Option<Url> {
    let url = Url::parse(uri).ok()?;
    let is_loopback = url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
    let is_plain = url.port().is_none() && url.query().is_none() && url.fragment().is_none();
    (is_loopback && is_plain && url.path() == "/oauth/callback").then_some(url)
}

fn redeem_code(
    state: &mut State,
    request: &CreateTokenRequest,
    now: OffsetDateTime,
) -> Result<u64, OidcError> {
    const INVALID: OidcError = OidcError::InvalidGrant("Invalid grant provided");
    let (Some(code), Some(redirect_uri), Some(verifier)) =
        (&request.code, &request.redirect_uri, &request.code_verifier)
    else {
        return Err(OidcError::InvalidRequest("Invalid request"));
    };
    state.issue(Kind::CodeVerifier, verifier.clone());
    // Whoever presents a code spends it, right or wrong.
    let code = state.codes.remove(code).ok_or(INVALID)?;
    if code.expires <= now {
        return Err(OidcError::ExpiredToken);
    }
    let asked = code.authorization;
    let is_right = asked.client_id == request.client_id
        && asked.redirect_uri == *redirect_uri
        && is_verifier(verifier)
        && asked.code_challenge == random::base64_url(digest(&SHA256, verifier.as_bytes()).as_ref());
    if is_right { Ok(state.start_session(now)) } else { Err(INVALID) }
}

fn redeem_device_code(
    state: &mut State,
    request: &CreateTokenRequest,
    now: OffsetDateTime,
) -> Result<u64, OidcError> {
    let code = request.device_code.as_deref().ok_or(OidcError::InvalidRequest("Invalid request"))?;
    let device = state
        .devices
        .get_mut(code)
        .filter(|device| device.client_id == request.client_id)
        .ok_or(OidcError::InvalidGrant("Invalid device code provided"))?;
    if device.expires <= now {
        return Err(OidcError::ExpiredToken);
    }
    // A tenth of a second of grace, since clients sleep by their own clock.
    let last_poll = device.last_poll.replace(now);
    let is_early = |last| now + time::Duration::milliseconds(100) < after(last, device.interval);
    if last_poll.is_some_and(is_early) {
        device.interval += std::time::Duration::from_secs(5);
        return Err(OidcError::SlowDown);
    }
    match device.answer {
        None => Err(OidcError::AuthorizationPending),
        Some(false) => Err(OidcError::AccessDenied),
        Some(true) => {
            state.devices.remove(code);
            Ok(state.start_session(now))
        }
    }
}

fn rotate_refresh_token(
    state: &mut State,
    request: &CreateTokenRequest,
    now: OffsetDateTime,
) -> Result<u64, OidcError> {
    const INVALID: OidcError = OidcError::InvalidGrant("Invalid refresh token provided");
    let presented = request.refresh_token.as_deref().ok_or(OidcError::InvalidRequest("Invalid request"))?;
    let is_own = |token: &RefreshToken| token.client_id == request.client_id;
    if !state.refresh_tokens.get(presented).is_some_and(is_own) {
        return Err(INVALID);
    }
    let token = state.refresh_tokens.remove(presented).ok_or(INVALID)?;
    state.session_end(token.session, now).map(|_| token.session).ok_or(INVALID)
}

/// With scopes: a short token and a refresh token. Without: one token as long as the session, as legacy profiles get.
fn tokens(
    state: &mut State,
    client_id: &str,
    session: u64,
    now: OffsetDateTime,
) -> Result<Json<Value>, OidcError> {
    let ends = state.session_end(session, now).ok_or(OidcError::InvalidGrant("Session has ended"))?;
    let client = state.registrations.get(client_id).ok_or(OidcError::InvalidClient)?;
    let is_scoped = !client.scopes.is_empty();
    let is_refreshable = is_scoped && client.grant_types.iter().any(|grant| grant == REFRESH_TOKEN);
    let expires = if is_scoped { after(now, state.options.access_token_lifetime).min(ends) } else { ends };
    let access_token = state.issue(Kind::AccessToken, format!("aoa{}", random::token(240)));
    state.access_tokens.insert(access_token.clone(), AccessToken { session, expires });
    let refresh_token = is_refreshable.then(|| {
        let token = state.issue(Kind::RefreshToken, format!("aor{}", random::token(360)));
        state.refresh_tokens.insert(token.clone(), RefreshToken { session, client_id: client_id.to_owned() });
        token
    });
    Ok(Json(json!({
        "accessToken": access_token,
        "tokenType": "Bearer",
        "expiresIn": seconds_left(now, expires),
        "refreshToken": refresh_token,
        "idToken": null,
    })))
}

/// RFC 7636, section 4.1.
fn is_verifier(text: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved)
}
