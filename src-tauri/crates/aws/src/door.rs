//! The door of every loopback server of ours: who may come in, how many, and for how long.
//!
//! A head is judged here before hyper sees it. hyper refuses what it cannot read in words of its own; here
//! such a request is put in the place of one that is wrong for certain, so that every refusal is the same.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fs,
    io::Cursor,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, Uri,
    body::{Body, Bytes, Incoming},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, join, sink},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
    task::AbortHandle,
    time::{sleep, timeout},
};

const MOST_CONNECTIONS: usize = 256;
const HEADERS_WITHIN: Duration = Duration::from_secs(5);
const ALL_WITHIN: Duration = Duration::from_secs(10);
/// The smallest buffer hyper takes; longer heads are refused.
const LONGEST_HEAD: usize = 8 * 1024;
const MOST_HEADERS: usize = 64;
/// No Host, so no server of ours takes it.
const WRONG: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
/// A refusal is lost where a connection is closed on bytes that nobody has read: so many are, for so long.
const READ_ON: u64 = 64 * 1024;
const READ_ON_FOR: Duration = Duration::from_secs(1);

/// Binds a free port of 127.0.0.1.
///
/// # Errors
/// The system has none.
pub async fn bind() -> std::io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// The other end of a connection, in every request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Of its socket.
    pub inode: u64,
}

/// A connection: where to cut it, and whether a whole request has come.
struct Open {
    abort: AbortHandle,
    asked: Arc<AtomicBool>,
}

/// Cut with the listener.
#[derive(Default)]
struct Connections(VecDeque<Open>);

impl Drop for Connections {
    fn drop(&mut self) {
        self.0.iter().for_each(|c| c.abort.abort());
    }
}

/// Serves requests of processes of `uid` by `answer`, one a connection, until dropped. Others are cut off.
pub async fn serve<A, F>(listener: TcpListener, uid: u32, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let mut open = Connections::default();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors, say: not to be asked again at once.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        open.0.retain(|c| !c.abort.is_finished());
        if open.0.len() >= MOST_CONNECTIONS {
            // The oldest that has not even asked makes room; where all have asked, the newest is cut off.
            match open.0.iter().position(|c| !c.asked.load(Ordering::Relaxed)) {
                Some(oldest) => open.0.remove(oldest).map_or((), |c| c.abort.abort()),
                None => continue,
            }
        }
        let asked = Arc::new(AtomicBool::new(false));
        let conversation = converse(stream, peer, uid, answer.clone(), Arc::clone(&asked));
        let task = tokio::spawn(timeout(ALL_WITHIN, conversation));
        open.0.push_back(Open { abort: task.abort_handle(), asked });
    }
}

async fn converse<A, F>(stream: TcpStream, peer: SocketAddr, uid: u32, answer: A, asked: Arc<AtomicBool>)
where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Full<Bytes>>>,
{
    let Ok(ours) = stream.local_addr() else { return };
    let (mut read, mut write) = stream.into_split();
    let Ok(Some(head)) = timeout(HEADERS_WITHIN, head(&mut read)).await else { return };
    // Reads the kernel's table, which takes it some ten milliseconds: only for who has asked, or hundreds of
    // half-open connections would keep the right one waiting.
    let found = tokio::task::spawn_blocking(move || peer_of(uid, peer, ours)).await;
    let Ok(Some(peer)) = found else { return };
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        asked.store(true, Ordering::Relaxed);
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .keep_alive(false)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(join(Cursor::new(head).chain(&mut read), &mut write)), service)
        .await
        .ok();
    write.shutdown().await.ok();
    timeout(READ_ON_FOR, copy(&mut read.take(READ_ON), &mut sink())).await.ok();
}

