//! The guards of this process's own memory.

use std::{fs, io::ErrorKind, os::unix::fs::MetadataExt};

use daypass_aws::random;
use daypass_domain::protection::{Finding, Locked, Reading};
use daypass_vault::{harden, own, secret::Secret};
use daypass_wire::folder::uid;

use crate::{secrets::Secrets, self_check::Sought};

/// How much is freed for the test: what allocators keep in small and in large bins, and give back at once.
const SIZES: [usize; 4] = [256, 4096, 64 * 1024, 1024 * 1024];
/// Allocators write their own notes into the first bytes of what was freed.
const NOTES: usize = 64;

/// The flags of the pages of every secret held, and of one made for the test.
pub(super) fn locked_pages(secrets: &Secrets) -> Finding {
    let trial = Secret::copy_of(b"no secret");
    let mappings = own::mappings();
    let can_lock = trial.is_ok_and(|trial| {
        let place = trial.place();
        mappings.iter().any(|m| m.is_guarded && m.range.contains(&place.start))
    });
    let pages = Sought::of(secrets, &mappings).pages;
    let (locked, open, hidden) = (pages.locked, pages.open, pages.hidden);
    Finding::LockedPages(Locked { locked, open, hidden, can_lock, room: room() })
}

/// How much more may be locked, in KiB.
fn room() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"))?;
    let limit: u64 = limit.split_whitespace().next()?.parse().ok()?;
    Some((limit / 1024).saturating_sub(status("VmLck:")?.parse().ok()?))
}

/// A word of `/proc/self/status`.
pub(super) fn status(name: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next().map(str::to_owned)
}

/// Writes, grows and frees, and then looks at the same places again.
pub(super) fn freed_memory() -> Finding {
    let (mut tried, mut left) = (0, 0);
    for size in SIZES {
        for grows in [false, true] {
            let Ok(pattern) = random::secret(256) else { continue };
            let place = pattern.with(|pattern| write_and_free(pattern, size, grows));
            let mut after = vec![0; size];
            let read = own::read(place, &mut after);
            // One that the compiler left out would pass for wiped.
            tried += 1;
            let rests =
                |pattern: &[u8]| after[..read].get(NOTES..).is_some_and(|rest| has_part(rest, pattern));
            left += u32::from(pattern.with(rests));
        }
    }
    Finding::FreedMemory { tried: if can_read() { tried } else { 0 }, left }
}

/// Where `size` bytes of it were, until they were freed or had to move to grow.
fn write_and_free(pattern: &[u8], size: usize, grows: bool) -> usize {
    let mut text: Vec<u8> = Vec::with_capacity(size);
    text.extend(pattern.iter().cycle().take(size));
    let text = std::hint::black_box(&mut text);
    let place = text.as_ptr() as usize;
    if grows {
        text.reserve_exact(size * 3);
    }
    std::hint::black_box(place)
}

fn has_part(bytes: &[u8], pattern: &[u8]) -> bool {
    let part = &pattern[..16];
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whether it can look at itself at all.
fn can_read() -> bool {
    let known = *b"look here";
    let mut seen = [0; 9];
    own::read(known.as_ptr() as usize, &mut seen) == seen.len() && seen == known
}

/// What the kernel says of who may read this process.
pub(super) fn reading() -> Finding {
    let standing = harden::standing();
    let refused = match fs::File::open("/proc/self/mem") {
        // Who may read anything tells nothing by it.
        _ if uid() == 0 => None,
        Ok(_) => Some(false),
        Err(e) => Some(e.kind() == ErrorKind::PermissionDenied && belongs_to_root()),
    };
    let read = |path| fs::read_to_string(path).ok();
    Finding::Reading(Reading {
        undumpable: standing.undumpable,
        no_core: standing.no_core,
        refused,
        yama: read("/proc/sys/kernel/yama/ptrace_scope").and_then(|text| text.trim().parse().ok()),
        piped: read("/proc/sys/kernel/core_pattern").is_some_and(|text| text.starts_with('|')),
    })
}

fn belongs_to_root() -> bool {
    fs::metadata("/proc/self/mem").is_ok_and(|found| found.uid() != uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_wiping_allocator_what_was_freed_is_still_there() {
        let Finding::FreedMemory { tried, left } = freed_memory() else { panic!("another finding") };
        assert_eq!(tried, 8);
        assert!(left > 0, "these tests have the system's allocator, which wipes nothing");
    }

    #[test]
    fn a_page_made_just_now_is_locked() {
        let Finding::LockedPages(found) = locked_pages(&Secrets::default()) else {
            panic!("another finding")
        };
        assert!(found.can_lock && found.locked == 0 && found.open == 0, "{found:?}");
    }

    #[test]
    fn a_process_that_was_not_hardened_is_said_to_be_readable() {
        let Finding::Reading(found) = reading() else { panic!("another finding") };
        assert!(!found.undumpable, "{found:?}");
    }
}
