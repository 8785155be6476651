use super::super::samples::{account, line};
use super::*;
use sotto_engine::api::{Happening, ItemState};

fn page(range: impl IntoIterator<Item = u64>) -> Vec<Item> {
    range.into_iter().map(line).collect()
}

fn waiting(number: u64) -> Item {
    Item {
        place: Place::Pending(number),
        mine: true,
        author: account(1),
        state: ItemState::Queued,
        ..line(1_000_000)
    }
}

fn opened(range: std::ops::RangeInclusive<u64>) -> ChatTimeline {
    let mut timeline = ChatTimeline::default();
    let more = *range.start() > 1;
    timeline.apply_page(From::Newest, page(range), more);
    timeline
}

fn window(timeline: &ChatTimeline) -> Option<(u64, u64)> {
    Some((timeline.first()?.0, timeline.last()?.0))
}

fn places(timeline: &ChatTimeline) -> Vec<Place> {
    let lines = timeline.layout(|_| 0).lines.into_iter();
    lines
        .filter_map(|line| match line {
            Line::Item(place) => Some(place),
            Line::Day(_) | Line::Unread => None,
        })
        .collect()
}

#[test]
fn what_comes_before_the_first_page_is_left_to_it() {
    let mut timeline = ChatTimeline::default();
    timeline.apply_items(page([7]));
    assert!(timeline.is_empty() && !timeline.loaded());
}

#[test]
fn what_waits_stands_behind_everything_and_keeps_its_line_when_it_is_placed() {
    let mut timeline = opened(1..=2);
    timeline.apply_items(vec![waiting(1), waiting(2)]);
    timeline.apply_items(page([3]));
    let (first, second) = (Place::Pending(1), Place::Pending(2));
    let at = |n| Place::At(Seq(n));
    assert_eq!(places(&timeline), [at(1), at(2), at(3), first, second]);
    let placed = Item {
        mine: true,
        ..line(4)
    };
    timeline.place(first, placed.clone());
    assert_eq!(places(&timeline), [at(1), at(2), at(3), first, second]);
    assert_eq!(timeline.get(first).as_deref(), Some(&placed));
    assert_eq!(timeline.get(at(4)).as_deref(), Some(&placed));
    timeline.place(first, placed);
    assert_eq!(places(&timeline).len(), 5, "told twice, shown once");
    timeline.remove(&[second]);
    assert_eq!(places(&timeline), [at(1), at(2), at(3), first]);
}

#[test]
fn an_item_told_again_replaces_the_earlier_one() {
    let mut timeline = opened(1..=3);
    let edited = Item {
        edited: true,
        ..line(2)
    };
    timeline.apply_items(vec![edited.clone()]);
    assert_eq!(timeline.get(Place::At(Seq(2))).as_deref(), Some(&edited));
    timeline.remove(&[Place::At(Seq(2))]);
    assert_eq!(timeline.get(Place::At(Seq(2))), None);
    assert_eq!(window(&timeline), Some((1, 3)));
}

#[test]
fn a_line_that_comes_late_stands_at_its_place_inside_the_window_only() {
    let mut timeline = ChatTimeline::default();
    timeline.apply_page(From::Newest, page([100, 104]), true);
    timeline.apply_items(page([102, 5]));
    let at = |n| Place::At(Seq(n));
    assert_eq!(places(&timeline), [at(100), at(102), at(104)]);
}

