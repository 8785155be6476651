//! What the user wants of conversations.

use bytes::Bytes;
use rand_core::RngCore;
use sotto_shared::content::{Body, Profile, Text, is_group_name, is_text};
use sotto_shared::limits::{EMOJI_MAX, EXPIRES_AFTER_MAX, GROUP_PICTURE_MAX, MENTIONS_MAX};
use sotto_shared::sotto::group::GroupKind;
use sotto_shared::{AccountId, ContentId, GroupId};

use super::loads::Then;
use super::stored::{Stage, StoredConversation};
use super::{Context, Conversations};
use crate::api::{
    ConversationCommand, ConversationEvent, ConversationFailure, Mention, Place, TIMELINE_PAGE_MAX,
};
use crate::record;
use crate::time::Timestamp;
use crate::timeline;

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
                reply_to: None,
            } => self.send(conversation, text, mentions, None, context.now),
            Command::Send {
                conversation,
                text,
                mentions,
                reply_to: Some(seq),
            } => {
                self.check_text(conversation, &text, &mentions)?;
                self.load_line(conversation, seq, Then::Reply { text, mentions });
                Ok(())
            }
            Command::React {
                conversation,
                seq,
                emoji,
                on,
            } => {
                self.active(conversation)?;
                if emoji.is_empty() || emoji.len() > EMOJI_MAX {
                    return Err(ConversationFailure::BadText);
                }
                self.load_line(conversation, seq, Then::React { emoji, on });
                Ok(())
            }
            Command::Edit {
                conversation,
                seq,
                text,
                mentions,
            } => {
                self.check_text(conversation, &text, &mentions)?;
                self.load_line(conversation, seq, Then::Edit { text, mentions });
                Ok(())
            }
            Command::DeleteForEveryone { conversation, seq } => {
                self.active(conversation)?;
                self.load_line(conversation, seq, Then::Delete);
                Ok(())
            }
            Command::DeleteForMe {
                conversation,
                place,
            } => self.delete_for_me(conversation, place, context.now),
            Command::Clear { conversation } => self.clear(conversation, context),
            Command::Search {
                query,
                words,
                within,
                after,
            } => {
                self.load_found(query, words, within, after, context.now);
                Ok(())
            }
            Command::Retry {
                conversation,
                place,
            } => self.retry(conversation, place),
            Command::MarkRead {
                conversation,
                up_to,
            } => self.mark_read(conversation, up_to, context.now),
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
                self.sync(conversation, context);
                Ok(())
            }
            Command::Load {
                conversation,
                from,
                limit,
            } => {
                self.known(conversation)?;
                self.load_page(
                    conversation,
                    from,
                    limit.min(TIMELINE_PAGE_MAX),
                    context.now,
                );
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
        // One that is being made or joined is left once it is: the gateway may know of it already.
        self.fail_outbox(id, crate::api::NotSent::NotMember);
        self.change(id, |it| {
            it.stored.wishes.resign();
            it.stored.wishes.leave = true;
        });
        Ok(())
    }

    fn check_text(&self, id: GroupId, text: &str, mentions: &[Mention]) -> Done {
        self.active(id)?;
        match is_text(text) && mentions.len() <= MENTIONS_MAX {
            true => Ok(()),
            false => Err(ConversationFailure::BadText),
        }
    }

    pub(super) fn send(
        &mut self,
        id: GroupId,
        text: String,
        mentions: Vec<Mention>,
        reply_to: Option<ContentId>,
        now: Timestamp,
    ) -> Done {
        self.check_text(id, &text, &mentions)?;
        let expires_after = self.active(id)?.profile().map_or(0, |it| it.expires_after);
        let text = Text {
            text,
            mentions,
            reply_to,
            expires_after,
        };
        self.enqueue_body(id, Body::Text(text), now);
        Ok(())
    }

    fn delete_for_me(&mut self, id: GroupId, place: Place, now: Timestamp) -> Done {
        self.known(id)?;
        let number = match place {
            Place::At(seq) => {
                self.timeline(id, timeline::Event::Forget(seq), now);
                return Ok(());
            }
            Place::Pending(number) => number,
        };
        let outbox = self.all.get_mut(&id).map(|it| &mut it.outbox);
        // What may be on its way cannot be taken back.
        let taken = outbox.and_then(|outbox| {
            let waits = outbox.get(&number)?.sealed.is_none();
            waits.then(|| outbox.remove(&number)).flatten()
        });
        taken.ok_or(ConversationFailure::NoSuchMessage)?;
        self.step.batch.delete(record::outgoing(id, number));
        self.tell(ConversationEvent::Removed {
            conversation: id,
            places: vec![place],
        });
        Ok(())
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
