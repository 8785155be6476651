//! The timelines of conversations: what is said and happens, as lines at the gateway's places.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`stored`] | a line as it lies in the store |
//! | [`event`] | what changes a timeline, and what has to be read for it |
//! | [`apply`] | the change itself |
//! | [`reading`] | reading what is needed, and pages |
//! | [`unread`] | what was not seen |
//!
//! [`Timelines::handle`] takes an [`Event`] and says what is to be stored and told. Most events need
//! nothing but what is in memory. One that changes an earlier line waits in a queue on disk until
//! that was read ([`Output::load`], answered by [`Timelines::loaded`]), and all later ones behind
//! it; so the order of the gateway is kept, and one reading is under way at a time.
//!
//! A reaction, edit or deletion comes behind its target: the gateway gives the places, and what
//! cannot be read yet holds back what follows. If there is no such line, because it was before this
//! device joined, is gone or never was, the change is dropped. So it is if it is not allowed: only
//! the author edits, only the author or an admin deletes, and what is deleted stays so.

mod apply;
mod event;
mod reading;
mod stored;
mod unread;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use sotto_shared::{AccountId, GroupId};

pub(crate) use event::{Event, Loaded, Needs, Said, What};
pub(crate) use reading::{Page, page, read};
pub(crate) use stored::{Stored, StoredBody};
use unread::Unread;

use crate::api::{ConversationEvent, LastItem, Seq};
use crate::record;
use crate::search::Index;
use crate::store::{Batch, Entry, StoreError};
use crate::time::Timestamp;

/// Unseen lines of a conversation whose time begins when they are seen. The time of further ones
/// begins when they come.
const TIMED_MAX: usize = 1_024;

/// What is kept in memory of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Timeline {
    unread: Unread,
    /// Unseen lines whose time begins when they are seen, in order.
    timed: Vec<Seq>,
    last: Option<(Seq, LastItem)>,
    cleared: Seq,
    /// Whether [`Event::Tidy`] is on its way.
    untidy: bool,
}

impl Timeline {
    /// Messages that were not seen: exact up to 999, 1,000 for more.
    pub(crate) fn unread(&self) -> u32 {
        self.unread.count()
    }

    /// Those of them that mention the user.
    pub(crate) fn unread_mentions(&self) -> u32 {
        self.unread.mentions()
    }

    /// Last place that was seen.
    pub(crate) fn read_up_to(&self) -> Seq {
        self.unread.read()
    }

    /// The last line.
    pub(crate) fn last(&self) -> Option<&LastItem> {
        self.last.as_ref().map(|(_, last)| last)
    }

    /// Up to here, nothing is shown.
    pub(crate) fn cleared(&self) -> Seq {
        self.cleared
    }

    fn timed_up_to(&self, up_to: Seq) -> &[Seq] {
        let end = self.timed.partition_point(|seq| *seq <= up_to);
        self.timed.get(..end).unwrap_or_default()
    }
}

/// What an event is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) own: AccountId,
    pub(crate) now: Timestamp,
    /// Whether an account is an admin of a group.
    pub(crate) is_admin: &'a dyn Fn(GroupId, AccountId) -> bool,
    pub(crate) is_muted: &'a dyn Fn(GroupId) -> bool,
}

/// What events bring about.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) batch: Batch,
    pub(crate) told: Vec<ConversationEvent>,
    /// Conversations whose unseen messages or last line have changed.
    pub(crate) changed: BTreeSet<GroupId>,
    /// To be read, and handed to [`Timelines::loaded`].
    pub(crate) load: Option<Needs>,
    pub(crate) error: Option<StoreError>,
}

