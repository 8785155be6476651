//! Questions about accounts.

use bytes::Bytes;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use sotto_shared::account::{
    AccountName, AccountPublicKey, BridgeCertificate, DeviceCertificate, DisplayName, Slot,
};
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::sotto::types::{AccountEntry, Device, DeviceLabel, Invitation, Presence};
use sotto_shared::{AccountId, ClientId};

use super::super::super::account::{
    AccountRecord, AccountSummary, DeviceRecord, LoginRecord, StoredCredential,
};
use super::super::reader::QueryError;
use super::statements;

type Rows<T> = Result<T, rusqlite::Error>;

pub(super) fn password_file(
    database: &Connection,
    name: &AccountName,
    slot: Slot,
) -> Result<Option<(AccountId, Bytes)>, QueryError> {
    let found = database
        .prepare_cached(statements::PASSWORD_FILE)?
        .query_row(params![name.as_str(), slot.number()], |row| {
            Ok((AccountId::from_bytes(row.get(0)?), blob(row, 1)?))
        });
    Ok(found.optional()?)
}

pub(super) fn login(
    database: &Connection,
    name: &AccountName,
    slot: Slot,
) -> Result<Option<LoginRecord>, QueryError> {
    let found = database.prepare_cached(statements::LOGIN)?.query_row(
        params![name.as_str(), slot.number()],
        |row| {
            Ok(LoginRecord {
                account: account(row)?,
                credential: StoredCredential {
                    password_file: blob(row, 9)?,
                    wrapped_vault_key: blob(row, 10)?,
                },
                vault: blob(row, 11)?,
            })
        },
    );
    Ok(found.optional()?)
}

pub(super) fn device(
    database: &Connection,
    client: ClientId,
) -> Result<Option<DeviceRecord>, QueryError> {
    let found =
        database
            .prepare_cached(statements::DEVICE)?
            .query_row([client.as_bytes()], |row| {
                Ok(DeviceRecord {
                    account: account(row)?,
                    certificate: certificate(row, 9)?,
                    revoked: !blob(row, 10)?.is_empty(),
                })
            });
    Ok(found.optional()?)
}

pub(super) fn account_by_id(
    database: &Connection,
    id: AccountId,
) -> Result<Option<AccountRecord>, QueryError> {
    let found = database
        .prepare_cached(statements::ACCOUNT)?
        .query_row([id.as_bytes()], account);
    Ok(found.optional()?)
}

pub(super) fn devices(
    database: &Connection,
    account: AccountId,
) -> Result<Vec<Device>, QueryError> {
    all(database, statements::DEVICES, [account.as_bytes()], |row| {
        Ok(Device {
            certificate: certificate(row, 0)?,
            label: DeviceLabel {
                name: row.get(1)?,
                platform: row.get(2)?,
            },
            last_seen: row.get(3)?,
            online: false,
        })
    })
}

pub(super) fn page(
    database: &Connection,
    after: Option<&AccountName>,
    limit: usize,
) -> Result<Vec<AccountEntry>, QueryError> {
    let after = after.map_or("", AccountName::as_str);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    all(database, statements::ACCOUNTS, params![after, limit], entry)
}

