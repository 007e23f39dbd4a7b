//! The window: shown without a flash, and never led anywhere else.

use tauri::{
    AppHandle, Manager, Runtime, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    webview::{Color, NewWindowResponse, PageLoadEvent},
};

const MAIN: &str = "main";

/// `--bg` of the page's two themes.
const DARK: Color = Color(14, 17, 22, 255);
const LIGHT: Color = Color(246, 247, 249, 255);

/// The web view's own menu offers Reload and Back; text fields keep theirs, for Paste.
const NO_MENU: &str = "addEventListener('contextmenu', (event) => {
  if (!event.target.closest?.('input, textarea')) event.preventDefault();
});";

/// Opens the one window.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title("Daypass")
        .inner_size(1040.0, 680.0)
        .min_inner_size(640.0, 480.0)
        .visible(false)
        .initialization_script(NO_MENU)
        // Our own page and nothing else: no navigation, no new window, no download.
        .on_navigation(|url| matches!(url.scheme(), "tauri") || is_dev_server(url))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished {
                show(&window);
            }
        })
        .build()?;
    Ok(())
}

/// Shows the window in the page's own background colour, as the page is painted only once it is visible: a
/// dark desktop sees no white flash. The page knows what the system prefers; Tauri alone does not.
fn show(window: &WebviewWindow) {
    let shown = window.clone();
    let asked =
        window.eval_with_callback("matchMedia('(prefers-color-scheme: dark)').matches", move |is_dark| {
            shown.set_background_color(Some(if is_dark == "true" { DARK } else { LIGHT })).ok();
            shown.show().ok();
        });
    if asked.is_err() {
        window.show().ok();
    }
}

/// Brings the window to the front.
pub(crate) fn raise<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(MAIN) {
        window.unminimize().ok();
        window.show().ok();
        window.set_focus().ok();
    }
}

/// Brings the window to the front; hides it where it is there already.
pub(crate) fn toggle<R: Runtime>(app: &AppHandle<R>) {
    match app.get_webview_window(MAIN) {
        Some(window) if window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false) => {
            window.hide().ok();
        }
        _ => raise(app),
    }
}

/// Opens the quick switcher; until it is a window of its own, it is in the main one.
pub(crate) fn open_switcher<R: Runtime>(app: &AppHandle<R>) {
    raise(app);
}

/// `tauri dev` serves the page from Vite; the built app never does.
fn is_dev_server(url: &tauri::Url) -> bool {
    cfg!(not(feature = "custom-protocol")) && url.host_str() == Some("localhost")
}
