//! The Unix socket: a client that talks nonsense is answered or cut off, and nobody else notices.

use daypass_domain::request::Intent;
use daypass_mutants::{check, of_bytes, of_json};
use daypass_reveal::{Kind, Question as Reveal};
use daypass_tests::rig::Rig;
use daypass_wire::{
    frame,
    message::{Hello, Purpose},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::{panics, runtime};

/// What one may say that changes nothing.
fn said() -> Vec<Value> {
    let ask = |intent| json!({ "number": 7, "question": { "ask": intent } });
    let role = json!({ "ssoSession": "acme", "account": "111122223333", "role": "Nonesuch" });
    vec![
        json!({ "number": 1, "question": "watch" }),
        json!({ "number": 2, "question": { "catalog": { "from": 3 } } }),
        ask(json!({ "kind": "renew", "session": "abcdefgh" })),
        ask(json!({ "kind": "dismissNotice" })),
        ask(
            json!({ "kind": "request", "request": { "role": role, "duration": 900, "region": null, "reason": "why" } }),
        ),
        ask(
            json!({ "kind": "signIn", "target": { "kind": "typed", "startUrl": "http://a", "region": "b" } }),
        ),
    ]
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

fn conversation(purpose: Purpose, messages: &[Value]) -> Vec<u8> {
    let hello = json!(Hello::new("test", purpose));
    std::iter::once(&hello).chain(messages).flat_map(|m| framed(m.to_string().as_bytes())).collect()
}

/// Says it, and hears what comes until the agent hangs up; `frames` of it were whole.
async fn talk(rig: &Rig, bytes: &[u8]) -> usize {
    let mut stream = UnixStream::connect(rig.folder.socket()).await.unwrap();
    let (mut read, mut write) = stream.split();
    let mut heard = Vec::new();
    let say = async {
        write.write_all(bytes).await.ok();
        write.shutdown().await.ok();
    };
    let ((), _) = tokio::join!(say, read.read_to_end(&mut heard));
    let (mut left, mut frames) = (heard.as_slice(), 0);
    while frame::read_bytes(&mut left, frame::LONGEST_REPLY).await.is_ok() {
        frames += 1;
    }
    frames
}

#[test]
fn whatever_a_client_says_nobody_else_notices() {
    let runtime = runtime();
    let rig = runtime.block_on(Rig::signed_in());
    let lease = runtime.block_on(rig.lease(30));
    let ticket = runtime.block_on(rig.ticket(&lease)).unwrap();
    let keys = json!(Reveal { session: "abcdefgh".to_owned(), kind: Kind::Keys, program: "test".to_owned() });
    let control = conversation(Purpose::Control, &said());
    let reveal = conversation(Purpose::Reveal, &[keys]);
    assert!(runtime.block_on(talk(&rig, &control)) > 1 && runtime.block_on(talk(&rig, &reveal)) == 2);
    let before = runtime.block_on(rig.view()).sessions.clone();
    check(250, prop_oneof![3 => of_bytes(&control), 1 => of_bytes(&reveal)], |bytes| {
        runtime.block_on(talk(&rig, &bytes));
        prop_assert_eq!(panics(), 0);
        Ok(())
    });
    let after = runtime.block_on(rig.view());
    assert_eq!(after.sessions, before);
    assert_eq!(runtime.block_on(rig.fetch(&ticket)).status, 200);
}

#[test]
fn a_question_nobody_understands_is_answered_and_the_next_one_too() {
    let runtime = runtime();
    let rig = runtime.block_on(Rig::signed_in());
    let hello = conversation(Purpose::Control, &[]);
    let last = framed(br#"{"number":9,"question":{"ask":{"kind":"dismissNotice"}}}"#);
    let mutants = (0..said().len()).prop_flat_map(|i| of_json(&said()[i]));
    check(200, mutants, |question| {
        // Longer ones are cut off.
        prop_assume!(question.len() <= frame::LONGEST);
        let mut stream = runtime.block_on(UnixStream::connect(rig.folder.socket())).unwrap();
        let bytes = [hello.clone(), framed(&question), last.clone()].concat();
        runtime.block_on(stream.write_all(&bytes)).unwrap();
        loop {
            let heard = runtime.block_on(frame::read_reply::<Value>(&mut stream));
            prop_assert!(heard.is_ok(), "cut off");
            if heard.unwrap()["reply"]["number"] == 9 {
                return Ok(());
            }
        }
    });
    runtime.block_on(rig.ask(Intent::DismissNotice)).unwrap();
    assert_eq!(panics(), 0);
}

#[test]
fn a_frame_that_is_too_long_is_cut_off_by_its_length_alone() {
    let runtime = runtime();
    let rig = runtime.block_on(Rig::signed_in());
    for length in [u32::MAX, 64 * 1024 + 1] {
        runtime.block_on(async {
            let mut stream = UnixStream::connect(rig.folder.socket()).await.unwrap();
            stream.write_all(&length.to_be_bytes()).await.unwrap();
            // We still hold our end open; the agent waits for none of it.
            assert_eq!(stream.read_to_end(&mut Vec::new()).await.unwrap_or(0), 0);
        });
    }
    runtime.block_on(rig.ask(Intent::DismissNotice)).unwrap();
}
