//! Messages, commits and welcomes of a conversation.

use sotto_shared::content::Profile;
use sotto_shared::sotto::group::{DeliveryKind, GroupKind, GroupSeq};
use sotto_shared::{AccountId, ClientId, GroupId};

use super::stored::{Stage, StoredConversation, StoredDelivery, StoredMember};
use super::{At, Context, Conversation, Conversations};
use crate::api::{Cause, ConversationEvent, Happening, NotSent, Seq};
use crate::mls::policy::Kind;
use crate::mls::{CommitSummary, JoinError, Joined, PolicyError, Read, Unreadable};
use crate::record;

impl Conversations {
    /// Reads a message or a commit of a group that is here.
    pub(super) fn read(&mut self, id: GroupId, entry: StoredDelivery, context: Context<'_>) {
        let Some(mls) = &mut self.mls else {
            return;
        };
        let is_staged = self
            .all
            .get(&id)
            .is_some_and(|it| it.stored.staged.is_some());
        match mls.read(id, &entry.payload, &context) {
            Ok(Read::Message { by, content, .. }) => {
                self.came(id, entry.sequence);
                self.message_read(id, by, &entry, &content, context);
            }
            Ok(Read::Commit(summary)) => {
                self.came(id, entry.sequence);
                self.commit_read(id, &entry, &summary, context);
            }
            Ok(Read::Leaving(device)) => {
                self.came(id, entry.sequence);
                let is_own = device.account == self.own_account();
                let due = self.turn(id, context.now);
                self.change(id, |it| {
                    it.stored.wishes.let_go = true;
                    if is_own && it.stored.kind != GroupKind::Direct {
                        // The user leaves with all devices.
                        it.stored.wishes.resign();
                        it.stored.wishes.leave = true;
                    }
                    it.live.let_go_at = Some(due);
                });
            }
            // The own commit, whose answer is on its way, may be what it waits for.
            Err(Unreadable::EpochAhead { .. }) if is_staged => self.wait(id, entry),
            Err(Unreadable::Own | Unreadable::Removed) => self.came(id, entry.sequence),
            Err(Unreadable::State(error)) => self.step.error = Some(error),
            Err(error) => {
                let cause = cause_of(&error);
                let breaks = entry.kind == DeliveryKind::Commit || cause == Cause::EpochAhead;
                self.unreadable(id, &entry, cause, context);
                if breaks {
                    self.break_off(id, cause, context);
                }
            }
        }
    }

    /// Notes how far a conversation has come.
    fn came(&mut self, id: GroupId, seq: GroupSeq) {
        self.change(id, |it| it.stored.last_seq = it.stored.last_seq.max(seq));
    }

    /// A conversation does not go on until it is joined anew. Where nobody has done anything
    /// forbidden, that is done at once.
    pub(super) fn break_off(&mut self, id: GroupId, cause: Cause, context: Context<'_>) {
        let by_itself = matches!(
            cause,
            Cause::EpochAhead | Cause::EpochGone | Cause::Missed | Cause::NoState
        );
        self.change(id, |it| {
            it.stored.staged = None;
            it.stored.stage = match by_itself {
                true => Stage::Joining { again: true },
                false => Stage::Broken(cause),
            };
            it.hold(context.now);
        });
        if !by_itself {
            self.fail_outbox(id, NotSent::Broken);
        }
    }

    /// Things of this conversation did not arrive, and never will.
    pub(super) fn missed(&mut self, id: GroupId, entry: &StoredDelivery, context: Context<'_>) {
        self.came(id, entry.sequence);
        self.unreadable(id, entry, Cause::Missed, context);
    }

    fn commit_read(
        &mut self,
        id: GroupId,
        entry: &StoredDelivery,
        summary: &CommitSummary,
        context: Context<'_>,
    ) {
        // An own commit for this epoch has lost; what it was for is planned again.
        self.change(id, |it| {
            it.stored.staged = None;
            it.live.stale = None;
            it.live.hold = None;
            for device in &summary.added {
                it.stored.counters.remove(&device.client);
            }
        });
        if summary.removes_me {
            return self.removed(id, entry, summary, context);
        }
        let left: Vec<AccountId> = summary
            .removed
            .iter()
            .filter(|it| it.by.account == it.certificate.account)
            .map(|it| it.certificate.account)
            .collect();
        let added = summary.added.iter().map(|it| it.client).collect();
        let seq = Seq(entry.sequence.0);
        let at = At {
            seq,
            time: entry.time,
            now: context.now,
        };
        self.epoch_began(id, at, summary.by.account, added, &left, context);
    }

    /// A commit is in force, by whomever: who is in the group, what was wished for, what is shown.
    pub(super) fn epoch_began(
        &mut self,
        id: GroupId,
        at: At,
        by: AccountId,
        added: Vec<ClientId>,
        left: &[AccountId],
        context: Context<'_>,
    ) {
        let before = self.refresh(id, context);
        let after = self.all.get(&id).map(|it| &it.stored);
        let happening = after.and_then(|after| happening(&before, after, left));
        if let Some(happening) = happening {
            self.happened(id, at, by, happening);
        }
        let own = self.own.map(|own| own.client);
        let others_came = added.iter().any(|client| Some(*client) != own);
        let due = self.turn(id, context.now);
        self.change(id, |it| {
            it.stored.wishes.let_go = false;
            it.live.let_go_at = None;
            if others_came && it.stored.profile.is_some() {
                it.stored.wishes.relay = true;
                it.live.relay_at = Some(due);
            }
        });
    }

