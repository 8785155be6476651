//! A new device and a new password of an account, by its recovery code.

use rand_chacha::ChaCha20Rng;
use sotto_shared::account::password::check_password;
use sotto_shared::account::{AccountName, RecoveryCode, Slot};
use sotto_shared::sotto::types::DeviceLabel;
use sotto_shared::sotto::{Request, Response};

use super::login::{Login, LoginProgress};
use super::renewal::{Renewal, RenewalProgress, Revoke, Secrets, shown};
use super::stored::{StoredAccount, StoredCode};
use super::{Flow, Greeting, OUT_OF_TURN, Progress, label, refusal};
use crate::api::{AccountFailure, DeviceName, Passphrase, SignInStep};

/// Recovering. The code is used up by it: a new one is in the outcome.
#[derive(Debug)]
pub(crate) struct Recover {
    words: Words,
    state: State,
}

#[derive(Debug)]
struct Words {
    name: AccountName,
    device: DeviceLabel,
    new_code: RecoveryCode,
}

#[derive(Debug)]
enum State {
    Login(Login, Secrets, Revoke),
    Renewal(Renewal),
    /// The device was sent.
    Adding(Box<StoredAccount>),
}

impl Recover {
    /// Begins; gives the first request. A mistyped code and a weak password are found here.
    pub(crate) fn begin(
        name: AccountName,
        code: &Passphrase,
        password: Passphrase,
        device: &DeviceName,
        revoke_others: bool,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Self, Request), AccountFailure> {
        let code = RecoveryCode::parse(&code.0).map_err(refusal::of_code)?;
        check_password(&password.0, &name).map_err(AccountFailure::WeakPassword)?;
        let new_code = RecoveryCode::generate(rng);
        let secrets = Secrets {
            password: Some(password),
            code: Some(new_code.clone()),
        };
        let revoke = match revoke_others {
            true => Revoke::AllBut(None),
            false => Revoke::Nobody,
        };
        let (login, request) = Login::begin(name.clone(), Slot::Recovery, code.as_secret(), rng)?;
        let words = Words {
            name,
            device: label(device),
            new_code,
        };
        let state = State::Login(login, secrets, revoke);
        Ok((Self { words, state }, request))
    }
}

/// Goes on after a step of the renewal: behind it comes the device.
fn renewed(
    words: Words,
    progress: RenewalProgress,
    greeting: &Greeting,
    rng: &mut ChaCha20Rng,
) -> Progress<Recover> {
    match progress {
        RenewalProgress::Ask(renewal, request) => {
            let state = State::Renewal(renewal);
            Progress::ask(Recover { words, state }, request)
        }
        RenewalProgress::Work(renewal) => {
            let state = State::Renewal(renewal);
            Progress::Work(Recover { words, state })
        }
        RenewalProgress::Done(mut opened, epoch) => {
            opened.password_epoch = epoch;
            let code = Some(shown(&words.new_code));
            let (name, device) = (words.name.clone(), words.device.clone());
            let (stored, request) = opened.add_device(name, device, code, greeting, rng);
            let state = State::Adding(stored.clone());
            Progress::Ask {
                flow: Recover { words, state },
                request,
                keep: Some(stored),
            }
        }
    }
}

impl Flow for Recover {
    type Outcome = Box<StoredAccount>;

    fn step(&self) -> SignInStep {
        match &self.state {
            State::Login(..) => SignInStep::Password,
            State::Renewal(renewal) if renewal.is_sent() => SignInStep::Storing,
            State::Renewal(_) => SignInStep::Keys,
            State::Adding(_) => SignInStep::Storing,
        }
    }

    fn answer(
        self,
        response: Response,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure> {
        let words = self.words;
        match (self.state, response) {
            (State::Login(login, secrets, revoke), response) => match login.answer(response)? {
                LoginProgress::Work(login) => {
                    let state = State::Login(login, secrets, revoke);
                    Ok(Progress::Work(Self { words, state }))
                }
                LoginProgress::Opened(opened) => {
                    let name = words.name.clone();
                    let (renewal, request) = Renewal::begin(name, opened, secrets, revoke, rng)?;
                    let state = State::Renewal(renewal);
                    Ok(Progress::ask(Self { words, state }, request))
                }
            },
            (State::Renewal(renewal), response) => {
                let progress = renewal.answer(response, greeting, rng)?;
                Ok(renewed(words, progress, greeting, rng))
            }
            (State::Adding(stored), Response::Session(session)) => {
                Ok(Progress::Done(Box::new(stored.confirmed(session)?)))
            }
            (State::Adding(_), other) => Err(refusal::of(other, &words.name)),
        }
    }

    fn work(
        self,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure> {
        let words = self.words;
        match self.state {
            State::Login(login, secrets, revoke) => {
                let (login, request) = login.work(greeting, rng)?;
                let state = State::Login(login, secrets, revoke);
                Ok(Progress::ask(Self { words, state }, request))
            }
            State::Renewal(renewal) => {
                let progress = renewal.work(greeting, rng)?;
                Ok(renewed(words, progress, greeting, rng))
            }
            State::Adding(_) => Err(OUT_OF_TURN),
        }
    }

    fn interrupted(&self) -> AccountFailure {
        match &self.state {
            State::Login(..) => AccountFailure::Offline,
            State::Renewal(renewal) if renewal.is_sent() => AccountFailure::Interrupted,
            State::Renewal(_) => AccountFailure::Offline,
            State::Adding(_) => AccountFailure::PasswordSetOnly,
        }
    }

    fn new_code(&self) -> Option<StoredCode> {
        let is_sent = match &self.state {
            State::Login(..) => false,
            State::Renewal(renewal) => renewal.is_sent(),
            State::Adding(_) => true,
        };
        is_sent.then(|| StoredCode {
            name: self.words.name.clone(),
            code: shown(&self.words.new_code),
        })
    }
}
