//! Hostile texts: names and messages from AWS are carried as text, cut to size, and never become ours.

use daypass_domain::{failure::Failure, request::Intent};
use daypass_practice::{HOSTILE_TEXTS, Options};
use daypass_tests::rig::{Rig, code};

async fn hostile() -> Rig {
    let options = Options { accounts: 44, roles: 100, has_hostile_texts: true, ..Options::default() };
    let rig = Rig::new(options).await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    rig
}

#[tokio::test]
async fn every_account_is_listed_whatever_it_is_called() {
    let rig = hostile().await;
    let listed = rig.view().await.sso_sessions[0].catalog.clone();
    assert_eq!((listed.accounts, listed.roles, listed.failed_accounts), (44, 100, 0));
    let rows = rig.client.catalog().await.unwrap();
    assert_eq!(rows.len(), 100);
    assert!(rows.iter().all(|row| row.account_name.chars().count() <= 128), "cut to size");
    assert!(rows.iter().any(|row| row.account_name == HOSTILE_TEXTS[0]), "as it is, for the sinks to escape");
}

#[tokio::test]
async fn a_role_with_an_odd_name_in_an_account_with_a_hostile_one_can_be_had() {
    let rig = hostile().await;
    let rows = rig.client.catalog().await.unwrap();
    for role in ["--help", "-rf", "..", "=1+1"] {
        let row = rows.iter().find(|row| row.role.role.as_str() == role).expect("the role");
        let wish = rig.wish(row.role.account.as_str(), role, 30);
        let session = rig.request(wish).await.expect("a lease");
        assert_eq!(session.account_name, row.account_name);
    }
}

#[tokio::test]
async fn nothing_that_aws_says_in_an_error_becomes_part_of_a_sentence_or_a_file() {
    let rig = hostile().await;
    rig.practice.forbid_role("444455556666", "DeveloperAccess");
    let refused = rig.request(rig.wish("444455556666", "DeveloperAccess", 30)).await.unwrap_err();
    assert_eq!(refused, Failure::from(refused.code), "the sentences are ours to the letter");
    rig.practice.revoke_sessions();
    rig.ask(Intent::Sync { sso_session: "acme".parse().unwrap() }).await.unwrap();
    let lapsed = rig.view().await.sso_sessions[0].catalog.failure.clone();
    assert!(lapsed.is_none_or(|failure| failure == Failure::from(failure.code)));
    rig.practice.forget_registrations();
    assert_eq!(code(rig.sign_in().await), None, "a new registration is made");
}

#[tokio::test]
async fn an_account_with_a_name_that_cannot_be_seen_is_called_by_its_number() {
    let rig = hostile().await;
    let rows = rig.client.catalog().await.unwrap();
    let is_seen = |name: &str| name.chars().any(|c| !c.is_whitespace() && !c.is_control());
    let unseen: Vec<_> = rows.iter().filter(|row| !is_seen(&row.account_name)).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}
