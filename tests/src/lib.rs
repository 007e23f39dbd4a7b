//! Helpers shared by the flows.
