use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{CpuPoint, DevicePoint, Meter, PhaseEnergy, SelfCheck};
use crate::setup::sweep::{CoolDown, Until};
use crate::setup::{MeasureSetup, Setup};
use crate::units::Estimate;

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
        measure: MeasureSetup,
        /// What is known of the machine's power from earlier.
        #[serde(default)]
        knowledge: Knowledge,
    },
    /// Read every meter that answers, until [`Self::Stop`]; answered by [`super::Event::Device`],
    /// [`super::Event::Sources`], [`super::Event::Meters`] and then [`super::Event::Readings`]. The worker ends with it.
    Watch {
        /// Device whose meter is to be matched, as in a setup.
        device: String,
        /// Overrides of the models' powers and the sampling rate, as in a setup.
        measure: MeasureSetup,
        /// Read every graphics card that has a sensor, not only the device: for measuring other programs.
        #[serde(default)]
        every_gpu: bool,
        /// Measure the idle machine for `measure.idle_s` seconds first, so that windows have net energies; answered by
        /// [`super::Event::Idle`] before anything else is done.
        #[serde(default)]
        baseline: bool,
        /// What is known of the machine's power from earlier.
        #[serde(default)]
        knowledge: Knowledge,
        /// File to which every raw reading of the meters is written; must not exist.
        #[serde(default)]
        record: Option<PathBuf>,
    },
    /// Open a window of time while the meters are watched; answered by [`super::Event::WindowOpened`] once every meter was
    /// read for it. One at a time: [`super::Event::Readings`] tells its energy so far.
    OpenWindow,
    /// Close the window; answered by [`super::Event::WindowClosed`].
    CloseWindow,
    /// Compute a recording of meters again; answered by [`super::Event::Meters`], an [`super::Event::ReplayedWindow`] for
    /// each of its windows, and [`super::Event::Replayed`].
    Replay {
        /// The recording.
        file: PathBuf,
    },
    /// Measure the power of the idle machine; answered as [`Self::Watch`] and at the end by [`super::Event::Idle`], which
    /// [`Self::Stop`] prevents. The worker ends with it.
    MeasureIdle {
        /// Device whose meter is to be matched, as in a setup.
        device: String,
        /// Overrides of the models' powers and the sampling rate, as in a setup.
        measure: MeasureSetup,
        /// Seconds, above 0 to 3600.
        duration_s: f64,
        /// What is known of the machine's power from earlier.
        #[serde(default)]
        knowledge: Knowledge,
    },
    /// Keep the device busy with work of no use while the meters are read; answered as [`Self::Watch`], then by
    /// [`super::Event::WindowOpened`] once the device is warm, and by [`super::Event::WindowClosed`] at the end, which
    /// [`Self::Stop`] prevents. The worker ends with it.
    Load {
        /// Device that is to be kept busy, as in a setup.
        device: String,
        /// Overrides of the models' powers and the sampling rate, as in a setup.
        measure: MeasureSetup,
        /// Seconds of load before the window, 0 to 3600; kernels are compiled before that.
        #[serde(default)]
        settle_s: f64,
        /// Seconds of the window, above 0 to 3600.
        duration_s: f64,
        /// Share of the time in which the device is busy, above 0 to 1: it works and rests in turns of some hundredths of a
        /// second.
        share: f64,
        /// Where tuned kernels are kept.
        #[serde(default)]
        kernel_cache: Option<PathBuf>,
        /// What is known of the machine's power from earlier.
        #[serde(default)]
        knowledge: Knowledge,
    },
    /// Put a line through readings of a plug meter; answered by [`super::Event::WallLine`].
    FitWall(WallReadings),
    /// Train some steps to see where their time goes; answered by [`super::Event::Data`], [`super::Event::Device`],
    /// [`super::Event::WarmUp`] and, at the end, [`super::Event::Traced`]. Nothing is kept of what was learnt, and no meter is
    /// read. The worker ends with it.
    Trace {
        /// What to train; its stop rule, evaluation and checkpoints do not matter.
        setup: Box<Setup>,
        /// Steps of a stretch, 1 to 100.
        steps: u64,
        /// Where tuned kernels are kept.
        #[serde(default)]
        kernel_cache: Option<PathBuf>,
        /// The run that teaches, where the setup names one.
        #[serde(default)]
        teacher: Option<Box<Teacher>>,
    },
    /// Read the weights of a run, to be asked about samples while the meters are read: answered by [`super::Event::Device`],
    /// [`super::Event::Data`], [`super::Event::Sources`], [`super::Event::Meters`], [`super::Event::Idle`] where there is a baseline, and
    /// [`super::Event::InferenceReady`]; then it waits for [`Self::MeasureInference`], until [`Self::Stop`].
    Infer(Box<InferRequest>),
    /// Ask the network about held-out samples for some time; answered by [`super::Event::InferenceBegun`] where the batches are of
    /// another size than before, by [`super::Event::WindowOpened`], [`super::Event::WindowClosed`] and [`super::Event::Inferred`].
    MeasureInference {
        /// Samples at once, 1 or more.
        batch_size: usize,
        /// Seconds that the network is asked before the window, where the batches are of another size than before.
        warm_up_s: f64,
        /// Seconds of the window, above 0 to 3600.
        duration_s: f64,
    },
    /// Read the weights of a run, to be asked about samples of one's own: answered by [`super::Event::Device`] and
    /// [`super::Event::AskReady`]; then it waits for [`Self::Question`], and stays until [`Self::Stop`].
    Ask(Box<InferRequest>),
    /// Ask that network about samples, one after the other; answered by [`super::Event::Answers`].
    Question {
        /// Comes back with the answers.
        id: u64,
        /// As the dataset would hold them, not normalised.
        samples: Vec<AskedSample>,
    },
    /// Find the meters, and measure the idle machine as the setup's `measure` says, before it is measured what an answer costs:
    /// answered by [`super::Event::Sources`], [`super::Event::Meters`], [`super::Event::Idle`] where there is a baseline, and
    /// [`super::Event::InferenceReady`]. From then on [`Self::MeasureInference`] asks about the last sample over and over.
    ReadMeters,
    /// Train. One run a worker, unless [`Terms::stays`] keeps it for another; that one may be asked for while this one ends.
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
    /// What holds around it where it is one of many.
    #[serde(default)]
    pub terms: Terms,
    /// The run whose weights the setup starts from, where it names one.
    #[serde(default)]
    pub start: Option<Start>,
    /// The run that teaches it, where the setup names one.
    #[serde(default)]
    pub teacher: Option<Teacher>,
}

