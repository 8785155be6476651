//! Timelines on a real store, with everything that is read and written.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod model;
mod world;

use core::time::Duration;

use sotto_shared::ContentId;
use world::{ALICE, BOB, ME, World, content, id, text};

use super::*;
use crate::api::{Cause, From, Happening, Item, ItemBody, ItemState, Place};

fn texts(items: &[Item]) -> Vec<String> {
    let text = |item: &Item| match &item.body {
        ItemBody::Text { text, .. } => text.clone(),
        other => format!("{other:?}"),
    };
    items.iter().map(text).collect()
}

#[test]
fn what_is_said_stands_at_its_place_and_is_told_once() {
    let mut world = World::new();
    let told = world.say(2, ALICE, "hello");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(matches!(&told[0], ConversationEvent::Notify { preview, .. } if preview == "hello"));
    world.say(3, ME, "hi");
    world.happened(5, BOB, Happening::Created);
    let page = world.page(From::Newest, 10);
    assert_eq!(texts(&page.items), ["hello", "hi", "Happened(Created)"]);
    assert!(page.items[1].mine && !page.items[0].mine);
    assert_eq!((world.timeline().unread(), page.more), (1, false));
    assert_eq!(world.timeline().last().unwrap().author, BOB);
}

#[test]
fn an_own_line_finds_its_place() {
    let mut world = World::new();
    let mut said = text(7, ME, "mine");
    said.pending = Some(4);
    let told = world.handle(Event::Said(said));
    let [ConversationEvent::Placed { pending, item, .. }] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*pending, Place::Pending(4));
    assert_eq!(
        (item.place, item.state),
        (Place::At(Seq(7)), ItemState::Stored)
    );
}

#[test]
fn reactions_come_and_go_by_account() {
    let mut world = World::new();
    world.say(1, ALICE, "hello");
    world.react(2, BOB, 1, "👍", false);
    world.react(3, ME, 1, "👍", false);
    world.react(4, ME, 1, "👍", false);
    world.react(5, BOB, 1, "🎉", false);
    world.react(6, BOB, 1, "👍", true);
    let item = world.item(1);
    let shown: Vec<_> = item
        .reactions
        .iter()
        .map(|it| (it.emoji.as_str(), it.by.clone()))
        .collect();
    assert_eq!(shown, [("👍", vec![ME]), ("🎉", vec![BOB])]);
    assert_eq!(world.timeline().unread(), 1, "a reaction is no message");
}

#[test]
fn reactions_are_bounded() {
    let mut line = Stored::new(Timestamp(0), ALICE, StoredBody::Deleted { by: ALICE });
    for number in 0..=stored::REACTIONS_MAX {
        let taken = line.react(BOB, &number.to_string(), false);
        assert_eq!(taken, number < stored::REACTIONS_MAX);
    }
    for number in 0..stored::REACTORS_MAX {
        let who = AccountId::from_bytes((number as u128 + 1_000).to_be_bytes());
        assert_eq!(
            line.react(who, "0", false),
            number + 1 < stored::REACTORS_MAX
        );
    }
}

#[test]
fn only_the_author_edits_and_later_edits_win() {
    let mut world = World::new();
    world.say(1, ALICE, "first");
    world.edit(2, BOB, 1, "forged");
    assert_eq!(texts(&[world.item(1)]), ["first"]);
    world.edit(3, ALICE, 1, "second");
    let item = world.item(1);
    assert!(item.edited && item.at == Timestamp(1));
    assert_eq!(texts(&[item]), ["second"]);
    assert_eq!(world.find("first"), [] as [u64; 0]);
    assert_eq!(world.find("second"), [1]);
}

#[test]
fn only_the_author_or_an_admin_deletes_for_everyone() {
    let mut world = World::new();
    world.admins = vec![ME];
    world.say(1, ALICE, "one");
    world.say(2, BOB, "two");
    world.delete(3, BOB, 1);
    assert_eq!(texts(&[world.item(1)]), ["one"]);
    world.delete(4, ALICE, 1);
    world.delete(5, ME, 2);
    assert_eq!(world.item(1).body, ItemBody::Deleted { by: ALICE });
    assert_eq!(world.item(2).body, ItemBody::Deleted { by: ME });
    assert_eq!(world.timeline().unread(), 0);
    world.react(6, BOB, 1, "👍", false);
    world.edit(7, ALICE, 1, "back again");
    assert_eq!(
        world.item(1).body,
        ItemBody::Deleted { by: ALICE },
        "it stays so"
    );
}

