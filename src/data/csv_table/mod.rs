//! A table of the user's: a CSV file of numbers and categories, one column of which is learnt; in `texts`, one of texts.
//!
//! The file is read twice, by `rows`. `scan` finds what each column is and what is wrong; then the numbers are written, so that
//! nothing but they is ever held as a whole.

mod columns;
mod rows;
mod scan;
mod target;
mod texts;

use std::{
    fs::File,
    io::{Seek, SeekFrom},
    path::Path,
};

pub(super) use self::texts::TextTable;

use self::{
    rows::Rows,
    scan::{Column, Kind, Scan},
    target::Target,
};
use super::{
    DataError, DataInfo, Dataset, Features, LabelColumn, Labels, Provenance, Source,
    dataset::{Heading, title_of},
    own::Takes,
    split,
};
use crate::setup::{CsvSetup, InputShape, Missing, Task};

/// Most bytes that a file may have (4 GiB).
const FILE_BYTES_MAX: u64 = 4 << 30;
/// Most columns that a file may have.
const COLUMNS_MAX: usize = 10_000;
/// Most rows that a file may have.
const ROWS_MAX: usize = 10_000_000;
/// Most different texts in a column of categories. Each is a feature.
const CATEGORIES_MAX: usize = 100;
/// Most classes in the column that is learnt.
const CLASSES_MAX: usize = 1000;
/// Most bytes of features, 4 each (2 GiB).
const FEATURE_BYTES_MAX: u64 = 2 << 30;

/// Whether a cell, without blanks around it, says that its value is missing.
fn is_missing(cell: &str) -> bool {
    const MARKS: [&str; 6] = ["?", "na", "n/a", "nan", "null", "none"];
    cell.is_empty() || MARKS.iter().any(|mark| cell.eq_ignore_ascii_case(mark))
}

/// The number in a cell, if it is one that can be learnt from.
fn number(cell: &str) -> Option<f32> {
    cell.parse().ok().filter(|value: &f32| value.is_finite())
}

/// The names of the columns of the table at `path`, as `dataset.label` takes them; their numbers, from 1, where the first line is no
/// header. Nothing behind the first row is read.
///
/// # Errors
/// Where the file cannot be read, or its beginning is no table.
pub fn columns(path: &Path, has_header: bool) -> Result<Vec<String>, DataError> {
    let mut rows = Rows::new(open(path, FILE_BYTES_MAX)?, has_header);
    if has_header {
        return rows.header(path);
    }
    let mut first = csv::StringRecord::new();
    rows.next(&mut first, path)?;
    Ok(columns::names_or_numbers(&first))
}

/// The table in a file.
pub(super) struct CsvTable<'a>(pub &'a CsvSetup);

impl Source for CsvTable<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let mut file = open(self.path(), FILE_BYTES_MAX)?;
        let scan = Scan::of(&mut file, self.0)?;
        let (features, labels) = self.read(file, &scan)?;
        let partition = match &labels {
            Labels::Classes(columns) => split::stratified(&columns[0], &self.0.split())?,
            _ => split::drawn(scan.rows, &self.0.split())?,
        };
        let mut set = self
            .heading(&scan)
            .with_partition(&features, &labels, &partition);
        set.info.dropped_samples = scan.dropped;
        set.takes = Takes::Row(scan.rule());
        Ok(set)
    }

    fn describe(&self) -> Result<DataInfo, DataError> {
        let scan = Scan::of(&mut open(self.path(), FILE_BYTES_MAX)?, self.0)?;
        let test_fraction = self.0.test_fraction;
        let test = match &scan.target {
            Target::Classes { counts, .. } => split::quotas(counts, test_fraction)?.iter().sum(),
            Target::Numbers => split::held_out(scan.rows, test_fraction)?,
        };
        let bytes = scan.feature_bytes();
        let train = scan.rows - test;
        let mut info = self.heading(&scan).info(train, test, bytes);
        info.dropped_samples = scan.dropped;
        Ok(info)
    }
}

