//! Page: the frame of every HTML page, its escaping and its headers.

use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_FRAME_OPTIONS};
use axum::response::{IntoResponse, Response};

use crate::random;
use crate::state::App;

const STYLE: &str = include_str!("page.css");

/// What differs from page to page. `title` and `body` are HTML: whoever fills them escapes.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
    pub(crate) script: &'a str,
}

impl Page<'_> {
    /// The page as an answer. Style and script run by a nonce of this one answer; nothing is loaded from anywhere.
    pub(crate) fn respond(&self, status: StatusCode) -> Response {
        let nonce = random::token(16);
        let script = match self.script {
            "" => String::new(),
            script => format!(r#"<script nonce="{nonce}">{script}</script>"#),
        };
        let html = format!(
            r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style nonce="{nonce}">{STYLE}</style></head>
<body><main>{body}</main><footer>Practice organisation on this computer. Not AWS.</footer>{script}</body></html>"#,
            title = self.title,
            body = self.body,
        );
        // Sending the form of /authorize ends at the application's loopback address, which form-action has to allow.
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
             form-action 'self' http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'"
        );
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CONTENT_SECURITY_POLICY, policy.as_str()),
            (X_FRAME_OPTIONS, "DENY"),
        ];
        (status, headers, html).into_response()
    }
}

/// A page that says what went wrong and what to do. Neither text is ever input.
pub(crate) fn failure(status: StatusCode, title: &'static str, advice: &'static str) -> Response {
    let body = format!(r#"<h1 id="failure">{title}</h1><p>{advice}</p>"#);
    Page { title, body: &body, script: "" }.respond(status)
}

/// GET /start: what this is.
pub(crate) async fn start(Extract(app): Extract<App>) -> Response {
    let (accounts, roles) = {
        let state = app.lock();
        let roles: usize = state.accounts.iter().map(|account| account.roles.len()).sum();
        (state.accounts.len(), roles)
    };
    let body = format!(
        r#"<p class="eyebrow">Practice organisation</p><h1 id="start">Acme, a company that doesn't exist</h1>
<p>This is a simulated AWS organisation for trying Daypass: {accounts} accounts, {roles} roles, one person (Dana Example).
It runs on this computer alone, and nothing it hands out is worth anything elsewhere.</p>
<p>Sign in from Daypass with this page's address as the start URL and <code>{region}</code> as the Region.</p>"#,
        region = escape(&app.region),
    );
    Page { title: "Acme: practice organisation", body: &body, script: "" }.respond(StatusCode::OK)
}

/// Whatever has no page.
pub(crate) async fn not_found() -> Response {
    failure(
        StatusCode::NOT_FOUND,
        "There is nothing here",
        "Check the address, or start again in the application.",
    )
}

/// Text made safe for HTML, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Nothing that turns the text around it: bidirectional controls.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

/// The parameters of a query or a form.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The parameter's value, if it was given exactly once.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(key, _)| key == name);
        match (named.next(), named.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_comes_out_as_text() {
        assert_eq!(
            escape("<img src=x onerror='a'>&\"\u{202e}"),
            "&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&quot;\u{fffd}"
        );
    }

    #[test]
    fn a_parameter_given_twice_counts_as_missing() {
        let parameters = Parameters::parse(b"a=1&b=2&b=3");
        assert_eq!(parameters.one("a"), Some("1"));
        assert_eq!(parameters.one("b"), None);
    }
}
