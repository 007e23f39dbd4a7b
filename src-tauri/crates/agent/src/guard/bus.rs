//! One D-Bus connection, read in order: who owns the names we listen to, what they signal, what they answer.

use std::{collections::HashMap, future::poll_fn, num::NonZeroU32, pin::Pin};

use serde::Serialize;
use zbus::{
    Connection, Message, MessageStream, connection,
    export::futures_core::Stream,
    message::Type,
    names::{OwnedUniqueName, UniqueName},
    zvariant::{DynamicType, OwnedObjectPath},
};

use super::LIMIT;

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// What comes from a bus, in order.
pub(super) enum News {
    /// Somebody has taken the name, or nobody has it any more: see [`Bus::owner`].
    Owner(&'static str),
    /// From anybody: see [`Bus::is_from`].
    Signal(Message),
    /// To the call with this serial; from anybody too.
    Reply(NonZeroU32, Message),
}

pub(super) struct Bus {
    connection: Connection,
    stream: MessageStream,
    owners: HashMap<&'static str, Option<OwnedUniqueName>>,
}

impl Bus {
    /// Connects, and listens to the owners of `names`, each with what else its match rule says.
    pub(super) async fn connect(address: &str, names: &[(&'static str, String)]) -> zbus::Result<Self> {
        let builder = connection::Builder::address(address)?.method_timeout(LIMIT);
        let connection = builder.build().await?;
        let stream = MessageStream::from(&connection);
        let mut bus = Self { connection, stream, owners: HashMap::new() };
        for (name, rule) in names {
            let of_owner = format!(
                "type='signal',sender='{BUS}',path='{BUS_PATH}',interface='{BUS}',member='NameOwnerChanged',arg0='{name}'"
            );
            bus.call_bus::<()>("AddMatch", &of_owner).await?;
            bus.call_bus::<()>("AddMatch", &format!("type='signal',sender='{name}',{rule}")).await?;
            // An error says that it has none. What changes from now on is in the stream.
            let owner = bus.call_bus::<OwnedUniqueName>("GetNameOwner", name).await;
            bus.owners.insert(name, owner.ok());
        }
        Ok(bus)
    }

    /// Looks who owns `name` now, where nobody listens to it.
    pub(super) async fn find(&mut self, name: &'static str) -> Option<&OwnedUniqueName> {
        let owner = self.call_bus::<OwnedUniqueName>("GetNameOwner", name).await;
        self.owners.insert(name, owner.ok());
        self.owner(name)
    }

    async fn call_bus<T>(&self, member: &str, argument: &str) -> zbus::Result<T>
    where
        T: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
    {
        let reply = self.connection.call_method(Some(BUS), BUS_PATH, Some(BUS), member, &argument).await?;
        reply.body().deserialize()
    }

    /// What comes next; `None` when the bus is gone. Nothing is lost when it is dropped.
    pub(super) async fn next(&mut self) -> Option<News> {
        loop {
            let message = poll_fn(|context| Pin::new(&mut self.stream).poll_next(context)).await?.ok()?;
            let header = message.header();
            match message.message_type() {
                // The bus itself stamps who sends: nobody else can be it.
                Type::Signal if header.sender().is_some_and(|s| s == BUS) => {
                    if let Some(name) = self.note_owner(&message) {
                        return Some(News::Owner(name));
                    }
                }
                Type::Signal => return Some(News::Signal(message)),
                Type::MethodReturn | Type::Error => {
                    if let Some(serial) = header.reply_serial() {
                        return Some(News::Reply(serial, message));
                    }
                }
                Type::MethodCall => {}
            }
        }
    }

    fn note_owner(&mut self, message: &Message) -> Option<&'static str> {
        if message.header().member().is_none_or(|m| m != "NameOwnerChanged") {
            return None;
        }
        let body = message.body();
        let (name, _, owner): (&str, &str, &str) = body.deserialize().ok()?;
        let name = *self.owners.keys().find(|known| **known == name)?;
        let owner = UniqueName::try_from(owner).ok().map(OwnedUniqueName::from);
        let before = self.owners.insert(name, owner);
        // Asked for while it changed, it was known already.
        (before.as_ref() != self.owners.get(name)).then_some(name)
    }

    pub(super) fn owner(&self, name: &str) -> Option<&OwnedUniqueName> {
        self.owners.get(name)?.as_ref()
    }

    /// Whether it comes from who owns `name`: a match rule keeps nobody from sending to us alone.
    pub(super) fn is_from(&self, name: &str, message: &Message) -> bool {
        let header = message.header();
        header.sender().zip(self.owner(name)).is_some_and(|(sender, owner)| sender == owner)
    }

    /// Asks the owner of `name`; the answer is to come among the news, after what was sent before it.
    pub(super) async fn ask(&self, name: &str, path: &str, member: &str) -> Option<NonZeroU32> {
        let call = || {
            let to = self.owner(name)?;
            let call = Message::method_call(path, member).ok()?.destination(to).ok()?.interface(name).ok()?;
            call.build(&()).ok()
        };
        let message = call()?;
        self.connection.send(&message).await.ok()?;
        Some(message.primary_header().serial_num())
    }

    /// Calls the owner of `name` and waits. Nobody is started for it.
    pub(super) async fn call<B>(
        &self,
        name: &str,
        path: &OwnedObjectPath,
        interface: &str,
        member: &str,
        body: &B,
    ) -> zbus::Result<Message>
    where
        B: Serialize + DynamicType,
    {
        let owner = self.owner(name).ok_or(zbus::Error::InterfaceNotFound)?;
        self.connection.call_method(Some(owner), path, Some(interface), member, body).await
    }
}
