//! A notification daemon, played at the wire.

use std::collections::HashMap;

use tokio::{sync::mpsc, task::JoinHandle};
use zbus::{Connection, MessageStream, zvariant::OwnedValue};

use super::{PrivateBus, next_call, signal};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// A notification daemon. It leaves when this is dropped.
pub struct Notifier {
    bus: Connection,
    told: mpsc::UnboundedReceiver<Told>,
    playing: JoinHandle<()>,
}

/// What it is told.
#[derive(Debug)]
pub enum Told {
    Show(Shown),
    Close(u32),
}

/// A notification as it would be shown.
#[derive(Debug)]
pub struct Shown {
    pub number: u32,
    pub title: String,
    pub body: String,
    pub actions: Vec<String>,
    pub urgency: u8,
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.playing.abort();
    }
}

impl Notifier {
    /// One that can do what its capabilities say.
    pub async fn come(bus: &PrivateBus, capabilities: &'static [&'static str]) -> Self {
        let bus = bus.connect().await;
        let (telling, told) = mpsc::unbounded_channel();
        let mut stream = MessageStream::from(&bus);
        let me = bus.clone();
        let playing = tokio::spawn(async move {
            let mut last = 0;
            while let Some(call) = next_call(&mut stream).await {
                let (header, body) = (call.header(), call.body());
                match header.member().map_or("", |m| m.as_str()) {
                    "GetCapabilities" => drop(me.reply(&header, &capabilities).await),
                    "Notify" => {
                        type Words<'w> = (
                            &'w str,
                            u32,
                            &'w str,
                            String,
                            String,
                            Vec<String>,
                            HashMap<&'w str, OwnedValue>,
                            i32,
                        );
                        let (_, before, _, title, body, actions, hints, _): Words<'_> =
                            body.deserialize().expect("a notification");
                        last += u32::from(before == 0);
                        let number = if before == 0 { last } else { before };
                        let urgency = hints.get("urgency").and_then(|u| u8::try_from(u).ok()).unwrap_or(1);
                        me.reply(&header, &number).await.ok();
                        telling.send(Told::Show(Shown { number, title, body, actions, urgency })).ok();
                    }
                    "CloseNotification" => {
                        let number = body.deserialize().expect("its number");
                        me.reply(&header, &()).await.ok();
                        telling.send(Told::Close(number)).ok();
                    }
                    _ => {
                        drop(me.reply_error(&header, "org.freedesktop.DBus.Error.UnknownMethod", &"no").await)
                    }
                }
            }
        });
        bus.request_name(NAME).await.expect("a free name");
        Self { bus, told, playing }
    }

    /// What it is told next.
    pub async fn told(&mut self) -> Told {
        self.told.recv().await.expect("the daemon plays")
    }

    /// The next notification it is to show.
    pub async fn shown(&mut self) -> Shown {
        match self.told().await {
            Told::Show(shown) => shown,
            Told::Close(number) => panic!("{number} is to be closed"),
        }
    }

    /// The person presses a button.
    pub async fn presses(&self, number: u32, button: &str) {
        signal(&self.bus, None, PATH, NAME, "ActionInvoked", &(number, button)).await;
    }

    /// The desktop lets whoever hears of the next press take the focus.
    pub async fn gives_token(&self, number: u32, token: &str) {
        signal(&self.bus, None, PATH, NAME, "ActivationToken", &(number, token)).await;
    }

    /// The person dismisses it.
    pub async fn dismisses(&self, number: u32) {
        signal(&self.bus, None, PATH, NAME, "NotificationClosed", &(number, 2_u32)).await;
    }
}

/// Somebody who is no daemon sends a press to one connection alone.
pub async fn pretend_press(bus: &PrivateBus, to: &str, number: u32, button: &str) {
    let stranger = bus.connect().await;
    signal(&stranger, Some(to), PATH, NAME, "ActionInvoked", &(number, button)).await;
}
