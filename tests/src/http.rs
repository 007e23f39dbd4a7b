//! A browser of sorts: plain HTTP requests to loopback, redirects followed when asked to.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// What came back.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|l| l.split_once(": "))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }
}

/// Sends `request` as it is and reads until the other side closes. Status 0: it closed without a word.
pub async fn send(port: u16, request: &[u8]) -> Response {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("somebody listens");
    stream.write_all(request).await.ok();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    Response { status, head: head.to_owned(), body: body.to_owned() }
}

/// GET with the headers every program sends, and these.
pub async fn get(url: &str, headers: &[(&str, &str)]) -> Response {
    let url = Url::parse(url).expect("an address");
    let port = url.port().expect("a port");
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    send(port, request.as_bytes()).await
}

/// Opens an address as a browser does: redirects are followed, the last page is returned.
pub async fn browse(url: &str) -> Response {
    let mut url = Url::parse(url).expect("an address");
    for _ in 0..10 {
        let response = get(url.as_str(), &[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")]).await;
        match response.header("location") {
            Some(next) if (300..400).contains(&response.status) => url = url.join(next).expect("an address"),
            _ => return response,
        }
    }
    panic!("redirected for ever");
}
