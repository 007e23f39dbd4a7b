//! One secret: some bytes in locked pages, lent and never given.

use std::ops::Range;

use crate::page::{NoMemory, Pages};

/// Bytes that cannot be cloned, printed, compared or serialised. Zeroed when dropped.
pub struct Secret {
    pages: Pages,
    length: usize,
}

static_assertions::assert_not_impl_any!(Secret: Clone, Copy, std::fmt::Debug, std::fmt::Display, PartialEq);

impl Secret {
    /// An empty secret with room for `bytes` bytes, fixed.
    ///
    /// # Errors
    /// No memory.
    pub fn with_capacity(bytes: usize) -> Result<Self, NoMemory> {
        Ok(Self { pages: Pages::with_capacity(bytes)?, length: 0 })
    }

    /// A secret with a copy of `bytes`. The original stays the caller's to wipe.
    ///
    /// # Errors
    /// No memory.
    pub fn copy_of(bytes: &[u8]) -> Result<Self, NoMemory> {
        let mut secret = Self::with_capacity(bytes.len())?;
        secret.fill(bytes.len()).copy_from_slice(bytes);
        Ok(secret)
    }

    /// Makes the secret `length` bytes long (at most its capacity) and lends them to be filled.
    #[must_use]
    pub fn fill(&mut self, length: usize) -> &mut [u8] {
        self.length = length.min(self.pages.bytes().len());
        &mut self.pages.bytes_mut()[..self.length]
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    /// They do not fit.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), NoMemory> {
        let end = self.length.checked_add(bytes.len()).ok_or(NoMemory)?;
        self.pages.bytes_mut().get_mut(self.length..end).ok_or(NoMemory)?.copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }

    /// Lends the bytes.
    pub fn with<T>(&self, lend: impl FnOnce(&[u8]) -> T) -> T {
        lend(&self.pages.bytes()[..self.length])
    }

    /// Lends the bytes as text; empty where they are none.
    pub fn with_str<T>(&self, lend: impl FnOnce(&str) -> T) -> T {
        self.with(|bytes| lend(std::str::from_utf8(bytes).unwrap_or_default()))
    }

    /// How many pages hold it.
    #[must_use]
    pub fn page_count(&self) -> usize {
        self.pages.count()
    }

    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.pages.is_locked()
    }

    /// Where its pages are.
    #[must_use]
    pub fn place(&self) -> Range<usize> {
        let bytes = self.pages.bytes().as_ptr_range();
        bytes.start as usize..bytes.end as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_filled_is_lent() {
        let mut secret = Secret::copy_of(b"open ").unwrap();
        secret.append(b"sesame").unwrap();
        assert!(secret.with_str(|s| s == "open sesame"));
    }

    #[test]
    fn capacity_is_fixed() {
        let mut secret = Secret::with_capacity(1).unwrap();
        assert!(secret.append(&vec![1; 1 << 20]).is_err());
    }
}
