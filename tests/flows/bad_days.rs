//! Bad days, switched on at the wire one by one: what the agent makes of them, and what it says.

use std::time::Duration;

use daypass_domain::{
    failure::Code,
    request::Intent,
    time::{Expiration, Seconds, Timestamp},
    view::{CatalogView, Phase, SignInStatus, View},
};
use daypass_practice::{Failure, OidcFailure, Options, Rates};
use daypass_tests::{
    http,
    rig::{Rig, START, code},
};

async fn small() -> Rig {
    Rig::new(Options { accounts: 4, roles: 10, ..Options::default() }).await
}

async fn catalog(rig: &Rig) -> CatalogView {
    rig.view().await.sso_sessions[0].catalog.clone()
}

async fn sync(rig: &Rig) -> CatalogView {
    rig.ask(Intent::Sync { sso_session: "acme".parse().unwrap() }).await.unwrap();
    catalog(rig).await
}

/// What the page says that the console's address leads to while federation fails.
async fn console_page(rig: &Rig, failure: Failure) -> String {
    let lease = rig.lease(30).await;
    rig.practice.fail_times("/federation", usize::MAX, failure);
    let url = rig.ask(Intent::Console { session: lease }).await.unwrap().url.unwrap();
    http::browse(&url).await.body
}

/// Registers, redeems, lists and issues, each while its own call fails: everything has to come to `expected`.
async fn assert_named(failure: Failure, expected: Code) {
    let rig = small().await;
    for path in ["/client/register", "/token"] {
        rig.practice.fail_times(path, usize::MAX, failure);
        assert_eq!(code(rig.sign_in().await), Some(expected), "{path}: {failure:?}");
        rig.practice.clear_failures();
    }
    rig.practice.fail_times("/assignment/accounts", usize::MAX, failure);
    rig.sign_in().await.unwrap();
    let named = catalog(&rig).await.failure.map(|f| f.code);
    assert_eq!(named, Some(expected), "/assignment/accounts: {failure:?}");
    rig.practice.clear_failures();
    assert_eq!(sync(&rig).await.failure, None);
    rig.practice.fail_times("/federation/credentials", usize::MAX, failure);
    let wish = rig.wish("444455556666", "DeveloperAccess", 30);
    assert_eq!(code(rig.request(wish).await), Some(expected), "/federation/credentials: {failure:?}");
    rig.practice.clear_failures();
}

