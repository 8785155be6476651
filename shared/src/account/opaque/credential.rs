//! Whose password it is.

use serde::{Deserialize, Serialize};

use crate::GatewayId;
use crate::account::name::AccountName;

/// The ways to open an account, each with a record of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// The password that the user chose.
    Password,
    /// The [recovery code](super::super::recovery_code::RecoveryCode).
    Recovery,
}

impl Slot {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Password, Self::Recovery];

    /// The slot's number in whatever is hashed or stored.
    pub const fn number(self) -> u8 {
        match self {
            Self::Password => 1,
            Self::Recovery => 2,
        }
    }
}

/// Under what the gateway derives an account's OPRF key (RFC 9807, `credential_identifier`): slot
/// number u8 | name. It depends on the name and not on the account, so that a name that nobody
/// has is answered with the same key each time, as one that somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialId(Vec<u8>);

impl CredentialId {
    /// The id of a name's slot.
    pub fn new(name: &AccountName, slot: Slot) -> Self {
        Self(slot_and_name(name, slot))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Who the two sides think they are (RFC 9807, section 4): the client is slot number u8 | name,
/// the server is the gateway's id. A registration binds to them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifiers {
    client: Vec<u8>,
    gateway: GatewayId,
}

impl Identifiers {
    /// For one slot of an account at a gateway.
    pub fn new(name: &AccountName, slot: Slot, gateway: GatewayId) -> Self {
        Self {
            client: slot_and_name(name, slot),
            gateway,
        }
    }

    pub(super) fn as_opaque(&self) -> opaque_ke::Identifiers<'_> {
        opaque_ke::Identifiers {
            client: Some(&self.client),
            server: Some(self.gateway.as_bytes()),
        }
    }
}

fn slot_and_name(name: &AccountName, slot: Slot) -> Vec<u8> {
    let mut bytes = vec![slot.number()];
    bytes.extend_from_slice(name.as_str().as_bytes());
    bytes
}