/// Reads a whole head, and what came with it; [`WRONG`] for one that hyper would not read. None where it ends early.
async fn head(read: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut head = Vec::with_capacity(LONGEST_HEAD);
    loop {
        match judge(&head) {
            Some(true) => return Some(head),
            Some(false) => return Some(WRONG.to_vec()),
            None if head.len() == LONGEST_HEAD => return Some(WRONG.to_vec()),
            None => {}
        }
        let room = (LONGEST_HEAD - head.len()) as u64;
        if (&mut *read).take(room).read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
}

/// Whether this is a whole head of plain HTTP/1 without a body; None where more must come to tell.
fn judge(head: &[u8]) -> Option<bool> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => None,
        Err(_) => Some(false),
        Ok(httparse::Status::Complete(_)) => {
            let path = request.path.unwrap_or_default();
            // What stands behind a # would be left out, and no client may send it (RFC 9112, 3.2).
            let is_path =
                path.bytes().all(|b| b.is_ascii_graphic() && b != b'#') && path.parse::<Uri>().is_ok();
            let is_plain = request.headers.iter().all(|h| {
                let is_body = h.name.eq_ignore_ascii_case("content-length")
                    || h.name.eq_ignore_ascii_case("transfer-encoding")
                    || h.name.eq_ignore_ascii_case("expect")
                    || h.name.eq_ignore_ascii_case("upgrade");
                !is_body && HeaderValue::from_bytes(h.value).is_ok()
            });
            Some(is_path && is_plain)
        }
    }
}

/// The other end of this connection, if its process runs as `uid`: the kernel's own table says.
fn peer_of(uid: u32, peer: SocketAddr, ours: SocketAddr) -> Option<Peer> {
    let (SocketAddr::V4(peer), SocketAddr::V4(ours)) = (peer, ours) else { return None };
    let v4 = |ip: &Ipv4Addr, port: u16| format!("{:08X}:{port:04X}", u32::from_ne_bytes(ip.octets()));
    let wanted = (v4(peer.ip(), peer.port()), v4(ours.ip(), ours.port()));
    let mapped = |address: &str| format!("0000000000000000FFFF0000{address}");
    let wanted6 = (mapped(&wanted.0), mapped(&wanted.1));
    let finds = |table: &str, wanted: &(String, String)| {
        fs::read_to_string(table).ok()?.lines().skip(1).find_map(|row| {
            let mut columns = row.split_whitespace();
            let is_it = columns.nth(1) == Some(&wanted.0)
                && columns.next() == Some(&wanted.1)
                && columns.nth(4).and_then(|u| u.parse().ok()) == Some(uid);
            let inode = columns.nth(1).filter(|_| is_it)?.parse().ok()?;
            Some(Peer { inode })
        })
    };
    finds("/proc/net/tcp", &wanted).or_else(|| finds("/proc/net/tcp6", &wanted6))
}

/// GET without a body, with the one Host that is ours, to the letter.
#[must_use]
pub fn is_plain_get<B: Body>(request: &Request<B>, port: u16) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().is_some_and(|h| h.as_bytes() == format!("127.0.0.1:{port}").as_bytes());
    request.method() == Method::GET
        && host
        && hosts.next().is_none()
        && request.uri().authority().is_none()
        && request.body().is_end_stream()
        && !request.headers().contains_key(header::TRANSFER_ENCODING)
}

/// The request comes from a page: a program's never carries these.
#[must_use]
pub fn is_from_page<B>(request: &Request<B>) -> bool {
    request.headers().keys().any(|name| name == header::ORIGIN || name.as_str().starts_with("sec-fetch-"))
}

#[cfg(test)]
mod tests {
    use std::{net, os::unix::fs::MetadataExt};

    use super::*;

    #[test]
    fn a_head_is_read_by_hyper_only_where_hyper_can() {
        let many = "a: b\r\n".repeat(MOST_HEADERS + 1);
        for bad in [
            "GET / HTTP/1.1\r\nbad header\r\n\r\n",
            "GET / HTTP/2.0\r\n\r\n",
            "GET /\u{e9} HTTP/1.1\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET /# HTTP/1.1\r\n\r\n",
            "\0\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            &format!("GET / HTTP/1.1\r\n{many}\r\n"),
        ] {
            assert_eq!(judge(bad.as_bytes()), Some(false), "{bad:?}");
        }
        for good in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /a?b HTTP/1.0\r\n\r\n",
            "GET http://a/ HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(judge(good.as_bytes()), Some(true), "{good:?}");
        }
        for partial in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n"] {
            assert_eq!(judge(partial.as_bytes()), None, "{partial:?}");
        }
    }

    #[test]
    fn the_kernel_tells_whose_connection_it_is() {
        let listener = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let ours = listener.local_addr().unwrap();
        let _client = net::TcpStream::connect(ours).unwrap();
        let (_stream, peer) = listener.accept().unwrap();
        let uid = fs::metadata("/proc/self").unwrap().uid();
        assert!(peer_of(uid, peer, ours).is_some_and(|peer| peer.inode > 0));
        assert!(peer_of(uid + 1, peer, ours).is_none());
    }
}
