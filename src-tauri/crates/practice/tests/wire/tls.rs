//! TLS: only who trusts the CA made at start gets through.

use std::io;
use std::sync::Arc;

use daypass_practice::{Failure, Options, Practice};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

async fn practice() -> Practice {
    Practice::start(Options { is_tls: true, ..Options::default() }).await.unwrap()
}

fn host(practice: &Practice) -> String {
    practice.base_url().strip_prefix("https://").unwrap().to_owned()
}

/// GET as `name`, trusting `ca_pem` alone.
async fn get(practice: &Practice, name: &'static str, ca_pem: &str, target: &str) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(host(practice)).await?;
    let name = ServerName::try_from(name).unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
    let request = format!("GET {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", host(practice));
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn who_trusts_the_ca_is_answered_by_address_and_by_name() {
    let practice = practice().await;
    let ca = practice.ca_pem().unwrap();
    for name in ["127.0.0.1", "localhost", "practice.test"] {
        let answer = get(&practice, name, ca, "/start").await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("id=\"start\""), "{answer}");
    }
    assert!(practice.start_url().starts_with("https://127.0.0.1:"));
    assert!(practice.env().iter().all(|(_, value)| value.starts_with("https://")));
}

#[tokio::test]
async fn another_ca_another_name_and_no_tls_get_nothing() {
    let practice = practice().await;
    let stranger = self::practice().await;
    let error = get(&practice, "localhost", stranger.ca_pem().unwrap(), "/start").await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(
        get(&practice, "oidc.us-east-1.amazonaws.com", practice.ca_pem().unwrap(), "/start").await.is_err()
    );
    let mut plain = TcpStream::connect(host(&practice)).await.unwrap();
    plain.write_all(b"GET /start HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
    assert!(practice.requests().is_empty());
}

#[tokio::test]
async fn failures_reach_through_tls() {
    let practice = practice().await;
    let ca = practice.ca_pem().unwrap();
    practice.fail_next("/start", Failure::Reset);
    practice.fail_next("/start", Failure::ResetMidway);
    for _ in 0..2 {
        let error = get(&practice, "localhost", ca, "/start").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
    assert!(get(&practice, "localhost", ca, "/start").await.is_ok());
}

#[test]
fn the_program_has_written_the_ca_when_it_says_where_it_listens() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("practice-ca.pem");
    let _ = std::fs::remove_file(&file);
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_daypass-practice"))
        .args(["--tls-ca-out", file.to_str().unwrap(), "--accounts", "1", "--roles", "1"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&program.stdout).unwrap();
    assert!(told["baseUrl"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{told}");
    let pem = std::fs::read(&file).unwrap();
    assert!(CertificateDer::from_pem_slice(&pem).is_ok());
}
