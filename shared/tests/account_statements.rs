//! What account and device keys sign, and what no forger gets past.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sotto_shared::account::statement::{StatementError, login_signature, verify_login};
use sotto_shared::account::{
    AccountKey, AccountPublicKey, BadSignature, BridgeCertificate, DeletionOrder,
    DeviceCertificate, DeviceKey, DeviceRevocation, Nonce, Signature,
};
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::{AccountId, ClientId, GatewayId};

const ACCOUNT: AccountId = AccountId::from_bytes([0xa1; 16]);
const OTHER_ACCOUNT: AccountId = AccountId::from_bytes([0xa2; 16]);
const CLIENT: ClientId = ClientId::from_bytes([0xc1; 16]);
const OTHER_CLIENT: ClientId = ClientId::from_bytes([0xc2; 16]);
const GATEWAY: GatewayId = GatewayId::from_bytes([0xe1; 16]);
const OTHER_GATEWAY: GatewayId = GatewayId::from_bytes([0xe2; 16]);
const NONCE: Nonce = Nonce::from_bytes([0x55; 32]);
const OTHER_NONCE: Nonce = Nonce::from_bytes([0x56; 32]);
const TIME: u64 = 1_790_000_000;

fn account_key(seed: u8) -> AccountKey {
    AccountKey::from_bytes(&[seed; 32])
}

fn device_key(seed: u8) -> DeviceKey {
    DeviceKey::from_bytes(&[seed; 32])
}

fn certificate() -> DeviceCertificate {
    let device = device_key(9).public();
    DeviceCertificate::issue(&account_key(1), ACCOUNT, CLIENT, device, TIME)
}

fn revocation() -> DeviceRevocation {
    DeviceRevocation::issue(&account_key(1), ACCOUNT, CLIENT, TIME)
}

fn bridge() -> BridgeCertificate {
    BridgeCertificate::issue(&account_key(1), ACCOUNT, CLIENT, [0xd1; 32], TIME)
}

fn deletion() -> DeletionOrder {
    DeletionOrder::issue(&account_key(1), ACCOUNT, GATEWAY, NONCE)
}

fn verify_deletion(order: &DeletionOrder) -> Result<(), BadSignature> {
    order.verify_for(&ACCOUNT, &trusted(), &GATEWAY, &NONCE)
}

fn trusted() -> AccountPublicKey {
    account_key(1).public()
}

/// Signs by the layout in the documentation, without this crate.
fn sign_by_hand(seed: u8, domain: &str, fields: &[&[u8]]) -> Signature {
    let message = [domain.as_bytes(), &[0], &fields.concat()].concat();
    Signature::from_bytes(
        SigningKey::from_bytes(&[seed; 32])
            .sign(&message)
            .to_bytes(),
    )
}

#[test]
fn the_signed_bytes_are_as_documented() {
    let account = ACCOUNT.as_bytes().as_slice();
    let client = CLIENT.as_bytes().as_slice();
    let gateway = GATEWAY.as_bytes().as_slice();
    let nonce = NONCE.as_bytes().as_slice();
    let time = TIME.to_le_bytes();
    let account_key = trusted();
    let device = device_key(9).public();
    assert_eq!(
        certificate().signature,
        sign_by_hand(
            1,
            "sotto/3 device certificate",
            &[
                account,
                account_key.as_bytes(),
                client,
                device.as_bytes(),
                &time
            ]
        )
    );
    assert_eq!(
        revocation().signature,
        sign_by_hand(1, "sotto/3 device revocation", &[account, client, &time])
    );
    assert_eq!(
        bridge().signature,
        sign_by_hand(
            1,
            "sotto/3 bridge certificate",
            &[account, client, &[0xd1; 32], &time]
        )
    );
    assert_eq!(
        deletion().signature,
        sign_by_hand(1, "sotto/3 account deletion", &[account, gateway, nonce])
    );
    assert_eq!(
        login_signature(&device_key(9), &GATEWAY, &NONCE, CLIENT),
        sign_by_hand(9, "sotto/3 device login", &[gateway, nonce, client])
    );
}

#[test]
fn statements_verify_for_who_made_them() {
    assert_eq!(certificate().verify(), Ok(()));
    assert_eq!(certificate().verify_for(&ACCOUNT, &trusted()), Ok(()));
    assert_eq!(revocation().verify_for(&ACCOUNT, &trusted()), Ok(()));
    assert_eq!(bridge().verify_for(&ACCOUNT, &trusted()), Ok(()));
    assert_eq!(verify_deletion(&deletion()), Ok(()));
}

