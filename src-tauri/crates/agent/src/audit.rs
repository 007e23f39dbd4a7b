//! The audit log on the disk: one line of JSON per entry, each holding the hash of the one before.
//!
//! Written by a thread of its own, which nobody waits for but who asks for a [`Log::barrier`]. What cannot be
//! written is kept, up to a bound, and tried again; what comes beyond that is counted, and the count stands in its
//! place. An unkeyed chain shows damage; it cannot show a forger with the same user's rights.

mod chain;
mod export;
mod files;
mod read;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use daypass_domain::{
    audit::{About, By, Entry, LogFilter, LogFormat, LogPage, LogVerdict, What},
    event::Event,
    failure::Code,
    request::{Answer, Intent},
    time::Timestamp,
};
use tokio::{sync::oneshot, time::timeout};

use crate::{actor::Mail, audit::files::Files};

/// How long a disk may take until a request is given up for it.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);
/// How long the agent's end waits for the disk.
const FINISHED_WITHIN: Duration = Duration::from_secs(1);
/// How often what could not be written is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// How many entries wait for the disk at most.
const MOST_WAITING: usize = 1000;

/// What the writer is told.
enum Letter {
    Entries(Vec<Entry>),
    /// So many found no room, the last of them then.
    Lost(u32, Timestamp),
    /// Whether all that came before is on the disk.
    Barrier(oneshot::Sender<bool>),
    /// The files as they are, once all that came before is written.
    Open(oneshot::Sender<files::Opened>),
    /// What cannot be written: the writer's last.
    Leave(oneshot::Sender<Vec<Entry>>),
}

/// A hand on the log. Clones share it.
#[derive(Clone)]
pub struct Log {
    letters: mpsc::Sender<Letter>,
    /// How many entries are not on the disk yet.
    waiting: Arc<AtomicUsize>,
}

impl Log {
    /// The log in `folder`; `mail` hears where it cannot be written, and where it can again.
    #[must_use]
    pub fn open(folder: PathBuf, mail: tokio::sync::mpsc::Sender<Mail>) -> Self {
        let (letters, received) = mpsc::channel();
        let waiting = Arc::<AtomicUsize>::default();
        let writer = Writer {
            files: Files::at(folder),
            kept: VecDeque::new(),
            is_short: false,
            waiting: Arc::clone(&waiting),
            told: None,
            mail,
        };
        thread::spawn(move || writer.run(&received));
        Self { letters, waiting }
    }

    /// Takes entries to be written. Never waits.
    pub fn write(&self, entries: Vec<Entry>) {
        let Some(at) = entries.last().map(|entry| entry.at) else { return };
        let count = entries.len();
        let letter = if self.waiting.load(Ordering::Relaxed) + count > MOST_WAITING {
            Letter::Lost(u32::try_from(count).unwrap_or(u32::MAX), at)
        } else {
            self.waiting.fetch_add(count, Ordering::Relaxed);
            Letter::Entries(entries)
        };
        self.letters.send(letter).ok();
    }

    /// Resolves once all that was taken before is on the disk.
    ///
    /// # Errors
    /// `AuditUnwritable`: it is not.
    pub fn barrier(&self) -> impl Future<Output = Result<(), Code>> + Send + use<> {
        let (reply, written) = oneshot::channel();
        self.letters.send(Letter::Barrier(reply)).ok();
        async move {
            match timeout(WRITTEN_WITHIN, written).await {
                Ok(Ok(true)) => Ok(()),
                _ => Err(Code::AuditUnwritable),
            }
        }
    }

