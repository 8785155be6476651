//! One event, applied to what was read for it.

use std::collections::BTreeSet;

use sotto_shared::content::Mention;
use sotto_shared::{AccountId, GroupId};

use super::event::{Event, Loaded, Said, What};
use super::stored::{PREVIEW_MAX, REPLIES_MAX, Stored, StoredBody, StoredQuote};
use super::unread::Line;
use super::{Output, Scene, TIMED_MAX, Timeline};
use crate::api::{ConversationEvent, Place, Seq};
use crate::record;
use crate::search::{Found, Index};
use crate::store::{Batch, StoreError};
use crate::time::Timestamp;

/// An event at work.
pub(super) struct Step<'a> {
    conversation: GroupId,
    timeline: &'a mut Timeline,
    index: &'a mut Index,
    scene: Scene<'a>,
    loaded: Loaded,
    /// Lines of `loaded` that have changed.
    changed: BTreeSet<Seq>,
    removed: Vec<Place>,
    batch: Batch,
    told: Vec<ConversationEvent>,
    /// When the next of these lines goes.
    due: Option<Timestamp>,
    /// The outbox's number of the line that has found its place.
    placed: Option<(u64, Seq)>,
    result: Result<(), StoreError>,
    before: Timeline,
}

/// What is left to do behind an event.
pub(super) struct Done {
    pub(super) result: Result<(), StoreError>,
    pub(super) due: Option<Timestamp>,
    pub(super) tidies: bool,
}

impl<'a> Step<'a> {
    pub(super) fn new(
        conversation: GroupId,
        timeline: &'a mut Timeline,
        index: &'a mut Index,
        scene: Scene<'a>,
        loaded: Loaded,
    ) -> Self {
        Self {
            conversation,
            before: timeline.clone(),
            timeline,
            index,
            scene,
            loaded,
            changed: BTreeSet::new(),
            removed: Vec::new(),
            batch: Batch::default(),
            told: Vec::new(),
            due: None,
            placed: None,
            result: Ok(()),
        }
    }

    pub(super) fn apply(&mut self, event: Event) {
        if let Some(seq) = event.place()
            && seq <= self.timeline.cleared
        {
            return self.drop_cleared(event);
        }
        match event {
            Event::Said(said) => self.said(said),
            Event::Happened {
                seq,
                at,
                author,
                happening,
            } => self.add(
                seq,
                Stored::new(at, author, StoredBody::Happened(happening)),
            ),
            Event::Undecryptable {
                seq,
                at,
                author,
                cause,
            } => self.add(
                seq,
                Stored::new(at, author, StoredBody::Undecryptable { cause }),
            ),
            Event::Read(up_to) => self.read(up_to),
            Event::Forget(seq) => self.remove(seq),
            Event::Clear(up_to) => self.clear(up_to),
            Event::Expire(due) => self.expire(&due),
            Event::Tidy => self.tidy(),
        }
    }

    fn said(&mut self, said: Said) {
        let Said {
            seq,
            at,
            author,
            pending,
            missing,
            id,
            what,
        } = said;
        match what {
            What::Text {
                text,
                mentions,
                reply_to,
                expires_after,
            } => {
                let mut line = Stored::new(at, author, StoredBody::Text { text, mentions });
                line.here = pending.is_some();
                line.missing = missing;
                line.content = Some(id);
                line.expires_after = expires_after;
                line.reply = reply_to.map(|_| self.quote(seq));
                self.batch
                    .put(record::content(self.conversation, id, seq), Vec::new());
                self.placed = pending.map(|number| (number, seq));
                self.add(seq, line);
            }
            What::Reaction { emoji, removed, .. } => self.change(|line| {
                matches!(line.body, StoredBody::Text { .. }) && line.react(author, &emoji, removed)
            }),
            What::Edit { text, mentions, .. } => self.edit(seq, author, text, mentions),
            What::Deletion(_) => self.delete(author),
        }
    }