impl CsvTable<'_> {
    fn path(&self) -> &Path {
        &self.0.file
    }

    fn heading(&self, scan: &Scan) -> Heading {
        let path = self.path();
        let categories = scan.categories();
        let (task, classes) = match &scan.target {
            Target::Classes { names, .. } => (Task::Classification, names.clone()),
            Target::Numbers => (Task::Regression, Vec::new()),
        };
        let mut source = format!(
            "{}: {} columns besides the label",
            path.display(),
            scan.columns.len() - 1
        );
        if !categories.is_empty() {
            source.push_str(&format!(
                "; a feature for each category of {}",
                categories.join(", ")
            ));
        }
        Heading {
            name: "csv".to_owned(),
            title: title_of(path),
            input: InputShape::Features(scan.features()),
            task,
            labels: vec![LabelColumn::new(&scan.columns[scan.label].name, classes)],
            target: 0,
            provenance: Provenance {
                source,
                credit: None,
                licence: None,
            },
        }
    }

    /// The numbers of every row that is kept, and what is to be learnt of it.
    fn read(&self, mut file: File, scan: &Scan) -> Result<(Features, Labels), DataError> {
        let path = self.path();
        let failed = |source| DataError::Read {
            path: path.to_owned(),
            source,
        };
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let bytes = scan.feature_bytes();
        let count = scan.rows * scan.features();
        let mut values: Vec<f32> = Vec::new();
        values
            .try_reserve_exact(count)
            .map_err(|_| DataError::Memory { bytes })?;
        let mut classes = Vec::new();
        let mut numbers = Vec::new();
        let changed = || table(path, "the file changed while it was read; try again");

        let mut rows = Rows::new(&file, self.0.header);
        let mut record = csv::StringRecord::new();
        let mut read = 0;
        while rows.next(&mut record, path)? {
            let cells = || record.iter().map(str::trim);
            if self.0.missing == Missing::Drop && cells().any(is_missing) {
                continue;
            }
            if record.len() != scan.columns.len() || read == scan.rows {
                return Err(changed());
            }
            read += 1;
            for (at, (cell, column)) in cells().zip(&scan.columns).enumerate() {
                if at != scan.label {
                    column.write(cell, &mut values).ok_or_else(changed)?;
                    continue;
                }
                match &scan.target {
                    Target::Classes { by_name, .. } => {
                        classes.push(*by_name.get(cell).ok_or_else(changed)?);
                    }
                    Target::Numbers => numbers.push(number(cell).ok_or_else(changed)?),
                }
            }
        }
        if read != scan.rows || values.len() != count {
            return Err(changed());
        }
        let labels = match &scan.target {
            Target::Classes { .. } => Labels::Classes(vec![classes]),
            Target::Numbers => Labels::Numbers(numbers),
        };
        Ok((Features::F32(values), labels))
    }
}

impl Column {
    /// Appends the features of a cell; `None` where it is none that the column was seen to have.
    fn write(&self, cell: &str, values: &mut Vec<f32>) -> Option<()> {
        match &self.kind {
            Kind::Numbers => values.push(number(cell)?),
            Kind::Categories(categories) => {
                let found = categories.binary_search_by(|known| known.as_str().cmp(cell));
                let found = found.ok()?;
                values.extend((0..categories.len()).map(|at| f32::from(u8::from(at == found))));
            }
        }
        Some(())
    }
}

/// The file of a table, of at most `bytes_max` bytes.
fn open(path: &Path, bytes_max: u64) -> Result<File, DataError> {
    let failed = |source| DataError::Read {
        path: path.to_owned(),
        source,
    };
    // Looked at before it is opened: a pipe would have to be waited for.
    let metadata = path.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(table(
            path,
            "this is no file; dataset.file names a CSV file",
        ));
    }
    if metadata.len() > bytes_max {
        let what = format!(
            "the file has {} bytes, more than the {bytes_max} that are read",
            metadata.len()
        );
        return Err(table(path, what));
    }
    File::open(path).map_err(failed)
}

fn table(path: &Path, what: impl Into<String>) -> DataError {
    DataError::Table {
        what: what.into(),
        path: path.to_owned(),
    }
}
