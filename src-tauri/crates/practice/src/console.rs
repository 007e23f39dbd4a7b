//! Console: a page that shows who is signed in, as what, where and for how long.

use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;

use crate::clock::seconds_left;
use crate::page::{self, Page, escape};
use crate::state::App;

/// Counts down from what the server said, by elapsed time, so that neither sleep nor a test's clock confuses it.
const COUNTDOWN: &str = "
const left = document.getElementById('left');
const ends = Date.now() + Number(left.dataset.seconds) * 1000;
const two = (number) => String(number).padStart(2, '0');
function tick() {
  const seconds = Math.max(0, Math.round((ends - Date.now()) / 1000));
  const hours = Math.floor(seconds / 3600);
  left.textContent = seconds === 0
    ? 'ended: reload to see where to sign in again'
    : `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
tick();
setInterval(tick, 1000);
";

/// GET /console/{address}
pub(crate) async fn show(Extract(app): Extract<App>, Path(address): Path<String>) -> Response {
    let now = app.clock.now();
    let state = app.lock();
    let Some(console) = state.consoles.get(&address) else { return signed_out_page() };
    let name = state.account_name(&console.account_id);
    let (kind, label) = environment(&name);
    let service = service_name(&console.service);
    if console.ends <= now {
        let again = console.issuer.as_deref().map_or_else(String::new, |issuer| {
            format!(r#"<p><a class="button" id="issuer" href="{}">Sign in again</a></p>"#, escape(issuer))
        });
        let body = format!(
            r#"<h1 id="expired">Your console session has ended</h1><p>Open the console again from Daypass.</p>{again}"#
        );
        return Page { title: "Console session ended", body: &body, script: "" }.respond(StatusCode::OK);
    }
    let left = seconds_left(now, console.ends);
    let body = format!(
        r#"<div id="console"><p class="eyebrow">Acme console</p><h1 id="service">{service}</h1>
<div class="env {kind}"><div><b id="account-name">{name}</b><span id="account-id">{account_id}</span></div><small id="environment">{label}</small></div>
<dl><dt>Signed in as</dt><dd id="who">Dana Example (dana@example.com)</dd>
<dt>Role</dt><dd id="role">{role}</dd>
<dt>Region</dt><dd id="region">{region}</dd>
<dt>Time left</dt><dd class="left" id="left" role="timer" data-seconds="{left}">{hours}:{minutes:02}:{seconds:02}</dd></dl></div>"#,
        service = escape(&service),
        name = escape(&name),
        account_id = escape(&console.account_id),
        role = escape(&console.role),
        region = escape(&console.region),
        hours = left / 3600,
        minutes = left / 60 % 60,
        seconds = left % 60,
    );
    let title = escape(&format!("{service}: {} in {name}", console.role));
    Page { title: &title, body: &body, script: COUNTDOWN }.respond(StatusCode::OK)
}

/// GET /console
pub(crate) async fn signed_out() -> Response {
    signed_out_page()
}

fn signed_out_page() -> Response {
    page::failure(StatusCode::FORBIDDEN, "Nobody is signed in here", "Open the console from Daypass.")
}

/// An account's environment by its name: the class of its colour, and a word, since colour alone says nothing.
fn environment(account_name: &str) -> (&'static str, &'static str) {
    let has = |word: &str| account_name.split(['-', '_', ' ']).any(|part| part.eq_ignore_ascii_case(word));
    if has("prod") || has("production") {
        ("production", "Production")
    } else if has("staging") || has("stage") {
        ("staging", "Staging")
    } else if has("dev") || has("development") || has("sandbox") {
        ("development", if has("sandbox") { "Sandbox" } else { "Development" })
    } else {
        ("other", "Shared")
    }
}

/// The service's name as a person knows it, or else as it stood in the destination.
fn service_name(service: &str) -> String {
    let known = match service {
        "console" => "Console home",
        "cloudformation" => "CloudFormation",
        "cloudwatch" => "CloudWatch",
        "costmanagement" | "cost-management" | "billing" => "Billing and Cost Management",
        "dynamodb" | "dynamodbv2" => "DynamoDB",
        "ec2" => "EC2",
        "ecs" => "Elastic Container Service",
        "eks" => "Elastic Kubernetes Service",
        "iam" => "IAM",
        "lambda" => "Lambda",
        "rds" => "RDS",
        "s3" => "S3",
        other => return other.to_owned(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_a_whole_word_of_the_account_name() {
        assert_eq!(environment("payments-prod").1, "Production");
        assert_eq!(environment("search-2-staging").1, "Staging");
        assert_eq!(environment("sandbox-dana").1, "Sandbox");
        assert_eq!(environment("products").1, "Shared");
    }
}
