//! `daypass-practice`: the practice organisation as a program that ends with its parent.

mod arguments;

use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Map, Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use daypass_practice::Practice;

use crate::arguments::Arguments;

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
            eprintln!("daypass-practice: can't start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let practice = Practice::start(arguments.options()).await?;
    if let (Some(file), Some(pem)) = (&arguments.tls_ca_out, practice.ca_pem()) {
        // Before the announcement: who reads that may rely on the file.
        std::fs::write(file, pem)?;
    }
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
