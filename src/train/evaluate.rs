use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData, Transaction};

use super::TrainError;
use super::batches::{Batches, Order};
use crate::models::Network;

/// The held-out samples, cut into batches of one shape; the last is filled up with repeats that do not count.
pub struct Held {
    batches: Batches,
    order: Order,
    batch_size: usize,
    /// 1 for each sample of the last batch that counts, 0 for the others.
    last_weights: Tensor<1>,
}

/// Means over the held-out samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Mean cross-entropy, without label smoothing.
    pub loss: f64,
    /// Share got right, 0 to 1.
    pub accuracy: f64,
}

impl Held {
    /// Cuts `batches` (on `device`, without autodiff) into batches of at most `batch_size`.
    pub fn new(batches: Batches, batch_size: usize, device: &Device) -> Self {
        let samples = batches.len();
        let batch_size = batch_size.min(samples).max(1);
        let padded = samples.div_ceil(batch_size) * batch_size;
        let order = (0..padded).map(|i| (i % samples.max(1)) as u32).collect();
        let counted = batch_size - (padded - samples);
        let weights: Vec<f32> = (0..batch_size)
            .map(|i| if i < counted { 1.0 } else { 0.0 })
            .collect();
        Self {
            order: batches.order(order),
            batches,
            batch_size,
            last_weights: Tensor::from_data(TensorData::new(weights, [batch_size]), device),
        }
    }

    /// Loss and accuracy of `network` (taken without autodiff, so that dropout is off and batch normalisation uses its
    /// running statistics). Waits for the device once, at the end.
    ///
    /// # Errors
    /// Where the device failed.
    pub fn score(&self, network: &Network, device: &Device) -> Result<Score, TrainError> {
        let network = network.valid();
        let samples = self.batches.len();
        let count = samples.div_ceil(self.batch_size);
        let mut loss = Tensor::<1>::zeros([1], device);
        let mut hits = Tensor::<1>::zeros([1], device);
        for index in 0..count {
            let (losses, right) = self.one(&network, index);
            let (losses, right) = if index + 1 == count {
                (
                    losses * self.last_weights.clone(),
                    right * self.last_weights.clone(),
                )
            } else {
                (losses, right)
            };
            loss = loss + losses.sum();
            hits = hits + right.sum();
        }
        let data = Transaction::default()
            .register(loss)
            .register(hits)
            .try_execute()
            .map_err(TrainError::device("evaluating"))?;
        let mean = |index: usize| {
            data.get(index)
                .and_then(|tensor| tensor.iter::<f64>().next())
                .map_or(f64::NAN, |sum| sum / samples.max(1) as f64)
        };
        Ok(Score {
            loss: mean(0),
            accuracy: mean(1),
        })
    }

    /// Cross-entropy and hit (1 or 0) of each sample of batch `index`, `[batch]` each.
    fn one(&self, network: &Network, index: usize) -> (Tensor<1>, Tensor<1>) {
        let batch = self
            .batches
            .batch(&self.order, index * self.batch_size, self.batch_size);
        let scores = network.forward(batch.samples);
        let labels: Tensor<1, Int> = batch.labels;
        let right = scores
            .clone()
            .argmax(1)
            .reshape([self.batch_size])
            .equal(labels.clone())
            .float();
        let losses = log_softmax(scores, 1)
            .gather(1, labels.reshape([self.batch_size, 1]))
            .reshape([self.batch_size])
            .neg();
        (losses, right)
    }
}

/// The training loss: mean cross-entropy, with label smoothing where asked for.
pub fn training_loss(label_smoothing: f64, device: &Device) -> burn::nn::loss::CrossEntropyLoss {
    CrossEntropyLossConfig::new()
        .with_smoothing((label_smoothing > 0.0).then_some(label_smoothing as f32))
        .init(device)
}
