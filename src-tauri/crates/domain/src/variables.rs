//! The environment variables that Daypass sets for some programs, and that no other program is to inherit.

/// Names them, so that a program of ours can tell them from the person's own.
pub const OURS: &str = "DAYPASS_ENVIRONMENT";

/// The variables that the value of [`OURS`] names, and [`OURS`] itself.
pub fn names(ours: &str) -> impl Iterator<Item = &str> {
    ours.split(',').filter(|name| !name.is_empty()).chain([OURS])
}
