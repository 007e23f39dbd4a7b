//! What is kept in the system keyring: with the real daemon, and with buses and daemons that fail.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

use std::{os::unix::net::UnixListener, sync::mpsc};

use daypass_aws::{
    kept::Kept,
    keyring::{Keyring, KeyringTrouble},
    oidc::Registration,
};
use daypass_domain::{
    settings::Way,
    sso::{Endpoints, Source, SsoSession, StartUrl},
    time::Timestamp,
};
use daypass_tests::desk::{Desk, KEYRING};
use daypass_vault::secret::Secret;
use tokio::time::Instant;

const ACME: &str = "https://acme.awsapps.com/start";
const OTHER: &str = "https://other.awsapps.com/start";
const ATTRIBUTES: [&str; 8] = [
    "application",
    "daypass",
    "sso-session",
    "work",
    "start-url",
    "https://acme.awsapps.com/start",
    "region",
    "eu-west-1",
];

fn sso(name: &str, start_url: &str) -> SsoSession {
    SsoSession {
        name: name.parse().unwrap(),
        start_url: StartUrl::try_from(start_url.to_owned()).unwrap(),
        region: "eu-west-1".parse().unwrap(),
        source: Source::Typed,
        endpoints: Endpoints::default(),
    }
}

async fn keep(keyring: &Keyring, sso: &SsoSession, token: &str) -> Result<(), KeyringTrouble> {
    let secret = |text: &str| Secret::copy_of(text.as_bytes()).ok().unwrap();
    let registration = Registration {
        client_id: "the client".to_owned(),
        client_secret: secret("the client's secret"),
        expires_at: Timestamp::from_secs(1_800_000_000),
        way: Way::Browser,
    };
    keyring.keep(sso, &registration, &secret(token)).await
}

/// The refresh token kept, which is all that differs between the sign-ins here.
async fn kept(keyring: &Keyring, sso: &SsoSession) -> Result<Option<String>, KeyringTrouble> {
    let token = |kept: Kept| kept.token.refresh_token().unwrap().with_str(str::to_owned);
    Ok(keyring.kept(sso).await?.map(token))
}

