//! What survives a restart: clients, mailboxes, receipts; accounts; conversations.
//!
//! [`Storage`], [`account::AccountStorage`] and [`delivery::DeliveryStorage`] are the whole face of
//! it. [`sqlite`] is the embedded implementation; another one has to pass the same conformance suite
//! (`tests/gateway/{storage,account_storage,delivery_storage}`).

pub mod account;
mod clock;
pub mod delivery;
mod directory;
mod names;
pub mod sqlite;

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use sotto_shared::classic::request::{Register, Send as Message};
use sotto_shared::classic::response::{ClientRecord, PublicKeyAnswer, WaitingMessage};
use sotto_shared::{ClientId, MessageId, SendId};
use tokio::sync::oneshot;

pub use clock::Clock;

/// A change. Changes of one batch, and batches of one caller, take effect in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Registers a client.
    Register {
        /// Name and key.
        register: Register,
        /// Whether the same name with the same key is answered with the existing id.
        once: bool,
    },
    /// Stores a message.
    Send {
        /// Who sends it.
        from: ClientId,
        /// The message.
        message: Message,
        /// With it, a repetition is stored once.
        send_id: Option<SendId>,
    },
    /// Deletes what a pull has delivered: a mailbox's messages up to and including one.
    Delivered {
        /// Whose mailbox.
        mailbox: ClientId,
        /// The last message delivered.
        through: StoredId,
    },
    /// Deletes a mailbox's messages up to and including one, if that one is in it.
    Acknowledge {
        /// Whose mailbox.
        mailbox: ClientId,
        /// The last message acknowledged.
        through: MessageId,
    },
}

/// A message's number in storage; its low 32 bits are the number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredId(pub i64);

impl StoredId {
    /// The number on the wire.
    pub const fn on_wire(self) -> MessageId {
        let [a, b, c, d, ..] = self.0.to_le_bytes();
        MessageId(u32::from_le_bytes([a, b, c, d]))
    }
}

/// What became of a [`Write`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Registered, with this id.
    Registered(ClientId),
    /// Stored, durably, under this number.
    Stored(MessageId),
    /// Deleted, or there was nothing to delete.
    Deleted,
    /// Not done, and not to be done.
    Refused(Refusal),
    /// Not done: the storage is failing.
    Failed,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The asking client is not registered.
    UnknownRequester,
    /// The addressee or wanted client is not registered.
    UnknownClient,
    /// The name belongs to another client.
    NameTaken,
    /// A message to oneself.
    ToOneself,
    /// The mailbox holds as many messages or bytes as it may.
    MailboxFull,
    /// As many clients are registered as may be.
    ClientsFull,
    /// Too many registrations from one address.
    TooManyRegistrations,
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// Not to be answered.
    Refused(Refusal),
    /// The storage is failing.
    Failed,
}

/// Waiting messages, in order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// The messages.
    pub messages: Vec<WaitingMessage>,
    /// The last one's number in storage; none without messages.
    pub through: Option<StoredId>,
}

/// How much waits in a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailboxSize {
    /// Messages.
    pub messages: u64,
    /// Bytes of their contents.
    pub bytes: u64,
}

/// What is stored in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Registered clients.
    pub clients: u64,
    /// Waiting messages of all mailboxes.
    pub mailboxes: MailboxSize,
}

/// Where clients and messages are kept.
///
/// Every call is submitted before it returns; what is awaited is only the result. Dropping the
/// result undoes nothing.
pub trait Storage: core::fmt::Debug + Send + Sync + 'static {
    /// Applies changes in order. The results come when everything in the batch is durable.
    fn write(&self, batch: Vec<Write>) -> Pending<Vec<Written>>;

    /// All clients but the asking one, in order of registration.
    fn clients(&self, requester: ClientId) -> Pending<Result<Vec<ClientRecord>, ReadError>>;

    /// A client's public key.
    fn public_key(
        &self,
        requester: ClientId,
        wanted: ClientId,
    ) -> Pending<Result<PublicKeyAnswer, ReadError>>;

    /// A mailbox's oldest messages: as many as take no more than `bytes_max` with 25 bytes for
    /// each, and at least one if there is any. Deletes nothing.
    fn waiting(&self, mailbox: ClientId, bytes_max: usize) -> Pending<Result<Waiting, ReadError>>;

    /// How much waits in a mailbox; nothing for an unknown client.
    fn mailbox_size(&self, mailbox: ClientId) -> Option<MailboxSize>;

    /// How many clients are registered.
    fn client_count(&self) -> u64;

    /// What is stored in all.
    fn totals(&self) -> Totals;

    /// Whether a trivial question is answered.
    fn ready(&self) -> Pending<bool>;

    /// Writes what is still in memory and closes; later writes fail.
    fn close(&self) -> Pending<()>;
}

/// A result that is yet to come. If the storage goes away instead, it is a failure.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<T>);

impl<T> Pending<T> {
    /// A result to come, and where to put it.
    pub fn new() -> (oneshot::Sender<T>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self(receiver))
    }

    /// A result that is there already.
    pub fn ready(value: T) -> Self {
        let (sender, pending) = Self::new();
        drop(sender.send(value));
        pending
    }
}

/// The storage went away before it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the storage is closed")]
pub struct Closed;

impl<T> Future for Pending<T> {
    type Output = Result<T, Closed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(|_| Closed)
    }
}
