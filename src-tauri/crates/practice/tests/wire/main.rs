//! The practice organisation as a client meets it: raw requests on a real socket.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "all of this is tests")]

mod assume_role;
mod bad_days;
mod calls;
mod client;
mod console;
mod device;
mod failures;
mod portal;
mod sign_in;
mod signed;
mod sts;
mod tls;
