//! This process's own memory, as another process would find it if it were let in.
#![expect(unsafe_code, reason = "process_vm_readv and mincore, which write into buffers of ours alone")]

use std::{fs, ops::Range};

use crate::page::page_size;

/// One line of `/proc/self/smaps`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mapping {
    pub range: Range<usize>,
    /// Memory of ours that programs write to: not a file's, as code is.
    pub is_data: bool,
    /// Kept out of swap, dumps and forks.
    pub is_guarded: bool,
    /// Of `memfd_secret`: out of the kernel's own reach.
    pub is_hidden: bool,
    is_used: bool,
    is_swapped: bool,
}

/// Every mapping of this process; none where the kernel does not tell.
#[must_use]
pub fn mappings() -> Vec<Mapping> {
    fs::read_to_string("/proc/self/smaps").map(|text| parse(&text)).unwrap_or_default()
}

fn parse(smaps: &str) -> Vec<Mapping> {
    let mut all: Vec<Mapping> = Vec::new();
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        if let Some(range) = range(first) {
            let rights = words.next().unwrap_or_default();
            let name = words.nth(3).unwrap_or_default();
            // What a program can write, and what it has no right to now but may have written before.
            let is_data = rights.starts_with("rw") || (!name.starts_with('/') && !name.starts_with("[v"));
            let is_hidden = name.starts_with("/secretmem");
            all.push(Mapping { range, is_data, is_hidden, ..Mapping::default() });
        } else if let Some(mapping) = all.last_mut() {
            let some =
                |mut words: std::str::SplitAsciiWhitespace<'_>| words.next().is_some_and(|kib| kib != "0");
            match first {
                "Rss:" => mapping.is_used = some(words),
                "Swap:" => mapping.is_swapped = some(words),
                "VmFlags:" => {
                    let flags: Vec<_> = words.collect();
                    let has = |flag| flags.contains(&flag);
                    // Hidden pages are shared memory, which is given to forks; their kernel side forbids the rest.
                    mapping.is_guarded = has("lo") && has("dd") && (has("wf") || mapping.is_hidden);
                }
                _ => {}
            }
        }
    }
    all
}

fn range(text: &str) -> Option<Range<usize>> {
    let (low, high) = text.split_once('-')?;
    Some(usize::from_str_radix(low, 16).ok()?..usize::from_str_radix(high, 16).ok()?)
}

impl Mapping {
    /// The parts that have ever been touched: the rest holds nothing.
    #[must_use]
    pub fn touched(&self) -> Vec<Range<usize>> {
        if self.is_swapped {
            return vec![self.range.clone()];
        }
        let page = page_size();
        let mut resident = vec![0_u8; if self.is_used { self.range.len() / page } else { 0 }];
        // SAFETY: the kernel checks the range, and writes one byte a page, for which there is room.
        let told = unsafe {
            libc::mincore(self.range.start as *mut libc::c_void, resident.len() * page, resident.as_mut_ptr())
                == 0
        };
        if !told {
            return vec![self.range.clone()];
        }
        let mut parts: Vec<Range<usize>> = Vec::new();
        for (number, _) in resident.iter().enumerate().filter(|(_, flags)| *flags & 1 == 1) {
            let start = self.range.start + number * page;
            match parts.last_mut() {
                Some(last) if last.end == start => last.end += page,
                _ => parts.push(start..start + page),
            }
        }
        parts
    }
}

/// Reads from `address` on, as a debugger would; how many bytes there were. Where nothing is mapped any more, none.
#[must_use]
pub fn read(address: usize, into: &mut [u8]) -> usize {
    let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: into.len() };
    // SAFETY: the kernel checks the remote range, and writes at most the length of `into` to it.
    let read =
        unsafe { libc::process_vm_readv(libc::getpid(), &raw const local, 1, &raw const remote, 1, 0) };
    usize::try_from(read).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Pages;

    #[test]
    fn what_the_kernel_tells_of_a_mapping_is_understood() {
        let line = |range: &str, rights: &str, name: &str, rss: u32, flags: &str| {
            format!("{range} {rights} 00000000 00:00 0 {name}\nRss: {rss} kB\nSwap: 0 kB\nVmFlags: {flags}\n")
        };
        let text = [
            line("1000-2000", "rw-p", "", 4, "rd wr lo dd wf"),
            line("2000-3000", "r-xp", "/usr/bin/a", 4, "rd ex"),
            line("3000-4000", "rw-s", "/secretmem (deleted)", 4, "rd wr lo dd"),
            line("4000-5000", "rw-p", "[heap]", 0, "rd wr lo"),
            line("5000-6000", "r--p", "[vvar]", 4, "rd"),
        ]
        .concat();
        let all: Vec<_> = parse(&text).into_iter().map(|m| (m.is_data, m.is_guarded, m.is_hidden)).collect();
        assert_eq!(
            all,
            [
                (true, true, false),
                (false, false, false),
                (true, true, true),
                (true, false, false),
                (false, false, false)
            ]
        );
    }

    #[test]
    fn only_pages_that_were_touched_are_looked_at() {
        let page = page_size();
        let mut pages = vec![0_u8; 0];
        pages.reserve_exact(1 << 20);
        let start = (pages.as_ptr() as usize).next_multiple_of(page) + 8 * page;
        // Fresh from the system, and one byte is written.
        pages.resize(start - pages.as_ptr() as usize + 1, 0);
        let whole = mappings().into_iter().find(|m| m.range.contains(&start)).unwrap();
        assert!(whole.is_data && !whole.is_guarded);
        let touched = whole.touched();
        assert!(touched.iter().any(|part| part.contains(&start)));
        assert!(!touched.iter().any(|part| part.contains(&(start + 100 * page))));
    }

    #[test]
    fn it_reads_what_is_there_and_nothing_where_nothing_is() {
        let mut pages = Pages::with_capacity(4).unwrap();
        pages.bytes_mut()[..4].copy_from_slice(b"here");
        let at = pages.bytes().as_ptr() as usize;
        let mut read_back = [0; 4];
        assert_eq!((read(at, &mut read_back), &read_back), (4, b"here"));
        assert!(mappings().iter().any(|m| m.range.contains(&at) && m.is_guarded));
        drop(pages);
        assert_eq!(read(0, &mut read_back), 0);
    }
}
