//! The menu as a person reads it.

use daypass_domain::{
    desktop::{About, DesktopView, Notification},
    failure::Code,
    request::{Open, Pass, SessionRequest},
    settings::Way,
    time::Seconds,
    view::{DeviceView, NoticeView, Phase, SignInStatus, SignInView, Stage},
};

use super::*;
use crate::tray::scene::{lease, quick, signed_in, view};

/// The menu's lines, those of a submenu behind `>`, those that can't be chosen in brackets.
fn read(view: &View) -> Vec<String> {
    fn lines(items: &[Item], indent: &str) -> Vec<String> {
        let line = |item: &Item| match &item.does {
            Does::Nothing => vec![format!("{indent}({})", item.label)],
            Does::Act(_) => vec![format!("{indent}{}", item.label)],
            Does::Open(items) => {
                [vec![format!("{indent}{}", item.label)], lines(items, &format!("{indent}> "))].concat()
            }
        };
        items.iter().flat_map(line).collect()
    }
    let groups: Vec<_> = Menu::of(Some(view)).groups.iter().map(|group| lines(group, "")).collect();
    groups.join(&"-".to_owned())
}

fn find(view: &View, id: &str) -> Item {
    fn all(items: Vec<Item>) -> Vec<Item> {
        let inner = |item: &Item| match &item.does {
            Does::Open(items) => all(items.clone()),
            _ => Vec::new(),
        };
        items.into_iter().flat_map(|item| [vec![item.clone()], inner(&item)].concat()).collect()
    }
    let items = all(Menu::of(Some(view)).groups.concat());
    items.into_iter().find(|item| item.id == id).unwrap_or_else(|| panic!("there is no {id}"))
}

fn asked(view: &View, id: &str) -> Intent {
    match find(view, id).does {
        Does::Act(Action::Ask(intent) | Action::AskInWindow(intent)) => intent,
        other => panic!("{id} does {other:?}"),
    }
}

fn busy() -> View {
    let mut view = view();
    view.sessions = vec![lease("aaaaaaaa", 42 * 60 - 5)];
    view.quick = vec![quick(Open::Console)];
    view.sso_sessions = vec![signed_in("acme")];
    view
}

#[test]
fn everything_has_its_place() {
    let expected = [
        "Billing · payments-prod · 42 min",
        "> Console",
        "> Terminal",
        "> Copy env command",
        "> Renew",
        "> End",
        "-",
        "★ Billing · payments-prod · console, 30 min",
        "Open in another way",
        "> ★ Billing · payments-prod",
        "> > Console",
        "> > Terminal",
        "> > Request…",
        "-",
        "Find a role…",
        "-",
        "acme · signed in since 10:00",
        "> Sign out",
        "-",
        "End all and wipe",
        "-",
        "Open",
        "Settings",
        "Quit",
    ];
    assert_eq!(read(&busy()), expected);
}

#[test]
fn with_nothing_there_is_little() {
    let expected = ["Find a role…", "-", "(End all and wipe)", "-", "Open", "Settings", "Quit"];
    assert_eq!(read(&view()), expected);
    let away: Vec<_> = Menu::of(None).groups.concat().into_iter().map(|item| item.label).collect();
    assert_eq!(away, ["Waiting for the agent…", "Find a role…", "Open", "Settings", "Quit"]);
}

#[test]
fn a_role_is_taken_as_it_was_last() {
    let mut view = busy();
    view.quick = vec![quick(Open::Terminal)];
    let id = "quick/acme/111122223333/Billing";
    let opened = |id: &str| {
        let Intent::Request { request, open } = asked(&view, id) else { panic!("no request") };
        assert_eq!((request.duration, &request.role), (Seconds::minutes(30), &view.quick[0].role));
        open
    };
    assert_eq!(find(&view, id).label, "★ Billing · payments-prod · terminal, 30 min");
    assert_eq!(opened(id), [Open::Terminal]);
    assert_eq!(opened(&format!("{id}/console")), [Open::Console]);
}

#[test]
fn a_pass_is_taken_with_one_click() {
    let mut view = busy();
    let request = SessionRequest::of(view.quick[0].role.clone(), Seconds::minutes(15));
    view.passes = vec![Pass { name: "Replay audit_logs".to_owned(), request, open: vec![] }];
    assert!(read(&view).contains(&"Replay audit_logs · 15 min".to_owned()));
    let taken = asked(&view, "pass/Replay audit_logs");
    assert_eq!(taken, Intent::TakePass { name: "Replay audit_logs".to_owned() });
}

#[test]
fn a_recent_role_with_a_lease_stands_there_once_and_a_favourite_stays() {
    let mut view = busy();
    let is_there = |view: &View| read(view).contains(&"Billing · payments-prod · console, 30 min".to_owned());
    view.quick[0].favourite = false;
    assert!(!is_there(&view));
    view.sessions[0].phase = Phase::Ended;
    assert!(is_there(&view));
}

#[test]
fn a_lease_can_be_used_renewed_and_ended() {
    let view = busy();
    let session = view.sessions[0].session.clone();
    let of = |key: &str| format!("lease/aaaaaaaa/{key}");
    assert_eq!(asked(&view, &of("console")), Intent::Console { session: session.clone() });
    assert_eq!(asked(&view, &of("terminal")), Intent::Terminal { session: session.clone() });
    assert_eq!(asked(&view, &of("renew")), Intent::Renew { session: session.clone() });
    assert_eq!(asked(&view, &of("end")), Intent::End { session: session.clone() });
    assert_eq!(find(&view, &of("copy")).does, Does::Act(Action::CopyEnv(session)));
    assert_eq!(asked(&view, "end-all"), Intent::EndAll);
}

