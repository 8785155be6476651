//! What is said about conversations (version 3): direct chats, groups and the lobby.
//!
//! A line of a conversation has a place in it ([`Place`]): the gateway's number, in which everybody
//! sees the same order, or, until that is known, the outbox's. Lines come in [`Item`]s; an item that
//! is told again under the same place replaces the earlier one.

use serde::{Deserialize, Serialize};
pub use sotto_shared::content::Mention;
pub use sotto_shared::limits::{CONTENT_TEXT_MAX, GROUP_NAME_MAX, GROUP_PICTURE_MAX};
pub use sotto_shared::sotto::group::GroupKind;
use sotto_shared::{AccountId, GroupId};

use super::Seq;
use crate::time::Timestamp;

/// Most items that one [`ConversationCommand::Load`] gives.
pub const TIMELINE_PAGE_MAX: u16 = 200;

/// Most hits that one [`ConversationCommand::Search`] gives.
pub const SEARCH_PAGE_MAX: u16 = 50;

/// Most devices of a conversation in which receipts are sent.
pub const RECEIPTS_DEVICES_MAX: usize = 32;

/// What the user wants of conversations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ConversationCommand {
    /// Opens the direct chat with this account, which is made if there is none. With the own account
    /// it is the conversation with oneself. Answered by [`ConversationEvent::Opened`].
    OpenDirect {
        /// With whom.
        with: AccountId,
    },
    /// Makes a group. Answered by [`ConversationEvent::Opened`].
    CreateGroup {
        /// 1 to [`GROUP_NAME_MAX`] characters.
        name: String,
        /// Besides oneself.
        members: Vec<AccountId>,
    },
    /// Joins the lobby, which is made if there is none. Answered by [`ConversationEvent::Opened`].
    JoinLobby,
    /// Adds members: only admins.
    Add {
        /// To which group.
        conversation: GroupId,
        /// Whom.
        accounts: Vec<AccountId>,
    },
    /// Removes a member with all devices: only admins.
    Remove {
        /// From which group.
        conversation: GroupId,
        /// Whom.
        account: AccountId,
    },
    /// Makes somebody an admin, or none any more: only admins; one stays.
    SetAdmin {
        /// Of which group.
        conversation: GroupId,
        /// Whom.
        account: AccountId,
        /// Whether.
        admin: bool,
    },
    /// Renames a group: only admins.
    Rename {
        /// Which.
        conversation: GroupId,
        /// 1 to [`GROUP_NAME_MAX`] characters.
        name: String,
    },
    /// Gives a group a picture: only admins.
    SetPicture {
        /// Which.
        conversation: GroupId,
        /// PNG, JPEG or WebP of at most [`GROUP_PICTURE_MAX`] bytes; nothing to remove it.
        picture: Option<Vec<u8>>,
    },
    /// How long texts stay from now on: in direct chats either side, in groups only admins.
    SetTimer {
        /// In which conversation.
        conversation: GroupId,
        /// Seconds; 0 for ever.
        seconds: u32,
    },
    /// Leaves a group or the lobby with all devices.
    Leave {
        /// Which.
        conversation: GroupId,
    },
    /// Sends text.
    Send {
        /// Where.
        conversation: GroupId,
        /// At most [`CONTENT_TEXT_MAX`] bytes, not blank.
        text: String,
        /// In order, apart.
        mentions: Vec<Mention>,
        /// What it replies to.
        reply_to: Option<Seq>,
    },
    /// Puts an emoji on a message, or takes it back.
    React {
        /// Where.
        conversation: GroupId,
        /// On which message.
        seq: Seq,
        /// One.
        emoji: String,
        /// Whether it is to be there.
        on: bool,
    },
    /// Replaces an own text.
    Edit {
        /// Where.
        conversation: GroupId,
        /// Which message.
        seq: Seq,
        /// As in [`Self::Send`].
        text: String,
        /// As in [`Self::Send`].
        mentions: Vec<Mention>,
    },
    /// Takes an own message back for everyone, as an admin anybody's.
    DeleteForEveryone {
        /// Where.
        conversation: GroupId,
        /// Which message.
        seq: Seq,
    },
    /// Removes a line here.
    DeleteForMe {
        /// Where.
        conversation: GroupId,
        /// Which line.
        place: Place,
    },
    /// Removes all lines on the own devices.
    Clear {
        /// Where.
        conversation: GroupId,
    },
    /// Tries a failed message again.
    Retry {
        /// Where.
        conversation: GroupId,
        /// A pending place.
        place: Place,
    },
    /// The user is writing, or has stopped. To be said every few seconds while it goes on.
    Typing {
        /// Where.
        conversation: GroupId,
        /// Whether.
        typing: bool,
    },
    /// Everything up to this place was seen.
    MarkRead {
        /// Where.
        conversation: GroupId,
        /// Last place seen.
        up_to: Seq,
    },
    /// How the conversation is kept in the list, on all own devices.
    Keep {
        /// Which.
        conversation: GroupId,
        /// Pinned to the top.
        pinned: bool,
        /// No notifications.
        muted: bool,
        /// Out of the way.
        archived: bool,
    },
    /// Asks for a page of a timeline, answered by [`ConversationEvent::Page`].
    Load {
        /// Of which conversation.
        conversation: GroupId,
        /// From where.
        from: From,
        /// At most [`TIMELINE_PAGE_MAX`].
        limit: u16,
    },
    /// Looks for words in everything that is kept here, newest first. Each word may be the beginning
    /// of one in the text; accents and case do not matter. Answered by
    /// [`ConversationEvent::Found`].
    Search {
        /// What the answer is told by.
        query: u32,
        /// The words.
        words: String,
        /// Only here.
        within: Option<GroupId>,
        /// Goes on behind an earlier answer.
        after: Option<SearchCursor>,
    },
    /// Joins anew a conversation that is [`ConversationState::Broken`].
    Rejoin {
        /// Which.
        conversation: GroupId,
    },
    /// Whether others are told what was delivered and read here.
    SetReceipts {
        /// Whether.
        on: bool,
    },
}

