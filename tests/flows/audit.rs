//! The audit log: what was done is in it, no secret is, and without it no new lease is given.

use std::{fs, os::unix::fs::PermissionsExt};

use daypass_agent::audit::Log;
use daypass_domain::{
    audit::{About, By, Entry, LogFilter, LogKind, LogRow, LogVerdict, What},
    failure::Code,
    ids::RoleRef,
    request::{Intent, SessionRequest},
    time::{Seconds, Timestamp},
};
use daypass_practice::{HOSTILE_TEXTS, Options};
use daypass_reveal::{Kind, Question, reveal};
use daypass_tests::{
    environment,
    home::Home,
    http,
    rig::{Rig, code},
};
use daypass_wire::{client::Client, message::Place};

/// What is in the log, newest first.
async fn rows(rig: &Rig, filter: LogFilter) -> Vec<LogRow> {
    let answer = rig.ask(Intent::Log { filter, before: None }).await.unwrap();
    answer.log.expect("a page").rows
}

async fn events(rig: &Rig) -> Vec<String> {
    rows(rig, LogFilter::default()).await.into_iter().map(|row| row.event).collect()
}

async fn verdict(rig: &Rig) -> LogVerdict {
    *rig.ask(Intent::VerifyLog).await.unwrap().verdict.expect("a verdict")
}

