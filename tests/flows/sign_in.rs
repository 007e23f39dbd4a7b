//! Signing in and listing roles.

use std::time::Duration;

use daypass_domain::{
    failure::Code,
    ids::SsoSessionName,
    request::{Intent, SignInTarget},
    time::{Seconds, Timestamp},
    view::{SignInStatus, Stage},
};
use daypass_practice::{Consent, Options};
use daypass_tests::{
    http,
    rig::{Rig, START, code},
};

#[tokio::test]
async fn a_person_signs_in_and_sees_every_role() {
    let rig = Rig::new(Options::default()).await;
    // The test's clock stands still, so the pace of the portal is the machine's.
    rig.sign_in().await.expect("sign-in");
    let view = rig.view().await;
    let acme = &view.sso_sessions[0];
    assert_eq!(acme.status, SignInStatus::SignedIn);
    assert_eq!(acme.signed_in_at, Some(Timestamp::from_secs(START)));
    assert_eq!((acme.catalog.accounts, acme.catalog.roles), (71, 214));
    assert_eq!((acme.catalog.progress, acme.catalog.failed_accounts), (None, 0));
    let rows = rig.client.catalog().await.expect("the catalogue");
    assert_eq!(rows.len(), 214);
    let found =
        rows.iter().any(|r| r.account_name == "payments-prod" && r.role.role.as_str() == "ReadOnlyAccess");
    assert!(found, "the roles have their accounts' names");
}

#[tokio::test]
async fn the_wrong_answer_in_the_browser_is_told_and_can_be_tried_again() {
    let rig = Rig::new(Options { accounts: 2, roles: 3, ..Options::default() }).await;
    rig.practice.set_consent(Consent::Deny);
    assert_eq!(code(rig.sign_in().await), Some(Code::SignInRefused));
    assert_eq!(rig.view_now().notice.as_ref().map(|n| n.failure.code), Some(Code::SignInRefused));
    rig.practice.set_consent(Consent::Allow);
    rig.sign_in().await.expect("the second try");
    assert_eq!(rig.view_now().notice, None);
}

#[tokio::test]
async fn a_provider_that_redirects_at_once_is_never_too_quick() {
    let rig = Rig::new(Options { accounts: 1, roles: 1, ..Options::default() }).await;
    for run in 0..100 {
        rig.sign_in().await.unwrap_or_else(|failure| panic!("run {run}: {failure}"));
    }
}

#[tokio::test]
async fn a_sign_in_can_be_cancelled_and_its_port_closes() {
    let rig = Rig::new(Options { accounts: 2, roles: 3, ..Options::default() }).await;
    let target = SignInTarget::Named { sso_session: "acme".parse().unwrap() };
    let attempt = rig.ask(Intent::sign_in(target.clone())).await.unwrap().attempt.unwrap();
    let url = rig.sign_in_url(attempt).await;
    assert_eq!(rig.view_now().sign_in.as_ref().unwrap().stage, Stage::Browser);
    rig.ask(Intent::CancelSignIn).await.unwrap();
    assert_eq!(rig.view().await.sign_in, None);
    let port = url::Url::parse(&url).unwrap().port().unwrap();
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(code(rig.ask(Intent::SignInUrl).await), Some(Code::NoSignIn));
    rig.sign_in().await.expect("another try");
}

#[tokio::test]
async fn who_asks_twice_joins_the_sign_in_under_way() {
    let rig = Rig::new(Options { accounts: 2, roles: 3, ..Options::default() }).await;
    let target = SignInTarget::Named { sso_session: "acme".parse().unwrap() };
    let first = rig.ask(Intent::sign_in(target.clone())).await.unwrap().attempt;
    let second = rig.ask(Intent::sign_in(target)).await.unwrap().attempt;
    assert_eq!(first, second);
    assert_eq!(rig.practice.calls("/client/register").min(1), rig.practice.calls("/client/register"));
}

