//! The four files of a set like MNIST, one of them of any content, packed or not; the others are in order.

#![no_main]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use joulelab_fuzz::{
    data::Store,
    folder, load,
    setup::{DatasetSetup, IdxSetup},
    write,
};
use libfuzzer_sys::fuzz_target;

fn images(count: u32, pixels: &[u8]) -> Vec<u8> {
    let header = [0x803, count, 2, 3].map(u32::to_be_bytes);
    [header.as_flattened(), pixels].concat()
}

fn labels(labels: &[u8]) -> Vec<u8> {
    let header = [0x801, labels.len() as u32].map(u32::to_be_bytes);
    [header.as_flattened(), labels].concat()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(content).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

fuzz_target!(|bytes: &[u8]| {
    let Some((how, content)) = bytes.split_first() else {
        return;
    };
    let mut files = [
        ("train-images-idx3-ubyte", images(4, &[7; 24])),
        ("train-labels-idx1-ubyte", labels(&[0, 1, 2, 1])),
        ("t10k-images-idx3-ubyte", images(2, &[9; 12])),
        ("t10k-labels-idx1-ubyte", labels(&[2, 0])),
    ];
    files[usize::from(how % 4)].1 = content.to_vec();
    // As it is, packed by us, or with a name that says it is packed.
    let (is_packed, end) = [(false, ""), (true, ".gz"), (false, ".gz")][usize::from(how / 4) % 3];
    let folder = folder();
    for (at, (name, content)) in files.iter().enumerate() {
        let is_it = at == usize::from(how % 4);
        let content = match is_it && is_packed {
            true => gzip(content),
            false => content.clone(),
        };
        let end = if is_it { end } else { "" };
        write(&folder.path().join(format!("{name}{end}")), &content);
    }
    let setup = DatasetSetup::Idx(IdxSetup {
        folder: folder.path().to_owned(),
    });
    if let Err(error) = load(&setup, &Store::in_folder(folder.path())) {
        assert!(
            error
                .to_string()
                .contains(&*folder.path().to_string_lossy()),
            "{error}"
        );
    }
});
