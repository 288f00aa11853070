//! Where downloaded sets lie on this machine, and which of them are there.

use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{DataError, registry::Recipe};

/// The environment variable that names the data folder.
pub const DATA_VARIABLE: &str = "JOULELAB_DATA";

/// The list of a set's files, written when all of them are in place: a set without it is not there.
const LIST: &str = "joulelab-files.json";
/// A list is small; a larger one is none of ours.
const LIST_BYTES_MAX: u64 = 1 << 20;
/// What the name of an unfinished file ends with.
pub(super) const PART: &str = ".part";
/// What the name of the note beside an unfinished file ends with.
pub(super) const PART_NOTE: &str = ".part.json";

/// The folder with the downloaded sets: `datasets/NAME` in a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    data: Option<PathBuf>,
}

/// What of a set is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "bytes", rename_all = "kebab-case")]
pub enum State {
    /// Nothing.
    Absent,
    /// So many bytes of an interrupted download.
    Begun(u64),
    /// All of it, so many bytes.
    Here(u64),
    /// Files are missing or of another size than they had when they were got.
    Damaged,
}

/// A file of a set that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
struct List {
    /// What is kept.
    files: Vec<Kept>,
    /// Checksums of what was downloaded, archives included.
    #[serde(default)]
    downloads: Vec<String>,
    /// When the set was got, RFC 3339.
    got_at: String,
}

