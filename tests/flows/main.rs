//! Whole flows: a client, the agent, and AWS as the practice organisation plays it.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

mod bad_days;
mod endpoint;
mod hostile;
mod lease;
mod sign_in;
mod trouble;
mod way_out;
