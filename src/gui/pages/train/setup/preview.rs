//! What a dataset is like, and a few of its samples to look at; read off the window's thread.

use std::time::{Duration, Instant};

use egui::{ColorImage, Context, TextureHandle};

use crate::data::{self, DataError, DataInfo, Dataset, Features, Store};
use crate::gui::jobs::Lane;
use crate::gui::sets::Shown;
use crate::gui::state::{Shared, State};
use crate::setup::{DataCounts, DatasetSetup, InputShape, Problems, SHAPES_MIN_SAMPLES};

/// How long options must stay the same before the set is read with them: they may still be being typed.
const SETTLED: Duration = Duration::from_millis(250);
/// Samples that are shown.
const SAMPLES: usize = 10;
/// Rows that are shown of a table.
const ROWS: usize = 4;
/// A set of files that is larger is described but not read to show samples of it, bytes.
const BYTES_MAX: u64 = 512 << 20;

/// A dataset as it was read.
pub struct Described {
    /// What was asked for.
    pub dataset: DatasetSetup,
    /// What came of it.
    pub result: Result<Seen, String>,
}

/// What a dataset is like.
pub struct Seen {
    /// In figures.
    pub info: DataInfo,
    /// To look at.
    pub samples: Samples,
}

/// A few samples of different classes.
pub enum Samples {
    /// Pictures.
    Pictures(Vec<Picture>),
    /// Rows of a table.
    Rows(Vec<Row>),
    /// None, and why.
    None(String),
}

/// One sample of a set of pictures.
pub struct Picture {
    /// What it shows.
    pub class: String,
    image: ColorImage,
    texture: Option<TextureHandle>,
}

/// One sample of a table.
pub struct Row {
    /// What it is.
    pub class: String,
    /// Its features, in standard deviations from the mean of the training part.
    pub features: Vec<f32>,
}

impl Picture {
    /// The picture as it is drawn.
    pub fn texture(&mut self, ctx: &Context) -> &TextureHandle {
        let image = &mut self.image;
        self.texture.get_or_insert_with(|| {
            // Few pixels are to be seen as pixels.
            let options = match image.width() {
                0..=16 => egui::TextureOptions::NEAREST,
                _ => egui::TextureOptions::LINEAR,
            };
            ctx.load_texture("sample", std::mem::take(image), options)
        })
    }
}

/// Reads the dataset of the panel whenever it has become another one.
#[derive(Default)]
pub struct Preview {
    described: Option<Described>,
    wanted: Option<(DatasetSetup, Instant)>,
    is_reading: bool,
}

impl Preview {
    /// Reads `dataset` where that has not been done.
    pub fn follow(&mut self, ctx: &Context, shared: &mut Shared, dataset: &DatasetSetup) {
        if self.is_reading
            || self
                .described
                .as_ref()
                .is_some_and(|known| known.dataset == *dataset)
        {
            return;
        }
        let mut problems = Problems::default();
        dataset.validate(&mut problems);
        let is_here = matches!(shared.sets.shown(dataset.name()), Shown::Here);
        if !problems.0.is_empty() || !is_here {
            self.wanted = None;
            return;
        }
        let is_other_set = self
            .described
            .as_ref()
            .is_none_or(|known| known.dataset.name() != dataset.name());
        match &self.wanted {
            _ if is_other_set => {}
            Some((wanted, since)) if wanted == dataset && since.elapsed() >= SETTLED => {}
            Some((wanted, _)) if wanted == dataset => return,
            _ => {
                self.wanted = Some((dataset.clone(), Instant::now()));
                return ctx.request_repaint_after(SETTLED + Duration::from_millis(10));
            }
        }
        self.wanted = None;
        self.is_reading = true;
        let dataset = dataset.clone();
        let store = shared.sets.store().clone();
        shared.jobs.run(Lane::Data, move |_| {
            let result = look_at(&dataset, &store).map_err(|error| error.to_string());
            Box::new(move |state: &mut State| {
                let preview = &mut state.pages.train.setup.preview;
                preview.is_reading = false;
                preview.described = Some(Described { dataset, result });
            })
        });
    }

    /// Reads the set called `name` again, as its files may be others now.
    pub fn forget(&mut self, name: &str) {
        self.described.take_if(|known| known.dataset.name() == name);
    }

    /// The last set that was read, for `dataset` or before it.
    pub fn latest(&mut self) -> Option<&mut Described> {
        self.described.as_mut()
    }