/// Every file of the state folder as text.
fn written(rig: &Rig) -> String {
    let files = fs::read_dir(rig.top.path().join("state")).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// Takes the log away and leaves something in its place that cannot be written.
fn bar(rig: &Rig) {
    let log = rig.top.path().join("state/audit.jsonl");
    // The agent may have begun another just now.
    while fs::create_dir(&log).is_err() {
        fs::remove_file(&log).unwrap();
    }
}

fn unbar(rig: &Rig) {
    fs::remove_dir(rig.top.path().join("state/audit.jsonl")).unwrap();
}

#[tokio::test]
async fn a_lease_is_in_the_log_from_sign_in_to_receipt() {
    let rig = Rig::signed_in().await;
    let session = rig.lease(60).await;
    let ticket = rig.ticket(&session).await.unwrap();
    assert_eq!(rig.fetch(&ticket).await.status, 200);
    rig.ask(Intent::Console { session: session.clone() }).await.unwrap();
    let desktop = Client::connect(&rig.folder, "daypass-desktop").await.unwrap();
    desktop.asking_from(Some(Place::Tray)).ask(Intent::End { session: session.clone() }).await.unwrap();
    rig.settled().await;
    let pid = std::process::id();
    let told: Vec<_> = rows(&rig, LogFilter::default()).await.into_iter().map(|r| (r.event, r.by)).collect();
    let own = format!("test (pid {pid})");
    let (event, by) = &told[0];
    assert!(
        event.starts_with("session ended, ") && event.ends_with(" pages wiped") && by == "tray",
        "{told:?}"
    );
    let (event, by) = &told[1];
    assert!(event == "credentials served" && by.ends_with(&format!("(pid {pid})")), "{told:?}");
    let rest: Vec<_> = told[2..].iter().map(|(event, by)| (event.as_str(), by.as_str())).collect();
    assert_eq!(
        rest,
        [
            ("console opened", own.as_str()),
            ("ticket given", &format!("daypass for test (pid {pid})")),
            ("session granted, 1 h", &own),
            ("session requested, 1 h", &own),
            ("signed in with the browser", "Daypass"),
            ("Daypass started", "Daypass"),
        ]
    );
    let of_session =
        LogFilter { session: Some(session), kind: Some(LogKind::Endings), ..LogFilter::default() };
    let receipt = rows(&rig, of_session).await;
    assert!(
        receipt[0].accepted_until.is_some() && receipt[0].account_name.as_deref() == Some("payments-staging")
    );
    assert_eq!(verdict(&rig).await.words, "chain verified, 8 entries");
}

#[tokio::test]
async fn the_log_goes_on_where_the_last_agent_stopped() {
    let mut rig = Rig::signed_in().await;
    rig.lease(60).await;
    rig.restart().await;
    let events = events(&rig).await;
    assert_eq!(events[..2], ["Daypass started", "Daypass stopped, everything wiped"]);
    assert!(events[2].starts_with("session ended by quitting, "), "{events:?}");
    assert!(verdict(&rig).await.is_whole());
    let mode = |name: &str| fs::metadata(rig.top.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("state/audit.jsonl"), 0o600);
}

#[tokio::test]
async fn keys_and_refusals_are_in_the_log_with_who_asked() {
    let rig = Rig::signed_in().await;
    let session = rig.lease(60).await;
    let program = "env".to_owned();
    let question = Question { session: session.to_string(), kind: Kind::Keys, program };
    reveal(&rig.folder, &question).await.unwrap();
    let window = Client::connect(&rig.folder, "daypass-desktop").await.unwrap();
    let request = rig.wish("444455556666", "DeveloperAccess", 60 * 24);
    window.ask(Intent::Request { request, open: vec![] }).await.unwrap_err();
    let told = rows(&rig, LogFilter::default()).await;
    let told: Vec<_> = told.iter().take(2).map(|row| (row.event.as_str(), row.by.as_str())).collect();
    let env = format!("daypass env (pid {})", std::process::id());
    let refused = "request refused: a lease lasts at most 12 h";
    assert_eq!(told, [(refused, "window"), ("credentials handed out", env.as_str())]);
}

#[tokio::test]
async fn the_same_refusal_again_and_again_is_one_line_more() {
    let rig = Rig::signed_in().await;
    let refused = async |role| {
        rig.request(rig.wish("444455556666", role, 60 * 24)).await.unwrap_err();
    };
    for _ in 0..50 {
        refused("DeveloperAccess").await;
    }
    refused("ReadOnlyAccess").await;
    refused("ReadOnlyAccess").await;
    rig.pass(Seconds(10)).await;
    rig.settled().await;
    let (of, why) = (|n| format!("request refused {n} times: "), "a lease lasts at most 12 h");
    // One that came again but once says no number.
    let expected = [format!("request refused: {why}"), format!("request refused: {why}")];
    assert_eq!(events(&rig).await[..4], [&expected[..], &[of(49) + why, expected[0].clone()]].concat());
}

#[tokio::test]
async fn without_the_log_no_console_opens_and_no_keys_are_handed_out() {
    let rig = Rig::signed_in().await;
    for chained in [false, true] {
        let wish = if chained {
            rig.chained(30, &["DaypassScoped"])
        } else {
            rig.wish("444455556666", "DeveloperAccess", 30)
        };
        let lease = rig.request(wish).await.unwrap().session;
        bar(&rig);
        let url = rig.ask(Intent::Console { session: lease.clone() }).await.unwrap().url.unwrap();
        let page = http::browse(&url).await;
        assert!(page.status == 502 && page.body.contains("the audit log cannot be written"), "{}", page.head);
        let question = Question { session: lease.to_string(), kind: Kind::Keys, program: "env".to_owned() };
        let refused = reveal(&rig.folder, &question).await.err();
        assert_eq!(refused.map(|failure| failure.code), Some(Code::AuditUnwritable));
        unbar(&rig);
    }
}

#[tokio::test]
async fn what_found_no_room_is_counted_in_its_place_and_fails_who_waits_for_it() {
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("state");
    // No folder for it: nothing can be written.
    fs::write(&folder, "").unwrap();
    let (mail, mut letters) = tokio::sync::mpsc::channel(8);
    let log = Log::open(folder.clone(), mail);
    let entries = |count| {
        let (at, about) = (Timestamp::from_secs(1_800_000_000), About::default());
        vec![Entry { at, what: What::SettingsChanged, about, by: By::Window }; count]
    };
    log.write(entries(1000));
    log.write(entries(3));
    log.write(entries(4));
    assert_eq!(log.barrier().await, Err(Code::AuditUnwritable));
    assert!(letters.recv().await.is_some(), "it is told");
    fs::remove_file(&folder).unwrap();
    assert_eq!(log.barrier().await, Ok(()), "all that was taken since is there");
    let page = log.read(LogFilter::default(), None).await.unwrap();
    let newest: Vec<_> = page.rows.iter().take(2).map(|row| row.event.as_str()).collect();
    assert_eq!(newest, ["7 entries could not be recorded", "settings changed"]);
    assert!(log.finish().await.is_empty());
}

#[tokio::test]
async fn without_the_log_no_new_lease_is_given_and_clearing_goes_on() {
    let rig = Rig::signed_in().await;
    let live = rig.lease(60).await;
    bar(&rig);
    let asked = rig.asked("sso:GetRoleCredentials");
    let refused = rig.request(rig.wish("444455556666", "ReadOnlyAccess", 30)).await;
    assert_eq!(code(refused), Some(Code::AuditUnwritable));
    assert_eq!(rig.asked("sso:GetRoleCredentials"), asked, "AWS was not even asked");
    let standing =
        |view: &daypass_domain::view::View| view.standing.iter().any(|f| f.code == Code::AuditUnwritable);
    assert!(standing(&*rig.view().await));
    rig.ask(Intent::End { session: live.clone() }).await.unwrap();
    assert!(rig.session(&live).await.ended.unwrap().wiped_pages > 0, "clearing goes on");
    assert!(rig.agent.secrets.credentials.lend(&live).is_none());
    unbar(&rig);
    rig.request(rig.wish("444455556666", "ReadOnlyAccess", 30)).await.expect("there is room again");
    assert!(!standing(&*rig.view().await));
    let events = events(&rig).await;
    let late = ["session ended, ", "no credentials: the audit log cannot be written"];
    for part in late {
        assert!(
            events.iter().any(|event| event.starts_with(part)),
            "{part} was kept and written later: {events:?}"
        );
    }
}

#[tokio::test]
async fn on_a_full_disk_no_lease_is_given_all_is_cleared_and_the_log_goes_on_once_there_is_room() {
    const NAME: &str =
        "audit::on_a_full_disk_no_lease_is_given_all_is_cleared_and_the_log_goes_on_once_there_is_room";
    if !environment::is_inside() {
        if !environment::on_small_disk(NAME).await {
            eprintln!("skipped: nobody may mount a disk of their own here");
        }
        return;
    }
    let rig = Rig::signed_in().await;
    let live = rig.lease(60).await;
    let filler = std::env::temp_dir().join("filler");
    fs::write(&filler, vec![0; 2 * 1024 * 1024]).unwrap_err();
    // What is left of the log's last block; the same refusal again would be counted.
    for _ in 0..15 {
        for role in ["DeveloperAccess", "ReadOnlyAccess"] {
            rig.request(rig.wish("444455556666", role, 60 * 24)).await.unwrap_err();
        }
    }
    let asked = rig.asked("sso:GetRoleCredentials");
    let refused = rig.request(rig.wish("444455556666", "ReadOnlyAccess", 30)).await;
    assert_eq!(code(refused), Some(Code::AuditUnwritable));
    assert_eq!(rig.asked("sso:GetRoleCredentials"), asked);
    rig.ask(Intent::EndAll).await.unwrap();
    assert!(rig.session(&live).await.ended.unwrap().wiped_pages > 0);
    assert!(rig.agent.secrets.credentials.lend(&live).is_none());
    fs::remove_file(filler).unwrap();
    rig.request(rig.wish("444455556666", "ReadOnlyAccess", 30)).await.expect("there is room again");
    let found = verdict(&rig).await;
    assert!(found.is_whole(), "{found:?}");
    assert!(events(&rig).await.iter().any(|event| event.starts_with("session ended, ")), "written later");
}

#[tokio::test]
async fn credentials_go_on_being_issued_anew_while_the_log_cannot_be_written() {
    let rig = Rig::signed_in().await;
    let live = rig.lease(120).await;
    bar(&rig);
    rig.pass(Seconds::minutes(50)).await;
    let ticket = rig.ticket(&live).await.unwrap();
    assert_eq!(rig.fetch(&ticket).await.status, 200);
    assert_eq!(rig.session(&live).await.failure, None);
}

#[tokio::test]
async fn no_secret_is_in_the_log_however_it_is_written() {
    let rig = Rig::signed_in().await;
    let session = rig.lease(60).await;
    let ticket = rig.ticket(&session).await.unwrap();
    rig.fetch(&ticket).await;
    let program = "env".to_owned();
    reveal(&rig.folder, &Question { session: session.to_string(), kind: Kind::Keys, program }).await.unwrap();
    rig.ask(Intent::Console { session: session.clone() }).await.unwrap();
    rig.request(rig.chained(30, &["DaypassScoped"])).await.unwrap();
    rig.ask(Intent::EndAll).await.unwrap();
    rig.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await.unwrap();
    rig.settled().await;
    assert!(verdict(&rig).await.entries > 8);
    let text = written(&rig);
    let issued: Vec<_> = rig.practice.issued().into_iter().map(|i| i.value).collect();
    assert!(issued.len() > 5);
    for secret in issued.into_iter().chain([ticket.token.clone(), ticket.url.clone()]) {
        for form in forms(&secret) {
            assert!(!text.contains(&form), "a secret of {} characters", secret.len());
        }
    }
}

/// A secret as it may be written: as it is, and each run of 16 of it, plain, in hex, in base64 and as a URL has it.
fn forms(secret: &str) -> Vec<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mut forms = vec![url::form_urlencoded::byte_serialize(secret.as_bytes()).collect()];
    for run in secret.as_bytes().windows(16) {
        forms.extend([String::from_utf8_lossy(run).into_owned(), hex(run), hex(run).to_uppercase()]);
    }
    // Base64 of a run depends on where it begins: of each third.
    for skip in 0..3.min(secret.len()) {
        let encoded = base64(&secret.as_bytes()[skip..]);
        let whole = encoded.trim_end_matches('=').len() / 4 * 4;
        forms
            .extend(encoded.as_bytes()[..whole].windows(20).map(|w| String::from_utf8_lossy(w).into_owned()));
    }
    forms.retain(|form| form.len() >= 16);
    forms
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| char::from(LETTERS[(bits & 63) as usize]);
    let encode = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0, |bits, &b| bits << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).map(|at| letter(bits >> (18 - 6 * at))).collect::<String>()
    };
    bytes.chunks(3).map(encode).collect()
}

