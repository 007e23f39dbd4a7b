//! A practice organisation: a simulated IAM Identity Center, STS, console and a few services on loopback.
//!
//! It fakes the wire, not the objects: any AWS client that lets its endpoints be set can sign in here. One address
//! serves all of it, since the paths of the services don't collide:
//!
//! | service | paths |
//! | --- | --- |
//! | sso-oidc | `/client/register`, `/authorize`, `/device_authorization`, `/device`, `/token` |
//! | portal | `/assignment/accounts`, `/assignment/roles`, `/federation/credentials`, `/logout` |
//! | STS | `/` |
//! | sign-in and console | `/federation`, `/console/…`, `/start` |
//! | S3, DynamoDB, CloudWatch Logs, Systems Manager, Secrets Manager, Lambda, IAM | any, told by the signature |
//!
//! What a caller may do is decided as IAM decides it, by an evaluator of its own: trust policies of the roles there are
//! ([`roles_to_try`], [`Practice::put_role`]), permissions of roles, session policies, tags, source identity.
//!
//! Bad days come on request, from [`Options`] at the start or from [`Practice`] while it runs: a [`Failure`] for any
//! path, for some accounts or for all of them at random [`Rates`]; connections refused, reset or left hanging; a clock
//! that is wrong ([`Clock::set_skew`]); [`HOSTILE_TEXTS`] for names; https by a private CA.
//!
//! Rules of this crate: it imports none of ours and none of Amazon's, so that what agrees with it agrees by
//! the protocol; account names come from a seed, everything secret from the system's random source; every
//! secret has an end; time is asked of one [`Clock`], so that tests need not sleep.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use daypass_practice::{Consent, Options, Practice};
//!
//! let practice = Practice::start(Options { consent: Consent::Allow, ..Options::default() }).await?;
//! println!("{}", practice.start_url());
//! # Ok(())
//! # }
//! ```

mod assume_request;
mod assume_role;
mod authorize;
mod caller;
mod calls;
mod chance;
mod clock;
mod console;
mod device;
mod failure;
mod federation;
mod holdings;
mod hostile;
mod iam;
mod listener;
mod oidc;
mod options;
mod organisation;
mod packed;
mod page;
mod partition;
mod permissions;
mod portal;
mod practice;
mod random;
mod refusal;
mod roles;
mod server;
mod session;
mod sigv4;
mod state;
mod sts;
mod tls;

pub use crate::chance::Rates;
pub use crate::clock::Clock;
pub use crate::failure::{Failure, OidcFailure, Plan, UnknownFailure};
pub use crate::hostile::TEXTS as HOSTILE_TEXTS;
pub use crate::iam::lets_pass;
pub use crate::options::{Consent, Options};
pub use crate::organisation::Account;
pub use crate::practice::Practice;
pub use crate::roles::{ChainedRole, roles_to_try};
pub use crate::state::{Issued, Kind, Request};
