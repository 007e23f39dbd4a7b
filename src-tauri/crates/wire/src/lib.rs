//! How clients talk to the agent: one Unix socket, length-prefixed JSON frames.
//!
//! 1. The client sends a [`message::Hello`], the agent answers with its own; versions must be equal.
//! 2. A client with [`message::Purpose::Control`] sends [`message::ToAgent`] and gets
//!    [`message::FromAgent`]: replies by number, and views once it asked to watch.
//! 3. A client with [`message::Purpose::Reveal`] goes on as the crate `reveal` says.
//!
//! The desktop has a socket of its own, on which it is called: [`desktop`].
//!
//! Nothing here can hold a secret.

pub mod client;
pub mod desktop;
pub mod folder;
pub mod follow;
pub mod frame;
pub mod message;
pub mod start;
