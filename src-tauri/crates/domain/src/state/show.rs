//! What clients are shown of the state.

use crate::{
    catalog::{Changes, Habit, RoleEntry},
    failure::{Code, Failure},
    ids::RoleRef,
    session::{Session, Stage},
    settings::Settings,
    state::{Sso, State},
    time::{Moment, Seconds},
    view::{
        CatalogView, ChangeView, ChangesView, QuickView, SessionView, SignInStatus, SignInView,
        SsoSessionView, Stage as SignInStage, View,
    },
};

/// How many roles that came or went are named.
const CHANGES_SHOWN: usize = 20;
/// How many favourites and recents are one click away: what a menu can hold.
const FAVOURITES_SHOWN: usize = 12;
const RECENTS_SHOWN: usize = 5;

impl State {
    /// The view as of `now`.
    #[must_use]
    pub fn view(&self, now: Moment) -> View {
        View {
            now: now.wall,
            utc_offset: now.utc_offset,
            sso_sessions: self.sso_sessions.values().map(|s| s.view(&self.settings, now)).collect(),
            sign_in: self.sign_in.as_ref().map(|s| SignInView {
                sso_session: s.sso_session.clone(),
                attempt: s.attempt,
                way: s.way,
                stage: s.stage,
                device: s.device.clone(),
                started_at: s.started_at,
                hint: s.hint_at.has_passed(now).then(|| match s.stage {
                    SignInStage::Starting | SignInStage::Finishing => Code::SlowAnswer.into(),
                    SignInStage::Browser => Code::StillWaiting.into(),
                    SignInStage::DeviceCode => Code::CodeWaits.into(),
                }),
            }),
            notice: self.notice.clone(),
            sessions: self.sessions.iter().rev().map(|s| self.session_view(s, now)).collect(),
            quick: self.quick(),
            passes: self.passes.clone(),
            catalog_revision: self.catalog_revision,
            endpoint: self.endpoint,
            today: self.today.shown(now),
            degraded: self.degraded.iter().cloned().chain(self.unwatched()).collect(),
            standing: self.standing.iter().map(|&c| c.into()).collect(),
            settings: self.settings.clone(),
            desktop: None,
            log_revision: self.log_revision(),
        }
    }

    #[must_use]
    pub fn catalog_revision(&self) -> u64 {
        self.catalog_revision
    }

    /// Every role of every SSO session, by account name.
    #[must_use]
    pub fn roles(&self) -> Vec<RoleEntry> {
        let mut rows = Vec::new();
        for sso in self.sso_sessions.values() {
            for (account, known) in &sso.catalog.accounts {
                let set = self.settings.account(&self.organisation.accounts, account, &known.name);
                for role in &known.roles {
                    let role = RoleRef {
                        sso_session: sso.sso.name.clone(),
                        account: account.clone(),
                        role: role.clone(),
                    };
                    let habit = self.habits.get(&role).cloned().unwrap_or_default();
                    let allowed = self.allowed(&role, &known.name);
                    rows.push(RoleEntry {
                        favourite: self.settings.favourites.contains(&role),
                        role,
                        account_name: known.name.clone(),
                        environment: set.environment,
                        colour: set.colour,
                        last_used: habit.last_used,
                        warmth: habit.warmth,
                        last_duration: habit.last_duration.map(&allowed),
                        longest: habit.longest,
                        default_duration: allowed(set.duration.unwrap_or(self.settings.duration)),
                        default_region: set.region.clone().or_else(|| self.settings.region.clone()),
                    });
                }
            }
        }
        rows.sort_by(|a, b| (&a.account_name, &a.role).cmp(&(&b.account_name, &b.role)));
        rows
    }

    /// The account's name, or its id where the list does not have it.
    #[must_use]
    pub fn account_name(&self, role: &RoleRef) -> String {
        let sso = self.sso_sessions.get(&role.sso_session);
        let account = sso.and_then(|s| s.catalog.accounts.get(&role.account));
        account.map_or_else(|| role.account.to_string(), |a| a.name.clone())
    }

    /// Favourites by name, then what else was used, the latest first.
    fn quick(&self) -> Vec<QuickView> {
        let is_listed =
            |role: &RoleRef| self.sso_sessions.get(&role.sso_session).is_some_and(|s| s.catalog.has(role));
        let favourites = &self.settings.favourites;
        let mut pinned: Vec<_> =
            favourites.iter().filter(|r| is_listed(r)).map(|role| self.quick_view(role)).collect();
        pinned.sort_by(|a, b| (&a.account_name, &a.role.role).cmp(&(&b.account_name, &b.role.role)));
        pinned.truncate(FAVOURITES_SHOWN);
        let used = |(role, habit): (_, &Habit)| Some((habit.last_used?, role));
        let mut recent: Vec<_> = self
            .habits
            .iter()
            .filter_map(used)
            .filter(|(_, role)| !favourites.contains(role) && is_listed(role))
            .collect();
        recent.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
        pinned.extend(recent.iter().take(RECENTS_SHOWN).map(|(_, role)| self.quick_view(role)));
        pinned
    }

