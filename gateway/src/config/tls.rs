//! Settings of TLS: where the certificate comes from, and who may be served without one.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use serde::Deserialize;

use super::Config;

/// The directory of Let's Encrypt.
pub const ACME_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Where the certificate comes from, as given by flag, environment or file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "TLS (see docs/operations.md)")]
pub struct GivenTls {
    /// File with the certificate and its chain (PEM); read again when it changes
    #[arg(long = "tls-cert", env = "SOTTO_TLS_CERT", value_name = "FILE")]
    pub cert: Option<PathBuf>,

    /// File with the certificate's private key (PEM)
    #[arg(long = "tls-key", env = "SOTTO_TLS_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,

    /// Make a certificate that nobody has signed, keep it in the data folder, and print its
    /// fingerprint, by which clients can know it
    #[arg(
        long = "tls-self-signed",
        env = "SOTTO_TLS_SELF_SIGNED",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new(),
        value_name = "BOOL"
    )]
    pub self_signed: Option<bool>,

    /// Further names or addresses for the self-signed certificate
    #[arg(
        long = "tls-name",
        env = "SOTTO_TLS_NAMES",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub names: Option<Vec<String>>,

    /// Get and renew a certificate for this domain by ACME; its port 80 must lead to
    /// --http-redirect. Using it means agreeing to the terms of the certificate authority
    #[arg(
        long = "tls-acme",
        env = "SOTTO_TLS_ACME",
        value_delimiter = ',',
        value_name = "DOMAIN"
    )]
    pub acme: Option<Vec<String>>,

    /// Where the certificate authority may write to, such as mailto:admin@example.org
    #[arg(
        long = "tls-acme-contact",
        env = "SOTTO_TLS_ACME_CONTACT",
        value_name = "URL"
    )]
    pub acme_contact: Option<String>,

    /// Directory of another certificate authority than Let's Encrypt
    #[arg(
        long = "tls-acme-directory",
        env = "SOTTO_TLS_ACME_DIRECTORY",
        value_name = "URL"
    )]
    pub acme_directory: Option<String>,

    /// File with the certificate (PEM) by which the directory itself is known, if it is none of
    /// the system's
    #[arg(
        long = "tls-acme-ca-file",
        env = "SOTTO_TLS_ACME_CA_FILE",
        value_name = "FILE"
    )]
    pub acme_ca_file: Option<PathBuf>,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSource {
    /// The operator's own files.
    Files {
        /// Certificate and chain, PEM.
        cert: PathBuf,
        /// Private key, PEM.
        key: PathBuf,
    },
    /// Signed by itself.
    SelfSigned {
        /// Names and addresses beside the loopback's and those that are listened on.
        names: Vec<String>,
    },
    /// A certificate authority with an ACME directory (RFC 8555).
    Acme(Acme),
}

/// See [`TlsSource::Acme`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// Domains of the certificate; never empty.
    pub domains: Vec<String>,
    /// Where the authority may write to.
    pub contact: Option<String>,
    /// The authority's directory.
    pub directory: String,
    /// The certificate that the directory's server is known by.
    pub ca_file: Option<PathBuf>,
}

/// Settings that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsConfigError {
    /// Half of a pair.
    #[error("--tls-cert and --tls-key go together: the one is useless without the other")]
    HalfPair,
    /// Two certificates.
    #[error(
        "only one of --tls-cert, --tls-self-signed and --tls-acme can say where the certificate \
         comes from"
    )]
    TwoSources,
    /// An option whose condition is not met.
    #[error("{option} does nothing without {needs}")]
    Useless {
        /// The option.
        option: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// ACME without a way for the authority to look.
    #[error(
        "--tls-acme needs --http-redirect: the certificate authority asks at the domain's port 80, \
         which must lead there"
    )]
    AcmeWithoutRedirect,
    /// Plain text where strangers can read it.
    #[error(
        "refusing to serve {purpose} in plain text on {address}, which is not a loopback address: \
         whoever is on the way could read names and who writes to whom, and change the web app. \
         Three ways out: listen on 127.0.0.1, behind a reverse proxy on this machine that \
         terminates TLS; {remedy}; or allow it with --insecure-public"
    )]
    PublicPlainText {
        /// What would be served.
        purpose: &'static str,
        /// Where.
        address: SocketAddr,
        /// How TLS is switched on for it.
        remedy: &'static str,
    },
}

impl GivenTls {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            cert: self.cert.or(other.cert),
            key: self.key.or(other.key),
            self_signed: self.self_signed.or(other.self_signed),
            names: self.names.or(other.names),
            acme: self.acme.or(other.acme),
            acme_contact: self.acme_contact.or(other.acme_contact),
            acme_directory: self.acme_directory.or(other.acme_directory),
            acme_ca_file: self.acme_ca_file.or(other.acme_ca_file),
        }
    }

    /// The one source, if any is given.
    pub(super) fn settle(self) -> Result<Option<TlsSource>, TlsConfigError> {
        let files = match (self.cert, self.key) {
            (Some(cert), Some(key)) => Some(TlsSource::Files { cert, key }),
            (None, None) => None,
            _ => return Err(TlsConfigError::HalfPair),
        };
        let is_self_signed = self.self_signed.unwrap_or_default();
        let names = self.names.unwrap_or_default();
        let domains = self.acme.unwrap_or_default();
        if !names.is_empty() && !is_self_signed {
            return Err(TlsConfigError::Useless {
                option: "--tls-name",
                needs: "--tls-self-signed",
            });
        }
        if domains.is_empty() {
            for (option, is_given) in [
                ("--tls-acme-contact", self.acme_contact.is_some()),
                ("--tls-acme-directory", self.acme_directory.is_some()),
                ("--tls-acme-ca-file", self.acme_ca_file.is_some()),
            ] {
                if is_given {
                    let needs = "--tls-acme";
                    return Err(TlsConfigError::Useless { option, needs });
                }
            }
        }
        let acme = (!domains.is_empty()).then(|| {
            TlsSource::Acme(Acme {
                domains,
                contact: self.acme_contact,
                directory: self
                    .acme_directory
                    .unwrap_or_else(|| ACME_DIRECTORY.to_owned()),
                ca_file: self.acme_ca_file,
            })
        });
        let self_signed = is_self_signed.then_some(TlsSource::SelfSigned { names });
        let mut given = [files, self_signed, acme].into_iter().flatten();
        match (given.next(), given.next()) {
            (source, None) => Ok(source),
            _ => Err(TlsConfigError::TwoSources),
        }
    }
}

