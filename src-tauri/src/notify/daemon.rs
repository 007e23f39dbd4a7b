//! The desktop's notification daemon, over D-Bus, and never waited for longer than [`LIMIT`].
//!
//! By <https://specifications.freedesktop.org/notification-spec/latest/>.
//!
//! Discarded: notify-rust 4.19. It makes a connection for each notification, listens for a press only once the
//! daemon has answered (an early one is lost), takes presses from anybody on the bus, panics when the bus goes, and
//! does not tell when a daemon comes or goes.

use std::{collections::HashMap, future::poll_fn, pin::Pin, time::Duration};

use daypass_domain::desktop::{Button, Notification};
use tokio::time::timeout;
use zbus::{
    Connection, Message, MessageStream, connection,
    export::{futures_core::Stream, serde::Serialize},
    message::Type,
    names::{OwnedUniqueName, UniqueName},
    zvariant::{DynamicDeserialize, DynamicType, Value},
};

use super::text;

/// How long it may take for anything.
const LIMIT: Duration = Duration::from_secs(2);
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// What comes from a daemon.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Heard {
    /// One is there, in the place of none or of another.
    Came,
    Went,
    BusGone,
    /// With what lets our window take the focus, where the daemon gives that.
    Pressed(u32, Button, Option<String>),
    /// By the person, by time, or as we asked.
    Closed(u32),
}

/// A connection to the session bus, where a daemon may be.
pub(super) struct Daemon {
    bus: Connection,
    stream: MessageStream,
    owner: Option<OwnedUniqueName>,
    /// Whether the bus starts one when it is called.
    can_start: bool,
    /// Asked before the first notification.
    can: Option<Can>,
    /// The activation token of the press that comes next, and the notification it belongs to.
    token: Option<(u32, String)>,
}

/// What it can do beyond text.
#[derive(Clone, Copy)]
struct Can {
    buttons: bool,
    markup: bool,
}

impl Daemon {
    /// Connects to the bus at `address`, else to that of the environment. No daemon is started for it.
    pub(super) async fn connect(address: Option<&str>) -> zbus::Result<Self> {
        let builder = match address {
            Some(address) => connection::Builder::address(address)?,
            None => connection::Builder::session()?,
        };
        let connecting = async {
            let bus = builder.method_timeout(LIMIT).build().await?;
            let stream = MessageStream::from(&bus);
            let of_owner = format!(
                "type='signal',sender='{BUS}',path='{BUS_PATH}',interface='{BUS}',member='NameOwnerChanged',arg0='{NAME}'"
            );
            call::<()>(&bus, BUS, BUS_PATH, "AddMatch", &of_owner).await?;
            let of_daemon = format!("type='signal',sender='{NAME}',path='{PATH}',interface='{NAME}'");
            call::<()>(&bus, BUS, BUS_PATH, "AddMatch", &of_daemon).await?;
            // An error says that there is none. What changes from now on is in the stream.
            let owner = call(&bus, BUS, BUS_PATH, "GetNameOwner", &NAME).await.ok();
            let startable: Vec<String> =
                call(&bus, BUS, BUS_PATH, "ListActivatableNames", &()).await.unwrap_or_default();
            let can_start = startable.iter().any(|name| name == NAME);
            Ok(Self { bus, stream, owner, can_start, can: None, token: None })
        };
        timeout(LIMIT, connecting).await.unwrap_or(Err(zbus::Error::Handshake("too slow".to_owned())))
    }

    /// Whether there is one, or will be when it is needed. Whether it answers shows then.
    pub(super) fn is_there(&self) -> bool {
        self.owner.is_some() || self.can_start
    }