/// From where a page of a timeline is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum From {
    /// The newest.
    Newest,
    /// Those before this place.
    Before(Seq),
    /// Those behind this place.
    After(Seq),
}

/// What there is to show of conversations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ConversationEvent {
    /// All conversations, in no order: replaces what was there.
    List(Vec<Conversation>),
    /// One, new or changed.
    Changed(Box<Conversation>),
    /// One is gone.
    Gone(GroupId),
    /// Answer to a command that opens one.
    Opened(GroupId),
    /// Lines, new or changed, oldest first.
    Items {
        /// Where.
        conversation: GroupId,
        /// The lines.
        items: Vec<Item>,
    },
    /// A line has found its place: `item` replaces the pending one.
    Placed {
        /// Where.
        conversation: GroupId,
        /// The earlier, pending place.
        pending: Place,
        /// The line at its place.
        item: Box<Item>,
    },
    /// Lines are gone.
    Removed {
        /// Where.
        conversation: GroupId,
        /// Which.
        places: Vec<Place>,
    },
    /// Answer to [`ConversationCommand::Load`], oldest first. The newest page ends with the pending
    /// lines.
    Page {
        /// Of which conversation.
        conversation: GroupId,
        /// As asked.
        from: From,
        /// The lines.
        items: Vec<Item>,
        /// Whether there are more in that direction.
        more: bool,
    },
    /// Answer to [`ConversationCommand::Search`].
    Found {
        /// As asked.
        query: u32,
        /// Newest first, at most [`SEARCH_PAGE_MAX`].
        hits: Vec<Hit>,
        /// To go on with, if there is more.
        more: Option<SearchCursor>,
    },
    /// Somebody is writing, or has stopped. It is over by itself after [`Self::TYPING_SECONDS`].
    Typing {
        /// Where.
        conversation: GroupId,
        /// Who.
        account: AccountId,
        /// Whether.
        typing: bool,
    },
    /// Something new that the user may want to be told of: not of muted conversations, unless the
    /// user is mentioned.
    Notify {
        /// Where.
        conversation: GroupId,
        /// By whom.
        author: AccountId,
        /// Beginning of the text.
        preview: String,
        /// Whether the user is mentioned.
        mention: bool,
    },
    /// What this client has counted, and the settings of conversations.
    Figures(Figures),
}

