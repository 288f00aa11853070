//! A file that appears when it is complete, or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::ExportError;

/// Removes an unfinished file when it goes out of scope.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is nothing to remove, and on the way out of an error nobody to tell.
        let _ = fs::remove_file(&self.0);
    }
}

/// Has `write` fill a file beside `path`, which then takes its place.
pub(super) fn replace<T>(
    path: &Path,
    overwrite: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    let failed = |source: io::Error| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ExportError::DiskFull { path: path.into() }
        }
        _ => ExportError::File {
            path: path.into(),
            source,
        },
    };
    let target = target(path, overwrite)?.map_err(failed)?;
    let (mut file, unfinished) = beside(&target).map_err(failed)?;
    let value = write(&mut file).map_err(|error| match error {
        ExportError::Output(source) => failed(source),
        other => other,
    })?;
    // Without this, a loss of power after the rename could leave an empty file in the place of the old one.
    file.sync_all().map_err(failed)?;
    drop(file);
    refuse_existing(path, overwrite)?;
    fs::rename(&unfinished.0, &target).map_err(failed)?;
    Ok(value)
}

fn refuse_existing(path: &Path, overwrite: bool) -> Result<(), ExportError> {
    // A link that points nowhere counts as a file, too.
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(ExportError::Exists { path: path.into() });
    }
    Ok(())
}

/// The file to replace: what `path` leads to where it is a link. Folders and devices are not replaced.
fn target(path: &Path, overwrite: bool) -> Result<io::Result<PathBuf>, ExportError> {
    refuse_existing(path, overwrite)?;
    Ok(match path.metadata() {
        Ok(found) if found.is_file() => path.canonicalize(),
        Ok(_) => Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is a folder or a device, not a file",
        )),
        Err(_) => Ok(path.to_owned()),
    })
}

/// A new file in the folder of `path`, since only there a rename is sure to be one step.
fn beside(path: &Path) -> io::Result<(File, Unfinished)> {
    let name = path
        .file_name()
        .ok_or(io::Error::from(ErrorKind::InvalidFilename))?;
    let mut attempt = 0;
    loop {
        let mut other = OsString::from(".");
        other.push(name);
        other.push(format!(".{}-{attempt}.part", std::process::id()));
        let other = path.with_file_name(other);
        match File::create_new(&other) {
            Ok(file) => return Ok((file, Unfinished(other))),
            // Another export of this process, or the rest of a killed one whose process had this id.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < 1000 => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}
