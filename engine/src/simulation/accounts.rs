//! Version 3 of the model gateway: what `docs/protocol-3.md` promises, without limits and waits.

use core::time::Duration;
use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_shared::account::carry_over::carry_over_answer;
use sotto_shared::account::opaque::{
    CredentialId, Identifiers, LoginState, PasswordFile, ServerSetup,
};
use sotto_shared::account::statement::verify_login;
use sotto_shared::account::{
    AccountName, AccountPublicKey, BridgeCertificate, DeletionOrder, DeviceCertificate,
    DisplayName, Nonce, Slot,
};
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::crypto::{PublicKey, SymmetricKey};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::request::{Authenticate, RegisterFinish};
use sotto_shared::sotto::response::{
    Accounts, CredentialsStarted, Hello, LoggedIn, RegisterStarted, Session,
};
use sotto_shared::sotto::types::{
    AccountEntry, Credential, Device, DeviceLabel, DirectoryPolicy, Limits, OpaqueMessage,
    Presence, RegistrationPolicy,
};
use sotto_shared::sotto::{Error, ErrorCode, Push, Request, RequestFrame, Response};
use sotto_shared::{AccountId, ClientId, GatewayId};

use super::gateway::ModelGateway;

pub(super) struct AccountGateway {
    rng: ChaCha20Rng,
    id: GatewayId,
    setup: ServerSetup,
    accounts: BTreeMap<AccountId, Account>,
    connections: BTreeMap<u64, Connection>,
    /// Keys that are told in place of the true ones.
    pub(super) lies: BTreeMap<AccountId, AccountPublicKey>,
    /// Devices that nobody has certified, shown to everybody.
    pub(super) planted: Vec<Device>,
}

struct Account {
    id: AccountId,
    name: AccountName,
    display_name: DisplayName,
    key: AccountPublicKey,
    credentials: BTreeMap<u8, Credential>,
    vault: Bytes,
    epoch: u64,
    devices: Vec<(DeviceCertificate, DeviceLabel)>,
    revoked: Vec<ClientId>,
    bridge: Option<BridgeCertificate>,
    hides_presence: bool,
}

#[derive(Default)]
struct Connection {
    nonce: Option<Nonce>,
    device: Option<(AccountId, ClientId)>,
    login: Option<(LoginState, AccountId, Slot)>,
    logged_in: Option<AccountId>,
    challenge: Option<(ClientId, SymmetricKey)>,
    pushes: BytesMut,
    is_cut: bool,
}

fn error(code: ErrorCode) -> Response {
    Response::Error(Error {
        code,
        message: format!("{code:?}."),
        retry_after: None,
    })
}

fn message(bytes: Vec<u8>) -> OpaqueMessage {
    OpaqueMessage(bytes.into())
}

impl AccountGateway {
    pub(super) fn new(rng: &mut ChaCha20Rng) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(rng.next_u64());
        Self {
            id: GatewayId::from_bytes([9; 16]),
            setup: ServerSetup::generate(&mut rng),
            rng,
            accounts: BTreeMap::new(),
            connections: BTreeMap::new(),
            lies: BTreeMap::new(),
            planted: Vec::new(),
        }
    }

    fn by_name(&self, name: &AccountName) -> Option<&Account> {
        self.accounts.values().find(|account| account.name == *name)
    }

    fn entry(&self, account: &Account) -> AccountEntry {
        let is_here = |it: &&Connection| it.device.is_some_and(|(id, _)| id == account.id);
        let online = self.connections.values().any(|it| is_here(&it));
        AccountEntry {
            account: account.id,
            account_key: *self.lies.get(&account.id).unwrap_or(&account.key),
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            presence: (!account.hides_presence).then_some(Presence {
                online,
                last_seen: None,
            }),
            bridge: account.bridge.clone(),
        }
    }

    fn push(&mut self, push: &Push, to: impl Fn(AccountId, ClientId) -> bool) {
        for connection in self.connections.values_mut() {
            if connection
                .device
                .is_some_and(|(account, client)| to(account, client))
            {
                push.to_frame().encode(&mut connection.pushes);
            }
        }
    }

    fn session(&mut self, conn: u64, account: AccountId, client: ClientId) -> Response {
        self.push(&Push::SessionEnded(EndReason::Replaced), |_, it| {
            it == client
        });
        for connection in self.connections.values_mut() {
            connection.device = connection.device.filter(|(_, it)| *it != client);
        }
        self.connections.entry(conn).or_default().device = Some((account, client));
        self.tell_of(account, false);
        let account = &self.accounts[&account];
        Response::Session(Session {
            account: account.id,
            client,
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            password_epoch: account.epoch,
            vault_version: 1,
            hides_presence: account.hides_presence,
            bridge: account.bridge.as_ref().map(|it| it.client),
        })
    }

    fn tell_of(&mut self, account: AccountId, joined: bool) {
        let entry = Box::new(self.entry(&self.accounts[&account]));
        let push = Push::AccountChanged {
            account: entry,
            joined,
        };
        self.push(&push, |to, _| to != account);
    }
}

