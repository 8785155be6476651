//! What a user interface says to the engine, and what it hears back.
//!
//! A face (page or terminal) sends [`Command`]s and keeps what [`Event`]s tell it; it holds no key
//! and no state of its own that could be wrong. All types travel between the page and its worker
//! (postcard), hence serde.

use serde::{Deserialize, Serialize};
use sotto_shared::account::AccountName;
use sotto_shared::{AccountId, ClientId, UserName};

use crate::time::Timestamp;

mod account;
mod conversation;

pub use account::*;
pub use conversation::*;

/// Position of a message in its conversation: counts up from 1, in order of arrival here.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Seq(pub u64);

/// Most messages that one [`Command::LoadHistory`] gives.
pub const HISTORY_PAGE_MAX: u16 = 200;

/// Longest text of one message in bytes (1 MiB).
pub const TEXT_MAX: usize = 1024 * 1024;

/// Largest file that can be sent in bytes: the gateway's 64 MiB less the cipher's padding.
pub const FILE_MAX: usize = sotto_shared::limits::CONTENT_MAX_DEFAULT - 16;

/// Longest file name that is kept, in characters.
pub const FILE_NAME_MAX: usize = 120;

/// What the user wants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Command {
    /// Tells all there is: [`Event::Status`] and [`Event::People`]. A face sends it first.
    Attach,
    /// Makes keys and registers this name. Answered by status changes.
    Register {
        /// The wanted name.
        name: UserName,
    },
    /// Asks the gateway now who is there.
    RefreshPeople,
    /// Sends text.
    SendText {
        /// Addressee.
        to: ClientId,
        /// At most [`TEXT_MAX`] bytes, not blank.
        text: String,
    },
    /// Sends a file. Its name stays here: the classic protocol carries none.
    SendFile {
        /// Addressee.
        to: ClientId,
        /// Name shown to the sender.
        name: String,
        /// At most [`FILE_MAX`] bytes.
        content: Vec<u8>,
    },
    /// Tries a failed message again.
    Retry {
        /// Conversation.
        with: ClientId,
        /// Message.
        seq: Seq,
    },
    /// Removes a failed message, or takes back one that was not sent yet.
    Discard {
        /// Conversation.
        with: ClientId,
        /// Message.
        seq: Seq,
    },
    /// Asks this person for a symmetric key.
    RequestKey {
        /// Of whom.
        from: ClientId,
    },
    /// Sends this person a new symmetric key.
    SendKey {
        /// To whom.
        to: ClientId,
    },
    /// Fetches this person's public key, if it is not known yet, so that its fingerprint shows.
    FetchPublicKey {
        /// Whose.
        of: ClientId,
    },
    /// Everything up to this message was seen.
    MarkRead {
        /// Conversation.
        with: ClientId,
        /// Last message seen.
        up_to: Seq,
    },
    /// Asks for messages before `before` (or the newest), answered by [`Event::History`].
    LoadHistory {
        /// Conversation.
        with: ClientId,
        /// Only messages before this one; nothing for the newest.
        before: Option<Seq>,
        /// At most [`HISTORY_PAGE_MAX`].
        limit: u16,
    },
    /// Asks for a file's content, answered by [`Event::FileContent`].
    LoadFile {
        /// Conversation.
        with: ClientId,
        /// Message.
        seq: Seq,
    },
    /// Gives a received file a name.
    RenameFile {
        /// Conversation.
        with: ClientId,
        /// Message.
        seq: Seq,
        /// The new name.
        name: String,
    },
    /// Asks for the identity as the seed's `my.info` text, answered by [`Event::Exported`].
    /// It is not encrypted.
    ExportMyInfo,
    /// Asks for identity, contacts and keys as a file sealed under a passphrase, answered by
    /// [`Event::Exported`].
    ExportSealed {
        /// At least one character.
        passphrase: Passphrase,
    },
    /// Takes over an identity; only when none is registered here.
    Import {
        /// The file: a `my.info` or a sealed one.
        file: Vec<u8>,
        /// For a sealed file.
        passphrase: Option<Passphrase>,
    },
    /// Opens the local store, when [`Phase::Locked`].
    Unlock {
        /// As it was set.
        passphrase: Passphrase,
    },
    /// Sets, changes or removes the passphrase of the local store. With an account, its password
    /// is the passphrase: see [`AccountCommand::SetStayUnlocked`].
    SetPassphrase {
        /// Nothing to remove it.
        passphrase: Option<Passphrase>,
    },
    /// About the account.
    Account(AccountCommand),
    /// About conversations.
    Conversation(ConversationCommand),
}

