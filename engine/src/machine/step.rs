//! What one input brings about, as each part of the engine collects it.

use serde::Serialize;

use super::{Effect, SlotChange};
use crate::api::{AccountEvent, AccountFailure, Event, Failure};
use crate::record;
use crate::store::{Batch, StoreError};

/// What one input brings about in one part.
#[derive(Default)]
pub(super) struct Step {
    pub(super) batch: Batch,
    pub(super) effects: Vec<Effect>,
    /// How the key slot changes, together with the batch.
    pub(super) slot: Option<SlotChange>,
    /// Whether there is news in the status.
    pub(super) status: bool,
    /// Whether the server has answered something.
    pub(super) answered: bool,
    /// Whether a new connection is needed.
    pub(super) reconnect: bool,
    /// Whether the connection is of no use any more.
    pub(super) broken: bool,
    pub(super) error: Option<StoreError>,
}

impl Step {
    pub(super) fn put(&mut self, key: Vec<u8>, value: &impl Serialize) {
        match record::encode(value) {
            Ok(bytes) => self.batch.put(key, bytes),
            Err(error) => self.error = Some(error),
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.effects.push(Effect::Event(event));
    }

    pub(super) fn tell_account(&mut self, event: AccountEvent) {
        self.tell(Event::Account(event));
    }

    pub(super) fn fail(&mut self, failure: AccountFailure) {
        self.tell(Event::Failed(Failure::Account(failure)));
    }

    pub(super) fn fail_classic(&mut self, failure: Failure) {
        self.tell(Event::Failed(failure));
    }
}
