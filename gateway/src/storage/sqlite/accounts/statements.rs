//! Every statement about accounts.

pub(super) const IDENTITY: &str = "SELECT ID, OpaqueSetup FROM gateway WHERE Number = 1";
pub(super) const INSERT_IDENTITY: &str =
    "INSERT INTO gateway (Number, ID, OpaqueSetup) VALUES (1, ?1, ?2)";

// ---- Names and ids

pub(in super::super) const IS_ACCOUNT_NAME: &str = "SELECT 1 FROM accounts WHERE Name = ?1";
/// A classic client of this name, compared without case, other than `?2`.
pub(super) const IS_CLASSIC_NAME: &str = "SELECT 1 FROM clients \
    WHERE AccountName = ?1 AND AccountName <> '' AND ID <> ?2";
/// A classic client of exactly this name, other than `?2`.
pub(super) const IS_CLIENT_NAME: &str = "SELECT 1 FROM clients WHERE UserName = ?1 AND ID <> ?2";
pub(super) const IS_ACCOUNT_ID: &str = "SELECT 1 FROM accounts WHERE ID = ?1";
pub(super) const IS_DEVICE_ID: &str = "SELECT 1 FROM devices WHERE ID = ?1";
pub(super) const IS_CLIENT_ID: &str = "SELECT 1 FROM clients WHERE ID = ?1";
pub(super) const IS_USED_ID: &str = "SELECT 1 FROM used_ids WHERE ID = ?1";
pub(super) const INSERT_USED_ID: &str = "INSERT OR IGNORE INTO used_ids (ID) VALUES (?1)";
pub(super) const INSERT_USED_DEVICE_IDS: &str =
    "INSERT OR IGNORE INTO used_ids (ID) SELECT ID FROM devices WHERE Account = ?1";

// ---- Accounts

pub(in super::super) const COUNT_ACCOUNTS: &str = "SELECT count(*) FROM accounts";
pub(super) const FIND_NUMBER: &str =
    "SELECT Number, AccountKey, Name, Disabled FROM accounts WHERE ID = ?1";
pub(super) const INSERT_ACCOUNT: &str = "INSERT INTO accounts \
    (ID, Name, DisplayName, AccountKey, CreatedAt) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const INSERT_VAULT: &str = "INSERT INTO vaults (Account, Content) VALUES (?1, ?2)";
pub(super) const UPDATE_PROFILE: &str =
    "UPDATE accounts SET DisplayName = ?2, HidesPresence = ?3 WHERE Number = ?1";
pub(super) const UPDATE_DISABLED: &str = "UPDATE accounts SET Disabled = ?2 WHERE Number = ?1";
pub(super) const NEXT_EPOCH: &str = "UPDATE accounts SET PasswordEpoch = PasswordEpoch + 1 \
    WHERE Number = ?1";
pub(super) const FIND_EPOCH: &str = "SELECT PasswordEpoch FROM accounts WHERE Number = ?1";
pub(super) const PUT_CREDENTIAL: &str = "INSERT OR REPLACE INTO credentials \
    (Account, Slot, PasswordFile, WrappedVaultKey) VALUES (?1, ?2, ?3, ?4)";
/// An account goes in these steps; each has its number.
pub(super) const DELETE_ACCOUNT: [&str; 6] = [
    "DELETE FROM accounts WHERE Number = ?1",
    "DELETE FROM vaults WHERE Account = ?1",
    "DELETE FROM credentials WHERE Account = ?1",
    "DELETE FROM devices WHERE Account = ?1",
    "DELETE FROM bridges WHERE Account = ?1",
    "DELETE FROM invitations WHERE Account = ?1",
];

// ---- Devices

pub(super) const INSERT_DEVICE: &str = "INSERT INTO devices \
    (ID, Account, Certificate, Name, Platform, LastSeen) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(super) const FIND_DEVICE: &str = "SELECT Account, Certificate, Revocation FROM devices \
    WHERE ID = ?1";
pub(super) const COUNT_DEVICES: &str =
    "SELECT count(*) FROM devices WHERE Account = ?1 AND Revocation = x''";
pub(super) const DEVICE_IDS: &str =
    "SELECT ID FROM devices WHERE Account = ?1 AND Revocation = x'' ORDER BY Number";
pub(super) const REVOKE_DEVICE: &str = "UPDATE devices SET Revocation = ?3, RevokedAt = ?4 \
    WHERE ID = ?1 AND Account = ?2 AND Revocation = x''";
pub(super) const RENAME_DEVICE: &str = "UPDATE devices SET Name = ?3 \
    WHERE ID = ?1 AND Account = ?2 AND Revocation = x''";
