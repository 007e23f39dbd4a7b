//! Serving: who may have what of a lease now, and who waits until it is issued anew.

use daypass_domain::{
    event::Issue,
    failure::Code,
    ids::{AccountId, Region, SessionId},
    session::Session,
    sso::SsoSession,
    time::{Moment, Timestamp},
};
use tokio::sync::oneshot;

use crate::{actor::Actor, endpoint::Endpoint};

/// What somebody needs of a lease.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// That it lives.
    Lease,
    /// That it lives, once the log has on the disk all that happened so far.
    Recorded,
    /// Its credentials, issued anew before where they have to be.
    Fresh,
    /// Its credentials as they are.
    Held,
    /// Credentials for those who can't renew: as long as lease and AWS allow.
    Lasting,
}

/// What goes with a live lease.
pub struct Served {
    pub session: SessionId,
    pub sso: SsoSession,
    pub account: AccountId,
    pub account_name: String,
    pub role: String,
    pub region: Region,
    pub lease_end: Timestamp,
    /// When programs must stop: AWS's expiration or the lease end, whichever is first.
    pub until: Timestamp,
    /// What to issue for who needs lasting credentials, where those that are held aren't.
    pub lasting: Option<Box<Issue>>,
    pub now: Moment,
    /// Where the endpoint listens.
    pub port: Option<u16>,
}

/// Somebody who waits for credentials that are being issued.
pub(super) struct Asker {
    session: SessionId,
    reply: oneshot::Sender<Result<Served, Code>>,
}

impl Actor {
    /// Answers now, or once the issue under way has ended.
    pub(super) async fn serve(
        &mut self,
        session: String,
        need: Need,
        reply: oneshot::Sender<Result<Served, Code>>,
    ) {
        let Some(id) = self.state.session(&session).map(|s| s.id.clone()) else {
            drop(reply.send(Err(Code::UnknownSession)));
            return;
        };
        if need == Need::Fresh {
            for effect in self.state.asked(&id, self.clock.now()) {
                self.run_effect(effect).await;
            }
            self.publish();
            if self.is_being_issued(&id) {
                self.askers.push(Asker { session: id, reply });
                return;
            }
        }
        let served = self.served(&id, need);
        if need == Need::Recorded {
            let recorded = self.log.barrier();
            tokio::spawn(async move { reply.send(recorded.await.and(served)).ok() });
            return;
        }
        drop(reply.send(served));
    }

    /// Answers those whose issue has ended, one way or the other.
    pub(super) fn answer_askers(&mut self) {
        for asker in std::mem::take(&mut self.askers) {
            if self.is_being_issued(&asker.session) {
                self.askers.push(asker);
            } else {
                drop(asker.reply.send(self.served(&asker.session, Need::Held)));
            }
        }
    }

    fn is_being_issued(&self, id: &SessionId) -> bool {
        self.state.session(id.as_str()).is_some_and(Session::is_worth_waiting)
    }

    fn served(&self, id: &SessionId, need: Need) -> Result<Served, Code> {
        let now = self.clock.now();
        let session = self.state.session(id.as_str()).filter(|s| s.may_serve(now));
        let session = session.ok_or(Code::SessionNotLive)?;
        let role = &session.request.role;
        let lasting = if need == Need::Lasting { self.state.lasting(id, now)? } else { None };
        let lease_end = session.lease_end(now).shown(now);
        let until = match need {
            Need::Lease | Need::Recorded => lease_end,
            Need::Lasting if lasting.is_some() => lease_end,
            // Nothing is left, and no more could be had: the card says why.
            _ => session.serve_until(now).ok_or(session.failure.unwrap_or(Code::SessionNotLive))?,
        };
        Ok(Served {
            session: id.clone(),
            sso: self.state.sso(&role.sso_session).ok_or(Code::UnknownSsoSession)?.clone(),
            account: role.account.clone(),
            account_name: self.state.account_name(role),
            role: role.role.to_string(),
            region: session.region.clone(),
            lease_end,
            until,
            lasting,
            now,
            port: self.endpoint.as_ref().map(Endpoint::port),
        })
    }
}
