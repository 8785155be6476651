//! The operator's own files, read again when they change.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::certificate::Certificate;
use super::{Current, TlsError};

/// How often the files are looked at.
const POLL: Duration = Duration::from_secs(2);

/// Watches certificate and key.
#[derive(Debug)]
pub(super) struct Watch {
    cert: PathBuf,
    key: PathBuf,
}

/// What tells a new version of the files from the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version([Option<(SystemTime, u64)>; 2]);

impl Watch {
    pub(super) fn new(cert: PathBuf, key: PathBuf) -> Self {
        Self { cert, key }
    }

    pub(super) fn load(&self) -> Result<Certificate, TlsError> {
        warn_of_readable(&self.key);
        Certificate::load(&self.cert, &self.key)
    }

    /// Replaces the certificate whenever the files have changed and fit together. Otherwise the
    /// old one stays, and the log says why.
    pub(super) async fn run(self, current: &Current) {
        let mut loaded = self.version();
        let mut seen = loaded.clone();
        loop {
            tokio::time::sleep(POLL).await;
            let version = self.version();
            // Only once it has rested for a while: the two files are not written at once.
            let is_at_rest = version == seen;
            seen = version;
            if !is_at_rest || seen == loaded {
                continue;
            }
            loaded = seen.clone();
            match self.load() {
                Ok(certificate) => {
                    current.replace(&certificate);
                    tracing::info!(
                        fingerprint = %certificate.fingerprint,
                        "certificate loaded anew"
                    );
                }
                Err(error) => {
                    tracing::error!(%error, "the new certificate is not used; the old one stays");
                }
            }
        }
    }

    fn version(&self) -> Version {
        Version([&self.cert, &self.key].map(|path| {
            let about = std::fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        }))
    }
}

#[cfg(unix)]
fn warn_of_readable(key: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if let Ok(about) = std::fs::metadata(key)
        && about.permissions().mode() & 0o007 != 0
    {
        let key = key.display();
        tracing::warn!("every user of this machine can use the private key in {key}: chmod 600 it");
    }
}

#[cfg(not(unix))]
fn warn_of_readable(_: &Path) {}
