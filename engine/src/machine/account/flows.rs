//! Running flows: one at a time, each on one connection. A flow that makes a device begins on a
//! new connection, so that it has all the requests and time that a stranger gets.

use sotto_shared::account::AccountName;
use sotto_shared::sotto::{ErrorCode, Request, Response};

use super::{Accounts, Asked};
use crate::account::credentials::{Credentials, Outcome};
use crate::account::recover::Recover;
use crate::account::sign_in::SignIn;
use crate::account::sign_up::SignUp;
use crate::account::stored::{StoredAccount, StoredCode};
use crate::account::{Flow, Progress};
use crate::api::{AccountFailure, Deed, Passphrase, SessionEnd, SessionState, SignInStep};
use crate::machine::{Effect, SlotChange};
use crate::record;
use crate::time::Timestamp;

/// A flow and where it stands.
pub(super) struct Run {
    flow: Running,
    purpose: Purpose,
    state: State,
}

pub(super) enum Running {
    SignUp(Box<SignUp>),
    SignIn(Box<SignIn>),
    Recover(Box<Recover>),
    Credentials(Box<Credentials>),
}

/// What it is for.
pub(super) enum Purpose {
    /// A device, whose store these words lock; nothing to leave it unlocked.
    Device {
        name: AccountName,
        words: Option<Passphrase>,
    },
    /// A new password, which locks the store too.
    ChangePassword(Passphrase),
    /// The password that was changed elsewhere.
    Confirm(Passphrase),
    /// The password locks the store from now on.
    Lock(Passphrase),
    RecoveryCode,
    Delete,
}

enum State {
    /// The connection is being made; this comes first on it.
    Waits(Box<Request>),
    /// A request awaits its answer.
    Asked,
    /// The slow step comes with the next tick.
    Works,
}

/// A device of which it is not known whether the gateway has it.
pub(super) struct Pending {
    pub(super) account: Box<StoredAccount>,
    /// What it means if the gateway does not have it.
    unknown: AccountFailure,
}

impl Pending {
    /// As it was found in the store. Only recovering both makes a code and knows the epoch.
    pub(super) fn restored(account: StoredAccount) -> Self {
        let unknown = match account.recovery_code.is_some() && account.password_epoch > 0 {
            true => AccountFailure::PasswordSetOnly,
            false => AccountFailure::Offline,
        };
        let account = Box::new(account);
        Self { account, unknown }
    }
}

impl Run {
    /// Who is signing in, and how far it has come.
    pub(super) fn signing_in(&self) -> Option<(AccountName, SignInStep)> {
        let Purpose::Device { name, .. } = &self.purpose else {
            return None;
        };
        let step = match (&self.state, &self.flow) {
            (State::Waits(_), _) => SignInStep::Connecting,
            (_, Running::SignUp(flow)) => flow.step(),
            (_, Running::SignIn(flow)) => flow.step(),
            (_, Running::Recover(flow)) => flow.step(),
            (_, Running::Credentials(flow)) => flow.step(),
        };
        Some((name.clone(), step))
    }

    /// Whether the slow step comes.
    pub(super) fn works(&self) -> bool {
        matches!(self.state, State::Works)
    }

    /// See [`Flow::new_code`].
    pub(super) fn new_code(&self) -> Option<StoredCode> {
        match &self.flow {
            Running::SignUp(flow) => flow.new_code(),
            Running::SignIn(flow) => flow.new_code(),
            Running::Recover(flow) => flow.new_code(),
            Running::Credentials(flow) => flow.new_code(),
        }
    }

    /// Whether it needs a connection of its own.
    fn needs_new_connection(&self) -> bool {
        matches!(self.purpose, Purpose::Device { .. } | Purpose::Delete)
    }

    fn interrupted(&self) -> AccountFailure {
        match (&self.state, &self.flow) {
            (State::Waits(_), _) => AccountFailure::Offline,
            (_, Running::SignUp(flow)) => flow.interrupted(),
            (_, Running::SignIn(flow)) => flow.interrupted(),
            (_, Running::Recover(flow)) => flow.interrupted(),
            (_, Running::Credentials(flow)) => flow.interrupted(),
        }
    }
}

/// What a flow of whatever kind wants next.
enum Next {
    Ask(Running, Box<Request>, Option<Box<StoredAccount>>),
    Work(Running),
    Device(Box<StoredAccount>),
    Credentials(Outcome),
}

fn next<F: Flow>(
    progress: Progress<F>,
    running: fn(Box<F>) -> Running,
    done: fn(F::Outcome) -> Next,
) -> Next {
    match progress {
        Progress::Ask {
            flow,
            request,
            keep,
        } => Next::Ask(running(Box::new(flow)), Box::new(request), keep),
        Progress::Work(flow) => Next::Work(running(Box::new(flow))),
        Progress::Done(outcome) => done(outcome),
    }
}

