//! A device that is signed in changes or confirms what opens its account. All of it needs the
//! password again.

use rand_chacha::ChaCha20Rng;
use sotto_shared::account::password::check_password;
use sotto_shared::account::{AccountKey, AccountName, DeletionOrder, RecoveryCode, Slot};
use sotto_shared::sotto::{Request, Response};
use sotto_shared::{AccountId, ClientId};

use super::login::{Login, LoginProgress, Opened};
use super::renewal::{Renewal, RenewalProgress, Revoke, Secrets, shown};
use super::stored::{StoredAccount, StoredCode};
use super::{Flow, Greeting, OUT_OF_TURN, Progress, refusal};
use crate::api::{AccountFailure, Passphrase, SignInStep};

/// What the password is given for.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// A new password.
    ChangePassword {
        new: Passphrase,
        revoke_others: bool,
    },
    /// A new recovery code in place of the old one.
    NewRecoveryCode,
    /// Only to know that it fits: after it was changed elsewhere, or before it locks the store.
    Confirm,
    /// The end of the account.
    Delete,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// To be kept as [`StoredAccount::password_epoch`].
    PasswordChanged { password_epoch: u64 },
    /// To be kept as [`StoredAccount::recovery_code`].
    RecoveryCode(Passphrase),
    /// To be kept as [`StoredAccount::password_epoch`].
    Confirmed { password_epoch: u64 },
    /// There is no such account any more.
    Deleted,
}

/// Changing or confirming credentials.
#[derive(Debug)]
pub(crate) struct Credentials {
    this: This,
    state: State,
}

/// The account as this device knows it.
#[derive(Debug)]
struct This {
    name: AccountName,
    account: AccountId,
    account_key: AccountKey,
    client: ClientId,
    vault_version: u64,
}

#[derive(Debug)]
enum State {
    Login(Login, Purpose),
    /// With the new recovery code, if it is about that.
    Renewal(Renewal, Option<RecoveryCode>),
    /// The order was sent.
    Deleting,
}

impl Credentials {
    /// Begins, on the connection of the device's session; gives the first request. A weak new
    /// password is found here.
    pub(crate) fn begin(
        stored: &StoredAccount,
        password: &Passphrase,
        purpose: Purpose,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Self, Request), AccountFailure> {
        if let Purpose::ChangePassword { new, .. } = &purpose {
            check_password(&new.0, &stored.name).map_err(AccountFailure::WeakPassword)?;
        }
        let secret = password.0.as_bytes();
        let (login, request) = Login::begin(stored.name.clone(), Slot::Password, secret, rng)?;
        let this = This {
            name: stored.name.clone(),
            account: stored.account,
            account_key: stored.account_key.clone(),
            client: stored.client(),
            vault_version: stored.vault_version,
        };
        let state = State::Login(login, purpose);
        Ok((Self { this, state }, request))
    }
}

impl This {
    /// The vault has to be this account's, and not older than one that was seen: a gateway that
    /// swaps it would get another key wrapped.
    fn check(&self, opened: &Opened) -> Result<(), AccountFailure> {
        if opened.account == self.account
            && opened.account_key == self.account_key
            && opened.vault_version >= self.vault_version
        {
            Ok(())
        } else {
            Err(AccountFailure::VaultBroken)
        }
    }
}

