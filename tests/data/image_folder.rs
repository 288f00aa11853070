//! Images in a folder for each class.

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::{DynamicImage, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba};
use joulelab::{
    data::{self, DataError, Dataset, Features},
    setup::{DatasetSetup, FolderSetup},
};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::parts::{classes, columns};

fn options(folder: &Path) -> FolderSetup {
    FolderSetup {
        folder: folder.to_owned(),
        size: 8,
        ..FolderSetup::default()
    }
}

fn load(options: &FolderSetup) -> Result<Dataset, DataError> {
    let setup = DatasetSetup::Folder(options.clone());
    let set = data::load(&setup);
    if let Ok(set) = &set {
        assert_eq!(data::describe(&setup).unwrap(), set.info);
    }
    set
}

fn plain(width: u32, height: u32, colour: [u8; 3]) -> DynamicImage {
    RgbImage::from_pixel(width, height, Rgb(colour)).into()
}

fn save(root: &Path, path: &str, image: &DynamicImage) -> PathBuf {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let format = match path.extension().unwrap().to_ascii_lowercase() == *"png" {
        true => ImageFormat::Png,
        false => ImageFormat::Jpeg,
    };
    image.save_with_format(&path, format).unwrap();
    path
}

fn pixels(features: &Features) -> &[u8] {
    match features {
        Features::U8(pixels) => pixels,
        _ => panic!("no pixels"),
    }
}

/// Two classes with two images each, dark and bright, PNG and JPEG.
fn two_classes() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, colour) in [("dark", [10, 20, 30]), ("bright", [250, 240, 230])] {
        save(
            folder.path(),
            &format!("{class}/1.png"),
            &plain(20, 10, colour),
        );
        save(
            folder.path(),
            &format!("{class}/2.JPeg"),
            &plain(9, 30, colour),
        );
    }
    folder
}

#[test]
fn a_folder_for_each_class_is_divided_by_the_setup() {
    let folder = two_classes();
    // What systems leave, and files beside the folders, are not looked at.
    fs::write(folder.path().join("README"), "x").unwrap();
    fs::write(folder.path().join("dark/.DS_Store"), "x").unwrap();
    fs::write(folder.path().join("dark/Thumbs.db"), "x").unwrap();
    let set = load(&FolderSetup {
        test_fraction: 0.5,
        ..options(folder.path())
    })
    .unwrap();
    assert_eq!(set.info.classes(), ["bright", "dark"]);
    assert_eq!(set.info.input.to_string(), "3×8×8");
    assert_eq!((set.train.len(), set.test.len()), (2, 2));
    assert_eq!(
        (columns(&set.train), columns(&set.test)),
        (&[vec![0, 1]][..], &[vec![0, 1]][..])
    );
    for part in [&set.train, &set.test] {
        let images: Vec<_> = pixels(&part.features).chunks(3 * 64).collect();
        for (image, colour) in images.iter().zip([[250, 240, 230], [10, 20, 30_i16]]) {
            for (channel, value) in image.chunks(64).zip(colour) {
                // JPEG is not exact.
                assert!(
                    channel.iter().all(|p| (i16::from(*p) - value).abs() <= 3),
                    "{channel:?}"
                );
            }
        }
    }
    let other = FolderSetup {
        channels: 1,
        size: 16,
        ..options(folder.path())
    };
    let set = load(&other).unwrap();
    assert_eq!(set.info.input.to_string(), "1×16×16");
    assert_eq!(
        (set.info.feature_bytes, set.normalisation.mean.len()),
        (4 * 256, 1)
    );
}

