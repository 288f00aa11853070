use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{KnownWall, Stretch};
use crate::setup::{InputShape, Phase, Setup, StartReport, Task, plan::Plan};
use crate::units::{
    Boundary, EnergyFigure, Estimate, Grade, HeadOutcome, HeadProgress, HeadResult, Latencies,
    Metric,
};

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

/// A network that can be asked about samples of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskReady {
    /// Steps that had been done when its weights were saved.
    pub step: u64,
    /// What samples go through before it sees them: plain JSON, made and understood by the data room alone.
    pub encoding: serde_json::Value,
    /// How long it took to read the network and to warm up, s.
    pub seconds: f64,
}

/// What a network says of one label of a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadSaid {
    /// The label.
    pub label: String,
    /// What it says.
    pub says: Saying,
    /// From the sample in main memory to the answer in main memory, s.
    pub seconds: f64,
}

/// What a network says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saying {
    /// The probability of each class.
    Classes(Vec<f64>),
    /// A number, in the unit of what was learnt.
    Number(f64),
    /// For each position the likeliest class, and its probability.
    Symbols(Vec<(u16, f64)>),
}

/// The pause before a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CooledDown {
    /// How long it was, s.
    pub waited_s: f64,
    /// Whether the machine came near its idle power; `None` where that was not looked at.
    pub reached: Option<bool>,
    /// Power at its end, W, of the meters that were looked at together.
    pub power_w: Option<f64>,
    /// Power of the idle machine by the same meters, W.
    pub idle_w: Option<f64>,
    /// What happened, in a sentence.
    pub text: String,
}

/// A device that can train.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Number for `--device`.
    pub index: usize,
    /// Name, as its driver gives it.
    pub name: String,
    /// `discrete-gpu`, `integrated-gpu`, `virtual-gpu`, `software`, `other` or `cpu`.
    pub kind: String,
    /// Graphics API; `None` for the CPU.
    pub api: Option<String>,
    /// Burn's backend, such as `wgpu/vulkan` or `flex`.
    pub backend: String,
    /// Driver with its version; empty where there is none.
    pub driver: String,
    /// Who made it.
    pub vendor: Option<String>,
    /// PCI address, or the platform's like.
    pub address: Option<String>,
    /// Stays the same over restarts and upgrades of the driver.
    pub identity: String,
}

/// What is learnt from and by what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// Name of the dataset in a setup.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Shape of one sample.
    pub input: InputShape,
    /// What is asked of the model.
    #[serde(default)]
    pub task: Task,
    /// The classes to tell apart, or the vocabulary.
    pub classes: Vec<String>,
    /// The classes of each head of the plan, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub head_classes: Vec<Vec<String>>,
    /// Samples to learn from.
    pub train: usize,
    /// Samples held out.
    pub test: usize,
    /// Layers of the model, with their costs.
    pub plan: Plan,
    /// Layers of the network that teaches it, where one does.
    #[serde(default)]
    pub teacher: Option<Plan>,
    /// Steps in one epoch.
    pub steps_per_epoch: u64,
}

impl Data {
    /// Floating-point operations of training on one sample by `setup`, the mean over a run that takes all its steps; with the forward pass of
    /// a teacher, as where it is asked about every sample anew.
    pub fn training_flop(&self, setup: &Setup) -> u64 {
        let teacher = self.teacher.as_ref().map_or(0, Plan::forward_flop);
        setup.training_flop(&self.plan).saturating_add(teacher)
    }
}

/// Comparison of a device with the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Identity of the device.
    pub device: String,
    /// Its driver with version.
    pub driver: String,
    /// Version of the program that checked.
    pub program_version: String,
    /// Whether every difference was within the tolerance.
    pub passed: bool,
    /// Largest relative difference allowed.
    pub tolerance: f64,
    /// Relative difference of the loss.
    pub loss_difference: Option<f64>,
    /// Largest relative difference of a gradient.
    pub gradient_difference: Option<f64>,
    /// Whether it was done now, not taken from the library.
    pub fresh: bool,
}

/// A source of energy figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// Identifier, such as `nvml:0`.
    pub id: String,
    /// How it measures, in words.
    pub source: String,
    /// What it measures.
    pub device: String,
    /// What hardware its figures cover.
    pub boundary: Boundary,
    /// How good it is.
    pub grade: Grade,
    /// `counter`, `power` or `model`; `calibration` of figures at the wall.
    pub kind: String,
    /// `sensor`, `model` or `simulated`.
    pub origin: String,
    /// `part` of the sum, `cross-check` beside it, or `stand-by`.
    pub role: String,
    /// The parts of the machine that it covers, as paths from the whole inwards.
    pub covers: Vec<String>,
    /// How often its reading changes, in seconds.
    pub refresh_s: Option<f64>,
    /// What a reader of its figures should know.
    pub notes: Vec<String>,
    /// Of figures at the wall, the calibration that makes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<KnownWall>,
}

