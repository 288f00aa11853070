//! Archives from a folder of the user's, of any content: zip, tar packed by us, and tar.gz. Their checksum is right, so that they
//! are unpacked. Nothing may land outside of the set's folder, and a set is there whole or not at all.

#![no_main]

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use flate2::{Compression, write::GzEncoder};
use joulelab_fuzz::{
    data::{
        Store, download,
        registry::{self, Archive, Member, Recipe, RemoteFile},
    },
    folder, write,
};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

const MEMBER_BYTES_MAX: u64 = 1000;

fn files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it can be listed").flatten() {
        let kind = entry.file_type().expect("it has a kind");
        match kind.is_dir() {
            true => files(&entry.path(), found),
            false => _ = found.insert(entry.path()),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((how, content)) = bytes.split_first() else {
        return;
    };
    let (kind, content) = match how % 3 {
        0 => (Archive::Zip, content.to_vec()),
        1 => (Archive::TarGz, content.to_vec()),
        _ => {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(content).expect("memory takes it");
            (Archive::TarGz, packer.finish().expect("memory takes it"))
        }
    };
    let digest = Sha256::digest(&content);
    let member = |path: &str| Member {
        path: path.to_owned(),
        bytes_max: MEMBER_BYTES_MAX,
    };
    let file = RemoteFile {
        name: "set.archive".to_owned(),
        bytes: content.len() as u64,
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        archive: Some(kind),
        members: vec![member("set/one.bin"), member("set/two.bin")],
    };
    let recipe = Recipe {
        files: vec![file],
        ..registry::recipe("mnist").expect("it is known").clone()
    };
    let folder = folder();
    let (given, data) = (folder.path().join("given"), folder.path().join("data"));
    fs::create_dir(&given).expect("a folder can be made");
    write(&given.join("set.archive"), &content);
    let store = Store::in_folder(&data);
    let got = download::get_from_folder(
        &recipe,
        &store,
        &given,
        &AtomicBool::new(false),
        &mut |_| {},
    );
    let set = data.join("datasets").join("mnist");
    let lock = data.join("datasets").join(".mnist.lock");
    let mut found = BTreeSet::new();
    files(folder.path(), &mut found);
    found.remove(&given.join("set.archive"));
    // Beside the set's folder, as the folder may be removed; nothing is in it.
    if found.remove(&lock) {
        assert_eq!(fs::metadata(&lock).expect("it is there").len(), 0);
    }
    assert!(found.iter().all(|path| path.starts_with(&set)), "{found:?}");
    for path in &found {
        let length = fs::symlink_metadata(path).expect("it is there").len();
        let is_ours = path.extension().is_none_or(|end| end != "bin");
        assert!(
            is_ours || length <= MEMBER_BYTES_MAX,
            "{path:?}: {length} bytes"
        );
    }
    let is_whole = found.contains(&set.join("joulelab-files.json"));
    assert_eq!(got.is_ok(), is_whole, "{got:?}");
    if is_whole {
        for name in ["one.bin", "two.bin"] {
            assert!(found.contains(&set.join(name)), "{found:?}");
        }
    }
});