impl ConversationEvent {
    /// Seconds after which somebody who was writing no longer is.
    pub const TYPING_SECONDS: u64 = 8;
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id: the MLS group.
    pub id: GroupId,
    /// What it is.
    pub kind: GroupKind,
    /// How it is encrypted.
    pub suite: Suite,
    /// The other side of a direct chat; oneself in the conversation with oneself.
    pub peer: Option<AccountId>,
    /// Of a group; empty while it is not known yet, and in other kinds.
    pub name: String,
    /// Of a group.
    pub picture: Option<Vec<u8>>,
    /// Everybody in it, in no order; of the lobby at most 200, others may be asked for by name.
    pub members: Vec<Member>,
    /// How many accounts there are.
    pub members_total: u32,
    /// Where it stands.
    pub state: ConversationState,
    /// Messages that were not seen yet: a function of `read_up_to` and the timeline.
    pub unread: u32,
    /// Those of them that mention the user.
    pub unread_mentions: u32,
    /// Last place that was seen.
    pub read_up_to: Seq,
    /// Last thing said, if anything was.
    pub last: Option<LastItem>,
    /// When something happened last: what lists are ordered by.
    pub active_at: Timestamp,
    /// Pinned to the top.
    pub pinned: bool,
    /// No notifications.
    pub muted: bool,
    /// Out of the way.
    pub archived: bool,
    /// Seconds after which texts disappear; 0 for never.
    pub timer: u32,
}

/// How a conversation is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Suite {
    /// X-Wing (ML-KEM-768 and X25519), ChaCha20-Poly1305, SHA-256, Ed25519: also against quantum
    /// computers.
    PostQuantum,
    /// X25519, ChaCha20-Poly1305, SHA-256, Ed25519.
    Classical,
}

/// Somebody in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who. Names and trust are told of as contacts.
    pub account: AccountId,
    /// Whether they may add, remove and rename.
    pub admin: bool,
    /// Devices in it.
    pub devices: u32,
    /// What arrived on one of their devices, as far as they tell.
    pub delivered: Seq,
    /// What they have seen, as far as they tell.
    pub read: Seq,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConversationState {
    /// Being made or joined.
    Joining,
    /// As it should be.
    Active,
    /// The user has left; the others have yet to take note.
    Leaving,
    /// The user has left.
    Left,
    /// The user was removed.
    Removed,
    /// Nothing goes on until it is joined anew.
    Broken(Cause),
}

/// Why something could not be read, or a conversation does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// It belongs to an epoch that did not come yet: it is tried again when that comes.
    EpochAhead,
    /// It belongs to an epoch whose keys are deleted.
    EpochGone,
    /// It was read before, or its key is used up.
    Repeated,
    /// It is damaged, or not from where it says.
    Damaged,
    /// A device that nobody has certified is in it.
    ForeignDevice,
    /// Somebody did what only admins may.
    NotAllowed,
    /// The account key of a member has changed: it has to be looked at first.
    KeyChanged,
    /// The state of the conversation is not here (any more).
    NoState,
    /// The gateway did not deliver it.
    Missed,
    /// It is of a later version.
    Unknown,
}

impl Cause {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::EpochAhead,
        Self::EpochGone,
        Self::Repeated,
        Self::Damaged,
        Self::ForeignDevice,
        Self::NotAllowed,
        Self::KeyChanged,
        Self::NoState,
        Self::Missed,
        Self::Unknown,
    ];
}

/// Where a line stands in its conversation. Pending lines come behind all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Place {
    /// The gateway's number.
    At(Seq),
    /// The outbox's number.
    Pending(u64),
}

/// A line of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Where.
    pub place: Place,
    /// When the gateway took it; of a pending one, when it was written.
    pub at: Timestamp,
    /// By whom.
    pub author: AccountId,
    /// Whether by the user, on whichever device.
    pub mine: bool,
    /// What it says.
    pub body: ItemBody,
    /// How far an own one came.
    pub state: ItemState,
    /// In order of their first use.
    pub reactions: Vec<Reactions>,
    /// Whether the text was replaced.
    pub edited: bool,
    /// What it replies to.
    pub reply: Option<Quote>,
    /// When it disappears.
    pub expires_at: Option<Timestamp>,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemBody {
    /// Text.
    Text {
        /// As it was written: see [`crate::formatting`] for what it means.
        text: String,
        /// In order, apart.
        mentions: Vec<Mention>,
    },
    /// It was taken back, by its author or by this admin.
    Deleted {
        /// By whom.
        by: AccountId,
    },
    /// Something happened.
    Happened(Happening),
    /// It could not be read (yet).
    Undecryptable {
        /// Why.
        cause: Cause,
    },
}

