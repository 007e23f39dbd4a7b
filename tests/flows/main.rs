//! Whole flows: a client, the agent, and AWS as the practice organisation plays it.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

mod endpoint;
mod lease;
mod sign_in;
mod trouble;
mod way_out;
