//! What is true. No IO, no async, no clock, no secret.
//!
//! | Word | Meaning |
//! |---|---|
//! | [`request::Intent`] | what a person asks; can be refused |
//! | [`event::Event`] | what the world did; can't be refused |
//! | [`state::State`] | the truth: `ask` for intents, `learn` for events |
//! | [`event::Effect`] | what the agent has to do about it |
//! | [`view::View`] | what clients see |
//!
//! `now` is always an argument. A value that exists is valid.

pub mod audit;
pub mod catalog;
pub mod chain;
pub mod desktop;
pub mod event;
pub mod failure;
pub mod ids;
mod label;
pub mod limit;
pub mod nearest;
pub mod notification;
pub mod organisation;
pub mod protection;
pub mod receipt;
pub mod request;
pub mod scope;
pub mod session;
pub mod settings;
pub mod sso;
pub mod state;
pub mod text;
pub mod time;
pub mod variables;
pub mod view;