#[tokio::test]
async fn a_captive_portal_and_half_an_answer_are_never_taken_for_aws() {
    for failure in [Failure::Html200, Failure::Redirect302, Failure::TruncatedJson] {
        assert_named(failure, Code::NotAws).await;
        let page = console_page(&Rig::signed_in().await, failure).await;
        assert!(page.contains("the answer did not come from AWS"), "{failure:?}: {page}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_said_to_be_empty() {
    assert_named(Failure::Empty200, Code::EmptyAnswer).await;
    let page = console_page(&Rig::signed_in().await, Failure::Empty200).await;
    assert!(page.contains("the answer had nothing in it of what was asked for"), "{page}");
}

#[tokio::test]
async fn a_reset_connection_is_trouble_of_the_network() {
    assert_named(Failure::Reset, Code::ConnectionLost).await;
}

#[tokio::test]
async fn a_connection_reset_midway_is_trouble_of_the_network_too() {
    assert_named(Failure::ResetMidway, Code::ConnectionLost).await;
}

#[tokio::test]
async fn a_407_is_a_proxys_whatever_words_it_comes_with() {
    for failure in [Failure::Status(407), Failure::Aws(407)] {
        assert_named(failure, Code::ProxyAuth).await;
    }
}

#[tokio::test]
async fn a_captive_portal_that_says_511_is_believed() {
    assert_named(Failure::Status(511), Code::NotAws).await;
}

#[tokio::test]
async fn a_network_that_is_gone_is_named_and_the_list_stays_until_it_is_back() {
    let rig = small().await;
    rig.practice.refuse_connections(true).await;
    assert_eq!(code(rig.sign_in().await), Some(Code::ConnectionRefused));
    rig.practice.refuse_connections(false).await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    rig.practice.refuse_connections(true).await;
    let wish = rig.wish("444455556666", "DeveloperAccess", 30);
    assert_eq!(code(rig.request(wish).await), Some(Code::ConnectionRefused));
    let gone = sync(&rig).await;
    assert_eq!((gone.failure.map(|f| f.code), gone.roles), (Some(Code::ConnectionRefused), 10));
    rig.practice.refuse_connections(false).await;
    assert_eq!(sync(&rig).await.failure, None);
    rig.lease(30).await;
}

#[tokio::test]
async fn an_aws_that_never_answers_is_named_within_ten_seconds() {
    let rig = Rig::signed_in().await;
    rig.practice.fail_times("/federation/credentials", usize::MAX, Failure::Hang);
    let request = rig.wish("444455556666", "DeveloperAccess", 30);
    rig.ask(Intent::Request { request, open: vec![] }).await.unwrap();
    rig.pass_unnoticed(Seconds(8));
    let slow = |v: &View| v.sessions[0].failure.as_ref().map(|f| f.code);
    assert_eq!(rig.client.wait_for(slow).await.unwrap(), Code::SlowAnswer);
    assert_eq!(rig.view_now().sessions[0].phase, Phase::Requesting, "it may still come");
}

#[tokio::test]
async fn three_accounts_that_fail_for_good_are_counted_and_the_others_shown() {
    // At the portal's pace 200 accounts take ten seconds: one failure is enough for those.
    for (failure, accounts) in [(Failure::Aws(500), 30), (Failure::Aws(403), 200), (Failure::Html200, 30)] {
        let failing_accounts = Some((3, failure, usize::MAX));
        let options = Options { accounts, roles: 3 * accounts, failing_accounts, ..Options::default() };
        let rig = Rig::new(options).await;
        rig.sign_in().await.unwrap();
        let listed = catalog(&rig).await;
        let counted = (listed.accounts as usize, listed.failed_accounts, listed.failure);
        assert_eq!(counted, (accounts, 3, None), "{failure:?}");
        assert_eq!(rig.client.catalog().await.unwrap().len(), 3 * (accounts - 3), "{failure:?}");
    }
}

#[tokio::test]
async fn a_long_list_comes_within_the_rate_that_aws_allows_and_its_first_rows_before_the_rest() {
    let calls_per_second = Some(20);
    let rig = Rig::new(Options { accounts: 60, roles: 180, calls_per_second, ..Options::default() }).await;
    rig.let_aws_clock_go();
    rig.sign_in().await.unwrap();
    let some_are_done = |v: &View| v.sso_sessions[0].catalog.progress.filter(|p| p.done > 0);
    let progress = rig.client.wait_for(some_are_done).await.unwrap();
    assert!(progress.done < progress.total, "{progress:?}");
    let rows = rig.client.catalog().await.unwrap().len();
    assert!((1..180).contains(&rows), "{rows} rows while the list is still coming");
    let listed = catalog(&rig).await;
    let counted = (listed.accounts, listed.roles, listed.failed_accounts, listed.failure);
    assert_eq!(counted, (60, 180, 0, None));
    let refused = rig.practice.requests().iter().filter(|r| r.status == Some(429)).count();
    assert_eq!(refused, 0, "the pace is below the limit from the first call on");
}

#[tokio::test]
async fn accounts_that_fail_at_first_are_asked_again_without_a_word() {
    for (failure, times) in [(Failure::Aws(500), 2), (Failure::Status(503), 2), (Failure::Reset, 1)] {
        let failing_accounts = Some((3, failure, times));
        let rig = Rig::new(Options { accounts: 10, roles: 30, failing_accounts, ..Options::default() }).await;
        rig.sign_in().await.unwrap();
        let listed = catalog(&rig).await;
        assert_eq!((listed.roles, listed.failed_accounts, listed.failure), (30, 0, None), "{failure:?}");
    }
}

#[tokio::test]
async fn a_sync_gets_through_what_fails_at_random() {
    let rig = Rig::new(Options { accounts: 20, roles: 60, ..Options::default() }).await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    rig.practice.set_rates(Rates { throttled: 0.05, unavailable: 0.15 });
    let before = rig.practice.requests().len();
    let listed = sync(&rig).await;
    assert_eq!((listed.roles, listed.failed_accounts, listed.failure), (60, 0, None));
    let failed = rig.practice.requests()[before..].iter().filter(|r| r.status != Some(200)).count();
    assert!(failed > 0, "some did fail");
}

#[tokio::test]
async fn passing_trouble_while_signing_in_is_tried_again_without_a_word() {
    let rig = small().await;
    for path in ["/client/register", "/token"] {
        for failure in [Failure::Aws(503), Failure::Aws(429)] {
            rig.practice.fail_next(path, failure);
            assert_eq!(code(rig.sign_in().await), None, "{path}: {failure:?}");
            rig.practice.clear_failures();
        }
    }
}

#[tokio::test]
async fn a_portal_that_forbids_the_list_is_not_said_to_forbid_a_role() {
    let rig = small().await;
    rig.practice.fail_times("/assignment/accounts", usize::MAX, Failure::Aws(403));
    rig.sign_in().await.unwrap();
    let named = catalog(&rig).await.failure.map(|f| f.code);
    assert_eq!(named, Some(Code::ListRefused));
}

#[tokio::test]
async fn a_throttled_console_is_not_said_to_be_refused() {
    let page = console_page(&Rig::signed_in().await, Failure::Status(429)).await;
    assert!(page.contains("AWS asks for fewer calls"), "{page}");
}

#[tokio::test]
async fn what_identity_center_says_instead_of_a_token_ends_the_sign_in_by_its_name() {
    for (failure, expected) in
        [(OidcFailure::AccessDenied, Code::SignInRefused), (OidcFailure::ExpiredToken, Code::SignInTimedOut)]
    {
        let rig = small().await;
        rig.practice.fail_next("/token", Failure::Oidc(failure));
        assert_eq!(code(rig.sign_in().await), Some(expected), "{failure:?}");
        rig.sign_in().await.expect("the next try");
    }
}

#[tokio::test]
async fn a_code_that_is_no_good_is_not_called_late() {
    let rig = small().await;
    rig.practice.fail_next("/token", Failure::Oidc(OidcFailure::InvalidGrant));
    let named = code(rig.sign_in().await);
    assert_eq!(named, Some(Code::SignInNotAccepted));
}

#[tokio::test]
async fn a_refresh_that_is_refused_is_a_lapsed_sign_in_and_the_next_one_is_good() {
    for failure in [OidcFailure::InvalidGrant, OidcFailure::InvalidClient, OidcFailure::ExpiredToken] {
        let rig = Rig::signed_in().await;
        rig.pass(Seconds::minutes(57)).await;
        rig.practice.fail_next("/token", Failure::Oidc(failure));
        let wish = rig.wish("444455556666", "DeveloperAccess", 30);
        assert_eq!(code(rig.request(wish).await), Some(Code::SignInLapsed), "{failure:?}");
        assert_eq!(rig.view().await.sso_sessions[0].status, SignInStatus::Lapsed);
        rig.sign_in().await.unwrap();
        assert_eq!(rig.view().await.sessions[0].phase, Phase::Active);
    }
}

#[tokio::test]
async fn a_refresh_that_fails_in_passing_leaves_the_token_that_is_still_good() {
    for failure in [Failure::Aws(503), Failure::Html200, Failure::Reset] {
        let rig = Rig::signed_in().await;
        rig.pass(Seconds::minutes(57)).await;
        rig.practice.fail_next("/token", failure);
        rig.lease(30).await;
        assert_eq!(rig.view().await.sso_sessions[0].status, SignInStatus::SignedIn, "{failure:?}");
    }
}

#[tokio::test]
async fn a_registration_that_ends_early_costs_a_sign_in_and_no_more() {
    let registration_lifetime = Duration::from_secs(1800);
    let rig = Rig::new(Options { accounts: 4, roles: 10, registration_lifetime, ..Options::default() }).await;
    rig.sign_in().await.unwrap();
    rig.settled().await;
    rig.pass(Seconds::minutes(58)).await;
    let wish = rig.wish("444455556666", "DeveloperAccess", 30);
    assert_eq!(code(rig.request(wish).await), Some(Code::SignInLapsed));
    rig.sign_in().await.unwrap();
    assert_eq!(rig.view().await.sessions[0].phase, Phase::Active);
}

#[tokio::test]
async fn a_lease_is_granted_whether_our_clock_is_20_minutes_late_or_early() {
    for minutes in [-20, 20] {
        let rig = small().await;
        rig.practice.set_skew(time::Duration::minutes(minutes));
        rig.sign_in().await.unwrap();
        rig.settled().await;
        let lease = rig.lease(15).await;
        let ends = rig.session(&lease).await.lease_end;
        assert_eq!(ends, Some(Timestamp::from_secs(START + 15 * 60)));
    }
}

#[tokio::test]
async fn an_expiration_is_told_by_our_clock_although_it_is_20_minutes_late() {
    let rig = small().await;
    rig.practice.set_skew(time::Duration::minutes(20));
    rig.sign_in().await.unwrap();
    rig.settled().await;
    let lease = rig.lease(240).await;
    let expiration = rig.session(&lease).await.expiration;
    assert_eq!(expiration, Some(Expiration(Timestamp::from_secs(START + 3600))));
    assert_eq!(rig.view().await.standing[0].code, Code::ClockOff);
}

#[tokio::test]
async fn who_signed_in_is_learned_although_our_clock_is_wrong() {
    let rig = small().await;
    rig.practice.set_skew(time::Duration::minutes(20));
    rig.sign_in().await.unwrap();
    rig.settled().await;
    rig.lease(30).await;
    assert_eq!(rig.view().await.sso_sessions[0].identity.as_deref(), Some("dana@example.com"));
}

#[tokio::test]
async fn every_partition_tells_who_signed_in_and_opens_its_console() {
    for region in ["us-gov-west-1", "cn-north-1", "eusc-de-east-1"] {
        let options = Options { accounts: 4, roles: 10, region: region.to_owned(), ..Options::default() };
        let rig = Rig::new(options).await;
        rig.sign_in().await.unwrap();
        rig.settled().await;
        let mut wish = rig.wish("444455556666", "DeveloperAccess", 30);
        wish.region = Some(region.parse().unwrap());
        let session = rig.request(wish).await.unwrap().session;
        let identity = rig.view().await.sso_sessions[0].identity.clone();
        assert_eq!(identity.as_deref(), Some("dana@example.com"), "{region}");
        let url = rig.ask(Intent::Console { session }).await.unwrap().url.unwrap();
        let page = http::browse(&url).await;
        assert_eq!((page.status, page.body.contains(region)), (200, true), "{region}");
    }
}
