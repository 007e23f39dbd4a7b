//! What secrets are for, and what is remembered of those that have gone: keyed hashes of some of their windows.

use std::collections::VecDeque;

use crate::{
    needle::{WINDOW, hash},
    secret::Secret,
};

/// How many secrets that have gone are remembered.
const MOST_GONE: usize = 500;
/// Of so many bytes of a secret that has gone, one window is remembered: whoever undid every hash would still lack
/// half of it.
const GONE_STEP: usize = 2 * WINDOW;

/// What a secret is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    AccessToken,
    RefreshToken,
    ClientSecret,
    SecretAccessKey,
    SessionToken,
    TicketToken,
}

/// Something that holds secrets.
pub trait Held {
    /// Lends each of them: what it is for, whose pages it is in, its bytes.
    fn each(&self, see: &mut dyn FnMut(Kind, &Secret, &[u8]));
}

/// What is remembered of secrets that have gone, the latest last.
#[derive(Default)]
pub struct Gone(VecDeque<Vec<u64>>);

impl Gone {
    pub fn note(&mut self, thing: &impl Held) {
        thing.each(&mut |_, _, bytes| {
            let windows = bytes.chunks(GONE_STEP).filter_map(|part| part.first_chunk::<WINDOW>());
            let hashes: Vec<_> = windows.map(hash).collect();
            if !hashes.is_empty() {
                self.0.push_back(hashes);
            }
        });
        let surplus = self.0.len().saturating_sub(MOST_GONE);
        self.0.drain(..surplus);
    }

    /// The hashes of each.
    pub fn each(&self) -> impl Iterator<Item = &[u64]> {
        self.0.iter().map(Vec::as_slice)
    }
}
