use sotto_shared::{AccountId, ContentId, GroupId};

use super::index::{Found, Index, Segments};
use super::*;
use crate::api::{Hit, SEARCH_PAGE_MAX, Seq};
use crate::block_on;
use crate::record;
use crate::store::{Batch, MemoryStore, SealedStore, StorageKey};
use crate::time::Timestamp;
use crate::timeline::{Stored, StoredBody};

const AUTHOR: AccountId = AccountId::from_bytes([1; 16]);
const HERE: GroupId = GroupId::from_bytes([2; 16]);
const THERE: GroupId = GroupId::from_bytes([3; 16]);

struct World {
    store: SealedStore<MemoryStore>,
    index: Index,
}

impl World {
    fn new() -> Self {
        let rng = rand_core::SeedableRng::from_seed([5; 32]);
        Self {
            store: SealedStore::new(MemoryStore::default(), StorageKey::from_bytes([6; 32]), rng),
            index: Index::default(),
        }
    }

    fn say(&mut self, conversation: GroupId, seq: u64, text: &str) -> Option<Spot> {
        let mut batch = Batch::default();
        let spot = self.add(conversation, seq, text, &mut batch);
        block_on(self.store.apply(batch)).unwrap();
        spot
    }

    fn add(
        &mut self,
        conversation: GroupId,
        seq: u64,
        text: &str,
        batch: &mut Batch,
    ) -> Option<Spot> {
        let found = Found {
            conversation,
            seq: Seq(seq),
            at: Timestamp(seq),
            author: AUTHOR,
            text,
        };
        let spot = self.index.add(found, batch).unwrap();
        put_line(conversation, seq, text, batch);
        spot
    }

    fn change(&mut self, seq: u64, spot: Spot, text: Option<&str>) {
        let mut batch = Batch::default();
        let mut segments = Segments::default();
        if self.index.needs(spot) {
            let key = record::segment(spot.segment);
            let value = block_on(self.store.get(&key)).unwrap().unwrap();
            segments.insert(spot.segment, record::decode(&value).unwrap());
        }
        self.index
            .change(spot, text, &mut segments, &mut batch)
            .unwrap();
        segments.finish(&mut batch).unwrap();
        match text {
            Some(text) => put_line(HERE, seq, text, &mut batch),
            None => batch.delete(record::item(HERE, Seq(seq))),
        }
        block_on(self.store.apply(batch)).unwrap();
    }

    fn restart(&mut self) {
        let (from, to) = record::RESIDENT;
        let records = block_on(self.store.scan_all(from, to)).unwrap();
        let records = records
            .iter()
            .filter(|(key, _)| key.starts_with(record::SEARCH));
        assert_eq!(self.index, Index::restore(records).unwrap());
    }

    fn find(&self, words: &str, within: Option<GroupId>) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut after = None;
        loop {
            let query = Query::new(words, within, after);
            let page = block_on(find(&self.store, &query, Timestamp(0))).unwrap();
            assert!(page.hits.len() <= usize::from(SEARCH_PAGE_MAX));
            hits.extend(page.hits);
            after = page.more;
            if after.is_none() {
                return hits;
            }
        }
    }

    fn seqs(&self, words: &str) -> Vec<u64> {
        self.find(words, None).iter().map(|hit| hit.seq.0).collect()
    }

    /// Whether any record on the disk, opened, holds these bytes.
    fn holds(&self, bytes: &str) -> bool {
        let all = block_on(
            self.store
                .scan(b"", b"\xff", crate::store::Direction::Forward, 9_999),
        );
        let holds = |value: &[u8]| value.windows(bytes.len()).any(|it| it == bytes.as_bytes());
        all.unwrap().iter().any(|(_, value)| holds(value))
    }
}

fn put_line(conversation: GroupId, seq: u64, text: &str, batch: &mut Batch) {
    let body = StoredBody::Text {
        text: text.to_owned(),
        mentions: Vec::new(),
    };
    let mut line = Stored::new(Timestamp(seq), AUTHOR, body);
    line.content = Some(ContentId::from_bytes([9; 16]));
    let key = record::item(conversation, Seq(seq));
    batch.put(key, record::encode(&line).unwrap());
}

