//! One thing after the other, of each conversation: creating, joining, commits, messages.

use core::time::Duration;

use bytes::Bytes;
use sotto_shared::content::{Body, Content};
use sotto_shared::sotto::group::{Send, Stored};
use sotto_shared::sotto::{Error, ErrorCode, Request};
use sotto_shared::{AccountId, ContentId, GroupId, SendId};

use super::plan::{Plan, Situation};
use super::stored::{Outgoing, Sealed, Stage, What};
use super::{Asked, Context, Conversations, RETRY_LONG, is_over};
use crate::api::{Cause, ConversationFailure, NotSent, Place};
use crate::machine::is_due;
use crate::mls::policy::Kind;
use crate::mls::{Encrypted, MlsError};
use crate::record;
use crate::time::Timestamp;

/// Own messages after which this device takes new keys.
pub(super) const MESSAGES_PER_KEY: u32 = 100;
/// Time after which it does, with the next message.
pub(super) const KEY_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Connections on which the winner of an epoch is waited for.
const STALE_TRIES: u32 = 4;
/// How long each member waits for those before it to do what any of them can.
const TURN: Duration = Duration::from_secs(2);
/// Most turns that are waited for.
const TURNS_MAX: u32 = 30;

/// What a conversation wants to do next.
enum Next {
    Nothing,
    Plan(Plan),
    Message(u64),
    Leave,
    Relay,
    Resign,
    Unreachable,
}

impl Conversations {
    /// Does the next thing, if there is one and no answer is awaited.
    pub(super) fn advance(&mut self, id: GroupId, context: Context<'_>) {
        let Some(conversation) = self.all.get_mut(&id) else {
            return;
        };
        let live = &mut conversation.live;
        if live.is_asked || !is_over(live.hold, context.now) {
            return;
        }
        if live.stale.take().is_some() && live.hold.take().is_some() {
            // The winner of an epoch did not come, not even on a new connection.
            live.failures += 1;
            return match live.failures {
                0..STALE_TRIES => self.give_up_connection(),
                _ => self.break_off(id, Cause::EpochAhead, context),
            };
        }
        live.hold = None;
        match &conversation.stored.stage {
            _ if conversation.stored.staged.is_some() => self.send_commit(id),
            Stage::Creating { .. } => self.create(id),
            Stage::Joining { .. } => {
                self.ask_of(id, Asked::Info(id), Request::GetGroupInfo(id));
            }
            Stage::Member => {
                self.receipt(id, context.now);
                self.advance_member(id, context);
            }
            Stage::Broken(_) | Stage::Left | Stage::Removed => {}
        }
    }

    fn advance_member(&mut self, id: GroupId, context: Context<'_>) {
        // What may have been stored comes first: the same again.
        if let Some((number, sealed)) = self.first_sealed(id) {
            return self.transmit(id, number, sealed);
        }
        match self.next(id, context) {
            Next::Nothing => {}
            Next::Plan(plan) => self.carry_out(id, plan, context),
            Next::Message(number) => self.seal(id, number, context),
            Next::Leave => {
                self.enqueue(id, What::Leave, context.now);
                self.advance_member(id, context);
            }
            Next::Relay => {
                let profile = self.all.get_mut(&id).and_then(|it| {
                    it.stored.wishes.relay = false;
                    it.stored.profile.clone()
                });
                self.dirty.insert(id);
                if let Some(profile) = profile {
                    self.enqueue_body(id, Body::Profile(Bytes::from(profile)), context.now);
                    self.advance_member(id, context);
                }
            }
            Next::Resign => {
                self.change(id, |it| {
                    it.stored.wishes.resign();
                });
                self.fail(ConversationFailure::NotAdmin);
                self.advance_member(id, context);
            }
            Next::Unreachable => self.change(id, |it| it.hold(context.now)),
        }
    }

    fn first_sealed(&self, id: GroupId) -> Option<(u64, Sealed)> {
        let outbox = &self.all.get(&id)?.outbox;
        outbox
            .iter()
            .filter(|(_, outgoing)| outgoing.failed.is_none())
            .find_map(|(number, outgoing)| Some((*number, outgoing.sealed.clone()?)))
    }

