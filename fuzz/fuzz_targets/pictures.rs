//! A folder of images, one of which is of any content.

#![no_main]

use std::{fs, io::Cursor, sync::LazyLock};

use image::{GrayImage, ImageFormat};
use joulelab_fuzz::{
    data::Store,
    folder, load,
    setup::{DatasetSetup, FolderSetup},
    write,
};
use libfuzzer_sys::fuzz_target;

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = Cursor::new(Vec::new());
    let image = GrayImage::new(8, 8);
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("memory takes it");
    bytes.into_inner()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((how, content)) = bytes.split_first() else {
        return;
    };
    let folder = folder();
    for class in ["a", "b"] {
        let class = folder.path().join(class);
        fs::create_dir(&class).expect("a folder can be made");
        for name in ["1.png", "2.png"] {
            write(&class.join(name), &SOUND);
        }
    }
    let name = if how % 2 == 0 { "3.png" } else { "3.jpg" };
    write(&folder.path().join("a").join(name), content);
    let setup = DatasetSetup::Folder(FolderSetup {
        folder: folder.path().to_owned(),
        size: 8,
        channels: if how & 2 == 0 { 1 } else { 3 },
        ..FolderSetup::default()
    });
    // Names alone are described, so that a damaged image is only found when it is loaded.
    if let Err(error) = joulelab_fuzz::data::load(&setup) {
        assert!(error.to_string().ends_with(name), "{error}");
        return;
    }
    _ = load(&setup, &Store::in_folder(folder.path()));
});
