//! The way out: proxies and private CAs, as the environment of the agent names them.
//!
//! `practice.test` has no resolver: who gets there went through the proxy.

use std::fs;

use daypass_domain::{
    failure::Code,
    request::{Intent, SignInTarget},
    settings::Way,
    time::Seconds,
};
use daypass_practice::{Options, Practice};
use daypass_tests::{
    environment::{inside, is_inside, variable},
    http,
    proxy::{Asked, Proxy},
    rig::{Rig, code},
};
use daypass_wire::follow::{self, Wanted};
use url::Url;

/// An agent that knows AWS as `https://practice.test`, in an environment made outside.
async fn rig() -> Rig {
    Rig::prepared(Options { accounts: 3, roles: 6, is_tls: true, ..Options::default() }, |practice| {
        let ca = practice.ca_pem().unwrap();
        fs::write(variable("PRACTICE_CA"), ca).unwrap();
        let named = |(name, value): (_, String)| (name, value.replace("127.0.0.1", "practice.test"));
        let bundle = Some(("AWS_CA_BUNDLE", variable("AWS_CA_BUNDLE"))).filter(|(_, path)| !path.is_empty());
        practice.env().into_iter().map(named).chain(bundle).collect()
    })
    .await
}

#[tokio::test]
async fn the_proxy_passes_on_what_it_may_and_says_407_to_strangers() {
    let practice = Practice::start(Options::default()).await.unwrap();
    let (open, guarded) = (Proxy::start().await, Proxy::with_password("dana", "pass:word").await);
    let port = |url: &str| Url::parse(url).unwrap().port().unwrap();
    let page = format!("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", practice.start_url());
    let answer = http::send(port(&open.url()), format!("{page}\r\n").as_bytes()).await;
    assert!(answer.status == 200 && answer.body.contains("id=\"start\""), "{}", answer.head);
    let stranger = http::send(port(&guarded.url()), format!("{page}\r\n").as_bytes()).await;
    assert_eq!((stranger.status, stranger.header("proxy-authenticate")), (407, Some("Basic realm=\"Acme\"")));
    let known = format!("{page}Proxy-Authorization: Basic ZGFuYTpwYXNzOndvcmQ=\r\n\r\n");
    assert_eq!(http::send(port(&guarded.url()), known.as_bytes()).await.status, 200);
    open.refuse(403);
    assert_eq!(http::send(port(&open.url()), format!("{page}\r\n").as_bytes()).await.status, 403);
    let statuses: Vec<_> = guarded.asked().into_iter().map(|asked| asked.status).collect();
    assert_eq!(statuses, [407, 200]);
    assert!(practice.base_url().ends_with(&open.asked()[0].host), "{:?}", open.asked());
}

