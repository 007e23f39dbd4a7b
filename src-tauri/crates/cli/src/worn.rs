//! What a Daypass shell wears of its lease: the words in its prompt and in the terminal's title.

use daypass_domain::{
    catalog::Environment,
    ids::SessionId,
    settings::Colour,
    time::{Seconds, Timestamp},
    view::{SessionView, View},
};

use crate::{
    agent,
    args::Dialect,
    text::{escape, roughly},
};

/// From here on time is told to the second.
const SOON: Seconds = Seconds::minutes(5);
/// How finely the title counts then: a title that changes every second is a nuisance.
const STEP: u32 = 10;

/// A lease as its shell shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Worn {
    role: String,
    account: String,
    colour: Option<Colour>,
    pub(crate) state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// Live, with so much left.
    Live(Seconds),
    Ended,
    /// The agent is there and does not say.
    Unknown,
}

impl Worn {
    /// What the agent says of `session` now. The names are for when it says nothing.
    pub(crate) async fn now(session: &SessionId, role: &str, account: &str) -> Self {
        let seen = async {
            let Some(client) = agent::running().await? else { return Ok(None) };
            agent::view(&client).await.map(Some)
        };
        let (found, state) = match seen.await {
            Ok(Some(view)) => (Self::in_view(&view, session), State::Ended),
            // Leases don't outlive the agent.
            Ok(None) => (None, State::Ended),
            Err(_) => (None, State::Unknown),
        };
        found.unwrap_or_else(|| Self::unseen(role, account, state))
    }

    /// A lease of which only the names are known.
    pub(crate) fn unseen(role: &str, account: &str, state: State) -> Self {
        Self { role: role.to_owned(), account: account.to_owned(), colour: None, state }
    }

    fn in_view(view: &View, session: &SessionId) -> Option<Self> {
        view.sessions.iter().find(|s| s.session == *session).map(|found| Self::of(found, view.now))
    }

    fn of(session: &SessionView, now: Timestamp) -> Self {
        let end = session.lease_end.filter(|_| session.phase.is_live());
        Self {
            role: session.role.role.to_string(),
            account: session.account_name.clone(),
            colour: session.colour.or(session.environment.map(colour_of)),
            state: end.map_or(State::Ended, |end| State::Live(now.until(end))),
        }
    }

    /// The words before the person's own prompt, for a shell to show as they are.
    pub(crate) fn prompt(&self, dialect: Dialect, is_coloured: bool) -> String {
        let paint = |text: &str, look: &str| {
            let text = spelt(text, dialect);
            if !is_coloured || look.is_empty() {
                return text;
            }
            format!("{}{text}{}", unprinted(&format!("\x1b[{look}m"), dialect), unprinted("\x1b[0m", dialect))
        };
        let names = format!("{} · {}", self.role, self.account);
        let colour = self.colour.map_or("", ansi);
        match self.state {
            State::Live(left) if left > SOON => paint(&format!("[{names} · {}]", roughly(left)), colour),
            State::Live(left) => {
                let left = paint(&left.to_string(), "1;7;31");
                format!("{}{left}{}", paint(&format!("[{names} · "), colour), paint("]", colour))
            }
            State::Ended => format!("{}{}", paint("[ended", "1"), paint(&format!(" · {names}]"), "2")),
            State::Unknown => paint(&format!("[{names} · time left unknown]"), colour),
        }
    }

    /// The title, and how long it stays true.
    pub(crate) fn title(&self) -> (String, Seconds) {
        let mark = self.colour.map(|colour| format!("{} ", mark(colour))).unwrap_or_default();
        let live = |left: String| format!("{mark}{} · {} · {left}", self.role, self.account);
        match self.state {
            // To the next half minute, as `roughly` rounds.
            State::Live(left) if left > SOON => {
                (live(roughly(left)), Seconds((left.0 + 30) % 60 + 1).min(Seconds(left.0 - SOON.0)))
            }
            // Rounded up, so that nothing left means that it is over.
            State::Live(left) => {
                let shown = left.0.max(1).next_multiple_of(STEP);
                (live(Seconds(shown).to_string()), Seconds(left.0.max(1) - (shown - STEP)))
            }
            State::Ended => (format!("ended · {} · {}", self.role, self.account), Seconds::minutes(1)),
            State::Unknown => (live("time left unknown".to_owned()), Seconds(STEP)),
        }
    }
}

/// `text` harmless for a terminal, and free of what `dialect` would expand in a prompt.
fn spelt(text: &str, dialect: Dialect) -> String {
    let text = escape(text);
    match dialect {
        // bash and fish show the value of a variable as it is.
        Dialect::Bash | Dialect::Fish => text,
        Dialect::Zsh => text.replace('%', "%%"),
    }
}

/// `sequence`, marked as taking no place on the line.
pub(crate) fn unprinted(sequence: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Bash => format!("\x01{sequence}\x02"),
        Dialect::Zsh => format!("%{{{sequence}%}}"),
        Dialect::Fish => sequence.to_owned(),
    }
}

/// The colour of an environment, as on the page.
const fn colour_of(environment: Environment) -> Colour {
    match environment {
        Environment::Production => Colour::Red,
        Environment::Staging => Colour::Yellow,
        Environment::Development => Colour::Violet,
        Environment::Sandbox => Colour::Green,
        Environment::Shared => Colour::Blue,
    }
}

