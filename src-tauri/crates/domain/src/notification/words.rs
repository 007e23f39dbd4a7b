//! What notifications say.

use crate::{
    desktop::{About, Button, Notification},
    failure::{Action, Failure},
    ids::SessionId,
    receipt::{accepted, cleared},
    time::{Seconds, Timestamp},
    view::{EndedView, SessionView, SignInStatus, SsoSessionView, View, Why},
};

/// How many leases are named where there are more.
const NAMED: usize = 3;
/// What ended longer ago than this, and is told only now, ended while nothing ran.
const ASLEEP: Seconds = Seconds::minutes(1);

/// Leases that end soon; the view says by what they can be renewed.
pub(super) fn ending(leases: &[&SessionView], view: &View, now: Timestamp) -> Option<Notification> {
    let clock = |at: Timestamp| at.time_of_day(view.utc_offset);
    let end = leases.iter().filter_map(|lease| lease.lease_end).max()?;
    let left = now.until(end);
    let urgent = left <= Seconds(90);
    let [lease] = leases else {
        return Some(Notification {
            id: "leases".to_owned(),
            title: format!("{} leases end by {}", leases.len(), clock(end)),
            body: format!("{}.", names(leases)),
            urgent,
            about: About::Everything,
            buttons: vec![Button::Open],
        });
    };
    let (renew, advice) = if needs_sign_in(lease, view, now) {
        (Button::SignIn, "Sign in to renew it.".to_owned())
    } else {
        (Button::Renew, format!("Renew gives it {} from now.", lease.duration))
    };
    Some(Notification {
        id: id_of(&lease.session),
        title: format!("{} ends in {}", name(lease), rounded(left)),
        body: format!("The lease ends at {}. {advice}", clock(end)),
        urgent,
        about: About::Session { session: lease.session.clone() },
        buttons: vec![renew, Button::End, Button::Open],
    })
}

/// Leases that have ended, what was wiped, and what AWS still accepts.
pub(super) fn ended(leases: &[&SessionView], view: &View, now: Timestamp) -> Option<Notification> {
    let clock = |at: Timestamp| at.time_of_day(view.utc_offset);
    let ends: Vec<&EndedView> = leases.iter().filter_map(|lease| lease.ended.as_ref()).collect();
    let first = ends.first()?;
    let pages: u32 = ends.iter().map(|ended| ended.wiped_pages).sum();
    let cleared = cleared(pages, ends.iter().map(|ended| ended.clients_told).sum());
    let until = ends.iter().filter_map(|ended| ended.aws_accepts_until).max().filter(|&until| until > now);
    let accepted = match until {
        Some(until) => format!(" {}.", accepted(&ends, clock(until))),
        None if pages > 0 => " AWS no longer accepts what was issued.".to_owned(),
        None => String::new(),
    };
    let slept = |ended: &&EndedView| ended.why == Why::Sleep || ended.at.until(now) > ASLEEP;
    let how = if ends.iter().all(slept) { "ended while the machine slept" } else { "ended" };
    let why = if ends.iter().all(|ended| ended.why == first.why) { why(first.why) } else { "" };
    let (id, title, about, which) = match leases {
        [lease] => (
            id_of(&lease.session),
            format!("{} {how}", name(lease)),
            About::Session { session: lease.session.clone() },
            format!("Ended {}", clock(first.at)),
        ),
        _ => (
            "ended".to_owned(),
            format!("{} leases {how}", leases.len()),
            About::Everything,
            format!("{}:", names(leases)),
        ),
    };
    let joint = if leases.len() == 1 { "," } else { "" };
    let mut body = format!("{which}{joint} {cleared}.");
    if !why.is_empty() {
        body = format!("{body} {why}");
    }
    body.push_str(&accepted);
    Some(Notification { id, title, body, urgent: false, about, buttons: vec![Button::Open] })
}

