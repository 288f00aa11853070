//! A stored run that teaches: its network's answers to what is learnt from, for knowledge distillation.

mod fit;
mod view;

use std::ops::Range;
use std::path::PathBuf;

use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device, Int, Tensor, TensorData};

use self::fit::{Known, known, wanted};
pub use self::fit::{TeacherError, check_teacher};
use self::view::View;
use super::batches::{Batches, Feed, part_of};
use super::{CheckpointError, Observer, TrainError, Work, checkpoint, verify_checkpoint};
use crate::data::{DataInfo, Normalisation};
use crate::models::{Network, Samples};
use crate::setup::plan::Plan;
use crate::setup::{Length, Setup};

/// Bytes of a teacher's answers that are kept on the device, where they can be.
const KEPT_BYTES_MAX: u64 = 256 << 20;

/// A run that is to teach another.
#[derive(Clone, Debug, PartialEq)]
pub struct TeacherFrom {
    /// The run.
    pub run_id: String,
    /// Its setup.
    pub setup: Setup,
    /// Folder of its checkpoint.
    pub checkpoint: PathBuf,
}

/// A network that is asked and does not learn.
pub struct Teacher {
    /// Without autodiff.
    network: Network,
    view: Option<View>,
    /// Which of its scores are learnt; none where all are, in their order.
    columns: Option<Vec<Range<usize>>>,
    /// Numbers of an answer.
    numbers: usize,
    /// Samples that are asked about at once.
    at_once: usize,
    /// Whether its answers are the same each time it is asked about a sample, and are kept.
    keeps: bool,
    /// Whether the run has begun: what is asked before is thrown away.
    has_begun: bool,
    /// Its answers to all samples, `[samples, numbers of a sample]`.
    kept: Option<Tensor<2>>,
}

/// The run that is taught.
pub struct Taught<'a> {
    /// Its setup.
    pub setup: &'a Setup,
    /// Its layers.
    pub plan: &'a Plan,
    /// What it learns from.
    pub info: &'a DataInfo,
    /// How that is normalised.
    pub normalisation: &'a Normalisation,
    /// How long it is.
    pub length: Length,
    /// Where it is trained, without autodiff.
    pub device: &'a Device,
}

