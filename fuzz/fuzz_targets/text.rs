//! Texts of any content, in windows of any length.

#![no_main]

use joulelab_fuzz::{
    data::Store,
    folder, load,
    setup::{DatasetSetup, TextSetup},
    write,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [length, vocabulary, share, content @ ..] = bytes else {
        return;
    };
    let folder = folder();
    let file = folder.path().join("text.txt");
    write(&file, content);
    let setup = DatasetSetup::Text(TextSetup {
        file,
        length: 2 + usize::from(*length) % 16,
        vocabulary_max: 3 + usize::from(*vocabulary),
        test_fraction: (f64::from(*share) + 0.5) / 256.0,
    });
    if let Err(error) = load(&setup, &Store::in_folder(folder.path())) {
        assert!(error.to_string().ends_with("text.txt"), "{error}");
    }
});
