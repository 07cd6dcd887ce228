//! TLS of our own: a certificate from files, which is read again when they change, without a restart.

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{path} holds no {what} in PEM")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Why not.
        #[source]
        source: pem::Error,
    },
    /// The key is not the certificate's, or of a kind that is not known.
    #[error("the certificate in {cert} and the key in {key} don't fit together")]
    Misfit {
        /// `tls_cert`.
        cert: PathBuf,
        /// `tls_key`.
        key: PathBuf,
        /// Why not.
        #[source]
        source: rustls::Error,
    },
    /// Neither TLS 1.2 nor 1.3 can be spoken.
    #[error("TLS cannot be set up")]
    Protocol(#[source] rustls::Error),
}

/// The certificate that new connections are shown.
#[derive(Debug)]
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    shown: RwLock<Shown>,
}

#[derive(Debug)]
struct Shown {
    certified: Arc<CertifiedKey>,
    /// Of both files, so that only a change is a change.
    hash: [u8; 32],
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// When one cannot be read, holds something else, or they don't fit together.
    pub fn load(cert: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let shown = read(cert, key)?;
        Ok(Arc::new(Self { cert: cert.to_owned(), key: key.to_owned(), shown: RwLock::new(shown) }))
    }

    /// Reads the files again: from now on new connections are shown what they hold. Returns whether that is something new.
    ///
    /// # Errors
    /// As [`Certificate::load`]; the certificate from before stays.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let read = read(&self.cert, &self.key)?;
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let changed = shown.hash != read.hash;
        *shown = read;
        Ok(changed)
    }

    /// TLS 1.2 and 1.3, with whatever certificate is shown when a client comes.
    ///
    /// # Errors
    /// When the provider speaks neither.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        Ok(versions.map_err(TlsError::Protocol)?.with_no_client_auth().with_cert_resolver(Arc::clone(self) as _))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner).certified))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn read(cert: &Path, key: &Path) -> Result<Shown, TlsError> {
    let bytes = |path: &Path| fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source });
    let (cert_pem, key_pem) = (bytes(cert)?, bytes(key)?);
    let malformed = |path: &Path, what| {
        let path = path.to_owned();
        move |source| TlsError::Malformed { path, what, source }
    };
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&cert_pem).collect::<Result<_, _>>().map_err(malformed(cert, "certificate"))?;
    if chain.is_empty() {
        return Err(malformed(cert, "certificate")(pem::Error::NoItemsFound));
    }
    let private = PrivateKeyDer::from_pem_slice(&key_pem).map_err(malformed(key, "private key"))?;
    let certified = CertifiedKey::from_der(chain, private, &provider()).map_err(|source| TlsError::Misfit {
        cert: cert.to_owned(),
        key: key.to_owned(),
        source,
    })?;
    let mut hash = Sha256::new();
    hash.update((cert_pem.len() as u64).to_be_bytes());
    hash.update(&cert_pem);
    hash.update(&key_pem);
    Ok(Shown { certified: Arc::new(certified), hash: hash.finalize().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate of its own signature, with its key.
    fn write(dir: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (cert, key) = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (cert, key)
    }

    #[test]
    fn files_that_do_not_fit_are_refused_by_name_and_never_replace_those_that_do() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = write(dir.path(), "one");
        let (other_cert, other_key) = write(dir.path(), "two");
        assert!(matches!(Certificate::load(&cert, &other_key), Err(TlsError::Misfit { .. })));
        assert!(matches!(Certificate::load(&key, &key), Err(TlsError::Malformed { what: "certificate", .. })));
        assert!(matches!(Certificate::load(&cert, &cert), Err(TlsError::Malformed { what: "private key", .. })));
        assert!(matches!(Certificate::load(&dir.path().join("no"), &key), Err(TlsError::Unreadable { .. })));

        let certificate = Certificate::load(&cert, &key).unwrap();
        let shown = || certificate.shown.read().unwrap().hash;
        let first = shown();
        assert!(!certificate.reload().unwrap(), "nothing has changed");
        // Half of a change: the new certificate is there, its key is not.
        fs::copy(&other_cert, &cert).unwrap();
        assert!(certificate.reload().is_err());
        assert_eq!(shown(), first);
        fs::copy(&other_key, &key).unwrap();
        assert!(certificate.reload().unwrap());
        assert_ne!(shown(), first);
    }
}
