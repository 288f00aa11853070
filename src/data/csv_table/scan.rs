use std::{collections::BTreeSet, fs::File, io::Read, path::Path};

use csv::StringRecord;

use super::{
    CATEGORIES_MAX, DataError, FEATURE_BYTES_MAX, ROWS_MAX,
    columns::{MissingRows, check_names, named_column, names_or_numbers},
    is_missing, number,
    rows::{Rows, line_at, shown},
    table,
    target::{SeenTarget, Target},
};
use crate::data::own::{RowColumn, RowKind, RowRule};
use crate::setup::CsvSetup;

/// What a file holds, without its rows.
pub(super) struct Scan {
    pub columns: Vec<Column>,
    /// Which of the columns is learnt.
    pub label: usize,
    /// What is learnt of it.
    pub target: Target,
    /// Rows that are kept.
    pub rows: usize,
    /// Rows left out because of missing values.
    pub dropped: usize,
}

/// A column.
pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
}

/// What a column holds.
pub(super) enum Kind {
    /// One feature.
    Numbers,
    /// These texts, sorted, one feature each.
    Categories(Vec<String>),
}

/// What is known of a column while the rows go by.
#[derive(Default)]
struct Seen {
    /// The first cell that is no number, with the place of its row in bytes.
    text: Option<(u64, String)>,
    has_numbers: bool,
    texts: BTreeSet<String>,
    has_too_many: bool,
}

impl Seen {
    fn take(&mut self, cell: &str, byte: u64) {
        match number(cell) {
            Some(_) => self.has_numbers = true,
            None if self.text.is_none() => self.text = Some((byte, cell.to_owned())),
            None => {}
        }
        if !self.has_too_many && !self.texts.contains(cell) {
            self.has_too_many = self.texts.len() == CATEGORIES_MAX;
            if self.has_too_many {
                self.texts.clear();
            } else {
                self.texts.insert(cell.to_owned());
            }
        }
    }

    fn kind(self, name: &str, path: &Path) -> Result<Kind, DataError> {
        let Some((byte, text)) = self.text else {
            return Ok(Kind::Numbers);
        };
        if self.has_too_many {
            let text = shown(&text);
            let what = if self.has_numbers {
                let line = line_at(path, byte);
                format!(
                    "line {line}, column `{name}`: `{text}` is no number; write a number there, or leave the cell empty"
                )
            } else {
                format!(
                    "column `{name}` has more than {CATEGORIES_MAX} different texts, such as `{text}`; leave the column \
                     out or bring it down to fewer"
                )
            };
            return Err(table(path, what));
        }
        Ok(Kind::Categories(self.texts.into_iter().collect()))
    }
}

impl Scan {
    pub(super) fn of(file: &mut File, setup: &CsvSetup) -> Result<Self, DataError> {
        let path = setup.file.as_path();
        let mut reader = Rows::new(file.by_ref(), setup.header);
        let mut names = match setup.header {
            true => Some(reader.header(path)?),
            false => None,
        };
        let mut seen: Vec<Seen> = Vec::new();
        let mut label = 0;
        let mut target = SeenTarget::default();
        let mut missing = MissingRows::default();
        let mut rows = 0;
        let mut record = StringRecord::new();
        while reader.next(&mut record, path)? {
            let byte = record.position().map_or(0, csv::Position::byte);
            if seen.is_empty() {
                let names = names.get_or_insert_with(|| names_or_numbers(&record));
                check_names(names, &record, path)?;
                let named = named_column(&setup.label, "learnt", names, path)?;
                label = named.unwrap_or(names.len() - 1);
                seen.resize_with(names.len(), Seen::default);
            }
            let cells = || record.iter().map(str::trim);
            if let Some(at) = cells().position(is_missing) {
                missing.take(byte, at);
                continue;
            }
            rows += 1;
            if rows > ROWS_MAX {
                return Err(table(path, format!("there are more than {ROWS_MAX} rows")));
            }
            for (at, (cell, seen)) in cells().zip(&mut seen).enumerate() {
                if at == label {
                    target.take(cell, byte);
                } else {
                    seen.take(cell, byte);
                }
            }
        }
        let names = names.unwrap_or_default();
        missing.check(setup.missing, rows, &names, path)?;
        let columns = names
            .iter()
            .zip(seen)
            .map(|(name, seen)| {
                Ok(Column {
                    kind: seen.kind(name, path)?,
                    name: name.clone(),
                })
            })
            .collect::<Result<Vec<_>, DataError>>()?;
        let scan = Self {
            target: target.finish(setup.task, &names[label], path)?,
            columns,
            label,
            rows,
            dropped: missing.rows,
        };
        if scan.feature_bytes() > FEATURE_BYTES_MAX {
            let what = format!(
                "{rows} rows of {} features are more than the {FEATURE_BYTES_MAX} bytes that are read",
                scan.features()
            );
            return Err(table(path, what));
        }
        Ok(scan)
    }

    /// Features of a row.
    pub(super) fn features(&self) -> usize {
        let width = |(at, column): (usize, &Column)| match &column.kind {
            _ if at == self.label => 0,
            Kind::Numbers => 1,
            Kind::Categories(texts) => texts.len(),
        };
        self.columns.iter().enumerate().map(width).sum()
    }

    pub(super) fn feature_bytes(&self) -> u64 {
        self.rows as u64 * self.features() as u64 * size_of::<f32>() as u64
    }

    /// What a row of one's own is made from.
    pub(super) fn rule(&self) -> RowRule {
        let column = |column: &Column| RowColumn {
            name: column.name.clone(),
            kind: match &column.kind {
                Kind::Numbers => RowKind::Number,
                Kind::Categories(names) => RowKind::Categories(names.clone()),
            },
        };
        let columns = self.columns.iter().enumerate();
        RowRule {
            columns: columns
                .filter(|(at, _)| *at != self.label)
                .map(|(_, one)| column(one))
                .collect(),
            label: self.columns[self.label].name.clone(),
            label_at: Some(self.label),
        }
    }

    /// The names of the columns of categories.
    pub(super) fn categories(&self) -> Vec<String> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(at, column)| *at != self.label && matches!(column.kind, Kind::Categories(_)))
            .map(|(_, column)| format!("`{}`", column.name))
            .collect()
    }
}
