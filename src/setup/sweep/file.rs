//! Sweep files: TOML, or JSON where the name ends so.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Sweep;
use crate::setup::file::{SetupFileError, read_value};
use crate::setup::{Change, ChangeError, Problems, Setup};
use crate::units::{UnknownName, nearest};

/// Why a sweep cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The file could not be read, or a setup file that it names.
    #[error(transparent)]
    File(#[from] SetupFileError),
    /// A field of the sweep does not exist or has the wrong type.
    #[error("{0}")]
    Field(String),
    /// None that comes with the program is called so.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The base is no setup.
    #[error("base: {0}")]
    Base(ChangeError),
    /// Fields have values that are not possible.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// An axis does not fit the setup's fields.
    #[error("axis {field}: {message}")]
    Axis {
        /// The axis's field.
        field: String,
        /// What does not fit.
        message: String,
    },
    /// There are more trials than anybody waits for.
    #[error(
        "the sweep would have {trials} trials, {} are possible; take fewer values or repeats, or searcher `random` or \
         `successive-halving` with a number of `combinations`",
        super::TRIALS_MAX
    )]
    TooMany {
        /// How many.
        trials: u128,
    },
}

/// Reads and checks a sweep. Where `base` is the path of a setup file, it is looked for beside the sweep file.
///
/// # Errors
/// Where a file cannot be read, is neither TOML nor JSON, or the sweep is not possible.
pub fn read(path: &Path) -> Result<Sweep, SweepError> {
    let value = read_value(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let sweep = from_value(value, |file| {
        let file = folder.join(PathBuf::from(file));
        Ok(crate::setup::file::read(&file)?)
    })?;
    sweep.validate()?;
    Ok(sweep)
}

/// Whether the file at `path` holds a sweep rather than a setup: whether one of its fields is of a sweep and of no setup.
///
/// # Errors
/// Where it cannot be read or is neither TOML nor JSON.
pub fn is_sweep(path: &Path) -> Result<bool, SetupFileError> {
    let value = read_value(path)?;
    let (sweep, setup) = (Sweep::default().to_value(), Setup::default().to_value());
    let fields = value.as_object().into_iter().flatten();
    Ok(fields
        .map(|(name, _)| name.as_str())
        .any(|name| sweep.get(name).is_some() && setup.get(name).is_none()))
}

/// Reads and checks a sweep from TOML text without files beside it, as those that come with the program are.
///
/// # Errors
/// Where it is no TOML, or the sweep is not possible.
pub fn from_toml(text: &str) -> Result<Sweep, SweepError> {
    let value = toml::from_str(text).map_err(|error| SweepError::Field(error.to_string()))?;
    let sweep = from_value(value, |file| {
        Err(SweepError::Field(format!(
            "base: the file `{file}` is beside no other; write the base's fields into the sweep"
        )))
    })?;
    sweep.validate()?;
    Ok(sweep)
}

/// The sweep as a TOML file with every field.
///
/// # Errors
/// Where a number does not fit TOML; validation refuses those earlier.
pub fn to_toml(sweep: &Sweep) -> Result<String, toml::ser::Error> {
    toml::to_string_pretty(sweep)
}

/// The sweep of a tree of fields; `base` gives the setup of a file that is named.
fn from_value(
    mut value: Value,
    base: impl FnOnce(&str) -> Result<Setup, SweepError>,
) -> Result<Sweep, SweepError> {
    let Some(fields) = value.as_object_mut() else {
        return Err(SweepError::Field(format!(
            "a sweep is a table of fields, not `{value}`"
        )));
    };
    let known = Sweep::default().to_value();
    let known: Vec<&str> = known
        .as_object()
        .map(|fields| fields.keys().map(String::as_str).collect())
        .unwrap_or_default();
    if let Some(unknown) = fields.keys().find(|key| !known.contains(&key.as_str())) {
        let name = UnknownName::new("field of a sweep", unknown, known.iter().copied());
        return Err(SweepError::Field(name.to_string()));
    }
    let base = match fields.remove("base") {
        None => Setup::default(),
        Some(Value::String(file)) => base(&file)?,
        Some(table) => Change::whole(table)?.apply(&Setup::default())?,
    };
    let kind = value.pointer("/searcher/kind").and_then(Value::as_str);
    if let Some(kind) = kind.filter(|kind| !super::SearcherSetup::KINDS.contains(kind)) {
        let name = UnknownName::new("searcher", kind, super::SearcherSetup::KINDS);
        return Err(SweepError::Field(name.to_string()));
    }
    let mut sweep: Sweep = serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        let mut quoted = message.split('`').skip(1).step_by(2);
        let meant = quoted.next().and_then(|given| nearest(given, quoted));
        let meant = meant.filter(|_| message.starts_with("unknown"));
        let meant = meant.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        SweepError::Field(match path.as_str() {
            "." => message + &meant,
            path => format!("{path}: {message}{meant}"),
        })
    })?;
    sweep.base = base;
    Ok(sweep)
}
