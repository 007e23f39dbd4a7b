//! The connection to the agent: kept, restored when it breaks, and what the page is shown meanwhile.

use std::{sync::Arc, time::Duration};

use daypass_domain::{
    catalog::RoleEntry,
    failure::{Code, Failure},
    request::Intent,
    view::{NoticeView, View},
};
use daypass_wire::{client::Client, folder::RuntimeFolder, start::connect_or_start};
use tokio::{sync::watch, time::sleep};

/// The connection, while there is one, and a notice of the desktop's own.
#[derive(Default)]
pub(crate) struct Link {
    client: watch::Sender<Option<Client>>,
    notice: watch::Sender<Option<Failure>>,
}

impl Link {
    /// Connects, starting the agent when none runs, and again whenever it has gone.
    pub(crate) async fn keep(self: Arc<Self>, folder: RuntimeFolder) {
        let mut wait = Duration::from_millis(100);
        loop {
            match connect_or_start(&folder, "daypass-desktop").await {
                Ok(client) => {
                    wait = Duration::from_millis(100);
                    self.notice.send_if_modified(|n| n.take_if(|f| is_about_agent(f)).is_some());
                    let mut views = client.views();
                    self.client.send_replace(Some(client));
                    while views.changed().await.is_ok() {}
                    self.client.send_replace(None);
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

    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.client.borrow().clone().ok_or_else(|| Code::AgentSilent.into())
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

    pub(crate) async fn catalog(&self) -> Result<Vec<RoleEntry>, Failure> {
        self.client()?.catalog().await
    }

    /// Shows `show` the current view and every newer one, `None` while the agent is away, until it says stop.
    pub(crate) async fn watch(&self, mut show: impl FnMut(Option<View>) -> bool) {
        let mut clients = self.client.subscribe();
        let mut notices = self.notice.subscribe();
        loop {
            let client = clients.borrow_and_update().clone();
            let notice = notices.borrow_and_update().clone();
            let mut views = client.as_ref().map(Client::views);
            let current = views.as_mut().and_then(|v| v.borrow_and_update().clone());
            // Connected, and the first view is on its way: nothing to show yet.
            let is_early = client.is_some() && current.is_none();
            if !is_early && !show(merge(current.as_deref(), notice)) {
                return;
            }
            let view_changed = async {
                let changed = match &mut views {
                    Some(views) => views.changed().await.is_ok(),
                    None => false,
                };
                // A connection that ended is `clients`' news.
                if !changed {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                changed = clients.changed() => if changed.is_err() { return },
                changed = notices.changed() => if changed.is_err() { return },
                () = view_changed => {}
            }
        }
    }
}

/// The agent's view with the desktop's own notice in it. Without an agent, a notice alone makes a view.
fn merge(view: Option<&View>, notice: Option<Failure>) -> Option<View> {
    let notice = notice.map(|failure| NoticeView { sso_session: None, failure });
    match (view.cloned(), notice) {
        (Some(mut view), Some(notice)) => {
            view.notice = Some(notice);
            Some(view)
        }
        (None, Some(notice)) => Some(View { notice: Some(notice), ..View::default() }),
        (view, None) => view,
    }
}

fn is_about_agent(failure: &Failure) -> bool {
    matches!(failure.code, Code::AgentMissing | Code::AgentSilent | Code::AgentOlder | Code::SocketFolder)
}
