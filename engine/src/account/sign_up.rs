//! A new account, with this as its first device.

use rand_chacha::ChaCha20Rng;
use sotto_shared::account::carry_over::carry_over_answer;
use sotto_shared::account::password::check_password;
use sotto_shared::account::vault::seal_vault;
use sotto_shared::account::{
    AccountKey, AccountName, BridgeCertificate, DeviceCertificate, DeviceKey, DisplayName,
    RecoveryCode, Slot, VaultKey,
};
use sotto_shared::limits::{INVITATION_MAX, WRAPPED_KEY_SIZE};
use sotto_shared::sotto::request::{RegisterFinish, RegisterStart};
use sotto_shared::sotto::types::{CarryOver, Credential, DeviceLabel};
use sotto_shared::sotto::{Request, Response};
use sotto_shared::{AccountId, ClientId};

use super::renewal::{NewCredential, shown};
use super::stored::StoredAccount;
use super::vault_content::{FIRST_VAULT_VERSION, VaultContent};
use super::{Flow, Greeting, OUT_OF_TURN, Progress, label, refusal};
use crate::api::{AccountFailure, DeviceName, Passphrase, SignInStep};
use crate::identity::Identity;

/// What the user says.
pub(crate) struct SignUpWords {
    pub(crate) name: AccountName,
    pub(crate) display_name: DisplayName,
    pub(crate) password: Passphrase,
    pub(crate) invitation: Option<Passphrase>,
    pub(crate) device: DeviceName,
    /// The classic identity that is registered here, if one is.
    pub(crate) carry_over: Option<Identity>,
}

/// Signing up.
#[derive(Debug)]
pub(crate) struct SignUp {
    words: Words,
    state: State,
}

#[derive(Debug)]
struct Words {
    name: AccountName,
    display_name: DisplayName,
    invitation: Passphrase,
    device: DeviceLabel,
    carry_over: Option<Identity>,
    code: RecoveryCode,
    account: AccountId,
    vault_key: VaultKey,
}

#[derive(Debug)]
enum State {
    /// The gateway was asked.
    Starting(NewCredential, NewCredential),
    /// The password is stretched.
    Password(NewCredential, NewCredential, Option<[u8; WRAPPED_KEY_SIZE]>),
    /// The recovery code is stretched, and the rest is made.
    Code(Credential, NewCredential, Option<[u8; WRAPPED_KEY_SIZE]>),
    /// All was sent.
    Storing(Box<StoredAccount>),
}

impl SignUp {
    /// Begins; gives the first request. A weak password is found here.
    pub(crate) fn begin(
        words: SignUpWords,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Self, Request), AccountFailure> {
        check_password(&words.password.0, &words.name).map_err(AccountFailure::WeakPassword)?;
        let invitation = words.invitation.unwrap_or(Passphrase(String::new()));
        if invitation.0.len() > INVITATION_MAX || invitation.0.chars().any(char::is_control) {
            return Err(AccountFailure::InvitationInvalid);
        }
        let code = RecoveryCode::generate(rng);
        let secret = words.password.0.as_bytes();
        let (password, password_request) = NewCredential::begin(Slot::Password, secret, rng)?;
        let (recovery, recovery_request) =
            NewCredential::begin(Slot::Recovery, code.as_secret(), rng)?;
        let request = Request::RegisterStart(RegisterStart {
            name: words.name.clone(),
            password: password_request,
            recovery: recovery_request,
            invitation: invitation.0.clone(),
            carry_over: words.carry_over.as_ref().map(|identity| identity.client),
        });
        let words = Words {
            name: words.name,
            display_name: words.display_name,
            invitation,
            device: label(&words.device),
            carry_over: words.carry_over,
            code,
            account: AccountId::random(rng),
            vault_key: VaultKey::generate(rng),
        };
        let state = State::Starting(password, recovery);
        Ok((Self { words, state }, request))
    }
}

