//! Published sets in small, in the layouts in which they come.

use std::{fs, sync::atomic::AtomicBool, time::Instant};

use joulelab::{
    data::{
        self, DataError, Dataset, Features, State, Store,
        download::{self, Got},
        registry::{self, Archive, Recipe},
    },
    setup::{Cifar100Labels, Cifar100Setup, DatasetSetup, EmnistSetup, EmnistSplit},
};
use proptest::prelude::*;

use crate::{
    allocation::peak_bytes,
    from_folder::{tar_gz, zip},
    idx::{gzip, images, labels},
    parts::columns,
    recipes::{archive, file, recipe, store},
};

/// Puts a set in place whose files have these contents; archives hold the members that are given.
fn put(store: &Store, name: &str, contents: &[(&str, Vec<u8>)]) -> Recipe {
    let known = registry::recipe(name).unwrap();
    let mine = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for of_table in &known.files {
        let (content, entry) = match of_table.archive {
            None => {
                let (_, content) = contents
                    .iter()
                    .find(|(it, _)| *it == of_table.name)
                    .unwrap();
                (content.clone(), file(&of_table.name, content))
            }
            Some(kind) => {
                let entries: Vec<(&str, &[u8])> = of_table
                    .members
                    .iter()
                    .filter_map(|member| {
                        let found = contents.iter().find(|(it, _)| *it == member.name());
                        found.map(|(_, content)| (member.path.as_str(), content.as_slice()))
                    })
                    .collect();
                let content = match kind {
                    Archive::Zip => zip(&entries),
                    Archive::TarGz => tar_gz(&entries),
                };
                let members: Vec<(&str, u64)> = entries
                    .iter()
                    .map(|(path, content)| (*path, content.len() as u64))
                    .collect();
                let entry = archive(&of_table.name, &content, kind, &members);
                (content, entry)
            }
        };
        fs::write(mine.path().join(&entry.name), content).unwrap();
        files.push(entry);
    }
    let recipe = recipe(name, files, vec![]);
    let off = AtomicBool::new(false);
    let got = download::get_from_folder(&recipe, store, mine.path(), &off, &mut |_| {});
    assert_eq!(got.unwrap(), Got::Now);
    recipe
}

fn load(store: &Store, setup: &DatasetSetup) -> Result<Dataset, DataError> {
    let set = data::load_from(setup, store);
    if let Ok(set) = &set {
        assert_eq!(data::describe_from(setup, store).unwrap(), set.info);
    }
    set
}

fn setup(name: &str) -> DatasetSetup {
    DatasetSetup::from_name(name).unwrap()
}

fn u8s(features: &Features) -> &[u8] {
    match features {
        Features::U8(pixels) => pixels,
        _ => panic!("no pixels"),
    }
}

fn mnist_like(train: &[u8], test: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let pixels = |labels: &[u8]| -> Vec<u8> {
        labels
            .iter()
            .flat_map(|label| [*label, 0, 1, 2, 3, 4])
            .collect()
    };
    let (n, m) = (train.len() as u32, test.len() as u32);
    [
        (
            "train-images-idx3-ubyte.gz",
            gzip(&images(n, 2, 3, &pixels(train))),
        ),
        ("train-labels-idx1-ubyte.gz", gzip(&labels(n, train))),
        (
            "t10k-images-idx3-ubyte.gz",
            gzip(&images(m, 2, 3, &pixels(test))),
        ),
        ("t10k-labels-idx1-ubyte.gz", gzip(&labels(m, test))),
    ]
}

