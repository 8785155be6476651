//! Opening an account with its password or recovery code: OPAQUE, then the vault.

use rand_chacha::ChaCha20Rng;
use sotto_shared::account::opaque::{ExportKey, Identifiers, LoginStart};
use sotto_shared::account::vault::{open_vault, unwrap_vault_key};
use sotto_shared::account::{
    AccountKey, AccountName, DeviceCertificate, DeviceKey, DeviceRevocation, DisplayName, Slot,
    VaultKey,
};
use sotto_shared::sotto::request::{AddDevice, LoginStart as StartRequest};
use sotto_shared::sotto::response::LoggedIn;
use sotto_shared::sotto::types::{Device, DeviceLabel, OpaqueMessage};
use sotto_shared::sotto::{Request, Response};
use sotto_shared::{AccountId, ClientId};

use super::stored::{PASSWORD_EPOCH_MAX, StoredAccount};
use super::vault_content::VaultContent;
use super::{Greeting, OUT_OF_TURN, refusal};
use crate::api::{AccountFailure, Passphrase};

/// A login under way.
#[derive(Debug)]
pub(crate) struct Login {
    name: AccountName,
    slot: Slot,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The gateway was asked.
    Asked(Box<LoginStart>),
    /// Its answer is there, and has to be worked on.
    Answered(Box<LoginStart>, OpaqueMessage),
    /// The proof was sent.
    Proved(ExportKey),
}

/// What a login wants next.
pub(crate) enum LoginProgress {
    /// The slow step comes.
    Work(Login),
    /// It is over.
    Opened(Box<Opened>),
}

/// An opened account.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) account: AccountId,
    pub(crate) account_key: AccountKey,
    pub(crate) display_name: DisplayName,
    /// To be wrapped for another password.
    pub(crate) vault_key: VaultKey,
    pub(crate) vault_version: u64,
    pub(crate) password_epoch: u64,
}

impl Login {
    /// Begins; `secret` is the password or what the recovery code stands for.
    pub(crate) fn begin(
        name: AccountName,
        slot: Slot,
        secret: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<(Self, Request), AccountFailure> {
        let (start, request) = LoginStart::new(rng, secret).map_err(refusal::of_login)?;
        let request = Request::LoginStart(StartRequest {
            name: name.clone(),
            slot,
            request: OpaqueMessage(request.into()),
        });
        let state = State::Asked(Box::new(start));
        Ok((Self { name, slot, state }, request))
    }

    /// Takes the answer to either request.
    pub(crate) fn answer(self, response: Response) -> Result<LoginProgress, AccountFailure> {
        match (self.state, response) {
            (State::Asked(start), Response::LoginStarted(message)) => {
                Ok(LoginProgress::Work(Self {
                    state: State::Answered(start, message),
                    ..self
                }))
            }
            (State::Proved(export_key), Response::LoggedIn(logged_in)) => {
                open(&export_key, self.slot, *logged_in)
                    .map(|opened| LoginProgress::Opened(Box::new(opened)))
            }
            (_, other) => Err(refusal::of(other, &self.name)),
        }
    }

    /// The slow step: a wrong password shows here, before the proof is sent.
    pub(crate) fn work(
        self,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Self, Request), AccountFailure> {
        let State::Answered(start, message) = self.state else {
            return Err(OUT_OF_TURN);
        };
        let identifiers = Identifiers::new(&self.name, self.slot, greeting.gateway);
        let done = start
            .finish(rng, &message.0, &identifiers)
            .map_err(refusal::of_login)?;
        let request = Request::LoginFinish(OpaqueMessage(done.finalization.into()));
        let state = State::Proved(done.export_key);
        Ok((Self { state, ..self }, request))
    }
}

/// Opens the vault. The account key comes from it, and the one that the gateway tells has to be
/// the same.
fn open(export_key: &ExportKey, slot: Slot, logged_in: LoggedIn) -> Result<Opened, AccountFailure> {
    if logged_in.password_epoch > PASSWORD_EPOCH_MAX {
        return Err(AccountFailure::BadAnswer);
    }
    let account = logged_in.account;
    let vault_key = unwrap_vault_key(export_key, slot, account, &logged_in.wrapped_vault_key)
        .map_err(|_| AccountFailure::VaultBroken)?;
    let content = open_vault(
        &vault_key,
        account,
        logged_in.vault_version,
        &logged_in.vault,
    )
    .map_err(|_| AccountFailure::VaultBroken)?;
    let content = VaultContent::from_bytes(&content).map_err(|_| AccountFailure::VaultBroken)?;
    if content.account_key.public() != logged_in.account_key {
        return Err(AccountFailure::VaultBroken);
    }
    Ok(Opened {
        account,
        account_key: content.account_key,
        display_name: logged_in.display_name,
        vault_key,
        vault_version: logged_in.vault_version,
        password_epoch: logged_in.password_epoch,
    })
}

impl Opened {
    /// Makes this a device of the account: what is to be kept, and the request that adds it.
    pub(crate) fn add_device(
        self,
        name: AccountName,
        device: DeviceLabel,
        recovery_code: Option<Passphrase>,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> (Box<StoredAccount>, Request) {
        let device_key = DeviceKey::generate(rng);
        let certificate = DeviceCertificate::issue(
            &self.account_key,
            self.account,
            ClientId::random(rng),
            device_key.public(),
            greeting.now,
        );
        let request = Request::AddDevice(AddDevice {
            certificate: certificate.clone(),
            device,
        });
        let stored = StoredAccount {
            account: self.account,
            name,
            display_name: self.display_name,
            hides_presence: false,
            gateway: greeting.gateway,
            account_key: self.account_key,
            device_key,
            certificate,
            password_epoch: self.password_epoch,
            vault_version: self.vault_version,
            bridge: None,
            recovery_code,
        };
        (Box::new(stored), request)
    }

    /// Revokes all devices of a list but one; also such that nobody has certified.
    pub(crate) fn revoke_others(
        &self,
        devices: &[Device],
        but: Option<ClientId>,
        now: u64,
    ) -> Vec<DeviceRevocation> {
        devices
            .iter()
            .map(|device| device.certificate.client)
            .filter(|client| Some(*client) != but)
            .map(|client| DeviceRevocation::issue(&self.account_key, self.account, client, now))
            .collect()
    }
}
