//! What protects the credentials, looked at on this machine when somebody asks, and never assumed.
//!
//! Looks run beside the actor, each within a limit: one that takes too long is told as such, and delays nothing.

mod disk;
mod endpoint;
mod memory;
mod swap;

use std::{path::PathBuf, sync::Arc, time::Duration};

use daypass_domain::{
    failure::Code,
    protection::{Finding, Guard, GuardKind, Kept, Protection, SelfCheck, Wiping},
    request::Answer,
};
use daypass_wire::folder::RuntimeFolder;
use tokio::{sync::Mutex, task::spawn_blocking, time::timeout};

use crate::{effects::Effects, self_check};

/// How long one look may take; clients wait 5 s.
const LIMIT: Duration = Duration::from_secs(3);

/// Where to look.
pub struct Watchman {
    folder: RuntimeFolder,
    /// Folders of ours.
    places: Vec<PathBuf>,
    /// One look at a time: each reads much.
    turn: Mutex<()>,
}

/// What the state knows, and no look would tell.
pub struct Known {
    pub kept: Kept,
    pub wiping: Wiping,
    /// Where the endpoint listens.
    pub port: Option<u16>,
    pub clients: u32,
}

impl Watchman {
    #[must_use]
    pub fn new(folder: RuntimeFolder, mut places: Vec<PathBuf>) -> Self {
        places.push(folder.path().to_owned());
        Self { folder, places, turn: Mutex::default() }
    }

    /// Looks at every guard.
    pub async fn protection(&self, effects: &Effects, known: Known) -> Answer {
        let _turn = self.turn.lock().await;
        let (folder, places) = (self.folder.clone(), self.places.clone());
        let in_keyring = known.kept.wanted > 0;
        let secrets = || Arc::clone(&effects.secrets);
        let (pages, freed, reading, disk, kept, endpoint, socket, swap) = tokio::join!(
            look(GuardKind::LockedPages, {
                let secrets = secrets();
                move || memory::locked_pages(&secrets)
            }),
            look(GuardKind::FreedMemory, memory::freed_memory),
            look(GuardKind::Reading, memory::reading),
            look(GuardKind::Disk, {
                let secrets = secrets();
                move || disk::disk(&secrets, &places, in_keyring)
            }),
            kept(effects, known.kept),
            endpoint::endpoint(&effects.secrets, known.port, known.clients),
            look(GuardKind::Socket, move || disk::socket(&folder)),
            look(GuardKind::Swap, swap::swap),
        );
        let wiping = Finding::Wiping(known.wiping);
        let findings = [pages, freed, reading, disk, kept, endpoint, socket, swap, wiping];
        let guards = findings.map(Guard::from).into();
        let checked_at = effects.clock.now().wall;
        Answer { protection: Some(Box::new(Protection { checked_at, guards })), ..Answer::default() }
    }

    /// Looks through this process's memory.
    ///
    /// # Errors
    /// `NoMemory`; `Internal` where it came to no end.
    pub async fn self_check(&self, effects: &Effects) -> Result<Answer, Code> {
        let _turn = self.turn.lock().await;
        let (secrets, now) = (Arc::clone(&effects.secrets), effects.clock.now().wall);
        let work = spawn_blocking(move || self_check::check(&secrets, now));
        let check: SelfCheck = work.await.map_err(|_| Code::Internal)?.map_err(|_| Code::NoMemory)?;
        // How much, and no more: what was found says itself.
        tracing::info!(kib = check.kib, clean = check.is_clean(), "looked through our own memory");
        Ok(Answer { self_check: Some(Box::new(check)), ..Answer::default() })
    }
}

/// One look, on a thread of its own.
async fn look(kind: GuardKind, work: impl FnOnce() -> Finding + Send + 'static) -> Finding {
    match timeout(LIMIT, spawn_blocking(work)).await {
        Ok(Ok(finding)) => finding,
        _ => Finding::Late(kind),
    }
}

/// Whether the keyring could keep something now, where it is to.
async fn kept(effects: &Effects, mut kept: Kept) -> Finding {
    if kept.wanted == 0 {
        return Finding::Kept(kept);
    }
    match timeout(LIMIT, effects.keyring_trouble()).await {
        Ok(trouble) => {
            kept.trouble = trouble.map(Into::into).or(kept.trouble);
            Finding::Kept(kept)
        }
        Err(_) => Finding::Late(GuardKind::Kept),
    }
}
