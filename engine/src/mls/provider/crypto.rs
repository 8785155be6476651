//! The cryptography of exactly two suites, on the crates that the rest of Sotto uses.

use std::sync::{Mutex, PoisonError};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::random::OpenMlsRand;
use openmls_traits::types::{
    AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeAeadType, HpkeCiphertext,
    HpkeConfig, HpkeKdfType, HpkeKemType, HpkeKeyPair, KemOutput, SignatureScheme,
};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use sha2::{Digest, Sha256};
use tls_codec::SecretVLBytes;
use zeroize::Zeroizing;

use super::xwing::XWing;
use crate::mls::Suite;

/// Cryptography and randomness. All randomness is of the generator that it was made with.
///
/// OpenMLS wants to share it among threads, thus the lock; nobody waits for it.
#[derive(Debug)]
pub(in crate::mls) struct Crypto {
    rng: Mutex<ChaCha20Rng>,
}

/// There is no randomness that could fail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoFailure {}

impl Crypto {
    pub(super) fn new(rng: ChaCha20Rng) -> Self {
        Self {
            rng: Mutex::new(rng),
        }
    }

    fn fill(&self, bytes: &mut [u8]) {
        // Somebody panicked with the lock held: the generator itself is as good as before.
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        rng.fill_bytes(bytes);
    }

    /// A generator of its own for one operation.
    fn fork(&self) -> ChaCha20Rng {
        use rand_core::SeedableRng;

        let mut seed = Zeroizing::new([0; 32]);
        self.fill(seed.as_mut_slice());
        ChaCha20Rng::from_seed(*seed)
    }
}

impl OpenMlsRand for Crypto {
    type Error = NoFailure;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], NoFailure> {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        Ok(bytes)
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, NoFailure> {
        let mut bytes = vec![0; len];
        self.fill(&mut bytes);
        Ok(bytes)
    }
}

impl OpenMlsCrypto for Crypto {
    fn supports(&self, ciphersuite: Ciphersuite) -> Result<(), CryptoError> {
        match Suite::of(ciphersuite) {
            Some(_) => Ok(()),
            None => Err(CryptoError::UnsupportedCiphersuite),
        }
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        Suite::ALL.map(Suite::ciphersuite).to_vec()
    }

    fn hkdf_extract(
        &self,
        hash: HashType,
        salt: &[u8],
        ikm: &[u8],
    ) -> Result<SecretVLBytes, CryptoError> {
        only_sha256(hash)?;
        let (prk, _) = Hkdf::<Sha256>::extract(Some(salt), ikm);
        Ok(prk.as_slice().into())
    }

    fn hmac(
        &self,
        hash: HashType,
        key: &[u8],
        message: &[u8],
    ) -> Result<SecretVLBytes, CryptoError> {
        only_sha256(hash)?;
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(key).map_err(|_| CryptoError::InvalidLength)?;
        mac.update(message);
        Ok(mac.finalize().into_bytes().as_slice().into())
    }

    fn hkdf_expand(
        &self,
        hash: HashType,
        prk: &[u8],
        info: &[u8],
        okm_len: usize,
    ) -> Result<SecretVLBytes, CryptoError> {
        only_sha256(hash)?;
        let hkdf =
            Hkdf::<Sha256>::from_prk(prk).map_err(|_| CryptoError::HkdfOutputLengthInvalid)?;
        let mut okm = vec![0; okm_len];
        hkdf.expand(info, &mut okm)
            .map_err(|_| CryptoError::HkdfOutputLengthInvalid)?;
        Ok(okm.into())
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        only_sha256(hash)?;
        Ok(Sha256::digest(data).to_vec())
    }

