//! Reading what events need, and pages.

use sotto_shared::{AccountId, GroupId};

use super::event::{Loaded, Needs, REMOVED_AT_ONCE};
use super::stored::Stored;
use super::unread::{Line, Unread};
use crate::api::{From, Item, Seq};
use crate::record;
use crate::store::{Direction, Entry, SealedStore, Store, StoreError};
use crate::time::Timestamp;

/// Lines that are read at once to find those that count.
const COUNTED_AT_ONCE: usize = 512;

/// Reads what an event needs.
///
/// # Errors
/// Any [`StoreError`].
pub(crate) async fn read<S: Store>(
    store: &SealedStore<S>,
    needs: &Needs,
    own: AccountId,
) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded::default();
    let conversation = needs.conversation;
    let mut seqs = needs.seqs.clone();
    if let Some(content) = needs.content {
        // The first that had this content: nobody can slip another line under it.
        let from = record::content(conversation, content, Seq(0));
        let to = record::content(conversation, content, Seq(u64::MAX));
        let first = store.scan(&from, &to, Direction::Forward, 1).await?;
        loaded.target = first.first().and_then(|(key, _)| record::seq_of(key));
        seqs.extend(loaded.target);
    }
    for seq in seqs {
        read_line(store, conversation, seq, &mut loaded).await?;
    }
    if let Some(Seq(up_to)) = needs.up_to {
        let from = record::item(conversation, Seq(0));
        let to = record::item(conversation, Seq(up_to.saturating_add(1)));
        let lines = store
            .scan(&from, &to, Direction::Forward, REMOVED_AT_ONCE + 1)
            .await?;
        loaded.more = lines.len() > REMOVED_AT_ONCE;
        for entry in lines.iter().take(REMOVED_AT_ONCE) {
            let (seq, line) = line(entry)?;
            loaded.lines.insert(seq, line);
            loaded.first.push(seq);
        }
    }
    if needs.deep {
        read_deep(store, conversation, &mut loaded).await?;
    }
    if let Some(read) = needs.tidy {
        tidy(store, conversation, read, own, &mut loaded).await?;
    }
    if let Some(now) = needs.due {
        read_due(store, now, &mut loaded).await?;
    }
    Ok(loaded)
}

async fn read_line<S: Store>(
    store: &SealedStore<S>,
    conversation: GroupId,
    seq: Seq,
    loaded: &mut Loaded,
) -> Result<(), StoreError> {
    if loaded.lines.contains_key(&seq) {
        return Ok(());
    }
    if let Some(value) = store.get(&record::item(conversation, seq)).await? {
        loaded.lines.insert(seq, record::decode(&value)?);
    }
    Ok(())
}

/// Segments that have these lines, and the lines that quote them.
async fn read_deep<S: Store>(
    store: &SealedStore<S>,
    conversation: GroupId,
    loaded: &mut Loaded,
) -> Result<(), StoreError> {
    let spots: Vec<_> = loaded.lines.values().filter_map(|it| it.search).collect();
    for spot in spots {
        if !loaded.segments.contains(spot.segment)
            && let Some(value) = store.get(&record::segment(spot.segment)).await?
        {
            let segment = record::decode(&value)?;
            loaded.segments.insert(spot.segment, segment);
        }
    }
    let lines = loaded.lines.values();
    let replies: Vec<_> = lines.flat_map(|it| it.replies.iter().copied()).collect();
    for seq in replies {
        read_line(store, conversation, seq, loaded).await?;
    }
    Ok(())
}

async fn tidy<S: Store>(
    store: &SealedStore<S>,
    conversation: GroupId,
    read: Seq,
    own: AccountId,
    loaded: &mut Loaded,
) -> Result<(), StoreError> {
    let first = record::item(conversation, Seq(0));
    let mut to = record::item(conversation, Seq(u64::MAX));
    let newest = store.scan(&first, &to, Direction::Backward, 1).await?;
    if let Some(entry) = newest.first() {
        let (seq, line) = line(entry)?;
        loaded.newest = Some(seq);
        loaded.lines.insert(seq, line);
    }
    let from = record::item(conversation, Seq(read.0.saturating_add(1)));
    while loaded.unseen.len() <= Unread::recount_limit() && from < to {
        let lines = store
            .scan(&from, &to, Direction::Backward, COUNTED_AT_ONCE)
            .await?;
        for entry in &lines {
            let (seq, line) = line(entry)?;
            if line.counts(own) {
                let mention = line.mentions(own);
                loaded.unseen.push(Line { seq, mention });
            }
        }
        match lines.last() {
            Some((key, _)) => to.clone_from(key),
            None => break,
        }
    }
    Ok(())
}

async fn read_due<S: Store>(
    store: &SealedStore<S>,
    now: Timestamp,
    loaded: &mut Loaded,
) -> Result<(), StoreError> {
    let (from, to) = record::EXPIRIES;
    let entries = store
        .scan(from, to, Direction::Forward, REMOVED_AT_ONCE + 1)
        .await?;
    for (key, _) in entries {
        let Some(expiry) = record::expiry_of(&key) else {
            continue;
        };
        if expiry.0 > now || loaded.due.len() >= REMOVED_AT_ONCE {
            loaded.next_due = Some(expiry.0);
            break;
        }
        loaded.due.push(expiry);
    }
    Ok(())
}

fn line((key, value): &Entry) -> Result<(Seq, Stored), StoreError> {
    let seq = record::seq_of(key).unwrap_or_default();
    Ok((seq, record::decode(value)?))
}

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Page {
    /// Oldest first.
    pub(crate) items: Vec<Item>,
    /// Whether there are more in that direction.
    pub(crate) more: bool,
}

/// Reads a page: what lies behind `cleared` and is not over.
///
/// # Errors
/// Any [`StoreError`].
pub(crate) async fn page<S: Store>(
    store: &SealedStore<S>,
    conversation: GroupId,
    from: From,
    limit: usize,
    cleared: Seq,
    (own, now): (AccountId, Timestamp),
) -> Result<Page, StoreError> {
    let behind = |Seq(seq): Seq| record::item(conversation, Seq(seq.saturating_add(1)));
    let end = record::item(conversation, Seq(u64::MAX));
    let (mut low, mut high, direction) = match from {
        From::Newest => (behind(cleared), end, Direction::Backward),
        From::Before(seq) => {
            let high = record::item(conversation, seq);
            (behind(cleared), high, Direction::Backward)
        }
        From::After(seq) => (behind(seq.max(cleared)), end, Direction::Forward),
    };
    let mut page = Page::default();
    while low < high {
        let wanted = limit + 1 - page.items.len();
        let lines = store.scan(&low, &high, direction, wanted).await?;
        for entry in &lines {
            let (seq, line) = line(entry)?;
            if !line.is_over(now) {
                page.items.push(line.item(seq, own));
            }
        }
        match (lines.last(), direction) {
            (Some((key, _)), Direction::Backward) => high.clone_from(key),
            (Some((key, _)), Direction::Forward) => low = [key.as_slice(), &[0]].concat(),
            (None, _) => break,
        }
        if page.items.len() > limit {
            page.items.truncate(limit);
            page.more = true;
            break;
        }
    }
    if direction == Direction::Backward {
        page.items.reverse();
    }
    Ok(page)
}
