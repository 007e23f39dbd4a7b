//! Terminals and browsers, started by whoever asked, in their own environment.
//!
//! Nothing started here gets a credential, a token or a ticket: neither in its arguments nor in its
//! environment. `daypass shell`, run inside the terminal, asks the agent for the ticket itself.

pub mod browser;
pub mod environment;
pub mod terminal;

mod command_line;
mod start;
