//! The clipboard, for a window that may be hidden: GTK's own asks for one that has the focus on Wayland.

use std::sync::{Arc, Mutex, PoisonError};

use daypass_domain::failure::{Code, Failure};

/// On X11 the text is handed out by this process for as long as this lives.
#[derive(Clone, Default)]
pub(super) struct Clipboard(Arc<Mutex<Option<arboard::Clipboard>>>);

impl Clipboard {
    pub(super) async fn put(&self, text: String) -> Result<(), Failure> {
        let kept = Arc::clone(&self.0);
        let put = move || {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let mut clipboard = match kept.take() {
                Some(clipboard) => clipboard,
                None => arboard::Clipboard::new()?,
            };
            clipboard.set_text(text)?;
            *kept = Some(clipboard);
            Ok::<_, arboard::Error>(())
        };
        let done = tauri::async_runtime::spawn_blocking(put).await;
        if matches!(done, Ok(Ok(()))) { Ok(()) } else { Err(Code::NoClipboard.into()) }
    }
}
