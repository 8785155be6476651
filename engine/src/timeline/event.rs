//! What changes a timeline, and what has to be read for it first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sotto_shared::content::{Body, Content, Mention};
use sotto_shared::{AccountId, ContentId, GroupId};

use super::Timeline;
use super::stored::Stored;
use super::unread::Line;
use crate::api::{Cause, Happening, Seq};
use crate::search::Segments;
use crate::time::Timestamp;

/// Lines that are removed in one step.
pub(super) const REMOVED_AT_ONCE: usize = 256;

/// Something that changes a timeline. What was decrypted cannot be decrypted again: an event that
/// has to wait for a reading is kept on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// Somebody has said something.
    Said(Said),
    /// Something happened, by `author`.
    Happened {
        seq: Seq,
        at: Timestamp,
        author: AccountId,
        happening: Happening,
    },
    /// Something could not be read.
    Undecryptable {
        seq: Seq,
        at: Timestamp,
        author: AccountId,
        cause: Cause,
    },
    /// Everything up to this place was seen, here or on another own device.
    Read(Seq),
    /// A line is removed on this device.
    Forget(Seq),
    /// All lines up to this place are removed on this device.
    Clear(Seq),
    /// The time of these lines is over.
    Expire(Vec<(Timestamp, Seq)>),
    /// What is kept in memory of the timeline is read anew: its last line, its unseen lines.
    Tidy,
}

/// Something that was said, at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) seq: Seq,
    /// When the gateway took it.
    pub(crate) at: Timestamp,
    pub(crate) author: AccountId,
    /// The number in the outbox of what was sent by this device.
    pub(crate) pending: Option<u64>,
    /// Messages of this author that did not arrive before it.
    pub(crate) missing: u64,
    pub(crate) id: ContentId,
    pub(crate) what: What,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    Text {
        text: String,
        mentions: Vec<Mention>,
        reply_to: Option<ContentId>,
        expires_after: u32,
    },
    Reaction {
        to: ContentId,
        emoji: String,
        removed: bool,
    },
    Edit {
        of: ContentId,
        text: String,
        mentions: Vec<Mention>,
    },
    Deletion(ContentId),
}

impl Event {
    /// Where the line stands that it adds, if it adds one.
    pub(super) fn place(&self) -> Option<Seq> {
        match self {
            Self::Said(said) => matches!(said.what, What::Text { .. }).then_some(said.seq),
            Self::Happened { seq, .. } | Self::Undecryptable { seq, .. } => Some(*seq),
            _ => None,
        }
    }
}

impl What {
    /// Of what a message holds; nothing if it does not change the timeline.
    pub(crate) fn of(content: Content) -> Option<Self> {
        Some(match content.body {
            Body::Text(it) => Self::Text {
                text: it.text,
                mentions: it.mentions,
                reply_to: it.reply_to,
                expires_after: it.expires_after,
            },
            Body::Reaction(it) => Self::Reaction {
                to: it.to,
                emoji: it.emoji,
                removed: it.removed,
            },
            Body::Edit(it) => Self::Edit {
                of: it.of,
                text: it.text,
                mentions: it.mentions,
            },
            Body::Deletion(of) => Self::Deletion(of),
            Body::Receipt(_)
            | Body::Typing { .. }
            | Body::Profile(_)
            | Body::Sync(_)
            | Body::Unknown => return None,
        })
    }
}

/// What has to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) conversation: GroupId,
    /// The line that has this content.
    pub(crate) content: Option<ContentId>,
    pub(crate) seqs: Vec<Seq>,
    /// The first lines up to this place.
    pub(crate) up_to: Option<Seq>,
    /// With what follows from a change of these lines: segments of the search, lines that quote them.
    pub(crate) deep: bool,
    /// The newest line, and what counts as unseen behind this place.
    pub(crate) tidy: Option<Seq>,
    /// Lines of any conversation whose time is over then.
    pub(crate) due: Option<Timestamp>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Loaded {
    /// Where the line with the content is.
    pub(crate) target: Option<Seq>,
    pub(crate) lines: BTreeMap<Seq, Stored>,
    /// The first lines up to the place that was asked for.
    pub(crate) first: Vec<Seq>,
    /// Whether there are more lines up to the place that was asked for.
    pub(crate) more: bool,
    pub(crate) segments: Segments,
    pub(crate) newest: Option<Seq>,
    /// Newest first.
    pub(crate) unseen: Vec<Line>,
    pub(crate) due: Vec<(Timestamp, GroupId, Seq)>,
    /// When the next line goes that is not among those.
    pub(crate) next_due: Option<Timestamp>,
}

impl Needs {
    pub(super) const fn nothing(conversation: GroupId) -> Self {
        Self {
            conversation,
            content: None,
            seqs: Vec::new(),
            up_to: None,
            deep: false,
            tidy: None,
            due: None,
        }
    }

    /// What an event needs; nothing if it can be applied at once.
    pub(super) fn of(conversation: GroupId, event: &Event, timeline: &Timeline) -> Option<Self> {
        let mut needs = Self::nothing(conversation);
        match event {
            Event::Happened { .. } | Event::Undecryptable { .. } => return None,
            Event::Said(said) => match &said.what {
                What::Text { reply_to: None, .. } => return None,
                What::Text { reply_to, .. } => needs.content = *reply_to,
                What::Reaction { to, .. } => needs.content = Some(*to),
                What::Edit { of, .. } | What::Deletion(of) => {
                    needs.content = Some(*of);
                    needs.deep = true;
                }
            },
            Event::Read(up_to) => {
                needs.seqs = timeline.timed_up_to(*up_to).to_vec();
                if needs.seqs.is_empty() {
                    return None;
                }
            }
            Event::Forget(seq) => {
                needs.seqs.push(*seq);
                needs.deep = true;
            }
            Event::Clear(up_to) => {
                needs.up_to = Some(*up_to);
                needs.deep = true;
            }
            Event::Expire(due) => {
                needs.seqs = due.iter().map(|(_, seq)| *seq).collect();
                needs.deep = true;
            }
            Event::Tidy => needs.tidy = Some(timeline.unread.read()),
        }
        Some(needs)
    }
}
