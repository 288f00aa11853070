//! One run, on a thread of its own, from its request to its summary.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::busy::{Busy, Costs};
use super::controls::Controls;
use super::cool_down;
use super::known::Known;
use super::learn::{Done, Learn};
use super::meters::{Beginning, Ended, Meters};
use super::outbox::Outbox;
use super::wall::Wall;
use super::warm_up::WarmUp;
use super::watch::all_answer;
use super::{PROGRAM_VERSION, convert, task};
use crate::data::{self, DataInfo};
use crate::device::{self, DeviceEntry, DeviceKind, Opened};
use crate::power::recording::Recorder;
use crate::power::{self, Clock, IdleBaseline, Sampler, SamplerOptions};
use crate::protocol::{
    self, Data, EarlierIdle, Event, Failure, FailureKind, Knowledge, LostMeter, PhaseEnergy,
    RunRequest, SelfCheck, Summary,
};
use crate::setup::plan::Plan;
use crate::setup::sweep::CoolDown;
use crate::setup::{InputShape, Phase, Setup, StartReport};
use crate::train::{
    self, Evaluation, Job, Observer, Outcome, Predictions, Progress, Saved, Signal, Sources,
    StartError, StartFrom, StopReason, TeacherError, TeacherFrom, TrainError, Work,
};
use crate::units::EnergyFigure;

/// The thread that trains: one run after the other, until one ends that does not keep the worker.
pub struct Trainer {
    queue: SyncSender<Asked>,
}

/// A run that was asked for, with what the user wants of it.
struct Asked {
    request: RunRequest,
    controls: Arc<Controls>,
}

/// Runs that may wait while another one ends.
const RUNS_WAITING: usize = 1;

impl Trainer {
    /// Starts the thread; the process ends with it, which `process` is told.
    pub fn start(outbox: Outbox, process: Arc<Controls>) -> Self {
        let (queue, asked) = sync_channel(RUNS_WAITING);
        task::start("joulelab-train", outbox, process, move |outbox, _| {
            serve(&asked, outbox)
        });
        Self { queue }
    }

    /// Asks for a run; `false` where the thread has another one waiting already, or has ended.
    pub fn take(&self, request: RunRequest, controls: Arc<Controls>) -> bool {
        self.queue.try_send(Asked { request, controls }).is_ok()
    }
}

/// What a worker keeps from one run to the next.
#[derive(Default)]
struct Kept {
    /// Devices by what was asked for: drivers are not asked again.
    chosen: Vec<(String, device::Chosen)>,
    /// Devices that were opened.
    opened: Vec<(String, Opened)>,
    /// What was seen while sensors were watched: that takes as long as a short run.
    watched: power::Watched,
    /// Whether the meters of a run are read: where it fails then, the process ends with them.
    is_measuring: bool,
}

fn serve(asked: &Receiver<Asked>, outbox: &Outbox) -> Result<(), Failure> {
    let mut kept = Kept::default();
    while let Ok(Asked { request, controls }) = asked.recv() {
        let stays = request.terms.stays;
        match run(request, outbox, &controls, &mut kept) {
            Ok(()) if stays => {}
            // Refused before anything was measured: the worker is as it was.
            Err(failure) if stays && failure.kind == FailureKind::Setup && !kept.is_measuring => {
                outbox.send(Event::Failed(failure));
            }
            other => return other,
        }
        for (_, opened) in &kept.opened {
            opened.tidy();
        }
        controls.end();
    }
    Ok(())
}

/// Turns an error into a failure of `kind`.
pub fn failure<E: std::fmt::Display>(kind: FailureKind) -> impl Fn(E) -> Failure {
    move |error| Failure {
        kind,
        message: error.to_string(),
    }
}

/// What made training fail.
pub fn training_failure(error: TrainError) -> Failure {
    Failure {
        kind: match error {
            TrainError::Data(_)
            | TrainError::Unkept { .. }
            | TrainError::Teacher(TeacherError::Dataset { .. }) => FailureKind::Data,
            TrainError::Checkpoint(_)
            | TrainError::Start(
                StartError::Io { .. } | StartError::NoWeights { .. } | StartError::NotFinite { .. },
            ) => FailureKind::Storage,
            TrainError::Precision { .. }
            | TrainError::Start(_)
            | TrainError::Unfit(_)
            | TrainError::Teacher(_) => FailureKind::Setup,
            TrainError::Device { .. } | TrainError::Loader(_) => FailureKind::Training,
        },
        message: error.to_string(),
    }
}

