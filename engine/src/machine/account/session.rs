//! From hello to authentication, what the gateway pushes, and how a session ends.

use core::time::Duration;

use sotto_shared::ClientId;
use sotto_shared::account::statement::login_signature;
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::request::{Authenticate, ClientHello};
use sotto_shared::sotto::response::{Error, Hello, Session};
use sotto_shared::sotto::{ErrorCode, Malformed, Push, Request, ResponseFrame, VERSION};

use super::{Accounts, Asked, Wire};
use crate::account::Greeting;
use crate::account::stored::PASSWORD_EPOCH_MAX;
use crate::api::{AccountFailure, GatewayInfo, SessionEnd, SessionState};
use crate::machine::conversation::Inbound;
use crate::machine::{Effect, Profile, RETRY_MAX, is_due};
use crate::time::Timestamp;

/// Silence on a session after which the gateway is asked for a sign of life.
pub(in crate::machine) const PING_INTERVAL: Duration = Duration::from_secs(45);
/// How the program calls itself to the gateway.
const AGENT: &str = concat!("sotto/", env!("CARGO_PKG_VERSION"));

impl Accounts {
    /// Whether there is anything to say to the gateway.
    pub(in crate::machine) fn wants_connection(&self) -> bool {
        if matches!(self.session, SessionState::Ended(_)) {
            return false;
        }
        let is_asked = match self.profile {
            Profile::Reliable => !self.has_asked,
            Profile::Seed => true,
        };
        self.is_somebody() || self.flow.is_some() || is_asked
    }

    /// A connection stands. The gateway cuts those that said hello and do not authenticate, so a
    /// classic client says it once only, to hear what the gateway is.
    pub(in crate::machine) fn connected(&mut self, is_classic: bool, now: Timestamp) {
        self.wire = Wire::new(now);
        let is_needed = self.is_somebody() || self.flow.is_some();
        let greets = is_needed || !is_classic || !self.has_asked;
        if greets && self.profile == Profile::Reliable {
            self.has_asked = true;
            let hello = ClientHello {
                versions: vec![u32::from(VERSION)],
                agent: AGENT.to_owned(),
            };
            self.ask(Asked::Hello, &Request::Hello(hello), now);
        }
    }

    /// The connection broke, or could not be made.
    pub(in crate::machine) fn disconnected(&mut self) {
        self.cut();
        self.flow_interrupted();
    }

    /// The connection is gone; a flow that waits for a new one goes on waiting.
    pub(in crate::machine) fn cut(&mut self) {
        let wire = core::mem::replace(&mut self.wire, Wire::new(Timestamp(0)));
        for in_flight in wire.in_flight {
            if let Some(failure) = in_flight.what.interrupted() {
                self.step.fail(failure);
            }
        }
        self.contacts.stop_reading();
        if !matches!(self.session, SessionState::Ended(_)) {
            self.session = SessionState::Closed;
        }
    }

    /// What a flow or signature is bound to, once the gateway has said hello.
    pub(super) fn greeting(&self, now: Timestamp) -> Option<Greeting> {
        let hello = self.wire.hello.as_ref()?;
        Some(Greeting {
            gateway: hello.gateway,
            nonce: hello.nonce,
            now: now.0 / 1000,
        })
    }

    pub(super) fn greeted(&mut self, hello: Box<Hello>, now: Timestamp) {
        if self.wire.hello.is_some() || hello.version != u32::from(VERSION) {
            return self.give_up_connection();
        }
        self.gateway = Some(GatewayInfo {
            registration: hello.registration,
            directory: hello.directory,
            bridge: hello.bridge,
        });
        let is_other = self
            .stored
            .as_ref()
            .is_some_and(|it| it.gateway != hello.gateway);
        self.wire.hello = Some(hello);
        self.step.status = true;
        if is_other && self.flow.is_some() {
            // No other gateway than the account's gets anything of its password.
            self.flow_interrupted();
            return self.end(SessionEnd::OtherGateway);
        }
        if !self.begin_waiting_flow(now) {
            self.authenticate(now);
        }
    }

    /// Proves which device this is; to no other gateway than the account's.
    fn authenticate(&mut self, now: Timestamp) {
        let pending = self.pending.as_ref().map(|pending| &*pending.account);
        let (Some(device), Some(hello)) = (pending.or(self.stored.as_deref()), &self.wire.hello)
        else {
            return;
        };
        if hello.gateway != device.gateway {
            return self.end(SessionEnd::OtherGateway);
        }
        let client = device.client();
        let signature = login_signature(&device.device_key, &hello.gateway, &hello.nonce, client);
        let request = Request::Authenticate(Authenticate { client, signature });
        self.ask(Asked::Authenticate, &request, now);
    }

    /// The gateway knows the device.
    pub(super) fn opened(&mut self, session: Session, now: Timestamp) {
        let (epoch, client) = (session.password_epoch, session.client);
        let pending = self.pending.as_ref().map(|pending| &pending.account);
        let Some(known) = pending.or(self.stored.as_ref()) else {
            return self.give_up_connection();
        };
        let account = match known.as_ref().clone().confirmed(session) {
            Ok(account) => account,
            Err(failure) => {
                if failure == AccountFailure::VaultBroken {
                    self.step.fail(failure);
                }
                return self.give_up_connection();
            }
        };
        self.step.answered = true;
        self.wire.client = client;
        match self.pending.is_some() {
            true => self.keep_new(Box::new(account)),
            false => self.change(|stored| *stored = account),
        }
        self.open(epoch, now);
    }

