//! Conversations of version 3: direct chats, groups and the lobby.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`stored`] | what is kept |
//! | [`session`] | what is done on every connection: key packages, the list of groups |
//! | [`mailbox`] | what the gateway delivers, in order, once |
//! | [`incoming`] | messages, commits and welcomes of a conversation |
//! | [`content`] | what messages say |
//! | [`opening`] | making and joining conversations |
//! | [`devices`] | the devices of members, as the gateway tells them |
//! | [`plan`] | which commit a group needs |
//! | [`committing`] | own commits, and what became of them |
//! | [`sending`] | one thing after the other, of each conversation |
//! | [`answers`] | what the gateway answered |
//! | [`commands`] | what the user wants |
//! | [`loads`] | what is read from the store |
//! | [`receipts`] | what was delivered and read, told to others and to own devices |
//! | [`telling`] | what faces hear |
//!
//! Of each conversation at most one request is under way. What was transmitted is on disk with the
//! state of MLS that it left behind, so a lost answer means that the same bytes go again, under the
//! same id.

mod answers;
mod commands;
mod committing;
mod content;
mod devices;
mod incoming;
mod loads;
mod mailbox;
mod opening;
mod plan;
mod receipts;
mod sending;
mod session;
pub(crate) mod stored;
mod telling;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha20Rng;
use sotto_shared::account::{AccountPublicKey, DeviceCertificate};
use sotto_shared::sotto::group::{Delivery, Ephemeral, Epoch, SuiteId};
use sotto_shared::sotto::{Request, Response};
use sotto_shared::{AccountId, ClientId, GroupId, SendId};

use super::account::Accounts;
use super::step::Step;
use super::{child, is_due};
use crate::api::{ConversationEvent, ConversationFailure, Event, Failure, Seq};
use crate::mls::{Device, KeyPackage, KnownAccounts, Mls, Suite};
use crate::record;
use crate::store::{Entry, StoreError};
use crate::time::Timestamp;
pub use loads::{TimelineLoad, TimelineLoaded};

use crate::timeline::Timelines;
use devices::Directory;
use stored::{Outgoing, StoredConversation, StoredDelivery, StoredMailbox};

/// How long a conversation waits before it tries again what did not go.
const RETRY: Duration = Duration::from_secs(5);
/// Longest such pause.
const RETRY_LONG: Duration = Duration::from_secs(60);

/// What a request of conversations was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    CountPackages(SuiteId),
    Publish(SuiteId),
    Groups,
    Devices(Vec<AccountId>),
    Acknowledge,
    Create(GroupId),
    Info(GroupId),
    Claim(GroupId, Vec<Device>),
    Commit(GroupId, SendId),
    Send(GroupId, u64),
    Ephemeral,
}

/// What arrived for conversations.
pub(super) enum Inbound {
    Answer(Box<Asked>, Box<Response>),
    Delivered(Vec<Delivery>),
    Ephemeral(Box<Ephemeral>),
    /// Devices of this account were added or revoked.
    DevicesOfChanged(AccountId),
}

/// The account, and the time.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) accounts: &'a Accounts,
    pub(super) now: Timestamp,
}

impl KnownAccounts for Context<'_> {
    fn account_key(&self, account: AccountId) -> Option<AccountPublicKey> {
        self.accounts.pinned_key(account)
    }
}

impl Context<'_> {
    /// Whether nothing goes to this device: its account's key has changed, or is another one.
    fn is_blocked(&self, certificate: &DeviceCertificate) -> bool {
        let account = certificate.account;
        let pinned = self.accounts.pinned_key(account);
        self.accounts.has_changed_key(account)
            || pinned.is_some_and(|pinned| pinned != certificate.account_key)
    }
}

/// Where and when something happened.
#[derive(Clone, Copy)]
struct At {
    seq: Seq,
    /// By the gateway's clock, in milliseconds since 1970.
    time: u64,
    /// By the clock here.
    now: Timestamp,
}

/// All conversations of this device.
pub(super) struct Conversations {
    rng: ChaCha20Rng,
    /// Of new direct chats and groups.
    pub(super) suite: Suite,
    /// This device, once somebody is signed in.
    own: Option<Device>,
    mls: Option<Mls>,
    /// What was stored of MLS, until there is a device to use it.
    mls_records: Vec<Entry>,
    mailbox: StoredMailbox,
    all: BTreeMap<GroupId, Conversation>,
    timelines: Timelines,
    timeline_records: Vec<Entry>,
    directory: Directory,
    /// Groups whose welcome should be on its way, and since when.
    expected: BTreeMap<GroupId, Timestamp>,
    /// Whether the session stands.
    is_open: bool,
    /// Whether entries were taken in that the gateway still keeps.
    acknowledges: bool,
    requests: Vec<(Asked, Request)>,
    /// Members of whom nothing is known.
    strangers: BTreeSet<AccountId>,
    /// Conversations that have changed in this step.
    dirty: BTreeSet<GroupId>,
    mailbox_dirty: bool,
    pub(super) step: Step,
}

