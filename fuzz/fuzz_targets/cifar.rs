//! The records of CIFAR-10 and CIFAR-100, of any content and length.

#![no_main]

use std::fs;

use joulelab_fuzz::{data::Store, folder, load, setup::DatasetSetup, write};
use libfuzzer_sys::fuzz_target;

/// Bytes of an image.
const PIXELS: usize = 3 * 32 * 32;

/// A file of records whose labels are `content`, cut or lengthened by a few bytes.
fn records(content: &[u8], labels: usize, more: i8) -> Vec<u8> {
    let record = |labels: &[u8]| [labels, &[labels[0]; PIXELS]].concat();
    let mut file: Vec<u8> = content.chunks_exact(labels).flat_map(record).collect();
    let length = file.len().saturating_add_signed(more.into());
    file.resize(length, 0);
    file
}

fuzz_target!(|bytes: &[u8]| {
    let [how, more, content @ ..] = bytes else {
        return;
    };
    // Most files are as long as they should be.
    let more = if how % 4 == 0 { *more as i8 } else { 0 };
    let (name, labels, names) = match how & 16 {
        0 => (
            "cifar10",
            1,
            &[
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
                "test_batch.bin",
            ][..],
        ),
        _ => ("cifar100", 2, &["train.bin", "test.bin"][..]),
    };
    let sound = records(&[0, 1, 2, 3], labels, 0);
    let any = records(&content[..content.len().min(64)], labels, more);
    let which = usize::from(how / 32) % names.len();
    let folder = folder();
    let set = folder.path().join("datasets").join(name);
    fs::create_dir_all(&set).expect("a folder can be made");
    let mut list = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let file = if at == which { &any } else { &sound };
        write(&set.join(name), file);
        list.push(serde_json::json!({"name": name, "bytes": file.len(), "sha256": ""}));
    }
    let list = serde_json::json!({"files": list, "got_at": ""});
    write(
        &set.join("joulelab-files.json"),
        list.to_string().as_bytes(),
    );
    let setup = DatasetSetup::from_name(name).expect("it is known");
    if let Err(error) = load(&setup, &Store::in_folder(folder.path())) {
        assert!(
            error
                .to_string()
                .contains(&*folder.path().to_string_lossy()),
            "{error}"
        );
    }
});
