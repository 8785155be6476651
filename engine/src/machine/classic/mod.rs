//! The classic client (versions 1 and 2): strictly one request, one response. It knows no
//! connection; [`schedule`](Classic::schedule) decides which request is next.

mod answers;
mod bridge;
mod commands;
mod incoming;
mod loads;
mod outbox;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use sotto_shared::account::AccountName;
use sotto_shared::classic::request::{PublicKey, PullAfter, Register, Request, RequestBody};
use sotto_shared::classic::{ResponseDecoder, Version};
use sotto_shared::crypto::PrivateKey;
use sotto_shared::wire::ByteOrder;
use sotto_shared::{AccountId, ClientId, MessageId, UserName};

use super::step::Step;
use super::{ANSWER_TIMEOUT, SLOWEST_UPLOAD};
use super::{Effect, Profile, is_due};
use crate::api::{Event, Failure, Message, Phase, Preview, Seq};
use crate::contact::Contact;
use crate::identity::{Identity, StoredIdentity, fingerprint};
use crate::record;
use crate::store::StoreError;
use crate::time::Timestamp;

pub use loads::{Load, Loaded, Then};
use outbox::OutboxItem;

/// How often waiting messages are asked for while connected.
pub const PULL_INTERVAL: Duration = Duration::from_secs(2);
/// How often the client list is asked for while connected.
pub const LIST_INTERVAL: Duration = Duration::from_secs(15);
/// Delivered messages that are remembered, so that a repeated delivery shows nothing twice.
const SEEN_MAX: usize = 512;

/// One user's classic client.
pub(super) struct Classic {
    profile: Profile,
    rng: ChaCha20Rng,
    owner: Owner,
    people: BTreeMap<ClientId, Contact>,
    outbox: BTreeMap<u64, OutboxItem>,
    pull: PullState,
    /// Whether requests may be sent: there is a connection, and it may be used.
    awake: bool,
    decoder: ResponseDecoder,
    in_flight: Option<InFlight>,
    pull_at: Timestamp,
    list_at: Timestamp,
    /// Public keys that were asked for without anything to send.
    wanted_keys: BTreeSet<ClientId>,
    /// News of people whose name the next client list will show.
    deferred_news: Vec<(ClientId, Preview)>,
    /// Whether the user was told that the server does not know them.
    told_unknown: bool,
    /// Mailboxes that are proven to be an account's.
    certified: BTreeMap<ClientId, Certified>,
    /// See [`Mailboxes::lost`].
    lost: BTreeSet<ClientId>,
    /// See [`Mailboxes::names`].
    account_names: BTreeSet<String>,
    /// Whether this is not the mailbox of the account that is signed in here: nothing is sent.
    muted: bool,
    pub(super) step: Step,
}

/// What is known of the mailboxes of people with accounts.
#[derive(Default)]
pub(super) struct Mailboxes {
    pub(super) certified: BTreeMap<ClientId, Certified>,
    /// What only the account's key before the present one has certified: nothing goes there.
    pub(super) lost: BTreeSet<ClientId>,
    /// Names of accounts that were not told of before. A classic client that calls itself so has to
    /// be certified.
    pub(super) names: Vec<AccountName>,
}

/// What is proven about somebody's classic mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Certified {
    /// Whose it is.
    pub(super) account: AccountId,
    /// SHA-256 of its public key.
    pub(super) key_digest: [u8; 32],
    /// Whether nothing goes there: the account's key has changed.
    pub(super) blocked: bool,
}

/// Whose client this is.
enum Owner {
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

impl Classic {
    /// A client that has nothing yet: see [`restore`](Self::restore).
    pub(super) fn new(profile: Profile, rng: ChaCha20Rng) -> Self {
        Self {
            profile,
            rng,
            owner: Owner::None { spare: None },
            people: BTreeMap::new(),
            outbox: BTreeMap::new(),
            pull: PullState::default(),
            awake: false,
            decoder: ResponseDecoder::default(),
            in_flight: None,
            pull_at: Timestamp(0),
            list_at: Timestamp(0),
            wanted_keys: BTreeSet::new(),
            deferred_news: Vec::new(),
            told_unknown: false,
            certified: BTreeMap::new(),
            lost: BTreeSet::new(),
            account_names: BTreeSet::new(),
            muted: false,
            step: Step::default(),
        }
    }

