//! Setup files: TOML, or JSON where the name ends so.

use std::path::{Path, PathBuf};

use super::{Change, ChangeError, Setup};

/// Why a setup file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SetupFileError {
    /// The file could not be opened or read.
    #[error("cannot read the setup file: {source}: {path}")]
    Read {
        /// What the system said.
        source: std::io::Error,
        /// Which file.
        path: PathBuf,
    },
    /// The file is no TOML or JSON.
    #[error("the setup file is no valid {format}: {message}: {path}")]
    Syntax {
        /// `TOML` or `JSON`.
        format: &'static str,
        /// What the parser said, with the line.
        message: String,
        /// Which file.
        path: PathBuf,
    },
    /// A field does not exist or has the wrong type.
    #[error("{source}: {path}")]
    Field {
        /// Which field, and what is known.
        source: ChangeError,
        /// Which file.
        path: PathBuf,
    },
}

/// A setup file is small; a larger one was not meant.
const BYTES_MAX: u64 = 1 << 20;

/// Reads a setup; fields that the file does not name keep their defaults.
///
/// # Errors
/// Where the file cannot be read, is neither TOML nor JSON, or names unknown fields.
pub fn read(path: &Path) -> Result<Setup, SetupFileError> {
    let change = read_change(path)?;
    change
        .apply(&Setup::default())
        .map_err(|source| SetupFileError::Field {
            source,
            path: path.to_owned(),
        })
}

/// Reads the fields that a setup file names, for others to be laid over them.
///
/// # Errors
/// As [`read`]; what the fields hold is only checked when they are applied.
pub fn read_change(path: &Path) -> Result<Change, SetupFileError> {
    let io = |source| SetupFileError::Read {
        source,
        path: path.to_owned(),
    };
    let bytes = std::fs::metadata(path).map_err(io)?.len();
    if bytes > BYTES_MAX {
        return Err(io(std::io::Error::other(format!(
            "{bytes} bytes are more than a setup can have"
        ))));
    }
    let text = std::fs::read_to_string(path).map_err(io)?;
    let syntax = |format, message| SetupFileError::Syntax {
        format,
        message,
        path: path.to_owned(),
    };
    let is_json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let value: serde_json::Value = if is_json {
        serde_json::from_str(&text).map_err(|e| syntax("JSON", e.to_string()))?
    } else {
        toml::from_str(&text).map_err(|e| syntax("TOML", e.to_string()))?
    };
    Change::whole(value).map_err(|source| SetupFileError::Field {
        source,
        path: path.to_owned(),
    })
}

/// The setup as a TOML file with every field.
///
/// # Errors
/// Where a number does not fit TOML; validation refuses those earlier.
pub fn to_toml(setup: &Setup) -> Result<String, toml::ser::Error> {
    toml::to_string_pretty(setup)
}
