//! New credentials: an OPAQUE registration each, with the vault key wrapped anew.

use rand_chacha::ChaCha20Rng;
use sotto_shared::account::opaque::{Identifiers, RegistrationStart};
use sotto_shared::account::vault::wrap_vault_key;
use sotto_shared::account::{AccountName, DeviceRevocation, RecoveryCode, Slot, VaultKey};
use sotto_shared::sotto::request::{CredentialsFinish, CredentialsStart};
use sotto_shared::sotto::types::{Credential, OpaqueMessage};
use sotto_shared::sotto::{Request, Response};
use sotto_shared::{AccountId, ClientId};

use super::login::Opened;
use super::stored::PASSWORD_EPOCH_MAX;
use super::{Greeting, OUT_OF_TURN, refusal};
use crate::api::{AccountFailure, Passphrase};

/// One new credential under way.
#[derive(Debug)]
pub(crate) struct NewCredential {
    slot: Slot,
    start: Box<RegistrationStart>,
    answer: Option<OpaqueMessage>,
}

impl NewCredential {
    /// Begins; gives what the gateway needs.
    pub(crate) fn begin(
        slot: Slot,
        secret: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<(Self, OpaqueMessage), AccountFailure> {
        let (start, request) =
            RegistrationStart::new(rng, secret).map_err(refusal::of_registration)?;
        let this = Self {
            slot,
            start: Box::new(start),
            answer: None,
        };
        Ok((this, OpaqueMessage(request.into())))
    }

    pub(crate) fn answered(self, answer: OpaqueMessage) -> Self {
        Self {
            answer: Some(answer),
            ..self
        }
    }

    /// The slow step.
    pub(crate) fn stretch(
        self,
        name: &AccountName,
        account: AccountId,
        vault_key: &VaultKey,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Credential, AccountFailure> {
        let answer = self.answer.ok_or(OUT_OF_TURN)?;
        let identifiers = Identifiers::new(name, self.slot, greeting.gateway);
        let done = self
            .start
            .finish(rng, &answer.0, &identifiers)
            .map_err(refusal::of_registration)?;
        let wrapped = wrap_vault_key(&done.export_key, self.slot, account, vault_key, rng)
            .map_err(|_| AccountFailure::BadAnswer)?;
        Ok(Credential {
            upload: OpaqueMessage(done.upload.to_vec().into()),
            wrapped_vault_key: wrapped.into(),
        })
    }
}

/// The new secrets; at least one.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub(crate) password: Option<Passphrase>,
    pub(crate) code: Option<RecoveryCode>,
}

/// Which devices are revoked in the same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revoke {
    Nobody,
    /// All but this one.
    AllBut(Option<ClientId>),
}

/// Changing the credentials of an account that was opened on this connection.
#[derive(Debug)]
pub(crate) struct Renewal {
    name: AccountName,
    opened: Box<Opened>,
    revocations: Vec<DeviceRevocation>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The devices were asked for.
    Listing(Secrets, Option<ClientId>),
    /// The new secrets were announced.
    Starting(Parts),
    /// The gateway's answers are worked on, one after the other.
    Working(Parts, Finished),
    /// All was sent.
    Finishing,
}

#[derive(Debug)]
struct Parts {
    password: Option<NewCredential>,
    recovery: Option<NewCredential>,
}

#[derive(Debug, Default)]
struct Finished {
    password: Option<Credential>,
    recovery: Option<Credential>,
}

/// What a renewal wants next.
#[expect(clippy::large_enum_variant, reason = "moved once, never stored")]
pub(crate) enum RenewalProgress {
    Ask(Renewal, Request),
    Work(Renewal),
    /// Over: the account's new password epoch.
    Done(Box<Opened>, u64),
}

impl Renewal {
    /// Begins.
    pub(crate) fn begin(
        name: AccountName,
        opened: Box<Opened>,
        secrets: Secrets,
        revoke: Revoke,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Self, Request), AccountFailure> {
        let (state, request) = match revoke {
            Revoke::AllBut(this) => (State::Listing(secrets, this), Request::ListDevices),
            Revoke::Nobody => start(&secrets, rng)?,
        };
        let this = Self {
            name,
            opened,
            revocations: Vec::new(),
            state,
        };
        Ok((this, request))
    }

