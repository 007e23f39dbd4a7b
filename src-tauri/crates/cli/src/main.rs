//! The `daypass` command: AWS access that expires on time, from a shell.
//!
//! A client of the agent, as the window is. Secrets come in through `reveal` alone: the ticket for
//! `shell` and `exec`, the keys for `env`; neither is written anywhere but where the person asked.

mod agent;
mod args;
mod child;
mod environment;
mod json;
mod keys;
mod lease;
mod log;
mod narrow;
mod passes;
mod posture;
mod prompt;
mod protection;
mod roles;
mod shell;
mod sign_in;
mod startup;
mod status;
mod terminal;
mod text;
mod title;
mod trouble;
mod worn;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::{Args, Verb},
    trouble::Trouble,
};

/// Wipes whatever is freed, also what serde, tokio and std leave behind.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    let posture = posture::harden();
    environment::leave_outer_shell();
    let args = Args::parse();
    let json = args.json;
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| Trouble::internal())
        .and_then(|runtime| runtime.block_on(run(args, posture)));
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(trouble) => trouble.tell(json),
    }
}

/// Does what was asked; returns the exit code.
async fn run(args: Args, posture: posture::Posture) -> Result<u8, Trouble> {
    let json = args.json;
    match args.verb {
        Verb::Status => status::status(json).await?,
        Verb::Practice { no_sign_in, print_url } => sign_in::practice(no_sign_in, print_url, json).await?,
        Verb::SignIn(place) => sign_in::sign_in(place, json).await?,
        Verb::SignOut { sso_session } => sign_in::sign_out(sso_session.as_ref(), json).await?,
        Verb::Roles { query } => roles::list(&query, json).await?,
        Verb::Request(wanted) => {
            roles::check_spelling(&wanted.role)?;
            lease::request(*wanted, json).await?;
        }
        Verb::Take { name } => passes::take(name, json).await?,
        Verb::Pass { verb } => passes::pass(verb, json).await?,
        Verb::Sessions => lease::sessions(json).await?,
        Verb::Renew { session } => lease::renew(session.as_ref(), json).await?,
        Verb::End { session, at_aws: true, .. } => lease::end_at_aws(session.as_ref(), json).await?,
        Verb::End { session, all, .. } => lease::end(session.as_ref(), all, json).await?,
        Verb::Console { session, print_url } => lease::console(session.as_ref(), print_url, json).await?,
        Verb::Shell { session } => return shell::shell(session.as_ref(), &posture).await,
        Verb::Exec { session, command } => return shell::exec(session.as_ref(), command, &posture).await,
        Verb::Whoami => status::whoami(json).await?,
        Verb::Env { session } => keys::print(session.as_ref(), json).await?,
        Verb::Prompt { dialect } => return prompt::prompt(dialect).await,
        Verb::Protection { check } => return protection::protection(check, json).await,
        Verb::Log(wanted) => return log::log(wanted, json).await,
        Verb::Quit => status::quit(json).await?,
        Verb::Json => text::print(args::JSON_SHAPES)?,
    }
    Ok(0)
}