/// Everything that anything of ours asks of AWS: to register, sign in either way, list, get credentials, ask who one is,
/// assume a role, refresh, open a console and sign out.
async fn sign_in_and_work(rig: Rig) {
    rig.sign_in().await.expect("sign-in");
    rig.settled().await;
    let lease = rig.lease(15).await;
    let ticket = rig.ticket(&lease).await.expect("a ticket");
    assert_eq!(rig.fetch(&ticket).await.status, 200, "our own endpoint needs no proxy");
    let identity = rig.view().await.sso_sessions[0].identity.clone();
    assert_eq!(identity.as_deref(), Some("dana@example.com"), "STS was reached");
    rig.request(rig.chained(15, &["DaypassScoped"])).await.expect("a chained lease");
    assert_eq!(rig.asked("AssumeRole"), 1);
    let url = rig.ask(Intent::Console { session: lease }).await.expect("a console").url.expect("an address");
    let opened = http::get(&url, &[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")]).await;
    let sign_in = opened.header("location").unwrap_or_default();
    assert!(opened.status == 303 && sign_in.contains("SigninToken="), "{}", opened.status);
    rig.pass(Seconds::minutes(57)).await;
    let tokens = rig.practice.calls("/token");
    rig.lease(15).await;
    assert_eq!(rig.practice.calls("/token"), tokens + 1, "it was refreshed");
    let sso_session = || "acme".parse().expect("a name");
    rig.ask(Intent::SignOut { sso_session: sso_session() }).await.expect("a sign-out");
    rig.settled().await;
    assert_eq!(rig.practice.calls("/logout"), 1);
    let target = SignInTarget::Named { sso_session: sso_session() };
    let intent = Intent::SignIn { target, way: Some(Way::DeviceCode), keep: None };
    let attempt = rig.ask(intent).await.expect("a sign-in").attempt.expect("an attempt");
    let Ok(Wanted::DeviceCode(device)) = follow::sign_in_wants(&rig.client, attempt).await else {
        panic!("no device code")
    };
    assert!(rig.practice.answer_device(&device.user_code, true));
    rig.waiting(2).await;
    rig.pass_unnoticed(Seconds(5));
    follow::signed_in(&rig.client, attempt).await.expect("sign-in by device code");
}

/// The whole test again in a process with these variables and a CA file, which `{ca}` stands for.
async fn again(test: &str, variables: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem").display().to_string();
    let filled = variables.iter().map(|(name, value)| (*name, if *value == "{ca}" { &ca } else { *value }));
    let all: Vec<_> = filled.chain([("PRACTICE_CA", ca.as_str())]).collect();
    inside(&format!("way_out::{test}"), &all).await;
}

/// The agent in the other process works, by way of this proxy alone.
async fn assert_goes_through(test: &str, proxy: Proxy, url: &str, trust: &str) {
    proxy.lead("practice.test");
    again(test, &[("HTTPS_PROXY", url), (trust, "{ca}")]).await;
    let asked = proxy.asked();
    let is_right =
        |a: &Asked| (a.method.as_str(), a.status) == ("CONNECT", 200) && a.host.starts_with("practice.test:");
    assert!(asked.len() >= 4 && asked.iter().all(is_right), "{asked:?}");
}

#[tokio::test]
async fn everything_goes_through_the_proxy_of_the_environment() {
    if is_inside() {
        return sign_in_and_work(rig().await).await;
    }
    let (test, proxy) = ("everything_goes_through_the_proxy_of_the_environment", Proxy::start().await);
    let url = proxy.url();
    assert_goes_through(test, proxy, &url, "SSL_CERT_FILE").await;
}

#[tokio::test]
async fn a_proxy_named_in_small_letters_is_heeded_as_well() {
    if is_inside() {
        return sign_in_and_work(rig().await).await;
    }
    let test = "a_proxy_named_in_small_letters_is_heeded_as_well";
    let proxy = Proxy::start().await;
    proxy.lead("practice.test");
    again(test, &[("https_proxy", &proxy.url()), ("SSL_CERT_FILE", "{ca}")]).await;
    assert!(proxy.asked().len() >= 4, "{:?}", proxy.asked());
}

#[tokio::test]
async fn a_proxy_gets_the_password_that_stands_in_its_address() {
    if is_inside() {
        return sign_in_and_work(rig().await).await;
    }
    let test = "a_proxy_gets_the_password_that_stands_in_its_address";
    let proxy = Proxy::with_password("dana", "word").await;
    let url = proxy.url_with("dana", "word");
    assert_goes_through(test, proxy, &url, "SSL_CERT_FILE").await;
}

#[tokio::test]
async fn the_ca_that_aws_tools_are_told_of_is_trusted() {
    if is_inside() {
        return sign_in_and_work(rig().await).await;
    }
    let (test, proxy) = ("the_ca_that_aws_tools_are_told_of_is_trusted", Proxy::start().await);
    let url = proxy.url();
    assert_goes_through(test, proxy, &url, "AWS_CA_BUNDLE").await;
}

/// A practice organisation on loopback, in an environment with a proxy that isn't there.
async fn assert_reaches_loopback(test: &str, no_proxy: &str) {
    if is_inside() {
        let plain = Rig::new(Options { accounts: 3, roles: 6, ..Options::default() }).await;
        return sign_in_and_work(plain).await;
    }
    let nobody = gone().await;
    again(test, &[("HTTP_PROXY", &nobody), ("HTTPS_PROXY", &nobody), ("NO_PROXY", no_proxy)]).await;
}

/// The address of a proxy that has just stopped.
async fn gone() -> String {
    Proxy::start().await.url()
}

#[tokio::test]
async fn who_is_excepted_from_the_proxy_is_reached_without_it() {
    let test = "who_is_excepted_from_the_proxy_is_reached_without_it";
    assert_reaches_loopback(test, "localhost,127.0.0.1").await;
}

#[tokio::test]
async fn the_practice_organisation_is_reached_without_the_proxy_whatever_is_excepted() {
    let test = "the_practice_organisation_is_reached_without_the_proxy_whatever_is_excepted";
    assert_reaches_loopback(test, "").await;
}

/// What the sign-in comes to: inside it is looked at, outside the other process is started.
async fn assert_named(test: &str, variables: &[(&str, &str)], expected: Code) {
    if is_inside() {
        assert_eq!(code(rig().await.sign_in().await), Some(expected));
    } else {
        again(test, variables).await;
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_trouble_of_the_network() {
    let test = "a_proxy_that_is_not_there_is_trouble_of_the_network";
    let nobody = gone().await;
    assert_named(test, &[("HTTPS_PROXY", &nobody), ("SSL_CERT_FILE", "{ca}")], Code::ConnectionRefused).await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_trouble_of_the_network() {
    let test = "a_name_that_does_not_resolve_is_trouble_of_the_network";
    assert_named(test, &[("SSL_CERT_FILE", "{ca}")], Code::NameNotFound).await;
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_is_named() {
    let test = "a_proxy_that_wants_a_password_is_named";
    let proxy = Proxy::with_password("dana", "word").await;
    let variables = [("HTTPS_PROXY", &*proxy.url()), ("SSL_CERT_FILE", "{ca}")];
    assert_named(test, &variables, Code::ProxyAuth).await;
}

#[tokio::test]
async fn a_proxy_that_forbids_aws_is_named() {
    let (test, proxy) = ("a_proxy_that_forbids_aws_is_named", Proxy::start().await);
    proxy.refuse(403);
    let variables = [("HTTPS_PROXY", &*proxy.url()), ("SSL_CERT_FILE", "{ca}")];
    assert_named(test, &variables, Code::ProxyFailed).await;
}

#[tokio::test]
async fn a_ca_that_nobody_knows_is_named() {
    let (test, proxy) = ("a_ca_that_nobody_knows_is_named", Proxy::start().await);
    proxy.lead("practice.test");
    assert_named(test, &[("HTTPS_PROXY", &proxy.url())], Code::UnknownCa).await;
}
