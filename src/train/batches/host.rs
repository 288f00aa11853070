//! Batches put together in main memory.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::draws::Change;
use super::wanted::{Wanted, WantedData};
use super::{Columns, InMemory, Scale, Shape};
use crate::data::{Features, Labels, Normalisation, Split};
use crate::models::Samples;

/// A part of a dataset in main memory, with how its samples are brought to mean 0 and deviation 1.
pub struct Host {
    pub(super) features: Features,
    labels: Labels,
    columns: Columns,
    scale: Scale,
    /// Whether every position counts; decided for the whole part, so that every batch has the same form.
    all_count: bool,
    normalisation: Normalisation,
    pub(super) shape: Shape,
    /// What each pixel value becomes, channel after channel, 256 each; empty where there are no pixels.
    table: Vec<f32>,
}

/// Samples and what they are to be answered with, still in main memory.
pub struct Assembled {
    samples: TensorData,
    wanted: WantedData,
    tokens: bool,
}

impl Host {
    /// Takes over `split`, whose samples are of `shape`, with its `columns` of classes, or numbers brought to `scale`.
    pub fn new(
        split: Split,
        shape: Shape,
        columns: Columns,
        scale: Scale,
        normalisation: &Normalisation,
    ) -> Self {
        let pairs = normalisation.mean.iter().zip(&normalisation.std);
        let table = match &split.features {
            Features::U8(_) => pairs
                .flat_map(|(mean, std)| (0..=255_u8).map(move |x| (f32::from(x) - mean) / std))
                .collect(),
            _ => Vec::new(),
        };
        let all_count = match &split.labels {
            Labels::Tokens { tokens, .. } => !tokens.contains(&Labels::NOT_ASKED),
            _ => true,
        };
        Self {
            all_count,
            features: split.features,
            labels: split.labels,
            columns,
            scale,
            normalisation: normalisation.clone(),
            shape,
            table,
        }
    }

    /// What `chosen` are to be answered with.
    pub fn wanted(&self, chosen: impl ExactSizeIterator<Item = usize> + Clone) -> WantedData {
        WantedData::new(
            &self.labels,
            &self.columns,
            self.scale,
            self.all_count,
            chosen,
        )
    }

    /// Samples `chosen`; `changes`, one each, where images are to be changed, with `cutout` the side of the square.
    pub fn assemble(&self, chosen: &[u32], changes: Option<&[Change]>, cutout: usize) -> Assembled {
        let (count, len) = (chosen.len(), self.shape.len());
        let rows = || {
            chosen
                .iter()
                .map(|&i| i as usize * len..(i as usize + 1) * len)
        };
        let samples = match (&self.features, changes) {
            (Features::Tokens(tokens), _) => {
                let values: Vec<i32> = rows()
                    .flat_map(|row| tokens[row].iter().map(|&token| i32::from(token)))
                    .collect();
                TensorData::new(values, [count, len])
            }
            (Features::F32(values), _) => {
                let (mean, std) = (&self.normalisation.mean, &self.normalisation.std);
                let run = (len / mean.len().max(1)).max(1);
                let mut normalised = Vec::with_capacity(count * len);
                for row in rows() {
                    let groups = values[row].chunks(run).zip(mean.iter().zip(std));
                    normalised.extend(groups.flat_map(|(group, (mean, std))| {
                        group.iter().map(move |x| (x - mean) / std)
                    }));
                }
                TensorData::new(normalised, [count, len])
            }
            (Features::U8(pixels), None) => {
                let mut values = Vec::with_capacity(count * len);
                for row in rows() {
                    let channels = pixels[row].chunks_exact(self.shape.pixels());
                    for (channel, table) in channels.zip(self.table.chunks_exact(256)) {
                        values.extend(channel.iter().map(|&x| table[usize::from(x)]));
                    }
                }
                TensorData::new(values, [count, len])
            }
            (Features::U8(pixels), Some(changes)) => {
                let mut values = Vec::with_capacity(count * len);
                for (row, change) in rows().zip(changes) {
                    self.changed(&pixels[row], change, cutout, &mut values);
                }
                TensorData::new(values, [count, len])
            }
        };
        Assembled {
            samples,
            wanted: self.wanted(chosen.iter().map(|&i| i as usize)),
            tokens: matches!(self.features, Features::Tokens(_)),
        }
    }

    /// Crops and mirrors one image, with black around it; brings it to mean 0 and deviation 1; cuts the square out.
    fn changed(&self, image: &[u8], change: &Change, cutout: usize, out: &mut Vec<f32>) {
        let Shape { height, width, .. } = self.shape;
        let cut_rows = change.cut_row..change.cut_row + cutout as i32;
        let cut_columns = change.cut_column..change.cut_column + cutout as i32;
        let channels = image.chunks_exact(self.shape.pixels());
        for (channel, table) in channels.zip(self.table.chunks_exact(256)) {
            for row in 0..height as i32 {
                let from = row + change.down;
                let line = (0..height as i32).contains(&from).then(|| {
                    let start = from as usize * width;
                    &channel[start..start + width]
                });
                let is_cut = cut_rows.contains(&row);
                out.extend((0..width as i32).map(|column| {
                    if is_cut && cut_columns.contains(&column) {
                        return 0.0;
                    }
                    let column = if change.flip {
                        width as i32 - 1 - column
                    } else {
                        column
                    };
                    let from = usize::try_from(column + change.right);
                    let pixel = match (line, from) {
                        (Some(line), Ok(from)) => line.get(from).copied().unwrap_or(0),
                        _ => 0,
                    };
                    table[usize::from(pixel)]
                }));
            }
        }
    }
}

impl Assembled {
    /// The samples alone, in main memory.
    pub fn into_samples(self) -> InMemory {
        if self.tokens {
            InMemory::Tokens(self.samples)
        } else {
            InMemory::Numbers(self.samples)
        }
    }

    /// The same on `device`, without waiting for it.
    pub fn on(self, device: &Device) -> (Samples, Wanted) {
        let samples = if self.tokens {
            Samples::Tokens(Tensor::<2, Int>::from_data(self.samples, device))
        } else {
            Samples::Numbers(Tensor::from_data(self.samples, device))
        };
        (samples, self.wanted.on(device))
    }
}
