//! Getting a set onto this machine: from its addresses, or from files that the user has. Nothing goes out to the network
//! unless [`get`] is called.
//!
//! `wire` speaks HTTP on a thread of its own, so that a stop takes effect at once whatever the network does; `fetch` makes
//! one whole file of what several servers and several attempts give; `folder` finds files that are here already; `unpack`
//! takes known members out of an archive.
//!
//! A file grows under a name that ends with `.part`, and takes its own only when its SHA-256 is right. The list that
//! makes the files a set is written last ([`super::store`]), so what was interrupted is never taken for whole.

mod error;
mod fetch;
mod folder;
mod unpack;
mod wire;

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read, Write},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sha2::{Digest, Sha256};

pub use error::{Attempt, GetError};

use super::{
    DataError,
    registry::{Recipe, RemoteFile},
    store::{Kept, PART, PART_NOTE, Store},
};

/// Bytes that are moved at a time, between two looks at whether to stop.
const CHUNK: usize = 64 << 10;

/// How patient a download is, and which way it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Longest wait for a name to be found and a connection to be made.
    pub connect: Duration,
    /// Longest silence of a server that is to say something.
    pub silence: Duration,
    /// Attempts at one address in a row that bring less than 1 MiB; each goes on where the last ended.
    pub attempts: u32,
    /// Wait before another attempt at the same address.
    pub pause: Duration,
    /// Which way requests go.
    pub route: Route,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(30),
            attempts: 4,
            pause: Duration::from_secs(1),
            route: Route::Environment,
        }
    }
}

/// Which way requests go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Through the proxy that the first of `ALL_PROXY`, `HTTPS_PROXY` and `HTTP_PROXY` names, except to hosts in
    /// `NO_PROXY`; straight where none is set.
    #[default]
    Environment,
    /// Straight to the server.
    Direct,
    /// Through this proxy, such as `http://proxy.example.org:3128`.
    Proxy(String),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What is going on.
    pub doing: Doing,
    /// The file that is at hand.
    pub file: &'a str,
    /// Bytes done: of all files of the set while they are downloaded or copied, else of the one at hand.
    pub done: u64,
    /// Bytes to do.
    pub total: u64,
}

/// What is going on with a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Bytes come from a server.
    Downloading,
    /// A checksum is taken of what is on the disk.
    Checking,
    /// Members are taken out of an archive.
    Unpacking,
    /// Files are copied from the user's folder.
    Copying,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// The set was there already, and each file has the checksum that it had when it was got.
    WasHere,
    /// The set is there now.
    Now,
}

/// Whoever waits for the set: is told how far it is, and may call it off.
pub(super) struct Caller<'a> {
    pub cancel: &'a AtomicBool,
    pub report: &'a mut dyn FnMut(Progress<'_>),
}

impl Caller<'_> {
    pub(super) fn is_off(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Goes on unless it was called off.
    fn go_on(&self) -> Result<(), GetError> {
        match self.is_off() {
            true => Err(GetError::Cancelled),
            false => Ok(()),
        }
    }

    fn tell(&mut self, doing: Doing, file: &str, done: u64, total: u64) {
        (self.report)(Progress {
            doing,
            file,
            done,
            total,
        });
    }
}