/// The terminal's own colours where it has such: they are readable on its background.
const fn ansi(colour: Colour) -> &'static str {
    match colour {
        Colour::Red => "31",
        Colour::Orange => "38;5;208",
        Colour::Yellow => "33",
        Colour::Green => "32",
        Colour::Teal => "36",
        Colour::Blue => "34",
        Colour::Violet => "35",
        Colour::Pink => "95",
        Colour::Grey => "90",
    }
}

/// The nearest there is: a title has no colours.
const fn mark(colour: Colour) -> char {
    match colour {
        Colour::Red => '🔴',
        Colour::Orange => '🟠',
        Colour::Yellow => '🟡',
        Colour::Green => '🟢',
        Colour::Teal | Colour::Blue => '🔵',
        Colour::Violet | Colour::Pink => '🟣',
        Colour::Grey => '⚪',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::tests::view_of;

    fn worn(account: &str, state: State) -> Worn {
        let (role, account) = ("Billing".to_owned(), account.to_owned());
        Worn { role, account, colour: Some(Colour::Red), state }
    }

    fn plain(left: u32) -> String {
        worn("payments-prod", State::Live(Seconds(left))).prompt(Dialect::Fish, false)
    }

    fn title(left: u32) -> (String, u32) {
        let (title, lasts) = worn("payments-prod", State::Live(Seconds(left))).title();
        (title.replace("🔴 Billing · payments-prod · ", ""), lasts.0)
    }

    #[test]
    fn a_lease_is_worn_as_the_agent_shows_it() {
        let view = view_of(&[("abcd1234", "active"), ("endedaaa", "ended")]);
        let worn = |view: &View, id: &str| Worn::in_view(view, &id.parse().unwrap());
        let first = worn(&view, "abcd1234").unwrap();
        assert_eq!((first.colour, first.state), (Some(Colour::Red), State::Live(Seconds(900))), "production");
        let mut chosen = view.clone();
        chosen.sessions[0].colour = Some(Colour::Teal);
        chosen.now = Timestamp::from_secs(600);
        let first = worn(&chosen, "abcd1234").unwrap();
        assert_eq!(
            (first.colour, first.state),
            (Some(Colour::Teal), State::Live(Seconds(300))),
            "a choice goes first"
        );
        assert_eq!(worn(&view, "endedaaa").unwrap().state, State::Ended);
        assert_eq!(worn(&view, "nothere1"), None);
    }

    #[test]
    fn the_prompt_tells_the_time_no_finer_than_it_matters() {
        assert_eq!(plain(2520), "[Billing · payments-prod · 42 min]");
        assert_eq!(plain(5400), "[Billing · payments-prod · 1 h 30 min]");
        assert_eq!(plain(301), "[Billing · payments-prod · 5 min]");
        assert_eq!(plain(272), "[Billing · payments-prod · 4 min 32 s]");
        let over = worn("payments-prod", State::Ended);
        assert_eq!(over.prompt(Dialect::Fish, false), "[ended · Billing · payments-prod]");
        let unknown = worn("payments-prod", State::Unknown);
        assert_eq!(unknown.prompt(Dialect::Fish, false), "[Billing · payments-prod · time left unknown]");
    }

    #[test]
    fn the_last_five_minutes_stand_out_in_any_colour() {
        let coloured = |left| worn("p", State::Live(Seconds(left))).prompt(Dialect::Fish, true);
        assert_eq!(coloured(2520), "\x1b[31m[Billing · p · 42 min]\x1b[0m");
        assert!(coloured(300).contains("\x1b[1;7;31m5 min\x1b[0m"));
    }

    #[test]
    fn no_shell_expands_a_name() {
        let hostile = worn("$(id)`id`%n\\u\u{1b}]0;x\u{7}", State::Ended);
        let shown = "[ended · Billing · $(id)`id`%n\\u\\u{1b}]0;x\\u{7}]";
        assert_eq!(hostile.prompt(Dialect::Fish, false), shown);
        assert_eq!(hostile.prompt(Dialect::Bash, false), shown);
        assert_eq!(hostile.prompt(Dialect::Zsh, false), shown.replace('%', "%%"));
    }

    #[test]
    fn colours_take_no_place_on_the_line() {
        let over = worn("p", State::Ended);
        assert!(over.prompt(Dialect::Bash, true).starts_with("\x01\x1b[1m\x02[ended\x01\x1b[0m\x02"));
        assert!(over.prompt(Dialect::Zsh, true).starts_with("%{\x1b[1m%}[ended%{\x1b[0m%}"));
    }

    #[test]
    fn the_title_is_set_anew_just_when_it_would_say_something_else() {
        for (left, shown, lasts) in [
            (2520, "42 min", 31),
            (2490, "42 min", 1),
            (2489, "41 min", 60),
            (301, "5 min", 1),
            (300, "5 min", 10),
            (291, "5 min", 1),
            (290, "4 min 50 s", 10),
            (10, "10 s", 10),
            (0, "10 s", 1),
        ] {
            assert_eq!(title(left), (shown.to_owned(), lasts), "{left} s");
        }
    }

    #[test]
    fn a_title_says_that_the_lease_is_over() {
        assert_eq!(worn("p", State::Ended).title().0, "ended · Billing · p");
    }
}
