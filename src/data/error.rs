use std::{
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
};

use super::store::DATA_VARIABLE;
use crate::{setup::Problems, units::UnknownName};

/// Why a dataset cannot be had. Each message says what is wrong, how to mend it, and where, the path last.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// An option of the setup is not possible.
    #[error("the dataset's setup is not possible: {0}")]
    Setup(#[from] Problems),
    /// There are too few samples, or too few of each class, to hold some out.
    #[error(
        "{samples} samples in {classes} classes cannot be divided into a training and a test part; at least one class \
         needs two samples"
    )]
    TooFew {
        /// Samples in the set.
        samples: usize,
        /// Classes in the set.
        classes: usize,
    },
    /// There are too few samples to hold one out.
    #[error(
        "{samples} samples cannot be divided into a training and a test part; at least two are needed"
    )]
    TooFewSamples {
        /// Samples in the set.
        samples: usize,
    },
    /// The memory for the samples cannot be had.
    #[error("no memory for {bytes} bytes of samples; ask for fewer or smaller ones")]
    Memory {
        /// What was asked for, in bytes.
        bytes: u64,
    },
    /// No thread could be started.
    #[error("cannot start a thread; close other programs and try again: {0}")]
    Thread(#[source] std::io::Error),
    /// A dataset that is part of the program cannot be read.
    #[error("the shipped dataset `{name}` is damaged ({what}); install the program anew")]
    Shipped {
        /// The dataset's name in a setup.
        name: &'static str,
        /// What is wrong, with the line.
        what: String,
    },
    /// A folder cannot be listed.
    #[error(
        "cannot list the folder of the dataset: {source}; check that it exists and may be read: {}",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file where a folder is meant.
    #[error(
        "this is a file, not a folder; name the folder that it is in, or, for a table or a text, the dataset `csv`, `text` or \
         `text-csv`: {}",
        path.display()
    )]
    NoFolder {
        /// The file.
        path: PathBuf,
    },
    /// Files of a set are not in the folder.
    #[error("no {missing} in the folder, which holds {found}; put the missing there, as a file: {}", path.display())]
    Missing {
        /// The usual names of what is missing.
        missing: String,
        /// What is there instead.
        found: String,
        /// The folder.
        path: PathBuf,
    },
    /// A folder holds several sets.
    #[error("the folder holds {sets} sets ({names}); move one of them to a folder of its own: {}", path.display())]
    Ambiguous {
        /// How many sets.
        sets: usize,
        /// Their training images.
        names: String,
        /// The folder.
        path: PathBuf,
    },
    /// The system cannot read a file.
    #[error("cannot read a file of the dataset: {source}; check that it may be read: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{what}; the file is damaged or of another kind, get it anew: {}", path.display())]
    Damaged {
        /// What is wrong with it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// Files are sound one by one but do not belong together or cannot be trained on.
    #[error("{what}; check that the four files are of one set: {}", path.display())]
    Unfit {
        /// What is wrong.
        what: String,
        /// The folder or file.
        path: PathBuf,
    },
    /// A set that can be downloaded has not been.
    #[error(
        "the dataset `{name}` is not on this machine; get it with `joulelab data get {name}` ({} to download), or from \
         files that you have with `joulelab data get {name} --from FOLDER`: {}",
        crate::units::bytes(*bytes), path.display()
    )]
    NotHere {
        /// The set's name in a setup.
        name: String,
        /// Bytes to download.
        bytes: u64,
        /// The folder where it would be.
        path: PathBuf,
    },
    /// Files of a downloaded set are no longer what they were.
    #[error(
        "files of the dataset `{name}` are missing or not whole; `joulelab data get {name}` gets them again: {}",
        path.display()
    )]
    DamagedSet {
        /// The set's name in a setup.
        name: String,
        /// Its folder.
        path: PathBuf,
    },
    /// No folder is known for downloaded sets.
    #[error(
        "the system names no folder for data; name one with the environment variable {DATA_VARIABLE}"
    )]
    NoDataFolder,
    /// Another program is writing the set.
    #[error("another program is getting or removing the dataset `{name}` now; wait until it is done: {}", path.display())]
    Busy {
        /// The set's name in a setup.
        name: String,
        /// Its folder.
        path: PathBuf,
    },
    /// A file or folder of ours cannot be written.
    #[error("cannot write: {source}; {}: {}", advice(source), path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: Error,
    },
    /// The table of sets knows no such name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A folder of images is not laid out as it should be.
    #[error(
        "{what}; each class is a folder of PNG and JPEG files, either in the folder itself or in `train` and `test` \
         within it: {}",
        path.display()
    )]
    Layout {
        /// What is wrong.
        what: String,
        /// The folder or file.
        path: PathBuf,
    },
    /// An image cannot be read.
    #[error("{what}; mend the image or take it out of the folder: {}", path.display())]
    Image {
        /// What is wrong with it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// A text cannot be learnt from.
    #[error("{what}: {}", path.display())]
    Text {
        /// What is wrong with it, where, and how to mend it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// A table cannot be learnt from.
    #[error("{what}: {}", path.display())]
    Table {
        /// What is wrong with it, where, and how to mend it.
        what: String,
        /// The file.
        path: PathBuf,
    },
}

impl DataError {
    /// The folder at `path` could not be listed.
    pub(super) fn folder(path: &Path, source: Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::NotADirectory => Self::NoFolder { path },
            _ => Self::Folder { path, source },
        }
    }
}

/// What helps where something cannot be written.
fn advice(error: &Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            format!("make room on that disk, or name a folder on another with {DATA_VARIABLE}")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            format!("allow writing there, or name another folder with {DATA_VARIABLE}")
        }
        _ => format!("check that disk, or name a folder on another with {DATA_VARIABLE}"),
    }
}
