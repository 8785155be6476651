//! What the gateway's operator does to accounts while it runs.

use core::time::Duration;
use std::sync::Arc;

use sotto_shared::AccountId;
use sotto_shared::account::AccountName;
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::types::Invitation;
use sotto_shared::sotto::{Error, ErrorCode};

use super::{Accounts, read};
use crate::admin::{Operate, OperateError};
use crate::audit::Event;
use crate::invitation::InvitationCode;
use crate::storage::account::{AccountSummary, Change};
use crate::transport::Services;

/// The operator's hands on a running gateway.
#[derive(Debug, Clone)]
pub(crate) struct Operator {
    services: Arc<Services>,
}

impl Operator {
    pub(crate) const fn new(services: Arc<Services>) -> Self {
        Self { services }
    }

    fn accounts(&self) -> &Accounts {
        &self.services.accounts
    }

    /// The account of a name, disabled or not.
    async fn find(&self, name: &AccountName) -> Result<AccountId, OperateError> {
        let accounts = self.list().await?;
        let found = accounts.iter().find(|summary| summary.name == *name);
        let summary = found.ok_or(OperateError::UnknownName)?;
        Ok(summary.account)
    }

    fn record(&self, event: Event) {
        self.services.audit.record(event, None);
    }
}

impl Operate for Operator {
    async fn list(&self) -> Result<Vec<AccountSummary>, OperateError> {
        Ok(read(self.accounts().storage.account_list()).await?)
    }

    async fn set_disabled(&self, name: &AccountName, disabled: bool) -> Result<(), OperateError> {
        let accounts = self.accounts();
        let account = self.find(name).await?;
        let _turn = accounts.turn(account).await;
        let change = Change::SetDisabled { account, disabled };
        accounts.apply(change).await?;
        if disabled {
            let sessions = &accounts.sessions;
            sessions.cut_account(account, EndReason::AccountDisabled);
            accounts.notices.left(&self.services, account);
            self.record(Event::AccountDisabled { account });
        } else {
            accounts.notices.joined(&self.services, account);
            self.record(Event::AccountEnabled { account });
        }
        Ok(())
    }

    async fn delete(&self, name: &AccountName) -> Result<(), OperateError> {
        let accounts = self.accounts();
        let account = self.find(name).await?;
        let _turn = accounts.turn(account).await;
        let neighbours = accounts.neighbours(account).await;
        accounts.apply(Change::DeleteAccount(account)).await?;
        let sessions = &accounts.sessions;
        sessions.cut_account(account, EndReason::AccountDeleted);
        accounts.notices.left(&self.services, account);
        accounts.tell_devices_changed(account, &neighbours);
        self.record(Event::AccountDeleted { account });
        Ok(())
    }

    async fn reset_login(&self, name: &AccountName) -> Result<(), OperateError> {
        let account = self.find(name).await?;
        let change = Change::ResetLogin(name.clone());
        self.accounts().apply(change).await?;
        self.record(Event::LoginReset { account });
        Ok(())
    }

    async fn invite(
        &self,
        lifetime: Duration,
    ) -> Result<(InvitationCode, Invitation), OperateError> {
        let invited = self.accounts().invite(None, lifetime).await?;
        self.record(Event::InvitationMade { account: None });
        Ok(invited)
    }
}

impl From<Error> for OperateError {
    fn from(error: Error) -> Self {
        match error.code {
            ErrorCode::Conflict => Self::UnknownName,
            _ => Self::Failed,
        }
    }
}
