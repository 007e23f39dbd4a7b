//! A world of its own for one run: a person with a home, buses, a screen saver, logind, practice and the real programs.

use std::{
    fs::{self, File},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use daypass_practice::{Consent, Options, Practice};
use daypass_tests::buses::{IdleMonitor, Logind, PrivateBus, Saver, Session};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::{
    keyring,
    needles::{self, What},
    person::CA,
    processes::{self, Process},
    watch::Watch,
};

/// Nothing that is waited for takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How long before another program asks again.
pub(crate) const BETWEEN: Duration = Duration::from_millis(50);

/// What is the same for all worlds of a run.
pub(crate) struct Place {
    /// Our programs and this one, linked together where an ordinary user may run them.
    pub(crate) programs: PathBuf,
    /// The AWS CLI as a shell calls it, where an ordinary user may.
    pub(crate) aws: Option<String>,
    _folder: TempDir,
}

impl Place {
    pub(crate) fn new(built: &Path, clients: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("residue-").tempdir().expect("a folder");
        let programs = folder.path().join("programs");
        fs::create_dir(&programs).expect("a folder");
        open_to_all(folder.path());
        open_to_all(&programs);
        for name in ["daypass", "daypass-agent", "daypass-desktop"] {
            link(&built.join(name), &programs.join(name));
        }
        link(&std::env::current_exe().expect("our own path"), &programs.join("residue"));
        let aws = aws_cli(clients);
        Self { programs, aws, _folder: folder }
    }
}

/// The ordinary user of the world of this number: an account of this system's that is nobody's and has no process. The
/// bus lets in only who has an account. Without root it is whoever we are.
fn user(number: usize) -> u32 {
    if !processes::is_root() {
        return processes::us();
    }
    static IDLE: OnceLock<Vec<u32>> = OnceLock::new();
    let idle = IDLE.get_or_init(|| {
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let users = accounts.lines().filter_map(|line| line.split(':').nth(2)?.parse().ok());
        let is_nobodys = |user: &u32| (1..1000).contains(user) || *user == 65534;
        users.filter(|user| is_nobodys(user) && processes::of(*user).is_empty()).collect()
    });
    assert!(idle.len() > 4, "too few accounts without a process: {idle:?}");
    idle[number % idle.len()]
}

/// By the system's Python: the one that it was installed with may be root's alone.
fn aws_cli(clients: &Path) -> Option<String> {
    let clients = clients.canonicalize().ok()?;
    let mut versions = fs::read_dir(clients.join("lib")).ok()?.flatten();
    let modules = versions.next()?.path().join("site-packages");
    let aws = format!("PYTHONPATH={} python3 {}", modules.display(), clients.join("bin/aws").display());
    let mut trial = std::process::Command::new("sh");
    trial.args(["-c", &format!("{aws} --version")]).env_clear().env("PATH", "/usr/bin:/bin");
    trial.stdout(Stdio::null()).stderr(Stdio::null());
    if processes::is_root() {
        let user = user(0);
        trial.uid(user).gid(user);
    }
    trial.status().is_ok_and(|status| status.success()).then_some(aws)
}

/// A person and what is theirs. Whatever they started ends with it.
pub(crate) struct World {
    pub(crate) user: u32,
    pub(crate) home: PathBuf,
    pub(crate) practice: Practice,
    pub(crate) saver: Saver,
    pub(crate) idle: IdleMonitor,
    pub(crate) logind: Logind,
    pub(crate) watch: Watch,
    /// Endpoint tokens of leases, as far as they were seen.
    pub(crate) tickets: Mutex<Vec<String>>,
    environment: Vec<(String, String)>,
    folder: TempDir,
    _buses: [PrivateBus; 2],
}

impl Drop for World {
    fn drop(&mut self) {
        for process in processes::of(self.user) {
            kill(process.pid, libc::SIGKILL);
        }
    }
}

impl World {
    /// A world with a keyring, in which nothing of ours runs yet.
    pub(crate) async fn new(place: &Place) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let user = user(number);
        let options = Options {
            accounts: 4,
            roles: 10,
            is_tls: true,
            consent: Consent::Allow,
            device_interval: Duration::from_secs(1),
            ..Options::default()
        };
        let practice = Practice::start(options).await.expect("practice starts");
        let (session, system) = (PrivateBus::for_everybody(), PrivateBus::for_everybody());
        let saver = Saver::gnome(&session).await;
        let idle = IdleMonitor::mutter(&session).await;
        let logind = Logind::come(&system).await;
        logind.session(1, Session { uid: user, class: "user", is_active: true, is_locked: false }).await;
        // Short: a socket's path has room for 107 bytes.
        let folder = tempfile::Builder::new().prefix("rs-").tempdir().expect("a folder");
        let environment = environment(folder.path(), place, &practice, [&session, &system]);
        let home = folder.path().join("home");
        furnish(folder.path(), &practice, user);
        let watch = Watch::on(user);
        let (tickets, _buses) = (Mutex::default(), [session, system]);
        let world =
            Self { user, home, practice, saver, idle, logind, watch, tickets, environment, folder, _buses };
        keyring::start(&world).await.expect("gnome-keyring-daemon and secret-tool, from libsecret-tools");
        world
    }

    /// Everything that is written in this world is in here.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A program of the person's.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if processes::is_root() {
            command.uid(self.user).gid(self.user);
        }
        command
    }

    /// One of the programs under test, or this one in another part.
    pub(crate) fn program(&self, name: &str) -> Command {
        let path =
            self.environment.iter().find(|(known, _)| known == "PROGRAMS").map(|(_, path)| path.as_str());
        self.command(Path::new(path.unwrap_or_default()).join(name))
    }

    /// `daypass` with these words; what it printed as JSON, or what it said.
    pub(crate) async fn daypass(&self, words: &[&str]) -> Result<Value, String> {
        let mut command = self.program("daypass");
        command.args(words).arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = ran(command).await?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        match output.status.success() {
            true => serde_json::from_slice(&output.stdout)
                .map_err(|_| format!("daypass {words:?} said no JSON: {said}")),
            false => Err(format!("daypass {words:?}: {said}")),
        }
    }

    /// Starts the window; it goes on.
    pub(crate) async fn open_window(&self) -> Result<(), String> {
        let log = self.folder().join("window.log");
        let file = File::create(&log).map_err(|error| error.to_string())?;
        self.program("daypass-desktop").stderr(file).spawn().map_err(|error| error.to_string())?;
        let is_there = || !self.running("WebKitWebProcess").is_empty();
        let said = |late| format!("{late}; the window said: {}", fs::read_to_string(log).unwrap_or_default());
        self.until("the window's page runs", is_there).await.map_err(said)
    }

    /// Starts the agent, as its clients do, and waits until it answers.
    pub(crate) async fn start_agent(&self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !self.daypass(&["status"]).await.is_ok_and(|status| status["agentRuns"] == true) {
            if Instant::now() > deadline {
                return Err("the agent does not answer".to_owned());
            }
            // There is no list yet, but an agent to say so.
            self.daypass(&["roles"]).await.ok();
        }
        Ok(())
    }

    /// Some roles besides the usual one, as the command takes them.
    pub(crate) async fn other_roles(&self, count: usize) -> Result<Vec<String>, String> {
        let roles = self.daypass(&["roles"]).await?;
        let text = |role: &Value, name: &str| role[name].as_str().unwrap_or_default().to_owned();
        let all = roles
            .as_array()
            .into_iter()
            .flatten()
            .map(|role| format!("{}@{}", text(role, "role"), text(role, "account")));
        Ok(all.filter(|role| role != crate::clearing::ROLE).take(count).collect())
    }

    /// A lease of its own; its id and its end, in milliseconds since 1970: as the log has it, as nothing shown to people
    /// is as exact.
    pub(crate) async fn lease(&self, role: &str, length: &str) -> Result<(String, i64), String> {
        let session = self.daypass(&["request", role, "--for", length]).await?;
        let session = session["session"].as_str().unwrap_or_default().to_owned();
        // The log is written aside from the answer.
        self.until("the lease is in the log", || self.lease_end(&session).is_some()).await?;
        let end = self.lease_end(&session);
        Ok((session, end.ok_or("a lease without an end")?))
    }

    fn lease_end(&self, session: &str) -> Option<i64> {
        let log = fs::read_to_string(self.home.join(".local/state/daypass/audit.jsonl")).ok()?;
        let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut grants = entries.filter(|entry| entry["what"] == "granted" && entry["session"] == session);
        grants.next_back()?["leaseEnd"].as_i64()
    }

    pub(crate) fn running(&self, program: &str) -> Vec<Process> {
        processes::running(self.user, program)
    }

    pub(crate) fn agent(&self) -> Option<Process> {
        self.running("daypass-agent").into_iter().next()
    }

    /// All that was issued so far, and the tickets that were seen.
    pub(crate) fn secrets(&self) -> Vec<(What, String)> {
        let tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        let tickets = tickets.iter().map(|ticket| (What::Ticket, ticket.clone()));
        needles::issued(self.practice.issued()).into_iter().chain(tickets).collect()
    }

    /// Waits until no program of ours runs.
    pub(crate) async fn ended(&self) -> Result<(), String> {
        let is_running = |name: &&str| !self.running(name).is_empty();
        let ours = ["daypass", "daypass-agent", "daypass-desktop"];
        self.until("every program of ours has ended", || !ours.iter().any(is_running)).await
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl Fn() -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            if Instant::now() > deadline {
                let running: Vec<_> = processes::of(self.user).into_iter().map(|one| one.program).collect();
                return Err(format!("{what}: not within {} s; there run {running:?}", PATIENCE.as_secs()));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

/// Sends a signal to a process of a person of ours.
pub(crate) fn kill(pid: u32, signal: i32) {
    let Ok(pid) = i32::try_from(pid) else { return };
    #[expect(unsafe_code, reason = "kill has no memory preconditions")]
    unsafe {
        libc::kill(pid, signal);
    }
}

/// Runs a program to its end, for so long at most.
pub(crate) async fn ran(mut command: Command) -> Result<Output, String> {
    let child: Child = command.kill_on_drop(true).spawn().map_err(|error| error.to_string())?;
    let output = timeout(PATIENCE, child.wait_with_output()).await;
    output.map_err(|_| format!("{command:?} does not end"))?.map_err(|error| error.to_string())
}

fn environment(
    top: &Path,
    place: &Place,
    practice: &Practice,
    buses: [&PrivateBus; 2],
) -> Vec<(String, String)> {
    let path = |name: &str| top.join(name).display().to_string();
    let programs = place.programs.display().to_string();
    let mut all = vec![
        ("HOME".to_owned(), path("home")),
        ("XDG_RUNTIME_DIR".to_owned(), path("run")),
        ("TMPDIR".to_owned(), path("tmp")),
        ("PATH".to_owned(), format!("{programs}:/usr/bin:/bin")),
        ("PROGRAMS".to_owned(), programs.clone()),
        ("SHELL".to_owned(), "/bin/bash".to_owned()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("NO_AT_BRIDGE".to_owned(), "1".to_owned()),
        ("DBUS_SESSION_BUS_ADDRESS".to_owned(), buses[0].address()),
        ("DBUS_SYSTEM_BUS_ADDRESS".to_owned(), buses[1].address()),
        ("DAYPASS_BROWSER".to_owned(), format!("{programs}/residue browse %s")),
        // Whatever is ever logged is logged.
        ("DAYPASS_LOG".to_owned(), "trace".to_owned()),
        ("RUST_LOG".to_owned(), "trace".to_owned()),
        ("RUST_BACKTRACE".to_owned(), "full".to_owned()),
        (CA.to_owned(), path("ca.pem")),
        ("DISPLAY".to_owned(), std::env::var("DISPLAY").unwrap_or_default()),
        ("XAUTHORITY".to_owned(), path("xauthority")),
    ];
    all.extend(practice.env().into_iter().map(|(name, value)| (name.to_owned(), value)));
    all
}

/// Makes the folders and files that the person has before they first hear of Daypass.
fn furnish(top: &Path, practice: &Practice, user: u32) {
    for name in ["home", "home/.aws", "home/.config", "home/.config/daypass", "run", "tmp"] {
        fs::create_dir(top.join(name)).expect("a folder");
    }
    let config = format!(
        "[sso-session acme]\nsso_start_url = {}\nsso_region = {}\nsso_registration_scopes = sso:account:access\n",
        practice.start_url(),
        practice.region()
    );
    // Whatever is typed is done, in the shell itself, and what it says goes to no screen.
    let shell = "while :; do\n\
                 IFS= read -r line < \"$HOME/keys\" || continue\n\
                 { eval \"$line\"; } > \"$HOME/screen\" 2>&1; echo \"code $?\" >> \"$HOME/screen\"\n\
                 mv \"$HOME/screen\" \"$HOME/answer\"\ndone\n";
    let files = [
        ("home/.aws/config", config.as_bytes()),
        ("home/.config/daypass/settings.toml", b"[clearing]\nscreen-lock = 'at-once'\nidle = '1m'\n"),
        ("home/.bashrc", shell.as_bytes()),
        ("ca.pem", practice.ca_pem().unwrap_or_default().as_bytes()),
    ];
    for (name, text) in files {
        fs::write(top.join(name), text).expect("room");
    }
    let cookie = std::env::var_os("XAUTHORITY").and_then(|path| fs::read(path).ok()).unwrap_or_default();
    fs::write(top.join("xauthority"), cookie).expect("room");
    let keys = std::process::Command::new("mkfifo").arg(top.join("home/keys")).status();
    assert!(keys.is_ok_and(|status| status.success()), "no mkfifo");
    give(top, user);
}

/// Gives a folder and all in it to the person, and closes it to others.
fn give(path: &Path, user: u32) {
    if processes::is_root() {
        chown(path, Some(user), Some(user)).expect("we are root");
    }
    if path.is_dir() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("our own folder");
        for entry in fs::read_dir(path).expect("our own folder").flatten() {
            give(&entry.path(), user);
        }
    }
}

fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("our own folder");
}

/// The same file in another place; a copy where the places are on different disks.
fn link(from: &Path, to: &Path) {
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
}
