//! Notifications: by the desktop's daemon where one answers, else in the window; and what their buttons do.
//!
//! A task of its own: nothing waits for it, and it waits for nobody longer than the daemon's time limit.

mod daemon;
#[cfg(test)]
mod tests;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    sync::Arc,
    time::Duration,
};

use daypass_domain::{
    desktop::{About, Button, Notification, What},
    ids::{SessionId, SsoSessionName},
    notification::{News, Teller, refused},
    request::{Intent, SignInTarget},
    time::Timestamp,
    view::View,
};
use daypass_wire::message::Place;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use self::daemon::{Daemon, Heard};
use crate::{flow, link::Link};

/// More than this nobody reads.
const MOST_IN_WINDOW: usize = 20;

type Views = watch::Receiver<Option<Arc<View>>>;

/// Tells a person what there is to tell until the desktop ends; `raise` brings the window to the front, by the token
/// that lets it take the focus.
pub(crate) async fn keep(link: Arc<Link>, raise: impl Fn(Option<String>) + Send) {
    Post::new(link, raise, None).run().await;
}

/// What is shown where.
struct Post<R> {
    link: Arc<Link>,
    raise: R,
    /// The session bus, where it is not the one of the environment.
    address: Option<String>,
    daemon: Option<Daemon>,
    teller: Teller,
    /// The newest view, and when it came.
    seen: Option<(Arc<View>, Instant)>,
    /// What the daemon shows, with its number there.
    shown: BTreeMap<String, (u32, Notification)>,
    /// What is in the window because these are quiet hours.
    kept_quiet: BTreeSet<String>,
    is_quiet: bool,
    /// Presses that were refused.
    refused: (mpsc::UnboundedSender<Notification>, mpsc::UnboundedReceiver<Notification>),
}

impl<R: Fn(Option<String>) + Send> Post<R> {
    fn new(link: Arc<Link>, raise: R, address: Option<String>) -> Self {
        Self {
            link,
            raise,
            address,
            daemon: None,
            teller: Teller::default(),
            seen: None,
            shown: BTreeMap::new(),
            kept_quiet: BTreeSet::new(),
            is_quiet: false,
            refused: mpsc::unbounded_channel(),
        }
    }

