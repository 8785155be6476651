//! Known answers: what is ours in the provider gives what others' gives.

use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::HpkeCiphertext;
use rand_core::{CryptoRng, RngCore, SeedableRng};

use super::*;
use crate::mls::Suite;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn crypto() -> Crypto {
    Crypto::new(ChaCha20Rng::from_seed([1; 32]))
}

/// draft-connolly-cfrg-xwing-kem-06, appendix C: private key, SHA-256 of the public key, randomness
/// of encapsulation, SHA-256 of the ciphertext, shared secret.
const X_WING: [[&str; 5]; 3] = [
    [
        "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
        "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb",
        "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2",
        "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33",
        "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384",
    ],
    [
        "badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea",
        "c42ba5f8430d7d2c83739338203819f090e8303ce9c8b02107c272bfa5376916",
        "17cda7cfad765f5623474d368ccca8af0007cd9f5e4c849f167a580b14aabdefaee7eef47cb0fca9767be1fda69419dfb927e9df07348b196691abaeb580b32d",
        "1661ea86d608a1924ba30840cb0a65f13ae051e3aec9cf0f064efc0bc92f2154",
        "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150",
    ],
    [
        "ef58538b8d23f87732ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c9",
        "6b080d6b84f095342092fa7a22423e58bd681397ad0ef00eac92bd254db4fa95",
        "22a96188d032675c8ac850933c7aff1533b94c834adbb69c6115bad4692d8619f90b0cdf8a7b9c264029ac185b70b83f2801f2f4b3f70c593ea3aeeb613a7f1b",
        "d3ca5578500344b5896cffc4fd740c9311946b82951df155e6fd86a7966b43c6",
        "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f",
    ],
];

/// Gives what it was made with.
struct Given(Vec<u8>);

impl RngCore for Given {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let rest = self.0.split_off(bytes.len());
        bytes.copy_from_slice(&self.0);
        self.0 = rest;
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Given {}

#[test]
fn x_wing_is_that_of_the_draft() {
    use super::xwing::XWing;
    use hpke::{Deserializable, Kem, Serializable};
    use sha2::{Digest, Sha256};

    type Private = <XWing as Kem>::PrivateKey;

    for [private, public, randomness, ciphertext, secret] in X_WING {
        let private = Private::from_bytes(&hex(private)).unwrap();
        let key = XWing::sk_to_pk(&private);
        assert_eq!(Sha256::digest(key.to_bytes()).to_vec(), hex(public));
        let mut rng = Given(hex(randomness));
        let (ours, enc) = XWing::encap(&key, None, &mut rng).unwrap();
        assert_eq!(Sha256::digest(enc.to_bytes()).to_vec(), hex(ciphertext));
        assert_eq!(ours.0.to_vec(), hex(secret));
        let theirs = XWing::decap(&private, None, &enc).unwrap();
        assert_eq!(theirs.0.to_vec(), hex(secret));
    }
}

#[test]
fn x_wing_keys_are_of_the_shake_of_their_material() {
    let config = Suite::PostQuantum.ciphersuite().hpke_config();
    let pair = crypto().derive_hpke_keypair(config, &[7; 32]).unwrap();
    // Python: hashlib.shake_256(bytes([7]) * 32).hexdigest(32)
    let seed = "d7b4cf68d3f1b711924ccded71a241faf8162f7ef6ce748370a10e86b94befc1";
    assert_eq!(&*pair.private, hex(seed));
    assert_eq!(pair.public.len(), 1216);
}

#[test]
fn hpke_is_that_of_rfc_9180() {
    // RFC 9180, appendix A.2.1: DHKEM(X25519), HKDF-SHA256, ChaCha20-Poly1305, base mode.
    let config = || Suite::Classical.ciphersuite().hpke_config();
    let crypto = crypto();
    let pair = crypto
        .derive_hpke_keypair(
            config(),
            &hex("1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df"),
        )
        .unwrap();
    let public = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
    assert_eq!(pair.public, hex(public));
    let enc = hex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    let info = hex("4f6465206f6e2061204772656369616e2055726e");
    let sealed = HpkeCiphertext {
        kem_output: enc.clone().into(),
        ciphertext: hex(concat!(
            "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60",
            "b4db21993c62ce81883d2dd1b51a28"
        ))
        .into(),
    };
    let aad = hex("436f756e742d30");
    let opened = crypto
        .hpke_open(config(), &sealed, &pair.private, &info, &aad)
        .unwrap();
    assert_eq!(
        opened,
        hex("4265617574792069732074727574682c20747275746820626561757479")
    );
    let exported = crypto
        .hpke_setup_receiver_and_export(config(), &enc, &pair.private, &info, &[], 32)
        .unwrap();
    let secret = "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e";
    assert_eq!(*exported, *hex(secret));
}

#[test]
fn what_is_sealed_is_opened_by_its_key_alone() {
    for suite in Suite::ALL {
        let config = || suite.ciphersuite().hpke_config();
        let crypto = crypto();
        let key = |n: u8| crypto.derive_hpke_keypair(config(), &[n; 32]).unwrap();
        let sealed = crypto
            .hpke_seal(config(), &key(1).public, b"info", b"aad", b"secret")
            .unwrap();
        let open = |n: u8, info: &[u8], aad: &[u8]| {
            crypto.hpke_open(config(), &sealed, &key(n).private, info, aad)
        };
        assert_eq!(open(1, b"info", b"aad").unwrap(), b"secret");
        assert!(open(2, b"info", b"aad").is_err());
        assert!(open(1, b"other", b"aad").is_err());
        assert!(open(1, b"info", b"other").is_err());
        let public = &key(1).public[1..];
        assert!(crypto.hpke_seal(config(), public, b"", b"", b"").is_err());
    }
}
