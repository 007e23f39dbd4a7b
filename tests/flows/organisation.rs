//! The organisation's file: what it says holds for everybody, and a mistake in it changes nothing.

use std::{fs, path::PathBuf};

use daypass_domain::{
    catalog::Environment,
    failure::Code,
    request::{Intent, Options},
    scope::Base,
    settings::Colour,
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

/// An organisation's own preset, and one with the id of ours that lets less pass.
const PRESETS: &str = "[[account]]\npattern = '111122223333'\nenvironment = 'sandbox'\ncolour = 'teal'\n\
    [[preset]]\nid = 'drop-box'\ntitle = 'The drop box'\nabout = 'put below drop/'\n\
    [[preset.grants]]\nid = 'put'\nlabel = 'Put'\nactions = ['s3:PutObject']\ndefault = true\n\
    resources = ['arn:{partition}:s3:::audit-logs-{account}/drop/*']\n\
    [[preset]]\nid = 's3-bucket'\ntitle = 'One bucket, to look at'\nabout = 'get'\n\
    [[preset.parameters]]\nname = 'bucket'\nlabel = 'Bucket'\nkind = 'bucket'\nexample = 'a'\n\
    [[preset.grants]]\nid = 'get'\nlabel = 'Get'\nactions = ['s3:GetObject']\ndefault = true\n\
    resources = ['arn:{partition}:s3:::{bucket}/*']\n";

#[tokio::test]
async fn its_presets_are_taken_as_ours_are_and_one_may_take_the_place_of_ours() {
    let rig = Rig::signed_in().await;
    let before = rig.view().await.catalog_revision;
    fs::write(shipped(&rig), PRESETS).unwrap();
    news(&rig, before).await;
    let rows = rig.client.catalog().await.unwrap();
    let row = rows.iter().find(|row| row.role.account.as_str() == "111122223333").unwrap();
    assert_eq!((row.environment, row.colour), (Some(Environment::Sandbox), Some(Colour::Teal)));

    let take = async |preset: &str, values: &[(&str, &str)], grants: Option<&str>| {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let grants = grants.map(|grant| vec![grant.to_owned()]);
        let mut wish = rig.chained(30, &["DaypassScoped"]);
        wish.scope.base = Base::Preset { preset: preset.to_owned(), values, grants };
        rig.request(wish).await.map(|lease| lease.session)
    };
    let dropped = take("drop-box", &[], None).await.unwrap();
    let keys = rig.keys(&rig.ticket(&dropped).await.unwrap()).await;
    let call = async |keys, method: &str, object: &str| {
        rig.call(keys, "s3", method, &format!("/audit-logs-111122223333/{object}"), "").await.status
    };
    assert_eq!(call(&keys, "PUT", "drop/x").await, 200);
    assert_eq!(call(&keys, "PUT", "replay/x").await, 403);
    assert_eq!(call(&keys, "GET", "drop/x").await, 403);

    let bucket = [("bucket", "audit-logs-111122223333")];
    let looked = take("s3-bucket", &bucket, None).await.unwrap();
    let keys = rig.keys(&rig.ticket(&looked).await.unwrap()).await;
    assert_eq!(call(&keys, "GET", "drop/x").await, 200);
    assert_eq!(call(&keys, "PUT", "drop/x").await, 403);
    assert_eq!(code(take("s3-bucket", &bucket, Some("put")).await), Some(Code::NoGrants), "ours is gone");
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
