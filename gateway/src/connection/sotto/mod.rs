//! Version 3: who may ask what on this connection, and when.
//!
//! ```text
//! fresh ── ClientHello ─▶ greeted ── LoginFinish ─▶ logged in ── AddDevice ─┐
//!                           └── RegisterFinish, Authenticate ──────────────▶ device
//! ```
//!
//! A device may log in too, for what takes a fresh login. All of it is decided here but what needs
//! storage or keys: that goes out as [`AccountWork`], and what comes back is the only thing that
//! changes what the connection has proved.

mod deliveries;
mod error;
mod pushes;
mod tally;
mod work;

use core::time::Duration;

use sotto_shared::ClientId;
use sotto_shared::account::Nonce;
use sotto_shared::limits::{
    NONCE_SECONDS, SOTTO_PAYLOAD_MAX, SOTTO_PAYLOAD_MAX_UNAUTHENTICATED,
    UNAUTHENTICATED_REQUESTS_MAX, UNAUTHENTICATED_SECONDS,
};
use sotto_shared::sotto::{Error, ErrorCode, Request, RequestFrame, Response, VERSION, code};

pub(super) use deliveries::Deliveries;
pub use deliveries::{DELIVERY_BYTES, Fetch};
pub use error::{error, error_until};
pub use pushes::PUSH_BACKLOG_MAX;
pub(super) use pushes::Pushes;
pub use tally::SottoTally;
pub(super) use tally::result_of;
pub use work::{AccountResult, AccountWork, Device, Login, Proof, Standing};

/// How long after a login with password or recovery code it opens what takes one.
pub const LOGIN_FRESH: Duration = Duration::from_secs(5 * 60);

/// The state of version 3 on a connection. It is made by the first frame, so that a classic
/// connection has none.
#[derive(Debug)]
pub(super) struct Dialect {
    is_greeted: bool,
    /// The nonce, and until when it is good. Gone once it was used.
    nonce: Option<(Nonce, Duration)>,
    standing: Standing,
    /// Requests before a device was authenticated.
    requests: u32,
    /// When the peer has to be authenticated.
    due: Duration,
    pub(super) pushes: Pushes,
    /// Of the device's mailbox, once there is one.
    pub(super) deliveries: Option<Deliveries>,
    pub(super) tally: SottoTally,
}

/// What becomes of a request.
#[derive(Debug)]
pub(super) enum Admitted {
    /// It is answered at once.
    Answer {
        response: Response,
        /// The connection ends with it.
        ends: bool,
    },
    /// It is work.
    Work(Box<AccountWork>),
}

/// What a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing but the hello.
    Hello,
    /// No device yet.
    NoDevice,
    /// A device.
    Device,
    /// A device, or a login that is fresh.
    DeviceOrLogin,
    /// A login that is fresh.
    FreshLogin,
}