impl ModelGateway {
    /// The accounts' names, and how many devices each has.
    pub(super) fn accounts(&self) -> Vec<(String, usize)> {
        let accounts = self.v3.accounts.values();
        accounts
            .map(|it| (it.name.to_string(), it.devices.len()))
            .collect()
    }

    /// What was pushed to a connection, and whether it is cut.
    pub(super) fn pushed(&mut self, conn: u64) -> (BytesMut, bool) {
        let Some(connection) = self.v3.connections.get_mut(&conn) else {
            return Default::default();
        };
        let pushes = connection.pushes.split();
        (pushes, connection.is_cut)
    }

    /// It goes down and comes back.
    pub(super) fn restart(&mut self, reconnect_in: Duration, spread: Duration) {
        let push = Push::Restarting {
            reconnect_in,
            spread,
        };
        self.v3.push(&push, |_, _| true);
        for connection in self.v3.connections.values_mut() {
            connection.device = None;
            connection.is_cut = true;
        }
    }

    /// Tells everybody another account key from now on.
    pub(super) fn lie(&mut self, account: AccountId, key: AccountPublicKey) {
        self.v3.lies.insert(account, key);
        self.v3.tell_of(account, false);
    }

    pub(super) fn sotto(&mut self, conn: u64, frame: RequestFrame) -> Response {
        let client = frame.client;
        let request = Request::decode(frame).unwrap();
        let connection = self.v3.connections.entry(conn).or_default();
        let device = connection.device;
        let expected = device.map_or(ClientId::ZERO, |(_, client)| client);
        assert_eq!(client, expected, "the header of {request:?}");
        if let Request::Hello(_) = request {
            let nonce = Nonce::generate(&mut self.v3.rng);
            connection.nonce = Some(nonce);
            return hello(self.v3.id, nonce);
        }
        match request {
            Request::Ping => Response::Pong,
            Request::RegisterStart(_)
            | Request::RegisterFinish(_)
            | Request::LoginStart(_)
            | Request::LoginFinish(_)
            | Request::AddDevice(_)
            | Request::Authenticate(_)
            | Request::CredentialsStart(_)
            | Request::CredentialsFinish(_)
            | Request::DeleteAccount(_) => self.credentials(conn, request),
            request => match device {
                Some((account, client)) => self.of_device(account, client, request),
                None => error(ErrorCode::NotAuthenticated),
            },
        }
    }

