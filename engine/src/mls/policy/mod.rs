//! What a group is, and who may change it.
//!
//! The [`Policy`] lies in the group context, in an extension of a private-use type, so all members
//! have the same one and only a commit changes it. Every client [`check`]s every commit against
//! the policy that was in force before it, and refuses what it forbids, whoever the gateway let
//! through.
//!
//! | | direct | group | lobby |
//! | --- | --- | --- | --- |
//! | devices of accounts | of the two | of members | of anybody |
//! | new account added by | – | admins | itself, by external commit |
//! | device of a member account added by | any member, or itself by external commit | the same | the same |
//! | another account's device removed by | – | admins | – |
//! | own account's device removed by | that account | that account | that account |
//! | revoked device removed by | any member, with the revocation | the same | the same |
//! | policy changed by | the two: profile only | admins | – |
//!
//! A group none of whose admins is a member any more would stay as it is for ever: there everybody
//! counts as one.

mod check;

use std::collections::BTreeSet;

use openmls::extensions::{
    Extension, ExtensionType, Extensions, RequiredCapabilitiesExtension, UnknownExtension,
};
use openmls::group::GroupContext;
use serde::{Deserialize, Serialize};
use sotto_shared::AccountId;

pub(super) use check::check_members;
pub(crate) use check::{Commit, Joiner, check};

use super::Device;

/// Type of the extension, of the range for private use (RFC 9420, section 17.3).
pub(super) const POLICY: u16 = 0xf050;

/// Version of the encoding.
const VERSION: u8 = 1;

/// What a group is, and who may change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    /// What it is.
    pub(crate) kind: Kind,
    /// SHA-256 of the profile, which begins with 32 random bytes, so that nobody can guess it.
    pub(crate) profile: [u8; 32],
}

/// What a group is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A chat of two accounts: see [`Policy::direct`].
    Direct([AccountId; 2]),
    /// Invited members.
    Group {
        /// Who may add, remove and rename.
        admins: BTreeSet<AccountId>,
    },
    /// Everybody who wants.
    Lobby,
}

impl Policy {
    /// Of a chat of these two.
    pub(crate) fn direct(one: AccountId, other: AccountId, profile: [u8; 32]) -> Self {
        let mut pair = [one, other];
        pair.sort_unstable();
        Self {
            kind: Kind::Direct(pair),
            profile,
        }
    }

    /// Of a group with these admins.
    pub(crate) fn group(admins: impl IntoIterator<Item = AccountId>, profile: [u8; 32]) -> Self {
        let admins = admins.into_iter().collect();
        Self {
            kind: Kind::Group { admins },
            profile,
        }
    }

    /// Of the lobby.
    pub(crate) fn lobby(profile: [u8; 32]) -> Self {
        Self {
            kind: Kind::Lobby,
            profile,
        }
    }

    /// The version byte, and postcard.
    fn encode(&self) -> Result<Vec<u8>, PolicyError> {
        postcard::to_extend(self, vec![VERSION]).map_err(|_| PolicyError::NoPolicy)
    }

    /// Reads [`encode`](Self::encode). One policy has one encoding.
    fn decode(bytes: &[u8]) -> Result<Self, PolicyError> {
        let policy: Self = match bytes.split_first() {
            Some((&VERSION, policy)) => {
                postcard::from_bytes(policy).map_err(|_| PolicyError::NoPolicy)?
            }
            Some((&version, _)) => return Err(PolicyError::NewerPolicy(version)),
            None => return Err(PolicyError::NoPolicy),
        };
        let is_sorted = match &policy.kind {
            Kind::Direct(pair) => pair.is_sorted(),
            Kind::Group { .. } | Kind::Lobby => true,
        };
        if is_sorted && policy.encode()? == bytes {
            Ok(policy)
        } else {
            Err(PolicyError::NoPolicy)
        }
    }

