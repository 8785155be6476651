//! TLS: whom to trust, and what to do about a certificate that nobody known has signed.
//!
//! A server is trusted if its certificate is signed, for its name, by whom the system trusts (or
//! by whom `--ca-file` names, and then by nobody else), or if it is the very certificate that was
//! trusted before: its fingerprint is then kept in the profile, as ssh does it.

mod fingerprint;
mod known;
mod verifier;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::dial::dial;
use super::{CONNECT_PATIENCE, within};
pub(crate) use fingerprint::Fingerprint;
use known::KnownGateways;
use verifier::{Rule, Verdict, Verifier};

/// What decides whom to trust.
#[derive(Debug)]
pub(crate) struct Tls {
    ca_file: Option<PathBuf>,
    pin: Option<Fingerprint>,
    known: KnownGateways,
    may_ask: bool,
    roots: OnceLock<Arc<RootCertStore>>,
}

/// A server that is not trusted. Trying again changes nothing.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Untrusted(String);

impl Untrusted {
    /// Finds it in an error of a transport.
    pub(crate) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    fn error(text: String) -> io::Error {
        io::Error::new(io::ErrorKind::PermissionDenied, Self(text))
    }
}

impl Tls {
    /// `ca_file` and `pin` as the user gave them; `folder` is the profile's.
    pub(crate) fn new(
        ca_file: Option<PathBuf>,
        pin: Option<Fingerprint>,
        folder: &std::path::Path,
        may_ask: bool,
    ) -> Self {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self {
            ca_file,
            pin,
            known: KnownGateways::in_folder(folder),
            may_ask: may_ask && is_terminal,
            roots: OnceLock::new(),
        }
    }

    /// Connects to `HOST:PORT`, if it is whom it should be.
    pub(super) async fn dial(&self, address: &str) -> io::Result<TlsStream<TcpStream>> {
        let rule = self.rule(address)?;
        let (verdict, result) = self.attempt(address, rule).await?;
        match (verdict, result) {
            (Some(Verdict::Pinned(pin)), Ok(stream)) => {
                if self.pin.is_some() {
                    self.known.keep(address, pin)?;
                }
                Ok(stream)
            }
            (_, Ok(stream)) => Ok(stream),
            (Some(Verdict::Changed { pinned, shown }), Err(_)) => {
                Err(self.changed(address, pinned, shown))
            }
            (Some(Verdict::Unknown { shown, reason }), Err(_)) => {
                self.first_use(address, shown, &reason).await
            }
            (_, Err(error)) => Err(explained(error)),
        }
    }

    fn rule(&self, address: &str) -> io::Result<Rule> {
        if self.ca_file.is_some() {
            return Ok(Rule::Roots(self.roots()?));
        }
        match self.pin {
            Some(pin) => Ok(Rule::Pin(pin)),
            None => match self.known.find(address)? {
                Some(found) => Ok(Rule::Pin(found.fingerprint)),
                None => Ok(Rule::Roots(self.roots()?)),
            },
        }
    }

