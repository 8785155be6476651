//! What arrives in the mailbox.

use sha2::{Digest, Sha256};
use sotto_shared::ClientId;
use sotto_shared::classic::MessageKind;
use sotto_shared::classic::response::WaitingMessage;
use sotto_shared::crypto::SymmetricKey;

use super::outbox::What;
use super::{Classic, Effect, Load, Owner, SEEN_MAX, Then};
use crate::api::{Body, LastMessage, Message, Preview, State, UndecryptableCause};
use crate::media;
use crate::record;
use crate::time::Timestamp;

/// Characters of a text that a preview shows.
const PREVIEW_CHARS: usize = 120;

impl Classic {
    /// Takes delivered messages: all of them, and that they were taken, is one batch.
    pub(super) fn deliver(&mut self, messages: Vec<WaitingMessage>, now: Timestamp) {
        let Some(last) = messages.last().map(|message| message.message) else {
            return;
        };
        for message in messages {
            let digest = digest(&message);
            if !self.pull.seen.contains(&digest) {
                self.pull.seen.push(digest);
                self.take(&message, now);
            }
        }
        let surplus = self.pull.seen.len().saturating_sub(SEEN_MAX);
        self.pull.seen.drain(..surplus);
        self.pull.acknowledged = last;
        self.step.put(record::PULL.to_vec(), &self.pull);
    }

    fn take(&mut self, message: &WaitingMessage, now: Timestamp) {
        let from = message.from;
        if self.contact(from).name.is_none() {
            self.list_at = now;
        }
        match message.kind {
            MessageKind::KEY_REQUEST => self.take_key_request(from, now),
            MessageKind::KEY => self.take_key(from, &message.content, now),
            MessageKind::TEXT => self.take_content(from, false, &message.content, now),
            MessageKind::FILE => self.take_content(from, true, &message.content, now),
            MessageKind(kind) => {
                self.add_message(from, false, Body::Unknown { kind }, State::Received, now);
            }
        }
    }

    /// Somebody wants a key: they get the current one, or a new one.
    fn take_key_request(&mut self, from: ClientId, now: Timestamp) {
        self.add_message(from, false, Body::KeyRequest, State::Received, now);
        if !self.is_sending_key(from) {
            let key = self
                .contact(from)
                .current_key()
                .unwrap_or_else(|| SymmetricKey::generate(&mut self.rng));
            self.offer_key(from, &key, now);
        }
    }

    fn take_key(&mut self, from: ClientId, wrapped: &[u8], now: Timestamp) {
        let Owner::Ready(identity) = &self.owner else {
            return;
        };
        let Ok(key) = identity.private_key.unwrap_key(&mut self.rng, wrapped) else {
            let body = Body::Undecryptable {
                file: false,
                cause: UndecryptableCause::BadKey,
            };
            self.add_message(from, false, body, State::Received, now);
            return;
        };
        let contact = self.contact(from);
        contact.use_key(&key);
        contact.key_requested = false;
        let undecrypted = contact.undecrypted.clone();
        self.add_message(from, false, Body::Key, State::Received, now);
        for seq in undecrypted {
            let load = Load::Message {
                with: from,
                seq: Some(seq),
                then: Then::Decrypt,
            };
            self.effect(Effect::Load(load));
        }
        self.release_waiting(from);
    }

    fn take_content(&mut self, from: ClientId, file: bool, ciphertext: &[u8], now: Timestamp) {
        match self.open(from, file, ciphertext) {
            Ok((body, content)) => {
                let message = self.add_message(from, false, body, State::Received, now);
                if let Some(content) = content {
                    self.step
                        .batch
                        .put(record::blob(from, message.seq), content);
                }
            }
            Err(cause) => {
                let body = Body::Undecryptable { file, cause };
                let message = self.add_message(from, false, body, State::Received, now);
                self.step
                    .batch
                    .put(record::blob(from, message.seq), ciphertext);
                self.contact(from).add_undecrypted(message.seq);
                self.put_contact(from);
            }
        }
    }

