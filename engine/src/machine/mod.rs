//! The engine: what happens on each input, without I/O, clock or global randomness.
//!
//! [`Engine::handle`] takes one [`Input`] and gives [`Effect`]s, to be executed in order. All that
//! a step changes on disk is one atomic batch, and it comes first: nothing is transmitted,
//! acknowledged or shown that would not survive a crash right after.
//!
//! The engine owns the connection ([`link`]), on which parts speak that know nothing of it: the
//! [`classic`] client (versions 1 and 2), the [`account`] (version 3), and on the account's session
//! the [`conversation`]s. A user without an
//! account is a classic client. To a user with one, the classic client is the bridge: it runs with
//! the bridge's identity while the account's session is open.

mod account;
mod classic;
pub(crate) mod conversation;
mod link;
mod step;

use core::time::Duration;

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_shared::sotto::Part;

use crate::api::{Command, Event, Failure, Passphrase, Status};
use crate::record;
use crate::store::{Batch, Entry, StoreError};
use crate::time::Timestamp;

use account::{Accounts, Mailbox};
use classic::Classic;
use conversation::{Context, Conversations};
use link::Link;
use step::Step;

pub use classic::{LIST_INTERVAL, Load, Loaded, PULL_INTERVAL, Then};
pub use conversation::{TimelineLoad, TimelineLoaded};
pub use link::{RESTART_MAX, RETRY_FIRST, RETRY_MAX};

/// How long an answer may take, beside the time that sending its request takes; counted anew
/// whenever something arrives.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Slowest upload that is waited for, in bytes per second.
pub const SLOWEST_UPLOAD: u64 = 32 * 1024;

/// Which requests a server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A Sotto gateway: version 3, and the reliable classic requests (610, 613, 614).
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
    /// As [`Effect::Persist`], and changes the key slot of the store in the same step.
    PersistWithSlot(Batch, SlotChange),
    /// Erase the whole store, and begin as on a new one. Nothing behind it is executed.
    Erase,
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

/// How the key slot of the store changes: with an account, its password opens the store.
#[derive(Debug, Clone, PartialEq)]
pub enum SlotChange {
    /// Makes a slot under these words, or an open one, and keeps it aside.
    Prepare(Option<Passphrase>),
    /// Puts the slot that was kept aside in place, if there is one.
    UsePrepared,
    /// Puts a slot under these words in place, or an open one.
    Set(Option<Passphrase>),
    /// Puts a slot under these words in place, unless the slot is open: that one stays open.
    Rewrap(Passphrase),
}

/// One user's client.
pub struct Engine {
    link: Link,
    account: Accounts,
    conversation: Conversations,
    classic: Classic,
    step: Step,
}

impl Engine {
    /// An engine over what a store holds: `entries` are all those in [`resident_range`].
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn restore(
        profile: Profile,
        mut rng: ChaCha20Rng,
        entries: Vec<Entry>,
    ) -> Result<Self, StoreError> {
        let mut engine = Self {
            link: Link::new(profile, child(&mut rng)),
            account: Accounts::new(profile, child(&mut rng)),
            conversation: Conversations::new(child(&mut rng)),
            classic: Classic::new(profile, rng),
            step: Step::default(),
        };
        for (key, value) in entries {
            engine.account.restore(&key, &value)?;
            engine.conversation.restore(&key, &value)?;
            engine.classic.restore(&key, &value)?;
        }
        engine.conversation.restored()?;
        Ok(engine)
    }

    /// Takes one input and tells what to do. `now` never needs to be right, only sensible.
    ///
    /// # Errors
    /// [`StoreError`] if state could not be written down as a record; the engine must be restored
    /// from its store then, as after a batch that could not be applied.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Result<Vec<Effect>, StoreError> {
        match input {
            Input::Start => {
                self.connect();
                self.classic.tell_people();
                self.account.tell_all();
                self.conversation.tell_all();
            }
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
        match loaded {
            Loaded::Timeline(loaded) => {
                let accounts = &self.account;
                self.conversation.loaded(loaded, Context { accounts, now });
            }
            other => self.classic.loaded(other, now),
        }
        self.finish_step(now)
    }

