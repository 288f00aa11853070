//! The file's layout and how an older file is brought up to date.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{error::Fault, time};

/// In the file's header, so that a file of another program is told from ours: `JLAB`.
pub(super) const APPLICATION_ID: i64 = 0x4A4C_4142;

/// Layout N+1 is made from layout N by statement list N. Never edit one that was released: append another.
const MIGRATIONS: [&str; 11] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
];

/// The layout that this version writes.
pub(super) const LATEST: i64 = MIGRATIONS.len() as i64;

/// What a file turned out to be.
pub(super) enum Kind {
    /// Nothing is in it yet.
    Empty,
    /// A library of this layout.
    Library(i64),
    /// A database of another program.
    Foreign,
}

/// Looks without changing anything.
pub(super) fn kind(connection: &Connection) -> rusqlite::Result<Kind> {
    // In one transaction: between the readings another program could make this file its library.
    let connection = connection.unchecked_transaction()?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let id = number("PRAGMA application_id")?;
    let layout = number("PRAGMA user_version")?;
    let objects = number("SELECT count(*) FROM sqlite_schema")?;
    Ok(match (id, layout, objects) {
        (APPLICATION_ID, layout, _) => Kind::Library(layout),
        (0, 0, 0) => Kind::Empty,
        _ => Kind::Foreign,
    })
}

/// Brings the file to layout `target` in one transaction, or leaves it as it was.
pub(super) fn migrate(connection: &mut Connection, target: i64) -> Result<(), Fault> {
    // The layout is read again inside: another program may have migrated in between.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = transaction.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
    apply(&transaction, &MIGRATIONS, from, target)?;
    if from == 0 && target > 0 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        let meta = [
            ("created_at", time::text(Timestamp::now())),
            ("created_by", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        for (key, value) in meta {
            transaction.execute(
                "INSERT INTO meta (key, value) VALUES (?1, ?2)",
                (key, value),
            )?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn apply(
    transaction: &Transaction<'_>,
    migrations: &[&str],
    from: i64,
    target: i64,
) -> rusqlite::Result<()> {
    for (layout, statements) in (1..).zip(migrations) {
        if layout > from && layout <= target {
            transaction.execute_batch(statements)?;
            transaction.pragma_update(None, "user_version", layout)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(connection: &Connection) -> i64 {
        connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .expect("a pragma of SQLite's own")
    }

    fn tables(connection: &Connection) -> Vec<String> {
        connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .expect("a table of SQLite's own")
    }

    #[test]
    fn every_older_layout_becomes_the_latest() {
        let mut fresh = Connection::open_in_memory().unwrap();
        migrate(&mut fresh, LATEST).unwrap();
        for older in 0..=LATEST {
            let mut connection = Connection::open_in_memory().unwrap();
            migrate(&mut connection, older).unwrap();
            assert_eq!(layout(&connection), older);
            migrate(&mut connection, LATEST).unwrap();
            assert_eq!(layout(&connection), LATEST);
            assert_eq!(tables(&connection), tables(&fresh));
            assert!(matches!(kind(&connection), Ok(Kind::Library(LATEST))));
        }
    }

    #[test]
    fn migrations_go_in_order_from_where_the_file_is() {
        let steps = [
            "CREATE TABLE a (x)",
            "ALTER TABLE a ADD COLUMN y",
            "INSERT INTO a VALUES (1, 2)",
        ];
        for from in 0..=3 {
            let mut connection = Connection::open_in_memory().unwrap();
            for (begin, end) in [(0, from), (from, 3)] {
                let transaction = connection.transaction().unwrap();
                apply(&transaction, &steps, begin, end).unwrap();
                transaction.commit().unwrap();
            }
            let y: i64 = connection
                .query_row("SELECT y FROM a", [], |row| row.get(0))
                .unwrap();
            assert_eq!((y, layout(&connection)), (2, 3));
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_layout_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        let transaction = connection.transaction().unwrap();
        assert!(apply(&transaction, &["CREATE TABLE a (x)", "no SQL"], 0, 2).is_err());
        drop(transaction);
        assert_eq!(layout(&connection), 0);
        assert!(tables(&connection).is_empty());
    }
}
