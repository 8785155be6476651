//! What the gateway delivers: in order, each entry once.

use sotto_shared::GroupId;
use sotto_shared::sotto::Request;
use sotto_shared::sotto::group::{Delivery, DeliveryKind};

use super::stored::{Stage, StoredDelivery};
use super::{Asked, Context, Conversations};
use crate::api::Cause;
use crate::record;

/// Most entries of one conversation that wait for their epoch.
pub(super) const WAITING_MAX: usize = 4096;

impl Conversations {
    /// Takes entries of the mailbox. Their number is stored in one batch with what they bring
    /// about; only then they are acknowledged.
    pub(super) fn delivered(&mut self, entries: &[Delivery], context: Context<'_>) {
        if self.mls.is_none() {
            return self.give_up_connection();
        }
        for entry in entries {
            self.acknowledges = true;
            if entry.number <= self.mailbox.last {
                continue;
            }
            if entry.number != self.mailbox.last + 1 {
                return self.give_up_connection();
            }
            self.mailbox.last = entry.number;
            self.mailbox_dirty = true;
            self.take_entry(entry.group, StoredDelivery::from(entry), context);
        }
    }

    /// Acknowledges what is stored by the end of this step.
    pub(super) fn acknowledge(&mut self) {
        if core::mem::take(&mut self.acknowledges) {
            let up_to = self.mailbox.last;
            self.ask(Asked::Acknowledge, Request::Acknowledge(up_to));
        }
    }

    pub(super) fn take_entry(&mut self, id: GroupId, entry: StoredDelivery, context: Context<'_>) {
        let joins = |it: &super::stored::StoredConversation| {
            it.staged.as_ref().is_some_and(|staged| staged.external)
        };
        if entry.kind == DeliveryKind::Welcome {
            // The own commit to join may have been taken, after the one that this belongs to.
            return match self.all.get(&id).is_some_and(|it| joins(&it.stored)) {
                true => self.wait(id, entry),
                false => self.welcomed(id, &entry, context),
            };
        }
        let Some(conversation) = self.all.get(&id) else {
            self.expected.entry(id).or_insert(context.now);
            return self.count(Cause::NoState);
        };
        let is_read_before = entry.sequence <= conversation.stored.last_seq;
        match conversation.stored.stage {
            Stage::Left | Stage::Removed => {}
            _ if entry.kind == DeliveryKind::Missed => self.missed(id, &entry, context),
            Stage::Broken(cause) => self.unreadable(id, &entry, cause, context),
            Stage::Joining { .. } => self.wait(id, entry),
            _ if !conversation.waiting.is_empty() => self.wait(id, entry),
            // A place is given once: the gateway repeats itself.
            _ if is_read_before => self.count(Cause::Repeated),
            Stage::Creating { .. } | Stage::Member => self.read(id, entry, context),
        }
    }

    /// Keeps an entry until the epoch is there that it belongs to.
    pub(super) fn wait(&mut self, id: GroupId, entry: StoredDelivery) {
        let Some(conversation) = self.all.get_mut(&id) else {
            return;
        };
        let number = conversation
            .waiting
            .last_key_value()
            .map_or(1, |(last, _)| last + 1);
        self.step.put(record::waiting(id, number), &entry);
        conversation.waiting.insert(number, entry);
        if conversation.waiting.len() > WAITING_MAX {
            if let Some((first, _)) = conversation.waiting.pop_first() {
                self.step.batch.delete(record::waiting(id, first));
            }
            self.count(Cause::EpochAhead);
        }
    }

    /// Reads what has waited.
    pub(super) fn read_waiting(&mut self, id: GroupId, context: Context<'_>) {
        let Some(conversation) = self.all.get_mut(&id) else {
            return;
        };
        let waiting = core::mem::take(&mut conversation.waiting);
        for number in waiting.keys() {
            self.step.batch.delete(record::waiting(id, *number));
        }
        for (_, entry) in waiting {
            self.take_entry(id, entry, context);
        }
    }

    /// Forgets what has waited up to a place.
    pub(super) fn forget_waiting(&mut self, id: GroupId, before: u64) {
        let Some(conversation) = self.all.get_mut(&id) else {
            return;
        };
        let waiting = &mut conversation.waiting;
        let numbers: Vec<u64> = waiting
            .iter()
            .filter(|(_, entry)| entry.sequence.0 <= before)
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            waiting.remove(&number);
            self.step.batch.delete(record::waiting(id, number));
        }
    }

    pub(super) fn count(&mut self, cause: Cause) {
        let counted = self.mailbox.undecryptable.entry(cause).or_default();
        *counted = counted.saturating_add(1);
        self.mailbox_dirty = true;
        self.tell_figures();
    }
}
