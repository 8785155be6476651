//! The engine on a store: executes what the engine wants of storage, and leaves connections and
//! events to the caller.

use std::collections::VecDeque;

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::api::{Command, Connection, Event, Failure, Message, Passphrase, Phase, Seq, Status};
use crate::machine::{self, Effect, Engine, Load, Loaded, Profile};

use crate::record;
use crate::store::{Direction, SealedStore, StorageKey, Store, StoreError};
use crate::time::Timestamp;
use crate::vault::{self, PassphraseBox, Slot};
use sotto_shared::ClientId;

pub use crate::machine::Input;

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
    /// Whether the store is under a passphrase.
    passphrase: bool,
}

enum Mode<S> {
    Locked {
        store: S,
        sealed: PassphraseBox,
    },
    Open {
        engine: Box<Engine>,
        store: Box<SealedStore<S>>,
    },
    Broken {
        reason: String,
    },
}

impl<S: Store> Driver<S> {
    /// Opens a store. One under a passphrase stays locked until [`Command::Unlock`]; one that
    /// cannot be used is told as [`Phase::Broken`], and nothing in it is changed.
    pub async fn open(mut store: S, profile: Profile, rng_seed: [u8; 32]) -> Self {
        let mut rng = ChaCha20Rng::from_seed(rng_seed);
        let slot = vault::open_slot(&mut store, &mut rng).await;
        let passphrase = matches!(slot, Ok(Slot::Locked(_)));
        let mode = match slot {
            Ok(Slot::Open(key)) => Self::unsealed(store, profile, &mut rng, key).await,
            Ok(Slot::Locked(sealed)) => Mode::Locked { store, sealed },
            Err(error) => Mode::Broken {
                reason: error.to_string(),
            },
        };
        Self {
            profile,
            rng,
            mode,
            passphrase,
        }
    }

    /// Opens a store with the key that another driver on it gave by [`Driver::storage_key`]. A
    /// store whose slot is open has its own key, and that one counts.
    pub async fn open_with_key(
        mut store: S,
        profile: Profile,
        rng_seed: [u8; 32],
        key: StorageKey,
    ) -> Self {
        let mut rng = ChaCha20Rng::from_seed(rng_seed);
        let slot = vault::open_slot(&mut store, &mut rng).await;
        let passphrase = matches!(slot, Ok(Slot::Locked(_)));
        let mode = match slot {
            Ok(Slot::Open(own)) => Self::unsealed(store, profile, &mut rng, own).await,
            Ok(Slot::Locked(_)) => Self::unsealed(store, profile, &mut rng, key).await,
            Err(error) => Mode::Broken {
                reason: error.to_string(),
            },
        };
        Self {
            profile,
            rng,
            mode,
            passphrase,
        }
    }

    async fn unsealed(
        store: S,
        profile: Profile,
        rng: &mut ChaCha20Rng,
        key: StorageKey,
    ) -> Mode<S> {
        let store = Box::new(SealedStore::new(store, key, child(rng)));
        match restore(&store, profile, rng).await {
            Ok(engine) => Mode::Open {
                engine: Box::new(engine),
                store,
            },
            Err(error) => Mode::Broken {
                reason: error.to_string(),
            },
        }
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
            Mode::Open { engine, .. } => engine.next_timeout(),
            Mode::Locked { .. } | Mode::Broken { .. } => None,
        }
    }

    /// Takes one input. What it changes is durable before the outputs are given.
    pub async fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Output> {
        match (&mut self.mode, input) {
            (Mode::Open { .. }, Input::Command(Command::SetPassphrase { passphrase })) => {
                self.set_passphrase(passphrase).await
            }
            (Mode::Open { .. }, input) => self.run(input, now).await,
            (Mode::Locked { .. }, Input::Command(Command::Unlock { passphrase })) => {
                self.unlock(&passphrase, now).await
            }
            (_, Input::Start | Input::Command(Command::Attach)) => vec![self.closed_status()],
            (_, Input::Command(_)) => {
                vec![
                    Output::Event(Event::Failed(Failure::WrongPhase)),
                    self.closed_status(),
                ]
            }
            (_, _) => Vec::new(),
        }
    }

    /// Executes what the engine wants until nothing more is to be read.
    async fn run(&mut self, input: Input, now: Timestamp) -> Vec<Output> {
        let mut outputs = Vec::new();
        if let Mode::Open { engine, store } = &mut self.mode {
            let executed = match engine.handle(input, now) {
                Ok(effects) => execute(engine, store, effects, now, &mut outputs).await,
                Err(error) => Err(error),
            };
            if let Err(error) = executed {
                self.recover(&error, now, &mut outputs).await;
            }
        }
        for output in &mut outputs {
            if let Output::Event(Event::Status(status)) = output {
                status.passphrase = self.passphrase;
            }
        }
        outputs
    }

    /// The store did not take a change: go on from what it holds, after a pause.
    async fn recover(&mut self, error: &StoreError, now: Timestamp, outputs: &mut Vec<Output>) {
        let reason = error.to_string();
        outputs.push(Output::Event(Event::Failed(Failure::Storage { reason })));
        outputs.push(Output::Disconnect);
        let Mode::Open { engine, store } = &mut self.mode else {
            return;
        };
        match restore(store, self.profile, &mut self.rng).await {
            Ok(mut restored) => {
                let effects = restored.pause(now);
                **engine = restored;
                outputs.extend(effects.into_iter().filter_map(output));
            }
            Err(error) => {
                self.mode = Mode::Broken {
                    reason: error.to_string(),
                };
                outputs.push(self.closed_status());
            }
        }
    }

    async fn unlock(&mut self, passphrase: &Passphrase, now: Timestamp) -> Vec<Output> {
        let Mode::Locked { sealed, .. } = &self.mode else {
            return Vec::new();
        };
        let Ok(key) = vault::unlock(sealed, passphrase) else {
            let failed = Output::Event(Event::Failed(Failure::WrongPassphrase));
            return vec![failed, self.closed_status()];
        };
        let opening = Mode::Broken {
            reason: "the local store is being opened".to_owned(),
        };
        let Mode::Locked { store, .. } = core::mem::replace(&mut self.mode, opening) else {
            return Vec::new();
        };
        self.mode = Self::unsealed(store, self.profile, &mut self.rng, key).await;
        match self.mode {
            Mode::Open { .. } => self.run(Input::Start, now).await,
            Mode::Locked { .. } | Mode::Broken { .. } => vec![self.closed_status()],
        }
    }

    async fn set_passphrase(&mut self, passphrase: Option<Passphrase>) -> Vec<Output> {
        let Mode::Open { engine, store } = &mut self.mode else {
            return Vec::new();
        };
        if passphrase
            .as_ref()
            .is_some_and(|passphrase| passphrase.0.is_empty())
        {
            return vec![Output::Event(Event::Failed(Failure::WrongPassphrase))];
        }
        let key = store.key().clone();
        let set =
            vault::set_passphrase(store.inner_mut(), &key, passphrase.as_ref(), &mut self.rng);
        if let Err(error) = set.await {
            let reason = error.to_string();
            return vec![Output::Event(Event::Failed(Failure::Storage { reason }))];
        }
        self.passphrase = passphrase.is_some();
        let status = Status {
            passphrase: self.passphrase,
            ..engine.status()
        };
        vec![Output::Event(Event::Status(status))]
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
            passphrase: self.passphrase,
            gateway: None,
            account: None,
        }))
    }
}

