use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{PhaseEnergy, SelfCheck};
use crate::setup::Setup;

/// What a controller asks of a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// List every device; answered by [`super::Event::Devices`].
    Devices,
    /// Try every meter; answered by [`super::Event::Sources`].
    Doctor {
        /// Device whose meter is to be matched, as in a setup.
        device: String,
        /// Overrides of the models' powers, as in a setup.
        measure: crate::setup::MeasureSetup,
    },
    /// Read every meter that answers, until [`Self::Stop`]; answered by [`super::Event::Device`],
    /// [`super::Event::Sources`], [`super::Event::Meters`] and then [`super::Event::Readings`]. The worker ends with it.
    Watch {
        /// Device whose meter is to be matched, as in a setup.
        device: String,
        /// Overrides of the models' powers and the sampling rate, as in a setup.
        measure: crate::setup::MeasureSetup,
        /// Read every graphics card that has a sensor, not only the device: for measuring other programs.
        #[serde(default)]
        every_gpu: bool,
        /// Measure the idle machine for `measure.idle_s` seconds first, so that windows have net energies; answered by
        /// [`super::Event::Idle`] before anything else is done.
        #[serde(default)]
        baseline: bool,
    },
    /// Open a window of time while the meters are watched; answered by [`super::Event::WindowOpened`] once every meter was
    /// read for it. One at a time: [`super::Event::Readings`] tells its energy so far.
    OpenWindow,
    /// Close the window; answered by [`super::Event::WindowClosed`].
    CloseWindow,
    /// Measure the power of the idle machine; answered as [`Self::Watch`] and at the end by [`super::Event::Idle`], which
    /// [`Self::Stop`] prevents. The worker ends with it.
    MeasureIdle {
        /// Device whose meter is to be matched, as in a setup.
        device: String,
        /// Overrides of the models' powers and the sampling rate, as in a setup.
        measure: crate::setup::MeasureSetup,
        /// Seconds, above 0 to 3600.
        duration_s: f64,
    },
    /// Train. One run a worker.
    Run(Box<RunRequest>),
    /// Hold after the step that is going on.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Save the state after the step that is going on.
    Checkpoint,
    /// End the run after the step that is going on, or the reading of meters at once.
    Stop,
}

/// A run to be trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    /// What to train.
    pub setup: Setup,
    /// Where checkpoints go.
    pub checkpoints: Option<PathBuf>,
    /// Where tuned kernels are kept.
    pub kernel_cache: Option<PathBuf>,
    /// Self-checks of this machine's devices that were done before.
    pub self_checks: Vec<SelfCheck>,
    /// Where to go on from.
    pub resume: Option<Resume>,
    /// File to which every raw reading of the meters is written; must not exist.
    pub record: Option<PathBuf>,
    /// What is known of this machine's power from earlier.
    pub knowledge: Knowledge,
}

/// What is known of a machine's power from earlier, for models and for figures at the wall. Plain JSON here: it is made and
/// understood by the power room alone, and kept by the library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Knowledge {
    /// The wall calibration to apply.
    pub wall: Option<serde_json::Value>,
    /// The fit of the device's power.
    pub gpu_fit: Option<serde_json::Value>,
    /// The processors' power at idle and full load.
    pub cpu_points: Option<serde_json::Value>,
}

/// What a run is resumed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// Folder of the checkpoint.
    pub checkpoint: PathBuf,
    /// Time on the run's clock at which this worker begins, s.
    pub t_s: f64,
    /// Energy of training and evaluation in earlier workers of the run, by meter.
    pub training: Vec<PhaseEnergy>,
}
