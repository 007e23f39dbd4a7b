//! The settings file: read at start and whenever it is saved, written when the window changes something.

pub(crate) mod form;

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use daypass_domain::{event::Event, failure::Code, settings::Settings};
use notify::{RecursiveMode, Watcher};
use tokio::{
    sync::{mpsc as mail, oneshot},
    time::timeout,
};

use crate::actor::Mail;

/// Editors save in several steps; the file is looked at when they have been at rest for so long.
const AT_REST: Duration = Duration::from_millis(100);

/// The next order for whoever keeps a file; a timeout where a look is wanted and nothing more has come for a while.
pub(crate) fn next<T>(orders: &mpsc::Receiver<T>, wants_look: bool) -> Result<T, RecvTimeoutError> {
    if wants_look { orders.recv_timeout(AT_REST) } else { orders.recv().map_err(Into::into) }
}

/// The file in the person's configuration folder.
pub struct SettingsFile {
    path: PathBuf,
    /// What we last read or wrote: a change that brings nothing else is no news.
    text: String,
}

/// What the file said at start.
#[derive(Default)]
pub struct AtStart {
    pub settings: Settings,
    pub trouble: Option<Code>,
}

/// What the keeper of the file is told.
enum Order {
    Save(Box<Settings>, oneshot::Sender<()>),
    /// All that was told before is done.
    Finish(oneshot::Sender<()>),
    /// Something happened in the folder.
    Look,
}

/// Hands settings to whoever keeps the file.
pub struct Keeper(mpsc::Sender<Order>);

impl Keeper {
    /// Has the settings written; resolves when they are, or can't be.
    pub fn save(&self, settings: Settings) -> impl Future<Output = ()> + use<> {
        let (sender, done) = oneshot::channel();
        self.0.send(Order::Save(Box::new(settings), sender)).ok();
        async move { drop(done.await) }
    }

    /// Waits until everything is written, a second at most.
    pub async fn finish(self) {
        let (sender, done) = oneshot::channel();
        self.0.send(Order::Finish(sender)).ok();
        timeout(Duration::from_secs(1), done).await.ok();
    }
}

