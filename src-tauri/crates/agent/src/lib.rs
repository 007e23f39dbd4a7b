//! What happens: the process that holds every secret, has no window and starts no program of the person's.
//!
//! One actor ([`actor`]) owns the state and takes everything in order; effects ([`effects`]) run as tasks
//! and report back by events. Secrets go from `aws` into [`secrets`] and leave by [`endpoint`], the
//! console nonce and `reveal` alone.

pub mod actor;
pub mod afresh;
pub mod audit;
pub mod clock;
pub mod effects;
pub mod endpoint;
pub mod files;
pub mod guard;
pub mod nonce;
pub mod organisation;
pub mod practice;
pub mod program;
pub mod protection;
pub mod run;
pub mod secrets;
pub mod self_check;
pub mod settings;
pub mod socket;
