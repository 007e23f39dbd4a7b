//! The one door for secrets: tickets, and the credentials themselves.

use std::sync::Arc;

use daypass_domain::{
    event::{Event, Revealed},
    failure::Code,
    sso::Source,
    view::View,
};
use daypass_reveal::{Answer, Grant, Kind, Question as Reveal};
use daypass_wire::frame;
use tokio::{
    io::AsyncReadExt,
    net::UnixStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    actor::{Mail, Need, Served},
    secrets::{Ticket, process_json},
    socket::{DEADLINE, Desk, client},
};

impl Desk {
    /// Answers one question, and holds the connection of who got a ticket.
    pub(super) async fn reveal(
        &self,
        mut stream: UnixStream,
        place: OwnedSemaphorePermit,
        holders: Arc<Semaphore>,
    ) {
        let Ok(Ok(question)) = timeout(DEADLINE, frame::read::<Reveal>(&mut stream)).await else { return };
        let place = match question.kind {
            Kind::Keys => Ok(place),
            Kind::Ticket => {
                drop(place);
                holders.try_acquire_owned().map_err(|_| Code::AgentBusy)
            }
        };
        let granted = match &place {
            Ok(_) => self.grant(&question).await,
            Err(busy) => Err(*busy),
        };
        let (served, grant, secret) = match granted {
            Ok(granted) => granted,
            Err(code) => {
                frame::write(&mut stream, &Answer::Refused(code.into())).await.ok();
                return;
            }
        };
        let (what, program) = match question.kind {
            Kind::Ticket => (Revealed::Ticket, format!("daypass for {}", question.program)),
            Kind::Keys => (Revealed::Keys, "daypass env".to_owned()),
        };
        let (session, program) = (served.session.clone(), client(&stream, &program));
        self.effects.tell(Event::Revealed { session, what, program }).await;
        // Credentials that nothing can call back leave no sooner than their record is on the disk.
        if what == Revealed::Keys
            && let Err(code) = self.effects.recorded(served.session.as_str()).await
        {
            frame::write(&mut stream, &Answer::Refused(code.into())).await.ok();
            return;
        }
        if frame::write(&mut stream, &Answer::Granted(grant)).await.is_err() {
            return;
        }
        let sent = frame::write_bytes(&mut stream, &secret).await;
        drop(secret);
        if sent.is_ok() && question.kind == Kind::Ticket {
            self.mail.send(Mail::Holder(served.session.clone(), true)).await.ok();
            self.hold(stream, &served).await;
            self.mail.send(Mail::Holder(served.session, false)).await.ok();
        }
    }

    /// What is granted, and the secret part of it: the allocator wipes it when it is freed.
    async fn grant(&self, question: &Reveal) -> Result<(Served, Grant, Vec<u8>), Code> {
        let need = if question.kind == Kind::Ticket { Need::Lease } else { Need::Lasting };
        let served = self.effects.served(&question.session, need).await?;
        let (url, secret) = match question.kind {
            Kind::Keys => (None, self.keys(&served).await?),
            Kind::Ticket => {
                let url = self.ticket_url(&served).await?;
                let ticket =
                    self.effects.secrets.tickets.lend(&served.session).ok_or(Code::SessionNotLive)?;
                (Some(url), ticket.token.with(<[u8]>::to_vec))
            }
        };
        let endpoints = &served.sso.endpoints;
        // Practice serves whatever is asked of it: calls must not end at AWS with credentials that mean nothing there.
        let every = endpoints.sts.clone().filter(|_| served.sso.source == Source::Practice);
        let environment = [
            ("AWS_ENDPOINT_URL", &every),
            ("AWS_ENDPOINT_URL_STS", &endpoints.sts),
            ("AWS_ENDPOINT_URL_SSO", &endpoints.portal),
            ("AWS_ENDPOINT_URL_SSO_OIDC", &endpoints.oidc),
        ]
        .into_iter()
        .filter_map(|(name, url)| {
            Some((name.to_owned(), url.as_ref()?.as_str().trim_end_matches('/').to_owned()))
        });
        let grant = Grant {
            session: served.session.to_string(),
            account: served.account.to_string(),
            account_name: served.account_name.clone(),
            role: served.role.clone(),
            region: served.region.to_string(),
            lease_end: served.lease_end.rfc3339(),
            url,
            environment: environment.collect(),
        };
        Ok((served, grant, secret))
    }

    /// The credentials themselves: those that are held, or for a chained role others that last longer.
    async fn keys(&self, served: &Served) -> Result<Vec<u8>, Code> {
        let (secrets, session) = (&self.effects.secrets, &served.session);
        let Some(issue) = &served.lasting else {
            let credentials = secrets.credentials.lend(session).ok_or(Code::SessionNotLive)?;
            return Ok(process_json(&credentials, served.until, served.account.as_str()));
        };
        let issued = secrets.while_live(session, self.effects.lasting(session, issue)).await;
        let (credentials, expiration) = issued.ok_or(Code::SessionNotLive)??;
        let until = served.until.min(expiration.0);
        let account = issue.assumes.last().map_or(served.account.as_str(), |last| last.role.account());
        Ok(process_json(&credentials, until, account))
    }

    /// The endpoint's address for a lease; its ticket is made with the first who asks.
    async fn ticket_url(&self, served: &Served) -> Result<String, Code> {
        let secrets = &self.effects.secrets;
        if secrets.tickets.lend(&served.session).is_none() {
            secrets.tickets.put(served.session.clone(), Ticket::new().map_err(|_| Code::NoMemory)?);
        }
        let ticket = secrets.tickets.lend(&served.session).ok_or(Code::SessionNotLive)?;
        let port = served.port.ok_or(Code::Internal)?;
        Ok(ticket.path.with_str(|path| format!("http://127.0.0.1:{port}/{path}")))
    }

    /// Keeps the connection until its holder leaves or the lease ends. A byte tells it that the lease has changed.
    async fn hold(&self, mut stream: UnixStream, served: &Served) {
        let mut views = self.views.clone();
        let live = |view: &View| {
            view.sessions.iter().find(|s| s.session == served.session && s.phase.is_live()).cloned()
        };
        let mut known = live(&views.borrow_and_update());
        let mut nothing = [0; 1];
        while known.is_some() {
            tokio::select! {
                _ = stream.read(&mut nothing) => return,
                changed = views.changed() => if changed.is_err() { return },
            }
            let now = live(&views.borrow_and_update());
            // One that reads nothing needs no more of them.
            if now.is_some() && now != known {
                stream.try_write(&nothing).ok();
            }
            known = now;
        }
    }
}
