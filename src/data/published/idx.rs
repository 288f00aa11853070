//! A file of images and a file of labels, as MNIST and its relatives come.

use std::path::{Path, PathBuf};

use super::Part;
use crate::{
    data::{
        DataError, Features, Labels, Split,
        idx::read::{IdxFile, Kind},
        registry::Variant,
    },
    setup::InputShape,
};

/// Images not yet read, with their labels as classes.
pub(super) struct Pair {
    images: IdxFile,
    labels: Vec<u16>,
    is_transposed: bool,
}

impl Pair {
    /// Opens `paths`, images and labels, and checks the labels against the classes of `variant`.
    pub(super) fn open(
        paths: &[PathBuf],
        variant: &Variant,
        is_transposed: bool,
    ) -> Result<Self, DataError> {
        let [images, labels] = paths else {
            let what = format!(
                "a part of an IDX set has {} files instead of 2",
                paths.len()
            );
            return Err(DataError::Shipped {
                name: "registry",
                what,
            });
        };
        let images = IdxFile::open(images, Kind::Images)?;
        let path = labels.clone();
        let labels = IdxFile::open(labels, Kind::Labels)?;
        if images.samples() != labels.samples() {
            let what = format!(
                "{} images but {} labels",
                images.samples(),
                labels.samples()
            );
            return Err(DataError::Unfit { what, path });
        }
        let classes = variant
            .labels
            .first()
            .map_or(0, |label| label.classes.len());
        let labels = classes_of(&labels.body()?, variant.first_label, classes, &path)?;
        Ok(Self {
            images,
            labels,
            is_transposed,
        })
    }
}

fn classes_of(
    labels: &[u8],
    first: u8,
    classes: usize,
    path: &Path,
) -> Result<Vec<u16>, DataError> {
    let class = |(sample, label): (usize, &u8)| {
        label
            .checked_sub(first)
            .filter(|class| usize::from(*class) < classes)
            .map(u16::from)
            .ok_or_else(|| DataError::Damaged {
                what: format!(
                    "sample {sample} has the label {label}, out of range {first} to {}",
                    usize::from(first) + classes - 1
                ),
                path: path.to_owned(),
            })
    };
    labels.iter().enumerate().map(class).collect()
}

impl Part for Pair {
    fn samples(&self) -> usize {
        self.images.samples()
    }

    fn input(&self) -> InputShape {
        let [mut height, mut width] = self.images.image_size();
        if self.is_transposed {
            (height, width) = (width, height);
        }
        InputShape::Image {
            channels: 1,
            height,
            width,
        }
    }

    fn read(self: Box<Self>) -> Result<Split, DataError> {
        let [rows, columns] = self.images.image_size();
        let mut pixels = self.images.body()?;
        if self.is_transposed {
            transpose(&mut pixels, rows, columns);
        }
        Ok(Split {
            features: Features::U8(pixels),
            labels: Labels::Classes(vec![self.labels]),
        })
    }
}

/// Swaps rows and columns of each image of `rows`×`columns`, in place.
fn transpose(pixels: &mut [u8], rows: usize, columns: usize) {
    let mut stored = vec![0; rows * columns];
    for image in pixels.chunks_exact_mut(rows * columns) {
        stored.copy_from_slice(image);
        for (at, pixel) in image.iter_mut().enumerate() {
            let (row, column) = (at / rows, at % rows);
            *pixel = stored[column * columns + row];
        }
    }
}
