//! Accounts in SQLite: changes by the writer, each in a savepoint; questions by the readers.

mod account;
mod apply;
mod bridge;
mod device;
mod invitation;
mod login;
mod read;
mod register;
pub(super) mod statements;

use bytes::Bytes;
use rand_core::OsRng;
use rusqlite::{Connection, OptionalExtension, params};
use sotto_shared::account::opaque::ServerSetup;
use sotto_shared::account::{AccountName, Slot};
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::sotto::types::{AccountEntry, Device, Invitation};
use sotto_shared::{AccountId, ClientId, GatewayId};
use zeroize::Zeroizing;

use super::super::account::{
    AccountRecord, AccountStorage, AccountSummary, Applied, Change, DeviceRecord, Failures,
    GatewayIdentity, LoginRecord, LoginSubject, Refused,
};
use super::super::{Pending, ReadError};
use super::work::Work;
use super::writer::Order;
use super::{OpenError, SqliteStorage};

pub(super) use login::prune;

impl AccountStorage for SqliteStorage {
    fn identity(&self) -> GatewayIdentity {
        self.identity.clone()
    }

    fn apply(&self, change: Change) -> Pending<Result<Applied, Refused>> {
        let (done, pending) = Pending::new();
        self.order(Order::Work(Work::Change {
            change: Box::new(change),
            done,
        }));
        pending
    }

    fn password_file(
        &self,
        name: AccountName,
        slot: Slot,
    ) -> Pending<Result<Option<(AccountId, Bytes)>, ReadError>> {
        self.readers
            .ask(move |database| read::password_file(database, &name, slot))
    }

    fn login(
        &self,
        name: AccountName,
        slot: Slot,
    ) -> Pending<Result<Option<LoginRecord>, ReadError>> {
        self.readers
            .ask(move |database| read::login(database, &name, slot))
    }

    fn device(&self, client: ClientId) -> Pending<Result<Option<DeviceRecord>, ReadError>> {
        self.readers
            .ask(move |database| read::device(database, client))
    }

    fn account(&self, account: AccountId) -> Pending<Result<Option<AccountRecord>, ReadError>> {
        self.readers
            .ask(move |database| read::account_by_id(database, account))
    }

    fn devices(&self, account: AccountId) -> Pending<Result<Vec<Device>, ReadError>> {
        self.readers
            .ask(move |database| read::devices(database, account))
    }

    fn accounts(
        &self,
        after: Option<AccountName>,
        limit: usize,
    ) -> Pending<Result<Vec<AccountEntry>, ReadError>> {
        self.readers
            .ask(move |database| read::page(database, after.as_ref(), limit))
    }

    fn find_accounts(
        &self,
        names: Vec<AccountName>,
        accounts: Vec<AccountId>,
    ) -> Pending<Result<Vec<AccountEntry>, ReadError>> {
        self.readers
            .ask(move |database| read::find(database, &names, &accounts))
    }

    fn invitations(&self, by: AccountId) -> Pending<Result<Vec<Invitation>, ReadError>> {
        let now = self.clock.now();
        self.readers
            .ask(move |database| read::invitations(database, by, now))
    }

    fn invitation_is_open(&self, digest: [u8; 32]) -> Pending<Result<bool, ReadError>> {
        let now = self.clock.now();
        self.readers
            .ask(move |database| read::invitation_is_open(database, &digest, now))
    }

    fn classic_key(&self, client: ClientId) -> Pending<Result<Option<PublicKeyBytes>, ReadError>> {
        self.readers
            .ask(move |database| read::classic_key(database, client))
    }

    fn login_failures(&self, subject: LoginSubject) -> Pending<Result<Failures, ReadError>> {
        let now = self.clock.now();
        self.readers
            .ask(move |database| login::failures(database, &subject, now))
    }

    fn account_list(&self) -> Pending<Result<Vec<AccountSummary>, ReadError>> {
        self.readers.ask(read::summaries)
    }
}

/// Reads who the gateway is, or makes it up and stores it if this is the first start.
pub(super) fn identity(database: &mut Connection) -> Result<GatewayIdentity, OpenError> {
    let stored = database
        .query_row(statements::IDENTITY, [], |row| {
            Ok(GatewayIdentity {
                gateway: GatewayId::from_bytes(row.get(0)?),
                opaque_setup: Zeroizing::new(row.get(1)?),
            })
        })
        .optional()?;
    if let Some(identity) = stored {
        return match ServerSetup::from_bytes(&identity.opaque_setup) {
            Ok(_) => Ok(identity),
            Err(_) => Err(OpenError::Identity),
        };
    }
    let identity = GatewayIdentity {
        gateway: GatewayId::random(&mut OsRng),
        opaque_setup: ServerSetup::generate(&mut OsRng).to_bytes(),
    };
    database.execute(
        statements::INSERT_IDENTITY,
        params![
            identity.gateway.as_bytes(),
            identity.opaque_setup.as_slice()
        ],
    )?;
    Ok(identity)
}
