//! A device connects.

use std::sync::Arc;

use sotto_shared::account::statement::verify_login;
use sotto_shared::sotto::request::Authenticate;
use sotto_shared::sotto::response::Session;
use sotto_shared::sotto::{Error, ErrorCode, Response};
use sotto_shared::{AccountId, ClientId};

use super::peer::Ticket;
use super::{Answer, Ask, read};
use crate::audit::{Event, RefusedCause};
use crate::connection::sotto::{AccountResult, Device, Proof, error};
use crate::storage::account::{Change, DeviceRecord};

impl Ask<'_> {
    pub(super) async fn authenticate(&mut self, request: Authenticate) -> Answer {
        let Some(nonce) = self.nonce else {
            return Err(error(ErrorCode::NonceUsed));
        };
        let Authenticate { client, signature } = request;
        let Some(record) = read(self.accounts.storage.device(client)).await? else {
            self.refuse(None, RefusedCause::UnknownDevice);
            return Err(error(ErrorCode::UnknownDevice));
        };
        let account = record.account.account;
        // The signature comes first: only the device itself learns what became of it.
        let key = &record.certificate.device_key;
        if verify_login(key, &self.accounts.gateway, &nonce, client, &signature).is_err() {
            self.refuse(Some(account), RefusedCause::BadSignature);
            return Err(error(ErrorCode::BadSignature));
        }
        self.check(&record)?;
        self.enter(account, client).await
    }

    /// Begins the session of a device that was just made. If that fails, the connection has to
    /// end: an error would say that nothing was changed.
    pub(super) async fn enter_new(&mut self, account: AccountId, client: ClientId) -> Answer {
        let answer = self.enter(account, client).await;
        self.is_lost = matches!(&answer, Err(error) if error.code == ErrorCode::Unavailable);
        answer
    }

    /// Begins the session of a device that has proved itself.
    pub(super) async fn enter(&mut self, account: AccountId, client: ClientId) -> Answer {
        // A session that nobody holds must not end the one that the device has begun meanwhile.
        if self.asker.strong_count() == 0 {
            return Err(error(ErrorCode::Unavailable));
        }
        let device = Device { account, client };
        let sessions = &self.accounts.sessions;
        let was_online = sessions.is_online(account);
        let (number, inbox) = sessions.enter(device);
        let ticket = Ticket {
            services: Arc::clone(self.services),
            device,
            number,
        };
        // Once more, now that whoever revokes finds this session: so that none slips through.
        let record = read(self.accounts.storage.device(client)).await?;
        let record = record.ok_or_else(|| error(ErrorCode::UnknownDevice))?;
        self.check(&record)?;
        drop(self.accounts.storage.apply(Change::Seen(vec![client])));
        if !was_online {
            self.accounts.notices.presence(self.services, account);
        }
        self.peer.ticket = Some(ticket);
        *self.inbox = Some(inbox);
        let account = record.account;
        Ok(AccountResult {
            response: Response::Session(Session {
                account: account.account,
                client,
                name: account.name,
                display_name: account.display_name,
                password_epoch: account.password_epoch,
                vault_version: account.vault_version,
                hides_presence: account.hides_presence,
                bridge: account.bridge.map(|bridge| bridge.client),
            }),
            proves: Some(Proof::Device(device)),
        })
    }

    fn check(&self, record: &DeviceRecord) -> Result<(), Error> {
        let (cause, code) = if record.revoked {
            (RefusedCause::Revoked, ErrorCode::DeviceRevoked)
        } else if record.account.disabled {
            (RefusedCause::Disabled, ErrorCode::AccountDisabled)
        } else {
            return Ok(());
        };
        self.refuse(Some(record.account.account), cause);
        Err(error(code))
    }

    fn refuse(&self, account: Option<AccountId>, cause: RefusedCause) {
        self.event(Event::AuthenticationRefused { account, cause });
    }
}
