//! The engine on a store: executes what the engine wants of storage, and leaves connections and
//! events to the caller.

use std::collections::VecDeque;

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::account::stored::StoredLock;
use crate::api::{Command, Connection, Event, Failure, Phase, Status};
use crate::machine::{self, Effect, Engine, Profile};
use crate::store::{SealedStore, StorageKey, Store, StoreError};
use crate::time::Timestamp;
use crate::vault::{self, PassphraseBox, Slot};

mod locking;
mod reading;

pub use crate::machine::Input;
pub use reading::read;

/// What the caller does, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Connect to the server; answer with [`Input::Connected`] or [`Input::Disconnected`].
    Connect,
    /// Drop the connection; no [`Input::Disconnected`] is expected.
    Disconnect,
    /// Send one frame.
    Transmit(Bytes),
    /// Tell the user interface.
    Event(Event),
}

/// An engine on a store.
///
/// Feed it one input after another, never two at once.
pub struct Driver<S> {
    profile: Profile,
    rng: ChaCha20Rng,
    mode: Mode<S>,
    /// The key slot as it stands in the store, if a passphrase is needed to open it.
    sealed: Option<PassphraseBox>,
    /// How the store locks by itself.
    lock: StoredLock,
    /// When the user was last known to be here.
    active_at: Option<Timestamp>,
}

enum Mode<S> {
    Locked {
        store: S,
    },
    Open {
        engine: Box<Engine>,
        store: Box<SealedStore<S>>,
    },
    Broken {
        reason: String,
    },
}

impl<S> Mode<S> {
    fn broken(error: &StoreError) -> Self {
        let reason = error.to_string();
        Self::Broken { reason }
    }
}

/// What is left to do after an input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Nothing,
    Erase,
}

impl<S: Store> Driver<S> {
    /// Opens a store. One under a passphrase stays locked until [`Command::Unlock`]; one that
    /// cannot be used is told as [`Phase::Broken`], and nothing in it is changed.
    pub async fn open(store: S, profile: Profile, rng_seed: [u8; 32]) -> Self {
        let rng = ChaCha20Rng::from_seed(rng_seed);
        Self::new(store, profile, rng, None).await
    }

    /// Opens a store with the key that another driver on it gave by [`Driver::storage_key`]. A
    /// store whose slot is open has its own key, and that one counts.
    pub async fn open_with_key(
        store: S,
        profile: Profile,
        rng_seed: [u8; 32],
        key: StorageKey,
    ) -> Self {
        let rng = ChaCha20Rng::from_seed(rng_seed);
        Self::new(store, profile, rng, Some(key)).await
    }

    async fn new(store: S, profile: Profile, rng: ChaCha20Rng, key: Option<StorageKey>) -> Self {
        let mut this = Self {
            profile,
            rng,
            mode: Mode::Broken {
                reason: "the local store is being opened".to_owned(),
            },
            sealed: None,
            lock: StoredLock::default(),
            active_at: None,
        };
        this.open_store(store, key).await;
        this
    }

    async fn open_store(&mut self, mut store: S, key: Option<StorageKey>) {
        match vault::open_slot(&mut store, &mut self.rng).await {
            Ok(Slot::Open(own)) => {
                self.sealed = None;
                self.unseal(store, own).await;
            }
            Ok(Slot::Locked(sealed)) => {
                self.sealed = Some(sealed);
                match key {
                    Some(key) => self.unseal(store, key).await,
                    None => self.mode = Mode::Locked { store },
                }
            }
            Err(error) => self.mode = Mode::broken(&error),
        }
    }

    /// Starts an engine on the store.
    async fn unseal(&mut self, store: S, key: StorageKey) {
        let store = Box::new(SealedStore::new(store, key, child(&mut self.rng)));
        let restored = match restore(&store, self.profile, &mut self.rng).await {
            Ok(engine) => locking::read_lock(&store).await.map(|lock| (engine, lock)),
            Err(error) => Err(error),
        };
        self.mode = match restored {
            Ok((engine, lock)) => {
                self.lock = lock;
                let engine = Box::new(engine);
                Mode::Open { engine, store }
            }
            Err(error) => Mode::broken(&error),
        };
    }

    /// The storage key, while the store is open.
    pub fn storage_key(&self) -> Option<StorageKey> {
        match &self.mode {
            Mode::Open { store, .. } => Some(store.key().clone()),
            Mode::Locked { .. } | Mode::Broken { .. } => None,
        }
    }

