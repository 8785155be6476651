//! The storage that OpenMLS is given.
//!
//! | key | value |
//! | --- | --- |
//! | `g` 00 kind digest 16, piece 2 | what belongs to no group: key packages, single keys |
//! | `g` 01 group 16, kind, piece 2 | what there is one of in a group |
//! | `g` 01 group 16, kind, digest 16, piece 2 | what there are several of in a group |
//!
//! A digest is the beginning of the SHA-256 of OpenMLS' own key. Values are postcard behind a version
//! byte, in pieces.

use core::cell::RefCell;

use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::config::stored_join_config;
use super::values::Values;
use crate::record;
use crate::store::{Batch, StoreError};

const V: u16 = CURRENT_VERSION;

/// What a value is; part of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::mls) enum Kind {
    /// Of OpenMLS, one in each group.
    Tree = 1,
    InterimTranscriptHash,
    Context,
    ConfirmationTag,
    MessageSecrets,
    ResumptionPsks,
    OwnLeafIndex,
    EpochSecrets,
    State,
    OwnLeafNodes,
    ProposalRefs,
    /// Of OpenMLS, several in each group.
    Proposal,
    EpochKeyPairs,
    /// Of OpenMLS, in no group.
    KeyPackage,
    EncryptionKeyPair,
    SignatureKeyPair,
    Psk,
    /// Ours: what is known of a key package that was made.
    Made,
    /// Ours: that a group is being joined.
    Joining,
    /// Ours: who asked to leave.
    Leaving,
}

/// In memory, resident; what changes goes into batches.
#[derive(Debug, Default)]
pub(in crate::mls) struct Storage {
    values: RefCell<Values>,
}

impl Storage {
    pub(in crate::mls) fn restore(&self, key: Vec<u8>, value: Vec<u8>) {
        self.values.borrow_mut().restore(key, value);
    }

    pub(in crate::mls) fn take_changes(&self, batch: &mut Batch) {
        self.values.borrow_mut().take_changes(batch);
    }

    /// Everything of a group that is left.
    pub(in crate::mls) fn delete_group(&self, group: &[u8; 16]) {
        self.values.borrow_mut().delete_all(&group_prefix(group));
    }

    /// The groups that there are.
    pub(in crate::mls) fn groups(&self) -> Vec<[u8; 16]> {
        let prefix = [record::MLS, &[GROUPS]].concat();
        let mut groups: Vec<[u8; 16]> = (self.values.borrow().keys(&prefix).iter())
            .filter_map(|key| key.get(prefix.len()..)?.first_chunk().copied())
            .collect();
        groups.dedup();
        groups
    }

    /// All values of one of our own kinds that belong to no group.
    pub(in crate::mls) fn all<T: DeserializeOwned>(
        &self,
        kind: Kind,
    ) -> Result<Vec<T>, StoreError> {
        let prefix = [record::MLS, &[SINGLE, kind as u8]].concat();
        let values = self.values.borrow();
        let keys = values.keys(&prefix);
        keys.iter()
            .filter_map(|key| values.get(key))
            .map(|value| record::decode(&value))
            .collect()
    }

    #[cfg(test)]
    pub(in crate::mls) fn size(&self) -> usize {
        self.values.borrow().size()
    }

    pub(in crate::mls) fn write<T: Serialize>(
        &self,
        key: &StorageKey,
        value: &T,
    ) -> Result<(), StoreError> {
        let value = zeroize::Zeroizing::new(record::encode(value)?);
        self.values.borrow_mut().put(&key.0, &value)
    }

    pub(in crate::mls) fn read<T: DeserializeOwned>(
        &self,
        key: &StorageKey,
    ) -> Result<Option<T>, StoreError> {
        let value = self.values.borrow().get(&key.0);
        value.map(|value| record::decode(&value)).transpose()
    }

    pub(in crate::mls) fn has(&self, key: &StorageKey) -> bool {
        self.values.borrow().has(&key.0)
    }

    pub(in crate::mls) fn delete(&self, key: &StorageKey) {
        self.values.borrow_mut().delete(&key.0);
    }
}

/// First byte of keys of what belongs to no group.
const SINGLE: u8 = 0;
/// First byte of keys of what belongs to a group.
const GROUPS: u8 = 1;
/// How much of a digest is in a key.
const DIGEST: usize = 16;

/// Where a value lies.
pub(in crate::mls) struct StorageKey(Vec<u8>);

impl StorageKey {
    /// Of what belongs to no group.
    pub(in crate::mls) fn single<T: Serialize>(kind: Kind, key: &T) -> Result<Self, StoreError> {
        let prefix = [record::MLS, &[SINGLE, kind as u8]].concat();
        Ok(Self([prefix, digest(key)?].concat()))
    }

    /// Of what there is one of in a group.
    pub(in crate::mls) fn in_group<T: Serialize>(
        kind: Kind,
        group: &T,
    ) -> Result<Self, StoreError> {
        let id = postcard::to_allocvec(group).map_err(unreadable)?;
        // Its length comes first. Groups whose ids are not ours do not come this far.
        let id = match id.split_first() {
            Some((_, id)) if id.len() == 16 => id.to_vec(),
            _ => digest(group)?,
        };
        Ok(Self([record::MLS, &[GROUPS], &id, &[kind as u8]].concat()))
    }

