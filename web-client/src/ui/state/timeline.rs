//! A window onto one conversation: contiguous messages, bounded in number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sotto_engine::api::{Body, Message, Seq};
use sotto_engine::time::Timestamp;

/// Messages asked for at once.
pub(crate) const PAGE: u16 = 50;

/// Most messages kept (and so shown) at once; the end far from the reader is dropped.
pub(crate) const KEPT_MAX: usize = 250;

/// Messages of one side that are no further apart than this stand together.
const GROUP_GAP: Duration = Duration::from_secs(5 * 60);

/// A window onto one conversation.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    messages: BTreeMap<Seq, Arc<Message>>,
    loaded: bool,
    more_before: bool,
    more_after: bool,
    newest: Seq,
    unread_from: Option<Seq>,
}

/// What a page of history brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brought {
    /// The newest messages, in the place of what was there.
    Newest,
    /// Older ones.
    Older,
    /// Newer ones.
    Newer,
    /// Nothing that adjoins: the newest page is to be asked for.
    Nothing,
}

/// A line of the timeline, by what it is known again by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    /// A new day, in days since 1970 of local time.
    Day(i64),
    /// From here on it was not seen before.
    Unread,
    /// A message.
    Message(Seq),
}

/// Where a message stands in its group of bubbles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// Nothing of the group stands above.
    pub(crate) first: bool,
    /// Nothing of the group stands below.
    pub(crate) last: bool,
}

/// All lines, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    /// The lines.
    pub(crate) items: Vec<Item>,
    /// Where each message stands, in order of `Seq`.
    places: BTreeMap<Seq, Place>,
}

impl Layout {
    pub(crate) fn place(&self, seq: Seq) -> Place {
        self.places.get(&seq).copied().unwrap_or_default()
    }
}

impl Timeline {
    pub(crate) fn get(&self, seq: Seq) -> Option<Arc<Message>> {
        self.messages.get(&seq).cloned()
    }

