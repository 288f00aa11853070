use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::ErrorCode;

use super::Status;
use crate::units::nearest;

/// Why the library could not do what was asked; each says how to mend it. Paths come last.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The platform names no folder for data.
    #[error(
        "this system names no folder for a user's data (is HOME set?); give one with --library PATH"
    )]
    NoDataFolder,
    /// The folder of the library cannot be made.
    #[error(
        "cannot create the library's folder: {source}; choose another with --library PATH: {}",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file cannot be opened for writing.
    #[error(
        "the library cannot be opened for writing; check the permissions of the file and its folder, or choose \
         another with --library PATH: {}",
        path.display()
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
    },
    /// A database, but not one of ours.
    #[error(
        "this is an SQLite database of another program, and is left as it is; choose another file with \
         --library PATH: {}",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later version of this program.
    #[error(
        "the library has layout {found}, and this version of Joulelab knows none above {known}; use a newer \
         Joulelab, or another library with --library PATH: {}",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The latest that is known.
        known: i64,
    },
    /// No database at all, or one with broken pages.
    #[error(
        "the library is damaged, or no library at all ({detail}); move the file and its -wal and -shm companions \
         away and Joulelab starts a new one (`sqlite3 FILE .recover` may save its runs): {}",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// No space left.
    #[error(
        "the disk is full: free some space; what was recorded before is safe, the last second was not stored: {}",
        path.display()
    )]
    DiskFull {
        /// The library.
        path: PathBuf,
    },
    /// The system refused a read or a write.
    #[error(
        "the system could not read or write the library ({detail}); check the disk, its quota and the limit on \
         file sizes: {}",
        path.display()
    )]
    Io {
        /// The library.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// Another program held the library for longer than is waited for.
    #[error(
        "another program has been writing to the library for too long; try again when it is done: {}",
        path.display()
    )]
    Busy {
        /// The library.
        path: PathBuf,
    },
    /// A file whose runs cannot be taken over.
    #[error("no run was imported, and the library is as it was: {detail}: {}", path.display())]
    NotImported {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// No run is called that.
    #[error("no run is called `{given}`{}", did_you_mean(nearest.as_deref()))]
    UnknownRun {
        /// What was given.
        given: String,
        /// The name or identifier that is most like it.
        nearest: Option<String>,
    },
    /// The run that is called that was deleted, and can be brought back.
    #[error(
        "run {} was deleted on {}; `joulelab restore {id}` brings it back{}",
        called(given, id),
        at.strftime("%Y-%m-%d at %H:%M UTC"),
        and_others(*others)
    )]
    DeletedRun {
        /// What was given.
        given: String,
        /// Its identifier; of several the one that was deleted last.
        id: String,
        /// When it was deleted.
        at: Timestamp,
        /// How many more of the deleted could be meant.
        others: u64,
    },
    /// Several runs could be meant.
    #[error("`{given}` could be any of {}; give more of the identifier", matches.join(", "))]
    AmbiguousRun {
        /// What was given.
        given: String,
        /// Identifiers of the first few.
        matches: Vec<String>,
    },
    /// No wall calibration is called that.
    #[error("no wall calibration is called `{given}`; `joulelab calibrate list` lists them")]
    UnknownCalibration {
        /// What was given.
        given: String,
    },
    /// Several wall calibrations could be meant.
    #[error("`{given}` could be any of {}; give more of the identifier", matches.join(", "))]
    AmbiguousCalibration {
        /// What was given.
        given: String,
        /// Their identifiers.
        matches: Vec<String>,
    },
    /// No sweep is called that.
    #[error(
        "no sweep is called `{given}`{}; `joulelab sweeps` lists them",
        did_you_mean_any(given, known)
    )]
    UnknownSweep {
        /// What was given.
        given: String,
        /// Identifiers of the latest.
        known: Vec<String>,
    },
    /// Several sweeps could be meant.
    #[error("`{given}` could be any of the sweeps {}; give more of the identifier", ids.join(", "))]
    AmbiguousSweep {
        /// What was given.
        given: String,
        /// Their identifiers.
        ids: Vec<String>,
    },
    /// What was asked needs a sweep that nobody runs.
    #[error("sweep `{id}` is being run by another program; stop it there first")]
    SweepRunning {
        /// The sweep.
        id: String,
    },
    /// The identifier is taken.
    #[error("there is a run `{id}` already")]
    DuplicateRun {
        /// The identifier.
        id: String,
    },
    /// What was asked needs a run that is being recorded.
    #[error("run `{id}` is {status}, not running: nothing more can be recorded in it")]
    NotRunning {
        /// The run.
        id: String,
        /// How it stands.
        status: Status,
    },
    /// What was asked needs a run that has ended.
    #[error("run `{id}` is still running; stop it first")]
    StillRunning {
        /// The run.
        id: String,
    },
    /// A record that makes no sense where it stands; nothing of its transaction was stored.
    #[error("run `{id}`: a record cannot be stored: {what}")]
    BadRecord {
        /// The run.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// Anything else that SQLite reports.
    #[error("the library answered: {source}: {}", path.display())]
    Sqlite {
        /// The library.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map_or_else(
        || "; `joulelab runs` lists them".to_owned(),
        |name| format!(", did you mean `{name}`?"),
    )
}

fn called(given: &str, id: &str) -> String {
    match given == id {
        true => format!("`{id}`"),
        false => format!("`{given}` ({id})"),
    }
}

fn and_others(others: u64) -> String {
    match others {
        0 => String::new(),
        1 => " (it is the latest of 2 deleted runs that could be meant)".to_owned(),
        more => format!(
            " (it is the latest of {} deleted runs that could be meant)",
            more + 1
        ),
    }
}

fn did_you_mean_any(given: &str, known: &[String]) -> String {
    nearest(given, known.iter().map(String::as_str))
        .map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

impl LibraryError {
    /// Whether trying again cannot help: neither a busy library nor a full disk is for ever.
    pub fn is_permanent(&self) -> bool {
        !matches!(
            self,
            Self::Busy { .. } | Self::DiskFull { .. } | Self::Io { .. }
        )
    }

    /// An error for `given`, which is none of `known`.
    pub(super) fn unknown_run<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::UnknownRun {
            given: given.to_owned(),
            nearest: nearest(given, known).map(str::to_owned),
        }
    }

    fn from_sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::Unwritable { path }
            }
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::SystemIoFailure) => Self::Io {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            // A value that cannot be read as what it must be was not written by this program.
            _ if matches!(
                source,
                rusqlite::Error::FromSqlConversionFailure(..)
                    | rusqlite::Error::InvalidColumnType(..)
                    | rusqlite::Error::IntegralValueOutOfRange(..)
            ) =>
            {
                Self::Damaged {
                    path,
                    detail: source.to_string(),
                }
            }
            _ => Self::Sqlite { path, source },
        }
    }
}

/// Inside the room: an error that may still need the library's path.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Known(LibraryError),
}

impl Fault {
    /// The error to show, once the path is known.
    pub(super) fn at(self, path: &Path) -> LibraryError {
        match self {
            Self::Sqlite(error) => LibraryError::from_sqlite(path, error),
            Self::Known(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<LibraryError> for Fault {
    fn from(error: LibraryError) -> Self {
        Self::Known(error)
    }
}
