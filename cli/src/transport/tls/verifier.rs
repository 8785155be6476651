//! Looks at a server's certificate, by one rule, and remembers what it saw.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::Fingerprint;

/// Which certificate will do.
#[derive(Debug)]
pub(super) enum Rule {
    /// One that these vouch for, for the server's name and today.
    Roots(Arc<RootCertStore>),
    /// This one. Names and dates in it matter no more: somebody has looked at it.
    Pin(Fingerprint),
}

/// What was thought of the certificate.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// The roots vouch for it.
    Vouched,
    /// It is the expected one.
    Pinned(Fingerprint),
    /// Nobody vouches for it.
    Unknown { shown: Fingerprint, reason: String },
    /// It is another one than expected.
    Changed {
        pinned: Fingerprint,
        shown: Fingerprint,
    },
}

/// See the module. That the server holds the certificate's key is checked in any case.
#[derive(Debug)]
pub(super) struct Verifier {
    rule: Rule,
    provider: Arc<CryptoProvider>,
    verdict: Mutex<Option<Verdict>>,
}

impl Verifier {
    pub(super) fn new(rule: Rule, provider: &Arc<CryptoProvider>) -> Self {
        Self {
            rule,
            provider: Arc::clone(provider),
            verdict: Mutex::default(),
        }
    }

    /// What was thought, if the handshake came so far.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        let verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.clone()
    }

    fn by_roots(
        &self,
        roots: &Arc<RootCertStore>,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if roots.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|error| Error::General(error.to_string()))?
            .verify_server_cert(end_entity, intermediates, server_name, &[], now)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Fingerprint::of(end_entity);
        let (verdict, result) = match &self.rule {
            Rule::Pin(pinned) if *pinned == shown => {
                (Verdict::Pinned(shown), Ok(ServerCertVerified::assertion()))
            }
            Rule::Pin(pinned) => {
                let pinned = *pinned;
                let error = CertificateError::ApplicationVerificationFailure;
                (Verdict::Changed { pinned, shown }, Err(error.into()))
            }
            Rule::Roots(roots) => {
                match self.by_roots(roots, end_entity, intermediates, server_name, now) {
                    Ok(verified) => (Verdict::Vouched, Ok(verified)),
                    Err(error) => {
                        let reason = reason(&error);
                        (Verdict::Unknown { shown, reason }, Err(error))
                    }
                }
            }
        };
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
        result
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn reason(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its issuer is unknown".to_owned()
        }
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }) => {
            "it is for another name".to_owned()
        }
        Error::InvalidCertificate(CertificateError::ExpiredContext { .. }) => {
            "it has expired".to_owned()
        }
        other => other.to_string(),
    }
}