/// Executes effects in order, and those of what is read on the way.
async fn execute<S: Store>(
    engine: &mut Engine,
    store: &mut SealedStore<S>,
    effects: Vec<Effect>,
    now: Timestamp,
    outputs: &mut Vec<Output>,
) -> Result<(), StoreError> {
    let mut waiting = VecDeque::from(effects);
    while let Some(effect) = waiting.pop_front() {
        match effect {
            Effect::Persist(batch) => store.apply(batch).await?,
            Effect::Load(load) => {
                let loaded = read(store, load).await?;
                waiting.extend(engine.handle_loaded(loaded, now)?);
            }
            other => outputs.extend(output(other)),
        }
    }
    Ok(())
}

fn output(effect: Effect) -> Option<Output> {
    match effect {
        Effect::Connect => Some(Output::Connect),
        Effect::Disconnect => Some(Output::Disconnect),
        Effect::Transmit(frame) => Some(Output::Transmit(frame)),
        Effect::Event(event) => Some(Output::Event(event)),
        Effect::Persist(_) | Effect::Load(_) => None,
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

/// Reads what the engine asked for.
///
/// # Errors
/// Any [`StoreError`].
pub async fn read<S: Store>(store: &SealedStore<S>, load: Load) -> Result<Loaded, StoreError> {
    match load {
        Load::History {
            with,
            before,
            limit,
        } => {
            let mut messages = newest(store, with, before, limit + 1).await?;
            let more = messages.len() > limit;
            messages.truncate(limit);
            messages.reverse();
            Ok(Loaded::History {
                with,
                before,
                messages,
                more,
            })
        }
        Load::Message {
            with,
            seq: None,
            then,
        } => {
            let message = newest(store, with, None, 1).await?.pop();
            Ok(Loaded::Message {
                with,
                then,
                message,
                blob: None,
            })
        }
        Load::Message {
            with,
            seq: Some(seq),
            then,
        } => {
            let message = match store.get(&record::message(with, seq)).await? {
                Some(bytes) => Some(record::decode(&bytes)?),
                None => None,
            };
            let blob = match then.wants_blob() {
                true => store.get(&record::blob(with, seq)).await?,
                false => None,
            };
            Ok(Loaded::Message {
                with,
                then,
                message,
                blob,
            })
        }
    }
}

/// The newest messages before a position, newest first.
async fn newest<S: Store>(
    store: &SealedStore<S>,
    with: ClientId,
    before: Option<Seq>,
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let from = record::message(with, Seq(0));
    let to = record::message(with, before.unwrap_or(Seq(u64::MAX)));
    let entries = store.scan(&from, &to, Direction::Backward, limit).await?;
    entries
        .iter()
        .map(|(_, value)| record::decode(value))
        .collect()
}

/// An independent generator.
fn child(rng: &mut ChaCha20Rng) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}