pub(super) const DEVICE_SEEN: &str =
    "UPDATE devices SET LastSeen = max(LastSeen, ?2) WHERE ID = ?1";

// ---- Bridges

pub(super) const FIND_BRIDGE: &str = "SELECT Client, Certificate FROM bridges WHERE Account = ?1";
pub(super) const IS_BRIDGED: &str = "SELECT 1 FROM bridges WHERE Client = ?1";
pub(super) const PUT_BRIDGE: &str =
    "INSERT OR REPLACE INTO bridges (Account, Client, Certificate) VALUES (?1, ?2, ?3)";
pub(super) const DELETE_BRIDGE: &str = "DELETE FROM bridges WHERE Account = ?1";
pub(super) const UPDATE_KEY: &str = "UPDATE clients SET PublicKey = ?2 WHERE ID = ?1";
/// A classic client goes in these steps; each has its id.
pub(super) const DELETE_CLIENT: [&str; 3] = [
    "DELETE FROM clients WHERE ID = ?1",
    "DELETE FROM messages WHERE ToClient = ?1",
    "DELETE FROM receipts WHERE FromClient = ?1",
];
pub(super) const MEASURE_MAILBOX: &str =
    "SELECT count(*), coalesce(sum(length(Content)), 0) FROM messages WHERE ToClient = ?1";

// ---- Invitations and failed logins

pub(super) const INSERT_INVITATION: &str =
    "INSERT INTO invitations (ID, Digest, Account, ExpiresAt) VALUES (?1, ?2, ?3, ?4)";
/// An open one. Those of a disabled account are not.
pub(super) const FIND_INVITATION: &str = "SELECT i.Number FROM invitations i \
    WHERE i.Digest = ?1 AND i.ExpiresAt > ?2 AND (i.Account = 0 OR EXISTS \
    (SELECT 1 FROM accounts a WHERE a.Number = i.Account AND a.Disabled = 0))";
pub(super) const IS_INVITATION: &str = "SELECT 1 FROM invitations WHERE Digest = ?1";
pub(super) const COUNT_INVITATIONS: &str =
    "SELECT count(*) FROM invitations WHERE Account = ?1 AND ExpiresAt > ?2";
pub(super) const USE_INVITATION: &str = "DELETE FROM invitations WHERE Number = ?1";
pub(super) const CANCEL_INVITATION: &str =
    "DELETE FROM invitations WHERE ID = ?1 AND Account = ?2 AND ExpiresAt > ?3";
pub(super) const OLD_INVITATIONS: &str = "DELETE FROM invitations WHERE ExpiresAt <= ?1";

pub(super) const INSERT_FAILURE: &str =
    "INSERT INTO login_failures (Subject, FailedAt) VALUES (?1, ?2)";
pub(super) const FORGET_FAILURES: &str = "DELETE FROM login_failures WHERE Subject = ?1";
pub(super) const FORGET_NEWEST_FAILURE: &str = "DELETE FROM login_failures WHERE Number = \
    (SELECT Number FROM login_failures WHERE Subject = ?1 ORDER BY FailedAt DESC, Number DESC LIMIT 1)";
pub(super) const OLD_FAILURES: &str = "DELETE FROM login_failures WHERE FailedAt <= ?1";
pub(super) const FUTURE_FAILURES: &str = "DELETE FROM login_failures WHERE FailedAt > ?1";
pub(super) const FAILURES: &str = "SELECT count(*), coalesce(min(FailedAt), 0) \
    FROM login_failures WHERE Subject = ?1 AND FailedAt > ?2 AND FailedAt <= ?3";

// ---- Questions

/// What [`super::read::account`] reads, from column 0.
macro_rules! account_columns {
    () => {
        "a.ID, a.AccountKey, a.Name, a.DisplayName, a.PasswordEpoch, a.VaultVersion, \
         a.HidesPresence, a.Disabled, coalesce(b.Certificate, x'')"
    };
}

/// What [`super::read::entry`] reads, from column 0.
macro_rules! entry_columns {
    () => {
        "a.ID, a.AccountKey, a.Name, a.DisplayName, a.HidesPresence, \
         coalesce((SELECT max(d.LastSeen) FROM devices d WHERE d.Account = a.Number), 0), \
         coalesce(b.Certificate, x'')"
    };
}

pub(super) const PASSWORD_FILE: &str = "SELECT a.ID, c.PasswordFile FROM accounts a \
    JOIN credentials c ON c.Account = a.Number AND c.Slot = ?2 WHERE a.Name = ?1";