/// A conversation.
struct Conversation {
    stored: StoredConversation,
    outbox: BTreeMap<u64, Outgoing>,
    /// What came before its epoch, in order.
    waiting: BTreeMap<u64, StoredDelivery>,
    live: Live,
}

/// What is not kept of a conversation.
#[derive(Default)]
struct Live {
    /// Whether an answer is awaited.
    is_asked: bool,
    /// Nothing is tried before.
    hold: Option<Timestamp>,
    /// What did not go, one after the other.
    failures: u32,
    /// The gateway is ahead of this epoch.
    stale: Option<Epoch>,
    /// Key packages for the next commit.
    packages: Vec<KeyPackage>,
    /// Devices that cannot be added now.
    unreachable: BTreeMap<ClientId, Timestamp>,
    /// When it is this device's turn to let others go, or to repeat the profile.
    let_go_at: Option<Timestamp>,
    relay_at: Option<Timestamp>,
    /// When it is told what was delivered and read here.
    receipt_at: Option<Timestamp>,
}

impl Conversation {
    fn new(stored: StoredConversation) -> Self {
        Self {
            stored,
            outbox: BTreeMap::new(),
            waiting: BTreeMap::new(),
            live: Live::default(),
        }
    }

    /// Tries again after a pause, which grows.
    fn hold(&mut self, now: Timestamp) {
        self.live.failures = self.live.failures.saturating_add(1);
        let pause = RETRY.saturating_mul(self.live.failures).min(RETRY_LONG);
        self.live.hold = Some(now + pause);
    }
}

impl Conversations {
    /// Nobody's: see [`restore`](Self::restore).
    pub(super) fn new(rng: ChaCha20Rng) -> Self {
        Self {
            rng,
            suite: Suite::PostQuantum,
            own: None,
            mls: None,
            mls_records: Vec::new(),
            mailbox: StoredMailbox::default(),
            all: BTreeMap::new(),
            timelines: Timelines::default(),
            timeline_records: Vec::new(),
            directory: Directory::default(),
            expected: BTreeMap::new(),
            is_open: false,
            acknowledges: false,
            requests: Vec::new(),
            strangers: BTreeSet::new(),
            dirty: BTreeSet::new(),
            mailbox_dirty: false,
            step: Step::default(),
        }
    }

