//! Somebody's desk: a session bus with the real keyring daemon on it, or somebody who plays it.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

use daypass_aws::keyring::Keyring;
use tempfile::TempDir;
use zbus::{
    blocking::{Connection, MessageIterator, Proxy, connection, fdo::DBusProxy},
    message::Type,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use crate::buses::PrivateBus;

pub const KEYRING: &str = "org.freedesktop.secrets";
/// As it is given on standard input, its end of line included.
const PASSWORD: &str = "password\n";
const SERVICE: &str = "/org/freedesktop/secrets";

/// Runs what blocks where it may: not inside a test's runtime.
fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// A process of ours, ended with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A bus and a home.
pub struct Desk {
    pub address: String,
    // In the order of their end: the keyring before its bus, the bus before its folder.
    daemon: Option<Process>,
    _bus: PrivateBus,
    home: TempDir,
}

impl Desk {
    /// With a bus that has nobody on it.
    pub fn bare() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let bus = PrivateBus::start();
        Self { address: bus.address(), daemon: None, _bus: bus, home }
    }

    /// With the real keyring, unlocked.
    pub fn with_keyring() -> Self {
        Self::bare().and_daemon(PASSWORD)
    }

    /// With the real keyring of a person who never set it up.
    pub fn without_collection() -> Self {
        Self::bare().and_daemon("")
    }

    fn and_daemon(mut self, password: &str) -> Self {
        let mut arguments = vec!["--foreground", "--components=secrets"];
        if !password.is_empty() {
            arguments.push("--unlock");
        }
        let daemon = aside(|| {
            let bus = self.connect();
            let proxy = DBusProxy::new(&bus).unwrap();
            let mut owners = proxy.receive_name_owner_changed_with_args(&[(0, KEYRING)]).unwrap();
            let mut child = self
                .command("gnome-keyring-daemon")
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("gnome-keyring-daemon, from the package gnome-keyring");
            child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
            owners.next().unwrap();
            Process(child)
        });
        self.daemon = Some(daemon);
        self
    }

    /// The keyring as the agent would find it here.
    pub fn keyring(&self) -> Keyring {
        let address = self.address.clone();
        Keyring::new(move |name| (name == "DBUS_SESSION_BUS_ADDRESS").then(|| address.clone()))
    }

    fn connect(&self) -> Connection {
        aside(|| connection::Builder::address(self.address.as_str()).unwrap().build().unwrap())
    }

    /// What any program may do: locks the collection for new items.
    pub fn lock(&self) {
        let bus = self.connect();
        aside(|| {
            let service = Proxy::new(&bus, KEYRING, SERVICE, "org.freedesktop.Secret.Service").unwrap();
            let collection: OwnedObjectPath = service.call("ReadAlias", &"default").unwrap();
            let locked: (Vec<OwnedObjectPath>, OwnedObjectPath) =
                service.call("Lock", &vec![collection.as_ref()]).unwrap();
            assert_eq!(locked.0, [collection]);
        });
    }

    /// What logging in does: unlocks it by its password. Without a dialog there is only gnome-keyring's own call.
    pub fn unlock(&self) {
        const INTERNAL: &str = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
        let bus = self.connect();
        aside(|| {
            let service = Proxy::new(&bus, KEYRING, SERVICE, "org.freedesktop.Secret.Service").unwrap();
            let collection: OwnedObjectPath = service.call("ReadAlias", &"default").unwrap();
            let (_, session): (OwnedValue, OwnedObjectPath) =
                service.call("OpenSession", &("plain", Value::from(""))).unwrap();
            let password = (session.as_ref(), b"".as_slice(), PASSWORD.as_bytes(), "text/plain");
            let internal = Proxy::new(&bus, KEYRING, SERVICE, INTERNAL).unwrap();
            let () = internal.call("UnlockWithMasterPassword", &(collection.as_ref(), password)).unwrap();
        });
    }

    /// What another program finds under `attributes`: one line for each thing there is to say of an item.
    pub fn secret_tool_search(&self, attributes: &[&str]) -> Vec<String> {
        let found = self
            .command("secret-tool")
            .args(["search", "--all"])
            .args(attributes)
            .output()
            .expect("secret-tool, from the package libsecret-tools");
        // Attributes go to standard error, the rest to standard output.
        let text = [found.stdout, found.stderr].concat();
        String::from_utf8(text).unwrap().lines().map(ToOwned::to_owned).collect()
    }

    /// Has another program keep `secret` under `attributes`.
    pub fn secret_tool_store(&self, attributes: &[&str], secret: &str) {
        let mut tool = self
            .command("secret-tool")
            .args(["store", "--label=somebody's"])
            .args(attributes)
            .stdin(Stdio::piped())
            .spawn()
            .expect("secret-tool, from the package libsecret-tools");
        tool.stdin.take().unwrap().write_all(secret.as_bytes()).unwrap();
        assert!(tool.wait().unwrap().success());
    }

    /// Everything the daemon wrote to disk.
    pub fn keyring_files(&self) -> Vec<u8> {
        let folder = self.home.path().join(".local/share/keyrings");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.flat_map(|path| fs::read(path).unwrap()).collect()
    }

    /// Somebody who has taken `name` on this bus, and answers nothing: what they are called is passed on.
    pub fn silent_owner(&self, name: &'static str) -> mpsc::Receiver<String> {
        let (calls, called) = mpsc::channel();
        let bus = self.connect();
        aside(|| bus.request_name(name).unwrap());
        thread::spawn(move || {
            // Ends when the bus does.
            for message in MessageIterator::from(bus).map_while(Result::ok) {
                let header = message.header();
                if let (Type::MethodCall, Some(member)) = (message.message_type(), header.member()) {
                    calls.send(member.to_string()).ok();
                }
            }
        });
        called
    }

    /// Watches the bus from now on: what comes back tells all that has passed until it is called.
    pub fn watch(&self) -> impl FnOnce() -> Vec<u8> {
        const LAST: &str = "GetId";
        const BUS: (Option<&str>, &str) = (Some("org.freedesktop.DBus"), "/org/freedesktop/DBus");
        let (watcher, caller) = (self.connect(), self.connect());
        let messages = MessageIterator::from(&watcher);
        aside(|| {
            let (interface, all): (_, (&[&str], u32)) = ("org.freedesktop.DBus.Monitoring", (&[], 0));
            watcher.call_method(BUS.0, BUS.1, Some(interface), "BecomeMonitor", &all).unwrap();
        });
        let watching = thread::spawn(move || {
            let is_last = |message: &zbus::Message| message.header().member().is_some_and(|m| m == LAST);
            let all = messages.map_while(Result::ok).take_while(|message| !is_last(message));
            all.flat_map(|message| message.data().to_vec()).collect()
        });
        move || {
            aside(|| caller.call_method(BUS.0, BUS.1, BUS.0, LAST, &()).unwrap());
            watching.join().unwrap()
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8");
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command.env("HOME", self.home.path()).env("XDG_RUNTIME_DIR", self.home.path());
        command
    }
}
