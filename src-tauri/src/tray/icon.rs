//! What the icon says: how things stand, as a shape and a colour, and in words for the tooltip.

use daypass_domain::{
    time::Seconds,
    view::{SessionView, SignInStatus, View},
};

use super::label::{SOON, left, name, stays};

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Icon {
    pub(super) face: Face,
    /// Worn on top of each face: what protects less than it should does so whatever else goes on.
    pub(super) is_degraded: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Face {
    /// Nothing is live.
    #[default]
    Idle,
    Live,
    /// A lease ends within 5 minutes.
    Soon,
    /// Nothing can be asked for, or renewed, without a person.
    SignIn,
}

impl Icon {
    pub(super) fn of(view: Option<&View>) -> Self {
        let Some(view) = view else { return Self::default() };
        let ends_soon = |s: &SessionView| s.lease_end.is_some_and(|end| end <= view.now.after_millis(SOON));
        let face = if live(view).any(ends_soon) {
            Face::Soon
        } else if needs_sign_in(view) {
            Face::SignIn
        } else if live(view).next().is_some() {
            Face::Live
        } else {
            Face::Idle
        };
        Self { face, is_degraded: !view.degraded.is_empty() }
    }
}

/// The icon in words, one line each.
pub(super) fn words(view: Option<&View>) -> Vec<String> {
    let Some(view) = view else { return vec!["Waiting for the agent".to_owned()] };
    let mut words = vec![leases(view)];
    if needs_sign_in(view) {
        let lapsed: Vec<_> = lapsed(view).collect();
        words.push(match lapsed.as_slice() {
            [] => "Nobody is signed in".to_owned(),
            names => format!("Sign in to {} to go on", names.join(", ")),
        });
    }
    if !view.degraded.is_empty() {
        words.push("Protection is degraded".to_owned());
    }
    words
}

fn leases(view: &View) -> String {
    let first = live(view).filter_map(|s| Some((s.lease_end?, s))).min_by_key(|(end, _)| *end);
    let Some((end, session)) = first else { return "Nothing is live".to_owned() };
    let left: Seconds = left(view.now, end);
    match live(view).count() {
        1 => format!("{} · {}, {left} left", name(session.role.role.as_str()), name(&session.account_name)),
        count => format!("{count} leases are live, the first ends in {left}"),
    }
}

/// How many milliseconds what is said of the time stays as it is; `None` where nothing is live. The lease that
/// ends first sets the pace for all.
pub(super) fn pace(view: &View) -> Option<i64> {
    live(view).filter_map(|s| s.lease_end).min().and_then(|end| stays(view.now, end))
}

fn live(view: &View) -> impl Iterator<Item = &SessionView> {
    view.sessions.iter().filter(|session| session.phase.is_live())
}

fn lapsed(view: &View) -> impl Iterator<Item = String> {
    let lapsed = view.sso_sessions.iter().filter(|sso| sso.status == SignInStatus::Lapsed);
    lapsed.map(|sso| name(sso.name.as_str()))
}

fn needs_sign_in(view: &View) -> bool {
    let is_out = |status| status == SignInStatus::SignedOut;
    let are_all_out = view.sso_sessions.iter().all(|sso| is_out(sso.status));
    lapsed(view).next().is_some() || (are_all_out && !view.sso_sessions.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tray::scene::{lease, signed_in, view};

    fn face(view: &View) -> Face {
        Icon::of(Some(view)).face
    }

    #[test]
    fn the_face_shows_what_matters_most() {
        let mut view = View { sso_sessions: vec![], ..view() };
        assert_eq!(face(&view), Face::Idle);
        view.sso_sessions = vec![signed_in("acme")];
        assert_eq!(face(&view), Face::Idle, "signed in, and nothing is live");
        view.sessions = vec![lease("aaaaaaaa", 3600)];
        assert_eq!(face(&view), Face::Live);
        view.sso_sessions[0].status = SignInStatus::Lapsed;
        assert_eq!(face(&view), Face::SignIn, "the lease could not be renewed");
        view.sessions.push(lease("bbbbbbbb", 300));
        assert_eq!(face(&view), Face::Soon);
        view.sessions[1].lease_end = Some(view.now + Seconds(301));
        assert_eq!(face(&view), Face::SignIn);
    }

    #[test]
    fn one_who_is_signed_in_somewhere_need_not_sign_in() {
        let mut view = view();
        view.sso_sessions = vec![signed_in("acme"), signed_in("globex")];
        view.sso_sessions[0].status = SignInStatus::SignedOut;
        assert_eq!(face(&view), Face::Idle);
        view.sso_sessions[1].status = SignInStatus::SignedOut;
        assert_eq!(face(&view), Face::SignIn);
        assert_eq!(words(Some(&view)), ["Nothing is live", "Nobody is signed in"]);
    }

    #[test]
    fn degraded_protection_shows_whatever_else_does() {
        let degraded = View { degraded: vec!["no memory lock".to_owned()], ..view() };
        assert!(Icon::of(Some(&degraded)).is_degraded && !Icon::of(Some(&view())).is_degraded);
        assert_eq!(words(Some(&degraded)).last().unwrap(), "Protection is degraded");
    }

    #[test]
    fn the_tooltip_says_the_time_left() {
        let mut view = view();
        view.sessions = vec![lease("aaaaaaaa", 290)];
        assert_eq!(words(Some(&view)), ["Billing · payments-prod, 4 min 50 s left"]);
        view.sessions.push(lease("bbbbbbbb", 3600));
        assert_eq!(words(Some(&view)), ["2 leases are live, the first ends in 4 min 50 s"]);
    }

    #[test]
    fn nothing_is_drawn_again_while_nothing_is_live() {
        let mut view = view();
        assert_eq!(pace(&view), None);
        view.sessions = vec![lease("aaaaaaaa", 3601), lease("bbbbbbbb", 1815)];
        assert_eq!(pace(&view), Some(15_000), "by the one that ends first");
        view.sessions[1].lease_end = Some(view.now + Seconds(284));
        assert_eq!(pace(&view), Some(4_000));
    }
}