fn run(
    request: RunRequest,
    outbox: &Outbox,
    controls: &Arc<Controls>,
    kept: &mut Kept,
) -> Result<(), Failure> {
    let RunRequest {
        setup,
        checkpoints,
        kernel_cache,
        self_checks,
        resume,
        record,
        knowledge,
        terms,
        start,
        teacher,
    } = request;
    let sources = Sources {
        start: start.map(|start| StartFrom {
            run_id: start.run_id,
            checkpoint: start.checkpoint,
        }),
        teacher: teacher.map(teacher_from),
    };
    // Before there is a run, and before a device is touched: what does not fit is refused with nothing half-done.
    let (plan, teacher) = describe_taught(&setup, sources.teacher.as_ref(), outbox)?;
    if resume.is_none() {
        train::check_start(&setup, &plan, sources.start.as_ref()).map_err(training_failure)?;
    }
    let chosen = kept.choose(&setup.device)?;
    if setup.measure.wall {
        Wall::check(&knowledge.walls, &chosen.entry.identity())?;
    }
    outbox.send(Event::Device {
        device: convert::device(&chosen.entry),
        because: chosen.because,
    });
    let warm_up = WarmUp::new(outbox, kernel_cache.as_deref());
    let opened = kept.open(&chosen.entry, kernel_cache.as_deref())?;
    let check = checked(&chosen.entry, &opened, &self_checks, &warm_up)?;
    outbox.send(Event::SelfCheck(check));

    let (t_s, trained, checkpoint) = match resume {
        Some(resume) => {
            // Before the controller opens the run again: a refusal must leave it as it is.
            train::verify_checkpoint(&resume.checkpoint, &setup.hash())
                .map_err(failure(FailureKind::Storage))?;
            (resume.t_s, resume.training, Some(resume.checkpoint))
        }
        None => (0.0, Vec::new(), None),
    };
    let busy = Busy::default();
    let costs = StepCosts {
        setup: setup.clone(),
        plan: plan.clone(),
        teacher,
        size: None,
    };
    kept.is_measuring = true;
    let around = Around {
        busy: &busy,
        knowledge: &knowledge,
        watched: &kept.watched,
    };
    let meters = meters(
        &setup,
        &chosen.entry,
        &around,
        record.as_deref(),
        (t_s, trained),
        outbox,
    )?;
    let job = Job {
        plan,
        device: opened.device,
        compiles: opened.compiles,
        on_processor: matches!(chosen.entry.kind, DeviceKind::Cpu | DeviceKind::Software),
        checkpoints,
        resume: checkpoint,
        until: terms.until,
        setup,
    };
    let mut watcher = Watcher {
        meters,
        busy,
        costs,
        learning: Vec::new(),
        outbox: outbox.clone(),
        controls: Arc::clone(controls),
        warm_up,
        is_warming: false,
        train_began: None,
        trained: Done::default(),
    };
    watcher.settle(job.setup.measure.idle_s, terms.cool_down, terms.idle);
    let outcome = train::train_with(job, &sources, &mut watcher).map_err(training_failure)?;
    let places = watcher.meters.places().to_vec();
    let ended = watcher.meters.finish(watcher.trained);
    kept.is_measuring = false;
    if let Some(learnt) = &ended.learnt {
        outbox.send(learnt.clone());
    }
    let summary = summary(outcome, ended, &places);
    outbox.send(Event::Finished(Box::new(summary)));
    Ok(())
}

/// Looks the dataset up, plans the model for it, and tells both.
pub fn describe(setup: &Setup, outbox: &Outbox) -> Result<(Plan, InputShape), Failure> {
    let (info, plan) = planned(setup)?;
    let input = info.input;
    tell(setup, info, plan.clone(), None, outbox);
    Ok((plan, input))
}

/// As [`describe`], with the layers of the run that teaches this one, where one is to.
pub fn describe_taught(
    setup: &Setup,
    teacher: Option<&TeacherFrom>,
    outbox: &Outbox,
) -> Result<(Plan, Option<Plan>), Failure> {
    let (info, plan) = planned(setup)?;
    let teacher = train::check_teacher(setup, &plan, teacher).map_err(training_failure)?;
    tell(setup, info, plan.clone(), teacher.clone(), outbox);
    Ok((plan, teacher))
}

/// A run that teaches, as the train room takes it.
pub fn teacher_from(teacher: protocol::Teacher) -> TeacherFrom {
    TeacherFrom {
        run_id: teacher.run_id,
        setup: teacher.setup,
        checkpoint: teacher.checkpoint,
    }
}

