//! One message of every kind of version 3.

use bytes::Bytes;
use core::time::Duration;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sotto_shared::account::opaque as sizes;
use sotto_shared::account::vault::WRAPPED_VAULT_KEY;
use sotto_shared::account::{
    AccountKey, BridgeCertificate, DeletionOrder, DeviceCertificate, DeviceKey, DeviceRevocation,
    Nonce, Slot, statement,
};
use sotto_shared::sotto::group::{
    AccountDevices, ClaimKeyPackages, ClaimedKeyPackage, Commit, CreateGroup, Delivery,
    DeliveryKind, Ephemeral, Epoch, GroupInfo, GroupKind, GroupOpened, GroupSeq, GroupSummary,
    KeyPackage, KeyPackagesLeft, PublishKeyPackages, Send, SendEphemeral, Stored, SuiteId,
};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::request::{
    AddDevice, Authenticate, ClientHello, CredentialsFinish, CredentialsStart, FindAccounts,
    ListAccounts, LoginStart, RegisterFinish, RegisterStart, RenameDevice, UpdateProfile,
};
use sotto_shared::sotto::response::{
    Accounts, CredentialsStarted, Hello, Invited, LoggedIn, RegisterStarted, Session,
};
use sotto_shared::sotto::types::{
    AccountEntry, Bridge, CarryOver, Credential, Device, DeviceLabel, DirectoryPolicy, Invitation,
    Limits, OpaqueMessage, Presence, RegistrationPolicy,
};
use sotto_shared::sotto::{Error, ErrorCode, Push, Request, Response};
use sotto_shared::{AccountId, GatewayId, GroupId, SendId};

use super::{client, key_bytes};

const ACCOUNT: AccountId = AccountId::from_bytes([0xac; 16]);
const GATEWAY: GatewayId = GatewayId::from_bytes([0x9a; 16]);
const GROUP: GroupId = GroupId::from_bytes([0x60; 16]);
const SUITE: SuiteId = SuiteId(0x004d);
const NONCE: Nonce = Nonce::from_bytes([0x40; 32]);

fn account_key() -> AccountKey {
    AccountKey::generate(&mut ChaCha8Rng::seed_from_u64(1))
}

fn device_key() -> DeviceKey {
    DeviceKey::generate(&mut ChaCha8Rng::seed_from_u64(2))
}

fn certificate() -> DeviceCertificate {
    let device = device_key().public();
    DeviceCertificate::issue(&account_key(), ACCOUNT, client(0xd1), device, 1_800_000_000)
}

fn revocation() -> DeviceRevocation {
    DeviceRevocation::issue(&account_key(), ACCOUNT, client(0xd2), 1_800_000_100)
}

fn bridge() -> Bridge {
    Bridge {
        certificate: BridgeCertificate::issue(
            &account_key(),
            ACCOUNT,
            client(0xc1),
            BridgeCertificate::digest(&key_bytes()),
            1_800_000_050,
        ),
        public_key: key_bytes(),
    }
}

fn opaque(size: usize, byte: u8) -> OpaqueMessage {
    OpaqueMessage(Bytes::from(vec![byte; size]))
}

fn credential(byte: u8) -> Credential {
    Credential {
        upload: opaque(sizes::REGISTRATION_UPLOAD, byte),
        wrapped_vault_key: Bytes::from(vec![byte; WRAPPED_VAULT_KEY]),
    }
}

fn label() -> DeviceLabel {
    DeviceLabel {
        name: "Ännchens laptop".to_owned(),
        platform: "Firefox on Linux".to_owned(),
    }
}

fn entry() -> AccountEntry {
    AccountEntry {
        account: ACCOUNT,
        account_key: account_key().public(),
        name: "alice".parse().expect("a name"),
        display_name: "Alice 🦊".parse().expect("a name"),
        presence: Some(Presence {
            online: true,
            last_seen: Some(1_800_000_200),
        }),
        bridge: Some(bridge().certificate),
    }
}

fn bare_entry() -> AccountEntry {
    AccountEntry {
        presence: None,
        bridge: None,
        ..entry()
    }
}

