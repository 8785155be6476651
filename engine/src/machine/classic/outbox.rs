//! What waits to be sent: in order per addressee, each until the server has stored it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sotto_shared::classic::MessageKind;
use sotto_shared::classic::request::{RequestBody, Send, SendOnce};
use sotto_shared::crypto::{PublicKey, SymmetricKey};
use sotto_shared::{ClientId, SendId};
use zeroize::Zeroize;

use super::{Asked, Classic, Effect, InFlight, Load, Profile, Then};
use crate::api::{Body, Message, SendFailure, State};
use crate::record;
use crate::time::Timestamp;

/// One send.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct OutboxItem {
    pub(super) to: ClientId,
    send_id: SendId,
    /// Set before it is transmitted to a server that cannot tell a repeat.
    attempted: bool,
    pub(super) message: Message,
    pub(super) what: What,
}

/// What is sent.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum What {
    KeyRequest,
    /// This symmetric key.
    Key([u8; 16]),
    /// The text of the message, or the file in its blob.
    Content,
}

impl What {
    /// The symmetric key that is sent.
    pub(super) fn key(&self) -> Option<SymmetricKey> {
        match self {
            Self::Key(key) => Some(SymmetricKey::from_bytes(*key)),
            Self::KeyRequest | Self::Content => None,
        }
    }
}

impl Drop for What {
    fn drop(&mut self) {
        if let Self::Key(key) = self {
            key.zeroize();
        }
    }
}

impl Classic {
    /// Puts a send at the end of the outbox.
    pub(super) fn enqueue(&mut self, to: ClientId, message: Message, what: What) {
        let number = self.outbox.last_key_value().map_or(1, |(last, _)| last + 1);
        let send_id = self.new_send_id();
        let item = OutboxItem {
            to,
            send_id,
            attempted: false,
            message,
            what,
        };
        self.put(record::outbox(number), &item);
        self.outbox.insert(number, item);
    }

    /// Whether a symmetric key for this person waits to be sent.
    pub(super) fn is_sending_key(&self, to: ClientId) -> bool {
        self.outbox
            .values()
            .any(|item| item.to == to && matches!(item.what, What::Key(_)))
    }

    /// Sends the oldest item.
    pub(super) fn send_next(&mut self, now: Timestamp) {
        let mut items = self.outbox.iter();
        let Some((&number, item)) = items.find(|(_, it)| self.blocked_by(it.to).is_none()) else {
            return;
        };
        let (to, message) = (item.to, item.message.clone());
        if item.attempted && self.profile == Profile::Seed && matches!(item.what, What::Content) {
            return self.fail_item(number, SendFailure::InDoubt);
        }
        let (kind, content) = match (&item.what, &message.body) {
            (What::KeyRequest, _) => (MessageKind::KEY_REQUEST, Bytes::new()),
            (What::Key(key), _) => {
                let key = SymmetricKey::from_bytes(*key);
                let Some(public) = self.people.get(&to).and_then(|it| it.public_key()) else {
                    return self.ask_public_key(to, now);
                };
                let wrapped = PublicKey::from_wire(&public)
                    .and_then(|public| public.wrap_key(&mut self.rng, &key));
                match wrapped {
                    Ok(wrapped) => (MessageKind::KEY, Bytes::copy_from_slice(&wrapped)),
                    Err(_) => return self.fail_all(to, SendFailure::UnusableKey),
                }
            }
            (What::Content, Body::File { .. }) => {
                let then = Then::Transmit(number);
                let load = Load::Message {
                    with: to,
                    seq: Some(message.seq),
                    then,
                };
                return self.effect(Effect::Load(load));
            }
            (What::Content, Body::Text(text)) => {
                match self
                    .people
                    .get(&to)
                    .and_then(|contact| contact.current_key())
                {
                    Some(key) => (MessageKind::TEXT, key.encrypt(text.as_bytes()).into()),
                    None => return self.fail_item(number, SendFailure::Refused),
                }
            }
            (What::Content, _) => return self.fail_item(number, SendFailure::Refused),
        };
        self.transmit_item(number, kind, content, now);
    }

    /// Sends a file whose content was loaded.
    pub(super) fn send_loaded(&mut self, number: u64, content: Option<Vec<u8>>, now: Timestamp) {
        if !self.awake || self.in_flight.is_some() {
            return; // Its turn comes again.
        }
        let Some(item) = self.outbox.get(&number) else {
            return;
        };
        let key = self
            .people
            .get(&item.to)
            .and_then(|contact| contact.current_key());
        match (content, key) {
            (Some(content), Some(key)) => {
                let content = key.encrypt(&content).into();
                self.transmit_item(number, MessageKind::FILE, content, now);
            }
            _ => self.fail_item(number, SendFailure::Refused),
        }
    }

