//! Making and joining conversations.

use std::collections::BTreeSet;

use bytes::Bytes;
use rand_core::RngCore;
use sotto_shared::content::{Profile, is_group_name};
use sotto_shared::sotto::group::{CreateGroup, GroupInfo, GroupKind, GroupOpened, SuiteId};
use sotto_shared::sotto::{Error, ErrorCode, Request};
use sotto_shared::{AccountId, GroupId, SendId};

use super::incoming::cause_of_join;
use super::stored::{Stage, Staged, StoredConversation};
use super::{Asked, Context, Conversation, Conversations};
use crate::api::{Cause, ConversationEvent, ConversationFailure};
use crate::mls::{JoinError, MlsError, Policy, Suite};
use crate::record;

/// How often a welcome that should be in the mailbox is waited for.
const WELCOME_TRIES: u32 = 4;

impl Conversations {
    pub(super) fn open_direct(
        &mut self,
        with: AccountId,
        context: Context<'_>,
    ) -> Result<(), ConversationFailure> {
        let known = self
            .all
            .values()
            .find(|it| it.stored.kind == GroupKind::Direct && it.stored.peer == Some(with));
        if let Some(known) = known {
            let id = known.stored.id;
            self.tell(ConversationEvent::Opened(id));
            return Ok(());
        }
        let id = self.open_silently(with, context)?;
        self.tell(ConversationEvent::Opened(id));
        Ok(())
    }

    /// Makes a direct chat that there is not here yet.
    pub(super) fn open_silently(
        &mut self,
        with: AccountId,
        context: Context<'_>,
    ) -> Result<GroupId, ConversationFailure> {
        let own = self.own_account();
        if with != own && context.accounts.pinned_key(with).is_none() {
            return Err(ConversationFailure::NoSuchContact(with));
        }
        if context.accounts.has_changed_key(with) {
            return Err(ConversationFailure::KeyChanged(with));
        }
        let profile = self.profile("");
        let policy = Policy::direct(own, with, Profile::digest(&profile));
        let id = self.found(self.suite, GroupKind::Direct, &policy, profile, context)?;
        self.change(id, |it| it.stored.peer = Some(with));
        Ok(id)
    }

    pub(super) fn create_group(
        &mut self,
        name: &str,
        members: &[AccountId],
        context: Context<'_>,
    ) -> Result<(), ConversationFailure> {
        if name.is_empty() || !is_group_name(name) {
            return Err(ConversationFailure::BadName);
        }
        let own = self.own_account();
        let members: BTreeSet<AccountId> =
            members.iter().copied().filter(|it| *it != own).collect();
        for account in &members {
            Self::check_known(*account, context)?;
        }
        let profile = self.profile(name);
        let policy = Policy::group([own], Profile::digest(&profile));
        let id = self.found(self.suite, GroupKind::Group, &policy, profile, context)?;
        self.change(id, |it| it.stored.wishes.add = members);
        self.tell(ConversationEvent::Opened(id));
        Ok(())
    }

    /// Whether somebody can be added.
    pub(super) fn check_known(
        account: AccountId,
        context: Context<'_>,
    ) -> Result<(), ConversationFailure> {
        if context.accounts.pinned_key(account).is_none() {
            return Err(ConversationFailure::NoSuchContact(account));
        }
        match context.accounts.has_changed_key(account) {
            true => Err(ConversationFailure::KeyChanged(account)),
            false => Ok(()),
        }
    }

    pub(super) fn join_lobby(&mut self, context: Context<'_>) -> Result<(), ConversationFailure> {
        let mut all = self.all.values();
        let known = all.find(|it| {
            let stored = &it.stored;
            stored.kind == GroupKind::Lobby && !matches!(stored.stage, Stage::Broken(_))
        });
        if let Some((id, stage)) = known.map(|it| (it.stored.id, it.stored.stage.clone())) {
            if matches!(stage, Stage::Left | Stage::Removed) {
                self.change(id, |it| it.stored.stage = Stage::Joining { again: false });
            }
            self.tell(ConversationEvent::Opened(id));
            return Ok(());
        }
        let profile = self.profile("");
        let policy = Policy::lobby(Profile::digest(&profile));
        let id = self.found(
            Suite::Classical,
            GroupKind::Lobby,
            &policy,
            profile,
            context,
        )?;
        self.tell(ConversationEvent::Opened(id));
        Ok(())
    }

    /// Bytes of a new profile.
    fn profile(&mut self, name: &str) -> Vec<u8> {
        let mut salt = [0; 32];
        self.rng.fill_bytes(&mut salt);
        let profile = Profile {
            salt,
            name: name.to_owned(),
            picture: Bytes::new(),
            expires_after: 0,
        };
        profile.encode()
    }