    fn next(&mut self, id: GroupId, context: Context<'_>) -> Next {
        let (Some(mls), Some(conversation), Some(own)) =
            (&mut self.mls, self.all.get_mut(&id), self.own)
        else {
            return Next::Nothing;
        };
        let now = context.now;
        let live = &mut conversation.live;
        live.unreachable
            .retain(|_, again| !is_over(Some(*again), now));
        let stored = &mut conversation.stored;
        let is_age = is_due(stored.keys_since + KEY_AGE, now, KEY_AGE * 2);
        let message = conversation
            .outbox
            .iter()
            .find(|(_, outgoing)| outgoing.failed.is_none())
            .map(|(number, _)| *number);
        let lets_go = stored.wishes.let_go && is_over(live.let_go_at, now);
        let relays = stored.wishes.relay && is_over(live.relay_at, now);
        if message.is_none() && !stored.wishes.want_commit() && !lets_go && !relays {
            return Next::Nothing;
        }
        stored.wishes.update |=
            message.is_some() && (stored.sent_since >= MESSAGES_PER_KEY || is_age);
        let (Ok(members), Ok(policy)) = (mls.members(id), mls.policy(id)) else {
            return Next::Nothing;
        };
        let situation = Situation {
            own,
            policy: &policy,
            members: &members,
            wishes: &stored.wishes,
        };
        let mut wishes = stored.wishes.clone();
        if !situation.is_admin() && wishes.resign() {
            return Next::Resign;
        }
        if !self.directory.covers(situation.accounts()) {
            return Next::Nothing;
        }
        let mut plan = situation.plan(&self.directory, |account| {
            context.accounts.pinned_key(account)
        });
        plan.add
            .retain(|device| !live.unreachable.contains_key(&device.client));
        plan.anyway |= lets_go;
        if !plan.is_empty() {
            return Next::Plan(plan);
        }
        if stored.wishes.leave && message.is_none() {
            let is_asked = mls.epoch(id).ok() == stored.left_in;
            return match is_asked {
                true => Next::Nothing,
                false => Next::Leave,
            };
        }
        if relays {
            return Next::Relay;
        }
        let has_leaf = |account: AccountId| {
            let mut members = members.iter();
            members.any(|member| member.certificate.account == account)
        };
        match (&policy.kind, message) {
            (Kind::Direct(pair), Some(_)) if !pair.iter().all(|it| has_leaf(*it)) => {
                Next::Unreachable
            }
            (_, Some(number)) => Next::Message(number),
            (_, None) => Next::Nothing,
        }
    }

    /// Encrypts a message for the present epoch, writes it down and sends it.
    fn seal(&mut self, id: GroupId, number: u64, context: Context<'_>) {
        if let Some(account) = self.blocked_by(id, context) {
            return self.fail_outbox(id, NotSent::KeyChanged(account));
        }
        let (Some(mls), Some(conversation)) = (&mut self.mls, self.all.get_mut(&id)) else {
            return;
        };
        let Some(outgoing) = conversation.outbox.get_mut(&number) else {
            return;
        };
        let encrypted = match &outgoing.what {
            What::Leave => mls.leave(id),
            What::Content(bytes) => match Content::decode(bytes) {
                Ok(content) => {
                    let counter = conversation.stored.counter + 1;
                    mls.encrypt(id, &Content { counter, ..content }.encode())
                }
                Err(error) => Err(MlsError::Mls(error.to_string())),
            },
        };
        match encrypted {
            Ok(Encrypted { epoch, message }) => {
                let sealed = Sealed { epoch, message };
                outgoing.sealed = Some(sealed.clone());
                self.put_outgoing(id, number);
                self.transmit(id, number, sealed);
            }
            Err(MlsError::State(error)) => self.step.error = Some(error),
            Err(_) => self.fail_outgoing(id, number, NotSent::Refused),
        }
    }

    /// Whose key has changed, of those who would read it.
    fn blocked_by(&mut self, id: GroupId, context: Context<'_>) -> Option<AccountId> {
        let members = self.mls.as_mut()?.members(id).ok()?;
        let mut members = members.iter();
        members
            .find(|member| context.is_blocked(&member.certificate))
            .map(|member| member.certificate.account)
    }

    fn transmit(&mut self, id: GroupId, number: u64, sealed: Sealed) {
        let outgoing = self.all.get(&id).and_then(|it| it.outbox.get(&number));
        let Some(outgoing) = outgoing else {
            return;
        };
        let request = Send {
            id: outgoing.id,
            group: id,
            epoch: sealed.epoch,
            message: Bytes::from(sealed.message),
        };
        self.ask_of(id, Asked::Send(id, number), Request::Send(request));
        self.tell_pending(id, number);
    }

    /// The gateway has stored a message: it has its place.
    pub(super) fn message_stored(&mut self, id: GroupId, number: u64, at: Stored, now: Timestamp) {
        let Some(conversation) = self.all.get_mut(&id) else {
            return;
        };
        conversation.live.failures = 0;
        let Some(outgoing) = conversation.outbox.remove(&number) else {
            return;
        };
        self.step.batch.delete(record::outgoing(id, number));
        match &outgoing.what {
            What::Leave => {
                let epoch = outgoing.sealed.as_ref().map(|sealed| sealed.epoch);
                self.change(id, |it| it.stored.left_in = epoch);
            }
            What::Content(bytes) => {
                self.change(id, |it| {
                    it.stored.counter += 1;
                    it.stored.sent_since += 1;
                });
                if let Ok(content) = Content::decode(bytes) {
                    self.placed(id, number, at, content, now);
                }
            }
        }
    }

