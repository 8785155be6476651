//! What commands print of conversations.

mod human;
mod json;

use std::collections::BTreeMap;
use std::io;

use sotto_engine::api::{
    Cause, Conversation, ConversationState, GroupKind, Happening, Hit, Item, ItemState, Member,
    NotSent, Suite,
};
use sotto_shared::AccountId;

use super::Printer;
use crate::sanitize;

/// What is printed of, and the names of the accounts in it.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) conversation: &'a Conversation,
    pub(crate) names: &'a BTreeMap<AccountId, String>,
}

impl Shown<'_> {
    /// What somebody is called; their id, if that is not known.
    pub(crate) fn name(&self, account: AccountId) -> String {
        let name = self.names.get(&account);
        name.cloned().unwrap_or_else(|| account.to_string())
    }

    /// What the conversation is called: the other side's name, or the group's.
    pub(crate) fn title(&self) -> String {
        let it = self.conversation;
        match (it.kind, it.peer) {
            (GroupKind::Direct, Some(peer)) => self.name(peer),
            (GroupKind::Lobby, _) => "lobby".to_owned(),
            (GroupKind::Direct | GroupKind::Group, _) => it.name.clone(),
        }
    }
}

impl Printer {
    /// A conversation, as in a list.
    pub(crate) fn conversation(self, shown: &Shown<'_>) -> io::Result<()> {
        self.line(|| json::conversation(shown), || human::conversation(shown))
    }

    /// Somebody in a conversation.
    pub(crate) fn member(self, shown: &Shown<'_>, member: &Member) -> io::Result<()> {
        self.line(
            || json::member(shown, member),
            || human::member(shown, member),
        )
    }

    /// A line of a conversation.
    pub(crate) fn item(self, shown: &Shown<'_>, item: &Item) -> io::Result<()> {
        self.line(|| json::item(shown, item), || human::item(shown, item))
    }

    /// A line that was sent, or that waits.
    pub(crate) fn sent_item(self, shown: &Shown<'_>, item: &Item) -> io::Result<()> {
        self.line(|| json::item(shown, item), || human::sent(shown, item))
    }

    /// A line that was looked for.
    pub(crate) fn hit(self, shown: &Shown<'_>, hit: &Hit) -> io::Result<()> {
        self.line(|| json::hit(shown, hit), || human::hit(shown, hit))
    }
}

/// Why something cannot be read, in a sentence.
pub(crate) const fn cause_text(cause: Cause) -> &'static str {
    match cause {
        Cause::EpochAhead => "what comes before it did not arrive yet; it is tried again then",
        Cause::EpochGone => "it is too old, its keys are deleted",
        Cause::Repeated => "it was read before",
        Cause::Damaged => "it is damaged, or not from where it says",
        Cause::ForeignDevice => "a device that nobody has certified is in it",
        Cause::NotAllowed => "somebody did what only admins may",
        Cause::KeyChanged => "the account key of a member has changed: look at it first",
        Cause::NoState => "its keys are not on this device",
        Cause::Missed => "the gateway did not deliver it",
        Cause::Unknown => "it is of a later version of Sotto",
    }
}

/// Why a line was not sent.
pub(crate) const fn not_sent_text(why: NotSent) -> &'static str {
    match why {
        NotSent::MailboxFull => "the mailboxes of all others are full",
        NotSent::NotMember => "you are no member any more",
        NotSent::KeyChanged(_) => "the account key of a member has changed",
        NotSent::Broken => "the conversation has to be joined anew first",
        NotSent::Refused => "the gateway does not take it",
    }
}

/// What happened, in a sentence.
pub(crate) fn happening_text(
    what: &Happening,
    author: &str,
    name: &dyn Fn(AccountId) -> String,
) -> String {
    let names = |accounts: &[AccountId]| -> String {
        let names: Vec<String> = accounts.iter().map(|it| name(*it)).collect();
        names.join(", ")
    };
    match what {
        Happening::Created => format!("{author} has made this conversation"),
        Happening::Joined(who) => match names(who) {
            who if who == author => format!("{who} has joined"),
            who => format!("{author} has added {who}"),
        },
        Happening::Removed(who) => format!("{author} has removed {}", names(who)),
        Happening::Left(who) => match who.len() {
            1 => format!("{} has left", names(who)),
            _ => format!("{} have left", names(who)),
        },
        Happening::DeviceAdded(who) => format!("{} has a new device here", name(*who)),
        Happening::DeviceRemoved(who) => format!("a device of {} is gone", name(*who)),
        Happening::Renamed(to) => {
            format!("{author} calls this group “{}”", sanitize::line(to))
        }
        Happening::PictureChanged => format!("{author} has changed the picture"),
        Happening::TimerSet(0) => format!("{author} lets messages stay"),
        Happening::TimerSet(seconds) => {
            format!("{author} lets messages disappear after {seconds} seconds")
        }
        Happening::AdminSet(who, true) => format!("{author} has made {} an admin", name(*who)),
        Happening::AdminSet(who, false) => {
            format!("{author} has made {} an admin no more", name(*who))
        }
        Happening::Rejoined => {
            "this device has joined anew; something may be missing before".to_owned()
        }
        Happening::Missing(1) => format!("a message of {author} is missing"),
        Happening::Missing(count) => format!("{count} messages of {author} are missing"),
    }
}

/// The word for what kind of conversation it is.
const fn kind_word(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Direct => "direct",
        GroupKind::Group => "group",
        GroupKind::Lobby => "lobby",
    }
}

/// The word for how it is encrypted.
const fn suite_word(suite: Suite) -> &'static str {
    match suite {
        Suite::PostQuantum => "post_quantum",
        Suite::Classical => "classical",
    }
}

/// The words for where it stands, and why.
const fn state_words(state: ConversationState) -> (&'static str, Option<&'static str>) {
    match state {
        ConversationState::Joining => ("joining", None),
        ConversationState::Active => ("active", None),
        ConversationState::Leaving => ("leaving", None),
        ConversationState::Left => ("left", None),
        ConversationState::Removed => ("removed", None),
        ConversationState::Broken(cause) => ("broken", Some(cause_word(cause))),
    }
}

/// The word for why something cannot be read.
const fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::EpochAhead => "epoch_ahead",
        Cause::EpochGone => "epoch_gone",
        Cause::Repeated => "repeated",
        Cause::Damaged => "damaged",
        Cause::ForeignDevice => "foreign_device",
        Cause::NotAllowed => "not_allowed",
        Cause::KeyChanged => "key_changed",
        Cause::NoState => "no_state",
        Cause::Missed => "missed",
        Cause::Unknown => "unknown",
    }
}

/// The words for how far a line came, and why it was not sent.
fn item_state_words(state: ItemState) -> (&'static str, Option<&'static str>) {
    match state {
        ItemState::Received => ("received", None),
        ItemState::Queued => ("queued", None),
        ItemState::Sending => ("sending", None),
        ItemState::Stored => ("stored", None),
        ItemState::Failed(why) => (
            "failed",
            Some(match why {
                NotSent::MailboxFull => "mailbox_full",
                NotSent::NotMember => "not_member",
                NotSent::KeyChanged(_) => "key_changed",
                NotSent::Broken => "broken",
                NotSent::Refused => "refused",
            }),
        ),
    }
}