    /// Another own device has removed all lines up to a place behind this one.
    fn drop_cleared(&mut self, event: Event) {
        if let Event::Said(said) = event
            && let Some(number) = said.pending
        {
            self.removed.push(Place::Pending(number));
        }
    }

    /// A new line.
    fn add(&mut self, seq: Seq, mut line: Stored) {
        let own = self.scene.own;
        let is_seen = line.author == own || seq <= self.timeline.unread.read();
        if line.expires_after > 0 {
            let full = self.timeline.timed.len() >= TIMED_MAX;
            match (line.author == own, is_seen || full) {
                (true, _) => self.start_timer(seq, &mut line, None),
                (false, true) => self.start_timer(seq, &mut line, Some(self.scene.now)),
                (false, false) => {
                    let timed = &mut self.timeline.timed;
                    let at = timed.partition_point(|it| *it < seq);
                    timed.insert(at, seq);
                }
            }
        }
        let mention = line.mentions(own);
        if line.counts(own) {
            self.timeline.unread.add(Line { seq, mention });
        }
        if let Some(text) = line.text().filter(|_| line.search.is_none()) {
            let found = Found {
                conversation: self.conversation,
                seq,
                at: line.at,
                author: line.author,
                text,
            };
            match self.index.add(found, &mut self.batch) {
                Ok(spot) => line.search = spot,
                Err(error) => self.result = Err(error),
            }
        }
        let muted = (self.scene.is_muted)(self.conversation);
        if line.text().is_some() && !is_seen && (mention || !muted) {
            self.told.push(ConversationEvent::Notify {
                conversation: self.conversation,
                author: line.author,
                preview: line.preview(PREVIEW_MAX),
                mention,
            });
        }
        self.note_last(seq, &line);
        self.loaded.lines.insert(seq, line);
        self.changed.insert(seq);
    }

    /// How the line that was read is quoted by the one at `by`.
    fn quote(&mut self, by: Seq) -> StoredQuote {
        let nothing = StoredQuote {
            seq: None,
            author: None,
            excerpt: String::new(),
        };
        let Some(seq) = self.loaded.target else {
            return nothing;
        };
        let Some(target) = self.loaded.lines.get_mut(&seq) else {
            return nothing;
        };
        let mut quote = target.quote(seq);
        // What follows the line is bounded: a quote that cannot follow it shows none of its text.
        match target.replies.len() < REPLIES_MAX {
            true => {
                target.replies.push(by);
                if let Err(error) = put(&mut self.batch, self.conversation, seq, target) {
                    self.result = Err(error);
                }
            }
            false => quote.excerpt.clear(),
        }
        quote
    }

    /// Changes the line that was meant, if it is there; `how` says whether it has.
    fn change(&mut self, how: impl FnOnce(&mut Stored) -> bool) {
        let Some(seq) = self.loaded.target else {
            return;
        };
        if let Some(line) = self.loaded.lines.get_mut(&seq)
            && how(line)
        {
            self.changed.insert(seq);
        }
    }

    fn edit(&mut self, by: Seq, author: AccountId, text: String, mentions: Vec<Mention>) {
        let Some((seq, line)) = self.target() else {
            return;
        };
        let is_text = matches!(line.body, StoredBody::Text { .. });
        let is_later = line.edited.is_none_or(|edit| edit < by);
        if line.author != author || !is_text || !is_later {
            return;
        }
        line.body = StoredBody::Text { text, mentions };
        line.edited = Some(by);
        self.reworded(seq);
    }

    /// Takes the line back: nothing of what it said stays, in the search and in quotes neither.
    fn delete(&mut self, by: AccountId) {
        let conversation = self.conversation;
        let is_admin = (self.scene.is_admin)(conversation, by);
        let Some((seq, line)) = self.target() else {
            return;
        };
        let is_text = matches!(line.body, StoredBody::Text { .. });
        if !is_text || (line.author != by && !is_admin) {
            return;
        }
        line.body = StoredBody::Deleted { by };
        line.reactions.clear();
        line.edited = None;
        line.reply = None;
        line.expires_after = 0;
        let (content, expires_at) = (line.content.take(), line.expires_at.take());
        self.reworded(seq);
        if let Some(content) = content {
            self.batch
                .delete(record::content(conversation, content, seq));
        }
        if let Some(at) = expires_at {
            self.batch.delete(record::expiry(at, conversation, seq));
        }
        self.timeline.timed.retain(|it| *it != seq);
        self.timeline.unread.remove(seq);
    }

