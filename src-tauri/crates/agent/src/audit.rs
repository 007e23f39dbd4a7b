//! The audit log on the disk: one line of JSON per entry, each holding the hash of the one before.
//!
//! Written by a thread of its own, which nobody waits for but who asks for a [`Log::barrier`]. What cannot be
//! written is kept, up to a bound, and tried again. An unkeyed chain shows damage; it cannot show a forger with the
//! same user's rights.

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
        atomic::{AtomicU32, Ordering},
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
/// How many letters the writer may have before it; more come only where the disk hangs.
const MOST_LETTERS: usize = 1024;
/// How many entries are kept while they cannot be written.
const MOST_KEPT: usize = 10_000;

/// What the writer is told.
enum Letter {
    Entries(Vec<Entry>),
    /// Whether all that came before is on the disk.
    Barrier(oneshot::Sender<bool>),
    /// The files as they are, once all that came before is written.
    Open(oneshot::Sender<files::Opened>),
}

/// A hand on the log. Clones share it.
#[derive(Clone)]
pub struct Log {
    letters: mpsc::SyncSender<Letter>,
    /// What found no place among the letters.
    lost: Arc<AtomicU32>,
}

impl Log {
    /// The log in `folder`; `mail` hears where it cannot be written, and where it can again.
    #[must_use]
    pub fn open(folder: PathBuf, mail: tokio::sync::mpsc::Sender<Mail>) -> Self {
        let (letters, received) = mpsc::sync_channel(MOST_LETTERS);
        let lost = Arc::<AtomicU32>::default();
        let writer = Writer {
            files: Files::at(folder),
            kept: VecDeque::new(),
            dropped: 0,
            lost: Arc::clone(&lost),
            told: None,
            mail,
        };
        thread::spawn(move || writer.run(&received));
        Self { letters, lost }
    }

    /// Takes entries to be written. Never waits.
    pub fn write(&self, entries: Vec<Entry>) {
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        if count > 0 && self.letters.try_send(Letter::Entries(entries)).is_err() {
            self.lost.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Resolves once all that was taken before is on the disk.
    ///
    /// # Errors
    /// `AuditUnwritable`: it is not.
    pub fn barrier(&self) -> impl Future<Output = Result<(), Code>> + Send + use<> {
        let (reply, written) = oneshot::channel();
        let is_sent = self.letters.try_send(Letter::Barrier(reply)).is_ok();
        async move {
            match timeout(WRITTEN_WITHIN, written).await {
                Ok(Ok(true)) if is_sent => Ok(()),
                _ => Err(Code::AuditUnwritable),
            }
        }
    }

    /// Waits a moment until what was taken is written: clearing never waits for a disk.
    pub async fn finish(&self) {
        timeout(FINISHED_WITHIN, self.barrier()).await.ok();
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
        self.letters.try_send(Letter::Open(reply)).map_err(|_| Code::AuditUnreadable)?;
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
    /// What was too much to keep.
    dropped: u32,
    lost: Arc<AtomicU32>,
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
                Ok(Letter::Barrier(reply)) => {
                    self.write();
                    reply.send(self.kept.is_empty()).ok();
                }
                Ok(Letter::Open(reply)) => {
                    self.write();
                    reply.send(self.files.opened()).ok();
                }
                Err(mpsc::RecvTimeoutError::Timeout) => self.write(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.write(),
            }
        }
    }

    /// Writes what is kept, as far as the disk takes it, and tells of news.
    fn write(&mut self) {
        while self.kept.len() > MOST_KEPT {
            self.kept.pop_front();
            self.dropped += 1;
        }
        self.dropped += self.lost.swap(0, Ordering::Relaxed);
        if self.dropped > 0
            && let Some(at) = self.kept.front().map(|e| e.at)
        {
            let what = What::Lost { count: self.dropped };
            self.kept.push_front(Entry { at, what, about: About::default(), by: By::Daypass });
            self.dropped = 0;
        }
        let mut trouble = None;
        while let Some(entry) = self.kept.front() {
            if let Err(e) = self.files.append(entry) {
                tracing::warn!(kind = ?e.kind(), "the audit log could not be written");
                trouble = Some(Code::AuditUnwritable);
                break;
            }
            self.kept.pop_front();
        }
        // Not waited for: the actor may be waiting for us. What finds no place is told the next time.
        if trouble != self.told && self.mail.try_send(Mail::Event(Event::Log { trouble })).is_ok() {
            self.told = trouble;
        }
    }
}
