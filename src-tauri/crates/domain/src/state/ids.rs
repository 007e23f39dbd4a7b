//! Session ids, one after the other.

use crate::ids::SessionId;

/// Makes session ids: not secret, but different in every run.
#[derive(Debug)]
pub(super) struct Ids(u64);

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> Option<SessionId> {
        // A step of splitmix64: well spread from any seed.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let letters = b"0123456789abcdefghjkmnpqrstvwxyz";
        let id: String = (0..8).map(|i| char::from(letters[(z >> (i * 5)) as usize & 31])).collect();
        id.parse().ok()
    }
}