#[test]
fn mnist_and_its_like_are_read_packed_with_their_classes() {
    for (name, title, class) in [
        ("mnist", "MNIST", "9"),
        ("fashion-mnist", "Fashion-MNIST", "ankle boot"),
        ("kmnist", "KMNIST", "wo"),
    ] {
        let (_folder, store) = store();
        put(&store, name, &mnist_like(&[0, 9, 3], &[9]));
        let set = load(&store, &setup(name)).unwrap();
        assert_eq!(
            (set.info.name.as_str(), set.info.title.as_str()),
            (name, title)
        );
        assert_eq!(set.info.classes()[9], class);
        assert_eq!(columns(&set.train), [[0, 9, 3]]);
        assert_eq!(u8s(&set.test.features), [9, 0, 1, 2, 3, 4]);
        assert_eq!(set.info.input.to_string(), "1×2×3");
        assert!(set.info.provenance.credit.is_some() && set.info.provenance.licence.is_some());
    }
}

#[test]
fn labels_out_of_range_and_wrong_counts_name_the_file() {
    let (_folder, store) = store();
    put(&store, "mnist", &mnist_like(&[0, 10, 3], &[9]));
    let error = load(&store, &setup("mnist")).unwrap_err();
    assert!(matches!(error, DataError::Damaged { .. }));
    let text = error.to_string();
    assert!(
        text.contains("sample 1 has the label 10, out of range 0 to 9"),
        "{text}"
    );
    assert!(text.ends_with("train-labels-idx1-ubyte.gz"), "{text}");
    let mut files = mnist_like(&[0, 1], &[9]);
    files[3].1 = gzip(&labels(2, &[9, 9]));
    put(&store, "mnist", &files);
    let text = load(&store, &setup("mnist")).unwrap_err().to_string();
    assert!(text.contains("1 images but 2 labels"), "{text}");
    let mut files = mnist_like(&[0, 1], &[9]);
    files[2].1 = gzip(&images(1, 3, 2, &[0; 6]));
    put(&store, "mnist", &files);
    let text = load(&store, &setup("mnist")).unwrap_err().to_string();
    assert!(
        text.contains("training images are 1×2×3, test images 1×3×2"),
        "{text}"
    );
}

#[test]
fn a_set_that_is_not_here_is_never_fetched_in_silence() {
    let (_folder, store) = store();
    for recipe in registry::recipes() {
        let name = &recipe.name;
        for result in [
            load(&store, &setup(name)).map(drop),
            data::describe_from(&setup(name), &store).map(drop),
        ] {
            let error = result.unwrap_err();
            assert!(matches!(error, DataError::NotHere { .. }), "{error:?}");
            let text = error.to_string();
            assert!(
                text.contains(&format!("`joulelab data get {name}` (")),
                "{text}"
            );
            assert!(
                text.contains(&format!("data get {name} --from FOLDER")),
                "{text}"
            );
        }
    }
}

#[test]
fn a_set_that_is_no_longer_whole_says_how_to_mend_it() {
    let (_folder, store) = store();
    let recipe = put(&store, "cifar10", &cifar10(2));
    let path = store.folder(&recipe).unwrap().join("data_batch_3.bin");
    // Cut between two records: the file by itself would do.
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(3073)
        .unwrap();
    assert_eq!(store.state(&recipe).unwrap(), State::Damaged);
    let error = load(&store, &setup("cifar10")).unwrap_err().to_string();
    assert!(
        error.contains("`joulelab data get cifar10` gets them again"),
        "{error}"
    );
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        load(&store, &setup("cifar10")),
        Err(DataError::DamagedSet { .. })
    ));
}

/// EMNIST's split `name` with images of 2×3 as they are stored: columns first.
fn emnist(name: &str, classes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for part in ["train", "test"] {
        let pixels: Vec<u8> = classes
            .iter()
            .flat_map(|_| [11, 21, 31, 12, 22, 32])
            .collect();
        let n = classes.len() as u32;
        let of = |what: &str| format!("emnist-{name}-{part}-{what}-ubyte.gz");
        files.push((of("images-idx3"), gzip(&images(n, 2, 3, &pixels))));
        files.push((of("labels-idx1"), gzip(&labels(n, classes))));
    }
    files
}

