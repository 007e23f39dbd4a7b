//! Outside bytes: whatever comes in is refused or understood, nothing breaks, and what is right still works.

#![expect(clippy::unwrap_used, reason = "outside cfg(test), yet tests")]

mod answers;
mod assumed;
mod callback;
mod endless;
mod endpoint;
mod server;
mod socket;

use std::{cell::Cell, panic, sync::Once};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
};

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}
static COUNTED: Once = Once::new();

/// A runtime whose tasks all run on this thread, and panics on it counted: a task's would go unseen.
fn runtime() -> Runtime {
    COUNTED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn panics() -> usize {
    PANICS.get()
}

/// What came back for bytes sent as they are; closed without a word is nothing at all.
struct Said {
    status: u16,
    body: String,
}

/// Sends `request` and reads until the other side closes.
async fn send(port: u16, request: &[u8]) -> Said {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request).await.ok();
    if !is_whole(request) {
        // Nobody waits for the rest, on either side.
        stream.shutdown().await.ok();
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    Said { status, body: body.to_owned() }
}

/// Whether the head has an end, by the empty line alone.
fn is_whole(request: &[u8]) -> bool {
    let text = request.iter().position(|b| !b"\r\n".contains(b)).map_or(&[][..], |start| &request[start..]);
    text.windows(3).any(|w| w == b"\n\r\n") || text.windows(2).any(|w| w == b"\n\n")
}

/// The lines of a head, read as simply as can be: the first one, and the values of `name`.
struct Head<'a>(Vec<&'a str>);

impl<'a> Head<'a> {
    fn of(request: &'a [u8]) -> Self {
        // Up to the first byte that is no text; behind it stands nothing that could make the request right.
        let text = std::str::from_utf8(request)
            .unwrap_or_else(|e| std::str::from_utf8(&request[..e.valid_up_to()]).unwrap());
        let lines = text.trim_start_matches(['\r', '\n']).split('\n').map(|line| line.trim_end_matches('\r'));
        Self(lines.take_while(|line| !line.is_empty()).collect())
    }

    fn first(&self) -> &'a str {
        self.0.first().copied().unwrap_or_default()
    }

    fn all(&self, name: &str) -> Vec<&'a str> {
        let headers = self.0.iter().skip(1).filter_map(|line| line.split_once(':'));
        headers
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.trim_matches([' ', '\t']))
            .collect()
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.0.iter().skip(1).any(|line| line.to_ascii_lowercase().starts_with(prefix))
    }
}