impl Meter {
    /// Whether it is only read when a better one ends.
    pub fn stands_by(&self) -> bool {
        self.role == "stand-by"
    }
}

/// A source that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Meter's identifier, or the source's.
    pub id: String,
    /// How it measures.
    pub source: String,
    /// Which device.
    pub device: String,
    /// What hardware it would cover.
    pub boundary: Boundary,
    /// How good its figures would be.
    pub grade: Grade,
    /// What it reads now, with its unit.
    pub raw: Option<String>,
    /// How often it publishes, in seconds.
    pub refresh_s: Option<f64>,
    /// What became of it.
    pub status: SourceStatus,
    /// What else should be known.
    pub notes: Vec<String>,
}

/// What became of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum SourceStatus {
    /// It is read, and part of the sum over the machine.
    Used,
    /// It is read beside the sum and never added to it: it contains parts that are in it.
    CrossCheck,
    /// It is read once a better source of the same part gives nothing more.
    StandBy {
        /// Identifier of the better one.
        of: String,
    },
    /// It would answer but is not read.
    Available {
        /// Why it is not read.
        reason: String,
    },
    /// It cannot be used.
    Refused {
        /// Why.
        reason: String,
        /// How to mend that.
        remedy: Option<String>,
    },
}

/// A part of the machine, and who says what it draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLine {
    /// The parts that the meter covers, as paths from the whole inwards.
    pub covers: Vec<String>,
    /// Identifier of the meter; `None` where no source answers for the part.
    pub meter: Option<String>,
    /// `sensor`, `model` or `simulated`.
    pub origin: Option<String>,
    /// Meters that stand by, in the order in which they would step in.
    pub stand_by: Vec<String>,
}

impl AccountLine {
    /// The parts for people, such as `processors, package 0`.
    pub fn title(&self) -> String {
        let titles: Vec<String> = self.covers.iter().map(|part| title(part)).collect();
        titles.join(" + ")
    }
}

/// `machine/processors/package-0` → `processors, package 0`.
fn title(part: &str) -> String {
    let inner = part.strip_prefix("machine/").unwrap_or(part);
    let names = inner.split('/').map(|name| match name.split_once('-') {
        Some(("gpu", place)) => format!("graphics card {place}"),
        Some((what, which)) => format!("{what} {}", which.replace('-', " ")),
        None if name == "gpu" => "graphics card".to_owned(),
        None => name.to_owned(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// What one meter costs to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeterCost {
    /// Which meter.
    pub meter: String,
    /// Mean time that a reading takes, s.
    pub read_s: f64,
}

/// Power of the idle machine by one meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdlePower {
    /// Which meter.
    pub meter: String,
    /// Of what hardware.
    pub boundary: Boundary,
    /// How good that is.
    pub grade: Grade,
    /// Watts.
    pub power_w: Estimate,
}

/// Energy of a stretch of time by one meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseEnergy {
    /// Gross energy with its provenance.
    pub gross: EnergyFigure,
    /// Gross minus the idle baseline, J; `None` where there is no baseline.
    pub net_j: Option<Estimate>,
}

/// A stretch of a device's work, or of its rest, whose energy a sensor measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DevicePoint {
    /// Identity of the device.
    pub device: String,
    /// Its driver with version; empty where there is none.
    pub driver: String,
    /// Joules of the device.
    pub energy_j: Estimate,
    /// Floating-point operations done; 0 at rest.
    pub flop: f64,
    /// Bytes moved between the device and its memory, as [`Plan`] counts them; `None` where nobody counted.
    pub bytes: Option<f64>,
    /// How long it took.
    pub seconds: f64,
    /// What measured it, in words.
    pub source: String,
    /// When it ended, as RFC 3339 text.
    pub at: String,
}

/// Power of all processors by a sensor, and how busy they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuPoint {
    /// Busy share of all processors, 0 to 1.
    pub busy: f64,
    /// Watts.
    pub power_w: Estimate,
    /// What measured it, in words.
    pub source: String,
    /// When it ended, as RFC 3339 text.
    pub at: String,
}