#[test]
fn nothing_of_a_deleted_text_stays_anywhere() {
    let mut world = World::new();
    world.say(1, ALICE, "verysecret");
    world.reply(2, BOB, 1, "what?");
    assert_eq!(world.item(2).reply.unwrap().excerpt, "verysecret");
    for seq in 10..200 {
        world.say(seq, BOB, "later, in another segment");
    }
    assert!(world.holds("verysecret"));
    world.delete(300, ALICE, 1);
    assert!(!world.holds("verysecret"));
    assert_eq!(world.item(2).reply.unwrap().excerpt, "");
}

#[test]
fn quotes_follow_edits_and_say_what_is_not_here() {
    let mut world = World::new();
    world.say(1, ALICE, "**first**");
    world.reply(2, BOB, 1, "re");
    let quote = world.item(2).reply.unwrap();
    assert_eq!((quote.seq, quote.author), (Some(Seq(1)), Some(ALICE)));
    assert_eq!(quote.excerpt, "first");
    world.edit(3, ALICE, 1, "second");
    assert_eq!(world.item(2).reply.unwrap().excerpt, "second");
    world.reply(4, BOB, 99, "re nothing");
    assert_eq!(world.item(4).reply.unwrap().seq, None);
    world.handle(Event::Forget(Seq(1)));
    assert_eq!(world.item(2).reply.unwrap().seq, None);
}

#[test]
fn a_second_line_under_a_taken_content_id_gets_nothing() {
    let mut world = World::new();
    world.say(1, ALICE, "mine");
    let mut forged = text(2, BOB, "forged");
    forged.id = content(1);
    world.handle(Event::Said(forged));
    world.delete(3, ALICE, 1);
    assert_eq!(world.item(1).body, ItemBody::Deleted { by: ALICE });
    assert_eq!(texts(&[world.item(2)]), ["forged"]);
}

#[test]
fn changes_of_lines_that_are_not_here_are_dropped() {
    let mut world = World::new();
    world.react(1, BOB, 50, "👍", false);
    world.edit(2, BOB, 50, "x");
    world.delete(3, BOB, 50);
    assert!(world.page(From::Newest, 10).items.is_empty());
    world.say(50, BOB, "late");
    assert!(world.item(50).reactions.is_empty());
}

#[test]
fn what_could_not_be_read_counts_and_is_replaced_when_it_can_be() {
    let mut world = World::new();
    world.handle(Event::Undecryptable {
        seq: Seq(1),
        at: Timestamp(1),
        author: ALICE,
        cause: Cause::EpochAhead,
    });
    assert_eq!(world.timeline().unread(), 1);
    world.say(1, ALICE, "now");
    assert_eq!(texts(&world.page(From::Newest, 10).items), ["now"]);
    assert_eq!(world.timeline().unread(), 1);
}

#[test]
fn texts_of_others_disappear_after_they_were_seen_and_own_ones_after_they_were_sent() {
    let mut world = World::new();
    world.vanishing(1, ALICE, "theirs", 5);
    world.vanishing(2, ME, "mine", 5);
    assert_eq!(world.item(1).expires_at, None);
    let sent = Timestamp(2);
    assert_eq!(
        world.item(2).expires_at,
        Some(sent + Duration::from_secs(5))
    );
    world.now = Timestamp(10_000);
    world.timeout();
    assert_eq!(texts(&world.page(From::Newest, 10).items), ["theirs"]);
    world.handle(Event::Read(Seq(2)));
    assert_eq!(world.item(1).expires_at, Some(Timestamp(15_000)));
    assert_eq!(world.timelines.next_timeout(), Some(Timestamp(15_000)));
    world.now = Timestamp(14_999);
    world.timeout();
    assert_eq!(world.page(From::Newest, 10).items.len(), 1);
    world.now = Timestamp(15_000);
    assert!(
        world.page(From::Newest, 10).items.is_empty(),
        "not shown, even before it is gone"
    );
    world.timeout();
    assert!(!world.holds("theirs") && !world.holds("mine"));
    assert_eq!(world.timeline().last(), None);
    assert_eq!(world.timelines.next_timeout(), None);
    assert!(world.records_of(b"x").is_empty() && world.records_of(b"v").is_empty());
}

#[test]
fn what_was_unseen_beyond_the_bound_disappears_from_its_arrival() {
    let mut world = World::new();
    for seq in 1..=TIMED_MAX as u64 {
        world.vanishing(seq, ALICE, "x", 5);
    }
    assert_eq!(world.item(TIMED_MAX as u64).expires_at, None);
    world.vanishing(TIMED_MAX as u64 + 1, ALICE, "x", 5);
    let started = world.now + Duration::from_secs(5);
    assert_eq!(world.item(TIMED_MAX as u64 + 1).expires_at, Some(started));
}