#[test]
fn folders_called_train_and_test_are_the_split() {
    let folder = tempfile::tempdir().unwrap();
    for (path, colour) in [
        ("train/a/1.png", 1),
        ("train/a/2.png", 2),
        ("train/b/1.png", 3),
        ("test/a/1.png", 4),
        ("test/b/1.png", 5),
        ("validation/a/1.png", 9),
    ] {
        save(folder.path(), path, &plain(8, 8, [colour; 3]));
    }
    let set = load(&options(folder.path())).unwrap();
    let first =
        |features| -> Vec<u8> { pixels(features).chunks(192).map(|image| image[0]).collect() };
    assert_eq!(
        (first(&set.train.features), first(&set.test.features)),
        (vec![1, 2, 3], vec![4, 5])
    );
    assert_eq!(columns(&set.train), [[0, 0, 1]]);

    save(folder.path(), "test/c/1.png", &plain(8, 8, [0; 3]));
    let text = load(&options(folder.path())).unwrap_err().to_string();
    assert!(
        text.contains("the class `c` is in `test` but not in `train`"),
        "{text}"
    );
    fs::remove_dir_all(folder.path().join("test/c")).unwrap();
    fs::remove_dir_all(folder.path().join("test/b")).unwrap();
    let text = load(&options(folder.path())).unwrap_err().to_string();
    assert!(
        text.contains("the class `b` is in `train` but not in `test`"),
        "{text}"
    );
}

#[test]
fn the_square_in_the_middle_is_scaled() {
    let folder = two_classes();
    // 32×16: red to the left, green in the middle square but for a blue half of it, red to the right.
    let image = RgbImage::from_fn(32, 16, |x, y| match (x, y) {
        (0..8 | 24.., _) => Rgb([255, 0, 0]),
        (_, 0..8) => Rgb([0, 255, 0]),
        _ => Rgb([0, 0, 255]),
    });
    let upright = RgbImage::from_fn(16, 32, |x, y| match (x, y) {
        (_, 0..8 | 24..) => Rgb([255, 0, 0]),
        (_, 8..16) => Rgb([0, 255, 0]),
        _ => Rgb([0, 0, 255]),
    });
    save(folder.path(), "dark/0.png", &image.into());
    save(folder.path(), "bright/0.png", &upright.into());
    let set = load(&options(folder.path())).unwrap();
    let images: Vec<_> = [&set.train, &set.test]
        .into_iter()
        .flat_map(|part| pixels(&part.features).chunks(192))
        .filter(|image| image[64] > 200 && image[8 * 8 + 63] < 100)
        .collect();
    assert_eq!(images.len(), 2);
    for image in images {
        let [red, green, blue] = [0, 1, 2].map(|channel| &image[channel * 64..][..64]);
        assert!(red.iter().all(|p| *p == 0), "{red:?}");
        assert_eq!((green[0], green[63], blue[0], blue[63]), (255, 0, 0, 255));
        // The filter mixes neighbours where it makes smaller: two to one, and a little of the next.
        assert!(
            (180..255).contains(&green[3 * 8]) && green[3 * 8] as u16 + blue[3 * 8] as u16 == 255
        );
    }
}

#[test]
fn other_kinds_of_pixels_become_eight_bits_without_transparency() {
    let folder = tempfile::tempdir().unwrap();
    let images: [(&str, DynamicImage, [u8; 3]); 5] = [
        (
            "1.png",
            image::GrayImage::from_pixel(8, 8, Luma([77])).into(),
            [77; 3],
        ),
        (
            "2.png",
            image::GrayAlphaImage::from_pixel(8, 8, LumaA([200, 0])).into(),
            [0; 3],
        ),
        (
            "3.png",
            image::RgbaImage::from_pixel(8, 8, Rgba([200, 100, 50, 128])).into(),
            [100, 50, 25],
        ),
        (
            "4.png",
            DynamicImage::ImageRgb16(image::ImageBuffer::from_pixel(
                8,
                8,
                Rgb([0xffff_u16, 0x8080, 0]),
            )),
            [255, 128, 0],
        ),
        (
            "5.jpg",
            image::GrayImage::from_pixel(8, 8, Luma([90])).into(),
            [90; 3],
        ),
    ];
    for class in ["train/a", "train/b", "test/a", "test/b"] {
        for (name, image, _) in &images {
            save(folder.path(), &format!("{class}/{name}"), image);
        }
    }
    let set = load(&options(folder.path())).unwrap();
    for (image, (name, _, colour)) in pixels(&set.test.features).chunks(192).zip(&images) {
        assert_eq!([image[0], image[64], image[128]], *colour, "{name}");
    }
    let set = load(&FolderSetup {
        channels: 1,
        ..options(folder.path())
    })
    .unwrap();
    let grey: Vec<u8> = pixels(&set.test.features)
        .chunks(64)
        .map(|image| image[0])
        .collect();
    // Of (100, 50, 25): 0.2126 · 100 + 0.7152 · 50 + 0.0722 · 25 = 58.8.
    assert_eq!((grey[0], grey[1], grey[4]), (77, 0, 90));
    assert!((58..=59).contains(&grey[2]), "{grey:?}");
}