    fn target(&mut self) -> Option<(Seq, &mut Stored)> {
        let seq = self.loaded.target?;
        Some((seq, self.loaded.lines.get_mut(&seq)?))
    }

    /// The text of a line has changed: so does all that shows it.
    fn reworded(&mut self, seq: Seq) {
        let own = self.scene.own;
        let Some(line) = self.loaded.lines.get_mut(&seq) else {
            return;
        };
        let quote = line.quote(seq);
        let text = line.text().map(str::to_owned);
        let is_unseen = line.counts(own) && seq > self.timeline.unread.read();
        let mention = line.mentions(own);
        let spot = match text {
            Some(_) => line.search,
            None => line.search.take(),
        };
        let line = line.clone();
        match (spot, text) {
            (Some(spot), text) => self.reindex(spot, text.as_deref()),
            // An earlier text had no word in it.
            (None, Some(text)) => self.index_late(seq, &line, &text),
            (None, None) => {}
        }
        if is_unseen {
            self.timeline.unread.add(Line { seq, mention });
        }
        self.requote(seq, &line.replies, &quote);
        if matches!(&self.timeline.last, Some((last, _)) if *last == seq) {
            self.timeline.last = Some((seq, line.last(own)));
        }
        self.changed.insert(seq);
    }

    fn reindex(&mut self, spot: crate::search::Spot, text: Option<&str>) {
        let segments = &mut self.loaded.segments;
        if let Err(error) = self.index.change(spot, text, segments, &mut self.batch) {
            self.result = Err(error);
        }
    }

    fn index_late(&mut self, seq: Seq, line: &Stored, text: &str) {
        let found = Found {
            conversation: self.conversation,
            seq,
            at: line.at,
            author: line.author,
            text,
        };
        match (
            self.index.add(found, &mut self.batch),
            self.loaded.lines.get_mut(&seq),
        ) {
            (Ok(spot), Some(line)) => line.search = spot,
            (Ok(_), None) => {}
            (Err(error), _) => self.result = Err(error),
        }
    }

    /// Makes the lines that quote the one at `seq` quote it so.
    fn requote(&mut self, seq: Seq, replies: &[Seq], quote: &StoredQuote) {
        for reply in replies {
            if let Some(line) = self.loaded.lines.get_mut(reply)
                && line.reply.as_ref().is_some_and(|it| it.seq == Some(seq))
            {
                line.reply = Some(quote.clone());
                self.changed.insert(*reply);
            }
        }
    }

    fn read(&mut self, up_to: Seq) {
        let timed = self.timeline.timed_up_to(up_to).to_vec();
        self.timeline.unread.mark_read(up_to);
        for seq in &timed {
            if let Some(mut line) = self.loaded.lines.remove(seq) {
                self.start_timer(*seq, &mut line, Some(self.scene.now));
                self.loaded.lines.insert(*seq, line);
                self.changed.insert(*seq);
            }
        }
        self.timeline.timed.drain(..timed.len());
    }

    /// Lets a line's time run, from when it was sent if nothing else is said.
    fn start_timer(&mut self, seq: Seq, line: &mut Stored, from: Option<Timestamp>) {
        if let Some(at) = line.start_timer(from.unwrap_or(line.at)) {
            let key = record::expiry(at, self.conversation, seq);
            self.batch.put(key, Vec::new());
            self.due = self.due.into_iter().chain([at]).min();
        }
    }

    fn clear(&mut self, up_to: Seq) {
        self.timeline.cleared = self.timeline.cleared.max(up_to);
        self.timeline.unread.mark_read(up_to);
        let first = core::mem::take(&mut self.loaded.first);
        first.into_iter().for_each(|seq| self.remove(seq));
    }

