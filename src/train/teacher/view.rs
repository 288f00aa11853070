//! Samples as another dataset normalises them.

use burn::tensor::{Device, Tensor, TensorData};

use crate::data::Normalisation;

/// From samples as one dataset normalises them to how another does: `x · scale + shift`, `[1, numbers]` each.
pub struct View {
    scale: Tensor<2>,
    shift: Tensor<2>,
}

impl View {
    /// From `ours` to `theirs` for samples of `len` numbers; `None` where they are the same.
    pub fn new(
        ours: &Normalisation,
        theirs: &Normalisation,
        len: usize,
        device: &Device,
    ) -> Option<Self> {
        if ours == theirs || ours.mean.is_empty() {
            return None;
        }
        let run = (len / ours.mean.len()).max(1);
        let pairs = ours.mean.iter().zip(&ours.std);
        let pairs = pairs.zip(theirs.mean.iter().zip(&theirs.std));
        let (mut scale, mut shift) = (Vec::with_capacity(len), Vec::with_capacity(len));
        for ((mean, std), (their_mean, their_std)) in pairs {
            scale.extend(std::iter::repeat_n(std / their_std, run));
            shift.extend(std::iter::repeat_n((mean - their_mean) / their_std, run));
        }
        let row = |values: Vec<f32>| {
            let shape = [1, values.len()];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Some(Self {
            scale: row(scale),
            shift: row(shift),
        })
    }

    /// `[samples, numbers]` as the other dataset has them.
    pub fn of(&self, numbers: Tensor<2>) -> Tensor<2> {
        numbers * self.scale.clone() + self.shift.clone()
    }
}
