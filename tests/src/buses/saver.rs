//! A screen saver, played at the wire.

use std::sync::{Arc, Mutex};

use tokio::{sync::mpsc, task::JoinHandle};
use zbus::{Connection, MessageStream};

use super::{PrivateBus, lock, next_call, signal};

/// A screen saver. It leaves when this is dropped.
pub struct Saver {
    pub bus: Connection,
    name: &'static str,
    path: &'static str,
    is_active: Arc<Mutex<bool>>,
    asked: mpsc::UnboundedReceiver<String>,
    playing: JoinHandle<()>,
}

impl Drop for Saver {
    fn drop(&mut self) {
        self.playing.abort();
    }
}

impl Saver {
    pub async fn come(bus: &PrivateBus, name: &'static str, path: &'static str) -> Self {
        Self::come_and(bus, name, path, false).await
    }

    /// It has the screen locked when it comes.
    pub async fn come_locked(bus: &PrivateBus, name: &'static str, path: &'static str) -> Self {
        Self::come_and(bus, name, path, true).await
    }

    async fn come_and(bus: &PrivateBus, name: &'static str, path: &'static str, is_active: bool) -> Self {
        let bus = bus.connect().await;
        let is_active = Arc::new(Mutex::new(is_active));
        let (asking, asked) = mpsc::unbounded_channel();
        let mut stream = MessageStream::from(&bus);
        let (me, active) = (bus.clone(), Arc::clone(&is_active));
        let playing = tokio::spawn(async move {
            while let Some(call) = next_call(&mut stream).await {
                let header = call.header();
                let is_known = header.member().is_some_and(|m| m == "GetActive");
                if is_known && header.path().is_some_and(|p| p == path) {
                    let is_active = *lock(&active);
                    me.reply(&header, &is_active).await.ok();
                    asking.send(header.sender().expect("a sender").to_string()).ok();
                } else {
                    me.reply_error(&header, "org.freedesktop.DBus.Error.UnknownMethod", &"no").await.ok();
                }
            }
        });
        bus.request_name(name).await.expect("a free name");
        Self { bus, name, path, is_active, asked, playing }
    }

    pub async fn gnome(bus: &PrivateBus) -> Self {
        Self::come(bus, "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver").await
    }

    /// Waits until the agent has asked and been answered; how the agent is called here.
    pub async fn asked(&mut self) -> String {
        self.asked.recv().await.expect("the saver plays")
    }

    /// The screen is locked, or unlocked; everybody is told.
    pub async fn turns(&self, is_active: bool) {
        *lock(&self.is_active) = is_active;
        signal(&self.bus, None, self.path, self.name, "ActiveChanged", &is_active).await;
    }
}