fn summary() -> GroupSummary {
    GroupSummary {
        group: GROUP,
        kind: GroupKind::Group,
        suite: SUITE,
        epoch: Epoch(7),
        sequence: GroupSeq(12),
        member: true,
        account_member: false,
    }
}

fn invitation() -> Invitation {
    Invitation {
        id: [0x11; 16],
        expires_at: 1_800_600_000,
    }
}

/// One request of every kind, and of every shape that its optional fields give it.
pub(crate) fn every_request() -> Vec<(&'static str, Request)> {
    let name = || "alice".parse().expect("a name");
    let display_name = || "Alice 🦊".parse().expect("a name");
    let order = DeletionOrder::issue(&account_key(), ACCOUNT, GATEWAY, NONCE);
    let start = RegisterStart {
        name: name(),
        password: opaque(sizes::REGISTRATION_REQUEST, 1),
        recovery: opaque(sizes::REGISTRATION_REQUEST, 2),
        invitation: String::new(),
        carry_over: None,
    };
    let finish = RegisterFinish {
        name: name(),
        display_name: display_name(),
        password: credential(1),
        recovery: credential(2),
        vault: Bytes::from_static(b"sealed"),
        certificate: certificate(),
        device: label(),
        invitation: String::new(),
        carry_over: None,
    };
    vec![
        (
            "client hello",
            Request::Hello(ClientHello {
                versions: vec![3],
                agent: "sotto-web/0.1.0".to_owned(),
            }),
        ),
        ("ping", Request::Ping),
        ("register start", Request::RegisterStart(start.clone())),
        (
            "register start, carrying over",
            Request::RegisterStart(RegisterStart {
                invitation: "WELCOME-CODE".to_owned(),
                carry_over: Some(client(0xc1)),
                ..start
            }),
        ),
        (
            "register finish",
            Request::RegisterFinish(Box::new(finish.clone())),
        ),
        (
            "register finish, carrying over",
            Request::RegisterFinish(Box::new(RegisterFinish {
                invitation: "WELCOME-CODE".to_owned(),
                carry_over: Some(CarryOver {
                    answer: [7; 16],
                    certificate: bridge().certificate,
                }),
                ..finish
            })),
        ),
        (
            "login start",
            Request::LoginStart(LoginStart {
                name: name(),
                slot: Slot::Recovery,
                request: opaque(sizes::LOGIN_REQUEST, 3),
            }),
        ),
        (
            "login finish",
            Request::LoginFinish(opaque(sizes::LOGIN_FINALIZATION, 4)),
        ),
        (
            "add device",
            Request::AddDevice(AddDevice {
                certificate: certificate(),
                device: label(),
            }),
        ),
        (
            "authenticate",
            Request::Authenticate(Authenticate {
                client: client(0xd1),
                signature: statement::login_signature(
                    &device_key(),
                    &GATEWAY,
                    &NONCE,
                    client(0xd1),
                ),
            }),
        ),
        ("list devices", Request::ListDevices),
        ("revoke devices", Request::RevokeDevices(vec![revocation()])),
        (
            "rename device",
            Request::RenameDevice(RenameDevice {
                client: client(0xd1),
                name: "phone".to_owned(),
            }),
        ),
        (
            "credentials start",
            Request::CredentialsStart(CredentialsStart {
                password: Some(opaque(sizes::REGISTRATION_REQUEST, 1)),
                recovery: None,
            }),
        ),
        (
            "credentials finish",
            Request::CredentialsFinish(CredentialsFinish {
                password: None,
                recovery: Some(credential(2)),
                revocations: vec![revocation()],
            }),
        ),
        ("delete account", Request::DeleteAccount(order.signature)),
        (
            "update profile",
            Request::UpdateProfile(UpdateProfile {
                display_name: display_name(),
                hides_presence: true,
            }),
        ),
        ("set bridge on", Request::SetBridge(Some(bridge()))),
        ("set bridge off", Request::SetBridge(None)),
        (
            "list accounts",
            Request::ListAccounts(ListAccounts {
                after: Some(name()),
                limit: 200,
            }),
        ),
        (
            "list accounts from the first",
            Request::ListAccounts(ListAccounts {
                after: None,
                limit: 1,
            }),
        ),
        (
            "find accounts",
            Request::FindAccounts(FindAccounts {
                names: vec![name()],
                accounts: vec![ACCOUNT],
            }),
        ),
        ("invite", Request::Invite),
        ("list invitations", Request::ListInvitations),
        ("cancel invitation", Request::CancelInvitation([0x11; 16])),
        (
            "publish key packages",
            Request::PublishKeyPackages(PublishKeyPackages {
                suite: SUITE,
                packages: vec![KeyPackage {
                    package: Bytes::from_static(b"package"),
                    last_resort: true,
                    expires_at: 1_800_000_400,
                }],
                replace: true,
            }),
        ),
        ("count key packages", Request::CountKeyPackages(SUITE)),
        (
            "claim key packages",
            Request::ClaimKeyPackages(ClaimKeyPackages {
                suite: SUITE,
                clients: vec![client(0xd1), client(0xd2)],
            }),
        ),
        ("find devices", Request::FindDevices(vec![ACCOUNT])),
        (
            "create group, a direct chat",
            Request::CreateGroup(CreateGroup {
                group: GROUP,
                kind: GroupKind::Direct,
                suite: SUITE,
                peer: Some(ACCOUNT),
                group_info: Bytes::from_static(b"info"),
            }),
        ),
        (
            "create group",
            Request::CreateGroup(CreateGroup {
                group: GROUP,
                kind: GroupKind::Lobby,
                suite: SUITE,
                peer: None,
                group_info: Bytes::from_static(b"info"),
            }),
        ),
        ("get group info", Request::GetGroupInfo(GROUP)),
        ("list groups", Request::ListGroups(Some(GROUP))),
        ("list groups from the first", Request::ListGroups(None)),
        (
            "commit",
            Request::Commit(Box::new(Commit {
                id: SendId::from_bytes([0x5e; 16]),
                group: GROUP,
                epoch: Epoch(7),
                commit: Bytes::from_static(b"commit"),
                group_info: Bytes::from_static(b"info"),
                added: vec![client(0xd2)],
                removed: vec![client(0xd3)],
                welcome: Bytes::from_static(b"welcome"),
                external: false,
            })),
        ),
        (
            "send",
            Request::Send(Send {
                id: SendId::from_bytes([0x5e; 16]),
                group: GROUP,
                epoch: Epoch(7),
                message: Bytes::from_static(b"message"),
            }),
        ),
        (
            "send ephemeral",
            Request::SendEphemeral(SendEphemeral {
                group: GROUP,
                epoch: Epoch(7),
                message: Bytes::from_static(b"message"),
            }),
        ),
        ("acknowledge", Request::Acknowledge(300)),
    ]
}