#[tokio::test]
async fn after_half_a_minute_in_the_browser_the_view_says_what_to_check() {
    let rig = Rig::new(Options { accounts: 2, roles: 3, ..Options::default() }).await;
    let target = SignInTarget::Named { sso_session: "acme".parse().unwrap() };
    let attempt = rig.ask(Intent::sign_in(target)).await.unwrap().attempt.unwrap();
    rig.sign_in_url(attempt).await;
    assert_eq!(rig.view_now().sign_in.as_ref().unwrap().hint, None);
    rig.pass_unnoticed(Seconds(31));
    let hint = rig.client.wait_for(|v| v.sign_in.as_ref().and_then(|s| s.hint.clone())).await.unwrap();
    assert_eq!(hint.code, Code::StillWaiting);
}

#[tokio::test]
async fn a_typed_start_url_needs_no_configuration() {
    let rig = Rig::new(Options { accounts: 2, roles: 3, ..Options::default() }).await;
    let typed = |start_url: &str, region: &str| {
        Intent::sign_in(SignInTarget::Typed { start_url: start_url.to_owned(), region: region.to_owned() })
    };
    assert_eq!(code(rig.ask(typed("acme", "us-east-1")).await), Some(Code::StartUrlNotAnAddress));
    assert_eq!(
        code(rig.ask(typed("http://acme.awsapps.com/start", "us-east-1")).await),
        Some(Code::StartUrlNotHttps)
    );
    assert_eq!(code(rig.ask(typed(&rig.practice.start_url(), "Ireland")).await), Some(Code::BadRegion));
    let answer = rig.ask(typed(&rig.practice.start_url(), "eu-central-1")).await.unwrap();
    rig.follow_sign_in(answer.attempt.unwrap()).await.expect("sign-in");
    assert!(rig.view().await.sso_sessions.iter().any(|s| s.region.as_str() == "eu-central-1"));
}

#[tokio::test]
async fn a_wrong_start_url_is_seen_in_the_browser_and_the_wait_goes_on() {
    let rig = Rig::new(Options { accounts: 2, roles: 3, ..Options::default() }).await;
    let start_url = rig.practice.start_url().replace("/start", "/elsewhere");
    let target = SignInTarget::Typed { start_url, region: "ap-south-1".to_owned() };
    let attempt = rig.ask(Intent::sign_in(target)).await.unwrap().attempt.unwrap();
    let url = rig.sign_in_url(attempt).await;
    let page = http::browse(&url).await;
    assert_eq!(page.status, 400, "{}", page.body);
    assert!(rig.view_now().sign_in.is_some());
}

#[tokio::test]
async fn signing_out_ends_the_leases_and_the_portals_session() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(60).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    rig.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await.unwrap();
    let ended = rig.session(&lease).await;
    assert_eq!(ended.ended.unwrap().why, daypass_domain::view::Why::SignedOut);
    assert_eq!(rig.fetch(&ticket).await.status, 404);
    assert_eq!(rig.practice.calls("/logout"), 1);
    assert_eq!(rig.view().await.sso_sessions[0].status, SignInStatus::SignedOut);
}

#[tokio::test]
async fn signing_out_forgets_the_tokens_whatever_the_portal_does() {
    let rig = Rig::signed_in().await;
    rig.practice.fail_next("/logout", daypass_practice::Failure::Hang);
    rig.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await.unwrap();
    // It settles only when the copy for the portal is gone, too: long before the portal would answer.
    tokio::time::timeout(Duration::from_secs(10), rig.settled()).await.expect("no copy is kept");
}

#[tokio::test]
async fn the_list_is_there_after_a_restart_without_signing_in() {
    let mut rig = Rig::signed_in().await;
    let role = rig.role("111122223333", "ReadOnlyAccess");
    rig.ask(Intent::Favourite { role: role.clone(), on: true }).await.unwrap();
    rig.restart().await;
    let view = rig.view().await;
    assert_eq!(view.sso_sessions[0].status, SignInStatus::SignedOut);
    assert_eq!(view.sso_sessions[0].catalog.synced_at, Some(Timestamp::from_secs(START)));
    let rows = rig.client.catalog().await.unwrap();
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().any(|r| r.role == role && r.favourite));
}

