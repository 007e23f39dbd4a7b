//! The files of the log: `audit.jsonl`, and the full ones before it, `audit.1.jsonl` the newest of them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use daypass_domain::audit::{About, By, Entry, What};

use crate::audit::chain::{self, Tip};

/// A file with so many bytes is full.
const FULL: u64 = 4 * 1024 * 1024;
/// How many full ones are kept.
pub(super) const KEPT: usize = 4;
/// So much of a file's end is read for its last whole line; a line has less.
const TAIL: u64 = 64 * 1024;

/// The files, written by one alone.
pub(super) struct Files {
    folder: PathBuf,
    full: u64,
    /// Open once the chain's end is known.
    open: Option<Open>,
}

struct Open {
    file: File,
    tip: Tip,
    /// Bytes of it.
    length: u64,
    /// What stands there does not end a line: a write was cut off.
    is_torn: bool,
}

/// What there is to read: the files, newest first, each with its name and as much of it as is written.
pub(super) struct Opened {
    pub(super) files: Vec<(String, File, u64)>,
    /// Where the chain has come to, as far as the writer knows.
    pub(super) tip: Option<Tip>,
}

impl Files {
    #[must_use]
    pub(super) const fn at(folder: PathBuf) -> Self {
        Self::filled_at(folder, FULL)
    }

    /// The same with smaller files.
    #[must_use]
    pub(super) const fn filled_at(folder: PathBuf, full: u64) -> Self {
        Self { folder, full, open: None }
    }

    pub(super) fn name(age: usize) -> String {
        if age == 0 { "audit.jsonl".to_owned() } else { format!("audit.{age}.jsonl") }
    }

    fn path(&self, age: usize) -> PathBuf {
        self.folder.join(Self::name(age))
    }

    /// Writes one entry, and returns once it is on the disk.
    ///
    /// # Errors
    /// The disk is full, the folder read-only. What was half written is taken back, or else closed off by the next.
    pub(super) fn append(&mut self, entry: &Entry) -> io::Result<()> {
        // Somebody took the file away: the chain goes on in a new one, and what is missing is found.
        let there = fs::symlink_metadata(self.path(0)).ok().map(|m| (m.dev(), m.ino()));
        let is_gone = |open: &Open| open.file.metadata().is_ok_and(|m| Some((m.dev(), m.ino())) != there);
        let gone = self.open.take_if(|open| is_gone(open)).map(|open| open.tip);
        if self.open.take_if(|open| open.length >= self.full).is_some() {
            self.put_aside()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(Open::find(&self.folder, gone)?),
        };
        // The chain's beginning may be deleted some day: each file says that it has one before.
        if open.length == 0 && open.tip.n > 0 {
            let (at, about) = (entry.at, About::default());
            open.append(&Entry { at, what: What::Continued, about, by: By::Daypass })?;
        }
        open.append(entry)
    }

    /// Every full file grows older by one, and the oldest goes.
    fn put_aside(&self) -> io::Result<()> {
        for age in (0..KEPT).rev() {
            match fs::rename(self.path(age), self.path(age + 1)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        File::open(&self.folder)?.sync_all()
    }

    /// Opens what there is to read.
    #[must_use]
    pub(super) fn opened(&self) -> Opened {
        let read = |age| {
            let file = open(&self.path(age), OpenOptions::new().read(true)).ok()?;
            let length = file.metadata().ok()?.len();
            Some((Self::name(age), file, length))
        };
        Opened {
            files: (0..=KEPT).filter_map(read).collect(),
            tip: self.open.as_ref().map(|open| open.tip.clone()),
        }
    }
}

impl Open {
    /// The newest file, and where the chain has come to: as the caller knows, else as the files say.
    fn find(folder: &Path, known: Option<Tip>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o600);
        let mut file = open(&folder.join(Files::name(0)), &mut options)?;
        let (end, length) = tail(&mut file)?;
        let is_torn = !end.is_empty() && end.last() != Some(&b'\n');
        // Where nothing is whole here, the chain goes on from the file before.
        let before = || {
            let mut before = open(&folder.join(Files::name(1)), OpenOptions::new().read(true)).ok()?;
            last_whole(&tail(&mut before).ok()?.0)
        };
        let tip = known.or_else(|| last_whole(&end)).or_else(before).unwrap_or_default();
        Ok(Self { file, tip, length, is_torn })
    }

    fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let (mut line, tip) = chain::line(&self.tip, entry)?;
        if self.is_torn {
            line.insert(0, '\n');
        }
        match self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.length += line.len() as u64;
                self.tip = tip;
                self.is_torn = false;
                Ok(())
            }
            Err(e) => {
                // A line is there as a whole or not at all; where even that fails, the next one closes it off.
                if self.file.set_len(self.length).is_err() {
                    self.length = self.file.metadata().map_or(self.length, |m| m.len());
                    self.is_torn = true;
                }
                Err(e)
            }
        }
    }
}

/// A file, and nothing that stands in its place: a link leads elsewhere, and a pipe would never answer.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(file)
}

/// The last bytes of a file, and how many it has.
fn tail(file: &mut File) -> io::Result<(Vec<u8>, u64)> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok((tail, length))
}

/// Where the chain was with the last line that is what was written.
fn last_whole(tail: &[u8]) -> Option<Tip> {
    tail.rsplit(|&b| b == b'\n').find_map(|line| chain::check(line).map(|(_, tip)| tip))
}
