//! Files: what of a secret stands in any that the person's processes wrote.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::needles::{Needles, What};

/// Folders in which anybody may write.
const SHARED: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// What was looked through, and what was found.
#[derive(Default)]
pub(crate) struct Searched {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    pub(crate) found: Vec<(PathBuf, What)>,
}

/// Every file under `folder`, and every file of `user` where anybody may write.
pub(crate) fn search(folder: &Path, user: u32, needles: &Needles) -> Searched {
    let mut searched = Searched::default();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() {
                searched.look_into(&entry.path(), needles);
            }
        }
    }
    for shared in SHARED {
        for entry in fs::read_dir(shared).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_theirs = entry.metadata().is_ok_and(|found| found.uid() == user);
            if is_theirs && !folder.starts_with(&path) {
                searched.look_into(&path, needles);
            }
        }
    }
    searched
}

impl Searched {
    fn look_into(&mut self, path: &Path, needles: &Needles) {
        let Ok(bytes) = fs::read(path) else { return };
        self.files += 1;
        self.bytes += bytes.len() as u64;
        // A name is written to disk as well.
        let name = path.to_string_lossy();
        let hits = needles.find(&bytes).into_iter().chain(needles.find(name.as_bytes()));
        self.found.extend(hits.map(|hit| (path.to_owned(), hit.what)));
    }
}