    /// The group context's extensions: nothing but this.
    pub(super) fn to_extensions(&self) -> Result<Extensions<GroupContext>, PolicyError> {
        let required =
            RequiredCapabilitiesExtension::new(&[ExtensionType::Unknown(POLICY)], &[], &[]);
        let policy = UnknownExtension(self.encode()?);
        Extensions::from_vec(vec![
            Extension::RequiredCapabilities(required),
            Extension::Unknown(POLICY, policy),
        ])
        .map_err(|_| PolicyError::NoPolicy)
    }

    /// The policy of a group context, if it has exactly the extensions that ours have.
    pub(super) fn from_extensions(
        extensions: &Extensions<GroupContext>,
    ) -> Result<Self, PolicyError> {
        let extension = extensions.unknown(POLICY).ok_or(PolicyError::NoPolicy)?;
        let policy = Self::decode(&extension.0)?;
        if policy.to_extensions()? == *extensions {
            Ok(policy)
        } else {
            Err(PolicyError::NoPolicy)
        }
    }
}

/// What a group's rules, or Sotto's, forbid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PolicyError {
    /// The group says nothing that this version understands of what it is.
    #[error("the group does not say what it is")]
    NoPolicy,
    /// The policy is of a version that is newer than this Sotto.
    #[error("the group's rules are of version {0}, newer than this Sotto")]
    NewerPolicy(u8),
    /// A leaf without a device certificate.
    #[error("a member has no device certificate")]
    ForeignLeaf,
    /// A certificate that the key in it did not sign.
    #[error("the certificate of device {} is forged", .0.client)]
    ForgedCertificate(Device),
    /// A certificate of another device than the one that uses it.
    #[error("somebody uses the certificate of device {}", .0.client)]
    AnothersCertificate(Device),
    /// The account is known here, with another key.
    #[error("device {} is certified by another key than that of account {}", .0.client, .0.account)]
    WrongAccountKey(Device),
    /// Two members are certified for one account by different keys.
    #[error("two keys certify devices of account {0}")]
    TwoAccountKeys(AccountId),
    /// Two members have the same mailbox.
    #[error("device {} is in the group twice", .0.client)]
    DoubleDevice(Device),
    /// A member's leaf became another device's.
    #[error("the leaf of device {} became another device's", .0.client)]
    IdentityChanged(Device),
    /// A device of an account that may not be in this group, or was not let in.
    #[error("account {0} was let in by somebody who may not")]
    ForeignAccount(AccountId),
    /// A change that is for admins.
    #[error("account {0} is no admin")]
    NotAdmin(AccountId),
    /// Somebody removed a device of another account.
    #[error("account {by} removed device {} of another account", of.client)]
    NotTheirs {
        /// Who removed it.
        by: AccountId,
        /// What was removed.
        of: Device,
    },
    /// A group cannot become something else.
    #[error("a group cannot become something else")]
    KindChanged,
    /// Something that Sotto does not do with groups.
    #[error("a change of a kind that Sotto does not make")]
    UnknownChange,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_as_written_and_in_no_other_form() {
        let account = |n| AccountId::from_bytes([n; 16]);
        for policy in [
            Policy::direct(account(2), account(1), [7; 32]),
            Policy::group([account(3), account(1)], [7; 32]),
            Policy::lobby([7; 32]),
        ] {
            let bytes = policy.encode().unwrap();
            assert_eq!(Policy::decode(&bytes), Ok(policy.clone()));
            for cut in 0..bytes.len() {
                assert!(Policy::decode(&bytes[..cut]).is_err(), "{cut}");
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            assert_eq!(Policy::decode(&longer), Err(PolicyError::NoPolicy));
            let newer = [&[2], &bytes[1..]].concat();
            assert_eq!(Policy::decode(&newer), Err(PolicyError::NewerPolicy(2)));
            let extensions = policy.to_extensions().unwrap();
            assert_eq!(Policy::from_extensions(&extensions), Ok(policy));
        }
        let mut swapped = Policy::direct(account(2), account(1), [7; 32]);
        swapped.kind = Kind::Direct([account(2), account(1)]);
        let bytes = swapped.encode().unwrap();
        assert_eq!(Policy::decode(&bytes), Err(PolicyError::NoPolicy));
    }
}
