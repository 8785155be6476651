//! Responses: from server to client.

use bytes::{BufMut, Bytes, BytesMut};

use super::request::size_field;
use super::{MessageKind, PublicKeyBytes, Version, code};
use crate::id::{ClientId, MessageId};
use crate::limits::{NAME_FIELD, PUBLIC_KEY_SIZE};
use crate::name::UserName;
use crate::wire::{ByteOrder, RESPONSE_HEADER};

/// One response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// Code 2100.
    Registered(Registered),
    /// Code 2101.
    ClientList(Vec<ClientRecord>),
    /// Code 2102.
    PublicKey(PublicKeyAnswer),
    /// Code 2103. Some servers answer without a receipt.
    Stored(Option<Stored>),
    /// Code 2104.
    Waiting(Vec<WaitingMessage>),
    /// Code 9000, whatever the cause. Sotto's gateway sends no text; some servers do.
    Error(String),
}

/// The new client's id. Payload: id 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Made by the server.
    pub client: ClientId,
}

/// One registered client. Record: id 16, name 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRecord {
    /// Its id.
    pub client: ClientId,
    /// Its name.
    pub name: UserName,
}

/// A client's public key. Payload: id 16, key 160.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKeyAnswer {
    /// Whose key.
    pub client: ClientId,
    /// The key.
    pub public_key: PublicKeyBytes,
}

/// Receipt of a stored message. Payload: addressee 16, message id 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The addressee.
    pub to: ClientId,
    /// The message's number on this server.
    pub message: MessageId,
}

/// One waiting message. Record: sender 16, message id 4, kind 1, content size 4, content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingMessage {
    /// The sender.
    pub from: ClientId,
    /// The message's number on this server.
    pub message: MessageId,
    /// What the content is.
    pub kind: MessageKind,
    /// The content as it was sent.
    pub content: Bytes,
}

/// Size of one record in a client list.
pub const CLIENT_RECORD: usize = 16 + NAME_FIELD;
/// Size of one waiting message before its content.
pub const WAITING_PREFIX: usize = 16 + 4 + 1 + 4;

impl Response {
    /// The response code.
    pub const fn code(&self) -> u16 {
        match self {
            Self::Registered(_) => code::REGISTERED,
            Self::ClientList(_) => code::CLIENT_LIST,
            Self::PublicKey(_) => code::PUBLIC_KEY_ANSWER,
            Self::Stored(_) => code::STORED,
            Self::Waiting(_) => code::WAITING,
            Self::Error(_) => code::ERROR,
        }
    }

    fn payload_len(&self) -> usize {
        match self {
            Self::Registered(_) => 16,
            Self::ClientList(records) => records.len() * CLIENT_RECORD,
            Self::PublicKey(_) => 16 + PUBLIC_KEY_SIZE,
            Self::Stored(receipt) => receipt.map_or(0, |_| 16 + 4),
            Self::Waiting(messages) => messages
                .iter()
                .map(|message| WAITING_PREFIX + message.content.len())
                .sum(),
            Self::Error(text) => text.len(),
        }
    }

    /// Size of the frame in bytes.
    pub fn encoded_len(&self) -> usize {
        RESPONSE_HEADER + self.payload_len()
    }

    /// Appends the frame.
    pub fn encode(&self, version: Version, order: ByteOrder, out: &mut BytesMut) {
        out.reserve(self.encoded_len());
        out.put_u8(version.byte());
        out.put_slice(&order.write_u16(self.code()));
        out.put_slice(&order.write_u32(size_field(self.payload_len())));
        match self {
            Self::Registered(registered) => out.put_slice(registered.client.as_bytes()),
            Self::ClientList(records) => {
                for record in records {
                    out.put_slice(record.client.as_bytes());
                    out.put_slice(&record.name.to_field());
                }
            }
            Self::PublicKey(answer) => {
                out.put_slice(answer.client.as_bytes());
                out.put_slice(&answer.public_key.0);
            }
            Self::Stored(receipt) => {
                if let Some(stored) = receipt {
                    out.put_slice(stored.to.as_bytes());
                    out.put_slice(&order.write_u32(stored.message.0));
                }
            }
            Self::Waiting(messages) => {
                for message in messages {
                    out.put_slice(message.from.as_bytes());
                    out.put_slice(&order.write_u32(message.message.0));
                    out.put_u8(message.kind.0);
                    out.put_slice(&order.write_u32(size_field(message.content.len())));
                    out.put_slice(&message.content);
                }
            }
            Self::Error(text) => out.put_slice(text.as_bytes()),
        }
    }

    /// The frame as bytes of its own.
    pub fn to_bytes(&self, version: Version, order: ByteOrder) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(version, order, &mut out);
        out.freeze()
    }
}