/// A line from the sum of the parts to the socket: power there = `offset_w` + `slope` × power of the parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WallLine {
    /// Everything that a run needs to apply it: plain JSON, made and understood by the power room alone.
    pub calibration: serde_json::Value,
    /// The constant, W.
    pub offset_w: f64,
    /// Watts at the socket for each watt of the parts.
    pub slope: f64,
    /// How far the readings are off it, relative to the reading; `None` with two readings.
    pub residual: Option<f64>,
    /// What it gives for each of the readings, W, in their order.
    pub line_w: Vec<f64>,
    /// Relative error of figures at the wall under the calibration's own load.
    pub error: f64,
    /// How far the sum of the parts was off the plug meter, relative to the reading: the mean over the readings.
    pub parts_off: f64,
    /// What whoever uses it should know, in sentences.
    pub remarks: Vec<String>,
}

/// Energy of a window of time while the meters are watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowEnergy {
    /// By meter; of stand-bys only those that have stepped in.
    pub energies: Vec<PhaseEnergy>,
    /// The same added up over the parts of the machine.
    pub sum: PhaseEnergy,
    /// Parts of the machine that had no reading and are not in the sum.
    pub missing: Vec<String>,
    /// Meters that ended before the window did.
    pub lost: Vec<LostMeter>,
}

/// A window of a recording, computed again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayedWindow {
    /// What it was called, such as `training`.
    pub label: String,
    /// When it began, in seconds since the recording did.
    pub from_s: f64,
    /// When it ended, in seconds since the recording began; where it did not, when the recording did.
    pub to_s: f64,
    /// Whether it ended: a program that is killed leaves windows open.
    pub closed: bool,
    /// What it came to.
    pub window: WindowEnergy,
}

/// A recording from its first to its last line, computed again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// Time of day when it began, as RFC 3339 writes it.
    pub date: String,
    /// Version of the program that recorded.
    pub program_version: String,
    /// Readings of each meter a second that were asked for.
    pub rate_hz: f64,
    /// All of it.
    pub whole: ReplayedWindow,
    /// Readings in it, those that failed included.
    pub readings: u64,
    /// Lines that could not be written: with any, figures may differ from what was told then.
    pub lost_lines: u64,
    /// Why it ended; `None` where it does not say, because whoever wrote it was killed or had no room.
    pub end: Option<String>,
    /// Whether its last line is cut off.
    pub cut_off: bool,
}

/// One meter at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeterNow {
    /// Which meter.
    pub meter: String,
    /// Power in W.
    pub power_w: Option<f64>,
    /// Whether it is part of the sum over the machine now.
    pub in_sum: bool,
    /// Why it is no longer read, if so.
    pub lost: Option<String>,
}

impl MeterNow {
    /// Power of the parts of the machine together, W; `None` where one of them has no reading, or where there are none.
    pub fn sum_w(now: &[Self]) -> Option<f64> {
        let parts = || now.iter().filter(|meter| meter.in_sum);
        parts().next()?;
        parts().map(|meter| meter.power_w).sum()
    }
}

/// One raw reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub t_s: f64,
    /// Which meter.
    pub meter: String,
    /// What was read, such as `power`.
    pub metric: String,
    /// The reading; `None` where it is no number.
    pub value: Option<f64>,
    /// Its unit, as UCUM writes it.
    pub unit: String,
}

/// Training metrics over the steps since the last reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done since the start of the run.
    pub step: u64,
    /// Epoch that is going on, from 1.
    pub epoch: u64,
    /// Mean training loss; `None` where it is no number.
    pub loss: Option<f64>,
    /// The task's metric over the training samples.
    pub metric: Option<f64>,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Training samples a second.
    pub samples_per_s: f64,
    /// Steps after which the run ends at the latest.
    pub steps_max: Option<u64>,
    /// Seconds of training steps since the start of the run.
    pub train_s: f64,
    /// Each head, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadProgress>,
}

/// How good a network's answers to all held-out samples are, in batches of one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Samples in a batch.
    pub batch_size: usize,
    /// The task's metric.
    pub metric: Metric,
    /// Its value; `None` where it is no number.
    pub value: Option<f64>,
    /// Passes of the warm-up.
    pub warm_up_passes: u64,
    /// Seconds of the warm-up, kernels that were compiled included.
    pub warm_up_s: f64,
    /// Each head, where the network answers for several labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadProgress>,
}

/// A window in which a network was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InferenceWindow {
    /// Samples in a batch.
    pub batch_size: usize,
    /// Batches that were answered.
    pub passes: u64,
    /// From the first pass to the last answer, s.
    pub seconds: f64,
    /// From samples in main memory to answers in main memory, by batch.
    pub latencies: Latencies,
}