    /// Takes over a record of the store, if it is one of its own. The records of a conversation
    /// come before those of what belongs to it.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub(super) fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match key {
            record::MAILBOX => self.mailbox = record::decode(value)?,
            [b'd', ..] => {
                let stored: StoredConversation = record::decode(value)?;
                self.all.insert(stored.id, Conversation::new(stored));
            }
            [b'e', rest @ ..] => {
                let (id, number) = numbered(rest)?;
                if let Some(conversation) = self.all.get_mut(&id) {
                    conversation.waiting.insert(number, record::decode(value)?);
                }
            }
            [b'h', rest @ ..] => {
                let (id, number) = numbered(rest)?;
                if let Some(conversation) = self.all.get_mut(&id) {
                    conversation.outbox.insert(number, record::decode(value)?);
                }
            }
            [b'g', ..] => self.mls_records.push((key.to_vec(), value.to_vec())),
            [b'f' | b'i' | b'j', ..] => {
                self.timeline_records.push((key.to_vec(), value.to_vec()));
            }
            _ => {}
        }
        Ok(())
    }

    /// All records were given.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub(super) fn restored(&mut self) -> Result<(), StoreError> {
        let records = core::mem::take(&mut self.timeline_records);
        self.timelines = Timelines::restore(&records)?;
        Ok(())
    }

    /// Takes over whose device this is, once that is known.
    fn take_device(&mut self, context: Context<'_>) {
        let (Some(stored), None) = (context.accounts.stored(), &self.mls) else {
            return;
        };
        let certificate = stored.certificate.clone();
        self.own = Some(Device::from(&certificate));
        let mut mls = Mls::new(&stored.device_key, certificate, child(&mut self.rng));
        for (key, value) in self.mls_records.drain(..) {
            mls.restore(key, value);
        }
        self.mls = Some(mls);
        self.tell_all();
    }

    /// Takes in what arrived.
    pub(super) fn take(&mut self, inbound: Vec<Inbound>, context: Context<'_>) {
        self.take_device(context);
        for inbound in inbound {
            if self.step.broken {
                return;
            }
            match inbound {
                Inbound::Answer(asked, response) => self.answered(*asked, *response, context),
                Inbound::Delivered(entries) => self.delivered(&entries, context),
                Inbound::Ephemeral(message) => self.ephemeral(&message, context),
                Inbound::DevicesOfChanged(account) => self.directory.forget(account),
            }
        }
    }

    /// Asks for what is due, now that there is a connection; without a session for nothing.
    pub(super) fn schedule(&mut self, context: Context<'_>) {
        let is_open = context.accounts.is_open() && self.mls.is_some();
        if is_open && !self.is_open {
            self.opened();
        }
        self.is_open = is_open;
        if !is_open {
            self.requests.clear();
            return;
        }
        self.acknowledge();
        self.expect(context.now);
        let ids: Vec<GroupId> = self.all.keys().copied().collect();
        for id in ids {
            self.advance(id, context);
        }
        self.ask_devices();
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.is_open = false;
        self.requests.clear();
        self.directory = Directory::default();
        for conversation in self.all.values_mut() {
            let live = &mut conversation.live;
            live.is_asked = false;
            live.hold = None;
            live.stale = None;
            live.packages.clear();
            live.unreachable.clear();
        }
    }

    /// What is to be asked, and who is to be learnt of.
    pub(super) fn take_requests(&mut self) -> (Vec<(Asked, Request)>, BTreeSet<AccountId>) {
        (
            core::mem::take(&mut self.requests),
            core::mem::take(&mut self.strangers),
        )
    }

    /// When [`schedule`](Self::schedule) has something to do by time.
    pub(super) fn next_timeout(&self) -> Option<Timestamp> {
        let timelines = match self.mls {
            Some(_) => self.timelines.next_timeout(),
            None => None,
        };
        if !self.is_open {
            return timelines;
        }
        let of = |conversation: &Conversation| {
            let live = &conversation.live;
            let mut times = [live.hold, live.let_go_at, live.relay_at, live.receipt_at];
            if live.is_asked {
                times = [None; 4];
            }
            times.into_iter().flatten().min()
        };
        let expected = self
            .expected
            .values()
            .map(|since| *since + session::PATIENCE);
        let all = self.all.values().filter_map(of);
        all.chain(expected).chain(timelines).min()
    }

    /// Writes down and tells what has changed.
    pub(super) fn finish(&mut self) {
        for id in core::mem::take(&mut self.dirty) {
            self.put_conversation(id);
        }
        if core::mem::take(&mut self.mailbox_dirty) {
            self.step.put(record::MAILBOX.to_vec(), &self.mailbox);
        }
        if let Some(mls) = &mut self.mls {
            mls.take_changes(&mut self.step.batch);
        }
    }

    fn put_conversation(&mut self, id: GroupId) {
        let Some(conversation) = self.all.get(&id) else {
            return;
        };
        self.step
            .put(record::conversation(id), &conversation.stored);
        if let Some(shown) = self.shown(id) {
            self.tell(ConversationEvent::Changed(Box::new(shown)));
        }
    }

    fn put_outgoing(&mut self, id: GroupId, number: u64) {
        let outgoing = self.all.get(&id).and_then(|it| it.outbox.get(&number));
        if let Some(outgoing) = outgoing {
            self.step.put(record::outgoing(id, number), outgoing);
        }
    }

    fn change(&mut self, id: GroupId, change: impl FnOnce(&mut Conversation)) {
        if let Some(conversation) = self.all.get_mut(&id) {
            change(conversation);
            self.dirty.insert(id);
        }
    }

    fn ask(&mut self, asked: Asked, request: Request) {
        self.requests.push((asked, request));
    }

    /// Asks for something of one conversation.
    fn ask_of(&mut self, id: GroupId, asked: Asked, request: Request) {
        if let Some(conversation) = self.all.get_mut(&id) {
            conversation.live.is_asked = true;
            conversation.live.hold = None;
        }
        self.ask(asked, request);
    }

    fn own_account(&self) -> AccountId {
        self.own.map_or(AccountId::ZERO, |own| own.account)
    }

    fn tell(&mut self, event: ConversationEvent) {
        self.step.tell(Event::Conversation(event));
    }

    fn fail(&mut self, failure: ConversationFailure) {
        self.step
            .tell(Event::Failed(Failure::Conversation(failure)));
    }

    /// The connection is of no use any more.
    fn give_up_connection(&mut self) {
        self.step.broken = true;
    }
}

/// Whether a pause is over.
fn is_over(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_none_or(|at| is_due(at, now, RETRY_LONG * 2))
}

/// The key of something numbered that belongs to a conversation.
fn numbered(rest: &[u8]) -> Result<(GroupId, u64), StoreError> {
    let broken = || StoreError::Unreadable("its conversations are damaged".to_owned());
    let (id, number) = rest.split_first_chunk::<16>().ok_or_else(broken)?;
    let number: [u8; 8] = number.try_into().map_err(|_| broken())?;
    Ok((GroupId::from_bytes(*id), u64::from_be_bytes(number)))
}
