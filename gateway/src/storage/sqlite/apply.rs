//! One change, inside the writer's transaction.

use std::sync::Arc;

use rand_core::OsRng;
use rusqlite::{Connection, OptionalExtension, params};
use sotto_shared::classic::request::{Register, Send as Message};
use sotto_shared::{ClientId, MessageId, SendId};

use super::super::directory::{Directory, Mailbox};
use super::super::names::account_name_of;
use super::super::{MailboxSize, Refusal, StoredId, Write, Written};
use super::accounts::statements::IS_ACCOUNT_NAME;
use super::delivery::Mailboxes;
use super::{Options, statements};

/// How to take back in memory what a rolled-back transaction had changed there.
#[derive(Debug)]
pub(super) enum Undo {
    Added(Arc<Mailbox>, MailboxSize),
    Subtracted(Arc<Mailbox>, MailboxSize),
    Registered(ClientId),
    Removed(ClientId, Arc<Mailbox>),
    AccountAdded,
    AccountDeleted,
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// Registered clients.
    pub(super) clients: u64,
    pub(super) accounts: u64,
}

impl Undo {
    pub(super) fn run(self, directory: &Directory, counts: &mut Counts) {
        match self {
            Self::Added(mailbox, size) => mailbox.subtract(size),
            Self::Subtracted(mailbox, size) => mailbox.add(size),
            Self::Registered(client) => {
                directory.remove(client);
                counts.clients = counts.clients.saturating_sub(1);
            }
            Self::Removed(client, mailbox) => {
                directory.insert(client, mailbox);
                counts.clients += 1;
            }
            Self::AccountAdded => counts.accounts = counts.accounts.saturating_sub(1),
            Self::AccountDeleted => counts.accounts += 1,
        }
    }
}

/// A transaction under way.
pub(super) struct Apply<'a> {
    pub(super) database: &'a Connection,
    pub(super) directory: &'a Directory,
    pub(super) options: &'a Options,
    pub(super) counts: &'a mut Counts,
    pub(super) undo: &'a mut Vec<Undo>,
    /// Set when something was deleted that must not stay in the write-ahead log.
    pub(super) wiped: &'a mut bool,
    pub(super) mailboxes: &'a mut Mailboxes,
    /// Mailbox entries that were made and deleted so far.
    pub(super) entries: usize,
    /// Seconds since 1970.
    pub(super) now: i64,
    /// Milliseconds since 1970.
    pub(super) millis: i64,
}

type Result<T> = core::result::Result<T, rusqlite::Error>;