impl Words {
    /// Proves that the classic client is ours, and certifies its mailbox.
    fn carry_over(
        &self,
        key: &AccountKey,
        challenge: Option<[u8; WRAPPED_KEY_SIZE]>,
        now: u64,
        rng: &mut ChaCha20Rng,
    ) -> Result<Option<CarryOver>, AccountFailure> {
        let (identity, challenge) = match (&self.carry_over, challenge) {
            (None, None) => return Ok(None),
            (Some(identity), Some(challenge)) => (identity, challenge),
            _ => return Err(AccountFailure::BadAnswer),
        };
        let secret = identity
            .private_key
            .unwrap_key(rng, &challenge)
            .map_err(|_| AccountFailure::BadAnswer)?;
        let answer = carry_over_answer(&secret, self.account, identity.client)
            .map_err(|_| AccountFailure::BadAnswer)?;
        let public_key = identity
            .private_key
            .public()
            .to_wire()
            .map_err(|_| AccountFailure::BadAnswer)?;
        let digest = BridgeCertificate::digest(&public_key);
        let certificate = BridgeCertificate::issue(key, self.account, identity.client, digest, now);
        Ok(Some(CarryOver {
            answer,
            certificate,
        }))
    }

    /// The account, this device, and the request that stores both.
    fn finish(
        &self,
        password: Credential,
        recovery: Credential,
        challenge: Option<[u8; WRAPPED_KEY_SIZE]>,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Box<StoredAccount>, Request), AccountFailure> {
        let account_key = AccountKey::generate(rng);
        let device_key = DeviceKey::generate(rng);
        let certificate = DeviceCertificate::issue(
            &account_key,
            self.account,
            ClientId::random(rng),
            device_key.public(),
            greeting.now,
        );
        let content = VaultContent::new(account_key.clone())
            .to_bytes()
            .map_err(|_| AccountFailure::BadAnswer)?;
        let vault = seal_vault(
            &self.vault_key,
            self.account,
            FIRST_VAULT_VERSION,
            &content,
            rng,
        )
        .map_err(|_| AccountFailure::BadAnswer)?;
        let request = Request::RegisterFinish(Box::new(RegisterFinish {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            password,
            recovery,
            vault: vault.into(),
            certificate: certificate.clone(),
            device: self.device.clone(),
            invitation: self.invitation.0.clone(),
            carry_over: self.carry_over(&account_key, challenge, greeting.now, rng)?,
        }));
        let stored = StoredAccount {
            account: self.account,
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            hides_presence: false,
            gateway: greeting.gateway,
            account_key,
            device_key,
            certificate,
            password_epoch: 0,
            vault_version: FIRST_VAULT_VERSION,
            bridge: self.carry_over.as_ref().map(|identity| identity.client),
            recovery_code: Some(shown(&self.code)),
        };
        Ok((Box::new(stored), request))
    }
}

impl Flow for SignUp {
    type Outcome = Box<StoredAccount>;

    fn step(&self) -> SignInStep {
        match &self.state {
            State::Starting(..) | State::Password(..) => SignInStep::Password,
            State::Code(..) => SignInStep::Keys,
            State::Storing(_) => SignInStep::Storing,
        }
    }

    fn answer(
        self,
        response: Response,
        _greeting: &Greeting,
        _rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure> {
        let words = self.words;
        match (self.state, response) {
            (State::Starting(password, recovery), Response::RegisterStarted(started)) => {
                if started.challenge.is_some() != words.carry_over.is_some() {
                    return Err(AccountFailure::BadAnswer);
                }
                let password = password.answered(started.password);
                let recovery = recovery.answered(started.recovery);
                let state = State::Password(password, recovery, started.challenge);
                Ok(Progress::Work(Self { words, state }))
            }
            (State::Storing(stored), Response::Session(session)) => {
                Ok(Progress::Done(Box::new(stored.confirmed(session)?)))
            }
            (_, other) => Err(refusal::of(other, &words.name)),
        }
    }

    fn work(
        self,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure> {
        let words = self.words;
        let (name, account, vault_key) = (&words.name, words.account, &words.vault_key);
        match self.state {
            State::Password(password, recovery, challenge) => {
                let password = password.stretch(name, account, vault_key, greeting, rng)?;
                let state = State::Code(password, recovery, challenge);
                Ok(Progress::Work(Self { words, state }))
            }
            State::Code(password, recovery, challenge) => {
                let recovery = recovery.stretch(name, account, vault_key, greeting, rng)?;
                let (stored, request) =
                    words.finish(password, recovery, challenge, greeting, rng)?;
                let state = State::Storing(stored.clone());
                Ok(Progress::Ask {
                    flow: Self { words, state },
                    request,
                    keep: Some(stored),
                })
            }
            State::Starting(..) | State::Storing(_) => Err(OUT_OF_TURN),
        }
    }

    fn interrupted(&self) -> AccountFailure {
        match &self.state {
            State::Starting(..) | State::Password(..) | State::Code(..) => AccountFailure::Offline,
            State::Storing(_) => AccountFailure::Interrupted,
        }
    }
}