/// A look at the held-out samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps done.
    pub step: u64,
    /// Epoch in which it happens, from 1.
    pub epoch: u64,
    /// Mean loss; `None` where it is no number.
    pub loss: Option<f64>,
    /// The task's metric, [`Data::task`].
    pub metric: Option<f64>,
    /// Further metrics.
    #[serde(default)]
    pub others: BTreeMap<Metric, f64>,
    /// Each head, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadResult>,
    /// Mean training loss since the last evaluation.
    pub train_loss: Option<f64>,
    /// The task's metric over the training samples since the last evaluation.
    pub train_metric: Option<f64>,
    /// Training samples since the last evaluation.
    pub samples: u64,
    /// Seconds of training steps since the last evaluation.
    pub train_s: f64,
}

/// What the held-out samples were taken for. At most about 1.4 MB as a line: the worker leaves the samples of a larger
/// set out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predictions {
    /// The head that took them for it, where several labels are learnt at once: then there is one message for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Steps done.
    pub step: u64,
    /// Epoch in which it happens, from 1.
    pub epoch: u64,
    /// How many samples of each class (row) were taken for each class (column).
    pub confusion: Vec<Vec<u32>>,
    /// The answer to each sample; `None` where there are too many, or the network's scores are no numbers.
    pub samples: Option<SamplePredictions>,
}

/// The answer to each held-out sample, in the order of the dataset's test part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplePredictions {
    /// The class it was taken for.
    pub predicted: Vec<u16>,
    /// How sure the network was: the share that softmax gives to that class, in thousandths.
    pub confidence_permille: Vec<u16>,
}

/// A checkpoint on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Its folder.
    pub path: PathBuf,
    /// Steps done.
    pub step: u64,
    /// Whole epochs done.
    pub epoch: u64,
    /// Bytes of all its files.
    pub bytes: u64,
    /// SHA-256 of the network's file, in hexadecimal.
    pub sha256: String,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Why it ended: `epochs`, `steps`, `target`, `energy`, `time`, `early-stopping`, `user` or `diverged`.
    pub reason: String,
    /// The same for people.
    pub reason_text: String,
    /// Steps done.
    pub steps: u64,
    /// Epochs done, whole or begun.
    pub epochs: u64,
    /// Training samples seen.
    pub samples: u64,
    /// What the task is judged by.
    #[serde(default)]
    pub metric: Metric,
    /// The last held-out value of it.
    pub final_metric: Option<f64>,
    /// The last held-out loss.
    pub final_loss: Option<f64>,
    /// The best held-out value of it.
    pub best_metric: Option<f64>,
    /// Whether the target was reached; `None` where there is none.
    pub target_reached: Option<bool>,
    /// Each head, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadOutcome>,
    /// Steps at the best evaluation: that with the lowest held-out loss, or of reinforcement learning the highest return.
    #[serde(default)]
    pub best_step: Option<u64>,
    /// Whether the run ended with the weights of then, as `regime.stop.restore_best` asks for.
    #[serde(default)]
    pub is_restored: bool,
    /// Seconds of training steps.
    pub train_s: f64,
    /// Energy of training and evaluation, by meter; the run's result.
    pub training: Vec<PhaseEnergy>,
    /// The same added up over the parts of the machine.
    pub components: PhaseEnergy,
    /// Parts of the machine that had no reading and are not in the sum.
    pub missing: Vec<String>,
    /// Meters that ended before the run did.
    #[serde(default)]
    pub lost: Vec<LostMeter>,
    /// What the recording of raw readings lacks, where one was asked for and is not whole; figures are not touched by it.
    #[serde(default)]
    pub recording_problem: Option<String>,
    /// Share of one core that reading the meters took, 0 to 1.
    pub meter_overhead_share: f64,
    /// Raw readings that were dropped because they were not taken in time.
    pub dropped_samples: u64,
}

/// A meter that ended before the run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostMeter {
    /// Which meter.
    pub meter: String,
    /// Why, and which has taken its place.
    pub reason: String,
}

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of reason.
    pub kind: FailureKind,
    /// What happened, where, and how to mend it.
    pub message: String,
}

/// What kind of reason stopped a run; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The setup cannot be run.
    Setup,
    /// The dataset cannot be read.
    Data,
    /// There is no such device, or it cannot be used.
    Device,
    /// Training failed.
    Training,
    /// A file could not be written or read.
    Storage,
    /// A message could not be understood.
    Protocol,
    /// The meters gave no figures.
    Meter,
}
