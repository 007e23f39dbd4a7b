//! Whole flows: a client, the agent, and AWS as the practice organisation plays it.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

mod afresh;
mod audit;
mod bad_days;
mod bugs;
mod chain;
mod clearing;
mod commands;
mod endpoint;
mod guard;
mod hostile;
mod idle;
mod kept;
mod lease;
mod left_behind;
mod limits;
mod organisation;
mod presets;
mod protection;
mod scopes;
mod settings;
mod shells;
mod sign_in;
mod single_flight;
mod template;
mod trouble;
mod watching;
mod way_out;
mod ways_in;
