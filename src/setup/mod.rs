//! What can be asked for: dataset, model, regime, device and measuring, as one serde type with a schema version and a
//! canonical hash; its validation; and what follows from it without a device: layer shapes, parameter and FLOP counts.
//!
//! Depends on `units` only. Pure data: nothing here touches a file of the user's, a device or the network, except
//! [`file`], which reads and writes setup files.

mod by_seed;
mod change;
mod dataset;
mod dataset_files;
mod dataset_kind;
mod dataset_made;
mod dataset_published;
mod dataset_shapes;
mod dataset_text;
mod distil;
pub mod file;
mod hash;
mod measure;
mod model;
mod multitask;
mod phase;
pub mod plan;
mod problem;
mod regime;
mod reinforcement;
mod shape;
mod stages;
mod start;
mod stop;
pub mod sweep;
mod task;
mod text;

pub use by_seed::{goes_by_seed, with_seed};
pub use change::{Change, ChangeError};
pub use dataset::*;
pub use dataset_files::{CsvSetup, FolderSetup, IdxSetup, Missing, TableTask};
pub use dataset_kind::SampleKind;
pub use dataset_made::{CartPoleSetup, ModularAdditionSetup, SequenceCopySetup};
pub use dataset_published::{Cifar100Labels, Cifar100Setup, EmnistSetup, EmnistSplit, NoOptions};
pub use dataset_shapes::*;
pub use dataset_text::{TextCsvSetup, TextSetup};
pub use distil::DistilSetup;
pub use measure::{CheckpointSetup, MeasureSetup};
pub use model::*;
pub use multitask::{HeadSetup, MultitaskSetup, Weighting, columns_of};
pub use phase::{Phase, StepPart};
pub use problem::{Problem, Problems};
pub use regime::*;
pub use reinforcement::{EPISODES_JUDGED, ReinforcementSetup};
pub use shape::InputShape;
pub use stages::{Length, Stage};
pub use start::{
    Fit, FitKind, Origin, Rename, StartReport, StartSetup, WeightLayout, WeightsFormat,
};
pub use stop::{EvaluationSetup, StopSetup};
pub use task::{Outputs, Task};

pub use crate::units::Metric;

use serde::{Deserialize, Serialize};

/// Version of the setup's fields. A file of a newer version is refused rather than half understood.
pub const SCHEMA: u32 = 1;

/// Everything that a run needs. The window edits it, files hold it, the library stores it, a sweep varies it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Version of the fields, [`SCHEMA`].
    pub schema: u32,
    /// Which device trains: `auto`, `cpu`, an index of `joulelab devices`, or part of a name.
    pub device: String,
    /// What is learnt from.
    pub dataset: DatasetSetup,
    /// What learns.
    pub model: ModelSetup,
    /// What it has learnt before; left out: nothing.
    pub start: Option<StartSetup>,
    /// Who teaches it beside the right answers; left out: nobody.
    pub distil: Option<DistilSetup>,
    /// Which labels are learnt at once; left out: the one label of the dataset.
    pub multitask: Option<MultitaskSetup>,
    /// How it learns, and when it stops.
    pub regime: RegimeSetup,
    /// How its energy is measured.
    pub measure: MeasureSetup,
    /// When its state is saved.
    pub checkpoint: CheckpointSetup,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            device: "auto".to_owned(),
            dataset: DatasetSetup::default(),
            model: ModelSetup::default(),
            start: None,
            distil: None,
            multitask: None,
            regime: RegimeSetup::default(),
            measure: MeasureSetup::default(),
            checkpoint: CheckpointSetup::default(),
        }
    }
}

/// Counts that only the data can tell, for the checks that need them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataCounts {
    /// Shape of one sample.
    pub input: InputShape,
    /// What is asked of the model.
    pub task: Task,
    /// What it answers with.
    pub outputs: Outputs,
    /// Every label that samples have, with its classes.
    pub labels: Vec<plan::Head>,
    /// Samples to train on.
    pub train: usize,
}

