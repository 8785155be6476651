//! A gateway for tests: the server's side of OPAQUE, and accounts in memory. It can lie.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_shared::GatewayId;
use sotto_shared::account::carry_over::carry_over_answer;
use sotto_shared::account::opaque::{
    CredentialId, Identifiers, LoginState, PasswordFile, ServerSetup,
};
use sotto_shared::account::{
    AccountName, AccountPublicKey, DeletionOrder, DeviceCertificate, Nonce, Slot,
};
use sotto_shared::crypto::{PublicKey, SymmetricKey};
use sotto_shared::sotto::request::{CredentialsFinish, RegisterFinish};
use sotto_shared::sotto::response::{CredentialsStarted, LoggedIn, RegisterStarted, Session};
use sotto_shared::sotto::types::{Credential, Device, DeviceLabel, OpaqueMessage};
use sotto_shared::sotto::{Error, ErrorCode, Request, Response};

use super::stored::StoredAccount;
use super::{Flow, Greeting, Progress};
use crate::api::AccountFailure;

/// One account, as a gateway has it.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) finish: RegisterFinish,
    pub(super) devices: Vec<DeviceCertificate>,
    pub(super) epoch: u64,
}

pub(super) struct Gateway {
    setup: ServerSetup,
    id: GatewayId,
    rng: ChaCha20Rng,
    pub(super) accounts: BTreeMap<AccountName, Stored>,
    /// The key of the one classic client that there is.
    pub(super) classic: Option<PublicKey>,
    challenge: Option<SymmetricKey>,
    login: Option<(AccountName, Slot, LoginState)>,
    logged_in: Option<AccountName>,
}

impl Gateway {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        Self {
            setup: ServerSetup::generate(&mut rng),
            id: GatewayId::random(&mut rng),
            rng,
            accounts: BTreeMap::new(),
            classic: None,
            challenge: None,
            login: None,
            logged_in: None,
        }
    }

    pub(super) fn greeting(&self) -> Greeting {
        Greeting {
            gateway: self.id,
            nonce: Nonce::from_bytes([9; 32]),
            now: 1_700_000_000,
        }
    }

    pub(super) fn account_key(&self, name: &AccountName) -> AccountPublicKey {
        self.accounts[name].finish.certificate.account_key
    }

    /// Answers as an honest gateway does.
    pub(super) fn serve(&mut self, request: Request) -> Response {
        match request {
            Request::RegisterStart(it) => {
                self.challenge = it.carry_over.map(|_| SymmetricKey::generate(&mut self.rng));
                let wrapped = self.challenge.as_ref().map(|challenge| {
                    let key = self.classic.as_ref().unwrap();
                    key.wrap_key(&mut self.rng, challenge).unwrap()
                });
                Response::RegisterStarted(RegisterStarted {
                    password: self.register(&it.name, Slot::Password, &it.password),
                    recovery: self.register(&it.name, Slot::Recovery, &it.recovery),
                    challenge: wrapped,
                })
            }
            Request::RegisterFinish(it) => self.sign_up(*it),
            Request::LoginStart(it) => {
                let file = self.accounts.get(&it.name).map(|stored| match it.slot {
                    Slot::Password => &stored.finish.password,
                    Slot::Recovery => &stored.finish.recovery,
                });
                let file = file.map(|it| PasswordFile::from_bytes(&it.upload.0).unwrap());
                let (state, answer) = self
                    .setup
                    .login(
                        &mut self.rng,
                        file.as_ref(),
                        &it.request.0,
                        &CredentialId::new(&it.name, it.slot),
                        &Identifiers::new(&it.name, it.slot, self.id),
                    )
                    .unwrap();
                self.login = Some((it.name, it.slot, state));
                Response::LoginStarted(OpaqueMessage(answer.into()))
            }
            Request::LoginFinish(it) => {
                let (name, slot, state) = self.login.take().unwrap();
                if state.finish(&it.0).is_err() {
                    return error(ErrorCode::LoginFailed);
                }
                self.logged_in = Some(name.clone());
                Response::LoggedIn(Box::new(self.logged_in(&name, slot)))
            }
            Request::AddDevice(it) => self.session(it.certificate),
            Request::ListDevices => {
                let label = DeviceLabel {
                    name: "some".to_owned(),
                    platform: String::new(),
                };
                let device = |certificate: &DeviceCertificate| Device {
                    certificate: certificate.clone(),
                    label: label.clone(),
                    last_seen: 1,
                    online: false,
                };
                Response::Devices(self.account().devices.iter().map(device).collect())
            }
            Request::CredentialsStart(it) => {
                let name = self.logged_in.clone().unwrap();
                let answer = |slot, message: Option<OpaqueMessage>| {
                    message.map(|message| self.register(&name, slot, &message))
                };
                Response::CredentialsStarted(CredentialsStarted {
                    password: answer(Slot::Password, it.password),
                    recovery: answer(Slot::Recovery, it.recovery),
                })
            }
            Request::CredentialsFinish(it) => self.change(it),
            Request::DeleteAccount(signature) => {
                let greeting = self.greeting();
                let certificate = self.account().finish.certificate.clone();
                let order = DeletionOrder {
                    account: certificate.account,
                    gateway: greeting.gateway,
                    nonce: greeting.nonce,
                    signature,
                };
                let (gateway, nonce) = (greeting.gateway, greeting.nonce);
                order
                    .verify_for(
                        &certificate.account,
                        &certificate.account_key,
                        &gateway,
                        &nonce,
                    )
                    .unwrap();
                let name = self.logged_in.take().unwrap();
                self.accounts.remove(&name);
                Response::Done
            }
            other => panic!("no flow asks {other:?}"),
        }
    }

    fn register(&self, name: &AccountName, slot: Slot, message: &OpaqueMessage) -> OpaqueMessage {
        let id = CredentialId::new(name, slot);
        OpaqueMessage(self.setup.register(&message.0, &id).unwrap().into())
    }

    fn sign_up(&mut self, finish: RegisterFinish) -> Response {
        let certificate = finish.certificate.clone();
        if let Some(carry_over) = &finish.carry_over {
            let challenge = self.challenge.take().unwrap();
            let (account, client) = (certificate.account, carry_over.certificate.client);
            let answer = carry_over_answer(&challenge, account, client).unwrap();
            assert_eq!(carry_over.answer, answer);
            carry_over
                .certificate
                .verify_for(&account, &certificate.account_key)
                .unwrap();
        }
        let name = finish.name.clone();
        let stored = Stored {
            finish,
            devices: Vec::new(),
            epoch: 1,
        };
        self.accounts.insert(name.clone(), stored);
        self.logged_in = Some(name);
        self.session(certificate)
    }

    fn account(&mut self) -> &mut Stored {
        let name = self.logged_in.as_ref().unwrap();
        self.accounts.get_mut(name).unwrap()
    }

    fn session(&mut self, certificate: DeviceCertificate) -> Response {
        let stored = self.account();
        let (account, key) = (
            stored.finish.certificate.account,
            stored.finish.certificate.account_key,
        );
        certificate.verify_for(&account, &key).unwrap();
        stored.devices.push(certificate.clone());
        Response::Session(Session {
            account,
            client: certificate.client,
            name: stored.finish.name.clone(),
            display_name: stored.finish.display_name.clone(),
            password_epoch: stored.epoch,
            vault_version: 1,
            hides_presence: false,
            bridge: stored
                .finish
                .carry_over
                .as_ref()
                .map(|it| it.certificate.client),
        })
    }

    /// What a login shows.
    pub(super) fn logged_in(&self, name: &AccountName, slot: Slot) -> LoggedIn {
        let stored = &self.accounts[name];
        let credential: &Credential = match slot {
            Slot::Password => &stored.finish.password,
            Slot::Recovery => &stored.finish.recovery,
        };
        LoggedIn {
            account: stored.finish.certificate.account,
            account_key: stored.finish.certificate.account_key,
            display_name: stored.finish.display_name.clone(),
            wrapped_vault_key: credential.wrapped_vault_key.clone(),
            vault: stored.finish.vault.clone(),
            vault_version: 1,
            password_epoch: stored.epoch,
        }
    }

    fn change(&mut self, change: CredentialsFinish) -> Response {
        let stored = self.account();
        if let Some(password) = change.password {
            stored.finish.password = password;
            stored.epoch += 1;
        }
        if let Some(recovery) = change.recovery {
            stored.finish.recovery = recovery;
        }
        for revocation in change.revocations {
            let certificate = &stored.finish.certificate;
            revocation
                .verify_for(&certificate.account, &certificate.account_key)
                .unwrap();
            stored
                .devices
                .retain(|device| device.client != revocation.client);
        }
        Response::CredentialsChanged(stored.epoch)
    }
}

