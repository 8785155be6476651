//! TLS: one certificate for HTTPS and for TCP, wherever it comes from, replaced while connections
//! stand.
//!
//! TLS 1.3 and 1.2 only, ECDHE key exchange and AEAD ciphers only: rustls implements nothing else.
//! Its cryptography is ring's, which builds with a C compiler alone.

mod acme;
mod certificate;
mod files;
mod kept;
mod self_signed;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use crate::config::{Config, TlsSource};
use crate::stop::Stop;
use acme::Renewal;
use certificate::Certificate;
use files::Watch;
use kept::Kept;

pub(crate) use acme::Challenges;
pub use certificate::Fingerprint;

/// Why there is no TLS to start with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that holds no certificate or no key.
    #[error("{path} holds no usable {what}: {reason}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Why it cannot be used.
        reason: String,
    },
    /// A certificate of another key.
    #[error("the certificate in {cert} and the key in {key} do not work together: {reason}")]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A name that cannot stand in a certificate, or no certificate could be made.
    #[error("cannot make a certificate for {names}: {reason}")]
    Make {
        /// The names that were asked for.
        names: String,
        /// What is wrong.
        reason: String,
    },
}

/// The certificate that handshakes get, and that can be exchanged.
#[derive(Debug, Default)]
pub(crate) struct Current {
    key: RwLock<Option<Arc<CertifiedKey>>>,
}

impl Current {
    fn replace(&self, certificate: &Certificate) {
        let key = Arc::clone(&certificate.key);
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = Some(key);
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.key
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// TLS as the listeners need it.
#[derive(Debug)]
pub(crate) struct Tls {
    current: Arc<Current>,
    upkeep: Upkeep,
    challenges: Arc<Challenges>,
    fingerprint: Option<Fingerprint>,
    sends_hsts: bool,
}

/// What is to be done with the certificate while the gateway runs.
#[derive(Debug)]
enum Upkeep {
    Nothing,
    Watch(Watch),
    Renew(Renewal),
}

impl Tls {
    /// Finds or makes the certificate that the settings ask for. With ACME there may be none yet:
    /// handshakes fail until it has come.
    pub(crate) fn open(config: &Config, source: &TlsSource) -> Result<Self, TlsError> {
        let current = Arc::new(Current::default());
        let challenges = Arc::<Challenges>::default();
        let kept = Kept::new(&config.data);
        let (upkeep, fingerprint) = match source {
            TlsSource::Files { cert, key } => {
                let watch = Watch::new(cert.clone(), key.clone());
                let certificate = watch.load()?;
                current.replace(&certificate);
                tracing::info!(fingerprint = %certificate.fingerprint, "certificate loaded");
                (Upkeep::Watch(watch), None)
            }
            TlsSource::SelfSigned { names } => {
                let certificate = self_signed::find_or_make(&kept, names_for(config, names))?;
                current.replace(&certificate);
                let fingerprint = certificate.fingerprint;
                tracing::info!(%fingerprint, "serving a self-signed certificate");
                (Upkeep::Nothing, Some(fingerprint))
            }
            TlsSource::Acme(settings) => {
                let renewal = Renewal::new(settings.clone(), kept, Arc::clone(&challenges));
                if let Some(certificate) = renewal.kept_certificate() {
                    current.replace(&certificate);
                }
                (Upkeep::Renew(renewal), None)
            }
        };
        Ok(Self {
            current,
            upkeep,
            challenges,
            fingerprint,
            // Who has seen the header can no longer click a warning away. With a certificate that
            // nobody signed, that would lock users out as soon as it changes.
            sends_hsts: !matches!(source, TlsSource::SelfSigned { .. }),
        })
    }

    /// The fingerprint to tell people, if the certificate stays the same.
    pub(crate) const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// Whether browsers are told to use HTTPS only.
    pub(crate) const fn sends_hsts(&self) -> bool {
        self.sends_hsts
    }

    /// What the certificate authority asks for over plain HTTP.
    pub(crate) fn challenges(&self) -> Arc<Challenges> {
        Arc::clone(&self.challenges)
    }

    /// Handshakes of browsers.
    pub(crate) fn https(&self) -> Result<TlsAcceptor, rustls::Error> {
        let mut config = self.server_config()?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Handshakes of native clients.
    pub(crate) fn tcp(&self) -> Result<TlsAcceptor, rustls::Error> {
        Ok(TlsAcceptor::from(Arc::new(self.server_config()?)))
    }

    fn server_config(&self) -> Result<ServerConfig, rustls::Error> {
        let resolver = Arc::clone(&self.current);
        Ok(ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(resolver))
    }

    /// Keeps the certificate fresh until the gateway stops.
    pub(crate) async fn keep_fresh(self, mut stop: Stop) {
        let Self {
            current, upkeep, ..
        } = self;
        let work = async {
            match upkeep {
                Upkeep::Nothing => {}
                Upkeep::Watch(watch) => watch.run(&current).await,
                Upkeep::Renew(renewal) => renewal.run(&current).await,
            }
        };
        tokio::select! {
            () = work => {}
            () = stop.draining() => {}
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What a self-signed certificate is for: the loopback, whatever is listened on, and `more`.
fn names_for(config: &Config, more: &[String]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    let loopback = ["127.0.0.1", "::1"].map(str::to_owned);
    let listening = [Some(config.http), config.tls_tcp]
        .into_iter()
        .flatten()
        .map(|address: SocketAddr| address.ip().to_canonical())
        .filter(|ip| !ip.is_unspecified())
        .map(|ip: IpAddr| ip.to_string());
    for name in loopback
        .into_iter()
        .chain(listening)
        .chain(more.iter().cloned())
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn nothing_older_than_tls_1_2_and_nothing_but_ecdhe_with_aead_is_offered() {
        let provider = provider();
        assert!(!provider.cipher_suites.is_empty());
        for suite in &provider.cipher_suites {
            let name = format!("{:?}", suite.suite());
            let is_tls13 = name.starts_with("TLS13_");
            let is_ecdhe = name.starts_with("TLS_ECDHE_");
            assert!(is_tls13 || is_ecdhe, "{name}");
            assert!(
                name.contains("_GCM_") || name.contains("_CHACHA20_POLY1305_"),
                "{name}"
            );
        }
    }

    #[test]
    fn a_self_signed_certificate_is_for_the_loopback_and_what_is_listened_on() {
        let mut config = Config::on_free_ports(Path::new("data"));
        config.http = "0.0.0.0:443".parse().unwrap();
        config.tls_tcp = Some("192.0.2.7:1358".parse().unwrap());
        let names = names_for(&config, &["chat.lan".to_owned(), "localhost".to_owned()]);
        let expected = ["localhost", "127.0.0.1", "::1", "192.0.2.7", "chat.lan"];
        assert_eq!(names, expected);
    }
}
