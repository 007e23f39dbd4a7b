//! Authorize: the page a browser is sent to for the authorization-code flow, and its redirect back.

use axum::extract::{RawForm, RawQuery, State as Extract};
use axum::http::{StatusCode, header::LOCATION};
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::clock::after;
use crate::oidc::{ACCOUNT_ACCESS, AUTHORIZATION_CODE, is_registered_redirect};
use crate::options::Consent;
use crate::page::{self, Page, Parameters, escape};
use crate::random;
use crate::state::{App, Authorization, Code, Kind, State};

/// Why /authorize shows a page instead of a question. AWS says these things nowhere else than in the browser.
#[derive(Clone, Copy)]
enum Problem {
    UnknownClient,
    WrongGrant,
    WrongStartUrl,
    WrongRedirect,
    WrongParameters,
}

impl Problem {
    fn text(self) -> &'static str {
        match self {
            Self::UnknownClient => "The application isn't registered here, or its registration has expired.",
            Self::WrongGrant => "The application is registered for another way of signing in.",
            Self::WrongStartUrl => {
                "The start URL doesn't belong to this Region. Check the start URL and the Region."
            }
            Self::WrongRedirect => {
                "The application asked to be answered at an address it isn't registered with."
            }
            Self::WrongParameters => "The request is not complete, or its parameters are invalid.",
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        page::failure(StatusCode::BAD_REQUEST, "Sign-in can't go on", self.text())
    }
}

/// GET /authorize
pub(crate) async fn ask(Extract(app): Extract<App>, RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default().as_bytes());
    let mut state = app.lock();
    let authorization = match check(&app, &state, &parameters) {
        Ok(authorization) => authorization,
        Err(problem) => return problem.into_response(),
    };
    match state.options.consent {
        Consent::Allow => send_back(&app, &mut state, authorization, true),
        Consent::Deny => send_back(&app, &mut state, authorization, false),
        Consent::Ask => {
            let client_name =
                state.registrations.get(&authorization.client_id).map(|client| client.client_name.clone());
            let id = random::hex_id(16);
            state.asked.insert(id.clone(), authorization);
            question("/authorize", "id", &id, &client_name.unwrap_or_default(), "")
        }
    }
}

/// POST /authorize, from the page's own buttons.
pub(crate) async fn answer(Extract(app): Extract<App>, RawForm(form): RawForm) -> Response {
    let parameters = Parameters::parse(&form);
    let mut state = app.lock();
    let asked = parameters.one("id").and_then(|id| state.asked.remove(id));
    match asked {
        Some(authorization) => {
            send_back(&app, &mut state, authorization, parameters.one("decision") == Some("allow"))
        }
        None => page::failure(
            StatusCode::GONE,
            "Already answered",
            "This question was answered. Start again in the application.",
        ),
    }
}

/// The page with Allow and Deny, for this flow and the device flow.
///
/// Enter alone never approves a device code: that question comes by phishing, too.
pub(crate) fn question(action: &str, field: &str, value: &str, client_name: &str, more: &str) -> Response {
    let body = format!(
        r#"<p class="eyebrow">IAM Identity Center</p>
<h1>Acme: sign in as Dana Example (dana@example.com)?</h1>
<p><b>{client}</b> asks to use your AWS accounts and roles on your behalf.</p>{more}
<form method="post" action="{action}">
<input type="hidden" name="{field}" value="{value}">
<div class="buttons"><button class="primary" id="allow" name="decision" value="allow"{focus}>Allow</button>
<button id="deny" name="decision" value="deny">Deny</button></div>
</form>"#,
        client = escape(client_name),
        value = escape(value),
        focus = if field == "user_code" { "" } else { " autofocus" },
    );
    Page { title: "Sign in to Acme", body: &body, script: "" }.respond(StatusCode::OK)
}

fn check(app: &App, state: &State, parameters: &Parameters) -> Result<Authorization, Problem> {
    let client_id = parameters.one("client_id").ok_or(Problem::UnknownClient)?;
    let client = state
        .registrations
        .get(client_id)
        .filter(|client| client.expires > app.clock.now())
        .ok_or(Problem::UnknownClient)?;
    if !client.grant_types.iter().any(|grant| grant == AUTHORIZATION_CODE) {
        return Err(Problem::WrongGrant);
    }
    if !client.issuer_url.as_deref().is_some_and(|url| app.is_start_url(url, state)) {
        return Err(Problem::WrongStartUrl);
    }
    let redirect_uri = parameters.one("redirect_uri").ok_or(Problem::WrongRedirect)?;
    if !is_registered_redirect(&client.redirect_uris, redirect_uri) {
        return Err(Problem::WrongRedirect);
    }
    let challenge = parameters.one("code_challenge").unwrap_or_default();
    let is_base64_url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let are_scopes_registered =
        parameters.one("scopes").unwrap_or_default().split_whitespace().all(|scope| {
            scope == ACCOUNT_ACCESS && client.scopes.iter().any(|registered| registered == scope)
        });
    let is_complete = parameters.one("response_type") == Some("code")
        && parameters.one("code_challenge_method") == Some("S256")
        && challenge.len() == 43
        && challenge.bytes().all(is_base64_url)
        && are_scopes_registered;
    match parameters.one("state").filter(|state| is_complete && !state.is_empty()) {
        Some(state) => Ok(Authorization {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state: state.to_owned(),
            code_challenge: challenge.to_owned(),
        }),
        None => Err(Problem::WrongParameters),
    }
}

fn send_back(app: &App, state: &mut State, authorization: Authorization, is_allowed: bool) -> Response {
    let Ok(mut location) = Url::parse(&authorization.redirect_uri) else {
        return Problem::WrongRedirect.into_response();
    };
    if is_allowed {
        let code = state.issue(Kind::AuthorizationCode, random::token(96));
        location.query_pairs_mut().append_pair("code", &code).append_pair("state", &authorization.state);
        let expires = after(app.clock.now(), state.options.code_lifetime);
        state.codes.insert(code, Code { authorization, expires });
    } else {
        location
            .query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("error_description", "The user denied the request")
            .append_pair("state", &authorization.state);
    }
    (StatusCode::SEE_OTHER, [(LOCATION, location.to_string())]).into_response()
}