impl Accounts {
    /// Runs a flow from its first request on; for a device of its own, on a new connection.
    pub(super) fn begin(
        &mut self,
        flow: Running,
        first: Request,
        purpose: Purpose,
        now: Timestamp,
    ) {
        let mut run = Run {
            flow,
            purpose,
            state: State::Asked,
        };
        self.step.status |= run.signing_in().is_some();
        if run.needs_new_connection() {
            run.state = State::Waits(Box::new(first));
            self.step.reconnect = true;
            self.flow = Some(run);
        } else {
            self.flow = Some(run);
            self.ask(Asked::Flow, &first, now);
        }
    }

    /// The gateway has said hello: sends what waited for that, if anything did.
    pub(super) fn begin_waiting_flow(&mut self, now: Timestamp) -> bool {
        match self.flow.take() {
            Some(Run {
                flow,
                purpose,
                state: State::Waits(first),
            }) => {
                let state = State::Asked;
                self.flow = Some(Run {
                    flow,
                    purpose,
                    state,
                });
                self.ask(Asked::Flow, &first, now);
                true
            }
            other => {
                self.flow = other;
                false
            }
        }
    }

    pub(super) fn flow_answered(&mut self, response: Response, now: Timestamp) {
        let (Some(run), Some(greeting)) = (self.flow.take(), self.greeting(now)) else {
            return self.give_up_connection();
        };
        let is_unavailable = matches!(
            &response,
            Response::Error(error) if error.code == ErrorCode::Unavailable
        );
        let sent_code = run.new_code().is_some();
        if is_unavailable && (self.pending.is_some() || sent_code) {
            // It may have been done: as if the connection had broken.
            self.flow = Some(run);
            self.flow_interrupted();
            return self.give_up_connection();
        }
        let rng = &mut self.rng;
        let result = match run.flow {
            Running::SignUp(flow) => flow
                .answer(response, &greeting, rng)
                .map(|it| next(it, Running::SignUp, Next::Device)),
            Running::SignIn(flow) => flow
                .answer(response, &greeting, rng)
                .map(|it| next(it, Running::SignIn, Next::Device)),
            Running::Recover(flow) => flow
                .answer(response, &greeting, rng)
                .map(|it| next(it, Running::Recover, Next::Device)),
            Running::Credentials(flow) => flow
                .answer(response, &greeting, rng)
                .map(|it| next(it, Running::Credentials, Next::Credentials)),
        };
        self.go_on(result, run.purpose, sent_code, now);
    }

    /// Does the slow step, if one comes.
    pub(super) fn work(&mut self, now: Timestamp) {
        if !self.flow.as_ref().is_some_and(Run::works) {
            return;
        }
        let (Some(run), Some(greeting)) = (self.flow.take(), self.greeting(now)) else {
            return self.give_up_connection();
        };
        let rng = &mut self.rng;
        let result = match run.flow {
            Running::SignUp(flow) => flow
                .work(&greeting, rng)
                .map(|it| next(it, Running::SignUp, Next::Device)),
            Running::SignIn(flow) => flow
                .work(&greeting, rng)
                .map(|it| next(it, Running::SignIn, Next::Device)),
            Running::Recover(flow) => flow
                .work(&greeting, rng)
                .map(|it| next(it, Running::Recover, Next::Device)),
            Running::Credentials(flow) => flow
                .work(&greeting, rng)
                .map(|it| next(it, Running::Credentials, Next::Credentials)),
        };
        self.go_on(result, run.purpose, false, now);
    }

    /// `sent_code` is whether the gateway was sent a new recovery code by this flow.
    fn go_on(
        &mut self,
        result: Result<Next, AccountFailure>,
        purpose: Purpose,
        sent_code: bool,
        now: Timestamp,
    ) {
        self.step.status |= matches!(purpose, Purpose::Device { .. });
        match result {
            Ok(Next::Ask(flow, request, keep)) => {
                let run = Run {
                    flow,
                    purpose,
                    state: State::Asked,
                };
                if let Some(account) = keep {
                    self.keep_pending(account, &run);
                }
                self.keep_new_code(&run);
                self.flow = Some(run);
                self.ask(Asked::Flow, &request, now);
            }
            Ok(Next::Work(flow)) => {
                let state = State::Works;
                self.flow = Some(Run {
                    flow,
                    purpose,
                    state,
                });
            }
            Ok(Next::Device(account)) => {
                let epoch = account.password_epoch;
                self.wire.client = account.client();
                self.keep_new(account);
                self.open(epoch, now);
            }
            Ok(Next::Credentials(outcome)) => self.credentials(outcome, purpose, now),
            Err(failure) => self.flow_failed(failure, &purpose, sent_code),
        }
    }

