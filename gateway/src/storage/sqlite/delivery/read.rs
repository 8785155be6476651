//! Questions about conversations.

use bytes::Bytes;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sotto_shared::account::{DeviceCertificate, DeviceRevocation};
use sotto_shared::limits::REVOCATIONS_MAX;
use sotto_shared::sotto::group::{
    AccountDevices, Delivery, DeliveryKind, Epoch, GroupInfo, GroupKind, GroupSeq, GroupSummary,
    KeyPackagesLeft, SuiteId,
};
use sotto_shared::{AccountId, ClientId, GroupId};

use super::super::super::delivery::{Audience, Entries};
use super::super::reader::QueryError;
use super::{key_packages, statements};

type Rows<T> = Result<T, rusqlite::Error>;

pub(super) fn key_packages_left(
    database: &Connection,
    client: ClientId,
    suite: SuiteId,
    now: i64,
) -> Result<KeyPackagesLeft, QueryError> {
    let device = device(database, client)?.map_or(0, |(number, _)| number);
    Ok(key_packages::left(database, device, suite, now)?)
}

pub(super) fn devices_of(
    database: &Connection,
    asker: AccountId,
    accounts: &[AccountId],
) -> Result<Vec<AccountDevices>, QueryError> {
    let own = account_number(database, asker)?.unwrap_or_default();
    let mut found = Vec::with_capacity(accounts.len());
    for account in accounts {
        let wanted: Option<i64> = database
            .prepare_cached(statements::FIND_ACCOUNT)?
            .query_row(params![account.as_bytes(), own], |row| row.get(0))
            .optional()?;
        let Some(wanted) = wanted else {
            continue;
        };
        let certificates = database
            .prepare_cached(statements::CERTIFICATES)?
            .query_map([wanted], |row| {
                statement(row, DeviceCertificate::from_bytes)
            })?
            .collect::<Rows<_>>()?;
        let limit = i64::try_from(REVOCATIONS_MAX).unwrap_or(i64::MAX);
        let revocations = database
            .prepare_cached(statements::REVOCATIONS)?
            .query_map([wanted, limit], |row| {
                statement(row, DeviceRevocation::from_bytes)
            })?
            .collect::<Rows<_>>()?;
        found.push(AccountDevices {
            account: *account,
            certificates,
            revocations,
        });
    }
    Ok(found)
}

pub(super) fn group_info(
    database: &Connection,
    client: ClientId,
    group: GroupId,
) -> Result<Option<GroupInfo>, QueryError> {
    let Some((device, account)) = device(database, client)? else {
        return Ok(None);
    };
    let found = database.prepare_cached(statements::GROUP_INFO)?.query_row(
        params![device, account, group.as_bytes()],
        |row| {
            Ok(GroupInfo {
                summary: summary(row)?,
                group_info: blob(row, 7)?,
            })
        },
    );
    Ok(found.optional()?)
}

pub(super) fn groups(
    database: &Connection,
    client: ClientId,
    after: Option<GroupId>,
    limit: usize,
) -> Result<Vec<GroupSummary>, QueryError> {
    let Some((device, account)) = device(database, client)? else {
        return Ok(Vec::new());
    };
    let after = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = database.prepare_cached(statements::GROUPS)?;
    let rows = statement.query_map(params![device, account, after, limit], summary)?;
    Ok(rows.collect::<Rows<_>>()?)
}

