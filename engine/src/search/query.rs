//! What is looked for, and the reading of it.

use sotto_shared::GroupId;

use super::excerpt::excerpt;
use super::fold::fold;
use super::index::{Entry, Segment, Spot};
use crate::api::{Hit, SEARCH_PAGE_MAX, SearchCursor};
use crate::record;
use crate::store::{Direction, SealedStore, Store, StoreError};
use crate::time::Timestamp;
use crate::timeline::Stored;

/// Most words that are looked for; further ones are not.
const PHRASES_MAX: usize = 16;
/// Segments that are read at once.
const SEGMENTS_AT_ONCE: usize = 16;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// Folded, each with a blank before it. What was written as one word may be several.
    phrases: Vec<String>,
    within: Option<GroupId>,
    /// Only what lies before.
    before: Option<Spot>,
}

/// Hits, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Page {
    /// At most [`SEARCH_PAGE_MAX`].
    pub(crate) hits: Vec<Hit>,
    /// To go on with, if there is more.
    pub(crate) more: Option<SearchCursor>,
}

impl Query {
    pub(crate) fn new(words: &str, within: Option<GroupId>, after: Option<SearchCursor>) -> Self {
        let phrases = words.split_whitespace().map(fold);
        Self {
            phrases: phrases
                .filter(|phrase| !phrase.is_empty())
                .take(PHRASES_MAX)
                .collect(),
            within,
            before: after.map(Spot::from_cursor),
        }
    }

    fn matches(&self, entry: &Entry) -> bool {
        self.within.is_none_or(|it| it == entry.conversation)
            && self
                .phrases
                .iter()
                .all(|it| entry.text.contains(it.as_str()))
    }
}

/// Looks through everything, newest first, until a page is full.
///
/// # Errors
/// Any [`StoreError`].
pub(crate) async fn find<S: Store>(
    store: &SealedStore<S>,
    query: &Query,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let mut page = Page::default();
    if query.phrases.is_empty() {
        return Ok(page);
    }
    let mut search = Search {
        store,
        query,
        now,
        page: &mut page,
    };
    if !search.run().await? {
        page.more = None;
    }
    Ok(page)
}

struct Search<'a, S> {
    store: &'a SealedStore<S>,
    query: &'a Query,
    now: Timestamp,
    page: &'a mut Page,
}

impl<S: Store> Search<'_, S> {
    /// Whether the page is full, and there is more.
    async fn run(&mut self) -> Result<bool, StoreError> {
        let (open, entries) = self.open_segment().await?;
        if self.look_through(open, entries).await? {
            return Ok(true);
        }
        let mut until = match self.query.before {
            Some(before) => record::segment(before.segment.saturating_add(1)),
            None => record::SEGMENTS.1.to_vec(),
        };
        loop {
            let closed = self
                .store
                .scan(
                    record::SEGMENTS.0,
                    &until,
                    Direction::Backward,
                    SEGMENTS_AT_ONCE,
                )
                .await?;
            for (key, value) in &closed {
                let number = record::seq_of(key).map_or(0, |seq| seq.0);
                let segment: Segment = record::decode(value)?;
                if self.look_through(number, segment.entries).await? {
                    return Ok(true);
                }
            }
            match closed.last() {
                Some((key, _)) => until.clone_from(key),
                None => return Ok(false),
            }
        }
    }

    async fn open_segment(&self) -> Result<(u64, Vec<Entry>), StoreError> {
        let end = [record::SEARCH, &[u8::MAX]].concat();
        let records = self
            .store
            .scan(record::SEARCH, &end, Direction::Forward, usize::MAX)
            .await?;
        let mut number = 0;
        let mut entries = Vec::new();
        for (key, value) in records {
            match key == record::SEARCH {
                true => number = record::decode(&value)?,
                false => entries.push(record::decode(&value)?),
            }
        }
        Ok((number, entries))
    }

    /// Adds the hits of a segment, newest first; whether the page is full and there is more.
    async fn look_through(&mut self, number: u64, entries: Vec<Entry>) -> Result<bool, StoreError> {
        for entry in entries.iter().rev() {
            let spot = Spot {
                segment: number,
                slot: entry.slot,
            };
            let due = self.query.before.is_none_or(|before| spot < before);
            if !due || !self.query.matches(entry) {
                continue;
            }
            if self.page.hits.len() >= usize::from(SEARCH_PAGE_MAX) {
                return Ok(true);
            }
            if let Some(hit) = self.hit(entry).await? {
                self.page.hits.push(hit);
                // Where the next page would go on.
                self.page.more = Some(spot.cursor());
            }
        }
        Ok(false)
    }

    /// What is shown of it, if it is still there.
    async fn hit(&self, entry: &Entry) -> Result<Option<Hit>, StoreError> {
        let key = record::item(entry.conversation, entry.seq);
        let Some(value) = self.store.get(&key).await? else {
            return Ok(None);
        };
        let line: Stored = record::decode(&value)?;
        if line.is_over(self.now) {
            return Ok(None);
        }
        Ok(line.text().map(|text| {
            let (excerpt, marks) = excerpt(text, &self.query.phrases);
            Hit {
                conversation: entry.conversation,
                seq: entry.seq,
                at: entry.at,
                author: entry.author,
                excerpt,
                marks,
            }
        }))
    }
}