impl Dialect {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            is_greeted: false,
            nonce: None,
            standing: Standing::default(),
            requests: 0,
            due: now + Duration::from_secs(UNAUTHENTICATED_SECONDS.into()),
            pushes: Pushes::default(),
            deliveries: None,
            tally: SottoTally::default(),
        }
    }

    /// Decides about a request.
    pub(super) fn admit(&mut self, frame: RequestFrame, now: Duration) -> Admitted {
        let is_hello = frame.code == code::CLIENT_HELLO;
        if is_hello == self.is_greeted {
            return end(error(ErrorCode::ExpectedHello));
        }
        if self.standing.device.is_none() {
            if self.requests >= UNAUTHENTICATED_REQUESTS_MAX {
                return end(error(ErrorCode::RateLimited));
            }
            self.requests += 1;
        }
        if frame.client != self.client() {
            return answer(Error {
                message: "The header names another client than this connection's.".to_owned(),
                ..error(ErrorCode::BadRequest)
            });
        }
        match Request::decode(frame) {
            Err(malformed) => answer(error::malformed(&malformed)),
            Ok(Request::Ping) => Admitted::Answer {
                response: Response::Pong,
                ends: false,
            },
            Ok(Request::Hello(hello)) if !hello.versions.contains(&VERSION.into()) => {
                end(error(ErrorCode::UnsupportedVersion))
            }
            Ok(request) => match self.work(request, now) {
                Ok(work) => Admitted::Work(Box::new(work)),
                Err(code) => answer(error(code)),
            },
        }
    }

    fn work(&mut self, request: Request, now: Duration) -> Result<AccountWork, ErrorCode> {
        match needs(&request) {
            Needs::Hello => {}
            Needs::NoDevice if self.standing.device.is_some() => return Err(ErrorCode::Conflict),
            Needs::NoDevice => {}
            Needs::Device if self.standing.device.is_none() => {
                return Err(ErrorCode::NotAuthenticated);
            }
            Needs::Device => {}
            Needs::DeviceOrLogin if self.standing.device.is_some() => {}
            Needs::DeviceOrLogin => {
                let is_fresh = self.check_login(now);
                is_fresh.map_err(|_| ErrorCode::NotAuthenticated)?;
            }
            Needs::FreshLogin => self.check_login(now)?,
        }
        let nonce = match request {
            // Tried is used, whether what was signed is right or not.
            Request::Authenticate(_) | Request::DeleteAccount(_) => match self.nonce.take() {
                Some((nonce, until)) if now < until => Some(nonce),
                _ => return Err(ErrorCode::NonceUsed),
            },
            Request::AddDevice(_) if self.standing.device.is_some() => {
                return Err(ErrorCode::Conflict);
            }
            _ => None,
        };
        Ok(AccountWork {
            standing: self.standing,
            request,
            nonce,
        })
    }

    fn check_login(&self, now: Duration) -> Result<(), ErrorCode> {
        match self.standing.login {
            Some(login) if now < login.at + LOGIN_FRESH => Ok(()),
            _ => Err(ErrorCode::LoginNeeded),
        }
    }

    /// Takes a result; whether the connection ends with it.
    pub(super) fn take(&mut self, result: &AccountResult, now: Duration) -> bool {
        if let Response::Hello(hello) = &result.response {
            self.is_greeted = true;
            let until = now + Duration::from_secs(NONCE_SECONDS.into());
            self.nonce = Some((hello.nonce, until));
        }
        match result.proves {
            None => false,
            Some(Proof::LoggedIn(account)) => {
                self.standing.login = Some(Login { account, at: now });
                self.due = self.due.max(now + LOGIN_FRESH);
                false
            }
            Some(Proof::Device(device)) => {
                self.standing.device = Some(device);
                self.deliveries = Some(Deliveries::new(device.client));
                false
            }
            Some(Proof::AccountGone) => {
                self.standing = Standing::default();
                self.deliveries = None;
                true
            }
        }
    }

    /// By when the peer has to be authenticated; nothing once it is.
    pub(super) fn due(&self) -> Option<Duration> {
        self.standing.device.is_none().then_some(self.due)
    }

    /// Whether it said hello.
    pub(super) const fn is_greeted(&self) -> bool {
        self.is_greeted
    }

    /// Most bytes of a request's payload.
    pub(super) const fn payload_max(&self) -> usize {
        match self.standing.device {
            Some(_) => SOTTO_PAYLOAD_MAX,
            None => SOTTO_PAYLOAD_MAX_UNAUTHENTICATED,
        }
    }

    /// The client id that headers have to hold.
    fn client(&self) -> ClientId {
        self.standing
            .device
            .map_or(ClientId::ZERO, |device| device.client)
    }
}

/// The answer to a frame that is too large.
pub(super) fn too_large(declared: usize, limit: usize) -> Response {
    Response::Error(error::too_large(declared, limit))
}

const fn needs(request: &Request) -> Needs {
    match request {
        Request::Hello(_) | Request::Ping | Request::LoginStart(_) | Request::LoginFinish(_) => {
            Needs::Hello
        }
        Request::RegisterStart(_) | Request::RegisterFinish(_) | Request::Authenticate(_) => {
            Needs::NoDevice
        }
        Request::AddDevice(_)
        | Request::CredentialsStart(_)
        | Request::CredentialsFinish(_)
        | Request::DeleteAccount(_) => Needs::FreshLogin,
        Request::ListDevices => Needs::DeviceOrLogin,
        Request::RevokeDevices(_)
        | Request::RenameDevice(_)
        | Request::UpdateProfile(_)
        | Request::SetBridge(_)
        | Request::ListAccounts(_)
        | Request::FindAccounts(_)
        | Request::Invite
        | Request::ListInvitations
        | Request::CancelInvitation(_)
        | Request::PublishKeyPackages(_)
        | Request::CountKeyPackages(_)
        | Request::ClaimKeyPackages(_)
        | Request::FindDevices(_)
        | Request::CreateGroup(_)
        | Request::GetGroupInfo(_)
        | Request::ListGroups(_)
        | Request::Commit(_)
        | Request::Send(_)
        | Request::SendEphemeral(_)
        | Request::Acknowledge(_) => Needs::Device,
    }
}

const fn answer(error: Error) -> Admitted {
    Admitted::Answer {
        response: Response::Error(error),
        ends: false,
    }
}

const fn end(error: Error) -> Admitted {
    Admitted::Answer {
        response: Response::Error(error),
        ends: true,
    }
}
