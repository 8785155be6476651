//! Keys: made here, foreign, and broken ones.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::crypto::{KeyError, PrivateKey, PublicKey, SymmetricKey};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

#[test]
fn a_new_key_has_the_form_that_every_client_expects() {
    for seed in 0..5 {
        let private = PrivateKey::generate(&mut rng(seed)).unwrap();
        let wire = private.public().to_wire().unwrap();
        // SEQUENCE, rsaEncryption with NULL, BIT STRING of SEQUENCE: modulus with its leading
        // zero, exponent 17.
        assert_eq!(wire.0[..3], [0x30, 0x81, 0x9d]);
        assert_eq!(wire.0[25..29], [0x02, 0x81, 0x81, 0x00]);
        assert!(wire.0[29] >= 0x80, "1024 bits, not fewer");
        assert_eq!(wire.0[157..], [0x02, 0x01, 0x11]);
        assert_eq!(PublicKey::from_wire(&wire).unwrap(), private.public());
    }
}

#[test]
fn a_key_survives_its_file_form() {
    let private = PrivateKey::generate(&mut rng(1)).unwrap();
    let der = private.to_pkcs8_der().unwrap();
    let again = PrivateKey::from_pkcs8_der(&der).unwrap();
    assert_eq!(again.public(), private.public());
    let key = SymmetricKey::generate(&mut rng(2));
    let wrapped = private.public().wrap_key(&mut rng(3), &key).unwrap();
    assert!(again.unwrap_key(&mut rng(4), &wrapped).unwrap() == key);
}

#[test]
fn a_key_of_another_size_is_refused_with_its_size() {
    for bits in [512, 1023, 1025, 2048] {
        let exponent = rsa::BigUint::from(17u32);
        let key = RsaPrivateKey::new_with_exp(&mut rng(bits as u64), bits, &exponent).unwrap();
        assert_eq!(key.n().bits(), bits);
        let der = key.to_pkcs8_der().unwrap();
        assert!(matches!(
            PrivateKey::from_pkcs8_der(der.as_bytes()),
            Err(KeyError::Size { bits: found }) if found == bits
        ));
        if bits == 512 {
            let spki = key.to_public_key().to_public_key_der().unwrap();
            let mut wire = [0; 160];
            wire[..spki.as_bytes().len()].copy_from_slice(spki.as_bytes());
            // Short enough for a one-byte length, which no key of 1024 bits has.
            assert_eq!(
                PublicKey::from_wire(&PublicKeyBytes(wire)),
                Err(KeyError::Encoding)
            );
        }
    }
}

#[test]
fn an_exponent_whose_der_does_not_fit_cannot_be_written() {
    let key = RsaPrivateKey::new(&mut rng(9), 1024).unwrap();
    assert_eq!(*key.e(), rsa::BigUint::from(65_537u32));
    let der = key.to_pkcs8_der().unwrap();
    let private = PrivateKey::from_pkcs8_der(der.as_bytes()).unwrap();
    assert_eq!(private.public().to_wire(), Err(KeyError::Encoding));
}

#[test]
fn a_shorter_der_with_zeros_behind_it_is_borne() {
    // A modulus of 1017 bits is one byte shorter, and no key of ours; its form is readable though.
    let exponent = rsa::BigUint::from(17u32);
    let key = RsaPrivateKey::new_with_exp(&mut rng(5), 1016, &exponent).unwrap();
    let spki = key.to_public_key().to_public_key_der().unwrap();
    assert!(spki.as_bytes().len() < 160);
    let mut wire = [0; 160];
    wire[..spki.as_bytes().len()].copy_from_slice(spki.as_bytes());
    assert_eq!(
        PublicKey::from_wire(&PublicKeyBytes(wire)),
        Err(KeyError::Size { bits: 1016 })
    );
}

#[test]
fn a_broken_public_key_is_refused_whichever_byte_is_broken() {
    let private = PrivateKey::generate(&mut rng(6)).unwrap();
    let wire = private.public().to_wire().unwrap();
    let modulus = 29..157;
    for at in 0..160 {
        for flip in [0x01, 0x80, 0xff] {
            let mut broken = wire;
            broken.0[at] ^= flip;
            let read = PublicKey::from_wire(&broken);
            assert_ne!(read.as_ref(), Ok(&private.public()));
            if !modulus.contains(&at) && at != 159 {
                assert!(read.is_err(), "byte {at}");
            }
        }
    }
    for bytes in [[0; 160], [0xff; 160], [0x30; 160]] {
        let read = PublicKey::from_wire(&PublicKeyBytes(bytes));
        assert_eq!(read, Err(KeyError::Encoding));
    }
}

#[test]
fn a_broken_private_key_is_refused_and_never_panics() {
    let private = PrivateKey::generate(&mut rng(7)).unwrap();
    let der = private.to_pkcs8_der().unwrap();
    for cut in 0..der.len() {
        assert!(PrivateKey::from_pkcs8_der(&der[..cut]).is_err());
    }
    for at in (0..der.len()).step_by(7) {
        let mut broken = der.to_vec();
        broken[at] ^= 0x41;
        if let Ok(key) = PrivateKey::from_pkcs8_der(&broken) {
            assert_eq!(key.public(), private.public(), "byte {at}");
        }
    }
}

#[test]
fn symmetric_keys_are_equal_when_all_bytes_are() {
    let key = [7; 16];
    assert!(SymmetricKey::from_bytes(key) == SymmetricKey::from_bytes(key));
    for at in 0..16 {
        let mut other = key;
        other[at] ^= 1;
        assert!(SymmetricKey::from_bytes(key) != SymmetricKey::from_bytes(other));
    }
}
