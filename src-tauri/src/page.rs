//! What every window has: our own page and nothing else, no flash, and a process that is freed when nobody looks.

use std::{
    cell::Cell,
    collections::HashMap,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gtk::prelude::*;
use tauri::{
    AppHandle, Manager, Runtime, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    async_runtime::JoinHandle,
    webview::{Color, NewWindowResponse, PageLoadEvent},
};

/// `--bg` of the page's two themes.
const DARK: Color = Color(14, 17, 22, 255);
const LIGHT: Color = Color(246, 247, 249, 255);

/// The web view's own menu offers Reload and Back; text fields keep theirs, for Paste.
const NO_MENU: &str = "addEventListener('contextmenu', (event) => {
  if (!event.target.closest?.('input, textarea')) event.preventDefault();
});";

/// A window with one of our pages, not shown yet; `then` is called once it is loaded.
pub(crate) fn window<'a, R: Runtime>(
    app: &'a AppHandle<R>,
    label: &str,
    path: &str,
    then: impl Fn(&WebviewWindow<R>) + Send + Sync + 'static,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    let then = Arc::new(then);
    WebviewWindowBuilder::new(app, label, WebviewUrl::App(path.into()))
        .visible(false)
        .initialization_script(NO_MENU)
        // No navigation, no new window, no download.
        .on_navigation(|url| matches!(url.scheme(), "tauri") || is_dev_server(url))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(move |window, load| {
            if load.event() == PageLoadEvent::Finished {
                let then = Arc::clone(&then);
                clothe(&window, move |window| then(window));
            }
        })
}

/// Gives the window the page's own background colour, as the page is painted only once it is visible: a dark
/// desktop sees no white flash. The page knows what the system prefers; Tauri alone does not.
fn clothe<R: Runtime>(window: &WebviewWindow<R>, then: impl Fn(&WebviewWindow<R>) + Clone + Send + 'static) {
    let (clothed, and_then) = (window.clone(), then.clone());
    let asked =
        window.eval_with_callback("matchMedia('(prefers-color-scheme: dark)').matches", move |is_dark| {
            clothed.set_background_color(Some(if is_dark == "true" { DARK } else { LIGHT })).ok();
            and_then(&clothed);
        });
    if asked.is_err() {
        then(window);
    }
}

/// Shows the window, in front and with the focus. With a token of the desktop environment it may take the
/// focus from another program.
pub(crate) fn raise<R: Runtime>(window: &WebviewWindow<R>, token: Option<String>) {
    keep(window.app_handle(), window.label());
    let raised = window.clone();
    let raise = move || {
        if let Ok(window) = raised.gtk_window() {
            if let Some(token) = token {
                window.set_startup_id(&token);
            }
            if !window.is_mapped() {
                focus_once_mapped(&window);
            }
        }
        raised.unminimize().ok();
        raised.show().ok();
        raised.set_focus().ok();
    };
    window.run_on_main_thread(raise).ok();
}

/// An X11 window manager gives no focus to a window that it does not know yet, and perhaps none to a new one.
fn focus_once_mapped(window: &gtk::ApplicationWindow) {
    let handler = Rc::new(Cell::new(None));
    let once = Rc::clone(&handler);
    handler.set(Some(window.connect_map_event(move |window, _| {
        if let Some(handler) = once.take() {
            window.disconnect(handler);
            window.present();
        }
        gtk::glib::Propagation::Proceed
    })));
}

/// The windows whose process is to be freed, unless they are shown before.
#[derive(Default)]
pub(crate) struct Hidden(Mutex<HashMap<String, JoinHandle<()>>>);

/// Hides the window, and frees its web process (150 MB) when it has stayed so for a while.
pub(crate) fn hide<R: Runtime>(window: &WebviewWindow<R>, free_after: Duration) {
    window.hide().ok();
    free_later(window, free_after);
}

/// Frees the web process of a hidden window after this time.
pub(crate) fn free_later<R: Runtime>(window: &WebviewWindow<R>, after: Duration) {
    let (hidden, label) = (window.state::<Hidden>(), window.label().to_owned());
    let window = window.clone();
    let freeing = tauri::async_runtime::spawn(async move {
        tokio::time::sleep(after).await;
        window.destroy().ok();
    });
    let mut waiting = hidden.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(before) = waiting.insert(label, freeing) {
        before.abort();
    }
}

/// Keeps what was to be freed.
pub(crate) fn keep<R: Runtime>(app: &AppHandle<R>, label: &str) {
    let hidden = app.state::<Hidden>();
    let mut waiting = hidden.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(freeing) = waiting.remove(label) {
        freeing.abort();
    }
}

/// `tauri dev` serves the page from Vite; the built app never does.
fn is_dev_server(url: &tauri::Url) -> bool {
    cfg!(not(feature = "custom-protocol")) && url.host_str() == Some("localhost")
}
