//! The vault opens for whom it was sealed, and for nobody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sotto_shared::AccountId;
use sotto_shared::account::opaque::{ExportKey, Slot};
use sotto_shared::account::vault::{
    SEAL_OVERHEAD, SEALED_VAULT_MAX, VAULT_MAX, VaultError, VaultKey, WRAPPED_VAULT_KEY,
    open_vault, seal_vault, unwrap_vault_key, wrap_vault_key,
};

const ACCOUNT: AccountId = AccountId::from_bytes([0xa1; 16]);
const OTHER_ACCOUNT: AccountId = AccountId::from_bytes([0xa2; 16]);
const CONTENT: &[u8] = b"account key and settings";

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn key() -> VaultKey {
    VaultKey::from_bytes([7; 32])
}

fn sealed() -> Vec<u8> {
    seal_vault(&key(), ACCOUNT, 3, CONTENT, &mut rng()).unwrap()
}

fn export_key(seed: u8) -> ExportKey {
    ExportKey::from_bytes([seed; 64])
}

fn wrapped(slot: Slot) -> Vec<u8> {
    wrap_vault_key(&export_key(1), slot, ACCOUNT, &key(), &mut rng()).unwrap()
}

#[test]
fn a_vault_opens_with_its_key_account_and_version_only() {
    assert_eq!(*open_vault(&key(), ACCOUNT, 3, &sealed()).unwrap(), CONTENT);
    let other_key = VaultKey::from_bytes([8; 32]);
    for (key, account, version) in [
        (&other_key, ACCOUNT, 3),
        (&key(), OTHER_ACCOUNT, 3),
        (&key(), ACCOUNT, 2),
        (&key(), ACCOUNT, 4),
    ] {
        let result = open_vault(key, account, version, &sealed());
        assert_eq!(result.unwrap_err(), VaultError::DoesNotOpen);
    }
}

#[test]
fn a_wrapped_key_opens_with_its_slot_account_and_export_key_only() {
    for slot in Slot::ALL {
        let wrapped = wrapped(slot);
        assert_eq!(wrapped.len(), WRAPPED_VAULT_KEY);
        assert_eq!(
            unwrap_vault_key(&export_key(1), slot, ACCOUNT, &wrapped),
            Ok(key())
        );
        let other_slot = Slot::ALL.into_iter().find(|other| *other != slot).unwrap();
        for (export_key, slot, account) in [
            (export_key(2), slot, ACCOUNT),
            (export_key(1), other_slot, ACCOUNT),
            (export_key(1), slot, OTHER_ACCOUNT),
        ] {
            let result = unwrap_vault_key(&export_key, slot, account, &wrapped);
            assert_eq!(result, Err(VaultError::DoesNotOpen));
        }
    }
}

#[test]
fn a_wrapped_key_is_no_vault_and_a_vault_no_wrapped_key() {
    let content = [7; 32];
    let vault = seal_vault(&key(), ACCOUNT, 1, &content, &mut rng()).unwrap();
    assert_eq!(vault.len(), WRAPPED_VAULT_KEY);
    for slot in Slot::ALL {
        assert!(unwrap_vault_key(&export_key(1), slot, ACCOUNT, &vault).is_err());
        assert!(open_vault(&key(), ACCOUNT, 1, &wrapped(slot)).is_err());
    }
}

#[test]
fn no_bit_of_a_sealed_vault_can_be_flipped() {
    let sealed = sealed();
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let expected = if bit < 8 {
            VaultError::UnknownFormat { format: flipped[0] }
        } else {
            VaultError::DoesNotOpen
        };
        assert_eq!(
            open_vault(&key(), ACCOUNT, 3, &flipped).unwrap_err(),
            expected
        );
    }
}

#[test]
fn a_vault_of_64_kib_is_sealed_and_one_byte_more_is_not() {
    let content = vec![1; VAULT_MAX + 1];
    let sealed = seal_vault(&key(), ACCOUNT, 1, &content[1..], &mut rng()).unwrap();
    assert_eq!(sealed.len(), SEALED_VAULT_MAX);
    assert_eq!(
        open_vault(&key(), ACCOUNT, 1, &sealed).unwrap().len(),
        VAULT_MAX
    );
    assert_eq!(
        seal_vault(&key(), ACCOUNT, 1, &content, &mut rng()),
        Err(VaultError::TooLarge {
            bytes: 65_537,
            max: 65_536
        })
    );
    let result = open_vault(&key(), ACCOUNT, 1, &[sealed, vec![0]].concat());
    let max = SEALED_VAULT_MAX;
    assert_eq!(
        result.unwrap_err(),
        VaultError::TooLarge {
            bytes: max + 1,
            max
        }
    );
}

#[test]
fn cut_bytes_are_told_by_their_size() {
    let empty = seal_vault(&key(), ACCOUNT, 1, b"", &mut rng()).unwrap();
    assert_eq!(empty.len(), SEAL_OVERHEAD);
    assert!(open_vault(&key(), ACCOUNT, 1, &empty).unwrap().is_empty());
    for bytes in [0, 1, 40] {
        let result = open_vault(&key(), ACCOUNT, 1, &empty[..bytes]);
        assert_eq!(result.unwrap_err(), VaultError::TooShort { bytes, min: 41 });
    }
    let wrapped = wrapped(Slot::Password);
    assert_eq!(
        unwrap_vault_key(&export_key(1), Slot::Password, ACCOUNT, &wrapped[1..]),
        Err(VaultError::TooShort { bytes: 72, min: 73 })
    );
    assert_eq!(
        unwrap_vault_key(
            &export_key(1),
            Slot::Password,
            ACCOUNT,
            &[wrapped, vec![0]].concat()
        ),
        Err(VaultError::TooLarge { bytes: 74, max: 73 })
    );
}

#[test]
fn the_same_content_never_looks_the_same() {
    let mut rng = rng();
    let mut seal = || seal_vault(&key(), ACCOUNT, 3, CONTENT, &mut rng).unwrap();
    let (first, second) = (seal(), seal());
    assert_ne!(first[1..25], second[1..25], "nonces");
    assert_ne!(first[25..], second[25..]);
}

/// Vaults sealed by this layout lie on gateways: they must open for ever.
#[test]
fn sealed_bytes_are_frozen() {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let wrapped = Slot::ALL.map(|slot| hex(&wrapped(slot)));
    insta::assert_snapshot!(format!(
        "vault {}\npassword {}\nrecovery {}",
        hex(&sealed()),
        wrapped[0],
        wrapped[1]
    ));
}

proptest! {
    #[test]
    fn any_content_round_trips(
        content in proptest::collection::vec(any::<u8>(), 0..2000), version: u64, seed: u64,
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let key = VaultKey::generate(&mut rng);
        let account = AccountId::random(&mut rng);
        let sealed = seal_vault(&key, account, version, &content, &mut rng).unwrap();
        prop_assert_eq!(sealed.len(), content.len() + SEAL_OVERHEAD);
        prop_assert_eq!(&*open_vault(&key, account, version, &sealed).unwrap(), &content);
    }
}
