//! The parts of the menu, each from the view.

use daypass_domain::{
    desktop::What,
    request::{Intent, Open, Pass, SessionRequest, SignInTarget},
    settings::Way,
    text::capitalised,
    view::{Phase, QuickView, SessionView, SignInStatus, SignInView, SsoSessionView, View},
};

use super::{Action, Does, Item, LEASES_SHOWN, PASSES_SHOWN};
use crate::tray::label::{left, name};

/// What the person ought to know of. The window says the rest.
pub(super) fn news(view: &View) -> Vec<Item> {
    let open = |id: String, label: String| Item::act(id, label, Action::Show(What::Main));
    let notice = view.notice.iter().map(|n| open("notice".to_owned(), capitalised(&n.failure.fact)));
    let untold = view.desktop.iter().flat_map(|desktop| &desktop.notifications);
    let untold = untold.map(|n| open(format!("notification/{}", n.id), name(&n.title)));
    let failed = view.sessions.iter().filter(|s| s.phase == Phase::Failed).map(|session| {
        open(format!("failed/{}", session.session), format!("{} · not granted", role_of(session)))
    });
    let degraded =
        (!view.degraded.is_empty()).then(|| open("degraded".to_owned(), "Protection is degraded".to_owned()));
    notice.chain(untold).chain(failed).chain(degraded).collect()
}

/// The leases that live, and those asked for.
pub(super) fn leases(view: &View) -> Vec<Item> {
    let open: Vec<_> = view.sessions.iter().filter(|s| is_open(s)).collect();
    let shown = open.iter().take(LEASES_SHOWN).map(|session| lease(view, session));
    let hidden = open.len().saturating_sub(LEASES_SHOWN);
    let others =
        (hidden > 0).then(|| Item::act("other-leases", format!("{hidden} more…"), Action::Show(What::Main)));
    shown.chain(others).collect()
}

fn lease(view: &View, session: &SessionView) -> Item {
    let id = &session.session;
    let ask = |key: &str, label: &str, intent: Intent| {
        Item::act(format!("lease/{id}/{key}"), label, Action::Ask(intent))
    };
    let end = ask("end", "End", Intent::End { session: id.clone() });
    let (state, items) = match session.lease_end.filter(|_| session.phase.is_live()) {
        Some(lease_end) => (
            left(view.now, lease_end).to_string(),
            vec![
                ask("console", "Console", Intent::Console { session: id.clone() }),
                ask("terminal", "Terminal", Intent::Terminal { session: id.clone() }),
                Item::act(format!("lease/{id}/copy"), "Copy env command", Action::CopyEnv(id.clone())),
                ask("renew", "Renew", Intent::Renew { session: id.clone() }),
                end,
            ],
        ),
        None => ("requested".to_owned(), vec![end]),
    };
    Item::new(format!("lease/{id}"), format!("{} · {state}", role_of(session)), Does::Open(items))
        .wears(session.environment, session.colour)
}

/// Favourites and recents, each a click away. A host opens an item that has others in it and does nothing else
/// with it, so what else can be done with them stands apart.
pub(super) fn quick(view: &View) -> Vec<Item> {
    // A recent role whose lease still lives stands among the leases; a favourite stays where it always is.
    let has_lease = |quick: &QuickView| view.sessions.iter().any(|s| is_open(s) && s.role == quick.role);
    let shown = view.quick.iter().filter(|quick| quick.favourite || !has_lease(quick));
    let (items, others): (Vec<_>, Vec<_>) = shown.map(|quick| quick_role(view, quick)).unzip();
    let otherwise =
        (!others.is_empty()).then(|| Item::new("quick", "Open in another way", Does::Open(others)));
    items.into_iter().chain(otherwise).collect()
}

/// Passes, each taken with a click.
pub(super) fn passes(view: &View) -> Vec<Item> {
    let pass = |pass: &Pass| {
        let label = format!("{} · {}", name(&pass.name), pass.request.duration);
        let intent = Intent::TakePass { name: pass.name.clone() };
        Item::act(format!("pass/{}", pass.name), label, Action::Ask(intent))
    };
    view.passes.iter().take(PASSES_SHOWN).map(pass).collect()
}