    fn expire(&mut self, due: &[(Timestamp, Seq)]) {
        for (at, seq) in due {
            let key = record::expiry(*at, self.conversation, *seq);
            self.batch.delete(key);
            let line = self.loaded.lines.get(seq);
            if line.is_some_and(|line| line.is_over(self.scene.now)) {
                self.remove(*seq);
            }
        }
    }

    /// Removes a line with everything that shows it.
    fn remove(&mut self, seq: Seq) {
        let Some(line) = self.loaded.lines.remove(&seq) else {
            return;
        };
        let conversation = self.conversation;
        self.changed.remove(&seq);
        self.batch.delete(record::item(conversation, seq));
        if let Some(content) = line.content {
            self.batch
                .delete(record::content(conversation, content, seq));
        }
        if let Some(at) = line.expires_at {
            self.batch.delete(record::expiry(at, conversation, seq));
        }
        if let Some(spot) = line.search {
            self.reindex(spot, None);
        }
        let gone = StoredQuote {
            seq: None,
            author: None,
            excerpt: String::new(),
        };
        self.requote(seq, &line.replies, &gone);
        self.timeline.unread.remove(seq);
        self.timeline.timed.retain(|it| *it != seq);
        if matches!(&self.timeline.last, Some((last, _)) if *last == seq) {
            self.timeline.last = None;
            self.timeline.untidy = true;
        }
        self.removed.push(Place::At(seq));
    }

    fn tidy(&mut self) {
        let own = self.scene.own;
        self.timeline.untidy = false;
        self.timeline.last = self.loaded.newest.and_then(|seq| {
            let line = self.loaded.lines.get(&seq)?;
            Some((seq, line.last(own)))
        });
        let unseen = core::mem::take(&mut self.loaded.unseen);
        self.timeline.unread.recount(unseen, false);
    }

    fn note_last(&mut self, seq: Seq, line: &Stored) {
        let last = &mut self.timeline.last;
        if last.as_ref().is_none_or(|(known, _)| *known <= seq) {
            *last = Some((seq, line.last(self.scene.own)));
        }
    }

    /// Writes down what has changed, and tells of it.
    pub(super) fn finish(mut self, output: &mut Output) -> Done {
        let mut items = Vec::new();
        for seq in &self.changed {
            let Some(line) = self.loaded.lines.get(seq) else {
                continue;
            };
            if let Err(error) = put(&mut self.batch, self.conversation, *seq, line) {
                self.result = Err(error);
            }
            let item = line.item(*seq, self.scene.own);
            match self.placed {
                Some((number, placed)) if placed == *seq => {
                    self.told.push(ConversationEvent::Placed {
                        conversation: self.conversation,
                        pending: Place::Pending(number),
                        item: Box::new(item),
                    });
                }
                _ => items.push(item),
            }
        }
        let conversation = self.conversation;
        if !items.is_empty() {
            self.told.push(ConversationEvent::Items {
                conversation,
                items,
            });
        }
        if !self.removed.is_empty() {
            self.told.push(ConversationEvent::Removed {
                conversation,
                places: self.removed,
            });
        }
        if let Err(error) = self.loaded.segments.finish(&mut self.batch) {
            self.result = Err(error);
        }
        let tidies =
            !self.before.untidy && (self.timeline.untidy || self.timeline.unread.is_vague());
        if tidies {
            self.timeline.untidy = true;
        }
        if *self.timeline != self.before {
            match record::encode(&*self.timeline) {
                Ok(bytes) => self.batch.put(record::timeline(conversation), bytes),
                Err(error) => self.result = Err(error),
            }
            output.changed.insert(conversation);
        }
        output.batch.ops.append(&mut self.batch.ops);
        output.told.append(&mut self.told);
        Done {
            result: self.result,
            due: self.due,
            tidies,
        }
    }
}

fn put(
    batch: &mut Batch,
    conversation: GroupId,
    seq: Seq,
    line: &Stored,
) -> Result<(), StoreError> {
    batch.put(record::item(conversation, seq), record::encode(line)?);
    Ok(())
}
