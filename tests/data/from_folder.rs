//! Sets from files that the user has, and archives, sound and hostile.

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
    sync::atomic::AtomicBool,
};

use joulelab::data::{
    DataError, State, Store,
    download::{self, Doing, GetError, Got},
    registry::{Archive, Recipe},
};
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    idx::gzip,
    recipes::{archive, file, get, names, recipe, store},
    server::{Seen, Server, good},
};

fn from(recipe: &Recipe, store: &Store, folder: &Path) -> Result<Got, GetError> {
    download::get_from_folder(recipe, store, folder, &AtomicBool::new(false), &mut |_| {})
}

/// A tar of these paths and contents. The paths are written as they are, whatever they lead to.
pub fn tar(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("elsewhere").unwrap();
        }
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn tar_gz(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<_> = entries
        .iter()
        .map(|(path, content)| (*path, EntryType::Regular, *content))
        .collect();
    gzip(&tar(&entries))
}

pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, content) in entries {
        writer.start_file(*path, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn files_are_found_by_name_and_by_content_and_copied() {
    let recipe = recipe(
        "mnist",
        vec![file("a.gz", b"first"), file("b.gz", b"other")],
        vec![],
    );
    let (folder, store) = store();
    let mine = folder.path().join("mine");
    fs::create_dir_all(mine.join("raw/deep")).unwrap();
    // One by its name, beside a file of the same size; the other under another name, in a folder.
    fs::write(mine.join("0"), b"wrong").unwrap();
    fs::write(mine.join("a.gz"), b"first").unwrap();
    fs::write(mine.join("raw/deep/renamed (1)"), b"other").unwrap();
    let mut last = None;
    let cancel = AtomicBool::new(false);
    let got = download::get_from_folder(&recipe, &store, &mine, &cancel, &mut |progress| {
        last = Some((progress.doing, progress.done, progress.total));
    });
    assert_eq!(got.unwrap(), Got::Now);
    assert_eq!(last, Some((Doing::Copying, 10, 10)));
    assert_eq!(store.state(&recipe).unwrap(), State::Here(10));
    assert_eq!(
        names(&store, &recipe),
        ["a.gz", "b.gz", "joulelab-files.json"]
    );
    assert_eq!(
        fs::read(store.folder(&recipe).unwrap().join("b.gz")).unwrap(),
        b"other"
    );
    // Copied, not moved.
    assert_eq!(fs::read(mine.join("a.gz")).unwrap(), b"first");
    assert_eq!(from(&recipe, &store, &mine).unwrap(), Got::WasHere);
    // What is there came of other files than those that are known now: not the set.
    fs::write(mine.join("a.gz"), b"newer").unwrap();
    let newer = crate::recipes::recipe(
        "mnist",
        vec![file("a.gz", b"newer"), file("b.gz", b"other")],
        vec![],
    );
    assert_eq!(from(&newer, &store, &mine).unwrap(), Got::Now);
}

#[test]
fn what_is_missing_or_another_is_said_of_each_file() {
    let recipe = recipe(
        "mnist",
        vec![
            file("a.gz", b"first"),
            file("b.gz", b"other"),
            file("c.gz", b"third"),
        ],
        vec![],
    );
    let (folder, store) = store();
    let mine = folder.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("a.gz"), b"firs").unwrap();
    fs::write(mine.join("b.gz"), b"wrong").unwrap();
    let error = from(&recipe, &store, &mine).unwrap_err().to_string();
    assert!(error.contains("`a.gz` has 4 bytes instead of 5"), "{error}");
    assert!(
        error.contains("`b.gz` has the right size but another content"),
        "{error}"
    );
    assert!(error.contains("`c.gz` (5 bytes) is not there"), "{error}");
    assert!(error.ends_with(&mine.display().to_string()), "{error}");
    assert_eq!(store.state(&recipe).unwrap(), State::Absent);
    let error = from(&recipe, &store, &mine.join("none")).unwrap_err();
    assert!(
        matches!(error, GetError::Data(DataError::Folder { .. })),
        "{error:?}"
    );
}

const MEMBERS: [(&str, u64); 2] = [("set/one.bin", 100), ("set/two.bin", 100)];

fn archived(kind: Archive, content: &[u8]) -> Recipe {
    recipe(
        "cifar10",
        vec![archive("set.archive", content, kind, &MEMBERS)],
        vec![],
    )
}

/// What comes of an archive that has the right checksum.
fn unpacked(kind: Archive, content: &[u8]) -> (Result<Got, GetError>, Vec<String>, Recipe) {
    let recipe = archived(kind, content);
    let (folder, store) = store();
    let mine = folder.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("set.archive"), content).unwrap();
    let got = from(&recipe, &store, &mine);
    // Whatever the archive holds, nothing is written but in the set's own folder.
    let mut beside: Vec<_> = fs::read_dir(folder.path().join("datasets"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    beside.sort();
    assert_eq!(beside, [".cifar10.lock", "cifar10"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    (got, names(&store, &recipe), recipe)
}

/// The archive is refused in these words, and no set is there.
fn refused(kind: Archive, content: &[u8], what: &str) {
    let (got, names, _) = unpacked(kind, content);
    let error = got.unwrap_err();
    assert!(
        matches!(error, GetError::Data(DataError::Damaged { .. })),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains(what), "{text}");
    assert!(
        !names.contains(&"joulelab-files.json".to_owned()),
        "{names:?}"
    );
}

#[test]
fn known_members_are_taken_out_and_nothing_else() {
    let one = [1; 100];
    let entries = [
        ("set/readme.html", &b"hello"[..]),
        ("set/two.bin", b"2"),
        ("set/one.bin", &one),
        ("other/one.bin", b"not this"),
    ];
    for (kind, content) in [
        (Archive::Zip, zip(&entries)),
        (Archive::TarGz, tar_gz(&entries)),
    ] {
        let (got, names, _) = unpacked(kind, &content);
        assert_eq!(got.unwrap(), Got::Now);
        assert_eq!(names, ["joulelab-files.json", "one.bin", "two.bin"]);
    }
}

#[test]
fn a_downloaded_archive_is_unpacked_and_removed() {
    let entries = [("set/one.bin", &[1; 100][..]), ("./set/two.bin", b"2")];
    let content = tar_gz(&entries);
    let body = content.clone();
    let server = Server::new(move |seen: &Seen| good(seen, &body, "\"v1\""));
    let recipe = Recipe {
        mirrors: vec![server.mirror()],
        ..archived(Archive::TarGz, &content)
    };
    let (_folder, store) = store();
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(
        names(&store, &recipe),
        ["joulelab-files.json", "one.bin", "two.bin"]
    );
    assert_eq!(store.state(&recipe).unwrap(), State::Here(101));
    assert_eq!(get(&recipe, &store).unwrap(), Got::WasHere);
    // A member that is no longer what it was is noticed, and the archive got again.
    fs::write(store.folder(&recipe).unwrap().join("two.bin"), "3").unwrap();
    assert_eq!(get(&recipe, &store).unwrap(), Got::Now);
    assert_eq!(server.seen().len(), 2);
    assert_eq!(
        fs::read(store.folder(&recipe).unwrap().join("two.bin")).unwrap(),
        b"2"
    );
}

#[test]
fn paths_that_lead_out_are_refused() {
    let sound = [("set/one.bin", &b"1"[..]), ("set/two.bin", b"2")];
    for path in [
        "../climbs",
        "set/../../climbs",
        "/climbs",
        "set/../../set/one.bin",
    ] {
        let entries = [&[(path, &b"x"[..])], &sound[..]].concat();
        let what = "a path that leads out of it";
        refused(Archive::Zip, &zip(&entries), what);
        refused(Archive::TarGz, &tar_gz(&entries), what);
    }
}

#[test]
fn links_doubles_and_gaps_are_refused() {
    use EntryType::{Directory, Link, Regular, Symlink};
    for kind in [Link, Symlink, Directory] {
        let entries = [
            ("set/one.bin", kind, &b""[..]),
            ("set/two.bin", Regular, b"2"),
        ];
        refused(Archive::TarGz, &gzip(&tar(&entries)), "a link or a folder");
    }
    let twice = [
        ("set/one.bin", &b"1"[..]),
        ("set/one.bin", b"2"),
        ("set/two.bin", b"2"),
    ];
    refused(Archive::TarGz, &tar_gz(&twice), "`set/one.bin` twice");
    let entries = [("set/one.bin", &b"1"[..])];
    let what = "there is no `set/two.bin` in it";
    refused(Archive::Zip, &zip(&entries), what);
    refused(Archive::TarGz, &tar_gz(&entries), what);
    for kind in [Archive::Zip, Archive::TarGz] {
        refused(kind, &zip(&[])[..0], "");
        refused(kind, b"not an archive at all", "");
    }
}

#[test]
fn bombs_are_not_unpacked() {
    let large = vec![0; 50_000_000];
    let entries = [("set/one.bin", &large[..]), ("set/two.bin", b"2")];
    let what = "unpacks to more than the 100 bytes";
    for (kind, content) in [
        (Archive::Zip, zip(&entries)),
        (Archive::TarGz, tar_gz(&entries)),
    ] {
        assert!(content.len() < 100_000);
        refused(kind, &content, what);
    }
    // The size in the directory is a lie: a byte of the real size, 101, is set to 100.
    let mut content = zip(&[("set/one.bin", &[7; 101]), ("set/two.bin", b"2")]);
    let ends = |content: &[u8], size: u32| {
        let size = size.to_le_bytes();
        (0..content.len() - 4)
            .filter(|&at| content[at..at + 4] == size)
            .collect::<Vec<_>>()
    };
    for at in ends(&content, 101) {
        content[at] = 100;
    }
    let (got, names, _) = unpacked(Archive::Zip, &content);
    assert!(got.is_err() && !names.contains(&"joulelab-files.json".to_owned()));
    // Much beside what is wanted: read over up to a limit.
    let much = vec![0; 70 << 20];
    let entries = [
        ("much", &much[..]),
        ("set/one.bin", b"1"),
        ("set/two.bin", b"2"),
    ];
    refused(Archive::TarGz, &tar_gz(&entries), "bytes unpacked");
    let some = &much[..1 << 20];
    let entries = [("some", some), ("set/one.bin", b"1"), ("set/two.bin", b"2")];
    assert_eq!(
        unpacked(Archive::TarGz, &tar_gz(&entries)).0.unwrap(),
        Got::Now
    );
}

#[test]
fn archives_that_end_too_early_are_refused_at_every_length() {
    let entries = [("set/one.bin", &[1; 100][..]), ("set/two.bin", &[2; 100])];
    for (kind, content) in [
        (Archive::Zip, zip(&entries)),
        (Archive::TarGz, tar_gz(&entries)),
    ] {
        let mut taken = 0;
        for length in 0..content.len() {
            let (got, names, _) = unpacked(kind, &content[..length]);
            match got {
                Err(GetError::Data(DataError::Damaged { .. })) => {}
                // Of a tar only what closes it is gone.
                Ok(Got::Now) if kind == Archive::TarGz => taken += 1,
                other => panic!("{kind:?} {length}: {other:?} {names:?}"),
            }
        }
        assert!(taken < 20, "{taken} of {}", content.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_archive_brings_the_program_down(
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        is_packed in any::<bool>(),
    ) {
        let entries = [("set/one.bin", &[1; 100][..]), ("set/two.bin", &[2; 100])];
        let kind = if is_packed { Archive::TarGz } else { Archive::Zip };
        let mut content = match kind {
            Archive::Zip => zip(&entries),
            // The noise is in the tar, not in gzip's checksum.
            Archive::TarGz => tar(&entries.map(|(path, content)| (path, EntryType::Regular, content))),
        };
        for (at, value) in noise {
            let at = at.index(content.len());
            content[at] = value;
        }
        if kind == Archive::TarGz {
            content = gzip(&content);
        }
        let (got, names, _) = unpacked(kind, &content);
        prop_assert_eq!(got.is_ok(), names.contains(&"joulelab-files.json".to_owned()));
    }
}
