//! A new device of an account, by its password.

use rand_chacha::ChaCha20Rng;
use sotto_shared::account::{AccountName, Slot};
use sotto_shared::sotto::types::DeviceLabel;
use sotto_shared::sotto::{Request, Response};

use super::login::{Login, LoginProgress};
use super::stored::StoredAccount;
use super::{Flow, Greeting, OUT_OF_TURN, Progress, label, refusal};
use crate::api::{AccountFailure, DeviceName, Passphrase, SignInStep};

/// Signing in.
#[derive(Debug)]
pub(crate) struct SignIn {
    name: AccountName,
    device: DeviceLabel,
    state: State,
}

#[derive(Debug)]
enum State {
    Login(Login),
    /// The device was sent.
    Adding(Box<StoredAccount>),
}

impl SignIn {
    /// Begins; gives the first request.
    pub(crate) fn begin(
        name: AccountName,
        password: &Passphrase,
        device: &DeviceName,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Self, Request), AccountFailure> {
        let secret = password.0.as_bytes();
        let (login, request) = Login::begin(name.clone(), Slot::Password, secret, rng)?;
        let state = State::Login(login);
        let device = label(device);
        Ok((
            Self {
                name,
                device,
                state,
            },
            request,
        ))
    }
}

impl Flow for SignIn {
    type Outcome = Box<StoredAccount>;

    fn step(&self) -> SignInStep {
        match &self.state {
            State::Login(_) => SignInStep::Password,
            State::Adding(_) => SignInStep::Storing,
        }
    }

    fn answer(
        self,
        response: Response,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure> {
        match (self.state, response) {
            (State::Login(login), response) => match login.answer(response)? {
                LoginProgress::Work(login) => Ok(Progress::Work(Self {
                    state: State::Login(login),
                    ..self
                })),
                LoginProgress::Opened(opened) => {
                    let (name, device) = (self.name.clone(), self.device.clone());
                    let (stored, request) = opened.add_device(name, device, None, greeting, rng);
                    Ok(Progress::Ask {
                        keep: Some(stored.clone()),
                        flow: Self {
                            state: State::Adding(stored),
                            ..self
                        },
                        request,
                    })
                }
            },
            (State::Adding(stored), Response::Session(session)) => {
                Ok(Progress::Done(Box::new(stored.confirmed(session)?)))
            }
            (State::Adding(_), other) => Err(refusal::of(other, &self.name)),
        }
    }

    fn work(
        self,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure> {
        let State::Login(login) = self.state else {
            return Err(OUT_OF_TURN);
        };
        let (login, request) = login.work(greeting, rng)?;
        let state = State::Login(login);
        Ok(Progress::ask(Self { state, ..self }, request))
    }

    fn interrupted(&self) -> AccountFailure {
        match &self.state {
            State::Login(_) => AccountFailure::Offline,
            State::Adding(_) => AccountFailure::Interrupted,
        }
    }
}