pub(super) fn find(
    database: &Connection,
    names: &[AccountName],
    accounts: &[AccountId],
) -> Result<Vec<AccountEntry>, QueryError> {
    let mut found: Vec<AccountEntry> = Vec::new();
    let mut add = |sql: &str, key: &dyn ToSql| -> Result<(), QueryError> {
        let entry = database
            .prepare_cached(sql)?
            .query_row([key], entry)
            .optional()?;
        found.extend(entry);
        Ok(())
    };
    for name in names {
        add(statements::ENTRY_BY_NAME, &name.as_str())?;
    }
    for account in accounts {
        add(statements::ENTRY_BY_ID, &account.as_bytes())?;
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by_key(|entry| entry.account);
    Ok(found)
}

pub(super) fn invitations(
    database: &Connection,
    by: AccountId,
    now: i64,
) -> Result<Vec<Invitation>, QueryError> {
    let key = params![by.as_bytes(), now];
    all(database, statements::INVITATIONS, key, |row| {
        Ok(Invitation {
            id: row.get(0)?,
            expires_at: row.get(1)?,
        })
    })
}

pub(super) fn invitation_is_open(
    database: &Connection,
    digest: &[u8; 32],
    now: i64,
) -> Result<bool, QueryError> {
    Ok(database
        .prepare_cached(statements::FIND_INVITATION)?
        .exists(params![digest, now])?)
}

pub(super) fn classic_key(
    database: &Connection,
    client: ClientId,
) -> Result<Option<PublicKeyBytes>, QueryError> {
    let found = database
        .prepare_cached(statements::CLASSIC_KEY)?
        .query_row([client.as_bytes()], |row| row.get(0).map(PublicKeyBytes));
    Ok(found.optional()?)
}

pub(super) fn summaries(database: &Connection) -> Result<Vec<AccountSummary>, QueryError> {
    all(database, statements::SUMMARIES, [], |row| {
        Ok(AccountSummary {
            account: AccountId::from_bytes(row.get(0)?),
            name: name(row, 1)?,
            created_at: row.get(2)?,
            disabled: row.get(3)?,
            devices: row.get(4)?,
            last_seen: row.get(5)?,
            bridge: row.get(6)?,
        })
    })
}

fn all<T>(
    database: &Connection,
    sql: &str,
    key: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> Rows<T>,
) -> Result<Vec<T>, QueryError> {
    let mut statement = database.prepare_cached(sql)?;
    Ok(statement.query_map(key, read)?.collect::<Rows<_>>()?)
}

/// Reads what `account_columns` asks for.
fn account(row: &Row<'_>) -> Rows<AccountRecord> {
    Ok(AccountRecord {
        account: AccountId::from_bytes(row.get(0)?),
        account_key: account_key(row, 1)?,
        name: name(row, 2)?,
        display_name: display_name(row, 3)?,
        password_epoch: row.get(4)?,
        vault_version: row.get(5)?,
        hides_presence: row.get(6)?,
        disabled: row.get(7)?,
        bridge: bridge(row, 8)?,
    })
}

/// Reads what `entry_columns` asks for.
fn entry(row: &Row<'_>) -> Rows<AccountEntry> {
    let hides_presence: bool = row.get(4)?;
    let last_seen: u64 = row.get(5)?;
    Ok(AccountEntry {
        account: AccountId::from_bytes(row.get(0)?),
        account_key: account_key(row, 1)?,
        name: name(row, 2)?,
        display_name: display_name(row, 3)?,
        presence: (!hides_presence).then_some(Presence {
            online: false,
            last_seen: (last_seen > 0).then_some(last_seen),
        }),
        bridge: bridge(row, 6)?,
    })
}

pub(super) fn name(row: &Row<'_>, column: usize) -> Rows<AccountName> {
    parsed(column, AccountName::parse(&row.get::<_, String>(column)?))
}

fn display_name(row: &Row<'_>, column: usize) -> Rows<DisplayName> {
    parsed(column, DisplayName::parse(&row.get::<_, String>(column)?))
}

pub(super) fn account_key(row: &Row<'_>, column: usize) -> Rows<AccountPublicKey> {
    parsed(column, AccountPublicKey::from_bytes(row.get(column)?))
}

fn certificate(row: &Row<'_>, column: usize) -> Rows<DeviceCertificate> {
    parsed(column, DeviceCertificate::from_bytes(&blob(row, column)?))
}

fn bridge(row: &Row<'_>, column: usize) -> Rows<Option<BridgeCertificate>> {
    let bytes = blob(row, column)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    parsed(column, BridgeCertificate::from_bytes(&bytes)).map(Some)
}

fn blob(row: &Row<'_>, column: usize) -> Rows<Bytes> {
    row.get::<_, Vec<u8>>(column).map(Bytes::from)
}

/// What was stored is parsed again: a database that was written by something else is no reason to
/// have values that cannot be.
fn parsed<T, E: core::error::Error + Send + Sync + 'static>(
    column: usize,
    value: Result<T, E>,
) -> Rows<T> {
    value.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error))
    })
}
