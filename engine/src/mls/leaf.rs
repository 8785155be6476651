//! Who a leaf is.
//!
//! The credential is a BasicCredential whose identity is a [`DeviceCertificate`]; the leaf's
//! signature key is the device's key.

use ed25519_dalek::{Signer as _, SigningKey};
use openmls::credentials::{BasicCredential, Credential, CredentialWithKey};
use openmls::extensions::ExtensionType;
use openmls::prelude::{Capabilities, LeafNode, Lifetime, ProtocolVersion};
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use sotto_shared::account::{DeviceCertificate, DeviceKey};

use super::key_package::EXPIRES;
use super::policy::POLICY;
use super::{Device, KnownAccounts, PolicyError, Suite};

/// This device, as it signs.
pub(super) struct Identity {
    key: SigningKey,
    pub(super) certificate: DeviceCertificate,
}

impl Identity {
    pub(super) fn new(key: &DeviceKey, certificate: DeviceCertificate) -> Self {
        Self {
            key: SigningKey::from_bytes(&key.to_bytes()),
            certificate,
        }
    }

    pub(super) fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.certificate.to_bytes()).into(),
            signature_key: self.key.verifying_key().to_bytes().as_slice().into(),
        }
    }
}

impl Signer for Identity {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.key.sign(payload).to_bytes().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// What every leaf of Sotto can do.
pub(super) fn capabilities() -> Capabilities {
    Capabilities::builder()
        .versions(vec![ProtocolVersion::Mls10])
        .ciphersuites(Suite::ALL.map(Suite::ciphersuite).to_vec())
        .extensions(vec![
            ExtensionType::LastResort,
            ExtensionType::Unknown(POLICY),
            ExtensionType::Unknown(EXPIRES),
        ])
        .build()
}

/// The lifetime that MLS itself knows of a leaf: for ever.
///
/// OpenMLS compares it with the clock of everybody who reads a commit, whenever that is: somebody
/// who was away, or whose clock is wrong, could not read on. What limits the use of a key package
/// is [`EXPIRES`], by whoever takes it to add a device.
pub(super) fn lifetime() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}

/// The device of a leaf that is new here: certified by its account, and by the key that is pinned
/// for it.
pub(super) fn verify(
    leaf: &LeafNode,
    known: &impl KnownAccounts,
) -> Result<DeviceCertificate, PolicyError> {
    verify_parts(leaf.credential(), leaf.signature_key().as_slice(), known)
}

/// As [`verify`], of a leaf's parts.
pub(super) fn verify_parts(
    credential: &Credential,
    signature_key: &[u8],
    known: &impl KnownAccounts,
) -> Result<DeviceCertificate, PolicyError> {
    let certificate = read(credential)?;
    let device = Device::from(&certificate);
    if certificate.verify().is_err() {
        return Err(PolicyError::ForgedCertificate(device));
    }
    if certificate.device_key.as_bytes().as_slice() != signature_key {
        return Err(PolicyError::AnothersCertificate(device));
    }
    match known.account_key(device.account) {
        Some(key) if key != certificate.account_key => Err(PolicyError::WrongAccountKey(device)),
        _ => Ok(certificate),
    }
}

/// The device of a leaf that was verified when it came.
pub(super) fn read(credential: &Credential) -> Result<DeviceCertificate, PolicyError> {
    let credential =
        BasicCredential::try_from(credential.clone()).map_err(|_| PolicyError::ForeignLeaf)?;
    DeviceCertificate::from_bytes(credential.identity()).map_err(|_| PolicyError::ForeignLeaf)
}
