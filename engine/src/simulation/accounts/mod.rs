//! Version 3 of the model gateway: what `docs/protocol-3.md` promises, without limits and waits.

mod credentials;
mod delivery;
mod devices;

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
pub(super) use delivery::DeliveryService;

pub(super) struct AccountGateway {
    rng: ChaCha20Rng,
    pub(super) id: GatewayId,
    /// Requests that were asked.
    pub(super) hellos: usize,
    pub(super) pings: usize,
    setup: ServerSetup,
    accounts: BTreeMap<AccountId, Account>,
    connections: BTreeMap<u64, Connection>,
    /// Keys that are told in place of the true ones.
    pub(super) lies: BTreeMap<AccountId, AccountPublicKey>,
    /// Devices that nobody has certified, shown to everybody.
    pub(super) planted: Vec<Device>,
    pub(super) delivery: DeliveryService,
    /// What becomes of the next request of a code.
    pub(super) mishaps: BTreeMap<u16, Mishap>,
}

/// What goes wrong with a request.
#[derive(Clone, Copy)]
pub(super) enum Mishap {
    /// It is refused.
    Refused(ErrorCode),
    /// It is done, and answered like this all the same.
    DoneBut(ErrorCode),
    /// It is done, and nothing is answered.
    Lost,
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
            hellos: 0,
            pings: 0,
            setup: ServerSetup::generate(&mut rng),
            rng,
            accounts: BTreeMap::new(),
            connections: BTreeMap::new(),
            lies: BTreeMap::new(),
            planted: Vec::new(),
            delivery: DeliveryService::default(),
            mishaps: BTreeMap::new(),
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
        self.delivery.connected(client);
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
    /// An account with these devices, without credentials.
    pub(super) fn plant(
        &mut self,
        name: &AccountName,
        key: AccountPublicKey,
        devices: Vec<DeviceCertificate>,
    ) {
        let id = devices.first().unwrap().account;
        let label = DeviceLabel {
            name: "Test".to_owned(),
            platform: "Model".to_owned(),
        };
        let with_label = |device| (device, label.clone());
        let account = Account {
            id,
            name: name.clone(),
            display_name: name.as_str().parse().unwrap(),
            key,
            credentials: BTreeMap::new(),
            vault: Bytes::new(),
            epoch: 1,
            devices: devices.into_iter().map(with_label).collect(),
            revoked: Vec::new(),
            bridge: None,
            hides_presence: false,
        };
        self.v3.accounts.insert(id, account);
    }

    /// The account has one device more.
    pub(super) fn plant_device(&mut self, certificate: DeviceCertificate) {
        let id = certificate.account;
        let account = self.v3.accounts.get_mut(&id).unwrap();
        let label = DeviceLabel {
            name: "Test".to_owned(),
            platform: "Model".to_owned(),
        };
        account.devices.push((certificate, label));
        self.v3.push(&Push::DevicesChanged, |to, _| to == id);
        self.v3.push(&Push::DevicesOfChanged(id), |to, _| to != id);
    }

    /// The accounts' names, and how many devices each has.
    pub(super) fn accounts(&self) -> Vec<(String, usize)> {
        let accounts = self.v3.accounts.values();
        accounts
            .map(|it| (it.name.to_string(), it.devices.len()))
            .collect()
    }

    /// What was pushed to a connection, and whether it is cut.
    pub(super) fn pushed(&mut self, conn: u64) -> (BytesMut, bool) {
        self.deliver(conn);
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

    /// Cuts whoever did not authenticate.
    pub(super) fn cut_strangers(&mut self) {
        for connection in self.v3.connections.values_mut() {
            connection.is_cut |= connection.device.is_none();
        }
    }

    /// Tells everybody another account key from now on.
    pub(super) fn lie(&mut self, account: AccountId, key: AccountPublicKey) {
        self.v3.lies.insert(account, key);
        self.v3.tell_of(account, false);
    }

    /// The answer, if there is one.
    pub(super) fn sotto_mishap(&mut self, conn: u64, frame: RequestFrame) -> Option<Response> {
        if self.v3.connections.get(&conn).is_some_and(|it| it.is_cut) {
            return None;
        }
        match self.v3.mishaps.remove(&frame.code) {
            None => Some(self.sotto(conn, frame)),
            Some(Mishap::Refused(code)) => Some(error(code)),
            Some(Mishap::DoneBut(code)) => {
                self.sotto(conn, frame);
                Some(error(code))
            }
            Some(Mishap::Lost) => {
                self.sotto(conn, frame);
                None
            }
        }
    }

    fn sotto(&mut self, conn: u64, frame: RequestFrame) -> Response {
        let client = frame.client;
        let request = Request::decode(frame).unwrap();
        let connection = self.v3.connections.entry(conn).or_default();
        let device = connection.device;
        let expected = device.map_or(ClientId::ZERO, |(_, client)| client);
        assert_eq!(client, expected, "the header of {request:?}");
        if let Request::Hello(_) = request {
            let nonce = Nonce::generate(&mut self.v3.rng);
            connection.nonce = Some(nonce);
            self.v3.hellos += 1;
            return hello(self.v3.id, nonce);
        }
        match request {
            Request::Ping => {
                self.v3.pings += 1;
                Response::Pong
            }
            Request::RegisterStart(_)
            | Request::RegisterFinish(_)
            | Request::LoginStart(_)
            | Request::LoginFinish(_)
            | Request::AddDevice(_)
            | Request::Authenticate(_)
            | Request::CredentialsStart(_)
            | Request::CredentialsFinish(_)
            | Request::DeleteAccount(_) => self.credentials(conn, request),
            request => match (device, self.v3.connections[&conn].logged_in) {
                (Some((account, client)), _) => self.of_device(account, client, request),
                (None, Some(account)) if request == Request::ListDevices => {
                    self.of_device(account, ClientId::ZERO, request)
                }
                _ => error(ErrorCode::NotAuthenticated),
            },
        }
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
            message_max: 256 * 1024,
            commit_max: 8 * 1024 * 1024,
            group_devices_max: 1024,
            key_packages_max: 100,
            mailbox_entries_max: 100_000,
            mailbox_seconds: 7_776_000,
            delivery_window: 1024,
        },
        registration: RegistrationPolicy::Open,
        directory: DirectoryPolicy::Listed,
        bridge: true,
    }))
}