fn planned(setup: &Setup) -> Result<(DataInfo, Plan), Failure> {
    setup.validate().map_err(failure(FailureKind::Setup))?;
    let info = data::describe(&setup.dataset).map_err(failure(FailureKind::Data))?;
    let plan = setup
        .validate_with(&info.counts())
        .map_err(failure(FailureKind::Setup))?;
    Ok((info, plan))
}

fn tell(setup: &Setup, info: DataInfo, plan: Plan, teacher: Option<Plan>, outbox: &Outbox) {
    outbox.send(Event::Data(Data {
        task: info.task,
        steps_per_epoch: setup.steps_per_epoch(info.train_samples) as u64,
        classes: info.classes().to_vec(),
        head_classes: info.head_classes(&plan),
        train: info.train_samples,
        test: info.test_samples,
        name: info.name,
        title: info.title,
        input: info.input,
        plan,
        teacher,
    }));
}

/// The device that was asked for. Drivers are only asked where the answer matters.
pub fn choose(wish: &str) -> Result<device::Chosen, Failure> {
    let entries = if wish.trim().eq_ignore_ascii_case("cpu") {
        vec![device::cpu_entry()]
    } else {
        device::list()
    };
    device::choose(&entries, wish).map_err(failure(FailureKind::Device))
}

impl Kept {
    fn choose(&mut self, wish: &str) -> Result<device::Chosen, Failure> {
        if let Some((_, chosen)) = self.chosen.iter().find(|(known, _)| known == wish) {
            return Ok(chosen.clone());
        }
        let chosen = choose(wish)?;
        self.chosen.push((wish.to_owned(), chosen.clone()));
        Ok(chosen)
    }

    /// Opens the device, where an earlier run has not.
    fn open(
        &mut self,
        entry: &DeviceEntry,
        kernel_cache: Option<&Path>,
    ) -> Result<Opened, Failure> {
        let identity = entry.identity();
        if let Some((_, opened)) = self.opened.iter().find(|(known, _)| *known == identity) {
            return Ok(opened.clone());
        }
        if let Some(folder) = kernel_cache {
            device::use_kernel_cache(folder, entry);
        }
        let opened = device::open(entry).map_err(failure(FailureKind::Device))?;
        self.opened.push((identity, opened.clone()));
        Ok(opened)
    }
}

/// The device's self-check: from the library where this driver and program were checked before, else done now.
fn checked(
    entry: &DeviceEntry,
    opened: &Opened,
    known: &[SelfCheck],
    warm_up: &Arc<WarmUp>,
) -> Result<SelfCheck, Failure> {
    let identity = entry.identity();
    let fits = |check: &&SelfCheck| {
        check.device == identity
            && check.driver == entry.driver
            && check.program_version == PROGRAM_VERSION
            && check.passed
    };
    if let Some(check) = known.iter().find(fits) {
        return Ok(SelfCheck {
            fresh: false,
            ..check.clone()
        });
    }
    // Its kernels are compiled and tuned as those of a warm-up are.
    warm_up.begin(0);
    let report = device::self_check(&opened.device);
    warm_up.end();
    let report = report.map_err(|message| Failure {
        kind: FailureKind::Device,
        message: format!("`{}` failed in its self-check: {message}", entry.name),
    })?;
    Ok(SelfCheck {
        device: identity,
        driver: entry.driver.clone(),
        program_version: PROGRAM_VERSION.to_owned(),
        passed: report.passed,
        tolerance: device::SELF_CHECK_TOLERANCE,
        loss_difference: convert::finite(report.loss_difference),
        gradient_difference: convert::finite(report.gradient_difference),
        fresh: true,
    })
}

/// What the meters of a run go by beside its setup.
struct Around<'a> {
    busy: &'a Busy,
    knowledge: &'a Knowledge,
    watched: &'a power::Watched,
}

fn meters(
    setup: &Setup,
    entry: &DeviceEntry,
    around: &Around<'_>,
    record: Option<&Path>,
    (t_s, trained): (f64, Vec<PhaseEnergy>),
    outbox: &Outbox,
) -> Result<Meters, Failure> {
    let knowledge = around.knowledge;
    let known = Known::of(knowledge, entry);
    let mut found = power::discover(&power::Options {
        watched: around.watched.clone(),
        ..known.options(entry, &setup.measure, around.busy)
    });
    known.remark(&mut found);
    all_answer(&setup.measure, &found)?;
    let wall = setup
        .measure
        .wall
        .then(|| Wall::choose(&knowledge.walls, &entry.identity(), &found))
        .transpose()?;
    let clock = Clock::new();
    let rate_hz = setup.measure.rate_hz;
    // Before the run comes to be in the library: a file that is in the way ends it here.
    let recorder = record.map(|file| Recorder::create(file, &found.meters, &clock, rate_hz));
    let recorder = recorder
        .transpose()
        .map_err(failure(FailureKind::Storage))?;
    outbox.send(convert::meters(&found, wall.as_ref()));
    let learn = Learn::new(entry, &found);
    // Before the first reading, so that no reading is older than the run.
    let begun_s = clock.now_s();
    let options = SamplerOptions { rate_hz };
    let recording = recorder.as_ref().map(Recorder::recording);
    let record = recorder.map(|recorder| Box::new(recorder) as Box<dyn power::Record>);
    let (sampler, samples) = Sampler::start_recorded(found.meters, clock.clone(), options, record)
        .map_err(failure(FailureKind::Training))?;
    let beginning = Beginning {
        recording,
        shift_s: t_s - begun_s,
        trained,
        wall,
        learn,
    };
    Meters::start(sampler, samples, clock, beginning, outbox.clone())
        .map_err(failure(FailureKind::Training))
}

