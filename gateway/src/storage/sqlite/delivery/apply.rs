//! One change to conversations, in a savepoint of the writer's transaction.

use rusqlite::{OptionalExtension, params};
use sotto_shared::sotto::group::{Epoch, GroupKind, GroupSeq, Stored};
use sotto_shared::{ClientId, GroupId, SendId};

use super::super::super::delivery::{Act, Acted, Denied};
use super::super::apply::Apply;
use super::statements;

/// Why a change stops half-way.
pub(super) enum Stop {
    /// What it did is taken back, and the transaction goes on.
    Denied(Denied),
    /// The transaction has failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Denied> for Stop {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

pub(super) type Result<T> = core::result::Result<T, Stop>;

/// A device that asks, or is added.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device {
    pub(super) number: i64,
    pub(super) account: i64,
}

/// A group that a change is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) number: i64,
    pub(super) id: GroupId,
    pub(super) kind: GroupKind,
    pub(super) epoch: Epoch,
    pub(super) sequence: GroupSeq,
    /// Of a direct chat.
    pub(super) pair: [i64; 2],
}

impl Group {
    /// What comes behind the last thing that was stored.
    pub(super) const fn next(&self) -> GroupSeq {
        GroupSeq(self.sequence.0.saturating_add(1))
    }
}

/// A device in a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) device: i64,
    pub(super) account: i64,
    pub(super) active: bool,
}

impl Apply<'_> {
    /// Applies a change, or leaves everything as it was.
    pub(in super::super) fn act(
        &mut self,
        act: &Act,
    ) -> core::result::Result<core::result::Result<Acted, Denied>, rusqlite::Error> {
        let mark = self.mailboxes.mark();
        self.run("SAVEPOINT act", [])?;
        match self.apply_act(act) {
            Ok(acted) => {
                self.run("RELEASE act", [])?;
                Ok(Ok(acted))
            }
            Err(Stop::Denied(denied)) => {
                self.run("ROLLBACK TO act", [])?;
                self.run("RELEASE act", [])?;
                self.mailboxes.forget_since(mark);
                Ok(Err(denied))
            }
            Err(Stop::Sqlite(error)) => Err(error),
        }
    }

    fn apply_act(&mut self, act: &Act) -> Result<Acted> {
        match act {
            Act::Publish { by, packages } => self.publish(*by, packages),
            Act::Claim { suite, wanted } => self.claim(*suite, wanted),
            Act::Create { by, group } => self.create_group(*by, group),
            Act::Commit { by, commit } => self.commit(*by, commit),
            Act::Send { by, message } => self.send_to_group(*by, message),
            Act::Acknowledge { by, up_to } => self.acknowledge_entries(*by, *up_to),
        }
    }

    /// The device that asks.
    pub(super) fn asking(&self, client: ClientId) -> Result<Device> {
        let found = self.find_device(statements::DEVICE, client)?;
        Ok(found.ok_or(Denied::NoDevice)?)
    }

    pub(super) fn find_device(&self, sql: &str, client: ClientId) -> Result<Option<Device>> {
        let found = self
            .database
            .prepare_cached(sql)?
            .query_row([client.as_bytes()], |row| {
                Ok(Device {
                    number: row.get(0)?,
                    account: row.get(1)?,
                })
            });
        Ok(found.optional()?)
    }

    pub(super) fn group(&self, id: GroupId) -> Result<Option<Group>> {
        let found = self
            .database
            .prepare_cached(statements::FIND_GROUP)?
            .query_row([id.as_bytes()], |row| {
                Ok(Group {
                    number: row.get(0)?,
                    id,
                    kind: super::read::group_kind(row, 1)?,
                    epoch: Epoch(row.get(2)?),
                    sequence: GroupSeq(row.get(3)?),
                    pair: [row.get(4)?, row.get(5)?],
                })
            });
        Ok(found.optional()?)
    }

    pub(super) fn members(&self, group: i64) -> Result<Vec<Member>> {
        let mut statement = self.database.prepare_cached(statements::MEMBERS)?;
        let members = statement.query_map([group], |row| {
            Ok(Member {
                device: row.get(0)?,
                account: row.get(1)?,
                active: row.get(2)?,
            })
        })?;
        Ok(members.collect::<core::result::Result<_, _>>()?)
    }

    /// Where a device has stored something by this id before.
    pub(super) fn repeated(&self, device: i64, id: SendId) -> Result<Option<Stored>> {
        let found = self
            .database
            .prepare_cached(statements::FIND_SENT)?
            .query_row(params![device, id.as_bytes()], |row| {
                Ok(Stored {
                    sequence: GroupSeq(row.get(0)?),
                    time: row.get(1)?,
                })
            });
        Ok(found.optional()?)
    }

    /// Keeps the id of what was stored in a group just now.
    pub(super) fn remember(&self, device: i64, id: SendId, group: &Group) -> Result<Stored> {
        let stored = Stored {
            sequence: group.next(),
            time: u64::try_from(self.millis).unwrap_or_default(),
        };
        let row = params![device, id.as_bytes(), stored.sequence.0, self.millis];
        self.run(statements::INSERT_SENT, row)?;
        Ok(stored)
    }
}

pub(super) fn deny_if(condition: bool, denied: Denied) -> Result<()> {
    if condition {
        Err(denied.into())
    } else {
        Ok(())
    }
}
