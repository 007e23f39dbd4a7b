//! Whole pages of memory that are locked, left out of core dumps, and zeroed before release.
//!
//! By choice they are `memfd_secret`'s: locked as well, and out of the kernel's own map, so that neither another
//! process nor root reads them through it.
#![expect(unsafe_code, reason = "the one place that maps and locks memory")]

use std::{
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    ptr::NonNull,
    slice,
    sync::atomic::{AtomicBool, Ordering},
};

use zeroize::Zeroize;

/// Memory for secrets could not be had.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoMemory;

/// Whether pages made from now on are to be secret memory.
static WANTS_SECRET: AtomicBool = AtomicBool::new(false);

/// Chooses the kind of memory for pages made from now on, in the whole process. Returns whether the system gives that
/// kind; where it doesn't, pages are locked ones.
#[must_use]
pub fn want_secret(wants: bool) -> bool {
    WANTS_SECRET.store(wants, Ordering::Relaxed);
    !wants || Pages::with_capacity(1).is_ok_and(|pages| pages.is_secret)
}

#[must_use]
pub fn is_secret_wanted() -> bool {
    WANTS_SECRET.load(Ordering::Relaxed)
}

/// Some whole pages, all zero at first, of fixed size.
///
/// They are `mlock`ed where the system allows it (see [`Pages::is_locked`]), `MADV_DONTDUMP` and
/// `MADV_WIPEONFORK`; or secret memory, which a fork does not take along. Dropping zeroes them before they go back to
/// the system.
pub struct Pages {
    start: NonNull<u8>,
    size: usize,
    is_locked: bool,
    is_secret: bool,
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
        if is_secret_wanted()
            && let Some(start) = secret(size)
        {
            return Ok(Self { start, size, is_locked: true, is_secret: true });
        }
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
        Ok(Self { start, size, is_locked, is_secret: false })
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
        // SAFETY: the mapping made in `with_capacity`, of either kind, released once. Unmapping unlocks.
        unsafe {
            libc::munmap(self.start.as_ptr().cast(), self.size);
        }
    }
}

/// Maps `size` bytes of secret memory; None where the kernel has none, or no more for us.
fn secret(size: usize) -> Option<NonNull<u8>> {
    // SAFETY: a plain system call; the descriptor it returns is new, and ours.
    let fd = unsafe {
        let fd = libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC);
        OwnedFd::from_raw_fd(i32::try_from(fd).ok().filter(|fd| *fd >= 0)?)
    };
    // SAFETY: a fresh mapping of our own file; no memory of ours is touched. It outlives the descriptor.
    let start = unsafe {
        if libc::ftruncate(fd.as_raw_fd(), libc::off_t::try_from(size).ok()?) != 0 {
            return None;
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(std::ptr::null_mut(), size, access, libc::MAP_SHARED, fd.as_raw_fd(), 0)
    };
    if start == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the range is the mapping made above. It is shared, so a child must not get it at all.
    unsafe {
        libc::madvise(start, size, libc::MADV_DONTFORK);
    }
    NonNull::new(start.cast())
}

pub(crate) fn page_size() -> usize {
    // SAFETY: no preconditions.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

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
    fn pages_are_secret_memory_where_that_is_wanted_and_locked_ones_where_there_is_none() {
        let works = want_secret(true);
        let mut pages = Pages::with_capacity(10).unwrap();
        assert!(want_secret(false), "the usual kind is always to be had");
        pages.bytes_mut()[..3].copy_from_slice(b"key");
        assert_eq!((&pages.bytes()[..4], pages.count(), pages.is_locked()), (&b"key\0"[..], 1, true));
        assert!(!Pages::with_capacity(10).unwrap().is_secret);
        if !works {
            eprintln!("not tried: this kernel gives no secret memory (boot it with secretmem.enable=1)");
            assert!(!pages.is_secret);
            return;
        }
        let flags = flags_of(pages.bytes().as_ptr() as usize);
        for flag in ["lo", "dd", "dc"] {
            assert!(flags.split_whitespace().any(|f| f == flag), "{flag} missing in {flags}");
        }
        let mut read = [0; 3];
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        let at = pages.bytes().as_ptr() as u64;
        assert!(memory.read_exact_at(&mut read, at).is_err(), "the kernel itself does not reach it");
    }

    #[test]
    fn an_absurd_size_is_an_error() {
        assert!(Pages::with_capacity(usize::MAX).is_err());
    }
}
