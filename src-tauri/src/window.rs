//! The main window: opened where it was, raised, and what closing it means.

use std::{sync::Arc, time::Duration};

use tauri::{AppHandle, Manager, Runtime, WebviewWindow, WindowEvent};
use tokio::time::timeout;

use crate::{link::Link, page, place::Places, switcher};

const MAIN: &str = "main";

/// How long a hidden window's page is kept, for those who come back at once.
const KEPT: Duration = Duration::from_secs(60);

/// How long a panel may take to show its tray, at login or after its own restart.
const PANEL: Duration = Duration::from_secs(10);

/// Brings the window to the front.
pub(crate) fn raise<R: Runtime>(app: &AppHandle<R>) {
    raise_with(app, None);
}

/// Brings the window to the front, with what lets it take the focus.
pub(crate) fn raise_with<R: Runtime>(app: &AppHandle<R>, token: Option<String>) {
    match app.get_webview_window(MAIN) {
        Some(window) => {
            app.state::<Places>().restore(&window);
            page::raise(&window, token);
        }
        // Whoever is quicker opens it.
        None => drop(open(app, move |window| page::raise(window, token.clone()))),
    }
}

/// What a click on the tray's icon does: shows the window, or closes the one that has the focus.
pub(crate) fn toggle<R: Runtime>(app: &AppHandle<R>, token: Option<String>) {
    match app.get_webview_window(MAIN) {
        Some(window) if window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false) => {
            close(&window);
        }
        _ => raise_with(app, token),
    }
}

fn open<R: Runtime>(
    app: &AppHandle<R>,
    then: impl Fn(&WebviewWindow<R>) + Send + Sync + 'static,
) -> tauri::Result<()> {
    let loaded = move |window: &WebviewWindow<R>| {
        then(window);
        switcher::warm(window.app_handle());
    };
    let builder = page::window(app, MAIN, "index.html", loaded).title("Daypass").min_inner_size(640.0, 480.0);
    let window = app.state::<Places>().remembered(app).apply(builder).build()?;
    let opened = window.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            close(&opened);
        }
        WindowEvent::Moved(_) | WindowEvent::Resized(_) => opened.state::<Places>().learn(&opened),
        _ => {}
    });
    Ok(())
}

/// With a tray the window goes there; without one it is minimised, and says so. Daypass stays either way: it
/// has leases to watch.
fn close<R: Runtime>(window: &WebviewWindow<R>) {
    let places = window.state::<Places>();
    places.learn(window);
    places.save();
    let link = window.state::<Arc<Link>>();
    let has_tray = link.has_tray();
    link.change(|desktop| {
        // A page that is loaded anew later is not to bring it up again.
        desktop.show = None;
        desktop.minimised |= !has_tray;
    });
    if has_tray {
        page::hide(window, KEPT);
    } else {
        window.minimize().ok();
    }
}

/// Sees to it that Daypass can be reached: where no tray shows it, or no longer, the window does, minimised.
pub(crate) async fn stay_in_reach<R: Runtime>(app: AppHandle<R>, link: Arc<Link>) {
    let mut desktops = link.desktops();
    while desktops.wait_for(|desktop| !desktop.tray).await.is_ok() {
        if timeout(PANEL, desktops.wait_for(|desktop| desktop.tray)).await.is_ok() {
            continue;
        }
        let window = app.get_webview_window(MAIN);
        match window {
            Some(window) if window.is_visible().unwrap_or(false) => {}
            Some(window) => show_minimised(&window),
            None => drop(open(&app, show_minimised)),
        }
        if desktops.wait_for(|desktop| desktop.tray).await.is_err() {
            return;
        }
    }
}

fn show_minimised<R: Runtime>(window: &WebviewWindow<R>) {
    page::keep(window.app_handle(), window.label());
    window.minimize().ok();
    window.show().ok();
}