    fn transmit_item(&mut self, number: u64, kind: MessageKind, content: Bytes, now: Timestamp) {
        let Some(item) = self.outbox.get_mut(&number) else {
            return;
        };
        let send = Send {
            to: item.to,
            kind,
            content,
        };
        let (to, mut message) = (item.to, item.message.clone());
        let body = match self.profile {
            Profile::Reliable => RequestBody::SendOnce(SendOnce {
                send_id: item.send_id,
                send,
            }),
            Profile::Seed => {
                item.attempted = true;
                let item = item.clone();
                self.put(record::outbox(number), &item);
                RequestBody::Send(send)
            }
        };
        message.state = State::Sending;
        self.tell_message(to, message);
        self.ask(Asked::Send(number), body, now);
    }

    /// The server has stored an item.
    pub(super) fn item_stored(&mut self, number: u64, now: Timestamp) {
        let Some(item) = self.remove_item(number) else {
            return;
        };
        self.finish_message(item.to, item.message.clone(), State::Stored);
        if let What::Key(key) = &item.what {
            self.contact(item.to)
                .use_key(&SymmetricKey::from_bytes(*key));
            self.put_contact(item.to);
            self.release_waiting(item.to);
            self.tell_person(item.to);
        }
        self.pull_at = now;
    }

    /// There is a key: what waited for it waits for its turn now.
    pub(super) fn release_waiting(&mut self, to: ClientId) {
        let waiting: Vec<u64> = self
            .outbox
            .iter()
            .filter(|(_, item)| item.to == to && item.message.state == State::WaitingForKey)
            .map(|(number, _)| *number)
            .collect();
        for number in waiting {
            let Some(item) = self.outbox.get_mut(&number) else {
                continue;
            };
            item.message.state = State::Queued;
            let item = item.clone();
            self.put(record::outbox(number), &item);
            self.put_message(to, &item.message);
            self.tell_message(to, item.message.clone());
        }
    }

    /// The connection broke before the answer.
    pub(super) fn send_interrupted(&mut self, number: u64) {
        let Some(item) = self.outbox.get(&number) else {
            return;
        };
        if self.profile == Profile::Seed && matches!(item.what, What::Content) {
            self.fail_item(number, SendFailure::InDoubt);
        } else {
            let (to, message) = (item.to, item.message.clone());
            self.tell_message(to, message);
        }
    }

    /// The server refused an item. Without its key, nothing else can go to that person either.
    pub(super) fn item_refused(&mut self, number: u64) {
        let Some(item) = self.outbox.get(&number) else {
            return;
        };
        let to = item.to;
        let without_key = matches!(item.what, What::Key(_))
            && self
                .people
                .get(&to)
                .is_none_or(|contact| contact.current_key().is_none());
        if without_key {
            self.fail_all(to, SendFailure::Refused);
        } else {
            self.fail_item(number, SendFailure::Refused);
        }
    }

    /// Fails everything that waits for this person.
    pub(super) fn fail_all(&mut self, to: ClientId, failure: SendFailure) {
        let numbers: Vec<u64> = self
            .outbox
            .iter()
            .filter(|(_, it)| it.to == to)
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            self.fail_item(number, failure);
        }
        self.tell_person(to);
    }

    fn fail_item(&mut self, number: u64, failure: SendFailure) {
        if let Some(item) = self.remove_item(number) {
            self.finish_message(item.to, item.message.clone(), State::Failed(failure));
        }
    }

    /// Takes an item out, unless it is on its way.
    pub(super) fn take_back(&mut self, to: ClientId, seq: crate::api::Seq) -> bool {
        let found = self
            .outbox
            .iter()
            .find(|(_, it)| it.to == to && it.message.seq == seq);
        let Some((&number, _)) = found else {
            return true;
        };
        if matches!(self.in_flight, Some(InFlight { what: Asked::Send(n), .. }) if n == number) {
            return false;
        }
        self.remove_item(number);
        true
    }

    fn remove_item(&mut self, number: u64) -> Option<OutboxItem> {
        let item = self.outbox.remove(&number)?;
        self.step.batch.delete(record::outbox(number));
        Some(item)
    }

    fn finish_message(&mut self, to: ClientId, mut message: Message, state: State) {
        message.state = state;
        self.put_message(to, &message);
        self.tell_message(to, message);
    }
}
