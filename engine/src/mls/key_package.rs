//! Key packages: what others need to add this device while it is away.

use core::time::Duration;

use openmls::extensions::{Extension, Extensions, UnknownExtension};
use openmls::key_packages::KeyPackage as MlsKeyPackage;
use openmls::prelude::{
    KeyPackageIn, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, ProtocolVersion,
};
use openmls_traits::storage::StorageProvider;
use serde::{Deserialize, Serialize};
use sotto_shared::account::DeviceCertificate;
use tls_codec::{DeserializeBytes, Serialize as _};

use super::error::KeyPackageError;
use super::leaf::{capabilities, lifetime, verify};
use super::provider::{Kind, OpenMlsProvider, Provider, StorageKey};
use super::{Device, KnownAccounts, Mls, MlsError, Suite};
use crate::store::StoreError;
use crate::time::Timestamp;

/// Type of the extension that says until when a key package is used: seconds since 1970, u64,
/// big-endian.
pub(super) const EXPIRES: u16 = 0xf051;

/// How long a key package is used.
pub(crate) const LIFETIME: Duration = Duration::from_hours(90 * 24);

/// How long the private keys of an expired one are kept, for a welcome that is on its way.
const GRACE: Duration = Duration::from_hours(30 * 24);

/// By how much clocks may differ before a key package looks as if it were valid for too long.
const CLOCK_SKEW: Duration = Duration::from_hours(24);

/// A key package to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnKeyPackage {
    /// MLSMessage with a KeyPackage in it.
    pub(crate) bytes: Vec<u8>,
    /// Used when there is no other, and any number of times.
    pub(crate) is_last_resort: bool,
    /// Seconds since 1970: not to be used after that.
    pub(crate) expires_at: u64,
}

/// Somebody's key package, verified: what it takes to add a device.
#[derive(Debug, Clone)]
pub(crate) struct KeyPackage {
    pub(super) package: MlsKeyPackage,
    /// The device.
    pub(crate) certificate: DeviceCertificate,
    suite: Suite,
    expires_at: u64,
}

/// What is kept of an own key package beside its keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Made {
    reference: Vec<u8>,
    suite: u16,
    is_last_resort: bool,
    expires_at: u64,
}

impl KeyPackage {
    /// Whether it can be used for this suite now.
    pub(super) fn check(&self, suite: Suite, now: Timestamp) -> Result<(), KeyPackageError> {
        if self.suite != suite {
            return Err(KeyPackageError::Suite);
        }
        check_expiry(self.expires_at, seconds(now))
    }
}