#[test]
fn another_account_or_another_key_is_refused() {
    let other_key = account_key(2).public();
    for (account, key) in [
        (OTHER_ACCOUNT, trusted()),
        (ACCOUNT, other_key),
        (OTHER_ACCOUNT, other_key),
    ] {
        assert_eq!(certificate().verify_for(&account, &key), Err(BadSignature));
        assert_eq!(revocation().verify_for(&account, &key), Err(BadSignature));
        assert_eq!(bridge().verify_for(&account, &key), Err(BadSignature));
        assert_eq!(
            deletion().verify_for(&account, &key, &GATEWAY, &NONCE),
            Err(BadSignature)
        );
    }
}

#[test]
fn a_certificate_by_the_gateways_own_key_is_none_of_the_account() {
    let device = device_key(9).public();
    let forged = DeviceCertificate::issue(&account_key(2), ACCOUNT, CLIENT, device, TIME);
    assert_eq!(forged.verify(), Ok(()), "good in itself");
    assert_eq!(forged.verify_for(&ACCOUNT, &trusted()), Err(BadSignature));
    let mut renamed = forged;
    renamed.account_key = trusted();
    assert_eq!(renamed.verify(), Err(BadSignature));
}

#[test]
fn a_deletion_holds_for_one_gateway_and_one_nonce() {
    let key = trusted();
    let order = deletion();
    for (gateway, nonce) in [(OTHER_GATEWAY, NONCE), (GATEWAY, OTHER_NONCE)] {
        let forwarded = DeletionOrder {
            gateway,
            nonce,
            ..order.clone()
        };
        for order in [&order, &forwarded] {
            let result = order.verify_for(&ACCOUNT, &key, &gateway, &nonce);
            assert_eq!(result, Err(BadSignature));
        }
    }
}

#[test]
fn a_login_holds_for_one_gateway_one_nonce_one_device() {
    let key = device_key(9);
    let public = key.public();
    let signature = login_signature(&key, &GATEWAY, &NONCE, CLIENT);
    let verify =
        |key, gateway, nonce, client| verify_login(key, gateway, nonce, client, &signature);
    assert_eq!(verify(&public, &GATEWAY, &NONCE, CLIENT), Ok(()));
    let other = device_key(8).public();
    assert!(verify(&other, &GATEWAY, &NONCE, CLIENT).is_err());
    assert!(verify(&public, &OTHER_GATEWAY, &NONCE, CLIENT).is_err());
    assert!(verify(&public, &GATEWAY, &OTHER_NONCE, CLIENT).is_err());
    assert!(verify(&public, &GATEWAY, &NONCE, OTHER_CLIENT).is_err());
}

/// The fields of a revocation, whose size is its own, under each of the other domains.
#[test]
fn a_signature_of_another_domain_is_refused() {
    let fields: [&[u8]; 3] = [ACCOUNT.as_bytes(), CLIENT.as_bytes(), &TIME.to_le_bytes()];
    let mut revocation = revocation();
    for domain in [
        "sotto/3 device certificate",
        "sotto/3 bridge certificate",
        "sotto/3 account deletion",
        "sotto/3 device login",
        "sotto/2 device revocation",
        "",
    ] {
        revocation.signature = sign_by_hand(1, domain, &fields);
        assert_eq!(
            revocation.verify_for(&ACCOUNT, &trusted()),
            Err(BadSignature),
            "{domain}"
        );
    }
    let signatures = [
        certificate().signature,
        bridge().signature,
        deletion().signature,
    ];
    for signature in signatures {
        revocation.signature = signature;
        assert_eq!(
            revocation.verify_for(&ACCOUNT, &trusted()),
            Err(BadSignature)
        );
    }
}

#[test]
fn a_bridge_certificate_orders_no_deletion() {
    let gateway = GatewayId::from_bytes(*CLIENT.as_bytes());
    let nonce = Nonce::from_bytes([0xd1; 32]);
    let order = DeletionOrder {
        account: ACCOUNT,
        gateway,
        nonce,
        signature: bridge().signature,
    };
    let result = order.verify_for(&ACCOUNT, &trusted(), &gateway, &nonce);
    assert_eq!(result, Err(BadSignature));
}

