//! Rendered shapes on textured ground: as many as wanted, each with three labels (shape, colour, size).
//!
//! `render` paints one image, from `geometry` (outlines) and `ground` (texture). Image number i depends on nothing but
//! the options and i, and its three labels are i modulo the number of classes. As these numbers have no common divisor,
//! every combination comes equally often, and so does every class.

mod geometry;
mod ground;
mod render;

use std::thread;

use self::render::Look;
use super::{
    DataError, DataInfo, Dataset, Features, LabelColumn, Labels, Provenance, Source, Split,
    dataset::Heading, split,
};
use crate::setup::{InputShape, ShapesSetup, Task};

/// The rendered shapes.
pub(super) struct Shapes<'a>(pub &'a ShapesSetup);

/// Numbers of classes of the labels, in the order of [`crate::setup::ShapesLabel::ALL`].
const CLASSES: [usize; 3] = [geometry::OUTLINES, render::COLOURS, render::SIZES.len()];
const COMBINATIONS: usize = CLASSES[0] * CLASSES[1] * CLASSES[2];

/// Below this many images a thread is not worth starting.
const IMAGES_PER_THREAD: usize = 1000;

/// The value of label `column` of image `index`.
fn label(column: usize, index: usize) -> u16 {
    (index % CLASSES[column]) as u16
}

impl Source for Shapes<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        // Each combination of the three labels is a class of the split, so that the parts are the same whichever label
        // is learnt.
        let combinations: Vec<u16> = (0..self.0.samples)
            .map(|index| (index % COMBINATIONS) as u16)
            .collect();
        let parts = split::stratified(&combinations, &self.0.split())?;
        let (train, test) = (self.part(&parts.train)?, self.part(&parts.test)?);
        Ok(self.heading().with_parts(train, test))
    }

    fn describe(&self) -> Result<DataInfo, DataError> {
        let samples = self.0.samples;
        let counts: Vec<usize> = (0..COMBINATIONS)
            .map(|class| (samples + COMBINATIONS - 1 - class) / COMBINATIONS)
            .collect();
        let test = split::quotas(&counts, self.0.test_fraction)?.iter().sum();
        let heading = self.heading();
        let bytes = (samples * heading.input.len()) as u64;
        Ok(heading.info(samples - test, test, bytes))
    }
}

impl Shapes<'_> {
    fn heading(&self) -> Heading {
        let colours = if self.0.channels == 1 {
            ["black", "dark grey", "light grey", "white"]
        } else {
            ["red", "green", "blue", "yellow"]
        };
        Heading {
            name: "shapes".to_owned(),
            title: "Rendered shapes".to_owned(),
            input: InputShape::Image {
                channels: self.0.channels,
                height: self.0.size,
                width: self.0.size,
            },
            task: Task::Classification,
            labels: vec![
                LabelColumn::new("shape", ["circle", "square", "triangle", "cross", "star"]),
                LabelColumn::new("colour", colours),
                LabelColumn::new("size", ["small", "medium", "large"]),
            ],
            target: self.0.label as usize,
            provenance: Provenance {
                source: "rendered by this program".to_owned(),
                credit: None,
                licence: None,
            },
        }
    }

    fn part(&self, indices: &[usize]) -> Result<Split, DataError> {
        let labels = (0..CLASSES.len())
            .map(|column| indices.iter().map(|&index| label(column, index)).collect())
            .collect();
        Ok(Split {
            features: Features::U8(self.render(indices)?),
            labels: Labels::Classes(labels),
        })
    }

    fn render(&self, indices: &[usize]) -> Result<Vec<u8>, DataError> {
        let setup = self.0;
        let image_bytes = setup.size * setup.size * setup.channels;
        let bytes = indices.len() * image_bytes;
        let mut pixels = Vec::new();
        pixels
            .try_reserve_exact(bytes)
            .map_err(|_| DataError::Memory {
                bytes: bytes as u64,
            })?;
        pixels.resize(bytes, 0);

        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = indices.len().div_ceil(threads).max(IMAGES_PER_THREAD);
        let paint = |indices: &[usize], pixels: &mut [u8]| {
            for (&index, image) in indices.iter().zip(pixels.chunks_exact_mut(image_bytes)) {
                let look = Look {
                    outline: index % CLASSES[0],
                    colour: index % CLASSES[1],
                    size: index % CLASSES[2],
                };
                render::image(setup, index as u64, &look, image);
            }
        };
        thread::scope(|scope| -> Result<(), DataError> {
            let work = indices
                .chunks(share)
                .zip(pixels.chunks_mut(share * image_bytes));
            for (number, (indices, pixels)) in work.enumerate() {
                thread::Builder::new()
                    .name(format!("shapes-{number}"))
                    .spawn_scoped(scope, move || paint(indices, pixels))
                    .map_err(DataError::Thread)?;
            }
            Ok(())
        })?;
        Ok(pixels)
    }
}
