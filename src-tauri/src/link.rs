//! The connection to the agent: kept, restored when it breaks, and what pages and tray are shown meanwhile.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use daypass_domain::{
    catalog::RoleEntry,
    desktop::{DesktopView, Notification, Show, What},
    failure::{Code, Failure},
    request::Intent,
    view::{NoticeView, View},
};
use daypass_wire::{client::Client, folder::RuntimeFolder, message::DESKTOP, start::connect_or_start};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::since::Since;

/// How long an agent that has gone may take to be back.
const AGENT_RETURNS: Duration = Duration::from_secs(3);

/// The connection, while there is one, and what the desktop itself has to show.
#[derive(Default)]
pub(crate) struct Link {
    client: watch::Sender<Option<Client>>,
    /// Whether there ever was a connection.
    was_there: AtomicBool,
    seen: watch::Sender<Option<Seen>>,
    notice: watch::Sender<Option<Failure>>,
    desktop: watch::Sender<DesktopView>,
    /// How often each window's page has been loaded: a watch of an earlier load is over.
    loads: watch::Sender<HashMap<String, u64>>,
}

/// The agent's newest view, and when it came: it may be shown much later.
#[derive(Clone)]
struct Seen {
    view: Arc<View>,
    came: Since,
}

/// What there is to show may have changed.
pub(crate) struct Changes {
    seen: watch::Receiver<Option<Seen>>,
    notice: watch::Receiver<Option<Failure>>,
    desktop: watch::Receiver<DesktopView>,
}

impl Changes {
    /// Waits for the next change; false once there is none to come.
    pub(crate) async fn next(&mut self) -> bool {
        tokio::select! {
            changed = self.seen.changed() => changed.is_ok(),
            changed = self.notice.changed() => changed.is_ok(),
            changed = self.desktop.changed() => changed.is_ok(),
        }
    }
}

impl Link {
    /// Connects, starting the agent when none runs, and again whenever it has gone; until somebody has it quit.
    pub(crate) async fn keep(self: Arc<Self>, folder: RuntimeFolder) {
        let mut wait = Duration::from_millis(100);
        loop {
            match connect_or_start(&folder, DESKTOP).await {
                Ok(client) => {
                    wait = Duration::from_millis(100);
                    self.notice.send_if_modified(|n| n.take_if(|f| is_about_agent(f)).is_some());
                    let mut views = client.views();
                    self.was_there.store(true, Ordering::Relaxed);
                    self.client.send_replace(Some(client.clone()));
                    while views.changed().await.is_ok() {
                        let view = views.borrow_and_update().clone();
                        self.seen.send_replace(view.map(|view| Seen { view, came: Since::now() }));
                    }
                    self.client.send_replace(None);
                    self.seen.send_replace(None);
                    if client.has_quit() {
                        return;
                    }
                }
                Err(failure) => self.warn(failure),
            }
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
        }
    }

    /// Shows a failure that the agent knows nothing of.
    pub(crate) fn warn(&self, failure: Failure) {
        self.notice.send_replace(Some(failure));
    }

    pub(crate) fn forget_notice(&self) {
        self.notice.send_replace(None);
    }

    /// Changes what the desktop adds to every view.
    pub(crate) fn change(&self, change: impl FnOnce(&mut DesktopView)) {
        self.desktop.send_if_modified(|desktop| {
            let before = desktop.clone();
            change(desktop);
            *desktop != before
        });
    }

    /// What the window shows because no daemon does.
    pub(crate) fn notifications(&self) -> Vec<Notification> {
        self.desktop.borrow().notifications.clone()
    }

    /// Has the main window bring something up.
    pub(crate) fn show(&self, what: What) {
        self.change(|desktop| {
            let count = desktop.show.as_ref().map_or(0, |show| show.count);
            desktop.show = Some(Show { count: count.wrapping_add(1), what });
        });
    }

    pub(crate) fn has_tray(&self) -> bool {
        self.desktop.borrow().tray
    }

    pub(crate) fn desktops(&self) -> watch::Receiver<DesktopView> {
        self.desktop.subscribe()
    }

