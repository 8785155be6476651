//! Locking: which words open the store, and when it closes.
//!
//! The storage key lies in the key slot, in the clear or under a passphrase; with an account, the
//! passphrase is its password. A change of the slot and what it belongs to are one atomic batch,
//! so there is no moment at which a crash leaves a slot that nobody's words open.

use core::time::Duration;

use rand_chacha::ChaCha20Rng;

use super::{Driver, Input, Mode, Output};
use crate::account::stored::StoredLock;
use crate::api::{
    AUTO_LOCK_MINUTES_MAX, AccountCommand, AccountEvent, AccountFailure, Command, Deed, Event,
    Failure, Passphrase,
};
use crate::machine::SlotChange;
use crate::record;
use crate::store::{Batch, SealedStore, Store, StoreError};
use crate::time::Timestamp;
use crate::vault::{self, KeySlot, PassphraseBox};

impl<S: Store> Driver<S> {
    /// Does what is about locking; gives back what the engine is to hear.
    pub(super) async fn intercept(
        &mut self,
        input: Input,
        now: Timestamp,
        outputs: &mut Vec<Output>,
    ) -> Option<Input> {
        let is_open = matches!(self.mode, Mode::Open { .. });
        match input {
            Input::Command(Command::Unlock { passphrase }) if !is_open => {
                self.unlock(&passphrase, now, outputs).await;
            }
            Input::Command(Command::SetPassphrase { passphrase }) if is_open => {
                self.set_passphrase(passphrase, outputs).await;
            }
            Input::Command(Command::Account(command)) => {
                let command = self.intercept_account(command, now, outputs).await?;
                return Some(Input::Command(Command::Account(command)));
            }
            other => return Some(other),
        }
        None
    }

    async fn intercept_account(
        &mut self,
        command: AccountCommand,
        now: Timestamp,
        outputs: &mut Vec<Output>,
    ) -> Option<AccountCommand> {
        let is_open = matches!(self.mode, Mode::Open { .. });
        match command {
            AccountCommand::Active => self.active_at = Some(now),
            AccountCommand::Forget if matches!(self.mode, Mode::Locked { .. }) => {
                self.erase(now, outputs).await;
            }
            AccountCommand::Lock if is_open => {
                if !self.lock(outputs) {
                    outputs.push(failed(Failure::Account(AccountFailure::CannotLock)));
                }
            }
            AccountCommand::SetAutoLock { minutes } if is_open => {
                self.set_auto_lock(minutes, now, outputs).await;
            }
            AccountCommand::SetStayUnlocked { stay, password } if is_open => {
                let Some(sealed) = &self.sealed else {
                    if stay {
                        self.tell_done(Deed::StayUnlockedSet, outputs);
                        return None;
                    }
                    // Nothing here knows the password: the engine asks the gateway.
                    return Some(AccountCommand::SetStayUnlocked { stay, password });
                };
                if vault::unlock(sealed, &password).is_err() {
                    outputs.push(failed(Failure::WrongPassphrase));
                } else if !stay || self.change_slot(None, outputs).await {
                    self.tell_done(Deed::StayUnlockedSet, outputs);
                }
            }
            other => return Some(other),
        }
        None
    }

    /// Forgets the key and everything that was read with it. Not without a passphrase to come back
    /// with.
    pub(super) fn lock(&mut self, outputs: &mut Vec<Output>) -> bool {
        let is_open = matches!(self.mode, Mode::Open { .. });
        if !is_open || self.sealed.is_none() {
            return false;
        }
        if let Some(store) = self.take_store() {
            self.mode = Mode::Locked { store };
        }
        outputs.push(Output::Disconnect);
        outputs.push(self.closed_status());
        true
    }

    async fn unlock(&mut self, words: &Passphrase, now: Timestamp, outputs: &mut Vec<Output>) {
        let (Mode::Locked { .. }, Some(sealed)) = (&self.mode, &self.sealed) else {
            outputs.push(failed(Failure::WrongPhase));
            return outputs.push(self.closed_status());
        };
        let Ok(key) = vault::unlock(sealed, words) else {
            outputs.push(failed(Failure::WrongPassphrase));
            return outputs.push(self.closed_status());
        };
        if let Some(store) = self.take_store() {
            self.unseal(store, key).await;
        }
        self.active_at = Some(now);
        match self.mode {
            Mode::Open { .. } => self.run(Input::Start, now, outputs).await,
            Mode::Locked { .. } | Mode::Broken { .. } => outputs.push(self.closed_status()),
        }
    }