    /// The gateway has not stored a message.
    pub(super) fn message_refused(
        &mut self,
        id: GroupId,
        number: u64,
        error: &Error,
        context: Context<'_>,
    ) {
        let (Some(mls), Some(conversation)) = (&mut self.mls, self.all.get_mut(&id)) else {
            return;
        };
        let Some(outgoing) = conversation.outbox.get_mut(&number) else {
            return;
        };
        match error.code {
            ErrorCode::StaleEpoch => {
                // Encrypted again, under the same id, once the mailbox has told of the next epoch.
                let sealed = outgoing.sealed.take().map(|it| it.epoch);
                let is_leave = outgoing.what == What::Leave;
                let is_behind = sealed.is_some() && mls.epoch(id).ok() <= sealed;
                if is_behind {
                    conversation.live.stale = sealed;
                    conversation.live.hold = Some(context.now + RETRY_LONG);
                }
                match is_leave {
                    true => {
                        conversation.outbox.remove(&number);
                        self.step.batch.delete(record::outgoing(id, number));
                    }
                    false => self.put_outgoing(id, number),
                }
            }
            ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::NotAuthenticated => {
                self.hold(id, error, context.now);
            }
            ErrorCode::NotMember | ErrorCode::UnknownGroup => self.not_member(id, context),
            ErrorCode::MailboxFull => self.fail_outgoing(id, number, NotSent::MailboxFull),
            _ => self.fail_outgoing(id, number, NotSent::Refused),
        }
    }

    /// Puts a content at the end of what waits to be sent; gives its number.
    pub(super) fn enqueue_body(&mut self, id: GroupId, body: Body, now: Timestamp) -> Option<u64> {
        let content = Content {
            id: ContentId::random(&mut self.rng),
            counter: 0,
            sent_at: now.0,
            body,
        };
        self.enqueue(id, What::Content(content.encode()), now)
    }

    pub(super) fn enqueue(&mut self, id: GroupId, what: What, now: Timestamp) -> Option<u64> {
        let outgoing = Outgoing {
            what,
            id: SendId::random(&mut self.rng),
            at: now,
            sealed: None,
            failed: None,
        };
        let conversation = self.all.get_mut(&id)?;
        let number = conversation.stored.next_number;
        conversation.stored.next_number += 1;
        conversation.outbox.insert(number, outgoing);
        self.dirty.insert(id);
        self.put_outgoing(id, number);
        self.tell_pending(id, number);
        Some(number)
    }

    pub(super) fn fail_outgoing(&mut self, id: GroupId, number: u64, why: NotSent) {
        let Some(conversation) = self.all.get_mut(&id) else {
            return;
        };
        let Some(outgoing) = conversation.outbox.get_mut(&number) else {
            return;
        };
        outgoing.failed = Some(why);
        outgoing.sealed = None;
        match self.pending_item(id, number) {
            Some(_) => {
                self.put_outgoing(id, number);
                self.tell_pending(id, number);
            }
            // Nobody would see it, or could try it again.
            None => {
                if let Some(conversation) = self.all.get_mut(&id) {
                    conversation.outbox.remove(&number);
                }
                self.step.batch.delete(record::outgoing(id, number));
            }
        }
    }

    /// Nothing of what waits can be sent.
    pub(super) fn fail_outbox(&mut self, id: GroupId, why: NotSent) {
        let numbers: Vec<u64> = self.all.get(&id).map_or_else(Vec::new, |it| {
            let waits = it.outbox.iter().filter(|(_, it)| it.failed.is_none());
            waits.map(|(number, _)| *number).collect()
        });
        for number in numbers {
            self.fail_outgoing(id, number, why);
        }
    }

    /// Tries something again that had failed.
    pub(super) fn retry(&mut self, id: GroupId, place: Place) -> Result<(), ConversationFailure> {
        let conversation = self
            .all
            .get_mut(&id)
            .ok_or(ConversationFailure::NoSuchConversation)?;
        if !conversation.stored.takes_messages() {
            return Err(ConversationFailure::NotHere);
        }
        let Place::Pending(number) = place else {
            return Err(ConversationFailure::NoSuchMessage);
        };
        let outgoing = conversation
            .outbox
            .get_mut(&number)
            .filter(|it| it.failed.is_some())
            .ok_or(ConversationFailure::NoSuchMessage)?;
        outgoing.failed = None;
        conversation.live.hold = None;
        self.put_outgoing(id, number);
        self.tell_pending(id, number);
        Ok(())
    }

    /// When it is this device's turn to do what any member can: by its place in the tree.
    pub(super) fn turn(&mut self, id: GroupId, now: Timestamp) -> Timestamp {
        let own = self.own.map(|own| own.client);
        let members = self.mls.as_mut().and_then(|mls| mls.members(id).ok());
        let rank = members
            .unwrap_or_default()
            .iter()
            .position(|member| Some(member.certificate.client) == own)
            .and_then(|rank| u32::try_from(rank).ok())
            .unwrap_or(TURNS_MAX);
        now + TURN * rank.min(TURNS_MAX)
    }
}

const _: () = assert!(TURN.as_secs() * (TURNS_MAX as u64) <= RETRY_LONG.as_secs());
