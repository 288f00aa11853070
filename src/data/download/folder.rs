//! Files that the user has already: found by name or size, and always by checksum.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use super::{Caller, Doing, GetError, Moved, Progress, move_bytes, rename, sha256_of};
use crate::data::{
    DataError,
    registry::{Recipe, RemoteFile},
    store::PART,
};

/// How deep folders are searched: other programs keep a set's files in folders such as `MNIST/raw`.
const DEPTH: usize = 3;
/// Most files that are looked at.
const FILES_MAX: usize = 100_000;

/// A file that may be one of the set's.
struct Candidate {
    path: PathBuf,
    bytes: u64,
}

/// Where in `folder` the files of the set are, in their order.
pub(super) fn find(
    recipe: &Recipe,
    folder: &Path,
    caller: &mut Caller<'_>,
) -> Result<Vec<PathBuf>, GetError> {
    let mut candidates = Vec::new();
    list(folder, 0, &mut candidates, caller)?;
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for file in &recipe.files {
        match find_one(file, &candidates, caller)? {
            Ok(path) => found.push(path),
            Err(what) => missing.push(what),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    Err(GetError::NotInFolder {
        name: recipe.name.clone(),
        what: missing.join("; "),
        path: folder.to_owned(),
    })
}

/// Where the file is, else what to say of it.
fn find_one(
    file: &RemoteFile,
    candidates: &[Candidate],
    caller: &mut Caller<'_>,
) -> Result<Result<PathBuf, String>, GetError> {
    let has_name = |candidate: &Candidate| {
        candidate
            .path
            .file_name()
            .is_some_and(|name| name == file.name.as_str())
    };
    let mut of_size: Vec<&Candidate> = candidates
        .iter()
        .filter(|candidate| candidate.bytes == file.bytes)
        .collect();
    of_size.sort_by_key(|candidate| !has_name(candidate));
    for candidate in &of_size {
        let sha256 = sha256_of(&candidate.path, &file.name, file.bytes, caller)?;
        if sha256.is_some_and(|sha256| sha256.eq_ignore_ascii_case(&file.sha256)) {
            return Ok(Ok(candidate.path.clone()));
        }
    }
    let name = &file.name;
    Ok(Err(match candidates.iter().find(|it| has_name(it)) {
        Some(other) if other.bytes == file.bytes => {
            format!("`{name}` has the right size but another content (SHA-256)")
        }
        Some(other) => format!(
            "`{name}` has {} bytes instead of {}",
            other.bytes, file.bytes
        ),
        None => format!("`{name}` ({} bytes) is not there", file.bytes),
    }))
}

fn list(
    folder: &Path,
    depth: usize,
    candidates: &mut Vec<Candidate>,
    caller: &Caller<'_>,
) -> Result<(), GetError> {
    let failed = |source| DataError::folder(folder, source);
    for entry in fs::read_dir(folder).map_err(failed)? {
        caller.go_on()?;
        let path = entry.map_err(failed)?.path();
        // Follows links; what cannot be looked at cannot be the file.
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        if metadata.is_dir() && depth < DEPTH {
            // A folder below that may not be read is as good as empty.
            if let Err(error @ GetError::Cancelled) = list(&path, depth + 1, candidates, caller) {
                return Err(error);
            }
        } else if metadata.is_file() && candidates.len() < FILES_MAX {
            candidates.push(Candidate {
                path,
                bytes: metadata.len(),
            });
        }
    }
    Ok(())
}

/// Copies the file at `from` to `to`; what arrives is what is checked.
pub(super) fn copy(
    recipe: &Recipe,
    file: &RemoteFile,
    from: &Path,
    to: &Path,
    before: u64,
    caller: &mut Caller<'_>,
) -> Result<(), GetError> {
    let part = to.with_file_name(format!("{}{PART}", file.name));
    let total = recipe.download_bytes();
    let read = |source| DataError::Read {
        path: from.to_owned(),
        source,
    };
    let write = |source| DataError::Write {
        path: part.clone(),
        source,
    };
    let mut source = File::open(from).map_err(read)?;
    let progress = |moved: u64| Progress {
        doing: Doing::Copying,
        file: "",
        done: before + moved,
        total,
    };
    let moved = move_bytes(
        &mut source,
        &part,
        file.bytes,
        caller,
        &progress,
        &file.name,
    );
    let (_, sha256) = moved.map_err(|error| match error {
        Moved::Read(source) => read(source).into(),
        Moved::Write(source) => write(source).into(),
        Moved::Cancelled => GetError::Cancelled,
    })?;
    if !sha256.eq_ignore_ascii_case(&file.sha256) {
        return Err(GetError::NotInFolder {
            name: recipe.name.clone(),
            what: format!("`{}` changed while it was copied", file.name),
            path: from.to_owned(),
        });
    }
    rename(&part, to)
}