    fn removed(
        &mut self,
        id: GroupId,
        entry: &StoredDelivery,
        summary: &CommitSummary,
        context: Context<'_>,
    ) {
        let own = self.own_account();
        let mut removed = summary.removed.iter();
        let by_own = removed.any(|it| it.certificate.account == own && it.by.account == own);
        let has_left = self
            .all
            .get(&id)
            .is_some_and(|it| it.stored.wishes.leave || by_own);
        let (stage, happening) = match has_left {
            true => (Stage::Left, Happening::Left(vec![own])),
            false => (Stage::Removed, Happening::Removed(vec![own])),
        };
        self.end(id, stage);
        let at = At {
            seq: Seq(entry.sequence.0),
            time: entry.time,
            now: context.now,
        };
        self.happened(id, at, summary.by.account, happening);
    }

    /// The conversation is over for this device.
    pub(super) fn end(&mut self, id: GroupId, stage: Stage) {
        if let Some(mls) = &mut self.mls {
            mls.forget(id);
        }
        self.forget_waiting(id, u64::MAX);
        self.fail_outbox(id, NotSent::NotMember);
        let own = self.own_account();
        self.change(id, |it| {
            it.stored.stage = stage;
            it.stored.wishes = super::stored::Wishes::default();
            it.stored.staged = None;
            it.stored.members.retain(|member| member.account != own);
            it.live = super::Live::default();
        });
    }

    /// Joins by a welcome.
    pub(super) fn welcomed(&mut self, id: GroupId, entry: &StoredDelivery, context: Context<'_>) {
        let Some(mls) = &mut self.mls else {
            return;
        };
        let stage = self.all.get(&id).map(|it| it.stored.stage.clone());
        if stage == Some(Stage::Member) {
            return self.count(Cause::Repeated);
        }
        // An own commit to join has lost; or it is what an old state here gives way to.
        mls.forget(id);
        self.change(id, |it| it.stored.staged = None);
        let Some(mls) = &mut self.mls else {
            return;
        };
        match mls.join(&entry.payload, &context) {
            Ok(joined) if joined.group == id => self.joined(&joined, entry, context),
            Ok(joined) => {
                mls.forget(joined.group);
                self.count(Cause::Damaged);
            }
            Err(JoinError::State(error)) => self.step.error = Some(error),
            Err(error) => {
                self.count(cause_of_join(&error));
                // Without the welcome, then.
                self.expected.entry(id).or_insert(context.now);
            }
        }
    }

    fn joined(&mut self, joined: &Joined, entry: &StoredDelivery, context: Context<'_>) {
        let id = joined.group;
        self.expected.remove(&id);
        let is_new = !self.all.contains_key(&id);
        let kind = kind_of(&joined.policy.kind);
        let conversation = self.all.entry(id).or_insert_with(|| {
            let suite = joined.suite.id().0;
            let stored = StoredConversation::new(id, kind, suite, Stage::Member, context.now);
            Conversation::new(stored)
        });
        let stored = &mut conversation.stored;
        stored.kind = kind;
        stored.stage = Stage::Member;
        stored.last_seq = entry.sequence;
        stored.counters.clear();
        stored.keys_since = context.now;
        conversation.live.hold = None;
        self.refresh(id, context);
        if is_new && kind != GroupKind::Direct {
            let own = self.own_account();
            let happening = Happening::Joined(vec![own]);
            let at = At {
                seq: Seq(entry.sequence.0),
                time: entry.time,
                now: context.now,
            };
            self.happened(id, at, joined.by.account, happening);
        }
        self.forget_waiting(id, entry.sequence.0);
        self.read_waiting(id, context);
    }

    /// Takes over who is in the group and what it is; gives who was in it before.
    pub(super) fn refresh(&mut self, id: GroupId, context: Context<'_>) -> Vec<StoredMember> {
        let own = self.own_account();
        let (Some(mls), Some(conversation)) = (&mut self.mls, self.all.get_mut(&id)) else {
            return Vec::new();
        };
        let (Ok(members), Ok(policy)) = (mls.members(id), mls.policy(id)) else {
            return Vec::new();
        };
        let admins = match &policy.kind {
            Kind::Group { admins } => Some(admins),
            Kind::Direct(_) | Kind::Lobby => None,
        };
        let mut after: Vec<StoredMember> = Vec::new();
        for member in &members {
            let account = member.certificate.account;
            match after.iter_mut().find(|it| it.account == account) {
                Some(known) => known.devices += 1,
                None => after.push(StoredMember {
                    account,
                    devices: 1,
                    admin: admins.is_some_and(|admins| admins.contains(&account)),
                }),
            }
        }
        after.sort_by_key(|member| member.account);
        for member in &after {
            if context.accounts.pinned_key(member.account).is_none() {
                self.strangers.insert(member.account);
            }
        }
        let stored = &mut conversation.stored;
        if let Kind::Direct([one, other]) = policy.kind {
            stored.peer = Some(if one == own { other } else { one });
        }
        let fits = |profile: &Vec<u8>| Profile::digest(profile) == policy.profile;
        if stored.wishes.profile.as_ref().is_some_and(fits) {
            // The own wish has come true; the others have yet to hear what it is.
            stored.profile = stored.wishes.profile.take();
            stored.wishes.relay = true;
            conversation.live.relay_at = None;
        }
        stored.profile = stored.profile.take().filter(fits);
        stored.wishes.prune(&after);
        self.dirty.insert(id);
        core::mem::replace(&mut stored.members, after)
    }

