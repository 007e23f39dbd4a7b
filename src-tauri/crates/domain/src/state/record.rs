//! What the state has for the audit log: each handler notes what it did, and the agent writes it down.

use std::collections::BTreeMap;

use crate::{
    audit::{About, By, Entry, Program, What, cut},
    event::{Effect, Event, Revealed},
    failure::Code,
    ids::{RoleRef, SessionId, SsoSessionName},
    request::{Intent, SessionRequest},
    session::Stage,
    state::{State, ask::Asked},
    time::{Deadline, Moment, Seconds},
};

/// Credentials served, and the same refusal again, are counted for so long, then written as one entry.
const GATHERED_FOR: Seconds = Seconds(10);

/// What is noted and not written yet.
#[derive(Debug, Default)]
pub(super) struct Record {
    entries: Vec<Entry>,
    /// How many there ever were.
    noted: u64,
    /// Who or what is behind what happens now.
    by: By,
    /// Who asked for the sessions whose end is not noted yet.
    askers: BTreeMap<SessionId, By>,
    /// How often whom credentials were served, and when that is noted.
    served: BTreeMap<(SessionId, Program), u32>,
    served_until: Option<Deadline>,
    /// The last refusal, and how often it came again since it was noted.
    refused: Option<Refusal>,
}

/// A refusal that may come again.
#[derive(Debug)]
struct Refusal {
    code: Code,
    about: About,
    by: By,
    again: u32,
    until: Deadline,
}

impl State {
    /// Does what a person asks, or says why not. Addresses in answers (`SignInUrl`, `Console`) are
    /// the agent's to fill in, and so is what the log holds.
    ///
    /// # Errors
    /// A refusal: nothing has changed.
    pub fn ask(&mut self, intent: Intent, by: By, now: Moment) -> Asked {
        self.record.by = by;
        let refused = self.refused(&intent);
        let answer = self.answer(intent, now);
        if let (Err(failure), Some(about)) = (&answer, refused) {
            self.note_refusal(failure.code, about, now);
        }
        answer
    }

    /// Takes note of what happened and says what to do about it.
    pub fn learn(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        match &event {
            Event::Tick => self.record.by = By::Timer,
            Event::Desktop(_) => self.record.by = By::Desktop,
            // Whoever ended the lease had it wiped.
            Event::Wiped { .. } => {}
            _ => self.record.by = By::Daypass,
        }
        self.take_in(event, now)
    }

    /// The agent begins. One that goes on afresh does not.
    pub fn note_start(&mut self, now: Moment) {
        if !self.goes_on {
            self.note(What::Started, About::default(), now);
        }
    }

    /// The agent has wiped everything, and goes.
    pub fn note_stop(&mut self, now: Moment) {
        self.note_served(now, |_| true);
        self.note_refusals(now);
        self.note(What::Stopped, About::default(), now);
    }