    /// Takes over a record of the store, if it is one of its own.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub(super) fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match key {
            record::IDENTITY => {
                let stored: StoredIdentity = record::decode(value)?;
                let broken = |_| StoreError::Unreadable("its identity is damaged".to_owned());
                self.owner = Owner::Ready(stored.open().map_err(broken)?);
            }
            record::PENDING => {
                let stored: StoredPending = record::decode(value)?;
                let broken = |_| StoreError::Unreadable("its private key is damaged".to_owned());
                let private_key =
                    PrivateKey::from_pkcs8_der(&stored.private_key).map_err(broken)?;
                self.owner = Owner::Registering(Pending {
                    name: stored.name,
                    private_key,
                });
            }
            record::PULL => self.pull = record::decode(value)?,
            [b'c', ..] => {
                let contact: Contact = record::decode(value)?;
                self.people.insert(contact.client, contact);
            }
            [b'o', number @ ..] => {
                let number: [u8; 8] = number
                    .try_into()
                    .map_err(|_| StoreError::Unreadable("its outbox is damaged".to_owned()))?;
                self.outbox
                    .insert(u64::from_be_bytes(number), record::decode(value)?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether somebody is registered here, or is about to be.
    pub(super) fn has_owner(&self) -> bool {
        !matches!(self.owner, Owner::None { .. })
    }

    /// When [`tick`](Self::tick) is due.
    pub(super) fn next_timeout(&self) -> Option<Timestamp> {
        match (&self.owner, self.in_flight) {
            (Owner::MakingKeys { .. }, _) => Some(Timestamp(0)),
            (_, Some(in_flight)) => Some(in_flight.deadline),
            (Owner::Ready(_), None) if self.awake => Some(self.pull_at.min(self.list_at)),
            _ => None,
        }
    }

    /// There is a connection that may be used.
    pub(super) fn wake(&mut self, now: Timestamp) {
        if self.awake {
            return;
        }
        self.awake = true;
        self.decoder = ResponseDecoder::new(ByteOrder::Little);
        self.in_flight = None;
        self.pull_at = now;
        self.list_at = now;
        self.told_unknown = false;
    }

    /// The connection is gone, or must not be used any more.
    pub(super) fn sleep(&mut self) {
        self.awake = false;
        if let Some(InFlight {
            what: Asked::Send(number),
            ..
        }) = self.in_flight.take()
        {
            self.send_interrupted(number);
        }
    }

    /// Something arrived, whoever it is for: an answer that arrives slowly is awaited as long as
    /// it goes on arriving.
    pub(super) fn put_off_deadline(&mut self, now: Timestamp) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.deadline = in_flight.deadline.max(now + ANSWER_TIMEOUT);
        }
    }

    /// Takes bytes of classic answers, cut anywhere.
    pub(super) fn received(&mut self, bytes: &[u8], now: Timestamp) {
        self.decoder.push(bytes);
        while !self.step.broken {
            match self.decoder.next_response() {
                Ok(Some(response)) => self.answer(response, now),
                Ok(None) => break,
                Err(_) => self.give_up_connection(),
            }
        }
    }

    /// The connection is of no use any more.
    fn give_up_connection(&mut self) {
        self.step.broken = true;
    }

    pub(super) fn tick(&mut self, now: Timestamp) {
        if let Owner::MakingKeys { name } = &self.owner {
            let name = name.clone();
            self.make_keys(name);
        }
        if self.in_flight.is_some_and(|it| it.deadline <= now) {
            self.give_up_connection();
        }
    }

    /// Sends the next request, if one is due and none awaits its answer.
    pub(super) fn schedule(&mut self, now: Timestamp) {
        if !self.awake || self.in_flight.is_some() {
            return;
        }
        match &self.owner {
            Owner::None { .. } | Owner::MakingKeys { .. } => {}
            Owner::Registering(pending) => {
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
            Owner::Ready(_) => {
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
        let client = match &self.owner {
            Owner::Ready(identity) => identity.client,
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
        let spare = match core::mem::replace(&mut self.owner, Owner::None { spare: None }) {
            Owner::None { spare } => spare,
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
                self.owner = Owner::Registering(Pending { name, private_key });
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
        self.step.put(key, value);
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
            self.step.put(record::contact(client), contact);
        }
    }

    fn tell_person(&mut self, client: ClientId) {
        let sending = self.is_sending_key(client);
        if let Some(contact) = self.people.get(&client) {
            let account = self.certified.get(&client).map(|it| it.account);
            let person = contact.person(sending, account);
            self.tell(Event::Person(person));
        }
    }

    pub(super) fn tell_people(&mut self) {
        let people = self
            .people
            .values()
            .map(|contact| {
                let account = self.certified.get(&contact.client).map(|it| it.account);
                contact.person(self.is_sending_key(contact.client), account)
            })
            .collect();
        self.tell(Event::People(people));
    }

    fn tell_status(&mut self) {
        self.step.status = true;
    }

    /// Where the client stands.
    pub(super) fn phase(&self) -> Phase {
        match &self.owner {
            Owner::None { .. } => Phase::Unregistered,
            Owner::MakingKeys { name } => Phase::MakingKeys { name: name.clone() },
            Owner::Registering(pending) => Phase::Registering {
                name: pending.name.clone(),
            },
            Owner::Ready(identity) => Phase::Ready {
                name: identity.name.clone(),
                client: identity.client,
                fingerprint: identity
                    .private_key
                    .public()
                    .to_wire()
                    .map_or_else(|_| String::new(), |key| fingerprint(&key)),
            },
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
