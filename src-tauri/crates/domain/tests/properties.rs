//! Whatever people ask, the world does and clocks say: no lease outlives its time, none ends unwiped.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

use std::collections::{BTreeMap, BTreeSet};

use daypass_domain::{
    audit::By,
    event::{Effect, Event},
    failure::Code,
    ids::{AccountId, RoleRef, SessionId, SsoSessionName},
    request::{Intent, SessionRequest, SignInTarget},
    session::Stage,
    sso::{Endpoints, Source, SsoSession, StartUrl},
    state::{Start, State},
    time::{Expiration, Moment, Seconds, Timestamp},
    view::View,
};
use proptest::{collection::vec, prelude::*};

const DURATIONS: [u32; 6] = [30, 60, 900, 3600, 4 * 3600, 12 * 3600];
const ACCOUNT: &str = "111122223333";

/// One step: what happens, and two numbers to choose by.
type Step = (u8, usize, u32);

/// When a lease must be over at the latest, by either clock; kept apart from the state.
#[derive(Clone, Copy)]
struct Bound {
    wall: i64,
    boot: i64,
}

impl Bound {
    fn after(now: Moment, length: Seconds) -> Self {
        let millis = i64::from(length.0) * 1000;
        Self { wall: now.wall.as_millis() + millis, boot: now.boot + millis }
    }

    fn is_ahead_of(self, now: Moment) -> bool {
        now.wall.as_millis() < self.wall && now.boot < self.boot
    }

    /// The bound in the wall clock of `now`.
    fn shown(self, now: Moment) -> i64 {
        self.wall.min(now.wall.as_millis() + (self.boot - now.boot))
    }
}

struct World {
    state: State,
    now: Moment,
    /// Every session there ever was.
    seen: Vec<SessionId>,
    leases: BTreeMap<SessionId, Bound>,
    expirations: BTreeMap<SessionId, Bound>,
}

fn name(index: usize) -> SsoSessionName {
    ["acme", "beta", "practice", "gamma"].get(index % 4).unwrap().parse().unwrap()
}

fn sso(index: usize, source: Source) -> SsoSession {
    let name = name(index);
    let start_url = StartUrl::try_from(format!("https://{name}.awsapps.com/start")).unwrap();
    let endpoints = Endpoints::default();
    SsoSession { name, start_url, region: "eu-west-1".parse().unwrap(), source, endpoints }
}

fn account() -> AccountId {
    ACCOUNT.parse().unwrap()
}

fn role(index: usize) -> RoleRef {
    let role = ["Billing", "Admin", "Audit"].get(index / 4 % 3).unwrap().parse().unwrap();
    RoleRef { sso_session: name(index), account: account(), role }
}

impl World {
    fn new() -> Self {
        let configured = vec![sso(0, Source::Config), sso(1, Source::Config)];
        Self {
            state: State::new(Start { configured, seed: 7, ..Start::default() }),
            now: Moment { wall: Timestamp::from_secs(1_700_000_000), boot: 1_000_000, utc_offset: 0 },
            seen: Vec::new(),
            leases: BTreeMap::new(),
            expirations: BTreeMap::new(),
        }
    }

    fn view(&self) -> View {
        self.state.view(self.now)
    }

    fn pass(&mut self, millis: i64) {
        self.now.boot += millis;
        self.set_clock(millis);
    }

    fn set_clock(&mut self, by_millis: i64) {
        self.now.wall = Timestamp::from_millis(self.now.wall.as_millis() + by_millis);
    }

    fn picked(&self, index: usize) -> SessionId {
        // Mostly one of the newest, so that something happens to it.
        let newest = self.seen.len().saturating_sub(6);
        let recent = self.seen.get(newest..).unwrap();
        recent.get(index % recent.len().max(1)).cloned().unwrap_or_else(|| "zzzzzzzz".parse().unwrap())
    }

    fn live(&self) -> BTreeSet<SessionId> {
        let is_live = |id: &&SessionId| self.state.session(id.as_str()).is_some_and(|s| s.live().is_some());
        self.seen.iter().filter(is_live).cloned().collect()
    }

    /// Refusals change nothing that can be seen, but are noted; new leases and renewals move the bounds.
    fn ask(&mut self, intent: Intent) -> Result<Vec<Effect>, TestCaseError> {
        let (before, roles) = (self.view(), self.state.roles());
        let Ok((answer, effects)) = self.state.ask(intent.clone(), By::Window, self.now) else {
            // The log alone may have it.
            let after = View { log_revision: before.log_revision, ..self.view() };
            prop_assert_eq!(before, after, "a refusal changed the view: {:?}", intent);
            prop_assert_eq!(roles, self.state.roles(), "a refusal changed the list: {:?}", intent);
            return Ok(vec![]);
        };
        if let (Intent::Renew { .. }, Some(session)) = (&intent, &answer.session) {
            self.extend(session, self.state.session(session.as_str()).unwrap().request.duration);
        }
        if let (Intent::Request { request, .. }, Some(session)) = (&intent, answer.session) {
            let is_new = before.sessions.iter().all(|s| s.session != session);
            prop_assert!(!is_new || !self.seen.contains(&session), "{} was given out twice", session);
            prop_assert!(is_new || !request.fresh, "fresh means new");
            if is_new {
                self.seen.push(session);
            } else {
                self.extend(&session, request.duration);
            }
        }
        Ok(effects)
    }

