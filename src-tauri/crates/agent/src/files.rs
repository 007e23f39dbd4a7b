//! What is remembered between runs: what was used, and the cached list. Never a secret.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use daypass_domain::{
    catalog::{Catalog, Habit},
    event::Remembered,
    ids::{RoleRef, SsoSessionName},
    request::Pass,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

/// The file in the state folder.
pub struct Memory {
    folder: PathBuf,
}

/// Writes what it is given, the newest last.
pub struct Writer {
    sender: mpsc::UnboundedSender<Remembered>,
    task: JoinHandle<()>,
}

impl Writer {
    pub fn write(&self, remembered: Remembered) {
        self.sender.send(remembered).ok();
    }

    /// Waits until everything is written, a second at most.
    pub async fn finish(self) {
        drop(self.sender);
        timeout(Duration::from_secs(1), self.task).await.ok();
    }
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Saved {
    habits: Vec<(RoleRef, Habit)>,
    catalogs: Vec<(SsoSessionName, Catalog)>,
    passes: Vec<Pass>,
}

impl Memory {
    /// `$XDG_STATE_HOME/daypass`, else `~/.local/state/daypass`.
    #[must_use]
    pub fn find() -> Option<Self> {
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let state =
            absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|h| h.join(".local/state")))?;
        Some(Self { folder: state.join("daypass") })
    }

    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self) -> PathBuf {
        self.folder.join("remembered.json")
    }

    /// Reads what the last run left. A broken file is kept as `.bad`, and nothing is remembered.
    #[must_use]
    pub fn read(&self) -> Remembered {
        let Ok(text) = fs::read(self.path()) else { return Remembered::default() };
        let Ok(saved) = serde_json::from_slice::<Saved>(&text) else {
            tracing::warn!("remembered.json is broken; kept as remembered.json.bad");
            fs::rename(self.path(), self.path().with_extension("json.bad")).ok();
            return Remembered::default();
        };
        Remembered { habits: saved.habits, catalogs: saved.catalogs, passes: saved.passes }
    }

    /// Writes in the background: a slow disk must hold up nothing.
    #[must_use]
    pub fn writer(self) -> Writer {
        let (sender, mut remembered) = mpsc::unbounded_channel();
        let task = tokio::task::spawn_blocking(move || {
            while let Some(mut newest) = remembered.blocking_recv() {
                while let Ok(newer) = remembered.try_recv() {
                    newest = newer;
                }
                if let Err(e) = self.write(newest) {
                    tracing::warn!(kind = ?e.kind(), "what is remembered could not be written");
                }
            }
        });
        Writer { sender, task }
    }

    /// Writes it down: a new file beside the old one, then in its place.
    ///
    /// # Errors
    /// The disk is full or read-only; the old file stays.
    pub fn write(&self, remembered: Remembered) -> io::Result<()> {
        let Remembered { habits, catalogs, passes } = remembered;
        let saved = Saved { habits, catalogs, passes };
        fs::create_dir_all(&self.folder)?;
        let fresh = self.path().with_extension("json.new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(&saved)?)?;
        file.sync_all()?;
        fs::rename(fresh, self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_is_what_is_left_and_a_full_disk_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (
            Remembered::default(),
            Remembered {
                catalogs: vec![("acme".parse().unwrap(), Catalog::default())],
                ..Remembered::default()
            },
        );
        let writer = Memory::at(folder.path().join("state")).writer();
        writer.write(old.clone());
        writer.write(new);
        writer.finish().await;
        assert_eq!(Memory::at(folder.path().join("state")).read().catalogs.len(), 1);
        // A file where the folder should be: nothing can be written there.
        let writer = Memory::at(folder.path().join("state/remembered.json")).writer();
        writer.write(old);
        writer.finish().await;
    }
}
