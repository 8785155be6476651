//! The engine: what happens on each input, without I/O, clock or global randomness.
//!
//! [`Engine::handle`] takes one [`Input`] and gives [`Effect`]s, to be executed in order. All that
//! a step changes on disk is one atomic batch, and it comes first: nothing is transmitted,
//! acknowledged or shown that would not survive a crash right after.
//!
//! The classic protocol is strictly one request, one response; [`schedule`](Engine::schedule)
//! decides which request is next.

mod answers;
mod commands;
mod incoming;
mod loads;
mod outbox;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use serde::{Deserialize, Serialize};
use sotto_shared::classic::request::{PublicKey, PullAfter, Register, Request, RequestBody};
use sotto_shared::classic::{ResponseDecoder, Version};
use sotto_shared::crypto::PrivateKey;
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId, UserName};

use crate::api::{Command, Connection, Event, Failure, Message, Phase, Preview, Seq, Status};
use crate::contact::Contact;
use crate::identity::{Identity, StoredIdentity, fingerprint};
use crate::record;
use crate::store::{Batch, Entry, StoreError};
use crate::time::Timestamp;

pub use loads::{Load, Loaded, Then};
use outbox::OutboxItem;

/// How often waiting messages are asked for while connected.
pub const PULL_INTERVAL: Duration = Duration::from_secs(2);
/// How often the client list is asked for while connected.
pub const LIST_INTERVAL: Duration = Duration::from_secs(15);
/// First pause before connecting again; it doubles with every failure.
pub const RETRY_FIRST: Duration = Duration::from_millis(500);
/// Longest pause before connecting again.
pub const RETRY_MAX: Duration = Duration::from_secs(30);
/// How long an answer may take, beside the time that sending its request takes; counted anew
/// whenever a part of the answer arrives.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Slowest upload that is waited for, in bytes per second.
pub const SLOWEST_UPLOAD: u64 = 32 * 1024;
/// Delivered messages that are remembered, so that a repeated delivery shows nothing twice.
const SEEN_MAX: usize = 512;

/// Which requests a server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A Sotto gateway: the reliable requests (610, 613, 614) are used.
    Reliable,
    /// Any server of the seed's protocol: only 600 to 604.
    Seed,
}

/// What the engine is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// Begin; comes first.
    Start,
    /// The user wants something.
    Command(Command),
    /// The connection that was asked for stands.
    Connected,
    /// It broke, or could not be made.
    Disconnected,
    /// Bytes arrived, cut anywhere.
    Received(Vec<u8>),
    /// The next timeout has come.
    Tick,
}

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Apply this batch, durably, before anything behind it.
    Persist(Batch),
    /// Read from the store and answer with [`Engine::handle_loaded`].
    Load(Load),
    /// Connect to the server.
    Connect,
    /// Drop the connection; no [`Input::Disconnected`] is expected.
    Disconnect,
    /// Send one frame.
    Transmit(Bytes),
    /// Tell the user interface.
    Event(Event),
}

/// One user's client.
pub struct Engine {
    profile: Profile,
    rng: ChaCha20Rng,
    account: Account,
    people: BTreeMap<ClientId, Contact>,
    outbox: BTreeMap<u64, OutboxItem>,
    pull: PullState,
    link: Link,
    decoder: ResponseDecoder,
    in_flight: Option<InFlight>,
    /// Connections that failed since the last answer.
    failures: u32,
    pull_at: Timestamp,
    list_at: Timestamp,
    /// Public keys that were asked for without anything to send.
    wanted_keys: BTreeSet<ClientId>,
    /// News of people whose name the next client list will show.
    deferred_news: Vec<(ClientId, Preview)>,
    /// Whether the user was told that the server does not know them.
    told_unknown: bool,
    step: Step,
}

/// Whose client this is.
enum Account {
    None { spare: Option<PrivateKey> },
    MakingKeys { name: UserName },
    Registering(Pending),
    Ready(Identity),
}

/// A registration under way.
struct Pending {
    name: UserName,
    private_key: PrivateKey,
}

#[derive(Serialize, Deserialize)]
struct StoredPending {
    name: UserName,
    private_key: Vec<u8>,
}

/// How far the mailbox was read.
#[derive(Default, Serialize, Deserialize)]
struct PullState {
    acknowledged: MessageId,
    /// Digests of the last deliveries, oldest first.
    seen: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Offline { retry_at: Timestamp },
    Connecting,
    Online,
}

/// The request that awaits its answer.
#[derive(Debug, Clone, Copy)]
struct InFlight {
    what: Asked,
    deadline: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Register,
    List,
    PublicKey(ClientId),
    Send(u64),
    Pull,
}

/// What one input brings about.
#[derive(Default)]
struct Step {
    batch: Batch,
    effects: Vec<Effect>,
    error: Option<StoreError>,
}

