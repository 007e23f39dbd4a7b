//! Whole flows: a client, the agent, and AWS as the practice organisation plays it.

mod endpoint;
mod lease;
mod sign_in;
mod trouble;
