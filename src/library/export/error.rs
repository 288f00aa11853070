use std::path::PathBuf;

use crate::library::LibraryError;

/// Why an export was not written; nothing half-written is left behind.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is a file already.
    #[error("there is a file already; give another name, or --force to replace it: {}", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// No space left for the file.
    #[error("the disk is full, nothing was written; free some space: {}", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("the export cannot be written: {source}; check that its folder is there and writable: {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was written to has failed: a pipe that was closed, for one.
    #[error("the export cannot be written: {0}")]
    Output(std::io::Error),
    /// Somebody asked it to end.
    #[error("the export was cancelled, nothing was written")]
    Cancelled,
    /// The library cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

impl From<csv::Error> for ExportError {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::Output(error),
            other => Self::Output(std::io::Error::other(format!("{other:?}"))),
        }
    }
}