    /// Makes a group of which the gateway has yet to hear.
    fn found(
        &mut self,
        suite: Suite,
        kind: GroupKind,
        policy: &Policy,
        profile: Vec<u8>,
        context: Context<'_>,
    ) -> Result<GroupId, ConversationFailure> {
        let mls = self.mls.as_mut().ok_or(ConversationFailure::SignedOut)?;
        let id = GroupId::random(&mut self.rng);
        let group_info = match mls.create(id, suite, policy) {
            Ok(group_info) => group_info,
            Err(error) => {
                if let MlsError::State(error) = error {
                    self.step.error = Some(error);
                }
                return Err(ConversationFailure::NotHere);
            }
        };
        let stage = Stage::Creating { group_info };
        let mut stored = StoredConversation::new(id, kind, suite.id().0, stage, context.now);
        stored.profile = Some(profile);
        self.all.insert(id, Conversation::new(stored));
        self.refresh(id, context);
        Ok(id)
    }

    /// Tells the gateway of a new group.
    pub(super) fn create(&mut self, id: GroupId) {
        let Some(Conversation { stored, .. }) = self.all.get(&id) else {
            return;
        };
        let Stage::Creating { group_info } = &stored.stage else {
            return;
        };
        let request = CreateGroup {
            group: id,
            kind: stored.kind,
            suite: SuiteId(stored.suite),
            peer: stored.peer.filter(|_| stored.kind == GroupKind::Direct),
            group_info: Bytes::copy_from_slice(group_info),
        };
        self.ask_of(id, Asked::Create(id), Request::CreateGroup(request));
    }

    pub(super) fn group_opened(&mut self, id: GroupId, opened: GroupOpened, context: Context<'_>) {
        let is_creating = self
            .all
            .get(&id)
            .is_some_and(|it| matches!(it.stored.stage, Stage::Creating { .. }));
        if !is_creating {
            return;
        }
        if opened.group == id {
            return self.change(id, |it| it.stored.stage = Stage::Member);
        }
        self.move_to(id, opened.group, context);
    }

    /// There is such a conversation already: what was to be sent goes there.
    fn move_to(&mut self, from: GroupId, to: GroupId, context: Context<'_>) {
        let Some(dropped) = self.drop_conversation(from) else {
            return;
        };
        if !self.all.contains_key(&to) {
            let StoredConversation {
                kind, suite, peer, ..
            } = dropped.stored;
            self.join_listed(to, kind, suite, context.now);
            self.change(to, |it| it.stored.peer = peer);
        }
        for (_, outgoing) in dropped.outbox {
            let Some(conversation) = self.all.get_mut(&to) else {
                continue;
            };
            let number = conversation.stored.next_number;
            conversation.stored.next_number += 1;
            self.step.put(record::outgoing(to, number), &outgoing);
            conversation.outbox.insert(number, outgoing);
            self.dirty.insert(to);
            self.tell_pending(to, number);
        }
        self.tell(ConversationEvent::Opened(to));
    }

    pub(super) fn not_created(&mut self, id: GroupId, error: &Error, context: Context<'_>) {
        match error.code {
            ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::NotAuthenticated => {
                self.hold(id, error, context.now);
            }
            _ => {
                self.refused(error);
                self.drop_conversation(id);
            }
        }
    }

    /// Joins by a commit of this device.
    pub(super) fn info_told(&mut self, id: GroupId, info: &GroupInfo, context: Context<'_>) {
        let (Some(mls), Some(conversation)) = (&mut self.mls, self.all.get_mut(&id)) else {
            return;
        };
        let stored = &mut conversation.stored;
        // A welcome may have come meanwhile.
        if !matches!(stored.stage, Stage::Joining { .. }) || stored.staged.is_some() {
            return;
        }
        let is_welcome_on_its_way = info.summary.member
            && stored.stage == Stage::Joining { again: false }
            && conversation.live.failures < WELCOME_TRIES;
        if is_welcome_on_its_way {
            return conversation.hold(context.now);
        }
        match mls.join_by_commit(id, &info.group_info, &context) {
            Ok(staged) => {
                stored.kind = info.summary.kind;
                stored.suite = info.summary.suite.0;
                let send_id = SendId::random(&mut self.rng);
                stored.staged = Some(Staged::new(send_id, staged, true));
                self.dirty.insert(id);
                self.send_commit(id);
            }
            Err(JoinError::State(error)) => self.step.error = Some(error),
            Err(error) => {
                let cause = cause_of_join(&error);
                self.change(id, |it| it.stored.stage = Stage::Broken(cause));
            }
        }
    }

    pub(super) fn not_informed(&mut self, id: GroupId, error: &Error, context: Context<'_>) {
        let stage = self.all.get(&id).map(|it| it.stored.stage.clone());
        let Some(Stage::Joining { again }) = stage else {
            return;
        };
        match error.code {
            ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::NotAuthenticated => {
                self.hold(id, error, context.now);
            }
            ErrorCode::UnknownGroup | ErrorCode::NotMember | ErrorCode::NotAllowed if again => {
                self.end(id, Stage::Removed);
            }
            ErrorCode::UnknownGroup | ErrorCode::NotMember | ErrorCode::NotAllowed => {
                self.drop_conversation(id);
            }
            _ => self.change(id, |it| it.stored.stage = Stage::Broken(Cause::NoState)),
        }
    }
}
