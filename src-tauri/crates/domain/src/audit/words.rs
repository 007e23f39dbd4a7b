//! The audit log in words, the same in window, command and export.

use crate::{
    audit::{By, Damage, Entry, LogDamage, LogFilter, LogRow, LogVerdict, What},
    failure::Failure,
    scope::{Base, Scope},
    settings::Way,
    text::is_unseen,
    view::Why,
};

/// The head of the CSV export.
pub const CSV_HEAD: &str =
    "n,time,event,role,account,account name,SSO session,session,scope,reason,by,AWS accepts until\r\n";

impl LogRow {
    #[must_use]
    pub fn of(n: u64, entry: Entry) -> Self {
        let Entry { at, what, about, by } = entry;
        let accepted_until =
            if let What::Ended { receipt } = &what { receipt.aws_accepts_until } else { None };
        Self {
            n,
            at,
            kind: what.kind(),
            event: what.words(),
            accepted_until,
            sso_session: about.sso_session,
            session: about.session,
            role: about.role,
            account: about.account,
            account_name: about.account_name,
            scope: about.scope,
            reason: about.reason,
            by: by.words(),
        }
    }

    fn texts(&self) -> [&str; 9] {
        fn of<T: AsRef<str>>(text: Option<&T>) -> &str {
            text.map(AsRef::as_ref).unwrap_or_default()
        }
        [
            &self.event,
            of(self.role.as_ref()),
            of(self.account.as_ref()),
            of(self.account_name.as_ref()),
            of(self.sso_session.as_ref()),
            of(self.session.as_ref()),
            of(self.scope.as_ref()),
            of(self.reason.as_ref()),
            &self.by,
        ]
    }

    pub(super) fn has_words(&self, wanted: &str) -> bool {
        if wanted.trim().is_empty() {
            return true;
        }
        let all = self.texts().join("\n").to_lowercase();
        wanted.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }

    /// The row as a line of CSV: every cell quoted, none of them a formula.
    #[must_use]
    pub fn csv(&self) -> String {
        let (n, at) = (self.n.to_string(), self.at.rfc3339());
        let until = self.accepted_until.map(|at| at.rfc3339()).unwrap_or_default();
        let cells = [n.as_str(), at.as_str()].into_iter().chain(self.texts()).chain([until.as_str()]);
        let mut line = cells.map(cell).collect::<Vec<_>>().join(",");
        line.push_str("\r\n");
        line
    }
}

/// A cell that a spreadsheet takes for text: <https://owasp.org/www-community/attacks/CSV_Injection>.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let mut safe = String::with_capacity(text.len() + 2);
    safe.push('"');
    if is_formula {
        safe.push('\'');
    }
    for c in text.chars() {
        match c {
            '"' => safe.push_str("\"\""),
            c if is_unseen(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe.push('"');
    safe
}

impl LogFilter {
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

impl By {
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Daypass => "Daypass".to_owned(),
            Self::Window => "window".to_owned(),
            Self::Tray => "tray".to_owned(),
            Self::Notification => "notification".to_owned(),
            Self::Timer => "timer".to_owned(),
            Self::Desktop => "desktop".to_owned(),
            Self::Program(program) if program.name.is_empty() => "a program that has ended".to_owned(),
            Self::Program(program) => format!("{} (pid {})", program.name, program.pid),
        }
    }
}

impl What {
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Started => "Daypass started".to_owned(),
            Self::Stopped => "Daypass stopped, everything wiped".to_owned(),
            Self::Continued => "log continued in a new file".to_owned(),
            Self::Lost { count } => format!("{} could not be recorded", counted(*count, "entry", "entries")),
            Self::SignedIn { way: Some(Way::Browser) } => "signed in with the browser".to_owned(),
            Self::SignedIn { way: Some(Way::DeviceCode) } => "signed in with a device code".to_owned(),
            Self::SignedIn { way: None } => "signed in from the keyring".to_owned(),
            Self::SignInFailed { code } => format!("sign-in failed: {}", Failure::from(*code)),
            Self::SignedOut => "signed out".to_owned(),
            Self::Lapsed => "sign-in lapsed".to_owned(),
            Self::Requested { duration } => format!("session requested, {duration}"),
            Self::Refused { code, count: 1 } => format!("request refused: {}", Failure::from(*code)),
            Self::Refused { code, count } => {
                format!("request refused {count} times: {}", Failure::from(*code))
            }
            Self::Granted { duration, .. } => format!("session granted, {duration}"),
            Self::Renewed { duration, .. } => format!("lease renewed, {duration}"),
            Self::IssuedAnew { .. } => "credentials issued anew".to_owned(),
            Self::IssuedLasting { .. } => "credentials issued to be handed on".to_owned(),
            Self::Failed { code } => format!("no credentials: {}", Failure::from(*code)),
            Self::Served { count: 1 } => "credentials served".to_owned(),
            Self::Served { count } => format!("credentials served {count} times"),
            Self::TicketGiven => "ticket given".to_owned(),
            Self::KeysRevealed => "credentials handed out".to_owned(),
            Self::ConsoleOpened => "console opened".to_owned(),
            Self::TerminalOpened => "terminal opened".to_owned(),
            Self::Ended { receipt } => {
                format!(
                    "session {}, {} wiped",
                    ended(receipt.why),
                    counted(receipt.wiped_pages, "page", "pages")
                )
            }
            Self::WipedLate { pages } => {
                format!("{} wiped that came after the end", counted(*pages, "page", "pages"))
            }
            Self::Cleared { why } => format!("everything cleared: {}", ended(*why)),
            Self::SettingsChanged => "settings changed".to_owned(),
            Self::PassSaved { name } => format!("pass saved: {name}"),
            Self::PassRemoved { name } => format!("pass removed: {name}"),
        }
    }
}

