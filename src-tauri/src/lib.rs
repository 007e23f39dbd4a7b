//! The desktop: the window, and nothing secret. The only code that says `tauri`.
//!
//! It reads [`run`] from top to bottom: one instance, a connection to the agent ([`link`]), the commands
//! for pages ([`ipc`]), what they set off ([`flow`]), the windows ([`window`], [`switcher`]), notifications
//! ([`notify`]), the tray ([`tray`]).

mod arguments;
mod autostart;
#[cfg(target_os = "linux")]
mod bus;
mod flow;
mod instance;
mod ipc;
mod link;
mod notify;
mod page;
#[cfg(target_os = "linux")]
mod painting;
mod place;
mod since;
mod switcher;
#[cfg(target_os = "linux")]
mod tray;
mod window;

use std::{panic::AssertUnwindSafe, process::ExitCode, sync::Arc};

use daypass_domain::{
    failure::{Code, Failure},
    request::Intent,
};
use daypass_wire::{
    desktop::{Call, Errand},
    folder::RuntimeFolder,
};
use tauri::{AppHandle, Manager, RunEvent};

use crate::{
    arguments::{Arguments, Shows},
    instance::Instance,
    link::Link,
    place::Places,
};

/// Runs the desktop until somebody quits it.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err((words, was_asked_for)) => {
            println!("{words}");
            return if was_asked_for { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("daypass-desktop: {}. {}", failure.fact, failure.advice);
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> Result<(), Failure> {
    let folder = RuntimeFolder::find()?;
    let Some(instance) = Instance::claim(&folder, arguments.call().as_ref())? else {
        eprintln!("Daypass runs already.");
        return Ok(());
    };
    #[cfg(target_os = "linux")]
    {
        bus::do_without_silent();
        painting::without_simulated_card();
    }
    let link = Arc::new(Link::default());
    let builder = tauri::Builder::default()
        .manage(Arc::clone(&link))
        .manage(Places::find())
        .manage(page::Hidden::default())
        .manage(switcher::Wanted::default())
        .invoke_handler(ipc::handler())
        .setup(move |app| {
            let app = app.handle();
            match arguments.shows {
                Shows::Window => window::raise(app),
                Shows::Switcher => switcher::open(app, None),
                Shows::Nothing => switcher::warm(app),
            }
            instance.on_call(answer_calls(app.clone()));
            tauri::async_runtime::spawn(until_quit(app.clone(), Arc::clone(&link), folder));
            let raise = app.clone();
            tauri::async_runtime::spawn(notify::keep(Arc::clone(&link), move |token| {
                window::raise_with(&raise, token)
            }));
            #[cfg(target_os = "linux")]
            tray::start(app.clone(), Arc::clone(&link));
            tauri::async_runtime::spawn(window::stay_in_reach(app.clone(), Arc::clone(&link)));
            tauri::async_runtime::spawn(autostart::follow(Arc::clone(&link)));
            if arguments.practises {
                tauri::async_runtime::spawn(async move { link.ask_when_there(Intent::Practice).await });
            }
            tauri::async_runtime::spawn(leave_on_signals(app.clone()));
            Ok(())
        });
    build(builder)?.run(|app, event| match event {
        // The last window's process was freed; the tray goes on. Whoever leaves says so by a code.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::Exit => app.state::<Places>().save(),
        _ => {}
    });
    Ok(())
}

fn answer_calls(app: AppHandle) -> impl Fn(Call) + Send + 'static {
    move |Call { errand, token }| match errand {
        Errand::Raise => window::raise_with(&app, token),
        Errand::Switcher => switcher::open(&app, token),
    }
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
async fn until_quit(app: AppHandle, link: Arc<Link>, folder: RuntimeFolder) {
    link.keep(folder).await;
    app.exit(0);
}

/// SIGTERM and SIGINT end the desktop as Quit does, but for the leases: those are the agent's.
async fn leave_on_signals(app: AppHandle) {
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