impl SettingsFile {
    /// `$XDG_CONFIG_HOME/daypass/settings.toml`, else below `~/.config`.
    #[must_use]
    pub fn find() -> Option<Self> {
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let config = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|h| h.join(".config")))?;
        Some(Self::at(&config.join("daypass")))
    }

    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { path: folder.join("settings.toml"), text: String::new() }
    }

    /// The folder it is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Reads it; makes it where there is none. A broken file is kept as `.bad`, and defaults are used.
    pub fn start(&mut self) -> AtStart {
        let settings = Settings::default();
        match self.look() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let trouble = self.put(form::TEMPLATE.to_owned()).err().map(|_| Code::SettingsUnwritable);
                AtStart { settings, trouble }
            }
            // Not text, or not ours to read.
            Err(_) => AtStart { settings, trouble: Some(self.put_aside()) },
            Ok(None) => AtStart { settings, trouble: None },
            Ok(Some(Err(_))) => AtStart { settings, trouble: Some(self.put_aside()) },
            Ok(Some(Ok(read))) => AtStart { settings: read.settings, trouble: unknown(&read.unknown) },
        }
    }

    /// Keeps it on a thread of its own: a slow disk must hold up nothing.
    #[must_use]
    pub fn keep(mut self, news: mail::Sender<Mail>) -> Keeper {
        let (orders, received) = mpsc::channel();
        let looks = orders.clone();
        std::thread::spawn(move || {
            // Of the folder, for editors put a new file in the place of the old. Without, changes by hand wait.
            let watcher = notify::recommended_watcher(move |_: notify::Result<notify::Event>| {
                looks.send(Order::Look).ok();
            });
            let _watcher = watcher.and_then(|mut watcher| {
                watcher.watch(self.path.parent().unwrap_or(&self.path), RecursiveMode::NonRecursive)?;
                Ok(watcher)
            });
            let mut wants_look = false;
            loop {
                // The watcher has a sender of its own, so this ends with the process, or when nobody hears.
                match next(&received, wants_look) {
                    Ok(Order::Look) => wants_look = true,
                    Ok(Order::Save(settings, done)) => {
                        let trouble = self.save(&settings).err().map(|_| Code::SettingsUnwritable);
                        news.blocking_send(Mail::Event(Event::SettingsFile { trouble })).ok();
                        done.send(()).ok();
                    }
                    Ok(Order::Finish(done)) => {
                        done.send(()).ok();
                        return;
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        wants_look = false;
                        for event in self.news() {
                            if news.blocking_send(Mail::Event(event)).is_err() {
                                return;
                            }
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Keeper(orders)
    }

    /// What the person changed by hand. A mistake changes nothing, and the file stays as it is.
    fn news(&mut self) -> Vec<Event> {
        match self.look() {
            Ok(Some(Ok(read))) => vec![
                Event::SettingsRead { settings: Box::new(read.settings) },
                Event::SettingsFile { trouble: unknown(&read.unknown) },
            ],
            Ok(Some(Err(mistake))) => {
                tracing::warn!(mistake, "settings.toml has a mistake");
                vec![Event::SettingsFile { trouble: Some(Code::SettingsInvalid) }]
            }
            // Gone for a moment while an editor saves, or for good: what was read goes on.
            Ok(None) | Err(_) => vec![],
        }
    }

    /// Reads the file; None where it says nothing new.
    fn look(&mut self) -> io::Result<Option<Result<form::Read, String>>> {
        let text = fs::read_to_string(&self.path)?;
        if text == self.text {
            return Ok(None);
        }
        self.text = text;
        Ok(Some(form::read(&self.text)))
    }

    fn save(&mut self, settings: &Settings) -> io::Result<()> {
        // Somebody may be at it in an editor: what they saved and we have not read yet is kept.
        let before = fs::read_to_string(&self.path).unwrap_or_else(|_| form::TEMPLATE.to_owned());
        if form::read(&before).is_err() {
            self.put_aside();
        }
        let text = form::write(&before, settings).map_err(|_| io::ErrorKind::InvalidData)?;
        self.put(text)
    }

    fn put_aside(&self) -> Code {
        if let Ok(text) = fs::read_to_string(&self.path)
            && let Err(mistake) = form::read(&text)
        {
            tracing::warn!(mistake, "settings.toml is broken; kept as settings.toml.bad");
        }
        fs::rename(&self.path, self.path.with_extension("toml.bad")).ok();
        Code::SettingsBroken
    }

    /// A new file beside the old one, then in its place.
    fn put(&mut self, text: String) -> io::Result<()> {
        // A link of the person's (their dotfiles) stays one.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let fresh = path.with_extension("toml.new");
        let mut file = File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(fresh, path)?;
        self.text = text;
        Ok(())
    }
}

fn unknown(names: &[String]) -> Option<Code> {
    if !names.is_empty() {
        tracing::warn!(?names, "settings.toml has settings that Daypass does not know");
    }
    (!names.is_empty()).then_some(Code::SettingsUnknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(contents: Option<&str>) -> (tempfile::TempDir, SettingsFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(folder.path());
        if let Some(contents) = contents {
            fs::write(&file.path, contents).unwrap();
        }
        (folder, file)
    }

    #[test]
    fn the_first_start_leaves_a_commented_file() {
        let (_folder, mut file) = file(None);
        assert_eq!(file.start().trouble, None);
        assert_eq!(fs::read_to_string(&file.path).unwrap(), form::TEMPLATE);
    }

    #[test]
    fn a_broken_file_is_kept_beside_and_the_defaults_are_used() {
        let (folder, mut file) = file(Some("duration = = 1"));
        let start = file.start();
        assert_eq!((start.trouble, start.settings), (Some(Code::SettingsBroken), Settings::default()));
        assert_eq!(fs::read_to_string(folder.path().join("settings.toml.bad")).unwrap(), "duration = = 1");
        file.save(&Settings::default()).unwrap();
        assert_eq!(fs::read_to_string(&file.path).unwrap(), form::TEMPLATE);
    }

    #[test]
    fn a_mistake_made_while_we_run_stays_in_the_file_until_we_have_to_write() {
        let (folder, mut file) = file(Some("duration = '2h'"));
        assert_eq!(file.start().settings.duration.0, 7200);
        fs::write(&file.path, "duration = '").unwrap();
        assert!(matches!(file.news()[..], [Event::SettingsFile { trouble: Some(Code::SettingsInvalid) }]));
        assert_eq!(fs::read_to_string(&file.path).unwrap(), "duration = '");
        file.save(&Settings::default()).unwrap();
        assert!(folder.path().join("settings.toml.bad").exists());
        assert!(file.news().is_empty(), "what we wrote is no news");
    }

    #[tokio::test]
    async fn what_cannot_be_written_whole_leaves_the_file_as_it_was_and_is_said() {
        let (folder, mut file) = file(Some("duration = '2h'"));
        let settings = Settings { prompt: false, ..file.start().settings };
        // In the way of the new file that goes in the old one's place.
        fs::create_dir(folder.path().join("settings.toml.new")).unwrap();
        let (news, mut letters) = mail::channel(8);
        let path = file.path.clone();
        file.keep(news).save(settings).await;
        let said = letters.recv().await;
        let trouble = Some(Code::SettingsUnwritable);
        assert!(
            matches!(said, Some(Mail::Event(Event::SettingsFile { trouble: t })) if t == trouble),
            "it was not said"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "duration = '2h'");
    }

    #[test]
    fn a_setting_with_a_wrong_name_is_said_and_the_others_hold() {
        let (_folder, mut file) = file(Some("duration = '2h'\ncolor = 'red'"));
        let start = file.start();
        assert_eq!((start.trouble, start.settings.duration.0), (Some(Code::SettingsUnknown), 7200));
    }

    #[test]
    fn a_linked_file_stays_a_link() {
        let (folder, mut file) = file(None);
        let dotfile = folder.path().join("dotfile.toml");
        fs::write(&dotfile, "duration = '2h'").unwrap();
        std::os::unix::fs::symlink(&dotfile, &file.path).unwrap();
        let settings = file.start().settings;
        file.save(&settings).unwrap();
        assert!(fs::symlink_metadata(&file.path).unwrap().is_symlink());
        assert!(fs::read_to_string(&dotfile).unwrap().contains("2h"));
    }
}
