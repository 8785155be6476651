//! Change of password or recovery code, and the end of an account.

use sotto_shared::AccountId;
use sotto_shared::account::{DeletionOrder, Signature, Slot};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::request::{CredentialsFinish, CredentialsStart};
use sotto_shared::sotto::response::CredentialsStarted;
use sotto_shared::sotto::{Error, ErrorCode, Push, Response};

use super::devices::check_revocations;
use super::register::stored;
use super::{Answer, Ask};
use crate::audit::Event;
use crate::connection::sotto::{AccountResult, Proof, error};
use crate::storage::account::{Applied, Change};

impl Ask<'_> {
    pub(super) async fn credentials_start(&mut self, request: CredentialsStart) -> Answer {
        self.peer.renewal = None;
        let turn = self.accounts.turn(self.proved_account()?).await;
        let record = self.proved().await?;
        drop(turn);
        let name = &record.account.name;
        let opaque = &self.accounts.opaque;
        let answer = |request: Option<_>, slot| {
            request
                .map(|request| opaque.register(&request, name, slot))
                .transpose()
        };
        let password = answer(request.password, Slot::Password)?;
        let recovery = answer(request.recovery, Slot::Recovery)?;
        if password.is_none() && recovery.is_none() {
            return Err(error(ErrorCode::BadRequest));
        }
        self.peer.renewal = Some((password.is_some(), recovery.is_some()));
        Ok(Response::CredentialsStarted(CredentialsStarted { password, recovery }).into())
    }

    pub(super) async fn credentials_finish(&mut self, request: CredentialsFinish) -> Answer {
        let renewal = self.peer.renewal.take();
        if renewal != Some((request.password.is_some(), request.recovery.is_some())) {
            return Err(error(ErrorCode::Conflict));
        }
        let account = self.proved_account()?;
        let _turn = self.accounts.turn(account).await;
        let record = self.proved().await?;
        let revocations = request.revocations;
        let clients = check_revocations(&revocations, account, &record.account.account_key)?;
        let password = request.password.as_ref().map(stored).transpose()?;
        let recovery = request.recovery.as_ref().map(stored).transpose()?;
        let files = [&password, &recovery]
            .map(|credential| credential.as_ref().map(|it| it.password_file.clone()));
        let changes_password = password.is_some();
        let change = Change::SetCredentials {
            account,
            password,
            recovery,
            revocations,
        };
        let applied = self.accounts.apply(change).await?;
        let password_epoch = match applied {
            Applied::Credentials(epoch) => epoch,
            _ => record.account.password_epoch,
        };
        // This connection's login goes on with what it has just set itself.
        if let Some(proved) = &mut self.peer.proved {
            let [password, recovery] = files;
            let file = match proved.slot {
                Slot::Password => password,
                Slot::Recovery => recovery,
            };
            proved.password_file = file.unwrap_or_else(|| proved.password_file.clone());
        }
        self.event(Event::CredentialsChanged {
            account,
            password: changes_password,
        });
        self.revoked(account, &clients).await;
        if changes_password {
            let own = self.standing.device.map(|device| device.client);
            let push = Push::PasswordChanged { password_epoch };
            self.accounts.sessions.push(account, own, push);
        }
        Ok(Response::CredentialsChanged(password_epoch).into())
    }

    pub(super) async fn delete_account(&mut self, signature: Signature) -> Answer {
        let Some(nonce) = self.nonce else {
            return Err(error(ErrorCode::NonceUsed));
        };
        let account = self.proved_account()?;
        let gateway = self.accounts.gateway;
        let _turn = self.accounts.turn(account).await;
        let record = self.proved().await?;
        let order = DeletionOrder {
            account,
            gateway,
            nonce,
            signature,
        };
        let key = &record.account.account_key;
        if order.verify_for(&account, key, &gateway, &nonce).is_err() {
            return Err(error(ErrorCode::BadSignature));
        }
        let neighbours = self.accounts.neighbours(account).await;
        self.accounts.apply(Change::DeleteAccount(account)).await?;
        self.event(Event::AccountDeleted { account });
        // The own session, too, but it is answered first.
        self.peer.ticket = None;
        self.peer.proved = None;
        let sessions = &self.accounts.sessions;
        sessions.cut_account(account, EndReason::AccountDeleted);
        self.accounts.notices.left(self.services, account);
        self.accounts.tell_devices_changed(account, &neighbours);
        Ok(AccountResult {
            response: Response::Done,
            proves: Some(Proof::AccountGone),
        })
    }

    fn proved_account(&self) -> Result<AccountId, Error> {
        let proved = self.peer.proved.as_ref();
        proved
            .map(|proved| proved.account)
            .ok_or_else(|| error(ErrorCode::LoginNeeded))
    }
}
