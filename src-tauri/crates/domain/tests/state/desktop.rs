//! What the desktop does that ends leases.

use daypass_domain::{
    event::{Desktop, Effect, Event, Watched},
    settings::{Clearing, ScreenLock, Settings},
    sso::Source,
    time::Seconds,
    view::{Phase, SignInStatus, Why},
};

use crate::rig::{HOUR, Rig, sso, wipe};

fn set_to(clearing: Clearing) -> Rig {
    let mut rig = Rig::set_to(Settings { clearing, ..Settings::default() });
    rig.sign_in("acme");
    rig
}

#[test]
fn five_minutes_of_a_locked_screen_end_leases_and_keep_the_sign_in() {
    let mut rig = set_to(Clearing::default());
    let lease = rig.lease("Admin", HOUR, HOUR);
    assert_eq!(rig.learn(Event::Desktop(Desktop::ScreenLocked)), []);
    rig.pass(Seconds(299));
    assert_eq!(rig.tick(), []);
    assert_eq!(rig.state.next_due(rig.now), Some(1000));
    rig.pass(Seconds(1));
    assert_eq!(rig.tick(), [wipe(&lease)]);
    assert_eq!(rig.card(&lease).ended.unwrap().why, Why::ScreenLock);
    assert_eq!(rig.sso("acme").status, SignInStatus::SignedIn);
}

#[test]
fn a_coffee_break_ends_nothing() {
    let mut rig = set_to(Clearing::default());
    let lease = rig.lease("Admin", HOUR, HOUR);
    rig.learn(Event::Desktop(Desktop::ScreenLocked));
    rig.pass(Seconds(200));
    // Said twice by two of the desktop's services, it counts from the first.
    rig.learn(Event::Desktop(Desktop::ScreenLocked));
    rig.learn(Event::Desktop(Desktop::ScreenUnlocked));
    rig.pass(Seconds(200));
    assert_eq!(rig.tick(), []);
    assert_eq!(rig.card(&lease).phase, Phase::Active);
}

#[test]
fn a_locked_screen_ends_leases_at_once_or_never_where_so_set() {
    for (screen_lock, ends) in [(ScreenLock::AtOnce, true), (ScreenLock::Never, false)] {
        let mut rig = set_to(Clearing { screen_lock, ..Clearing::default() });
        let lease = rig.lease("Admin", HOUR, HOUR);
        let effects = rig.learn(Event::Desktop(Desktop::ScreenLocked));
        assert_eq!(effects == [wipe(&lease)], ends);
        rig.pass(Seconds::minutes(6));
        rig.tick();
        assert_eq!(rig.card(&lease).phase == Phase::Ended, ends);
    }
}

#[test]
fn sleep_and_another_user_clear_leases_and_sign_ins() {
    for (what, why) in [(Desktop::Sleeps, Why::Sleep), (Desktop::UserSwitched, Why::UserSwitch)] {
        let mut rig = set_to(Clearing::default());
        let lease = rig.lease("Admin", HOUR, HOUR);
        let token = Effect::DropToken { sso: Box::new(sso("acme", Source::Config)) };
        assert_eq!(rig.learn(Event::Desktop(what)), [wipe(&lease), token, Effect::Afresh]);
        assert_eq!(rig.card(&lease).ended.unwrap().why, why);
        assert_eq!(rig.sso("acme").status, SignInStatus::SignedOut);
    }
}

#[test]
fn sleep_clears_nothing_where_so_set() {
    let mut rig = set_to(Clearing { sleep: false, user_switch: false, ..Clearing::default() });
    rig.lease("Admin", HOUR, HOUR);
    for what in [Desktop::Sleeps, Desktop::UserSwitched] {
        assert_eq!(rig.learn(Event::Desktop(what)), []);
    }
}

#[test]
fn sleep_gives_up_the_sign_in_under_way() {
    let mut rig = Rig::signed_out();
    rig.start_sign_in("acme");
    assert_eq!(rig.learn(Event::Desktop(Desktop::Sleeps)), [Effect::AbandonSignIn, Effect::Afresh]);
    assert_eq!(rig.view().sign_in, None);
}

#[test]
fn what_cannot_be_noticed_is_said_until_it_can() {
    let mut rig = set_to(Clearing::default());
    let mut says = |what, works| {
        rig.learn(Event::Watching { what, works });
        rig.view().degraded.into_iter().map(|s| s.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (screen, logind, late) = (
        "Daypass may miss that the screen is locked",
        "Daypass cannot tell when the machine sleeps or another user takes over",
        "The machine may be asleep before leases and sign-ins are wiped",
    );
    assert_eq!(says(Watched::ScreenSaver, false), [screen]);
    assert_eq!(says(Watched::ScreenSaver, false), [screen], "once");
    assert_eq!(says(Watched::SleepDelay, false), [screen, late]);
    assert_eq!(says(Watched::Logind, false), [screen, logind], "what doesn't answer can't wait either");
    assert_eq!(says(Watched::Logind, true), [screen, late]);
    assert_eq!(says(Watched::SleepDelay, true), [screen]);
    assert_eq!(says(Watched::LockedHint, true), [""; 0], "the desktop tells in another way");
}

#[test]
fn what_nobody_wants_noticed_is_not_said() {
    let clearing = Clearing { sleep: false, user_switch: false, screen_lock: ScreenLock::Never, idle: None };
    let mut rig = set_to(clearing);
    for what in [Watched::ScreenSaver, Watched::Logind, Watched::SleepDelay] {
        rig.learn(Event::Watching { what, works: false });
    }
    assert_eq!(rig.view().degraded, [""; 0]);
}