impl Store {
    /// The sets below the data folder `data`.
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        Self {
            data: Some(data.into()),
        }
    }

    /// The user's sets: below what `JOULELAB_DATA` names, else below the platform's folder for data.
    pub fn of_user() -> Self {
        let named = std::env::var_os(DATA_VARIABLE).filter(|path| !path.is_empty());
        let data = named.map(PathBuf::from).or_else(|| {
            directories::ProjectDirs::from("", "", "joulelab")
                .map(|folders| folders.data_dir().to_owned())
        });
        Self { data }
    }

    /// The folder of a set, whether it is there or not.
    ///
    /// # Errors
    /// Where the platform names no folder for data.
    pub fn folder(&self, recipe: &Recipe) -> Result<PathBuf, DataError> {
        Ok(self.sets()?.join(&recipe.name))
    }

    fn sets(&self) -> Result<PathBuf, DataError> {
        let data = self.data.as_ref().ok_or(DataError::NoDataFolder)?;
        Ok(data.join("datasets"))
    }

    /// What of a set is on the disk. Sizes are looked at, contents are not.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn state(&self, recipe: &Recipe) -> Result<State, DataError> {
        let folder = self.folder(recipe)?;
        if let Some(List { files, .. }) = read_list(&folder)? {
            let sound = files.iter().all(|file| is_there(&folder, file))
                && recipe
                    .kept()
                    .all(|name| files.iter().any(|file| file.name == name));
            return Ok(match sound {
                true => State::Here(files.iter().map(|file| file.bytes).sum()),
                false => State::Damaged,
            });
        }
        let names = recipe.files.iter().flat_map(|file| {
            let part = format!("{}{PART}", file.name);
            [file.name.clone(), part]
        });
        let bytes: u64 = names
            .filter_map(|name| fs::metadata(folder.join(name)).ok())
            .map(|metadata| metadata.len())
            .sum();
        Ok(match bytes {
            0 => State::Absent,
            bytes => State::Begun(bytes),
        })
    }

    /// The folder of a set whose files are all there, in the size that they had when they were got.
    ///
    /// # Errors
    /// Where the set is not there, or is damaged; both say how to get it.
    pub fn find(&self, recipe: &Recipe) -> Result<PathBuf, DataError> {
        let folder = self.folder(recipe)?;
        match self.state(recipe)? {
            State::Here(_) => Ok(folder),
            State::Damaged => Err(DataError::DamagedSet {
                name: recipe.name.clone(),
                path: folder,
            }),
            State::Absent | State::Begun(_) => Err(DataError::NotHere {
                name: recipe.name.clone(),
                bytes: recipe.download_bytes(),
                path: folder,
            }),
        }
    }

    /// The files of a set as they were when they were got; `None` where the set is not there.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn kept(&self, recipe: &Recipe) -> Result<Option<Vec<Kept>>, DataError> {
        Ok(read_list(&self.folder(recipe)?)?.map(|list| list.files))
    }

    /// Whether what is there came of the same files as `recipe` names.
    pub(super) fn is_of(&self, recipe: &Recipe) -> Result<bool, DataError> {
        let list = read_list(&self.folder(recipe)?)?;
        Ok(list.is_some_and(|list| list.downloads == downloads(recipe)))
    }

    /// Notes that these files of the set are in place.
    pub(super) fn write_list(&self, recipe: &Recipe, files: Vec<Kept>) -> Result<(), DataError> {
        let path = self.folder(recipe)?.join(LIST);
        let list = List {
            files,
            downloads: downloads(recipe),
            got_at: jiff::Timestamp::now().to_string(),
        };
        let text = serde_json::to_string_pretty(&list).expect("text and numbers are JSON");
        replace(&path, text.as_bytes()).map_err(|source| DataError::Write { path, source })
    }

    /// Forgets that the set is there, before its files are touched.
    pub(super) fn remove_list(&self, recipe: &Recipe) -> Result<(), DataError> {
        let path = self.folder(recipe)?.join(LIST);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(DataError::Write { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Makes the folder of a set and keeps other programs from writing to it until the lock is dropped.
    ///
    /// # Errors
    /// Where another program holds it, or the folder cannot be made.
    pub(super) fn lock(&self, recipe: &Recipe) -> Result<Lock, DataError> {
        let sets = self.sets()?;
        let written = |path: &Path| {
            let path = path.to_owned();
            |source| DataError::Write { path, source }
        };
        let folder = sets.join(&recipe.name);
        fs::create_dir_all(&folder).map_err(written(&folder))?;
        // The lock is a file beside the folder: the folder may be removed, and a lock that is removed is no lock.
        let path = sets.join(format!(".{}.lock", recipe.name));
        let file = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(written(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            // Some network disks know no locks; there, the set is got all the same.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                tracing::warn!("cannot lock: {error}: {}", path.display());
                Ok(Lock(file))
            }
            Err(TryLockError::Error(source)) => Err(DataError::Write { path, source }),
            Err(TryLockError::WouldBlock) => Err(DataError::Busy {
                name: recipe.name.clone(),
                path: folder,
            }),
        }
    }

    /// Removes a set with everything in its folder; how many bytes its files had.
    ///
    /// # Errors
    /// Where another program is writing it, or it cannot be removed.
    pub fn remove(&self, recipe: &Recipe) -> Result<u64, DataError> {
        let folder = self.folder(recipe)?;
        if folder.symlink_metadata().is_err() {
            return Ok(0);
        }
        let _lock = self.lock(recipe)?;
        let failed = |source| DataError::Write {
            path: folder.clone(),
            source,
        };
        let mut bytes = 0;
        for entry in fs::read_dir(&folder).map_err(failed)? {
            bytes += entry
                .and_then(|entry| entry.metadata())
                .map_err(failed)?
                .len();
        }
        // First the list, so that what is left by an interruption is not taken for the set.
        self.remove_list(recipe)?;
        fs::remove_dir_all(&folder).map_err(failed)?;
        Ok(bytes)
    }
}

/// Held while a set is being written.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "locked as long as it is open")] File);

fn is_there(folder: &Path, file: &Kept) -> bool {
    fs::metadata(folder.join(&file.name))
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == file.bytes)
}

fn downloads(recipe: &Recipe) -> Vec<String> {
    let files = recipe.files.iter();
    files.map(|file| file.sha256.to_lowercase()).collect()
}

fn read_list(folder: &Path) -> Result<Option<List>, DataError> {
    let path = folder.join(LIST);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(DataError::Read { path, source }),
    };
    let mut text = Vec::new();
    file.take(LIST_BYTES_MAX)
        .read_to_end(&mut text)
        .map_err(|source| DataError::Read { path, source })?;
    // A list that is none is as good as no list: getting the set again writes it anew.
    let list: Option<List> = serde_json::from_slice(&text).ok();
    // The names become paths.
    let is_name = |name: &str| !name.is_empty() && !name.contains(['/', '\\']) && name != "..";
    Ok(list.filter(|list| list.files.iter().all(|file| is_name(&file.name))))
}

/// Writes a file beside `path`, which then takes its place.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)
}
