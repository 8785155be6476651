//! What is stored once and waits in many mailboxes.

use rusqlite::{OptionalExtension, params};
use sotto_shared::ClientId;
use sotto_shared::sotto::group::{DeliveryKind, Epoch, Send, Stored};

use super::super::super::delivery::{Acted, Denied, MailboxBounds};
use super::super::apply::Apply;
use super::apply::{Group, Result, deny_if};
use super::mailboxes::Mailbox;
use super::statements;

/// What is to be stored for a group.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) kind: DeliveryKind,
    pub(super) epoch: Epoch,
    pub(super) sender: ClientId,
    pub(super) content: &'a [u8],
}

/// Where it came.
#[derive(Debug, Default)]
pub(super) struct Reach {
    reached: Vec<ClientId>,
    missed: u64,
}

impl Reach {
    pub(super) fn stored(self, stored: Stored) -> Acted {
        Acted::Stored {
            stored,
            reached: self.reached,
            missed: self.missed,
        }
    }
}

impl Apply<'_> {
    pub(super) fn send_to_group(&mut self, by: ClientId, send: &Send) -> Result<Acted> {
        let device = self.asking(by)?;
        if let Some(stored) = self.repeated(device.number, send.id)? {
            return Ok(Acted::Repeated(stored));
        }
        let group = self.group(send.group)?.ok_or(Denied::UnknownGroup)?;
        let members = self.members(group.number)?;
        let is_member = members
            .iter()
            .any(|member| member.active && member.device == device.number);
        deny_if(!is_member, Denied::NotMember)?;
        deny_if(send.epoch != group.epoch, Denied::StaleEpoch)?;
        let others = members
            .iter()
            .filter(|member| member.active && member.device != device.number);
        let others: Vec<i64> = others.map(|member| member.device).collect();
        let item = Item {
            kind: DeliveryKind::Message,
            epoch: group.epoch,
            sender: by,
            content: &send.message,
        };
        let mut reach = Reach::default();
        let takers = self.fan_out(&group, &item, &others, &mut reach)?;
        deny_if(takers == 0 && !others.is_empty(), Denied::MailboxFull)?;
        self.run(statements::NEXT_SEQUENCE, [group.number])?;
        let stored = self.remember(device.number, send.id, &group)?;
        Ok(reach.stored(stored))
    }

    /// Puts one thing into the mailboxes of these devices, and into those that are full that it
    /// was missed. How many took it.
    pub(super) fn fan_out(
        &mut self,
        group: &Group,
        item: &Item<'_>,
        devices: &[i64],
        reach: &mut Reach,
    ) -> Result<usize> {
        let size = u64::try_from(item.content.len()).unwrap_or(u64::MAX);
        let bounds = self.options.delivery;
        self.entries += devices.len();
        let mut takers = Vec::with_capacity(devices.len());
        for device in devices {
            let mailbox = self.mailboxes.of(self.database, *device)?;
            if has_room(mailbox, size, &bounds) {
                takers.push(*device);
            } else {
                self.miss(group, item, *device, reach)?;
            }
        }
        if takers.is_empty() {
            return Ok(0);
        }
        let message = self.insert_message(group, item, item.kind, takers.len())?;
        let content = params![message, item.content];
        self.run(statements::INSERT_CONTENT, content)?;
        let mut insert = self.database.prepare_cached(statements::INSERT_ENTRY)?;
        for device in &takers {
            let mailbox = self.mailboxes.of(self.database, *device)?;
            mailbox.last += 1;
            mailbox.entries += 1;
            mailbox.bytes += size;
            if !mailbox.missed.is_empty() {
                mailbox.missed.remove(&group.number);
            }
            reach.reached.push(mailbox.client);
            insert.execute(params![device, mailbox.last, message])?;
        }
        Ok(takers.len())
    }

    /// A mailbox is full: it says that there was something, once for all that is missed in a row.
    fn miss(
        &mut self,
        group: &Group,
        item: &Item<'_>,
        device: i64,
        reach: &mut Reach,
    ) -> Result<()> {
        reach.missed += 1;
        if let Some(number) = self.mailboxes.open_missed(device, group.number) {
            let row = params![device, number, group.next().0, item.epoch.0, self.millis];
            if self.run(statements::UPDATE_MISSED, row)? > 0 {
                return Ok(());
            }
        }
        let message = self.insert_message(group, item, DeliveryKind::Missed, 1)?;
        let mailbox = self.mailboxes.of(self.database, device)?;
        mailbox.last += 1;
        mailbox.entries += 1;
        mailbox.missed.insert(group.number, mailbox.last);
        reach.reached.push(mailbox.client);
        let last = mailbox.last;
        self.run(statements::INSERT_ENTRY, params![device, last, message])?;
        Ok(())
    }

    fn insert_message(
        &self,
        group: &Group,
        item: &Item<'_>,
        kind: DeliveryKind,
        entries: usize,
    ) -> Result<i64> {
        let size = match kind {
            DeliveryKind::Missed => 0,
            _ => item.content.len(),
        };
        let row = params![
            group.id.as_bytes(),
            group.next().0,
            item.epoch.0,
            kind_number(kind),
            item.sender.as_bytes(),
            self.millis,
            size,
            entries
        ];
        self.run(statements::INSERT_MESSAGE, row)?;
        Ok(self.database.last_insert_rowid())
    }

    pub(super) fn acknowledge_entries(&mut self, by: ClientId, up_to: u64) -> Result<Acted> {
        let device = self.asking(by)?.number;
        let mailbox = self.mailboxes.of(self.database, device)?;
        // What was never there cannot be at the client: it means another gateway, or a gateway
        // that was set back.
        if up_to > mailbox.last || up_to <= mailbox.acknowledged {
            return Ok(Acted::Acknowledged(0));
        }
        let (count, bytes) = self.release(device, up_to)?;
        let row = params![device, up_to];
        self.run(statements::PUT_ACKNOWLEDGED, row)?;
        let mailbox = self.mailboxes.of(self.database, device)?;
        mailbox.acknowledged = up_to;
        mailbox.entries = mailbox.entries.saturating_sub(count);
        mailbox.bytes = mailbox.bytes.saturating_sub(bytes);
        mailbox.missed.retain(|_, number| *number > up_to);
        Ok(Acted::Acknowledged(count))
    }

    /// Deletes a mailbox's entries up to one, and the messages that are in no mailbox any more.
    /// How many entries, and how many bytes, there were.
    pub(super) fn release(&mut self, device: i64, up_to: u64) -> Result<(u64, u64)> {
        let messages: Vec<i64> = {
            let mut statement = self.database.prepare_cached(statements::MESSAGES_UP_TO)?;
            let rows = statement.query_map(params![device, up_to], |row| row.get(0))?;
            rows.collect::<core::result::Result<_, _>>()?
        };
        self.entries += messages.len();
        self.run(statements::DELETE_ENTRIES, params![device, up_to])?;
        let mut bytes = 0;
        let mut release = self.database.prepare_cached(statements::RELEASE_MESSAGE)?;
        for message in &messages {
            let left: Option<(i64, u64)> = release
                .query_row([message], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((left, size)) = left else {
                continue;
            };
            bytes += size;
            if left <= 0 {
                self.run(statements::DELETE_MESSAGE, [message])?;
                self.run(statements::DELETE_CONTENT, [message])?;
            }
        }
        Ok((u64::try_from(messages.len()).unwrap_or(u64::MAX), bytes))
    }
}

/// Whether something of this size fits; into an empty mailbox everything does.
fn has_room(mailbox: &Mailbox, size: u64, bounds: &MailboxBounds) -> bool {
    mailbox.entries < bounds.entries
        && (mailbox.entries == 0 || mailbox.bytes.saturating_add(size) <= bounds.bytes)
}

pub(super) const fn kind_number(kind: DeliveryKind) -> i64 {
    match kind {
        DeliveryKind::Message => 1,
        DeliveryKind::Commit => 2,
        DeliveryKind::Welcome => 3,
        DeliveryKind::Missed => 4,
    }
}