#[tokio::test]
async fn nothing_that_was_issued_is_in_a_file() {
    let mut rig = Rig::signed_in().await;
    let lease = rig.lease(60).await;
    rig.ticket(&lease).await.unwrap();
    rig.ask(Intent::End { session: lease }).await.unwrap();
    // What is remembered is written in the background, and finished before the agent ends.
    rig.agent.quit().await;
    rig.agent.ended().await;
    let mut files = Vec::new();
    let mut folders = vec![rig.top.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let texts: Vec<_> = files.iter().filter_map(|f| std::fs::read(f).ok()).collect();
    assert!(
        texts.iter().any(|t| t.windows(14).any(|w| w == b"ReadOnlyAccess")),
        "the search finds what is there"
    );
    let issued = rig.practice.issued();
    assert!(issued.len() >= 6);
    for secret in issued {
        let needle = secret.value.as_bytes();
        assert!(!texts.iter().any(|t| t.windows(needle.len()).any(|w| w == needle)), "{:?}", secret.kind);
    }
}

#[tokio::test]
async fn a_token_is_refreshed_once_for_all_who_need_it() {
    let rig = Rig::signed_in().await;
    let before = rig.practice.calls("/token");
    rig.practice.set_role_credentials_lifetime(Duration::from_secs(12 * 3600));
    rig.pass(Seconds::minutes(58)).await;
    let wishes = ["DeveloperAccess", "ReadOnlyAccess"].map(|role| rig.wish("444455556666", role, 60));
    let [a, b] = wishes.map(|wish| rig.request(wish));
    let (a, b) = tokio::join!(a, b);
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(rig.practice.calls("/token"), before + 1);
}

#[tokio::test]
async fn of_two_sign_ins_side_by_side_signing_out_of_one_leaves_the_other_its_leases() {
    let rig = Rig::signed_in().await;
    let target = SignInTarget::Typed { start_url: rig.practice.start_url(), region: "ap-south-1".to_owned() };
    let attempt = rig.ask(Intent::sign_in(target)).await.unwrap().attempt.unwrap();
    rig.follow_sign_in(attempt).await.unwrap();
    let view = rig.view().await;
    assert!(view.sso_sessions.iter().all(|sso| sso.status == SignInStatus::SignedIn), "both at once");
    let acme: SsoSessionName = "acme".parse().unwrap();
    let other = view.sso_sessions.iter().find(|sso| sso.name != acme).unwrap().name.clone();
    let wish = |minutes| {
        let mut wish = rig.wish("444455556666", "DeveloperAccess", minutes);
        wish.role.sso_session = other.clone();
        wish
    };
    let (mine, theirs) = (rig.lease(30).await, rig.request(wish(30)).await.unwrap().session);
    let tickets = (rig.ticket(&mine).await.unwrap(), rig.ticket(&theirs).await.unwrap());
    assert_eq!((rig.fetch(&tickets.0).await.status, rig.fetch(&tickets.1).await.status), (200, 200));
    rig.ask(Intent::SignOut { sso_session: acme.clone() }).await.unwrap();
    rig.settled().await;
    let view = rig.view().await;
    let status = |name: &SsoSessionName| view.sso_sessions.iter().find(|s| s.name == *name).unwrap().status;
    assert_eq!((status(&acme), status(&other)), (SignInStatus::SignedOut, SignInStatus::SignedIn));
    assert_eq!((rig.fetch(&tickets.0).await.status, rig.fetch(&tickets.1).await.status), (404, 200));
    // Its own token is refreshed, for a lease of its own.
    rig.pass(Seconds::minutes(57)).await;
    rig.request(wish(15)).await.unwrap();
}
