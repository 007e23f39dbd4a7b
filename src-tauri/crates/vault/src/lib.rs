//! What is secret, and nothing else. A leaf: depends on no crate of ours.
//!
//! Secrets rest in whole locked pages ([`page`]), are filled in place and lent through a closure
//! ([`secret`]); no type here can be cloned, printed, serialised or compared. [`harden`] readies the
//! process before the first secret exists, and [`stack`] wipes what calls leave behind. Whether copies of them are anywhere else is found out by [`needle`] in
//! what [`own`] reads.

pub mod credentials;
pub mod harden;
pub mod held;
pub mod needle;
pub mod own;
pub mod page;
pub mod secret;
pub mod stack;
pub mod vault;
