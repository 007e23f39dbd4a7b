//! Notifications on a bus of the test's own, shown by a daemon that is played, or by none.

use std::sync::Mutex;

use daypass_domain::{
    failure::{Code, Failure},
    view::SignInStatus,
};
use daypass_tests::buses::{Notifier, PrivateBus, Told, pretend_press};

use super::*;
use crate::tray::scene;

const ALL: &[&str] = &["actions", "body", "body-markup"];

/// Somebody to be told something.
struct Desk {
    post: Post<Box<dyn Fn(Option<String>) + Send>>,
    link: Arc<Link>,
    /// The tokens by which the window was raised.
    raised: Arc<Mutex<Vec<Option<String>>>>,
}

impl Desk {
    fn at(address: String) -> Self {
        let (link, raised) = (Arc::new(Link::default()), Arc::new(Mutex::default()));
        let raise: Arc<Mutex<Vec<_>>> = Arc::clone(&raised);
        let raise: Box<dyn Fn(_) + Send> = Box::new(move |token| raise.lock().unwrap().push(token));
        Self { post: Post::new(Arc::clone(&link), raise, Some(address)), link, raised }
    }

    async fn tells(&mut self, notifications: Vec<Notification>) {
        self.post.deliver(News { show: notifications, ..News::default() }).await;
    }

    /// A view comes, and time stands still.
    async fn sees(&mut self, view: &View) {
        self.post.seen = Some((Arc::new(view.clone()), Instant::now()));
        self.post.look().await;
    }

    fn raised(&self) -> Vec<Option<String>> {
        self.raised.lock().unwrap().clone()
    }

    /// What comes from the bus next is taken in.
    async fn hears(&mut self) {
        let heard = hear(&mut self.post.daemon).await;
        self.post.take(heard).await;
    }

    /// Whether the window says that no daemon answers.
    fn misses_a_daemon(&self) -> bool {
        self.link.desktops().borrow().without_notifier
    }

    fn in_window(&self) -> Vec<String> {
        self.link.notifications().into_iter().map(|n| n.title).collect()
    }
}

fn notification(id: &str, title: &str) -> Notification {
    Notification {
        id: id.to_owned(),
        title: title.to_owned(),
        body: "<b>R&D</b>\nends.".to_owned(),
        urgent: false,
        about: About::Session { session: "aaaaaaaa".parse().unwrap() },
        buttons: vec![Button::Renew, Button::End, Button::Open],
    }
}

#[tokio::test]
async fn a_daemon_gets_the_words_and_the_buttons() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![Notification { urgent: true, ..notification("a", "<i>Billing\u{202e}</i>") }]).await;
    let shown = daemon.shown().await;
    assert_eq!(shown.title, "‹i›Billing‹/i›");
    assert_eq!(shown.body, "&lt;b&gt;R&amp;D&lt;/b&gt; ends.");
    assert_eq!(shown.actions, ["renew", "Renew", "end", "End", "default", "Open"]);
    assert_eq!(shown.urgency, 2);
    assert_eq!(desk.in_window(), [""; 0]);
}

#[tokio::test]
async fn a_daemon_without_buttons_or_markup_is_sent_none() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, &["body"]).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "Billing")]).await;
    let shown = daemon.shown().await;
    assert_eq!((shown.body.as_str(), shown.actions), ("<b>R&D</b> ends.", vec![]));
}

#[tokio::test]
async fn the_newer_takes_the_place_of_the_older_and_goes_when_it_is_no_longer_true() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "15 min"), notification("b", "other")]).await;
    desk.tells(vec![notification("a", "5 min")]).await;
    let numbers = [daemon.shown().await.number, daemon.shown().await.number, daemon.shown().await.number];
    assert_eq!(numbers, [1, 2, 1]);
    desk.post.deliver(News { away: vec!["a".to_owned()], ..News::default() }).await;
    assert!(matches!(daemon.told().await, Told::Close(1)));
}

#[tokio::test]
async fn what_the_person_dismissed_is_not_replaced_but_shown_anew() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "15 min")]).await;
    let number = daemon.shown().await.number;
    daemon.dismisses(number).await;
    desk.hears().await;
    desk.tells(vec![notification("a", "5 min")]).await;
    assert_eq!(daemon.shown().await.number, 2);
}