/// What each call says, by its name.
async fn all(keyring: &Keyring) -> [(&'static str, Result<(), KeyringTrouble>); 4] {
    let work = sso("work", ACME);
    [
        ("probe", keyring.probe().await),
        ("keep", keep(keyring, &work, "a token").await),
        ("kept", keyring.kept(&work).await.map(|kept| assert!(kept.is_none()))),
        ("forget", keyring.forget(&work).await),
    ]
}

fn is_in(needle: &str, hay: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Holds the paused clock until `called` has been called; then time passes at once.
fn hold_time_until(called: mpsc::Receiver<String>) -> tokio::task::JoinHandle<String> {
    tokio::task::spawn_blocking(move || called.recv().unwrap())
}

#[tokio::test]
async fn what_was_kept_comes_back_whole() {
    let desk = Desk::with_keyring();
    let work = sso("work", ACME);
    keep(&desk.keyring(), &work, "a token").await.unwrap();
    let kept = desk.keyring().kept(&work).await.ok().unwrap().unwrap();
    assert!(kept.token.refresh_token().unwrap().with_str(|t| t == "a token"));
    assert_eq!(kept.registration.client_id, "the client");
    assert!(kept.registration.client_secret.with_str(|s| s == "the client's secret"));
    assert_eq!(kept.registration.expires_at, Timestamp::from_secs(1_800_000_000));
}

#[tokio::test]
async fn another_program_finds_one_item_named_for_the_person() {
    let desk = Desk::with_keyring();
    let work = sso("work", ACME);
    keep(&desk.keyring(), &work, "first token").await.unwrap();
    keep(&desk.keyring(), &work, "second token").await.unwrap();
    let lines = desk.secret_tool_search(&ATTRIBUTES);
    assert_eq!(lines.iter().filter(|line| *line == "label = Daypass: work").count(), 1, "{lines:?}");
    let secrets: Vec<_> = lines.iter().filter(|line| line.starts_with("secret = ")).collect();
    assert_eq!(secrets.len(), 1);
    assert!(secrets[0].contains(r#""version":1"#) && secrets[0].contains("second token"), "{secrets:?}");
    assert!(!is_in("second token", &desk.keyring_files()), "it lies on the disk in the clear");
}

#[tokio::test]
async fn two_sso_sessions_have_two_items_and_are_forgotten_apart() {
    let desk = Desk::with_keyring();
    let (work, play, keyring) = (sso("work", ACME), sso("play", ACME), desk.keyring());
    keep(&keyring, &work, "work token").await.unwrap();
    keep(&keyring, &play, "play token").await.unwrap();
    assert_eq!(kept(&keyring, &work).await, Ok(Some("work token".to_owned())));
    keyring.forget(&work).await.unwrap();
    assert_eq!(kept(&keyring, &work).await, Ok(None));
    assert_eq!(kept(&keyring, &play).await, Ok(Some("play token".to_owned())));
    assert_eq!(desk.secret_tool_search(&ATTRIBUTES), [""; 0]);
    assert!(
        desk.secret_tool_search(&["application", "daypass"]).contains(&"label = Daypass: play".to_owned())
    );
}

#[tokio::test]
async fn a_token_is_never_given_to_another_portal_and_leaves_none_behind() {
    let desk = Desk::with_keyring();
    let (before, after, keyring) = (sso("work", ACME), sso("work", OTHER), desk.keyring());
    keep(&keyring, &before, "acme's token").await.unwrap();
    assert_eq!(kept(&keyring, &after).await, Ok(None));
    assert_eq!(kept(&keyring, &before).await, Ok(Some("acme's token".to_owned())), "looking removes nothing");
    keep(&keyring, &after, "the other's token").await.unwrap();
    assert_eq!(kept(&keyring, &before).await, Ok(None));
    keyring.forget(&before).await.unwrap();
    assert_eq!(desk.secret_tool_search(&["application", "daypass"]), [""; 0]);
}

#[tokio::test]
async fn what_is_forgotten_while_it_is_being_kept_stays_forgotten() {
    let desk = Desk::with_keyring();
    let (work, keyring) = (sso("work", ACME), desk.keyring());
    let done = tokio::join!(keep(&keyring, &work, "a token"), keyring.forget(&work));
    assert_eq!(done, (Ok(()), Ok(())));
    assert_eq!(desk.secret_tool_search(&ATTRIBUTES), [""; 0]);
}

#[tokio::test]
async fn a_damaged_item_is_no_sign_in_and_is_removed() {
    let desk = Desk::with_keyring();
    desk.secret_tool_store(&ATTRIBUTES, r#"{"version":7,"refreshToken":"from the future"}"#);
    assert_ne!(desk.secret_tool_search(&ATTRIBUTES), [""; 0]);
    assert_eq!(kept(&desk.keyring(), &sso("work", ACME)).await, Ok(None));
    assert_eq!(desk.secret_tool_search(&ATTRIBUTES), [""; 0]);
}

#[tokio::test]
async fn nothing_secret_crosses_the_bus_in_the_clear() {
    let desk = Desk::with_keyring();
    let seen = desk.watch();
    let work = sso("work", ACME);
    keep(&desk.keyring(), &work, "a telling token").await.unwrap();
    assert!(kept(&desk.keyring(), &work).await.unwrap().is_some());
    let messages = seen();
    assert!(is_in("CreateItem", &messages) && is_in("Daypass: work", &messages), "it saw nothing");
    assert!(is_in("dh-ietf1024-sha256-aes128-cbc-pkcs7", &messages));
    assert!(!is_in("a telling token", &messages) && !is_in("the client's secret", &messages));
}

#[tokio::test]
async fn a_hardened_process_is_known_to_the_bus_all_the_same() {
    let desk = Desk::with_keyring();
    let hardening = daypass_vault::harden::harden();
    assert!(hardening.undumpable && hardening.no_core);
    let work = sso("work", ACME);
    keep(&desk.keyring(), &work, "a token").await.unwrap();
    assert_eq!(kept(&desk.keyring(), &work).await, Ok(Some("a token".to_owned())));
}

#[tokio::test]
async fn a_locked_keyring_is_told_and_nobody_is_asked() {
    let desk = Desk::with_keyring();
    let keyring = desk.keyring();
    keep(&keyring, &sso("work", ACME), "a token").await.unwrap();
    desk.lock();
    let seen = desk.watch();
    for (call, said) in all(&keyring).await {
        assert_eq!(said, Err(KeyringTrouble::Locked), "{call}");
    }
    let messages = seen();
    assert!(is_in("SearchItems", &messages), "it saw nothing");
    // By the protocol, a dialog is shown on Prompt.Prompt, of which Unlock tells the path.
    assert!(!is_in("Unlock", &messages) && !is_in("org.freedesktop.Secret.Prompt", &messages));
}

#[tokio::test]
async fn a_locked_keyring_that_holds_nothing_of_ours_is_told_too() {
    let desk = Desk::with_keyring();
    desk.lock();
    for (call, said) in all(&desk.keyring()).await {
        assert_eq!(said, Err(KeyringTrouble::Locked), "{call}");
    }
}

#[tokio::test]
async fn a_keyring_never_set_up_can_keep_nothing_and_has_nothing() {
    let desk = Desk::without_collection();
    let said = all(&desk.keyring()).await;
    let cannot = Err(KeyringTrouble::NoCollection);
    assert_eq!(said, [("probe", cannot), ("keep", cannot), ("kept", Ok(())), ("forget", Ok(()))]);
}

#[tokio::test]
async fn without_a_bus_or_a_keyring_on_it_there_is_none() {
    let desk = Desk::bare();
    let nowhere = tempfile::tempdir().unwrap();
    let folder = nowhere.path().display().to_string();
    let keyrings = [
        Keyring::new(|_| None),
        Keyring::new(|name| (name == "DBUS_SESSION_BUS_ADDRESS").then(|| "nonsense".to_owned())),
        Keyring::new(move |name| (name == "XDG_RUNTIME_DIR").then(|| folder.clone())),
        desk.keyring(),
    ];
    for (number, keyring) in keyrings.iter().enumerate() {
        for (call, said) in all(keyring).await {
            assert_eq!(said, Err(KeyringTrouble::Absent), "{call} of {number}");
        }
    }
}

#[tokio::test]
async fn a_bus_without_an_address_is_found_in_the_runtime_folder() {
    let desk = Desk::with_keyring();
    let folder = tempfile::tempdir().unwrap();
    let socket = desk.address.trim_start_matches("unix:path=").split(',').next().unwrap();
    std::os::unix::fs::symlink(socket, folder.path().join("bus")).unwrap();
    let folder = folder.path().display().to_string();
    let keyring = Keyring::new(move |name| (name == "XDG_RUNTIME_DIR").then(|| folder.clone()));
    assert_eq!(keyring.probe().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_keyring_that_never_answers_is_given_up_and_holds_up_nobody_for_longer() {
    let desk = Desk::bare();
    let called = hold_time_until(desk.silent_owner(KEYRING));
    let (work, keyring) = (sso("work", ACME), desk.keyring());
    // All at once: they wait for each other within the one limit.
    let before = Instant::now();
    let (keep, kept, probe) =
        tokio::join!(keep(&keyring, &work, "a token"), kept(&keyring, &work), keyring.probe());
    assert_eq!((keep, probe), (Err(KeyringTrouble::TimedOut), Err(KeyringTrouble::TimedOut)));
    assert_eq!(kept, Err(KeyringTrouble::TimedOut));
    assert_eq!(before.elapsed().as_secs(), 5, "by the paused clock");
    assert_eq!(called.await.unwrap(), "OpenSession");
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_never_answers_is_given_up_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let listener = UnixListener::bind(&path).unwrap();
    let (connected, called) = mpsc::channel();
    // Accepted, and held open unanswered.
    let held = std::thread::spawn(move || {
        let connection = listener.accept().unwrap();
        connected.send(String::new()).unwrap();
        connection
    });
    let called = hold_time_until(called);
    let address = format!("unix:path={}", path.display());
    let keyring = Keyring::new(move |name| (name == "DBUS_SESSION_BUS_ADDRESS").then(|| address.clone()));
    assert_eq!(keyring.probe().await, Err(KeyringTrouble::TimedOut));
    called.await.unwrap();
    drop(held.join().unwrap());
}
