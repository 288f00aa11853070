//! Export as CSV: one file a format, all behind one small table of functions.
//!
//! Every format has fixed columns, all of them always; an empty cell is missing, never 0; times are RFC 3339 UTC; the
//! decimal point is a point; text that a spreadsheet would take for a formula is escaped. Rows are streamed from the
//! library, and a file is written beside its place and renamed when it is complete.

mod cells;
mod codecarbon;
mod columns;
mod epochs;
mod error;
mod file;
mod runs;
mod samples;

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

pub(crate) use cells::Cells;
pub use columns::SETUP_COLUMNS;
pub use error::ExportError;

use super::Library;
use crate::units::UnknownName;

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A reading of a meter or sensor.
    Samples,
    /// An epoch.
    Epochs,
    /// A run.
    Runs,
    /// A run, in the columns of CodeCarbon 3.3.
    CodeCarbon,
}

/// How one format is written.
struct Exporter {
    /// Names of all columns.
    header: fn() -> Vec<String>,
    /// Writes the rows of one run, given by its identifier.
    rows: fn(&Library, &str, &Options, &mut Cells<'_>) -> Result<(), ExportError>,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Samples, Self::Epochs, Self::Runs, Self::CodeCarbon];

    /// Its name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Samples => "samples",
            Self::Epochs => "epochs",
            Self::Runs => "runs",
            Self::CodeCarbon => "codecarbon",
        }
    }

    /// The format of this name.
    ///
    /// # Errors
    /// Where there is none; the error suggests.
    pub fn from_id(id: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|format| format.id() == id)
            .ok_or_else(|| UnknownName::new("export format", id, Self::ALL.map(Self::id)))
    }

    /// Names of its columns, in order.
    pub fn header(self) -> Vec<String> {
        (self.exporter().header)()
    }

    fn exporter(self) -> Exporter {
        match self {
            Self::Samples => Exporter {
                header: samples::header,
                rows: samples::rows,
            },
            Self::Epochs => Exporter {
                header: epochs::header,
                rows: epochs::rows,
            },
            Self::Runs => Exporter {
                header: runs::header,
                rows: runs::rows,
            },
            Self::CodeCarbon => Exporter {
                header: codecarbon::header,
                rows: codecarbon::rows,
            },
        }
    }
}

/// What an export depends on beside the library.
#[derive(Clone, Debug)]
pub struct Options {
    /// For the one format that has local times; those of the others are UTC.
    pub time_zone: TimeZone,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            time_zone: TimeZone::system(),
        }
    }
}

/// Writes the runs with these identifiers to `out`, and returns how many rows there were.
///
/// # Errors
/// Where the library cannot be read or `out` cannot be written.
pub fn write(
    library: &Library,
    format: Format,
    runs: &[String],
    options: &Options,
    out: &mut dyn Write,
) -> Result<u64, ExportError> {
    write_watched(library, (format, options), runs, out, &mut |_, _| true)
}

fn write_watched(
    library: &Library,
    (format, options): (Format, &Options),
    runs: &[String],
    out: &mut dyn Write,
    watch: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<u64, ExportError> {
    let exporter = format.exporter();
    let mut cells = Cells::new(out);
    for name in (exporter.header)() {
        cells.text(&name)?;
    }
    cells.end_header()?;
    library.snapshot(|| {
        runs.iter().zip(1..).try_for_each(|(run, done)| {
            (exporter.rows)(library, run, options, &mut cells)?;
            match watch(done, runs.len() as u64) {
                true => Ok(()),
                false => Err(ExportError::Cancelled),
            }
        })
    })?;
    cells.finish()
}

/// As [`write_file`]; `watch` is told after each run how many of how many are written, and says whether to go on.
///
/// # Errors
/// As [`write_file`]; and where `watch` says no.
pub fn write_file_watched(
    library: &Library,
    (format, options): (Format, &Options),
    runs: &[String],
    (path, overwrite): (&Path, bool),
    watch: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<u64, ExportError> {
    file::replace(path, overwrite, |out| {
        write_watched(library, (format, options), runs, out, watch)
    })
}

/// Writes `bytes` to file `path`, which appears when it is complete, or not at all.
///
/// # Errors
/// Where the file cannot be written, or there is one already and `overwrite` is not set.
pub fn write_bytes(path: &Path, overwrite: bool, bytes: &[u8]) -> Result<(), ExportError> {
    file::replace(path, overwrite, |out| {
        out.write_all(bytes).map_err(ExportError::Output)
    })
}

/// Writes several files as [`write_bytes`] does, and makes their folders. Where one is there already and `overwrite` is not set, none is
/// written.
///
/// # Errors
/// As [`write_bytes`]; where a folder cannot be made.
pub fn write_files(files: &[(PathBuf, Vec<u8>)], overwrite: bool) -> Result<(), ExportError> {
    let is_there = |path: &Path| !overwrite && path.symlink_metadata().is_ok();
    if let Some((path, _)) = files.iter().find(|(path, _)| is_there(path)) {
        return Err(ExportError::Exists { path: path.clone() });
    }
    for (path, bytes) in files {
        let folder = path.parent();
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| ExportError::File {
                path: folder.to_owned(),
                source,
            })?;
        }
        write_bytes(path, overwrite, bytes)?;
    }
    Ok(())
}

/// As [`write`], to file `path`. It appears when it is complete, or not at all.
///
/// # Errors
/// As [`write`]; and where there is a file already and `overwrite` is not set.
pub fn write_file(
    library: &Library,
    format: Format,
    runs: &[String],
    options: &Options,
    path: &Path,
    overwrite: bool,
) -> Result<u64, ExportError> {
    file::replace(path, overwrite, |out| {
        write(library, format, runs, options, out)
    })
}
