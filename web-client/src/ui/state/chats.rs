//! All conversations of the account, and what there is to know of them at a glance.

use std::collections::HashMap;
use std::sync::Arc;

use sotto_engine::api::{Conversation, ConversationState, GroupKind, Item, ItemState, Place, Seq};
use sotto_shared::{AccountId, GroupId};

use super::contacts::Contacts;

/// All conversations.
#[derive(Debug, Default)]
pub(crate) struct Chats {
    by_id: HashMap<GroupId, Arc<Conversation>>,
    arrived: bool,
}

/// How far an own message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Progress {
    /// On the gateway's disk.
    #[default]
    Stored,
    /// On a device of everybody else.
    Delivered,
    /// Seen by so many of so many others.
    Read {
        /// Who have seen it.
        by: usize,
        /// All others.
        of: usize,
    },
}

impl Chats {
    /// Puts these in the place of all that were known.
    pub(crate) fn replace(&mut self, conversations: Vec<Conversation>) {
        self.arrived = true;
        self.by_id = conversations
            .into_iter()
            .map(|conversation| (conversation.id, Arc::new(conversation)))
            .collect();
    }

    /// Adds or changes one.
    pub(crate) fn put(&mut self, conversation: Conversation) {
        self.by_id.insert(conversation.id, Arc::new(conversation));
    }

    /// Forgets one.
    pub(crate) fn remove(&mut self, id: GroupId) {
        self.by_id.remove(&id);
    }