    /// What is to be written.
    pub fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.record.entries)
    }

    pub(super) fn log_revision(&self) -> u64 {
        self.record.noted
    }

    pub(super) fn log_due(&self, now: Moment) -> Option<i64> {
        let refused_until = self.record.refused.as_ref().map(|last| last.until);
        self.record.served_until.into_iter().chain(refused_until).map(|at| at.millis_left(now)).min()
    }

    pub(super) fn note(&mut self, what: What, about: About, now: Moment) {
        self.note_by(self.record.by.clone(), what, about, now);
    }

    pub(super) fn note_sso(&mut self, what: What, name: &SsoSessionName, now: Moment) {
        let about = About { sso_session: Some(name.clone()), ..About::default() };
        self.note(what, about, now);
    }

    pub(super) fn note_session(&mut self, what: What, id: &SessionId, now: Moment) {
        self.note(what, self.about(id), now);
    }

    /// A person asked for a session; they are also behind its grant.
    pub(super) fn note_request(&mut self, id: &SessionId, duration: Seconds, now: Moment) {
        let known = &self.sessions;
        self.record.askers.retain(|id, _| known.iter().any(|s| s.id == *id));
        self.record.askers.insert(id.clone(), self.record.by.clone());
        self.note_session(What::Requested { duration }, id, now);
    }

    /// Credentials came; the session is live.
    pub(super) fn note_issue(&mut self, id: &SessionId, is_first: bool, now: Moment) {
        let Some(session) = self.session(id.as_str()) else { return };
        let Some(live) = session.live() else { return };
        let expiration = live.expiration;
        if !is_first {
            return self.note_session(What::IssuedAnew { expiration }, id, now);
        }
        let (duration, lease_end) = (session.request.duration, live.lease_end.shown(now));
        let by = self.record.askers.get(id).cloned().unwrap_or_default();
        self.note_by(by, What::Granted { duration, lease_end, expiration }, self.about(id), now);
    }

    pub(super) fn note_renewal(&mut self, id: &SessionId, now: Moment) {
        let Some(session) = self.session(id.as_str()) else { return };
        let Some(live) = session.live() else { return };
        let (duration, lease_end) = (session.request.duration, live.lease_end.shown(now));
        self.note_session(What::Renewed { duration, lease_end }, id, now);
    }

    /// Pages of a session were wiped: its receipt, or what came after that.
    pub(super) fn note_wipe(&mut self, id: &SessionId, pages: u32, now: Moment) {
        self.note_served(now, |session| session == id);
        let is_first = self.record.askers.remove(id).is_some();
        match self.session(id.as_str()).map(|s| &s.stage) {
            Some(Stage::Ended(receipt)) if is_first => {
                self.note_session(What::Ended { receipt: receipt.clone() }, id, now);
            }
            _ if pages > 0 => self.note_session(What::WipedLate { pages }, id, now),
            _ => {}
        }
    }

    /// Credentials of a session were served to a program: counted, and noted later.
    pub(super) fn count_served(&mut self, session: SessionId, program: Program, now: Moment) {
        let is_over = self.session(session.as_str()).is_none_or(|s| s.live().is_none());
        *self.record.served.entry((session, program)).or_default() += 1;
        let until = *self.record.served_until.get_or_insert(now.after(GATHERED_FOR));
        if is_over || until.has_passed(now) {
            self.note_served(now, |_| true);
        }
    }

    /// The first is noted at once; the same to the same program within a while is counted.
    fn note_refusal(&mut self, code: Code, about: About, now: Moment) {
        let by = self.record.by.clone();
        if let Some(last) = &mut self.record.refused
            && (last.code, &last.about) == (code, &about)
            && last.by.is_like(&by)
            && !last.until.has_passed(now)
        {
            last.again += 1;
            return;
        }
        self.note_refusals(now);
        self.note(What::Refused { code, count: 1 }, about.clone(), now);
        self.record.refused = Some(Refusal { code, about, by, again: 0, until: now.after(GATHERED_FOR) });
    }

    fn note_refusals(&mut self, now: Moment) {
        if let Some(Refusal { code, about, by, again, .. }) = self.record.refused.take()
            && again > 0
        {
            self.note_by(by, What::Refused { code, count: again }, about, now);
        }
    }

    /// Notes what was counted for long enough.
    pub(super) fn note_counted_when_due(&mut self, now: Moment) {
        if self.record.refused.as_ref().is_some_and(|last| last.until.has_passed(now)) {
            self.note_refusals(now);
        }
        if self.record.served_until.is_some_and(|at| at.has_passed(now)) {
            self.note_served(now, |_| true);
        }
    }

    pub(super) fn note_revealed(&mut self, id: &SessionId, what: Revealed, program: Program, now: Moment) {
        let what = match what {
            Revealed::Ticket => What::TicketGiven,
            Revealed::Keys => What::KeysRevealed,
        };
        self.note_by(By::Program(program), what, self.about(id), now);
    }

    fn note_served(&mut self, now: Moment, which: impl Fn(&SessionId) -> bool) {
        let (due, kept) =
            std::mem::take(&mut self.record.served).into_iter().partition(|((s, _), _)| which(s));
        self.record.served = kept;
        if self.record.served.is_empty() {
            self.record.served_until = None;
        }
        let due: BTreeMap<(SessionId, Program), u32> = due;
        for ((session, program), count) in due {
            self.note_by(By::Program(program), What::Served { count }, self.about(&session), now);
        }
    }

    fn note_by(&mut self, by: By, what: What, about: About, now: Moment) {
        self.record.noted += 1;
        self.record.entries.push(Entry { at: now.wall, what, about, by });
    }

    fn about(&self, id: &SessionId) -> About {
        let request = self.session(id.as_str()).map(|s| self.about_request(&s.request));
        About { session: Some(id.clone()), ..request.unwrap_or_default() }
    }

    pub(super) fn about_request(&self, request: &SessionRequest) -> About {
        let last = request.path.last().map(|hop| format!(" through {}", hop.role.name())).unwrap_or_default();
        About {
            scope: Some(cut(&format!("{}{last}", request.scope.words()))),
            reason: request.reason.as_deref().map(cut),
            ..self.about_role(&request.role)
        }
    }

    fn about_role(&self, role: &RoleRef) -> About {
        About {
            sso_session: Some(role.sso_session.clone()),
            role: Some(role.role.clone()),
            account: Some(role.account.clone()),
            account_name: Some(cut(&self.account_name(role))),
            ..About::default()
        }
    }

    /// What a refusal of `intent` is noted about; None where nobody was refused access.
    fn refused(&self, intent: &Intent) -> Option<About> {
        match intent {
            Intent::Request { request, .. } => Some(self.about_request(request)),
            Intent::TakePass { name } => {
                let pass = self.passes.iter().find(|p| p.name == *name)?;
                Some(self.about_request(&pass.request))
            }
            Intent::Renew { session } | Intent::Console { session } | Intent::Terminal { session } => {
                Some(self.about(session))
            }
            Intent::SignIn { .. }
            | Intent::SignInUrl
            | Intent::CancelSignIn
            | Intent::SignOut { .. }
            | Intent::Practice
            | Intent::Sync { .. }
            | Intent::Options { .. }
            | Intent::Preview { .. }
            | Intent::Brought
            | Intent::Limits { .. }
            | Intent::SavePass { .. }
            | Intent::RemovePass { .. }
            | Intent::End { .. }
            | Intent::EndAll
            | Intent::Dismiss { .. }
            | Intent::Favourite { .. }
            | Intent::KeepSignedIn { .. }
            | Intent::Configure { .. }
            | Intent::SeenChanges { .. }
            | Intent::DismissNotice
            | Intent::Quit
            | Intent::Protection
            | Intent::SelfCheck
            | Intent::EndAtAws { .. }
            | Intent::Log { .. }
            | Intent::VerifyLog
            | Intent::ExportLog { .. } => None,
        }
    }

    /// The log can be written, or not.
    pub(super) fn log_told(&mut self, trouble: Option<Code>) {
        self.stand(Code::AuditUnwritable, trouble.is_some());
    }
}
