//! One conversation on a store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use sotto_shared::{AccountId, ContentId, GroupId};

use crate::api::{ConversationEvent, From, Happening, Item, Place, Seq};
use crate::block_on;
use crate::record;
use crate::search::{Query, find};
use crate::store::{Direction, Entry, MemoryStore, SealedStore, StorageKey};
use crate::time::Timestamp;
use crate::timeline::{Event, Output, Page, Said, Scene, Timeline, Timelines, What, page, read};

pub(super) const ME: AccountId = AccountId::from_bytes([0xee; 16]);
pub(super) const ALICE: AccountId = AccountId::from_bytes([0xa1; 16]);
pub(super) const BOB: AccountId = AccountId::from_bytes([0xb0; 16]);
const HERE: GroupId = GroupId::from_bytes([2; 16]);

pub(super) struct World {
    store: SealedStore<MemoryStore>,
    pub(super) timelines: Timelines,
    pub(super) admins: Vec<AccountId>,
    pub(super) muted: bool,
    pub(super) now: Timestamp,
}

/// The content that was said at this place.
pub(super) fn content(seq: u64) -> ContentId {
    ContentId::from_bytes(u128::from(seq).to_be_bytes())
}

pub(super) fn id() -> GroupId {
    HERE
}

pub(super) fn text(seq: u64, author: AccountId, text: &str) -> Said {
    said(
        seq,
        author,
        What::Text {
            text: text.to_owned(),
            mentions: Vec::new(),
            reply_to: None,
            expires_after: 0,
        },
    )
}

fn said(seq: u64, author: AccountId, what: What) -> Said {
    Said {
        seq: Seq(seq),
        at: Timestamp(seq),
        author,
        pending: None,
        missing: 0,
        id: content(seq),
        what,
    }
}

impl World {
    pub(super) fn new() -> Self {
        let rng = rand_core::SeedableRng::from_seed([5; 32]);
        Self {
            store: SealedStore::new(MemoryStore::default(), StorageKey::from_bytes([6; 32]), rng),
            timelines: Timelines::restore(&[]).unwrap(),
            admins: Vec::new(),
            muted: false,
            now: Timestamp(1_000),
        }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Timelines, Scene<'_>) -> T) -> T {
        let (admins, muted) = (self.admins.clone(), self.muted);
        let scene = Scene {
            own: ME,
            now: self.now,
            is_admin: &|_, account| admins.contains(&account),
            is_muted: &|_| muted,
        };
        act(&mut self.timelines, scene)
    }

    /// Hands an event in and does nothing more.
    pub(super) fn begin(&mut self, event: Event) -> Output {
        let mut output = Output::default();
        self.with(|timelines, scene| timelines.handle(HERE, event, scene, &mut output));
        output
    }

    /// Stores what is to be stored.
    pub(super) fn store(&mut self, output: Output) -> Vec<ConversationEvent> {
        assert_eq!(output.error, None);
        block_on(self.store.apply(output.batch)).unwrap();
        output.told
    }

    pub(super) fn handle(&mut self, event: Event) -> Vec<ConversationEvent> {
        let output = self.begin(event);
        self.finish(output)
    }

    /// Stores, and reads what is asked for until nothing is.
    fn finish(&mut self, mut output: Output) -> Vec<ConversationEvent> {
        let mut told = Vec::new();
        loop {
            let load = output.load.take();
            told.extend(self.store(output));
            let Some(needs) = load else {
                return told;
            };
            let loaded = block_on(read(&self.store, &needs, ME)).unwrap();
            output = Output::default();
            self.with(|timelines, scene| timelines.loaded(loaded, scene, &mut output));
        }
    }

    /// Lets the timer run out until nothing is due.
    pub(super) fn timeout(&mut self) {
        while self
            .timelines
            .next_timeout()
            .is_some_and(|at| at <= self.now)
        {
            let mut output = Output::default();
            self.with(|timelines, scene| timelines.handle_timeout(scene, &mut output));
            self.finish(output);
        }
    }

