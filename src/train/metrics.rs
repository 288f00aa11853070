use burn::tensor::{Device, Int, Tensor, Transaction};

use super::TrainError;

/// Sums of loss and hits, kept on the device and read from time to time.
pub struct Metrics {
    device: Device,
    loss: Tensor<1>,
    hits: Tensor<1, Int>,
    steps: u64,
    samples: u64,
}

/// What was read: means over the steps since the last reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Mean loss a step.
    pub loss: f64,
    /// Share of samples got right.
    pub accuracy: f64,
    /// Steps it is of.
    pub steps: u64,
    /// Samples it is of.
    pub samples: u64,
}

impl Metrics {
    /// Nothing yet; `device` without autodiff.
    pub fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            loss: Tensor::zeros([1], device),
            hits: Tensor::zeros([1], device),
            steps: 0,
            samples: 0,
        }
    }

    /// Adds a step: its loss `[1]`, class scores `[batch, classes]` and labels `[batch]`, all without autodiff.
    pub fn add(&mut self, loss: Tensor<1>, scores: Tensor<2>, labels: Tensor<1, Int>) {
        let [batch] = labels.dims();
        let hits = scores.argmax(1).reshape([batch]).equal(labels).int().sum();
        self.loss = self.loss.clone() + loss;
        self.hits = self.hits.clone() + hits;
        self.steps += 1;
        self.samples += batch as u64;
    }

    /// Steps since the last reading.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Reads the sums in one transaction and starts anew; `None` where no step was added. Waits for the device.
    ///
    /// # Errors
    /// Where the device failed since it was last waited for.
    pub fn read(&mut self) -> Result<Option<Reading>, TrainError> {
        if self.steps == 0 {
            return Ok(None);
        }
        let data = Transaction::default()
            .register(self.loss.clone())
            .register(self.hits.clone())
            .try_execute()
            .map_err(TrainError::device("reading loss and accuracy"))?;
        let first = |index: usize| {
            data.get(index)
                .and_then(|tensor| tensor.iter::<f64>().next())
                .unwrap_or(f64::NAN)
        };
        let reading = Reading {
            loss: first(0) / self.steps as f64,
            accuracy: first(1) / self.samples as f64,
            steps: self.steps,
            samples: self.samples,
        };
        let device = self.device.clone();
        *self = Self::new(&device);
        Ok(Some(reading))
    }
}
