//! The agent: holds every secret, has no window, starts no program of the person's.

use std::{
    fs::OpenOptions,
    os::{fd::RawFd, unix::fs::OpenOptionsExt},
    process::ExitCode,
};

use clap::Parser;
use daypass_agent::{
    afresh::Baggage,
    clock::Clock,
    files::Memory,
    guard::Buses,
    organisation::OrganisationFiles,
    run::{Agent, Parts},
    settings::SettingsFile,
};
use daypass_aws::{client::Aws, config, keyring::Keyring};
use daypass_domain::{
    failure::{Code, Failure},
    protection,
};
use daypass_vault::{
    harden::{Hardening, can_lock, harden},
    stack,
};
use daypass_wire::folder::RuntimeFolder;
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};
use zeroizing_alloc::ZeroAlloc;

/// Wipes what the SDK, hyper, rustls and serde leave on the heap.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

/// A log longer than this is put aside at start.
const LONGEST_LOG: u64 = 1024 * 1024;

/// Daypass's agent. The window and the `daypass` command start it; nobody needs to.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The descriptor of what the image before left.
    #[arg(long, hide = true)]
    afresh: Option<RawFd>,
}

fn main() -> ExitCode {
    // Before anything else, and so before the first secret.
    let hardening = harden();
    let arguments = Arguments::parse();
    match run(hardening, arguments.afresh) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => {
            let failure = Failure::from(code);
            eprintln!("daypass-agent: {}. {}", failure.fact, failure.advice);
            ExitCode::FAILURE
        }
    }
}

fn run(hardening: Hardening, afresh: Option<RawFd>) -> Result<(), Code> {
    let folder = RuntimeFolder::find()?;
    // Before anything is opened.
    let baggage = afresh.map(|number| Baggage::take_up(number, &folder)).transpose()?;
    // A thread that rests keeps nothing of what it worked on.
    let runtime = Builder::new_multi_thread().enable_all().on_thread_park(stack::wipe).build();
    runtime.map_err(|_| Code::Internal)?.block_on(serve(hardening, folder, baggage))
}

async fn serve(hardening: Hardening, folder: RuntimeFolder, baggage: Option<Baggage>) -> Result<(), Code> {
    let memory = Memory::find();
    log(memory.as_ref());
    let variable = |name: &str| std::env::var(name).ok();
    let clock = Clock::Real;
    let configured = config::configured().await;
    let mut agent = Agent::start(Parts {
        aws: Aws::new(variable, clock.wall()),
        keyring: Keyring::new(variable),
        buses: Some(Buses::find(variable)),
        clock,
        settings: SettingsFile::find(),
        organisation: OrganisationFiles::find(),
        configured: configured.sso_sessions,
        config_chains: configured.chained_roles,
        degraded: degraded(hardening, &folder),
        memory,
        folder,
        goes_afresh: true,
        baggage,
    })?;
    let stopped = async {
        let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return std::future::pending().await;
        };
        // A terminal that closes must not take the leases of others with it.
        let _hangup = signal(SignalKind::hangup());
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    };
    let mail = agent.mail.clone();
    tokio::select! {
        goes_on = agent.goes_on() => return match goes_on {
            None => Ok(()),
            // Nothing more is dropped, closed or awaited here: the new image goes on with it.
            Some(baggage) => {
                let error = baggage.exec();
                tracing::error!(kind = ?error.kind(), "the agent could not be executed afresh");
                Err(Code::AgentMissing)
            }
        },
        () = stopped => {}
    }
    drop(mail);
    agent.quit().await;
    agent.ended().await;
    Ok(())
}

/// What protects less than it should on this machine.
fn degraded(hardening: Hardening, folder: &RuntimeFolder) -> Vec<String> {
    let checks = [
        (hardening.undumpable, protection::READABLE),
        (hardening.no_core, protection::DUMPS_CORE),
        (can_lock(), protection::NOT_LOCKED),
        (folder.is_runtime_dir, protection::NO_RUNTIME_FOLDER),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, sentence)| sentence.to_owned()).collect()
}

/// Only our own crates are logged: traces of HTTP libraries hold tokens. `DAYPASS_LOG` sets the level.
fn log(memory: Option<&Memory>) {
    let Some(folder) = memory.map(Memory::folder) else { return };
    std::fs::create_dir_all(folder).ok();
    let path = folder.join("agent.log");
    if std::fs::metadata(&path).is_ok_and(|m| m.len() > LONGEST_LOG) {
        std::fs::rename(&path, folder.join("agent.log.old")).ok();
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let Ok(file) = file else { return };
    let level = std::env::var("DAYPASS_LOG").ok().and_then(|l| l.parse().ok()).unwrap_or(LevelFilter::INFO);
    let ours = ["daypass_agent", "daypass_aws", "daypass_domain", "daypass_vault", "daypass_wire"];
    let targets = Targets::new().with_targets(ours.map(|name| (name, level)));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(file);
    tracing_subscriber::registry().with(targets).with(layer).init();
    // Where a bug struck; never what the panic says, which may be of what passed through.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(at = panic.location().map(tracing::field::display), "Daypass made a mistake");
    }));
}
