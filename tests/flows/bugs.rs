//! Mistakes of our own: what they end is said, and the next try is a new one.

use std::sync::atomic::Ordering::Relaxed;

use daypass_domain::{failure::Code, request::Intent, time::Seconds, view::Phase};
use daypass_practice::Options;
use daypass_tests::rig::{Rig, code};

#[tokio::test]
async fn a_sign_in_that_meets_a_bug_is_over_and_says_so() {
    let rig = Rig::new(Options { accounts: 4, roles: 10, ..Options::default() }).await;
    rig.has_bug.store(true, Relaxed);
    assert_eq!(code(rig.sign_in().await), Some(Code::Internal));
    rig.has_bug.store(false, Relaxed);
    rig.sign_in().await.expect("the next try");
}

#[tokio::test]
async fn a_sync_that_meets_a_bug_is_over_and_says_so() {
    let rig = Rig::signed_in().await;
    let sso_session = || "acme".parse().unwrap();
    for (has_bug, expected) in [(true, Some(Code::Internal)), (false, None)] {
        rig.has_bug.store(has_bug, Relaxed);
        rig.ask(Intent::Sync { sso_session: sso_session() }).await.unwrap();
        let catalog = rig.view().await.sso_sessions[0].catalog.clone();
        assert_eq!(catalog.failure.map(|f| f.code), expected);
        assert_eq!((catalog.progress, catalog.roles), (None, 10));
    }
}

#[tokio::test]
async fn a_request_that_meets_a_bug_has_failed_and_a_live_lease_goes_on() {
    let rig = Rig::signed_in().await;
    let live = rig.lease(180).await;
    rig.has_bug.store(true, Relaxed);
    let wish = rig.wish("444455556666", "ReadOnlyAccess", 30);
    assert_eq!(code(rig.request(wish).await), Some(Code::Internal));
    // AWS's credentials last an hour: they are asked for anew meanwhile.
    rig.pass(Seconds::minutes(50)).await;
    let session = rig.session(&live).await;
    assert_eq!((session.phase, session.failure.map(|f| f.code)), (Phase::Active, Some(Code::Internal)));
    rig.has_bug.store(false, Relaxed);
    rig.pass(Seconds::minutes(2)).await;
    let session = rig.session(&live).await;
    assert_eq!((session.phase, session.failure), (Phase::Active, None));
}
