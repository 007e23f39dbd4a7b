//! Buses of the test's own, and who lives on them: screen savers, logind and notification daemons, played at the wire.

mod idle;
mod logind;
mod notifier;
mod saver;

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::TempDir;
use tokio::sync::mpsc;
use zbus::{
    Connection, Message, MessageStream, connection, export::futures_core::Stream, message::Type, zvariant,
};

pub use self::{
    idle::IdleMonitor,
    logind::{Inhibitor, Logind, SESSION, Session},
    notifier::{Notifier, Shown, Told, pretend_press},
    saver::Saver,
};

/// Starts no service by itself, and lets anyone own, send and watch what they like.
const CONFIG: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:path=FOLDER/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*" eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>"#;
const DBUS: &str = "org.freedesktop.DBus";

/// A bus with nobody on it.
pub struct PrivateBus {
    daemon: Child,
    folder: TempDir,
}

impl Drop for PrivateBus {
    fn drop(&mut self) {
        self.daemon.kill().ok();
        self.daemon.wait().ok();
    }
}

impl PrivateBus {
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let daemon = start_daemon(folder.path());
        Self { daemon, folder }
    }

    /// The same for other users too; what starts as another user can come.
    #[must_use]
    pub fn for_everybody() -> Self {
        let bus = Self::start();
        fs::set_permissions(bus.folder.path(), Permissions::from_mode(0o711)).expect("our own folder");
        bus
    }

    /// It crashes and another comes in its place: whoever was on it has to come again.
    pub fn restart(&mut self) {
        self.daemon.kill().expect("it lives");
        self.daemon.wait().expect("it ends");
        fs::remove_file(self.folder.path().join("bus")).expect("its socket");
        self.daemon = start_daemon(self.folder.path());
    }

    #[must_use]
    pub fn address(&self) -> String {
        format!("unix:path={}/bus", self.folder.path().display())
    }

    /// Somebody comes.
    pub async fn connect(&self) -> Connection {
        let builder = connection::Builder::address(self.address().as_str()).expect("an address");
        builder.build().await.expect("the bus answers")
    }

    /// Somebody who has this name, and answers nothing: what they are called is passed on.
    pub async fn silent(&self, name: &'static str) -> mpsc::UnboundedReceiver<String> {
        let bus = self.connect().await;
        let (calls, called) = mpsc::unbounded_channel();
        let mut stream = MessageStream::from(&bus);
        bus.request_name(name).await.expect("a free name");
        tokio::spawn(async move {
            while let Some(call) = next_call(&mut stream).await {
                calls.send(call.header().member().expect("a member").to_string()).ok();
            }
        });
        called
    }

    /// Waits until the agent has taken in all that was on this bus before: it asks every saver that comes.
    pub async fn heard(&self) {
        let mut last = Saver::come(self, "org.xfce.ScreenSaver", "/org/xfce/ScreenSaver").await;
        last.asked().await;
    }
}

fn start_daemon(folder: &Path) -> Child {
    let config = folder.join("bus.conf");
    fs::write(&config, CONFIG.replace("FOLDER", &folder.display().to_string())).expect("room");
    let mut daemon = Command::new("dbus-daemon")
        .args(["--nofork", "--print-address=1", "--config-file"])
        .arg(&config)
        .stdout(Stdio::piped())
        .spawn()
        .expect("dbus-daemon, from the package dbus");
    let mut address = String::new();
    BufReader::new(daemon.stdout.take().expect("piped")).read_line(&mut address).expect("an address");
    assert!(address.starts_with("unix:"), "the bus said {address:?}");
    daemon
}

/// Sends a signal, to everybody or to one alone, and waits until the bus has passed it on.
pub async fn signal<B>(
    from: &Connection,
    to: Option<&str>,
    path: &str,
    interface: &str,
    member: &str,
    body: &B,
) where
    B: zvariant::export::serde::Serialize + zvariant::DynamicType,
{
    from.emit_signal(to, path, interface, member, body).await.expect("sent");
    from.call_method(Some(DBUS), "/org/freedesktop/DBus", Some(DBUS), "GetId", &()).await.expect("an answer");
}

/// What somebody is asked, one call after the other.
async fn next_call(stream: &mut MessageStream) -> Option<Message> {
    loop {
        let message =
            std::future::poll_fn(|cx| std::pin::Pin::new(&mut *stream).poll_next(cx)).await?.ok()?;
        if message.message_type() == Type::MethodCall {
            return Some(message);
        }
    }
}
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
