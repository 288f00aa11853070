//! What a dataset is like, and a few of its samples to look at; read off the window's thread.

use std::time::{Duration, Instant};

use egui::{ColorImage, Context, TextureHandle};

use super::pick::samples_of;

use crate::data::{self, DataError, DataInfo, Store};
use crate::gui::jobs::Lane;
use crate::gui::sets::Shown;
use crate::gui::state::{Shared, State};
use crate::setup::plan::Head;
use crate::setup::{DataCounts, DatasetSetup, Problems, SHAPES_MIN_SAMPLES, Task};

/// How long options must stay the same before the set is read with them: they may still be being typed.
const SETTLED: Duration = Duration::from_millis(250);
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
    /// Sequences of symbols, one or several a line.
    Lines(Vec<String>),
    /// A pole on a cart, whose samples are made while it is played with.
    CartPole,
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

impl Picture {
    /// A picture of `class`.
    pub fn new(class: String, image: ColorImage) -> Self {
        Self {
            class,
            image,
            texture: None,
        }
    }
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

    /// The labels that the samples of `dataset` have; those of the same set with other options while it is read, so that nothing
    /// jumps.
    pub fn labels(&self, dataset: &DatasetSetup) -> Option<Vec<Head>> {
        let known = self
            .described
            .as_ref()
            .filter(|known| known.dataset.name() == dataset.name())?;
        let counts = known.result.as_ref().ok()?.info.counts();
        Some(counts.labels).filter(|_| counts.task == Task::Classification)
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
        DatasetSetup::CartPole(_) => Samples::CartPole,
        other => samples_of(&data::load_from(other, store)?),
    };
    Ok(Seen { info, samples })
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
                Samples::Lines(_) | Samples::CartPole => panic!("{name} has other samples"),
                Samples::None(why) => panic!("{name}: {why}"),
            };
            classes.sort();
            classes.dedup();
            assert_eq!(classes.len(), seen.info.classes().len(), "{name}");
        }
    }
}
