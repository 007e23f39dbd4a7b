//! Whole pages of memory that are locked, left out of core dumps, and zeroed before release.
#![expect(unsafe_code, reason = "the one place that maps and locks memory")]

use std::{ptr::NonNull, slice};

use zeroize::Zeroize;

/// Memory for secrets could not be had.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoMemory;

/// Some whole pages, all zero at first, of fixed size.
///
/// They are `mlock`ed where the system allows it (see [`Pages::is_locked`]), `MADV_DONTDUMP` and
/// `MADV_WIPEONFORK`. Dropping zeroes them before they go back to the system.
pub struct Pages {
    start: NonNull<u8>,
    size: usize,
    is_locked: bool,
}

static_assertions::assert_not_impl_any!(Pages: Clone, Copy, std::fmt::Debug, std::fmt::Display);

// SAFETY: `Pages` owns its mapping alone; access follows the borrow rules of `&self` and `&mut self`.
unsafe impl Send for Pages {}
// SAFETY: `&Pages` only reads.
unsafe impl Sync for Pages {}

impl Pages {
    /// Maps enough pages for `bytes` bytes, at least one.
    ///
    /// # Errors
    /// The system has no memory for us. A refused lock is no error: see [`Pages::is_locked`].
    pub fn with_capacity(bytes: usize) -> Result<Self, NoMemory> {
        let page = page_size();
        let size = bytes.max(1).checked_next_multiple_of(page).ok_or(NoMemory)?;
        // SAFETY: a fresh anonymous private mapping; no memory of ours is touched.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(NoMemory);
        }
        // SAFETY: the range is the mapping made above.
        let is_locked = unsafe {
            libc::madvise(start, size, libc::MADV_DONTDUMP);
            libc::madvise(start, size, libc::MADV_WIPEONFORK);
            libc::mlock(start, size) == 0
        };
        let start = NonNull::new(start.cast()).ok_or(NoMemory)?;
        Ok(Self { start, size, is_locked })
    }

    /// Whether the system promised to keep these pages out of swap.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// How many pages these are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.size / page_size()
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is `size` initialised (zeroed) bytes and lives as long as `self`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.size) }
    }

    #[must_use]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `&mut self` is the only access.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.size) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        // SAFETY: the mapping made in `with_capacity`, released once. Unmapping unlocks.
        unsafe {
            libc::munmap(self.start.as_ptr().cast(), self.size);
        }
    }
}

pub(crate) fn page_size() -> usize {
    // SAFETY: no preconditions.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `VmFlags` line of the mapping that holds `address`.
    fn flags_of(address: usize) -> String {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        for line in smaps.lines() {
            if let Some((range, _)) = line.split_once(' ')
                && let Some((low, high)) = range.split_once('-')
                && let (Ok(low), Ok(high)) = (usize::from_str_radix(low, 16), usize::from_str_radix(high, 16))
            {
                inside = (low..high).contains(&address);
            } else if inside && let Some(flags) = line.strip_prefix("VmFlags:") {
                return flags.to_owned();
            }
        }
        panic!("no mapping at the address");
    }

    #[test]
    fn pages_are_locked_and_left_out_of_dumps_and_forks() {
        let pages = Pages::with_capacity(10).unwrap();
        let flags = flags_of(pages.bytes().as_ptr() as usize);
        for flag in ["lo", "dd", "wf"] {
            assert!(flags.split_whitespace().any(|f| f == flag), "{flag} missing in {flags}");
        }
        assert!(pages.is_locked());
        assert_eq!(pages.count(), 1);
    }

    #[test]
    fn an_absurd_size_is_an_error() {
        assert!(Pages::with_capacity(usize::MAX).is_err());
    }
}
