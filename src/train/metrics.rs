use burn::tensor::{Device, Tensor, TensorData, Transaction};

use super::TrainError;
use super::objective::{Each, Objective, Sums, Targets};
use crate::units::HeadProgress;

/// Sums of losses and of the task's metric, kept on the device and read from time to time.
pub struct Metrics {
    device: Device,
    objective: Objective,
    loss: Tensor<1>,
    sums: Sums,
    steps: u64,
    samples: u64,
}

/// What was read: means over the steps since the last reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Mean loss a step.
    pub loss: f64,
    /// The task's metric.
    pub metric: f64,
    /// Steps it is of.
    pub steps: u64,
    /// Samples it is of.
    pub samples: u64,
    /// Of each head, where there are several.
    pub heads: Vec<HeadProgress>,
}

impl Metrics {
    /// Nothing yet; `device` without autodiff.
    pub fn new(objective: &Objective, device: &Device) -> Self {
        Self {
            device: device.clone(),
            objective: objective.clone(),
            loss: Tensor::zeros([1], device),
            sums: objective.sums(device),
            steps: 0,
            samples: 0,
        }
    }

    /// Adds a pass over `samples` samples of a step: its part of the step's loss `[1]`, the loss of each answer, the answers
    /// and what they were to be, all without autodiff. [`Self::end_step`] closes the step.
    pub fn add(
        &mut self,
        loss: Tensor<1>,
        each: Each,
        answers: &Tensor<2>,
        targets: &Targets,
        samples: usize,
    ) {
        self.loss = self.loss.clone() + loss;
        self.objective
            .add(&mut self.sums, each, answers, targets, None, false);
        self.samples += samples as u64;
    }

    /// All passes of a step were added.
    pub fn end_step(&mut self) {
        self.steps += 1;
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
        let data = register(
            Transaction::default().register(self.loss.clone()),
            &self.sums,
        )
        .try_execute()
        .map_err(TrainError::device("reading the training metrics"))?;
        let read = read_sums(&data[1..], &self.sums);
        let means = self.objective.means(&read, &self.sums, false, None);
        let reading = Reading {
            loss: first(&data, 0) / self.steps as f64,
            metric: means.metric,
            steps: self.steps,
            samples: self.samples,
            heads: means.heads.into_iter().map(HeadProgress::from).collect(),
        };
        let device = self.device.clone();
        *self = Self::new(&self.objective, &device);
        Ok(Some(reading))
    }
}

/// Adds the four sums to what is to be read, and those of each head behind them.
pub fn register(transaction: Transaction, sums: &Sums) -> Transaction {
    let own = transaction
        .register(sums.loss.clone())
        .register(sums.hits.clone())
        .register(sums.top_five.clone())
        .register(sums.weighted.clone());
    sums.heads.iter().fold(own, register)
}

/// What [`register`] had read, at the beginning of `data`: the four sums, and those of each head.
pub fn read_sums(data: &[TensorData], sums: &Sums) -> Vec<[f64; 4]> {
    (0..=sums.heads.len())
        .map(|part| [0, 1, 2, 3].map(|index| first(data, 4 * part + index)))
        .collect()
}

/// The first number of what was read at `index`.
pub fn first(data: &[TensorData], index: usize) -> f64 {
    data.get(index)
        .and_then(|tensor| tensor.iter::<f64>().next())
        .unwrap_or(f64::NAN)
}