    /// One connection and handshake; what was thought of the certificate, and what came of it.
    async fn attempt(
        &self,
        address: &str,
        rule: Rule,
    ) -> io::Result<(Option<Verdict>, io::Result<TlsStream<TcpStream>>)> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(Verifier::new(rule, &provider));
        // Made anew each time, and with it its memory of sessions: a resumed session would not
        // show its certificate.
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as _)
            .with_no_client_auth();
        let name = server_name(address)?;
        let stream = dial(address).await?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let result = within(CONNECT_PATIENCE, handshake).await;
        Ok((verifier.verdict(), result))
    }

    fn roots(&self) -> io::Result<Arc<RootCertStore>> {
        if let Some(roots) = self.roots.get() {
            return Ok(Arc::clone(roots));
        }
        let mut roots = RootCertStore::empty();
        match &self.ca_file {
            None => {
                // Those that cannot be read are as good as not there: then nobody is trusted.
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Some(path) => {
                let unusable = |error: &dyn std::fmt::Display| {
                    let path = path.display();
                    Untrusted::error(format!("the CA file {path} cannot be used: {error}"))
                };
                let certificates = CertificateDer::pem_file_iter(path)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .map_err(|error| unusable(&error))?;
                for certificate in certificates {
                    roots.add(certificate).map_err(|error| unusable(&error))?;
                }
                if roots.is_empty() {
                    return Err(unusable(&"it holds no certificate (PEM)"));
                }
            }
        }
        Ok(Arc::clone(self.roots.get_or_init(|| Arc::new(roots))))
    }

    /// A server whose certificate nobody vouches for, seen for the first time.
    async fn first_use(
        &self,
        address: &str,
        shown: Fingerprint,
        reason: &str,
    ) -> io::Result<TlsStream<TcpStream>> {
        if self.ca_file.is_some() {
            let text = format!(
                "the certificate of {address} is not vouched for by the CA file ({reason}): its \
                 fingerprint is {shown}"
            );
            return Err(Untrusted::error(text));
        }
        let unknown = format!(
            "nobody that this system trusts vouches for the certificate of {address} ({reason}): \
             its fingerprint is {shown}"
        );
        if !self.may_ask {
            let text = format!(
                "{unknown}. If that is what the gateway's operator told you, run this again with \
                 --pin {shown}, or name the operator's certificate with --ca-file"
            );
            return Err(Untrusted::error(text));
        }
        if !ask(unknown).await? {
            let text = format!("{address} is not trusted; nothing was sent");
            return Err(Untrusted::error(text));
        }
        let (_, result) = self.attempt(address, Rule::Pin(shown)).await?;
        let stream = result.map_err(explained)?;
        self.known.keep(address, shown)?;
        Ok(stream)
    }

    fn changed(&self, address: &str, pinned: Fingerprint, shown: Fingerprint) -> io::Error {
        let text = if self.pin.is_some() {
            format!(
                "THE CERTIFICATE OF {address} IS NOT THE ONE GIVEN BY --pin: its fingerprint is \
                 {shown}. Somebody may be pretending to be the gateway; nothing was sent"
            )
        } else {
            let place = self.known.place(address);
            format!(
                "THE CERTIFICATE OF {address} HAS CHANGED: it was {pinned}, and is {shown} now. \
                 Somebody may be pretending to be the gateway; nothing was sent. If its operator \
                 says that the change is right, remove {place} and connect again"
            )
        };
        Untrusted::error(text)
    }
}

/// The host of `HOST:PORT`, as certificates name it.
fn server_name(address: &str) -> io::Result<ServerName<'static>> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    ServerName::try_from(host.to_owned()).map_err(|_| {
        let text = format!("{host} is not a name that a certificate could be for");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

/// What TLS says, for people.
fn explained(error: io::Error) -> io::Error {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    match tls {
        Some(rustls::Error::InvalidMessage(_)) => io::Error::new(
            error.kind(),
            "the server does not speak TLS there: is it the right port?",
        ),
        _ => error,
    }
}

/// Asks at the terminal, in a thread of its own, so that Ctrl-C ends the wait.
async fn ask(question: String) -> io::Result<bool> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let asked = (|| {
            let mut terminal = io::stderr().lock();
            writeln!(terminal, "{question}.")?;
            writeln!(
                terminal,
                "Compare it with what the gateway's operator told you."
            )?;
            write!(terminal, "Trust it from now on? Type yes or no: ")?;
            terminal.flush()?;
            let mut answer = String::new();
            io::stdin().read_line(&mut answer)?;
            Ok(answer.trim().eq_ignore_ascii_case("yes"))
        })();
        drop(tell.send(asked));
    });
    told.await.unwrap_or(Ok(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_the_certificate_is_the_host_without_port_and_brackets() {
        for (address, name) in [
            ("chat.example.org:1358", "chat.example.org"),
            ("127.0.0.1:1358", "127.0.0.1"),
            ("[::1]:1358", "::1"),
        ] {
            let expected = ServerName::try_from(name).unwrap();
            assert_eq!(server_name(address).unwrap(), expected);
        }
        assert!(server_name("no name:1358").is_err());
    }
}
