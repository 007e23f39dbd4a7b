//! `daypass-practice`: the practice organisation as a program that ends with its parent.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::{Map, Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use daypass_practice::{Consent, Options, Practice};

/// A simulated AWS organisation on loopback: IAM Identity Center, STS and console.
///
/// Prints one line of JSON when it listens: baseUrl, startUrl, region, and the environment that points AWS clients
/// at it. Ends when its standard input is closed, or on SIGTERM or SIGINT.
#[derive(Parser)]
#[command(name = "daypass-practice", version)]
struct Arguments {
    /// Port on 127.0.0.1; 0 for any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Number of accounts
    #[arg(long, default_value_t = 71)]
    accounts: usize,
    /// Number of roles in all accounts together
    #[arg(long, default_value_t = 214)]
    roles: usize,
    /// Seed of the names
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Milliseconds every answer waits
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Portal calls a second before it answers 429; no limit by default
    #[arg(long, value_name = "N")]
    calls_per_second: Option<u32>,
    /// Retry-After of a 429, in seconds; none by default
    #[arg(long, value_name = "SECONDS")]
    retry_after: Option<u64>,
    /// Lifetime of access tokens
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    access_token_lifetime: u64,
    /// Lifetime of the Identity Center session
    #[arg(long, value_name = "SECONDS", default_value_t = 28800)]
    session_lifetime: u64,
    /// Lifetime of role credentials
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    role_credentials_lifetime: u64,
    /// A start URL to accept besides its own
    #[arg(long, value_name = "URL")]
    start_url: Option<String>,
    /// Sign in without asking
    #[arg(long)]
    auto_approve: bool,
    /// Print the environment as `export` lines as well
    #[arg(long)]
    print_env: bool,
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            port: self.port,
            accounts: self.accounts,
            roles: self.roles,
            seed: self.seed,
            latency: Duration::from_millis(self.latency),
            calls_per_second: self.calls_per_second,
            retry_after: self.retry_after.map(Duration::from_secs),
            access_token_lifetime: Duration::from_secs(self.access_token_lifetime),
            session_lifetime: Duration::from_secs(self.session_lifetime),
            role_credentials_lifetime: Duration::from_secs(self.role_credentials_lifetime),
            start_url: self.start_url.clone(),
            consent: if self.auto_approve { Consent::Allow } else { Consent::Ask },
            ..Options::default()
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            eprintln!(
                "daypass-practice: the port is taken; choose another with --port, or 0 for any free one"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("daypass-practice: can't listen on loopback: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let practice = Practice::start(arguments.options()).await?;
    announce(&practice, arguments.print_env)?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
        _ = end_of_input() => {}
    }
    Ok(())
}

fn announce(practice: &Practice, has_exports: bool) -> io::Result<()> {
    let env: Map<String, Value> =
        practice.env().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let line = json!({
        "baseUrl": practice.base_url(),
        "startUrl": practice.start_url(),
        "region": practice.region(),
        "env": env,
    });
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    if has_exports {
        for (name, value) in practice.env() {
            writeln!(output, "export {name}={value}")?;
        }
    }
    output.flush()
}

/// Resolves when standard input is closed. A thread of its own reads it, since such a read can't be cancelled.
async fn end_of_input() {
    let (closed, is_closed) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut buffer = [0; 1024];
        let mut input = io::stdin().lock();
        loop {
            match input.read(&mut buffer) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        drop(closed);
    });
    let _ = is_closed.await;
}
