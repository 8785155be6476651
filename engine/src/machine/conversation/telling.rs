//! What faces hear of conversations.

use sotto_shared::GroupId;
use sotto_shared::content::{Profile, Receipt};

use super::Conversations;
use super::stored::StoredConversation;
use crate::api::{Conversation, ConversationEvent, Figures, Item, Member, Place, Seq, Suite};
use crate::mls;
use crate::timeline::Timeline;

/// Most members of a conversation that are told of.
const MEMBERS_MAX: usize = 200;

impl Conversations {
    /// Tells all there is to a face that has just come.
    pub(in crate::machine) fn tell_all(&mut self) {
        if self.mls.is_none() {
            return;
        }
        let all = self.all.keys().filter_map(|id| self.shown(*id)).collect();
        self.tell(ConversationEvent::List(all));
        self.tell_figures();
    }

    pub(super) fn tell_figures(&mut self) {
        let mailbox = &self.mailbox;
        let figures = Figures {
            undecryptable: mailbox
                .undecryptable
                .iter()
                .map(|(cause, count)| (*cause, *count))
                .collect(),
            received: mailbox.received,
            sent: mailbox.sent,
            rejoined: mailbox.rejoined,
            receipts: mailbox.receipts,
        };
        self.tell(ConversationEvent::Figures(figures));
    }

    pub(super) fn shown(&self, id: GroupId) -> Option<Conversation> {
        let stored = &self.all.get(&id)?.stored;
        let profile = stored.profile();
        let timeline = self.timelines.get(id);
        let members = stored.members.iter().take(MEMBERS_MAX).map(|member| {
            let known = stored.receipts.get(&member.account);
            let Receipt { delivered, read } = known.copied().unwrap_or_default();
            Member {
                account: member.account,
                admin: member.admin,
                devices: member.devices,
                delivered: Seq(delivered.0),
                read: Seq(read.0),
            }
        });
        Some(Conversation {
            id,
            kind: stored.kind,
            suite: match stored.suite() {
                Some(mls::Suite::PostQuantum) => Suite::PostQuantum,
                Some(mls::Suite::Classical) | None => Suite::Classical,
            },
            peer: stored.peer,
            name: profile
                .as_ref()
                .map_or_else(String::new, |it| it.name.clone()),
            picture: profile
                .as_ref()
                .map(|it| it.picture.to_vec())
                .filter(|picture| !picture.is_empty()),
            members: members.collect(),
            members_total: u32::try_from(stored.members.len()).unwrap_or(u32::MAX),
            state: stored.state(),
            unread: timeline.map_or(0, Timeline::unread),
            unread_mentions: timeline.map_or(0, Timeline::unread_mentions),
            read_up_to: timeline.map_or(Seq(0), Timeline::read_up_to),
            last: timeline.and_then(Timeline::last).cloned(),
            active_at: stored.active_at,
            pinned: stored.pinned,
            muted: stored.muted,
            archived: stored.archived,
            timer: profile.map_or(0, |it| it.expires_after),
        })
    }

    pub(super) fn pending_item(&self, id: GroupId, number: u64) -> Option<Item> {
        let outgoing = self.all.get(&id)?.outbox.get(&number)?;
        self.item_of(outgoing, Place::Pending(number))
    }

    /// The lines that wait to be sent, in order.
    pub(super) fn pending_items(&self, id: GroupId) -> Vec<Item> {
        let outbox = self.all.get(&id).map(|it| &it.outbox);
        outbox
            .into_iter()
            .flat_map(|outbox| outbox.iter())
            .filter_map(|(number, outgoing)| self.item_of(outgoing, Place::Pending(*number)))
            .collect()
    }

    pub(super) fn tell_pending(&mut self, id: GroupId, number: u64) {
        if let Some(item) = self.pending_item(id, number) {
            self.tell(ConversationEvent::Items {
                conversation: id,
                items: vec![item],
            });
        }
    }
}

impl StoredConversation {
    /// The profile that was told last; what is wished for is not known to others yet.
    pub(super) fn profile(&self) -> Option<Profile> {
        let bytes = self.profile.as_ref().or(self.shown_profile.as_ref())?;
        Profile::decode(bytes, &Profile::digest(bytes)).ok()
    }
}
