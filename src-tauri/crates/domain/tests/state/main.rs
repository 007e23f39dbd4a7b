//! What `State` answers and does, one sentence at a time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "outside cfg(test), yet tests")]

mod catalog;
mod ending;
mod issuing;
mod lease;
mod rig;
mod sign_in;
mod start_url;
mod waiting;
