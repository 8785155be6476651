//! Who connects.

use core::fmt;

use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};

use super::{BadSignature, check, signed_bytes};
use crate::account::key::{DeviceKey, DevicePublicKey, Signature};
use crate::{ClientId, GatewayId};

const DOMAIN: &str = "sotto/3 device login";

/// What a gateway gives to each connection, to be signed once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Nonce([u8; 32]);

impl Nonce {
    /// A new random nonce.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// From the 32 bytes on the wire.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes on the wire.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    /// Without its bytes: a log line is to be of no help in guessing what is signed next.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// The device's proof that it is the one that connects.
///
/// Signed: `sotto/3 device login` | 00 | gateway 16 | nonce 32 | client 16.
pub fn login_signature(
    key: &DeviceKey,
    gateway: &GatewayId,
    nonce: &Nonce,
    client: ClientId,
) -> Signature {
    key.sign(&signed(gateway, nonce, client))
}

/// Checks a device's proof. The caller checks that the nonce is this connection's and unused, and
/// that the device is not revoked.
///
/// # Errors
/// [`BadSignature`].
pub fn verify_login(
    key: &DevicePublicKey,
    gateway: &GatewayId,
    nonce: &Nonce,
    client: ClientId,
    signature: &Signature,
) -> Result<(), BadSignature> {
    check(key.verifies(&signed(gateway, nonce, client), signature))
}

fn signed(gateway: &GatewayId, nonce: &Nonce, client: ClientId) -> Vec<u8> {
    let fields = [
        gateway.as_bytes().as_slice(),
        nonce.as_bytes(),
        client.as_bytes(),
    ];
    signed_bytes(DOMAIN, &fields.concat())
}