/// Every file of EMNIST, with these labels in its letters.
fn with_letters(classes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let of = |split: EmnistSplit| match split {
        EmnistSplit::Letters => emnist(split.name(), classes),
        EmnistSplit::ByClass => emnist(split.name(), &[0, 61]),
        EmnistSplit::Balanced | EmnistSplit::ByMerge => emnist(split.name(), &[0, 46]),
        EmnistSplit::Digits | EmnistSplit::Mnist => emnist(split.name(), &[0, 9]),
    };
    EmnistSplit::ALL.into_iter().flat_map(of).collect()
}

fn borrowed(files: &[(String, Vec<u8>)]) -> Vec<(&str, Vec<u8>)> {
    files
        .iter()
        .map(|(name, content)| (name.as_str(), content.clone()))
        .collect()
}

#[test]
fn emnist_is_turned_upright_and_its_letters_begin_at_0() {
    let (_folder, store) = store();
    put(&store, "emnist", &borrowed(&with_letters(&[1, 26, 13])));
    let letters = DatasetSetup::Emnist(EmnistSetup {
        split: EmnistSplit::Letters,
    });
    let set = load(&store, &letters).unwrap();
    assert_eq!(columns(&set.train), [[0, 25, 12]]);
    assert_eq!(
        (set.info.classes().len(), set.info.classes()[25].as_str()),
        (26, "Z")
    );
    assert_eq!(set.info.title, "EMNIST, letters");
    // Stored as two rows of three; upright three rows of two.
    assert_eq!(set.info.input.to_string(), "1×3×2");
    assert_eq!(u8s(&set.test.features)[..6], [11, 12, 21, 22, 31, 32]);
    for (split, last) in EmnistSplit::ALL
        .into_iter()
        .zip(["t", "z", "t", "Z", "9", "9"])
    {
        let setup = DatasetSetup::Emnist(EmnistSetup { split });
        let classes = load(&store, &setup).unwrap().info.classes().to_vec();
        assert_eq!(classes.last().unwrap(), last, "{}", split.name());
    }

    for wrong in [0, 27] {
        put(&store, "emnist", &borrowed(&with_letters(&[1, wrong])));
        let text = load(&store, &letters).unwrap_err().to_string();
        assert!(
            text.contains(&format!("label {wrong}, out of range 1 to 26")),
            "{text}"
        );
    }
}

fn record(labels: &[u8], red: u8, green: u8, blue: u8) -> Vec<u8> {
    let planes = [[red; 1024], [green; 1024], [blue; 1024]];
    [labels, planes.as_flattened()].concat()
}

fn cifar10(records: u8) -> Vec<(&'static str, Vec<u8>)> {
    let file = |batch: u8| {
        (0..records)
            .flat_map(|i| record(&[i % 10], batch, i, 7))
            .collect()
    };
    [
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
    ]
    .into_iter()
    .chain(["data_batch_5.bin", "test_batch.bin"])
    .zip(1..)
    .map(|(name, batch)| (name, file(batch)))
    .collect()
}

#[test]
fn cifar10_is_read_in_the_order_of_its_files() {
    let (_folder, store) = store();
    put(&store, "cifar10", &cifar10(3));
    let set = load(&store, &setup("cifar10")).unwrap();
    assert_eq!((set.train.len(), set.test.len()), (15, 3));
    assert_eq!(set.info.input.to_string(), "3×32×32");
    assert_eq!(columns(&set.train), [[0, 1, 2].repeat(5)]);
    // Image 4 is the second of the second file: its planes are 2, 1 and 7.
    let image = &u8s(&set.train.features)[4 * 3072..5 * 3072];
    assert!(image[..1024].iter().all(|p| *p == 2) && image[1024..2048].iter().all(|p| *p == 1));
    assert_eq!(u8s(&set.test.features)[0], 6);
    // One mean for each channel: the batches are 1 to 5.
    assert_eq!(
        (set.normalisation.mean.len(), set.normalisation.mean[0]),
        (3, 3.0)
    );
    assert_eq!(
        (set.normalisation.mean[2], set.normalisation.std[2]),
        (7.0, 1.0)
    );
    assert_eq!(set.info.classes()[2], "bird");
    assert_eq!(set.info.provenance.licence, None);
}