    /// Whether the first page has come.
    pub(crate) fn loaded(&self) -> bool {
        self.loaded
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// What to ask for to see what stands above the window.
    pub(crate) fn before(&self) -> Option<Seq> {
        self.more_before.then(|| self.first()).flatten()
    }

    /// What to ask for to see what stands below the window.
    pub(crate) fn after(&self) -> Option<Seq> {
        let Seq(last) = self.more_after.then(|| self.last()).flatten()?;
        Some(Seq(last.saturating_add(u64::from(PAGE) + 1)))
    }

    /// Whether newer messages exist than those kept.
    pub(crate) fn is_detached(&self) -> bool {
        self.more_after
    }

    /// The last one from the other side, if the window reaches to the end.
    pub(crate) fn last_received(&self) -> Option<Seq> {
        if self.more_after {
            return None;
        }
        let mut newest_first = self.messages.iter().rev();
        newest_first.find(|(_, m)| !m.mine).map(|(seq, _)| *seq)
    }

    /// Remembers where the `unread` newest received messages begin.
    pub(crate) fn mark_unread(&mut self, unread: u32) {
        let received = self.messages.iter().rev().filter(|(_, m)| !m.mine);
        self.unread_from = received
            .take(usize::try_from(unread).unwrap_or(usize::MAX))
            .last()
            .map(|(seq, _)| *seq);
    }

    /// Takes a page of history in.
    pub(crate) fn apply_history(
        &mut self,
        before: Option<Seq>,
        page: Vec<Message>,
        more: bool,
    ) -> Brought {
        let page = page.into_iter().map(|m| (m.seq, Arc::new(m)));
        let (Some(before), Some(first), Some(last)) = (before, self.first(), self.last()) else {
            self.messages = page.collect();
            self.loaded = true;
            self.more_before = more;
            self.more_after = false;
            self.newest = self.last().unwrap_or_default();
            return Brought::Newest;
        };
        if before <= first {
            self.messages.extend(page.filter(|(seq, _)| *seq < first));
            self.more_before = more;
            while self.messages.len() > KEPT_MAX {
                self.messages.pop_last();
                self.more_after = true;
            }
            return Brought::Older;
        }
        let length = self.messages.len();
        self.messages.extend(page.filter(|(seq, _)| *seq > last));
        if self.messages.len() == length {
            return Brought::Nothing;
        }
        self.more_after = self.last().unwrap_or_default() < self.newest;
        while self.messages.len() > KEPT_MAX {
            self.messages.pop_first();
            self.more_before = true;
        }
        Brought::Newer
    }

    /// Takes new and changed messages in. Tells whether any stands at the end that was not there.
    pub(crate) fn apply_messages(&mut self, messages: Vec<Message>) -> bool {
        if !self.loaded {
            // The page that was asked for will hold them.
            return false;
        }
        let mut grown = false;
        for message in messages {
            let seq = message.seq;
            let is_new = seq > self.newest;
            if is_new {
                self.newest = seq;
            }
            if self.messages.contains_key(&seq) || (is_new && !self.more_after) {
                self.messages.insert(seq, Arc::new(message));
                grown |= is_new;
            }
        }
        grown
    }

    /// Drops what the reader at the end cannot see any more.
    pub(crate) fn trim_to_newest(&mut self) {
        while !self.more_after && self.messages.len() > KEPT_MAX {
            self.messages.pop_first();
            self.more_before = true;
        }
    }

    /// Takes a discarded message out.
    pub(crate) fn remove(&mut self, seq: Seq) {
        self.messages.remove(&seq);
    }

    /// The lines to show; `day_of` tells the local day of a time.
    pub(crate) fn layout(&self, day_of: impl Fn(Timestamp) -> i64) -> Layout {
        let mut layout = Layout::default();
        let mut above: Option<(&Message, i64)> = None;
        for (seq, message) in &self.messages {
            let day = day_of(message.at);
            if above.is_none_or(|(_, day_above)| day_above != day) {
                layout.items.push(Item::Day(day));
            }
            let is_unread = self.unread_from == Some(*seq);
            if is_unread {
                layout.items.push(Item::Unread);
            }
            let joins = !is_unread
                && above
                    .is_some_and(|(above, day_above)| day_above == day && together(above, message));
            if joins
                && let Some((above, _)) = above
                && let Some(place) = layout.places.get_mut(&above.seq)
            {
                place.last = false;
            }
            let place = Place {
                first: !joins,
                last: true,
            };
            layout.places.insert(*seq, place);
            layout.items.push(Item::Message(*seq));
            above = Some((message, day));
        }
        layout
    }

    fn first(&self) -> Option<Seq> {
        self.messages.first_key_value().map(|(seq, _)| *seq)
    }

    fn last(&self) -> Option<Seq> {
        self.messages.last_key_value().map(|(seq, _)| *seq)
    }
}

/// Whether a message is a bubble, not a notice between bubbles.
pub(crate) fn is_bubble(body: &Body) -> bool {
    !matches!(body, Body::Key | Body::KeyRequest)
}

fn together(above: &Message, below: &Message) -> bool {
    above.mine == below.mine
        && is_bubble(&above.body)
        && is_bubble(&below.body)
        && below.at - above.at <= GROUP_GAP
}

#[cfg(test)]
mod tests {
    use super::super::samples::text;
    use super::*;
    use sotto_engine::api::State;

    fn page(range: impl IntoIterator<Item = u64>) -> Vec<Message> {
        let received = |n| text(n, false, n * 1000);
        range.into_iter().map(received).collect()
    }

    fn window(timeline: &Timeline) -> Option<(u64, u64)> {
        Some((timeline.first()?.0, timeline.last()?.0))
    }

    fn opened(range: std::ops::RangeInclusive<u64>) -> Timeline {
        let mut timeline = Timeline::default();
        let more = *range.start() > 1;
        timeline.apply_history(None, page(range), more);
        timeline
    }

