//! Rows of tables, from files and by cell.

use std::collections::BTreeMap;
use std::path::Path;

use csv::StringRecord;
use serde::{Deserialize, Serialize};

use super::{Encoding, OwnError, OwnSample, Takes};
use crate::data::Features;
use crate::units::count;

/// Most rows that are asked about at once.
pub const ROWS_MAX: usize = 10_000;
/// Most bytes of a file of such rows (64 MiB).
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Categories that are named where a cell is none of them.
const NAMED: usize = 20;

/// What rows of a table are like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowRule {
    /// The columns that are learnt from, in their order.
    pub columns: Vec<RowColumn>,
    /// The column that is foretold.
    pub label: String,
    /// Where that stands among all columns; `None` where it is none of them.
    pub label_at: Option<usize>,
}

/// A column that is learnt from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowColumn {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub kind: RowKind,
}

/// What is in a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// A number.
    Number,
    /// One of these texts, a feature each.
    Categories(Vec<String>),
}

impl RowKind {
    /// Features that it becomes.
    fn width(&self) -> usize {
        match self {
            Self::Number => 1,
            Self::Categories(names) => names.len(),
        }
    }
}

impl RowRule {
    /// Numbers without names.
    pub(super) fn numbered(count: usize, label: &str) -> Self {
        Self::named((1..=count).map(|number| format!("feature {number}")), label)
    }

    /// Numbers with these names.
    pub(in crate::data) fn named(names: impl Iterator<Item = String>, label: &str) -> Self {
        let column = |name| RowColumn {
            name,
            kind: RowKind::Number,
        };
        Self {
            columns: names.map(column).collect(),
            label: label.to_owned(),
            label_at: None,
        }
    }

    /// What cells would become `features`.
    pub fn cells(&self, features: &[f32]) -> Vec<String> {
        let mut rest = features;
        let mut cells = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let (own, others) = rest.split_at(column.kind.width().min(rest.len()));
            rest = others;
            cells.push(match &column.kind {
                RowKind::Number => own.first().map_or_else(String::new, f32::to_string),
                RowKind::Categories(names) => {
                    let found = own.iter().position(|feature| *feature > 0.5);
                    found.map_or_else(String::new, |at| names[at].clone())
                }
            });
        }
        cells
    }

    /// Features of `cells`, in the order of the columns.
    fn features<'a>(&self, cells: impl Iterator<Item = &'a str>) -> Result<Vec<f32>, String> {
        let mut features = Vec::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            let (name, cell) = (&column.name, cell.trim());
            match &column.kind {
                RowKind::Number => {
                    let number = cell.parse().ok().filter(|number: &f32| number.is_finite());
                    let number = number.ok_or_else(|| match cell {
                        "" => format!("column `{name}` is empty; a number is needed"),
                        cell => format!("column `{name}`: `{}` is no number", shown(cell)),
                    })?;
                    features.push(number);
                }
                RowKind::Categories(names) => {
                    let found = names.iter().position(|known| known == cell);
                    let found = found.ok_or_else(|| unknown(name, cell, names))?;
                    features.extend((0..names.len()).map(|at| f32::from(u8::from(at == found))));
                }
            }
        }
        Ok(features)
    }

    /// The places of the columns, and of the label where it is there, among `header`.
    fn places(&self, header: &StringRecord) -> Result<(Vec<usize>, Option<usize>), String> {
        let place = |name: &str| header.iter().position(|cell| cell.trim() == name);
        let places = self.columns.iter().map(|column| {
            place(&column.name)
                .ok_or_else(|| format!("there is no column `{}` in the first line", column.name))
        });
        Ok((places.collect::<Result<_, _>>()?, place(&self.label)))
    }

    /// The same in a row without names: all columns, or all but the label.
    fn places_by_order(&self, cells: usize) -> Result<(Vec<usize>, Option<usize>), String> {
        let columns = self.columns.len();
        match self.label_at {
            _ if cells == columns => Ok(((0..columns).collect(), None)),
            Some(label) if cells == columns + 1 => Ok((
                (0..=columns).filter(|at| *at != label).collect(),
                Some(label),
            )),
            // Where the label would stand is not known: at the end, as in most tables.
            None if cells == columns + 1 => Ok(((0..columns).collect(), Some(columns))),
            _ => Err(format!(
                "{cells} {} instead of {columns}: {}",
                if cells == 1 { "value" } else { "values" },
                self.names()
            )),
        }
    }

    fn names(&self) -> String {
        let names = self.columns.iter().map(|column| column.name.as_str());
        let mut names: Vec<&str> = names.take(NAMED).collect();
        if self.columns.len() > NAMED {
            names.push("…");
        }
        names.join(", ")
    }
}

impl Encoding {
    fn row_rule(&self) -> Result<&RowRule, OwnError> {
        match &self.takes {
            Takes::Row(rule) => Ok(rule),
            _ => Err(OwnError::Given(format!(
                "the network takes no rows of a table, but {}",
                self.wants()
            ))),
        }
    }

