use burn::module::Module;
use burn::nn::{Embedding, Linear};
use burn::tensor::Tensor;

use super::Samples;
use super::layers::of_each;
use super::weights::Maker;
use crate::setup::InputShape;

/// What samples become before a model of sequences reads them, `[batch, length, width]`: tokens through an embedding, the rows of
/// an image from the top.
#[derive(Module, Debug)]
pub struct Reader {
    embedding: Option<Embedding>,
    /// Brings rows to the width of the model, where it needs them so.
    rows: Option<Linear>,
    length: usize,
    channels: usize,
    /// Columns of an image.
    columns: usize,
}

impl Reader {
    /// For samples of shape `input`: tokens in `width` numbers drawn with `deviation`. Rows keep their own width unless
    /// `projects_rows`.
    pub fn new(
        input: InputShape,
        width: usize,
        deviation: f64,
        projects_rows: bool,
        make: &Maker<'_>,
    ) -> Self {
        // A plan was made before, which refuses anything but tokens and images.
        let (embedding, length, channels, columns) = match input {
            InputShape::Tokens { length, vocabulary } => {
                let embedding = make.embedding(vocabulary, width, deviation);
                (Some(embedding), length, 1, 1)
            }
            InputShape::Image {
                channels,
                height,
                width,
            } => (None, height, channels, width),
            other => (None, 1, 1, other.len()),
        };
        let projects = embedding.is_none() && projects_rows;
        Self {
            embedding,
            rows: projects.then(|| make.linear(channels * columns, width)),
            length,
            channels,
            columns,
        }
    }

    /// Numbers at each position.
    pub fn width(&self) -> usize {
        match (&self.embedding, &self.rows) {
            (Some(embedding), _) => embedding.weight.lazy_shape()[1],
            (None, Some(rows)) => rows.weight.lazy_shape()[1],
            (None, None) => self.channels * self.columns,
        }
    }

    /// Samples to `[batch, length, width]`.
    pub fn forward(&self, samples: Samples) -> Tensor<3> {
        let numbers = match (samples, &self.embedding) {
            (Samples::Tokens(tokens), Some(embedding)) => return embedding.forward(tokens),
            (samples, _) => samples.into_numbers(),
        };
        let [batch, _] = numbers.dims();
        let rows = numbers
            .reshape([batch, self.channels, self.length, self.columns])
            .swap_dims(1, 2)
            .reshape([batch, self.length, self.channels * self.columns]);
        match &self.rows {
            Some(linear) => of_each(linear, rows),
            None => rows,
        }
    }
}
