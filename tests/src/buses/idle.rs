//! Whoever tells how long nobody has touched anything, played at the wire.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use tokio::{sync::mpsc, task::JoinHandle};
use zbus::{Connection, MessageStream};

use super::{PrivateBus, next_call};

/// It leaves when this is dropped.
pub struct IdleMonitor {
    told: Arc<AtomicU32>,
    asked: mpsc::UnboundedReceiver<()>,
    playing: JoinHandle<Connection>,
}

impl Drop for IdleMonitor {
    fn drop(&mut self) {
        self.playing.abort();
    }
}

impl IdleMonitor {
    /// GNOME's.
    pub async fn mutter(bus: &PrivateBus) -> Self {
        Self::come(bus, &["org.gnome.Mutter.IdleMonitor"], "GetIdletime").await
    }

    /// A screen saver with these names.
    pub async fn saver(bus: &PrivateBus, names: &[&'static str]) -> Self {
        Self::come(bus, names, "GetSessionIdleTime").await
    }

    async fn come(bus: &PrivateBus, names: &[&'static str], member: &'static str) -> Self {
        let bus = bus.connect().await;
        let (asking, asked) = mpsc::unbounded_channel();
        let told = Arc::<AtomicU32>::default();
        let (mut stream, me, number) = (MessageStream::from(&bus), bus.clone(), Arc::clone(&told));
        let playing = tokio::spawn(async move {
            while let Some(call) = next_call(&mut stream).await {
                let header = call.header();
                let now = number.load(Ordering::Relaxed);
                if header.member().is_none_or(|m| m != member) {
                    me.reply_error(&header, "org.freedesktop.DBus.Error.UnknownMethod", &"no").await.ok();
                    continue;
                }
                match member {
                    "GetIdletime" => me.reply(&header, &u64::from(now)).await.ok(),
                    _ => me.reply(&header, &now).await.ok(),
                };
                asking.send(()).ok();
            }
            me
        });
        for name in names {
            bus.request_name(*name).await.expect("a free name");
        }
        Self { told, asked, playing }
    }

    /// What it tells from now on, in its own unit.
    pub fn says(&self, number: u32) {
        self.told.store(number, Ordering::Relaxed);
    }

    /// Whether it was asked since this was last looked at.
    pub fn was_asked(&mut self) -> bool {
        self.asked.try_recv().is_ok()
    }
}
