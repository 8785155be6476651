//! One client of the simulation: an engine, its disk, its clock and its wire.

use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_shared::classic::RequestDecoder;
use sotto_shared::{AccountId, ClientId, GroupId};

use super::conversations::Chats;
use super::gateway::ModelGateway;
use super::{Faults, below, one_in};
use crate::account::stored::StoredAccount;
use crate::api::{
    AccountEvent, AccountStatus, Command, Contact, Event, Failure, Item, Message, Phase,
};
use crate::driver::read;
use crate::machine::conversation::stored::Outgoing;
use crate::machine::{Effect, Engine, Input, Load, Loaded, Profile, TimelineLoad, resident_range};
use crate::mls::Suite;
use crate::record;
use crate::store::{Batch, MemoryStore, SealedStore, StorageKey};
use crate::time::Timestamp;

const DAY: u64 = 86_400_000;
/// Most bytes that move in one step; of groups there are more.
const MOVED_MAX: usize = 2_000;
const MOVED_OF_GROUPS: usize = 8_000;

pub(super) struct Node {
    profile: Profile,
    rng: ChaCha20Rng,
    store: SealedStore<MemoryStore>,
    engine: Engine,
    wire: Wire,
    clock: i64,
    phase: Phase,
    people: Vec<ClientId>,
    /// What the user interface has heard: the last state of each message shown.
    shown: BTreeMap<(ClientId, u64), Message>,
    pub(super) account: Heard,
    pub(super) chats: Chats,
    suite: Suite,
    moved_max: usize,
}

/// What the user interface has heard about accounts.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) status: Option<AccountStatus>,
    pub(super) contacts: BTreeMap<AccountId, Contact>,
    pub(super) events: Vec<AccountEvent>,
    pub(super) failures: Vec<Failure>,
}

enum Wire {
    Down,
    Connecting,
    Up {
        connection: u64,
        decoder: RequestDecoder,
        up: VecDeque<u8>,
        down: BytesMut,
    },
}

impl Node {
    pub(super) fn new(profile: Profile, rng: &mut ChaCha20Rng, now: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(rng.next_u64());
        let nonces = ChaCha20Rng::seed_from_u64(rng.next_u64());
        let key = StorageKey::from_bytes([1; 32]);
        let store = SealedStore::new(MemoryStore::default(), key, nonces);
        let engine_rng = ChaCha20Rng::seed_from_u64(rng.next_u64());
        let engine = Engine::restore(profile, engine_rng, Vec::new()).unwrap();
        let mut node = Self {
            profile,
            rng,
            store,
            engine,
            wire: Wire::Down,
            clock: 0,
            phase: Phase::Opening,
            people: Vec::new(),
            shown: BTreeMap::new(),
            account: Heard::default(),
            chats: Chats::default(),
            suite: Suite::PostQuantum,
            moved_max: MOVED_MAX,
        };
        node.input(Input::Start, now, super::NONE);
        node
    }

    /// A device that is signed in already.
    pub(super) fn signed_in(
        account: &StoredAccount,
        suite: Suite,
        rng: &mut ChaCha20Rng,
        now: u64,
    ) -> Self {
        let mut node = Self::new(Profile::Reliable, rng, now);
        let mut batch = Batch::default();
        batch.put(record::ACCOUNT, record::encode(account).unwrap());
        crate::block_on(node.store.apply(batch)).unwrap();
        node.suite = suite;
        node.moved_max = MOVED_OF_GROUPS;
        node.crash(now);
        node
    }

    /// The lines of a conversation, from the store.
    pub(super) fn items(&self, id: GroupId) -> Vec<Item> {
        let own = self.account.status.as_ref().unwrap().account;
        let load = Load::Timeline(TimelineLoad::all(id, own));
        match crate::block_on(read(&self.store, load)) {
            Ok(Loaded::Timeline(loaded)) => loaded.items(),
            other => panic!("{other:?}"),
        }
    }

    /// What is to be sent, and has not failed.
    pub(super) fn unsent(&self) -> usize {
        let outbox = crate::block_on(self.store.scan_all(b"h", b"i")).unwrap();
        let waits = |value: &[u8]| record::decode::<Outgoing>(value).unwrap().failed.is_none();
        outbox.iter().filter(|(_, value)| waits(value)).count()
    }

