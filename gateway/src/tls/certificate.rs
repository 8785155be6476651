//! A certificate with its key, as read from PEM.

use core::fmt;
use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::{TlsError, provider};

/// A chain and the key to its first certificate.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) fingerprint: Fingerprint,
    /// Names and addresses that it is for.
    pub(super) names: Vec<String>,
    /// Since the Unix epoch.
    pub(super) not_before: Duration,
    /// Since the Unix epoch.
    pub(super) not_after: Duration,
}

/// SHA-256 of a certificate (DER), by which clients can know it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Certificate {
    /// From two files, or from the same one twice.
    pub(super) fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| TlsError::File {
                path: path.to_owned(),
                source,
            })
        };
        Self::parse((cert, &read(cert)?), (key, &read(key)?))
    }

    fn parse(cert: (&Path, &[u8]), key: (&Path, &[u8])) -> Result<Self, TlsError> {
        let content = |path: &Path, what, reason: &dyn fmt::Display| TlsError::Content {
            path: path.to_owned(),
            what,
            reason: reason.to_string(),
        };
        let bad_cert = |reason: &dyn fmt::Display| content(cert.0, "certificate", reason);
        let chain = CertificateDer::pem_slice_iter(cert.1)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| bad_cert(&error))?;
        let Some(first) = chain.first() else {
            return Err(bad_cert(&"no part `BEGIN CERTIFICATE` (PEM) is in it"));
        };
        let private = PrivateKeyDer::from_pem_slice(key.1)
            .map_err(|error| content(key.0, "private key", &error))?;

        let fingerprint = Fingerprint(Sha256::digest(first).into());
        let parsed = x509_cert::Certificate::from_der(first).map_err(|error| bad_cert(&error))?;
        let validity = parsed.tbs_certificate.validity;
        let names = parsed
            .tbs_certificate
            .get::<SubjectAltName>()
            .map_err(|error| bad_cert(&error))?
            .map(|(_, names)| names.0.iter().filter_map(name).collect())
            .unwrap_or_default();
        let key = CertifiedKey::from_der(chain, private, &provider()).map_err(|error| {
            TlsError::Pair {
                cert: cert.0.to_owned(),
                key: key.0.to_owned(),
                reason: error.to_string(),
            }
        })?;
        Ok(Self {
            key: Arc::new(key),
            fingerprint,
            names,
            not_before: validity.not_before.to_unix_duration(),
            not_after: validity.not_after.to_unix_duration(),
        })
    }

    /// Whether it is for all of these.
    pub(super) fn is_for(&self, names: &[String]) -> bool {
        names
            .iter()
            .all(|name| self.names.iter().any(|own| own.eq_ignore_ascii_case(name)))
    }

    /// When a new one is due: after two thirds of its life.
    pub(super) fn renewal(&self) -> Duration {
        let life = self.not_after.saturating_sub(self.not_before);
        self.not_before + life / 3 * 2
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(|v4| IpAddr::V4(Ipv4Addr::from(v4)));
            let v6 = <[u8; 16]>::try_from(bytes).map(|v6| IpAddr::V6(Ipv6Addr::from(v6)));
            v4.or(v6).ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}

/// Now, since the Unix epoch.
pub(super) fn now() -> Duration {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn parse(cert: &str, key: &str) -> Result<Certificate, TlsError> {
        let (cert, key) = (cert.as_bytes(), key.as_bytes());
        Certificate::parse((Path::new("c.pem"), cert), (Path::new("k.pem"), key))
    }

    #[test]
    fn names_and_addresses_are_read_from_the_certificate() {
        let (cert, key) = made(&["chat.example.org", "192.0.2.7", "::1"]);
        let certificate = parse(&cert, &key).unwrap();
        assert_eq!(certificate.names, ["chat.example.org", "192.0.2.7", "::1"]);
        assert!(certificate.is_for(&["CHAT.example.org".into(), "::1".into()]));
        assert!(!certificate.is_for(&["::1".into(), "other.example.org".into()]));
        let shown = certificate.fingerprint.to_string();
        assert!(shown.starts_with("sha256:") && shown.len() == 6 + 32 * 3);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_with_both_files_named() {
        let (cert, key) = made(&["a"]);
        let (_, other) = made(&["a"]);
        let said = |result: Result<Certificate, TlsError>| result.unwrap_err().to_string();
        let pair = said(parse(&cert, &other));
        assert!(pair.contains("c.pem") && pair.contains("k.pem"), "{pair}");
        assert!(said(parse(&key, &key)).contains("c.pem"));
        assert!(said(parse(&cert, &cert)).contains("k.pem"));
        assert!(said(parse("", &key)).contains("BEGIN CERTIFICATE"));
        let half = &cert[..cert.len() / 2];
        assert!(said(parse(half, &key)).contains("c.pem"));
    }

    #[test]
    fn renewal_is_due_after_two_thirds_of_the_life() {
        let (cert, key) = made(&["a"]);
        let mut certificate = parse(&cert, &key).unwrap();
        certificate.not_before = Duration::from_secs(1_000_000);
        certificate.not_after = Duration::from_secs(1_000_000 + 90 * 86_400);
        let due = Duration::from_secs(1_000_000 + 60 * 86_400);
        assert_eq!(certificate.renewal(), due);
    }
}
