//! The tray: where there is a panel that shows status items, Daypass is in it.
//!
//! A view becomes a [`menu`] and an [`icon`], both by pure functions; an [`item`] shows them on the session bus;
//! what is clicked goes the way the page's clicks go ([`flow`]). Nothing waits for it: without a bus or a panel,
//! or with one that never answers, there is a window and no tray.

mod clipboard;
mod drawing;
mod icon;
mod item;
mod label;
mod menu;
mod panel;
#[cfg(test)]
pub(crate) mod scene;

use std::{sync::Arc, time::Duration};

use daypass_domain::{failure::Failure, request::Intent, view::View};
use daypass_wire::message::Place;
use ksni::TrayMethods;
use tauri::AppHandle;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use self::{
    clipboard::Clipboard,
    item::{Click, TrayItem},
    menu::Action,
    panel::{LIMIT, Panel},
};
use crate::{flow, link::Link, switcher, window};

/// Shows the tray from now on, whenever there can be one.
pub(crate) fn start(app: AppHandle, link: Arc<Link>) {
    tauri::async_runtime::spawn(async move {
        let mut wait = Duration::from_secs(1);
        loop {
            if serve(&app, &link).await.is_some() {
                wait = Duration::from_secs(1);
            }
            link.change(|desktop| desktop.tray = false);
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(60));
        }
    });
}

/// Serves the tray until the bus has gone; `None` where there was none.
async fn serve(app: &AppHandle, link: &Arc<Link>) -> Option<()> {
    let mut panel = timeout(LIMIT, Panel::listen()).await.ok()?.ok()?;
    let (clicks, mut clicked) = mpsc::unbounded_channel();
    let item = TrayItem::new(clicks, link.view().as_ref());
    let shown = timeout(LIMIT, item.assume_sni_available(true).spawn()).await.ok()?.ok()?;
    let clipboard = Clipboard::default();
    let mut changes = link.changes();
    let mut is_there = panel.is_there().await;
    loop {
        link.change(|desktop| desktop.tray = is_there);
        let view = link.view();
        // A panel that hangs holds up the tray alone.
        timeout(LIMIT, shown.update(|item| item.show(view.as_ref()))).await.ok();
        tokio::select! {
            _ = changes.next() => {}
            () = time_to_redraw(view.as_ref()) => {}
            Some((click, token)) = clicked.recv() => {
                tauri::async_runtime::spawn(act(app.clone(), Arc::clone(link), clipboard.clone(), click, token));
            }
            changed = panel.changed() => match changed {
                Some(()) => is_there = panel.is_there().await,
                None => {
                    shown.shutdown();
                    return Some(());
                }
            },
        }
    }
}

/// Waits until a label says another time; never where none does.
async fn time_to_redraw(view: Option<&View>) {
    match view.and_then(icon::pace) {
        Some(millis) => sleep(Duration::from_millis(millis.unsigned_abs())).await,
        None => std::future::pending().await,
    }
}

/// Does what was clicked; by the token a window of ours may take the focus.
async fn act(app: AppHandle, link: Arc<Link>, clipboard: Clipboard, click: Click, token: Option<String>) {
    let done = match click {
        Click::Icon => {
            window::toggle(&app, token);
            Ok(())
        }
        Click::Act(Action::Ask(Intent::Quit)) => {
            // Without an agent there is nothing else to end.
            flow::ask(&link, Intent::Quit, Some(Place::Tray)).await.ok();
            app.exit(0);
            Ok(())
        }
        Click::Act(Action::Ask(intent)) => ask(&link, intent).await,
        Click::Act(Action::AskInWindow(intent)) => {
            window::raise_with(&app, token);
            ask(&link, intent).await
        }
        Click::Act(Action::Show(what)) => {
            link.show(what);
            window::raise_with(&app, token);
            Ok(())
        }
        Click::Act(Action::FindRole) => {
            switcher::open(&app, token);
            Ok(())
        }
        Click::Act(Action::CopyEnv(session)) => {
            clipboard.put(format!("eval \"$(daypass env --session {session})\"")).await
        }
    };
    if let Err(failure) = done {
        // The person has just asked for it, and a menu can't say why it did not come about.
        link.warn(failure);
        window::raise(&app);
    }
}

async fn ask(link: &Arc<Link>, intent: Intent) -> Result<(), Failure> {
    flow::ask(link, intent, Some(Place::Tray)).await.map(|_| ())
}