    /// Waits a moment until what was taken is written: clearing never waits for a disk. Returns what could not be.
    pub async fn finish(&self) -> Vec<Entry> {
        let (reply, left) = oneshot::channel();
        self.letters.send(Letter::Leave(reply)).ok();
        timeout(FINISHED_WITHIN, left).await.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Answers what a person asks of the log; `None` for what is asked of somebody else.
    pub async fn answer(&self, intent: &Intent, now: Timestamp) -> Option<Result<Answer, Code>> {
        Some(match intent {
            Intent::Log { filter, before } => self
                .read(filter.clone(), *before)
                .await
                .map(|page| Answer { log: Some(Box::new(page)), ..Answer::default() }),
            Intent::VerifyLog => self
                .verify()
                .await
                .map(|found| Answer { verdict: Some(Box::new(found)), ..Answer::default() }),
            Intent::ExportLog { format, filter } => self
                .export(*format, filter.clone(), now)
                .await
                .map(|path| Answer { saved: Some(path), ..Answer::default() }),
            _ => return None,
        })
    }

    /// A page of rows, newest first.
    ///
    /// # Errors
    /// `AuditUnreadable`.
    pub async fn read(&self, filter: LogFilter, before: Option<u64>) -> Result<LogPage, Code> {
        self.with_files(move |opened| read::page(opened, &filter, before)).await
    }

    /// Looks through the whole chain.
    ///
    /// # Errors
    /// `AuditUnreadable`.
    pub async fn verify(&self) -> Result<LogVerdict, Code> {
        self.with_files(read::verify).await
    }

    /// Writes rows into a file that the person finds; its path.
    ///
    /// # Errors
    /// `AuditUnreadable`, `ExportUnwritable`.
    pub async fn export(&self, format: LogFormat, filter: LogFilter, now: Timestamp) -> Result<String, Code> {
        let text = self.with_files(move |opened| read::exported(opened, format, &filter)).await?;
        let written = tokio::task::spawn_blocking(move || export::save(format, &text, now));
        written.await.ok().and_then(Result::ok).ok_or(Code::ExportUnwritable)
    }

    /// Reads off the writer's thread: a long log keeps nobody's entry waiting.
    async fn with_files<T: Send + 'static>(
        &self,
        work: impl FnOnce(files::Opened) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Code> {
        let (reply, opened) = oneshot::channel();
        self.letters.send(Letter::Open(reply)).map_err(|_| Code::AuditUnreadable)?;
        let opened = timeout(WRITTEN_WITHIN, opened).await.ok().and_then(Result::ok);
        let opened = opened.ok_or(Code::AuditUnreadable)?;
        let done = tokio::task::spawn_blocking(move || work(opened)).await;
        done.ok().and_then(Result::ok).ok_or(Code::AuditUnreadable)
    }
}

/// The one that writes.
struct Writer {
    files: Files,
    /// What is not on the disk yet, oldest first.
    kept: VecDeque<Entry>,
    /// Whether something was lost that no barrier has told of.
    is_short: bool,
    waiting: Arc<AtomicUsize>,
    /// What was last told of the disk.
    told: Option<Code>,
    mail: tokio::sync::mpsc::Sender<Mail>,
}

impl Writer {
    fn run(mut self, letters: &mpsc::Receiver<Letter>) {
        loop {
            match letters.recv_timeout(AGAIN_AFTER) {
                Ok(Letter::Entries(entries)) => {
                    self.kept.extend(entries);
                    self.write();
                }
                Ok(Letter::Lost(count, at)) => self.lose(count, at),
                Ok(Letter::Barrier(reply)) => {
                    self.write();
                    let is_short = std::mem::take(&mut self.is_short);
                    reply.send(self.kept.is_empty() && !is_short).ok();
                }
                Ok(Letter::Open(reply)) => {
                    self.write();
                    reply.send(self.files.opened()).ok();
                }
                Ok(Letter::Leave(reply)) => {
                    self.write();
                    reply.send(self.kept.into()).ok();
                    return;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => self.write(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.write(),
            }
        }
    }

    /// Notes in their place that entries are missing.
    fn lose(&mut self, more: u32, at: Timestamp) {
        self.is_short = true;
        if let Some(Entry { what: What::Lost { count }, .. }) = self.kept.back_mut() {
            *count += more;
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let what = What::Lost { count: more };
        self.kept.push_back(Entry { at, what, about: About::default(), by: By::Daypass });
    }

    /// Writes what is kept, as far as the disk takes it, and tells of news.
    fn write(&mut self) {
        let mut trouble = None;
        while let Some(entry) = self.kept.front() {
            if let Err(e) = self.files.append(entry) {
                tracing::warn!(kind = ?e.kind(), "the audit log could not be written");
                trouble = Some(Code::AuditUnwritable);
                break;
            }
            self.kept.pop_front();
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        // Not waited for: the actor may be waiting for us. What finds no place is told the next time.
        if trouble != self.told && self.mail.try_send(Mail::Event(Event::Log { trouble })).is_ok() {
            self.told = trouble;
        }
    }
}