    pub(crate) fn get(&self, id: GroupId) -> Option<Arc<Conversation>> {
        self.by_id.get(&id).cloned()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Conversation>> {
        self.by_id.values()
    }

    /// Whether they were told at all.
    pub(crate) fn arrived(&self) -> bool {
        self.arrived
    }

    /// The direct chat with somebody.
    pub(crate) fn direct(&self, with: AccountId) -> Option<Arc<Conversation>> {
        let mut all = self.by_id.values();
        all.find(|it| it.kind == GroupKind::Direct && it.peer == Some(with))
            .cloned()
    }

    /// The lobby, if the user is in it.
    pub(crate) fn lobby(&self) -> Option<Arc<Conversation>> {
        let mut all = self.by_id.values();
        all.find(|it| it.kind == GroupKind::Lobby && !is_over(it.state))
            .cloned()
    }

    /// What the user is to be reminded of: everything unread, of muted conversations only what
    /// mentions the user.
    pub(crate) fn unread_total(&self) -> u32 {
        let counted = |it: &Arc<Conversation>| match it.muted {
            true => it.unread_mentions,
            false => it.unread,
        };
        self.by_id
            .values()
            .fold(0, |sum, it| sum.saturating_add(counted(it)))
    }
}

/// What a conversation is called.
pub(crate) fn title(conversation: &Conversation, contacts: &Contacts, own: AccountId) -> String {
    let peer = conversation.peer;
    match conversation.kind {
        GroupKind::Lobby => "Lobby".to_owned(),
        GroupKind::Group if conversation.name.is_empty() => "Group".to_owned(),
        GroupKind::Group => conversation.name.clone(),
        GroupKind::Direct if peer == Some(own) => "Notes to yourself".to_owned(),
        GroupKind::Direct => peer
            .and_then(|peer| contacts.get(peer))
            .map_or_else(|| "Somebody".to_owned(), |it| it.display_name.to_string()),
    }
}

/// Whether nothing can be said there any more.
pub(crate) fn is_over(state: ConversationState) -> bool {
    matches!(
        state,
        ConversationState::Leaving | ConversationState::Left | ConversationState::Removed
    )
}

/// Whether the user may add, remove and rename there.
pub(crate) fn is_admin(conversation: &Conversation, account: AccountId) -> bool {
    let mut members = conversation.members.iter();
    conversation.kind == GroupKind::Group
        && conversation.state == ConversationState::Active
        && members.any(|member| member.account == account && member.admin)
}

/// How far an own message at this place came, as far as the others tell.
pub(crate) fn progress(conversation: &Conversation, own: AccountId, seq: Seq) -> Progress {
    let others = || {
        let members = conversation.members.iter();
        members.filter(move |member| member.account != own)
    };
    let of = others().count();
    let by = others().filter(|member| member.read >= seq).count();
    if by > 0 {
        Progress::Read { by, of }
    } else if of > 0 && others().all(|member| member.delivered >= seq) {
        Progress::Delivered
    } else {
        Progress::Stored
    }
}

/// `data-state` of a line.
pub(crate) fn state_token(item: &Item, progress: Progress) -> &'static str {
    match (item.place, item.state, progress) {
        _ if !item.mine => "received",
        (_, ItemState::Failed(_), _) => "failed",
        (Place::Pending(_), ItemState::Sending, _) => "sending",
        (Place::Pending(_), ..) => "queued",
        (Place::At(_), _, Progress::Stored) => "stored",
        (Place::At(_), _, Progress::Delivered) => "delivered",
        (Place::At(_), _, Progress::Read { .. }) => "read",
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{account, conversation, group, line, member};
    use super::*;

    #[test]
    fn muted_conversations_remind_of_mentions_only() {
        let mut chats = Chats::default();
        assert!(!chats.arrived());
        chats.replace(vec![
            Conversation {
                unread: 3,
                ..conversation(1)
            },
            Conversation {
                unread: 9,
                unread_mentions: 2,
                muted: true,
                ..conversation(2)
            },
        ]);
        assert!(chats.arrived());
        assert_eq!(chats.unread_total(), 5);
        chats.put(Conversation {
            unread: 0,
            ..conversation(1)
        });
        chats.remove(group(2));
        assert_eq!(chats.unread_total(), 0);
    }

    #[test]
    fn a_direct_chat_is_found_by_its_other_side_and_the_lobby_while_the_user_is_in() {
        let mut chats = Chats::default();
        let lobby = |state| Conversation {
            kind: GroupKind::Lobby,
            state,
            ..conversation(9)
        };
        chats.replace(vec![
            Conversation {
                peer: Some(account(5)),
                ..conversation(1)
            },
            lobby(ConversationState::Active),
        ]);
        assert_eq!(chats.direct(account(5)).map(|it| it.id), Some(group(1)));
        assert_eq!(chats.direct(account(6)), None);
        assert!(chats.lobby().is_some());
        chats.put(lobby(ConversationState::Left));
        assert_eq!(chats.lobby(), None);
    }

    #[test]
    fn a_message_is_delivered_when_all_others_have_it_and_read_by_those_who_say_so() {
        let at = |n, delivered, read| sotto_engine::api::Member {
            delivered: Seq(delivered),
            read: Seq(read),
            ..member(n)
        };
        let with = |members| Conversation {
            members,
            ..conversation(1)
        };
        let own = account(1);
        let progress = |members| progress(&with(members), own, Seq(5));
        assert_eq!(progress(vec![at(1, 9, 9)]), Progress::Stored);
        assert_eq!(
            progress(vec![at(1, 9, 9), at(2, 5, 0), at(3, 4, 0)]),
            Progress::Stored
        );
        assert_eq!(
            progress(vec![at(1, 9, 9), at(2, 5, 0), at(3, 7, 4)]),
            Progress::Delivered
        );
        assert_eq!(
            progress(vec![at(1, 9, 9), at(2, 5, 5), at(3, 4, 0)]),
            Progress::Read { by: 1, of: 2 }
        );
    }

    #[test]
    fn only_own_lines_have_a_state() {
        let mine = Item {
            mine: true,
            ..line(4)
        };
        assert_eq!(state_token(&line(4), Progress::Delivered), "received");
        assert_eq!(state_token(&mine, Progress::Delivered), "delivered");
        let waits = Item {
            place: Place::Pending(1),
            state: ItemState::Queued,
            ..mine
        };
        assert_eq!(state_token(&waits, Progress::Stored), "queued");
    }
}
