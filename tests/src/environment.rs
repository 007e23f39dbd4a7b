//! Environments: a test that needs variables of its own runs once more, alone, in a process that has them.
//!
//! What a library reads from the environment of its process can't be faked inside it: other tests share it.

use std::{env, process::Stdio};

use tokio::process::Command;

/// Says in the second run that it is the second.
const INSIDE: &str = "DAYPASS_TEST_INSIDE";
/// What this machine may have set, and no test wants.
const CLEARED: [&str; 12] = [
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "all_proxy",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "AWS_CA_BUNDLE",
    "REQUEST_METHOD",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// Whether this is the process with the variables.
#[must_use]
pub fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// One of the variables.
#[must_use]
pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Runs the test of this name in a process with these variables, and fails as it fails.
pub async fn inside(test: &str, variables: &[(&str, &str)]) {
    run(Command::new(env::current_exe().expect("our own path")), test, variables).await;
}

/// The same with temporary files on a disk of its own, of one megabyte: whoever may have a user namespace may mount
/// one there. False where the system lets nobody.
pub async fn on_small_disk(test: &str) -> bool {
    let disk = tempfile::tempdir().expect("a folder");
    let mount = "mount -t tmpfs -o size=1m none \"$TMPDIR\" && exec \"$@\"";
    let alone = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", script, "sh"]).env("TMPDIR", disk.path());
        command
    };
    if !alone(&format!("set -- true; {mount}")).status().await.is_ok_and(|status| status.success()) {
        return false;
    }
    let mut command = alone(mount);
    command.arg(env::current_exe().expect("our own path"));
    run(command, test, &[]).await;
    true
}

async fn run(mut command: Command, test: &str, variables: &[(&str, &str)]) {
    command
        .args([test, "--exact", "--include-ignored", "--nocapture"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    for name in CLEARED {
        command.env_remove(name);
    }
    let output =
        command.env(INSIDE, "yes").envs(variables.iter().copied()).output().await.expect("a process");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("test result: ok. 1 passed"),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
