//! What the endpoint lets in, and what it does not.

use daypass_tests::{http, rig::Rig};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use url::Url;

#[tokio::test]
async fn only_the_one_right_request_is_served_and_refusals_are_all_alike() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    let url = Url::parse(&ticket.url).unwrap();
    let (port, path, token) = (url.port().unwrap(), url.path().to_owned(), ticket.token.clone());
    let host = format!("127.0.0.1:{port}");
    let mut lengths = std::collections::BTreeSet::new();
    let (mut served, mut tried) = (0, 0);
    for method in ["GET", "POST", "HEAD", "PUT", "OPTIONS"] {
        for given_host in [&host, "localhost", "evil.example", "127.0.0.1", ""] {
            for given_path in [path.as_str(), "/", "/0123456789abcdef0123456789abcdef", "//", "/console/x"] {
                for authorization in [token.as_str(), "", "x", &token[..63], &format!("Bearer {token}")] {
                    let request = format!(
                        "{method} {given_path} HTTP/1.1\r\nHost: {given_host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
                    );
                    let answer = http::send(port, request.as_bytes()).await;
                    tried += 1;
                    if answer.status == 200 {
                        served += 1;
                        assert!(
                            method == "GET"
                                && *given_host == *host
                                && given_path == path
                                && authorization == token
                        );
                    } else if method != "HEAD" && given_path != "/console/x" {
                        assert!((400..500).contains(&answer.status), "{request} {answer:?}");
                        lengths.insert(answer.body.len());
                    }
                }
            }
        }
    }
    for request in malformed(&format!("GET {path}"), &format!("Host: {host}\r\nAuthorization: {token}\r\n")) {
        let answer = http::send(port, &request).await;
        let shown = String::from_utf8_lossy(&request[..request.len().min(200)]).into_owned();
        assert!((400..500).contains(&answer.status), "{shown} {answer:?}");
        lengths.insert(answer.body.len());
    }
    assert_eq!((tried, served), (625, 1));
    assert_eq!(lengths.len(), 1, "a refusal tells nothing by its length: {lengths:?}");
}

/// The right request, and each time one thing that HTTP or we do not allow.
fn malformed(start: &str, right: &str) -> Vec<Vec<u8>> {
    let with = |line: &str| format!("{start} HTTP/1.1\r\n{right}{line}\r\n").into_bytes();
    let mut all = vec![
        with("no colon here\r\n"),
        with(": no name\r\n"),
        with("a b: c\r\n"),
        with("X: \u{1}\r\n"),
        with("X: 1\r\n folded\r\n"),
        with("Content-Length: 0\r\nContent-Length: 5\r\n"),
        with("Content-Length: 5\r\n"),
        with("Content-Length: minus\r\n"),
        with("Transfer-Encoding: chunked\r\n"),
        with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        with("Expect: 100-continue\r\n"),
        with("Upgrade: h2c\r\nConnection: Upgrade\r\n"),
        with(&"X: y\r\n".repeat(150)),
        with(&format!("X: {}\r\n", "y".repeat(9_000))),
        with(&format!("X: {}\r\n", "y".repeat(64 * 1024))),
        format!("{start} HTTP/2.0\r\n{right}\r\n").into_bytes(),
        format!("{start} HTTQ/1.1\r\n{right}\r\n").into_bytes(),
        format!("{start}\r\n{right}\r\n").into_bytes(),
        format!("{start} more HTTP/1.1\r\n{right}\r\n").into_bytes(),
        format!("{start}\u{e9} HTTP/1.1\r\n{right}\r\n").into_bytes(),
        format!("G\u{0}T / HTTP/1.1\r\n{right}\r\n").into_bytes(),
        format!("{} HTTP/1.1\r\n{right}\r\n", "GET /".to_owned() + &"x".repeat(9_000)).into_bytes(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
    ];
    let mut invalid = with("");
    invalid.splice(5..5, [0xff, 0xfe]);
    all.push(invalid);
    all
}

#[tokio::test]
async fn pages_are_refused_whatever_they_know() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    for header in [("Origin", "null"), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")] {
        let answer = http::get(&ticket.url, &[("Authorization", &ticket.token), header]).await;
        assert_eq!(answer.status, 403, "{header:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let twice = [("Authorization", ticket.token.as_str()), ("Authorization", ticket.token.as_str())];
    assert_eq!(http::get(&ticket.url, &twice).await.status, 401);
    assert_eq!(http::get(&format!("{}?x=1", ticket.url), &twice[..1]).await.status, 403);
}

#[tokio::test]
async fn one_lease_does_not_open_another() {
    let rig = Rig::signed_in().await;
    let (first, second) = (rig.lease(30).await, {
        let wish = rig.wish("111122223333", "ReadOnlyAccess", 30);
        rig.request(wish).await.unwrap().session
    });
    let (first, second) = (rig.ticket(&first).await.unwrap(), rig.ticket(&second).await.unwrap());
    assert_eq!(http::get(&first.url, &[("Authorization", &second.token)]).await.status, 401);
    assert_eq!(rig.fetch(&second).await.status, 200);
}

#[tokio::test]
async fn headers_without_end_are_cut_off() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    let port = Url::parse(&ticket.url).unwrap().port().unwrap();
    let mut request = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX: ").into_bytes();
    request.resize(64 * 1024, b'x');
    let answer = http::send(port, &request).await;
    assert_eq!(answer.status, 400, "{answer:?}");
}

#[tokio::test]
async fn hundreds_of_half_open_connections_do_not_keep_the_right_one_out() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    let port = Url::parse(&ticket.url).unwrap().port().unwrap();
    let mut half_open = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        half_open.push(stream);
    }
    assert_eq!(rig.fetch(&ticket).await.status, 200);
}

#[tokio::test]
async fn the_endpoint_listens_on_loopback_only() {
    let rig = Rig::signed_in().await;
    let lease = rig.lease(30).await;
    let ticket = rig.ticket(&lease).await.unwrap();
    let port = Url::parse(&ticket.url).unwrap().port().unwrap();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows: Vec<_> =
        table.lines().filter(|row| row.contains(&format!(":{port:04X} 00000000:0000 0A"))).collect();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].contains("0100007F:"), "127.0.0.1");
}
