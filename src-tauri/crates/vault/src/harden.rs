//! Readies the process before the first secret exists.
#![expect(unsafe_code, reason = "prctl, setrlimit and umask")]

/// What could not be had.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Hardening {
    /// Other processes of this user cannot read our memory, attach to us or take a dump.
    pub undumpable: bool,
    /// The kernel writes no core file.
    pub no_core: bool,
}

/// No reads by the same user, no core dumps, files for us alone. Not inherited through exec: call it first thing.
#[must_use]
pub fn harden() -> Hardening {
    let mut core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: plain system calls; the pointer is to a live value.
    unsafe {
        libc::umask(0o077);
        // The hard limit stays: a shell that the command starts may raise its own again.
        libc::getrlimit(libc::RLIMIT_CORE, &raw mut core);
        core.rlim_cur = 0;
        Hardening {
            undumpable: libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) == 0,
            no_core: libc::setrlimit(libc::RLIMIT_CORE, &raw const core) == 0,
        }
    }
}

/// How this process stands now, as the kernel says.
#[must_use]
pub fn standing() -> Hardening {
    let mut core = libc::rlimit { rlim_cur: 1, rlim_max: 1 };
    // SAFETY: plain system calls; the pointer is to a live value.
    unsafe {
        libc::getrlimit(libc::RLIMIT_CORE, &raw mut core);
        Hardening { undumpable: libc::prctl(libc::PR_GET_DUMPABLE) == 0, no_core: core.rlim_cur == 0 }
    }
}

/// Whether the system lets us lock memory at all.
#[must_use]
pub fn can_lock() -> bool {
    crate::page::Pages::with_capacity(1).is_ok_and(|p| p.is_locked())
}
