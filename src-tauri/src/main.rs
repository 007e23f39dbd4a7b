//! The desktop's program; the rest is in the library, so that tests and `make bench` can reach it.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    // WebKit would open its pages to automation; only builds for tests may do so.
    if !cfg!(debug_assertions) {
        #[expect(unsafe_code, reason = "nothing else runs yet")]
        unsafe {
            std::env::remove_var("TAURI_WEBVIEW_AUTOMATION");
        }
    }
    daypass_desktop::run()
}