#[tokio::test]
async fn hostile_names_are_plain_in_the_file_and_come_back_as_they_are() {
    let options = Options { accounts: 44, roles: 100, has_hostile_texts: true, ..Options::default() };
    let rig = Rig::new(options).await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    for row in rig.client.catalog().await.unwrap().iter().take(30) {
        rig.request(rig.wish(row.role.account.as_str(), row.role.role.as_str(), 30)).await.ok();
    }
    rig.settled().await;
    assert!(verdict(&rig).await.is_whole());
    let log = fs::read_to_string(rig.top.path().join("state/audit.jsonl")).unwrap();
    assert!(
        log.lines().count() > 30 && log.chars().all(|c| c == '\n' || !daypass_domain::text::is_unseen(c))
    );
    let names: Vec<_> =
        rows(&rig, LogFilter::default()).await.into_iter().filter_map(|r| r.account_name).collect();
    assert!(HOSTILE_TEXTS.iter().any(|hostile| names.iter().any(|name| name == hostile)), "{names:?}");
}

#[tokio::test]
async fn a_log_that_was_tampered_with_says_where() {
    let rig = Rig::signed_in().await;
    rig.lease(60).await;
    assert!(verdict(&rig).await.is_whole());
    let path = rig.top.path().join("state/audit.jsonl");
    let text = fs::read_to_string(&path).unwrap().replacen("DeveloperAccess", "ReadOnlyAccess", 1);
    fs::write(&path, text).unwrap();
    let found = verdict(&rig).await;
    assert!(found.words.starts_with("chain damaged: line 3 of audit.jsonl"), "{}", found.words);
}