pub(super) const LOGIN: &str = concat!(
    "SELECT ",
    account_columns!(),
    ", c.PasswordFile, c.WrappedVaultKey, v.Content FROM accounts a \
     JOIN credentials c ON c.Account = a.Number AND c.Slot = ?2 \
     JOIN vaults v ON v.Account = a.Number \
     LEFT JOIN bridges b ON b.Account = a.Number WHERE a.Name = ?1"
);
pub(super) const DEVICE: &str = concat!(
    "SELECT ",
    account_columns!(),
    ", d.Certificate, d.Revocation FROM devices d JOIN accounts a ON a.Number = d.Account \
     LEFT JOIN bridges b ON b.Account = a.Number WHERE d.ID = ?1"
);
pub(super) const ACCOUNT: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM accounts a LEFT JOIN bridges b ON b.Account = a.Number WHERE a.ID = ?1"
);
pub(super) const DEVICES: &str = "SELECT d.Certificate, d.Name, d.Platform, d.LastSeen \
    FROM devices d JOIN accounts a ON a.Number = d.Account \
    WHERE a.ID = ?1 AND d.Revocation = x'' ORDER BY d.Number";
pub(super) const ACCOUNTS: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM accounts a LEFT JOIN bridges b ON b.Account = a.Number \
     WHERE a.Name > ?1 AND a.Disabled = 0 ORDER BY a.Name LIMIT ?2"
);
pub(super) const ENTRY_BY_NAME: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM accounts a LEFT JOIN bridges b ON b.Account = a.Number \
     WHERE a.Name = ?1 AND a.Disabled = 0"
);
pub(super) const ENTRY_BY_ID: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM accounts a LEFT JOIN bridges b ON b.Account = a.Number \
     WHERE a.ID = ?1 AND a.Disabled = 0"
);
pub(super) const INVITATIONS: &str = "SELECT i.ID, i.ExpiresAt FROM invitations i \
    JOIN accounts a ON a.Number = i.Account \
    WHERE a.ID = ?1 AND i.ExpiresAt > ?2 ORDER BY i.Number";
pub(super) const CLASSIC_KEY: &str = "SELECT PublicKey FROM clients WHERE ID = ?1";
/// For the operator: a scan, and meant to be one.
pub(super) const SUMMARIES: &str = "SELECT a.ID, a.Name, a.CreatedAt, a.Disabled, \
    (SELECT count(*) FROM devices d WHERE d.Account = a.Number AND d.Revocation = x''), \
    coalesce((SELECT max(d.LastSeen) FROM devices d WHERE d.Account = a.Number), 0), \
    EXISTS (SELECT 1 FROM bridges b WHERE b.Account = a.Number) \
    FROM accounts a ORDER BY a.Name";

#[cfg(test)]
mod tests {
    use super::super::super::migrations::migrate;
    use super::super::super::statements::tests::plan;
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn hot_queries_search_an_index_and_never_scan_or_sort() {
        let mut database = Connection::open_in_memory().unwrap();
        migrate(&mut database).unwrap();
        for sql in [
            IDENTITY,
            IS_ACCOUNT_NAME,
            IS_CLASSIC_NAME,
            IS_CLIENT_NAME,
            IS_ACCOUNT_ID,
            IS_DEVICE_ID,
            IS_CLIENT_ID,
            IS_USED_ID,
            FIND_NUMBER,
            UPDATE_PROFILE,
            FIND_EPOCH,
            FIND_DEVICE,
            COUNT_DEVICES,
            DEVICE_IDS,
            REVOKE_DEVICE,
            RENAME_DEVICE,
            DEVICE_SEEN,
            FIND_BRIDGE,
            IS_BRIDGED,
            DELETE_CLIENT[0],
            DELETE_CLIENT[1],
            DELETE_CLIENT[2],
            MEASURE_MAILBOX,
            FIND_INVITATION,
            IS_INVITATION,
            COUNT_INVITATIONS,
            CANCEL_INVITATION,
            OLD_INVITATIONS,
            FORGET_FAILURES,
            FORGET_NEWEST_FAILURE,
            OLD_FAILURES,
            FUTURE_FAILURES,
            FAILURES,
            PASSWORD_FILE,
            LOGIN,
            DEVICE,
            ACCOUNT,
            DEVICES,
            ACCOUNTS,
            ENTRY_BY_NAME,
            ENTRY_BY_ID,
            INVITATIONS,
            CLASSIC_KEY,
        ] {
            let plan = plan(&database, sql);
            assert!(plan.contains("SEARCH"), "{sql}: {plan}");
            assert!(
                !plan.contains("SCAN") && !plan.contains("TEMP"),
                "{sql}: {plan}"
            );
        }
    }
}
