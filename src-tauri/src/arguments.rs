//! What the desktop is started with.

use daypass_wire::desktop::{Call, Errand};

const HELP: &str = "\
daypass-desktop [--hidden | --switcher] [--practice]

--hidden    start without a window: in the tray, or minimised where there is none
--switcher  open the quick switcher, starting Daypass hidden unless it runs
--practice  start with the practice organisation ready
--version   print the version";

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) practises: bool,
    pub(crate) shows: Shows,
}

/// What is seen first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Shows {
    #[default]
    Window,
    Switcher,
    Nothing,
}

impl Arguments {
    /// # Errors
    /// What to print instead, and whether it was asked for.
    pub(crate) fn parse(given: impl Iterator<Item = String>) -> Result<Self, (String, bool)> {
        let mut arguments = Self::default();
        for argument in given {
            match argument.as_str() {
                "--practice" => arguments.practises = true,
                "--hidden" => arguments.shows = Shows::Nothing,
                "--switcher" => arguments.shows = Shows::Switcher,
                "--version" => return Err((format!("daypass-desktop {}", env!("CARGO_PKG_VERSION")), true)),
                _ => return Err((HELP.to_owned(), argument == "--help")),
            }
        }
        Ok(arguments)
    }

    /// What to call a desktop for that runs already.
    pub(crate) fn call(self) -> Option<Call> {
        let errand = match self.shows {
            Shows::Window => Errand::Raise,
            Shows::Switcher => Errand::Switcher,
            Shows::Nothing => return None,
        };
        let token =
            ["XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"].iter().find_map(|name| std::env::var(name).ok());
        Some(Call::new(errand, token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Arguments, (String, bool)> {
        Arguments::parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_start_says_what_it_shows() {
        assert_eq!(parse(""), Ok(Arguments { practises: false, shows: Shows::Window }));
        assert_eq!(parse("--hidden --practice"), Ok(Arguments { practises: true, shows: Shows::Nothing }));
        assert_eq!(parse("--switcher").unwrap().call().unwrap().errand, Errand::Switcher);
        assert_eq!(parse("--hidden").unwrap().call(), None);
    }

    #[test]
    fn help_is_printed_when_asked_for_and_when_needed() {
        assert_eq!(parse("--help"), Err((HELP.to_owned(), true)));
        assert_eq!(parse("--fly"), Err((HELP.to_owned(), false)));
        assert!(parse("--version").unwrap_err().1);
    }
}