    /// Of what there are several of in a group.
    fn several<G: Serialize, T: Serialize>(
        kind: Kind,
        group: &G,
        key: &T,
    ) -> Result<Self, StoreError> {
        let Self(prefix) = Self::in_group(kind, group)?;
        Ok(Self([prefix, digest(key)?].concat()))
    }
}

fn group_prefix(group: &[u8; 16]) -> Vec<u8> {
    [record::MLS, &[GROUPS], group.as_slice()].concat()
}

fn digest<T: Serialize>(key: &T) -> Result<Vec<u8>, StoreError> {
    let bytes = postcard::to_allocvec(key).map_err(unreadable)?;
    let mut digest = Sha256::digest(bytes).to_vec();
    digest.truncate(DIGEST);
    Ok(digest)
}

fn unreadable(error: postcard::Error) -> StoreError {
    StoreError::Unreadable(error.to_string())
}

/// The methods for what there is one of in a group.
macro_rules! one_of {
    ($kind:ident, $type:ident, $write:ident, $read:ident, $delete:ident) => {
        fn $write<G: traits::GroupId<V>, T: traits::$type<V>>(
            &self,
            group: &G,
            value: &T,
        ) -> Result<(), StoreError> {
            self.write(&StorageKey::in_group(Kind::$kind, group)?, value)
        }

        fn $read<G: traits::GroupId<V>, T: traits::$type<V>>(
            &self,
            group: &G,
        ) -> Result<Option<T>, StoreError> {
            self.read(&StorageKey::in_group(Kind::$kind, group)?)
        }

        fn $delete<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StoreError> {
            self.delete(&StorageKey::in_group(Kind::$kind, group)?);
            Ok(())
        }
    };
}

/// The methods for what belongs to no group.
macro_rules! single {
    ($kind:ident, $key:ident, $type:ident, $write:ident, $delete:ident) => {
        fn $write<K: traits::$key<V>, T: traits::$type<V>>(
            &self,
            key: &K,
            value: &T,
        ) -> Result<(), StoreError> {
            self.write(&StorageKey::single(Kind::$kind, key)?, value)
        }

        fn $delete<K: traits::$key<V>>(&self, key: &K) -> Result<(), StoreError> {
            self.delete(&StorageKey::single(Kind::$kind, key)?);
            Ok(())
        }
    };
}

impl StorageProvider<V> for Storage {
    type Error = StoreError;

    one_of!(Tree, TreeSync, write_tree, tree, delete_tree);
    one_of!(
        InterimTranscriptHash,
        InterimTranscriptHash,
        write_interim_transcript_hash,
        interim_transcript_hash,
        delete_interim_transcript_hash
    );
    one_of!(
        Context,
        GroupContext,
        write_context,
        group_context,
        delete_context
    );
    one_of!(
        ConfirmationTag,
        ConfirmationTag,
        write_confirmation_tag,
        confirmation_tag,
        delete_confirmation_tag
    );
    one_of!(
        MessageSecrets,
        MessageSecrets,
        write_message_secrets,
        message_secrets,
        delete_message_secrets
    );
    one_of!(
        ResumptionPsks,
        ResumptionPskStore,
        write_resumption_psk_store,
        resumption_psk_store,
        delete_all_resumption_psk_secrets
    );
    one_of!(
        OwnLeafIndex,
        LeafNodeIndex,
        write_own_leaf_index,
        own_leaf_index,
        delete_own_leaf_index
    );
    one_of!(
        EpochSecrets,
        GroupEpochSecrets,
        write_group_epoch_secrets,
        group_epoch_secrets,
        delete_group_epoch_secrets
    );

    single!(
        KeyPackage,
        HashReference,
        KeyPackage,
        write_key_package,
        delete_key_package
    );
    single!(
        EncryptionKeyPair,
        EncryptionKey,
        HpkeKeyPair,
        write_encryption_key_pair,
        delete_encryption_key_pair
    );
    single!(
        SignatureKeyPair,
        SignaturePublicKey,
        SignatureKeyPair,
        write_signature_key_pair,
        delete_signature_key_pair
    );
    single!(Psk, PskId, PskBundle, write_psk, delete_psk);

    fn key_package<K: traits::HashReference<V>, T: traits::KeyPackage<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StoreError> {
        self.read(&StorageKey::single(Kind::KeyPackage, key)?)
    }

    fn encryption_key_pair<T: traits::HpkeKeyPair<V>, K: traits::EncryptionKey<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StoreError> {
        self.read(&StorageKey::single(Kind::EncryptionKeyPair, key)?)
    }

    fn signature_key_pair<K: traits::SignaturePublicKey<V>, T: traits::SignatureKeyPair<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StoreError> {
        self.read(&StorageKey::single(Kind::SignatureKeyPair, key)?)
    }