    /// When [`Input::Tick`] is due.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        match &self.mode {
            Mode::Open { engine, .. } => {
                let timeouts = [engine.next_timeout(), self.auto_lock_at()];
                timeouts.into_iter().flatten().min()
            }
            Mode::Locked { .. } | Mode::Broken { .. } => None,
        }
    }

    /// Takes one input. What it changes is durable before the outputs are given.
    pub async fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Output> {
        let mut outputs = Vec::new();
        // First of all: a machine that slept wakes up locked, whatever woke it.
        if self.is_auto_lock_due(now) {
            self.lock(&mut outputs);
        }
        self.active_at.get_or_insert(now);
        if let Some(input) = self.intercept(input, now, &mut outputs).await {
            match (&self.mode, input) {
                (Mode::Open { .. }, input) => self.run(input, now, &mut outputs).await,
                (_, Input::Start | Input::Command(Command::Attach)) => {
                    outputs.push(self.closed_status());
                }
                (_, Input::Command(_)) => {
                    outputs.push(Output::Event(Event::Failed(Failure::WrongPhase)));
                    outputs.push(self.closed_status());
                }
                (_, _) => {}
            }
        }
        for output in &mut outputs {
            if let Output::Event(Event::Status(status)) = output {
                self.complete_status(status);
            }
        }
        outputs
    }

    /// Executes what the engine wants until nothing more is to be read.
    async fn run(&mut self, input: Input, now: Timestamp, outputs: &mut Vec<Output>) {
        match self.step(input, now, outputs).await {
            Ok(Then::Nothing) => {}
            Ok(Then::Erase) => self.erase(now, outputs).await,
            Err(error) => self.recover(&error, now, outputs).await,
        }
    }

    async fn step(
        &mut self,
        input: Input,
        now: Timestamp,
        outputs: &mut Vec<Output>,
    ) -> Result<Then, StoreError> {
        let Mode::Open { engine, store } = &mut self.mode else {
            return Ok(Then::Nothing);
        };
        let mut waiting = VecDeque::from(engine.handle(input, now)?);
        while let Some(effect) = waiting.pop_front() {
            match effect {
                Effect::Persist(batch) => store.apply(batch).await?,
                Effect::PersistWithSlot(batch, change) => {
                    let (sealed, rng) = (&mut self.sealed, &mut self.rng);
                    locking::apply_with_slot(store, batch, change, sealed, rng).await?;
                }
                Effect::Load(load) => {
                    let loaded = read(store, load).await?;
                    waiting.extend(engine.handle_loaded(loaded, now)?);
                }
                Effect::Erase => return Ok(Then::Erase),
                other => outputs.extend(output(other)),
            }
        }
        Ok(Then::Nothing)
    }

    /// Erases the store, and begins as on a new one.
    async fn erase(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let cleared = match &mut self.mode {
            Mode::Open { store, .. } => store.inner_mut().clear().await,
            Mode::Locked { store } => store.clear().await,
            Mode::Broken { .. } => return,
        };
        if let Err(error) = cleared {
            return self.recover(&error, now, outputs).await;
        }
        outputs.push(Output::Disconnect);
        if let Some(store) = self.take_store() {
            self.lock = StoredLock::default();
            self.open_store(store, None).await;
        }
        match self.step(Input::Start, now, outputs).await {
            Ok(_) if matches!(self.mode, Mode::Open { .. }) => {}
            Ok(_) => outputs.push(self.closed_status()),
            Err(error) => self.recover(&error, now, outputs).await,
        }
    }

    /// The store itself; without it nothing goes on.
    fn take_store(&mut self) -> Option<S> {
        let moving = Mode::Broken {
            reason: "the local store is being opened".to_owned(),
        };
        match core::mem::replace(&mut self.mode, moving) {
            Mode::Open { store, .. } => Some(store.into_inner()),
            Mode::Locked { store } => Some(store),
            broken @ Mode::Broken { .. } => {
                self.mode = broken;
                None
            }
        }
    }

    /// The store did not take a change: go on from what it holds, after a pause.
    async fn recover(&mut self, error: &StoreError, now: Timestamp, outputs: &mut Vec<Output>) {
        let reason = error.to_string();
        outputs.push(Output::Event(Event::Failed(Failure::Storage { reason })));
        let Mode::Open { engine, store } = &mut self.mode else {
            return outputs.push(self.closed_status());
        };
        outputs.push(Output::Disconnect);
        match restore(store, self.profile, &mut self.rng).await {
            Ok(mut restored) => {
                let effects = restored.pause(now);
                **engine = restored;
                outputs.extend(effects.into_iter().filter_map(output));
            }
            Err(error) => {
                self.mode = Mode::broken(&error);
                outputs.push(self.closed_status());
            }
        }
    }

    /// The status while no engine runs.
    fn closed_status(&self) -> Output {
        let phase = match &self.mode {
            Mode::Locked { .. } => Phase::Locked,
            Mode::Open { .. } => Phase::Opening,
            Mode::Broken { reason } => Phase::Broken {
                reason: reason.clone(),
            },
        };
        let connection = Connection::Offline { retry_at: None };
        Output::Event(Event::Status(Status {
            phase,
            connection,
            passphrase: self.sealed.is_some(),
            gateway: None,
            account: None,
        }))
    }

    /// What only the driver knows of.
    fn complete_status(&self, status: &mut Status) {
        status.passphrase = self.sealed.is_some();
        if let Some(account) = &mut status.account {
            account.stays_unlocked = self.sealed.is_none();
            account.auto_lock = self.lock.auto_lock;
        }
    }
}

fn output(effect: Effect) -> Option<Output> {
    match effect {
        Effect::Connect => Some(Output::Connect),
        Effect::Disconnect => Some(Output::Disconnect),
        Effect::Transmit(frame) => Some(Output::Transmit(frame)),
        Effect::Event(event) => Some(Output::Event(event)),
        Effect::Persist(_) | Effect::PersistWithSlot(..) | Effect::Load(_) | Effect::Erase => None,
    }
}

async fn restore<S: Store>(
    store: &SealedStore<S>,
    profile: Profile,
    rng: &mut ChaCha20Rng,
) -> Result<Engine, StoreError> {
    let (from, to) = machine::resident_range();
    let entries = store.scan_all(from, to).await?;
    Engine::restore(profile, child(rng), entries)
}

/// An independent generator.
fn child(rng: &mut ChaCha20Rng) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}
