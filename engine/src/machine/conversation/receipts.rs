//! What was delivered and read here, told to others; and how conversations are kept, told to the
//! own devices.

use core::time::Duration;

use sotto_shared::GroupId;
use sotto_shared::content::{Body, Content, Receipt, Sync};
use sotto_shared::sotto::group::{GroupKind, GroupSeq};

use super::stored::What;
use super::{Context, Conversations, is_over};
use crate::api::{ConversationFailure, RECEIPTS_DEVICES_MAX, Seq};
use crate::record;
use crate::time::Timestamp;
use crate::timeline;

/// How long receipts are gathered.
const GATHER: Duration = Duration::from_secs(2);

impl Conversations {
    pub(super) fn mark_read(
        &mut self,
        id: GroupId,
        up_to: Seq,
        now: Timestamp,
    ) -> Result<(), ConversationFailure> {
        if !self.all.contains_key(&id) {
            return Err(ConversationFailure::NoSuchConversation);
        }
        self.timeline(id, timeline::Event::Read(up_to), now);
        Ok(())
    }

    /// Puts a receipt behind what waits to be sent, if there is anything new to tell and enough was
    /// gathered.
    pub(super) fn receipt(&mut self, id: GroupId, now: Timestamp) {
        let read = self.timelines.get(id).map_or(Seq(0), |it| it.read_up_to());
        let is_on = self.mailbox.receipts;
        let Some(conversation) = self.all.get_mut(&id) else {
            return;
        };
        let stored = &mut conversation.stored;
        let heard = stored.heard;
        let receipt = Receipt {
            delivered: GroupSeq(heard.0),
            read: GroupSeq(read.min(heard).0),
        };
        let known = stored.receipted;
        let is_news = receipt.delivered > known.delivered || receipt.read > known.read;
        let devices: u32 = stored.members.iter().map(|it| it.devices).sum();
        let is_small = usize::try_from(devices).is_ok_and(|it| it <= RECEIPTS_DEVICES_MAX);
        let may = is_on && is_small && stored.takes_messages();
        if !is_news || !may || stored.kind == GroupKind::Lobby {
            conversation.live.receipt_at = None;
            return;
        }
        match conversation.live.receipt_at {
            None => conversation.live.receipt_at = Some(now + GATHER),
            Some(at) if is_over(Some(at), now) => {
                conversation.live.receipt_at = None;
                stored.receipted = receipt;
                self.enqueue_body(id, Body::Receipt(receipt), now);
            }
            Some(_) => {}
        }
    }

    /// Removes all lines on the own devices.
    pub(super) fn clear(
        &mut self,
        id: GroupId,
        context: Context<'_>,
    ) -> Result<(), ConversationFailure> {
        let conversation = self.all.get(&id);
        let known = conversation.ok_or(ConversationFailure::NoSuchConversation)?;
        let up_to = Seq(known.stored.last_seq.0.max(known.stored.own_seq.0));
        self.timeline(id, timeline::Event::Clear(up_to), context.now);
        self.sync(id, context);
        Ok(())
    }

    /// Tells the other own devices how a conversation is kept, through the conversation with
    /// oneself. What was not told yet is told once.
    pub(super) fn sync(&mut self, id: GroupId, context: Context<'_>) {
        let own = self.own_account();
        let of_self = |it: &&super::Conversation| it.stored.peer == Some(own);
        if !self.all.values().any(|it| of_self(&it)) && self.open_silently(own, context).is_err() {
            return;
        }
        let to = self.all.values().find(of_self).map(|it| it.stored.id);
        let (Some(to), Some(conversation)) = (to, self.all.get(&id)) else {
            return;
        };
        let timeline = self.timelines.get(id);
        let stored = &conversation.stored;
        let sync = Sync {
            group: id,
            read: GroupSeq(timeline.map_or(0, |it| it.read_up_to().0)),
            pinned: stored.pinned,
            muted: stored.muted,
            archived: stored.archived,
            cleared: GroupSeq(timeline.map_or(0, |it| it.cleared().0)),
        };
        self.forget_sync(to, id);
        self.enqueue_body(to, Body::Sync(sync), context.now);
    }

    /// Forgets what waits to be told of a conversation, for something newer.
    fn forget_sync(&mut self, to: GroupId, of: GroupId) {
        let Some(conversation) = self.all.get_mut(&to) else {
            return;
        };
        let outdated = |what: &What| {
            let What::Content(bytes) = what else {
                return false;
            };
            let body = Content::decode(bytes).map(|it| it.body);
            matches!(body, Ok(Body::Sync(sync)) if sync.group == of)
        };
        let numbers: Vec<u64> = conversation
            .outbox
            .iter()
            .filter(|(_, it)| it.sealed.is_none() && outdated(&it.what))
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            conversation.outbox.remove(&number);
            self.step.batch.delete(record::outgoing(to, number));
        }
    }
}
