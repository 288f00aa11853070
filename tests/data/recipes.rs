//! Entries of the table as the tests want them.

use std::sync::atomic::AtomicBool;

use joulelab::data::{
    Store,
    download::{self, GetError, Got, Options, Progress, Route},
    registry::{self, Archive, Member, Recipe, RemoteFile},
};
use sha2::{Digest, Sha256};

pub fn sha256(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn file(name: &str, content: &[u8]) -> RemoteFile {
    RemoteFile {
        name: name.to_owned(),
        bytes: content.len() as u64,
        sha256: sha256(content),
        archive: None,
        members: Vec::new(),
    }
}

/// An archive of which these members are kept, at most so many bytes of each.
pub fn archive(name: &str, content: &[u8], kind: Archive, members: &[(&str, u64)]) -> RemoteFile {
    let member = |(path, bytes_max): &(&str, u64)| Member {
        path: (*path).to_owned(),
        bytes_max: *bytes_max,
    };
    RemoteFile {
        archive: Some(kind),
        members: members.iter().map(member).collect(),
        ..file(name, content)
    }
}

/// The set called `name` with other files from other addresses.
pub fn recipe(name: &str, files: Vec<RemoteFile>, mirrors: Vec<String>) -> Recipe {
    Recipe {
        files,
        mirrors,
        ..registry::recipe(name).unwrap().clone()
    }
}

/// Straight to the server, without waiting long.
pub fn options() -> Options {
    Options {
        pause: std::time::Duration::ZERO,
        route: Route::Direct,
        ..Options::default()
    }
}

pub fn get(recipe: &Recipe, store: &Store) -> Result<Got, GetError> {
    get_with(recipe, store, &options(), &mut |_| {})
}

pub fn get_with(
    recipe: &Recipe,
    store: &Store,
    options: &Options,
    report: &mut dyn FnMut(Progress<'_>),
) -> Result<Got, GetError> {
    download::get(recipe, store, options, &AtomicBool::new(false), report)
}

/// A store in a temporary folder.
pub fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_folder(folder.path());
    (folder, store)
}

/// The names in a set's folder.
pub fn names(store: &Store, recipe: &Recipe) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(store.folder(recipe).unwrap()) else {
        return Vec::new();
    };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}
