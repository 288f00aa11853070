use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData, Transaction};

use super::batches::{Batches, Order};
use super::confusion::{Answers, SAMPLES_KEPT_MAX};
use super::{TrainError, Work};
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

    /// What a look at all of them is as work.
    pub fn work(&self) -> Work {
        let batches = self.batches.len().div_ceil(self.batch_size) as u64;
        Work::Forward {
            samples: batches * self.batch_size as u64,
            batches,
        }
    }

    /// Loss and accuracy of `network` (taken without autodiff, so that dropout is off and batch normalisation uses its
    /// running statistics), and what it took each sample for. Waits for the device once, at the end.
    ///
    /// # Errors
    /// Where the device failed.
    pub fn score(
        &self,
        network: &Network,
        device: &Device,
    ) -> Result<(Score, Answers), TrainError> {
        let network = network.valid();
        let samples = self.batches.len();
        let count = samples.div_ceil(self.batch_size);
        let mut loss = Tensor::<1>::zeros([1], device);
        let mut hits = Tensor::<1>::zeros([1], device);
        let keeps_confidence = samples <= SAMPLES_KEPT_MAX;
        let mut predicted = Vec::with_capacity(count);
        let mut confidence = Vec::new();
        for index in 0..count {
            let batch = self.one(&network, index);
            let (losses, right) = if index + 1 == count {
                (
                    batch.losses * self.last_weights.clone(),
                    batch.right * self.last_weights.clone(),
                )
            } else {
                (batch.losses, batch.right)
            };
            loss = loss + losses.sum();
            hits = hits + right.sum();
            predicted.push(batch.predicted);
            if keeps_confidence {
                confidence.push(batch.confidence);
            }
        }
        let mut reading = Transaction::default().register(loss).register(hits);
        if !predicted.is_empty() {
            reading = reading.register(Tensor::cat(predicted, 0));
        }
        if !confidence.is_empty() {
            reading = reading.register(Tensor::cat(confidence, 0));
        }
        let data = reading
            .try_execute()
            .map_err(TrainError::device("evaluating"))?;
        let mean = |index: usize| {
            data.get(index)
                .and_then(|tensor| tensor.iter::<f64>().next())
                .map_or(f64::NAN, |sum| sum / samples.max(1) as f64)
        };
        let score = Score {
            loss: mean(0),
            accuracy: mean(1),
        };
        // The repeats that fill the last batch up stand at the end.
        let answers = Answers {
            predicted: data.get(2).cloned(),
            confidence: data.get(3).cloned(),
            samples,
        };
        Ok((score, answers))
    }

    fn one(&self, network: &Network, index: usize) -> Scored {
        let batch = self
            .batches
            .batch(&self.order, index * self.batch_size, self.batch_size);
        let scores = network.forward(batch.samples);
        let labels: Tensor<1, Int> = batch.labels;
        let predicted = scores.clone().argmax(1).reshape([self.batch_size]);
        let right = predicted.clone().equal(labels.clone()).float();
        let log_shares = log_softmax(scores, 1);
        let confidence = log_shares
            .clone()
            .max_dim(1)
            .reshape([self.batch_size])
            .exp();
        let losses = log_shares
            .gather(1, labels.reshape([self.batch_size, 1]))
            .reshape([self.batch_size])
            .neg();
        Scored {
            losses,
            right,
            predicted,
            confidence,
        }
    }
}

/// One batch, looked at: `[batch]` each.
struct Scored {
    /// Cross-entropy.
    losses: Tensor<1>,
    /// 1 where the network is right, else 0.
    right: Tensor<1>,
    /// The class with the highest score.
    predicted: Tensor<1, Int>,
    /// The share that softmax gives to that class.
    confidence: Tensor<1>,
}

/// The training loss: mean cross-entropy, with label smoothing where asked for.
pub fn training_loss(label_smoothing: f64, device: &Device) -> burn::nn::loss::CrossEntropyLoss {
    CrossEntropyLossConfig::new()
        .with_smoothing((label_smoothing > 0.0).then_some(label_smoothing as f32))
        .init(device)
}
