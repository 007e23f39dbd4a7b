//! Somebody with some leases, and a clock that is moved by hand.

use daypass_domain::{
    desktop::Notification,
    notification::{News, Teller},
    scope::Scope,
    settings::Notifications,
    time::{Expiration, Seconds, Timestamp},
    view::{EndedView, Phase, SessionView, SsoSessionView, View, Why},
};

/// Somebody with some leases, and a clock that is moved by hand.
pub(crate) struct Desk {
    pub(crate) teller: Teller,
    pub(crate) view: View,
    pub(crate) now: Timestamp,
}

impl Desk {
    /// At 12:00, signed in, and told nothing so far.
    pub(crate) fn new() -> Self {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        let view = View { now, sso_sessions: vec![sso()], ..View::default() };
        let mut desk = Self { teller: Teller::default(), view, now };
        assert_eq!(desk.look(), News::default());
        desk
    }

    pub(crate) fn look(&mut self) -> News {
        self.view.now = self.now;
        self.teller.look(&self.view, self.now)
    }

    pub(crate) fn wait(&mut self, length: Seconds) -> News {
        self.now = self.now + length;
        self.look()
    }

    /// Goes from one time it asks for to the next; everything shown meanwhile, by title.
    pub(crate) fn pass(&mut self, length: Seconds) -> Vec<String> {
        let end = self.now + length;
        let mut titles = Vec::new();
        loop {
            let news = self.look();
            titles.extend(news.show.into_iter().map(|n| n.title));
            match news.look_again {
                Some(at) if at <= end => self.now = at,
                _ => break,
            }
        }
        self.now = end;
        titles
    }

    pub(crate) fn lease(&mut self, id: &str, role: &str, duration: Seconds) {
        self.view.sessions.push(SessionView {
            session: id.parse().unwrap(),
            role: serde_json::from_value(
                serde_json::json!({ "ssoSession": "acme", "account": "111122223333", "role": role }),
            )
            .unwrap(),
            account_name: "payments".to_owned(),
            environment: None,
            colour: None,
            region: "eu-west-1".parse().unwrap(),
            reason: None,
            scope: Scope::default(),
            path: vec![],
            labels: Default::default(),
            phase: Phase::Active,
            requested_at: self.now,
            duration,
            lease_end: Some(self.now + duration),
            expiration: Some(Expiration(self.now + Seconds::hours(1))),
            failure: None,
            ended: None,
        });
        let news = self.look();
        assert_eq!(news.show, [], "taking a lease tells nothing");
    }

    pub(crate) fn of(&mut self, id: &str) -> &mut SessionView {
        self.view.sessions.iter_mut().find(|s| s.session.as_str() == id).unwrap()
    }

    pub(crate) fn renew(&mut self, id: &str) {
        let now = self.now;
        let lease = self.of(id);
        lease.lease_end = Some(now + lease.duration);
    }

    pub(crate) fn end(&mut self, id: &str, why: Why, pages: u32) {
        let at = self.now;
        let lease = self.of(id);
        lease.phase = Phase::Ended;
        let aws_accepts_until = lease.expiration.map(|e| e.0);
        lease.ended = Some(EndedView {
            at,
            why,
            wiped_pages: pages,
            aws_accepts_until,
            clients_told: 0,
            key_id_end: Some("7Q2X".to_owned()),
        });
    }

    pub(crate) fn set(&mut self, change: impl FnOnce(&mut Notifications)) {
        change(&mut self.view.settings.notifications);
    }
}

fn sso() -> SsoSessionView {
    serde_json::from_value(serde_json::json!({
        "name": "acme", "startUrl": "https://acme.awsapps.com/start", "region": "eu-west-1", "source": "config",
        "status": "signedIn", "signedInAt": null, "identity": null, "colour": null, "partition": "aws",
        "way": "browser", "keepSignedIn": false, "keyring": null,
        "catalog": { "accounts": 0, "roles": 0, "syncedAt": null, "progress": null, "failedAccounts": 0,
            "failure": null, "changes": null },
    }))
    .unwrap()
}

pub(crate) fn only(news: News) -> Notification {
    let [notification] = news.show.try_into().unwrap();
    notification
}

pub(crate) fn minutes(count: u32) -> Seconds {
    Seconds::minutes(count)
}