#[tokio::test]
async fn a_disk_that_is_gone_keeps_nobody_waiting_at_the_end() {
    let (mail, _letters) = tokio::sync::mpsc::channel(1);
    let log = Log::open("/dev/null".into(), mail);
    assert_eq!(log.barrier().await, Ok(()), "there was nothing to write");
    log.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_did_not_take_goes_along_when_the_agent_goes_on_afresh() {
    let home = Home::new(None).await;
    home.sign_in().await;
    let lease = home.lease().await;
    let log = home.state().join("audit.jsonl");
    fs::rename(&log, home.state().join("put-aside")).unwrap();
    fs::create_dir(&log).unwrap();
    home.ask(Intent::SignOut { sso_session: "acme".parse().unwrap() }).await;
    home.goes_on_afresh().await;
    fs::remove_dir(&log).unwrap();
    let answer = home.ask(Intent::Log { filter: LogFilter::default(), before: None }).await;
    let told: Vec<_> = answer.log.unwrap().rows.into_iter().map(|row| (row.event, row.session)).collect();
    assert!(told.iter().any(|(event, _)| event == "signed out"), "{told:?}");
    let is_receipt = |(event, of): &(String, _)| {
        event.starts_with("session ended by signing out") && *of == Some(lease.clone())
    };
    assert!(told.iter().any(is_receipt), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_program_passes_for_the_window() {
    let home = Home::new(None).await;
    let window = Client::connect(&home.folder, "daypass-desktop").await.unwrap();
    let role = RoleRef {
        sso_session: "acme".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        role: "Billing".parse().unwrap(),
    };
    let request = SessionRequest::of(role, Seconds::minutes(60 * 24));
    window.asking_from(Some(Place::Tray)).ask(Intent::Request { request, open: vec![] }).await.unwrap_err();
    let answer = home.ask(Intent::Log { filter: LogFilter::default(), before: None }).await;
    let row = answer.log.unwrap().rows.remove(0);
    assert!(row.event.starts_with("request refused"), "{}", row.event);
    assert_eq!(row.by, format!("daypass-desktop (pid {})", std::process::id()));
}
