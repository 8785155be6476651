//! Every statement about conversations.

// ---- Devices and accounts

pub(super) const DEVICE: &str = "SELECT d.Number, d.Account FROM devices d \
    JOIN accounts a ON a.Number = d.Account \
    WHERE d.ID = ?1 AND d.Revocation = x'' AND a.Disabled = 0";
pub(super) const FIND_DEVICE: &str =
    "SELECT Number, Account FROM devices WHERE ID = ?1 AND Revocation = x''";
pub(super) const DEVICE_NUMBER: &str = "SELECT Number FROM devices WHERE ID = ?1";
pub(super) const DEVICE_ID: &str = "SELECT ID FROM devices WHERE Number = ?1";
pub(super) const ACCOUNT: &str = "SELECT Number FROM accounts WHERE ID = ?1 AND Disabled = 0";
pub(super) const DEVICE_NUMBERS: &str = "SELECT Number FROM devices WHERE Account = ?1";

// ---- Key packages

pub(super) const INSERT_PACKAGE: &str = "INSERT INTO key_packages \
    (Device, Suite, LastResort, ExpiresAt, Package) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const DELETE_SUITE: &str = "DELETE FROM key_packages WHERE Device = ?1 AND Suite = ?2";
pub(super) const DELETE_LAST_RESORT: &str =
    "DELETE FROM key_packages WHERE Device = ?1 AND Suite = ?2 AND LastResort = 1";
/// The oldest one-time packages beyond the newest `?3`.
pub(super) const TRIM_PACKAGES: &str = "DELETE FROM key_packages WHERE Number IN \
    (SELECT Number FROM key_packages WHERE Device = ?1 AND Suite = ?2 AND LastResort = 0 \
    ORDER BY Number DESC LIMIT -1 OFFSET ?3)";
pub(super) const COUNT_PACKAGES: &str = "SELECT count(*) FROM key_packages \
    WHERE Device = ?1 AND Suite = ?2 AND LastResort = ?3 AND ExpiresAt > ?4";
pub(super) const COUNT_SUITES: &str =
    "SELECT count(DISTINCT Suite) FROM key_packages WHERE Device = ?1 AND Suite <> ?2";
pub(super) const NEXT_PACKAGE: &str = "SELECT Number, Package FROM key_packages \
    WHERE Device = ?1 AND Suite = ?2 AND LastResort = ?3 AND ExpiresAt > ?4 \
    ORDER BY Number LIMIT 1";
pub(super) const DELETE_PACKAGE: &str = "DELETE FROM key_packages WHERE Number = ?1";
pub(super) const DELETE_PACKAGES: &str = "DELETE FROM key_packages WHERE Device = ?1";
pub(super) const OLD_PACKAGES: &str = "DELETE FROM key_packages WHERE Number IN \
    (SELECT Number FROM key_packages WHERE ExpiresAt <= ?1 LIMIT ?2)";

// ---- Groups

pub(super) const FIND_GROUP: &str = "SELECT Number, Kind, Epoch, Sequence, FirstAccount, \
    SecondAccount FROM mls_groups WHERE ID = ?1";
pub(super) const FIND_DIRECT: &str = "SELECT ID FROM mls_groups \
    WHERE Kind = 1 AND FirstAccount = ?1 AND SecondAccount = ?2";
pub(super) const FIND_LOBBY: &str = "SELECT ID FROM mls_groups WHERE Kind = 3";
pub(super) const COUNT_CREATED: &str = "SELECT count(*) FROM mls_groups WHERE Creator = ?1";
pub(super) const INSERT_GROUP: &str = "INSERT INTO mls_groups \
    (ID, Kind, Suite, Creator, FirstAccount, SecondAccount) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(super) const PUT_GROUP_INFO: &str =
    "INSERT OR REPLACE INTO group_infos (GroupNumber, Content) VALUES (?1, ?2)";
pub(super) const NEXT_EPOCH: &str =
    "UPDATE mls_groups SET Epoch = Epoch + 1, Sequence = Sequence + 1 WHERE Number = ?1";
pub(super) const NEXT_SEQUENCE: &str =
    "UPDATE mls_groups SET Sequence = Sequence + 1 WHERE Number = ?1";
pub(super) const MEMBERS: &str =
    "SELECT Device, Account, Active FROM members WHERE GroupNumber = ?1";
pub(super) const IS_MEMBER: &str =
    "SELECT 1 FROM members WHERE GroupNumber = ?1 AND Device = ?2 AND Active = 1";
pub(super) const PUT_MEMBER: &str = "INSERT OR REPLACE INTO members \
    (GroupNumber, Device, Account, Active) VALUES (?1, ?2, ?3, 1)";
pub(super) const DELETE_MEMBER: &str = "DELETE FROM members WHERE GroupNumber = ?1 AND Device = ?2";
pub(super) const SILENCE_MEMBER: &str = "UPDATE members SET Active = 0 WHERE Device = ?1";
pub(super) const GROUPS_OF_ACCOUNT: &str =
    "SELECT DISTINCT GroupNumber FROM members WHERE Account = ?1";