/// A passphrase, password or code on its way: zeroized when dropped, never printed.
#[derive(
    Clone, PartialEq, Eq, Serialize, Deserialize, zeroize::Zeroize, zeroize::ZeroizeOnDrop,
)]
pub struct Passphrase(pub String);

impl core::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// What there is to show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Where things stand as a whole.
    Status(Status),
    /// Everybody known, in no order: replaces what was there.
    People(Vec<Person>),
    /// One person, new or changed.
    Person(Person),
    /// Messages, new or changed (same `seq`), oldest first.
    Messages {
        /// Conversation.
        with: ClientId,
        /// The messages.
        messages: Vec<Message>,
    },
    /// A message was discarded.
    Removed {
        /// Conversation.
        with: ClientId,
        /// Message.
        seq: Seq,
    },
    /// Answer to [`Command::LoadHistory`], oldest first.
    History {
        /// Conversation.
        with: ClientId,
        /// As asked: messages before this one.
        before: Option<Seq>,
        /// The messages.
        messages: Vec<Message>,
        /// Whether there are older ones.
        more: bool,
    },
    /// Answer to [`Command::LoadFile`].
    FileContent {
        /// Conversation.
        with: ClientId,
        /// Message.
        seq: Seq,
        /// Name to save it under.
        name: String,
        /// The content.
        content: Vec<u8>,
    },
    /// Answer to an export.
    Exported {
        /// Suggested name of the file.
        name: String,
        /// Its content.
        file: Vec<u8>,
    },
    /// Something new that the user may want to be told of (not sent for one's own messages).
    Notify {
        /// From whom.
        with: ClientId,
        /// Their name.
        name: UserName,
        /// What to say about it.
        preview: Preview,
    },
    /// A command could not be done.
    Failed(Failure),
    /// About accounts.
    Account(AccountEvent),
    /// About conversations.
    Conversation(ConversationEvent),
}

/// Where things stand as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Of the user here.
    pub phase: Phase,
    /// To the gateway.
    pub connection: Connection,
    /// Whether the local store is under a passphrase.
    pub passphrase: bool,
    /// What the gateway says of itself, once it was asked.
    pub gateway: Option<GatewayInfo>,
    /// The account that is signed in here, in [`Phase::SignedIn`].
    pub account: Option<Box<AccountStatus>>,
}

/// Where the user stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Reading the local store.
    Opening,
    /// The local store needs its passphrase.
    Locked,
    /// The local store cannot be used; nothing was changed in it.
    Broken {
        /// What is wrong, in a sentence.
        reason: String,
    },
    /// Nobody is registered here yet.
    Unregistered,
    /// Keys are being made.
    MakingKeys {
        /// The wanted name.
        name: UserName,
    },
    /// The gateway has been or will be asked.
    Registering {
        /// The wanted name.
        name: UserName,
    },
    /// Signing up, signing in or recovering.
    SigningIn {
        /// Who.
        name: AccountName,
        /// How far it has come.
        step: SignInStep,
    },
    /// Signed in: see [`Status::account`].
    SignedIn,
    /// Registered as a classic client, without an account.
    Ready {
        /// Own name.
        name: UserName,
        /// Own id.
        client: ClientId,
        /// Fingerprint of the own public key, as [`Person::fingerprint`].
        fingerprint: String,
    },
}

/// Connection to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// Not wanted or waiting for the next try.
    Offline {
        /// When it is tried again. Nothing if there is no use for a connection, which is no fault:
        /// nobody is here yet, or the session is over.
        retry_at: Option<Timestamp>,
    },
    /// Being made.
    Connecting,
    /// Up.
    Online,
}

