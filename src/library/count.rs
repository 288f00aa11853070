//! Counts as SQLite keeps them: its integers have a sign and 63 bits.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, RowIndex, ToSql};

/// A count on its way into or out of the library; one beyond 63 bits is an error, not another number.
pub(super) struct Count(pub u64);

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        i64::try_from(self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        let count = u64::try_from(number).map_err(|_| FromSqlError::OutOfRange(number))?;
        Ok(Self(count))
    }
}

/// A column as a count.
pub(super) fn count(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<u64> {
    row.get::<_, Count>(column).map(|Count(count)| count)
}

/// A column as a count that may be missing.
pub(super) fn maybe_count(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Option<u64>> {
    let found: Option<Count> = row.get(column)?;
    Ok(found.map(|Count(count)| count))
}
