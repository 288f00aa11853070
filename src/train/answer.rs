//! A trained network that is asked about single samples.

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device, Int, Tensor};

use super::batches::{InMemory, in_memory};
use super::kept::Kept;
use super::{CheckpointError, TrainError, checkpoint};
use crate::data::Features;
use crate::models::{Network, Samples};
use crate::setup::plan::Plan;
use crate::setup::{InputShape, Metric, Setup, Task};

/// Passes after which kernels are compiled and caches are full, before the first question.
const WARM_UP_PASSES: usize = 3;

/// What is to be asked.
pub struct AnswerJob {
    /// The setup of the run.
    pub setup: Setup,
    /// Where it answers; without autodiff.
    pub device: Device,
    /// The checkpoint whose weights it has.
    pub checkpoint: PathBuf,
}

/// A trained network, and what samples go through before it sees them.
pub struct Answerer {
    network: Network,
    device: Device,
    kept: Kept,
    plan: Plan,
    step: u64,
    /// The sample that was asked about last.
    last: Option<InMemory>,
}

/// What a network says of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The label that it is of.
    pub label: String,
    /// What it is.
    pub what: Saying,
    /// From the sample in main memory to the answer in main memory, s.
    pub seconds: f64,
}

/// What a network says of one label.
#[derive(Clone, Debug, PartialEq)]
pub enum Saying {
    /// The probability of each class.
    Classes(Vec<f64>),
    /// A number, in the unit of what was learnt.
    Number(f64),
    /// For each position the likeliest class, and how likely it is.
    Symbols(Vec<(u16, f64)>),
}

impl Answerer {
    /// Reads the weights, of an average where the run made one, and asks once to warm up.
    ///
    /// # Errors
    /// Where the checkpoint is missing, damaged or of another setup, or neither the run nor the dataset tells what samples went
    /// through.
    pub fn load(job: AnswerJob) -> Result<Self, TrainError> {
        let AnswerJob {
            setup,
            device,
            checkpoint,
        } = job;
        super::verify_checkpoint(&checkpoint, &setup.hash())?;
        let kept = Kept::load(&setup, &checkpoint)?;
        let info = &kept.encoding.info;
        let plan = setup
            .validate_with(&info.counts())
            .map_err(|problems| TrainError::Unfit(problems.to_string()))?;
        let seed = setup.regime.seed;
        let outputs = info.outputs();
        let network = Network::new(&setup.model, info.input, outputs, &plan, seed, &device);
        let (network, step) = with_weights(network, &checkpoint)?;
        let mut answerer = Self {
            network: network.valid(),
            device,
            kept,
            plan,
            step,
            last: None,
        };
        answerer.last = Some(answerer.ready(&answerer.nothing())?);
        for _ in 0..WARM_UP_PASSES {
            answerer.pass()?;
        }
        Ok(answerer)
    }

