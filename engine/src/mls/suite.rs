//! The suites.

use openmls_traits::types::Ciphersuite;
use sotto_shared::sotto::group::SuiteId;

/// What a group is encrypted with, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Suite {
    /// X-Wing, ChaCha20-Poly1305, SHA-256, Ed25519: safe against quantum computers that read what
    /// was recorded today. For direct chats and groups.
    PostQuantum,
    /// X25519, ChaCha20-Poly1305, SHA-256, Ed25519: a tenth of the bytes. For the lobby.
    Classical,
}

impl Suite {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::PostQuantum, Self::Classical];

    /// Its number (RFC 9420, section 17.1, and draft-ietf-mls-pq-ciphersuites).
    pub(crate) fn id(self) -> SuiteId {
        SuiteId(self.ciphersuite() as u16)
    }

    /// The suite with this number, if it is one of these.
    pub(crate) fn from_id(id: SuiteId) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id() == id)
    }

    pub(super) const fn ciphersuite(self) -> Ciphersuite {
        match self {
            Self::PostQuantum => Ciphersuite::MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519,
            Self::Classical => Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519,
        }
    }

    pub(super) fn of(ciphersuite: Ciphersuite) -> Option<Self> {
        Self::from_id(SuiteId(ciphersuite as u16))
    }
}