impl Config {
    /// Checks that what is listened on fits together, and that nothing is in plain text where
    /// strangers can read it unless that is wanted.
    ///
    /// # Errors
    /// Any [`TlsConfigError`].
    pub fn check_listeners(&self) -> Result<(), TlsConfigError> {
        let useless = |option| {
            let needs = "a certificate: --tls-cert, --tls-self-signed or --tls-acme";
            Err(TlsConfigError::Useless { option, needs })
        };
        match &self.tls {
            None if self.tls_tcp.is_some() => return useless("--tls-tcp"),
            None if self.http_redirect.is_some() => return useless("--http-redirect"),
            Some(TlsSource::Acme(_)) if self.http_redirect.is_none() => {
                return Err(TlsConfigError::AcmeWithoutRedirect);
            }
            _ => {}
        }
        if self.insecure_public {
            return Ok(());
        }
        let http = self.tls.is_none().then_some(self.http);
        let with_tls = "switch TLS on with --tls-cert, --tls-self-signed or --tls-acme";
        let tls_tcp = "serve it under TLS with --tls-tcp, and leave --tcp on the loopback";
        let proxied = "let Prometheus ask through that proxy, or a tunnel";
        for (purpose, address, remedy) in [
            ("HTTP", http, with_tls),
            ("TCP", Some(self.tcp), tls_tcp),
            ("metrics", self.metrics, proxied),
        ] {
            if let Some(address) = address
                && !address.ip().to_canonical().is_loopback()
            {
                return Err(TlsConfigError::PublicPlainText {
                    purpose,
                    address,
                    remedy,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn config(change: impl FnOnce(&mut Config)) -> Result<(), TlsConfigError> {
        let mut config = Config::on_free_ports(Path::new("data"));
        change(&mut config);
        config.check_listeners()
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn self_signed() -> Option<TlsSource> {
        let names = Vec::new();
        Some(TlsSource::SelfSigned { names })
    }

    #[test]
    fn plain_text_is_refused_on_public_addresses_only() {
        for public in ["0.0.0.0:1", "192.168.0.9:1", "[::]:1", "[::ffff:1.2.3.4]:1"] {
            let public = at(public);
            for refused in [
                config(|config| config.http = public),
                config(|config| config.tcp = public),
                config(|config| config.metrics = Some(public)),
                // TLS for HTTP makes nothing of plain TCP.
                config(|config| {
                    config.tls = self_signed();
                    config.tcp = public;
                }),
            ] {
                let said = refused.unwrap_err().to_string();
                assert!(said.contains(&public.to_string()), "{said}");
                assert!(said.contains("--insecure-public"), "{said}");
            }
            config(|config| {
                config.tls = self_signed();
                config.http = public;
                config.tls_tcp = Some(public);
                config.http_redirect = Some(public);
            })
            .unwrap();
            config(|config| {
                config.http = public;
                config.tcp = public;
                config.metrics = Some(public);
                config.insecure_public = true;
            })
            .unwrap();
        }
        for loopback in [
            "127.0.0.1:1",
            "127.9.9.9:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            config(|config| {
                config.http = at(loopback);
                config.tcp = at(loopback);
                config.metrics = Some(at(loopback));
            })
            .unwrap();
        }
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let path = || Some(PathBuf::from("file"));
        let files = || GivenTls {
            cert: path(),
            key: path(),
            ..GivenTls::default()
        };
        assert!(matches!(
            files().settle(),
            Ok(Some(TlsSource::Files { .. }))
        ));
        assert_eq!(GivenTls::default().settle(), Ok(None));
        let half = GivenTls {
            cert: path(),
            ..GivenTls::default()
        };
        assert_eq!(half.settle(), Err(TlsConfigError::HalfPair));
        let two = GivenTls {
            self_signed: Some(true),
            ..files()
        };
        assert_eq!(two.settle(), Err(TlsConfigError::TwoSources));
        for useless in [
            GivenTls {
                names: Some(vec!["name".into()]),
                ..files()
            },
            GivenTls {
                acme_contact: Some("mailto:a@b".into()),
                ..files()
            },
        ] {
            assert!(matches!(
                useless.settle(),
                Err(TlsConfigError::Useless { .. })
            ));
        }
        let acme = GivenTls {
            acme: Some(vec!["chat.example.org".into()]),
            ..GivenTls::default()
        };
        let source = acme.settle().unwrap();
        assert!(
            matches!(&source, Some(TlsSource::Acme(acme)) if acme.directory == ACME_DIRECTORY),
            "{source:?}"
        );
        let without = config(|config| config.tls = source);
        assert_eq!(without, Err(TlsConfigError::AcmeWithoutRedirect));
        for missing in [
            config(|config| config.tls_tcp = Some(at("127.0.0.1:1"))),
            config(|config| config.http_redirect = Some(at("127.0.0.1:1"))),
        ] {
            assert!(matches!(missing, Err(TlsConfigError::Useless { .. })));
        }
    }
}
