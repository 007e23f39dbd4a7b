//! Sessions: one lease on one role, from request to end.

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
    /// When to issue anew, unless an issue is under way.
    issue_at: Option<Deadline>,
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

    /// Whether credentials may be served for it now.
    #[must_use]
    pub fn may_serve(&self, now: Moment) -> bool {
        self.live().is_some_and(|l| !l.lease_end.has_passed(now) && !l.expires.has_passed(now))
    }

    /// When programs must stop: AWS's expiration or the lease end, whichever is first.
    #[must_use]
    pub fn serve_until(&self, now: Moment) -> Option<Timestamp> {
        self.live().map(|l| l.lease_end.min(l.expires, now).shown(now))
    }

    /// Credentials came. The lease ends at asked at + duration; a later issue moves only AWS's end.
    pub fn issued(&mut self, expiration: Expiration, now: Moment) {
        let expires = now.at(expiration.0);
        let lease_end = match self.live() {
            Some(live) => live.lease_end,
            // Never more than the duration from now: the wall clock may have been set back meanwhile.
            None => {
                now.at(self.requested_at + self.request.duration).min(now.after(self.request.duration), now)
            }
        };
        let ahead = i64::from(ISSUE_AHEAD.0) * 1000;
        let left = expires.millis_left(now);
        let wait = left - ahead.min(left / 4);
        let issue_at = now.after(Seconds(u32::try_from(wait / 1000).unwrap_or(u32::MAX)));
        self.stage = Stage::Live(Live { lease_end, expiration, expires, issue_at: Some(issue_at) });
        self.latest = self.latest.max(Some(expiration));
        self.failure = None;
    }

    /// Credentials did not come. A live lease goes on with what it has.
    pub fn issue_failed(&mut self, code: Code, now: Moment) {
        self.failure = Some(code);
        match &mut self.stage {
            Stage::Live(live) => live.issue_at = Some(now.after(TRY_AGAIN)),
            stage => *stage = Stage::Failed,
        }
    }

    /// An issue is under way that [`Self::due`] did not ask for.
    pub fn is_issued_anew(&mut self) {
        if let Stage::Live(live) = &mut self.stage {
            live.issue_at = None;
        }
    }

    /// The lease ends `duration` from now, or when it did if that is later; said twice, it changes nothing more.
    ///
    /// Returns whether new credentials are needed for that.
    pub fn renew(&mut self, duration: Seconds, now: Moment) -> bool {
        let Stage::Live(live) = &mut self.stage else {
            self.request.duration = self.request.duration.max(duration);
            return false;
        };
        let lease_end = now.after(duration);
        if lease_end.millis_left(now) > live.lease_end.millis_left(now) {
            live.lease_end = lease_end;
            self.request.duration = duration;
        }
        let outlives = live.lease_end.millis_left(now) > live.expires.millis_left(now);
        let is_near = live.expires.millis_left(now) <= i64::from(ISSUE_AHEAD.0) * 1000;
        outlives && is_near && live.issue_at.take().is_some()
    }

    pub fn end(&mut self, why: Why, now: Moment) {
        // A lease that ended on time ended then, not when we came round to it.
        let at = match (why, self.live()) {
            (Why::LeaseEnd, Some(live)) => live.lease_end.shown(now),
            (Why::NotIssuedAnew, Some(live)) => live.expires.shown(now),
            _ => now.wall,
        };
        let aws_accepts_until = self.latest.map(|e| e.0).filter(|&until| until > now.wall);
        self.stage = Stage::Ended(EndedView { at, why, wiped_pages: 0, aws_accepts_until });
    }

    /// What time has brought; an issue that is due counts as under way from now on.
    pub fn due(&mut self, now: Moment) -> Due {
        let Stage::Live(live) = &mut self.stage else { return Due::Nothing };
        if live.lease_end.has_passed(now) {
            return Due::End(Why::LeaseEnd);
        }
        if live.expires.has_passed(now) {
            return Due::End(Why::NotIssuedAnew);
        }
        let outlives = live.lease_end.millis_left(now) > live.expires.millis_left(now);
        if outlives && live.issue_at.is_some_and(|at| at.has_passed(now)) {
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
        let expires = live.expires.millis_left(now);
        let issue = live.issue_at.filter(|_| end > expires).map(|at| at.millis_left(now));
        [Some(end), Some(expires), Some(soon).filter(|&s| s > 0), issue].into_iter().flatten().min()
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
