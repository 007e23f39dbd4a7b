//! What `State` answers and does, one sentence at a time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "outside cfg(test), yet tests")]

mod afresh;
mod audit;
mod catalog;
mod chained;
mod desktop;
mod ending;
mod issuing;
mod kept;
mod lease;
mod offered;
mod receipt;
mod reuse;
mod rig;
mod settings;
mod sign_in;
mod start_url;
mod waiting;
