//! What samples are to be answered with.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Columns, Scale};
use crate::data::Labels;
use crate::train::objective::Targets;

/// What the answers are to be, on the device.
pub enum Wanted {
    /// `[samples]`.
    Classes(Tensor<1, Int>),
    /// `[samples]` for each head.
    Heads(Vec<Tensor<1, Int>>),
    /// `[samples, length]`; weights where not every position counts.
    Tokens {
        /// The tokens; any where none is asked for.
        tokens: Tensor<2, Int>,
        /// 1 where a token counts, else 0.
        weights: Option<Tensor<2>>,
    },
    /// `[samples]`.
    Numbers(Tensor<1>),
}

/// The same in main memory.
pub enum WantedData {
    Classes(Vec<i32>),
    Heads(Vec<Vec<i32>>),
    Tokens {
        length: usize,
        tokens: Vec<i32>,
        weights: Option<Vec<f32>>,
    },
    Numbers(Vec<f32>),
}

impl WantedData {
    /// Of `samples`, from `columns` of classes, or from numbers brought to `scale`. With `all_count` every position of
    /// tokens counts.
    pub fn new(
        labels: &Labels,
        columns: &Columns,
        scale: Scale,
        all_count: bool,
        samples: impl ExactSizeIterator<Item = usize> + Clone,
    ) -> Self {
        match labels {
            Labels::Classes(all) => {
                let of = |column: usize| -> Vec<i32> {
                    let column = all.get(column).map_or(&[][..], Vec::as_slice);
                    samples.clone().map(|i| i32::from(column[i])).collect()
                };
                match columns {
                    Columns::One(column) => Self::Classes(of(*column)),
                    Columns::Heads(columns) => {
                        Self::Heads(columns.iter().copied().map(of).collect())
                    }
                }
            }
            Labels::Numbers(numbers) => {
                Self::Numbers(samples.map(|i| scale.apply(numbers[i])).collect())
            }
            Labels::Tokens { length, tokens } => {
                let chosen: Vec<u16> = samples
                    .flat_map(|i| &tokens[i * length..(i + 1) * length])
                    .copied()
                    .collect();
                let is_asked = |token: u16| token != Labels::NOT_ASKED;
                let weight = |&token: &u16| f32::from(u8::from(is_asked(token)));
                let token = |&token: &u16| if is_asked(token) { token.into() } else { 0 };
                Self::Tokens {
                    length: *length,
                    tokens: chosen.iter().map(token).collect(),
                    weights: (!all_count).then(|| chosen.iter().map(weight).collect()),
                }
            }
        }
    }

    /// The same on `device`, without waiting for it.
    pub fn on(self, device: &Device) -> Wanted {
        match self {
            Self::Classes(classes) => {
                let shape = [classes.len()];
                Wanted::Classes(Tensor::from_data(TensorData::new(classes, shape), device))
            }
            Self::Heads(heads) => Wanted::Heads(
                heads
                    .into_iter()
                    .map(|classes| {
                        let shape = [classes.len()];
                        Tensor::from_data(TensorData::new(classes, shape), device)
                    })
                    .collect(),
            ),
            Self::Numbers(numbers) => {
                let shape = [numbers.len()];
                Wanted::Numbers(Tensor::from_data(TensorData::new(numbers, shape), device))
            }
            Self::Tokens {
                length,
                tokens,
                weights,
            } => {
                let shape = [tokens.len() / length.max(1), length];
                Wanted::Tokens {
                    tokens: Tensor::from_data(TensorData::new(tokens, shape), device),
                    weights: weights
                        .map(|weights| Tensor::from_data(TensorData::new(weights, shape), device)),
                }
            }
        }
    }
}

impl Wanted {
    /// Of the samples at `chosen` `[batch]`.
    pub fn select(&self, chosen: Tensor<1, Int>) -> Targets {
        match self {
            Self::Classes(all) => Self::Classes(all.clone().select(0, chosen)),
            Self::Numbers(all) => Self::Numbers(all.clone().select(0, chosen)),
            Self::Heads(heads) => Self::Heads(
                heads
                    .iter()
                    .map(|all| all.clone().select(0, chosen.clone()))
                    .collect(),
            ),
            Self::Tokens { tokens, weights } => Self::Tokens {
                tokens: tokens.clone().select(0, chosen.clone()),
                weights: weights.clone().map(|weights| weights.select(0, chosen)),
            },
        }
        .whole()
    }

    /// All of it, in the order of a network's answers.
    pub fn whole(self) -> Targets {
        match self {
            Self::Classes(classes) => Targets::Classes(classes),
            Self::Numbers(numbers) => Targets::Numbers(numbers),
            Self::Heads(heads) => Targets::Heads(heads.into_iter().map(Targets::Classes).collect()),
            Self::Tokens { tokens, weights } => {
                let [samples, length] = tokens.dims();
                let classes = tokens.reshape([samples * length]);
                match weights {
                    None => Targets::Classes(classes),
                    Some(weights) => Targets::Weighted {
                        classes,
                        weights: weights.reshape([samples * length]),
                    },
                }
            }
        }
    }
}
