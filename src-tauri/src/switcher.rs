//! The quick switcher as a window of its own: kept loaded, so that it is there at once.
//!
//! Discarded: one web process for it and the main window, which crashed once and was kept for hours; showing it
//! beside the screen beforehand, which takes the memory of a shown window from those who never open it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tauri::{AppHandle, LogicalPosition, Manager, Runtime, WebviewWindow, WindowEvent};
use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

use crate::page;

pub(crate) const LABEL: &str = "switcher";

const WIDTH: f64 = 660.0;
const HEIGHT: f64 = 440.0;

/// How long it is kept loaded without being used: a working day. Whoever has no key bound to it gets the
/// memory back then.
const KEPT: Duration = Duration::from_secs(8 * 60 * 60);

/// Whether somebody waits for the switcher while its page loads.
#[derive(Default)]
pub(crate) struct Wanted(AtomicBool);

/// Shows it, on the monitor where the pointer is, with what lets it take the focus.
pub(crate) fn open<R: Runtime>(app: &AppHandle<R>, token: Option<String>) {
    match app.get_webview_window(LABEL) {
        Some(window) if !app.state::<Wanted>().0.load(Ordering::Relaxed) => show(&window, token),
        Some(_) => {}
        None => {
            app.state::<Wanted>().0.store(true, Ordering::Relaxed);
            drop(load(app));
        }
    }
}

/// Loads it, without showing it.
pub(crate) fn warm<R: Runtime>(app: &AppHandle<R>) {
    if app.get_webview_window(LABEL).is_none() {
        drop(load(app));
    }
}

pub(crate) fn hide<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(LABEL) {
        page::hide(&window, KEPT);
    }
}

fn load<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let loaded = |window: &WebviewWindow<R>| {
        if window.state::<Wanted>().0.swap(false, Ordering::Relaxed) {
            show(window, None);
        } else {
            page::free_later(window, KEPT);
        }
    };
    let window = page::window(app, LABEL, "switcher.html", loaded)
        .title("Daypass quick switcher")
        .inner_size(WIDTH, HEIGHT)
        .resizable(false)
        .decorations(false)
        .always_on_top(true)
        .skip_taskbar(true)
        .build()?;
    paint_without_graphics_card(&window)?;
    let app = app.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::Focused(false) => hide(&app),
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            hide(&app);
        }
        _ => {}
    });
    Ok(())
}

/// Setting up a graphics card's drivers is most of what a first show takes, and stays in memory. A short list needs none.
fn paint_without_graphics_card<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    window.with_webview(|view| {
        if let Some(settings) = WebViewExt::settings(&view.inner()) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

fn show<R: Runtime>(window: &WebviewWindow<R>, token: Option<String>) {
    // A Wayland desktop places it by itself.
    if let Some(at) = place(window) {
        window.set_position(at).ok();
    }
    page::raise(window, token);
}

/// In the middle of the monitor where the pointer is, a little above, as eyes go there first.
fn place<R: Runtime>(window: &WebviewWindow<R>) -> Option<LogicalPosition<f64>> {
    let pointer = window.cursor_position().ok()?;
    let pointed_at = window.monitor_from_point(pointer.x, pointer.y).ok().flatten();
    let monitor = pointed_at.or_else(|| window.primary_monitor().ok().flatten())?;
    let (at, size) = (monitor.position(), monitor.size());
    let (at, size) =
        (at.to_logical::<f64>(monitor.scale_factor()), size.to_logical::<f64>(monitor.scale_factor()));
    Some(LogicalPosition::new(
        at.x + ((size.width - WIDTH) / 2.0).max(0.0),
        at.y + ((size.height - HEIGHT) / 3.0).max(0.0),
    ))
}
