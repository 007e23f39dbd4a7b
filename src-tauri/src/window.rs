//! The window: shown once it is painted, and never led anywhere else.

use tauri::{
    AppHandle, Manager, WebviewUrl, WebviewWindowBuilder,
    webview::{NewWindowResponse, PageLoadEvent},
};

const MAIN: &str = "main";

/// Opens the one window.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title("Daypass")
        .inner_size(1040.0, 680.0)
        .min_inner_size(640.0, 480.0)
        .visible(false)
        // Our own page and nothing else: no navigation, no new window, no download.
        .on_navigation(|url| matches!(url.scheme(), "tauri") || is_dev_server(url))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished {
                window.show().ok();
            }
        })
        .build()?;
    Ok(())
}

/// Brings the window to the front.
pub(crate) fn raise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        window.unminimize().ok();
        window.show().ok();
        window.set_focus().ok();
    }
}

/// `tauri dev` serves the page from Vite; the built app never does.
fn is_dev_server(url: &tauri::Url) -> bool {
    cfg!(not(feature = "custom-protocol")) && url.host_str() == Some("localhost")
}