    /// Whether the gateway may have changed something.
    pub(crate) fn is_sent(&self) -> bool {
        matches!(self.state, State::Finishing)
    }

    pub(crate) fn answer(
        self,
        response: Response,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<RenewalProgress, AccountFailure> {
        match (self.state, response) {
            (State::Listing(secrets, this), Response::Devices(devices)) => {
                let revocations = self.opened.revoke_others(&devices, this, greeting.now);
                let (state, request) = start(&secrets, rng)?;
                let next = Self {
                    revocations,
                    state,
                    ..self
                };
                Ok(RenewalProgress::Ask(next, request))
            }
            (State::Starting(parts), Response::CredentialsStarted(started)) => {
                let parts = Parts {
                    password: answered(parts.password, started.password)?,
                    recovery: answered(parts.recovery, started.recovery)?,
                };
                let state = State::Working(parts, Finished::default());
                Ok(RenewalProgress::Work(Self { state, ..self }))
            }
            (State::Finishing, Response::CredentialsChanged(epoch))
                if epoch <= PASSWORD_EPOCH_MAX =>
            {
                Ok(RenewalProgress::Done(self.opened, epoch))
            }
            (_, other) => Err(refusal::of(other, &self.name)),
        }
    }

    /// One slow step.
    pub(crate) fn work(
        mut self,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<RenewalProgress, AccountFailure> {
        let State::Working(mut parts, mut finished) = self.state else {
            return Err(OUT_OF_TURN);
        };
        let (account, vault_key) = (self.opened.account, &self.opened.vault_key);
        if let Some(part) = parts.password.take() {
            let credential = part.stretch(&self.name, account, vault_key, greeting, rng)?;
            finished.password = Some(credential);
        } else if let Some(part) = parts.recovery.take() {
            let credential = part.stretch(&self.name, account, vault_key, greeting, rng)?;
            finished.recovery = Some(credential);
        }
        if parts.password.is_some() || parts.recovery.is_some() {
            let state = State::Working(parts, finished);
            return Ok(RenewalProgress::Work(Self { state, ..self }));
        }
        let request = Request::CredentialsFinish(CredentialsFinish {
            password: finished.password,
            recovery: finished.recovery,
            revocations: core::mem::take(&mut self.revocations),
        });
        let state = State::Finishing;
        Ok(RenewalProgress::Ask(Self { state, ..self }, request))
    }
}

fn start(secrets: &Secrets, rng: &mut ChaCha20Rng) -> Result<(State, Request), AccountFailure> {
    let password = match &secrets.password {
        Some(password) => {
            let secret = password.0.as_bytes();
            Some(NewCredential::begin(Slot::Password, secret, rng)?)
        }
        None => None,
    };
    let recovery = match &secrets.code {
        Some(code) => Some(NewCredential::begin(Slot::Recovery, code.as_secret(), rng)?),
        None => None,
    };
    let (password, password_request) = password.unzip();
    let (recovery, recovery_request) = recovery.unzip();
    let request = Request::CredentialsStart(CredentialsStart {
        password: password_request,
        recovery: recovery_request,
    });
    Ok((State::Starting(Parts { password, recovery }), request))
}

/// A code as it is shown to the user.
pub(crate) fn shown(code: &RecoveryCode) -> Passphrase {
    Passphrase(code.to_text().as_str().to_owned())
}

/// Each new secret has its answer, and no other has one.
fn answered(
    part: Option<NewCredential>,
    answer: Option<OpaqueMessage>,
) -> Result<Option<NewCredential>, AccountFailure> {
    match (part, answer) {
        (Some(part), Some(answer)) => Ok(Some(part.answered(answer))),
        (None, None) => Ok(None),
        _ => Err(AccountFailure::BadAnswer),
    }
}