    fn aead_encrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (cipher, nonce) = cipher(aead, key, nonce)?;
        cipher
            .encrypt(&nonce, Payload { msg: data, aad })
            .map_err(|_| CryptoError::CryptoLibraryError)
    }

    fn aead_decrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        ciphertext: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (cipher, nonce) = cipher(aead, key, nonce)?;
        let payload = Payload {
            msg: ciphertext,
            aad,
        };
        cipher
            .decrypt(&nonce, payload)
            .map_err(|_| CryptoError::AeadDecryptionError)
    }

    fn signature_key_gen(
        &self,
        scheme: SignatureScheme,
    ) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        only_ed25519(scheme)?;
        let mut seed = Zeroizing::new([0; 32]);
        self.fill(seed.as_mut_slice());
        let key = SigningKey::from_bytes(&seed);
        Ok((seed.to_vec(), key.verifying_key().to_bytes().to_vec()))
    }

    /// By strict verification, as all signatures in Sotto: one signature has one form.
    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        data: &[u8],
        key: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        only_ed25519(scheme)?;
        let key = VerifyingKey::try_from(key).map_err(|_| CryptoError::InvalidPublicKey)?;
        let signature =
            Signature::from_slice(signature).map_err(|_| CryptoError::InvalidSignature)?;
        key.verify_strict(data, &signature)
            .map_err(|_| CryptoError::InvalidSignature)
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        data: &[u8],
        key: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        only_ed25519(scheme)?;
        let key = SigningKey::try_from(key).map_err(|_| CryptoError::InvalidLength)?;
        Ok(key.sign(data).to_bytes().to_vec())
    }

    fn hpke_seal(
        &self,
        config: HpkeConfig,
        pk_r: &[u8],
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<HpkeCiphertext, CryptoError> {
        let rng = &mut self.fork();
        match kem(config)? {
            Suite::PostQuantum => seal::<XWing>(pk_r, info, aad, plaintext, rng),
            Suite::Classical => seal::<X25519HkdfSha256>(pk_r, info, aad, plaintext, rng),
        }
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        input: &HpkeCiphertext,
        sk_r: &[u8],
        info: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        match kem(config)? {
            Suite::PostQuantum => open::<XWing>(input, sk_r, info, aad),
            Suite::Classical => open::<X25519HkdfSha256>(input, sk_r, info, aad),
        }
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        pk_r: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        let rng = &mut self.fork();
        match kem(config)? {
            Suite::PostQuantum => export_to::<XWing>(pk_r, info, context, length, rng),
            Suite::Classical => export_to::<X25519HkdfSha256>(pk_r, info, context, length, rng),
        }
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        enc: &[u8],
        sk_r: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<ExporterSecret, CryptoError> {
        match kem(config)? {
            Suite::PostQuantum => export_from::<XWing>(enc, sk_r, info, context, length),
            Suite::Classical => export_from::<X25519HkdfSha256>(enc, sk_r, info, context, length),
        }
    }

    fn derive_hpke_keypair(
        &self,
        config: HpkeConfig,
        ikm: &[u8],
    ) -> Result<HpkeKeyPair, CryptoError> {
        match kem(config)? {
            Suite::PostQuantum => Ok(key_pair::<XWing>(ikm)),
            Suite::Classical => Ok(key_pair::<X25519HkdfSha256>(ikm)),
        }
    }
}

type HpkeCipher = hpke::aead::ChaCha20Poly1305;

fn seal<K: Kem>(
    pk_r: &[u8],
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    rng: &mut ChaCha20Rng,
) -> Result<HpkeCiphertext, CryptoError> {
    let key = K::PublicKey::from_bytes(pk_r).map_err(|_| CryptoError::InvalidPublicKey)?;
    let (enc, ciphertext) = hpke::single_shot_seal::<HpkeCipher, HkdfSha256, K, _>(
        &OpModeS::Base,
        &key,
        info,
        plaintext,
        aad,
        rng,
    )
    .map_err(|_| CryptoError::HpkeEncryptionError)?;
    Ok(HpkeCiphertext {
        kem_output: enc.to_bytes().to_vec().into(),
        ciphertext: ciphertext.into(),
    })
}

fn open<K: Kem>(
    input: &HpkeCiphertext,
    sk_r: &[u8],
    info: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let (key, enc) = receiver::<K>(sk_r, input.kem_output.as_slice())?;
    hpke::single_shot_open::<HpkeCipher, HkdfSha256, K>(
        &OpModeR::Base,
        &key,
        &enc,
        info,
        input.ciphertext.as_slice(),
        aad,
    )
    .map_err(|_| CryptoError::HpkeDecryptionError)
}

fn export_to<K: Kem>(
    pk_r: &[u8],
    info: &[u8],
    context: &[u8],
    length: usize,
    rng: &mut ChaCha20Rng,
) -> Result<(KemOutput, ExporterSecret), CryptoError> {
    let key = K::PublicKey::from_bytes(pk_r).map_err(|_| CryptoError::InvalidPublicKey)?;
    let (enc, sender) =
        hpke::setup_sender::<HpkeCipher, HkdfSha256, K, _>(&OpModeS::Base, &key, info, rng)
            .map_err(|_| CryptoError::SenderSetupError)?;
    let mut secret = Zeroizing::new(vec![0; length]);
    sender
        .export(context, &mut secret)
        .map_err(|_| CryptoError::ExporterError)?;
    Ok((enc.to_bytes().to_vec(), secret.to_vec().into()))
}

fn export_from<K: Kem>(
    enc: &[u8],
    sk_r: &[u8],
    info: &[u8],
    context: &[u8],
    length: usize,
) -> Result<ExporterSecret, CryptoError> {
    let (key, enc) = receiver::<K>(sk_r, enc)?;
    let receiver =
        hpke::setup_receiver::<HpkeCipher, HkdfSha256, K>(&OpModeR::Base, &key, &enc, info)
            .map_err(|_| CryptoError::ReceiverSetupError)?;
    let mut secret = Zeroizing::new(vec![0; length]);
    receiver
        .export(context, &mut secret)
        .map_err(|_| CryptoError::ExporterError)?;
    Ok(secret.to_vec().into())
}

fn receiver<K: Kem>(
    sk_r: &[u8],
    enc: &[u8],
) -> Result<(K::PrivateKey, K::EncappedKey), CryptoError> {
    let key = K::PrivateKey::from_bytes(sk_r).map_err(|_| CryptoError::InvalidLength)?;
    let enc = K::EncappedKey::from_bytes(enc).map_err(|_| CryptoError::InvalidLength)?;
    Ok((key, enc))
}

fn key_pair<K: Kem>(ikm: &[u8]) -> HpkeKeyPair {
    let (private, public) = K::derive_keypair(ikm);
    HpkeKeyPair {
        private: private.to_bytes().to_vec().into(),
        public: public.to_bytes().to_vec(),
    }
}

/// The suite whose HPKE this is.
fn kem(config: HpkeConfig) -> Result<Suite, CryptoError> {
    let HpkeConfig(kem, HpkeKdfType::HkdfSha256, HpkeAeadType::ChaCha20Poly1305) = config else {
        return Err(CryptoError::UnsupportedCiphersuite);
    };
    match kem {
        HpkeKemType::XWingKemDraft6 => Ok(Suite::PostQuantum),
        HpkeKemType::DhKem25519 => Ok(Suite::Classical),
        _ => Err(CryptoError::UnsupportedCiphersuite),
    }
}

fn cipher(
    aead: AeadType,
    key: &[u8],
    nonce: &[u8],
) -> Result<(ChaCha20Poly1305, Nonce), CryptoError> {
    let AeadType::ChaCha20Poly1305 = aead else {
        return Err(CryptoError::UnsupportedAeadAlgorithm);
    };
    let cipher = ChaCha20Poly1305::new_from_slice(key).map_err(|_| CryptoError::InvalidLength)?;
    let nonce: [u8; 12] = nonce.try_into().map_err(|_| CryptoError::InvalidLength)?;
    Ok((cipher, nonce.into()))
}

fn only_sha256(hash: HashType) -> Result<(), CryptoError> {
    match hash {
        HashType::Sha2_256 => Ok(()),
        _ => Err(CryptoError::UnsupportedHashAlgorithm),
    }
}

fn only_ed25519(scheme: SignatureScheme) -> Result<(), CryptoError> {
    match scheme {
        SignatureScheme::ED25519 => Ok(()),
        _ => Err(CryptoError::UnsupportedSignatureScheme),
    }
}
