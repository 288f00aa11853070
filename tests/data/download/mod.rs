//! Downloads from servers that are good, bad and gone.

#[cfg(target_os = "linux")]
mod disk;
mod proxy;
mod resumed;
mod servers;

use std::fs;

use joulelab::data::{
    DataError, State, Store,
    download::{Doing, GetError, Got},
    registry::Recipe,
};

use crate::{
    recipes::{file, get, get_with, names, options, recipe, store},
    server::{Seen, Server, good},
};

const ETAG: &str = "\"v1\"";

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i * 7 % 251) as u8).collect()
}

/// A set of one file, `a.gz`.
fn one_file(content: &[u8], mirrors: &[String]) -> Recipe {
    recipe("mnist", vec![file("a.gz", content)], mirrors.to_vec())
}

fn kept(store: &Store, recipe: &Recipe) -> Vec<u8> {
    fs::read(store.folder(recipe).unwrap().join("a.gz")).unwrap()
}

/// Why each attempt failed; the set must not be there.
fn reasons(result: Result<Got, GetError>, store: &Store, recipe: &Recipe) -> Vec<String> {
    assert!(!matches!(store.state(recipe).unwrap(), State::Here(_)));
    match result {
        Err(GetError::Unreachable { attempts, .. }) => {
            attempts.into_iter().map(|attempt| attempt.why).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_set_is_downloaded_checked_and_put_in_place() {
    let contents = [content(200_000), content(10)];
    let of_server = contents.clone();
    let server = Server::new(move |seen: &Seen| {
        let file = usize::from(seen.path == "/b.gz");
        good(seen, &of_server[file], ETAG)
    });
    let files = vec![file("a.gz", &contents[0]), file("b.gz", &contents[1])];
    let recipe = recipe("mnist", files, vec![server.mirror()]);
    let (_folder, store) = store();
    assert_eq!(store.state(&recipe).unwrap(), State::Absent);
    let mut seen = Vec::new();
    let got = get_with(&recipe, &store, &options(), &mut |progress| {
        seen.push((progress.doing, progress.done, progress.total));
    });
    assert_eq!(got.unwrap(), Got::Now);
    assert!(seen.is_sorted_by_key(|(_, done, _)| *done), "{seen:?}");
    assert_eq!(seen.last(), Some(&(Doing::Downloading, 200_010, 200_010)));
    assert_eq!(
        names(&store, &recipe),
        ["a.gz", "b.gz", "joulelab-files.json"]
    );
    assert_eq!(store.state(&recipe).unwrap(), State::Here(200_010));
    assert_eq!(kept(&store, &recipe), contents[0]);
    // Once more: checked, and nobody asked.
    assert_eq!(get(&recipe, &store).unwrap(), Got::WasHere);
    assert_eq!(server.seen().len(), 2);
    // A file that is not what it was is got again, the others are not.
    let path = store.folder(&recipe).unwrap().join("b.gz");
    fs::write(&path, [0; 10]).unwrap();
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(server.seen()[2].path, "/b.gz");
    assert_eq!(
        (fs::read(&path).unwrap(), server.seen().len()),
        (content(10), 3)
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(store.state(&recipe).unwrap(), State::Damaged);
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(store.remove(&recipe).unwrap() / 200_000, 1);
    assert_eq!(store.state(&recipe).unwrap(), State::Absent);
    assert_eq!(store.remove(&recipe).unwrap(), 0);
}

#[test]
fn two_programs_do_not_write_the_same_set() {
    let whole = content(1000);
    let body = whole.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, ETAG));
    let recipe = one_file(&whole, &[server.mirror()]);
    let (_folder, store) = store();
    let mut others = Vec::new();
    get_with(&recipe, &store, &options(), &mut |_| {
        others.push(get(&recipe, &store).map_err(|error| error.to_string()));
        let removed = store.remove(&recipe);
        assert!(
            matches!(removed, Err(DataError::Busy { .. })),
            "{removed:?}"
        );
    })
    .unwrap();
    assert!(!others.is_empty());
    for other in others {
        assert!(other.unwrap_err().contains("another program is getting"));
    }
    // Another set is free at the same time, and this one is when it is done.
    assert_eq!(get(&recipe, &store).unwrap(), Got::WasHere);
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_what_helps() {
    let (folder, store) = store();
    fs::write(folder.path().join("datasets"), "a file").unwrap();
    let recipe = one_file(&content(10), &["http://127.0.0.1:1/".into()]);
    let error = get(&recipe, &store).unwrap_err().to_string();
    assert!(
        error.contains("cannot write") && error.contains("JOULELAB_DATA"),
        "{error}"
    );
    assert!(error.contains("datasets"), "{error}");
}
