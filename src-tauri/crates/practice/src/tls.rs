//! TLS: a private CA made at start, a certificate of it for loopback, and connections with and without.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// What it is called besides its address. Only a proxy that is told so finds the second: `.test` has no resolver.
const NAMES: [&str; 2] = ["localhost", "practice.test"];

/// The CA that nobody trusts unless told to, and what it certified.
pub(crate) struct Authority {
    /// The CA's certificate, for whoever is to trust it.
    pub(crate) pem: String,
    pub(crate) acceptor: TlsAcceptor,
}

impl Authority {
    /// A new CA, with a certificate for 127.0.0.1, localhost and `practice.test`. Its key is forgotten at once.
    ///
    /// # Errors
    /// When a key can't be made.
    pub(crate) fn new() -> io::Result<Self> {
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, "Daypass practice CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let ca_key = KeyPair::generate().map_err(io::Error::other)?;
        let pem = ca.self_signed(&ca_key).map_err(io::Error::other)?.pem();

        let mut server = CertificateParams::new(NAMES.map(str::to_owned)).map_err(io::Error::other)?;
        server.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        server.distinguished_name.push(DnType::CommonName, "Daypass practice organisation");
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = Issuer::new(ca, ca_key);
        let certificate = server.signed_by(&key, &issuer).map_err(io::Error::other)?;

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(io::Error::other)?;
        Ok(Self { pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// A connection, as plain TCP or with TLS over it.
pub(crate) enum Channel {
    Plain(TcpStream),
    /// Before the end of the handshake, which the first read or write goes through.
    Greeting(Box<Accept<TcpStream>>),
    Secret(Box<TlsStream<TcpStream>>),
    Failed,
}

/// What can be read from and written to.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Channel {
    /// The way to the other side, once the handshake is done.
    pub(crate) fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Pin<&mut dyn Duplex>>> {
        if let Self::Greeting(greeting) = self {
            let greeted = ready!(Pin::new(greeting.as_mut()).poll(context));
            *self = Self::Failed;
            *self = Self::Secret(Box::new(greeted?));
        }
        Poll::Ready(match self {
            Self::Plain(stream) => Ok(Pin::new(stream)),
            Self::Secret(stream) => Ok(Pin::new(stream.as_mut())),
            Self::Greeting(_) | Self::Failed => Err(io::ErrorKind::NotConnected.into()),
        })
    }

    /// The TCP connection below.
    pub(crate) fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(stream) => Some(stream),
            Self::Greeting(greeting) => greeting.get_ref(),
            Self::Secret(stream) => Some(stream.get_ref().0),
            Self::Failed => None,
        }
    }
}
