//! What the page says about conversations.

use sotto_engine::api::{
    Cause, Conversation, ConversationState, GroupKind, Happening, Item, ItemBody, ItemState,
    LastItem, NotSent, Place, Suite,
};
use sotto_shared::AccountId;

use super::super::state::chats::Progress;

/// How long texts can be set to stay, in seconds.
pub(crate) const TIMERS: [u32; 8] = [
    0,
    30,
    5 * 60,
    60 * 60,
    8 * 60 * 60,
    24 * 60 * 60,
    7 * 24 * 60 * 60,
    4 * 7 * 24 * 60 * 60,
];

/// How a conversation is encrypted, in a few words.
pub(crate) fn suite(suite: Suite) -> &'static str {
    match suite {
        Suite::PostQuantum => "Encrypted end to end, also against quantum computers",
        Suite::Classical => "Encrypted end to end",
    }
}

/// The same for those who want to know.
pub(crate) fn suite_in_full(suite: Suite) -> &'static str {
    match suite {
        Suite::PostQuantum => "MLS with X-Wing (ML-KEM-768 and X25519), ChaCha20-Poly1305, Ed25519",
        Suite::Classical => "MLS with X25519, ChaCha20-Poly1305, Ed25519",
    }
}

/// A number of seconds, as "5 minutes".
pub(crate) fn duration(seconds: u32) -> String {
    const UNITS: [(u32, &str); 5] = [
        (7 * 24 * 60 * 60, "week"),
        (24 * 60 * 60, "day"),
        (60 * 60, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let fitting = UNITS
        .iter()
        .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (count, name) = fitting.map_or((seconds, "second"), |(unit, name)| (seconds / unit, name));
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}

/// How long texts stay.
pub(crate) fn timer(seconds: u32) -> String {
    match seconds {
        0 => "For ever".to_owned(),
        _ => duration(seconds),
    }
}

/// What happened. `name` gives names, "You" for the user.
pub(crate) fn happening(
    happening: &Happening,
    author: AccountId,
    name: &dyn Fn(AccountId) -> String,
) -> String {
    let who = name(author);
    let list = |accounts: &[AccountId]| names(accounts, name);
    match happening {
        Happening::Created => format!("{who} began this conversation"),
        Happening::Joined(accounts) if accounts.contains(&author) => {
            format!("{} joined", list(accounts))
        }
        Happening::Joined(accounts) => format!("{who} added {}", in_sentence(&list(accounts))),
        Happening::Removed(accounts) => format!("{who} removed {}", in_sentence(&list(accounts))),
        Happening::Left(accounts) => format!("{} left", list(accounts)),
        Happening::DeviceAdded(account) => format!("{} added a device", name(*account)),
        Happening::DeviceRemoved(account) => format!("{} removed a device", name(*account)),
        Happening::Renamed(new) => format!("{who} named the group “{new}”"),
        Happening::PictureChanged => format!("{who} changed the picture"),
        Happening::TimerSet(0) => format!("{who} set messages to stay"),
        Happening::TimerSet(seconds) => {
            format!(
                "{who} set messages to disappear after {}",
                duration(*seconds)
            )
        }
        Happening::AdminSet(account, true) => {
            format!("{who} made {} an admin", in_sentence(&name(*account)))
        }
        Happening::AdminSet(account, false) => {
            format!(
                "{who} took admin rights from {}",
                in_sentence(&name(*account))
            )
        }
        Happening::Rejoined => {
            "This device joined anew. Something may be missing before this line.".to_owned()
        }
        Happening::Missing(1) => format!("One message of {who} did not arrive here"),
        Happening::Missing(count) => format!("{count} messages of {who} did not arrive here"),
    }
}

/// Names in a row: "A, B and C".
pub(crate) fn names(accounts: &[AccountId], name: &dyn Fn(AccountId) -> String) -> String {
    let names: Vec<_> = accounts.iter().map(|account| name(*account)).collect();
    match names.as_slice() {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn in_sentence(name: &str) -> String {
    if name == "You" { "you" } else { name }.to_owned()
}

/// Why something could not be read, and what comes next.
pub(crate) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::EpochAhead => {
            "Its key has not come yet. It is tried again by itself as soon as that is here."
        }
        Cause::EpochGone => "Its key was deleted before it came. Ask for it to be sent again.",
        Cause::Repeated => "It came a second time. You have read it already; nothing to do.",
        Cause::Damaged => "It is damaged, or not from who it says. Ask for it to be sent again.",
        Cause::ForeignDevice => {
            "A device that nobody has certified is in it. Compare safety numbers, and tell the others."
        }
        Cause::NotAllowed => "Somebody did what only admins may. It was not taken over.",
        Cause::KeyChanged => "The key of a member has changed. Look at their safety number first.",
        Cause::NoState => "What is needed to read it is not on this device any more. Join again.",
        Cause::Missed => "The server did not deliver something that came before. Join again.",
        Cause::Unknown => "It is of a later version of Sotto. Reload the page to update.",
    }
}

/// A cause in the list of figures.
pub(crate) fn cause_short(cause: Cause) -> &'static str {
    match cause {
        Cause::EpochAhead => "Came before its key",
        Cause::EpochGone => "Key already deleted",
        Cause::Repeated => "Came twice",
        Cause::Damaged => "Damaged or forged",
        Cause::ForeignDevice => "Device not certified",
        Cause::NotAllowed => "Done without the right to",
        Cause::KeyChanged => "Key of a member changed",
        Cause::NoState => "State lost",
        Cause::Missed => "Not delivered",
        Cause::Unknown => "Of a later version",
    }
}

/// Why a message was not sent.
pub(crate) fn not_sent(why: NotSent, name: &dyn Fn(AccountId) -> String) -> String {
    match why {
        NotSent::MailboxFull => "the mailboxes of all others are full.".to_owned(),
        NotSent::NotMember => "you are not in this conversation any more.".to_owned(),
        NotSent::KeyChanged(account) => {
            format!(
                "the key of {} has changed. Look at it first.",
                name(account)
            )
        }
        NotSent::Broken => "this conversation has to be joined again first.".to_owned(),
        NotSent::Refused => "the server did not take it.".to_owned(),
    }
}

/// How far an own line came.
pub(crate) fn item_state(
    item: &Item,
    progress: Progress,
    name: &dyn Fn(AccountId) -> String,
) -> Option<String> {
    if !item.mine {
        return None;
    }
    Some(match (item.place, item.state, progress) {
        (_, ItemState::Failed(why), _) => format!("Not sent: {}", not_sent(why, name)),
        (Place::Pending(_), ItemState::Sending, _) => "Sending".to_owned(),
        (Place::Pending(_), ..) => "Queued".to_owned(),
        (Place::At(_), _, Progress::Stored) => "Sent".to_owned(),
        (Place::At(_), _, Progress::Delivered) => "Delivered".to_owned(),
        (Place::At(_), _, Progress::Read { by, of }) if by < of => format!("Read by {by} of {of}"),
        (Place::At(_), _, Progress::Read { .. }) => "Read".to_owned(),
    })
}

/// Last thing said, on one line.
pub(crate) fn last_item(
    last: &LastItem,
    kind: GroupKind,
    name: &dyn Fn(AccountId) -> String,
) -> String {
    let said = match &last.body {
        ItemBody::Text { text, .. } => text.split_whitespace().collect::<Vec<_>>().join(" "),
        ItemBody::Deleted { .. } => "Message deleted".to_owned(),
        ItemBody::Happened(it) => return happening(it, last.author, name),
        ItemBody::Undecryptable { .. } => "Could not be read".to_owned(),
    };
    match (last.mine, kind) {
        (true, _) => format!("You: {said}"),
        (false, GroupKind::Direct) => said,
        (false, _) => format!("{}: {said}", name(last.author)),
    }
}

/// Why nothing can be said in a conversation; nothing if something can.
pub(crate) fn closed(conversation: &Conversation) -> Option<&'static str> {
    match conversation.state {
        ConversationState::Active => None,
        ConversationState::Joining => Some("One moment: keys are being exchanged."),
        ConversationState::Leaving | ConversationState::Left => {
            Some("You have left. What was said here stays on this device.")
        }
        ConversationState::Removed => {
            Some("You were removed. What was said before stays on this device.")
        }
        ConversationState::Broken(why) => Some(cause(why)),
    }
}

