//! What messages say: lines of the conversation, and what else they bring about.

use sotto_shared::content::{Body, Content, Profile, Sync};
use sotto_shared::sotto::Request;
use sotto_shared::sotto::group::{Ephemeral, SendEphemeral, Stored};
use sotto_shared::{AccountId, ContentId, GroupId};

use super::stored::{Outgoing, Stage, StoredDelivery, What as Waits};
use super::{Asked, At, Context, Conversations};
use crate::api::{Cause, ConversationEvent, Happening, Item, ItemBody, ItemState, Place, Seq};
use crate::mls::{Device, Encrypted, Read};
use crate::time::Timestamp;
use crate::timeline::{self, Output, Said, Scene, Timelines, What};

/// Where and by whom something was said.
#[derive(Clone, Copy)]
struct Told {
    seq: Seq,
    author: AccountId,
    time: u64,
    /// Of an own one, its number in the outbox.
    pending: Option<u64>,
    /// Messages of this device that did not come before it.
    missing: u64,
}

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
        let missing = self.missing(id, by, content.counter);
        if content.body == Body::Unknown {
            return self.unreadable(id, entry, Cause::Unknown, context);
        }
        let told = Told {
            seq: Seq(entry.sequence.0),
            author: by.account,
            time: entry.time,
            pending: None,
            missing,
        };
        self.apply(id, told, content, context.now);
    }

    /// Each device counts its messages: a jump means that some never came. Gives how many.
    fn missing(&mut self, id: GroupId, by: Device, counter: u64) -> u64 {
        if counter == 0 {
            return 0;
        }
        let mut missing = 0;
        self.change(id, |it| {
            let last = it.stored.counters.insert(by.client, counter);
            missing = last.map_or(0, |last| counter.saturating_sub(last.saturating_add(1)));
        });
        if missing > 0 {
            let counted = self.mailbox.undecryptable.entry(Cause::Missed).or_default();
            *counted = counted.saturating_add(missing);
            self.tell_figures();
        }
        missing
    }

    /// An own message has its place.
    pub(super) fn placed(
        &mut self,
        id: GroupId,
        number: u64,
        at: Stored,
        content: Content,
        now: Timestamp,
    ) {
        self.mailbox.sent += 1;
        self.mailbox_dirty = true;
        let own = self.own_account();
        self.change(id, |it| {
            it.stored.active_at = it.stored.active_at.max(Timestamp(at.time));
            it.stored.own_seq = it.stored.own_seq.max(at.sequence);
        });
        let told = Told {
            seq: Seq(at.sequence.0),
            author: own,
            time: at.time,
            pending: Some(number),
            missing: 0,
        };
        self.apply(id, told, content, now);
    }

    /// What a message brings about at its place.
    fn apply(&mut self, id: GroupId, told: Told, content: Content, now: Timestamp) {
        let Told {
            seq, author, time, ..
        } = told;
        let own = self.own_account();
        match &content.body {
            Body::Profile(bytes) => self.profile_told(id, told, bytes, now),
            Body::Receipt(receipt) => {
                let receipt = *receipt;
                self.change(id, |it| {
                    let known = it.stored.receipts.entry(author).or_default();
                    known.delivered = known.delivered.max(receipt.delivered);
                    known.read = known.read.max(receipt.read);
                });
                if author == own && told.pending.is_none() {
                    self.timeline(id, timeline::Event::Read(Seq(receipt.read.0)), now);
                }
            }
            Body::Sync(sync) if author == own && told.pending.is_none() => {
                self.synced(id, *sync, now);
            }
            Body::Text(_) => self.change(id, |it| {
                it.stored.active_at = it.stored.active_at.max(Timestamp(time));
                if author != own {
                    it.stored.heard = it.stored.heard.max(seq);
                }
            }),
            _ => {}
        }
        let content_id = content.id;
        if let Some(what) = What::of(content) {
            let said = Said {
                seq,
                at: Timestamp(time),
                author,
                pending: told.pending,
                missing: told.missing,
                id: content_id,
                what,
            };
            self.timeline(id, timeline::Event::Said(said), now);
        }
    }

    /// Another own device has changed how a conversation is kept.
    fn synced(&mut self, by: GroupId, sync: Sync, now: Timestamp) {
        let own = self.own_account();
        let is_own = self
            .all
            .get(&by)
            .is_some_and(|it| it.stored.peer == Some(own));
        if !is_own || !self.all.contains_key(&sync.group) {
            return;
        }
        self.change(sync.group, |it| {
            it.stored.pinned = sync.pinned;
            it.stored.muted = sync.muted;
            it.stored.archived = sync.archived;
        });
        self.timeline(sync.group, timeline::Event::Read(Seq(sync.read.0)), now);
        let known = self.timelines.get(sync.group).map(|it| it.cleared());
        if Seq(sync.cleared.0) > known.unwrap_or_default() {
            let event = timeline::Event::Clear(Seq(sync.cleared.0));
            self.timeline(sync.group, event, now);
        }
    }

    /// Hands something to the timeline of a conversation.
    pub(super) fn timeline(&mut self, id: GroupId, event: timeline::Event, now: Timestamp) {
        self.with_timelines(now, |timelines, scene, output| {
            timelines.handle(id, event, scene, output);
        });
    }

    pub(super) fn timeline_loaded(&mut self, loaded: timeline::Loaded, now: Timestamp) {
        self.with_timelines(now, |timelines, scene, output| {
            timelines.loaded(loaded, scene, output);
        });
    }

    /// Goes on with what timelines have to do by themselves.
    pub(in crate::machine) fn tick(&mut self, context: Context<'_>) {
        let now = context.now;
        let is_due = self.timelines.next_timeout().is_some_and(|at| at <= now);
        if self.mls.is_some() && is_due {
            self.with_timelines(now, |timelines, scene, output| {
                timelines.handle_timeout(scene, output);
            });
        }
    }

    fn with_timelines(
        &mut self,
        now: Timestamp,
        act: impl FnOnce(&mut Timelines, Scene<'_>, &mut Output),
    ) {
        let mut output = Output::default();
        let all = &self.all;
        let is_admin = |id: GroupId, account: AccountId| {
            all.get(&id).is_some_and(|it| {
                let mut members = it.stored.members.iter();
                members.any(|member| member.account == account && member.admin)
            })
        };
        let is_muted = |id: GroupId| all.get(&id).is_some_and(|it| it.stored.muted);
        let scene = Scene {
            own: self.own_account(),
            now,
            is_admin: &is_admin,
            is_muted: &is_muted,
        };
        act(&mut self.timelines, scene, &mut output);
        self.step.batch.ops.extend(output.batch.ops);
        for event in output.told {
            self.tell(event);
        }
        self.dirty.extend(output.changed);
        if let Some(error) = output.error {
            self.step.error = Some(error);
        }
        if let Some(needs) = output.load {
            self.load_needs(needs);
        }
    }

    /// The line of something that waits to be sent, if it is one.
    pub(super) fn item_of(&self, outgoing: &Outgoing, place: Place) -> Option<Item> {
        let Waits::Content(bytes) = &outgoing.what else {
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
            place,
            at: outgoing.at,
            author: self.own_account(),
            mine: true,
            body: ItemBody::Text {
                text: text.text,
                mentions: text.mentions,
            },
            state,
            reactions: Vec::new(),
            edited: false,
            reply: None,
            expires_at: None,
        })
    }

    /// Something that is a line, and nobody said.
    pub(super) fn happened(&mut self, id: GroupId, at: At, by: AccountId, happening: Happening) {
        let event = timeline::Event::Happened {
            seq: at.seq,
            at: Timestamp(at.time),
            author: by,
            happening,
        };
        self.change(id, |it| {
            it.stored.active_at = it.stored.active_at.max(Timestamp(at.time))
        });
        self.timeline(id, event, at.now);
    }

    /// Something that could not be read: counted, and shown where it stands.
    pub(super) fn unreadable(
        &mut self,
        id: GroupId,
        entry: &StoredDelivery,
        cause: Cause,
        context: Context<'_>,
    ) {
        self.count(cause);
        let event = timeline::Event::Undecryptable {
            seq: Seq(entry.sequence.0),
            at: Timestamp(entry.time),
            author: self.author(id, entry),
            cause,
        };
        self.timeline(id, event, context.now);
        self.change(id, |it| {
            it.stored.last_seq = it.stored.last_seq.max(entry.sequence);
        });
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
    fn profile_told(&mut self, id: GroupId, by: Told, bytes: &[u8], now: Timestamp) {
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
        let Told {
            seq, time, author, ..
        } = by;
        self.happened(id, At { seq, time, now }, author, happening);
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
