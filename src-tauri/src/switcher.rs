//! The quick switcher as a window of its own: kept loaded, so that it is there at once.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use gtk::{ApplicationWindow, glib, prelude::*};
use tauri::{AppHandle, LogicalPosition, Manager, Runtime, WebviewWindow, WindowEvent};

use crate::page;

pub(crate) const LABEL: &str = "switcher";

const WIDTH: f64 = 660.0;
const HEIGHT: f64 = 440.0;

/// How long it is kept loaded without being used: a working day. Whoever has no key bound to it gets the
/// memory back then.
const KEPT: Duration = Duration::from_secs(8 * 60 * 60);

/// Where nobody sees it, left of and above every screen, and how long it stays there.
const UNSEEN: i32 = -10_000;
const UNSEEN_FOR: Duration = Duration::from_secs(1);

/// What is under way with the switcher.
#[derive(Default)]
pub(crate) struct UnderWay {
    /// Somebody waits for it while its page loads.
    wanted: AtomicBool,
    /// It is painted where nobody sees it.
    unseen: AtomicBool,
}

/// Shows it, on the monitor where the pointer is, with what lets it take the focus.
pub(crate) fn open<R: Runtime>(app: &AppHandle<R>, token: Option<String>) {
    match app.get_webview_window(LABEL) {
        Some(window) if !app.state::<UnderWay>().wanted.load(Ordering::Relaxed) => show(&window, token),
        Some(_) => {}
        None => {
            app.state::<UnderWay>().wanted.store(true, Ordering::Relaxed);
            load(app);
        }
    }
}

/// Loads it, without showing it.
pub(crate) fn warm<R: Runtime>(app: &AppHandle<R>) {
    if app.get_webview_window(LABEL).is_none() {
        load(app);
    }
}

pub(crate) fn hide<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(LABEL) {
        page::hide(&window, KEPT);
    }
}

fn load<R: Runtime>(app: &AppHandle<R>) {
    let on = app.clone();
    app.run_on_main_thread(move || drop(build(&on))).ok();
}

fn build<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let loaded = |window: &WebviewWindow<R>| {
        if window.state::<UnderWay>().wanted.swap(false, Ordering::Relaxed) {
            show(window, None);
        } else {
            page::free_later(window, KEPT);
            paint_unseen(window);
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

/// Has its page painted once beside every screen: the first time is the slowest. No window manager takes note of such
/// a window. Only X11 lets one choose its place.
fn paint_unseen<R: Runtime>(window: &WebviewWindow<R>) {
    let painted = window.clone();
    let paint = move || {
        let Ok(gtk) = painted.gtk_window() else { return };
        if !gtk.display().backend().is_x11() || gtk.is_mapped() {
            return;
        }
        painted.state::<UnderWay>().unseen.store(true, Ordering::Relaxed);
        manage(&gtk, false);
        gtk.move_(UNSEEN, UNSEEN);
        gtk.show_all();
        glib::timeout_add_local_once(UNSEEN_FOR, move || put_away(&painted));
    };
    window.run_on_main_thread(paint).ok();
}

/// Ends that.
fn put_away<R: Runtime>(window: &WebviewWindow<R>) {
    if window.state::<UnderWay>().unseen.swap(false, Ordering::Relaxed)
        && let Ok(gtk) = window.gtk_window()
    {
        gtk.hide();
        manage(&gtk, true);
    }
}

/// Whether the window manager is to know the window.
fn manage(gtk: &ApplicationWindow, is_managed: bool) {
    gtk.realize();
    if let Some(surface) = gtk.window() {
        surface.set_override_redirect(!is_managed);
    }
}

fn show<R: Runtime>(window: &WebviewWindow<R>, token: Option<String>) {
    let shown = window.clone();
    window.run_on_main_thread(move || put_away(&shown)).ok();
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
