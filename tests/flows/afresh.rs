//! The real agent executing itself afresh: the same process, socket and cards, and nothing of the memory before.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::Command,
};

use daypass_domain::{
    request::{Intent, SignInTarget},
    sso::Source,
    view::{Stage, Why},
};
use daypass_tests::{
    buses::{Logind, PrivateBus},
    home::{Home, is_signed_in},
    terminal::program,
};
use daypass_wire::client::Client;

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_leaves_the_process_its_socket_and_its_cards_and_no_memory() {
    let mut home = Home::new(None).await;
    home.ask(Intent::Practice).await;
    home.until(|v| v.sso_sessions.iter().any(|s| s.source == Source::Practice)).await;
    let practice = home.children();
    assert_eq!(practice.len(), 1, "the practice organisation");
    let fresh = is_root().then(|| home.open());
    home.sign_in().await;
    let lease = home.lease().await;
    let holder = home.holder(&lease).await;
    let (maps, name) = (is_root().then(|| home.about("maps")), home.about("comm"));

    let said = home.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await;
    assert!(said.remains.unwrap().contains("AWS accepts"), "answered before it went on");
    home.goes_on_afresh().await;

    let view = home.until(|v| v.catalog_revision > 0).await;
    let receipt = view.sessions.iter().find(|s| s.session == lease).unwrap().ended.clone().unwrap();
    assert_eq!((receipt.why, receipt.wiped_pages, receipt.clients_told), (Why::SignedOut, 3, 1));
    assert!(receipt.key_id_end.is_some() && receipt.aws_accepts_until.is_some());
    assert!(!home.client.has_quit() && !home.client.is_gone(), "for the client nothing happened");
    assert_eq!(home.about("comm"), name);
    assert_eq!(home.children(), practice, "practice goes on");
    drop(holder);
    if let (Some(fresh), Some(maps)) = (fresh, maps) {
        let heap = |maps: &str| maps.lines().find(|l| l.ends_with("[stack]")).unwrap().to_owned();
        assert_ne!(heap(&home.about("maps")), heap(&maps), "another stack, and so other memory");
        assert_eq!(home.open(), fresh, "nothing else came through");
    }

    // And once more, from there.
    home.sign_in().await;
    let again = home.lease().await;
    assert_ne!(again, lease);
    home.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await;
    home.until(|v| !is_signed_in(v)).await;
    home.ask(Intent::Quit).await;
    let status = home.agent.wait().unwrap();
    assert!(status.success() && !home.folder.socket().exists());
    let lives = |pid: &String| fs::metadata(format!("/proc/{pid}")).is_ok();
    while practice.iter().any(lives) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_while_it_goes_on_is_answered() {
    let home = Home::new(None).await;
    home.sign_in().await;
    home.lease().await;
    let askers: Vec<_> = (0..4)
        .map(|_| {
            let (folder, kept) = (home.folder.clone(), home.client.clone());
            tokio::spawn(async move {
                for _ in 0..150 {
                    kept.ask(Intent::DismissNotice).await.expect("an answer");
                    let other = Client::connect(&folder, "test").await.expect("a connection");
                    other.ask(Intent::DismissNotice).await.expect("an answer");
                }
            })
        })
        .collect();
    home.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await;
    home.goes_on_afresh().await;
    for asker in askers {
        asker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_is_signed_in_the_agent_stays_as_it_is() {
    let home = Home::new(None).await;
    home.sign_in().await;
    let typed = SignInTarget::Typed {
        start_url: home.practice.start_url().replace("127.0.0.1", "localhost"),
        region: home.practice.region().to_owned(),
    };
    home.ask(Intent::sign_in(typed)).await;
    home.until(|v| v.sign_in.as_ref().is_some_and(|s| s.stage == Stage::Browser)).await;
    home.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await;
    home.until(|v| !is_signed_in(v)).await;
    assert!(!home.is_afresh(), "a sign-in is under way");
    home.ask(Intent::CancelSignIn).await;
    home.goes_on_afresh().await;
    let typed = home.until(|v| v.sso_sessions.len() == 2).await;
    assert_eq!(typed.sso_sessions[1].source, Source::Typed, "it is still there to be signed in to");
}

#[tokio::test(flavor = "multi_thread")]
async fn sleep_has_it_go_on_and_waking_makes_sleep_wait_again() {
    let bus = PrivateBus::start();
    let mut logind = Logind::come(&bus).await;
    let home = Home::new(Some(bus.address())).await;
    let mut inhibitor = logind.inhibitor().await;
    home.sign_in().await;
    let lease = home.lease().await;
    logind.sleeps(true).await;
    inhibitor.released().await;
    home.goes_on_afresh().await;
    let view = home.until(|v| !is_signed_in(v)).await;
    let card = view.sessions.iter().find(|s| s.session == lease).unwrap();
    assert_eq!(card.ended.as_ref().unwrap().why, Why::Sleep);
    logind.sleeps(false).await;
    let inhibitor = logind.inhibitor().await;
    assert!(inhibitor.is_held());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_left_by_the_agent_itself_is_refused() {
    let top = tempfile::tempdir().unwrap();
    fs::set_permissions(top.path(), fs::Permissions::from_mode(0o700)).unwrap();
    for number in ["0", "2", "999", "-1", "x"] {
        let output = Command::new(program("daypass-agent"))
            .args(["--afresh", number])
            .env_clear()
            .env("HOME", top.path())
            .env("XDG_RUNTIME_DIR", top.path())
            .output()
            .unwrap();
        assert!(!output.status.success(), "{number}");
    }
    let help = Command::new(program("daypass-agent")).arg("--help").output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains("afresh"), "nobody needs it");
}
