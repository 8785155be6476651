//! A window onto one conversation: lines in the gateway's order, bounded in number, and behind
//! them what waits to be sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sotto_engine::api::{From, Item, ItemBody, Place, Seq};
use sotto_engine::time::Timestamp;

use super::timeline::{Brought, KEPT_MAX, Place as Standing};

/// Lines of one author that are no further apart than this stand together.
const GROUP_GAP: Duration = Duration::from_secs(5 * 60);

/// Lines behind a place that was jumped to.
const BEHIND: u64 = 25;

/// A window onto one conversation.
#[derive(Debug, Default)]
pub(crate) struct ChatTimeline {
    items: BTreeMap<Seq, Arc<Item>>,
    pending: BTreeMap<u64, Arc<Item>>,
    /// Under which pending place a line was first shown: it stays the same line on the page.
    born: HashMap<Seq, u64>,
    moved: HashMap<u64, Seq>,
    loaded: bool,
    more_before: bool,
    more_after: bool,
    newest: Seq,
    unread_from: Option<Seq>,
    /// The page that a jump has asked for: what is before this place.
    jump: Option<Seq>,
}

/// A line of the view, by what it is known again by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Line {
    /// A new day, in days since 1970 of local time.
    Day(i64),
    /// From here on it was not seen before.
    Unread,
    /// An item, by the place it was first shown at.
    Item(Place),
}

/// All lines, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    /// The lines.
    pub(crate) lines: Vec<Line>,
    standings: BTreeMap<Place, Standing>,
}

impl Layout {
    /// Where an item stands in its group of bubbles, by the place it was first shown at.
    pub(crate) fn standing(&self, key: Place) -> Standing {
        self.standings.get(&key).copied().unwrap_or_default()
    }
}

impl ChatTimeline {
    /// An item, by the place it was first shown at or the one it has now.
    pub(crate) fn get(&self, key: Place) -> Option<Arc<Item>> {
        match key {
            Place::At(seq) => self.items.get(&seq).cloned(),
            Place::Pending(number) => match self.moved.get(&number) {
                Some(seq) => self.items.get(seq).cloned(),
                None => self.pending.get(&number).cloned(),
            },
        }
    }

    /// Whether the first page has come.
    pub(crate) fn loaded(&self) -> bool {
        self.loaded
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.pending.is_empty()
    }

    /// Whether newer lines exist than those kept.
    pub(crate) fn is_detached(&self) -> bool {
        self.more_after
    }

    /// What to ask for to see what stands above the window.
    pub(crate) fn before(&self) -> Option<From> {
        self.more_before
            .then(|| self.first())
            .flatten()
            .map(From::Before)
    }

    /// What to ask for to see what stands below the window.
    pub(crate) fn after(&self) -> Option<From> {
        self.more_after
            .then(|| self.last())
            .flatten()
            .map(From::After)
    }

    /// The last place, if the window reaches to the end.
    pub(crate) fn last_seen(&self) -> Option<Seq> {
        match self.more_after {
            true => None,
            false => self.last(),
        }
    }

    /// The user's last text that can still be edited.
    pub(crate) fn last_own_text(&self) -> Option<Seq> {
        let mut newest_first = self.items.iter().rev();
        newest_first
            .find(|(_, item)| item.mine && matches!(item.body, ItemBody::Text { .. }))
            .map(|(seq, _)| *seq)
    }

    /// Whether a place that was jumped to is still on its way.
    pub(crate) fn is_jumping(&self) -> bool {
        self.jump.is_some()
    }

    /// Whether this place is here.
    pub(crate) fn holds(&self, seq: Seq) -> bool {
        self.items.contains_key(&seq)
    }

    /// Wants to see this place: what to ask for, unless it is here.
    pub(crate) fn jump_to(&mut self, seq: Seq) -> Option<From> {
        if self.holds(seq) {
            return None;
        }
        let before = Seq(seq.0.saturating_add(BEHIND));
        self.jump = Some(before);
        Some(From::Before(before))
    }

    /// Remembers above which line it was not seen before.
    pub(crate) fn mark_unread(&mut self, read_up_to: Seq, unread: u32) {
        let mut behind = self
            .items
            .range(Seq(read_up_to.0.saturating_add(1))..)
            .filter(|(_, item)| !item.mine && is_bubble(&item.body));
        self.unread_from = (unread > 0)
            .then(|| behind.next().map(|(seq, _)| *seq))
            .flatten();
    }