    fn credentials(&mut self, conn: u64, request: Request) -> Response {
        match request {
            Request::RegisterStart(start) => {
                if self.is_taken(&start.name, start.carry_over) {
                    return error(ErrorCode::NameTaken);
                }
                let register = |slot, request: &OpaqueMessage| {
                    let id = CredentialId::new(&start.name, slot);
                    message(self.v3.setup.register(&request.0, &id).unwrap())
                };
                let password = register(Slot::Password, &start.password);
                let recovery = register(Slot::Recovery, &start.recovery);
                let key = start.carry_over.and_then(|client| self.classic_key(client));
                let challenge = key.map(|key| {
                    let secret = SymmetricKey::generate(&mut self.v3.rng);
                    let public = PublicKey::from_wire(&key).unwrap();
                    let wrapped = public.wrap_key(&mut self.v3.rng, &secret).unwrap();
                    let connection = self.v3.connections.get_mut(&conn).unwrap();
                    connection.challenge = Some((start.carry_over.unwrap(), secret));
                    wrapped
                });
                Response::RegisterStarted(RegisterStarted {
                    password,
                    recovery,
                    challenge,
                })
            }
            Request::RegisterFinish(finish) => self.register_account(conn, *finish),
            Request::LoginStart(start) => {
                let account = self.v3.by_name(&start.name);
                let found = account.map(|account| {
                    let credential = &account.credentials[&start.slot.number()];
                    let file = PasswordFile::from_bytes(&credential.upload.0).unwrap();
                    (account.id, file)
                });
                let id = CredentialId::new(&start.name, start.slot);
                let identifiers = Identifiers::new(&start.name, start.slot, self.v3.id);
                let file = found.as_ref().map(|(_, file)| file);
                let rng = &mut self.v3.rng;
                let (state, response) = self
                    .v3
                    .setup
                    .login(rng, file, &start.request.0, &id, &identifiers)
                    .unwrap();
                let account = found.map_or(AccountId::ZERO, |(id, _)| id);
                let connection = self.v3.connections.get_mut(&conn).unwrap();
                connection.login = Some((state, account, start.slot));
                Response::LoginStarted(message(response))
            }
            Request::LoginFinish(finalization) => {
                let connection = self.v3.connections.get_mut(&conn).unwrap();
                let Some((state, account, slot)) = connection.login.take() else {
                    return error(ErrorCode::Conflict);
                };
                if state.finish(&finalization.0).is_err() {
                    return error(ErrorCode::LoginFailed);
                }
                connection.logged_in = Some(account);
                let account = &self.v3.accounts[&account];
                Response::LoggedIn(Box::new(LoggedIn {
                    account: account.id,
                    account_key: account.key,
                    display_name: account.display_name.clone(),
                    wrapped_vault_key: account.credentials[&slot.number()]
                        .wrapped_vault_key
                        .clone(),
                    vault: account.vault.clone(),
                    vault_version: 1,
                    password_epoch: account.epoch,
                }))
            }
            Request::Authenticate(proof) => self.authenticate(conn, &proof),
            request => match self.v3.connections[&conn].logged_in {
                Some(account) => self.logged_in(conn, account, request),
                None => error(ErrorCode::LoginNeeded),
            },
        }
    }

    fn logged_in(&mut self, conn: u64, id: AccountId, request: Request) -> Response {
        match request {
            Request::AddDevice(add) => {
                let client = add.certificate.client;
                let account = self.v3.accounts.get_mut(&id).unwrap();
                add.certificate.verify_for(&id, &account.key).unwrap();
                account.devices.push((add.certificate, add.device));
                self.v3.push(&Push::DevicesChanged, |to, _| to == id);
                self.v3.session(conn, id, client)
            }
            Request::CredentialsStart(start) => {
                let name = self.v3.accounts[&id].name.clone();
                let register = |slot, request: OpaqueMessage| {
                    let id = CredentialId::new(&name, slot);
                    message(self.v3.setup.register(&request.0, &id).unwrap())
                };
                Response::CredentialsStarted(CredentialsStarted {
                    password: start.password.map(|it| register(Slot::Password, it)),
                    recovery: start.recovery.map(|it| register(Slot::Recovery, it)),
                })
            }
            Request::CredentialsFinish(finish) => {
                let account = self.v3.accounts.get_mut(&id).unwrap();
                if let Some(password) = finish.password {
                    account.epoch += 1;
                    account
                        .credentials
                        .insert(Slot::Password.number(), password);
                }
                if let Some(recovery) = finish.recovery {
                    account
                        .credentials
                        .insert(Slot::Recovery.number(), recovery);
                }
                let epoch = account.epoch;
                let clients: Vec<ClientId> =
                    finish.revocations.iter().map(|it| it.client).collect();
                self.revoke(id, &clients);
                let this = self.v3.connections[&conn].device.map(|(_, client)| client);
                let push = Push::PasswordChanged {
                    password_epoch: epoch,
                };
                self.v3
                    .push(&push, |to, client| to == id && Some(client) != this);
                Response::CredentialsChanged(epoch)
            }
            Request::DeleteAccount(signature) => {
                let connection = self.v3.connections.get_mut(&conn).unwrap();
                let Some(nonce) = connection.nonce.take() else {
                    return error(ErrorCode::NonceUsed);
                };
                let order = DeletionOrder {
                    account: id,
                    gateway: self.v3.id,
                    nonce,
                    signature,
                };
                let key = self.v3.accounts[&id].key;
                order.verify_for(&id, &key, &self.v3.id, &nonce).unwrap();
                self.v3.accounts.remove(&id);
                self.v3
                    .push(&Push::SessionEnded(EndReason::AccountDeleted), |to, _| {
                        to == id
                    });
                self.v3.push(&Push::AccountLeft(id), |to, _| to != id);
                Response::Done
            }
            other => panic!("{other:?}"),
        }
    }

