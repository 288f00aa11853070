use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData, Transaction};

use super::batches::{Batches, Order};
use super::confusion::{Answers, SAMPLES_KEPT_MAX, Taken};
use super::metrics::{read_sums, register};
use super::objective::{Means, Objective};
use super::{TrainError, Work};
use crate::models::Network;

/// The held-out samples, cut into batches of one shape; the last is filled up with repeats that do not count.
pub struct Held {
    batches: Batches,
    order: Order,
    batch_size: usize,
    /// 1 for each sample of the last batch that counts, 0 for the others; `[batch]`.
    last_counted: Tensor<1>,
    /// Samples of the last batch that do not count.
    padding: usize,
}

impl Held {
    /// Cuts `batches` (on `device`, without autodiff) into batches of at most `batch_size`.
    pub fn new(batches: Batches, batch_size: usize, device: &Device) -> Self {
        let samples = batches.len();
        let batch_size = batch_size.min(samples).max(1);
        let padded = samples.div_ceil(batch_size) * batch_size;
        let order = (0..padded).map(|i| (i % samples.max(1)) as u32).collect();
        let padding = padded - samples;
        let counted: Vec<f32> = (0..batch_size)
            .map(|i| if i < batch_size - padding { 1.0 } else { 0.0 })
            .collect();
        Self {
            order: batches.order(order),
            batches,
            batch_size,
            last_counted: Tensor::from_data(TensorData::new(counted, [batch_size]), device),
            padding,
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

    /// Loss and metrics of `network` (taken without autodiff, so that dropout is off and batch normalisation uses its
    /// running statistics), and what it took each sample for, where it is asked for their classes. Waits for the device
    /// once, at the end.
    ///
    /// # Errors
    /// Where the device failed.
    pub fn score(
        &self,
        network: &Network,
        objective: &Objective,
        device: &Device,
    ) -> Result<(Means, Answers), TrainError> {
        let network = network.valid();
        let samples = self.batches.len();
        let count = samples.div_ceil(self.batch_size);
        let mut sums = objective.sums(device);
        let keeps_confidence = samples <= SAMPLES_KEPT_MAX;
        let uncertainty = network.uncertainty();
        // By head, then by batch.
        let mut shown: Vec<Shown> = Vec::new();
        let mut loader = self.batches.loader(&self.order, self.batch_size)?;
        for index in 0..count {
            let from = index * self.batch_size;
            let batch = self
                .batches
                .batch(&self.order, from, self.batch_size, loader.as_mut())?;
            let answers = network.forward(batch.samples);
            let [rows, _] = answers.dims();
            let counted = (index + 1 == count && self.padding > 0).then(|| {
                let each = rows / self.batch_size;
                let counted = self.last_counted.clone().reshape([self.batch_size, 1]);
                let counted = counted.expand([self.batch_size, each]).reshape([rows]);
                (counted, self.padding * each)
            });
            let judged = objective.judge(answers.clone(), &batch.targets, uncertainty.as_ref());
            objective.add(
                &mut sums,
                judged.each,
                &answers,
                &batch.targets,
                counted,
                true,
            );
            for (at, answers) in objective.shown(&answers).into_iter().enumerate() {
                if shown.len() == at {
                    shown.push(Shown::default());
                }
                shown[at].predicted.push(taken_for(answers.clone()));
                if keeps_confidence {
                    shown[at].confidence.push(sureness(answers));
                }
            }
        }
        let mut reading = register(Transaction::default(), &sums);
        let mut next = 4 * (1 + sums.heads.len());
        if let Some(uncertainty) = &uncertainty {
            reading = reading.register(uncertainty.clone().neg().exp());
        }
        let heads = shown.len();
        for head in shown {
            reading = reading.register(Tensor::cat(head.predicted, 0));
            if keeps_confidence {
                reading = reading.register(Tensor::cat(head.confidence, 0));
            }
        }
        let data = reading
            .try_execute()
            .map_err(TrainError::device("evaluating"))?;
        let read = read_sums(&data, &sums);
        let learnt: Option<Vec<f64>> = uncertainty.and_then(|_| {
            next += 1;
            Some(data.get(next - 1)?.iter::<f64>().collect())
        });
        let means = objective.means(&read, &sums, true, learnt.as_deref());
        // The repeats that fill the last batch up stand at the end.
        let mut rest = data.into_iter().skip(next);
        let each = (0..heads).map_while(|_| {
            Some(Taken {
                predicted: rest.next()?,
                confidence: if keeps_confidence { rest.next() } else { None },
            })
        });
        let each = each.collect();
        Ok((means, Answers { each, samples }))
    }
}

/// What samples were taken for, batch by batch.
#[derive(Default)]
struct Shown {
    predicted: Vec<Tensor<1, Int>>,
    confidence: Vec<Tensor<1>>,
}

/// The class with the highest score, `[batch]`.
fn taken_for(answers: Tensor<2>) -> Tensor<1, Int> {
    let [batch, _] = answers.dims();
    answers.argmax(1).reshape([batch])
}

/// The share that softmax gives to that class, `[batch]`.
fn sureness(answers: Tensor<2>) -> Tensor<1> {
    let [batch, _] = answers.dims();
    log_softmax(answers, 1).max_dim(1).reshape([batch]).exp()
}
