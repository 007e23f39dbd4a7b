//! The other party, over the AWS SDK for Rust.
//!
//! Secrets go straight from answers into `vault`; what comes back to callers otherwise is plain facts
//! and [`Code`](daypass_domain::failure::Code)s. An SDK error is never printed with Debug: it holds the raw body.

pub mod assume;
pub mod client;
pub mod config;
pub mod console;
pub mod device;
pub mod door;
mod error;
pub mod kept;
pub mod keyring;
pub mod oidc;
pub mod pace;
pub mod portal;
pub mod random;
pub mod redirect;
mod skew;
pub mod sts;
mod trust;