pub(super) const DELETE_MEMBERS: &str = "DELETE FROM members WHERE Account = ?1";
/// A group that has no member goes in these steps; each has its number.
pub(super) const DELETE_EMPTY_GROUP: [&str; 2] = [
    "DELETE FROM mls_groups WHERE Number = ?1 \
     AND NOT EXISTS (SELECT 1 FROM members WHERE GroupNumber = ?1)",
    "DELETE FROM group_infos WHERE GroupNumber = ?1 \
     AND NOT EXISTS (SELECT 1 FROM members WHERE GroupNumber = ?1)",
];

// ---- Messages and mailboxes

pub(super) const INSERT_MESSAGE: &str = "INSERT INTO group_messages \
    (GroupID, Sequence, Epoch, Kind, Sender, StoredAt, Size, Entries) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(super) const INSERT_CONTENT: &str = "INSERT INTO contents (Message, Content) VALUES (?1, ?2)";
pub(super) const INSERT_ENTRY: &str =
    "INSERT INTO entries (Device, Number, Message) VALUES (?1, ?2, ?3)";
/// A `Missed` that nobody has seen yet becomes that of something newer.
pub(super) const UPDATE_MISSED: &str = "UPDATE group_messages \
    SET Sequence = ?3, Epoch = ?4, StoredAt = ?5 WHERE Number = \
    (SELECT Message FROM entries WHERE Device = ?1 AND Number = ?2) AND Kind = 4";
pub(super) const ACKNOWLEDGED: &str = "SELECT Acknowledged FROM mailboxes WHERE Device = ?1";
pub(super) const MEASURE_ENTRIES: &str = "SELECT coalesce(max(e.Number), 0), count(*), \
    coalesce(sum(m.Size), 0) FROM entries e JOIN group_messages m ON m.Number = e.Message \
    WHERE e.Device = ?1";
pub(super) const MESSAGES_UP_TO: &str =
    "SELECT Message FROM entries WHERE Device = ?1 AND Number <= ?2";
pub(super) const DELETE_ENTRIES: &str = "DELETE FROM entries WHERE Device = ?1 AND Number <= ?2";
pub(super) const RELEASE_MESSAGE: &str = "UPDATE group_messages SET Entries = Entries - 1 \
    WHERE Number = ?1 RETURNING Entries, Size";
pub(super) const DELETE_MESSAGE: &str = "DELETE FROM group_messages WHERE Number = ?1";
pub(super) const DELETE_CONTENT: &str = "DELETE FROM contents WHERE Message = ?1";
pub(super) const PUT_ACKNOWLEDGED: &str =
    "INSERT OR REPLACE INTO mailboxes (Device, Acknowledged) VALUES (?1, ?2)";
pub(super) const DELETE_MAILBOX: &str = "DELETE FROM mailboxes WHERE Device = ?1";
pub(super) const OLD_MESSAGES: &str =
    "SELECT Number FROM group_messages WHERE Kind <> 4 AND StoredAt <= ?1 LIMIT ?2";
pub(super) const EXPIRE_MESSAGE: &str =
    "UPDATE group_messages SET Kind = 4, Size = 0 WHERE Number = ?1";

pub(super) const FIND_SENT: &str =
    "SELECT Sequence, StoredAt FROM sent WHERE Device = ?1 AND SendID = ?2";
pub(super) const INSERT_SENT: &str =
    "INSERT INTO sent (Device, SendID, Sequence, StoredAt) VALUES (?1, ?2, ?3, ?4)";
pub(super) const DELETE_SENT: &str = "DELETE FROM sent WHERE Device = ?1";
/// In order of numbers, which is that of time: stops at the first that is kept.
pub(super) const OLDEST_SENT: &str = "SELECT Number, StoredAt FROM sent ORDER BY Number LIMIT ?1";
pub(super) const DELETE_SENT_UP_TO: &str = "DELETE FROM sent WHERE Number <= ?1";

// ---- Questions

/// What [`super::read::summary`] reads, from column 0. `?1` is the device, `?2` its account.
macro_rules! summary_columns {
    () => {
        "g.ID, g.Kind, g.Suite, g.Epoch, g.Sequence, \
         EXISTS (SELECT 1 FROM members m \
           WHERE m.GroupNumber = g.Number AND m.Device = ?1 AND m.Active = 1), \
         EXISTS (SELECT 1 FROM members m \
           WHERE m.Account = ?2 AND m.GroupNumber = g.Number AND m.Device <> ?1)"
    };
}