    /// Writes a device down before the gateway hears of it.
    fn keep_pending(&mut self, account: Box<StoredAccount>, run: &Run) {
        if let Purpose::Device { words, .. } = &run.purpose {
            self.step.slot = Some(SlotChange::Prepare(words.clone()));
        }
        let unknown = match run.interrupted() {
            AccountFailure::Interrupted => AccountFailure::Offline,
            other => other,
        };
        self.step.put(record::ACCOUNT_PENDING.to_vec(), &account);
        self.pending = Some(Pending { account, unknown });
    }

    /// The gateway has the device: this is the account from now on.
    pub(super) fn keep_new(&mut self, mut account: Box<StoredAccount>) {
        let is_own = |new: &StoredCode| new.name == account.name;
        if self.new_code.as_ref().is_some_and(is_own) {
            let code = self.forget_new_code().map(|new| new.code);
            account.recovery_code = account.recovery_code.or(code);
        }
        self.step.put(record::ACCOUNT.to_vec(), &account);
        self.step.batch.delete(record::ACCOUNT_PENDING);
        self.step.slot = Some(SlotChange::UsePrepared);
        self.pending = None;
        self.stored = Some(account);
        self.step.status = true;
        self.tell_recovery_code();
    }

    /// The gateway does not have the device, or does not let it in: nobody is signed in here.
    pub(super) fn pending_refused(&mut self, end: SessionEnd) {
        if let Some(pending) = self.forget_pending() {
            self.step.fail(match end {
                SessionEnd::AccountDisabled => AccountFailure::AccountDisabled,
                _ => pending.unknown,
            });
            self.tell_recovery_code();
        }
    }

    fn forget_pending(&mut self) -> Option<Pending> {
        let pending = self.pending.take()?;
        self.step.batch.delete(record::ACCOUNT_PENDING);
        self.step.batch.delete(record::PREPARED_SLOT);
        self.step.status = true;
        Some(pending)
    }

    fn flow_failed(&mut self, failure: AccountFailure, purpose: &Purpose, sent_code: bool) {
        match (self.forget_pending().is_some(), sent_code) {
            // All is changed but the device, as with too many of them.
            (true, true) => self.step.fail(AccountFailure::PasswordSetOnly),
            (false, true) => {
                self.forget_new_code();
                self.step.fail(failure);
            }
            (_, false) => self.step.fail(failure),
        }
        self.tell_recovery_code();
        if matches!(purpose, Purpose::Delete) {
            // Back to a session, which this connection never had. Nothing is wrong with the
            // gateway: no need to wait.
            self.step.reconnect = true;
        }
    }

    /// The connection broke. A device that was sent may have been stored: the next connection
    /// tells.
    pub(super) fn flow_interrupted(&mut self) {
        let Some(run) = self.flow.take() else {
            return;
        };
        self.step.status = true;
        if self.pending.is_none() {
            self.step.fail(run.interrupted());
            self.take_new_code();
            self.tell_recovery_code();
        }
    }

    /// The user gives up.
    pub(super) fn cancel(&mut self) {
        let is_device = self
            .flow
            .as_ref()
            .is_some_and(|run| run.signing_in().is_some());
        if !is_device && self.pending.is_none() {
            return;
        }
        if is_device {
            self.flow = None;
        }
        if self.forget_pending().is_some() {
            self.step.fail(AccountFailure::Interrupted);
        }
        self.tell_recovery_code();
        self.session = SessionState::Closed;
        self.step.status = true;
        self.give_up_connection();
    }

    fn credentials(&mut self, outcome: Outcome, purpose: Purpose, now: Timestamp) {
        match (outcome, purpose) {
            (Outcome::PasswordChanged { password_epoch }, Purpose::ChangePassword(words)) => {
                self.change(|stored| stored.password_epoch = password_epoch);
                self.step.slot = Some(SlotChange::Rewrap(words));
                self.ask_devices(now);
                self.done(Deed::PasswordChanged);
            }
            (Outcome::RecoveryCode(code), _) => {
                self.forget_new_code();
                self.change(|stored| stored.recovery_code = Some(code));
                self.tell_recovery_code();
            }
            (Outcome::Confirmed { password_epoch }, Purpose::Confirm(words)) => {
                self.change(|stored| stored.password_epoch = password_epoch);
                self.step.slot = Some(SlotChange::Rewrap(words));
                self.done(Deed::PasswordConfirmed);
                self.open(password_epoch, now);
            }
            (Outcome::Confirmed { .. }, Purpose::Lock(words)) => {
                self.step.slot = Some(SlotChange::Set(Some(words)));
                self.step.status = true;
                self.done(Deed::StayUnlockedSet);
            }
            (Outcome::Deleted, _) => self.step.effects.push(Effect::Erase),
            (Outcome::PasswordChanged { .. } | Outcome::Confirmed { .. }, _) => {}
        }
    }
}
