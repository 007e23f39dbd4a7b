//! What a second start of the desktop says to the one that runs: one line on its socket, and one byte back.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    time::Duration,
};

use crate::folder::RuntimeFolder;

const PATIENCE: Duration = Duration::from_secs(1);
/// How long a desktop that has only begun may take to hear.
const HEARS_WITHIN: Duration = Duration::from_secs(5);
/// More than any call takes.
const LONGEST: u64 = 512;

/// What the desktop is called for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Errand {
    /// Bring up the main window.
    Raise,
    /// Bring up the quick switcher.
    Switcher,
}

const WORDS: [(Errand, &str); 2] = [(Errand::Raise, "raise"), (Errand::Switcher, "switcher")];

/// An errand, and what lets its window take the focus.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    pub errand: Errand,
    /// The caller's `XDG_ACTIVATION_TOKEN` or `DESKTOP_STARTUP_ID`: by it the desktop environment knows that a
    /// person asked for the window.
    pub token: Option<String>,
}

impl Call {
    /// The errand, with a token that can be said on one line, or none.
    #[must_use]
    pub fn new(errand: Errand, token: Option<String>) -> Self {
        let can_be_said = |token: &String| {
            !token.is_empty() && token.len() <= 256 && token.bytes().all(|b| b.is_ascii_graphic())
        };
        Self { errand, token: token.filter(can_be_said) }
    }

    /// Says it to the desktop of this folder, and waits until it is heard.
    ///
    /// # Errors
    /// None listens there, or it leaves; `WouldBlock` where it is too busy to say that it has heard.
    pub fn say(&self, folder: &RuntimeFolder) -> io::Result<()> {
        let mut desktop = UnixStream::connect(folder.desktop_socket())?;
        desktop.set_write_timeout(Some(PATIENCE))?;
        let word = WORDS.iter().find(|(errand, _)| *errand == self.errand).map_or("", |(_, word)| word);
        let token = self.token.as_deref().unwrap_or_default();
        desktop.write_all(format!("{word} {token}\n").as_bytes())?;
        desktop.shutdown(Shutdown::Write)?;
        desktop.set_read_timeout(Some(HEARS_WITHIN))?;
        match desktop.read(&mut [0])? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// What a caller said; `None` where that is nothing known.
    #[must_use]
    pub fn hear(caller: &UnixStream) -> Option<Self> {
        caller.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut said = Vec::new();
        caller.take(LONGEST).read_to_end(&mut said).ok()?;
        Self::parse(std::str::from_utf8(&said).ok()?)
    }

    /// Tells the caller that its call was heard.
    pub fn was_heard(mut caller: &UnixStream) {
        caller.write_all(b".").ok();
    }

    fn parse(said: &str) -> Option<Self> {
        let (word, token) = said.strip_suffix('\n')?.split_once(' ')?;
        let (errand, _) = WORDS.iter().find(|(_, known)| *known == word)?;
        Some(Self::new(*errand, Some(token.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let top = tempfile::tempdir().unwrap();
        let folder = RuntimeFolder::at(top.path().to_path_buf());
        let listener = UnixListener::bind(folder.desktop_socket()).unwrap();
        for (errand, _) in WORDS {
            for token in [None, Some("gnome-shell/Daypass/1-2_TIME345".to_owned())] {
                let call = Call::new(errand, token);
                let (said, folder) = (call.clone(), folder.clone());
                let saying = std::thread::spawn(move || said.say(&folder));
                let (caller, _) = listener.accept().unwrap();
                assert_eq!(Call::hear(&caller), Some(call));
                Call::was_heard(&caller);
                saying.join().unwrap().unwrap();
            }
        }
    }

    #[test]
    fn what_is_unknown_is_nothing() {
        let long = format!("raise {}\n", "x".repeat(1000));
        for said in ["", "raise", "raise\n", "fly \n", " \n", "RAISE \n", "raise a"] {
            assert_eq!(Call::parse(said), None, "{said:?}");
        }
        assert_eq!(Call::parse(&long), Some(Call::new(Errand::Raise, None)), "the token alone is odd");
        let (mut caller, desktop) = UnixStream::pair().unwrap();
        caller.write_all(&[0xff; 2000]).unwrap();
        drop(caller);
        assert_eq!(Call::hear(&desktop), None);
    }

    #[test]
    fn a_token_that_would_break_the_line_is_left_out() {
        for token in ["a\nraise ", "a b", "\u{1b}[2J", "é", &"x".repeat(257)] {
            assert_eq!(Call::new(Errand::Raise, Some(token.to_owned())).token, None, "{token:?}");
        }
    }
}
