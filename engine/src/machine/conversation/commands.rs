//! What the user wants of conversations.

use bytes::Bytes;
use rand_core::RngCore;
use sotto_shared::content::{Body, Profile, Text, is_group_name, is_text};
use sotto_shared::limits::{EXPIRES_AFTER_MAX, GROUP_PICTURE_MAX, MENTIONS_MAX};
use sotto_shared::sotto::group::GroupKind;
use sotto_shared::{AccountId, GroupId};

use super::stored::{Stage, StoredConversation};
use super::{Context, Conversations};
use crate::api::{
    ConversationCommand, ConversationEvent, ConversationFailure, From, Item, Mention, Seq,
    TIMELINE_PAGE_MAX,
};
use crate::machine::{Effect, Load};

type Done = Result<(), ConversationFailure>;

impl Conversations {
    pub(in crate::machine) fn command(
        &mut self,
        command: ConversationCommand,
        context: Context<'_>,
    ) {
        self.take_device(context);
        if self.mls.is_none() {
            return self.fail(ConversationFailure::SignedOut);
        }
        if let Err(failure) = self.obey(command, context) {
            self.fail(failure);
        }
    }

    fn obey(&mut self, command: ConversationCommand, context: Context<'_>) -> Done {
        use ConversationCommand as Command;
        match command {
            Command::OpenDirect { with } => self.open_direct(with, context),
            Command::CreateGroup { name, members } => self.create_group(&name, &members, context),
            Command::JoinLobby => self.join_lobby(context),
            Command::Add {
                conversation,
                accounts,
            } => self.add(conversation, &accounts, context),
            Command::Remove {
                conversation,
                account,
            } => self.remove(conversation, account),
            Command::SetAdmin {
                conversation,
                account,
                admin,
            } => self.set_admin(conversation, account, admin),
            Command::Rename { conversation, name } => {
                if name.is_empty() || !is_group_name(&name) {
                    return Err(ConversationFailure::BadName);
                }
                self.administered(conversation)?;
                self.wish_profile(conversation, |profile| profile.name = name)
            }
            Command::SetPicture {
                conversation,
                picture,
            } => {
                let picture = picture.unwrap_or_default();
                let is_media = picture.is_empty() || is_picture(&picture);
                if picture.len() > GROUP_PICTURE_MAX || !is_media {
                    return Err(ConversationFailure::BadPicture);
                }
                self.administered(conversation)?;
                self.wish_profile(conversation, |profile| profile.picture = picture.into())
            }
            Command::SetTimer {
                conversation,
                seconds,
            } => {
                if self.active(conversation)?.kind != GroupKind::Direct {
                    self.administered(conversation)?;
                }
                let seconds = seconds.min(EXPIRES_AFTER_MAX);
                self.wish_profile(conversation, |profile| profile.expires_after = seconds)
            }
            Command::Leave { conversation } => self.leave(conversation),
            Command::Send {
                conversation,
                text,
                mentions,
                reply_to: _,
            } => self.send(conversation, text, mentions, context),
            Command::Retry {
                conversation,
                place,
            } => self.retry(conversation, place),
            Command::MarkRead {
                conversation,
                up_to,
            } => self.mark_read(conversation, up_to),
            Command::Keep {
                conversation,
                pinned,
                muted,
                archived,
            } => {
                self.known(conversation)?;
                self.change(conversation, |it| {
                    it.stored.pinned = pinned;
                    it.stored.muted = muted;
                    it.stored.archived = archived;
                });
                Ok(())
            }
            Command::Load {
                conversation,
                from,
                limit,
            } => {
                self.known(conversation)?;
                self.step.effects.push(Effect::Load(Load::Items {
                    conversation,
                    from,
                    limit: usize::from(limit.min(TIMELINE_PAGE_MAX)),
                }));
                Ok(())
            }
            Command::Rejoin { conversation } => match self.known(conversation)?.stage {
                Stage::Broken(_) => {
                    let stage = Stage::Joining { again: true };
                    self.change(conversation, |it| it.stored.stage = stage);
                    Ok(())
                }
                _ => Err(ConversationFailure::NotHere),
            },
            Command::Typing {
                conversation,
                typing,
            } => {
                self.active(conversation)?;
                self.type_out(conversation, typing, context.now);
                Ok(())
            }
            Command::SetReceipts { on } => {
                self.mailbox.receipts = on;
                self.mailbox_dirty = true;
                self.tell_figures();
                Ok(())
            }
            Command::React { .. }
            | Command::Edit { .. }
            | Command::DeleteForEveryone { .. }
            | Command::DeleteForMe { .. }
            | Command::Clear { .. }
            | Command::Search { .. } => Err(ConversationFailure::NotHere),
        }
    }

    fn known(&self, id: GroupId) -> Result<&StoredConversation, ConversationFailure> {
        let known = self.all.get(&id).map(|it| &it.stored);
        known.ok_or(ConversationFailure::NoSuchConversation)
    }

    /// One in which something can be done.
    fn active(&self, id: GroupId) -> Result<&StoredConversation, ConversationFailure> {
        let known = self.known(id)?;
        match known.takes_messages() {
            true => Ok(known),
            false => Err(ConversationFailure::NotHere),
        }
    }