    async fn run(mut self) {
        let mut clients = self.link.clients();
        // One that is there already counts as news too.
        clients.mark_changed();
        self.connect().await;
        let (mut views, mut look_at) = (None, None);
        loop {
            tokio::select! {
                changed = clients.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    views = clients.borrow_and_update().as_ref().map(|client| client.views());
                }
                view = next(&mut views) => match view {
                    Some(view) => {
                        self.seen = Some((view, Instant::now()));
                        look_at = self.look().await;
                    }
                    None => {
                        (views, look_at, self.seen) = (None, None, None);
                        let news = self.teller.forget();
                        self.deliver(news).await;
                    }
                },
                () = until(look_at) => look_at = self.look().await,
                heard = hear(&mut self.daemon) => self.take(heard).await,
                Some(said) = self.refused.1.recv() => self.show(vec![said]).await,
            }
        }
    }

    /// Tells what the newest view and the time bring; when to look again.
    async fn look(&mut self) -> Option<Instant> {
        let (view, came) = self.seen.clone()?;
        let news = self.teller.look(&view, later(view.now, came.elapsed()));
        let look_again = news.look_again.map(|at| came + between(view.now, at));
        self.is_quiet = news.quiet;
        self.deliver(news).await;
        look_again
    }

    async fn deliver(&mut self, news: News) {
        for id in news.away {
            self.close(&id).await;
            self.out_of_window(&id);
        }
        self.show(news.show).await;
    }

    async fn show(&mut self, mut notifications: Vec<Notification>) {
        if notifications.is_empty() {
            return;
        }
        if self.daemon.is_none() {
            self.connect().await;
            let waiting = self.waiting().filter(|old| notifications.iter().all(|new| new.id != old.id));
            notifications = waiting.collect::<Vec<_>>().into_iter().chain(notifications).collect();
        }
        let mut answers = true;
        for notification in notifications {
            // One that does not answer is asked once, not for each.
            answers = answers && !self.is_quiet && self.show_by_daemon(&notification).await;
            if !answers {
                self.close(&notification.id).await;
                self.show_in_window(notification);
            }
        }
    }

    /// False where there is none that answers.
    async fn show_by_daemon(&mut self, notification: &Notification) -> bool {
        let Some(daemon) = &mut self.daemon else { return false };
        let before = self.shown.get(&notification.id).map_or(0, |(number, _)| *number);
        let shown = daemon.show(before, notification).await;
        self.link.change(|desktop| desktop.without_notifier = shown.is_err());
        let Ok(number) = shown else { return false };
        self.shown.insert(notification.id.clone(), (number, notification.clone()));
        self.out_of_window(&notification.id);
        true
    }

    fn show_in_window(&mut self, notification: Notification) {
        if self.is_quiet {
            self.kept_quiet.insert(notification.id.clone());
        }
        self.link.change(|desktop| {
            let shown = &mut desktop.notifications;
            shown.retain(|n| n.id != notification.id);
            shown.insert(0, notification);
            shown.truncate(MOST_IN_WINDOW);
        });
    }

    /// What is in the window for want of a daemon; the oldest first, as it was told.
    fn waiting(&self) -> impl Iterator<Item = Notification> {
        let waits = |n: &Notification| !self.kept_quiet.contains(&n.id);
        self.link.notifications().into_iter().rev().filter(waits)
    }

    fn out_of_window(&mut self, id: &str) {
        self.kept_quiet.remove(id);
        if self.link.notifications().iter().any(|n| n.id == id) {
            self.link.change(|desktop| desktop.notifications.retain(|n| n.id != id));
        }
    }

    /// Takes it away from the daemon's.
    async fn close(&mut self, id: &str) {
        if let (Some((number, _)), Some(daemon)) = (self.shown.remove(id), &mut self.daemon) {
            daemon.close(number).await;
        }
    }

    async fn connect(&mut self) {
        self.daemon = Daemon::connect(self.address.as_deref()).await.ok();
        self.note_daemon();
    }

    /// Says whether there is one, as far as the bus knows.
    fn note_daemon(&self) {
        let is_there = self.daemon.as_ref().is_some_and(Daemon::is_there);
        self.link.change(|desktop| desktop.without_notifier = !is_there);
    }

    async fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Came => {
                self.note_daemon();
                if !self.is_quiet {
                    let waiting = self.waiting().collect();
                    self.show(waiting).await;
                }
            }
            Heard::Went => self.went(),
            Heard::BusGone => {
                self.daemon = None;
                self.went();
            }
            Heard::Closed(number) => self.shown.retain(|_, (shown, _)| *shown != number),
            Heard::Pressed(number, button, token) => {
                let pressed = self.shown.values().find(|(shown, _)| *shown == number);
                if let Some(pressed) = pressed.map(|(_, notification)| notification.clone()) {
                    self.press(pressed, button, token);
                }
            }
        }
    }

    /// What it showed is still true.
    fn went(&mut self) {
        self.note_daemon();
        for (_, notification) in std::mem::take(&mut self.shown).into_values() {
            self.show_in_window(notification);
        }
    }

    fn press(&self, pressed: Notification, button: Button, token: Option<String>) {
        let view = self.seen.as_ref().map(|(view, _)| view.as_ref());
        let Some(intent) = intent(&pressed.about, button, view) else {
            self.link.show(What::Main);
            (self.raise)(token);
            return;
        };
        let (link, refusals) = (Arc::clone(&self.link), self.refused.0.clone());
        tauri::async_runtime::spawn(async move {
            if let Err(failure) = flow::ask(&link, intent, Some(Place::Notification)).await {
                refusals.send(refused(&pressed, &failure)).ok();
            }
        });
    }
}

/// What to ask of the agent; None where the window is what helps.
fn intent(about: &About, button: Button, view: Option<&View>) -> Option<Intent> {
    match (about, button) {
        (About::Session { session }, Button::Renew) => Some(Intent::Renew { session: session.clone() }),
        (About::Session { session }, Button::End) => Some(Intent::End { session: session.clone() }),
        (About::Session { session }, Button::SignIn) => Some(sign_in(sso_session(view?, session)?)),
        (About::SsoSession { sso_session }, Button::SignIn) => Some(sign_in(sso_session.clone())),
        (_, Button::Open)
        | (About::Everything, _)
        | (About::SsoSession { .. }, Button::Renew | Button::End) => None,
    }
}

fn sign_in(sso_session: SsoSessionName) -> Intent {
    Intent::SignIn { target: SignInTarget::Named { sso_session }, way: None, keep: None }
}

fn sso_session(view: &View, session: &SessionId) -> Option<SsoSessionName> {
    view.sessions.iter().find(|lease| lease.session == *session).map(|lease| lease.role.sso_session.clone())
}

/// The next view; None when the agent has gone. Without one it waits for ever.
async fn next(views: &mut Option<Views>) -> Option<Arc<View>> {
    let Some(views) = views else { return pending().await };
    while views.changed().await.is_ok() {
        if let Some(view) = views.borrow_and_update().clone() {
            return Some(view);
        }
    }
    None
}

async fn hear(daemon: &mut Option<Daemon>) -> Heard {
    match daemon {
        Some(daemon) => daemon.hear().await,
        None => pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    let millis = to.as_millis().saturating_sub(from.as_millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