    /// A live lease may last for `duration` from now, or as long as it might before.
    fn extend(&mut self, session: &SessionId, duration: Seconds) {
        let (now, bound) = (self.now, Bound::after(self.now, duration));
        if let Some(lease) = self.leases.get_mut(session).filter(|b| b.shown(now) < bound.shown(now)) {
            *lease = bound;
        }
    }

    fn issued(&mut self, session: SessionId, length: i64) -> Vec<Effect> {
        let expires = Timestamp::from_millis(self.now.wall.as_millis() + length * 1000);
        if let Some(found) = self.state.session(session.as_str()).filter(|s| s.is_open()) {
            if found.live().is_none() {
                let mut bound = Bound::after(self.now, found.request.duration);
                bound.wall = bound.wall.min((found.requested_at + found.request.duration).as_millis());
                self.leases.insert(session.clone(), bound);
            }
            let boot = self.now.boot + length * 1000;
            self.expirations.insert(session.clone(), Bound { wall: expires.as_millis(), boot });
        }
        self.state.learn(
            Event::Issued { session, expiration: Expiration(expires), key_id_end: "7Q2X".to_owned() },
            self.now,
        )
    }

    fn step(&mut self, (kind, which, number): Step) -> Result<Vec<Effect>, TestCaseError> {
        let sso_session = name(which);
        let attempt = self.view().sign_in.map_or(number % 4, |s| s.attempt);
        let code = *Code::ALL.get(number as usize % Code::ALL.len()).unwrap();
        let event = match kind {
            // Clocks.
            0..5 => {
                self.pass(i64::from(number % 1_200_000));
                return Ok(vec![]);
            }
            5 => {
                self.pass(9 * 3_600_000);
                return Ok(vec![]);
            }
            6 => {
                self.set_clock(i64::from(number % 20_000_000) - 10_000_000);
                return Ok(vec![]);
            }
            7..10 => {
                let due = self.state.next_due(self.now).unwrap_or(1000);
                self.pass(due);
                Event::Tick
            }
            10..12 => Event::Tick,
            // People.
            12 => return self.ask(Intent::sign_in(SignInTarget::Named { sso_session })),
            13 => {
                let start_url = format!("https://{sso_session}.awsapps.com/{}", number % 2);
                let target = SignInTarget::Typed { start_url, region: "us-east-1".into() };
                return self.ask(Intent::sign_in(target));
            }
            14 => return self.ask(Intent::CancelSignIn),
            15 => return self.ask(Intent::SignOut { sso_session }),
            16..22 => {
                let duration = Seconds(*DURATIONS.get(number as usize % 6).unwrap());
                let (role, fresh) = (role(which), number % 5 == 0);
                let scope = Default::default();
                let request = SessionRequest { scope, fresh, ..SessionRequest::of(role, duration) };
                return self.ask(Intent::Request { request, open: vec![] });
            }
            22..25 => return self.ask(Intent::Renew { session: self.picked(which) }),
            25 => return self.ask(Intent::End { session: self.picked(which) }),
            26 => return self.ask(Intent::Dismiss { session: self.picked(which) }),
            27 if number % 4 == 0 => return self.ask(Intent::EndAll),
            27 if number % 4 == 1 => return self.ask(Intent::Quit),
            27 => return self.ask(Intent::Favourite { role: role(which), on: number % 4 == 2 }),
            28 => return self.ask(Intent::Console { session: self.picked(which) }),
            29 => return self.ask(Intent::Practice),
            30 => return self.ask(Intent::Sync { sso_session }),
            // The world.
            31..36 => Event::SignedIn { attempt },
            36 => Event::SignInFailed { attempt, code },
            37 => Event::Lapsed { sso_session },
            38..46 => {
                let lengths = [-60, 0, 60, 600, 3600, 3600, 7200, 43_200];
                let length = *lengths.get(number as usize % 8).unwrap();
                return Ok(self.issued(self.picked(which), length));
            }
            46..48 => {
                let code = if number % 2 == 0 { Code::SignInLapsed } else { code };
                Event::IssueFailed { session: self.picked(which), code }
            }
            48 => Event::Wiped { session: self.picked(which), pages: 1, clients: 1 },
            49 => Event::AccountsListed { sso_session, accounts: vec![(account(), "a-prod".into())] },
            50 => {
                let roles = vec![role(which).role];
                Event::RolesListed { sso_session, account: account(), roles }
            }
            51 => Event::Synced { sso_session, failed: number % 2 },
            52 => Event::SyncFailed { sso_session, code },
            53 => Event::PracticeReady { sso: Box::new(sso(2, Source::Practice)) },
            54 => Event::PracticeEnded,
            55 => Event::BrowserCame { attempt },
            _ => Event::BrowserWanted { attempt },
        };
        let is_tick = matches!(event, Event::Tick);
        let effects = self.state.learn(event, self.now);
        if is_tick {
            self.check_after_tick()?;
        }
        Ok(effects)
    }