pub(super) fn entries(
    database: &Connection,
    mailbox: ClientId,
    after: u64,
    limit: usize,
    bytes_max: usize,
) -> Result<Entries, QueryError> {
    let mut found = Entries::default();
    let Some((device, _)) = device(database, mailbox)? else {
        return Ok(found);
    };
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let limit = limit.max(1);
    let rows_max = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = database.prepare_cached(statements::ENTRIES)?;
    let mut rows = statement.query(params![device, after, rows_max])?;
    let mut left = bytes_max;
    while let Some(row) = rows.next()? {
        let content = match row.get_ref(7)? {
            rusqlite::types::ValueRef::Blob(content) => content,
            _ => &[],
        };
        if content.len() > left && !found.entries.is_empty() {
            found.more = true;
            break;
        }
        left = left.saturating_sub(content.len());
        found.entries.push(Delivery {
            number: row.get(0)?,
            group: GroupId::from_bytes(row.get(1)?),
            sequence: GroupSeq(row.get(2)?),
            epoch: Epoch(row.get(3)?),
            kind: delivery_kind(row, 4)?,
            sender: ClientId::from_bytes(row.get(5)?),
            time: row.get(6)?,
            payload: Bytes::copy_from_slice(content),
        });
    }
    found.more |= found.entries.len() == limit;
    Ok(found)
}

pub(super) fn audience(
    database: &Connection,
    client: ClientId,
    group: GroupId,
) -> Result<Option<Audience>, QueryError> {
    let found: Option<(i64, u64)> = database
        .prepare_cached(statements::EPOCH)?
        .query_row([group.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, epoch)) = found else {
        return Ok(None);
    };
    let mut statement = database.prepare_cached(statements::AUDIENCE)?;
    let rows = statement.query_map([number], |row| row.get(0).map(ClientId::from_bytes))?;
    let mut others: Vec<ClientId> = rows.collect::<Rows<_>>()?;
    let all = others.len();
    others.retain(|other| *other != client);
    Ok(Some(Audience {
        epoch: Epoch(epoch),
        member: others.len() < all,
        others,
    }))
}

pub(super) fn neighbours(
    database: &Connection,
    account: AccountId,
    limit: usize,
) -> Result<Vec<AccountId>, QueryError> {
    let Some(number) = account_number(database, account)? else {
        return Ok(Vec::new());
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = database.prepare_cached(statements::NEIGHBOURS)?;
    let rows = statement.query_map([number, limit], |row| row.get(0).map(AccountId::from_bytes))?;
    Ok(rows.collect::<Rows<_>>()?)
}

/// The numbers of a device that may ask, and of its account.
fn device(database: &Connection, client: ClientId) -> Rows<Option<(i64, i64)>> {
    database
        .prepare_cached(statements::DEVICE)?
        .query_row([client.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn account_number(database: &Connection, account: AccountId) -> Rows<Option<i64>> {
    database
        .prepare_cached(statements::ACCOUNT_NUMBER)?
        .query_row([account.as_bytes()], |row| row.get(0))
        .optional()
}

/// Reads what `summary_columns` asks for.
fn summary(row: &Row<'_>) -> Rows<GroupSummary> {
    Ok(GroupSummary {
        group: GroupId::from_bytes(row.get(0)?),
        kind: group_kind(row, 1)?,
        suite: SuiteId(row.get(2)?),
        epoch: Epoch(row.get(3)?),
        sequence: GroupSeq(row.get(4)?),
        member: row.get(5)?,
        account_member: row.get(6)?,
    })
}

pub(super) fn group_kind(row: &Row<'_>, column: usize) -> Rows<GroupKind> {
    match row.get(column)? {
        1_i64 => Ok(GroupKind::Direct),
        2 => Ok(GroupKind::Group),
        3 => Ok(GroupKind::Lobby),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

fn delivery_kind(row: &Row<'_>, column: usize) -> Rows<DeliveryKind> {
    match row.get(column)? {
        1_i64 => Ok(DeliveryKind::Message),
        2 => Ok(DeliveryKind::Commit),
        3 => Ok(DeliveryKind::Welcome),
        4 => Ok(DeliveryKind::Missed),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

fn blob(row: &Row<'_>, column: usize) -> Rows<Bytes> {
    row.get::<_, Vec<u8>>(column).map(Bytes::from)
}

/// Reads a signed statement in column 0.
fn statement<T, E: core::error::Error + Send + Sync + 'static>(
    row: &Row<'_>,
    read: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Rows<T> {
    read(&blob(row, 0)?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, Box::new(error)))
}
