//! How what can be searched lies in the store: the last messages one by one, all others in segments.
//!
//! A segment is written once, when it is full, and again only when something in it is edited or
//! goes. The one that is still open is kept in memory, so that a message costs one small record.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sotto_shared::{AccountId, GroupId};

use super::fold::fold;
use crate::api::{SearchCursor, Seq};
use crate::record;
use crate::store::{Batch, Entry as StoreEntry, StoreError};
use crate::time::Timestamp;

/// Messages in a segment. Places in one are numbered by a byte.
pub(crate) const SEGMENT_ENTRIES: u8 = 128;
/// Bytes of folded text behind which a segment is closed.
pub(crate) const SEGMENT_BYTES: usize = 32 * 1024;

/// Where the search has a message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub(crate) struct Spot {
    pub(crate) segment: u64,
    pub(crate) slot: u8,
}

impl Spot {
    /// As faces hand it back.
    pub(crate) fn cursor(self) -> SearchCursor {
        SearchCursor(self.segment << 8 | u64::from(self.slot))
    }

    pub(crate) fn from_cursor(cursor: SearchCursor) -> Self {
        Self {
            segment: cursor.0 >> 8,
            slot: (cursor.0 & 0xff) as u8,
        }
    }
}

/// A message as it is searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) slot: u8,
    pub(crate) conversation: GroupId,
    pub(crate) seq: Seq,
    pub(crate) at: Timestamp,
    pub(crate) author: AccountId,
    /// Folded: its words, each with a blank before it.
    pub(crate) text: String,
}

/// Messages in order of their arrival here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) entries: Vec<Entry>,
}

/// Segments that were read because something in them changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Segments {
    loaded: BTreeMap<u64, Segment>,
    changed: BTreeSet<u64>,
}

impl Segments {
    pub(crate) fn insert(&mut self, number: u64, segment: Segment) {
        self.loaded.insert(number, segment);
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.loaded.contains_key(&number)
    }

    fn change(&mut self, spot: Spot, text: Option<&str>) {
        if let Some(segment) = self.loaded.get_mut(&spot.segment) {
            change(&mut segment.entries, spot.slot, text);
            self.changed.insert(spot.segment);
        }
    }

    /// Writes what has changed.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if it cannot be written.
    pub(crate) fn finish(mut self, batch: &mut Batch) -> Result<(), StoreError> {
        for number in core::mem::take(&mut self.changed) {
            match self.loaded.get(&number) {
                Some(segment) if !segment.entries.is_empty() => {
                    batch.put(record::segment(number), record::encode(segment)?);
                }
                _ => batch.delete(record::segment(number)),
            }
        }
        Ok(())
    }
}

fn change(entries: &mut Vec<Entry>, slot: u8, text: Option<&str>) {
    let Some(at) = entries.iter().position(|entry| entry.slot == slot) else {
        return;
    };
    match (text, entries.get_mut(at)) {
        (Some(text), Some(entry)) => entry.text = fold(text),
        _ => {
            entries.remove(at);
        }
    }
}

/// A message that is to be found from now on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) conversation: GroupId,
    pub(crate) seq: Seq,
    pub(crate) at: Timestamp,
    pub(crate) author: AccountId,
    pub(crate) text: &'a str,
}

/// The open segment, in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Index {
    number: u64,
    next_slot: u8,
    entries: Vec<Entry>,
}

impl Index {
    /// From the records that [`record::is_search`] tells.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub(crate) fn restore<'a>(
        records: impl IntoIterator<Item = &'a StoreEntry>,
    ) -> Result<Self, StoreError> {
        let mut index = Self::default();
        for (key, value) in records {
            match key.as_slice() == record::SEARCH {
                true => index.number = record::decode(value)?,
                false => index.entries.push(record::decode(value)?),
            }
        }
        index.entries.sort_by_key(|entry| entry.slot);
        index.next_slot = index.entries.last().map_or(0, |entry| entry.slot + 1);
        Ok(index)
    }

    /// Whether a change there needs its segment to be read first.
    pub(crate) fn needs(&self, spot: Spot) -> bool {
        spot.segment != self.number
    }

    /// Adds a message; nothing for one without a word in it.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if it cannot be written.
    pub(crate) fn add(
        &mut self,
        found: Found<'_>,
        batch: &mut Batch,
    ) -> Result<Option<Spot>, StoreError> {
        let text = fold(found.text);
        if text.is_empty() {
            return Ok(None);
        }
        let spot = Spot {
            segment: self.number,
            slot: self.next_slot,
        };
        let entry = Entry {
            slot: spot.slot,
            conversation: found.conversation,
            seq: found.seq,
            at: found.at,
            author: found.author,
            text,
        };
        batch.put(record::open_entry(spot.slot), record::encode(&entry)?);
        self.entries.push(entry);
        self.next_slot += 1;
        let bytes: usize = self.entries.iter().map(|entry| entry.text.len()).sum();
        if self.next_slot >= SEGMENT_ENTRIES || bytes >= SEGMENT_BYTES {
            self.close(batch)?;
        }
        Ok(Some(spot))
    }

    fn close(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        let entries = core::mem::take(&mut self.entries);
        for entry in &entries {
            batch.delete(record::open_entry(entry.slot));
        }
        let number = self.number;
        batch.put(
            record::segment(number),
            record::encode(&Segment { entries })?,
        );
        self.number += 1;
        self.next_slot = 0;
        batch.put(record::SEARCH, record::encode(&self.number)?);
        Ok(())
    }

    /// Puts another text in place of a message's, or removes it. Of a closed segment, `segments`
    /// holds what was read.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if it cannot be written.
    pub(crate) fn change(
        &mut self,
        spot: Spot,
        text: Option<&str>,
        segments: &mut Segments,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        if self.needs(spot) {
            segments.change(spot, text);
            return Ok(());
        }
        change(&mut self.entries, spot.slot, text);
        match self.entries.iter().find(|entry| entry.slot == spot.slot) {
            Some(entry) => batch.put(record::open_entry(spot.slot), record::encode(entry)?),
            None => batch.delete(record::open_entry(spot.slot)),
        }
        Ok(())
    }
}
