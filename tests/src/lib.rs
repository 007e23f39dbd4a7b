//! The rig: a whole agent and its client against a practice organisation, on clocks that only we move.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "for tests only: a rig that breaks fails the test"
)]

pub mod buses;
pub mod desk;
pub mod environment;
pub mod home;
pub mod http;
pub mod proxy;
pub mod rig;
pub mod signed;
pub mod terminal;
