//! What messages say: lines of the conversation, and what else they bring about.

use sotto_shared::content::{Body, Content, Profile, Text};
use sotto_shared::sotto::Request;
use sotto_shared::sotto::group::{Ephemeral, GroupSeq, SendEphemeral, Stored};
use sotto_shared::{AccountId, ContentId, GroupId};

use super::stored::{Outgoing, Stage, StoredDelivery, StoredItem, What};
use super::{Asked, Context, Conversations};
use crate::api::{
    Cause, ConversationEvent, Happening, Item, ItemBody, ItemState, LastItem, Place, Seq,
};
use crate::mls::{Device, Encrypted, Read};
use crate::record;
use crate::time::Timestamp;

/// Characters of a text that a preview shows.
const PREVIEW: usize = 120;

impl Conversations {
    /// A message of another device was opened.
    pub(super) fn message_read(
        &mut self,
        id: GroupId,
        by: Device,
        entry: &StoredDelivery,
        bytes: &[u8],
        context: Context<'_>,
    ) {
        let content = match Content::decode(bytes) {
            Ok(content) => content,
            Err(_) => return self.unreadable(id, entry, Cause::Damaged, context),
        };
        self.mailbox.received += 1;
        self.mailbox_dirty = true;
        self.check_counter(id, by, content.counter, entry);
        if content.body == Body::Unknown {
            return self.unreadable(id, entry, Cause::Unknown, context);
        }
        self.apply(id, entry.sequence, by.account, entry.time, content);
    }

    /// Each device counts its messages: a jump means that some never came.
    fn check_counter(&mut self, id: GroupId, by: Device, counter: u64, entry: &StoredDelivery) {
        if counter == 0 {
            return;
        }
        let mut missing = 0;
        self.change(id, |it| {
            let last = it.stored.counters.insert(by.client, counter);
            missing = last.map_or(0, |last| counter.saturating_sub(last + 1));
        });
        if missing > 0 {
            let counted = self.mailbox.undecryptable.entry(Cause::Missed).or_default();
            *counted = counted.saturating_add(missing);
            self.tell_figures();
            // Just before the message that shows it: the place is free, it is a missing one's.
            let seq = Seq(entry.sequence.0.saturating_sub(1));
            self.happened(id, seq, entry.time, by.account, Happening::Missing(missing));
        }
    }

    /// An own message has its place.
    pub(super) fn placed(
        &mut self,
        id: GroupId,
        number: u64,
        at: Stored,
        outgoing: &Outgoing,
        content: Content,
    ) {
        self.mailbox.sent += 1;
        self.mailbox_dirty = true;
        let own = self.own_account();
        let Some(item) = self.item_of(outgoing, Place::Pending(number)) else {
            return self.apply(id, at.sequence, own, at.time, content);
        };
        let seq = Seq(at.sequence.0);
        let item = Item {
            place: Place::At(seq),
            at: Timestamp(at.time),
            state: ItemState::Stored,
            ..item
        };
        let stored = StoredItem {
            item: item.clone(),
            content: Some(content.id),
        };
        self.step.put(record::item(id, seq), &stored);
        self.note_last(id, seq, &item);
        self.tell(ConversationEvent::Placed {
            conversation: id,
            pending: Place::Pending(number),
            item: Box::new(item),
        });
    }

    /// What a message of others, or of another own device, brings about; also what an own one does
    /// that is not a line.
    fn apply(
        &mut self,
        id: GroupId,
        sequence: GroupSeq,
        author: AccountId,
        time: u64,
        content: Content,
    ) {
        let seq = Seq(sequence.0);
        match content.body {
            Body::Text(text) => {
                let item = self.text_item(Place::At(seq), time, author, text);
                let stored = StoredItem {
                    item,
                    content: Some(content.id),
                };
                self.put_item(id, seq, stored);
            }
            Body::Profile(bytes) => self.profile_told(id, seq, author, time, &bytes),
            Body::Receipt(receipt) => self.change(id, |it| {
                let known = it.stored.receipts.entry(author).or_default();
                known.delivered = known.delivered.max(receipt.delivered);
                known.read = known.read.max(receipt.read);
            }),
            Body::Reaction(_)
            | Body::Edit(_)
            | Body::Deletion(_)
            | Body::Typing { .. }
            | Body::Sync(_)
            | Body::Unknown => {}
        }
    }

