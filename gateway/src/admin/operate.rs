//! Doing what the operator wants.

use core::time::Duration;
use std::sync::Arc;

use rand_core::OsRng;
use sotto_shared::AccountId;
use sotto_shared::account::AccountName;
use sotto_shared::sotto::types::Invitation;

use super::{Answer, INVITATION_DAYS_MAX, Request};
use crate::audit::{Audit, Event};
use crate::invitation::InvitationCode;
use crate::storage::account::{AccountStorage, AccountSummary, Applied, Change, Refused};

/// Why it was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OperateError {
    /// Nobody has this name.
    #[error("there is no account of this name")]
    UnknownName,
    /// The storage is failing.
    #[error("the storage is failing; nothing was changed")]
    Failed,
}

/// What an operator can do: to a gateway that runs, with everybody who is connected told, or to
/// the storage of one that does not.
pub(crate) trait Operate: Send + Sync {
    /// Every account.
    fn list(&self) -> impl Future<Output = Result<Vec<AccountSummary>, OperateError>> + Send;

    /// Disables an account, or enables it again.
    fn set_disabled(
        &self,
        name: &AccountName,
        disabled: bool,
    ) -> impl Future<Output = Result<(), OperateError>> + Send;

    /// Deletes an account.
    fn delete(&self, name: &AccountName) -> impl Future<Output = Result<(), OperateError>> + Send;

    /// Forgets an account's failed logins.
    fn reset_login(
        &self,
        name: &AccountName,
    ) -> impl Future<Output = Result<(), OperateError>> + Send;

    /// Makes an invitation.
    fn invite(
        &self,
        lifetime: Duration,
    ) -> impl Future<Output = Result<(InvitationCode, Invitation), OperateError>> + Send;
}

/// Does one request. `address` is where the web app is reached, if that is known.
pub(super) async fn answer(
    operator: &impl Operate,
    request: Request,
    address: Option<&str>,
) -> Answer {
    let done = match request {
        Request::Invite { days } => return invite(operator, days, address).await,
        Request::UserList {} => match operator.list().await {
            Ok(summaries) => {
                let users = summaries.into_iter().map(Into::into).collect();
                return Answer::Users { users };
            }
            Err(error) => Err(error),
        },
        Request::UserDisable { name } => operator.set_disabled(&name, true).await,
        Request::UserEnable { name } => operator.set_disabled(&name, false).await,
        Request::UserDelete { name } => operator.delete(&name).await,
        Request::UserResetLogin { name } => operator.reset_login(&name).await,
    };
    match done {
        Ok(()) => Answer::Done,
        Err(error) => error.into(),
    }
}

async fn invite(operator: &impl Operate, days: u32, address: Option<&str>) -> Answer {
    if days == 0 || days > INVITATION_DAYS_MAX {
        return Answer::Error {
            message: format!("an invitation is good for 1 to {INVITATION_DAYS_MAX} days"),
        };
    }
    let lifetime = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
    match operator.invite(lifetime).await {
        Ok((code, invitation)) => Answer::Invited {
            link: address.map(|address| format!("{address}/#invite={}", code.as_str())),
            code: code.as_str().to_owned(),
            expires_at: invitation.expires_at,
        },
        Err(error) => error.into(),
    }
}

impl From<OperateError> for Answer {
    fn from(error: OperateError) -> Self {
        Self::Error {
            message: error.to_string(),
        }
    }
}

/// The operator's hands on a storage that nobody is connected to.
#[derive(Debug)]
pub(super) struct Hands {
    accounts: Arc<dyn AccountStorage>,
    audit: Audit,
}

impl Hands {
    pub(super) fn new(accounts: Arc<dyn AccountStorage>, audit: Audit) -> Self {
        Self { accounts, audit }
    }

    /// The account of a name, disabled or not.
    async fn find(&self, name: &AccountName) -> Result<AccountId, OperateError> {
        let accounts = self.list().await?;
        let found = accounts.iter().find(|summary| summary.name == *name);
        let summary = found.ok_or(OperateError::UnknownName)?;
        Ok(summary.account)
    }

    async fn apply(&self, change: Change) -> Result<Applied, OperateError> {
        match self.accounts.apply(change).await {
            Ok(Ok(applied)) => Ok(applied),
            Ok(Err(Refused::Unknown)) => Err(OperateError::UnknownName),
            _ => Err(OperateError::Failed),
        }
    }
}

impl Operate for Hands {
    async fn list(&self) -> Result<Vec<AccountSummary>, OperateError> {
        match self.accounts.account_list().await {
            Ok(Ok(summaries)) => Ok(summaries),
            _ => Err(OperateError::Failed),
        }
    }

    async fn set_disabled(&self, name: &AccountName, disabled: bool) -> Result<(), OperateError> {
        let account = self.find(name).await?;
        self.apply(Change::SetDisabled { account, disabled })
            .await?;
        let event = if disabled {
            Event::AccountDisabled { account }
        } else {
            Event::AccountEnabled { account }
        };
        self.audit.record(event, None);
        Ok(())
    }

    async fn delete(&self, name: &AccountName) -> Result<(), OperateError> {
        let account = self.find(name).await?;
        self.apply(Change::DeleteAccount(account)).await?;
        self.audit.record(Event::AccountDeleted { account }, None);
        Ok(())
    }

    async fn reset_login(&self, name: &AccountName) -> Result<(), OperateError> {
        let account = self.find(name).await?;
        self.apply(Change::ResetLogin(name.clone())).await?;
        self.audit.record(Event::LoginReset { account }, None);
        Ok(())
    }

    async fn invite(
        &self,
        lifetime: Duration,
    ) -> Result<(InvitationCode, Invitation), OperateError> {
        let code = InvitationCode::generate(&mut OsRng);
        let change = Change::Invite {
            by: None,
            digest: code.digest(),
            lifetime,
        };
        match self.apply(change).await? {
            Applied::Invited(invitation) => {
                let event = Event::InvitationMade { account: None };
                self.audit.record(event, None);
                Ok((code, invitation))
            }
            _ => Err(OperateError::Failed),
        }
    }
}
