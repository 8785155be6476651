//! The account (version 3).

use std::collections::VecDeque;

use core::time::Duration;
use rand_chacha::ChaCha20Rng;
use sotto_shared::ClientId;
use sotto_shared::sotto::request::ClientHello;
use sotto_shared::sotto::response::Hello;
use sotto_shared::sotto::{Push, Request, Response, ResponseFrame, VERSION};

use super::step::Step;
use super::{ANSWER_TIMEOUT, Effect, Profile, SLOWEST_UPLOAD};
use crate::api::GatewayInfo;
use crate::time::Timestamp;

/// How the program calls itself to the gateway.
const AGENT: &str = concat!("sotto/", env!("CARGO_PKG_VERSION"));

/// One user's account, and the dialect in which it is spoken of.
pub(super) struct Accounts {
    profile: Profile,
    /// What the gateway said of itself last.
    gateway: Option<GatewayInfo>,
    /// Whether a gateway was ever asked what it is.
    has_asked: bool,
    /// What the gateway said on this connection.
    hello: Option<Box<Hello>>,
    in_flight: VecDeque<InFlight>,
    /// The gateway goes down, and when it wants to see us again.
    restart: Option<(Duration, Duration)>,
    pub(super) step: Step,
}

/// A request that awaits its answer.
struct InFlight {
    what: Asked,
    deadline: Timestamp,
}

enum Asked {
    Hello,
}

impl Accounts {
    pub(super) fn new(profile: Profile, _rng: ChaCha20Rng) -> Self {
        Self {
            profile,
            gateway: None,
            has_asked: false,
            hello: None,
            in_flight: VecDeque::new(),
            restart: None,
            step: Step::default(),
        }
    }

    /// What the gateway says of itself.
    pub(super) fn gateway(&self) -> Option<GatewayInfo> {
        self.gateway
    }

    /// What the gateway said of its restart: the pause, and the spread of it.
    pub(super) fn take_restart(&mut self) -> Option<(Duration, Duration)> {
        self.restart.take()
    }

    /// Whether there is anything to say to the gateway.
    pub(super) fn wants_connection(&self) -> bool {
        match self.profile {
            Profile::Reliable => !self.has_asked,
            Profile::Seed => true,
        }
    }

    /// When [`tick`](Self::tick) is due.
    pub(super) fn next_timeout(&self) -> Option<Timestamp> {
        self.in_flight.front().map(|it| it.deadline)
    }

    /// A connection stands. The gateway cuts those that said hello and do not authenticate, so a
    /// classic client says it once only, to hear what the gateway is.
    pub(super) fn connected(&mut self, is_classic: bool, now: Timestamp) {
        let greets = self.profile == Profile::Reliable && (!is_classic || !self.has_asked);
        if greets {
            self.has_asked = true;
            let hello = ClientHello {
                versions: vec![u32::from(VERSION)],
                agent: AGENT.to_owned(),
            };
            self.ask(Asked::Hello, &Request::Hello(hello), now);
        }
    }

    pub(super) fn disconnected(&mut self) {
        self.hello = None;
        self.in_flight.clear();
    }

    /// Something arrived, whoever it is for.
    pub(super) fn put_off_deadline(&mut self, now: Timestamp) {
        if let Some(first) = self.in_flight.front_mut() {
            first.deadline = first.deadline.max(now + ANSWER_TIMEOUT);
        }
    }

    pub(super) fn tick(&mut self, now: Timestamp) {
        if self.in_flight.front().is_some_and(|it| it.deadline <= now) {
            self.step.broken = true;
        }
    }

    pub(super) fn schedule(&mut self, _now: Timestamp) {}

    pub(super) fn received(&mut self, frame: ResponseFrame, now: Timestamp) {
        if Push::is_push(frame.code) {
            if let Ok(Push::Restarting {
                reconnect_in,
                spread,
            }) = Push::decode(frame)
            {
                self.restart = Some((reconnect_in, spread));
            }
            return;
        }
        let Ok(response) = Response::decode(frame) else {
            return self.give_up_connection();
        };
        let Some(in_flight) = self.in_flight.pop_front() else {
            return self.give_up_connection();
        };
        self.step.answered = true;
        self.put_off_deadline(now);
        match (in_flight.what, response) {
            (Asked::Hello, Response::Hello(hello)) => {
                self.gateway = Some(GatewayInfo {
                    registration: hello.registration,
                    directory: hello.directory,
                    bridge: hello.bridge,
                });
                self.hello = Some(hello);
                self.step.status = true;
            }
            (Asked::Hello, _) => self.give_up_connection(),
        }
    }

    fn give_up_connection(&mut self) {
        self.step.broken = true;
    }

    /// Transmits a request and awaits its answer.
    fn ask(&mut self, what: Asked, request: &Request, now: Timestamp) {
        let frame = request.to_frame(ClientId::ZERO).to_bytes();
        let upload = u64::try_from(frame.len()).unwrap_or(u64::MAX) / SLOWEST_UPLOAD;
        let deadline = now + ANSWER_TIMEOUT + Duration::from_secs(upload);
        self.in_flight.push_back(InFlight { what, deadline });
        self.step.effects.push(Effect::Transmit(frame));
    }
}
