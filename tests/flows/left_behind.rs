//! What the agent's vaults hold after something ended: nothing.

use daypass_agent::actor::Mail;
use daypass_domain::{
    event::{Desktop, Event},
    ids::SsoSessionName,
    request::{Intent, SignInTarget},
    sso::{Endpoints, Source, SsoSession, StartUrl},
    view::{SignInStatus, Why},
};
use daypass_practice::{Failure, Options};
use daypass_tests::rig::Rig;
use daypass_wire::client::Client;
use url::Url;

fn acme() -> SsoSessionName {
    "acme".parse().unwrap()
}

async fn happens(rig: &Rig, event: Event) {
    rig.agent.mail.send(Mail::Event(event)).await.ok();
    rig.settled().await;
}

#[tokio::test]
async fn a_sign_in_cancelled_while_its_token_is_on_the_way_leaves_none() {
    let rig = Rig::new(Options { accounts: 2, roles: 3, ..Options::default() }).await;
    rig.practice.fail_times("/token", 1, Failure::Hang);
    let asked = rig.ask(Intent::sign_in(SignInTarget::Named { sso_session: acme() })).await.unwrap();
    let url = rig.sign_in_url(asked.attempt.unwrap()).await;
    let browser = tokio::spawn(async move { daypass_tests::http::browse(&url).await });
    let asks_for_token = || rig.practice.requests().iter().any(|r| r.path == "/token");
    while !asks_for_token() {
        tokio::task::yield_now().await;
    }
    rig.ask(Intent::CancelSignIn).await.unwrap();
    rig.settled().await;
    assert!(rig.agent.secrets.sign_ins.lend(&acme()).is_none());
    browser.await.ok();
}

#[tokio::test]
async fn signing_out_leaves_no_token() {
    let rig = Rig::signed_in().await;
    assert!(rig.agent.secrets.sign_ins.lend(&acme()).is_some());
    rig.ask(Intent::SignOut { sso_session: acme() }).await.unwrap();
    rig.settled().await;
    assert!(rig.agent.secrets.sign_ins.lend(&acme()).is_none());
}

#[tokio::test]
async fn practices_tokens_go_with_practice() {
    let rig = Rig::signed_in().await;
    let base: Url = rig.practice.base_url().parse().unwrap();
    let sso = SsoSession {
        name: "practice".parse().unwrap(),
        start_url: StartUrl::try_from(rig.practice.start_url()).unwrap(),
        region: rig.practice.region().parse().unwrap(),
        source: Source::Practice,
        endpoints: Endpoints { oidc: Some(base.clone()), portal: Some(base), ..Endpoints::default() },
    };
    let name = sso.name.clone();
    happens(&rig, Event::PracticeReady { sso: Box::new(sso) }).await;
    let target = SignInTarget::Named { sso_session: name.clone() };
    let asked = rig.ask(Intent::sign_in(target)).await.unwrap();
    rig.follow_sign_in(asked.attempt.unwrap()).await.unwrap();
    assert!(rig.agent.secrets.sign_ins.lend(&name).is_some());
    happens(&rig, Event::PracticeEnded).await;
    assert!(rig.agent.secrets.sign_ins.lend(&name).is_none());
    assert!(rig.agent.secrets.sign_ins.lend(&acme()).is_some(), "the real one's stays");
}

#[tokio::test]
async fn sleep_leaves_neither_credentials_nor_tokens() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    rig.ticket(&lease).await.unwrap();
    happens(&rig, Event::Desktop(Desktop::Sleeps)).await;
    let secrets = &rig.agent.secrets;
    assert!(secrets.credentials.lend(&lease).is_none() && secrets.tickets.lend(&lease).is_none());
    assert!(secrets.sign_ins.lend(&acme()).is_none());
    assert_eq!(rig.session(&lease).await.ended.map(|e| e.why), Some(Why::Sleep));
    assert_eq!(rig.view().await.sso_sessions[0].status, SignInStatus::SignedOut);
}

#[tokio::test]
async fn holders_of_tickets_lock_nobody_else_out() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let (mut holders, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..140 {
        holders.push(rig.ticket(&lease).await.unwrap());
        clients.push(Client::connect(&rig.folder, "test").await.expect("a place"));
    }
    assert_eq!(rig.view().await.endpoint.clients, 140);
}