impl Engine {
    /// An engine over what a store holds: `entries` are all those in [`resident_range`].
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn restore(
        profile: Profile,
        rng: ChaCha20Rng,
        entries: Vec<Entry>,
    ) -> Result<Self, StoreError> {
        let mut engine = Self {
            profile,
            rng,
            account: Account::None { spare: None },
            people: BTreeMap::new(),
            outbox: BTreeMap::new(),
            pull: PullState::default(),
            link: Link::Offline {
                retry_at: Timestamp(u64::MAX),
            },
            decoder: ResponseDecoder::default(),
            in_flight: None,
            failures: 0,
            pull_at: Timestamp(0),
            list_at: Timestamp(0),
            wanted_keys: BTreeSet::new(),
            deferred_news: Vec::new(),
            told_unknown: false,
            step: Step::default(),
        };
        let broken = |_| StoreError::Unreadable("its private key is damaged".to_owned());
        for (key, value) in entries {
            match key.as_slice() {
                record::IDENTITY => {
                    let stored: StoredIdentity = record::decode(&value)?;
                    let broken = |_| StoreError::Unreadable("its identity is damaged".to_owned());
                    engine.account = Account::Ready(stored.open().map_err(broken)?);
                }
                record::PENDING => {
                    let stored: StoredPending = record::decode(&value)?;
                    let private_key =
                        PrivateKey::from_pkcs8_der(&stored.private_key).map_err(broken)?;
                    engine.account = Account::Registering(Pending {
                        name: stored.name,
                        private_key,
                    });
                }
                record::PULL => engine.pull = record::decode(&value)?,
                [b'c', ..] => {
                    let contact: Contact = record::decode(&value)?;
                    engine.people.insert(contact.client, contact);
                }
                [b'o', number @ ..] => {
                    let number: [u8; 8] = number
                        .try_into()
                        .map_err(|_| StoreError::Unreadable("its outbox is damaged".to_owned()))?;
                    engine
                        .outbox
                        .insert(u64::from_be_bytes(number), record::decode(&value)?);
                }
                _ => {}
            }
        }
        Ok(engine)
    }

