//! What runs as the person, as programs of their own: the browser, a tool that uses a ticket, somebody who pries, and
//! those who hold what must be found. None of them is searched.

use std::{
    env,
    fs::{self, File},
    io::{self, BufRead, Read, Write},
    process::{Command, ExitCode, Stdio},
    thread,
};

use daypass_tests::http;

use crate::needles::Encoding;

/// Where the CA of practice is, for the browser.
pub(crate) const CA: &str = "AWS_CA_BUNDLE";

/// Plays the part that the arguments name; None where they name none.
pub(crate) async fn play(arguments: &[String]) -> Option<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words.as_slice() {
        ["browse", address] => browse(address).await,
        ["fetch"] => return Some(fetch().await),
        ["terminal"] => terminal().await,
        ["hold"] => hold(),
        ["pry", pid] => pry(pid.parse().ok()?),
        ["crash"] => crash(),
        ["sink", path] => drop(io::copy(&mut io::stdin(), &mut File::create(path).ok()?)),
        _ => return None,
    }
    Some(ExitCode::SUCCESS)
}

/// Opens an address, and follows it to the last page.
async fn browse(address: &str) {
    let ca = env::var(CA).ok().and_then(|path| fs::read_to_string(path).ok());
    let page = http::browse_trusting(ca.as_deref(), address).await;
    println!("{}", page.status);
}

/// Gets credentials as every SDK does, from the container endpoint; fails where there are none.
async fn fetch() -> ExitCode {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let address = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    // Where nobody listens any more there is nothing to connect to, and the test's own client would panic.
    let port = url::Url::parse(&address).ok().and_then(|url| url.port());
    let listens = port.is_some_and(|port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let status = match listens {
        true => http::get(&address, &[("Authorization", &token)]).await.status,
        false => 0,
    };
    println!("status {status}");
    if status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Somebody at a terminal without a screen: fetches whenever a line comes.
async fn terminal() {
    for _ in io::stdin().lock().lines().map_while(Result::ok) {
        fetch().await;
    }
}

/// Holds what it is told on the first line, in every encoding, in its plain memory, until its input ends.
fn hold() {
    let mut secret = String::new();
    io::stdin().lock().read_line(&mut secret).ok();
    let forms: Vec<_> = Encoding::ALL.iter().map(|encoding| encoding.write(secret.trim())).collect();
    println!("held");
    io::stdin().read_to_end(&mut Vec::new()).ok();
    // Not before.
    drop(std::hint::black_box(forms));
}

/// Tries every way in which a process of the same user could look into `pid`; says of each whether it got in.
fn pry(pid: i32) {
    let opens = |file: &str| {
        File::open(format!("/proc/{pid}/{file}")).and_then(|mut f| f.read(&mut [0; 1]).map(|_| ()))
    };
    // Before we are its tracer ourselves.
    if let Some(got_in) = core_of(pid) {
        println!("gcore {}", if got_in { "in" } else { "refused" });
    }
    let ways = [
        ("mem", File::open(format!("/proc/{pid}/mem")).map(|_| ())),
        ("maps", opens("maps")),
        ("environ", opens("environ")),
        ("process_vm_readv", read_remotely(pid)),
        ("ptrace", attach(pid)),
    ];
    for (way, outcome) in ways {
        println!("{way} {}", if outcome.is_ok() { "in" } else { "refused" });
    }
}

#[expect(unsafe_code, reason = "the remote side is only read, and the local side is a live byte")]
fn read_remotely(pid: i32) -> io::Result<()> {
    let mut byte = 0_u8;
    let here = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // Any address does: who may not look is refused before it is looked at.
    let there = libc::iovec { iov_base: std::ptr::without_provenance_mut(0x1000), iov_len: 1 };
    let count = unsafe { libc::process_vm_readv(pid, &raw const here, 1, &raw const there, 1, 0) };
    let error = io::Error::last_os_error();
    // A bad address is what somebody is told who may look.
    if count >= 0 || error.raw_os_error() == Some(libc::EFAULT) { Ok(()) } else { Err(error) }
}

#[expect(unsafe_code, reason = "attaching touches no memory of ours")]
fn attach(pid: i32) -> io::Result<()> {
    let none = std::ptr::null_mut::<libc::c_void>();
    if unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, none, none) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Whether gcore takes a dump of `pid`; None where there is no gcore.
fn core_of(pid: i32) -> Option<bool> {
    let folder = env::var("TMPDIR").ok()?;
    let prefix = format!("{folder}/pried");
    let mut command = Command::new("gcore");
    command
        .args(["-o", &prefix, &pid.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().ok()?;
    let dump = format!("{prefix}.{pid}");
    let is_there = fs::metadata(&dump).is_ok();
    fs::remove_file(dump).ok();
    Some(is_there)
}

/// Crashes, with a dump where the system takes one: the control of the agent's crash.
#[expect(unsafe_code, reason = "raising the limit and aborting have no preconditions")]
fn crash() {
    let limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &raw const limit);
    }
    io::stdout().flush().ok();
    thread::sleep(std::time::Duration::from_millis(50));
    std::process::abort();
}