/// Live leases whose credentials were not issued anew.
pub(super) fn failing(leases: &[&SessionView], view: &View, now: Timestamp) -> Option<Notification> {
    let first = leases.first()?;
    let failure = first.failure.as_ref()?;
    let last = leases.iter().filter_map(|lease| {
        let expires = lease.expiration?.0;
        (Some(expires) < lease.lease_end && expires > now).then_some(expires)
    });
    let (title, about, mut buttons, ends) = match leases {
        [lease] => (
            format!("{} could not be renewed", name(lease)),
            About::Session { session: lease.session.clone() },
            vec![Button::Renew],
            "it ends",
        ),
        _ => (
            format!("{} leases could not be renewed", leases.len()),
            About::Everything,
            vec![],
            "they begin to end",
        ),
    };
    buttons.push(Button::Open);
    let mut body = format!("{} {}", sentence(&failure.fact), failure.advice);
    if leases.len() > 1 {
        body = format!("{}. {body}", names(leases));
    }
    if let Some(at) = last.min() {
        body = format!("{body} Without new credentials {ends} at {}.", at.time_of_day(view.utc_offset));
    }
    Some(Notification { id: "renewal".to_owned(), title, body, urgent: true, about, buttons })
}

/// A sign-in that AWS no longer accepts, while leases want one.
pub(super) fn lapsed(sso: &SsoSessionView, leases: &[&SessionView]) -> Option<Notification> {
    let what = match leases {
        [] => return None,
        [lease] => name(lease),
        _ => format!("{} leases", leases.len()),
    };
    let is_live = leases.iter().all(|lease| lease.phase.is_live());
    Some(Notification {
        id: format!("sign-in-{}", sso.name),
        title: format!("Your sign-in to {} has lapsed", sso.name),
        body: format!("Sign in to {} {what}.", if is_live { "renew" } else { "go on with" }),
        urgent: true,
        about: About::SsoSession { sso_session: sso.name.clone() },
        buttons: vec![Button::SignIn, Button::Open],
    })
}

/// What a button of a notification did not do, in its place.
#[must_use]
pub fn refused(pressed: &Notification, failure: &Failure) -> Notification {
    let sign_in = (failure.action == Some(Action::SignIn)).then_some(Button::SignIn);
    Notification {
        title: sentence(&failure.fact).trim_end_matches('.').to_owned(),
        body: failure.advice.clone(),
        buttons: sign_in.into_iter().chain([Button::Open]).collect(),
        ..pressed.clone()
    }
}

impl Button {
    /// What stands on it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Renew => "Renew",
            Self::End => "End",
            Self::Open => "Open",
            Self::SignIn => "Sign in",
        }
    }
}

/// The same sentences as on the card.
pub(super) const fn why(why: Why) -> &'static str {
    match why {
        Why::LeaseEnd => "The lease ran out.",
        Why::Ended => "You ended it.",
        Why::SignedOut => "You signed out.",
        Why::NotIssuedAnew => "AWS did not issue its credentials anew.",
        Why::PracticeEnded => "The practice organisation stopped.",
        Why::Quit => "Daypass was quit.",
        Why::Sleep => "The computer went to sleep.",
        Why::UserSwitch => "Another user took over the screen.",
        Why::ScreenLock => "The screen was locked.",
        Why::Idle => "Nobody touched keyboard or mouse.",
    }
}

fn id_of(session: &SessionId) -> String {
    format!("lease-{session}")
}

fn name(lease: &SessionView) -> String {
    format!("{} in {}", lease.role.role, lease.account_name)
}

fn names(leases: &[&SessionView]) -> String {
    let named: Vec<_> = leases.iter().take(NAMED).map(|lease| name(lease)).collect();
    match leases.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Renewing needs an issue, and an issue a sign-in, unless what was issued lasts anyway.
fn needs_sign_in(lease: &SessionView, view: &View, now: Timestamp) -> bool {
    let is_signed_in = |sso: &SsoSessionView| sso.status == SignInStatus::SignedIn;
    let sso = view.sso_sessions.iter().find(|sso| sso.name == lease.role.sso_session);
    let lasts = lease.expiration.is_some_and(|expires| expires.0 >= now + lease.duration);
    !sso.is_some_and(is_signed_in) && !lasts
}

/// "5 min" a moment before and after it is exactly that.
fn rounded(left: Seconds) -> Seconds {
    if left < Seconds(45) { left } else { Seconds::minutes((left.0 + 30) / 60) }
}

fn sentence(fact: &str) -> String {
    let mut letters = fact.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    format!("{}.", first.chain(letters).collect::<String>())
}
