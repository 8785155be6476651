//! The lines of one conversation that are here, and which of them are in view.

use std::collections::BTreeMap;

use sotto_engine::api::{Item, Message, Place, Seq};
use sotto_engine::time::Timestamp;

/// Most lines that are kept of a conversation whose newest ones are in view. Older ones are loaded
/// again when they are wanted.
const KEPT_MAX: usize = 2_000;

/// A line, of either kind of conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    Item(Item),
    Classic(Message),
}

impl Entry {
    pub(super) fn at(&self) -> Timestamp {
        match self {
            Self::Item(item) => item.at,
            Self::Classic(message) => message.at,
        }
    }
}

/// What is at the lower end of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// The newest line, whichever that is.
    Newest,
    /// This line, less so many of its rows.
    At(Place, usize),
}

/// Lines in order, without a gap.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) entries: BTreeMap<Place, Entry>,
    pub(super) more_before: bool,
    /// The newest are not here: the user has jumped to a hit.
    pub(super) more_after: bool,
    pub(super) is_loading: bool,
    pub(super) anchor: Anchor,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            more_before: true,
            more_after: false,
            is_loading: false,
            anchor: Anchor::Newest,
        }
    }
}

impl Timeline {
    /// Lines that are new or have changed.
    pub(super) fn put(&mut self, entries: impl IntoIterator<Item = (Place, Entry)>) {
        let first = self.entries.keys().next().copied();
        let last = self.last_numbered();
        for (place, entry) in entries {
            // What lies beyond a gap comes when it is loaded.
            let is_beyond = match place {
                Place::At(seq) => self.more_after && last.is_some_and(|last| seq > last),
                Place::Pending(_) => false,
            };
            let is_before = self.more_before && first.is_some_and(|first| place < first);
            if self.entries.contains_key(&place) || !(is_beyond || is_before) {
                self.entries.insert(place, entry);
            }
        }
        self.trim();
    }

    /// A page that was asked for.
    pub(super) fn page(&mut self, entries: impl IntoIterator<Item = (Place, Entry)>) {
        self.is_loading = false;
        self.entries.extend(entries);
        self.trim();
    }

    pub(super) fn remove(&mut self, place: Place) {
        if let Anchor::At(at, _) = self.anchor
            && at == place
        {
            let before = self.entries.range(..place).next_back();
            self.anchor = before.map_or(Anchor::Newest, |(at, _)| Anchor::At(*at, 0));
        }
        self.entries.remove(&place);
    }

    /// The first line that the gateway has numbered: what is older comes before it.
    pub(super) fn first_numbered(&self) -> Option<Seq> {
        self.entries.keys().find_map(number)
    }

    pub(super) fn last_numbered(&self) -> Option<Seq> {
        self.entries.keys().rev().find_map(number)
    }

    /// Moves the view towards older lines, as far as they fill it.
    pub(super) fn up(&mut self, rows: usize, height: usize, rows_of: &dyn Fn(Place) -> usize) {
        let Some((mut place, mut below)) = self.lowest() else {
            return;
        };
        below += rows;
        while below >= rows_of(place) {
            match self.entries.range(..place).next_back() {
                Some((before, _)) => {
                    below -= rows_of(place);
                    place = *before;
                }
                None => {
                    below = rows_of(place).saturating_sub(1);
                    break;
                }
            }
        }
        self.anchor = Anchor::At(place, below);
        let shown = self.rows_above(height, rows_of);
        if shown < height {
            self.down(height - shown, rows_of);
        }
    }

    /// Moves the view towards newer lines.
    pub(super) fn down(&mut self, mut rows: usize, rows_of: &dyn Fn(Place) -> usize) {
        let Anchor::At(mut place, mut below) = self.anchor else {
            return;
        };
        while rows > below {
            rows -= below + 1;
            let above = std::ops::Bound::Excluded(place);
            let mut behind = self.entries.range((above, std::ops::Bound::Unbounded));
            match behind.next() {
                Some((next, _)) => {
                    place = *next;
                    below = rows_of(place).saturating_sub(1);
                }
                None => {
                    self.anchor = Anchor::Newest;
                    return;
                }
            }
        }
        below -= rows;
        let is_last = self.entries.keys().next_back() == Some(&place);
        self.anchor = match is_last && below == 0 && !self.more_after {
            true => Anchor::Newest,
            false => Anchor::At(place, below),
        };
    }

