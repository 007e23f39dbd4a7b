//! The memory of a process: what of it is there, page by page, and what of a secret stands in it.
//!
//! Driven by `/proc/PID/pagemap`, so that the gigabytes which WebKit reserves and never touches cost nothing. Pages of
//! files on disk that were never written to are left out: files are searched as files.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
};

use crate::{
    needles::{Encoding, Needles, What},
    processes::Process,
};

const PAGE: u64 = 4096;
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
/// A page of a file, or of shared memory.
const OF_FILE: u64 = 1 << 61;
/// So many pages are read at a time at most.
const MOST_PAGES: usize = 16 * 1024;

/// A piece of a secret in a process.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) process: Process,
    pub(crate) what: What,
    pub(crate) encoding: Encoding,
    pub(crate) length: usize,
    pub(crate) address: u64,
    pub(crate) mapping: String,
    /// In pages that are locked and left out of dumps, where secrets may rest.
    pub(crate) is_kept: bool,
}

impl Found {
    /// Where it was, for whoever looks for its cause.
    pub(crate) fn place(&self) -> String {
        format!(
            "{} in {} {} as {:?}, {} bytes at {:x} in {}{}",
            self.what.name(),
            self.process.program,
            self.process.pid,
            self.encoding,
            self.length,
            self.address,
            if self.mapping.is_empty() { "anonymous memory" } else { &self.mapping },
            if self.is_kept { ", locked" } else { "" },
        )
    }
}

/// A range of addresses, as `smaps` tells of it.
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    start: u64,
    end: u64,
    name: String,
    is_empty: bool,
    flags: String,
}

impl Mapping {
    fn has(&self, flag: &str) -> bool {
        self.flags.split_whitespace().any(|known| known == flag)
    }

    /// `mlock`ed: nothing but secrets is.
    pub(crate) fn is_locked(&self) -> bool {
        self.has("lo")
    }

    /// Locked, left out of core dumps, and wiped in a forked child.
    pub(crate) fn is_guarded(&self) -> bool {
        ["lo", "dd", "wf"].iter().all(|flag| self.has(flag))
    }

    /// Whether its unwritten pages are those of a file on disk.
    fn is_of_disk(&self) -> bool {
        self.name.starts_with('/')
            && !self.name.ends_with(" (deleted)")
            && !["/dev/", "/memfd:", "/SYSV"].iter().any(|prefix| self.name.starts_with(prefix))
    }
}

/// The mappings of `pid`.
///
/// # Errors
/// It has ended, or it takes root.
pub(crate) fn mappings(pid: u32) -> io::Result<Vec<Mapping>> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for line in fs::read_to_string(format!("/proc/{pid}/smaps"))?.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        if let Some((start, end)) = first.split_once('-')
            && let (Ok(start), Ok(end)) = (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16))
        {
            let name = line.splitn(6, ' ').nth(5).unwrap_or_default().trim().to_owned();
            mappings.push(Mapping { start, end, name, is_empty: true, flags: String::new() });
        } else if let Some(mapping) = mappings.last_mut() {
            match first {
                "Rss:" | "Swap:" => mapping.is_empty &= line.contains(" 0 kB"),
                "VmFlags:" => line.clone_into(&mut mapping.flags),
                _ => {}
            }
        }
    }
    Ok(mappings)
}

/// Every piece of `needles` in the memory of `process`; none where it has ended.
///
/// # Errors
/// It takes root.
pub(crate) fn search(process: &Process, needles: &Needles) -> io::Result<Vec<Found>> {
    match try_search(process, needles) {
        Err(error)
            if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) =>
        {
            Ok(Vec::new())
        }
        other => other,
    }
}

fn try_search(process: &Process, needles: &Needles) -> io::Result<Vec<Found>> {
    let pid = process.pid;
    let pagemap = File::open(format!("/proc/{pid}/pagemap"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut found = Vec::new();
    for mapping in mappings(pid)?.iter().filter(|mapping| !mapping.is_empty) {
        for (start, pages) in runs(&pagemap, mapping)? {
            let mut bytes = vec![0; pages * usize::try_from(PAGE).unwrap_or_default()];
            // What is unmapped meanwhile, or a device's, can't be read.
            let Ok(count) = memory.read_at(&mut bytes, start) else { continue };
            found.extend(needles.find(&bytes[..count]).into_iter().map(|hit| Found {
                process: process.clone(),
                what: hit.what,
                encoding: hit.encoding,
                length: hit.length,
                address: start + hit.at as u64,
                mapping: mapping.name.clone(),
                is_kept: mapping.is_guarded(),
            }));
        }
    }
    Ok(found)
}

/// The runs of pages of `mapping` that are there: where each begins, and how many pages it has.
fn runs(pagemap: &File, mapping: &Mapping) -> io::Result<Vec<(u64, usize)>> {
    let is_of_disk = mapping.is_of_disk();
    let is_wanted = |entry: u64| entry & (PRESENT | SWAPPED) != 0 && !(is_of_disk && entry & OF_FILE != 0);
    let mut runs: Vec<(u64, usize)> = Vec::new();
    let mut entries = vec![0; 512 * 1024];
    let mut address = mapping.start;
    while address < mapping.end {
        let wanted =
            usize::try_from((mapping.end - address) / PAGE * 8).unwrap_or(entries.len()).min(entries.len());
        let count = pagemap.read_at(&mut entries[..wanted], address / PAGE * 8)?;
        if count < 8 {
            break;
        }
        for entry in entries[..count].chunks_exact(8) {
            let mut bits = [0; 8];
            bits.copy_from_slice(entry);
            if is_wanted(u64::from_ne_bytes(bits)) {
                match runs.last_mut() {
                    Some((start, pages))
                        if *start + *pages as u64 * PAGE == address && *pages < MOST_PAGES =>
                    {
                        *pages += 1
                    }
                    _ => runs.push((address, 1)),
                }
            }
            address += PAGE;
        }
    }
    Ok(runs)
}
