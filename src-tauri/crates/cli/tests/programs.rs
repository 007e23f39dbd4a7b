//! The real programs, started as a person starts them, in a home of the test's own.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// A person's home, and what runs in it until the end of the test.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("run")).unwrap();
        fs::set_permissions(home.path().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        Self(home)
    }

    /// A program of ours, without a bus, a display or anything else of the machine's.
    fn program(&self, path: PathBuf) -> Command {
        let mut command = Command::new(path);
        command
            .env_clear()
            .env("HOME", self.0.path())
            .env("XDG_RUNTIME_DIR", self.0.path().join("run"))
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null());
        command
    }

    fn daypass(&self, words: &[&str]) -> Command {
        let mut command = self.program(PathBuf::from(env!("CARGO_BIN_EXE_daypass")));
        command.args(words);
        command
    }

    fn agent(&self) -> Command {
        let path = PathBuf::from(env!("CARGO_BIN_EXE_daypass")).with_file_name("daypass-agent");
        assert!(path.exists(), "first: cargo build --workspace --bins");
        self.program(path)
    }

    fn start_practice(&self) {
        ok(&self.daypass(&["practice", "--no-sign-in"]).output().unwrap());
    }

    fn state(&self, name: &str) -> PathBuf {
        self.0.path().join(".local/state/daypass").join(name)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.daypass(&["quit"]).output().ok();
    }
}

fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn of_twenty_agents_started_at_once_one_lives_and_the_others_say_why() {
    let home = Home::new();
    let start = |_| home.agent().stderr(Stdio::piped()).spawn().unwrap();
    let mut agents: Vec<Child> = (0..20).map(start).collect();
    let mut ended = Vec::new();
    // Nineteen end by themselves; which one stays is theirs to settle.
    while agents.len() > 1 {
        for at in (0..agents.len()).rev() {
            if agents.len() > 1 && agents[at].try_wait().unwrap().is_some() {
                ended.push(agents.remove(at).wait_with_output().unwrap());
            }
        }
    }
    for output in ended {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && why.contains("another agent is already running"), "{why}");
    }
    assert!(ok(&home.daypass(&["--json", "status"]).output().unwrap()).contains("\"agentRuns\":true"));
    ok(&home.daypass(&["quit"]).output().unwrap());
    assert!(agents.remove(0).wait().unwrap().success());
}

