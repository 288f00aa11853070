use serde::{Deserialize, Serialize};

use super::{DataCounts, Problems, Task};

/// Knowledge distillation: beside the right answers, the network learns the answers of a stored run (Hinton, Vinyals and Dean 2015,
/// arXiv:1503.02531).
///
/// The loss is `(1 − α)·H + α·T²·KL(p ‖ q)`: `H` the loss without a teacher, `p` and `q` the softmax of the teacher's and of the student's
/// scores divided by `T`. The square keeps the size of the gradients as it is with `T = 1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DistilSetup {
    /// The run that teaches, by the weights of its newest checkpoint: identifier, its beginning, or name.
    /// `{seed}` stands for the seed of the run that learns.
    #[serde(deserialize_with = "super::text::text")]
    pub teacher: String,
    /// `T`, above 0 to 100: the higher, the more the teacher's small scores say.
    pub temperature: f64,
    /// `α`, 0 to 1: how much the teacher's answers count against the right ones. With 0 it is not asked at all.
    pub alpha: f64,
}

/// Highest temperature; at it all scores that networks give are nearly equal.
const TEMPERATURE_MAX: f64 = 100.0;

impl Default for DistilSetup {
    fn default() -> Self {
        Self {
            teacher: String::new(),
            temperature: 4.0,
            alpha: 0.9,
        }
    }
}

impl DistilSetup {
    /// Whether the teacher is asked at all.
    pub fn asks(&self) -> bool {
        self.alpha > 0.0
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            !self.teacher.trim().is_empty(),
            "distil.teacher",
            &self.teacher,
            "an identifier or name of `joulelab runs`; for a run without a teacher, no table `distil`",
        );
        problems.require(
            self.temperature > 0.0 && self.temperature <= TEMPERATURE_MAX,
            "distil.temperature",
            self.temperature,
            format!("a number above 0 to {TEMPERATURE_MAX}"),
        );
        problems.require(
            (0.0..=1.0).contains(&self.alpha),
            "distil.alpha",
            self.alpha,
            "a share, 0 (the right answers alone) to 1 (the teacher's alone)",
        );
    }

    pub(super) fn validate_for(&self, data: &DataCounts, problems: &mut Problems) {
        problems.require(
            matches!(
                data.task,
                Task::Classification | Task::LanguageModelling | Task::Sequence
            ),
            "distil",
            data.task.name(),
            "a dataset whose answers are classes or tokens: a teacher's scores of them are what is learnt",
        );
    }
}