/// All timelines, the search, and what waits to change them.
#[derive(Debug, Default)]
pub(crate) struct Timelines {
    all: BTreeMap<GroupId, Timeline>,
    index: Index,
    queue: VecDeque<Queued>,
    next_number: u64,
    /// What is being read: for the first of the queue, or for what is due.
    loading: Option<Needs>,
    next_due: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Queued {
    number: u64,
    conversation: GroupId,
    event: Event,
}

impl Timelines {
    /// From the records that are kept in memory.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub(crate) fn restore(records: &[Entry]) -> Result<Self, StoreError> {
        let with = |prefix: &'static [u8]| {
            let records = records.iter();
            records.filter(move |(key, _)| key.starts_with(prefix))
        };
        let mut timelines = Self {
            index: Index::restore(with(record::SEARCH))?,
            // What is due is not known before it was read.
            next_due: Some(Timestamp(0)),
            ..Self::default()
        };
        for (key, value) in with(record::TIMELINES) {
            if let Some(id) = record::timeline_of(key) {
                timelines.all.insert(id, record::decode(value)?);
            }
        }
        for (_, value) in with(record::QUEUED) {
            timelines.queue.push_back(record::decode(value)?);
        }
        let mut queue = core::mem::take(&mut timelines.queue);
        queue.make_contiguous().sort_by_key(|queued| queued.number);
        timelines.next_number = queue.back().map_or(0, |queued| queued.number + 1);
        timelines.queue = queue;
        Ok(timelines)
    }

    /// The timeline of a conversation, if anything was ever in it.
    pub(crate) fn get(&self, conversation: GroupId) -> Option<&Timeline> {
        self.all.get(&conversation)
    }

    /// Takes an event.
    pub(crate) fn handle(
        &mut self,
        conversation: GroupId,
        event: Event,
        scene: Scene<'_>,
        output: &mut Output,
    ) {
        let timeline = self.all.entry(conversation).or_default();
        let waits = !self.queue.is_empty() || self.loading.is_some();
        let at_once = !waits && Needs::of(conversation, &event, timeline).is_none();
        if at_once {
            let loaded = Loaded::default();
            return self.settle(conversation, event, loaded, scene, output);
        }
        self.enqueue(conversation, event, output);
        self.go_on(scene, output);
    }

    /// Takes what [`Output::load`] asked for.
    pub(crate) fn loaded(&mut self, loaded: Loaded, scene: Scene<'_>, output: &mut Output) {
        let Some(needs) = self.loading.take() else {
            return;
        };
        if needs.due.is_some() {
            self.sweep(loaded, output);
        } else if let Some(first) = self.queue.pop_front() {
            let more = loaded.more;
            let again = more.then(|| first.clone());
            self.settle(first.conversation, first.event, loaded, scene, output);
            match again {
                Some(again) => self.queue.push_front(again),
                None => output.batch.delete(record::queued(first.number)),
            }
        }
        self.go_on(scene, output);
    }

    /// Goes on with what was left when the engine stopped, and with what is due.
    pub(crate) fn handle_timeout(&mut self, scene: Scene<'_>, output: &mut Output) {
        self.go_on(scene, output);
        let is_due = self.next_due.is_some_and(|at| at <= scene.now);
        if is_due && self.loading.is_none() {
            let mut needs = Needs::nothing(GroupId::ZERO);
            needs.due = Some(scene.now);
            self.load(needs, output);
        }
    }

    /// When [`Self::handle_timeout`] is to be called.
    pub(crate) fn next_timeout(&self) -> Option<Timestamp> {
        match self.loading {
            Some(_) => None,
            None => self.next_due,
        }
    }

    /// Applies what can be, and reads what the next one needs.
    fn go_on(&mut self, scene: Scene<'_>, output: &mut Output) {
        while self.loading.is_none() {
            let Some(first) = self.queue.front() else {
                return;
            };
            let conversation = first.conversation;
            let timeline = self.all.entry(conversation).or_default();
            if let Some(needs) = Needs::of(conversation, &first.event, timeline) {
                return self.load(needs, output);
            }
            if let Some(first) = self.queue.pop_front() {
                let loaded = Loaded::default();
                self.settle(conversation, first.event, loaded, scene, output);
                output.batch.delete(record::queued(first.number));
            }
        }
    }

    fn load(&mut self, needs: Needs, output: &mut Output) {
        self.loading = Some(needs.clone());
        output.load = Some(needs);
    }

    fn enqueue(&mut self, conversation: GroupId, event: Event, output: &mut Output) {
        let queued = Queued {
            number: self.next_number,
            conversation,
            event,
        };
        self.next_number += 1;
        match record::encode(&queued) {
            Ok(bytes) => output.batch.put(record::queued(queued.number), bytes),
            Err(error) => output.error = Some(error),
        }
        self.queue.push_back(queued);
    }

    /// Queues the removal of what is due.
    fn sweep(&mut self, loaded: Loaded, output: &mut Output) {
        self.next_due = loaded.next_due;
        let mut due = BTreeMap::<GroupId, Vec<(Timestamp, Seq)>>::new();
        for (at, conversation, seq) in loaded.due {
            due.entry(conversation).or_default().push((at, seq));
        }
        for (conversation, due) in due {
            self.enqueue(conversation, Event::Expire(due), output);
        }
    }

    /// Applies an event to what was read for it.
    fn settle(
        &mut self,
        conversation: GroupId,
        event: Event,
        loaded: Loaded,
        scene: Scene<'_>,
        output: &mut Output,
    ) {
        let timeline = self.all.entry(conversation).or_default();
        let mut step = apply::Step::new(conversation, timeline, &mut self.index, scene, loaded);
        step.apply(event);
        let done = step.finish(output);
        if let Err(error) = done.result {
            output.error = Some(error);
        }
        let due = self.next_due.into_iter().chain(done.due);
        self.next_due = due.min();
        if done.tidies {
            self.enqueue(conversation, Event::Tidy, output);
        }
    }
}

#[cfg(test)]
mod tests;