#[test]
fn twenty_commands_that_need_an_agent_at_once_share_one() {
    let home = Home::new();
    let words = ["--json", "practice", "--no-sign-in"];
    let command = |_| home.daypass(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let running: Vec<Child> = (0..20).map(command).collect();
    for child in running {
        assert!(ok(&child.wait_with_output().unwrap()).contains("\"ssoSession\":\"practice\""));
    }
    let status = ok(&home.daypass(&["--json", "status"]).output().unwrap());
    assert_eq!(status.matches("\"source\":\"practice\"").count(), 1, "{status}");
}

#[test]
fn an_agent_takes_over_nothing_of_the_daypass_shell_it_was_started_in() {
    let home = Home::new();
    let names = "AWS_CONTAINER_CREDENTIALS_FULL_URI,AWS_CONTAINER_AUTHORIZATION_TOKEN,AWS_ENDPOINT_URL_STS";
    let set = names.split(',').map(|name| (name, "http://127.0.0.1:1/marker"));
    let own = [("DAYPASS_ENVIRONMENT", names), ("DAYPASS_SESSION", "marker00")];
    ok(&home.daypass(&["practice", "--no-sign-in"]).envs(set.chain(own)).output().unwrap());
    let our_home = format!("HOME={}", home.0.path().display());
    let environments: Vec<String> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|p| fs::read_to_string(p.path().join("comm")).is_ok_and(|c| c.trim() == "daypass-agent"))
        .filter_map(|p| fs::read(p.path().join("environ")).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .filter(|environment| environment.contains(&our_home))
        .collect();
    // Only root can read it at all.
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    assert_eq!(environments.len(), usize::from(is_root));
    assert!(environments.iter().all(|e| !e.contains("marker")), "it holds the shell's ticket");
}

/// The signals by which shells, sessions and closed terminals end a command.
const ENDINGS: [(&str, i32); 3] = [("-INT", 130), ("-TERM", 143), ("-HUP", 129)];

#[test]
fn a_sign_in_ends_with_the_command_that_started_it_and_not_with_one_that_joined_it() {
    let home = Home::new();
    home.start_practice();
    let words = ["sign-in", "practice", "--print-url"];
    // One that has printed the address waits. Every sign-in has a port of its own.
    let waiting = || {
        let mut command = home.daypass(&words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(command.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let port = address.split(['/', ':']).nth(4).unwrap().parse::<u16>().unwrap();
        (command, port)
    };
    let end = |mut command: Child, signal: &str| {
        let kill = Command::new("kill").args([signal, &command.id().to_string()]).status().unwrap();
        assert!(kill.success());
        command.wait().unwrap().code()
    };
    for (signal, code) in ENDINGS {
        let (own, port) = waiting();
        for joined in ["-TERM", "-HUP", "-TERM"] {
            let (command, same) = waiting();
            assert_eq!(same, port, "a signal to one that had joined ended it");
            end(command, joined);
        }
        assert_eq!(end(own, signal), Some(code), "{signal}");
        let status = ok(&home.daypass(&["--json", "status"]).output().unwrap());
        assert!(status.contains("\"signIn\":null"), "{signal} left the sign-in behind: {status}");
    }
}

#[test]
fn a_sign_in_ends_when_somebody_quits_daypass_meanwhile() {
    let home = Home::new();
    home.start_practice();
    let start = |_| {
        let mut command = home.daypass(&["sign-in", "practice", "--print-url"]);
        let mut command = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        BufReader::new(command.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
        command
    };
    let waiting: Vec<Child> = (0..12).map(start).collect();
    ok(&home.daypass(&["quit"]).output().unwrap());
    let (ends, ended) = mpsc::channel();
    thread::spawn(move || waiting.into_iter().try_for_each(|c| ends.send(c.wait_with_output().unwrap())));
    for _ in 0..12 {
        let output = ended.recv_timeout(Duration::from_secs(20)).expect("one waits on");
        assert_eq!(output.status.code(), Some(5));
        assert!(String::from_utf8_lossy(&output.stderr).contains("Daypass was quit meanwhile"), "{output:?}");
    }
}

#[test]
fn the_log_goes_on_where_the_last_run_ended_and_is_put_aside_when_it_is_long() {
    let home = Home::new();
    let settings = home.0.path().join(".config/daypass/settings.toml");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    fs::create_dir_all(home.state("")).unwrap();
    fs::write(home.state("agent.log"), "the run before\n").unwrap();
    fs::write(&settings, "duration = = 1").unwrap();
    home.start_practice();
    ok(&home.daypass(&["quit"]).output().unwrap());
    let log = fs::read_to_string(home.state("agent.log")).unwrap();
    assert!(log.starts_with("the run before\n") && log.contains("settings.toml is broken"), "{log}");
    fs::write(home.state("agent.log"), "x".repeat(1024 * 1024 + 1)).unwrap();
    home.start_practice();
    assert_eq!(fs::metadata(home.state("agent.log.old")).unwrap().len(), 1024 * 1024 + 1);
    let fresh = fs::metadata(home.state("agent.log")).unwrap();
    assert_eq!((fresh.permissions().mode() & 0o777, fresh.len() < 1000), (0o600, true));
}

/// The guards of a fresh agent that was started so, as `kind: holds`.
fn guards(home: &Home, agent: &mut Command) -> Vec<String> {
    let mut agent = agent.stderr(Stdio::null()).spawn().unwrap();
    while !ok(&home.daypass(&["--json", "status"]).output().unwrap()).contains("\"agentRuns\":true") {
        assert!(agent.try_wait().unwrap().is_none(), "the agent ended");
    }
    let found = ok(&home.daypass(&["--json", "protection"]).output().unwrap());
    ok(&home.daypass(&["quit"]).output().unwrap());
    assert!(agent.wait().unwrap().success());
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let of = |guard: &serde_json::Value| format!("{}: {}", guard["kind"], guard["holds"]).replace('"', "");
    found["guards"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn the_agent_as_it_is_built_is_hardened_wipes_what_it_frees_and_finds_nothing_in_its_memory() {
    let home = Home::new();
    let found = guards(&home, &mut home.agent());
    for guard in ["lockedPages", "freedMemory", "reading", "disk", "endpoint", "socket"] {
        assert!(found.contains(&format!("{guard}: holds")), "{guard} in {found:?}");
    }
    home.start_practice();
    let checked = ok(&home.daypass(&["--json", "protection", "--check"]).output().unwrap());
    assert!(checked.contains("\"controlFound\":true"), "{checked}");
}

#[test]
fn where_memory_cannot_be_locked_it_is_said() {
    let home = Home::new();
    let agent = home.agent();
    // Root may lock whatever it likes, until it loses the right to.
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let less = if is_root { "setpriv --bounding-set -ipc_lock" } else { "" };
    let script = format!("ulimit -l 0; exec {less} {}", agent.get_program().display());
    let mut shell = home.program("/bin/bash".into());
    let found = guards(&home, shell.args(["-c", &script]));
    assert!(found.contains(&"lockedPages: degraded".to_owned()), "{found:?}");
}