    /// Rows from the lower end of the view upwards, counted up to `enough`.
    pub(super) fn rows_above(&self, enough: usize, rows_of: &dyn Fn(Place) -> usize) -> usize {
        let Some((place, below)) = self.lowest() else {
            return 0;
        };
        let mut rows = 0;
        for (at, _) in self.entries.range(..=place).rev() {
            rows += rows_of(*at);
            if rows.saturating_sub(below) >= enough {
                break;
            }
        }
        rows.saturating_sub(below)
    }

    /// The line at the lower end of the view, and how many of its rows are below that.
    pub(super) fn lowest(&self) -> Option<(Place, usize)> {
        match self.anchor {
            Anchor::Newest => self.entries.keys().next_back().map(|place| (*place, 0)),
            Anchor::At(place, below) => Some((place, below)),
        }
    }

    fn trim(&mut self) {
        while self.anchor == Anchor::Newest && self.entries.len() > KEPT_MAX {
            self.entries.pop_first();
            self.more_before = true;
        }
    }
}

fn number(place: &Place) -> Option<Seq> {
    match place {
        Place::At(seq) => Some(*seq),
        Place::Pending(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_engine::api::{Body, State};

    fn entry(seq: u64) -> (Place, Entry) {
        let message = Message {
            seq: Seq(seq),
            at: Timestamp(seq),
            mine: false,
            body: Body::Text("hi".to_owned()),
            state: State::Received,
        };
        (Place::At(Seq(seq)), Entry::Classic(message))
    }

    /// Every third line has three rows.
    fn rows_of(place: Place) -> usize {
        match place {
            Place::At(Seq(seq)) if seq % 3 == 0 => 3,
            _ => 1,
        }
    }

    fn timeline(from: u64, to: u64) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.put((from..=to).map(entry));
        timeline
    }

    #[test]
    fn up_and_down_by_any_rows_leads_back() {
        for rows in 1..40 {
            let mut timeline = timeline(1, 50);
            timeline.up(7, 10, &rows_of);
            let before = timeline.anchor;
            timeline.up(rows, 10, &rows_of);
            timeline.down(rows, &rows_of);
            assert_eq!(timeline.anchor, before, "{rows}");
        }
    }

    #[test]
    fn the_view_is_full_at_the_oldest_line() {
        let mut timeline = timeline(1, 50);
        timeline.up(10_000, 10, &rows_of);
        assert_eq!(timeline.rows_above(10, &rows_of), 10);
        assert_eq!(timeline.rows_above(100, &rows_of), 10);
        timeline.down(10_000, &rows_of);
        assert_eq!(timeline.anchor, Anchor::Newest);
    }

    #[test]
    fn older_and_newer_lines_do_not_move_the_view() {
        let mut timeline = timeline(20, 50);
        timeline.up(9, 5, &rows_of);
        let before = timeline.anchor;
        timeline.page((1..20).map(entry));
        timeline.put([entry(51)]);
        assert_eq!(timeline.anchor, before);
        assert_eq!(timeline.entries.len(), 51);
    }

    #[test]
    fn a_line_that_goes_takes_the_view_to_the_one_before() {
        let mut timeline = timeline(1, 20);
        timeline.anchor = Anchor::At(Place::At(Seq(7)), 0);
        timeline.remove(Place::At(Seq(7)));
        assert_eq!(timeline.anchor, Anchor::At(Place::At(Seq(6)), 0));
    }

    #[test]
    fn there_is_never_a_gap() {
        let mut timeline = timeline(10, 20);
        timeline.more_after = true;
        timeline.put([entry(40), entry(3), entry(15)]);
        assert_eq!(timeline.entries.len(), 11);
        assert_eq!(timeline.last_numbered(), Some(Seq(20)));
        assert_eq!(timeline.first_numbered(), Some(Seq(10)));
    }

    #[test]
    fn memory_stays_bounded() {
        let most = u64::try_from(KEPT_MAX).unwrap();
        let timeline = timeline(1, most + 1);
        assert_eq!(timeline.entries.len(), KEPT_MAX);
        assert_eq!(timeline.first_numbered(), Some(Seq(2)));
        assert!(timeline.more_before);
    }
}
