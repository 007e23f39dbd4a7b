//! `daypass prompt`: what a Daypass shell shows of its lease. The shell asks at each prompt, so it must not wait.

use std::{env, time::Duration};

use daypass_domain::failure::Code;
use tokio::time::timeout;

use crate::{
    agent,
    args::Dialect,
    environment,
    text::{escape, print},
    title,
    trouble::Trouble,
    worn::{State, Worn, unprinted},
};

/// The agent answers in a few milliseconds, on a busy machine in a hundred.
const PATIENCE: Duration = Duration::from_secs(2);
/// The exit code that says that there is no need to ask again.
const IS_OVER: u8 = 4;

pub(crate) async fn prompt(dialect: Dialect) -> Result<u8, Trouble> {
    let session = agent::own_session().ok_or(Code::NoLiveSession)?;
    let (role, account) = environment::own_names();
    let worn = timeout(PATIENCE, Worn::now(&session, &role, &account))
        .await
        .unwrap_or_else(|_| Worn::unseen(&role, &account, State::Unknown));
    let title = if title::is_shown() { title_in(dialect, &worn.title().0) } else { String::new() };
    let is_coloured = env::var_os("NO_COLOR").is_none();
    print(&format!("{title}\n{} \n", worn.prompt(dialect, is_coloured)))?;
    Ok(if worn.state == State::Ended { IS_OVER } else { 0 })
}

/// As a part of the prompt in bash, to be printed in zsh; fish sets titles itself.
fn title_in(dialect: Dialect, title: &str) -> String {
    match dialect {
        Dialect::Bash => unprinted(&title::sequence(title), dialect),
        Dialect::Zsh => title::sequence(title),
        Dialect::Fish => escape(title),
    }
}