#[tokio::test]
async fn without_a_daemon_the_window_tells_it_until_one_comes() {
    let bus = PrivateBus::start();
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "first")]).await;
    desk.tells(vec![notification("b", "second")]).await;
    assert_eq!(desk.in_window(), ["second", "first"]);
    assert!(desk.misses_a_daemon());
    let mut daemon = Notifier::come(&bus, ALL).await;
    desk.hears().await;
    assert!(!desk.misses_a_daemon());
    assert_eq!([daemon.shown().await.title, daemon.shown().await.title], ["first", "second"]);
    assert_eq!(desk.in_window(), [""; 0]);
}

#[tokio::test]
async fn when_a_daemon_dies_the_window_tells_what_it_showed() {
    let bus = PrivateBus::start();
    let daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "Billing")]).await;
    assert!(!desk.misses_a_daemon());
    drop(daemon);
    desk.hears().await;
    assert!(desk.misses_a_daemon());
    assert_eq!(desk.in_window(), ["Billing"]);
    desk.post.deliver(News { away: vec!["a".to_owned()], ..News::default() }).await;
    assert_eq!(desk.in_window(), [""; 0]);
}

#[tokio::test]
async fn a_daemon_that_never_answers_is_asked_once_and_the_window_tells_it() {
    let bus = PrivateBus::start();
    let mut asked = bus.silent("org.freedesktop.Notifications").await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "first"), notification("b", "second")]).await;
    assert_eq!(desk.in_window(), ["second", "first"]);
    assert_eq!(asked.recv().await.unwrap(), "GetCapabilities");
    assert!(asked.try_recv().is_err(), "asked once");
    assert!(desk.misses_a_daemon());
}

#[tokio::test]
async fn without_a_bus_the_window_tells_it() {
    let mut desk = Desk::at("unix:path=/nowhere/bus".to_owned());
    desk.tells(vec![notification("a", "first")]).await;
    assert_eq!(desk.in_window(), ["first"]);
    assert!(desk.misses_a_daemon());
}

#[tokio::test]
async fn quiet_hours_do_not_count_as_a_missing_daemon() {
    let bus = PrivateBus::start();
    let _daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.post.is_quiet = true;
    desk.tells(vec![notification("a", "at night")]).await;
    assert_eq!(desk.in_window(), ["at night"]);
    assert!(!desk.misses_a_daemon());
}

#[tokio::test]
async fn a_bus_that_comes_back_is_used_again() {
    let mut bus = PrivateBus::start();
    let daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "first")]).await;
    bus.restart();
    drop(daemon);
    desk.hears().await;
    assert_eq!(desk.in_window(), ["first"], "the bus took the daemon with it");
    let mut daemon = Notifier::come(&bus, ALL).await;
    desk.tells(vec![notification("a", "second")]).await;
    assert_eq!(daemon.shown().await.title, "second");
    assert_eq!(desk.in_window(), [""; 0]);
}

#[tokio::test]
async fn in_quiet_hours_the_window_tells_it_and_no_daemon() {
    let bus = PrivateBus::start();
    let mut desk = Desk::at(bus.address());
    desk.post.is_quiet = true;
    desk.tells(vec![notification("a", "at night")]).await;
    desk.post.is_quiet = false;
    desk.tells(vec![notification("b", "by day")]).await;
    let mut daemon = Notifier::come(&bus, ALL).await;
    desk.hears().await;
    assert_eq!(daemon.shown().await.title, "by day");
    assert_eq!(desk.in_window(), ["at night"]);
}

#[tokio::test]
async fn open_raises_the_window() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "Billing")]).await;
    let number = daemon.shown().await.number;
    daemon.presses(number, "default").await;
    desk.hears().await;
    assert_eq!(desk.raised(), [None]);
}

#[tokio::test]
async fn open_raises_the_window_by_the_token_of_this_press() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "Billing"), notification("b", "Audit")]).await;
    let (first, second) = (daemon.shown().await.number, daemon.shown().await.number);
    daemon.gives_token(first, "once").await;
    daemon.presses(first, "default").await;
    daemon.presses(first, "default").await;
    daemon.gives_token(first, "another's").await;
    daemon.presses(second, "default").await;
    for _ in 0..3 {
        desk.hears().await;
    }
    assert_eq!(desk.raised(), [Some("once".to_owned()), None, None]);
}