#[test]
fn words_are_found_by_their_beginnings_without_case_and_accents() {
    let mut world = World::new();
    world.say(HERE, 1, "Un café crème, s'il vous plaît");
    world.say(HERE, 2, "The cafeteria is closed");
    world.say(THERE, 3, "decaf");
    world.say(THERE, 4, "日本語のテスト");
    assert_eq!(world.seqs("CAFE"), [2, 1]);
    assert_eq!(world.seqs("café cre"), [1]);
    assert_eq!(world.seqs("cre caf"), [1]);
    assert_eq!(world.seqs("本語"), [4]);
    assert_eq!(world.seqs("語本"), [] as [u64; 0]);
    assert_eq!(world.seqs("s'il"), [1]);
    assert_eq!(world.seqs("  "), [] as [u64; 0]);
    assert_eq!(world.seqs("!?"), [] as [u64; 0]);
    assert_eq!(world.find("caf", Some(THERE)).len(), 0);
    assert_eq!(world.find("decaf", Some(THERE)).len(), 1);
}

#[test]
fn hits_are_paged_newest_first_without_gaps_or_doubles() {
    let mut world = World::new();
    for seq in 1..=700 {
        world.say(HERE, seq, if seq % 3 == 0 { "three" } else { "other" });
    }
    world.restart();
    let expected: Vec<_> = (1..=700).rev().filter(|seq| seq % 3 == 0).collect();
    assert_eq!(world.seqs("thr"), expected);
}

#[test]
fn edits_supersede_and_what_is_removed_is_scrubbed_in_open_and_closed_segments() {
    let mut world = World::new();
    let spots: Vec<_> = (1..=200)
        .map(|seq| world.say(HERE, seq, &format!("secret{seq}x")).unwrap())
        .collect();
    for seq in [3u64, 199] {
        let spot = spots[seq as usize - 1];
        world.change(seq, spot, Some(&format!("public{seq}x")));
        assert_eq!(world.seqs(&format!("public{seq}x")), [seq]);
        assert!(!world.holds(&format!("secret{seq}x")));
        world.change(seq, spot, None);
        assert_eq!(world.seqs(&format!("public{seq}x")), [] as [u64; 0]);
        assert!(!world.holds(&format!("public{seq}x")));
        world.restart();
    }
    assert_eq!(world.find("secret", None).len(), 198);
    assert_eq!(world.find("public", None).len(), 0);
}

#[test]
fn segments_of_long_texts_are_closed_early() {
    let mut world = World::new();
    let long = "word ".repeat(8 * 1024);
    let first = world.say(HERE, 1, &long).unwrap();
    let second = world.say(HERE, 2, "word").unwrap();
    assert_eq!((first.segment, second.segment), (0, 1));
    assert_eq!(world.seqs("word"), [2, 1]);
}

#[test]
fn excerpts_show_the_first_word_and_mark_all_in_bytes() {
    let mut world = World::new();
    let text = format!(
        "{} Die Straße und die STRASSEN hier {}",
        "ä ".repeat(60),
        "z ".repeat(90)
    );
    world.say(HERE, 1, &text);
    let hits = world.find("strass hie", None);
    let hit = &hits[0];
    let marked: Vec<_> = hit
        .marks
        .iter()
        .map(|(start, length)| &hit.excerpt[*start as usize..(start + length) as usize])
        .collect();
    assert_eq!(marked, ["Straß", "STRASS", "hie"]);
    assert!(hit.excerpt.starts_with('…') && hit.excerpt.ends_with('…'));
    assert!(hit.excerpt.len() < 200, "{}", hit.excerpt);
    world.say(HERE, 2, "Short");
    assert_eq!(world.find("sh", None)[0].excerpt, "Short");
}

/// Prints how long it takes: `cargo test --release -p sotto-engine hundred -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn searching_a_hundred_thousand_messages_is_fast() {
    const MESSAGES: u64 = 100_000;
    let mut world = World::new();
    let mut batch = Batch::default();
    for seq in 1..=MESSAGES {
        let text =
            format!("message number {seq} about the weather, the garden and what else there is");
        world.add(HERE, seq, &text, &mut batch);
        if seq % 1_000 == 0 {
            block_on(world.store.apply(core::mem::take(&mut batch))).unwrap();
        }
    }
    for words in ["7", "weather garden", "nowhere", "number 1 wea"] {
        let start = std::time::Instant::now();
        let query = Query::new(words, None, None);
        let page = block_on(find(&world.store, &query, Timestamp(0))).unwrap();
        println!(
            "{words:?}: {} hits in {:?}",
            page.hits.len(),
            start.elapsed()
        );
    }
    assert!(world.find("nowhere", None).is_empty());
    assert_eq!(world.seqs("99999"), [99_999]);
}
