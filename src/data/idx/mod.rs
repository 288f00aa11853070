//! MNIST-like sets: four IDX files in a folder, with their own split.
//!
//! `files` finds the four, `read` reads one. What the files say is checked before it is believed: nothing in them can
//! make this take more memory than they, unpacked, are long.

mod files;
pub(super) mod read;

use std::path::Path;

use self::{
    files::Found,
    read::{IdxFile, Kind},
};
use super::{
    DataError, DataInfo, Dataset, Features, LabelColumn, Labels, Provenance, Source, Split,
    dataset::Heading,
};
use crate::setup::{InputShape, Task};

/// The set in this folder.
pub(super) struct Idx<'a>(pub &'a Path);

/// One part of the set: images not yet read, labels read.
struct Part {
    images: IdxFile,
    labels: Vec<u16>,
}

impl Source for Idx<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let (heading, train, test) = self.open()?;
        let (train, test) = (train.read()?, test.read()?);
        Ok(heading.with_parts(train, test))
    }

    fn describe(&self) -> Result<DataInfo, DataError> {
        let (heading, train, test) = self.open()?;
        let samples = [train.labels.len(), test.labels.len()];
        let bytes = (samples[0] + samples[1]) as u64 * heading.input.len() as u64;
        Ok(heading.info(samples[0], samples[1], bytes))
    }
}

impl Idx<'_> {
    fn open(&self) -> Result<(Heading, Part, Part), DataError> {
        let found = Found::in_folder(self.0)?;
        let unfit = |what: String| DataError::Unfit {
            what,
            path: self.0.to_owned(),
        };
        let train = Part::open(&found.train_images, &found.train_labels)?;
        let test = Part::open(&found.test_images, &found.test_labels)?;

        let [height, width] = train.images.image_size();
        let [test_height, test_width] = test.images.image_size();
        if [height, width] != [test_height, test_width] {
            return Err(unfit(format!(
                "training images are {height}×{width}, test images {test_height}×{test_width}"
            )));
        }
        let classes = class_count(&train.labels, &test.labels).map_err(unfit)?;
        let heading = Heading {
            name: "idx".to_owned(),
            title: found.title,
            input: InputShape::Image {
                channels: 1,
                height,
                width,
            },
            task: Task::Classification,
            labels: vec![LabelColumn::new(
                "class",
                (0..classes).map(|class| class.to_string()),
            )],
            target: 0,
            provenance: Provenance {
                source: format!("IDX files in {}", self.0.display()),
                credit: None,
                licence: None,
            },
        };
        Ok((heading, train, test))
    }
}

impl Part {
    fn open(images: &Path, labels: &Path) -> Result<Self, DataError> {
        let images = IdxFile::open(images, Kind::Images)?;
        let labels = IdxFile::open(labels, Kind::Labels)?;
        if images.samples() != labels.samples() {
            return Err(DataError::Unfit {
                what: format!(
                    "{} images but {} labels",
                    images.samples(),
                    labels.samples()
                ),
                path: labels.path().to_owned(),
            });
        }
        let labels = labels.body()?.into_iter().map(u16::from).collect();
        Ok(Self { images, labels })
    }

    fn read(self) -> Result<Split, DataError> {
        Ok(Split {
            features: Features::U8(self.images.body()?),
            labels: Labels::Classes(vec![self.labels]),
        })
    }
}

/// The classes are 0 to the highest training label, so some may be without samples (EMNIST's letters begin at 1). A
/// label is one byte, so there are at most 256.
fn class_count(train: &[u16], test: &[u16]) -> Result<usize, String> {
    let highest = |labels: &[u16]| labels.iter().copied().max().unwrap_or(0);
    let (highest_train, highest_test) = (highest(train), highest(test));
    if train.iter().all(|label| *label == train[0]) {
        return Err(format!(
            "all training labels are {highest_train}; there must be two classes at least"
        ));
    }
    if highest_test > highest_train {
        return Err(format!(
            "test label {highest_test} is out of range, training labels end at {highest_train}"
        ));
    }
    Ok(usize::from(highest_train) + 1)
}
