//! The guards and the self-check, asked of an agent that holds something.

use daypass_domain::{
    protection::{Guard, GuardKind, Holds, SecretKind, SelfCheck, SelfCheckRow},
    request::Intent,
};
use daypass_tests::rig::Rig;

async fn guards(rig: &Rig) -> Vec<Guard> {
    rig.ask(Intent::Protection).await.unwrap().protection.unwrap().guards
}

async fn guard(rig: &Rig, kind: GuardKind) -> Guard {
    guards(rig).await.into_iter().find(|guard| guard.kind == kind).unwrap()
}

async fn self_check(rig: &Rig) -> SelfCheck {
    *rig.ask(Intent::SelfCheck).await.unwrap().self_check.unwrap()
}

fn row(check: &SelfCheck, kind: Option<SecretKind>) -> &SelfCheckRow {
    check.rows.iter().find(|row| row.kind == kind).unwrap()
}

#[tokio::test]
async fn every_guard_is_looked_at_and_tells_what_is_so_in_this_process() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let _ticket = rig.ticket(&lease).await.unwrap();
    rig.client.wait_for(|v| (v.endpoint.clients == 1).then_some(())).await.unwrap();
    let guards = guards(&rig).await;
    let found: Vec<_> = guards.iter().map(|guard| (guard.kind, guard.holds, guard.value.as_str())).collect();
    assert_eq!(found.len(), 9, "{found:?}");
    for expected in [
        // Access token, refresh token and client secret, one page each; credentials, one; the ticket's token, one.
        (GuardKind::LockedPages, Holds::Holds, "5 pages"),
        (GuardKind::Disk, Holds::Holds, "0 found"),
        (GuardKind::Kept, Holds::Holds, "off"),
        (GuardKind::Endpoint, Holds::Holds, "1 client"),
        // These tests run in a process that nobody hardened, without the wiping allocator.
        (GuardKind::Reading, Holds::Degraded, "off"),
        (GuardKind::Socket, Holds::Degraded, "open"),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
    }
    assert!(
        found.iter().any(|(kind, holds, _)| (*kind, *holds) == (GuardKind::FreedMemory, Holds::Degraded))
    );
    assert!(guards.iter().all(|guard| guard.advice.is_some() == (guard.holds != Holds::Holds)));
}

#[tokio::test]
async fn a_secret_in_one_of_our_files_is_told() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    assert_eq!(guard(&rig, GuardKind::Disk).await.holds, Holds::Holds);
    let key = rig.agent.secrets.credentials.lend(&lease).unwrap().with(|p| p.secret_access_key.to_owned());
    std::fs::write(rig.top.path().join("state/leak"), format!("key={key}")).unwrap();
    let found = guard(&rig, GuardKind::Disk).await;
    assert_eq!((found.holds, found.value.as_str()), (Holds::Degraded, "1 found"));
}

#[tokio::test]
async fn the_endpoint_is_closed_while_no_lease_lives() {
    let rig = Rig::signed_in().await;
    assert_eq!(guard(&rig, GuardKind::Endpoint).await.value, "closed");
}

#[tokio::test]
async fn the_self_check_finds_the_copy_that_this_test_holds() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let planted = rig.ticket(&lease).await.unwrap();
    let check = self_check(&rig).await;
    assert!(check.control_found && !check.is_clean(), "{}", check.verdict);
    let ticket = row(&check, Some(SecretKind::TicketToken));
    assert!((ticket.secrets, ticket.locked) == (1, 1) && ticket.elsewhere > 0, "{ticket:?}");
    let access = row(&check, Some(SecretKind::AccessToken));
    assert_eq!((access.secrets, access.locked), (1, 1));
    rig.ask(Intent::End { session: lease }).await.unwrap();
    let after = self_check(&rig).await;
    assert_eq!(row(&after, Some(SecretKind::TicketToken)).secrets, 0);
    let gone = row(&after, None);
    // Secret access key, session token, ticket token.
    assert!(gone.secrets == 3 && gone.elsewhere > 0, "the test still has the token: {gone:?}");
    drop(planted);
}