/// One response of every kind, and of every shape that its optional fields give it.
pub(crate) fn every_response() -> Vec<(&'static str, Response)> {
    vec![
        (
            "hello",
            Response::Hello(Box::new(Hello {
                version: 3,
                gateway: GATEWAY,
                nonce: NONCE,
                time: 1_800_000_000_123,
                agent: "sotto-gateway/0.1.0".to_owned(),
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
                registration: RegistrationPolicy::Invitation,
                directory: DirectoryPolicy::Exact,
                bridge: true,
            })),
        ),
        ("pong", Response::Pong),
        ("done", Response::Done),
        (
            "register started",
            Response::RegisterStarted(RegisterStarted {
                password: opaque(sizes::REGISTRATION_RESPONSE, 1),
                recovery: opaque(sizes::REGISTRATION_RESPONSE, 2),
                challenge: Some([3; 128]),
            }),
        ),
        (
            "login started",
            Response::LoginStarted(opaque(sizes::LOGIN_RESPONSE, 1)),
        ),
        (
            "logged in",
            Response::LoggedIn(Box::new(LoggedIn {
                account: ACCOUNT,
                account_key: account_key().public(),
                display_name: "Alice 🦊".parse().expect("a name"),
                wrapped_vault_key: Bytes::from(vec![5; WRAPPED_VAULT_KEY]),
                vault: Bytes::from_static(b"sealed"),
                vault_version: 1,
                password_epoch: 2,
            })),
        ),
        (
            "session",
            Response::Session(Session {
                account: ACCOUNT,
                client: client(0xd1),
                name: "alice".parse().expect("a name"),
                display_name: "Alice 🦊".parse().expect("a name"),
                password_epoch: 2,
                vault_version: 1,
                hides_presence: true,
                bridge: Some(client(0xc1)),
            }),
        ),
        (
            "devices",
            Response::Devices(vec![Device {
                certificate: certificate(),
                label: label(),
                last_seen: 1_800_000_300,
                online: true,
            }]),
        ),
        (
            "credentials started",
            Response::CredentialsStarted(CredentialsStarted {
                password: Some(opaque(sizes::REGISTRATION_RESPONSE, 1)),
                recovery: None,
            }),
        ),
        ("credentials changed", Response::CredentialsChanged(3)),
        (
            "accounts",
            Response::Accounts(Accounts {
                accounts: vec![entry(), bare_entry()],
                more: true,
            }),
        ),
        (
            "invited",
            Response::Invited(Invited {
                code: "WELCOME-CODE".to_owned(),
                invitation: invitation(),
            }),
        ),
        ("invitations", Response::Invitations(vec![invitation()])),
        (
            "key packages left",
            Response::KeyPackagesLeft(KeyPackagesLeft {
                suite: SUITE,
                one_time: 42,
                last_resort: true,
            }),
        ),
        (
            "key packages",
            Response::KeyPackages(vec![ClaimedKeyPackage {
                client: client(0xd1),
                package: Bytes::from_static(b"package"),
            }]),
        ),
        (
            "devices of",
            Response::DevicesOf(vec![AccountDevices {
                account: ACCOUNT,
                certificates: vec![certificate()],
                revocations: vec![revocation()],
            }]),
        ),
        (
            "group opened",
            Response::GroupOpened(GroupOpened {
                group: GROUP,
                created: true,
            }),
        ),
        (
            "group info",
            Response::GroupInfo(Box::new(GroupInfo {
                summary: summary(),
                group_info: Bytes::from_static(b"info"),
            })),
        ),
        ("groups", Response::Groups(vec![summary()], true)),
        (
            "stored",
            Response::Stored(Stored {
                sequence: GroupSeq(12),
                time: 1_800_000_000_123,
            }),
        ),
        (
            "error",
            Response::Error(Error {
                code: ErrorCode::LoginLocked,
                message: "Too many failed logins.".to_owned(),
                retry_after: Some(Duration::from_millis(900_000)),
            }),
        ),
    ]
}

