//! Sessions: one lease on one role, from request to end.
//!
//! Credentials straight from the portal are issued anew by time, so that no program ever waits. Those of chained
//! roles are worth half an hour at most and are issued anew when a program asks for them: what nobody uses is
//! nowhere to leak.

use crate::{
    failure::{Code, Failure},
    ids::{Region, SessionId},
    request::SessionRequest,
    time::{Deadline, Expiration, Moment, Seconds, Timestamp},
    view::{EndedView, Phase, Why},
};

/// Credentials are issued anew when this much or less is left, so that SDKs, which ask again 15
/// minutes before the end, get fresh ones.
const ISSUE_AHEAD: Seconds = Seconds::minutes(16);
/// How long after a failed issue the next is tried.
const TRY_AGAIN: Seconds = Seconds::minutes(1);
/// A request that failed for want of a sign-in goes on by itself when the person signs in within this time.
const STILL_WANTED: Seconds = Seconds::minutes(10);
/// A lease with this much or less left is about to expire.
pub const SOON: Seconds = Seconds::minutes(5);

/// One lease.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub request: SessionRequest,
    pub region: Region,
    pub requested_at: Timestamp,
    pub stage: Stage,
    /// Why the last issue failed.
    pub failure: Option<Code>,
    /// The latest expiration of anything issued for it.
    pub latest: Option<Expiration>,
    /// The last four characters of the access key id that expires then.
    pub key_id_end: Option<String>,
    /// The lease end that the policy of the issue under way tells AWS.
    pub promised: Option<Timestamp>,
}

/// Where a session stands, with what only exists there.
#[derive(Clone, Debug)]
pub enum Stage {
    /// Waits for the person to sign in.
    WaitingForSignIn,
    /// Waits for the first credentials.
    Requesting {
        /// When the view begins to say that AWS takes long.
        slow_at: Deadline,
    },
    Live(Live),
    Ended(EndedView),
    Failed,
}

/// A lease that serves credentials.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    pub lease_end: Deadline,
    pub expiration: Expiration,
    expires: Deadline,
    /// From when on AWS refuses what was issued because its policy says so.
    policy_ends: Option<Deadline>,
    /// From when on to issue anew, unless an issue is under way.
    issue_at: Option<Deadline>,
}

impl Live {
    /// When AWS stops accepting what was issued, whatever the reason.
    #[must_use]
    pub fn accepted_until(&self, now: Moment) -> Deadline {
        self.policy_ends.map_or(self.expires, |ends| ends.min(self.expires, now))
    }

    /// Whether AWS would refuse what was issued before the lease ends.
    fn outlives(&self, now: Moment) -> bool {
        self.lease_end.millis_left(now) > self.accepted_until(now).millis_left(now)
    }

    /// Whether the policy tells AWS of an end that is no longer that of the lease. It is written in whole seconds.
    fn falls_short(&self, now: Moment) -> bool {
        self.policy_ends.is_some_and(|ends| self.lease_end.millis_left(now) >= ends.millis_left(now) + 1000)
    }
}

/// What time has brought a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    Nothing,
    /// New credentials are needed.
    Issue,
    End(Why),
}

impl Session {
    #[must_use]
    pub fn live(&self) -> Option<&Live> {
        if let Stage::Live(live) = &self.stage { Some(live) } else { None }
    }

    /// Whether its credentials come from a chained role.
    #[must_use]
    pub fn is_chained(&self) -> bool {
        !self.request.path.is_empty()
    }

