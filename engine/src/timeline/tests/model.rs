//! Random histories against a naive reader of the same.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::world::{ALICE, ME, World};
use super::*;

#[derive(Debug, Clone)]
enum Act {
    Say { mine: bool, after: u32 },
    Reply(u64),
    Delete(u64),
    Edit(u64),
    Forget(u64),
    Read(u64),
    Clear(u64),
    Wait(u64),
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (any::<bool>(), 0u32..4).prop_map(|(mine, after)| Act::Say { mine, after }),
        2 => (1u64..40).prop_map(Act::Reply),
        2 => (1u64..40).prop_map(Act::Delete),
        2 => (1u64..40).prop_map(Act::Edit),
        2 => (1u64..40).prop_map(Act::Forget),
        1 => (1u64..40).prop_map(Act::Read),
        1 => (1u64..20).prop_map(Act::Clear),
        2 => (0u64..3_000).prop_map(Act::Wait),
        1 => Just(Act::Crash),
    ]
}

/// What a line is, to somebody who reads all of them all the time.
#[derive(Debug, Clone, Copy)]
struct Line {
    mine: bool,
    deleted: bool,
    after: u32,
    over: Option<u64>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn unseen_last_line_search_and_store_agree_with_a_naive_reader(
        acts in proptest::collection::vec(act(), 1..80),
    ) {
        let mut world = World::new();
        let mut lines = BTreeMap::<u64, Line>::new();
        let (mut read, mut cleared, mut next) = (0, 0, 1);
        for act in acts {
            let now = world.now.0;
            match act {
                Act::Say { mine, after } => {
                    let author = if mine { ME } else { ALICE };
                    world.vanishing(next, author, &format!("word{next}"), after);
                    let from = match mine {
                        true => Some(next),
                        false => (next <= read).then_some(now),
                    };
                    let over = from.filter(|_| after > 0).map(|from| from + u64::from(after) * 1_000);
                    lines.insert(next, Line { mine, deleted: false, after, over });
                    next += 1;
                }
                Act::Reply(to) => {
                    world.reply(next, ALICE, to, &format!("word{next}"));
                    lines.insert(next, Line { mine: false, deleted: false, after: 0, over: None });
                    next += 1;
                }
                Act::Delete(of) => {
                    if let Some(line) = lines.get_mut(&of) {
                        line.deleted |= !line.mine;
                        if line.deleted {
                            (line.after, line.over) = (0, None);
                        }
                    }
                    world.delete(next, ALICE, of);
                    next += 1;
                }
                Act::Edit(of) => {
                    world.edit(next, ALICE, of, &format!("other word{of}"));
                    next += 1;
                }
                Act::Forget(seq) => {
                    world.handle(Event::Forget(Seq(seq)));
                    lines.remove(&seq);
                }
                Act::Read(up_to) => {
                    world.handle(Event::Read(Seq(up_to)));
                    for (_, line) in lines.range_mut(..=up_to) {
                        let starts = line.after > 0 && line.over.is_none();
                        if starts {
                            line.over = Some(now + u64::from(line.after) * 1_000);
                        }
                    }
                    read = read.max(up_to);
                }
                Act::Clear(up_to) => {
                    world.handle(Event::Clear(Seq(up_to)));
                    lines.retain(|seq, _| *seq > up_to);
                    read = read.max(up_to);
                    cleared = cleared.max(up_to);
                }
                Act::Wait(millis) => world.now.0 += millis,
                Act::Crash => world.restart(),
            }
            world.timeout();
            lines.retain(|seq, _| *seq > cleared);
            lines.retain(|_, line| line.over.is_none_or(|over| over > world.now.0));

            let seqs: Vec<u64> = lines.keys().copied().collect();
            let shown = world.page(From::Newest, 500);
            let places: Vec<_> = shown.items.iter().map(|item| item.place).collect();
            let expected: Vec<_> = seqs.iter().map(|seq| Place::At(Seq(*seq))).collect();
            prop_assert_eq!(places, expected);

            let unseen = lines.range(read + 1..).filter(|(_, line)| !line.mine && !line.deleted);
            let unread = world.timelines.get(super::id()).map_or(0, Timeline::unread);
            prop_assert_eq!(unread as usize, unseen.count());

            let last = world.timelines.get(super::id()).and_then(Timeline::last);
            let newest = shown.items.last();
            prop_assert_eq!(last.map(|it| it.at), newest.map(|it| it.at));

            prop_assert!(world.records_of(b"i").is_empty());
            prop_assert_eq!(world.records_of(b"u").len(), lines.len());
        }
        for seq in 1..next {
            let there = lines.get(&seq).is_some_and(|line| !line.deleted);
            let found = world.find(&format!("word{seq}"));
            prop_assert_eq!(found.contains(&seq), there, "{}", seq);
        }
    }
}
