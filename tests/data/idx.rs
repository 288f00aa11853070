use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use joulelab::{
    data::{self, DataError, Dataset, Features},
    setup::{DatasetSetup, IdxSetup},
};

use crate::parts::columns;

/// The files of a set, in the usual order.
pub const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

pub fn images(count: u32, height: u32, width: u32, pixels: &[u8]) -> Vec<u8> {
    let header = [0x803, count, height, width].map(u32::to_be_bytes);
    [header.as_flattened(), pixels].concat()
}

pub fn labels(count: u32, labels: &[u8]) -> Vec<u8> {
    let header = [0x801, count].map(u32::to_be_bytes);
    [header.as_flattened(), labels].concat()
}

/// Six training images of 2×3 and two test images, in the usual order. Test images are all white, training images dark.
pub fn good() -> [Vec<u8>; 4] {
    let dark: Vec<u8> = (0..36).collect();
    [
        images(6, 2, 3, &dark),
        labels(6, &[0, 1, 2, 0, 1, 2]),
        images(2, 2, 3, &[255; 12]),
        labels(2, &[2, 0]),
    ]
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder with these files.
pub fn folder<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

pub fn setup(folder: &Path) -> DatasetSetup {
    DatasetSetup::Idx(IdxSetup {
        folder: folder.to_owned(),
    })
}

pub fn load(folder: &Path) -> Result<Dataset, DataError> {
    data::load(&setup(folder))
}

#[test]
fn plain_and_packed_files_give_the_set() {
    let plain = folder(FILES.into_iter().zip(good()));
    let names = FILES.map(|name| format!("{name}.gz"));
    let packed = folder(
        names
            .iter()
            .map(String::as_str)
            .zip(good().map(|file| gzip(&file))),
    );
    for folder in [&plain, &packed] {
        let set = load(folder.path()).unwrap();
        assert_eq!(set.info.input.to_string(), "1×2×3");
        assert_eq!(set.info.classes(), ["0", "1", "2"]);
        assert_eq!(set.train.features, Features::U8((0..36).collect()));
        assert_eq!(set.test.features, Features::U8(vec![255; 12]));
        assert_eq!(columns(&set.train), [[0, 1, 2, 0, 1, 2]]);
        assert_eq!(columns(&set.test), [[2, 0]]);
        assert_eq!(data::describe(&setup(folder.path())).unwrap(), set.info);
        assert_eq!((set.info.train_samples, set.info.feature_bytes), (6, 48));
    }
}

#[test]
fn normalisation_knows_nothing_of_the_test_files() {
    let folder = folder(FILES.into_iter().zip(good()));
    let normalisation = load(folder.path()).unwrap().normalisation;
    assert_eq!(normalisation.mean, [17.5]);
    // Of 0..36: √((36² − 1) / 12).
    assert!((normalisation.std[0] - 10.388_294).abs() < 1e-5);
}

#[test]
fn constant_pixels_are_not_divided_by_zero() {
    let mut files = good();
    files[0] = images(6, 2, 3, &[9; 36]);
    let folder = folder(FILES.into_iter().zip(files));
    let normalisation = load(folder.path()).unwrap().normalisation;
    assert_eq!((normalisation.mean[0], normalisation.std[0]), (9.0, 1.0));
}

#[test]
fn other_spellings_and_prefixes_are_found() {
    let names = [
        "emnist-letters-train-images.idx3-ubyte",
        "emnist-letters-train-labels-idx1-ubyte",
        "emnist-letters-test-images-idx3-ubyte.gz",
        "emnist-letters-test-labels.idx1-ubyte",
    ];
    let [a, b, c, d] = good();
    let folder = folder(names.into_iter().zip([a, b, gzip(&c), d]));
    // An incomplete set beside it does not disturb.
    fs::write(folder.path().join(FILES[0]), "").unwrap();
    let set = load(folder.path()).unwrap();
    assert_eq!(set.info.title, "emnist-letters");
    assert_eq!(set.train.len(), 6);
}

#[test]
fn of_a_plain_and_a_packed_file_the_plain_one_is_read() {
    let folder = folder(FILES.into_iter().zip(good()));
    fs::write(folder.path().join(format!("{}.gz", FILES[0])), "no gzip").unwrap();
    assert!(load(folder.path()).is_ok());
}

#[test]
fn labels_may_leave_classes_out() {
    let mut files = good();
    files[1] = labels(6, &[1, 5, 5, 1, 3, 3]);
    let folder = folder(FILES.into_iter().zip(files));
    assert_eq!(load(folder.path()).unwrap().info.classes().len(), 6);
}

#[test]
fn two_sets_in_a_folder_are_not_guessed_between() {
    let twice = FILES.map(|name| format!("emnist-digits-{name}"));
    let names = FILES.into_iter().chain(twice.iter().map(String::as_str));
    let folder = folder(names.zip([good(), good()].concat()));
    let error = load(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Ambiguous { sets: 2, .. }));
    let text = error.to_string();
    assert!(
        text.contains("emnist-digits-train-images-idx3-ubyte"),
        "{text}"
    );
}

#[test]
fn what_is_missing_is_named_beside_what_is_there() {
    let folder = folder(FILES.into_iter().zip(good()));
    fs::remove_file(folder.path().join(FILES[3])).unwrap();
    fs::create_dir(folder.path().join(FILES[3])).unwrap();
    let error = load(folder.path()).unwrap_err().to_string();
    let path = folder.path().display();
    assert_eq!(
        error,
        format!(
            "no t10k-labels-idx1-ubyte (or .gz) in the folder, which holds t10k-images-idx3-ubyte, \
             t10k-labels-idx1-ubyte, train-images-idx3-ubyte, train-labels-idx1-ubyte; put the missing there, as a \
             file: {path}"
        )
    );
    let crowd = self::folder([]);
    for i in 0..40 {
        fs::write(crowd.path().join(format!("{i:02}.txt")), "").unwrap();
    }
    let error = load(crowd.path()).unwrap_err().to_string();
    assert!(error.contains("11.txt and 28 more"), "{error}");
    assert!(FILES.iter().all(|name| error.contains(name)), "{error}");
    let error = load(self::folder([]).path()).unwrap_err().to_string();
    assert!(error.contains("which holds nothing"), "{error}");
    let error = load(&crowd.path().join("none")).unwrap_err();
    assert!(matches!(error, DataError::Folder { .. }));
}