impl Mls {
    /// Makes one-time key packages. Their private keys are kept until they are used, or some time
    /// after they expired.
    ///
    /// # Errors
    /// [`MlsError::State`], [`MlsError::Mls`].
    pub(crate) fn make_key_packages(
        &mut self,
        suite: Suite,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<OwnKeyPackage>, MlsError> {
        (0..count)
            .map(|_| self.make_key_package(suite, false, now))
            .collect()
    }

    /// Makes a key package that can be used any number of times, for when there is no other.
    ///
    /// # Errors
    /// [`MlsError::State`], [`MlsError::Mls`].
    pub(crate) fn make_last_resort(
        &mut self,
        suite: Suite,
        now: Timestamp,
    ) -> Result<OwnKeyPackage, MlsError> {
        self.make_key_package(suite, true, now)
    }

    fn make_key_package(
        &mut self,
        suite: Suite,
        is_last_resort: bool,
        now: Timestamp,
    ) -> Result<OwnKeyPackage, MlsError> {
        let expires_at = seconds(now + LIFETIME);
        let expires = UnknownExtension(expires_at.to_be_bytes().to_vec());
        let extensions =
            Extensions::single(Extension::Unknown(EXPIRES, expires)).map_err(MlsError::mls)?;
        let mut builder = MlsKeyPackage::builder()
            .key_package_lifetime(lifetime())
            .leaf_node_capabilities(capabilities())
            .key_package_extensions(extensions);
        if is_last_resort {
            builder = builder.mark_as_last_resort();
        }
        let credential = self.identity.credential();
        let bundle = builder
            .build(
                suite.ciphersuite(),
                &self.provider,
                &self.identity,
                credential,
            )
            .map_err(MlsError::mls)?;
        let package = bundle.key_package();
        let reference = package
            .hash_ref(self.provider.crypto())
            .map_err(MlsError::mls)?;
        let made = Made {
            reference: crate::record::encode(&reference)?,
            suite: suite.id().0,
            is_last_resort,
            expires_at,
        };
        let key = StorageKey::single(Kind::Made, &made.reference)?;
        self.provider.state().write(&key, &made)?;
        let bytes = MlsMessageOut::from(package.clone())
            .tls_serialize_detached()
            .map_err(MlsError::mls)?;
        Ok(OwnKeyPackage {
            bytes,
            is_last_resort,
            expires_at,
        })
    }

    /// Deletes the private keys of key packages that are used up or expired some time ago.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub(crate) fn forget_key_packages(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let state = self.provider.state();
        for made in state.all::<Made>(Kind::Made)? {
            let reference: openmls::prelude::KeyPackageRef =
                crate::record::decode(&made.reference)?;
            let is_over = made.expires_at.saturating_add(GRACE.as_secs()) < seconds(now);
            if is_over {
                state.delete_key_package(&reference)?;
            }
            let is_used = !state.has(&StorageKey::single(Kind::KeyPackage, &reference)?);
            if is_used {
                state.delete(&StorageKey::single(Kind::Made, &made.reference)?);
            }
        }
        Ok(())
    }

    /// Reads and verifies somebody's key package.
    ///
    /// # Errors
    /// [`KeyPackageError`].
    pub(crate) fn read_key_package(
        &self,
        bytes: &[u8],
        of: Device,
        suite: Suite,
        now: Timestamp,
        known: &impl KnownAccounts,
    ) -> Result<KeyPackage, KeyPackageError> {
        let package = parse(bytes, &self.provider)?;
        let certificate = verify(package.leaf_node(), known)?;
        let device = Device::from(&certificate);
        if device != of {
            return Err(KeyPackageError::AnotherDevice(device));
        }
        let expires_at = expires_at(&package).ok_or(KeyPackageError::Damaged)?;
        let package = KeyPackage {
            suite: Suite::of(package.ciphersuite()).ok_or(KeyPackageError::Suite)?,
            package,
            certificate,
            expires_at,
        };
        package.check(suite, now)?;
        Ok(package)
    }
}

pub(super) fn parse(bytes: &[u8], provider: &Provider) -> Result<MlsKeyPackage, KeyPackageError> {
    let message =
        MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| KeyPackageError::Damaged)?;
    let MlsMessageBodyIn::KeyPackage(package) = message.extract() else {
        return Err(KeyPackageError::Damaged);
    };
    KeyPackageIn::validate(package, provider.crypto(), ProtocolVersion::Mls10)
        .map_err(|_| KeyPackageError::Damaged)
}

fn expires_at(package: &MlsKeyPackage) -> Option<u64> {
    let extension = package.extensions().unknown(EXPIRES)?;
    let bytes: [u8; 8] = extension.0.as_slice().try_into().ok()?;
    Some(u64::from_be_bytes(bytes))
}

fn check_expiry(expires_at: u64, now: u64) -> Result<(), KeyPackageError> {
    let left = expires_at.saturating_sub(now);
    if left == 0 {
        return Err(KeyPackageError::Expired { expires_at, now });
    }
    if left > (LIFETIME + CLOCK_SKEW).as_secs() {
        return Err(KeyPackageError::TooLong { seconds: left });
    }
    Ok(())
}

fn seconds(time: Timestamp) -> u64 {
    time.0 / 1000
}
