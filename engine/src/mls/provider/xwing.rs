//! X-Wing (draft-connolly-cfrg-xwing-kem-06) as a KEM of HPKE.
//!
//! The KEM is the `x-wing` crate's; here are only its bytes in the shapes of the `hpke` crate.
//! Keys are derived as the draft says: SHAKE-256 of the keying material gives the seed.

use core::convert::Infallible;
use core::fmt;

use hpke::generic_array::GenericArray;
use hpke::generic_array::typenum::{Sum, U32, U64, U96, U128, U1024};
use hpke::kem::SharedSecret;
use hpke::{Deserializable, HpkeError, Kem, Serializable};
use rand_core::{CryptoRng, RngCore};
use shake::{ExtendableOutput, Shake256, Update, XofReader};
use x_wing::kem::common::rand_core::{TryCryptoRng, TryRng};
use x_wing::{
    CIPHERTEXT_SIZE, Ciphertext, DECAPSULATION_KEY_SIZE, Decapsulate, DecapsulationKey,
    ENCAPSULATION_KEY_SIZE, Encapsulate, EncapsulationKey, KeyExport,
};
use zeroize::Zeroizing;

/// X-Wing: X25519 and ML-KEM-768, safe as long as one of them is.
pub(super) enum XWing {}

/// The seed that both private keys are expanded from, 32 bytes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PrivateKey(Zeroizing<[u8; DECAPSULATION_KEY_SIZE]>);

/// ML-KEM-768 key 1184 | X25519 key 32.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PublicKey(Box<[u8; ENCAPSULATION_KEY_SIZE]>);

/// ML-KEM-768 ciphertext 1088 | X25519 key 32.
#[derive(Clone)]
pub(super) struct EncappedKey(Box<[u8; CIPHERTEXT_SIZE]>);

impl Kem for XWing {
    type PublicKey = PublicKey;
    type PrivateKey = PrivateKey;
    type EncappedKey = EncappedKey;
    type NSecret = U32;

    const KEM_ID: u16 = 0x647a;

    fn sk_to_pk(sk: &PrivateKey) -> PublicKey {
        let key = DecapsulationKey::from(*sk.0);
        PublicKey(Box::new(public_of(&key)))
    }

    fn derive_keypair(ikm: &[u8]) -> (PrivateKey, PublicKey) {
        let mut hash = Shake256::default();
        hash.update(ikm);
        let mut seed = Zeroizing::new([0; DECAPSULATION_KEY_SIZE]);
        hash.finalize_xof().read(seed.as_mut_slice());
        let private = PrivateKey(seed);
        let public = Self::sk_to_pk(&private);
        (private, public)
    }

    fn decap(
        sk_recip: &PrivateKey,
        pk_sender_id: Option<&PublicKey>,
        encapped_key: &EncappedKey,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        if pk_sender_id.is_some() {
            return Err(HpkeError::DecapError);
        }
        let key = DecapsulationKey::from(*sk_recip.0);
        let ciphertext: &Ciphertext = encapped_key.0.as_ref().into();
        Ok(shared(key.decapsulate(ciphertext).as_ref()))
    }

    fn encap<R: CryptoRng + RngCore>(
        pk_recip: &PublicKey,
        sender_id_keypair: Option<(&PrivateKey, &PublicKey)>,
        csprng: &mut R,
    ) -> Result<(SharedSecret<Self>, EncappedKey), HpkeError> {
        if sender_id_keypair.is_some() {
            return Err(HpkeError::EncapError);
        }
        let key =
            EncapsulationKey::try_from(pk_recip.0.as_slice()).map_err(|_| HpkeError::EncapError)?;
        let (ciphertext, secret) = key.encapsulate_with_rng(&mut NewerRng(csprng));
        let ciphertext = ciphertext.0;
        Ok((shared(secret.as_ref()), EncappedKey(Box::new(ciphertext))))
    }
}

fn shared(secret: &[u8; 32]) -> SharedSecret<XWing> {
    SharedSecret(GenericArray::from(*secret))
}

fn public_of(key: &DecapsulationKey) -> [u8; ENCAPSULATION_KEY_SIZE] {
    use x_wing::Decapsulator;

    key.encapsulation_key().to_bytes().0
}

/// A generator of rand_core 0.6 where 0.10 is wanted.
struct NewerRng<'a, R>(&'a mut R);

impl<R: RngCore> TryRng for NewerRng<'_, R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: CryptoRng + RngCore> TryCryptoRng for NewerRng<'_, R> {}

macro_rules! bytes {
    ($name:ident, $size:ty, |$array:ident| $wrap:expr) => {
        impl Serializable for $name {
            type OutputSize = $size;

            fn write_exact(&self, buf: &mut [u8]) {
                buf.copy_from_slice(self.0.as_slice());
            }
        }

        impl Deserializable for $name {
            fn from_bytes(encoded: &[u8]) -> Result<Self, HpkeError> {
                let $array = encoded
                    .try_into()
                    .map_err(|_| HpkeError::IncorrectInputLength(Self::size(), encoded.len()))?;
                Ok(Self($wrap))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

bytes!(PrivateKey, U32, |array| Zeroizing::new(array));
bytes!(PublicKey, Sum<U1024, Sum<U128, U64>>, |array| Box::new(array));
bytes!(EncappedKey, Sum<U1024, U96>, |array| Box::new(array));