impl Setup {
    /// Checks every field on its own and against the others.
    ///
    /// # Errors
    /// All problems at once, each with field, what was given and what is allowed.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.require(
            self.schema == SCHEMA,
            "schema",
            self.schema,
            format!("{SCHEMA}, the version this program knows"),
        );
        problems.require(
            !self.device.trim().is_empty(),
            "device",
            &self.device,
            "`auto`, `cpu`, an index of `joulelab devices`, or part of a device's name",
        );
        self.dataset.validate(&mut problems);
        self.model.validate(&mut problems);
        if let Some(start) = &self.start {
            start.validate(&mut problems);
        }
        if let Some(distil) = &self.distil {
            distil.validate(&mut problems);
        }
        if let Some(multitask) = &self.multitask {
            multitask.validate(&mut problems);
        }
        self.regime.validate(&mut problems);
        if let Some(task) = self.dataset.task() {
            self.regime.stop.validate_for(task.metric(), &mut problems);
        }
        if let (DatasetSetup::CartPole(game), Some(target)) =
            (&self.dataset, self.regime.stop.target)
        {
            problems.require(
                target <= game.episode_steps_max as f64,
                "regime.stop.target",
                target,
                format!(
                    "at most {}, the return of an episode of dataset.episode_steps_max steps",
                    game.episode_steps_max
                ),
            );
        }
        self.measure.validate(&mut problems);
        self.checkpoint.validate(&mut problems);
        problems.into_result()
    }

    /// Checks the setup against the data it is to learn from: batch size, kernel sizes.
    ///
    /// # Errors
    /// All problems at once, those of [`Setup::validate`] included.
    pub fn validate_with(&self, data: &DataCounts) -> Result<plan::Plan, Problems> {
        self.validate()?;
        let mut problems = Problems::default();
        self.regime.validate_for(data, &mut problems);
        if let Some(distil) = &self.distil {
            distil.validate_for(data, &mut problems);
        }
        match self.plan_for(data) {
            Ok(mut plan) => {
                if let Some(resize) = &self.regime.resize {
                    let heads = plan.heads.clone();
                    plan.smaller = resize.smaller(&self.model, data, heads.as_ref(), &mut problems);
                }
                let groups = plan.groups();
                self.regime.layers.validate_for(&groups, &mut problems);
                if data.task == Task::Reinforcement {
                    self.regime.validate_for_reinforcement(&plan, &mut problems);
                }
                problems.into_result().map(|()| plan)
            }
            Err(mut more) => {
                problems.0.append(&mut more.0);
                Err(problems)
            }
        }
    }

    /// Whether there is something that a run must reach: for one of several heads is enough.
    pub fn has_target(&self) -> bool {
        let stop = self.regime.stop.target;
        match &self.multitask {
            None => stop.is_some(),
            Some(multitask) => multitask.targets(stop).iter().any(Option::is_some),
        }
    }

    /// The layers of the model for `data`, whatever the regime is.
    ///
    /// # Errors
    /// Where the model does not fit the samples, or they lack the label of a head.
    pub fn plan_for(&self, data: &DataCounts) -> Result<plan::Plan, Problems> {
        let mut problems = Problems::default();
        let heads = self.multitask.as_ref();
        let heads = heads.and_then(|heads| heads.heads_for(data, &mut problems));
        problems.into_result()?;
        plan::plan_with_heads((&self.model, data.input, data.outputs), heads)
    }

    /// How long a run is over `train` samples.
    pub fn length(&self, train: usize) -> Length {
        let steps_per_epoch = self.steps_per_epoch(train) as u64;
        Length {
            steps_per_epoch,
            steps_max: self.regime.stop.steps_max(steps_per_epoch),
        }
    }

    /// Steps in one epoch over `train` samples: whole batches only, so that every step has one shape. Of reinforcement
    /// learning, which has no samples beforehand, an epoch is [`EPISODES_JUDGED`] episodes, or one step where a step is over more.
    pub fn steps_per_epoch(&self, train: usize) -> usize {
        let samples = match self.dataset {
            DatasetSetup::CartPole(_) => EPISODES_JUDGED,
            _ => train,
        };
        (samples / self.regime.batch_size.max(1)).max(1)
    }
}
