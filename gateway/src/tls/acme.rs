//! A certificate from an authority with an ACME directory (RFC 8555), by HTTP-01 challenges, which
//! need nothing but the plain listener that redirects to HTTPS.

use core::time::Duration;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount,
    NewOrder, OrderStatus, RetryPolicy,
};
use serde::{Deserialize, Serialize};

use super::certificate::{Certificate, now};
use super::kept::Kept;
use super::{Current, TlsError};
use crate::config::Acme;

/// Account at the authority, with its key.
const ACCOUNT: &str = "acme-account.json";
/// Key and certificate chain, in one file, so that they never differ.
const CERTIFICATE: &str = "acme.pem";

/// Longest sleep between two looks at the clock, which may be set.
const LOOK: Duration = Duration::from_secs(3600);
/// Pause after the first failure; it doubles with each. Authorities allow few failures an hour.
const PAUSE_MIN: Duration = Duration::from_secs(600);
/// Longest pause after failures.
const PAUSE_MAX: Duration = Duration::from_secs(6 * 3600);
/// How long the authority may take for each step of an order.
const PATIENCE: Duration = Duration::from_secs(120);

/// Answers to the authority's questions: token, and what stands under it (RFC 8555, 8.3).
#[derive(Debug, Default)]
pub(crate) struct Challenges {
    by_token: Mutex<HashMap<String, String>>,
}

impl Challenges {
    /// The answer to a question.
    pub(crate) fn answer(&self, token: &str) -> Option<String> {
        let by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        by_token.get(token).cloned()
    }

    fn put(&self, token: String, answer: String) {
        let mut by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        by_token.insert(token, answer);
    }

    fn clear(&self) {
        let mut by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        by_token.clear();
    }
}

/// Why the authority gave no certificate.
#[derive(Debug, thiserror::Error)]
enum AcmeError {
    #[error("{0}")]
    Protocol(#[from] instant_acme::Error),
    #[error("the authority offers no HTTP-01 challenge for {0}")]
    NoHttp(String),
    #[error("the authority could not convince itself that {0} leads here, and answered `{1:?}`")]
    Refused(String, OrderStatus),
    #[error(transparent)]
    Kept(#[from] TlsError),
    #[error("the kept account cannot be written: {0}")]
    Account(#[from] serde_json::Error),
}

/// An account at one authority.
#[derive(Serialize, Deserialize)]
struct KeptAccount {
    directory: String,
    credentials: AccountCredentials,
}

/// Gets a certificate, and a new one when it is due.
#[derive(Debug)]
pub(super) struct Renewal {
    settings: Acme,
    kept: Kept,
    challenges: Arc<Challenges>,
}

impl Renewal {
    pub(super) fn new(settings: Acme, kept: Kept, challenges: Arc<Challenges>) -> Self {
        Self {
            settings,
            kept,
            challenges,
        }
    }

    /// The certificate of an earlier run, if it is for the same domains.
    pub(super) fn kept_certificate(&self) -> Option<Certificate> {
        let path = self.kept.path(CERTIFICATE);
        if !path.exists() {
            return None;
        }
        match Certificate::load(&path, &path) {
            Ok(found) => found.is_for(&self.settings.domains).then_some(found),
            Err(error) => {
                tracing::warn!(%error, "getting a new certificate");
                None
            }
        }
    }

    pub(super) async fn run(self, current: &Current) {
        let mut due = self.kept_certificate().map(|found| found.renewal());
        let mut pause = PAUSE_MIN;
        loop {
            let left = due.unwrap_or_default().saturating_sub(now());
            if !left.is_zero() {
                tokio::time::sleep(left.min(LOOK)).await;
                continue;
            }
            match self.obtain().await {
                Ok(certificate) => {
                    current.replace(&certificate);
                    due = Some(certificate.renewal());
                    pause = PAUSE_MIN;
                    tracing::info!(
                        fingerprint = %certificate.fingerprint,
                        "certificate got from the authority"
                    );
                }
                Err(error) => {
                    tracing::error!(
                        %error,
                        "no certificate from the authority; trying again in {} minutes",
                        pause.as_secs() / 60
                    );
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
            self.challenges.clear();
        }
    }

    async fn obtain(&self) -> Result<Certificate, AcmeError> {
        let domains = self.settings.domains.join(", ");
        let account = self.account().await?;
        let identifiers: Vec<Identifier> = self
            .settings
            .domains
            .iter()
            .cloned()
            .map(Identifier::Dns)
            .collect();
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) else {
                return Err(AcmeError::NoHttp(domains));
            };
            let answer = challenge.key_authorization().as_str().to_owned();
            self.challenges.put(challenge.token.clone(), answer);
            challenge.set_ready().await?;
        }
        let retry = RetryPolicy::new().timeout(PATIENCE);
        let status = order.poll_ready(&retry).await?;
        if status != OrderStatus::Ready {
            return Err(AcmeError::Refused(domains, status));
        }
        let mut pem = order.finalize().await?;
        pem.push_str(&order.poll_certificate(&retry).await?);
        let path = self.kept.write(CERTIFICATE, pem.as_bytes())?;
        Ok(Certificate::load(&path, &path)?)
    }

    /// The kept account, or a new one.
    async fn account(&self) -> Result<Account, AcmeError> {
        let Acme {
            directory,
            contact,
            ca_file,
            ..
        } = &self.settings;
        let builder = match ca_file {
            Some(path) => Account::builder_with_root(path)?,
            None => Account::builder()?,
        };
        if let Some(found) = self.kept_account(&self.kept.path(ACCOUNT)) {
            return Ok(builder.from_credentials(found).await?);
        }
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = builder.create(&new, directory.clone(), None).await?;
        let kept = KeptAccount {
            directory: directory.clone(),
            credentials,
        };
        self.kept.write(ACCOUNT, &serde_json::to_vec(&kept)?)?;
        Ok(account)
    }

    fn kept_account(&self, path: &Path) -> Option<AccountCredentials> {
        let text = std::fs::read(path).ok()?;
        let kept: KeptAccount = serde_json::from_slice(&text).ok()?;
        (kept.directory == self.settings.directory).then_some(kept.credentials)
    }
}