/// A JPEG that says in its EXIF note that its first row is to the right (6: to be turned clockwise).
fn turned(image: &DynamicImage) -> Vec<u8> {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    let mut note =
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    let length = (note.len() as u16 + 2).to_be_bytes();
    note.splice(0..0, [0xff, 0xe1, length[0], length[1]]);
    [&jpeg[..2], &note, &jpeg[2..]].concat()
}

#[test]
fn photographs_are_turned_as_their_note_says() {
    let folder = two_classes();
    let halves = RgbImage::from_fn(
        16,
        16,
        |x, _| if x < 8 { Rgb([255; 3]) } else { Rgb([0; 3]) },
    );
    for class in ["dark", "bright"] {
        for name in ["1.png", "2.JPeg"] {
            fs::remove_file(folder.path().join(class).join(name)).unwrap();
        }
        fs::write(
            folder.path().join(class).join("1.jpg"),
            turned(&halves.clone().into()),
        )
        .unwrap();
        fs::write(
            folder.path().join(class).join("2.jpg"),
            turned(&halves.clone().into()),
        )
        .unwrap();
    }
    let set = load(&options(folder.path())).unwrap();
    let image = &pixels(&set.train.features)[..64];
    // White was left and is above now.
    assert!(
        image[..16].iter().all(|p| *p > 240) && image[48..].iter().all(|p| *p < 15),
        "{image:?}"
    );
}

