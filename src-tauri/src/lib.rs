//! The desktop: the window, and nothing secret. The only code that says `tauri`.
//!
//! It reads [`run`] from top to bottom: one instance, a connection to the agent ([`link`]), the commands
//! for pages ([`ipc`]), what they set off ([`flow`]), the window ([`window`]), notifications ([`notify`]), the
//! tray ([`tray`]).

#[cfg(target_os = "linux")]
mod bus;
mod flow;
mod instance;
mod ipc;
mod link;
mod notify;
mod since;
#[cfg(target_os = "linux")]
mod tray;
mod window;

use std::{panic::AssertUnwindSafe, process::ExitCode, sync::Arc};

use daypass_domain::{
    failure::{Code, Failure},
    request::Intent,
};
use daypass_wire::folder::RuntimeFolder;

use crate::{instance::Instance, link::Link};

/// Runs the desktop until its window closes.
#[must_use]
pub fn run() -> ExitCode {
    let mut practises = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--practice" => practises = true,
            "--version" => {
                println!("daypass-desktop {}", env!("CARGO_PKG_VERSION"));
                return ExitCode::SUCCESS;
            }
            _ => {
                println!(
                    "daypass-desktop [--practice]\n\n--practice  start with the practice organisation ready"
                );
                return if argument == "--help" { ExitCode::SUCCESS } else { ExitCode::from(2) };
            }
        }
    }
    match start(practises) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("daypass-desktop: {}. {}", failure.fact, failure.advice);
            ExitCode::FAILURE
        }
    }
}

fn start(practises: bool) -> Result<(), Failure> {
    let folder = RuntimeFolder::find()?;
    let Some(instance) = Instance::claim(&folder)? else {
        eprintln!("Daypass is already open; its window has been raised.");
        return Ok(());
    };
    #[cfg(target_os = "linux")]
    bus::do_without_silent();
    let link = Arc::new(Link::default());
    let builder = tauri::Builder::default().manage(Arc::clone(&link)).invoke_handler(ipc::handler()).setup(
        move |app| {
            window::open(app.handle())?;
            let raise = app.handle().clone();
            instance.on_second_start(move || window::raise(&raise));
            tauri::async_runtime::spawn(until_quit(app.handle().clone(), Arc::clone(&link), folder));
            let raise = app.handle().clone();
            tauri::async_runtime::spawn(notify::keep(Arc::clone(&link), move || window::raise(&raise)));
            #[cfg(target_os = "linux")]
            tray::start(app.handle().clone(), Arc::clone(&link));
            if practises {
                tauri::async_runtime::spawn(async move { link.ask_when_there(Intent::Practice).await });
            }
            tauri::async_runtime::spawn(leave_on_signals(app.handle().clone()));
            Ok(())
        },
    );
    build(builder)?.run(|_, _| {});
    Ok(())
}

/// GTK does not return an error where it reaches no display: it panics, with nothing a person could use.
fn build(builder: tauri::Builder<tauri::Wry>) -> Result<tauri::App, Failure> {
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let built = std::panic::catch_unwind(AssertUnwindSafe(|| builder.build(context())));
    std::panic::set_hook(say);
    built.ok().and_then(Result::ok).ok_or_else(|| Code::NoWindow.into())
}

/// tauri.conf.json, the capabilities and the page, as built in.
fn context<R: tauri::Runtime>() -> tauri::Context<R> {
    tauri::generate_context!()
}

/// Whoever has Daypass quit, by the command say, means the window too.
async fn until_quit(app: tauri::AppHandle, link: Arc<Link>, folder: RuntimeFolder) {
    link.keep(folder).await;
    app.exit(0);
}

/// SIGTERM and SIGINT close the window as a person would.
async fn leave_on_signals(app: tauri::AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    app.exit(0);
}
