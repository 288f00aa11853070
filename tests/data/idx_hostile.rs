use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use joulelab::data::{self, DataError};
use proptest::prelude::*;

use crate::{
    allocation::peak_bytes,
    idx::{FILES, folder, good, gzip, images, labels, load, setup},
};

/// The error of the good set with one file replaced.
fn error_with(file: usize, bytes: &[u8]) -> DataError {
    let mut files = good();
    files[file] = bytes.to_vec();
    let folder = folder(FILES.into_iter().zip(files));
    load(folder.path()).unwrap_err()
}

/// As [`error_with`], plain and packed, where the message must say `what` and end with the file.
fn refuses(file: usize, bytes: &[u8], what: &str) {
    for bytes in [bytes.to_vec(), gzip(bytes)] {
        let error = error_with(file, &bytes);
        assert!(matches!(error, DataError::Damaged { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(what), "{text}");
        assert!(text.ends_with(FILES[file]), "{text}");
    }
}

#[test]
fn wrong_magic_numbers_are_refused() {
    refuses(
        0,
        &good()[1],
        "magic number 0x00000801 instead of 0x00000803 for images",
    );
    refuses(
        1,
        &good()[0],
        "magic number 0x00000803 instead of 0x00000801 for labels",
    );
    // Four dimensions; numbers other than bytes; little-endian.
    for magic in [[0, 0, 8, 4], [0, 0, 0x0d, 3], [3, 8, 0, 0]] {
        let mut file = good()[0].clone();
        file[..4].copy_from_slice(&magic);
        refuses(0, &file, "instead of 0x00000803");
    }
}

#[test]
fn files_that_end_too_early_are_refused_at_every_length() {
    for (file, bytes) in good().iter().enumerate() {
        for length in 0..bytes.len() {
            let error = error_with(file, &bytes[..length]);
            assert!(
                matches!(error, DataError::Damaged { .. }),
                "{length}: {error:?}"
            );
        }
        let packed = gzip(bytes);
        for length in 0..packed.len() {
            let error = error_with(file, &packed[..length]);
            assert!(
                matches!(error, DataError::Damaged { .. }),
                "{length}: {error:?}"
            );
        }
    }
}

#[test]
fn lengths_must_agree_with_the_header_both_ways() {
    let pixels = [7; 36];
    let text = error_with(0, &images(7, 2, 3, &pixels)).to_string();
    assert!(
        text.contains("promises 58 bytes, but the file has 52"),
        "{text}"
    );
    let text = error_with(0, &images(6, 2, 3, &[7; 37])).to_string();
    assert!(
        text.contains("promises 52 bytes, but the file has 53"),
        "{text}"
    );
    let mut short = good();
    short[0] = gzip(&images(7, 2, 3, &pixels));
    short[1] = labels(7, &[0, 1, 2, 0, 1, 2, 0]);
    let folder = folder(FILES.into_iter().zip(short));
    let text = load(folder.path()).unwrap_err().to_string();
    assert!(
        text.contains("promises 42 bytes of data, but the file ends after 36"),
        "{text}"
    );
    let text = error_with(0, &gzip(&images(6, 2, 3, &[7; 37]))).to_string();
    assert!(
        text.contains("more in the file than the 36 bytes"),
        "{text}"
    );
}

#[test]
fn impossible_counts_are_refused() {
    refuses(0, &images(0, 2, 3, &[]), "0 images in the header");
    refuses(1, &labels(0, &[]), "0 labels in the header");
    refuses(
        0,
        &images(u32::MAX, 2, 3, &[7; 36]),
        "4294967295 images in the header",
    );
    refuses(0, &images(6, 0, 3, &[]), "images of 0×3");
    refuses(0, &images(6, 2, 1025, &[]), "images of 2×1025");
    refuses(
        0,
        &images(u32::MAX, u32::MAX, u32::MAX, &[7; 36]),
        "in the header",
    );
    // Each count is possible, the product is not.
    refuses(
        0,
        &images(10_000_000, 1024, 1024, &[7; 36]),
        "promises 10485760000000 bytes, more than",
    );
    let text = error_with(0, &gzip(&images(2000, 1024, 1024, &[7; 36]))).to_string();
    assert!(
        text.contains("packed bytes cannot hold that much"),
        "{text}"
    );
}

#[test]
fn damaged_gzip_is_refused() {
    let mut packed = gzip(&good()[0]);
    let last = packed.len() - 1;
    packed[last - 5] ^= 1;
    let text = error_with(0, &packed).to_string();
    assert!(text.contains("the packed data is not sound"), "{text}");
    let trailing = [gzip(&good()[0]), b"more".to_vec()].concat();
    assert!(matches!(
        error_with(0, &trailing),
        DataError::Damaged { .. }
    ));
}

#[test]
fn a_bomb_is_not_unpacked() {
    // 200 MB of zeros behind an honest-looking header.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&images(6, 2, 3, &[0; 36])).unwrap();
    for _ in 0..200 {
        encoder.write_all(&[0; 1_000_000]).unwrap();
    }
    let mut files = good();
    files[0] = encoder.finish().unwrap();
    let folder = folder(FILES.into_iter().zip(files));
    let (result, peak) = peak_bytes(|| load(folder.path()));
    let text = result.unwrap_err().to_string();
    assert!(
        text.contains("more in the file than the 36 bytes"),
        "{text}"
    );
    assert!(peak < 300_000, "{peak} bytes");
}

#[test]
fn a_set_is_held_once() {
    let mut files = good();
    files[0] = gzip(&images(1000, 64, 64, &vec![3; 64 * 64 * 1000]));
    files[1] = labels(1000, &[[0, 1]; 500].concat());
    files[2] = images(2, 64, 64, &vec![3; 64 * 64 * 2]);
    files[3] = labels(2, &[0, 1]);
    let folder = folder(FILES.into_iter().zip(files));
    let (result, peak) = peak_bytes(|| load(folder.path()));
    let bytes = result.unwrap().info.feature_bytes as usize;
    assert_eq!(bytes, 64 * 64 * 1002);
    assert!(peak < bytes + 300_000, "{peak} for {bytes} bytes");
}

/// The error where the files are sound one by one.
fn unfit(file: usize, bytes: &[u8]) -> String {
    let error = error_with(file, bytes);
    assert!(matches!(error, DataError::Unfit { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let text = unfit(1, &labels(5, &[0, 1, 2, 0, 1]));
    assert!(text.contains("6 images but 5 labels"), "{text}");
    let text = unfit(2, &images(2, 3, 2, &[0; 12]));
    assert!(
        text.contains("training images are 2×3, test images 3×2"),
        "{text}"
    );
    let text = unfit(3, &labels(2, &[2, 3]));
    assert!(
        text.contains("test label 3 is out of range, training labels end at 2"),
        "{text}"
    );
    let text = unfit(1, &labels(6, &[4; 6]));
    assert!(text.contains("all training labels are 4"), "{text}");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    // Were the pipe opened, this would wait for ever.
    let folder = folder(FILES.into_iter().zip(good()));
    let pipe = folder.path().join(FILES[0]);
    fs::remove_file(&pipe).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()));
    assert!(matches!(
        load(folder.path()),
        Err(DataError::Missing { .. })
    ));
}

/// Counts near what is possible, and anything.
fn counts() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..8, 0_u32..2000, any::<u32>()]
}

/// Anything, with a header that is nearly right, packed or not, and perhaps cut.
fn hostile_file(magic: u32) -> impl Strategy<Value = Vec<u8>> {
    let magic = prop_oneof![9 => Just(magic), 1 => any::<u32>()];
    let body = prop::collection::vec(any::<u8>(), 0..200);
    let headed = (
        magic,
        [counts(), counts(), counts()],
        body,
        any::<bool>(),
        0..400_usize,
    )
        .prop_map(|(magic, [a, b, c], body, pack, cut)| {
            let header = [magic, a, b, c].map(u32::to_be_bytes);
            let mut bytes = [header.as_flattened(), &body].concat();
            if pack {
                bytes = gzip(&bytes);
            }
            bytes.truncate(cut);
            bytes
        });
    prop_oneof![4 => headed, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_take_memory(
        which in 0_usize..4,
        images in hostile_file(0x803),
        labels in hostile_file(0x801),
        both in any::<bool>(),
    ) {
        // The others are sound, so that each file is reached.
        let mut files = good();
        files[which] = if which % 2 == 0 { images.clone() } else { labels.clone() };
        if both {
            files[0] = images;
            files[1] = labels;
        }
        let longest: usize = files.iter().map(Vec::len).sum();
        let folder = folder(FILES.into_iter().zip(files));
        for of in [|f: &_| data::load(f).map(|set| set.info), |f: &_| data::describe(f)] {
            let (result, peak) = peak_bytes(|| of(&setup(folder.path())));
            // Buffers and unpackers of four files, and what the longest could unpack to.
            prop_assert!(peak < 400_000 + 1032 * longest, "{} bytes", peak);
            if let Err(error) = result {
                prop_assert!(error.to_string().contains(&*folder.path().to_string_lossy()));
            }
        }
    }
}
