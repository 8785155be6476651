//! Keys and ciphertexts of strangers.

use std::sync::OnceLock;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::crypto::{DecryptError, PrivateKey, PublicKey, SymmetricKey};

use crate::source::Source;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// One key for all runs, since making one takes longer than everything else here.
fn private_key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::generate(&mut rng()).expect("a key"))
}

/// Public keys as servers hand them out: any bytes, or a good key with a few bytes changed.
pub fn public_keys(input: &[u8]) {
    let mut source = Source::new(input);
    let mut bytes = PublicKeyBytes(if source.flag() {
        private_key().public().to_wire().expect("160 bytes").0
    } else {
        source.array()
    });
    source.perturb(&mut bytes.0);
    if let Ok(key) = PublicKey::from_wire(&bytes) {
        let wrapped = key.wrap_key(&mut rng(), &SymmetricKey::from_bytes([7; 16]));
        assert!(wrapped.is_ok(), "a key that was let in wraps");
        if let Ok(wire) = key.to_wire() {
            assert_eq!(PublicKey::from_wire(&wire), Ok(key));
        }
    }
}

/// Private keys as they stand in files: any bytes, or a good key with a few bytes changed or cut.
pub fn private_keys(input: &[u8]) {
    let mut source = Source::new(input);
    let mut der = if source.flag() {
        let der = private_key().to_pkcs8_der().expect("a key");
        let length = der.len() - source.below(4);
        der.iter().copied().take(length).collect()
    } else {
        source.take(700).to_vec()
    };
    source.perturb(&mut der);
    if let Ok(key) = PrivateKey::from_pkcs8_der(&der) {
        let secret = SymmetricKey::from_bytes([7; 16]);
        let wrapped = key.public().wrap_key(&mut rng(), &secret).expect("wraps");
        let unwrapped = key.unwrap_key(&mut rng(), &wrapped);
        assert!(unwrapped == Ok(secret), "a key that was let in unwraps");
        assert!(key.to_pkcs8_der().is_ok());
    }
}

/// AES-CBC: any bytes, or a good ciphertext with a few bytes changed.
pub fn ciphertexts(input: &[u8]) {
    let mut source = Source::new(input);
    let key = SymmetricKey::from_bytes(source.array());
    let is_good = source.flag();
    let mut ciphertext = if is_good {
        let length = source.below(300);
        key.encrypt(source.take(length))
    } else {
        source.take(1000).to_vec()
    };
    let changed = source.perturb(&mut ciphertext);
    match key.decrypt(&ciphertext) {
        // There is one ciphertext for each plaintext.
        Ok(plaintext) => assert_eq!(key.encrypt(&plaintext), ciphertext),
        Err(DecryptError) => assert!(changed || !is_good),
    }
}

/// RSA-OAEP: any bytes, or a good wrapped key with a few bytes changed.
pub fn wrapped_keys(input: &[u8]) {
    let mut source = Source::new(input);
    let secret = SymmetricKey::from_bytes([7; 16]);
    let is_good = source.flag();
    let mut wrapped = if is_good {
        let wrapped = private_key().public().wrap_key(&mut rng(), &secret);
        wrapped.expect("wraps").to_vec()
    } else {
        let length = 120 + source.below(16);
        source.take(length).to_vec()
    };
    let changed = source.perturb(&mut wrapped);
    let unwrapped = private_key().unwrap_key(&mut rng(), &wrapped);
    if is_good && !changed {
        assert!(unwrapped == Ok(secret));
    } else {
        assert!(unwrapped == Err(DecryptError));
    }
}