    /// Opens text or a file with whatever key fits, the current one first; that key is the current
    /// one from now on. Gives the body and, for a file, its content.
    pub(super) fn open(
        &mut self,
        from: ClientId,
        file: bool,
        ciphertext: &[u8],
    ) -> Result<(Body, Option<Vec<u8>>), UndecryptableCause> {
        // A key of ours may be used by the other side before we hear that it was stored.
        let unconfirmed = self.outbox.values().filter(|item| item.to == from);
        let unconfirmed = unconfirmed
            .filter_map(|item| item.what.key())
            .collect::<Vec<_>>();
        let known: Vec<SymmetricKey> = self.contact(from).keys().chain(unconfirmed).collect();
        let cause = match known.as_slice() {
            [] => UndecryptableCause::NoKey,
            [..] => UndecryptableCause::WrongKey,
        };
        let mut fitting: Vec<(usize, SymmetricKey)> = known
            .into_iter()
            .filter_map(|key| Some((padding(&key, ciphertext)?, key)))
            .collect();
        fitting.sort_by_key(|(padding, _)| core::cmp::Reverse(*padding));
        let mut legacy = None;
        for (_, key) in fitting {
            let Ok(plain) = key.decrypt(ciphertext) else {
                continue;
            };
            if file {
                self.contact(from).use_key(&key);
                let body = Body::File {
                    name: None,
                    size: u64::try_from(plain.len()).unwrap_or(u64::MAX),
                    media: media::sniff(&plain),
                };
                return Ok((body, Some(plain)));
            }
            match String::from_utf8(plain) {
                Ok(text) => {
                    self.contact(from).use_key(&key);
                    return Ok((Body::Text(text), None));
                }
                Err(error) => legacy = legacy.or_else(|| legacy_text(error.as_bytes())),
            }
        }
        legacy.map(|text| (Body::Text(text), None)).ok_or(cause)
    }

    /// Adds a line to a conversation.
    pub(super) fn add_message(
        &mut self,
        with: ClientId,
        mine: bool,
        body: Body,
        state: State,
        now: Timestamp,
    ) -> Message {
        let preview = preview(&body);
        let news = !mine && !matches!(preview, Preview::Key);
        let contact = self.contact(with);
        let seq = contact.take_seq();
        contact.last = Some(LastMessage {
            at: now,
            mine,
            preview: preview.clone(),
        });
        if news {
            contact.add_unread(seq);
        }
        let message = Message {
            seq,
            at: now,
            mine,
            body,
            state,
        };
        self.put_message(with, &message);
        self.put_contact(with);
        self.tell_message(with, message.clone());
        self.tell_person(with);
        if news {
            self.notify(with, preview);
        }
        message
    }

    /// Sends a failed message again, as a new send.
    pub(super) fn send_again(&mut self, to: ClientId, mut message: Message, now: Timestamp) {
        let what = match message.body {
            Body::KeyRequest => What::KeyRequest,
            Body::Key => {
                let key = SymmetricKey::generate(&mut self.rng);
                What::Key(*key.expose())
            }
            _ => What::Content,
        };
        message.state = match what {
            What::Content => self.prepare_key(to, now),
            What::Key(_) | What::KeyRequest => State::Queued,
        };
        self.put_message(to, &message);
        self.tell_message(to, message.clone());
        self.enqueue(to, message, what);
        self.tell_person(to);
    }
}

/// How many bytes of padding a key finds, if it fits at all. One wrong key in 256 fits by chance,
/// nearly always with a single byte: the longer the padding, the surer the key. Only the last two
/// blocks need to be looked at.
fn padding(key: &SymmetricKey, ciphertext: &[u8]) -> Option<usize> {
    let tail = ciphertext.get(ciphertext.len().saturating_sub(32)..)?;
    Some(tail.len() - key.decrypt(tail).ok()?.len())
}

/// Text in some older encoding than UTF-8, as other people's clients send it: shown with
/// replacement characters if nothing in it looks like the wrong key.
fn legacy_text(plain: &[u8]) -> Option<String> {
    let is_text = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\n' | b'\r' | b'\t');
    plain
        .iter()
        .all(is_text)
        .then(|| String::from_utf8_lossy(plain).into_owned())
}

/// A message in a few words.
pub(super) fn preview(body: &Body) -> Preview {
    match body {
        Body::Text(text) => Preview::Text(text.trim().chars().take(PREVIEW_CHARS).collect()),
        Body::File { name, .. } => Preview::File(name.clone()),
        Body::KeyRequest | Body::Key => Preview::Key,
        Body::Undecryptable { .. } | Body::Unknown { .. } => Preview::Undecryptable,
    }
}

/// What a delivery is recognised by.
fn digest(message: &WaitingMessage) -> u64 {
    let digest = Sha256::new()
        .chain_update(message.from.as_bytes())
        .chain_update(message.message.0.to_le_bytes())
        .chain_update([message.kind.0])
        .chain_update(&message.content)
        .finalize();
    digest
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
