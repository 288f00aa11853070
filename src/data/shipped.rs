//! Reading of the tables that are part of the program.

use std::io::Read;

use super::DataError;

/// Rows of numbers with the label in the last column.
pub(super) struct Table {
    /// The numbers without the labels, row by row.
    pub values: Vec<f32>,
    /// The label of each row.
    pub labels: Vec<u16>,
}

/// Reads rows of `columns` finite numbers and a label below `classes`. `what` may refuse a number, saying why.
pub(super) fn read(
    name: &'static str,
    text: impl Read,
    columns: usize,
    classes: usize,
    refuse: impl Fn(f32) -> Option<&'static str>,
) -> Result<Table, DataError> {
    let damaged = |line: usize, what: String| DataError::Shipped {
        name,
        what: format!("row {line}: {what}"),
    };
    let mut table = Table {
        values: Vec::new(),
        labels: Vec::new(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text);
    for (row, record) in reader.records().enumerate() {
        let damaged = |what: String| damaged(row + 1, what);
        let record = record.map_err(|error| damaged(error.to_string()))?;
        if record.len() != columns + 1 {
            return Err(damaged(format!(
                "{} columns instead of {}",
                record.len(),
                columns + 1
            )));
        }
        for cell in record.iter().take(columns) {
            let value: f32 = cell
                .parse()
                .map_err(|_| damaged(format!("`{cell}` is no number")))?;
            if !value.is_finite() {
                return Err(damaged(format!("`{cell}` is not finite")));
            }
            if let Some(reason) = refuse(value) {
                return Err(damaged(format!("`{cell}` is {reason}")));
            }
            table.values.push(value);
        }
        let label: u16 = record[columns]
            .parse()
            .ok()
            .filter(|label| usize::from(*label) < classes)
            .ok_or_else(|| damaged(format!("`{}` is no label", &record[columns])))?;
        table.labels.push(label);
    }
    Ok(table)
}
