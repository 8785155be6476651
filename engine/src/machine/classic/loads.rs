//! What is read from the store, and what happens then.

use sotto_shared::ClientId;

use super::Classic;
use super::incoming::preview;
use crate::api::{Body, Event, Failure, LastMessage, Message, Seq, State};
use crate::machine::conversation::{TimelineLoad, TimelineLoaded};
use crate::media;
use crate::record;
use crate::time::Timestamp;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    /// A page of a conversation, to be answered by [`Loaded::History`].
    History {
        /// Conversation.
        with: ClientId,
        /// Only messages before this one.
        before: Option<Seq>,
        /// At most so many, the newest of them.
        limit: usize,
    },
    /// One message, to be answered by [`Loaded::Message`].
    Message {
        /// Conversation.
        with: ClientId,
        /// Message; nothing for the newest one.
        seq: Option<Seq>,
        /// What for.
        then: Then,
    },
    /// Something of a conversation of version 3, to be answered by [`Loaded::Timeline`].
    Timeline(TimelineLoad),
}

/// What a message is read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// To send it again.
    Retry,
    /// To remove it.
    Discard,
    /// To give its file this name.
    Rename(String),
    /// To give its file to the user.
    Give,
    /// To transmit its file, which is this item of the outbox.
    Transmit(u64),
    /// To decrypt it with a key that has come.
    Decrypt,
    /// To show it as the last one of its conversation.
    Preview,
}

impl Then {
    /// Whether the message's blob is needed too.
    pub fn wants_blob(&self) -> bool {
        matches!(self, Self::Give | Self::Transmit(_) | Self::Decrypt)
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Loaded {
    /// A page, oldest first.
    History {
        /// As asked.
        with: ClientId,
        /// As asked.
        before: Option<Seq>,
        /// The messages.
        messages: Vec<Message>,
        /// Whether there are older ones.
        more: bool,
    },
    /// One message.
    Message {
        /// As asked.
        with: ClientId,
        /// As asked.
        then: Then,
        /// The message, if it is there.
        message: Option<Message>,
        /// Its blob, if it was wanted and is there.
        blob: Option<Vec<u8>>,
    },
    /// Something of a conversation of version 3.
    Timeline(TimelineLoaded),
}

impl Classic {
    pub(in crate::machine) fn loaded(&mut self, loaded: Loaded, now: Timestamp) {
        match loaded {
            Loaded::History {
                with,
                before,
                messages,
                more,
            } => {
                self.tell(Event::History {
                    with,
                    before,
                    messages,
                    more,
                });
            }
            Loaded::Message {
                with,
                then: Then::Transmit(number),
                blob,
                ..
            } => {
                let _ = with;
                self.send_loaded(number, blob, now);
            }
            Loaded::Message {
                with,
                then: Then::Preview,
                message,
                ..
            } => {
                self.contact(with).last = message.map(|message| LastMessage {
                    at: message.at,
                    mine: message.mine,
                    preview: preview(&message.body),
                });
                self.put_contact(with);
                self.tell_person(with);
            }
            Loaded::Message {
                with,
                then,
                message: Some(message),
                blob,
            } => {
                self.loaded_message(with, then, message, blob, now);
            }
            Loaded::Message {
                then: Then::Decrypt,
                ..
            } => {}
            Loaded::Message { message: None, .. } => self.fail(Failure::NoSuchFile),
            // Of conversations of version 3.
            Loaded::Timeline(_) => {}
        }
    }

    fn loaded_message(
        &mut self,
        with: ClientId,
        then: Then,
        mut message: Message,
        blob: Option<Vec<u8>>,
        now: Timestamp,
    ) {
        match then {
            Then::Retry => {
                if matches!(message.state, State::Failed(_)) && self.may_talk_to(with) {
                    self.send_again(with, message, now);
                }
            }
            Then::Discard => {
                let waits = matches!(
                    message.state,
                    State::Failed(_) | State::Queued | State::WaitingForKey
                );
                if waits && self.take_back(with, message.seq) {
                    self.forget_message(with, message.seq);
                }
            }
            Then::Rename(new) => {
                if let Body::File { name, .. } = &mut message.body {
                    *name = media::safe_name(&new);
                    self.put_message(with, &message);
                    self.tell_message(with, message);
                }
            }
            Then::Give => match (&message.body, blob) {
                (Body::File { name, media, .. }, Some(content)) => {
                    let name = name
                        .clone()
                        .unwrap_or_else(|| media::default_name(message.seq, *media));
                    self.tell(Event::FileContent {
                        with,
                        seq: message.seq,
                        name,
                        content,
                    });
                }
                _ => self.fail(Failure::NoSuchFile),
            },
            Then::Decrypt => self.decrypt_again(with, message, blob.unwrap_or_default()),
            Then::Transmit(_) | Then::Preview => {}
        }
    }

    /// Tries a message again that could not be decrypted when it came.
    fn decrypt_again(&mut self, with: ClientId, mut message: Message, ciphertext: Vec<u8>) {
        let Body::Undecryptable { file, .. } = message.body else {
            return;
        };
        let current = self.contact(with).current_key();
        let Ok((body, content)) = self.open(with, file, &ciphertext) else {
            return;
        };
        if let Some(current) = current {
            // An old message says nothing about which key the sender uses now.
            self.contact(with).use_key(&current);
        }
        self.contact(with)
            .undecrypted
            .retain(|seq| *seq != message.seq);
        message.body = body;
        match content {
            Some(content) => self
                .step
                .batch
                .put(record::blob(with, message.seq), content),
            None => self.step.batch.delete(record::blob(with, message.seq)),
        }
        self.put_message(with, &message);
        self.put_contact(with);
        self.notify(with, preview(&message.body));
        self.tell_message(with, message);
        self.tell_person(with);
    }
}