    /// A row by its cells: those of all columns, or of all but the label.
    ///
    /// # Errors
    /// Where a cell cannot be, or there are too many or too few.
    pub fn row<S: AsRef<str>>(&self, cells: &[S]) -> Result<OwnSample, OwnError> {
        let rule = self.row_rule()?;
        let places = rule.places_by_order(cells.len()).map_err(OwnError::Given)?;
        let cell = |at: usize| cells.get(at).map_or("", AsRef::as_ref);
        self.row_at(rule, "row".to_owned(), &places, cell)
            .map_err(OwnError::Given)
    }

    /// A row as it would stand in a CSV file.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub fn row_of_text(&self, text: &str) -> Result<OwnSample, OwnError> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut cells = StringRecord::new();
        reader
            .read_record(&mut cells)
            .map_err(|error| OwnError::Given(format!("the row cannot be read: {error}")))?;
        self.row(&cells.iter().collect::<Vec<_>>())
    }

    /// The rows of the CSV file at `path`. Where its first line names columns they may stand in any order; else they are those of
    /// the set, in its order, with or without the label.
    ///
    /// # Errors
    /// Where it cannot be read, lacks a column, or a cell cannot be.
    pub fn read_rows(&self, path: &Path) -> Result<Vec<OwnSample>, OwnError> {
        let rule = self.row_rule()?;
        let refuse = |what: String| OwnError::File {
            what,
            path: path.to_owned(),
        };
        let metadata = std::fs::metadata(path).map_err(|error| refuse(error.to_string()))?;
        if !metadata.is_file() {
            return Err(refuse("this is no file".to_owned()));
        }
        if metadata.len() > FILE_BYTES_MAX {
            return Err(refuse(format!(
                "the file has {} bytes, more than the {FILE_BYTES_MAX} that are read",
                metadata.len()
            )));
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_path(path)
            .map_err(|error| refuse(error.to_string()))?;
        let mut record = StringRecord::new();
        let mut places = None;
        let mut samples = Vec::new();
        loop {
            let is_there = reader
                .read_record(&mut record)
                .map_err(|error| refuse(format!("the table cannot be read: {error}")))?;
            if !is_there {
                break;
            }
            let line = record.position().map_or(0, csv::Position::line);
            let is_name = |cell: &str| rule.columns.iter().any(|column| column.name == cell.trim());
            if line <= 1 && places.is_none() && record.iter().any(is_name) {
                places = Some(rule.places(&record).map_err(&refuse)?);
                continue;
            }
            let in_line = |what: String| refuse(format!("line {line}: {what}"));
            let of_row = match &places {
                Some(places) => places.clone(),
                None => rule.places_by_order(record.len()).map_err(in_line)?,
            };
            let most = of_row.0.iter().chain(&of_row.1).max();
            if most.is_some_and(|most| *most >= record.len()) {
                return Err(in_line(format!(
                    "{} values, fewer than the first line names",
                    record.len()
                )));
            }
            if samples.len() == ROWS_MAX {
                return Err(refuse(format!(
                    "there are more than {} rows, the most that are asked about at once",
                    count(ROWS_MAX as u64)
                )));
            }
            let cell = |at: usize| record.get(at).unwrap_or_default();
            let sample = self.row_at(rule, format!("line {line}"), &of_row, cell);
            samples.push(sample.map_err(in_line)?);
        }
        if samples.is_empty() {
            return Err(refuse("there are no rows".to_owned()));
        }
        Ok(samples)
    }

    fn row_at<'a>(
        &self,
        rule: &RowRule,
        name: String,
        (places, label): &(Vec<usize>, Option<usize>),
        cell: impl Fn(usize) -> &'a str,
    ) -> Result<OwnSample, String> {
        let features = rule.features(places.iter().map(|at| cell(*at)))?;
        let truth = label.map(|at| cell(at).trim().to_owned());
        let truth = truth.filter(|truth| !truth.is_empty());
        Ok(OwnSample {
            name,
            features: Features::F32(features),
            at: None,
            truth: truth
                .map(|truth| BTreeMap::from([(rule.label.clone(), truth)]))
                .unwrap_or_default(),
            notes: Vec::new(),
        })
    }
}

fn unknown(column: &str, cell: &str, known: &[String]) -> String {
    let mut names: Vec<&str> = known.iter().take(NAMED).map(String::as_str).collect();
    if known.len() > NAMED {
        names.push("…");
    }
    format!(
        "column `{column}`: the network has never seen `{}`; it knows {}",
        shown(cell),
        names.join(", ")
    )
}

/// The beginning of a text that may be long.
fn shown(text: &str) -> String {
    const LETTERS: usize = 40;
    match text.char_indices().nth(LETTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