    /// What is known of `dataset`; `None` before it was read.
    pub fn of(&self, dataset: &DatasetSetup) -> Option<&Result<Seen, String>> {
        let known = self
            .described
            .as_ref()
            .filter(|known| known.dataset == *dataset)?;
        Some(&known.result)
    }

    /// What checks of a setup need of `dataset`.
    pub fn counts(&self, dataset: &DatasetSetup) -> Option<DataCounts> {
        let info = &self.of(dataset)?.as_ref().ok()?.info;
        Some(info.counts())
    }
}

fn look_at(dataset: &DatasetSetup, store: &Store) -> Result<Seen, DataError> {
    let info = data::describe_from(dataset, store)?;
    if info.feature_bytes > BYTES_MAX && !matches!(dataset, DatasetSetup::Shapes(_)) {
        let size = crate::units::bytes(info.feature_bytes);
        let samples = Samples::None(format!(
            "{size}: too large to read only to show a few of them"
        ));
        return Ok(Seen { info, samples });
    }
    let samples = match dataset {
        DatasetSetup::Shapes(options) => {
            // Picture i is the same in a set of any size, so a small set shows those of the large one.
            let few = crate::setup::ShapesSetup {
                samples: SHAPES_MIN_SAMPLES,
                ..options.clone()
            };
            samples_of(&data::load(&DatasetSetup::Shapes(few))?)
        }
        other => samples_of(&data::load_from(other, store)?),
    };
    Ok(Seen { info, samples })
}

fn samples_of(dataset: &Dataset) -> Samples {
    let info = &dataset.info;
    let classes = info.classes();
    let labels = dataset
        .train
        .labels
        .classes(info.target)
        .unwrap_or_default();
    let chosen = |count: usize| {
        // Where a number is to be foretold there are no classes to choose by.
        let count = if classes.is_empty() { 0 } else { count };
        (0..count).filter_map(move |i| {
            let class = i % classes.len();
            let of_class = labels
                .iter()
                .enumerate()
                .filter(|(_, label)| usize::from(**label) == class);
            of_class
                .map(|(at, _)| at)
                .nth(i / classes.len())
                .map(|at| (at, classes[class].clone()))
        })
    };
    let length = info.input.len();
    match (&dataset.train.features, info.input) {
        (
            Features::U8(pixels),
            InputShape::Image {
                channels,
                height,
                width,
            },
        ) => {
            // Pixels go as far as those of the set do: 16 in the digits, 255 elsewhere.
            let brightest = pixels.iter().copied().max().unwrap_or(255).max(1);
            let picture = |(at, class): (usize, String)| Picture {
                class,
                image: image(
                    &pixels[at * length..(at + 1) * length],
                    [channels, height, width],
                    brightest,
                ),
                texture: None,
            };
            Samples::Pictures(chosen(SAMPLES).map(picture).collect())
        }
        (Features::F32(values), _) => {
            let normalisation = &dataset.normalisation;
            let row = |(at, class): (usize, String)| Row {
                class,
                features: values[at * length..(at + 1) * length]
                    .iter()
                    .zip(normalisation.mean.iter().zip(&normalisation.std))
                    .map(|(value, (mean, std))| (value - mean) / std)
                    .collect(),
            };
            Samples::Rows(chosen(ROWS).map(row).collect())
        }
        _ => Samples::None("its samples are neither pictures nor rows of a table".to_owned()),
    }
}

fn image(pixels: &[u8], [channels, height, width]: [usize; 3], brightest: u8) -> ColorImage {
    let area = height * width;
    let scaled = |channel: usize, at: usize| {
        let value = u32::from(pixels[channel.min(channels - 1) * area + at]);
        (value * 255 / u32::from(brightest)) as u8
    };
    let rgb: Vec<u8> = (0..area)
        .flat_map(|at| [0, 1, 2].map(|channel| scaled(channel, at)))
        .collect();
    ColorImage::from_rgb([width, height], &rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_set_shows_samples_of_all_its_classes() {
        for name in ["digits", "breast-cancer", "shapes"] {
            let dataset = DatasetSetup::from_name(name).expect("it is shipped");
            let seen = look_at(&dataset, &Store::of_user()).expect("it can be read");
            let mut classes: Vec<String> = match seen.samples {
                Samples::Pictures(pictures) => {
                    pictures.into_iter().map(|picture| picture.class).collect()
                }
                Samples::Rows(rows) => rows.into_iter().map(|row| row.class).collect(),
                Samples::None(why) => panic!("{name}: {why}"),
            };
            classes.sort();
            classes.dedup();
            assert_eq!(classes.len(), seen.info.classes().len(), "{name}");
        }
    }
}
