//! The schema, step by step. A step that was released is never changed; a change is a new step.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::super::names::account_name_of;
use super::OpenError;

/// A step in SQL, and what SQL cannot do.
type Step = (&'static str, fn(&Transaction<'_>) -> rusqlite::Result<()>);

const STEPS: &[Step] = &[
    (include_str!("0001_clients_and_messages.sql"), |_| Ok(())),
    (include_str!("0002_receipts.sql"), |_| Ok(())),
    (include_str!("0003_accounts.sql"), fill_account_names),
    (include_str!("0004_delivery.sql"), |_| Ok(())),
];

/// Number of the newest step.
fn newest() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// Brings the schema to the newest step. Each step is a transaction of its own together with its
/// number in `user_version`.
pub(super) fn migrate(database: &mut Connection) -> Result<(), OpenError> {
    let done: u32 = database.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if done > newest() {
        return Err(OpenError::Newer {
            found: done,
            known: newest(),
        });
    }
    for (number, (sql, fill)) in (1u32..)
        .zip(STEPS)
        .skip_while(|(number, _)| *number <= done)
    {
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        fill(&transaction)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

fn fill_account_names(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut clients = transaction.prepare("SELECT Number, UserName FROM clients")?;
    let mut update =
        transaction.prepare("UPDATE clients SET AccountName = ?2 WHERE Number = ?1")?;
    let mut rows = clients.query([])?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(1)?.as_bytes()?;
        let name = account_name_of(&String::from_utf8_lossy(name));
        if !name.is_empty() {
            update.execute(params![row.get::<_, i64>(0)?, name])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_strict_and_has_no_nullable_column() {
        let mut database = Connection::open_in_memory().unwrap();
        migrate(&mut database).unwrap();
        migrate(&mut database).unwrap();
        let nullable: Vec<String> = database
            .prepare(
                "SELECT t.name || '.' || c.name FROM pragma_table_list t, pragma_table_info(t.name) c
                 WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'
                   AND (t.strict = 0 OR (c.\"notnull\" = 0 AND c.pk = 0))",
            )
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(nullable, Vec::<String>::new());
    }

    #[test]
    fn a_database_of_a_newer_gateway_is_not_touched() {
        let mut database = Connection::open_in_memory().unwrap();
        database.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(
            migrate(&mut database),
            Err(OpenError::Newer { found: 99, .. })
        ));
    }

    #[test]
    fn a_database_of_the_first_step_is_brought_up_to_date() {
        let mut database = Connection::open_in_memory().unwrap();
        database.execute_batch(STEPS[0].0).unwrap();
        database.pragma_update(None, "user_version", 1).unwrap();
        database
            .execute("INSERT INTO messages (ToClient, FromClient, Type, Content) VALUES (x'01', x'02', 3, x'04')", [])
            .unwrap();
        database
            .execute("INSERT INTO clients (ID, UserName, PublicKey) VALUES (randomblob(16), 'Alice', x'01'), (randomblob(16), 'Bob B', x'02')", [])
            .unwrap();
        migrate(&mut database).unwrap();
        let names: Vec<String> = database
            .prepare("SELECT AccountName FROM clients ORDER BY Number")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(names, ["alice", ""]);
        let kept: i64 = database
            .query_row("SELECT count(*) FROM messages", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 1);
        database.execute("DELETE FROM receipts", []).unwrap();
    }
}
