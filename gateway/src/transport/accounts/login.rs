//! Login by password or recovery code.
//!
//! The gateway's first answer alone tells a client whether the password was right (RFC 9807, the
//! client checks the server's MAC). So a login counts as failed from its beginning, durably, before
//! that answer is sent; only its success takes that back. A name that nobody has goes the same way,
//! step by step, with the same sizes.

use core::time::Duration;
use std::sync::Arc;

use sotto_shared::account::Slot;
use sotto_shared::sotto::request::LoginStart;
use sotto_shared::sotto::response::LoggedIn;
use sotto_shared::sotto::types::OpaqueMessage;
use sotto_shared::sotto::{Error, ErrorCode, Response};

use super::peer::{Failure, PendingLogin, Proved};
use super::{Answer, Ask, read};
use crate::audit::Event;
use crate::connection::sotto::{AccountResult, Proof, error, error_until};
use crate::metrics::{LimitHit, LoginResult};
use crate::storage::account::{
    Change, Failures, LOGIN_FAILURES_MAX, LOGIN_FAILURES_PER_ADDRESS_MAX, LoginRecord, LoginSubject,
};
use crate::transport::limits::subscriber;

/// What to wait when the count is full of logins that are under way.
const UNDER_WAY: Duration = Duration::from_secs(1);

impl Ask<'_> {
    pub(super) async fn login_start(&mut self, request: LoginStart) -> Answer {
        self.peer.login = None;
        let LoginStart {
            name,
            slot,
            request,
        } = request;
        let by_name = LoginSubject::Name(name.clone(), slot);
        let by_address = LoginSubject::Address(subscriber(self.address));
        let attempts = &self.accounts.attempts;
        let storage = &self.accounts.storage;
        let of_name = attempts.begin(by_name.clone());
        let of_address = attempts.begin(by_address.clone());
        let name_failures = storage.login_failures(by_name.clone());
        let address_failures = storage.login_failures(by_address.clone());
        let name_failures = read(name_failures).await?;
        let address_failures = read(address_failures).await?;
        let failed = name_failures.count.saturating_add(of_name.others);
        if failed >= LOGIN_FAILURES_MAX {
            self.services.metrics.login(LoginResult::Locked);
            self.event(Event::LoginRefused);
            return Err(locked(name_failures));
        }
        if address_failures.count.saturating_add(of_address.others)
            >= LOGIN_FAILURES_PER_ADDRESS_MAX
        {
            self.services.metrics.login(LoginResult::Locked);
            self.services
                .limit_hit(LimitHit::LoginsPerAddress, self.address);
            return Err(locked(address_failures));
        }
        let known = read(storage.password_file(name.clone(), slot)).await?;
        let (state, answer) = self.accounts.opaque.login(
            &request,
            &name,
            slot,
            self.accounts.gateway,
            known.as_ref().map(|(_, file)| &file[..]),
        )?;
        let counted = Change::LoginFailed(vec![by_name, by_address]);
        self.accounts.apply(counted).await?;
        drop((of_name, of_address));
        let failure = Failure {
            audit: self.services.audit.clone(),
            metrics: Arc::clone(&self.services.metrics),
            address: self.address,
            account: known.as_ref().map(|(account, _)| *account),
            locks: failed + 1 >= LOGIN_FAILURES_MAX,
            succeeded: false,
        };
        self.peer.login = Some(PendingLogin {
            name,
            slot,
            state: Some(state),
            known,
            failure,
        });
        Ok(Response::LoginStarted(answer).into())
    }

    pub(super) async fn login_finish(&mut self, finalization: &OpaqueMessage) -> Answer {
        let failed = || error(ErrorCode::LoginFailed);
        let conflict = || error(ErrorCode::Conflict);
        let mut login = self.peer.login.take().ok_or_else(conflict)?;
        let state = login.state.take().ok_or_else(conflict)?;
        state.finish(&finalization.0).map_err(|_| failed())?;
        let (account, password_file) = login.known.take().ok_or_else(failed)?;
        if self
            .standing
            .device
            .is_some_and(|device| device.account != account)
        {
            return Err(conflict());
        }
        let proved = Proved {
            account,
            name: login.name.clone(),
            slot: login.slot,
            password_file,
        };
        let _turn = self.accounts.turn(account).await;
        // The credential may have been changed since the login began: the old one is worth nothing
        // any more.
        let record = self.accounts.record(&proved).await?.ok_or_else(failed)?;
        let succeeded = Change::LoginSucceeded(vec![
            LoginSubject::Name(login.name.clone(), login.slot),
            LoginSubject::Address(subscriber(self.address)),
        ]);
        // If this fails, the account stays as near to being locked as it was.
        drop(self.accounts.apply(succeeded).await);
        login.failure.succeeded = true;
        if record.account.disabled {
            return Err(error(ErrorCode::AccountDisabled));
        }
        self.event(match proved.slot {
            Slot::Password => Event::LoggedIn { account },
            Slot::Recovery => Event::RecoveryUsed { account },
        });
        self.peer.proved = Some(proved);
        Ok(AccountResult {
            response: Response::LoggedIn(Box::new(LoggedIn {
                account,
                account_key: record.account.account_key,
                display_name: record.account.display_name,
                wrapped_vault_key: record.credential.wrapped_vault_key,
                vault: record.vault,
                vault_version: record.account.vault_version,
                password_epoch: record.account.password_epoch,
            })),
            proves: Some(Proof::LoggedIn(account)),
        })
    }

    /// The account of the connection's login, if what it logged in with is still good. To be
    /// called in the account's turn.
    pub(super) async fn proved(&self) -> Result<LoginRecord, Error> {
        let needed = || error(ErrorCode::LoginNeeded);
        let proved = self.peer.proved.as_ref().ok_or_else(needed)?;
        let is_own = |account| account == proved.account;
        if !self
            .standing
            .login
            .is_some_and(|login| is_own(login.account))
        {
            return Err(needed());
        }
        let record = self.accounts.record(proved).await?.ok_or_else(needed)?;
        if record.account.disabled {
            return Err(error(ErrorCode::AccountDisabled));
        }
        Ok(record)
    }
}

impl super::Accounts {
    /// What is stored for a login, unless its credential is another one by now.
    async fn record(&self, proved: &Proved) -> Result<Option<LoginRecord>, Error> {
        let record = read(self.storage.login(proved.name.clone(), proved.slot)).await?;
        Ok(record.filter(|record| {
            record.account.account == proved.account
                && record.credential.password_file == proved.password_file
        }))
    }
}

fn locked(failures: Failures) -> Error {
    let wait = failures.oldest_expires.max(UNDER_WAY);
    error_until(ErrorCode::LoginLocked, wait)
}
