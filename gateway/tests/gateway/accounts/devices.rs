//! Devices: added by the account only, and cut off at once.

use rand_core::OsRng;
use sotto_shared::account::{AccountKey, DeviceRevocation};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::request::RenameDevice;
use sotto_shared::sotto::{ErrorCode, Push, Request, Response};

use crate::account_client::{Device, Line, Person, code_of, session_of};
use crate::support::TestGateway;

#[test]
fn a_device_is_added_by_its_own_account_only() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    let mallory = Person::sign_up("mallory", &mut Line::open(&gateway));
    let device = Device::new();
    let mut stranger = Line::open(&gateway);
    assert_eq!(
        code_of(stranger.add_device(alice.certify(&device))),
        ErrorCode::LoginNeeded
    );
    let mut line = Line::open(&gateway);
    line.log_in(&mallory);
    // Alice's certificate, and one that mallory's key signs in alice's name.
    let mut forged = mallory.certify(&device);
    forged.account = alice.account;
    for certificate in [alice.certify(&device), forged] {
        assert_eq!(
            code_of(line.add_device(certificate)),
            ErrorCode::BadSignature
        );
    }
    // Another device's mailbox stays another device's.
    let stolen = Device {
        key: device.key,
        client: alice.device.client,
    };
    assert_eq!(
        code_of(line.add_device(mallory.certify(&stolen))),
        ErrorCode::ProofFailed
    );
    session_of(Line::open(&gateway).authenticate(&alice.device));
}

#[test]
fn a_revoked_device_is_cut_at_once_and_cannot_authenticate() {
    let gateway = TestGateway::start();
    let mut first = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut first);
    let second = Device::new();
    let mut lost = Line::websocket(&gateway);
    lost.say_hello();
    lost.log_in(&alice);
    session_of(lost.add_device(alice.certify(&second)));
    first.done(&Request::RevokeDevices(vec![alice.revoke(second.client)]));
    let revoked = Push::SessionEnded(EndReason::Revoked);
    assert_eq!(lost.own_push(), revoked);
    assert!(lost.is_over());
    let mut again = Line::open(&gateway);
    assert_eq!(
        code_of(again.authenticate(&second)),
        ErrorCode::DeviceRevoked
    );
    // Only the device itself hears of it.
    let mut other = Line::open(&gateway);
    let signature = alice.device.sign(&other.gateway(), &other.nonce());
    assert_eq!(
        code_of(other.authenticate_by(second.client, signature)),
        ErrorCode::BadSignature
    );
    // It does not come back under the same id either.
    let mut line = Line::open(&gateway);
    line.log_in(&alice);
    assert_eq!(
        code_of(line.add_device(alice.certify(&second))),
        ErrorCode::ProofFailed
    );
    let log = gateway.audit_log();
    assert!(log.contains("devices_revoked"), "{log}");
    assert!(log.contains("\"cause\":\"revoked\""), "{log}");
}

#[test]
fn nobody_revokes_or_renames_devices_of_others() {
    let gateway = TestGateway::start();
    let mut alices = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut alices);
    let mut line = Line::open(&gateway);
    let mallory = Person::sign_up("mallory", &mut line);
    let target = alice.device.client;
    let by_own_key = mallory.revoke(target);
    assert_eq!(
        line.refused(&Request::RevokeDevices(vec![by_own_key])).code,
        ErrorCode::UnknownDevice
    );
    let stolen = alice.revoke(target);
    assert_eq!(
        line.refused(&Request::RevokeDevices(vec![stolen])).code,
        ErrorCode::BadSignature
    );
    let other_key = AccountKey::generate(&mut OsRng);
    let forged = DeviceRevocation::issue(&other_key, mallory.account, target, 1);
    assert_eq!(
        line.refused(&Request::RevokeDevices(vec![forged])).code,
        ErrorCode::BadSignature
    );
    let rename = Request::RenameDevice(RenameDevice {
        client: target,
        name: "mine".to_owned(),
    });
    assert_eq!(line.refused(&rename).code, ErrorCode::UnknownDevice);
    assert!(matches!(
        alices.ask(&Request::ListDevices),
        Response::Devices(devices) if devices[0].label.name == "first"
    ));
    alices.done(&rename);
    assert!(matches!(
        alices.ask(&Request::ListDevices),
        Response::Devices(devices) if devices[0].label.name == "mine"
    ));
}

#[test]
fn a_login_to_another_account_makes_a_device_no_more() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    Person::sign_up("alice", &mut line);
    let bob = Person::sign_up("bob", &mut Line::open(&gateway));
    let login = line.login(
        "bob",
        sotto_shared::account::Slot::Password,
        bob.password.as_bytes(),
    );
    assert_eq!(login.unwrap_err().code, ErrorCode::Conflict);
    assert_eq!(
        code_of(line.change_password(&bob, "another password", Vec::new())),
        ErrorCode::LoginNeeded
    );
}