    /// How many records there are whose keys begin so.
    pub(super) fn records(&self, prefix: &[u8]) -> usize {
        let mut to = prefix.to_vec();
        if let Some(last) = to.last_mut() {
            *last += 1;
        }
        crate::block_on(self.store.scan_all(prefix, &to))
            .unwrap()
            .len()
    }

    /// Whether nothing is on the wire.
    pub(super) fn is_quiet(&self) -> bool {
        match &self.wire {
            Wire::Up { up, down, .. } => up.is_empty() && down.is_empty(),
            Wire::Down | Wire::Connecting => false,
        }
    }

    pub(super) fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(super) fn people(&self) -> &[ClientId] {
        &self.people
    }

    pub(super) fn id(&self) -> ClientId {
        match &self.phase {
            Phase::Ready { client, .. } => *client,
            other => match &self.account.status {
                Some(status) => status.bridge.as_ref().unwrap().client,
                None => panic!("{other:?}"),
            },
        }
    }

    pub(super) fn command(&mut self, command: Command, now: u64, faults: Faults) {
        self.input(Input::Command(command), now, faults);
    }

    pub(super) fn jump_clock(&mut self, rng: &mut ChaCha20Rng) {
        let days = i64::try_from(below(rng, 5)).unwrap() - 2;
        self.clock = days * i64::try_from(DAY).unwrap();
    }

    pub(super) fn drop_connection(&mut self, now: u64, faults: Faults) {
        if !matches!(self.wire, Wire::Down) {
            self.wire = Wire::Down;
            self.input(Input::Disconnected, now, faults);
        }
    }

    /// The process ends and starts again.
    pub(super) fn restart(&mut self, now: u64) {
        self.crash(now);
    }

    /// Whether nothing is on the wire and nothing waits to be sent.
    pub(super) fn is_idle(&self) -> bool {
        let busy = match &self.wire {
            Wire::Up { up, down, .. } => !up.is_empty() || !down.is_empty(),
            Wire::Down | Wire::Connecting => true,
        };
        !busy && !self.store_holds(b"o")
    }

    /// For the message of a failed test.
    pub(super) fn state(&self) -> String {
        let wire = match &self.wire {
            Wire::Down => "down".to_owned(),
            Wire::Connecting => "connecting".to_owned(),
            Wire::Up { up, down, .. } => format!("up {} down {}", up.len(), down.len()),
        };
        format!(
            "{:?}, {wire}, unsent: {}",
            self.phase,
            self.store_holds(b"o")
        )
    }

    fn store_holds(&self, prefix: &[u8]) -> bool {
        let mut to = prefix.to_vec();
        if let Some(last) = to.last_mut() {
            *last += 1;
        }
        !crate::block_on(self.store.scan_all(prefix, &to))
            .unwrap()
            .is_empty()
    }

    /// All messages with somebody, from the store.
    pub(super) fn messages(&self, with: ClientId) -> Vec<Message> {
        let load = Load::History {
            with,
            before: None,
            limit: 100_000,
        };
        match crate::block_on(read(&self.store, load)) {
            Ok(Loaded::History { messages, .. }) => {
                for message in &messages {
                    if let Some(shown) = self.shown.get(&(with, message.seq.0)) {
                        assert_eq!(shown.body, message.body, "shown is what is stored");
                    }
                }
                messages
            }
            other => panic!("{other:?}"),
        }
    }