    /// A new process on what is on the disk.
    pub(super) fn restart(&mut self) {
        let (from, to) = record::RESIDENT;
        let records = block_on(self.store.scan_all(from, to)).unwrap();
        self.timelines = Timelines::restore(&records).unwrap();
    }

    pub(super) fn say(
        &mut self,
        seq: u64,
        author: AccountId,
        what: &str,
    ) -> Vec<ConversationEvent> {
        self.handle(Event::Said(text(seq, author, what)))
    }

    pub(super) fn vanishing(&mut self, seq: u64, author: AccountId, what: &str, after: u32) {
        let mut said = text(seq, author, what);
        if let What::Text { expires_after, .. } = &mut said.what {
            *expires_after = after;
        }
        self.handle(Event::Said(said));
    }

    pub(super) fn reply(&mut self, seq: u64, author: AccountId, to: u64, what: &str) {
        let mut said = text(seq, author, what);
        if let What::Text { reply_to, .. } = &mut said.what {
            *reply_to = Some(content(to));
        }
        self.handle(Event::Said(said));
    }

    pub(super) fn react(&mut self, seq: u64, by: AccountId, to: u64, emoji: &str, removed: bool) {
        let what = What::Reaction {
            to: content(to),
            emoji: emoji.to_owned(),
            removed,
        };
        self.handle(Event::Said(said(seq, by, what)));
    }

    pub(super) fn edit_of(&self, seq: u64, by: AccountId, of: u64, text: &str) -> Said {
        let what = What::Edit {
            of: content(of),
            text: text.to_owned(),
            mentions: Vec::new(),
        };
        said(seq, by, what)
    }

    pub(super) fn edit(&mut self, seq: u64, by: AccountId, of: u64, text: &str) {
        let said = self.edit_of(seq, by, of, text);
        self.handle(Event::Said(said));
    }

    pub(super) fn delete(&mut self, seq: u64, by: AccountId, of: u64) {
        let what = What::Deletion(content(of));
        self.handle(Event::Said(said(seq, by, what)));
    }

    pub(super) fn happened(&mut self, seq: u64, author: AccountId, happening: Happening) {
        self.handle(Event::Happened {
            seq: Seq(seq),
            at: Timestamp(seq),
            author,
            happening,
        });
    }

    pub(super) fn timeline(&self) -> &Timeline {
        self.timelines.get(HERE).unwrap()
    }

    pub(super) fn page(&self, from: From, limit: usize) -> Page {
        let cleared = self.timelines.get(HERE).map_or(Seq(0), Timeline::cleared);
        let viewer = (ME, self.now);
        block_on(page(&self.store, HERE, from, limit, cleared, viewer)).unwrap()
    }

    pub(super) fn item(&self, seq: u64) -> Item {
        let page = self.page(From::After(Seq(seq - 1)), 1);
        let item = page.items.into_iter().next().unwrap();
        assert_eq!(item.place, Place::At(Seq(seq)));
        item
    }

    pub(super) fn find(&self, words: &str) -> Vec<u64> {
        let query = Query::new(words, None, None);
        let page = block_on(find(&self.store, &query, self.now)).unwrap();
        page.hits.iter().map(|hit| hit.seq.0).collect()
    }

    pub(super) fn records_of(&self, prefix: &[u8]) -> Vec<Entry> {
        let mut end = prefix.to_vec();
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        block_on(
            self.store
                .scan(prefix, &end, Direction::Forward, usize::MAX),
        )
        .unwrap()
    }

    /// Whether any record, opened, holds these bytes.
    pub(super) fn holds(&self, bytes: &str) -> bool {
        let holds = |value: &[u8]| value.windows(bytes.len()).any(|it| it == bytes.as_bytes());
        let all = block_on(
            self.store
                .scan(b"", b"\xff", Direction::Forward, usize::MAX),
        );
        all.unwrap().iter().any(|(_, value)| holds(value))
    }
}