    #[test]
    fn what_comes_before_the_first_page_is_left_to_it() {
        let mut timeline = Timeline::default();
        assert!(!timeline.apply_messages(page([7])));
        assert!(timeline.is_empty() && !timeline.loaded());
    }

    #[test]
    fn new_messages_stand_at_the_end_and_changed_ones_stay_in_place() {
        let mut timeline = opened(1..=2);
        assert!(timeline.apply_messages(page([3])));
        let failed = Message {
            state: State::Queued,
            ..text(2, true, 2000)
        };
        assert!(!timeline.apply_messages(vec![failed.clone()]));
        assert_eq!(timeline.get(Seq(2)).as_deref(), Some(&failed));
        assert_eq!(window(&timeline), Some((1, 3)));
    }

    #[test]
    fn changes_outside_the_window_tear_no_hole() {
        let mut timeline = opened(100..=150);
        timeline.apply_messages(page([5]));
        assert_eq!(window(&timeline), Some((100, 150)));
    }

    #[test]
    fn reading_backward_drops_the_far_end_and_reading_forward_brings_it_back() {
        let mut timeline = opened(951..=1000);
        while let Some(before) = timeline.before().filter(|seq| seq.0 > 500) {
            let older = page(before.0 - 50..before.0);
            assert_eq!(
                timeline.apply_history(Some(before), older, true),
                Brought::Older
            );
        }
        assert_eq!(window(&timeline), Some((451, 700)));
        assert!(timeline.is_detached());
        assert_eq!(timeline.last_received(), None);

        assert!(!timeline.apply_messages(page([1001])), "out of sight");
        while let Some(before) = timeline.after() {
            let newer = page((before.0 - 50..before.0).filter(|n| *n <= 1001));
            assert_eq!(
                timeline.apply_history(Some(before), newer, true),
                Brought::Newer
            );
        }
        assert_eq!(window(&timeline), Some((752, 1001)));
        assert!(timeline.before().is_some());
    }

    #[test]
    fn a_gap_wider_than_a_page_asks_for_the_newest() {
        let mut timeline = opened(1..=300);
        timeline.more_after = true;
        timeline.newest = Seq(900);
        let before = timeline.after();
        assert_eq!(
            timeline.apply_history(before, page(260..=300), true),
            Brought::Nothing
        );
    }

    #[test]
    fn at_the_end_the_window_stays_bounded() {
        let mut timeline = opened(1..=200);
        timeline.apply_messages(page(201..=400));
        timeline.trim_to_newest();
        assert_eq!(window(&timeline), Some((151, 400)));
        assert_eq!(timeline.before(), Some(Seq(151)));
    }

    #[test]
    fn bubbles_group_by_side_day_and_time() {
        let mut timeline = Timeline::default();
        let minute = 60_000;
        let messages = vec![
            text(1, false, 0),
            text(2, false, minute),
            text(3, true, minute),
            text(4, true, 7 * minute),
            text(5, true, 8 * minute),
        ];
        timeline.apply_history(None, messages, false);
        let layout = timeline.layout(|at| i64::from(at.0 >= 8 * minute));
        assert_eq!(
            layout.items,
            vec![
                Item::Day(0),
                Item::Message(Seq(1)),
                Item::Message(Seq(2)),
                Item::Message(Seq(3)),
                Item::Message(Seq(4)),
                Item::Day(1),
                Item::Message(Seq(5)),
            ]
        );
        let places: Vec<_> = (1..=5)
            .map(|n| layout.place(Seq(n)))
            .map(|place| (place.first, place.last))
            .collect();
        assert_eq!(
            places,
            vec![
                (true, false),
                (false, true),
                (true, true),
                (true, true),
                (true, true)
            ]
        );
    }

    #[test]
    fn the_unread_line_stands_above_the_first_unseen() {
        let mut timeline = opened(1..=3);
        timeline.mark_unread(2);
        let layout = timeline.layout(|_| 0);
        assert_eq!(
            layout.items.get(2..4),
            Some([Item::Unread, Item::Message(Seq(2))].as_slice())
        );
    }
}