/// Downloads what is missing of a set and puts it in place. A set that is there already is checked, and got again where a
/// file is not what it was. An interrupted download goes on where it ended.
///
/// `cancel` takes effect at once; what came until then is kept for the next time.
///
/// # Errors
/// Every way in which a network, a server, an archive or a disk can fail, and [`GetError::Cancelled`].
pub fn get(
    recipe: &Recipe,
    store: &Store,
    options: &Options,
    cancel: &AtomicBool,
    report: &mut dyn FnMut(Progress<'_>),
) -> Result<Got, GetError> {
    let mut caller = Caller { cancel, report };
    let _lock = store.lock(recipe)?;
    let got = fetch_missing(recipe, store, options, &mut caller);
    if got.is_err() {
        // A folder in which nothing came is no beginning of a set; one with something in it stays.
        _ = fs::remove_dir(store.folder(recipe)?);
    }
    got
}

fn fetch_missing(
    recipe: &Recipe,
    store: &Store,
    options: &Options,
    caller: &mut Caller<'_>,
) -> Result<Got, GetError> {
    if is_sound(recipe, store, caller)? {
        return Ok(Got::WasHere);
    }
    store.remove_list(recipe)?;
    let folder = store.folder(recipe)?;
    let mut kept = Vec::new();
    let mut before = 0;
    for file in &recipe.files {
        let whole = folder.join(&file.name);
        if !has_content(&whole, file, caller)? {
            let part = folder.join(format!("{}{PART}", file.name));
            fetch::file(recipe, file, &part, before, options, caller)?;
            rename(&part, &whole)?;
        }
        before += file.bytes;
        kept.extend(keep(recipe, file, &whole, &folder, caller)?);
    }
    finish(recipe, store, &folder, kept)
}

/// Puts a set in place from files in `from`, found by name or by size, and by checksum. Nothing goes out to the network,
/// and the files in `from` stay as they are.
///
/// # Errors
/// Where files are missing or are others than those that are known, and where an archive or a disk fails.
pub fn get_from_folder(
    recipe: &Recipe,
    store: &Store,
    from: &Path,
    cancel: &AtomicBool,
    report: &mut dyn FnMut(Progress<'_>),
) -> Result<Got, GetError> {
    let mut caller = Caller { cancel, report };
    let found = folder::find(recipe, from, &mut caller)?;
    let _lock = store.lock(recipe)?;
    if is_sound(recipe, store, &mut caller)? {
        return Ok(Got::WasHere);
    }
    store.remove_list(recipe)?;
    let folder = store.folder(recipe)?;
    let mut kept = Vec::new();
    let mut before = 0;
    for (file, path) in recipe.files.iter().zip(&found) {
        let mut source = path.clone();
        if file.archive.is_none() {
            source = folder.join(&file.name);
            folder::copy(recipe, file, path, &source, before, &mut caller)?;
        }
        before += file.bytes;
        kept.extend(keep(recipe, file, &source, &folder, &mut caller)?);
    }
    finish(recipe, store, &folder, kept)
}

/// Whether the set is there, came of the files that are known, and each file has the checksum that is on its list.
fn is_sound(recipe: &Recipe, store: &Store, caller: &mut Caller<'_>) -> Result<bool, GetError> {
    if !store.is_of(recipe)? {
        return Ok(false);
    }
    let (Ok(folder), Some(files)) = (store.find(recipe), store.kept(recipe)?) else {
        return Ok(false);
    };
    for file in files {
        let sha256 = sha256_of(&folder.join(&file.name), &file.name, file.bytes, caller)?;
        if sha256 != Some(file.sha256) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is kept of a whole file whose checksum is right: itself, or members of the archive that it is.
fn keep(
    recipe: &Recipe,
    file: &RemoteFile,
    whole: &Path,
    folder: &Path,
    caller: &mut Caller<'_>,
) -> Result<Vec<Kept>, GetError> {
    match file.archive {
        Some(kind) => unpack::members(recipe, kind, file, whole, folder, caller),
        None => Ok(vec![Kept {
            name: file.name.clone(),
            bytes: file.bytes,
            sha256: file.sha256.to_lowercase(),
        }]),
    }
}

/// Writes the list, and removes the archives whose members are kept now.
fn finish(recipe: &Recipe, store: &Store, folder: &Path, kept: Vec<Kept>) -> Result<Got, GetError> {
    store.write_list(recipe, kept)?;
    for file in &recipe.files {
        for end in [PART, PART_NOTE] {
            remove(&folder.join(format!("{}{end}", file.name)))?;
        }
        if file.archive.is_some() {
            remove(&folder.join(&file.name))?;
        }
    }
    Ok(Got::Now)
}

/// Whether `path` is there with the content of `file`.
fn has_content(path: &Path, file: &RemoteFile, caller: &mut Caller<'_>) -> Result<bool, GetError> {
    let same_size = fs::metadata(path).is_ok_and(|metadata| metadata.len() == file.bytes);
    if !same_size {
        return Ok(false);
    }
    let sha256 = sha256_of(path, &file.name, file.bytes, caller)?;
    Ok(sha256.is_some_and(|sha256| sha256.eq_ignore_ascii_case(&file.sha256)))
}

/// SHA-256 of the file at `path`; `None` where it is longer than `bytes` now.
fn sha256_of(
    path: &Path,
    name: &str,
    bytes: u64,
    caller: &mut Caller<'_>,
) -> Result<Option<String>, GetError> {
    let mut hasher = Sha256::new();
    let done = feed(&mut hasher, path, name, bytes, caller)?;
    Ok((done <= bytes).then(|| hex(hasher)))
}

/// Feeds the file at `path` to `hasher`, but not much more than `bytes` of it; how many bytes that were.
fn feed(
    hasher: &mut Sha256,
    path: &Path,
    name: &str,
    bytes: u64,
    caller: &mut Caller<'_>,
) -> Result<u64, GetError> {
    let failed = |source| DataError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(failed)?;
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    while done <= bytes {
        caller.go_on()?;
        caller.tell(Doing::Checking, name, done, bytes);
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&buffer[..count]);
                done += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error).into()),
        }
    }
    Ok(done)
}

fn hex(hasher: Sha256) -> String {
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What may fail while bytes are moved from a source to a file of ours.
enum Moved {
    Read(io::Error),
    Write(io::Error),
    Cancelled,
}

/// Moves at most `bytes_max` bytes and one more from `source` to a new file at `path`; how many and their SHA-256.
/// `progress` gives of the bytes moved so far what is told to the caller.
fn move_bytes(
    source: &mut dyn Read,
    path: &Path,
    bytes_max: u64,
    caller: &mut Caller<'_>,
    progress: &dyn Fn(u64) -> Progress<'static>,
    name: &str,
) -> Result<(u64, String), Moved> {
    let mut file = File::create(path).map_err(Moved::Write)?;
    let mut source = source.take(bytes_max.saturating_add(1));
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut moved = 0;
    loop {
        if caller.is_off() {
            return Err(Moved::Cancelled);
        }
        let count = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Moved::Read(error)),
        };
        file.write_all(&buffer[..count]).map_err(Moved::Write)?;
        hasher.update(&buffer[..count]);
        moved += count as u64;
        (caller.report)(Progress {
            file: name,
            ..progress(moved)
        });
    }
    file.sync_all().map_err(Moved::Write)?;
    Ok((moved, hex(hasher)))
}

fn rename(from: &Path, to: &Path) -> Result<(), GetError> {
    fs::rename(from, to).map_err(|source| {
        GetError::Data(DataError::Write {
            path: to.to_owned(),
            source,
        })
    })
}

fn remove(path: &Path) -> Result<(), GetError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(GetError::Data(DataError::Write {
                path: path.to_owned(),
                source,
            }))
        }
        _ => Ok(()),
    }
}