impl Teacher {
    /// Reads the weights of the run that the setup names: its averaged ones, where it made an average. `None` where none is to be asked.
    /// `is_resident`: whether the samples lie on the device, so that its answers can too.
    ///
    /// # Errors
    /// As [`check_teacher`].
    pub fn load(
        taught: &Taught<'_>,
        from: Option<&TeacherFrom>,
        is_resident: bool,
    ) -> Result<Option<Self>, TrainError> {
        let (setup, device) = (taught.setup, taught.device);
        let Some(from) = wanted(setup, from)? else {
            return Ok(None);
        };
        let Known {
            info,
            normalisation,
            plan,
            columns,
        } = known(from, setup, taught.plan, taught.info)?;
        verify_checkpoint(&from.checkpoint, &from.setup.hash())?;
        let len = info.input.len();
        let view =
            normalisation.and_then(|theirs| View::new(taught.normalisation, &theirs, len, device));
        let (outputs, seed) = (info.outputs(), from.setup.regime.seed);
        let network = Network::new(&from.setup.model, info.input, outputs, &plan, seed, device);
        let weights = checkpoint::weights(&from.checkpoint)?;
        let unreadable = |message: String| CheckpointError::Damaged {
            message,
            path: weights.path.clone(),
        };
        let bytes = std::fs::read(&weights.path).map_err(|error| unreadable(error.to_string()))?;
        let network = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes))
            .and_then(|record| network.try_load_record(record))
            .map_err(|error| unreadable(error.to_string()))?;

        let regime = &setup.regime;
        let numbers: usize = columns.iter().map(Range::len).sum();
        let positions = if outputs.per_position {
            info.input.len()
        } else {
            1
        };
        let bytes =
            taught.info.train_samples as u64 * (numbers * positions * size_of::<f32>()) as u64;
        // Otherwise it is asked about no sample twice.
        let is_long = taught
            .length
            .steps_max
            .is_none_or(|steps| steps > taught.length.steps_per_epoch);
        let all = plan
            .heads
            .as_ref()
            .map_or(outputs.numbers, |heads| heads.numbers());
        let in_order: Vec<usize> = columns.iter().cloned().flatten().collect();
        let is_all = in_order.into_iter().eq(0..all);
        Ok(Some(Self {
            network: network.valid(),
            view,
            columns: (!is_all).then_some(columns),
            numbers,
            at_once: regime.batch_size / regime.accumulation_steps(),
            keeps: is_resident
                && !regime.augmentation.is_active()
                && is_long
                && bytes <= KEPT_BYTES_MAX,
            has_begun: false,
            kept: None,
        }))
    }

    /// From now on what it is asked counts.
    pub fn begin(&mut self) {
        self.has_begun = true;
        self.kept = None;
    }

    /// Its scores for the batch of step `step`, whose samples are `samples`, `[answers, numbers]`, without autodiff. Waits for nothing; tells
    /// `observer` of the work.
    ///
    /// # Errors
    /// Where the samples cannot be had.
    pub fn scores(
        &mut self,
        step: u64,
        samples: &Samples,
        feed: &mut Feed,
        observer: &mut dyn Observer,
    ) -> Result<Tensor<2>, TrainError> {
        if self.keeps && self.has_begun {
            if self.kept.is_none() {
                self.kept = Some(self.all(feed.batches(), observer)?);
            }
            if let (Some(kept), Some(chosen)) = (&self.kept, feed.chosen(step)) {
                return Ok(self.looked_up(kept, chosen.inner()));
            }
        }
        let count = (len(samples) / self.at_once.max(1)).max(1);
        let parts = (0..count).map(|index| self.ask(part_of(samples, index, count)));
        let scores = Tensor::cat(parts.collect(), 0);
        observer.worked(Work::Teach {
            samples: len(samples) as u64,
            batches: count as u64,
        });
        if self.keeps {
            // The warm-up is to know the kernel that looks answers up, too.
            let [rows, numbers] = scores.dims();
            let batch = len(samples);
            let own = rows / batch * numbers;
            let all: Vec<i32> = (0..batch as i32).collect();
            let all = Tensor::from_data(TensorData::new(all, [batch]), &scores.device());
            return Ok(self.looked_up(&scores.reshape([batch, own]), all));
        }
        Ok(scores)
    }

    /// The rows `chosen` of `kept`, `[answers, numbers]`.
    fn looked_up(&self, kept: &Tensor<2>, chosen: Tensor<1, Int>) -> Tensor<2> {
        let [batch] = chosen.dims();
        let [_, own] = kept.dims();
        let rows = batch * (own / self.numbers.max(1));
        kept.clone().select(0, chosen).reshape([rows, self.numbers])
    }

    /// Its answers to every sample, `[samples, numbers of a sample]`: each once, however long the run is.
    fn all(&self, batches: &Batches, observer: &mut dyn Observer) -> Result<Tensor<2>, TrainError> {
        let (samples, size) = (batches.len(), self.at_once.min(batches.len()).max(1));
        let count = samples.div_ceil(size);
        // Batches of one shape: the last is filled up with samples that were there before.
        let order = (0..count * size).map(|place| (place % samples) as u32);
        let order = batches.order(order.collect());
        let mut all = Vec::with_capacity(count);
        for index in 0..count {
            let batch = batches.batch(&order, index * size, size, None)?;
            all.push(self.ask(batch.samples));
        }
        observer.worked(Work::Teach {
            samples: (count * size) as u64,
            batches: count as u64,
        });
        let all = Tensor::cat(all, 0);
        let [rows, numbers] = all.dims();
        let own = rows / (count * size) * numbers;
        Ok(all.reshape([count * size, own]).narrow(0, 0, samples))
    }

    /// Its scores, without autodiff.
    fn ask(&self, samples: Samples) -> Tensor<2> {
        let samples = match samples {
            Samples::Numbers(numbers) => {
                let numbers = numbers.inner();
                Samples::Numbers(match &self.view {
                    Some(view) => view.of(numbers),
                    None => numbers,
                })
            }
            Samples::Tokens(tokens) => Samples::Tokens(tokens.inner()),
            Samples::Images(images) => Samples::Images(images.inner()),
        };
        let scores = self.network.forward(samples);
        match &self.columns {
            None => scores,
            Some(columns) => {
                let part =
                    |range: &Range<usize>| scores.clone().narrow(1, range.start, range.len());
                Tensor::cat(columns.iter().map(part).collect(), 1)
            }
        }
    }
}

fn len(samples: &Samples) -> usize {
    match samples {
        Samples::Numbers(numbers) => numbers.dims()[0],
        Samples::Tokens(tokens) => tokens.dims()[0],
        Samples::Images(images) => images.dims()[0],
    }
}
