//! The account (version 3): its session on the connection, what the user wants of it, and what is
//! known of other people.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`session`] | from hello to authentication, pushes, and how a session ends |
//! | [`flows`] | signing up and in, recovering, credentials: one at a time |
//! | [`recovery_code`] | the recovery code that waits to be written down |
//! | [`commands`] | what the user wants |
//! | [`contacts`] | other people, their pinned keys and classic mailboxes |
//! | [`devices`] | the own devices, and invitations |
//! | [`bridge`] | switching the classic mailbox on and off |
//! | [`others`] | what conversations ask of the account |

mod bridge;
mod commands;
mod contacts;
mod devices;
mod flows;
mod others;
mod recovery_code;
mod session;

use core::time::Duration;
use std::collections::VecDeque;

use rand_chacha::ChaCha20Rng;
use sotto_shared::account::{AccountName, DisplayName};
use sotto_shared::sotto::response::{Error, Hello};
use sotto_shared::sotto::{Push, Request, Response, ResponseFrame};
use sotto_shared::{AccountId, ClientId};

use super::classic::Mailboxes;
use super::conversation::{self, Inbound};
use super::step::Step;
use super::{ANSWER_TIMEOUT, Effect, Profile, SLOWEST_UPLOAD};
use crate::account::refusal;
use crate::account::stored::{StoredAccount, StoredCode, StoredContact};
use crate::api::{
    AccountEvent, AccountFailure, AccountStatus, BridgeStatus, Deed, GatewayInfo, Phase,
    SessionState, SignInStep,
};
use crate::identity::{Identity, fingerprint};
use crate::record;
use crate::store::StoreError;
use crate::time::Timestamp;

use bridge::Bridging;
pub(super) use bridge::Mailbox;
use contacts::Contacts;
use devices::Devices;
use flows::{Pending, Run};

/// One user's account, and the dialect in which it is spoken of.
pub(super) struct Accounts {
    profile: Profile,
    rng: ChaCha20Rng,
    /// What the gateway said of itself last.
    gateway: Option<GatewayInfo>,
    /// Whether a gateway was ever asked what it is.
    has_asked: bool,
    wire: Wire,
    stored: Option<Box<StoredAccount>>,
    /// A device of which it is not known whether the gateway has it.
    pending: Option<Pending>,
    /// A recovery code that the gateway may have taken, and that is not the stored account's yet.
    new_code: Option<StoredCode>,
    session: SessionState,
    flow: Option<Run>,
    contacts: Contacts,
    devices: Devices,
    bridging: Option<Bridging>,
    /// What is to become of the classic client.
    mailbox: Option<Mailbox>,
    /// The gateway goes down, and when it wants to see us again.
    restart: Option<(Duration, Duration)>,
    /// What arrived for conversations.
    inbound: Vec<Inbound>,
    pub(super) step: Step,
}

/// What holds for one connection.
struct Wire {
    hello: Option<Box<Hello>>,
    /// The authenticated device, or zero.
    client: ClientId,
    in_flight: VecDeque<InFlight>,
    /// When something arrived last.
    heard_at: Timestamp,
}

impl Wire {
    fn new(now: Timestamp) -> Self {
        Self {
            hello: None,
            client: ClientId::ZERO,
            in_flight: VecDeque::new(),
            heard_at: now,
        }
    }
}

/// A request that awaits its answer.
struct InFlight {
    what: Asked,
    deadline: Timestamp,
}

enum Asked {
    Hello,
    Authenticate,
    Ping,
    Flow,
    Devices,
    /// The devices, to revoke all but this one.
    OtherDevices,
    Revoke,
    /// Revokes this device.
    SignOut,
    Rename,
    Profile {
        display_name: DisplayName,
        hides_presence: bool,
    },
    BridgeOn,
    BridgeOff,
    /// A page of the directory.
    Directory,
    /// People who are known already.
    Refresh(Vec<AccountId>),
    Find(AccountName),
    Invite,
    Invitations,
    CancelInvitation,
    /// Of conversations.
    Conversation(Box<conversation::Asked>),
}

impl Asked {
    /// What to tell the user when the connection breaks before the answer, if it was their wish.
    fn interrupted(&self) -> Option<AccountFailure> {
        match self {
            Self::Hello
            | Self::Authenticate
            | Self::Ping
            | Self::Flow
            | Self::Devices
            | Self::Directory
            | Self::Refresh(_)
            | Self::Conversation(_) => None,
            Self::OtherDevices | Self::Find(_) | Self::Invitations => Some(AccountFailure::Offline),
            Self::Revoke
            | Self::SignOut
            | Self::Rename
            | Self::Profile { .. }
            | Self::BridgeOn
            | Self::BridgeOff
            | Self::Invite
            | Self::CancelInvitation => Some(AccountFailure::Interrupted),
        }
    }
}