    fn authenticate(&mut self, conn: u64, proof: &Authenticate) -> Response {
        let connection = self.v3.connections.get_mut(&conn).unwrap();
        let Some(nonce) = connection.nonce.take() else {
            return error(ErrorCode::NonceUsed);
        };
        let accounts = self.v3.accounts.values();
        let mut accounts = accounts.filter(|it| {
            let mut devices = it.devices.iter();
            devices.any(|(device, _)| device.client == proof.client)
        });
        let Some(account) = accounts.next() else {
            return error(ErrorCode::UnknownDevice);
        };
        let mut devices = account.devices.iter();
        let (device, _) = devices.find(|(it, _)| it.client == proof.client).unwrap();
        let key = &device.device_key;
        verify_login(key, &self.v3.id, &nonce, proof.client, &proof.signature).unwrap();
        if account.revoked.contains(&proof.client) {
            return error(ErrorCode::DeviceRevoked);
        }
        let account = account.id;
        self.v3.session(conn, account, proof.client)
    }

    fn register_account(&mut self, conn: u64, finish: RegisterFinish) -> Response {
        let carried = finish.carry_over.as_ref().map(|it| it.certificate.client);
        if self.is_taken(&finish.name, carried) {
            return error(ErrorCode::NameTaken);
        }
        finish.certificate.verify().unwrap();
        let id = finish.certificate.account;
        let client = finish.certificate.client;
        let bridge = finish.carry_over.map(|carried| {
            let connection = self.v3.connections.get_mut(&conn).unwrap();
            let (challenged, secret) = connection.challenge.take().unwrap();
            assert_eq!(challenged, carried.certificate.client);
            let answer = carry_over_answer(&secret, id, challenged).unwrap();
            assert_eq!(answer, carried.answer);
            carried.certificate
        });
        let account = Account {
            id,
            name: finish.name,
            display_name: finish.display_name,
            key: finish.certificate.account_key,
            credentials: [
                (Slot::Password.number(), finish.password),
                (Slot::Recovery.number(), finish.recovery),
            ]
            .into(),
            vault: finish.vault,
            epoch: 1,
            devices: vec![(finish.certificate, finish.device)],
            revoked: Vec::new(),
            bridge,
            hides_presence: false,
        };
        self.v3.accounts.insert(id, account);
        self.v3.tell_of(id, true);
        self.v3.session(conn, id, client)
    }

