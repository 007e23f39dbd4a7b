//! Command lines and environments of every process of a person, noted all the time and looked through at the end:
//! what will turn out to be a secret is not known before.

use std::{
    collections::HashSet,
    fs,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    needles::{Needles, What},
    processes::{self, Process},
};

/// Often enough to see a command that lives for 20 ms.
const EVERY: Duration = Duration::from_millis(10);

/// Who had which command line, or which environment.
type Notes = HashSet<(Process, Vec<u8>)>;

/// Looks until it is dropped.
pub(crate) struct Watch {
    command_lines: Arc<Mutex<Notes>>,
    environments: Arc<Mutex<Notes>>,
    is_over: Arc<AtomicBool>,
    looking: Option<JoinHandle<()>>,
}

impl Watch {
    pub(crate) fn on(user: u32) -> Self {
        let (command_lines, environments) = (Arc::<Mutex<Notes>>::default(), Arc::<Mutex<Notes>>::default());
        let is_over = Arc::<AtomicBool>::default();
        let (lines, variables, over) =
            (Arc::clone(&command_lines), Arc::clone(&environments), Arc::clone(&is_over));
        let looking = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                for process in processes::of(user) {
                    for (notes, file) in [(&lines, "cmdline"), (&variables, "environ")] {
                        // It may have ended, and only root may read the agent's environment.
                        let Ok(bytes) = fs::read(format!("/proc/{}/{file}", process.pid)) else { continue };
                        notes.lock().unwrap_or_else(PoisonError::into_inner).insert((process.clone(), bytes));
                    }
                }
                thread::sleep(EVERY);
            }
        });
        Self { command_lines, environments, is_over, looking: Some(looking) }
    }

    /// How many command lines there were, and whose held what.
    pub(crate) fn command_lines(&self, needles: &Needles) -> (usize, Vec<(Process, What)>) {
        search(&self.command_lines, needles)
    }

    /// The same of environments.
    pub(crate) fn environments(&self, needles: &Needles) -> (usize, Vec<(Process, What)>) {
        search(&self.environments, needles)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(looking) = self.looking.take() {
            looking.join().ok();
        }
    }
}

fn search(notes: &Mutex<Notes>, needles: &Needles) -> (usize, Vec<(Process, What)>) {
    let notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let found = notes.iter().flat_map(|(process, bytes)| {
        needles.find(bytes).into_iter().map(move |hit| (process.clone(), hit.what))
    });
    (notes.len(), found.collect())
}
