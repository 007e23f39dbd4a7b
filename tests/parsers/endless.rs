//! An answer without end, as of a hostile server or a captive portal: given up, and named.

use daypass_aws::{client::Aws, device, pace::Pace, portal::Portal};
use daypass_domain::{
    failure::Code,
    sso::{SsoSession, StartUrl},
    time::Timestamp,
};
use daypass_vault::secret::Secret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Answers 200 and begins some JSON that never comes to its end.
async fn pour(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|w| w == b"\r\n\r\n") {
        stream.read_buf(&mut request).await?;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"accountList\":[").await?;
    loop {
        stream.write_all(&[b' '; 64 * 1024]).await?;
    }
}

#[tokio::test]
async fn an_answer_without_end_is_given_up_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pour(stream));
        }
    });
    let start_url = StartUrl::try_from(format!("{address}start")).unwrap();
    let sso = SsoSession::typed("acme".parse().unwrap(), start_url, "eu-west-1".parse().unwrap());
    let variable = move |name: &str| name.starts_with("AWS_ENDPOINT_URL_").then(|| address.clone());
    let aws = Aws::new(variable, || Timestamp::from_secs(1_800_000_000));
    let (token, pace) = (Secret::copy_of(b"token").unwrap(), Pace::default());
    let portal = Portal::new(&aws, &sso, &token, &pace).unwrap();
    assert_eq!(portal.accounts().await.err(), Some(Code::NotAws));
    assert_eq!(device::start(&aws, &sso).await.err(), Some(Code::NotAws));
}