const fn ended(why: Why) -> &'static str {
    match why {
        Why::LeaseEnd => "expired",
        Why::Ended => "ended",
        Why::SignedOut => "ended by signing out",
        Why::NotIssuedAnew => "ended as credentials were not issued anew",
        Why::PracticeEnded => "ended with the practice organisation",
        Why::Quit => "ended by quitting",
        Why::Sleep => "ended by sleep",
        Why::UserSwitch => "ended by a user switch",
        Why::ScreenLock => "ended by the screen lock",
        Why::Idle => "ended as nobody was there",
    }
}

fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Scope {
    /// The scope in a few words.
    #[must_use]
    pub fn words(&self) -> String {
        let joined = |texts: &[&str]| texts.join(", ");
        let mut words = match &self.base {
            Base::WholeRole => "whole role".to_owned(),
            Base::ReadOnly => "read only".to_owned(),
            Base::Services { services } => joined(&services.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
            Base::Preset { preset, .. } => preset.clone(),
            Base::Managed { policies } => format!("{} managed policies", policies.len()),
            Base::Custom { .. } => "custom policy".to_owned(),
        };
        if !self.regions.is_empty() {
            let regions: Vec<_> = self.regions.iter().map(AsRef::as_ref).collect();
            words = format!("{words}, in {}", joined(&regions));
        }
        if !self.addresses.is_empty() {
            let addresses: Vec<_> = self.addresses.iter().map(AsRef::as_ref).collect();
            words = format!("{words}, from {}", joined(&addresses));
        }
        if self.until_lease_end {
            words.push_str(", until the lease ends");
        }
        words
    }
}

impl LogDamage {
    #[must_use]
    pub fn new(file: &str, line: u64, how: Damage) -> Self {
        let words = match how {
            Damage::Line => format!("line {line} of {file} was changed or torn off"),
            Damage::Gap => format!("before line {line} of {file}, lines are missing or stand elsewhere"),
            Damage::End => format!("after line {line} of {file}, lines are missing"),
        };
        Self { file: file.to_owned(), line, how, words }
    }
}

impl LogVerdict {
    /// Says in a sentence what was found.
    #[must_use]
    pub fn told(self) -> Self {
        let entries = match self.entries {
            1 => "1 entry".to_owned(),
            n => format!("{n} entries"),
        };
        let words = match (&self.damage[..], self.places) {
            ([], _) => format!("chain verified, {entries}"),
            ([first, ..], 1) => format!("chain damaged: {}", first.words),
            ([first, ..], places) => format!("chain damaged in {places} places: {}", first.words),
        };
        Self { words, ..self }
    }

    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.places == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{About, LogKind, Program},
        time::{Seconds, Timestamp},
    };

    fn row(account_name: &str, by: By) -> LogRow {
        let about = About {
            role: "Billing".parse().ok(),
            account: "111122223333".parse().ok(),
            account_name: Some(account_name.to_owned()),
            ..About::default()
        };
        let what = What::Granted {
            duration: Seconds::minutes(15),
            lease_end: Timestamp::from_secs(0),
            expiration: crate::time::Expiration(Timestamp::from_secs(0)),
        };
        LogRow::of(7, Entry { at: Timestamp::from_secs(0), what, about, by })
    }

    #[test]
    fn a_row_is_found_by_any_of_its_words_in_any_order() {
        let row = row("Payments", By::Program(Program::new("aws", 51122)));
        let takes = |text: &str| LogFilter { text: text.to_owned(), ..LogFilter::default() }.takes(&row);
        assert!(takes("") && takes("aws granted") && takes("PAYMENTS billing 15") && takes("51122"));
        assert!(!takes("payments refused"));
        let only = |kind| LogFilter { kind: Some(kind), ..LogFilter::default() }.takes(&row);
        assert!(only(LogKind::Leases) && !only(LogKind::Uses));
        assert!(!LogFilter { session: "abcdefgh".parse().ok(), ..LogFilter::default() }.takes(&row));
    }

    #[test]
    fn no_cell_is_a_formula_or_breaks_out_of_its_quotes() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1"] {
            assert!(row(formula, By::Window).csv().contains(&format!("\"'{formula}\"")), "{formula}");
        }
        let hostile = row("a\",\"b\r\n=c\u{1b}[2J\u{202e}", By::Window).csv();
        assert!(hostile.contains(r#""a"",""b\u{d}\u{a}=c\u{1b}[2J\u{202e}""#), "{hostile}");
        assert_eq!(hostile.matches('\n').count(), 1);
    }
}