/// What one click does, and what else there is.
fn quick_role(view: &View, quick: &QuickView) -> (Item, Item) {
    let QuickView { role, duration, .. } = quick;
    let id = format!("quick/{}/{}/{}", role.sso_session, role.account, role.role);
    let take = |open: Open| {
        let request = SessionRequest::of(role.clone(), *duration);
        let intent = Intent::Request { request, open: vec![open] };
        // Where nobody is signed in, the click asks for that, too.
        let sso = view.sso_sessions.iter().find(|sso| sso.name == role.sso_session);
        let asks = sso.is_some_and(|sso| sso.status != SignInStatus::SignedIn && shows_code(sso));
        if asks { Action::AskInWindow(intent) } else { Action::Ask(intent) }
    };
    let last = match quick.open {
        Open::Console => "console",
        Open::Terminal => "terminal",
    };
    let star = if quick.favourite { "★ " } else { "" };
    let label = format!("{star}{} · {}", name(role.role.as_str()), name(&quick.account_name));
    let request = What::Request { role: role.clone() };
    let items = vec![
        Item::act(format!("{id}/console"), "Console", take(Open::Console)),
        Item::act(format!("{id}/terminal"), "Terminal", take(Open::Terminal)),
        Item::act(format!("{id}/request"), "Request…", Action::Show(request)),
    ];
    let dressed = |item: Item| item.wears(quick.environment, quick.colour);
    let click = Item::act(id.clone(), format!("{label} · {last}, {duration}"), take(quick.open));
    (dressed(click), dressed(Item::new(format!("{id}/else"), label, Does::Open(items))))
}

/// Who is signed in where.
pub(super) fn sso_sessions(view: &View) -> Vec<Item> {
    view.sso_sessions.iter().map(|sso| sso_session(view, sso)).collect()
}

fn sso_session(view: &View, sso: &SsoSessionView) -> Item {
    let id = format!("sso/{}", sso.name);
    let target = SignInTarget::Named { sso_session: sso.name.clone() };
    let sign_in = || {
        let intent = Intent::sign_in(target.clone());
        let action = if shows_code(sso) { Action::AskInWindow(intent) } else { Action::Ask(intent) };
        Item::act(format!("{id}/sign-in"), "Sign in", action)
    };
    let sign_out = || {
        let intent = Intent::SignOut { sso_session: sso.name.clone() };
        Item::act(format!("{id}/sign-out"), "Sign out", Action::Ask(intent))
    };
    let under_way = view.sign_in.as_ref().filter(|sign_in| sign_in.sso_session == sso.name);
    let (state, items) = match (under_way, sso.status) {
        (Some(sign_in), _) => ("signing in…".to_owned(), signing_in(&id, sign_in)),
        (None, SignInStatus::SignedOut) => ("signed out".to_owned(), vec![sign_in()]),
        (None, SignInStatus::Restoring) => ("taking up the sign-in…".to_owned(), vec![sign_out()]),
        (None, SignInStatus::Lapsed) => ("sign-in has lapsed".to_owned(), vec![sign_in(), sign_out()]),
        (None, SignInStatus::SignedIn) => {
            let since = sso.signed_in_at.map(|at| format!(" since {}", at.time_of_day(view.utc_offset)));
            (format!("signed in{}", since.unwrap_or_default()), vec![sign_out()])
        }
    };
    let label = format!("{} · {state}", name(sso.name.as_str()));
    Item::new(id, label, Does::Open(items)).wears(None, sso.colour)
}

fn signing_in(id: &str, sign_in: &SignInView) -> Vec<Item> {
    let code = sign_in.device.as_ref().map(|device| {
        Item::new(format!("{id}/code"), format!("Code {}", name(&device.user_code)), Does::Nothing)
    });
    let page = sign_in
        .stage
        .has_address()
        .then(|| Item::act(format!("{id}/browser"), "Open the browser", Action::Ask(Intent::SignInUrl)));
    let cancel = Item::act(format!("{id}/cancel"), "Cancel", Action::Ask(Intent::CancelSignIn));
    code.into_iter().chain(page).chain([cancel]).collect()
}

/// A code has to be compared, and it stands in the window.
fn shows_code(sso: &SsoSessionView) -> bool {
    sso.way == Way::DeviceCode
}

pub(super) fn end_all(view: &View) -> Vec<Item> {
    let has_any = view.sessions.iter().any(is_open);
    let does = if has_any { Does::Act(Action::Ask(Intent::EndAll)) } else { Does::Nothing };
    vec![Item::new("end-all", "End all and wipe", does)]
}

fn is_open(session: &SessionView) -> bool {
    session.phase == Phase::Requesting || session.phase.is_live()
}

fn role_of(session: &SessionView) -> String {
    format!("{} · {}", name(session.role.role.as_str()), name(&session.account_name))
}