    /// The session stands. After a change of the password elsewhere nothing is sent before the
    /// user has confirmed it here.
    pub(super) fn open(&mut self, epoch: u64, now: Timestamp) {
        self.step.status = true;
        let known = self.stored.as_ref().map_or(0, |it| it.password_epoch);
        if epoch > known {
            self.session = SessionState::PasswordChanged;
            return;
        }
        self.session = SessionState::Open;
        self.resolve_bridging();
        self.ask_devices(now);
        self.read_directory(now);
    }

    pub(super) fn not_authenticated(&mut self, error: &Error) {
        let end = match error.code {
            ErrorCode::DeviceRevoked => SessionEnd::Revoked,
            ErrorCode::UnknownDevice => SessionEnd::Unknown,
            ErrorCode::AccountDisabled => SessionEnd::AccountDisabled,
            // It passes: with another connection, or with time.
            _ => {
                self.restart = error.retry_after.map(|pause| (pause, pause / 4));
                return self.give_up_connection();
            }
        };
        match self.pending.is_some() {
            true => self.pending_refused(end),
            false => self.end(end),
        }
    }

    /// The session is over for good: no connection is made any more.
    fn end(&mut self, end: SessionEnd) {
        self.session = SessionState::Ended(end);
        self.step.status = true;
        self.give_up_connection();
    }

    pub(super) fn pushed(&mut self, frame: ResponseFrame, now: Timestamp) {
        let push = match Push::decode(frame) {
            Ok(push) => push,
            // Of a later version.
            Err(Malformed::Code(_)) => return,
            Err(_) => return self.give_up_connection(),
        };
        let is_open = self.session == SessionState::Open;
        match push {
            Push::Restarting {
                reconnect_in,
                spread,
            } => self.restart = Some((reconnect_in, spread)),
            _ if self.wire.client == ClientId::ZERO => self.give_up_connection(),
            Push::SessionEnded(reason) => self.session_ended(reason),
            Push::PasswordChanged { password_epoch } if password_epoch > PASSWORD_EPOCH_MAX => {
                self.give_up_connection();
            }
            Push::PasswordChanged { password_epoch } => {
                let known = self.stored.as_ref().map_or(0, |it| it.password_epoch);
                if password_epoch > known && is_open {
                    self.session = SessionState::PasswordChanged;
                    self.step.status = true;
                }
            }
            Push::DevicesChanged if is_open => {
                if let Some(own) = self.own_id() {
                    self.inbound.push(Inbound::DevicesOfChanged(own));
                }
                self.ask_devices(now);
            }
            Push::AccountChanged { account, joined } => self.account_changed(&account, joined),
            Push::AccountLeft(account) => self.account_left(account),
            Push::Delivered(entries) => self.inbound.push(Inbound::Delivered(entries)),
            Push::Ephemeral(message) => self.inbound.push(Inbound::Ephemeral(Box::new(message))),
            Push::DevicesOfChanged(of) => self.inbound.push(Inbound::DevicesOfChanged(of)),
            Push::DevicesChanged => {}
        }
    }

    fn session_ended(&mut self, reason: EndReason) {
        match reason {
            EndReason::Revoked if self.signs_out() => self.step.effects.push(Effect::Erase),
            EndReason::Revoked => self.end(SessionEnd::Revoked),
            EndReason::AccountDeleted => self.end(SessionEnd::AccountDeleted),
            EndReason::AccountDisabled => self.end(SessionEnd::AccountDisabled),
            // Whoever replaced us would be replaced in turn: not at once.
            EndReason::Replaced => {
                self.restart = Some((RETRY_MAX, Duration::ZERO));
                self.give_up_connection();
            }
            EndReason::TooSlow => self.give_up_connection(),
        }
    }

    /// Whether this device is being revoked by its own wish.
    fn signs_out(&self) -> bool {
        let mut in_flight = self.wire.in_flight.iter();
        let is_asked = in_flight.any(|it| matches!(it.what, Asked::SignOut));
        is_asked || self.step.effects.contains(&Effect::Erase)
    }

    pub(super) fn session_timeout(&self) -> Option<Timestamp> {
        let ping = (self.wire.client != ClientId::ZERO && self.wire.in_flight.is_empty())
            .then(|| self.wire.heard_at + self.ping_interval());
        let refresh = match self.session {
            SessionState::Open => self.contacts.refresh_at(),
            _ => None,
        };
        [ping, refresh].into_iter().flatten().min()
    }

    /// Sends what is due by time.
    pub(in crate::machine) fn schedule(&mut self, now: Timestamp) {
        let is_silent = is_due(
            self.wire.heard_at + self.ping_interval(),
            now,
            RETRY_MAX * 10,
        );
        if self.wire.client != ClientId::ZERO && self.wire.in_flight.is_empty() && is_silent {
            self.ask(Asked::Ping, &Request::Ping, now);
        }
        if self.session == SessionState::Open {
            self.refresh_contacts(now);
        }
    }

    /// Well within the silence that the gateway bears.
    fn ping_interval(&self) -> Duration {
        let borne = self
            .wire
            .hello
            .as_ref()
            .map_or(0, |it| it.limits.idle_seconds);
        match borne {
            0 => PING_INTERVAL,
            seconds => PING_INTERVAL.min(Duration::from_secs(u64::from(seconds)) / 2),
        }
    }
}