    fn of_device(&mut self, id: AccountId, this: ClientId, request: Request) -> Response {
        let account = self.v3.accounts.get_mut(&id).unwrap();
        match request {
            Request::ListDevices => {
                let online = |client| {
                    let mut here = self.v3.connections.values().filter_map(|it| it.device);
                    here.any(|(_, it)| it == client)
                };
                let devices = account
                    .devices
                    .iter()
                    .filter(|(device, _)| !account.revoked.contains(&device.client))
                    .map(|(certificate, label)| Device {
                        online: online(certificate.client),
                        certificate: certificate.clone(),
                        label: label.clone(),
                        last_seen: 0,
                    });
                let planted = self.v3.planted.iter().cloned();
                Response::Devices(devices.chain(planted).collect())
            }
            Request::RevokeDevices(revocations) => {
                for revocation in &revocations {
                    revocation.verify_for(&id, &account.key).unwrap();
                }
                let clients: Vec<ClientId> = revocations.iter().map(|it| it.client).collect();
                self.revoke(id, &clients);
                Response::Done
            }
            Request::RenameDevice(rename) => {
                for (device, label) in &mut account.devices {
                    if device.client == rename.client {
                        label.name.clone_from(&rename.name);
                    }
                }
                self.v3
                    .push(&Push::DevicesChanged, |to, it| to == id && it != this);
                Response::Done
            }
            Request::UpdateProfile(profile) => {
                account.display_name = profile.display_name;
                account.hides_presence = profile.hides_presence;
                self.v3.tell_of(id, false);
                Response::Done
            }
            Request::SetBridge(bridge) => {
                let name = account.name.to_string().parse().unwrap();
                let old = account.bridge.take().map(|it| it.client);
                account.bridge = bridge.as_ref().map(|it| it.certificate.clone());
                if let Some(old) = old {
                    self.remove_classic(old);
                }
                if let Some(bridge) = bridge {
                    let client = bridge.certificate.client;
                    self.add_classic(client, name, bridge.public_key);
                }
                self.v3.tell_of(id, false);
                Response::Done
            }
            Request::ListAccounts(list) => {
                let mut all: Vec<AccountEntry> = self
                    .v3
                    .accounts
                    .values()
                    .map(|account| self.v3.entry(account))
                    .filter(|it| list.after.as_ref().is_none_or(|after| it.name > *after))
                    .collect();
                all.sort_by(|a, b| a.name.cmp(&b.name));
                // Pages of one, so that there are pages.
                let more = all.len() > 1;
                all.truncate(1);
                Response::Accounts(Accounts {
                    accounts: all,
                    more,
                })
            }
            Request::FindAccounts(find) => {
                let accounts = self.v3.accounts.values();
                let wanted = accounts
                    .filter(|it| find.names.contains(&it.name) || find.accounts.contains(&it.id));
                Response::Accounts(Accounts {
                    accounts: wanted.map(|account| self.v3.entry(account)).collect(),
                    more: false,
                })
            }
            _ => error(ErrorCode::NotAllowed),
        }
    }

    fn revoke(&mut self, id: AccountId, clients: &[ClientId]) {
        let account = self.v3.accounts.get_mut(&id).unwrap();
        account.revoked.extend(clients);
        self.v3
            .push(&Push::SessionEnded(EndReason::Revoked), |_, it| {
                clients.contains(&it)
            });
        for connection in self.v3.connections.values_mut() {
            if connection
                .device
                .is_some_and(|(_, it)| clients.contains(&it))
            {
                connection.is_cut = true;
            }
        }
        self.v3.push(&Push::DevicesChanged, |to, it| {
            to == id && !clients.contains(&it)
        });
    }

    fn is_taken(&self, name: &AccountName, carried: Option<ClientId>) -> bool {
        self.v3.by_name(name).is_some() || self.has_classic_name(name.as_str(), carried)
    }

    fn classic_key(&self, client: ClientId) -> Option<PublicKeyBytes> {
        self.key_of(client)
    }
}

fn hello(gateway: GatewayId, nonce: Nonce) -> Response {
    Response::Hello(Box::new(Hello {
        version: 3,
        gateway,
        nonce,
        time: 0,
        agent: "model".to_owned(),
        limits: Limits {
            payload_max_unauthenticated: 16 * 1024,
            payload_max: 1024 * 1024,
            unauthenticated_requests_max: 16,
            unauthenticated_seconds: 60,
            nonce_seconds: 60,
            devices_max: 32,
            vault_max: 64 * 1024,
            directory_page_max: 200,
            content_max: 64 * 1024 * 1024,
            idle_seconds: 0,
        },
        registration: RegistrationPolicy::Open,
        directory: DirectoryPolicy::Listed,
        bridge: true,
    }))
}
