//! What the tables of numbers and those of texts have in common: the names of columns, and rows with missing values.

use std::path::Path;

use csv::StringRecord;

use super::{
    COLUMNS_MAX, DataError,
    rows::{line_at, shown},
    table,
};
use crate::{setup::Missing, units::nearest};

/// So many lines with missing values are named.
const NAMED: usize = 10;

/// Rows with missing values.
#[derive(Default)]
pub(super) struct MissingRows {
    /// How many.
    pub rows: usize,
    /// The place in bytes of the first ones, and the column.
    first: Vec<(u64, usize)>,
}

impl MissingRows {
    pub(super) fn take(&mut self, byte: u64, column: usize) {
        self.rows += 1;
        if self.first.len() < NAMED {
            self.first.push((byte, column));
        }
    }

    /// Whether the table can be used though these rows have missing values, with `kept` rows beside them.
    ///
    /// # Errors
    /// Where missing values are not allowed, and where no row is left.
    pub(super) fn check(
        &self,
        rule: Missing,
        kept: usize,
        names: &[String],
        path: &Path,
    ) -> Result<(), DataError> {
        if rule == Missing::Error
            && let Some(what) = self.in_words(names, path)
        {
            return Err(table(path, what));
        }
        match (kept, self.rows) {
            (0, 0) => Err(table(path, "there are no rows")),
            (0, rows) => {
                let what = format!("each of the {rows} rows has missing values");
                Err(table(path, what))
            }
            _ => Ok(()),
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
        Some(match self.rows {
            1 => format!(
                "a row has missing values, in column `{name}` (line {lines}); fill them in, or leave the row out with \
                 dataset.missing=drop"
            ),
            rows => format!(
                "{rows} rows have missing values, the first in column `{name}` (lines {lines}); fill them in, or leave \
                 those rows out with dataset.missing=drop"
            ),
        })
    }
}

/// The names of the columns of a table without a header: their numbers, from 1.
pub(super) fn names_or_numbers(first: &StringRecord) -> Vec<String> {
    (1..=first.len()).map(|number| number.to_string()).collect()
}

/// Whether there are columns to learn from, each with a name of its own. `row` is one of the table.
pub(super) fn check_names(
    names: &[String],
    row: &StringRecord,
    path: &Path,
) -> Result<(), DataError> {
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

/// The column that an option names: by its name, else by its number from 1; `None` where the option names none. `role` says what
/// it is for.
pub(super) fn named_column(
    option: &str,
    role: &str,
    names: &[String],
    path: &Path,
) -> Result<Option<usize>, DataError> {
    let option = option.trim();
    if option.is_empty() {
        return Ok(None);
    }
    if let Some(at) = names.iter().position(|name| name == option) {
        return Ok(Some(at));
    }
    let numbered = option.parse::<usize>().ok();
    if let Some(number) = numbered.filter(|number| (1..=names.len()).contains(number)) {
        return Ok(Some(number - 1));
    }
    let mut what = format!("there is no column `{option}`, which is to be {role}");
    if let Some(name) = nearest(option, names.iter().map(String::as_str)) {
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
