//! The algorithms.

use opaque_ke::argon2::{Algorithm, Argon2, Params, Version};
use opaque_ke::errors::InternalError;
use opaque_ke::generic_array::{ArrayLength, GenericArray};
use opaque_ke::ksf::Ksf;
use opaque_ke::{CipherSuite, Ristretto255, TripleDh};
use sha2::Sha512;

/// Argon2id's memory in KiB: 64 MiB.
pub const ARGON2_MEMORY_KIB: u32 = 64 * 1024;
/// Argon2id's passes.
pub const ARGON2_PASSES: u32 = 3;
/// Argon2id's lanes.
pub const ARGON2_LANES: u32 = 1;

/// Both sides bind their key exchange to this, so that a login of another program or of another
/// version of the protocol is none.
pub(super) const CONTEXT: &[u8] = b"sotto/3 opaque";

/// ristretto255 with SHA-512, triple Diffie-Hellman, Argon2id.
pub struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, Sha512>;
    type Ksf = Stretching;
}

/// Argon2id with the parameters above. A type of its own, because the default parameters of
/// [`Argon2`] are others, and a forgotten argument would take them.
#[derive(Default)]
pub struct Stretching;

impl Ksf for Stretching {
    fn hash<L: ArrayLength<u8>>(
        &self,
        input: GenericArray<u8, L>,
    ) -> Result<GenericArray<u8, L>, InternalError> {
        let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None)
            .map_err(|_| InternalError::KsfError)?;
        Ksf::hash(
            &Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            input,
        )
    }
}
