//! The held-out part of a dataset, of which samples are shown.

use crate::data::{self, Features, Store};
use crate::setup::{DatasetSetup, InputShape};

/// The held-out part of a dataset.
pub(super) struct Held {
    pub(super) input: InputShape,
    features: Features,
    pub(super) truth: Vec<u16>,
    /// The brightest pixel: sets count to 255 or less.
    pub(super) brightest: f32,
}

impl Held {
    /// The numbers of one sample, not normalised.
    pub(super) fn sample(&self, index: u32) -> Vec<f32> {
        let len = self.input.len();
        let range = index as usize * len..(index as usize + 1) * len;
        match &self.features {
            Features::U8(pixels) => pixels[range].iter().map(|x| f32::from(*x)).collect(),
            Features::F32(values) => values[range].to_vec(),
            Features::Tokens(tokens) => tokens[range].iter().map(|x| f32::from(*x)).collect(),
        }
    }
}

/// The held-out samples with their classes by `head`, or by the label that is learnt by itself.
pub(super) fn load(
    dataset: &DatasetSetup,
    store: &Store,
    head: Option<&str>,
) -> Result<Held, String> {
    let data = data::load_from(dataset, store).map_err(|error| error.to_string())?;
    let labels = &data.info.labels;
    let named = head.and_then(|head| labels.iter().position(|label| label.name == head));
    let column = named.unwrap_or(data.info.target);
    let truth = data.test.labels.classes(column).map(<[u16]>::to_vec);
    let brightest = match &data.test.features {
        Features::U8(pixels) => pixels.iter().copied().max().map_or(1.0, f32::from),
        Features::F32(values) => values.iter().copied().fold(0.0, f32::max),
        Features::Tokens(_) => 1.0,
    };
    Ok(Held {
        input: data.info.input,
        features: data.test.features,
        truth: truth.unwrap_or_default(),
        brightest: brightest.max(f32::MIN_POSITIVE),
    })
}
