//! Terminals and browsers, started in the environment of whoever asked.