    /// The connection; where it has just broken, the one to the agent that is being started in its place.
    pub(crate) async fn client_soon(&self) -> Result<Client, Failure> {
        if self.client().is_err() && self.was_there.load(Ordering::Relaxed) {
            let is_back = |client: &Option<Client>| client.as_ref().is_some_and(|c| !c.is_gone());
            timeout(AGENT_RETURNS, self.client.subscribe().wait_for(is_back)).await.ok();
        }
        self.client()
    }

    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.client.borrow().clone().filter(|c| !c.is_gone()).ok_or_else(|| Code::AgentSilent.into())
    }

    /// The connection as it comes and goes.
    pub(crate) fn clients(&self) -> watch::Receiver<Option<Client>> {
        self.client.subscribe()
    }

    /// Asks once the agent is there.
    pub(crate) async fn ask_when_there(&self, intent: Intent) {
        let mut clients = self.client.subscribe();
        let there = clients.wait_for(Option::is_some).await.ok().and_then(|c| c.clone());
        if let Some(client) = there
            && let Err(failure) = client.ask(intent).await
        {
            self.warn(failure);
        }
    }

    /// Waits until what `part` takes out of the agent's view is another than `last`.
    pub(crate) async fn next<T: PartialEq>(&self, last: Option<&T>, part: impl Fn(&View) -> T) -> T {
        let mut clients = self.client.subscribe();
        loop {
            let client = clients.borrow_and_update().clone();
            let new = async {
                match client {
                    Some(client) => {
                        client.wait_for(|view| Some(part(view)).filter(|new| Some(new) != last)).await.ok()
                    }
                    None => None,
                }
            };
            if let Some(new) = new.await {
                return new;
            }
            if clients.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    pub(crate) async fn catalog(&self) -> Result<Vec<RoleEntry>, Failure> {
        self.client()?.catalog().await
    }

    /// Shows `show` the current view and every newer one, `None` while the agent is away, until it says stop
    /// or the next watch of the same window begins.
    pub(crate) async fn watch(&self, window: &str, mut show: impl FnMut(Option<View>) -> bool) {
        let count = |loads: &HashMap<String, u64>| loads.get(window).copied().unwrap_or_default();
        self.loads.send_modify(|loads| *loads.entry(window.to_owned()).or_default() += 1);
        let mut loads = self.loads.subscribe();
        let load = count(&loads.borrow());
        let mut changes = self.changes();
        while self.is_early() || show(self.view()) {
            tokio::select! {
                goes_on = changes.next() => if !goes_on { return },
                _ = loads.wait_for(|loads| count(loads) != load) => return,
            }
        }
    }

    pub(crate) fn changes(&self) -> Changes {
        Changes {
            seen: self.seen.subscribe(),
            notice: self.notice.subscribe(),
            desktop: self.desktop.subscribe(),
        }
    }

    /// What there is to show now, `None` while the agent is away.
    pub(crate) fn view(&self) -> Option<View> {
        let seen = self.seen.borrow().clone();
        let view = seen.map(|Seen { view, came }| {
            let now = view.now.after_millis(came.millis());
            View { now, ..View::clone(&view) }
        });
        merge(view, self.notice.borrow().clone(), self.desktop.borrow().clone())
    }

    /// Connected, and the first view is on its way: nothing to show yet.
    fn is_early(&self) -> bool {
        self.client.borrow().is_some() && self.seen.borrow().is_none()
    }
}

/// The agent's view with what the desktop adds. Without an agent, a notice alone makes a view.
fn merge(view: Option<View>, notice: Option<Failure>, desktop: DesktopView) -> Option<View> {
    let notice = notice.map(|failure| NoticeView { sso_session: None, failure });
    let mut view = view.or_else(|| notice.is_some().then(View::default))?;
    view.notice = notice.or(view.notice);
    view.desktop = Some(desktop);
    Some(view)
}

fn is_about_agent(failure: &Failure) -> bool {
    matches!(
        failure.code,
        Code::AgentMissing | Code::AgentSilent | Code::AgentQuit | Code::AgentOlder | Code::SocketFolder
    )
}

#[cfg(test)]
mod tests {
    use daypass_domain::time::Timestamp;
    use daypass_wire::{
        frame,
        message::{FromAgent, Hello, Purpose, ToAgent},
    };
    use tokio::net::{UnixListener, UnixStream};

    use super::*;

    /// An agent that has just been greeted, and is watched.
    async fn greeted(listener: &UnixListener) -> UnixStream {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _hello: Hello = frame::read(&mut stream).await.unwrap();
        frame::write(&mut stream, &Hello::new("daypass-agent", Purpose::Control)).await.unwrap();
        let _watch: ToAgent = frame::read(&mut stream).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn an_agent_that_crashes_is_found_again_and_one_that_quits_is_let_go() {
        let top = tempfile::tempdir().unwrap();
        let folder = RuntimeFolder::at(top.path().join("run"));
        folder.create().unwrap();
        let listener = UnixListener::bind(folder.socket()).unwrap();
        let kept = tokio::spawn(Arc::new(Link::default()).keep(folder));
        drop(greeted(&listener).await);
        let mut agent = greeted(&listener).await;
        frame::write(&mut agent, &FromAgent::Quit).await.unwrap();
        drop(agent);
        kept.await.unwrap();
    }

    #[test]
    fn a_failure_of_the_desktop_stands_in_the_agents_view() {
        let view = View { catalog_revision: 7, ..View::default() };
        let desktop = || DesktopView { tray: true, ..DesktopView::default() };
        let merged = merge(Some(view.clone()), Some(Code::NoTerminal.into()), desktop()).unwrap();
        assert_eq!(merged.notice.unwrap().failure.code, Code::NoTerminal);
        assert_eq!((merged.catalog_revision, merged.desktop), (7, Some(desktop())));
        assert_eq!(
            merge(Some(view.clone()), None, desktop()),
            Some(View { desktop: Some(desktop()), ..view })
        );
        assert_eq!(merge(None, None, desktop()), None);
    }

    #[test]
    fn a_view_that_is_shown_late_says_the_time_of_then() {
        let link = Link::default();
        let view = View { now: Timestamp::from_secs(1000), ..View::default() };
        link.seen.send_replace(Some(Seen { view: Arc::new(view), came: Since::ago(20 * 60_000) }));
        let late = link.view().unwrap().now;
        assert!(late >= Timestamp::from_secs(1000 + 20 * 60) && late < Timestamp::from_secs(1000 + 21 * 60));
    }

    #[tokio::test]
    async fn a_page_loaded_anew_ends_the_watch_of_the_old_one() {
        let link = Arc::new(Link::default());
        let (first, mut ended) = (Arc::clone(&link), tokio::sync::oneshot::channel());
        let (shown, mut seen) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            first.watch("main", |view| shown.send(view).is_ok()).await;
            ended.0.send(()).unwrap();
        });
        assert_eq!(seen.recv().await, Some(None), "the agent is away");
        let other = Arc::clone(&link);
        let (shown, mut other_seen) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move { other.watch("switcher", |view| shown.send(view).is_ok()).await });
        assert_eq!(other_seen.recv().await, Some(None));
        assert!(ended.1.try_recv().is_err(), "another window's watch is none of its business");
        let second = Arc::clone(&link);
        tokio::spawn(async move { second.watch("main", |_| true).await });
        (&mut ended.1).await.unwrap();
    }
}
