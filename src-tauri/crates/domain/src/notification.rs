//! What a person is told unasked, and when: leases that end, renewals that fail, sign-ins that are needed.
//!
//! [`Teller`] is shown every view and says what to show and what to take away. One lease has one notification, the
//! newer in place of the older; what would come as a storm comes as one.

mod words;

use std::collections::BTreeMap;

pub use self::words::refused;
use crate::{
    desktop::Notification,
    failure::Code,
    ids::SessionId,
    settings::Notifications,
    time::{Seconds, Timestamp},
    view::{Phase, SessionView, SignInStatus, View, Why},
};

/// How many minutes before its end a lease is told of.
const MARKS: [u32; 3] = [1, 5, 15];
/// What happens within so long is told together.
const TOGETHER: Seconds = Seconds::minutes(1);
/// So many leases with the same to be told are one notification: fewer are worth a button each.
const MANY: usize = 3;
/// After so long every page of a lease that ended is wiped and counted, and others have ended with it.
const SETTLED: Seconds = Seconds(1);

/// What to do for a person's eyes.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct News {
    pub show: Vec<Notification>,
    /// Ids of what is no longer true.
    pub away: Vec<String>,
    /// These are quiet hours: only the window shows it.
    pub quiet: bool,
    /// When time alone brings something, by the clock of the views.
    pub look_again: Option<Timestamp>,
}

/// What has been told so far.
#[derive(Debug, Default)]
pub struct Teller {
    /// The leases that live. None before the first view.
    live: Option<Live>,
    /// Leases that ended and are told of once settled.
    ended: Group,
    /// Those told of last.
    lately: Group,
    told: BTreeMap<String, Matter>,
}

type Live = BTreeMap<SessionId, Known>;

/// A lease as it was last seen.
#[derive(Clone, Copy, Debug)]
struct Known {
    end: Option<Timestamp>,
    /// The last mark that is behind it: passed, or told of with others that passed it.
    mark: Option<u32>,
}

impl Known {
    fn of(lease: &SessionView, before: Option<&Self>, now: Timestamp) -> Self {
        let mark = match before {
            // A renewed one has everything before it again; a new one begins where it is.
            Some(known) if lease.lease_end <= known.end => known.mark,
            Some(_) => None,
            None => mark_of(lease, now),
        };
        Self { end: lease.lease_end, mark }
    }
}

#[derive(Debug)]
struct Group {
    leases: Vec<SessionId>,
    since: Timestamp,
}

impl Default for Group {
    fn default() -> Self {
        Self { leases: Vec::new(), since: Timestamp::from_secs(0) }
    }
}

/// What a notification tells, to know for how long it is true.
#[derive(Debug, PartialEq)]
enum Matter {
    Ending {
        leases: Vec<SessionId>,
        mark: u32,
    },
    Ended {
        leases: Vec<SessionId>,
    },
    /// Told anew whenever it reads differently.
    Trouble(Notification),
}

impl Teller {
    /// Takes note of a view and of the time. What the first view has is old, and not told.
    pub fn look(&mut self, view: &View, now: Timestamp) -> News {
        let told = &view.settings.notifications;
        let quiet = told.quiet.is_some_and(|quiet| quiet.include(now.time_of_day(view.utc_offset)));
        let before: Vec<String> = self.told.keys().cloned().collect();
        let is_first = self.live.is_none();
        let known = self.live.take().unwrap_or_default();
        let mut live: Live = living(view)
            .map(|lease| (lease.session.clone(), Known::of(lease, known.get(&lease.session), now)))
            .collect();

        let mut show = Vec::new();
        self.note_ended(view, &known, now);
        show.extend(self.tell_ended(view, now));
        show.extend(self.tell_ending(view, &mut live, now));
        let troubles = if told.trouble { troubles(view, now) } else { vec![] };
        // One that just ended waits for the notification that comes in the place of this one.
        let is_ending = |lease: &SessionId, mark: u32| match live.get(lease) {
            Some(known) => known.mark.is_some_and(|last| last <= mark),
            None => self.ended.leases.contains(lease),
        };
        self.told.retain(|id, matter| match matter {
            Matter::Ending { leases, mark } => leases.iter().all(|lease| is_ending(lease, *mark)),
            Matter::Ended { leases } => leases.iter().any(|l| session(view, l).is_some()),
            Matter::Trouble(_) => troubles.iter().any(|trouble| trouble.id == *id),
        });
        for trouble in troubles {
            let matter = Matter::Trouble(trouble.clone());
            if self.told.insert(trouble.id.clone(), matter) != Some(Matter::Trouble(trouble.clone()))
                && !is_first
            {
                show.push(trouble);
            }
        }
        self.live = Some(live);
        let away = before.into_iter().filter(|id| !self.told.contains_key(id)).collect();
        News { show, away, quiet, look_again: self.look_again(view, now) }
    }

    /// Nobody knows what is true any more: the agent has gone, and its leases with it.
    pub fn forget(&mut self) -> News {
        let away = std::mem::take(self).told.into_keys().collect();
        News { away, ..News::default() }
    }

    fn note_ended(&mut self, view: &View, known: &Live, now: Timestamp) {
        let is_told = |lease: &&SessionView| lease.ended.as_ref().is_some_and(|e| is_news(e.why));
        let ended = view.sessions.iter().filter(|lease| known.contains_key(&lease.session));
        let ended: Vec<_> = ended.filter(is_told).map(|lease| lease.session.clone()).collect();
        if view.settings.notifications.at_end && !ended.is_empty() {
            if self.ended.leases.is_empty() {
                self.ended.since = now;
            }
            self.ended.leases.extend(ended);
        }
    }