    /// Whether it still wants or has credentials.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::WaitingForSignIn | Stage::Requesting { .. } | Stage::Live(_))
    }

    /// When it ended, or when the request that failed was made; None while it is open.
    #[must_use]
    pub fn closed_at(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Ended(ended) => Some(ended.at),
            Stage::Failed => Some(self.requested_at),
            Stage::WaitingForSignIn | Stage::Requesting { .. } | Stage::Live(_) => None,
        }
    }

    /// Whether a person who signs in now still expects it.
    #[must_use]
    pub fn is_still_wanted(&self, now: Moment) -> bool {
        self.requested_at.until(now.wall) <= STILL_WANTED
    }

    /// Whether credentials may be served for it now; those of a chained role may have to be issued anew before.
    #[must_use]
    pub fn may_serve(&self, now: Moment) -> bool {
        let has_more = |l: &Live| self.is_chained() || !l.expires.has_passed(now);
        self.live().is_some_and(|l| !l.lease_end.has_passed(now) && has_more(l))
    }

    /// When programs must stop: the lease end, or when AWS refuses what is held, whichever is first. None where
    /// that was.
    #[must_use]
    pub fn serve_until(&self, now: Moment) -> Option<Timestamp> {
        let until = self.live().map(|l| l.lease_end.min(l.accepted_until(now), now));
        until.filter(|until| !until.has_passed(now)).map(|until| until.shown(now))
    }

    /// When the lease ends, or will once credentials come.
    #[must_use]
    pub fn lease_end(&self, now: Moment) -> Deadline {
        let duration = self.request.duration;
        match self.live() {
            Some(live) => live.lease_end,
            // Never more than the duration from now: the wall clock may have been set back meanwhile.
            None => now.at(self.requested_at + duration).min(now.after(duration), now),
        }
    }

    /// Credentials came. The lease ends at asked at + duration; a later issue moves only AWS's end.
    pub fn issued(&mut self, expiration: Expiration, now: Moment) {
        let expires = now.at(expiration.0);
        let policy_ends = self.promised.take().map(|end| now.at(end));
        let lease_end = self.lease_end(now);
        let ahead = i64::from(ISSUE_AHEAD.0) * 1000;
        let left = expires.millis_left(now);
        // What is issued when asked for costs nothing while nobody asks; what is issued by time is used up first.
        let ahead = ahead.min(if self.is_chained() { left - left / 4 } else { left / 4 });
        let wait = now.after(Seconds(u32::try_from((left - ahead) / 1000).unwrap_or(u32::MAX)));
        let mut live = Live { lease_end, expiration, expires, policy_ends, issue_at: Some(wait) };
        if live.falls_short(now) {
            live.issue_at = Some(now.after(Seconds(0)));
        }
        self.stage = Stage::Live(live);
        self.failure = None;
    }

    /// AWS accepts something that was issued for it until then.
    pub fn note_expiration(&mut self, expiration: Expiration, key_id_end: String) {
        if self.latest <= Some(expiration) {
            self.latest = Some(expiration);
            self.key_id_end = Some(key_id_end);
        }
        // What came too late for the lease is on its card all the same.
        if let Stage::Ended(ended) = &mut self.stage {
            ended.aws_accepts_until = self.latest.map(|e| e.0);
            ended.key_id_end.clone_from(&self.key_id_end);
        }
    }

    /// Somebody asks for credentials. Returns whether they have to be issued anew for that, which counts as under
    /// way from now on.
    pub fn asked(&mut self, now: Moment) -> bool {
        let may_serve = self.is_chained() && self.may_serve(now);
        let Stage::Live(live) = &mut self.stage else { return false };
        // Where there is nothing left to serve, a failure a moment ago keeps nobody from trying again.
        let is_due = |at: Deadline| at.has_passed(now) || live.accepted_until(now).has_passed(now);
        let is_wanted = may_serve && live.outlives(now) && live.issue_at.is_some_and(is_due);
        if is_wanted {
            live.issue_at = None;
        }
        is_wanted
    }

    /// Whether whoever asks for credentials does well to wait for those under way.
    #[must_use]
    pub fn is_worth_waiting(&self) -> bool {
        self.is_chained() && self.live().is_some_and(|l| l.issue_at.is_none())
    }

    /// Credentials did not come. A live lease goes on with what it has.
    pub fn issue_failed(&mut self, code: Code, now: Moment) {
        self.failure = Some(code);
        match &mut self.stage {
            Stage::Live(live) => live.issue_at = Some(now.after(TRY_AGAIN)),
            stage => *stage = Stage::Failed,
        }
    }

    /// The sign-in whose lapse held up an issue is good again. Returns whether to issue at once.
    pub fn sign_in_is_back(&mut self, now: Moment) -> bool {
        let is_chained = self.is_chained();
        if let Stage::Live(live) = &mut self.stage {
            live.issue_at = is_chained.then(|| now.after(Seconds(0)));
        }
        if is_chained {
            self.failure = None;
        }
        !is_chained
    }

    /// The lease ends `duration` from now, or when it did if that is later; said twice, it changes nothing more.
    ///
    /// Returns whether new credentials are needed for that.
    pub fn renew(&mut self, duration: Seconds, now: Moment) -> bool {
        let is_chained = self.is_chained();
        let Stage::Live(live) = &mut self.stage else {
            self.request.duration = self.request.duration.max(duration);
            return false;
        };
        let lease_end = now.after(duration);
        if lease_end.millis_left(now) > live.lease_end.millis_left(now) {
            live.lease_end = lease_end;
            self.request.duration = duration;
        }
        let is_near = live.expires.millis_left(now) <= i64::from(ISSUE_AHEAD.0) * 1000;
        let is_wanted = if is_chained { live.falls_short(now) } else { live.outlives(now) && is_near };
        is_wanted && live.issue_at.take().is_some()
    }

    /// Until when AWS accepts something that was issued for it; None where it no longer does.
    #[must_use]
    pub fn accepted_until(&self, now: Moment) -> Option<Timestamp> {
        self.latest.map(|e| e.0).filter(|&until| until > now.wall)
    }

    pub fn end(&mut self, why: Why, now: Moment) {
        // A lease that ended on time ended then, not when we came round to it.
        let at = match (why, self.live()) {
            (Why::LeaseEnd, Some(live)) => live.lease_end.shown(now),
            (Why::NotIssuedAnew, Some(live)) => live.expires.shown(now),
            _ => now.wall,
        };
        self.stage = Stage::Ended(EndedView {
            at,
            why,
            wiped_pages: 0,
            aws_accepts_until: self.accepted_until(now),
            clients_told: 0,
            key_id_end: self.key_id_end.clone(),
        });
    }

    /// What time has brought; an issue that is due counts as under way from now on.
    pub fn due(&mut self, now: Moment) -> Due {
        let is_chained = self.is_chained();
        let Stage::Live(live) = &mut self.stage else { return Due::Nothing };
        if live.lease_end.has_passed(now) {
            return Due::End(Why::LeaseEnd);
        }
        if !is_chained && live.expires.has_passed(now) {
            return Due::End(Why::NotIssuedAnew);
        }
        let is_by_time = if is_chained { live.falls_short(now) } else { live.outlives(now) };
        if is_by_time && live.issue_at.is_some_and(|at| at.has_passed(now)) {
            live.issue_at = None;
            return Due::Issue;
        }
        Due::Nothing
    }

    /// Milliseconds until time brings something, the view's amber included.
    #[must_use]
    pub fn next_due(&self, now: Moment) -> Option<i64> {
        if let Stage::Requesting { slow_at } = self.stage {
            return Some(slow_at).filter(|at| !at.has_passed(now)).map(|at| at.millis_left(now));
        }
        let live = self.live()?;
        let end = live.lease_end.millis_left(now);
        let soon = end - i64::from(SOON.0) * 1000;
        let expires = (!self.is_chained()).then(|| live.expires.millis_left(now));
        let is_by_time = if self.is_chained() { live.falls_short(now) } else { live.outlives(now) };
        let issue = live.issue_at.filter(|_| is_by_time).map(|at| at.millis_left(now));
        [Some(end), expires, Some(soon).filter(|&s| s > 0), issue].into_iter().flatten().min()
    }

    #[must_use]
    pub fn phase(&self, now: Moment) -> Phase {
        match &self.stage {
            Stage::WaitingForSignIn | Stage::Requesting { .. } => Phase::Requesting,
            Stage::Live(live) if live.lease_end.millis_left(now) <= i64::from(SOON.0) * 1000 => {
                Phase::Expiring
            }
            Stage::Live(_) => Phase::Active,
            Stage::Ended(_) => Phase::Ended,
            Stage::Failed => Phase::Failed,
        }
    }

    #[must_use]
    pub fn failure_shown(&self, now: Moment) -> Option<Failure> {
        let slow = matches!(self.stage, Stage::Requesting { slow_at } if slow_at.has_passed(now));
        self.failure.or(slow.then_some(Code::SlowAnswer)).map(Failure::from)
    }
}