/// A run whose network is to be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InferRequest {
    /// Its setup, with the device and the measuring of now.
    pub setup: Setup,
    /// Folder of its checkpoint.
    pub checkpoint: PathBuf,
    /// Where tuned kernels are kept.
    pub kernel_cache: Option<PathBuf>,
    /// What is known of this machine's power from earlier.
    pub knowledge: Knowledge,
}

/// A sample that a network is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskedSample {
    /// Pixels of an image, channel by channel.
    Pixels(Vec<u8>),
    /// Features of a row.
    Numbers(Vec<f32>),
    /// Symbols one after the other.
    Tokens {
        /// They.
        tokens: Vec<u16>,
        /// The position whose answer counts; all, where there is none.
        at: Option<usize>,
    },
}

/// A run that another one starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Its identifier.
    pub run_id: String,
    /// Folder of its checkpoint.
    pub checkpoint: PathBuf,
}

/// A run that teaches another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Teacher {
    /// Its identifier.
    pub run_id: String,
    /// Its setup.
    pub setup: Setup,
    /// Folder of its checkpoint.
    pub checkpoint: PathBuf,
}

/// What holds around a run that is one of many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Whether the worker takes another run after this one instead of ending with it.
    pub stays: bool,
    /// How far the run goes for now; it can go on from its checkpoint later.
    pub until: Option<Until>,
    /// The pause before it; answered by [`super::Event::CooledDown`] unless there is none.
    pub cool_down: CoolDown,
    /// The idle machine, as it was measured before an earlier run.
    pub idle: Option<EarlierIdle>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            stays: false,
            until: None,
            cool_down: CoolDown::None,
            idle: None,
        }
    }
}

/// The idle machine before an earlier run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlierIdle {
    /// What was measured, as [`super::Event::Idle::baseline`] told it: plain JSON, understood by the power room alone.
    pub baseline: serde_json::Value,
    /// How long ago, s.
    pub age_s: f64,
    /// Whether it serves this run too; else only the pause before the run goes by it, and it is measured anew.
    pub serves: bool,
}

/// What is known of a machine's power from earlier, for models and for figures at the wall. Kept by the library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Knowledge {
    /// Wall calibrations of the machine, the newest first. Of a run that is resumed, the one that it began with.
    pub walls: Vec<KnownWall>,
    /// What sensors said of its devices, oldest first.
    pub device_points: Vec<DevicePoint>,
    /// What sensors said of its processors, oldest first.
    pub cpu_points: Vec<CpuPoint>,
}

/// A wall calibration that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownWall {
    /// Its identifier in the library.
    pub id: String,
    /// Whether it was made with meters that are made up: such a line is never applied to figures of real ones.
    pub simulated: bool,
    /// The line as [`super::WallLine::calibration`] told it: plain JSON, made and understood by the power room alone.
    pub calibration: serde_json::Value,
}

/// Readings of a plug meter, to put a line through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WallReadings {
    /// When, as RFC 3339 text.
    pub made_at: String,
    /// Fingerprint of the machine.
    pub machine: String,
    /// Identity of the device that drew the load.
    pub device: String,
    /// The meters that were read; those of role `part` make up the sum.
    pub meters: Vec<Meter>,
    /// What the plug meter may be off by, as a share of the reading, such as 0.01.
    pub meter_error: f64,
    /// The readings.
    pub readings: Vec<WallReading>,
}

/// One reading of a plug meter beside the sum of the parts over the same time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WallReading {
    /// What the machine did.
    pub what: WallState,
    /// Mean power of the parts added up, W.
    pub components_w: Estimate,
    /// Mean power at the socket, W.
    pub wall_w: f64,
    /// How long both were read, s.
    pub seconds: f64,
}

/// What a machine does while a plug meter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WallState {
    /// Nothing.
    Idle,
    /// As much as it can.
    Load,
    /// Something in between, to see how straight the line is.
    Check,
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
