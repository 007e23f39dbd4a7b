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
    use super::*;
    use crate::message::{FromAgent, Hello, Purpose, ToAgent};

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

    proptest::proptest! {
        #[test]
        fn hostile_frames_are_errors_not_panics(bytes: Vec<u8>) {
            let _ = parse::<ToAgent>(&bytes);
            let _ = parse::<FromAgent>(&bytes);
            let _ = parse::<Hello>(&bytes);
        }
    }
}
