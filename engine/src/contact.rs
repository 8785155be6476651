//! Somebody to talk to: name, public key, symmetric keys, and where the conversation stands.

use serde::{Deserialize, Serialize};
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::crypto::SymmetricKey;
use sotto_shared::limits::PUBLIC_KEY_SIZE;
use sotto_shared::{AccountId, ClientId, UserName};
use zeroize::Zeroize;

use crate::api::{KeyState, LastMessage, Person, Seq};
use crate::identity::fingerprint;

/// Symmetric keys that are kept per contact, the newest last. Older ones open what was sent before
/// a new key arrived.
pub(crate) const KEYS_MAX: usize = 8;
/// Unseen messages that are counted.
const UNREAD_MAX: usize = 9_999;
/// Messages that are tried again when a key arrives.
const UNDECRYPTED_MAX: usize = 256;

/// A contact as it lies in memory and in the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) client: ClientId,
    /// Nothing until a client list showed it.
    pub(crate) name: Option<UserName>,
    pub(crate) listed: bool,
    /// Pinned when first seen.
    public_key: Option<Vec<u8>>,
    keys: Vec<StoredKey>,
    pub(crate) key_requested: bool,
    /// The last position that was given away.
    last_seq: Seq,
    unread: Vec<Seq>,
    pub(crate) undecrypted: Vec<Seq>,
    pub(crate) last: Option<LastMessage>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredKey([u8; 16]);

impl core::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("StoredKey(..)")
    }
}

impl Drop for StoredKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Contact {
    pub(crate) fn new(client: ClientId) -> Self {
        Self {
            client,
            name: None,
            listed: false,
            public_key: None,
            keys: Vec::new(),
            key_requested: false,
            last_seq: Seq(0),
            unread: Vec::new(),
            undecrypted: Vec::new(),
            last: None,
        }
    }

    /// Whether there is more to keep than what the next client list shows anyway.
    pub(crate) fn is_worth_storing(&self) -> bool {
        self.last_seq > Seq(0) || self.public_key.is_some() || !self.keys.is_empty()
    }

    /// As it is taken over by a client that has none of the messages.
    pub(crate) fn without_history(mut self) -> Self {
        self.last_seq = Seq(0);
        self.unread.clear();
        self.undecrypted.clear();
        self.last = None;
        self.key_requested = false;
        self
    }

    /// The position for the next message.
    pub(crate) fn take_seq(&mut self) -> Seq {
        self.last_seq = Seq(self.last_seq.0 + 1);
        self.last_seq
    }

    pub(crate) fn public_key(&self) -> Option<PublicKeyBytes> {
        let bytes: [u8; PUBLIC_KEY_SIZE] = self.public_key.as_deref()?.try_into().ok()?;
        Some(PublicKeyBytes(bytes))
    }

    pub(crate) fn pin_public_key(&mut self, key: &PublicKeyBytes) {
        self.public_key = Some(key.0.to_vec());
    }

    /// Forgets a public key that is proven not to be theirs.
    pub(crate) fn forget_public_key(&mut self) {
        self.public_key = None;
    }

    /// Forgets all symmetric keys.
    pub(crate) fn forget_keys(&mut self) {
        self.keys.clear();
        self.key_requested = false;
    }

    /// The key to encrypt with: the one exchanged or used last.
    pub(crate) fn current_key(&self) -> Option<SymmetricKey> {
        self.keys.last().map(|key| SymmetricKey::from_bytes(key.0))
    }

    /// All keys, the current one first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = SymmetricKey> + '_ {
        self.keys
            .iter()
            .rev()
            .map(|key| SymmetricKey::from_bytes(key.0))
    }

    /// Makes a key the current one.
    pub(crate) fn use_key(&mut self, key: &SymmetricKey) {
        let key = StoredKey(*key.expose());
        self.keys.retain(|known| *known != key);
        self.keys.push(key);
        if self.keys.len() > KEYS_MAX {
            self.keys.remove(0);
        }
    }

    pub(crate) fn add_unread(&mut self, seq: Seq) {
        if self.unread.len() < UNREAD_MAX {
            self.unread.push(seq);
        }
    }

    /// Forgets unseen messages up to this one; whether any was.
    pub(crate) fn mark_read(&mut self, up_to: Seq) -> bool {
        let before = self.unread.len();
        self.unread.retain(|seq| *seq > up_to);
        self.unread.len() != before
    }

    pub(crate) fn forget_message(&mut self, seq: Seq) {
        self.unread.retain(|unread| *unread != seq);
        self.undecrypted.retain(|undecrypted| *undecrypted != seq);
    }

    pub(crate) fn add_undecrypted(&mut self, seq: Seq) {
        if self.undecrypted.len() < UNDECRYPTED_MAX {
            self.undecrypted.push(seq);
        }
    }

    /// The name, or what to show until it is known.
    pub(crate) fn shown_name(&self) -> UserName {
        self.name.clone().unwrap_or_else(|| {
            let id = self.client.to_string();
            UserName::from_field_lossy(format!("Unknown {}", id.get(..8).unwrap_or("?")).as_bytes())
        })
    }

    /// How it shows; `sending` tells whether a key of ours is on its way.
    pub(crate) fn person(&self, sending: bool, account: Option<AccountId>) -> Person {
        let key = match (self.keys.is_empty(), sending, self.key_requested) {
            (false, _, _) => KeyState::Established,
            (true, true, _) => KeyState::Sending,
            (true, false, true) => KeyState::Requested,
            (true, false, false) => KeyState::None,
        };
        Person {
            client: self.client,
            name: self.shown_name(),
            listed: self.listed,
            key,
            fingerprint: self.public_key().map(|key| fingerprint(&key)),
            unread: u32::try_from(self.unread.len()).unwrap_or(u32::MAX),
            last: self.last.clone(),
            account,
        }
    }
}
