//! What the tests of the tray look at: a view with a lease, a role, a sign-in.

use daypass_domain::{
    catalog::Environment,
    ids::RoleRef,
    request::Open,
    scope::Scope,
    settings::Way,
    sso::Source,
    time::{Seconds, Timestamp},
    view::{CatalogView, Phase, QuickView, SessionView, SignInStatus, SsoSessionView, View},
};

pub(crate) fn view() -> View {
    View { now: Timestamp::parse("2026-11-22T09:00:00Z").unwrap(), utc_offset: 3600, ..View::default() }
}

fn role() -> RoleRef {
    let sso_session = "acme".parse().unwrap();
    RoleRef { sso_session, account: "111122223333".parse().unwrap(), role: "Billing".parse().unwrap() }
}

/// A lease with so many seconds left.
pub(crate) fn lease(id: &str, seconds: u32) -> SessionView {
    SessionView {
        session: id.parse().unwrap(),
        role: role(),
        account_name: "payments-prod".to_owned(),
        environment: Some(Environment::Production),
        colour: None,
        region: "eu-west-1".parse().unwrap(),
        reason: None,
        scope: Scope::default(),
        path: vec![],
        labels: daypass_domain::chain::Labels::default(),
        phase: if seconds > 300 { Phase::Active } else { Phase::Expiring },
        requested_at: view().now,
        duration: Seconds::hours(1),
        lease_end: Some(view().now + Seconds(seconds)),
        expiration: None,
        failure: None,
        ended: None,
    }
}

pub(crate) fn quick(open: Open) -> QuickView {
    QuickView {
        role: role(),
        account_name: "payments-prod".to_owned(),
        environment: None,
        colour: None,
        favourite: true,
        duration: Seconds::minutes(30),
        open,
    }
}

pub(crate) fn signed_in(name: &str) -> SsoSessionView {
    SsoSessionView {
        name: name.parse().unwrap(),
        start_url: "https://acme.awsapps.com/start".to_owned(),
        region: "eu-west-1".parse().unwrap(),
        source: Source::Config,
        status: SignInStatus::SignedIn,
        signed_in_at: Some(view().now),
        identity: None,
        colour: None,
        partition: "aws".to_owned(),
        way: Way::Browser,
        keep_signed_in: false,
        keyring: None,
        catalog: CatalogView {
            accounts: 1,
            roles: 1,
            synced_at: None,
            progress: None,
            failed_accounts: 0,
            failure: None,
            changes: None,
        },
    }
}