    fn quick_view(&self, role: &RoleRef) -> QuickView {
        let account_name = self.account_name(role);
        let set = self.settings.account(&self.organisation.accounts, &role.account, &account_name);
        let habit = self.habits.get(role);
        let last = habit.and_then(|h| h.last_duration);
        let allowed = self.allowed(role, &account_name);
        QuickView {
            duration: allowed(last.or(set.duration).unwrap_or(self.settings.duration)),
            account_name,
            environment: set.environment,
            colour: set.colour,
            favourite: self.settings.favourites.contains(role),
            open: habit.and_then(|h| h.last_open).unwrap_or_default(),
            role: role.clone(),
        }
    }

    /// Shortens to what the organisation allows, so that one key never asks for more.
    fn allowed(&self, role: &RoleRef, account_name: &str) -> impl Fn(Seconds) -> Seconds + use<> {
        let longest = self.organisation.ruled(role, account_name).longest;
        move |duration| longest.map_or(duration, |longest| duration.min(longest))
    }

    fn session_view(&self, session: &Session, now: Moment) -> SessionView {
        let role = session.request.role.clone();
        let account_name = self.account_name(&role);
        let set = self.settings.account(&self.organisation.accounts, &role.account, &account_name);
        let live = session.live();
        SessionView {
            session: session.id.clone(),
            environment: set.environment,
            colour: set.colour,
            account_name,
            role,
            region: session.region.clone(),
            reason: session.request.reason.clone(),
            scope: session.request.scope.clone(),
            path: session.request.path.clone(),
            labels: session.request.labels.clone(),
            phase: session.phase(now),
            requested_at: session.requested_at,
            duration: session.request.duration,
            lease_end: match &session.stage {
                Stage::Ended(ended) => Some(ended.at),
                _ => live.map(|l| l.lease_end.shown(now)),
            },
            expiration: session.latest,
            failure: session.failure_shown(now),
            ended: if let Stage::Ended(ended) = &session.stage { Some(ended.clone()) } else { None },
        }
    }
}

impl Sso {
    fn view(&self, settings: &Settings, now: Moment) -> SsoSessionView {
        let set = settings.sso(&self.sso.name);
        let slow = self.sync.is_some() && self.slow_at.is_some_and(|at| at.has_passed(now));
        SsoSessionView {
            name: self.sso.name.clone(),
            start_url: self.sso.start_url.as_str().to_owned(),
            region: self.sso.region.clone(),
            source: self.sso.source,
            status: self.status,
            signed_in_at: self.signed_in_at,
            identity: self.identity.clone(),
            colour: set.and_then(|s| s.colour),
            partition: self.sso.region.partition().to_owned(),
            way: set.map(|s| s.way).unwrap_or_default(),
            keep_signed_in: set.is_some_and(|s| s.keep_signed_in),
            keyring: self.keyring.map(|code| match self.status {
                SignInStatus::SignedOut => Failure::of_taking_up(code),
                _ => code.into(),
            }),
            catalog: CatalogView {
                accounts: u32::try_from(self.catalog.accounts.len()).unwrap_or(u32::MAX),
                roles: u32::try_from(self.catalog.role_count()).unwrap_or(u32::MAX),
                synced_at: self.catalog.synced_at,
                progress: self.sync,
                failed_accounts: self.failed_accounts,
                failure: self.catalog_failure.or(slow.then_some(Code::SlowAnswer)).map(Failure::from),
                // Once they are all known.
                changes: if self.sync.is_none() { changes(&self.catalog.changes) } else { None },
            },
        }
    }
}

fn changes(changes: &Changes) -> Option<ChangesView> {
    let count = |set: &std::collections::BTreeSet<_>| u32::try_from(set.len()).unwrap_or(u32::MAX);
    let view = |came| {
        move |c: &crate::catalog::Change| ChangeView {
            came,
            account: c.account.clone(),
            account_name: c.account_name.clone(),
            role: c.role.clone(),
        }
    };
    let all = changes.came.iter().map(view(true)).chain(changes.went.iter().map(view(false)));
    let some: Vec<_> = all.take(CHANGES_SHOWN).collect();
    (!some.is_empty()).then(|| ChangesView { came: count(&changes.came), went: count(&changes.went), some })
}