/// Who is writing.
pub(crate) fn typing(who: &[String]) -> String {
    match who {
        [] => String::new(),
        [one] => format!("{one} is writing…"),
        [one, two] => format!("{one} and {two} are writing…"),
        _ => "Several people are writing…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::state::samples::{account, line};
    use super::*;

    fn name(of: AccountId) -> String {
        match of.as_bytes().first() {
            Some(1) => "You".to_owned(),
            Some(2) => "Ada".to_owned(),
            _ => "Bob".to_owned(),
        }
    }

    #[test]
    fn happenings_are_sentences_about_people() {
        let (you, ada, bob) = (account(1), account(2), account(3));
        for (it, author, expected) in [
            (Happening::Joined(vec![ada]), ada, "Ada joined"),
            (
                Happening::Joined(vec![you, bob]),
                ada,
                "Ada added You and Bob",
            ),
            (Happening::Removed(vec![you]), ada, "Ada removed you"),
            (Happening::AdminSet(you, true), ada, "Ada made you an admin"),
            (
                Happening::TimerSet(300),
                you,
                "You set messages to disappear after 5 minutes",
            ),
            (
                Happening::Missing(1),
                bob,
                "One message of Bob did not arrive here",
            ),
        ] {
            assert_eq!(happening(&it, author, &name), expected);
        }
    }

    #[test]
    fn durations_use_their_largest_whole_unit() {
        for (seconds, expected) in [
            (1, "1 second"),
            (90, "90 seconds"),
            (3600, "1 hour"),
            (28 * 24 * 3600, "4 weeks"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
        assert_eq!(timer(0), "For ever");
    }

    #[test]
    fn own_lines_say_how_far_they_came() {
        let mine = Item {
            mine: true,
            ..line(1)
        };
        let of = |item: &Item, progress| item_state(item, progress, &name);
        assert_eq!(of(&line(1), Progress::Stored), None);
        let read = Progress::Read { by: 1, of: 3 };
        assert_eq!(of(&mine, read).as_deref(), Some("Read by 1 of 3"));
        let failed = Item {
            state: ItemState::Failed(NotSent::KeyChanged(account(2))),
            ..mine
        };
        let why = "Not sent: the key of Ada has changed. Look at it first.";
        assert_eq!(of(&failed, read).as_deref(), Some(why));
    }
}
