//! A certificate that nobody has signed: made once, and kept, so that its fingerprint stays.

use core::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};

use super::TlsError;
use super::certificate::{Certificate, now};
use super::kept::Kept;

const CERT: &str = "self-signed.crt";
const KEY: &str = "self-signed.key";

/// How long it is valid. Long, since every new one has to be trusted anew by hand.
const LIFE: Duration = Duration::from_secs(10 * 365 * 86_400);
/// How long before its making it is valid, for peers whose clock is behind.
const BACKDATE: Duration = Duration::from_secs(86_400);
/// How long before its end a new one is made at start.
const RESERVE: Duration = Duration::from_secs(30 * 86_400);

/// The kept certificate, or a new one if there is none, or if it is not for all of `names` or
/// about to end.
pub(super) fn find_or_make(kept: &Kept, names: Vec<String>) -> Result<Certificate, TlsError> {
    let (cert, key) = (kept.path(CERT), kept.path(KEY));
    if cert.exists() {
        match Certificate::load(&cert, &key) {
            Ok(found) if !found.is_for(&names) => {
                tracing::warn!(
                    "the names have changed: making a new self-signed certificate, which users \
                     have to trust anew"
                );
            }
            Ok(found) if found.not_after < now() + RESERVE => {
                tracing::warn!(
                    "the self-signed certificate ends: making a new one, which users have to trust \
                     anew"
                );
            }
            Ok(found) => return Ok(found),
            Err(error) => tracing::warn!(
                %error,
                "making a new self-signed certificate, which users have to trust anew"
            ),
        }
    }
    let (cert_pem, key_pem) = make(names)?;
    // The key first: a certificate without its key is made anew at the next start.
    kept.write(KEY, key_pem.as_bytes())?;
    kept.write(CERT, cert_pem.as_bytes())?;
    Certificate::load(&cert, &key)
}

/// Certificate and key (ECDSA over P-256, which every client knows) as PEM.
fn make(names: Vec<String>) -> Result<(String, String), TlsError> {
    let listed = names.join(", ");
    let made = (|| {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "Sotto gateway");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let from = std::time::SystemTime::now() - BACKDATE;
        params.not_before = from.into();
        params.not_after = (from + LIFE).into();
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&key)?;
        Ok((certificate.pem(), key.serialize_pem()))
    })();
    made.map_err(|error: rcgen::Error| TlsError::Make {
        names: listed,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_certificate_stays_until_its_names_change() {
        let data = tempfile::tempdir().unwrap();
        let kept = Kept::new(data.path());
        let make = |list: &[&str]| find_or_make(&kept, names(list)).unwrap().fingerprint;
        let first = make(&["localhost", "chat.lan"]);
        assert_eq!(make(&["localhost", "chat.lan"]), first);
        assert_eq!(make(&["chat.lan"]), first, "it is for more, which is fine");
        let second = make(&["localhost", "chat.lan", "192.0.2.7"]);
        assert_ne!(second, first);
        assert_eq!(make(&["localhost", "192.0.2.7"]), second);
        std::fs::write(kept.path(KEY), "broken").unwrap();
        assert_ne!(make(&["localhost"]), second);
    }

    #[test]
    fn it_is_valid_now_and_for_years() {
        let data = tempfile::tempdir().unwrap();
        let made = find_or_make(&Kept::new(data.path()), names(&["localhost"])).unwrap();
        assert!(made.not_before < now());
        assert!(made.not_after > now() + LIFE - 2 * BACKDATE);
    }

    #[test]
    fn a_name_that_is_none_is_refused_by_name() {
        let data = tempfile::tempdir().unwrap();
        let refused = find_or_make(&Kept::new(data.path()), names(&["localhost", "zoë"]));
        assert!(refused.unwrap_err().to_string().contains("zoë"));
    }
}