/// Something that happened in a conversation, by [`Item::author`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// It was made.
    Created,
    /// These were added, or came themselves.
    Joined(Vec<AccountId>),
    /// These were removed.
    Removed(Vec<AccountId>),
    /// These have left.
    Left(Vec<AccountId>),
    /// A member has a new device in it.
    DeviceAdded(AccountId),
    /// A member's device is in it no more.
    DeviceRemoved(AccountId),
    /// It is called so now.
    Renamed(String),
    /// It has another picture.
    PictureChanged,
    /// Texts disappear after so many seconds; 0 for never.
    TimerSet(u32),
    /// Somebody is an admin now, or no more.
    AdminSet(AccountId, bool),
    /// This device has joined anew; something may be missing before.
    Rejoined,
    /// So many messages of this author did not arrive.
    Missing(u64),
}

/// How far a line came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemState {
    /// From somebody else, or from another own device.
    Received,
    /// Waits for the connection, or for its turn.
    Queued,
    /// On its way to the gateway.
    Sending,
    /// On the gateway's disk. How far it came from there: see [`Member::delivered`] and
    /// [`Member::read`].
    Stored,
    /// Not sent.
    Failed(NotSent),
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotSent {
    /// The mailboxes of all others are full.
    MailboxFull,
    /// The user is no member any more.
    NotMember,
    /// The account key of a member has changed: it has to be looked at first.
    KeyChanged(AccountId),
    /// The conversation has to be joined anew first.
    Broken,
    /// The gateway does not take it.
    Refused,
}

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reactions {
    /// Which.
    pub emoji: String,
    /// By whom, in order.
    pub by: Vec<AccountId>,
}

/// What a message replies to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Its place, if it is here.
    pub seq: Option<Seq>,
    /// By whom, if it is here.
    pub author: Option<AccountId>,
    /// Beginning of its text.
    pub excerpt: String,
}

/// Last thing said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastItem {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub author: AccountId,
    /// Whether by the user.
    pub mine: bool,
    /// How far an own one came.
    pub state: ItemState,
    /// What it says, texts shortened.
    pub body: ItemBody,
}

/// A message that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Where.
    pub conversation: GroupId,
    /// Its place.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub author: AccountId,
    /// A stretch of the text with the first word in it.
    pub excerpt: String,
    /// The words found in the excerpt: first byte and bytes.
    pub marks: Vec<(u32, u32)>,
}

/// How far a search came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchCursor(pub u64);

/// What this client has counted, and the settings of conversations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// What could not be read, by cause. It counts on for the life of the store.
    pub undecryptable: Vec<(Cause, u64)>,
    /// Messages that were read.
    pub received: u64,
    /// Messages that were sent.
    pub sent: u64,
    /// Conversations that were joined anew.
    pub rejoined: u64,
    /// Whether others are told what was delivered and read here.
    pub receipts: bool,
}

/// Why a command about conversations could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ConversationFailure {
    /// Not without being signed in.
    #[error("Sign in first.")]
    SignedOut,
    /// No such conversation.
    #[error("There is no such conversation.")]
    NoSuchConversation,
    /// No such line, or not of that kind.
    #[error("There is no such message.")]
    NoSuchMessage,
    /// Text that is blank or too long.
    #[error("A message is 1 to {CONTENT_TEXT_MAX} bytes of text.")]
    BadText,
    /// A name that is blank or too long.
    #[error("A group's name is 1 to {GROUP_NAME_MAX} characters.")]
    BadName,
    /// A picture that is none, or too large.
    #[error("A picture is a PNG, JPEG or WebP of at most {} KiB.", GROUP_PICTURE_MAX / 1024)]
    BadPicture,
    /// Only admins may do that.
    #[error("Only admins of the group can do that.")]
    NotAdmin,
    /// The last admin stays.
    #[error("A group needs an admin. Make somebody else one first.")]
    LastAdmin,
    /// Not in a conversation of this kind or state.
    #[error("That is not possible in this conversation.")]
    NotHere,
    /// They have no device that could take part.
    #[error("They cannot be reached yet: they have no device with keys here.")]
    NotReachable(AccountId),
    /// Their account key has changed.
    #[error("Their account key has changed. Look at it before you write to them.")]
    KeyChanged(AccountId),
    /// Nobody by that id is known.
    #[error("Nobody by that id is known here.")]
    NoSuchContact(AccountId),
    /// The group would be too large.
    #[error("The group would have more devices than this gateway allows.")]
    GroupFull,
    /// The gateway has refused.
    #[error("The gateway says: {message}")]
    Gateway {
        /// Its sentence.
        message: String,
    },
}