pub(super) const GROUP_INFO: &str = concat!(
    "SELECT ",
    summary_columns!(),
    ", i.Content FROM mls_groups g JOIN group_infos i ON i.GroupNumber = g.Number \
     WHERE g.ID = ?3 AND (g.Kind = 3 OR (g.Kind = 1 AND ?2 IN (g.FirstAccount, g.SecondAccount)) \
     OR EXISTS (SELECT 1 FROM members m WHERE m.Account = ?2 AND m.GroupNumber = g.Number))"
);
pub(super) const GROUPS: &str = concat!(
    "SELECT ",
    summary_columns!(),
    " FROM mls_groups g WHERE g.ID > ?3 AND g.Number IN \
     (SELECT m.GroupNumber FROM members m WHERE m.Account = ?2 \
      UNION SELECT d.Number FROM mls_groups d WHERE d.Kind = 1 AND d.FirstAccount = ?2 \
      UNION SELECT d.Number FROM mls_groups d WHERE d.Kind = 1 AND d.SecondAccount = ?2 \
      UNION SELECT d.Number FROM mls_groups d WHERE d.Kind = 3) \
     ORDER BY g.ID LIMIT ?4"
);
pub(super) const ENTRIES: &str = "SELECT e.Number, m.GroupID, m.Sequence, m.Epoch, m.Kind, \
    m.Sender, m.StoredAt, c.Content FROM entries e \
    JOIN group_messages m ON m.Number = e.Message \
    LEFT JOIN contents c ON c.Message = e.Message \
    WHERE e.Device = ?1 AND e.Number > ?2 ORDER BY e.Number LIMIT ?3";
pub(super) const EPOCH: &str = "SELECT Number, Epoch FROM mls_groups WHERE ID = ?1";
pub(super) const AUDIENCE: &str = "SELECT d.ID FROM members m JOIN devices d ON d.Number = m.Device \
    WHERE m.GroupNumber = ?1 AND m.Active = 1";
pub(super) const NEIGHBOURS: &str = "SELECT DISTINCT a.ID FROM members own \
    JOIN mls_groups g ON g.Number = own.GroupNumber AND g.Kind <> 3 \
    JOIN members other ON other.GroupNumber = g.Number \
    JOIN accounts a ON a.Number = other.Account \
    WHERE own.Account = ?1 AND other.Account <> ?1 LIMIT ?2";
/// An account whose devices `?2` may know.
pub(super) const FIND_ACCOUNT: &str = "SELECT a.Number FROM accounts a WHERE a.ID = ?1 \
    AND (a.Disabled = 0 OR a.Number = ?2 OR EXISTS (SELECT 1 FROM members own \
      JOIN members other ON other.GroupNumber = own.GroupNumber \
      WHERE own.Account = ?2 AND other.Account = a.Number))";
pub(super) const ACCOUNT_NUMBER: &str = "SELECT Number FROM accounts WHERE ID = ?1";
pub(super) const CERTIFICATES: &str = "SELECT Certificate FROM devices \
    WHERE Account = ?1 AND Revocation = x'' ORDER BY Number";
pub(super) const REVOCATIONS: &str = "SELECT Revocation FROM devices \
    WHERE Account = ?1 AND Revocation <> x'' ORDER BY RevokedAt DESC, Number DESC LIMIT ?2";

#[cfg(test)]
mod tests {
    use super::super::super::migrations::migrate;
    use super::super::super::statements::tests::plan;
    use super::*;
    use rusqlite::Connection;

    fn check(sql: &str, may_sort: bool) {
        let mut database = Connection::open_in_memory().unwrap();
        migrate(&mut database).unwrap();
        let plan = plan(&database, sql);
        assert!(plan.contains("SEARCH"), "{sql}: {plan}");
        assert!(!plan.contains("SCAN"), "{sql}: {plan}");
        assert!(may_sort || !plan.contains("TEMP"), "{sql}: {plan}");
    }

    #[test]
    fn hot_queries_search_an_index_and_never_scan_or_sort() {
        for sql in [
            DEVICE,
            FIND_DEVICE,
            DEVICE_NUMBER,
            DEVICE_ID,
            ACCOUNT,
            DEVICE_NUMBERS,
            DELETE_SUITE,
            DELETE_LAST_RESORT,
            COUNT_PACKAGES,
            NEXT_PACKAGE,
            DELETE_PACKAGE,
            DELETE_PACKAGES,
            FIND_GROUP,
            FIND_DIRECT,
            FIND_LOBBY,
            COUNT_CREATED,
            NEXT_EPOCH,
            NEXT_SEQUENCE,
            MEMBERS,
            IS_MEMBER,
            DELETE_MEMBER,
            SILENCE_MEMBER,
            GROUPS_OF_ACCOUNT,
            DELETE_MEMBERS,
            DELETE_EMPTY_GROUP[0],
            DELETE_EMPTY_GROUP[1],
            UPDATE_MISSED,
            ACKNOWLEDGED,
            MEASURE_ENTRIES,
            MESSAGES_UP_TO,
            DELETE_ENTRIES,
            RELEASE_MESSAGE,
            DELETE_MESSAGE,
            DELETE_CONTENT,
            DELETE_MAILBOX,
            OLD_MESSAGES,
            EXPIRE_MESSAGE,
            FIND_SENT,
            DELETE_SENT,
            DELETE_SENT_UP_TO,
            GROUP_INFO,
            ENTRIES,
            EPOCH,
            AUDIENCE,
            FIND_ACCOUNT,
            ACCOUNT_NUMBER,
            CERTIFICATES,
        ] {
            check(sql, false);
        }
    }

    #[test]
    fn rare_queries_sort_little_and_never_scan() {
        for sql in [TRIM_PACKAGES, COUNT_SUITES, NEIGHBOURS, REVOCATIONS] {
            check(sql, true);
        }
    }
}
