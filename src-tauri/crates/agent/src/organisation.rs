//! The organisation's files: what an administrator ships, and one more that the settings name. Never written.

mod form;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
};

use daypass_domain::{event::Event, organisation::Organisation};
use daypass_wire::folder::uid;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc as mail;

use crate::{actor::Mail, settings::next};

/// Where administrators put it.
const SHIPPED: &str = "/etc/daypass/organisation.toml";
/// A longer file is none of ours.
const LONGEST_FILE: u64 = 1 << 20;

/// The files, and what they said when they were last read.
pub struct OrganisationFiles {
    shipped: PathBuf,
    /// The one that the settings name.
    named: Option<PathBuf>,
    said: Option<Organisation>,
}

/// What whoever keeps the files is told.
enum Order {
    /// The settings name another file.
    Name(Option<PathBuf>),
    /// Something happened near them.
    Look,
}

/// Tells whoever keeps the files.
pub struct Keeper(mpsc::Sender<Order>);

impl Keeper {
    pub fn name(&self, file: Option<&str>) {
        self.0.send(Order::Name(file.map(PathBuf::from))).ok();
    }
}

impl OrganisationFiles {
    #[must_use]
    pub fn find() -> Self {
        Self::at(SHIPPED.into())
    }

    #[must_use]
    pub fn at(shipped: PathBuf) -> Self {
        Self { shipped, named: None, said: None }
    }

    /// Reads them with the one that the settings name; None where there is a mistake in one.
    pub fn start(&mut self, named: Option<&str>) -> Option<Organisation> {
        self.named = named.map(PathBuf::from);
        self.said = self.read();
        self.said.clone()
    }

    /// Keeps them on a thread of its own.
    #[must_use]
    pub fn keep(mut self, news: mail::Sender<Mail>) -> Keeper {
        let (orders, received) = mpsc::channel();
        let looks = orders.clone();
        std::thread::spawn(move || {
            let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // That somebody reads is no news, and we do.
                if event.is_ok_and(|event| !event.kind.is_access()) {
                    looks.send(Order::Look).ok();
                }
            })
            .ok();
            let mut watched = BTreeSet::new();
            // They may have been saved after they were read and before they were watched.
            let mut wants_look = true;
            loop {
                self.watch(watcher.as_mut(), &mut watched);
                match next(&received, wants_look) {
                    Ok(Order::Look) => wants_look = true,
                    Ok(Order::Name(named)) => {
                        self.named = named;
                        wants_look = true;
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        wants_look = false;
                        let read = self.read();
                        if read == self.said {
                            continue;
                        }
                        self.said.clone_from(&read);
                        let organisation = read.map(Box::new);
                        let event = Event::OrganisationRead { organisation };
                        if news.blocking_send(Mail::Event(event)).is_err() {
                            return;
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Keeper(orders)
    }

    /// Watches the folders the files are in, or are to be in.
    fn watch(&self, watcher: Option<&mut RecommendedWatcher>, watched: &mut BTreeSet<PathBuf>) {
        let Some(watcher) = watcher else { return };
        let nearest =
            |path: &Path| path.ancestors().skip(1).find(|folder| folder.is_dir()).map(PathBuf::from);
        let wanted: BTreeSet<_> = self.paths().filter_map(nearest).collect();
        for gone in watched.difference(&wanted) {
            watcher.unwatch(gone).ok();
        }
        for new in wanted.difference(watched) {
            watcher.watch(new, RecursiveMode::NonRecursive).ok();
        }
        *watched = wanted;
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        [Some(self.shipped.as_path()), self.named.as_deref()].into_iter().flatten()
    }

    /// What they say together; None where there is a mistake in one.
    fn read(&self) -> Option<Organisation> {
        let mut all = Organisation::default();
        for path in self.paths() {
            let said = match text(path) {
                Ok(text) => form::read(&text),
                Err(e) if e.kind() == io::ErrorKind::NotFound && path == self.shipped => continue,
                Err(e) => Err(e.to_string()),
            };
            match said {
                Ok(said) => {
                    all.chained_roles.extend(said.chained_roles);
                    all.presets.extend(said.presets);
                    all.rules.extend(said.rules);
                    all.accounts.extend(said.accounts);
                }
                Err(mistake) => {
                    tracing::warn!(mistake, "the organisation's file could not be understood");
                    return None;
                }
            }
        }
        Some(all)
    }
}

/// The file's text, if nobody but root or the person could have written it.
fn text(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    let is_trusted = [0, uid()].contains(&about.uid()) && about.mode() & 0o002 == 0;
    if !is_trusted || !about.is_file() || about.len() > LONGEST_FILE {
        let reason = "it belongs to somebody else, is writable by everybody, or is no file of that kind";
        return Err(io::Error::other(reason));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    const RULE: &str = "[[rule]]\nrole = '*'\naccount = '*'\nreason-required = true\n";

    #[test]
    fn no_file_says_nothing_and_two_say_what_both_do() {
        let folder = tempfile::tempdir().unwrap();
        let (shipped, named) = (folder.path().join("a.toml"), folder.path().join("b.toml"));
        let mut files = OrganisationFiles::at(shipped.clone());
        assert_eq!(files.start(None), Some(Organisation::default()));
        fs::write(&shipped, RULE).unwrap();
        fs::write(&named, RULE).unwrap();
        assert_eq!(files.start(named.to_str()).unwrap().rules.len(), 2);
        fs::remove_file(&named).unwrap();
        assert_eq!(files.start(named.to_str()), None, "one that is named has to be there");
    }

    #[test]
    fn a_file_that_anybody_could_have_written_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, RULE).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o646)).unwrap();
        assert_eq!(OrganisationFiles::at(path.clone()).start(None), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(OrganisationFiles::at(path).start(None).is_some());
        assert_eq!(OrganisationFiles::at(folder.path().to_owned()).start(None), None, "a folder is no file");
    }
}
