//! Requests: from client to server.

use bytes::{BufMut, Bytes, BytesMut};

use super::{MessageKind, PublicKeyBytes, Version, code};
use crate::id::{ClientId, MessageId, SendId};
use crate::limits::{NAME_FIELD, PUBLIC_KEY_SIZE};
use crate::name::UserName;
use crate::wire::{ByteOrder, REQUEST_HEADER};

/// One request: who asks, in which form, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The asking client; zero and ignored when registering.
    pub client: ClientId,
    /// Version of the frame; the answer bears the same.
    pub version: Version,
    /// Byte order of the frame; the answer has the same.
    pub order: ByteOrder,
    /// What is asked.
    pub body: RequestBody,
}

/// What a request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    /// Code 600.
    Register(Register),
    /// Code 601.
    ListClients,
    /// Code 602.
    PublicKey(PublicKey),
    /// Code 603.
    Send(Send),
    /// Code 604.
    Pull,
    /// Code 610.
    RegisterOnce(Register),
    /// Code 613.
    SendOnce(SendOnce),
    /// Code 614.
    PullAfter(PullAfter),
}

/// Registers a name with a public key. Payload: name 255, key 160.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The wanted name.
    pub name: UserName,
    /// The client's public key.
    pub public_key: PublicKeyBytes,
}

/// Asks for a client's public key. Payload: id 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    /// Whose key.
    pub wanted: ClientId,
}

/// Sends a message. Payload: addressee 16, kind 1, content size 4, content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// The addressee.
    pub to: ClientId,
    /// What the content is.
    pub kind: MessageKind,
    /// The content, stored untouched.
    pub content: Bytes,
}

/// Sends a message such that repeating is harmless. Payload: send id 16, then as [`Send`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendOnce {
    /// Client-made id of this send.
    pub send_id: SendId,
    /// The message.
    pub send: Send,
}

/// Acknowledges messages and pulls those behind them. Payload: message id 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullAfter {
    /// The last message that the client has stored itself; zero for none.
    pub acknowledged: MessageId,
}

/// Payload size of a registration.
pub(super) const REGISTER_PAYLOAD: usize = NAME_FIELD + PUBLIC_KEY_SIZE;
/// Payload size of a request for a public key.
pub(super) const PUBLIC_KEY_PAYLOAD: usize = 16;
/// Payload size of a message before its content.
pub(super) const SEND_PREFIX: usize = 16 + 1 + 4;
/// Payload size of a message with a send id before its content.
pub(super) const SEND_ONCE_PREFIX: usize = 16 + SEND_PREFIX;
/// Payload size of an acknowledging pull.
pub(super) const PULL_AFTER_PAYLOAD: usize = 4;

impl RequestBody {
    /// The request code.
    pub const fn code(&self) -> u16 {
        match self {
            Self::Register(_) => code::REGISTER,
            Self::ListClients => code::LIST_CLIENTS,
            Self::PublicKey(_) => code::PUBLIC_KEY,
            Self::Send(_) => code::SEND,
            Self::Pull => code::PULL,
            Self::RegisterOnce(_) => code::REGISTER_ONCE,
            Self::SendOnce(_) => code::SEND_ONCE,
            Self::PullAfter(_) => code::PULL_AFTER,
        }
    }

    fn payload_len(&self) -> usize {
        match self {
            Self::Register(_) | Self::RegisterOnce(_) => REGISTER_PAYLOAD,
            Self::ListClients | Self::Pull => 0,
            Self::PublicKey(_) => PUBLIC_KEY_PAYLOAD,
            Self::Send(send) => SEND_PREFIX + send.content.len(),
            Self::SendOnce(once) => SEND_ONCE_PREFIX + once.send.content.len(),
            Self::PullAfter(_) => PULL_AFTER_PAYLOAD,
        }
    }
}

impl Request {
    /// Size of the frame in bytes.
    pub fn encoded_len(&self) -> usize {
        REQUEST_HEADER + self.body.payload_len()
    }

    /// Appends the frame. Contents are bounded far below 4 GiB before they come here; a larger one
    /// would be cut off at what its size field can say.
    pub fn encode(&self, out: &mut BytesMut) {
        let order = self.order;
        out.reserve(self.encoded_len());
        out.put_slice(self.client.as_bytes());
        out.put_u8(self.version.byte());
        out.put_slice(&order.write_u16(self.body.code()));
        out.put_slice(&order.write_u32(size_field(self.body.payload_len())));
        match &self.body {
            RequestBody::Register(register) | RequestBody::RegisterOnce(register) => {
                out.put_slice(&register.name.to_field());
                out.put_slice(&register.public_key.0);
            }
            RequestBody::ListClients | RequestBody::Pull => {}
            RequestBody::PublicKey(request) => out.put_slice(request.wanted.as_bytes()),
            RequestBody::Send(send) => encode_send(send, order, out),
            RequestBody::SendOnce(once) => {
                out.put_slice(once.send_id.as_bytes());
                encode_send(&once.send, order, out);
            }
            RequestBody::PullAfter(pull) => {
                out.put_slice(&order.write_u32(pull.acknowledged.0));
            }
        }
    }

    /// The frame as bytes of its own.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(&mut out);
        out.freeze()
    }
}

fn encode_send(send: &Send, order: ByteOrder, out: &mut BytesMut) {
    out.put_slice(send.to.as_bytes());
    out.put_u8(send.kind.0);
    out.put_slice(&order.write_u32(size_field(send.content.len())));
    out.put_slice(&send.content);
}

/// A length as the wire's u32.
pub(super) fn size_field(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