    /// A group in which the user is an admin.
    fn administered(&self, id: GroupId) -> Result<&StoredConversation, ConversationFailure> {
        let group = self.active(id)?;
        if group.kind != GroupKind::Group {
            return Err(ConversationFailure::NotHere);
        }
        let own = self.own_account();
        let mut members = group.members.iter();
        let is_orphaned = !group.members.iter().any(|it| it.admin);
        match is_orphaned || members.any(|it| it.account == own && it.admin) {
            true => Ok(group),
            false => Err(ConversationFailure::NotAdmin),
        }
    }

    fn add(&mut self, id: GroupId, accounts: &[AccountId], context: Context<'_>) -> Done {
        self.administered(id)?;
        for account in accounts {
            Self::check_known(*account, context)?;
        }
        self.change(id, |it| {
            for account in accounts {
                it.stored.wishes.remove.remove(account);
                if !it.stored.has_member(*account) {
                    it.stored.wishes.add.insert(*account);
                }
            }
        });
        Ok(())
    }

    fn remove(&mut self, id: GroupId, account: AccountId) -> Done {
        let group = self.administered(id)?;
        if account == self.own_account() {
            return Err(ConversationFailure::NotHere);
        }
        let is_there = group.has_member(account);
        self.change(id, |it| {
            it.stored.wishes.add.remove(&account);
            if is_there {
                it.stored.wishes.remove.insert(account);
            }
        });
        Ok(())
    }

    fn set_admin(&mut self, id: GroupId, account: AccountId, admin: bool) -> Done {
        let group = self.administered(id)?;
        let mut others = group.members.iter();
        let stays = others.any(|it| {
            let wished = group.wishes.admins.get(&it.account);
            it.account != account && *wished.unwrap_or(&it.admin)
        });
        if !admin && !stays {
            return Err(ConversationFailure::LastAdmin);
        }
        if !group.has_member(account) {
            return Err(ConversationFailure::NoSuchContact(account));
        }
        self.change(id, |it| {
            it.stored.wishes.admins.insert(account, admin);
            let members = it.stored.members.clone();
            it.stored.wishes.prune(&members);
        });
        Ok(())
    }

    fn wish_profile(&mut self, id: GroupId, change: impl FnOnce(&mut Profile)) -> Done {
        let mut salt = [0; 32];
        self.rng.fill_bytes(&mut salt);
        let known = self.known(id)?;
        let wished = known.wishes.profile.as_ref();
        let wished = wished.and_then(|it| Profile::decode(it, &Profile::digest(it)).ok());
        let mut profile = wished.or_else(|| known.profile()).unwrap_or(Profile {
            salt,
            name: String::new(),
            picture: Bytes::new(),
            expires_after: 0,
        });
        profile.salt = salt;
        change(&mut profile);
        self.change(id, |it| it.stored.wishes.profile = Some(profile.encode()));
        Ok(())
    }

    fn leave(&mut self, id: GroupId) -> Done {
        let group = self.active(id)?;
        if group.kind == GroupKind::Direct {
            return Err(ConversationFailure::NotHere);
        }
        let own = self.own_account();
        let mut admins = group.members.iter().filter(|it| it.admin);
        let is_last_admin = admins.all(|it| it.account == own)
            && group.members.iter().any(|it| it.account == own && it.admin);
        if is_last_admin && group.members.len() > 1 {
            return Err(ConversationFailure::LastAdmin);
        }
        if !matches!(group.stage, Stage::Member) {
            self.drop_conversation(id);
            return Ok(());
        }
        self.fail_outbox(id, crate::api::NotSent::NotMember);
        self.change(id, |it| {
            it.stored.wishes.resign();
            it.stored.wishes.leave = true;
        });
        Ok(())
    }

    fn send(
        &mut self,
        id: GroupId,
        text: String,
        mentions: Vec<Mention>,
        context: Context<'_>,
    ) -> Done {
        if !is_text(&text) || mentions.len() > MENTIONS_MAX {
            return Err(ConversationFailure::BadText);
        }
        let expires_after = self.active(id)?.profile().map_or(0, |it| it.expires_after);
        let text = Text {
            text,
            mentions,
            reply_to: None,
            expires_after,
        };
        self.enqueue_body(id, Body::Text(text), context.now);
        Ok(())
    }

    fn mark_read(&mut self, id: GroupId, up_to: Seq) -> Done {
        let known = self.known(id)?;
        let newest = known.last.as_ref().map_or(Seq(0), |(seq, _)| *seq);
        if up_to > known.read_up_to {
            self.change(id, |it| {
                it.stored.read_up_to = up_to;
                if up_to >= newest {
                    it.stored.unread = 0;
                    it.stored.unread_mentions = 0;
                }
            });
        }
        Ok(())
    }

    /// A page was read from the store.
    pub(in crate::machine) fn loaded(
        &mut self,
        conversation: GroupId,
        from: From,
        mut items: Vec<Item>,
        more: bool,
    ) {
        let is_newest = match from {
            From::Newest => true,
            From::Before(_) => false,
            From::After(_) => !more,
        };
        if is_newest {
            items.extend(self.pending_items(conversation));
        }
        self.tell(ConversationEvent::Page {
            conversation,
            from,
            items,
            more,
        });
    }
}

/// Whether bytes look like a picture that faces can show.
fn is_picture(bytes: &[u8]) -> bool {
    use crate::api::Media;

    matches!(
        crate::media::sniff(bytes),
        Media::Png | Media::Jpeg | Media::Webp
    )
}