/// One push of every kind.
pub(crate) fn every_push() -> Vec<(&'static str, Push)> {
    vec![
        (
            "restarting",
            Push::Restarting {
                reconnect_in: Duration::from_millis(500),
                spread: Duration::from_secs(5),
            },
        ),
        ("session ended", Push::SessionEnded(EndReason::Revoked)),
        (
            "password changed",
            Push::PasswordChanged { password_epoch: 3 },
        ),
        ("devices changed", Push::DevicesChanged),
        (
            "account changed",
            Push::AccountChanged {
                account: Box::new(entry()),
                joined: true,
            },
        ),
        ("account left", Push::AccountLeft(ACCOUNT)),
        (
            "delivered",
            Push::Delivered(vec![Delivery {
                number: 3,
                group: GROUP,
                sequence: GroupSeq(12),
                epoch: Epoch(7),
                kind: DeliveryKind::Welcome,
                sender: client(0xd1),
                time: 1_800_000_000_123,
                payload: Bytes::from_static(b"welcome"),
            }]),
        ),
        (
            "ephemeral",
            Push::Ephemeral(Ephemeral {
                group: GROUP,
                epoch: Epoch(7),
                sender: client(0xd1),
                message: Bytes::from_static(b"message"),
            }),
        ),
        ("devices of changed", Push::DevicesOfChanged(ACCOUNT)),
    ]
}
