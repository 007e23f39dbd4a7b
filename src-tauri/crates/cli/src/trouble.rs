//! What went wrong: said on standard error, and as an exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use daypass_domain::failure::{Code, Failure};
use serde::Serialize;

use crate::text::{capitalised, escape};

/// A failure as the command tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Trouble {
    code: String,
    fact: String,
    advice: String,
    /// What the person may have meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<String>,
    #[serde(skip)]
    exit: u8,
    #[serde(skip)]
    is_told: bool,
}

impl Trouble {
    /// Trouble that only the command has, so that `domain` has no code for it.
    pub(crate) fn own(code: &str, fact: &str, advice: &str) -> Self {
        let (code, fact, advice) = (code.to_owned(), fact.to_owned(), advice.to_owned());
        Self { code, fact, advice, candidates: Vec::new(), exit: 1, is_told: false }
    }

    pub(crate) fn internal() -> Self {
        Code::Internal.into()
    }

    pub(crate) fn usage(fact: &str, advice: &str) -> Self {
        Self { exit: 2, ..Self::own("usage", fact, advice) }
    }

    #[must_use]
    pub(crate) fn with_candidates(self, candidates: impl IntoIterator<Item = String>) -> Self {
        Self { candidates: candidates.into_iter().collect(), ..self }
    }

    #[must_use]
    pub(crate) fn with_advice(self, advice: &str) -> Self {
        Self { advice: advice.to_owned(), ..self }
    }

    #[must_use]
    pub(crate) fn with_exit(self, exit: u8) -> Self {
        Self { exit, ..self }
    }

    #[cfg(test)]
    pub(crate) fn exit(&self) -> u8 {
        self.exit
    }

    /// Whether it is this one of `domain`'s.
    pub(crate) fn is(&self, code: Code) -> bool {
        self.code == name(code)
    }

    /// Said already: only the exit code is left.
    #[must_use]
    pub(crate) fn told(self) -> Self {
        Self { is_told: true, ..self }
    }

    /// Says it on standard error.
    pub(crate) fn tell(&self, json: bool) -> ExitCode {
        if self.is_told {
            return ExitCode::from(self.exit);
        }
        let words = if json { serde_json::to_string(self).unwrap_or_default() } else { self.sentence() };
        // Where standard error is closed, the exit code has to do.
        writeln!(io::stderr(), "{words}").ok();
        ExitCode::from(self.exit)
    }

    fn sentence(&self) -> String {
        let mut words = format!("{}. {}", capitalised(&self.fact), self.advice);
        for candidate in &self.candidates {
            words.push_str("\n  ");
            words.push_str(&escape(candidate));
        }
        words
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self {
            code: name(failure.code),
            exit: exit_code(failure.code),
            fact: failure.fact,
            advice: failure.advice,
            candidates: Vec::new(),
            is_told: false,
        }
    }
}

impl From<Code> for Trouble {
    fn from(code: Code) -> Self {
        Failure::from(code).into()
    }
}

impl From<io::Error> for Trouble {
    /// Standard output is gone or full.
    fn from(_: io::Error) -> Self {
        Self::own("output", "the output could not be written", "Check where it goes.")
    }
}

fn name(code: Code) -> String {
    serde_json::to_value(code).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
}

fn exit_code(code: Code) -> u8 {
    match code {
        Code::NotSignedIn
        | Code::NoSignIn
        | Code::SignInBusy
        | Code::SignInRefused
        | Code::SignInTimedOut
        | Code::SignInCancelled
        | Code::SignInLapsed
        | Code::StartUrlRefused => 3,
        Code::NoLiveSession | Code::UnknownSession | Code::SessionNotLive => 4,
        Code::AgentBusy
        | Code::AgentMissing
        | Code::AgentSilent
        | Code::AgentQuit
        | Code::AgentRunning
        | Code::AgentOlder
        | Code::SocketFolder => 5,
        Code::CommandNotFound => 127,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_a_fact_and_an_advice() {
        let trouble = Trouble::from(Code::NotSignedIn);
        assert_eq!(trouble.sentence(), "You are not signed in. Sign in first.");
        assert_eq!(trouble.exit(), 3);
        assert_eq!(
            serde_json::to_string(&trouble).unwrap(),
            r#"{"code":"notSignedIn","fact":"you are not signed in","advice":"Sign in first."}"#
        );
    }

    #[test]
    fn candidates_are_listed_below_and_cannot_move_the_cursor() {
        let trouble = Trouble::own("ambiguousRole", "two roles match", "Name one.")
            .with_candidates(["A@1".to_owned(), "B@\u{1b}[2J".to_owned()]);
        assert_eq!(trouble.sentence(), "Two roles match. Name one.\n  A@1\n  B@\\u{1b}[2J");
    }
}