    /// Steps that had been done when the weights were saved.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// What samples go through.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The layers of the network.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    fn input(&self) -> InputShape {
        self.kept.encoding.info.input
    }

    /// A sample of nothing, of the form that the network takes.
    fn nothing(&self) -> Features {
        let input = self.input();
        let length = input.len();
        match input {
            InputShape::Image { .. } => Features::U8(vec![0; length]),
            InputShape::Tokens { .. } => Features::Tokens(vec![0; length]),
            InputShape::Features(_) | InputShape::Sequence { .. } => {
                Features::F32(vec![0.0; length])
            }
        }
    }

    fn ready(&self, features: &Features) -> Result<InMemory, TrainError> {
        self.check(features)?;
        Ok(in_memory(
            features.clone(),
            self.input(),
            &self.kept.encoding.normalisation,
        ))
    }

    /// A sample must be what the network was built for.
    fn check(&self, features: &Features) -> Result<(), TrainError> {
        let input = self.input();
        let unfit = |what: String| Err(TrainError::Unfit(what));
        let is_kind = match input {
            InputShape::Image { .. } => matches!(features, Features::U8(_)),
            InputShape::Tokens { .. } => matches!(features, Features::Tokens(_)),
            InputShape::Features(_) | InputShape::Sequence { .. } => {
                matches!(features, Features::F32(_))
            }
        };
        if !is_kind || features.len() != input.len() {
            return unfit(format!(
                "a sample of {} numbers was given; the network takes {input}",
                features.len()
            ));
        }
        if let (Features::Tokens(tokens), InputShape::Tokens { vocabulary, .. }) = (features, input)
            && let Some(token) = tokens
                .iter()
                .find(|token| usize::from(**token) >= vocabulary)
        {
            return unfit(format!("symbol {token} is none of {vocabulary}"));
        }
        match features {
            Features::F32(numbers) if numbers.iter().any(|number| !number.is_finite()) => {
                unfit("a sample has what is no number".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// What the network says of `features`, which are as the dataset would hold them; where it answers at each position, of position
    /// `at`, or of all.
    ///
    /// # Errors
    /// Where the sample is not what the network takes, the device fails, or the network's answer is no number.
    pub fn answer(
        &mut self,
        features: &Features,
        at: Option<usize>,
    ) -> Result<Vec<Said>, TrainError> {
        let sample = self.ready(features)?;
        let begun = Instant::now();
        let scores = self.scores(&sample)?;
        let seconds = begun.elapsed().as_secs_f64();
        self.last = Some(sample);
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(TrainError::Unfit(
                "the network's answer is no number: its training diverged".to_owned(),
            ));
        }
        let info = &self.kept.encoding.info;
        let said = |label: &str, what: Saying| Said {
            label: label.to_owned(),
            what,
            seconds,
        };
        if let Some(heads) = &self.plan.heads {
            let each = heads.each.iter().zip(heads.offsets());
            return Ok(each
                .map(|(head, from)| {
                    let own = &scores[from..from + head.classes];
                    said(&head.name, Saying::Classes(softmax(own)))
                })
                .collect());
        }
        let label = info.target_label().name.as_str();
        let outputs = info.outputs();
        let what = match (info.task, at) {
            (Task::Regression, _) => {
                let score = scores.first().copied().unwrap_or_default();
                Saying::Number(self.kept.mean + self.kept.deviation * score)
            }
            (Task::LanguageModelling | Task::Sequence, None) => {
                let each = scores.chunks_exact(outputs.numbers);
                Saying::Symbols(each.map(|scores| likeliest(&softmax(scores))).collect())
            }
            (Task::LanguageModelling | Task::Sequence, Some(at)) => {
                let own = scores.chunks_exact(outputs.numbers).nth(at);
                let own = own.ok_or_else(|| {
                    TrainError::Unfit(format!("there is no position {at} in a sample"))
                })?;
                Saying::Classes(softmax(own))
            }
            (Task::Classification | Task::Reinforcement, _) => Saying::Classes(softmax(&scores)),
        };
        Ok(vec![said(label, what)])
    }

    /// Asks about the last sample again, and waits for the answer.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn pass(&self) -> Result<(), TrainError> {
        match &self.last {
            Some(sample) => self.scores(sample).map(drop),
            None => Ok(()),
        }
    }

    /// What its answers are judged by.
    pub fn metric(&self) -> Metric {
        self.kept.encoding.info.task.metric()
    }

    fn scores(&self, sample: &InMemory) -> Result<Vec<f64>, TrainError> {
        let samples = match sample {
            InMemory::Numbers(data) => {
                Samples::Numbers(Tensor::<2>::from_data(data.clone(), &self.device))
            }
            InMemory::Tokens(data) => {
                Samples::Tokens(Tensor::<2, Int>::from_data(data.clone(), &self.device))
            }
        };
        let answers = self.network.forward(samples);
        let data = answers
            .try_into_data()
            .map_err(TrainError::device("answering"))?;
        Ok(data.iter::<f64>().collect())
    }
}

/// `network` with the weights of the checkpoint in `folder`, and the steps after which they were saved.
///
/// # Errors
/// Where they are missing or damaged.
pub(super) fn with_weights(network: Network, folder: &Path) -> Result<(Network, u64), TrainError> {
    let weights = checkpoint::weights(folder)?;
    let unreadable = |message: String| CheckpointError::Damaged {
        message,
        path: weights.path.clone(),
    };
    let bytes = std::fs::read(&weights.path).map_err(|error| unreadable(error.to_string()))?;
    let network = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes))
        .and_then(|record| network.try_load_record(record))
        .map_err(|error| unreadable(error.to_string()))?;
    Ok((network, weights.step))
}

/// Shares that follow from scores: `exp(sᵢ) ÷ Σ exp(sⱼ)`.
fn softmax(scores: &[f64]) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The class with the largest share, and that.
fn likeliest(shares: &[f64]) -> (u16, f64) {
    let mut best = (0, 0.0);
    for (class, share) in (0_u16..).zip(shares) {
        if *share > best.1 {
            best = (class, *share);
        }
    }
    best
}