/// Somebody registered at the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id.
    pub client: ClientId,
    /// Their name.
    pub name: UserName,
    /// Whether the gateway still lists them (as far as known).
    pub listed: bool,
    /// Symmetric key with them.
    pub key: KeyState,
    /// Fingerprint of their public key, if it is known: SHA-256 of the 160 bytes, the first 20 in
    /// groups of 4 hex digits.
    pub fingerprint: Option<String>,
    /// Messages not seen yet.
    pub unread: u32,
    /// Last thing said, if anything was.
    pub last: Option<LastMessage>,
    /// The account that this classic mailbox is proven to belong to.
    pub account: Option<AccountId>,
}

/// Symmetric key with a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// None.
    None,
    /// Asked for; the answer comes when they pull.
    Requested,
    /// Being made and sent.
    Sending,
    /// There.
    Established,
}

/// Last thing said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMessage {
    /// When.
    pub at: Timestamp,
    /// Whether by the user here.
    pub mine: bool,
    /// What.
    pub preview: Preview,
}

/// A message in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Preview {
    /// Beginning of a text.
    Text(String),
    /// A file, with its name if it has one.
    File(Option<String>),
    /// A symmetric key was asked for, sent or received.
    Key,
    /// Something that could not be decrypted.
    Undecryptable,
}

/// A line of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its place.
    pub seq: Seq,
    /// When it was written or received here.
    pub at: Timestamp,
    /// Whether by the user here.
    pub mine: bool,
    /// What it says.
    pub body: Body,
    /// How far it came; received ones are [`State::Received`].
    pub state: State,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Text.
    Text(String),
    /// A file.
    File {
        /// Its name here, if it has one.
        name: Option<String>,
        /// Bytes.
        size: u64,
        /// By its first bytes.
        media: Media,
    },
    /// A symmetric key was asked for (by [`Message::mine`]: by whom).
    KeyRequest,
    /// A symmetric key was sent.
    Key,
    /// It could not be decrypted (yet).
    Undecryptable {
        /// Whether text or a file.
        file: bool,
        /// Why.
        cause: UndecryptableCause,
    },
    /// A kind of message that Sotto does not know.
    Unknown {
        /// Its number.
        kind: u8,
    },
}

/// Why a message could not be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UndecryptableCause {
    /// No key from this sender is here: ask for one.
    NoKey,
    /// No key that is here fits.
    WrongKey,
    /// A symmetric key that was not wrapped for this identity.
    BadKey,
}

/// What kind of file, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Media {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/gif`
    Gif,
    /// `image/webp`
    Webp,
    /// `application/pdf`
    Pdf,
    /// `application/zip`
    Zip,
    /// UTF-8 text.
    Text,
    /// Anything else.
    Other,
}

/// How far a message came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Received from the other side.
    Received,
    /// Waits until the symmetric key is exchanged.
    WaitingForKey,
    /// Waits for the connection, or for its turn.
    Queued,
    /// On its way to the gateway.
    Sending,
    /// Stored at the gateway, for the addressee to pull.
    Stored,
    /// Not sent.
    Failed(SendFailure),
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SendFailure {
    /// The gateway refused it: the addressee is gone, their mailbox is full, or it is too large.
    Refused,
    /// The connection broke before a foreign server answered: it may or may not have been stored.
    InDoubt,
    /// The addressee's public key cannot be used.
    UnusableKey,
}

/// Why a command could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The name is taken, or the gateway does not let it in.
    NameRefused {
        /// The wanted name.
        name: UserName,
    },
    /// Text that is blank or too long.
    BadText,
    /// A file that is too large.
    FileTooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is not there (any more).
    NoSuchFile,
    /// Not before registering, or not after it.
    WrongPhase,
    /// Nobody has this id.
    NoSuchPerson,
    /// The passphrase is wrong. Nothing was changed.
    WrongPassphrase,
    /// The file to import is none.
    BadImport {
        /// What is wrong, in a sentence.
        reason: String,
    },
    /// The local store did not take the change.
    Storage {
        /// What is wrong, in a sentence.
        reason: String,
    },
    /// No keys could be made.
    KeyGeneration,
    /// The server does not know the user here (any more): its database is another one.
    UnknownToServer,
    /// About the account.
    Account(AccountFailure),
    /// About conversations.
    Conversation(ConversationFailure),
}