/// Every bit of every field, and of the signature.
#[test]
fn no_bit_can_be_flipped() {
    fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
        (0..bytes.len() * 8).map(|bit| {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            flipped
        })
    }
    // Against the ids that the statement itself names, so that the signature alone must tell.
    for bytes in flips(&certificate().to_bytes()) {
        if let Ok(flipped) = DeviceCertificate::from_bytes(&bytes) {
            assert_eq!(flipped.verify(), Err(BadSignature));
        }
    }
    for bytes in flips(&revocation().to_bytes()) {
        let flipped = DeviceRevocation::from_bytes(&bytes).unwrap();
        assert!(flipped.verify_for(&flipped.account, &trusted()).is_err());
    }
    for bytes in flips(&bridge().to_bytes()) {
        let flipped = BridgeCertificate::from_bytes(&bytes).unwrap();
        assert!(flipped.verify_for(&flipped.account, &trusted()).is_err());
    }
    for bytes in flips(&deletion().to_bytes()) {
        let order = DeletionOrder::from_bytes(&bytes).unwrap();
        let result = order.verify_for(&order.account, &trusted(), &order.gateway, &order.nonce);
        assert_eq!(result, Err(BadSignature));
    }
    let signature = login_signature(&device_key(9), &GATEWAY, &NONCE, CLIENT);
    for bytes in flips(signature.as_bytes()) {
        let flipped = Signature::from_bytes(bytes.try_into().unwrap());
        let key = device_key(9).public();
        assert!(verify_login(&key, &GATEWAY, &NONCE, CLIENT, &flipped).is_err());
    }
}

#[test]
fn statements_are_read_back_and_have_one_size() {
    assert_eq!(certificate().to_bytes().len(), DeviceCertificate::SIZE);
    assert_eq!(DeviceCertificate::SIZE, 168);
    assert_eq!(
        DeviceCertificate::from_bytes(&certificate().to_bytes()),
        Ok(certificate())
    );
    assert_eq!(DeviceRevocation::SIZE, 104);
    assert_eq!(
        DeviceRevocation::from_bytes(&revocation().to_bytes()),
        Ok(revocation())
    );
    assert_eq!(BridgeCertificate::SIZE, 136);
    assert_eq!(
        BridgeCertificate::from_bytes(&bridge().to_bytes()),
        Ok(bridge())
    );
    assert_eq!(DeletionOrder::SIZE, 128);
    assert_eq!(
        DeletionOrder::from_bytes(&deletion().to_bytes()),
        Ok(deletion())
    );
    for size in [0, 103, 105] {
        assert_eq!(
            DeviceRevocation::from_bytes(&vec![1; size]),
            Err(StatementError::Size {
                expected: 104,
                actual: size
            })
        );
    }
}

#[test]
fn statements_survive_storage() {
    let json = serde_json::to_string(&certificate()).unwrap();
    assert_eq!(
        serde_json::from_str::<DeviceCertificate>(&json).unwrap(),
        certificate()
    );
}

/// SHA-256 of 160 zero bytes, from `head -c 160 /dev/zero | sha256sum`.
#[test]
fn a_classic_key_is_named_by_its_sha_256() {
    let digest = BridgeCertificate::digest(&PublicKeyBytes([0; 160]));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "b393978842a0fa3d3e1470196f098f473f9678e72463cb65ec4ab5581856c2e4"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_issued_verifies_and_round_trips(
        seed: u64, account: [u8; 16], client: [u8; 16], time: u64,
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let key = AccountKey::generate(&mut rng);
        let device = DeviceKey::generate(&mut rng);
        let (account, client) = (AccountId::from_bytes(account), ClientId::from_bytes(client));
        let issued = DeviceCertificate::issue(&key, account, client, device.public(), time);
        let read = DeviceCertificate::from_bytes(&issued.to_bytes()).unwrap();
        prop_assert_eq!(&read, &issued);
        prop_assert_eq!(read.verify_for(&account, &key.public()), Ok(()));
        let gateway = GatewayId::random(&mut rng);
        let nonce = Nonce::generate(&mut rng);
        let signature = login_signature(&device, &gateway, &nonce, client);
        prop_assert_eq!(verify_login(&device.public(), &gateway, &nonce, client, &signature), Ok(()));
    }

    #[test]
    fn arbitrary_bytes_verify_as_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(statement) = DeviceCertificate::from_bytes(&bytes) {
            prop_assert!(statement.verify().is_err());
        }
        if let Ok(statement) = DeviceRevocation::from_bytes(&bytes) {
            prop_assert!(statement.verify_for(&statement.account, &trusted()).is_err());
        }
        let signature: [u8; 64] = std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0));
        let signature = Signature::from_bytes(signature);
        prop_assert!(verify_login(&device_key(9).public(), &GATEWAY, &NONCE, CLIENT, &signature).is_err());
    }
}
