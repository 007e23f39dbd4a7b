//! The window: shown once it is painted, and never led anywhere else.

use tauri::{
    AppHandle, Manager, Theme, WebviewUrl, WebviewWindowBuilder,
    webview::{Color, NewWindowResponse, PageLoadEvent},
};

const MAIN: &str = "main";

/// The web view's own menu offers Reload and Back; text fields keep theirs, for Paste.
const NO_MENU: &str = "addEventListener('contextmenu', (event) => {
  if (!event.target.closest?.('input, textarea')) event.preventDefault();
});";

/// Opens the one window.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
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
                window.show().ok();
            }
        })
        .build()?;
    // What shows before the page is painted: no white flash on a dark desktop.
    let is_dark = window.theme().is_ok_and(|theme| theme == Theme::Dark);
    window.set_background_color(Some(if is_dark {
        Color(14, 17, 22, 255)
    } else {
        Color(246, 247, 249, 255)
    }))
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn the_page_gets_nothing_it_does_not_need() {
        let config: Value = serde_json::from_str(include_str!("../../tauri.conf.json")).unwrap();
        let app = &config["app"];
        assert_eq!(app["withGlobalTauri"], false);
        assert_eq!(app["windows"], serde_json::json!([]), "opened here, so that it leads nowhere else");
        let security = app["security"].as_object().unwrap();
        assert_eq!(security["freezePrototype"], true);
        assert_eq!(security["assetProtocol"], serde_json::json!({ "enable": false }));
        assert_eq!(security["capabilities"], serde_json::json!(["main"]));
        assert!(security.keys().all(|key| !key.starts_with("dangerous")));
        let csp = security["csp"].as_str().unwrap();
        assert_eq!(
            csp,
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
             connect-src ipc: http://ipc.localhost"
        );
    }
}
