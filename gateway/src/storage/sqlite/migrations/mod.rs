//! The schema, step by step. A step that was released is never changed; a change is a new step.

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

const STEPS: &[&str] = &[
    include_str!("0001_clients_and_messages.sql"),
    include_str!("0002_receipts.sql"),
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
    for (number, step) in (1u32..)
        .zip(STEPS)
        .skip_while(|(number, _)| *number <= done)
    {
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
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
        database.execute_batch(STEPS[0]).unwrap();
        database.pragma_update(None, "user_version", 1).unwrap();
        database
            .execute("INSERT INTO messages (ToClient, FromClient, Type, Content) VALUES (x'01', x'02', 3, x'04')", [])
            .unwrap();
        migrate(&mut database).unwrap();
        let kept: i64 = database
            .query_row("SELECT count(*) FROM messages", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 1);
        database.execute("DELETE FROM receipts", []).unwrap();
    }
}