#[test]
fn cifar100_has_two_labels_and_either_can_be_learnt() {
    let (_folder, store) = store();
    let train = [record(&[19, 99], 0, 0, 0), record(&[0, 1], 1, 2, 3)].concat();
    put(
        &store,
        "cifar100",
        &[("train.bin", train), ("test.bin", record(&[4, 0], 5, 5, 5))],
    );
    let of = |labels| {
        let setup = DatasetSetup::Cifar100(Cifar100Setup { labels });
        load(&store, &setup).unwrap()
    };
    let fine = of(Cifar100Labels::Fine);
    assert_eq!(columns(&fine.train), [[19, 0], [99, 1]]);
    assert_eq!(fine.info.target_label().name, "fine");
    assert_eq!(
        (
            fine.info.classes()[99].as_str(),
            fine.info.classes()[1].as_str()
        ),
        ("worm", "aquarium fish")
    );
    let coarse = of(Cifar100Labels::Coarse);
    assert_eq!(
        (
            coarse.info.classes().len(),
            coarse.info.classes()[19].as_str()
        ),
        (20, "vehicles 2")
    );
    assert_eq!(coarse.train, fine.train);
}

#[test]
fn records_that_are_cut_or_mislabelled_are_refused() {
    let (_folder, store) = store();
    let with = |content: Vec<u8>| {
        let mut files = cifar10(2);
        files[1].1 = content;
        put(&store, "cifar10", &files);
        load(&store, &setup("cifar10")).unwrap_err()
    };
    for content in [Vec::new(), vec![0; 3072], vec![0; 2 * 3073 + 1]] {
        let error = with(content);
        assert!(matches!(error, DataError::Damaged { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("whole records of 3073"), "{text}");
        assert!(text.ends_with("data_batch_2.bin"), "{text}");
    }
    let text = with([record(&[9], 0, 0, 0), record(&[10], 0, 0, 0)].concat()).to_string();
    assert!(
        text.contains("record 1 has the label 10, out of range 0 to 9"),
        "{text}"
    );
}

/// As large as the published set: 180 MB of records, which take no room on most disks, as they are nothing but zeros.
#[test]
fn sixty_thousand_images_take_little_more_memory_than_their_pixels() {
    let (_folder, store) = store();
    let recipe = put(&store, "cifar10", &cifar10(1));
    let folder = store.folder(&recipe).unwrap();
    let list = folder.join("joulelab-files.json");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replace(" 3073,", " 30730000,")).unwrap();
    for name in recipe.kept() {
        let file = fs::File::options()
            .write(true)
            .open(folder.join(name))
            .unwrap();
        file.set_len(30_730_000).unwrap();
    }
    let begun = Instant::now();
    let (set, peak) = peak_bytes(|| data::load_from(&setup("cifar10"), &store).unwrap());
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!((set.train.len(), set.test.len()), (50_000, 10_000));
    let pixels = 60_000 * 3072;
    assert_eq!(set.info.feature_bytes, pixels as u64);
    eprintln!(
        "60,000 images of 3×32×32 in {seconds:.2} s, {peak} bytes at most for {pixels} of pixels"
    );
    // The labels, two bytes each, and a buffer to read through.
    assert!(peak < pixels + 60_000 * 2 + 3_000_000, "{peak}");
    assert!(data::describe_from(&setup("cifar10"), &store).unwrap() == set.info);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_content_brings_the_program_down(
        mut content in prop::collection::vec(any::<u8>(), 0..4000),
        which in 0..4_usize,
        is_record in any::<bool>(),
    ) {
        let (_folder, store) = store();
        let mut files = mnist_like(&[0, 1, 2], &[9]);
        files[which].1 = content.clone();
        put(&store, "mnist", &files);
        let _ = load(&store, &setup("mnist"));
        if is_record {
            content.resize(3074, 0);
        }
        put(&store, "cifar100", &[("train.bin", content.clone()), ("test.bin", content)]);
        let _ = load(&store, &setup("cifar100"));
    }
}