pub(super) fn error(code: ErrorCode) -> Response {
    Response::Error(Error {
        code,
        message: "no".to_owned(),
        retry_after: None,
    })
}

/// What came of a flow.
#[derive(Debug)]
pub(super) struct Run<T> {
    pub(super) result: Result<T, AccountFailure>,
    /// Every request that was sent, and what would have been told had the connection broken.
    pub(super) asked: Vec<(Request, AccountFailure)>,
    /// What was to be kept, and before which request.
    pub(super) kept: Option<(usize, StoredAccount)>,
}

/// Runs a flow to its end; `answer` is the gateway.
pub(super) fn run<F: Flow + core::fmt::Debug>(
    begun: Result<(F, Request), AccountFailure>,
    greeting: Greeting,
    mut answer: impl FnMut(usize, Request) -> Response,
    mut look: impl FnMut(&F),
) -> Run<F::Outcome> {
    let mut rng = ChaCha20Rng::seed_from_u64(77);
    let (mut asked, mut kept) = (Vec::new(), None);
    let mut next = begun.map(|(flow, request)| Progress::ask(flow, request));
    loop {
        next = match next {
            Ok(Progress::Ask {
                flow,
                request,
                keep,
            }) => {
                look(&flow);
                // As they travel.
                let sent = Request::decode(request.to_frame(sotto_shared::ClientId::ZERO)).unwrap();
                assert_eq!(sent, request);
                if let Some(keep) = keep {
                    assert!(kept.is_none(), "kept once");
                    kept = Some((asked.len(), *keep));
                }
                asked.push((request.clone(), flow.interrupted()));
                let response = answer(asked.len() - 1, request);
                flow.answer(response, &greeting, &mut rng)
            }
            Ok(Progress::Work(flow)) => {
                look(&flow);
                flow.work(&greeting, &mut rng)
            }
            Ok(Progress::Done(outcome)) => {
                let result = Ok(outcome);
                return Run {
                    result,
                    asked,
                    kept,
                };
            }
            Err(failure) => {
                let result = Err(failure);
                return Run {
                    result,
                    asked,
                    kept,
                };
            }
        };
    }
}