#[test]
fn clearing_removes_everything_up_to_its_place() {
    let mut world = World::new();
    for seq in 1..=600 {
        world.say(seq, ALICE, "verysecret");
    }
    world.say(700, ALICE, "stays");
    world.handle(Event::Clear(Seq(650)));
    assert_eq!(texts(&world.page(From::Newest, 999).items), ["stays"]);
    assert!(!world.holds("verysecret"));
    assert_eq!(
        (world.timeline().unread(), world.timeline().cleared()),
        (1, Seq(650))
    );
    assert!(world.records_of(b"i").is_empty());
}

#[test]
fn pages_go_both_ways_without_gaps() {
    let mut world = World::new();
    for seq in (2..=200).step_by(2) {
        world.say(seq, ALICE, &seq.to_string());
    }
    let seqs = |page: &Page| -> Vec<u64> {
        let seq = |item: &Item| match item.place {
            Place::At(Seq(seq)) => seq,
            Place::Pending(_) => 0,
        };
        page.items.iter().map(seq).collect()
    };
    let page = world.page(From::Newest, 3);
    assert_eq!((seqs(&page), page.more), (vec![196, 198, 200], true));
    let page = world.page(From::Before(Seq(196)), 3);
    assert_eq!((seqs(&page), page.more), (vec![190, 192, 194], true));
    let page = world.page(From::Before(Seq(6)), 3);
    assert_eq!((seqs(&page), page.more), (vec![2, 4], false));
    let page = world.page(From::After(Seq(194)), 3);
    assert_eq!((seqs(&page), page.more), (vec![196, 198, 200], false));
    let page = world.page(From::After(Seq(0)), 2);
    assert_eq!((seqs(&page), page.more), (vec![2, 4], true));
}

#[test]
fn an_event_that_waits_for_a_reading_survives_a_crash_and_keeps_its_order() {
    let mut world = World::new();
    world.say(1, ALICE, "first");
    let edit = world.edit_of(2, ALICE, 1, "second");
    let mut output = world.begin(Event::Said(edit));
    assert!(output.load.take().is_some());
    world.store(output);
    let later = world.begin(Event::Said(text(3, BOB, "third")));
    assert!(later.load.is_none() && later.told.is_empty());
    world.store(later);
    // The answer never comes: the process dies.
    world.restart();
    world.timeout();
    assert_eq!(
        texts(&world.page(From::Newest, 10).items),
        ["second", "third"]
    );
    assert!(world.records_of(b"i").is_empty());
}

#[test]
fn muted_conversations_notify_of_mentions_only() {
    let mut world = World::new();
    world.muted = true;
    assert_eq!(world.say(1, ALICE, "hello").len(), 1);
    let mut said = text(2, ALICE, "@me hello");
    let What::Text { mentions, .. } = &mut said.what else {
        unreachable!()
    };
    mentions.push(sotto_shared::content::Mention {
        account: ME,
        start: 0,
        length: 3,
    });
    let told = world.handle(Event::Said(said));
    assert!(matches!(
        told[0],
        ConversationEvent::Notify { mention: true, .. }
    ));
    assert_eq!(world.timeline().unread_mentions(), 1);
    world.handle(Event::Read(Seq(2)));
    assert_eq!(
        (
            world.timeline().unread(),
            world.timeline().unread_mentions()
        ),
        (0, 0)
    );
}

#[test]
fn a_line_is_stored_byte_for_byte_as_ever() {
    let mut line = Stored::new(
        Timestamp(1),
        ALICE,
        StoredBody::Text {
            text: "hi".into(),
            mentions: Vec::new(),
        },
    );
    line.content = Some(ContentId::from_bytes([7; 16]));
    line.search = Some(crate::search::Spot {
        segment: 3,
        slot: 4,
    });
    let bytes = record::encode(&line).unwrap();
    let expected = [
        &[1, 1][..],
        &[0xa1; 16],
        &[0, 0, 1],
        &[7; 16],
        &[0, 2, b'h', b'i', 0, 0, 0, 0, 0, 0, 0, 1, 3, 4],
    ]
    .concat();
    assert_eq!(bytes, expected);
    let happened = StoredBody::Happened(Happening::Missing(9));
    assert_eq!(postcard::to_allocvec(&happened).unwrap(), [2, 11, 9]);
    let unread = StoredBody::Undecryptable {
        cause: Cause::Unknown,
    };
    assert_eq!(postcard::to_allocvec(&unread).unwrap(), [3, 9]);
}
