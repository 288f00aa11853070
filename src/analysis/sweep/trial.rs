use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::units::{Boundary, Estimate, Grade, Metric};

/// What became of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its stop rule ended it.
    Finished,
    /// A searcher gave it up before its stop rule did.
    Pruned,
    /// It failed, diverged, or could not begin.
    Failed,
    /// It goes on, waits, or was interrupted or stopped by the user: nothing can be said of it yet.
    Unfinished,
}

/// What training and evaluation of a trial drew, with the provenance that decides what it can be compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialEnergy {
    /// Gross joules.
    pub gross_j: Estimate,
    /// Joules without the idle baseline, where there was one.
    pub net_j: Option<Estimate>,
    /// What hardware they cover.
    pub boundary: Boundary,
    /// The boundaries of the parts that are in a sum, each once, in order.
    pub parts: Vec<Boundary>,
    /// The meters, joined by ` + `.
    pub meter: String,
    /// How they measure, in words.
    pub source: String,
    /// How good that is.
    pub grade: Grade,
    /// Whether any of it comes from made-up meters or a recording.
    pub simulated: bool,
    /// Share of the time that the meters covered, 0 to 1.
    pub coverage: f64,
}

/// What it took to reach the target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToTarget {
    /// Gross joules of training and evaluation until then; `None` where none were measured.
    pub gross_j: Option<Estimate>,
    /// Seconds of training and evaluation until then.
    pub time_s: f64,
    /// Steps until then.
    pub steps: Option<u64>,
}

/// One training of one setup with one seed, as the analysis takes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Identifier of its run, where it has one.
    pub run: Option<String>,
    /// Where it stands on each axis, by the path of the field; an axis that does not apply to it is absent.
    pub axes: BTreeMap<String, Value>,
    /// Its seed.
    pub seed: u64,
    /// What became of it.
    pub state: State,
    /// Why it failed or was pruned.
    pub reason: Option<String>,
    /// Machine and device it ran on, one text for each pair of them; meters of different devices do not share their
    /// systematic error.
    pub device: String,
    /// What its task is judged by.
    pub metric: Metric,
    /// Value of the metric that it was to reach.
    pub target: Option<f64>,
    /// What it took to reach that; `None` where it did not, or there was no target.
    pub to_target: Option<ToTarget>,
    /// Value on the held-out samples at the end.
    pub final_value: Option<f64>,
    /// The best value on the held-out samples.
    pub best_value: Option<f64>,
    /// Energy of all of its training and evaluation; `None` where there was no reading.
    pub energy: Option<TrialEnergy>,
    /// Seconds of all of its training and evaluation.
    pub time_s: Option<f64>,
    /// Highest power in watts, where it is known.
    pub max_power_w: Option<f64>,
    /// Steps of the optimiser.
    pub steps: Option<u64>,
    /// Training samples seen.
    pub samples: Option<u64>,
    /// Trainable parameters.
    pub parameters: Option<u64>,
    /// Floating-point operations for one training sample, forwards and backwards.
    pub flops_per_sample: Option<f64>,
    /// Multiply-accumulate operations of a forward pass over one sample.
    pub macs: Option<f64>,
    /// How busy the device was, 0 to 1.
    pub utilisation: Option<f64>,
}

impl Trial {
    /// Mean power in watts over training and evaluation, where energy and time are known.
    pub fn mean_power_w(&self) -> Option<f64> {
        let energy = self.energy.as_ref()?;
        let time_s = self.time_s.filter(|time_s| *time_s > 0.0)?;
        Some(energy.gross_j.value / time_s)
    }

    /// Value at the end, or the best where the end is not known.
    pub fn quality(&self) -> Option<f64> {
        self.final_value.or(self.best_value)
    }

    /// Whether it can be ranked: it ended by itself, or by a searcher.
    pub fn is_over(&self) -> bool {
        self.state != State::Unfinished
    }
}