    pub(super) fn text_item(&self, place: Place, time: u64, author: AccountId, text: Text) -> Item {
        let at = Timestamp(time);
        let expires = u64::from(text.expires_after);
        let expires_at = (expires > 0).then(|| at + core::time::Duration::from_secs(expires));
        Item {
            place,
            at,
            author,
            mine: author == self.own_account(),
            body: ItemBody::Text {
                text: text.text,
                mentions: text.mentions,
            },
            state: ItemState::Received,
            reactions: Vec::new(),
            edited: false,
            reply: None,
            expires_at,
        }
    }

    /// The line of something that waits to be sent, if it is one.
    pub(super) fn item_of(&self, outgoing: &Outgoing, place: Place) -> Option<Item> {
        let What::Content(bytes) = &outgoing.what else {
            return None;
        };
        let Ok(Content {
            body: Body::Text(text),
            ..
        }) = Content::decode(bytes)
        else {
            return None;
        };
        let state = match (outgoing.failed, &outgoing.sealed) {
            (Some(why), _) => ItemState::Failed(why),
            (None, Some(_)) => ItemState::Sending,
            (None, None) => ItemState::Queued,
        };
        Some(Item {
            state,
            mine: true,
            ..self.text_item(place, outgoing.at.0, self.own_account(), text)
        })
    }

    /// Writes a new line down, and tells of it.
    fn put_item(&mut self, id: GroupId, seq: Seq, stored: StoredItem) {
        self.step.put(record::item(id, seq), &stored);
        let item = stored.item;
        let is_news = !item.mine && matches!(item.body, ItemBody::Text { .. });
        let own = self.own_account();
        let mentions = match &item.body {
            ItemBody::Text { mentions, .. } => mentions.iter().any(|it| it.account == own),
            _ => false,
        };
        let mut is_muted = false;
        self.change(id, |it| {
            if is_news && seq > it.stored.read_up_to {
                it.stored.unread = it.stored.unread.saturating_add(1);
                it.stored.unread_mentions += u32::from(mentions);
            }
            is_muted = it.stored.muted;
        });
        self.note_last(id, seq, &item);
        if is_news
            && (!is_muted || mentions)
            && let ItemBody::Text { text, .. } = &item.body
        {
            self.tell(ConversationEvent::Notify {
                conversation: id,
                author: item.author,
                preview: text.chars().take(PREVIEW).collect(),
                mention: mentions,
            });
        }
        self.tell(ConversationEvent::Items {
            conversation: id,
            items: vec![item],
        });
    }

    fn note_last(&mut self, id: GroupId, seq: Seq, item: &Item) {
        let body = match &item.body {
            ItemBody::Text { text, mentions } => ItemBody::Text {
                text: text.chars().take(PREVIEW).collect(),
                mentions: mentions.clone(),
            },
            other => other.clone(),
        };
        let last = LastItem {
            at: item.at,
            author: item.author,
            mine: item.mine,
            state: item.state,
            body,
        };
        self.change(id, |it| {
            it.stored.active_at = it.stored.active_at.max(item.at);
            if it
                .stored
                .last
                .as_ref()
                .is_none_or(|(known, _)| *known <= seq)
            {
                it.stored.last = Some((seq, last));
            }
        });
    }

    /// Something that is a line, and nobody said.
    pub(super) fn happened(
        &mut self,
        id: GroupId,
        seq: Seq,
        time: u64,
        by: AccountId,
        happening: Happening,
    ) {
        let body = ItemBody::Happened(happening);
        self.put_line(id, seq, time, by, body);
    }