#[test]
fn a_layout_that_is_none_is_refused_with_its_place() {
    let refused = |folder: &Path, what: &str, place: &str| {
        let error = load(&options(folder)).unwrap_err();
        assert!(matches!(error, DataError::Layout { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(what), "{text}");
        assert!(text.ends_with(place), "{text}");
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    refused(
        root,
        "there are no folders of images",
        &root.display().to_string(),
    );
    save(root, "only/1.png", &plain(8, 8, [1; 3]));
    refused(root, "there is one class only, `only`", "");
    fs::create_dir(root.join("other")).unwrap();
    refused(root, "the class `other` has no images", "other");
    fs::write(root.join("other/note.txt"), "x").unwrap();
    refused(root, "no PNG or JPEG", "note.txt");
    fs::remove_file(root.join("other/note.txt")).unwrap();
    fs::create_dir(root.join("other/deep")).unwrap();
    refused(root, "a folder among the images", "deep");
    let error = load(&options(&root.join("none"))).unwrap_err();
    assert!(matches!(error, DataError::Folder { .. }), "{error:?}");
    // One image a class cannot be divided.
    let folder = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        save(
            folder.path(),
            &format!("{class}/1.png"),
            &plain(8, 8, [1; 3]),
        );
    }
    let error = load(&options(folder.path())).unwrap_err();
    assert!(matches!(error, DataError::TooFew { .. }), "{error:?}");
}

/// The error where one of the images has this content; the message must name it.
fn damaged(content: &[u8]) -> String {
    let folder = two_classes();
    fs::write(folder.path().join("bright/0.png"), content).unwrap();
    let error = load(&options(folder.path())).unwrap_err();
    assert!(matches!(error, DataError::Image { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.ends_with("0.png"), "{text}");
    text
}

fn bytes_of(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn damaged_images_are_named() {
    let noise = RgbImage::from_fn(40, 40, |x, y| {
        Rgb([(x * y) as u8, (x * 7) as u8, (y * 5) as u8])
    });
    let image = noise.into();
    assert!(damaged(b"").contains("no PNG or JPEG"));
    assert!(damaged(b"GIF89a").contains("no PNG or JPEG"));
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let whole = bytes_of(&image, format);
        for part in 1..10 {
            damaged(&whole[..whole.len() * part / 10]);
        }
    }
    let mut flipped = bytes_of(&image, ImageFormat::Png);
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    damaged(&flipped);
    // A content of another kind than the name says is no harm.
    let folder = two_classes();
    fs::write(
        folder.path().join("bright/0.png"),
        bytes_of(&image, ImageFormat::Jpeg),
    )
    .unwrap();
    assert!(load(&options(folder.path())).is_ok());
}

#[test]
fn images_that_are_too_large_are_not_decoded() {
    // Headers that promise much, with the checksum that they need.
    let header = |width: u32, height: u32| {
        let mut png = bytes_of(&plain(1, 1, [0; 3]), ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&png[12..29]);
        png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        png
    };
    for (width, height) in [
        (1 << 20, 1),
        (16_384, 16_384),
        (u32::MAX, u32::MAX),
        (10_000, 5_000),
    ] {
        damaged(&header(width, height));
    }
    // Long and thin: the square in the middle is what counts.
    let folder = two_classes();
    save(folder.path(), "bright/0.png", &plain(16_000, 1, [9; 3]));
    assert!(
        load(&FolderSetup {
            size: 256,
            ..options(folder.path())
        })
        .is_ok()
    );
}

#[test]
fn of_several_damaged_images_the_first_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        for number in 100..200 {
            save(
                folder.path(),
                &format!("{class}/{number}.png"),
                &plain(8, 8, [number; 3]),
            );
        }
    }
    for path in ["a/150.png", "a/151.png", "b/101.png"] {
        fs::write(folder.path().join(path), "x").unwrap();
    }
    for class in ["train", "test"] {
        let copied = folder.path().join(class);
        fs::create_dir(&copied).unwrap();
    }
    let root = folder.path().join("set");
    fs::create_dir(&root).unwrap();
    fs::rename(folder.path().join("train"), root.join("test")).unwrap();
    fs::rename(folder.path().join("test"), root.join("train")).unwrap();
    for class in ["a", "b"] {
        fs::rename(folder.path().join(class), root.join("train").join(class)).unwrap();
        save(&root, &format!("test/{class}/1.png"), &plain(8, 8, [0; 3]));
    }
    for _ in 0..5 {
        let text = load(&options(&root)).unwrap_err().to_string();
        assert!(text.ends_with("150.png"), "{text}");
    }
}

#[test]
fn many_images_are_read_on_several_threads_into_their_places() {
    let folder = tempfile::tempdir().unwrap();
    for class in 0..4_u8 {
        for number in 0..50_u8 {
            let colour = [class * 50 + number, number, class];
            save(
                folder.path(),
                &format!("train/{class}/{number:02}.png"),
                &plain(9, 9, colour),
            );
        }
        save(
            folder.path(),
            &format!("test/{class}/1.png"),
            &plain(9, 9, [class; 3]),
        );
    }
    let set = load(&options(folder.path())).unwrap();
    for (at, image) in pixels(&set.train.features).chunks(192).enumerate() {
        let (class, number) = (at as u8 / 50, at as u8 % 50);
        assert_eq!(
            [image[0], image[64], image[128]],
            [class * 50 + number, number, class]
        );
        assert_eq!(classes(&set.train, 0)[at], u16::from(class));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Noise in a sound image, or nothing but noise.
    #[test]
    fn no_image_brings_the_program_down(
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        is_jpeg in any::<bool>(),
        random in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
    ) {
        let format = if is_jpeg { ImageFormat::Jpeg } else { ImageFormat::Png };
        let mut content = bytes_of(&plain(12, 12, [90, 40, 10]), format);
        for (at, value) in noise {
            let at = at.index(content.len());
            content[at] = value;
        }
        let folder = two_classes();
        fs::write(folder.path().join("bright/0.png"), random.unwrap_or(content)).unwrap();
        let _ = load(&options(folder.path()));
    }
}
