//! Failures: every way a test can break the wire breaks it once, and only where asked.

use daypass_practice::{Failure, Options};

use crate::client::Rig;

#[tokio::test]
async fn bare_statuses_pages_and_nothing_come_instead_of_json_once() {
    let rig = Rig::new().await;
    rig.practice.fail_next("/client/register", Failure::Status(503));
    rig.practice.fail_next("/client/register", Failure::Html200);
    rig.practice.fail_next("/client/register", Failure::Empty200);
    assert_eq!(rig.post("/client/register", rig.registration()).await.status, 503);
    let page = rig.post("/client/register", rig.registration()).await;
    assert_eq!((page.status, page.body.starts_with("<!doctype html>")), (200, true));
    let empty = rig.post("/client/register", rig.registration()).await;
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
    rig.register().await;
    assert_eq!(rig.practice.calls("/client/register"), 4);
}

#[tokio::test]
async fn truncated_json_is_a_complete_answer_that_does_not_parse() {
    let rig = Rig::new().await;
    rig.practice.fail_next("/client/register", Failure::TruncatedJson);
    let answer = rig.post("/client/register", rig.registration()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert!(answer.body.starts_with('{') && serde_json::from_str::<serde_json::Value>(&answer.body).is_err());
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let rig = Rig::new().await;
    rig.practice.fail_next("/start", Failure::Reset);
    let error = rig.send("GET", "/start", &[], "").await.err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(rig.practice.requests()[0].status, Some(0));
    assert_eq!(rig.get("/start").await.status, 200);
}

#[tokio::test]
async fn a_hang_lasts_until_the_organisation_stops_and_then_the_port_is_free() {
    let rig = Rig::new().await;
    rig.practice.fail_next("/start", Failure::Hang);
    let port = rig.practice.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let (answer, ()) = tokio::join!(rig.send("GET", "/start", &[], ""), async {
        while rig.practice.calls("/start") == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(rig.practice.requests()[0].status, None, "it hangs");
        rig.practice.begin_stop();
    });
    assert!(answer.is_err());
    rig.practice.stop().await;
    Rig::with(Options { port, ..Options::default() }).await;
}
