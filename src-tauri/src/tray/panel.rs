//! Whether there is a panel that shows status items: who watches over them, and whether anybody draws them.

use std::{future::poll_fn, pin::Pin, time::Duration};

use zbus::{
    Connection, MessageStream, connection, export::futures_core::Stream, message::Type, zvariant::OwnedValue,
};

/// How long anybody on the bus may take.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

const BUS: &str = "org.freedesktop.DBus";
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const HAS_HOST: &str = "IsStatusNotifierHostRegistered";

pub(super) struct Panel {
    bus: Connection,
    stream: MessageStream,
}

impl Panel {
    /// Listens on the session bus.
    ///
    /// # Errors
    /// There is none, or it does not answer.
    pub(super) async fn listen() -> zbus::Result<Self> {
        let bus = connection::Builder::session()?.method_timeout(LIMIT).build().await?;
        let stream = MessageStream::from(&bus);
        for rule in [
            format!("type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{WATCHER}'"),
            format!("type='signal',sender='{WATCHER}',interface='{WATCHER}'"),
        ] {
            bus.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "AddMatch", &rule).await?;
        }
        Ok(Self { bus, stream })
    }

    /// Waits until there may be an answer other than before; `None` once the bus has gone.
    pub(super) async fn changed(&mut self) -> Option<()> {
        loop {
            let message = poll_fn(|context| Pin::new(&mut self.stream).poll_next(context)).await?.ok()?;
            if message.message_type() == Type::Signal {
                return Some(());
            }
        }
    }

    /// Whether somebody draws what is registered.
    pub(super) async fn is_there(&self) -> bool {
        let properties = "org.freedesktop.DBus.Properties";
        let asked = (WATCHER, HAS_HOST);
        match self
            .bus
            .call_method(Some(WATCHER), "/StatusNotifierWatcher", Some(properties), "Get", &asked)
            .await
        {
            Ok(reply) => {
                let value = reply.body().deserialize::<OwnedValue>().ok();
                value.and_then(|value| bool::try_from(value).ok()).unwrap_or(true)
            }
            // One that has no such property is a panel itself.
            Err(zbus::Error::MethodError(error, ..)) => !matches!(
                error.as_str(),
                "org.freedesktop.DBus.Error.ServiceUnknown"
                    | "org.freedesktop.DBus.Error.NameHasNoOwner"
                    | "org.freedesktop.DBus.Error.NoReply"
            ),
            Err(_) => false,
        }
    }
}
