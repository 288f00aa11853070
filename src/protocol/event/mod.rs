//! What a worker tells its controller: the messages, and in the files beside this one what they carry.

mod answers;
mod data;
mod device;
mod energy;
mod failure;
mod learnt;
mod meters;
mod progress;
mod replay;
mod summary;

pub use answers::{Answered, AskReady, HeadSaid, InferenceWindow, Saying};
pub use data::Data;
pub use device::{Device, SelfCheck};
pub use energy::{CooledDown, IdlePower, MeterNow, PhaseEnergy, Sample, WindowEnergy};
pub use failure::{Failure, FailureKind};
pub use learnt::{CpuPoint, DevicePoint, WallLine};
pub use meters::{AccountLine, LostMeter, Meter, MeterCost, Source, SourceStatus};
pub use progress::{Evaluation, Predictions, Progress, SamplePredictions, Saved};
pub use replay::{Replayed, ReplayedWindow};
pub use summary::Summary;

use serde::{Deserialize, Serialize};

use super::Stretch;
use crate::setup::{Phase, StartReport};

/// What a worker tells its controller. `t_s` is seconds since the run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The worker is there.
    Hello {
        /// Version of its messages, [`super::PROTOCOL`].
        protocol: u32,
        /// Version of its program.
        program_version: String,
        /// Its process id.
        pid: u32,
    },
    /// Every device.
    Devices {
        /// In the order of their indices.
        devices: Vec<Device>,
    },
    /// Every meter that was tried.
    Sources {
        /// In the order in which they were tried.
        sources: Vec<Source>,
        /// The parts of the machine, each with who answers for it.
        account: Vec<AccountLine>,
    },
    /// The device that will train.
    Device {
        /// Which.
        device: Device,
        /// Why this one.
        because: String,
    },
    /// The dataset was read, and the model planned for it.
    Data(Data),
    /// The device was compared with the CPU, now or before.
    SelfCheck(SelfCheck),
    /// What is read during the run.
    Meters {
        /// In the order of their figures.
        meters: Vec<Meter>,
        /// What was not used, and why.
        refused: Vec<Source>,
    },
    /// What reading the meters costs, as timed on this machine before anything was measured.
    Observing {
        /// Rounds of readings a second: as asked for, or fewer where they would cost too much.
        rate_hz: f64,
        /// How long a reading takes, by meter.
        costs: Vec<MeterCost>,
    },
    /// Every meter without a run; about twice a second.
    Readings {
        /// Seconds since reading began.
        t_s: f64,
        /// Each meter now.
        now: Vec<MeterNow>,
        /// Energy so far of the window that is open, if one is.
        #[serde(default)]
        window: Option<WindowEnergy>,
    },
    /// A window of time begins, where the meters are watched.
    WindowOpened {
        /// When every meter was read for it, in seconds since reading began.
        t_s: f64,
    },
    /// The window ends.
    WindowClosed {
        /// When every meter was read for it, in seconds since reading began.
        t_s: f64,
        /// What it came to, to the very edges.
        window: WindowEnergy,
    },
    /// The line through readings of a plug meter.
    WallLine(Box<WallLine>),
    /// What was learnt of the machine's power, for [`super::Knowledge`] of later runs; before [`Event::Finished`], or at the
    /// end of a load. Only from sensors.
    Learnt {
        /// Of the device.
        device_points: Vec<DevicePoint>,
        /// Of the processors.
        cpu_points: Vec<CpuPoint>,
    },
    /// A window of a recording.
    ReplayedWindow(ReplayedWindow),
    /// All of a recording.
    Replayed(Replayed),
    /// The idle baseline.
    Idle {
        /// One for each meter that answered.
        power: Vec<IdlePower>,
        /// Seconds it was measured for.
        duration_s: f64,
        /// All of it, for [`super::EarlierIdle`] of later runs.
        #[serde(default)]
        baseline: serde_json::Value,
        /// How long ago it was measured, where it is that of an earlier run, s.
        #[serde(default)]
        age_s: Option<f64>,
    },
    /// The pause before a run is over.
    CooledDown(CooledDown),
    /// A phase begins.
    PhaseBegan {
        /// When.
        t_s: f64,
        /// Which.
        phase: Phase,
    },
    /// The phase that began last ends.
    PhaseEnded {
        /// When.
        t_s: f64,
        /// Which.
        phase: Phase,
        /// Its energy, by meter.
        energies: Vec<PhaseEnergy>,
    },
    /// How far the warm-up is; about twice a second while it lasts.
    WarmUp {
        /// Steps that were handed to the device.
        done: u64,
        /// Steps that it is of; 0 while the device is compared with the CPU, before it.
        total: u64,
        /// Operations that were tuned, since nothing was known of them; each takes some seconds, and is kept.
        tuned: u64,
    },
    /// Where the time of some training steps goes.
    Traced {
        /// Steps as they are and, on a device that tells the time of its kernels, as many with each of them timed.
        stretches: Vec<Stretch>,
    },
    /// The network took over what it had learnt before.
    Started(Box<StartReport>),
    /// From now on these groups of layers learn.
    Learns {
        /// When.
        t_s: f64,
        /// From the samples to the head.
        groups: Vec<String>,
    },
    /// From now on training images have this size.
    Resized {
        /// When.
        t_s: f64,
        /// Height and width, where they are smaller than their own.
        size: Option<(usize, usize)>,
    },
    /// A run's network can be asked.
    InferenceReady {
        /// Steps that had been done when its weights were saved.
        step: u64,
        /// Held-out samples that it is asked about.
        samples: u64,
    },
    /// A run's network can be asked about samples of one's own.
    AskReady(Box<AskReady>),
    /// What it says of the samples of a [`super::Command::Question`].
    Answers {
        /// Of the question.
        id: u64,
        /// For each sample, by head.
        answers: Vec<Vec<HeadSaid>>,
    },
    /// Batches of another size: how good its answers are in them, and what warming up took.
    InferenceBegun(Answered),
    /// A window in which it was asked, right after [`Event::WindowClosed`].
    Inferred(InferenceWindow),
    /// Training metrics.
    Progress {
        /// When.
        t_s: f64,
        /// What was read.
        progress: Progress,
    },
    /// The held-out samples were looked at.
    Evaluated {
        /// When.
        t_s: f64,
        /// What came out.
        evaluation: Evaluation,
        /// Energy of training and evaluation since the start of the run, by meter.
        training: Vec<PhaseEnergy>,
    },
    /// What the held-out samples were taken for, right after [`Event::Evaluated`].
    Predictions(Predictions),
    /// Where the energy stands; about twice a second.
    Energy {
        /// When.
        t_s: f64,
        /// Each meter now.
        now: Vec<MeterNow>,
        /// Energy so far of the phase that is going on, by meter.
        phase: Vec<PhaseEnergy>,
        /// Energy of training and evaluation since the start of the run, by meter.
        training: Vec<PhaseEnergy>,
    },
    /// Raw readings.
    Samples {
        /// In the order of their times.
        samples: Vec<Sample>,
    },
    /// A checkpoint was written.
    Saved(Saved),
    /// The run has ended as its setup or the user wished.
    Finished(Box<Summary>),
    /// The run or request has failed.
    Failed(Failure),
}