    /// Forgets a conversation that was not one yet; what it had to send is given.
    pub(super) fn drop_conversation(&mut self, id: GroupId) -> Option<Conversation> {
        let conversation = self.all.remove(&id)?;
        if let Some(mls) = &mut self.mls {
            mls.forget(id);
        }
        self.dirty.remove(&id);
        self.step.batch.delete(record::conversation(id));
        for number in conversation.outbox.keys() {
            self.step.batch.delete(record::outgoing(id, *number));
        }
        for number in conversation.waiting.keys() {
            self.step.batch.delete(record::waiting(id, *number));
        }
        self.tell(ConversationEvent::Gone(id));
        Some(conversation)
    }
}

pub(super) fn kind_of(kind: &Kind) -> GroupKind {
    match kind {
        Kind::Direct(_) => GroupKind::Direct,
        Kind::Group { .. } => GroupKind::Group,
        Kind::Lobby => GroupKind::Lobby,
    }
}

/// What to show of a commit: the first thing that it did.
fn happening(
    before: &[StoredMember],
    after: &StoredConversation,
    left: &[AccountId],
) -> Option<Happening> {
    let find = |all: &[StoredMember], account| all.iter().find(|it| it.account == account).copied();
    let came: Vec<AccountId> = after
        .members
        .iter()
        .filter(|it| find(before, it.account).is_none())
        .map(|it| it.account)
        .collect();
    let gone: Vec<AccountId> = before
        .iter()
        .filter(|it| find(&after.members, it.account).is_none())
        .map(|it| it.account)
        .collect();
    if !came.is_empty() {
        return (after.kind != GroupKind::Direct).then_some(Happening::Joined(came));
    }
    if !gone.is_empty() {
        return Some(match gone.iter().all(|account| left.contains(account)) {
            true => Happening::Left(gone),
            false => Happening::Removed(gone),
        });
    }
    for member in &after.members {
        let old = find(before, member.account)?;
        if old.admin != member.admin {
            return Some(Happening::AdminSet(member.account, member.admin));
        }
        match member.devices.cmp(&old.devices) {
            core::cmp::Ordering::Greater => return Some(Happening::DeviceAdded(member.account)),
            core::cmp::Ordering::Less => return Some(Happening::DeviceRemoved(member.account)),
            core::cmp::Ordering::Equal => {}
        }
    }
    None
}

fn cause_of(error: &Unreadable) -> Cause {
    match error {
        Unreadable::UnknownGroup | Unreadable::Removed | Unreadable::State(_) => Cause::NoState,
        Unreadable::EpochAhead { .. } => Cause::EpochAhead,
        Unreadable::EpochGone { .. } => Cause::EpochGone,
        Unreadable::AlreadyRead => Cause::Repeated,
        Unreadable::Own | Unreadable::TooFarAhead | Unreadable::Damaged => Cause::Damaged,
        Unreadable::Refused(error) => cause_of_policy(error),
    }
}

pub(super) fn cause_of_join(error: &JoinError) -> Cause {
    match error {
        JoinError::NoKeyPackage | JoinError::State(_) => Cause::NoState,
        JoinError::Damaged | JoinError::AnotherGroup => Cause::Damaged,
        JoinError::AlreadyMember(_) => Cause::Repeated,
        JoinError::Suite => Cause::Unknown,
        JoinError::Refused(error) => cause_of_policy(error),
    }
}

fn cause_of_policy(error: &PolicyError) -> Cause {
    match error {
        PolicyError::ForeignLeaf
        | PolicyError::ForgedCertificate(_)
        | PolicyError::AnothersCertificate(_)
        | PolicyError::DoubleDevice(_)
        | PolicyError::IdentityChanged(_) => Cause::ForeignDevice,
        PolicyError::WrongAccountKey(_) | PolicyError::TwoAccountKeys(_) => Cause::KeyChanged,
        PolicyError::NoPolicy | PolicyError::NewerPolicy(_) => Cause::Unknown,
        PolicyError::ForeignAccount(_)
        | PolicyError::NotAdmin(_)
        | PolicyError::NotTheirs { .. }
        | PolicyError::KindChanged
        | PolicyError::UnknownChange => Cause::NotAllowed,
    }
}
