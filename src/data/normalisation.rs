use serde::{Deserialize, Serialize};

use super::Features;
use crate::setup::InputShape;

/// `(x − mean) / std`, with x as stored (a pixel counts from 0 to 255, or as far as the set's pixels go). One pair for
/// each channel of a picture, one for each feature of a table; none for tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Means over the training part.
    pub mean: Vec<f32>,
    /// Standard deviations over the training part (dividing by the count); 1 where all values are the same.
    pub std: Vec<f32>,
}

impl Normalisation {
    /// What `training` gives, whose samples are of shape `input`. Takes the training part alone, so that nothing of
    /// the test part can leak into what is learnt.
    pub(super) fn of(training: &Features, input: InputShape) -> Self {
        // A channel is a run of neighbours of equal length within the sample, a feature a run of one.
        let (groups, run) = match input {
            InputShape::Image { channels, .. } => (channels, input.len() / channels.max(1)),
            InputShape::Features(count) => (count, 1),
            InputShape::Tokens { .. } | InputShape::Sequence { .. } => (0, 1),
        };
        match training {
            Features::U8(pixels) => Self::from_histograms(pixels, groups, run),
            Features::F32(values) => Self::in_two_passes(values, groups, run),
            // Tokens are names, not quantities.
            Features::Tokens(_) => Self::from_moments(std::iter::empty()),
        }
    }

    /// Exact and fast: pixels have only 256 values.
    fn from_histograms(pixels: &[u8], groups: usize, run: usize) -> Self {
        let mut histograms = vec![[0_u64; 256]; groups];
        for (i, values) in pixels.chunks_exact(run.max(1)).enumerate() {
            for &value in values {
                histograms[i % groups][usize::from(value)] += 1;
            }
        }
        Self::from_moments(histograms.iter().map(|histogram| {
            let values = || {
                (0_u16..)
                    .map(f64::from)
                    .zip(histogram.iter().map(|n| *n as f64))
            };
            let count: f64 = values().map(|(_, n)| n).sum();
            let mean = values().map(|(x, n)| x * n).sum::<f64>() / count;
            let variance = values().map(|(x, n)| n * (x - mean).powi(2)).sum::<f64>() / count;
            (mean, variance)
        }))
    }

    /// Two passes, because features of a table may have a large mean and a small spread.
    fn in_two_passes(values: &[f32], groups: usize, run: usize) -> Self {
        let of_group = |group: usize| {
            let runs = values.chunks_exact(run).skip(group).step_by(groups);
            runs.flatten().map(|x| f64::from(*x))
        };
        Self::from_moments((0..groups).map(|group| {
            let count = of_group(group).count() as f64;
            let mean = of_group(group).sum::<f64>() / count;
            let variance = of_group(group).map(|x| (x - mean).powi(2)).sum::<f64>() / count;
            (mean, variance)
        }))
    }

    fn from_moments(moments: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mean, std) = moments
            .map(|(mean, variance)| {
                let std = variance.sqrt() as f32;
                // A group without values has NaN for both: its numbers are left as they are.
                let mean = if mean.is_nan() { 0.0 } else { mean as f32 };
                (mean, if std > 0.0 { std } else { 1.0 })
            })
            .unzip();
        Self { mean, std }
    }
}
