//! The organisation's file: what it says holds for everybody, and a mistake in it changes nothing.

use std::{fs, path::PathBuf};

use daypass_domain::{
    failure::Code,
    request::{Intent, Options},
    time::Seconds,
};
use daypass_tests::rig::{Rig, code};

const RULES: &str = "[[rule]]\nrole = 'Dev*'\naccount = '*'\nlongest = '30m'\nreason-required = true\n\
    [[chained-role]]\nname = 'Scoped'\narn = 'arn:{partition}:iam::{account}:role/DaypassScoped'\n";

/// Where this test's administrator ships the file.
fn shipped(rig: &Rig) -> PathBuf {
    let folder = rig.top.path().join("etc");
    fs::create_dir_all(&folder).unwrap();
    folder.join("organisation.toml")
}

async fn options(rig: &Rig) -> Options {
    let role = rig.role("444455556666", "DeveloperAccess");
    *rig.ask(Intent::Options { role }).await.unwrap().options.unwrap()
}

/// Waits until the list may have changed.
async fn news(rig: &Rig, since: u64) {
    rig.client.wait_for(|v| (v.catalog_revision > since).then_some(())).await.unwrap();
}

#[tokio::test]
async fn what_it_says_holds_from_when_it_is_saved() {
    let rig = Rig::signed_in().await;
    let before = rig.view().await.catalog_revision;
    fs::write(shipped(&rig), RULES).unwrap();
    news(&rig, before).await;
    let offered = options(&rig).await;
    assert_eq!((offered.longest, offered.reason_required), (Some(Seconds::minutes(30)), true));
    assert_eq!(offered.chains[0].role.as_str(), "arn:aws:iam::444455556666:role/DaypassScoped");
    let mut wish = rig.wish("444455556666", "DeveloperAccess", 60);
    assert_eq!(code(rig.request(wish.clone()).await), Some(Code::DurationOverOrganisation));
    wish.duration = Seconds::minutes(30);
    assert_eq!(code(rig.request(wish.clone()).await), Some(Code::ReasonMissing));
    wish.reason = Some("OPS-7".to_owned());
    rig.request(wish).await.unwrap();
}

#[tokio::test]
async fn a_mistake_in_it_is_said_and_what_it_said_before_holds() {
    let mut rig = Rig::signed_in().await;
    let before = rig.view().await.catalog_revision;
    fs::write(shipped(&rig), RULES).unwrap();
    news(&rig, before).await;
    fs::write(shipped(&rig), RULES.replace("longest", "longst")).unwrap();
    let standing = |v: &daypass_domain::view::View| v.standing.first().map(|f| f.code);
    assert_eq!(rig.client.wait_for(standing).await.unwrap(), Code::OrganisationBroken);
    assert!(options(&rig).await.reason_required);
    rig.restart().await;
    let view = rig.view().await;
    assert_eq!(standing(&view), Some(Code::OrganisationBroken), "at the next start, too");
    fs::write(shipped(&rig), RULES).unwrap();
    rig.client.wait_for(|v| v.standing.is_empty().then_some(())).await.unwrap();
    assert!(options(&rig).await.reason_required);
}

#[tokio::test]
async fn the_settings_may_name_another_file() {
    let rig = Rig::signed_in().await;
    let path = rig.top.path().join("team.toml");
    fs::write(&path, RULES).unwrap();
    let mut settings = rig.view().await.settings.clone();
    settings.organisation_file = path.to_str().map(str::to_owned);
    rig.ask(Intent::Configure { settings: Box::new(settings.clone()) }).await.unwrap();
    while !options(&rig).await.reason_required {
        tokio::task::yield_now().await;
    }
    settings.organisation_file = None;
    rig.ask(Intent::Configure { settings: Box::new(settings) }).await.unwrap();
    while options(&rig).await.reason_required {
        tokio::task::yield_now().await;
    }
}
