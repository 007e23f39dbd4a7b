//! What a person is told unasked, and when.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

mod desk;
mod ended;
mod ending;
mod trouble;