#[test]
fn what_is_asked_for_can_be_called_off_and_what_failed_is_said() {
    let mut view = busy();
    view.quick.clear();
    view.sso_sessions.clear();
    view.sessions = vec![lease("bbbbbbbb", 1), lease("cccccccc", 1), lease("dddddddd", 1)];
    for (session, phase) in view.sessions.iter_mut().zip([Phase::Requesting, Phase::Failed, Phase::Ended]) {
        (session.phase, session.lease_end) = (phase, None);
    }
    let expected = [
        "Billing · payments-prod · not granted",
        "-",
        "Billing · payments-prod · requested",
        "> End",
        "-",
        "Find a role…",
    ];
    assert_eq!(read(&view)[..6], expected);
}

#[test]
fn each_state_of_a_sign_in_offers_what_helps() {
    let mut view = View { sessions: vec![], quick: vec![], ..busy() };
    let mut sso = |status, label: &str, inside: &[&str]| {
        view.sso_sessions[0].status = status;
        let lines = read(&view);
        let at = lines.iter().position(|line| line.starts_with("acme")).unwrap();
        assert_eq!(lines[at], format!("acme · {label}"));
        assert_eq!(lines[at + 1..=at + inside.len()], *inside, "{label}");
        assert_eq!(lines[at + inside.len() + 1], "-", "{label}");
    };
    sso(SignInStatus::SignedIn, "signed in since 10:00", &["> Sign out"]);
    sso(SignInStatus::SignedOut, "signed out", &["> Sign in"]);
    sso(SignInStatus::Lapsed, "sign-in has lapsed", &["> Sign in", "> Sign out"]);
    view.sign_in = Some(SignInView {
        sso_session: "acme".parse().unwrap(),
        attempt: 1,
        way: Way::DeviceCode,
        stage: Stage::DeviceCode,
        device: Some(DeviceView {
            user_code: "ABCD-EFGH".to_owned(),
            url: String::new(),
            expires_at: view.now,
        }),
        started_at: view.now,
        hint: None,
    });
    let expected = ["acme · signing in…", "> (Code ABCD-EFGH)", "> Open the browser", "> Cancel"];
    assert_eq!(read(&view)[2..6], expected);
    assert_eq!(asked(&view, "sso/acme/cancel"), Intent::CancelSignIn);
}

#[test]
fn a_code_to_compare_is_asked_for_in_the_window() {
    let mut view = busy();
    view.sso_sessions[0].status = SignInStatus::SignedOut;
    let role = "quick/acme/111122223333/Billing/console";
    for (way, is_in_window) in [(Way::Browser, false), (Way::DeviceCode, true)] {
        view.sso_sessions[0].way = way;
        for id in ["sso/acme/sign-in", role] {
            let does = find(&view, id).does;
            assert_eq!(matches!(does, Does::Act(Action::AskInWindow(_))), is_in_window, "{id} {does:?}");
        }
    }
}

#[test]
fn what_nobody_else_tells_is_told_first() {
    let mut view = busy();
    view.notice = Some(NoticeView { sso_session: None, failure: Code::NoTerminal.into() });
    view.degraded = vec!["the memory lock was refused".to_owned()];
    let notification = Notification {
        id: "lease/aaaaaaaa".to_owned(),
        title: "Billing ends in\n5 minutes".to_owned(),
        body: String::new(),
        urgent: false,
        about: About::Everything,
        buttons: vec![],
    };
    view.desktop = Some(DesktopView { notifications: vec![notification], ..DesktopView::default() });
    let expected =
        ["No terminal program was found", "Billing ends in5 minutes", "Protection is degraded", "-"];
    assert_eq!(read(&view)[..4], expected);
    assert_eq!(find(&view, "notification/lease/aaaaaaaa").does, Does::Act(Action::Show(What::Main)));
}

#[test]
fn an_account_wears_its_own_colour_or_its_environments() {
    let mut view = busy();
    let mark = |view: &View| find(view, "lease/aaaaaaaa").mark;
    assert_eq!(mark(&view), Some(Mark { colour: Colour::Red, is_production: true }));
    view.sessions[0].colour = Some(Colour::Teal);
    assert_eq!(mark(&view), Some(Mark { colour: Colour::Teal, is_production: true }));
    (view.sessions[0].environment, view.sessions[0].colour) = (None, None);
    assert_eq!(mark(&view), None);
}

#[test]
fn time_alone_builds_no_other_menu_and_another_lease_does() {
    let (before, mut later) = (busy(), busy());
    later.now = later.now + Seconds(600);
    let menus = |a: &View, b: &View| Menu::of(Some(a)).is_built_like(&Menu::of(Some(b)));
    assert_ne!(Menu::of(Some(&before)), Menu::of(Some(&later)));
    assert!(menus(&before, &later));
    later.sessions = vec![lease("bbbbbbbb", 600)];
    assert!(!menus(&before, &later), "the same lines, about something else");
    later = busy();
    later.sso_sessions[0].status = SignInStatus::Lapsed;
    assert!(!menus(&before, &later), "inside a submenu");
}

#[test]
fn fifty_leases_do_not_fill_the_screen() {
    let mut view = View { quick: vec![], ..busy() };
    view.sessions = (0..50).map(|n| lease(&format!("lease{n:03}"), 3600)).collect();
    let menu = Menu::of(Some(&view));
    assert_eq!(menu.groups[0].len(), LEASES_SHOWN + 1);
    assert_eq!(menu.groups[0].last().unwrap().label, "30 more…");
}
