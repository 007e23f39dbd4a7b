//! The settings file: written by the window's changes, read when a person saves it.

use std::fs;

use daypass_domain::{
    failure::Code,
    request::Intent,
    settings::{Colour, Settings, SsoPlace},
    sso::StartUrl,
    time::Seconds,
};
use daypass_tests::rig::{Rig, code};

async fn configure(rig: &Rig, change: impl FnOnce(&mut Settings)) -> Option<Code> {
    let mut settings = rig.view().await.settings.clone();
    change(&mut settings);
    let outcome = rig.ask(Intent::Configure { settings: Box::new(settings) }).await;
    rig.settled().await;
    code(outcome)
}

fn file(rig: &Rig) -> std::path::PathBuf {
    rig.top.path().join("config/settings.toml")
}

#[tokio::test]
async fn what_is_set_in_the_window_is_in_the_file_and_holds_at_the_next_start() {
    let mut rig = Rig::signed_in().await;
    let refused = configure(&rig, |settings| {
        settings.duration = Seconds::minutes(45);
        let gamma = settings.sso_mut(&"gamma".parse().unwrap());
        gamma.colour = Some(Colour::Violet);
        gamma.place = Some(SsoPlace {
            start_url: StartUrl::try_from("https://gamma.awsapps.com/start".to_owned()).unwrap(),
            region: "cn-north-1".parse().unwrap(),
        });
    });
    assert_eq!(refused.await, None);
    let text = fs::read_to_string(file(&rig)).unwrap();
    assert!(text.contains("duration = \"45m\"") && text.contains("# How long a lease lasts"), "{text}");
    rig.restart().await;
    let view = rig.view().await;
    let gamma = view.sso_sessions.iter().find(|s| s.name.as_str() == "gamma").unwrap();
    assert_eq!((gamma.colour, gamma.partition.as_str()), (Some(Colour::Violet), "aws-cn"));
    assert_eq!(view.settings.duration, Seconds::minutes(45));
}

#[tokio::test]
async fn what_is_refused_is_not_written() {
    let rig = Rig::signed_in().await;
    let before = fs::read_to_string(file(&rig)).unwrap();
    let refused = configure(&rig, |settings| settings.duration = Seconds::hours(13));
    assert_eq!(refused.await, Some(Code::DurationTooLong));
    assert_eq!(fs::read_to_string(file(&rig)).unwrap(), before);
}

#[tokio::test]
async fn what_a_person_saves_takes_effect_and_a_mistake_is_said_until_it_is_mended() {
    let rig = Rig::signed_in().await;
    fs::write(file(&rig), "duration = '2h'").unwrap();
    rig.client.wait_for(|v| (v.settings.duration == Seconds::hours(2)).then_some(())).await.unwrap();
    fs::write(file(&rig), "duration = '2h").unwrap();
    let standing = |v: &daypass_domain::view::View| v.standing.first().map(|f| f.code);
    assert_eq!(rig.client.wait_for(standing).await.unwrap(), Code::SettingsInvalid);
    assert_eq!(rig.view_now().settings.duration, Seconds::hours(2), "the mistake changed nothing");
    fs::write(file(&rig), "duration = '3h'").unwrap();
    rig.client.wait_for(|v| (v.settings.duration == Seconds::hours(3)).then_some(())).await.unwrap();
    rig.client.wait_for(|v| v.standing.is_empty().then_some(())).await.unwrap();
}

#[tokio::test]
async fn a_broken_file_is_kept_beside_and_said() {
    let mut rig = Rig::signed_in().await;
    fs::write(file(&rig), [0xff, 0xfe, 0x00]).unwrap();
    rig.restart().await;
    assert_eq!(rig.view().await.standing[0].code, Code::SettingsBroken);
    assert!(file(&rig).with_extension("toml.bad").exists());
}