    async fn set_passphrase(&mut self, words: Option<Passphrase>, outputs: &mut Vec<Output>) {
        if self.has_account() {
            return outputs.push(failed(Failure::WrongPhase));
        }
        if words.as_ref().is_some_and(|words| words.0.is_empty()) {
            return outputs.push(failed(Failure::WrongPassphrase));
        }
        if self.change_slot(words, outputs).await {
            self.tell_status(outputs);
        }
    }

    /// Writes the slot anew; says so if that fails.
    async fn change_slot(&mut self, words: Option<Passphrase>, outputs: &mut Vec<Output>) -> bool {
        let Mode::Open { store, .. } = &mut self.mode else {
            return false;
        };
        let (change, sealed) = (SlotChange::Set(words), &mut self.sealed);
        let applied = apply_with_slot(store, Batch::default(), change, sealed, &mut self.rng);
        match applied.await {
            Ok(()) => true,
            Err(error) => {
                let reason = error.to_string();
                outputs.push(failed(Failure::Storage { reason }));
                false
            }
        }
    }

    async fn set_auto_lock(
        &mut self,
        minutes: Option<u16>,
        now: Timestamp,
        outputs: &mut Vec<Output>,
    ) {
        let Mode::Open { store, .. } = &mut self.mode else {
            return;
        };
        let auto_lock = minutes.map(|minutes| minutes.clamp(1, AUTO_LOCK_MINUTES_MAX));
        let lock = StoredLock { auto_lock };
        if let Err(error) = write_lock(store, &lock).await {
            let reason = error.to_string();
            return outputs.push(failed(Failure::Storage { reason }));
        }
        self.lock = lock;
        self.active_at = Some(now);
        self.tell_done(Deed::AutoLockSet, outputs);
    }

    /// When the store locks by itself.
    pub(super) fn auto_lock_at(&self) -> Option<Timestamp> {
        self.sealed.as_ref()?;
        Some(self.active_at? + self.auto_lock_time()?)
    }

    /// Whether it should have locked. When the clock was set back, it should: nobody knows for how
    /// long the user was away.
    pub(super) fn is_auto_lock_due(&self, now: Timestamp) -> bool {
        let (Some(at), Some(time)) = (self.auto_lock_at(), self.auto_lock_time()) else {
            return false;
        };
        crate::machine::is_due(at, now, time)
    }

    fn auto_lock_time(&self) -> Option<Duration> {
        let minutes = self.lock.auto_lock?;
        Some(Duration::from_secs(u64::from(minutes) * 60))
    }

    fn has_account(&self) -> bool {
        match &self.mode {
            Mode::Open { engine, .. } => engine.status().account.is_some(),
            Mode::Locked { .. } | Mode::Broken { .. } => false,
        }
    }

    fn tell_done(&self, deed: Deed, outputs: &mut Vec<Output>) {
        self.tell_status(outputs);
        outputs.push(Output::Event(Event::Account(AccountEvent::Done(deed))));
    }

    fn tell_status(&self, outputs: &mut Vec<Output>) {
        if let Mode::Open { engine, .. } = &self.mode {
            outputs.push(Output::Event(Event::Status(engine.status())));
        }
    }
}

fn failed(failure: Failure) -> Output {
    Output::Event(Event::Failed(failure))
}

/// Applies a batch and a change of the key slot, both or neither. `sealed` follows what stands in
/// the slot then.
pub(super) async fn apply_with_slot<S: Store>(
    store: &mut SealedStore<S>,
    mut batch: Batch,
    change: SlotChange,
    sealed: &mut Option<PassphraseBox>,
    rng: &mut ChaCha20Rng,
) -> Result<(), StoreError> {
    let slot = match change {
        SlotChange::Prepare(words) => {
            let slot = KeySlot::new(store.key(), words.as_ref(), rng)?;
            batch.put(record::PREPARED_SLOT, record::encode(&slot)?);
            None
        }
        SlotChange::UsePrepared => match store.get(record::PREPARED_SLOT).await? {
            Some(bytes) => {
                batch.delete(record::PREPARED_SLOT);
                Some(record::decode::<KeySlot>(&bytes)?)
            }
            None => None,
        },
        SlotChange::Set(words) => Some(KeySlot::new(store.key(), words.as_ref(), rng)?),
        SlotChange::Rewrap(words) if sealed.is_some() => {
            Some(KeySlot::new(store.key(), Some(&words), rng)?)
        }
        SlotChange::Rewrap(_) => None,
    };
    match slot {
        None => store.apply(batch).await,
        Some(slot) => {
            store.apply_with_slot(batch, record::encode(&slot)?).await?;
            *sealed = slot.sealed();
            Ok(())
        }
    }
}

