//! A browser of sorts: requests to loopback whatever the host's name, redirects followed when asked to.

use std::sync::Arc;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
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
    exchange(TcpStream::connect(("127.0.0.1", port)).await.expect("somebody listens"), request).await
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> Response {
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
    get_trusting(None, url, headers).await
}

async fn get_trusting(ca_pem: Option<&str>, url: &str, headers: &[(&str, &str)]) -> Response {
    let url = Url::parse(url).expect("an address");
    let (host, port) = (url.host_str().expect("a host"), url.port().expect("a port"));
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = format!("GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    match url.scheme() {
        "https" => exchange(secret(ca_pem.expect("a CA"), host, port).await, request.as_bytes()).await,
        _ => send(port, request.as_bytes()).await,
    }
}

async fn secret(ca_pem: &str, host: &str, port: u16) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).expect("a certificate");
    roots.add(ca).expect("a CA");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("somebody listens");
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake")
}

/// Opens an address as a browser does that trusts this CA: redirects are followed, the last page is returned.
pub async fn browse_trusting(ca_pem: Option<&str>, url: &str) -> Response {
    let headers = [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")];
    let mut url = Url::parse(url).expect("an address");
    for _ in 0..10 {
        let response = get_trusting(ca_pem, url.as_str(), &headers).await;
        match response.header("location") {
            Some(next) if (300..400).contains(&response.status) => url = url.join(next).expect("an address"),
            _ => return response,
        }
    }
    panic!("redirected for ever");
}

/// The same for pages without TLS.
pub async fn browse(url: &str) -> Response {
    browse_trusting(None, url).await
}