impl Accounts {
    /// Nobody: see [`restore`](Self::restore).
    pub(super) fn new(profile: Profile, rng: ChaCha20Rng) -> Self {
        Self {
            profile,
            rng,
            gateway: None,
            has_asked: false,
            wire: Wire::new(Timestamp(0)),
            stored: None,
            pending: None,
            new_code: None,
            session: SessionState::Closed,
            flow: None,
            contacts: Contacts::default(),
            devices: Devices::default(),
            bridging: None,
            mailbox: None,
            restart: None,
            inbound: Vec::new(),
            step: Step::default(),
        }
    }

    /// Takes over a record of the store, if it is one of its own.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub(super) fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match key {
            record::ACCOUNT => self.stored = Some(Box::new(record::decode(value)?)),
            record::ACCOUNT_PENDING => {
                self.pending = Some(Pending::restored(record::decode(value)?));
            }
            record::NEW_CODE => self.new_code = Some(record::decode(value)?),
            record::DEVICES => self.devices.restore(record::decode(value)?),
            record::BRIDGE_PENDING => self.bridging = Some(Bridging::restore(value)?),
            [b'n', ..] => {
                let contact: StoredContact = record::decode(value)?;
                self.contacts.restore(contact);
            }
            _ => {}
        }
        Ok(())
    }

    /// What the gateway says of itself.
    pub(super) fn gateway(&self) -> Option<GatewayInfo> {
        self.gateway
    }

    /// Whether somebody is signed in here, or it is not known yet whether they are.
    pub(super) fn is_somebody(&self) -> bool {
        self.stored.is_some() || self.pending.is_some()
    }

    /// Whether the classic client may speak, which is registered as `client`.
    pub(super) fn lets_classic_speak(&self, client: Option<ClientId>) -> bool {
        match &self.stored {
            None => true,
            Some(stored) => {
                self.session == SessionState::Open && client.is_some() && client == stored.bridge
            }
        }
    }

    /// Whether the classic client here is one of its own, or the account's mailbox.
    pub(super) fn owns_classic(&self, client: Option<ClientId>) -> bool {
        match &self.stored {
            None => true,
            Some(stored) => client == stored.bridge,
        }
    }

    /// Where the user stands, if the account says it and not the classic client.
    pub(super) fn phase(&self) -> Option<Phase> {
        if let Some((name, step)) = self.flow.as_ref().and_then(Run::signing_in) {
            return Some(Phase::SigningIn { name, step });
        }
        if let Some(pending) = &self.pending {
            let step = match self.wire.hello {
                Some(_) => SignInStep::Storing,
                None => SignInStep::Connecting,
            };
            let name = pending.account.name.clone();
            return Some(Phase::SigningIn { name, step });
        }
        self.stored.is_some().then_some(Phase::SignedIn)
    }

    /// Where the account stands; the driver knows about locking. `classic` is who is registered
    /// here as a classic client.
    pub(super) fn status(&self, classic: Option<&Identity>) -> Option<Box<AccountStatus>> {
        let stored = self.stored.as_ref()?;
        let bridge = stored.bridge.map(|client| {
            let here = classic.filter(|identity| identity.client == client);
            BridgeStatus {
                client,
                here: here.is_some(),
                fingerprint: here
                    .and_then(|identity| identity.private_key.public().to_wire().ok())
                    .map_or_else(String::new, |key| fingerprint(&key)),
            }
        });
        Some(Box::new(AccountStatus {
            account: stored.account,
            client: stored.client(),
            name: stored.name.clone(),
            display_name: stored.display_name.clone(),
            hides_presence: stored.hides_presence,
            session: self.session,
            recovery_code_waits: stored.recovery_code.is_some(),
            bridge,
            auto_lock: None,
            stays_unlocked: false,
        }))
    }

    /// Tells all there is to a face that has just come.
    pub(super) fn tell_all(&mut self) {
        self.take_new_code();
        self.tell_recovery_code();
        if self.stored.is_none() {
            return;
        }
        self.tell_contacts();
        self.tell_devices();
    }

    /// What the gateway said of its restart: the pause, and the spread of it.
    pub(super) fn take_restart(&mut self) -> Option<(Duration, Duration)> {
        self.restart.take()
    }

    /// What contacts prove about classic mailboxes, if that has changed.
    pub(super) fn take_mailboxes(&mut self) -> Option<Mailboxes> {
        self.contacts.take_mailboxes()
    }

    /// What is to become of the classic client, if that has changed.
    pub(super) fn take_mailbox(&mut self) -> Option<Mailbox> {
        self.mailbox.take()
    }

    /// When [`tick`](Self::tick) or [`schedule`](Self::schedule) is due.
    pub(super) fn next_timeout(&self) -> Option<Timestamp> {
        let works = self.flow.as_ref().is_some_and(Run::works)
            || self.bridging.as_ref().is_some_and(Bridging::works);
        if works {
            return Some(Timestamp(0));
        }
        let deadline = self.wire.in_flight.front().map(|it| it.deadline);
        [deadline, self.session_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Something arrived, whoever it is for.
    pub(super) fn heard(&mut self, now: Timestamp) {
        self.wire.heard_at = now;
        if let Some(first) = self.wire.in_flight.front_mut() {
            first.deadline = first.deadline.max(now + ANSWER_TIMEOUT);
        }
    }

    pub(super) fn tick(&mut self, now: Timestamp) {
        self.work(now);
        self.make_bridge_key(now);
        if self
            .wire
            .in_flight
            .front()
            .is_some_and(|it| it.deadline <= now)
        {
            self.give_up_connection();
        }
    }

    pub(super) fn received(&mut self, frame: ResponseFrame, now: Timestamp) {
        if Push::is_push(frame.code) {
            return self.pushed(frame, now);
        }
        let Ok(response) = Response::decode(frame) else {
            return self.give_up_connection();
        };
        let Some(in_flight) = self.wire.in_flight.pop_front() else {
            return self.give_up_connection();
        };
        // A hello alone does not mean that all is well.
        self.step.answered |= !matches!(in_flight.what, Asked::Hello | Asked::Authenticate);
        self.heard(now);
        self.answer(in_flight.what, response, now);
    }

    fn answer(&mut self, what: Asked, response: Response, now: Timestamp) {
        match (what, response) {
            (Asked::Hello, Response::Hello(hello)) => self.greeted(hello, now),
            (Asked::Authenticate, Response::Session(session)) => self.opened(session, now),
            (Asked::Authenticate, Response::Error(error)) => self.not_authenticated(&error),
            (Asked::Ping, Response::Pong) => {}
            (Asked::Conversation(asked), response) => {
                self.inbound
                    .push(Inbound::Answer(asked, Box::new(response)));
            }
            (Asked::Flow, response) => self.flow_answered(response, now),
            (Asked::Devices, Response::Devices(devices)) => self.devices_told(&devices),
            (Asked::OtherDevices, Response::Devices(devices)) => {
                self.devices_told(&devices);
                self.revoke_all_others(&devices, now);
            }
            (Asked::Revoke, Response::Done) => {
                self.ask_devices(now);
                self.done(Deed::DevicesRevoked);
            }
            (Asked::SignOut, Response::Done) => self.step.effects.push(Effect::Erase),
            (Asked::Rename, Response::Done) => {
                self.ask_devices(now);
                self.done(Deed::DeviceRenamed);
            }
            (
                Asked::Profile {
                    display_name,
                    hides_presence,
                },
                Response::Done,
            ) => self.profile_updated(display_name, hides_presence),
            (Asked::BridgeOn, Response::Done) => self.bridge_is_on(),
            (Asked::BridgeOn, Response::Error(error)) => {
                self.forget_bridging();
                self.refused(error);
            }
            (Asked::BridgeOff, Response::Done) => self.bridge_is_off(),
            (Asked::Directory, Response::Accounts(page)) => self.directory_page(page, now),
            (Asked::Refresh(asked), Response::Accounts(page)) => self.refreshed(&asked, &page),
            (Asked::Find(name), Response::Accounts(page)) => self.found(&name, &page),
            (Asked::Invite, Response::Invited(invited)) => self.invited(invited),
            (Asked::Invitations, Response::Invitations(open)) => self.invitations_told(&open),
            (Asked::CancelInvitation, Response::Done) => self.done(Deed::InvitationCancelled),
            // What nobody waits for may be refused: there is another time.
            (
                Asked::Ping | Asked::Devices | Asked::Directory | Asked::Refresh(_),
                Response::Error(_),
            ) => {
                self.contacts.stop_reading();
            }
            (Asked::Hello, _) | (_, Response::Hello(_)) => self.give_up_connection(),
            (_, Response::Error(error)) => self.refused(error),
            (_, _) => self.give_up_connection(),
        }
    }

    /// The connection is of no use any more.
    fn give_up_connection(&mut self) {
        self.step.broken = true;
    }

    /// The gateway did not do what the user wanted.
    fn refused(&mut self, error: Error) {
        if let Some(stored) = &self.stored {
            let failure = refusal::of_error(error, &stored.name);
            self.step.fail(failure);
        }
    }

    fn done(&mut self, deed: Deed) {
        self.step.tell_account(AccountEvent::Done(deed));
    }

    /// Transmits a request and awaits its answer.
    fn ask(&mut self, what: Asked, request: &Request, now: Timestamp) {
        let frame = request.to_frame(self.wire.client).to_bytes();
        let upload = u64::try_from(frame.len()).unwrap_or(u64::MAX) / SLOWEST_UPLOAD;
        let deadline = now + ANSWER_TIMEOUT + Duration::from_secs(upload);
        self.wire.in_flight.push_back(InFlight { what, deadline });
        self.step.effects.push(Effect::Transmit(frame));
    }

    /// Changes what is kept of the account.
    fn change(&mut self, change: impl FnOnce(&mut StoredAccount)) {
        if let Some(stored) = &mut self.stored {
            change(stored);
            self.step.put(record::ACCOUNT.to_vec(), stored);
            self.step.status = true;
        }
    }

    fn own_id(&self) -> Option<AccountId> {
        self.stored.as_ref().map(|stored| stored.account)
    }
}