    fn psk<T: traits::PskBundle<V>, K: traits::PskId<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StoreError> {
        self.read(&StorageKey::single(Kind::Psk, key)?)
    }

    fn write_group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
        state: &T,
    ) -> Result<(), StoreError> {
        self.write(&StorageKey::in_group(Kind::State, group)?, state)
    }

    fn group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StoreError> {
        self.read(&StorageKey::in_group(Kind::State, group)?)
    }

    fn delete_group_state<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StoreError> {
        self.delete(&StorageKey::in_group(Kind::State, group)?);
        Ok(())
    }

    /// It is the same for all groups.
    fn write_mls_join_config<G: traits::GroupId<V>, T: traits::MlsGroupJoinConfig<V>>(
        &self,
        _: &G,
        _: &T,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn mls_group_join_config<G: traits::GroupId<V>, T: traits::MlsGroupJoinConfig<V>>(
        &self,
        _: &G,
    ) -> Result<Option<T>, StoreError> {
        stored_join_config().map(Some).map_err(unreadable)
    }

    fn delete_group_config<G: traits::GroupId<V>>(&self, _: &G) -> Result<(), StoreError> {
        Ok(())
    }

    fn append_own_leaf_node<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
        leaf: &T,
    ) -> Result<(), StoreError> {
        let key = StorageKey::in_group(Kind::OwnLeafNodes, group)?;
        let mut leaves: Vec<Vec<u8>> = self.read(&key)?.unwrap_or_default();
        leaves.push(record::encode(leaf)?);
        self.write(&key, &leaves)
    }

    fn own_leaf_nodes<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<T>, StoreError> {
        let key = StorageKey::in_group(Kind::OwnLeafNodes, group)?;
        let leaves: Vec<Vec<u8>> = self.read(&key)?.unwrap_or_default();
        leaves.iter().map(|leaf| record::decode(leaf)).collect()
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StoreError> {
        self.delete(&StorageKey::in_group(Kind::OwnLeafNodes, group)?);
        Ok(())
    }

    fn queue_proposal<
        G: traits::GroupId<V>,
        R: traits::ProposalRef<V>,
        P: traits::QueuedProposal<V>,
    >(
        &self,
        group: &G,
        reference: &R,
        proposal: &P,
    ) -> Result<(), StoreError> {
        let key = StorageKey::several(Kind::Proposal, group, reference)?;
        self.write(&key, proposal)?;
        let key = StorageKey::in_group(Kind::ProposalRefs, group)?;
        let mut references: Vec<Vec<u8>> = self.read(&key)?.unwrap_or_default();
        references.push(record::encode(reference)?);
        self.write(&key, &references)
    }

    fn queued_proposal_refs<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>, StoreError> {
        let key = StorageKey::in_group(Kind::ProposalRefs, group)?;
        let references: Vec<Vec<u8>> = self.read(&key)?.unwrap_or_default();
        references
            .iter()
            .map(|reference| record::decode(reference))
            .collect()
    }

    fn queued_proposals<
        G: traits::GroupId<V>,
        R: traits::ProposalRef<V>,
        P: traits::QueuedProposal<V>,
    >(
        &self,
        group: &G,
    ) -> Result<Vec<(R, P)>, StoreError> {
        let references: Vec<R> = self.queued_proposal_refs(group)?;
        let mut proposals = Vec::with_capacity(references.len());
        for reference in references {
            let key = StorageKey::several(Kind::Proposal, group, &reference)?;
            if let Some(proposal) = self.read(&key)? {
                proposals.push((reference, proposal));
            }
        }
        Ok(proposals)
    }

    fn remove_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<(), StoreError> {
        self.delete(&StorageKey::several(Kind::Proposal, group, reference)?);
        let key = StorageKey::in_group(Kind::ProposalRefs, group)?;
        let mut references: Vec<Vec<u8>> = self.read(&key)?.unwrap_or_default();
        let removed = record::encode(reference)?;
        references.retain(|reference| *reference != removed);
        self.write(&key, &references)
    }

    fn clear_proposal_queue<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<(), StoreError> {
        for reference in self.queued_proposal_refs::<G, R>(group)? {
            self.delete(&StorageKey::several(Kind::Proposal, group, &reference)?);
        }
        self.delete(&StorageKey::in_group(Kind::ProposalRefs, group)?);
        Ok(())
    }

    fn write_encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        T: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
        key_pairs: &[T],
    ) -> Result<(), StoreError> {
        let key = StorageKey::several(Kind::EpochKeyPairs, group, &(epoch, leaf_index))?;
        self.write(&key, &key_pairs)
    }

    fn encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        T: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<Vec<T>, StoreError> {
        let key = StorageKey::several(Kind::EpochKeyPairs, group, &(epoch, leaf_index))?;
        Ok(self.read(&key)?.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<(), StoreError> {
        let key = StorageKey::several(Kind::EpochKeyPairs, group, &(epoch, leaf_index))?;
        self.delete(&key);
        Ok(())
    }
}
