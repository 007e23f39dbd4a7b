//! Frames: a length of four bytes, big-endian, then that many bytes of JSON.

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest frame a client may send.
pub const LONGEST: usize = 64 * 1024;
/// The longest frame of the agent: a view with everything in it at its longest has less.
pub const LONGEST_REPLY: usize = 4 * 1024 * 1024;

/// Why a frame could not be read or written. Never holds its content.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("the other side closed the connection")]
    Closed,
    #[error("the connection broke")]
    Io(#[from] std::io::Error),
    #[error("a frame is too long")]
    TooLong,
    #[error("a frame is not what was expected")]
    Malformed,
}

/// Reads the bytes of one frame. Not safe to cancel half-way: drop the connection then.
///
/// # Errors
/// A closed or broken connection, or a frame that is too long.
pub async fn read_bytes(from: &mut (impl AsyncRead + Unpin), longest: usize) -> Result<Vec<u8>, FrameError> {
    let mut length = [0; 4];
    match from.read_exact(&mut length).await {
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Err(FrameError::Closed),
        Err(e) => return Err(e.into()),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > longest {
        return Err(FrameError::TooLong);
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Reads one frame as `T`.
///
/// # Errors
/// As [`read_bytes`], or JSON that is no `T`.
pub async fn read<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> Result<T, FrameError> {
    parse(&read_bytes(from, LONGEST).await?)
}

/// Reads one frame of the agent as `T`.
///
/// # Errors
/// As [`read`].
pub async fn read_reply<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> Result<T, FrameError> {
    parse(&read_bytes(from, LONGEST_REPLY).await?)
}

/// Parses the bytes of a frame.
///
/// # Errors
/// JSON that is no `T`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(bytes).map_err(|_| FrameError::Malformed)
}

/// Writes `bytes` as one frame.
///
/// # Errors
/// A broken connection, or too many bytes.
pub async fn write_bytes(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), FrameError> {
    let length = u32::try_from(bytes.len())
        .ok()
        .filter(|_| bytes.len() <= LONGEST_REPLY)
        .ok_or(FrameError::TooLong)?;
    to.write_all(&length.to_be_bytes()).await?;
    to.write_all(bytes).await?;
    to.flush().await?;
    Ok(())
}

/// Writes `value` as one frame.
///
/// # Errors
/// As [`write_bytes`].
pub async fn write<T: Serialize>(to: &mut (impl AsyncWrite + Unpin), value: &T) -> Result<(), FrameError> {
    let bytes = serde_json::to_vec(value).map_err(|_| FrameError::Malformed)?;
    write_bytes(to, &bytes).await
}

#[cfg(test)]
mod tests {
    use daypass_domain::{
        failure::Code,
        settings::{Settings, SsoSettings},
    };
    use daypass_mutants::{check, of_bytes, of_json};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::message::{CatalogPage, FromAgent, Hello, Purpose, Reply, ToAgent};

    #[tokio::test]
    async fn what_is_written_is_read() {
        let mut pipe = Vec::new();
        write(&mut pipe, &Hello::new("test", Purpose::Control)).await.unwrap();
        let hello: Hello = read(&mut pipe.as_slice()).await.unwrap();
        assert_eq!(hello.program, "test");
    }

    #[tokio::test]
    async fn a_frame_over_64_kib_is_refused_before_it_is_read() {
        let bytes = [0x00, 0x01, 0x00, 0x01];
        assert!(matches!(read_bytes(&mut bytes.as_slice(), LONGEST).await, Err(FrameError::TooLong)));
        assert!(matches!(
            write_bytes(&mut Vec::new(), &vec![0; LONGEST_REPLY + 1]).await,
            Err(FrameError::TooLong)
        ));
    }

    /// One of everything that is said.
    fn said() -> Vec<serde_json::Value> {
        let role = json!({ "ssoSession": "acme", "account": "111122223333", "role": "Admin" });
        let request =
            json!({ "role": role, "duration": 900, "region": "eu-west-1", "reason": "why", "fresh": true });
        let ask = |intent| json!({ "number": 7, "question": { "ask": intent } });
        let settings =
            Settings { sso_sessions: vec![SsoSettings::new("a".parse().unwrap())], ..Settings::default() };
        let reply = |reply| FromAgent::Reply { number: 7, reply };
        let page = CatalogPage { revision: 1, total: 0, rows: vec![] };
        let failure = Code::Malformed.into();
        vec![
            json!(Hello::new("test", Purpose::Reveal)),
            ask(json!({ "kind": "request", "request": request, "open": ["console"] })),
            ask(
                json!({ "kind": "signIn", "target": { "kind": "typed", "startUrl": "https://a", "region": "b" } }),
            ),
            ask(json!({ "kind": "renew", "session": "abcdefgh" })),
            ask(json!({ "kind": "configure", "settings": settings })),
            json!({ "number": 7, "question": { "catalog": { "from": 100 } } }),
            json!({ "number": u32::MAX, "question": "watch" }),
            json!(reply(Reply::Done(Box::default()))),
            json!(reply(Reply::Refused(failure))),
            json!(reply(Reply::Catalog(page))),
        ]
    }

    fn is_understood(bytes: &[u8]) -> bool {
        parse::<ToAgent>(bytes).is_ok() || parse::<FromAgent>(bytes).is_ok() || parse::<Hello>(bytes).is_ok()
    }

    #[test]
    fn mutants_of_everything_that_is_said_are_errors_or_what_they_say_themselves() {
        for message in said() {
            assert!(is_understood(message.to_string().as_bytes()), "{message}");
            check(100, of_json(&message), |bytes| {
                if let Ok(message) = parse::<ToAgent>(&bytes) {
                    let again = serde_json::to_vec(&message).unwrap();
                    prop_assert_eq!(json!(parse::<ToAgent>(&again).unwrap()), json!(message));
                }
                is_understood(&bytes);
                Ok(())
            });
        }
    }

    #[test]
    fn mutants_of_a_whole_conversation_end_it_and_no_more_is_read_than_may_be() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut pipe = Vec::new();
        for message in said() {
            runtime.block_on(write(&mut pipe, &message)).unwrap();
        }
        check(400, of_bytes(&pipe), |bytes| {
            let mut left = bytes.as_slice();
            loop {
                let before = left.len();
                match runtime.block_on(read_bytes(&mut left, LONGEST)) {
                    Ok(frame) => {
                        prop_assert!(frame.len() <= LONGEST && before - left.len() == frame.len() + 4);
                        is_understood(&frame);
                    }
                    Err(FrameError::TooLong) => {
                        prop_assert_eq!(before - left.len(), 4, "judged by its length alone");
                        return Ok(());
                    }
                    Err(_) => return Ok(()),
                }
            }
        });
    }

    #[test]
    fn a_frame_that_says_it_is_endless_is_not_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        check(200, LONGEST as u32 + 1.., |length| {
            let outcome = runtime.block_on(read_bytes(&mut length.to_be_bytes().as_slice(), LONGEST));
            prop_assert!(matches!(outcome, Err(FrameError::TooLong)));
            Ok(())
        });
    }
}
