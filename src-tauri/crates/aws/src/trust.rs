//! Whose certificates are believed: the system's authorities, or those of the file `AWS_CA_BUNDLE` names.

use std::fs;

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use daypass_domain::failure::Code;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// As every AWS SDK has it: where the variable is set, its file is believed instead of the system.
pub(crate) fn trust(variable: impl Fn(&str) -> Option<String>) -> Result<TlsContext, Code> {
    let store = match variable("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        None => TrustStore::default(),
        Some(path) => {
            let pem = fs::read(path).map_err(|_| Code::BadCaBundle)?;
            check(&pem)?;
            TrustStore::empty().with_pem_certificate(pem)
        }
    };
    TlsContext::builder().with_trust_store(store).build().map_err(|_| Code::Internal)
}

/// The SDK takes what it is given for good, and panics where it is not.
fn check(pem: &[u8]) -> Result<(), Code> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| Code::BadCaBundle)?;
        roots.add(certificate).map_err(|_| Code::BadCaBundle)?;
    }
    if roots.is_empty() { Err(Code::BadCaBundle) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(contents: &str) -> Option<Code> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), contents).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        trust(|name| (name == "AWS_CA_BUNDLE").then(|| path.clone())).err()
    }

    #[test]
    fn a_bundle_without_readable_certificates_is_refused_before_it_is_used() {
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for bad in ["", "nonsense", nonsense, "-----BEGIN CERTIFICATE-----\n!"] {
            assert_eq!(bundle(bad), Some(Code::BadCaBundle), "{bad}");
        }
        assert_eq!(trust(|_| Some("/no/such/file".to_owned())).err(), Some(Code::BadCaBundle));
        assert_eq!(trust(|_| None).err(), None);
    }
}