    /// When [`Input::Tick`] is due, if nothing else comes before.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        [
            self.link.next_timeout(),
            self.account.next_timeout(),
            self.conversation.next_timeout(),
            self.classic.next_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Makes new direct chats and groups of this suite.
    #[cfg(test)]
    pub(crate) fn use_suite(&mut self, suite: crate::mls::Suite) {
        self.conversation.suite = suite;
    }

    /// Begins after the store has failed: connects only after a pause.
    pub(crate) fn pause(&mut self, now: Timestamp) -> Vec<Effect> {
        self.link.pause(now);
        self.classic.tell_people();
        self.account.tell_all();
        self.conversation.tell_all();
        self.step.status = true;
        self.take_effects()
    }

    /// Where things stand; the driver knows about the passphrase.
    pub(crate) fn status(&self) -> Status {
        Status {
            phase: self.account.phase().unwrap_or_else(|| self.classic.phase()),
            connection: self.link.shown(),
            passphrase: false,
            gateway: self.account.gateway(),
            account: self.account.status(self.classic.identity()),
        }
    }

    fn command(&mut self, command: Command, now: Timestamp) {
        match command {
            Command::Attach => {
                self.step.status = true;
                self.classic.tell_people();
                self.account.tell_all();
                self.conversation.tell_all();
            }
            Command::Conversation(command) => {
                let accounts = &self.account;
                self.conversation
                    .command(command, Context { accounts, now });
            }
            Command::Account(command) => {
                let phase = self.classic.phase();
                let identity = self.classic.identity();
                self.account.command(command, identity, &phase, now);
            }
            Command::Register { .. } | Command::Import { .. } if self.account.phase().is_some() => {
                self.step.tell(Event::Failed(Failure::WrongPhase));
            }
            other => self.classic.command(other, now),
        }
    }

    fn connect(&mut self) {
        self.link.connecting();
        self.step.effects.push(Effect::Connect);
        self.step.status = true;
    }

    fn connected(&mut self, now: Timestamp) {
        self.link.connected();
        self.account.connected(self.classic.has_owner(), now);
        self.step.status = true;
    }

    fn disconnected(&mut self, now: Timestamp) {
        self.classic.sleep();
        self.account.disconnected();
        self.conversation.disconnected();
        let wanted = self.wants_connection();
        self.link.disconnected(wanted, now);
        self.step.status = true;
    }

    /// The connection is of no use any more.
    fn give_up_connection(&mut self, now: Timestamp) {
        self.step.effects.push(Effect::Disconnect);
        self.disconnected(now);
    }

    /// Whether there is any use for a connection. A user who is nobody yet needs one only to hear
    /// what the gateway says of itself; one with an account needs none when the session is over.
    fn wants_connection(&self) -> bool {
        let is_classic = self.classic.has_owner() && !self.account.is_somebody();
        is_classic || self.account.wants_connection()
    }

    fn received(&mut self, bytes: &[u8], now: Timestamp) {
        if !self.link.is_online() {
            return;
        }
        self.classic.put_off_deadline(now);
        self.account.heard(now);
        if let Some(Part::Classic(bytes)) = self.link.push(bytes) {
            self.classic.received(&bytes, now);
        }
        while !self.is_broken() {
            match self.link.next_part() {
                Ok(Some(Part::Classic(bytes))) => self.classic.received(&bytes, now),
                Ok(Some(Part::Sotto(frame))) => self.account.received(frame, now),
                Ok(None) => break,
                Err(()) => self.step.broken = true,
            }
        }
        if let Some((reconnect_in, spread)) = self.account.take_restart() {
            self.link.restarting(reconnect_in, spread);
        }
        if self.classic.step.answered || self.account.step.answered {
            self.link.answered();
        }
    }

    fn is_broken(&self) -> bool {
        let parts = [
            &self.step,
            &self.account.step,
            &self.conversation.step,
            &self.classic.step,
        ];
        parts.into_iter().any(|step| step.broken)
    }

    fn tick(&mut self, now: Timestamp) {
        self.account.tick(now);
        self.classic.tick(now);
        if self.link.is_due(now) {
            self.connect();
        }
    }