fn summary(outcome: Outcome, ended: Ended, places: &[power::Place]) -> Summary {
    let Ended {
        training,
        last,
        lost_wall,
        hung,
        recording_problem,
        ..
    } = ended;
    let (components, missing) = convert::sum(&training, places);
    let mut lost = convert::lost(&last);
    lost.extend(lost_wall);
    lost.extend(hung.map(|reason| LostMeter {
        meter: "the meters' thread".to_owned(),
        reason,
    }));
    Summary {
        reason: reason_name(outcome.reason),
        reason_text: outcome.reason.sentence().to_owned(),
        steps: outcome.steps,
        epochs: outcome.epochs,
        samples: outcome.samples,
        metric: outcome.metric,
        final_metric: outcome.final_metric.and_then(convert::finite),
        final_loss: outcome.final_loss.and_then(convert::finite),
        best_metric: outcome.best_metric.and_then(convert::finite),
        target_reached: outcome.target_reached,
        heads: outcome.heads,
        best_step: outcome.best_step,
        is_restored: outcome.is_restored,
        train_s: outcome.train_s,
        components,
        missing,
        training,
        lost,
        recording_problem,
        meter_overhead_share: last.overhead_share,
        dropped_samples: last.dropped_samples,
    }
}

fn reason_name(reason: StopReason) -> String {
    match reason {
        StopReason::Epochs => "epochs",
        StopReason::Steps => "steps",
        StopReason::Target => "target",
        StopReason::Energy => "energy",
        StopReason::Time => "time",
        StopReason::EarlyStopping => "early-stopping",
        StopReason::Pause => "pause",
        StopReason::User => "user",
        StopReason::Diverged => "diverged",
    }
    .to_owned()
}

/// What the work of a run comes to.
struct StepCosts {
    setup: Setup,
    plan: Plan,
    teacher: Option<Plan>,
    /// Of training images, where they are smaller than their own.
    size: Option<(usize, usize)>,
}

impl StepCosts {
    /// While these groups of layers learn.
    fn of(&self, groups: &[String]) -> Costs {
        let learns = |group: &str| groups.iter().any(|one| one == group);
        let of_plan = |plan: &Plan| {
            let numbers = plan.input.len() as u64;
            Costs::of_run(&self.setup, plan, numbers, learns)
        };
        let whole = of_plan(&self.plan);
        let costs = of_plan(self.plan.at(self.size)).looking_at(&whole);
        match &self.teacher {
            Some(teacher) => costs.taught_by(teacher, self.plan.input.len() as u64),
            None => costs,
        }
    }
}

/// Hears of the training and tells the controller, with the energy of everything.
struct Watcher {
    meters: Meters,
    busy: Busy,
    /// What work comes to while some groups of layers learn.
    costs: StepCosts,
    /// The groups that do.
    learning: Vec<String>,
    outbox: Outbox,
    controls: Arc<Controls>,
    warm_up: Arc<WarmUp>,
    is_warming: bool,
    /// The work that was done when the train phase began that goes on.
    train_began: Option<power::WorkDone>,
    /// What the device did in the train phases before.
    trained: Done,
}

impl Watcher {
    /// Lets the machine come to rest and finds out what it draws there, by an earlier run's measurement where that serves.
    fn settle(&mut self, idle_s: f64, plan: CoolDown, earlier: Option<EarlierIdle>) {
        let keep_going = || !self.controls.is_stopped();
        let known = earlier.as_ref().and_then(|earlier| {
            let baseline: IdleBaseline = serde_json::from_value(earlier.baseline.clone()).ok()?;
            self.meters.fits(&baseline).then_some(baseline)
        });
        let sampler = self.meters.sampler();
        if let Some(cooled) = cool_down::wait(sampler, plan, known.as_ref(), &keep_going) {
            self.outbox.send(Event::CooledDown(cooled));
        }
        let serving = earlier.filter(|earlier| earlier.serves);
        match (known, serving) {
            (Some(baseline), Some(earlier)) if idle_s > 0.0 => {
                self.meters.take_idle(&baseline);
                self.tell_idle(&baseline, Some(earlier.age_s));
            }
            _ => self.idle(idle_s),
        }
    }

