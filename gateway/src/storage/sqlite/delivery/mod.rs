//! Conversations in SQLite: changes by the writer, each in a savepoint; questions by the readers.

mod apply;
mod group;
mod key_packages;
mod leave;
mod mailboxes;
mod message;
mod read;
mod statements;
mod sweep;

use sotto_shared::sotto::group::{
    AccountDevices, DeliveryKind, GroupInfo, GroupSummary, KeyPackagesLeft, SuiteId,
};
use sotto_shared::{AccountId, ClientId, GroupId};

use super::super::delivery::{Act, Acted, Audience, DeliveryStorage, Denied, Entries};
use super::super::{Pending, ReadError};
use super::SqliteStorage;
use super::work::Work;
use super::writer::Order;

pub(super) use mailboxes::{Handed, Mailboxes};
pub(super) use sweep::sweep;

impl DeliveryStorage for SqliteStorage {
    fn submit(&self, act: Act) -> Pending<Result<Acted, Denied>> {
        let (done, pending) = Pending::new();
        self.order(Order::Work(Work::Act {
            act: Box::new(act),
            done,
        }));
        pending
    }

    fn key_packages_left(
        &self,
        client: ClientId,
        suite: SuiteId,
    ) -> Pending<Result<KeyPackagesLeft, ReadError>> {
        let now = self.clock.now();
        self.readers
            .ask(move |database| read::key_packages_left(database, client, suite, now))
    }

    fn devices_of(
        &self,
        asker: AccountId,
        accounts: Vec<AccountId>,
    ) -> Pending<Result<Vec<AccountDevices>, ReadError>> {
        self.readers
            .ask(move |database| read::devices_of(database, asker, &accounts))
    }

    fn group_info(
        &self,
        client: ClientId,
        group: GroupId,
    ) -> Pending<Result<Option<GroupInfo>, ReadError>> {
        self.readers
            .ask(move |database| read::group_info(database, client, group))
    }

    fn groups(
        &self,
        client: ClientId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Pending<Result<Vec<GroupSummary>, ReadError>> {
        self.readers
            .ask(move |database| read::groups(database, client, after, limit))
    }

    fn entries(
        &self,
        mailbox: ClientId,
        after: u64,
        limit: usize,
        bytes_max: usize,
    ) -> Pending<Result<Entries, ReadError>> {
        let handed = self.handed.clone();
        self.readers.ask(move |database| {
            let found = read::entries(database, mailbox, after, limit, bytes_max)?;
            let missed = |kind| matches!(kind, DeliveryKind::Missed);
            let last = found.entries.iter().rfind(|entry| missed(entry.kind));
            if let Some(last) = last {
                handed.note(mailbox, last.number);
            }
            Ok(found)
        })
    }

    fn audience(
        &self,
        client: ClientId,
        group: GroupId,
    ) -> Pending<Result<Option<Audience>, ReadError>> {
        self.readers
            .ask(move |database| read::audience(database, client, group))
    }

    fn neighbours(
        &self,
        account: AccountId,
        limit: usize,
    ) -> Pending<Result<Vec<AccountId>, ReadError>> {
        self.readers
            .ask(move |database| read::neighbours(database, account, limit))
    }
}