    /// Once a tick has been taken note of, nothing is left over.
    fn check_after_tick(&self) -> Result<(), TestCaseError> {
        let view = self.view();
        for card in &view.sessions {
            let session = self.state.session(card.session.as_str()).unwrap();
            prop_assert_eq!(card.phase.is_live(), session.may_serve(self.now), "{:?}", card);
        }
        let closed = view.sessions.iter().filter(|s| s.ended.is_some()).count();
        prop_assert!(closed <= 20, "{} ended cards", closed);
        prop_assert_ne!(self.state.next_due(self.now), Some(0), "the agent would spin");
        Ok(())
    }

    /// What holds after every step.
    fn check(&self, was_live: &BTreeSet<SessionId>, effects: &[Effect]) -> Result<(), TestCaseError> {
        let is_live = self.live();
        for id in was_live.union(&is_live) {
            let wipes =
                effects.iter().filter(|e| matches!(e, Effect::Wipe { session } if session == id)).count();
            let expected = usize::from(!is_live.contains(id));
            prop_assert_eq!(wipes, expected, "{} wiped {} times", id, wipes);
        }
        for id in &is_live {
            let session = self.state.session(id.as_str()).unwrap();
            let (lease, expiration) = (self.leases.get(id).unwrap(), self.expirations.get(id).unwrap());
            if !session.may_serve(self.now) {
                continue;
            }
            prop_assert!(lease.is_ahead_of(self.now), "{} served past its lease end", id);
            prop_assert!(expiration.is_ahead_of(self.now), "{} served past AWS's expiration", id);
            let until = session.serve_until(self.now).unwrap().as_millis();
            prop_assert!(until <= lease.shown(self.now), "{} promised past its lease end", id);
            prop_assert!(until <= expiration.shown(self.now), "{} promised past AWS's expiration", id);
            let due = self.state.next_due(self.now).unwrap();
            prop_assert!(due <= until - self.now.wall.as_millis(), "nobody wakes up for the end of {}", id);
        }
        let view = self.view();
        let ids: BTreeSet<_> = view.sessions.iter().map(|s| &s.session).collect();
        prop_assert_eq!(ids.len(), view.sessions.len(), "ids are unique");
        for card in &view.sessions {
            let session = self.state.session(card.session.as_str()).unwrap();
            let waits = matches!(session.stage, Stage::WaitingForSignIn);
            let comes = view.sign_in.as_ref().is_some_and(|s| s.sso_session == card.role.sso_session);
            prop_assert!(!waits || comes, "{} waits for a sign-in that is not under way", card.session);
        }
        let progress = view.sso_sessions.iter().filter_map(|s| s.catalog.progress);
        prop_assert!(progress.into_iter().all(|p| p.done <= p.total), "more than all is listed");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn no_lease_outlives_its_time_and_none_ends_unwiped(steps in vec((0..56_u8, any::<usize>(), any::<u32>()), 1..120)) {
        let mut world = World::new();
        for step in steps {
            let was_live = world.live();
            let (revision, roles) = (world.state.catalog_revision(), world.state.roles());
            let effects = world.step(step)?;
            world.check(&was_live, &effects)?;
            let is_same = world.state.catalog_revision() == revision;
            prop_assert!(!is_same || world.state.roles() == roles, "another list under the same number");
        }
    }

    #[test]
    fn whatever_is_typed_is_read_or_refused(text in ".{0,40}") {
        let _ = Seconds::parse(&text);
        let _ = Timestamp::parse(&text);
        StartUrl::try_from(text.clone()).ok();
        StartUrl::try_from(format!("https://{text}")).ok();
    }

    #[test]
    fn any_length_of_time_is_read_as_the_sum_of_its_parts(h in 0..1000_u32, m in 0..1000_u32, s in 0..1000_u32) {
        prop_assert_eq!(Seconds::parse(&format!("{h}h{m}m{s}s")), Some(Seconds(h * 3600 + m * 60 + s)));
    }

    #[test]
    fn almost_a_length_of_time_never_overflows(text in "[0-9]{0,12}[hms]?[0-9]{0,12}[hms]?") {
        let _ = Seconds::parse(&text);
    }

    #[test]
    fn a_time_written_is_the_time_read(secs in 0..253_402_300_799_i64) {
        let at = Timestamp::from_secs(secs);
        prop_assert_eq!(Timestamp::parse(&at.rfc3339()), Some(at));
    }

    #[test]
    fn any_start_url_that_is_accepted_gets_a_sign_in(host in "[a-z0-9.-]{1,200}", path in "[ -~]{0,20}") {
        let mut world = World::new();
        let start_url = format!("https://{host}/{path}");
        let is_url = StartUrl::try_from(start_url.clone()).is_ok();
        let target = SignInTarget::Typed { start_url, region: "eu-west-1".into() };
        prop_assert_eq!(world.state.ask(Intent::sign_in(target), By::Window, world.now).is_ok(), is_url);
    }
}
