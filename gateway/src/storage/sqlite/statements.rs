//! Every statement of a running gateway.

pub(super) const FIND_NAME: &str = "SELECT ID, PublicKey FROM clients WHERE UserName = ?1";
pub(super) const INSERT_CLIENT: &str = "INSERT INTO clients (ID, UserName, PublicKey, LastSeen, AccountName) \
    VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const UPDATE_SEEN: &str = "UPDATE clients SET LastSeen = ?2 WHERE ID = ?1";

pub(super) const INSERT_MESSAGE: &str = "INSERT INTO messages \
    (ToClient, FromClient, Type, Content, StoredAt) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const MEASURE_MESSAGES: &str = "SELECT count(*), coalesce(sum(length(Content)), 0) \
    FROM messages WHERE ToClient = ?1 AND ID <= ?2";
pub(super) const DELETE_MESSAGES: &str = "DELETE FROM messages WHERE ToClient = ?1 AND ID <= ?2";
pub(super) const IS_IN_MAILBOX: &str = "SELECT 1 FROM messages WHERE ToClient = ?1 AND ID = ?2";
pub(super) const LAST_MESSAGE: &str =
    "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0)";

pub(super) const FIND_RECEIPT: &str =
    "SELECT MessageID FROM receipts WHERE FromClient = ?1 AND SendID = ?2";
pub(super) const INSERT_RECEIPT: &str =
    "INSERT INTO receipts (FromClient, SendID, MessageID, StoredAt) VALUES (?1, ?2, ?3, ?4)";
/// The newest of the oldest `?2` receipts, if it is older than `?1`.
pub(super) const OLD_RECEIPTS: &str = "SELECT Number FROM receipts WHERE StoredAt < ?1 AND Number \
    IN (SELECT Number FROM receipts ORDER BY Number LIMIT ?2) ORDER BY Number DESC LIMIT 1";
pub(super) const DELETE_RECEIPTS: &str = "DELETE FROM receipts WHERE Number <= ?1";

// What follows knows nothing of the classic mailboxes of disabled accounts.

pub(super) const ALL_CLIENTS: &str = "SELECT c.ID, coalesce(m.Messages, 0), coalesce(m.Bytes, 0) \
    FROM clients c LEFT JOIN (SELECT ToClient, count(*) AS Messages, sum(length(Content)) AS Bytes \
    FROM messages GROUP BY ToClient) m ON m.ToClient = c.ID \
    WHERE c.ID NOT IN (SELECT b.Client FROM accounts a JOIN bridges b ON b.Account = a.Number \
    WHERE a.Disabled = 1)";
pub(super) const LIST_CLIENTS: &str = "SELECT ID, UserName FROM clients WHERE ID <> ?1 \
    AND ID NOT IN (SELECT b.Client FROM accounts a JOIN bridges b ON b.Account = a.Number \
    WHERE a.Disabled = 1) ORDER BY Number";
pub(super) const FIND_KEY: &str = "SELECT PublicKey FROM clients WHERE ID = ?1 \
    AND NOT EXISTS (SELECT 1 FROM bridges b JOIN accounts a ON a.Number = b.Account \
    WHERE b.Client = ?1 AND a.Disabled = 1)";
pub(super) const WAITING: &str =
    "SELECT ID, FromClient, Type, Content FROM messages WHERE ToClient = ?1 ORDER BY ID";
/// How large the oldest messages are, without reading them.
pub(super) const READY: &str = "SELECT count(*) FROM sqlite_schema WHERE name = 'messages'";

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::storage::sqlite::migrations::migrate;
    use rusqlite::Connection;

    pub(in super::super) fn plan(database: &Connection, sql: &str) -> String {
        let mut statement = database
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let blanks = vec![rusqlite::types::Value::Null; statement.parameter_count()];
        let rows = statement
            .query_map(rusqlite::params_from_iter(blanks), |row| {
                row.get::<_, String>(3)
            })
            .unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
    }

    #[test]
    fn hot_queries_search_an_index_and_never_scan_or_sort() {
        let mut database = Connection::open_in_memory().unwrap();
        migrate(&mut database).unwrap();
        for sql in [
            FIND_NAME,
            UPDATE_SEEN,
            MEASURE_MESSAGES,
            DELETE_MESSAGES,
            IS_IN_MAILBOX,
            FIND_RECEIPT,
            DELETE_RECEIPTS,
            FIND_KEY,
            WAITING,
        ] {
            let plan = plan(&database, sql);
            assert!(plan.contains("SEARCH"), "{sql}: {plan}");
            assert!(
                !plan.contains("SCAN") && !plan.contains("TEMP"),
                "{sql}: {plan}"
            );
        }
        let waiting = plan(&database, WAITING);
        assert!(
            waiting.contains("messages_by_mailbox (ToClient=?)"),
            "{waiting}"
        );
        let delete = plan(&database, DELETE_MESSAGES);
        assert!(delete.contains("ToClient=? AND rowid<?"), "{delete}");
        let list = plan(&database, LIST_CLIENTS);
        assert!(!list.contains("TEMP"), "{list}");
        assert!(list.contains("INDEX accounts_disabled"), "{list}");
    }
}