    /// Lets bytes move a little, or time pass.
    pub(super) fn advance(&mut self, gateway: &mut ModelGateway, now: u64, faults: Faults) {
        match &mut self.wire {
            Wire::Down => {}
            Wire::Connecting => {
                let mut decoder = RequestDecoder::new(1 << 20);
                decoder.set_sotto_max(sotto_shared::limits::SOTTO_PAYLOAD_MAX);
                self.wire = Wire::Up {
                    connection: self.rng.next_u64(),
                    decoder,
                    up: VecDeque::new(),
                    down: BytesMut::new(),
                };
                self.input(Input::Connected, now, faults);
            }
            Wire::Up {
                connection,
                decoder,
                up,
                down,
            } => {
                let cut = 1 + below(&mut self.rng, self.moved_max);
                let part: Vec<u8> = up.drain(..cut.min(up.len())).collect();
                decoder.push(&part);
                gateway.serve(*connection, decoder, down);
                let (pushes, is_cut) = gateway.pushed(*connection);
                down.extend_from_slice(&pushes);
                let is_over = is_cut && down.is_empty();
                let cut = below(&mut self.rng, self.moved_max).min(down.len());
                if cut > 0 {
                    let bytes = down.split_to(cut).to_vec();
                    self.input(Input::Received(bytes), now, faults);
                }
                if is_over {
                    self.drop_connection(now, faults);
                }
            }
        }
        if self
            .engine
            .next_timeout()
            .is_some_and(|at| at <= self.local(now))
        {
            self.input(Input::Tick, now, faults);
        }
        // Timers run by a steady clock: one that was set for a jumped wall clock fires as well.
        if one_in(&mut self.rng, 20) {
            self.input(Input::Tick, now, faults);
        }
    }

    fn local(&self, now: u64) -> Timestamp {
        Timestamp(now.saturating_add_signed(self.clock))
    }

    fn input(&mut self, input: Input, now: u64, faults: Faults) {
        let local = self.local(now);
        let mut effects = VecDeque::from(self.engine.handle(input, local).unwrap());
        while let Some(effect) = effects.pop_front() {
            if one_in(&mut self.rng, faults.crash) {
                return self.crash(now);
            }
            match effect {
                Effect::Persist(batch) => crate::block_on(self.store.apply(batch)).unwrap(),
                // The simulation has no key slot.
                Effect::PersistWithSlot(batch, _) => {
                    crate::block_on(self.store.apply(batch)).unwrap();
                }
                Effect::Erase => return self.erase(now),
                Effect::Load(load) => {
                    let loaded = crate::block_on(read(&self.store, load)).unwrap();
                    effects.extend(self.engine.handle_loaded(loaded, local).unwrap());
                }
                Effect::Connect => self.wire = Wire::Connecting,
                Effect::Disconnect => self.wire = Wire::Down,
                Effect::Transmit(frame) => match &mut self.wire {
                    Wire::Up { up, .. } => up.extend(frame.iter()),
                    Wire::Down | Wire::Connecting => panic!("transmits without a connection"),
                },
                Effect::Event(event) => self.hear(event),
            }
        }
    }

    /// All is gone, as if nobody had ever been here.
    fn erase(&mut self, now: u64) {
        let nonces = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let key = StorageKey::from_bytes([1; 32]);
        self.store = SealedStore::new(MemoryStore::default(), key, nonces);
        self.crash(now);
    }

    /// The process dies; what is on the disk is all there is.
    fn crash(&mut self, now: u64) {
        self.wire = Wire::Down;
        let (from, to) = resident_range();
        let entries = crate::block_on(self.store.scan_all(from, to)).unwrap();
        let rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        self.engine = Engine::restore(self.profile, rng, entries).unwrap();
        self.engine.use_suite(self.suite);
        self.chats = Chats::default();
        self.phase = Phase::Opening;
        self.people.clear();
        self.account.status = None;
        self.account.contacts.clear();
        self.input(Input::Start, now, super::NONE);
    }

    fn hear_account(&mut self, event: AccountEvent) {
        match &event {
            AccountEvent::Contacts(all) => {
                self.account.contacts = all.iter().map(|it| (it.account, it.clone())).collect();
            }
            AccountEvent::Contact(contact) => {
                self.account
                    .contacts
                    .insert(contact.account, contact.clone());
            }
            AccountEvent::ContactGone(account) => {
                self.account.contacts.remove(account);
            }
            _ => {}
        }
        self.account.events.push(event);
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Status(status) => {
                self.phase = status.phase;
                self.account.status = status.account.map(|account| *account);
            }
            Event::Failed(failure) => self.account.failures.push(failure),
            Event::Account(event) => self.hear_account(event),
            Event::Conversation(event) => self.chats.hear(event),
            Event::People(people) => self.people = people.iter().map(|it| it.client).collect(),
            Event::Person(person) if !self.people.contains(&person.client) => {
                self.people.push(person.client);
            }
            Event::Messages { with, messages } => {
                for message in messages {
                    self.shown.insert((with, message.seq.0), message);
                }
            }
            _ => {}
        }
    }
}