pub(super) async fn read_lock<S: Store>(store: &SealedStore<S>) -> Result<StoredLock, StoreError> {
    match store.get(record::LOCK).await? {
        Some(bytes) => record::decode(&bytes),
        None => Ok(StoredLock::default()),
    }
}

async fn write_lock<S: Store>(
    store: &mut SealedStore<S>,
    lock: &StoredLock,
) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.put(record::LOCK, record::encode(lock)?);
    store.apply(batch).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, StorageKey};
    use crate::vault::Slot;
    use rand_core::SeedableRng;

    fn words(text: &str) -> Passphrase {
        Passphrase(text.to_owned())
    }

    /// A store with this slot, and what a driver knows of it.
    fn store(
        slot: Option<&Passphrase>,
    ) -> (SealedStore<MemoryStore>, Option<PassphraseBox>, ChaCha20Rng) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = StorageKey::generate(&mut rng);
        let child = ChaCha20Rng::seed_from_u64(2);
        let mut store = SealedStore::new(MemoryStore::default(), key, child);
        let mut sealed = None;
        let change = SlotChange::Set(slot.cloned());
        let batch = Batch::default();
        let applied = apply_with_slot(&mut store, batch, change, &mut sealed, &mut rng);
        crate::block_on(applied).unwrap();
        (store, sealed, rng)
    }

    fn batch() -> Batch {
        let mut batch = Batch::default();
        batch.put(*b"maccount", *b"something");
        batch
    }

    /// Whether the store on the disk opens, and with what: nothing for an open slot.
    fn opens_with(store: &SealedStore<MemoryStore>, text: &str) -> Option<bool> {
        let mut disk = store.snapshot();
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        match crate::block_on(vault::open_slot(&mut disk, &mut rng)).unwrap() {
            Slot::Open(key) => {
                assert_eq!(key, *store.key());
                None
            }
            Slot::Locked(sealed) => {
                Some(vault::unlock(&sealed, &words(text)).is_ok_and(|key| key == *store.key()))
            }
        }
    }

    #[test]
    fn a_prepared_slot_takes_its_place_together_with_the_account() {
        let (mut store, mut sealed, mut rng) = store(None);
        let prepare = SlotChange::Prepare(Some(words("new")));
        let applied = apply_with_slot(&mut store, batch(), prepare, &mut sealed, &mut rng);
        crate::block_on(applied).unwrap();
        assert_eq!(opens_with(&store, "new"), None, "not yet");
        assert!(sealed.is_none());

        let change = SlotChange::UsePrepared;
        let applied = apply_with_slot(&mut store, batch(), change, &mut sealed, &mut rng);
        crate::block_on(applied).unwrap();
        assert_eq!(opens_with(&store, "new"), Some(true));
        assert!(sealed.is_some());
        let left = crate::block_on(store.get(record::PREPARED_SLOT)).unwrap();
        assert!(left.is_none());
        let account = crate::block_on(store.get(b"maccount")).unwrap();
        assert!(account.is_some());
    }

    #[test]
    fn without_a_prepared_slot_the_present_one_stays() {
        let (mut store, mut sealed, mut rng) = store(Some(&words("old")));
        let change = SlotChange::UsePrepared;
        let applied = apply_with_slot(&mut store, batch(), change, &mut sealed, &mut rng);
        crate::block_on(applied).unwrap();
        assert_eq!(opens_with(&store, "old"), Some(true));
    }

    #[test]
    fn a_new_password_locks_a_locked_store_and_leaves_an_open_one_open() {
        let (mut locked, mut sealed, mut rng) = store(Some(&words("old")));
        let change = SlotChange::Rewrap(words("new"));
        let applied = apply_with_slot(&mut locked, batch(), change, &mut sealed, &mut rng);
        crate::block_on(applied).unwrap();
        assert_eq!(opens_with(&locked, "new"), Some(true));
        assert_eq!(opens_with(&locked, "old"), Some(false));
        assert!(vault::unlock(sealed.as_ref().unwrap(), &words("new")).is_ok());

        let (mut open, mut sealed, mut rng) = store(None);
        let change = SlotChange::Rewrap(words("new"));
        let applied = apply_with_slot(&mut open, batch(), change, &mut sealed, &mut rng);
        crate::block_on(applied).unwrap();
        assert_eq!(opens_with(&open, "new"), None);
        assert!(sealed.is_none());
    }
}