fn opened(
    this: This,
    opened: Box<Opened>,
    purpose: Purpose,
    greeting: &Greeting,
    rng: &mut ChaCha20Rng,
) -> Result<Progress<Credentials>, AccountFailure> {
    this.check(&opened)?;
    let (secrets, revoke) = match purpose {
        Purpose::Confirm => {
            let password_epoch = opened.password_epoch;
            return Ok(Progress::Done(Outcome::Confirmed { password_epoch }));
        }
        Purpose::Delete => {
            let (gateway, nonce) = (greeting.gateway, greeting.nonce);
            let order = DeletionOrder::issue(&this.account_key, this.account, gateway, nonce);
            let state = State::Deleting;
            let request = Request::DeleteAccount(order.signature);
            return Ok(Progress::ask(Credentials { this, state }, request));
        }
        Purpose::ChangePassword { new, revoke_others } => {
            let secrets = Secrets {
                password: Some(new),
                code: None,
            };
            let revoke = match revoke_others {
                true => Revoke::AllBut(Some(this.client)),
                false => Revoke::Nobody,
            };
            (secrets, revoke)
        }
        Purpose::NewRecoveryCode => {
            let secrets = Secrets {
                password: None,
                code: Some(RecoveryCode::generate(rng)),
            };
            (secrets, Revoke::Nobody)
        }
    };
    let code = secrets.code.clone();
    let (renewal, request) = Renewal::begin(this.name.clone(), opened, secrets, revoke, rng)?;
    let state = State::Renewal(renewal, code);
    Ok(Progress::ask(Credentials { this, state }, request))
}

fn renewed(
    this: This,
    progress: RenewalProgress,
    code: Option<RecoveryCode>,
) -> Progress<Credentials> {
    match progress {
        RenewalProgress::Ask(renewal, request) => {
            let state = State::Renewal(renewal, code);
            Progress::ask(Credentials { this, state }, request)
        }
        RenewalProgress::Work(renewal) => {
            let state = State::Renewal(renewal, code);
            Progress::Work(Credentials { this, state })
        }
        RenewalProgress::Done(_, password_epoch) => Progress::Done(match code {
            Some(code) => Outcome::RecoveryCode(shown(&code)),
            None => Outcome::PasswordChanged { password_epoch },
        }),
    }
}

impl Flow for Credentials {
    type Outcome = Outcome;

    fn step(&self) -> SignInStep {
        match &self.state {
            State::Login(..) => SignInStep::Password,
            State::Renewal(renewal, _) if !renewal.is_sent() => SignInStep::Keys,
            State::Renewal(..) | State::Deleting => SignInStep::Storing,
        }
    }

    fn answer(
        self,
        response: Response,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure> {
        let this = self.this;
        match (self.state, response) {
            (State::Login(login, purpose), response) => match login.answer(response)? {
                LoginProgress::Work(login) => {
                    let state = State::Login(login, purpose);
                    Ok(Progress::Work(Self { this, state }))
                }
                LoginProgress::Opened(account) => opened(this, account, purpose, greeting, rng),
            },
            (State::Renewal(renewal, code), response) => {
                let progress = renewal.answer(response, greeting, rng)?;
                Ok(renewed(this, progress, code))
            }
            (State::Deleting, Response::Done) => Ok(Progress::Done(Outcome::Deleted)),
            (State::Deleting, other) => Err(refusal::of(other, &this.name)),
        }
    }

    fn work(
        self,
        greeting: &Greeting,
        rng: &mut ChaCha20Rng,
    ) -> Result<Progress<Self>, AccountFailure> {
        let this = self.this;
        match self.state {
            State::Login(login, purpose) => {
                let (login, request) = login.work(greeting, rng)?;
                let state = State::Login(login, purpose);
                Ok(Progress::ask(Self { this, state }, request))
            }
            State::Renewal(renewal, code) => {
                let progress = renewal.work(greeting, rng)?;
                Ok(renewed(this, progress, code))
            }
            State::Deleting => Err(OUT_OF_TURN),
        }
    }

    fn interrupted(&self) -> AccountFailure {
        match &self.state {
            State::Login(..) => AccountFailure::Offline,
            State::Renewal(renewal, _) if !renewal.is_sent() => AccountFailure::Offline,
            State::Renewal(..) | State::Deleting => AccountFailure::Interrupted,
        }
    }

    fn new_code(&self) -> Option<StoredCode> {
        match &self.state {
            State::Renewal(renewal, Some(code)) if renewal.is_sent() => Some(StoredCode {
                name: self.this.name.clone(),
                code: shown(code),
            }),
            _ => None,
        }
    }
}
