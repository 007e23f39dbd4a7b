//! IAM: what policies allow, as "Policy evaluation logic" and "IAM JSON policy reference" of the IAM User Guide say.
//!
//! Pure: documents and the keys of a request go in, a decision comes out. No clock, no state, nothing of the wire.

mod condition;
mod context;
mod decision;
mod document;
mod judge;
mod pattern;

pub(crate) use context::Context;
pub(crate) use decision::{Request, Trust, decide, decide_let_in, trusts};
pub(crate) use document::{Document, Kind, Malformed};
pub use judge::lets_pass;