    /// Shows it in the place of `before`, or anew for 0; its number there. Starts a daemon where the bus can.
    pub(super) async fn show(&mut self, before: u32, notification: &Notification) -> zbus::Result<u32> {
        let can = match self.can {
            Some(can) => can,
            None => *self.can.insert(self.capabilities().await?),
        };
        let body = if can.markup { text::markup } else { text::plain }(&notification.body);
        let buttons = notification.buttons.iter().filter(|_| can.buttons);
        let actions: Vec<_> = buttons.flat_map(|button| [key(*button), button.label()]).collect();
        let urgency: u8 = if notification.urgent { 2 } else { 1 };
        let hints = HashMap::from([
            ("urgency", Value::from(urgency)),
            ("desktop-entry", Value::from("app.daypass.Daypass")),
        ]);
        // What is urgent stays; for how long other things do is the daemon's to know.
        let expires = if notification.urgent { 0 } else { -1 };
        let title = text::title(&notification.title);
        let words = ("Daypass", before, "daypass", title, body, actions, hints, expires);
        call(&self.bus, NAME, PATH, "Notify", &words).await
    }

    pub(super) async fn close(&self, number: u32) {
        // One that is gone already, or a daemon that is, has nothing to close.
        call::<()>(&self.bus, NAME, PATH, "CloseNotification", &number).await.ok();
    }

    /// What the bus calls us.
    #[cfg(test)]
    pub(super) fn own_name(&self) -> String {
        self.bus.unique_name().unwrap().to_string()
    }

    async fn capabilities(&self) -> zbus::Result<Can> {
        let all: Vec<String> = call(&self.bus, NAME, PATH, "GetCapabilities", &()).await?;
        let has = |name: &str| all.iter().any(|one| one == name);
        Ok(Can { buttons: has("actions"), markup: has("body-markup") })
    }

    /// What comes next. Nothing is lost when it is dropped.
    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            let message = poll_fn(|context| Pin::new(&mut self.stream).poll_next(context)).await;
            let Some(Ok(message)) = message else { return Heard::BusGone };
            let header = message.header();
            if message.message_type() != Type::Signal {
                continue;
            }
            // The bus itself stamps who sends. A match rule keeps nobody from sending to us alone.
            let heard = match header.sender() {
                Some(sender) if sender == BUS => self.note_owner(&message),
                Some(sender) if self.owner.as_ref().is_some_and(|owner| owner == sender) => {
                    self.read(&message)
                }
                _ => None,
            };
            if let Some(heard) = heard {
                return heard;
            }
        }
    }

    fn read(&mut self, message: &Message) -> Option<Heard> {
        let (header, body) = (message.header(), message.body());
        match header.member()?.as_str() {
            "ActivationToken" => {
                self.token = body.deserialize().ok();
                None
            }
            "ActionInvoked" => {
                let (number, pressed): (u32, &str) = body.deserialize().ok()?;
                let all = [Button::Renew, Button::End, Button::Open, Button::SignIn];
                let button = all.into_iter().find(|button| key(*button) == pressed)?;
                let token = self.token.take().filter(|(of, _)| *of == number);
                Some(Heard::Pressed(number, button, token.map(|(_, token)| token)))
            }
            "NotificationClosed" => {
                body.deserialize().ok().map(|(number, _): (u32, u32)| Heard::Closed(number))
            }
            _ => None,
        }
    }

    fn note_owner(&mut self, message: &Message) -> Option<Heard> {
        let body = message.body();
        let (name, _, owner): (&str, &str, &str) = body.deserialize().ok()?;
        let owner = UniqueName::try_from(owner).ok().map(OwnedUniqueName::from);
        if name != NAME || self.owner == owner {
            return None;
        }
        self.can = None;
        self.owner = owner;
        Some(if self.owner.is_some() { Heard::Came } else { Heard::Went })
    }
}

/// What a button is called between us and the daemon.
const fn key(button: Button) -> &'static str {
    match button {
        Button::Renew => "renew",
        Button::End => "end",
        // What a click beside the buttons does. Some daemons show no button for it, and others would show two.
        Button::Open => "default",
        Button::SignIn => "sign-in",
    }
}

async fn call<T>(
    bus: &Connection,
    name: &str,
    path: &str,
    member: &str,
    body: &(impl Serialize + DynamicType),
) -> zbus::Result<T>
where
    T: for<'d> DynamicDeserialize<'d>,
{
    bus.call_method(Some(name), path, Some(name), member, body).await?.body().deserialize()
}