    /// Something that could not be read: counted, and shown where it stands.
    pub(super) fn unreadable(
        &mut self,
        id: GroupId,
        entry: &StoredDelivery,
        cause: Cause,
        _context: Context<'_>,
    ) {
        self.count(cause);
        let author = self.author(id, entry);
        let body = ItemBody::Undecryptable { cause };
        self.put_line(id, Seq(entry.sequence.0), entry.time, author, body);
        self.change(id, |it| {
            it.stored.last_seq = it.stored.last_seq.max(entry.sequence);
        });
    }

    fn put_line(&mut self, id: GroupId, seq: Seq, time: u64, author: AccountId, body: ItemBody) {
        let item = Item {
            place: Place::At(seq),
            at: Timestamp(time),
            author,
            mine: author == self.own_account(),
            body,
            state: ItemState::Received,
            reactions: Vec::new(),
            edited: false,
            reply: None,
            expires_at: None,
        };
        let stored = StoredItem {
            item,
            content: None,
        };
        self.put_item(id, seq, stored);
    }

    /// Whose device has sent something, as far as known.
    fn author(&mut self, id: GroupId, entry: &StoredDelivery) -> AccountId {
        let members = self.mls.as_mut().and_then(|mls| mls.members(id).ok());
        members
            .unwrap_or_default()
            .iter()
            .find(|member| member.certificate.client == entry.sender)
            .map_or(AccountId::ZERO, |member| member.certificate.account)
    }

    /// Somebody tells what the conversation is called. It counts if the policy says so, whoever
    /// tells it.
    fn profile_told(&mut self, id: GroupId, seq: Seq, by: AccountId, time: u64, bytes: &[u8]) {
        let policy = self.mls.as_mut().and_then(|mls| mls.policy(id).ok());
        let Some(told) = policy.and_then(|it| Profile::decode(bytes, &it.profile).ok()) else {
            return;
        };
        let mut before = None;
        self.change(id, |it| {
            it.stored.wishes.relay = false;
            it.live.relay_at = None;
            before = it.stored.shown_profile.take();
            it.stored.shown_profile = Some(bytes.to_vec());
            it.stored.profile = Some(bytes.to_vec());
        });
        let before = before.and_then(|it| Profile::decode(&it, &Profile::digest(&it)).ok());
        let Some(before) = before else {
            return;
        };
        let happening = if before.name != told.name {
            Happening::Renamed(told.name)
        } else if before.picture != told.picture {
            Happening::PictureChanged
        } else if before.expires_after != told.expires_after {
            Happening::TimerSet(told.expires_after)
        } else {
            return;
        };
        self.happened(id, seq, time, by, happening);
    }

    /// Tells those who are here that the user is writing. It is worth nothing later.
    pub(super) fn type_out(&mut self, id: GroupId, typing: bool, now: Timestamp) {
        let is_member = self
            .all
            .get(&id)
            .is_some_and(|it| it.stored.stage == Stage::Member && it.stored.staged.is_none());
        let (true, true, Some(mls)) = (is_member, self.is_open, &mut self.mls) else {
            return;
        };
        let content = Content {
            id: ContentId::random(&mut self.rng),
            counter: 0,
            sent_at: now.0,
            body: Body::Typing { stopped: !typing },
        };
        if let Ok(Encrypted { epoch, message }) = mls.encrypt(id, &content.encode()) {
            let request = SendEphemeral {
                group: id,
                epoch,
                message: message.into(),
            };
            self.ask(Asked::Ephemeral, Request::SendEphemeral(request));
        }
    }

    /// Something that was not stored.
    pub(super) fn ephemeral(&mut self, message: &Ephemeral, context: Context<'_>) {
        let Some(mls) = &mut self.mls else {
            return;
        };
        let read = mls.read(message.group, &message.message, &context);
        let Ok(Read::Message { by, content, .. }) = read else {
            return;
        };
        let own = self.own_account();
        if let Ok(Content {
            body: Body::Typing { stopped },
            ..
        }) = Content::decode(&content)
            && by.account != own
        {
            self.tell(ConversationEvent::Typing {
                conversation: message.group,
                account: by.account,
                typing: !stopped,
            });
        }
    }
}
