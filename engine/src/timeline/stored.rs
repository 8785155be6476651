//! A line of a conversation as it lies in the store.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use sotto_shared::content::Mention;
use sotto_shared::{AccountId, ContentId};

use crate::api::{
    Cause, Happening, Item, ItemBody, ItemState, LastItem, Place, Quote, Reactions, Seq,
};
use crate::formatting;
use crate::search::Spot;
use crate::time::Timestamp;

/// Different emojis on one line; further ones are dropped.
pub(crate) const REACTIONS_MAX: usize = 32;
/// Accounts that are kept for one emoji on one line.
pub(crate) const REACTORS_MAX: usize = 256;
/// Replies whose quotes follow what happens to the line; later ones quote it without an excerpt.
pub(crate) const REPLIES_MAX: usize = 32;
/// Bytes of a quote's excerpt.
pub(crate) const EXCERPT_MAX: usize = 160;
/// Bytes of the text of a conversation's last line, and of a notification.
pub(crate) const PREVIEW_MAX: usize = 200;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// When the gateway took it.
    pub(crate) at: Timestamp,
    pub(crate) author: AccountId,
    /// Whether it was sent by this device.
    pub(crate) here: bool,
    /// Messages of its author that did not arrive before it.
    pub(crate) missing: u64,
    /// What others refer to it by; nothing for what nobody can refer to.
    pub(crate) content: Option<ContentId>,
    pub(crate) body: StoredBody,
    pub(crate) reactions: Vec<StoredReaction>,
    /// The edit whose text it has.
    pub(crate) edited: Option<Seq>,
    pub(crate) reply: Option<StoredQuote>,
    /// The lines that quote it.
    pub(crate) replies: Vec<Seq>,
    /// Seconds that it stays once its time runs; 0 for ever.
    pub(crate) expires_after: u32,
    /// When it goes, once its time runs.
    pub(crate) expires_at: Option<Timestamp>,
    /// Where the search has it.
    pub(crate) search: Option<Spot>,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StoredBody {
    Text {
        text: String,
        mentions: Vec<Mention>,
    },
    Deleted {
        by: AccountId,
    },
    Happened(Happening),
    Undecryptable {
        cause: Cause,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredReaction {
    pub(crate) emoji: String,
    pub(crate) by: Vec<AccountId>,
}

/// What a line replies to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredQuote {
    pub(crate) seq: Option<Seq>,
    pub(crate) author: Option<AccountId>,
    pub(crate) excerpt: String,
}

impl Stored {
    pub(crate) fn new(at: Timestamp, author: AccountId, body: StoredBody) -> Self {
        Self {
            at,
            author,
            here: false,
            missing: 0,
            content: None,
            body,
            reactions: Vec::new(),
            edited: None,
            reply: None,
            replies: Vec::new(),
            expires_after: 0,
            expires_at: None,
            search: None,
        }
    }

    /// Whether it counts as unseen until it is seen: what others have said, readable or not.
    pub(crate) fn counts(&self, own: AccountId) -> bool {
        let said = matches!(
            self.body,
            StoredBody::Text { .. } | StoredBody::Undecryptable { .. }
        );
        said && self.author != own
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.body {
            StoredBody::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(crate) fn mentions(&self, account: AccountId) -> bool {
        match &self.body {
            StoredBody::Text { mentions, .. } => mentions.iter().any(|it| it.account == account),
            _ => false,
        }
    }

    /// How a line that replies to it quotes it.
    pub(crate) fn quote(&self, seq: Seq) -> StoredQuote {
        StoredQuote {
            seq: Some(seq),
            author: Some(self.author),
            excerpt: self.preview(EXCERPT_MAX),
        }
    }

    /// Beginning of its text, on one line.
    pub(crate) fn preview(&self, max: usize) -> String {
        match &self.body {
            StoredBody::Text { text, mentions } => formatting::one_line(text, mentions, max),
            _ => String::new(),
        }
    }

    /// As faces show it.
    pub(crate) fn item(&self, seq: Seq, own: AccountId) -> Item {
        Item {
            place: Place::At(seq),
            at: self.at,
            author: self.author,
            mine: self.author == own,
            body: self.shown_body(),
            state: self.state(),
            reactions: self.reactions.iter().map(StoredReaction::shown).collect(),
            edited: self.edited.is_some(),
            reply: self.reply.as_ref().map(StoredQuote::shown),
            expires_at: self.expires_at,
        }
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Lets its time run.
    pub(crate) fn start_timer(&mut self, from: Timestamp) -> Option<Timestamp> {
        let after = Duration::from_secs(u64::from(self.expires_after));
        if !after.is_zero() && self.expires_at.is_none() {
            self.expires_at = Some(from + after);
        }
        self.expires_at
    }

    /// As the last line of its conversation.
    pub(crate) fn last(&self, own: AccountId) -> LastItem {
        let body = match self.shown_body() {
            ItemBody::Text { .. } => ItemBody::Text {
                text: self.preview(PREVIEW_MAX),
                mentions: Vec::new(),
            },
            other => other,
        };
        LastItem {
            at: self.at,
            author: self.author,
            mine: self.author == own,
            state: self.state(),
            body,
        }
    }

    fn state(&self) -> ItemState {
        match self.here {
            true => ItemState::Stored,
            false => ItemState::Received,
        }
    }

    fn shown_body(&self) -> ItemBody {
        match &self.body {
            StoredBody::Text { text, mentions } => ItemBody::Text {
                text: text.clone(),
                mentions: mentions.clone(),
            },
            StoredBody::Deleted { by } => ItemBody::Deleted { by: *by },
            StoredBody::Happened(happening) => ItemBody::Happened(happening.clone()),
            StoredBody::Undecryptable { cause } => ItemBody::Undecryptable { cause: *cause },
        }
    }

    /// Puts an emoji of an account there, or takes it away; whether that is news.
    pub(crate) fn react(&mut self, by: AccountId, emoji: &str, removed: bool) -> bool {
        let at = self.reactions.iter().position(|it| it.emoji == emoji);
        let Some(reaction) = at.and_then(|at| self.reactions.get_mut(at)) else {
            let takes = !removed && self.reactions.len() < REACTIONS_MAX;
            if takes {
                self.reactions.push(StoredReaction {
                    emoji: emoji.to_owned(),
                    by: vec![by],
                });
            }
            return takes;
        };
        let there = reaction.by.iter().position(|it| *it == by);
        match (there, removed) {
            (Some(there), true) => {
                reaction.by.remove(there);
                self.reactions.retain(|it| !it.by.is_empty());
                true
            }
            (None, false) if reaction.by.len() < REACTORS_MAX => {
                reaction.by.push(by);
                true
            }
            _ => false,
        }
    }
}

impl StoredReaction {
    fn shown(&self) -> Reactions {
        Reactions {
            emoji: self.emoji.clone(),
            by: self.by.clone(),
        }
    }
}

impl StoredQuote {
    fn shown(&self) -> Quote {
        Quote {
            seq: self.seq,
            author: self.author,
            excerpt: self.excerpt.clone(),
        }
    }
}