impl Apply<'_> {
    pub(super) fn apply(&mut self, write: &Write) -> Result<Written> {
        match write {
            Write::Register { register, once } => self.register(register, *once),
            Write::Send {
                from,
                message,
                send_id,
            } => self.send(*from, message, *send_id),
            Write::Delivered { mailbox, through } => self.delete(*mailbox, *through),
            Write::Acknowledge { mailbox, through } => self.acknowledge(*mailbox, *through),
        }
    }

    fn register(&mut self, register: &Register, once: bool) -> Result<Written> {
        let name = register.name.as_str();
        let owner = self
            .database
            .prepare_cached(statements::FIND_NAME)?
            .query_row([name], |row| {
                Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional()?;
        if let Some((id, key)) = owner {
            return Ok(if once && key == register.public_key.0 {
                Written::Registered(ClientId::from_bytes(id))
            } else {
                Written::Refused(Refusal::NameTaken)
            });
        }
        let account_name = account_name_of(name);
        if !account_name.is_empty()
            && self
                .database
                .prepare_cached(IS_ACCOUNT_NAME)?
                .exists([&account_name])?
        {
            return Ok(Written::Refused(Refusal::NameTaken));
        }
        if self.counts.clients >= self.options.clients {
            return Ok(Written::Refused(Refusal::ClientsFull));
        }
        let client = ClientId::random(&mut OsRng);
        self.database
            .prepare_cached(statements::INSERT_CLIENT)?
            .execute(params![
                client.as_bytes(),
                name,
                register.public_key.0.as_slice(),
                self.now,
                account_name
            ])?;
        self.directory.insert(client, Arc::default());
        self.counts.clients += 1;
        self.undo.push(Undo::Registered(client));
        Ok(Written::Registered(client))
    }

    fn send(
        &mut self,
        from: ClientId,
        message: &Message,
        send_id: Option<SendId>,
    ) -> Result<Written> {
        let Some(sender) = self.directory.find(from) else {
            return Ok(Written::Refused(Refusal::UnknownRequester));
        };
        sender.seen_at(self.now);
        if let Some(send_id) = send_id
            && let Some(receipt) = self.find_receipt(from, send_id)?
        {
            return Ok(Written::Stored(receipt.on_wire()));
        }
        if message.to == from {
            return Ok(Written::Refused(Refusal::ToOneself));
        }
        let Some(mailbox) = self.directory.find(message.to) else {
            return Ok(Written::Refused(Refusal::UnknownClient));
        };
        let added = MailboxSize {
            messages: 1,
            bytes: u64::try_from(message.content.len()).unwrap_or(u64::MAX),
        };
        let size = mailbox.size();
        let limit = self.options.mailbox;
        if size.messages >= limit.messages || size.bytes.saturating_add(added.bytes) > limit.bytes {
            return Ok(Written::Refused(Refusal::MailboxFull));
        }
        self.database
            .prepare_cached(statements::INSERT_MESSAGE)?
            .execute(params![
                message.to.as_bytes(),
                from.as_bytes(),
                message.kind.0,
                &message.content[..],
                self.now
            ])?;
        let stored = StoredId(self.database.last_insert_rowid());
        if let Some(send_id) = send_id {
            self.database
                .prepare_cached(statements::INSERT_RECEIPT)?
                .execute(params![
                    from.as_bytes(),
                    send_id.as_bytes(),
                    stored.0,
                    self.now
                ])?;
        }
        mailbox.add(added);
        self.undo.push(Undo::Added(mailbox, added));
        Ok(Written::Stored(stored.on_wire()))
    }

    fn find_receipt(&self, from: ClientId, send_id: SendId) -> Result<Option<StoredId>> {
        self.database
            .prepare_cached(statements::FIND_RECEIPT)?
            .query_row(params![from.as_bytes(), send_id.as_bytes()], |row| {
                row.get(0).map(StoredId)
            })
            .optional()
    }

    fn acknowledge(&mut self, client: ClientId, through: MessageId) -> Result<Written> {
        let Some(mailbox) = self.directory.find(client) else {
            return Ok(Written::Refused(Refusal::UnknownRequester));
        };
        mailbox.seen_at(self.now);
        if through == MessageId::default() || mailbox.size() == MailboxSize::default() {
            return Ok(Written::Deleted);
        }
        let last = self
            .database
            .prepare_cached(statements::LAST_MESSAGE)?
            .query_row([], |row| row.get(0))?;
        let through = widen(through, last);
        let is_there = self
            .database
            .prepare_cached(statements::IS_IN_MAILBOX)?
            .exists(params![client.as_bytes(), through.0])?;
        if is_there {
            self.delete_from(client, &mailbox, through)?;
        }
        Ok(Written::Deleted)
    }

    fn delete(&mut self, client: ClientId, through: StoredId) -> Result<Written> {
        match self.directory.find(client) {
            Some(mailbox) => {
                self.delete_from(client, &mailbox, through)?;
                Ok(Written::Deleted)
            }
            None => Ok(Written::Refused(Refusal::UnknownRequester)),
        }
    }

    fn delete_from(
        &mut self,
        client: ClientId,
        mailbox: &Arc<Mailbox>,
        through: StoredId,
    ) -> Result<()> {
        let range = params![client.as_bytes(), through.0];
        let removed = self
            .database
            .prepare_cached(statements::MEASURE_MESSAGES)?
            .query_row(range, |row| {
                Ok(MailboxSize {
                    messages: row.get(0)?,
                    bytes: row.get(1)?,
                })
            })?;
        if removed.messages > 0 {
            self.database
                .prepare_cached(statements::DELETE_MESSAGES)?
                .execute(range)?;
            mailbox.subtract(removed);
            self.undo
                .push(Undo::Subtracted(Arc::clone(mailbox), removed));
        }
        Ok(())
    }
}

/// The number in storage of which only the low 32 bits were on the wire: the newest such, since
/// nobody acknowledges what is 2^32 messages old.
fn widen(on_wire: MessageId, last: i64) -> StoredId {
    const TURN: i64 = 1 << 32;
    let candidate = (last & !(TURN - 1)) | i64::from(on_wire.0);
    StoredId(if candidate > last {
        candidate - TURN
    } else {
        candidate
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_the_wire_are_widened_to_the_newest_stored() {
        assert_eq!(widen(MessageId(7), 9), StoredId(7));
        let beyond = (1_i64 << 32) + 5;
        assert_eq!(widen(MessageId(5), beyond), StoredId(beyond));
        assert_eq!(widen(MessageId(6), beyond), StoredId(6));
        assert_eq!(StoredId(beyond).on_wire(), MessageId(5));
    }
}