    fn idle(&mut self, duration_s: f64) {
        if duration_s <= 0.0 {
            return;
        }
        self.begin(Phase::Idle);
        let baseline = self
            .meters
            .measure_idle(duration_s, &|| !self.controls.is_stopped());
        self.end(Phase::Idle);
        let baseline = match baseline {
            Ok(baseline) => baseline,
            Err(error) => {
                tracing::error!(
                    "the idle machine is not measured: {error}; there is no net energy"
                );
                return;
            }
        };
        self.tell_idle(&baseline, None);
    }

    fn tell_idle(&self, baseline: &IdleBaseline, age_s: Option<f64>) {
        self.outbox.send(Event::Idle {
            power: convert::idle_power(baseline, self.meters.sampler()),
            duration_s: baseline.duration_s,
            // Plain numbers, which JSON can always hold.
            baseline: serde_json::to_value(baseline).unwrap_or_default(),
            age_s,
        });
    }
}

impl Observer for Watcher {
    fn begin(&mut self, phase: Phase) {
        self.meters.begin(phase);
        self.is_warming = phase == Phase::WarmUp;
        self.busy.set(matches!(
            phase,
            Phase::WarmUp | Phase::Train | Phase::Evaluate
        ));
        self.train_began = (phase == Phase::Train).then(|| self.busy.done());
    }

    fn end(&mut self, phase: Phase) {
        if phase == Phase::WarmUp {
            self.warm_up.end();
            self.is_warming = false;
        }
        if let Some(began) = self.train_began.take() {
            let done = self.busy.done();
            self.trained.flop += done.flop - began.flop;
            self.trained.bytes += done.bytes.unwrap_or(0.0) - began.bytes.unwrap_or(0.0);
        }
        self.busy.set(false);
        self.meters.end(phase);
    }

    fn started(&mut self, report: &StartReport) {
        self.outbox.send(Event::Started(Box::new(report.clone())));
    }

    fn learns(&mut self, groups: &[String]) {
        self.learning = groups.to_vec();
        self.busy.count(self.costs.of(groups));
        if self.is_warming {
            return;
        }
        self.outbox.send(Event::Learns {
            t_s: self.meters.now_s(),
            groups: groups.to_vec(),
        });
    }

    fn resized(&mut self, size: Option<(usize, usize)>) {
        self.costs.size = size;
        self.busy.count(self.costs.of(&self.learning));
        if self.is_warming {
            return;
        }
        self.outbox.send(Event::Resized {
            t_s: self.meters.now_s(),
            size,
        });
    }

    fn progress(&mut self, progress: &Progress) {
        self.outbox.offer(Event::Progress {
            t_s: self.meters.now_s(),
            progress: convert::progress(progress),
        });
    }

    fn evaluated(&mut self, evaluation: &Evaluation) {
        self.outbox.send(Event::Evaluated {
            t_s: self.meters.now_s(),
            evaluation: convert::evaluation(evaluation),
            training: self.meters.training(),
        });
    }

    fn predicted(&mut self, predictions: Predictions) {
        self.outbox
            .send(Event::Predictions(convert::predictions(predictions)));
    }

    fn saved(&mut self, saved: &Saved) {
        self.outbox.send(Event::Saved(convert::saved(saved)));
    }

    fn worked(&mut self, work: Work) {
        self.busy.worked(work);
        if matches!(work, Work::Step | Work::Update { .. }) {
            self.warm_up.step();
        }
    }

    fn warms_up(&mut self, steps: u64) {
        self.warm_up.begin(steps);
    }

    fn is_warm(&mut self) -> bool {
        self.warm_up.is_warm()
    }

    fn signal(&mut self) -> Signal {
        self.controls.signal()
    }

    fn wait_while_paused(&mut self) {
        self.controls.wait_while_paused();
    }

    fn energy_used_j(&mut self) -> Option<f64> {
        let figures: Vec<EnergyFigure> = self
            .meters
            .training()
            .into_iter()
            .map(|part| part.gross)
            .collect();
        power::components(&figures, self.meters.places())
            .figure
            .energy_j
            .map(|energy| energy.value)
    }
}
