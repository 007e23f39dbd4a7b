//! The endpoint, asked by a stranger: ourselves, with what is wrong.

use std::{collections::BTreeSet, fs, net::Ipv4Addr, time::Duration};

use daypass_domain::protection::{Endpoint, Finding};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::secrets::Secrets;

/// How long it may take to refuse.
const REFUSES_WITHIN: Duration = Duration::from_millis(1500);
const WRONG: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Looks where this process listens, and asks its endpoint at `port` for credentials without a right to them.
pub(super) async fn endpoint(secrets: &Secrets, port: Option<u16>, clients: u32) -> Finding {
    let exposed = exposed();
    let mut found = Endpoint { listening: port.is_some(), exposed, clients, refuses: None };
    if let Some(port) = port {
        let asked = timeout(REFUSES_WITHIN, refuses(secrets, port)).await;
        found.refuses = asked.ok().flatten();
    }
    Finding::Endpoint(found)
}

/// Whether it refuses a wrong token, on the path of a lease where one has a ticket, and a wrong Host.
async fn refuses(secrets: &Secrets, port: u16) -> Option<bool> {
    let ticket = secrets.tickets.all().into_iter().next();
    let path = ticket.map_or_else(|| WRONG.to_owned(), |ticket| ticket.path.with_str(str::to_owned));
    let right = format!("127.0.0.1:{port}");
    for host in [right.as_str(), "daypass.example"] {
        let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {WRONG}\r\n\r\n");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        if !answer.starts_with(b"HTTP/1.1 4") {
            return Some(false);
        }
    }
    Some(true)
}

/// How many ports of this process other machines could reach.
fn exposed() -> u32 {
    let sockets: BTreeSet<u64> = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter_map(|target| target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let rows = tables.into_iter().filter_map(|table| fs::read_to_string(table).ok());
    let count = rows.map(|rows| rows.lines().filter(|row| is_exposed(row, &sockets)).count()).sum::<usize>();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether a row of the kernel's table is one of these sockets, listens, and not on this machine alone.
fn is_exposed(row: &str, sockets: &BTreeSet<u64>) -> bool {
    let columns: Vec<_> = row.split_whitespace().collect();
    let [_, local, _, state, ..] = columns[..] else { return false };
    let is_ours = columns.get(9).and_then(|inode| inode.parse().ok()).is_some_and(|i| sockets.contains(&i));
    let address = local.split(':').next().unwrap_or_default();
    let loopback =
        [u32::from_ne_bytes(Ipv4Addr::LOCALHOST.octets()), u32::from_ne_bytes(1_u32.to_be_bytes())]
            .map(|word| format!("{word:08X}"));
    let is_loopback = address == loopback[0] || address == format!("{}{}", "0".repeat(24), loopback[1]);
    state == "0A" && is_ours && !is_loopback
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_that_others_can_reach_is_seen_and_one_on_loopback_is_not() {
        let _private = TcpListener::bind("127.0.0.1:0").unwrap();
        let _private6 = TcpListener::bind("[::1]:0");
        let before = exposed();
        let open = TcpListener::bind("0.0.0.0:0").unwrap();
        assert_eq!((before, exposed()), (0, 1));
        drop(open);
    }

    #[tokio::test]
    async fn an_endpoint_that_answers_whatever_is_asked_is_said_to() {
        let answers = |answer: &'static [u8]| async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    stream.write_all(answer).await.ok();
                }
            });
            let Finding::Endpoint(found) = endpoint(&Secrets::default(), Some(port), 0).await else {
                panic!("another finding")
            };
            found.refuses
        };
        assert_eq!(answers(b"HTTP/1.1 200 OK\r\n\r\n").await, Some(false));
        assert_eq!(answers(b"HTTP/1.1 404 Not Found\r\n\r\n").await, Some(true));
        assert_eq!(answers(b"").await, None);
    }
}
