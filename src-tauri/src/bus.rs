//! The session bus, tried before anything relies on it: GTK would wait for ever for one that does not answer.

use std::time::Duration;

use tokio::{runtime, time::timeout};
use zbus::Connection;

/// How long a bus may take to greet; the window waits for it.
const LIMIT: Duration = Duration::from_secs(2);

/// Has this process go without a session bus where there is one that does not answer.
///
/// To be called while there is no other thread.
pub(crate) fn do_without_silent() {
    // Where no runtime can be had, nothing else will work either, and says so.
    let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() else { return };
    let is_silent = runtime.block_on(async { timeout(LIMIT, Connection::session()).await.is_err() });
    drop(runtime);
    if is_silent {
        eprintln!("daypass-desktop: the session bus does not answer. There will be no tray.");
        #[expect(unsafe_code, reason = "nothing else runs yet")]
        unsafe {
            std::env::set_var("DBUS_SESSION_BUS_ADDRESS", "disabled:");
        }
    }
}
