use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::Path,
};

use csv::StringRecord;

use super::{
    CATEGORIES_MAX, CLASSES_MAX, COLUMNS_MAX, DataError, FEATURE_BYTES_MAX, ROWS_MAX, is_missing,
    number,
    rows::{Rows, line_at, shown},
    table,
};
use crate::{
    setup::{CsvSetup, Missing},
    units::nearest,
};

/// So many lines with missing values are named.
const NAMED: usize = 10;

/// What a file holds, without its rows.
pub(super) struct Scan {
    pub columns: Vec<Column>,
    /// Which of the columns is learnt.
    pub label: usize,
    /// The values of that column, in order.
    pub classes: Vec<String>,
    /// Rows of each class.
    pub class_counts: Vec<usize>,
    /// Rows that are kept.
    pub rows: usize,
    /// Rows left out because of missing values.
    pub dropped: usize,
    by_name: BTreeMap<String, u16>,
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
        let mut counts = BTreeMap::<String, usize>::new();
        let mut missing = MissingRows::default();
        let mut rows = 0;
        let mut record = StringRecord::new();
        while reader.next(&mut record, path)? {
            let byte = record.position().map_or(0, csv::Position::byte);
            if seen.is_empty() {
                let names = names.get_or_insert_with(|| {
                    (1..=record.len())
                        .map(|number| number.to_string())
                        .collect()
                });
                check_names(names, &record, path)?;
                label = label_column(names, setup, path)?;
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
                    count(&mut counts, cell, &names, at, path)?;
                } else {
                    seen.take(cell, byte);
                }
            }
        }
        let names = names.unwrap_or_default();
        if setup.missing == Missing::Error
            && let Some(what) = missing.in_words(&names, path)
        {
            return Err(table(path, what));
        }
        if rows == 0 {
            let what = match missing.rows {
                0 => "there are no rows".to_owned(),
                rows => format!("each of the {rows} rows has missing values"),
            };
            return Err(table(path, what));
        }
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
        Self::with(columns, label, counts, rows, missing.rows, path)
    }

    fn with(
        columns: Vec<Column>,
        label: usize,
        counts: BTreeMap<String, usize>,
        rows: usize,
        dropped: usize,
        path: &Path,
    ) -> Result<Self, DataError> {
        let name = &columns[label].name;
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        if let [(only, _)] = &counts[..] {
            let only = shown(only);
            let what = format!(
                "column `{name}`, which is to be learnt, is `{only}` in every row; there must be two classes at least"
            );
            return Err(table(path, what));
        }
        // Classes that are numbers in the order of numbers: 2 before 10.
        if counts.iter().all(|(class, _)| number(class).is_some()) {
            counts.sort_by(|(a, _), (b, _)| {
                let order = number(a).partial_cmp(&number(b));
                order.unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        let (classes, class_counts): (Vec<String>, Vec<usize>) = counts.into_iter().unzip();
        let by_name = classes.iter().cloned().zip(0_u16..).collect();
        let scan = Self {
            columns,
            label,
            classes,
            class_counts,
            rows,
            dropped,
            by_name,
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

    /// The class of a label.
    pub(super) fn class(&self, label: &str) -> Option<u16> {
        self.by_name.get(label).copied()
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

/// Rows with missing values.
#[derive(Default)]
struct MissingRows {
    rows: usize,
    /// The place in bytes of the first ones, and the column.
    first: Vec<(u64, usize)>,
}

impl MissingRows {
    fn take(&mut self, byte: u64, column: usize) {
        self.rows += 1;
        if self.first.len() < NAMED {
            self.first.push((byte, column));
        }
    }

    fn in_words(&self, names: &[String], path: &Path) -> Option<String> {
        let (_, column) = self.first.first()?;
        let line = |(byte, _): &(u64, usize)| line_at(path, *byte).to_string();
        let lines: Vec<String> = self.first.iter().map(line).collect();
        let mut lines = lines.join(", ");
        if self.rows > self.first.len() {
            lines.push_str(&format!(" and {} more", self.rows - self.first.len()));
        }
        let name = names.get(*column).map_or("", String::as_str);
        Some(format!(
            "{} rows have missing values, the first in column `{name}` (lines {lines}); fill them in, or leave those rows \
             out with dataset.missing=drop",
            self.rows
        ))
    }
}

fn count(
    counts: &mut BTreeMap<String, usize>,
    cell: &str,
    names: &Option<Vec<String>>,
    at: usize,
    path: &Path,
) -> Result<(), DataError> {
    if let Some(count) = counts.get_mut(cell) {
        *count += 1;
    } else if counts.len() < CLASSES_MAX {
        counts.insert(cell.to_owned(), 1);
    } else {
        let name = names.as_ref().map_or("", |names| names[at].as_str());
        let what = format!(
            "column `{name}`, which is to be learnt, has more than {CLASSES_MAX} different values; it must be one of \
             classes: name another with dataset.label"
        );
        return Err(table(path, what));
    }
    Ok(())
}

fn check_names(names: &[String], row: &StringRecord, path: &Path) -> Result<(), DataError> {
    if names.len() > COLUMNS_MAX {
        let what = format!("there are {} columns, more than {COLUMNS_MAX}", names.len());
        return Err(table(path, what));
    }
    if names.len() < 2 {
        let divided = [(';', "semicolons"), ('\t', "tabs")]
            .into_iter()
            .find(|(divider, _)| row.iter().any(|cell| cell.contains(*divider)));
        let what = match divided {
            Some((_, what)) => {
                format!("cells are divided by {what}; save the table with commas instead")
            }
            None => "there is one column only; a label and something to learn it from are needed"
                .to_owned(),
        };
        return Err(table(path, what));
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(table(
            path,
            format!(
                "two columns are called `{}`; give each a name of its own, or set dataset.header=false if the first \
                 line is no header",
                shown(pair[0])
            ),
        )),
        None => Ok(()),
    }
}

/// The column that is learnt: by name, else by number from 1, else the last.
fn label_column(names: &[String], setup: &CsvSetup, path: &Path) -> Result<usize, DataError> {
    let label = setup.label.trim();
    if label.is_empty() {
        return Ok(names.len() - 1);
    }
    if let Some(at) = names.iter().position(|name| name == label) {
        return Ok(at);
    }
    let numbered = label.parse::<usize>().ok();
    if let Some(number) = numbered.filter(|number| (1..=names.len()).contains(number)) {
        return Ok(number - 1);
    }
    let mut what = format!("there is no column `{label}`, which is to be learnt");
    if let Some(name) = nearest(label, names.iter().map(String::as_str)) {
        what.push_str(&format!(", did you mean `{name}`?"));
    }
    let some: Vec<String> = names.iter().take(20).map(|name| shown(name)).collect();
    what.push_str(&format!(
        " The {} columns: {}",
        names.len(),
        some.join(", ")
    ));
    Err(table(path, what))
}