    /// Takes a page in.
    pub(crate) fn apply_page(&mut self, from: From, items: Vec<Item>, more: bool) -> Brought {
        let mut page = BTreeMap::new();
        let mut pending = BTreeMap::new();
        for item in items {
            match item.place {
                Place::At(seq) => {
                    page.insert(seq, Arc::new(item));
                }
                Place::Pending(number) => {
                    pending.insert(number, Arc::new(item));
                }
            }
        }
        match (from, self.jump) {
            (From::Newest, _) => {
                self.items = page;
                self.pending = pending;
                self.loaded = true;
                self.more_before = more;
                self.more_after = false;
                self.jump = None;
                self.newest = self.last().unwrap_or(self.newest);
                Brought::Newest
            }
            (From::Before(seq), Some(before)) if seq == before => {
                self.jump = None;
                self.items = page;
                self.loaded = true;
                self.more_before = more;
                self.more_after = true;
                Brought::Older
            }
            (From::Before(seq), _) if self.first().is_some_and(|first| seq <= first) => {
                self.items
                    .extend(page.into_iter().filter(|(it, _)| *it < seq));
                self.more_before = more;
                while self.items.len() > KEPT_MAX {
                    self.items.pop_last();
                    self.more_after = true;
                }
                Brought::Older
            }
            (From::After(seq), _) if self.last() == Some(seq) => {
                self.items
                    .extend(page.into_iter().filter(|(it, _)| *it > seq));
                self.more_after = more;
                if !more {
                    self.pending = pending;
                }
                self.newest = self.newest.max(self.last().unwrap_or_default());
                while self.items.len() > KEPT_MAX {
                    self.items.pop_first();
                    self.more_before = true;
                }
                Brought::Newer
            }
            // The window has moved since it was asked for.
            _ => Brought::Older,
        }
    }

    /// Takes new and changed lines in.
    pub(crate) fn apply_items(&mut self, items: Vec<Item>) {
        if !self.loaded {
            // The page that was asked for will hold them.
            return;
        }
        for item in items {
            match item.place {
                Place::Pending(number) => {
                    self.pending.insert(number, Arc::new(item));
                }
                Place::At(seq) => self.put(seq, item),
            }
        }
    }

    /// A pending line has found its place.
    pub(crate) fn place(&mut self, pending: Place, item: Item) {
        let was_here = match pending {
            Place::Pending(number) => self.pending.remove(&number).map(|_| number),
            Place::At(_) => None,
        };
        let Place::At(seq) = item.place else {
            self.apply_items(vec![item]);
            return;
        };
        if self.loaded {
            self.put(seq, item);
        }
        if let Some(number) = was_here.filter(|_| self.items.contains_key(&seq)) {
            self.born.insert(seq, number);
            self.moved.insert(number, seq);
        }
    }

    /// Takes lines out.
    pub(crate) fn remove(&mut self, places: &[Place]) {
        for place in places {
            match place {
                Place::At(seq) => {
                    self.items.remove(seq);
                }
                Place::Pending(number) => {
                    self.pending.remove(number);
                }
            }
        }
    }

    /// Drops what the reader at the end cannot see any more.
    pub(crate) fn trim_to_newest(&mut self) {
        while !self.more_after && self.items.len() > KEPT_MAX {
            self.items.pop_first();
            self.more_before = true;
        }
    }

    /// The lines to show; `day_of` tells the local day of a time.
    pub(crate) fn layout(&self, day_of: impl Fn(Timestamp) -> i64) -> Layout {
        let mut layout = Layout::default();
        let pending = self.pending.values().filter(|_| !self.more_after);
        let mut above: Option<(Place, &Item, i64)> = None;
        for item in self.items.values().chain(pending) {
            let key = self.key_of(item.place);
            let day = day_of(item.at);
            if above.is_none_or(|(_, _, day_above)| day_above != day) {
                layout.lines.push(Line::Day(day));
            }
            let is_unread = self.unread_from.map(Place::At) == Some(item.place);
            if is_unread {
                layout.lines.push(Line::Unread);
            }
            let joined = above.filter(|(_, above, day_above)| {
                !is_unread && *day_above == day && together(above, item)
            });
            if let Some((above, ..)) = joined
                && let Some(standing) = layout.standings.get_mut(&above)
            {
                standing.last = false;
            }
            let standing = Standing {
                first: joined.is_none(),
                last: true,
            };
            layout.standings.insert(key, standing);
            layout.lines.push(Line::Item(key));
            above = Some((key, item, day));
        }
        layout
    }

    fn put(&mut self, seq: Seq, item: Item) {
        let is_new = seq > self.newest;
        if is_new {
            self.newest = seq;
        }
        let after_first = self.first().is_none_or(|first| seq > first) || !self.more_before;
        let before_last = self.last().is_some_and(|last| seq < last) || !self.more_after;
        if self.holds(seq) || (after_first && before_last) {
            self.items.insert(seq, Arc::new(item));
        }
    }

    fn key_of(&self, place: Place) -> Place {
        match place {
            Place::At(seq) => self
                .born
                .get(&seq)
                .map_or(place, |number| Place::Pending(*number)),
            Place::Pending(_) => place,
        }
    }

    fn first(&self) -> Option<Seq> {
        self.items.first_key_value().map(|(seq, _)| *seq)
    }

    fn last(&self) -> Option<Seq> {
        self.items.last_key_value().map(|(seq, _)| *seq)
    }
}

/// Whether a line is a bubble, not a quiet notice.
pub(crate) fn is_bubble(body: &ItemBody) -> bool {
    !matches!(body, ItemBody::Happened(_))
}

fn together(above: &Item, below: &Item) -> bool {
    above.author == below.author
        && is_bubble(&above.body)
        && is_bubble(&below.body)
        && below.at - above.at <= GROUP_GAP
}

#[cfg(test)]
#[path = "chat_timeline_tests.rs"]
mod tests;