#[tokio::test]
async fn a_press_from_anybody_else_is_not_heeded() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "Billing")]).await;
    let number = daemon.shown().await.number;
    let us = desk.post.daemon.as_ref().unwrap().own_name();
    pretend_press(&bus, &us, number, "default").await;
    daemon.dismisses(number).await;
    desk.hears().await;
    assert_eq!(desk.raised(), []);
    assert!(desk.post.shown.is_empty(), "the daemon's own word came after it");
}

#[tokio::test]
async fn a_press_that_is_refused_says_why() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    desk.tells(vec![notification("a", "Billing")]).await;
    let number = daemon.shown().await.number;
    daemon.presses(number, "renew").await;
    desk.hears().await;
    let said = desk.post.refused.1.recv().await.unwrap();
    let Failure { advice, .. } = Code::AgentSilent.into();
    assert_eq!((said.id.as_str(), said.body), ("a", advice));
}

#[tokio::test]
async fn a_renewal_that_failed_and_a_sign_in_that_lapsed_have_the_button_that_helps() {
    let bus = PrivateBus::start();
    let mut daemon = Notifier::come(&bus, ALL).await;
    let mut desk = Desk::at(bus.address());
    let mut view = scene::view();
    view.sso_sessions = vec![scene::signed_in("acme")];
    view.sessions = vec![scene::lease("aaaaaaaa", 3600)];
    desk.sees(&view).await;
    view.sessions[0].failure = Some(Code::Unreachable.into());
    desk.sees(&view).await;
    let failed = daemon.shown().await;
    assert_eq!(failed.title, "Billing in payments-prod could not be renewed");
    assert_eq!(failed.actions, ["renew", "Renew", "default", "Open"]);
    view.sessions[0].failure = None;
    view.sso_sessions[0].status = SignInStatus::Lapsed;
    desk.sees(&view).await;
    assert!(matches!(daemon.told().await, Told::Close(number) if number == failed.number));
    let lapsed = daemon.shown().await;
    assert_eq!(lapsed.title, "Your sign-in to acme has lapsed");
    assert_eq!(lapsed.actions, ["sign-in", "Sign in", "default", "Open"]);
    daemon.presses(lapsed.number, "sign-in").await;
    desk.hears().await;
    let said = desk.post.refused.1.recv().await.unwrap();
    let Failure { advice, .. } = Code::AgentSilent.into();
    assert_eq!(
        (said.id.as_str(), said.body),
        ("sign-in-acme", advice),
        "the agent was asked, and is not there"
    );
    assert_eq!(desk.raised(), []);
}

#[test]
fn each_button_asks_for_what_it_says_and_the_window_helps_with_the_rest() {
    let mut view = scene::view();
    view.sessions = vec![scene::lease("aaaaaaaa", 60)];
    let session: SessionId = "aaaaaaaa".parse().unwrap();
    let lease = About::Session { session: session.clone() };
    let gone = About::Session { session: "bbbbbbbb".parse().unwrap() };
    let sso = About::SsoSession { sso_session: "acme".parse().unwrap() };
    let signs_in = || Some(sign_in("acme".parse().unwrap()));
    for (about, button, asks) in [
        (&lease, Button::Renew, Some(Intent::Renew { session: session.clone() })),
        (&lease, Button::End, Some(Intent::End { session })),
        (&lease, Button::SignIn, signs_in()),
        (&lease, Button::Open, None),
        (&gone, Button::SignIn, None),
        (&sso, Button::Renew, None),
        (&sso, Button::End, None),
        (&sso, Button::SignIn, signs_in()),
        (&sso, Button::Open, None),
        (&About::Everything, Button::Renew, None),
        (&About::Everything, Button::End, None),
        (&About::Everything, Button::SignIn, None),
        (&About::Everything, Button::Open, None),
    ] {
        assert_eq!(intent(about, button, Some(&view)), asks, "{button:?} of {about:?}");
    }
    assert_eq!(intent(&lease, Button::SignIn, None), None, "nobody knows where to");
}