    /// Sends what is due, and gives what the step brought about: first what is to be persisted.
    fn finish_step(&mut self, now: Timestamp) -> Result<Vec<Effect>, StoreError> {
        let inbound = self.account.take_inbound();
        let accounts = &self.account;
        self.conversation.take(inbound, Context { accounts, now });
        self.conversation.tick(Context { accounts, now });
        if self.link.is_online() && !self.is_broken() {
            self.conversation.schedule(Context { accounts, now });
        }
        self.drop_connection(now);
        if self.link.is_idle() && self.wants_connection() {
            self.connect();
        }
        if self.link.is_online() {
            self.account.schedule(now);
        }
        self.lead_conversations(now);
        self.lead_classic(now);
        let parts = [
            &mut self.step,
            &mut self.account.step,
            &mut self.conversation.step,
            &mut self.classic.step,
        ];
        if let Some(error) = parts.into_iter().find_map(|step| step.error.take()) {
            return Err(error);
        }
        Ok(self.take_effects())
    }

    /// Drops a connection that is of no use any more, or makes a new one for a flow.
    fn drop_connection(&mut self, now: Timestamp) {
        if self.is_broken() && self.link.is_online() {
            return self.give_up_connection(now);
        }
        if !self.account.step.reconnect || self.link.is_connecting() {
            return;
        }
        if self.link.is_online() {
            self.step.effects.push(Effect::Disconnect);
            self.step.status = true;
            self.classic.sleep();
            self.account.cut();
            self.conversation.disconnected();
            self.link.again(now);
        } else {
            self.connect();
        }
    }

    /// Asks what conversations want to know, on the account's session.
    fn lead_conversations(&mut self, now: Timestamp) {
        let (requests, strangers) = self.conversation.take_requests();
        if self.link.is_online() {
            for (asked, request) in requests {
                self.account.ask_for(asked, &request, now);
            }
            if self.account.is_open() && !strangers.is_empty() {
                let strangers: Vec<_> = strangers.into_iter().collect();
                self.account.learn(&strangers, now);
            }
        }
        self.conversation.finish();
    }

    /// Tells the classic client what the account knows, and lets it speak when it may.
    fn lead_classic(&mut self, now: Timestamp) {
        match self.account.take_mailbox() {
            Some(Mailbox::Adopt(identity)) => self.classic.adopt(*identity),
            Some(Mailbox::Abandon(client)) => self.classic.abandon(client),
            None => {}
        }
        if let Some(mailboxes) = self.account.take_mailboxes() {
            self.classic.certify(mailboxes);
        }
        let client = self.classic.identity().map(|identity| identity.client);
        self.classic.mute(!self.account.owns_classic(client));
        match self.link.is_online() && self.account.lets_classic_speak(client) {
            true => self.classic.wake(now),
            false => self.classic.sleep(),
        }
        self.classic.schedule(now);
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        let mut batch = Batch::default();
        let mut effects = Vec::new();
        let mut tells_status = false;
        let mut slot = None;
        for step in [
            &mut self.step,
            &mut self.account.step,
            &mut self.conversation.step,
            &mut self.classic.step,
        ] {
            let step = core::mem::take(step);
            batch.ops.extend(step.batch.ops);
            effects.push(step.effects);
            tells_status |= step.status;
            slot = slot.or(step.slot);
        }
        let status = tells_status.then(|| Effect::Event(Event::Status(self.status())));
        let persist = match slot {
            Some(slot) => Some(Effect::PersistWithSlot(batch, slot)),
            None => (!batch.is_empty()).then_some(Effect::Persist(batch)),
        };
        let mut effects = effects.into_iter();
        let own = effects.next().unwrap_or_default();
        persist
            .into_iter()
            .chain(own)
            .chain(status)
            .chain(effects.flatten())
            .collect()
    }
}

/// Range of the entries that [`Engine::restore`] needs: from (included) and to (excluded).
pub fn resident_range() -> (&'static [u8], &'static [u8]) {
    record::RESIDENT
}

/// Whether a moment has come. One that lies further ahead than it ever could means that the clock
/// was set back: it has come too.
pub(crate) fn is_due(at: Timestamp, now: Timestamp, ahead_max: Duration) -> bool {
    at <= now || at - now > ahead_max
}

/// An independent generator.
fn child(rng: &mut ChaCha20Rng) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}
