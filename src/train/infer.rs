//! What a trained network is asked outside of training: samples in main memory in, answers in main memory out.

use std::path::PathBuf;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::answer::with_weights;
use super::batches::{Batches, Columns, Residence, Scale};
use super::evaluate::Held;
use super::objective::{Means, Objective};
use super::{TrainError, joint};
use crate::data::{self, Normalisation, Split};
use crate::models::{Network, Samples};
use crate::setup::plan::Plan;
use crate::setup::{DatasetSetup, InputShape, Metric, Setup};

/// Bytes of batches that are kept ready in main memory: with fewer samples than these hold, they come round again.
const READY_BYTES_MAX: usize = 64 << 20;

/// What to ask.
pub struct InferJob {
    /// The setup of the run.
    pub setup: Setup,
    /// The layers of its model.
    pub plan: Plan,
    /// Where it answers; without autodiff.
    pub device: Device,
    /// Whether the device computes in main memory.
    pub on_processor: bool,
    /// The checkpoint whose weights it has.
    pub checkpoint: PathBuf,
}

/// A trained network, and the held-out samples that it is asked about.
pub struct Inferer {
    network: Network,
    device: Device,
    on_processor: bool,
    held_out: HeldOut,
    objective: Objective,
    ready: Vec<Ready>,
    next: usize,
    batch_size: usize,
    /// Steps that had been done when the weights were saved.
    step: u64,
}

/// The held-out part of a dataset.
struct HeldOut {
    split: Split,
    input: InputShape,
    columns: Columns,
    scale: Scale,
    normalisation: Normalisation,
}

/// A batch in main memory.
enum Ready {
    Numbers(TensorData),
    Tokens(TensorData),
}

impl Inferer {
    /// Reads the weights: of an average, where the run made one, since that was evaluated.
    ///
    /// # Errors
    /// Where the checkpoint is missing, damaged or of another setup, or the dataset cannot be read.
    pub fn load(job: InferJob) -> Result<Self, TrainError> {
        let InferJob {
            setup,
            plan,
            device,
            on_processor,
            checkpoint,
        } = job;
        super::verify_checkpoint(&checkpoint, &setup.hash())?;
        let data = data::load(&setup.dataset)?;
        let (input, outputs) = (data.info.input, data.info.outputs());
        let seed = setup.regime.seed;
        let network = Network::new(&setup.model, input, outputs, &plan, seed, &device);
        let (network, step) = with_weights(network, &checkpoint)?;
        let scale = Scale::of(&data.train.labels);
        let (objective, columns) =
            joint::objective_of(&setup, &plan, &data.info, 0.0, scale.deviation);
        Ok(Self {
            network: network.valid(),
            objective,
            held_out: HeldOut {
                split: data.test,
                input,
                columns,
                scale,
                normalisation: data.normalisation,
            },
            ready: Vec::new(),
            next: 0,
            batch_size: 0,
            step,
            device,
            on_processor,
        })
    }

    /// Steps that had been done when the weights were saved.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Held-out samples.
    pub fn samples(&self) -> usize {
        self.held_out.split.len()
    }

    /// The metric by which answers are judged.
    pub fn metric(&self) -> Metric {
        self.objective.metric()
    }

    /// Takes batches of `batch_size` from now on, and says how good the answers to all held-out samples are in such batches.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn begin(&mut self, batch_size: usize) -> Result<Means, TrainError> {
        self.ready = self.held_out.ready(batch_size)?;
        (self.next, self.batch_size) = (0, batch_size);
        let features = &self.held_out.split.features;
        let residence = Residence::choose(features, false, self.on_processor);
        let batches = self.held_out.batches(residence, &self.device);
        let held = Held::new(batches, batch_size, &self.device);
        let (means, _) = held.score(&self.network, &self.objective, &self.device)?;
        Ok(means)
    }

    /// Asks about the next batch, and waits for its answers.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn pass(&mut self) -> Result<(), TrainError> {
        let Some(ready) = self.ready.get(self.next) else {
            return Ok(());
        };
        self.next = (self.next + 1) % self.ready.len();
        let samples = match ready {
            Ready::Numbers(data) => {
                Samples::Numbers(Tensor::<2>::from_data(data.clone(), &self.device))
            }
            Ready::Tokens(data) => {
                Samples::Tokens(Tensor::<2, Int>::from_data(data.clone(), &self.device))
            }
        };
        let answers = self.network.forward(samples);
        answers
            .try_into_data()
            .map(drop)
            .map_err(TrainError::device("inferring"))
    }

    /// Samples in a batch.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }
}

impl HeldOut {
    fn batches(&self, residence: Residence, device: &Device) -> Batches {
        Batches::new(
            self.split.clone(),
            self.input,
            self.columns.clone(),
            self.scale,
            &self.normalisation,
            residence,
            device,
        )
    }

    /// Batches in main memory, with the first samples again where they do not fill the last.
    fn ready(&self, batch_size: usize) -> Result<Vec<Ready>, TrainError> {
        let samples = self.split.len().max(1);
        let bytes = batch_size * self.input.len() * size_of::<f32>();
        let most = (READY_BYTES_MAX / bytes.max(1)).max(1);
        let count = samples.div_ceil(batch_size).min(most);
        let batches = self.batches(Residence::Normalised, &Device::flex());
        let order = (0..count * batch_size).map(|i| (i % samples) as u32);
        let order = batches.order(order.collect());
        let batch = |index: usize| {
            let batch = batches.batch(&order, index * batch_size, batch_size, None)?;
            Ok(match batch.samples {
                Samples::Numbers(numbers) => Ready::Numbers(numbers.into_data()),
                Samples::Tokens(tokens) => Ready::Tokens(tokens.into_data()),
                Samples::Images(images) => Ready::Numbers(images.flatten::<2>(1, 3).into_data()),
            })
        };
        (0..count).map(batch).collect()
    }
}

/// Whether runs of this dataset can be asked: a policy of reinforcement learning has no samples to be asked about.
pub fn can_infer(dataset: &DatasetSetup) -> bool {
    !matches!(dataset, DatasetSetup::CartPole(_))
}