    fn tell_ended(&mut self, view: &View, now: Timestamp) -> Option<Notification> {
        // A clock that was set back has nothing to wait for.
        if self.ended.since <= now && now < self.ended.since + SETTLED {
            return None;
        }
        let ended = std::mem::take(&mut self.ended.leases);
        if ended.is_empty() {
            return None;
        }
        if self.lately.since + TOGETHER < now {
            self.lately.leases.clear();
        }
        self.lately.leases.extend(ended);
        self.lately.since = now;
        self.lately.leases.retain(|id| session(view, id).is_some());
        let leases: Vec<_> = self.lately.leases.iter().filter_map(|id| session(view, id)).collect();
        let notification = words::ended(&leases, view, now)?;
        let lately = &self.lately.leases;
        let is_in_it = |matter: &Matter| matches!(matter, Matter::Ended { leases } if leases.iter().all(|l| lately.contains(l)));
        self.told.retain(|_, matter| !is_in_it(matter));
        self.told.insert(notification.id.clone(), Matter::Ended { leases: lately.clone() });
        Some(notification)
    }

    fn tell_ending(&mut self, view: &View, live: &mut Live, now: Timestamp) -> Vec<Notification> {
        let mut show = Vec::new();
        for mark in MARKS.into_iter().filter(|&mark| is_set(&view.settings.notifications, mark)) {
            let passes = |lease: &&SessionView, by: Timestamp| {
                let last = live.get(&lease.session).and_then(|known| known.mark);
                lease.lease_end > Some(now)
                    && mark_of(lease, by) == Some(mark)
                    && last.is_none_or(|last| mark < last)
            };
            let due: Vec<_> = living(view).filter(|lease| passes(lease, now)).collect();
            if due.is_empty() {
                continue;
            }
            let is_soon = |lease: &&SessionView| passes(lease, now) || passes(lease, now + TOGETHER);
            let soon: Vec<_> = living(view).filter(is_soon).collect();
            let groups: Vec<_> = if soon.len() >= MANY {
                vec![soon]
            } else {
                due.into_iter().map(|lease| vec![lease]).collect()
            };
            for leases in groups {
                let Some(notification) = words::ending(&leases, view, now) else { continue };
                let leases: Vec<_> = leases.iter().map(|lease| lease.session.clone()).collect();
                for lease in &leases {
                    live.entry(lease.clone()).and_modify(|known| known.mark = Some(mark));
                }
                self.told.insert(notification.id.clone(), Matter::Ending { leases, mark });
                show.push(notification);
            }
        }
        for lease in living(view) {
            let passed = mark_of(lease, now);
            let note = |known: &mut Known| known.mark = known.mark.into_iter().chain(passed).min();
            live.entry(lease.session.clone()).and_modify(note);
        }
        show
    }

    fn look_again(&self, view: &View, now: Timestamp) -> Option<Timestamp> {
        let marks = living(view).flat_map(|lease| {
            let ahead = MARKS.into_iter().filter(|&mark| lease.duration > Seconds::minutes(mark));
            ahead.filter_map(|mark| Some(before(lease.lease_end?, mark)))
        });
        let ended = (!self.ended.leases.is_empty()).then(|| self.ended.since + SETTLED);
        marks.chain(ended).filter(|at| *at > now).min()
    }
}

fn living(view: &View) -> impl Iterator<Item = &SessionView> {
    view.sessions.iter().filter(|lease| lease.phase.is_live())
}

fn session<'v>(view: &'v View, id: &SessionId) -> Option<&'v SessionView> {
    view.sessions.iter().find(|lease| lease.session == *id)
}

/// The last mark a lease has passed. One it was taken inside of is none of its own.
fn mark_of(lease: &SessionView, now: Timestamp) -> Option<u32> {
    let end = lease.lease_end?;
    let passed = |mark: &u32| lease.duration > Seconds::minutes(*mark) && before(end, *mark) <= now;
    MARKS.into_iter().find(passed)
}

fn before(end: Timestamp, minutes: u32) -> Timestamp {
    Timestamp::from_millis(end.as_millis().saturating_sub(i64::from(minutes) * 60_000))
}

const fn is_set(set: &Notifications, mark: u32) -> bool {
    match mark {
        1 => set.before_1_minute,
        5 => set.before_5_minutes,
        _ => set.before_15_minutes,
    }
}

/// Whether nobody did it by hand.
const fn is_news(why: Why) -> bool {
    match why {
        Why::LeaseEnd
        | Why::NotIssuedAnew
        | Why::PracticeEnded
        | Why::Sleep
        | Why::UserSwitch
        | Why::ScreenLock
        | Why::Idle => true,
        Why::Ended | Why::SignedOut | Why::Quit => false,
    }
}

/// What is wrong and stays so until somebody does something about it.
fn troubles(view: &View, now: Timestamp) -> Vec<Notification> {
    // Leases that fail for want of a sign-in are told of by the sign-in.
    let fails = |lease: &&SessionView| lease.failure.as_ref().is_some_and(|f| f.code != Code::SignInLapsed);
    let failing: Vec<_> = living(view).filter(fails).collect();
    let lapsed = view.sso_sessions.iter().filter(|sso| {
        let is_under_way = view.sign_in.as_ref().is_some_and(|s| s.sso_session == sso.name);
        sso.status == SignInStatus::Lapsed && !is_under_way
    });
    let lapsed = lapsed.filter_map(|sso| {
        let is_open = |lease: &&SessionView| lease.phase.is_live() || lease.phase == Phase::Requesting;
        let open = view.sessions.iter().filter(is_open);
        let leases: Vec<_> = open.filter(|lease| lease.role.sso_session == sso.name).collect();
        words::lapsed(sso, &leases)
    });
    words::failing(&failing, view, now).into_iter().chain(lapsed).collect()
}
