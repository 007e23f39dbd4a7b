//! What is left at AWS once a lease has ended, and how it can be ended there.

use crate::{
    failure::Code,
    ids::{SessionId, SsoSessionName},
    receipt::{EndAtAws, remains},
    request::Answer,
    state::{State, ask::Asked},
    time::{Expiration, Moment},
};

impl State {
    /// AWS has issued something for a session, whether or not it still lives.
    pub(super) fn note_accepted(&mut self, id: &SessionId, expiration: Expiration, key_id_end: String) {
        let Some(session) = self.session_mut(id) else { return };
        session.note_expiration(expiration, key_id_end);
        let name = session.request.role.sso_session.clone();
        if let Some(sso) = self.sso_sessions.get_mut(&name) {
            sso.accepted_until = sso.accepted_until.max(Some(expiration.0));
        }
    }

    pub(super) fn end_at_aws(&self, id: &SessionId, now: Moment) -> Asked {
        let session = self.session(id.as_str()).ok_or(Code::UnknownSession)?;
        let until = session.accepted_until(now).ok_or(Code::NothingAccepted)?;
        let request = &session.request;
        let told = match request.path.last() {
            Some(hop) => EndAtAws::of_chained(&hop.role, now),
            None => {
                let sso = self.sso_sessions.get(&request.role.sso_session);
                let person = sso.and_then(|s| s.identity.as_deref());
                EndAtAws::of_portal(&request.role, person, until, now)
            }
        };
        Ok((Answer { end_at_aws: Some(Box::new(told)), ..Answer::default() }, vec![]))
    }

    /// What signing out of an SSO session does not end.
    pub(super) fn remains(&self, name: &SsoSessionName, now: Moment) -> String {
        let until = self.sso_sessions.get(name).and_then(|s| s.accepted_until);
        remains(until.filter(|&until| until > now.wall), now)
    }
}