    /// Takes one input and tells what to do. `now` never needs to be right, only sensible.
    ///
    /// # Errors
    /// [`StoreError`] if state could not be written down as a record; the engine must be restored
    /// from its store then, as after a batch that could not be applied.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Result<Vec<Effect>, StoreError> {
        match input {
            Input::Start => self.start(),
            Input::Command(command) => self.command(command, now),
            Input::Connected => self.connected(now),
            Input::Disconnected => self.disconnected(now),
            Input::Received(bytes) => self.received(&bytes, now),
            Input::Tick => self.tick(now),
        }
        self.finish_step(now)
    }

    /// Takes what [`Effect::Load`] asked for, as [`Engine::handle`] takes an input.
    ///
    /// # Errors
    /// As [`Engine::handle`].
    pub fn handle_loaded(
        &mut self,
        loaded: Loaded,
        now: Timestamp,
    ) -> Result<Vec<Effect>, StoreError> {
        self.loaded(loaded, now);
        self.finish_step(now)
    }

    /// Sends what is due, and gives what the step brought about: first what is to be persisted.
    fn finish_step(&mut self, now: Timestamp) -> Result<Vec<Effect>, StoreError> {
        self.schedule(now);
        let step = core::mem::take(&mut self.step);
        if let Some(error) = step.error {
            return Err(error);
        }
        let persist = (!step.batch.is_empty()).then_some(Effect::Persist(step.batch));
        Ok(persist.into_iter().chain(step.effects).collect())
    }

    /// When [`Input::Tick`] is due, if nothing else comes before.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        if let Account::MakingKeys { .. } = self.account {
            return Some(Timestamp(0));
        }
        match (self.link, self.in_flight) {
            (Link::Offline { retry_at }, _) => Some(retry_at),
            (Link::Connecting, _) => None,
            (Link::Online, Some(in_flight)) => Some(in_flight.deadline),
            (Link::Online, None) => match self.account {
                Account::Ready(_) => Some(self.pull_at.min(self.list_at)),
                _ => None,
            },
        }
    }

    fn start(&mut self) {
        self.link = Link::Connecting;
        self.effect(Effect::Connect);
        self.tell_status();
        self.tell_people();
    }

    /// Begins after the store has failed: connects only after a pause.
    pub(crate) fn pause(&mut self, now: Timestamp) -> Vec<Effect> {
        self.link = Link::Offline {
            retry_at: now + RETRY_MAX,
        };
        self.tell_status();
        self.tell_people();
        core::mem::take(&mut self.step).effects
    }

    fn connected(&mut self, now: Timestamp) {
        self.link = Link::Online;
        self.decoder = ResponseDecoder::new(ByteOrder::Little);
        self.in_flight = None;
        self.pull_at = now;
        self.list_at = now;
        self.told_unknown = false;
        self.tell_status();
    }

    fn disconnected(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        let doubled = RETRY_FIRST * 2_u32.saturating_pow((self.failures - 1).min(10));
        let pause = doubled.min(RETRY_MAX);
        // Between three and five quarters of it, so that clients do not come back all at once.
        let jitter = pause * (self.rng.next_u32() % 512) / 1024;
        self.link = Link::Offline {
            retry_at: now + pause * 3 / 4 + jitter,
        };
        if let Some(InFlight {
            what: Asked::Send(number),
            ..
        }) = self.in_flight.take()
        {
            self.send_interrupted(number);
        }
        self.tell_status();
    }

    /// The connection is of no use any more.
    fn give_up_connection(&mut self, now: Timestamp) {
        self.effect(Effect::Disconnect);
        self.disconnected(now);
    }

    fn received(&mut self, bytes: &[u8], now: Timestamp) {
        if self.link != Link::Online {
            return;
        }
        self.decoder.push(bytes);
        if let Some(in_flight) = &mut self.in_flight {
            // An answer that arrives slowly is awaited as long as it goes on arriving.
            in_flight.deadline = in_flight.deadline.max(now + ANSWER_TIMEOUT);
        }
        while self.link == Link::Online {
            match self.decoder.next_response() {
                Ok(Some(response)) => self.answer(response, now),
                Ok(None) => break,
                Err(_) => self.give_up_connection(now),
            }
        }
    }

    fn tick(&mut self, now: Timestamp) {
        if let Account::MakingKeys { name } = &self.account {
            let name = name.clone();
            self.make_keys(name);
        }
        match (self.link, self.in_flight) {
            (Link::Offline { retry_at }, _) if is_due(retry_at, now, RETRY_MAX * 2) => {
                self.link = Link::Connecting;
                self.effect(Effect::Connect);
                self.tell_status();
            }
            (Link::Online, Some(in_flight)) if in_flight.deadline <= now => {
                self.give_up_connection(now);
            }
            _ => {}
        }
    }

    /// Sends the next request, if one is due and none awaits its answer.
    fn schedule(&mut self, now: Timestamp) {
        if self.link != Link::Online || self.in_flight.is_some() {
            return;
        }
        match &self.account {
            Account::None { .. } | Account::MakingKeys { .. } => {}
            Account::Registering(pending) => {
                let Ok(public_key) = pending.private_key.public().to_wire() else {
                    return;
                };
                let register = Register {
                    name: pending.name.clone(),
                    public_key,
                };
                let body = match self.profile {
                    Profile::Reliable => RequestBody::RegisterOnce(register),
                    Profile::Seed => RequestBody::Register(register),
                };
                self.ask(Asked::Register, body, now);
            }
            Account::Ready(_) => {
                if is_due(self.pull_at, now, PULL_INTERVAL) {
                    let body = match self.profile {
                        Profile::Reliable => RequestBody::PullAfter(PullAfter {
                            acknowledged: self.pull.acknowledged,
                        }),
                        Profile::Seed => RequestBody::Pull,
                    };
                    self.ask(Asked::Pull, body, now);
                } else if is_due(self.list_at, now, LIST_INTERVAL) {
                    self.ask(Asked::List, RequestBody::ListClients, now);
                } else if let Some(wanted) = self.wanted_keys.pop_first() {
                    self.ask_public_key(wanted, now);
                } else {
                    self.send_next(now);
                }
            }
        }
    }

    fn ask_public_key(&mut self, wanted: ClientId, now: Timestamp) {
        let body = RequestBody::PublicKey(PublicKey { wanted });
        self.ask(Asked::PublicKey(wanted), body, now);
    }

    /// Transmits a request and awaits its answer.
    fn ask(&mut self, what: Asked, body: RequestBody, now: Timestamp) {
        let client = match &self.account {
            Account::Ready(identity) => identity.client,
            _ => ClientId::ZERO,
        };
        let request = Request {
            client,
            version: Version::V2,
            order: ByteOrder::Little,
            body,
        };
        let frame = request.to_bytes();
        let upload = u64::try_from(frame.len()).unwrap_or(u64::MAX) / SLOWEST_UPLOAD;
        let deadline = now + ANSWER_TIMEOUT + Duration::from_secs(upload);
        self.in_flight = Some(InFlight { what, deadline });
        self.effect(Effect::Transmit(frame));
    }

    fn make_keys(&mut self, name: UserName) {
        let spare = match core::mem::replace(&mut self.account, Account::None { spare: None }) {
            Account::None { spare } => spare,
            _ => None,
        };
        let private_key = match spare.map_or_else(|| PrivateKey::generate(&mut self.rng), Ok) {
            Ok(key) => key,
            Err(_) => {
                self.fail(Failure::KeyGeneration);
                self.tell_status();
                return;
            }
        };
        self.begin_registration(name, private_key);
    }

    /// Persists the keys before the server hears of them.
    fn begin_registration(&mut self, name: UserName, private_key: PrivateKey) {
        match private_key.to_pkcs8_der() {
            Ok(der) => {
                let stored = StoredPending {
                    name: name.clone(),
                    private_key: der.to_vec(),
                };
                self.put(record::PENDING.to_vec(), &stored);
                self.account = Account::Registering(Pending { name, private_key });
            }
            Err(_) => self.fail(Failure::KeyGeneration),
        }
        self.tell_status();
    }

    // What the methods of all parts share.

    fn effect(&mut self, effect: Effect) {
        self.step.effects.push(effect);
    }

    fn tell(&mut self, event: Event) {
        self.effect(Effect::Event(event));
    }

    fn fail(&mut self, failure: Failure) {
        self.tell(Event::Failed(failure));
    }

    fn put(&mut self, key: Vec<u8>, value: &impl Serialize) {
        match record::encode(value) {
            Ok(bytes) => self.step.batch.put(key, bytes),
            Err(error) => self.step.error = Some(error),
        }
    }

    fn put_message(&mut self, with: ClientId, message: &Message) {
        self.put(record::message(with, message.seq), message);
    }

    fn tell_message(&mut self, with: ClientId, message: Message) {
        self.tell(Event::Messages {
            with,
            messages: vec![message],
        });
    }

    /// Writes a contact down, if there is anything worth it.
    fn put_contact(&mut self, client: ClientId) {
        if let Some(contact) = self.people.get(&client).filter(|it| it.is_worth_storing()) {
            match record::encode(contact) {
                Ok(bytes) => self.step.batch.put(record::contact(client), bytes),
                Err(error) => self.step.error = Some(error),
            }
        }
    }

    fn tell_person(&mut self, client: ClientId) {
        let sending = self.is_sending_key(client);
        if let Some(contact) = self.people.get(&client) {
            let person = contact.person(sending);
            self.tell(Event::Person(person));
        }
    }

    fn tell_people(&mut self) {
        let people = self
            .people
            .values()
            .map(|contact| contact.person(self.is_sending_key(contact.client)))
            .collect();
        self.tell(Event::People(people));
    }

    fn tell_status(&mut self) {
        let status = self.status();
        self.tell(Event::Status(status));
    }

    /// Where things stand; the driver knows about the passphrase.
    pub(crate) fn status(&self) -> Status {
        let connection = match self.link {
            Link::Offline { retry_at } => Connection::Offline {
                retry_at: (retry_at != Timestamp(u64::MAX)).then_some(retry_at),
            },
            Link::Connecting => Connection::Connecting,
            Link::Online => Connection::Online,
        };
        let phase = match &self.account {
            Account::None { .. } => Phase::Unregistered,
            Account::MakingKeys { name } => Phase::MakingKeys { name: name.clone() },
            Account::Registering(pending) => Phase::Registering {
                name: pending.name.clone(),
            },
            Account::Ready(identity) => Phase::Ready {
                name: identity.name.clone(),
                client: identity.client,
                fingerprint: identity
                    .private_key
                    .public()
                    .to_wire()
                    .map_or_else(|_| String::new(), |key| fingerprint(&key)),
            },
        };
        Status {
            phase,
            connection,
            passphrase: false,
            gateway: None,
            account: None,
        }
    }

    fn contact(&mut self, client: ClientId) -> &mut Contact {
        self.people
            .entry(client)
            .or_insert_with(|| Contact::new(client))
    }

    /// Whose id this is not: oneself, or nobody known.
    fn is_known(&self, client: ClientId) -> bool {
        self.people.contains_key(&client)
    }

    fn forget_message(&mut self, with: ClientId, seq: Seq) {
        self.step.batch.delete(record::message(with, seq));
        self.step.batch.delete(record::blob(with, seq));
        self.contact(with).forget_message(seq);
        self.tell(Event::Removed { with, seq });
        self.effect(Effect::Load(Load::Message {
            with,
            seq: None,
            then: Then::Preview,
        }));
    }
}

/// Range of the entries that [`Engine::restore`] needs: from (included) and to (excluded).
pub fn resident_range() -> (&'static [u8], &'static [u8]) {
    record::RESIDENT
}

/// Whether a moment has come. One that lies further ahead than it ever could means that the clock
/// was set back: it has come too.
fn is_due(at: Timestamp, now: Timestamp, ahead_max: Duration) -> bool {
    at <= now || at - now > ahead_max
}