#[test]
fn reading_backward_drops_the_far_end_and_reading_forward_brings_it_back() {
    let mut timeline = opened(951..=1000);
    while let Some(from @ From::Before(before)) = timeline.before() {
        if before.0 <= 500 {
            break;
        }
        let older = page(before.0 - 50..before.0);
        assert_eq!(timeline.apply_page(from, older, true), Brought::Older);
    }
    assert_eq!(window(&timeline), Some((451, 700)));
    assert!(timeline.is_detached());
    assert_eq!(timeline.last_seen(), None);
    timeline.apply_items(page([1001]));
    timeline.apply_items(vec![waiting(1)]);
    assert_eq!(window(&timeline), Some((451, 700)), "out of sight");
    assert_eq!(places(&timeline).len(), 250);
    while let Some(from @ From::After(after)) = timeline.after() {
        let last = (after.0 + 50).min(1001);
        let mut newer = page(after.0 + 1..=last);
        newer.extend((last == 1001).then(|| waiting(1)));
        assert_eq!(
            timeline.apply_page(from, newer, last < 1001),
            Brought::Newer
        );
    }
    assert_eq!(window(&timeline), Some((752, 1001)));
    assert_eq!(places(&timeline).last(), Some(&Place::Pending(1)));
    assert_eq!(timeline.last_seen(), Some(Seq(1001)));
}

#[test]
fn a_page_that_does_not_adjoin_any_more_is_not_taken() {
    let mut timeline = opened(951..=1000);
    timeline.apply_page(From::Before(Seq(990)), page(940..990), true);
    timeline.apply_page(From::After(Seq(990)), page(991..1041), true);
    assert_eq!(window(&timeline), Some((951, 1000)));
}

#[test]
fn a_jump_moves_the_window_and_both_ways_lead_on() {
    let mut timeline = opened(951..=1000);
    assert_eq!(timeline.jump_to(Seq(960)), None, "it is here");
    let from = timeline.jump_to(Seq(100)).unwrap();
    assert_eq!(from, From::Before(Seq(125)));
    timeline.apply_page(from, page(75..125), true);
    assert_eq!(window(&timeline), Some((75, 124)));
    assert_eq!(timeline.before(), Some(From::Before(Seq(75))));
    assert_eq!(timeline.after(), Some(From::After(Seq(124))));
    assert!(timeline.holds(Seq(100)));
    timeline.apply_page(From::Newest, page(951..=1000), true);
    assert_eq!(window(&timeline), Some((951, 1000)));
}

#[test]
fn at_the_end_the_window_stays_bounded() {
    let mut timeline = opened(1..=200);
    timeline.apply_items(page(201..=400));
    timeline.trim_to_newest();
    assert_eq!(window(&timeline), Some((151, 400)));
    assert_eq!(timeline.before(), Some(From::Before(Seq(151))));
}

#[test]
fn bubbles_group_by_author_and_happenings_stand_alone() {
    let mut timeline = ChatTimeline::default();
    let by = |n, author| Item {
        author: account(author),
        ..line(n)
    };
    let happened = Item {
        body: ItemBody::Happened(Happening::Created),
        ..by(3, 2)
    };
    let items = vec![by(1, 2), by(2, 2), happened, by(4, 2), by(5, 3)];
    timeline.apply_page(From::Newest, items, false);
    let layout = timeline.layout(|_| 0);
    let standings: Vec<_> = (1..=5)
        .map(|n| layout.standing(Place::At(Seq(n))))
        .map(|standing| (standing.first, standing.last))
        .collect();
    let alone = (true, true);
    assert_eq!(
        standings,
        [(true, false), (false, true), alone, alone, alone]
    );
}

#[test]
fn the_unread_line_stands_above_the_first_unseen_of_somebody_else() {
    let mut timeline = ChatTimeline::default();
    let mine = Item {
        mine: true,
        ..line(2)
    };
    timeline.apply_page(From::Newest, vec![line(1), mine, line(3), line(4)], false);
    timeline.mark_unread(Seq(1), 2);
    let at = |n| Line::Item(Place::At(Seq(n)));
    let layout = timeline.layout(|_| 0);
    let expected = [Line::Day(0), at(1), at(2), Line::Unread, at(3), at(4)];
    assert_eq!(layout.lines, expected);
    timeline.mark_unread(Seq(4), 0);
    assert!(!timeline.layout(|_| 0).lines.contains(&Line::Unread));
}
