use std::path::PathBuf;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Device;

use super::checkpoint::Position;
use super::layers::Layers;
use super::learner::Learner;
use super::method::{Method, Subject};
use super::pace::{Pace, PhaseClock};
use super::reinforce::Reinforced;
use super::start;
use super::supervised::Supervised;
use super::{
    Evaluation, Observer, Progress, Signal, StartFrom, StopReason, TeacherFrom, TrainError,
};
use crate::models::Network;
use crate::setup::sweep::Until;
use crate::setup::{DatasetSetup, Metric, Phase, Setup, Stage, StepPart, plan::Plan};
use crate::units::HeadOutcome;

/// Steps of warm-up where kernels are compiled and tuned.
const WARM_UP_STEPS_COMPILED: u64 = 10;
/// Steps of warm-up after which it ends where every kernel was tuned before: the first ones differ, since the optimiser has no
/// state yet and memory is not laid out.
const WARM_UP_STEPS_KNOWN: u64 = 3;
/// Steps of warm-up where there is nothing to compile: caches and thread pools only.
const WARM_UP_STEPS: u64 = 2;

/// Everything that a run trains with.
pub struct Job {
    /// What was asked for, validated.
    pub setup: Setup,
    /// The layers of its model for this data.
    pub plan: Plan,
    /// Where to train; without autodiff.
    pub device: Device,
    /// Whether kernels are compiled and tuned on first use, as on a GPU.
    pub compiles: bool,
    /// Whether the device computes on the processor, as the CPU backend and software adapters do, so that its memory is the
    /// main memory.
    pub on_processor: bool,
    /// Where checkpoints go; without it none are written.
    pub checkpoints: Option<PathBuf>,
    /// The checkpoint to go on from.
    pub resume: Option<PathBuf>,
    /// How far it goes for now; it is then evaluated and saved, to go on later.
    pub until: Option<Until>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Why it ended.
    pub reason: StopReason,
    /// Steps done, over all sessions of the run.
    pub steps: u64,
    /// Epochs done, whole or begun.
    pub epochs: u64,
    /// Samples learnt from over all sessions, repeats among them; of reinforcement learning, steps of the environment.
    pub samples: u64,
    /// Seconds of training steps over all sessions.
    pub train_s: f64,
    /// What the task is judged by.
    pub metric: Metric,
    /// The last held-out value of the task's metric.
    pub final_metric: Option<f64>,
    /// The last held-out loss.
    pub final_loss: Option<f64>,
    /// The best of them.
    pub best_metric: Option<f64>,
    /// Whether the target was reached; `None` where there is none.
    pub target_reached: Option<bool>,
    /// Each head, where several labels are learnt at once.
    pub heads: Vec<HeadOutcome>,
    /// Steps at the best evaluation, by what early stopping goes by.
    pub best_step: Option<u64>,
    /// Whether the run ended with the weights of then.
    pub is_restored: bool,
}

/// Trains until the stop rule or the user ends it.
///
/// All work on the device happens on the calling thread; it should be one that does nothing else.
///
/// # Errors
/// Where the device fails or a checkpoint cannot be written or read.
pub fn train(job: Job, observer: &mut dyn Observer) -> Result<Outcome, TrainError> {
    train_from(job, None, observer)
}

/// As [`train`], where `start` is the checkpoint of the run whose weights the setup asks for.
///
/// # Errors
/// As [`train`]; and where the weights to start from cannot be read, or do not fit.
pub fn train_from(
    job: Job,
    start: Option<&StartFrom>,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    let sources = Sources {
        start: start.cloned(),
        teacher: None,
    };
    train_with(job, &sources, observer)
}

/// The runs of a library that a run makes use of, where its setup names any.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Whose weights it starts from.
    pub start: Option<StartFrom>,
    /// Who teaches it.
    pub teacher: Option<TeacherFrom>,
}

/// As [`train`], with the runs that the setup names.
///
/// # Errors
/// As [`train_from`]; and where the teacher cannot teach.
pub fn train_with(
    job: Job,
    sources: &Sources,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    observer.begin(Phase::Load);
    let (mut run, learner) = Run::load(job, sources, observer)?;
    run.sync("loading the data")?;
    observer.end(Phase::Load);

    observer.begin(Phase::WarmUp);
    run.warm_up(observer)?;
    run.sync("warming up")?;
    observer.end(Phase::WarmUp);

    run.train(learner, observer)
}

struct Run {
    setup: Setup,
    setup_hash: String,
    plan: Plan,
    subject: Subject,
    device: Device,
    autodiff: Device,
    compiles: bool,
    checkpoints: Option<PathBuf>,
    until: Option<Until>,
    method: Box<dyn Method>,
    position: Position,
    steps_per_epoch: u64,
    layers: Layers,
    /// What changes when, in order of time.
    stages: Vec<Stage>,
    /// Height and width of the images of the next step, where they are smaller than their own.
    size: Option<(usize, usize)>,
    /// The network of the best evaluation, where it is to be restored.
    best: Option<Network>,
    /// Whether it was.
    is_restored: bool,
}

impl Run {
    /// The run, and the learner that it starts from; they are apart because every step replaces it.
    fn load(
        job: Job,
        sources: &Sources,
        observer: &mut dyn Observer,
    ) -> Result<(Self, Learner), TrainError> {
        let Job {
            setup,
            plan,
            device,
            compiles,
            on_processor,
            checkpoints,
            resume,
            until,
        } = job;
        let (method, subject): (Box<dyn Method>, Subject) = match &setup.dataset {
            DatasetSetup::CartPole(cartpole) => {
                let (method, subject) = Reinforced::new(&setup.regime, cartpole, &device);
                (Box::new(method), subject)
            }
            _ => {
                let (method, subject) = {
                    let teacher = sources.teacher.as_ref();
                    Supervised::load(&setup, &plan, &device, on_processor, teacher)?
                };
                (Box::new(method), subject)
            }
        };
        let autodiff = device.clone().autodiff();
        let mut network = new_network(&setup, &subject, &plan, &autodiff);
        // What is resumed has it in its checkpoint.
        if let (Some(wanted), None) = (&setup.start, &resume) {
            let (begun, report) =
                start::begin(wanted, sources.start.as_ref(), &setup.model, network)?;
            observer.started(&report);
            network = begun;
        }
        let length = setup.length(subject.samples);
        let layers = Layers::new(&setup.regime.layers, &plan, length);
        let stages = setup.stages(&plan, length);
        let learner = Learner::new(&setup.regime, network, layers.clone(), &device)?;
        let setup_hash = setup.hash();
        let (learner, position, best) = match &resume {
            Some(path) => learner.restored(path, &setup_hash, &setup.regime, &device)?,
            None => (learner, Position::default(), None),
        };
        let run = Self {
            steps_per_epoch: length.steps_per_epoch,
            layers,
            stages,
            size: None,
            best,
            is_restored: false,
            setup,
            setup_hash,
            plan,
            subject,
            device,
            autodiff,
            compiles,
            checkpoints,
            until,
            method,
            position,
        };
        Ok((run, learner))
    }

    fn sync(&self, doing: &'static str) -> Result<(), TrainError> {
        self.device.sync().map_err(TrainError::device(doing))
    }

    /// Steps and an evaluation of a network that is thrown away, so that every kernel of the run is compiled, tuned and
    /// cached before anything is counted: also those of later steps, in which more layers learn than at first.
    fn warm_up(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let network = new_network(&self.setup, &self.subject, &self.plan, &self.autodiff);
        let mut learner = Learner::new(
            &self.setup.regime,
            network,
            self.layers.clone(),
            &self.device,
        )?;
        let mut position = Position::default();
        let steps = if self.compiles {
            WARM_UP_STEPS_COMPILED
        } else {
            WARM_UP_STEPS
        };
        let mut kinds: Vec<(usize, Option<(usize, usize)>)> = Vec::new();
        for stage in &self.stages {
            let kind = (stage.opened, stage.size);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        observer.warms_up(steps * kinds.len() as u64);
        let rate = self.learning_rate(0);
        for (opened, size) in kinds {
            self.resize(size, observer);
            learner = self.open(learner, opened, observer);
            for done in 1..=steps {
                learner = self.method.step(learner, rate, &mut position, observer)?;
                if done == WARM_UP_STEPS_KNOWN && done < steps {
                    // What is tuned may be behind what was asked for.
                    self.sync("warming up")?;
                    if observer.is_warm() {
                        break;
                    }
                }
            }
        }
        self.method.read()?;
        self.method.look(learner.best(), &position, observer)?;
        self.method.warmed_up();
        Ok(())
    }

    /// What holds in step `step`, from 0.
    fn stage(&self, step: u64) -> (usize, Option<(usize, usize)>) {
        let stage = self.stages.iter().rev().find(|s| s.from_step <= step);
        stage.map_or((0, None), |stage| (stage.opened, stage.size))
    }

    /// From the next step on images have this size; tells it where sizes change in this run.
    fn resize(&mut self, size: Option<(usize, usize)>, observer: &mut dyn Observer) {
        self.size = size;
        self.method.resize(size);
        if self.setup.regime.resize.is_some() {
            observer.resized(size);
        }
    }

    fn steps_max(&self) -> Option<u64> {
        self.setup.regime.stop.steps_max(self.steps_per_epoch)
    }

    fn learning_rate(&self, step: u64) -> f64 {
        let regime = &self.setup.regime;
        let total = self.steps_max().unwrap_or(u64::MAX);
        let factor = regime.schedule.factor(step, total, self.steps_per_epoch);
        regime.learning_rate * factor
    }

    /// Lets `opened` groups of layers learn, and tells which those are.
    fn open(&self, learner: Learner, opened: usize, observer: &mut dyn Observer) -> Learner {
        observer.learns(&self.layers.learning(opened));
        learner.open(opened)
    }

    fn train(
        mut self,
        mut learner: Learner,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, TrainError> {
        let mut pace = Pace::new();
        let mut last_checkpoint = Instant::now();
        let mut clock = None;
        if let Some(reason) = self.ended_before() {
            return Ok(self.outcome(reason));
        }
        let (_, size) = self.stage(self.position.step);
        self.resize(size, observer);
        observer.learns(&self.layers.learning(learner.opened()));

        let reason = loop {
            let begun = clock
                .get_or_insert_with(|| PhaseClock::begin(observer))
                .begun;
            let (opened, size) = self.stage(self.position.step);
            if size != self.size {
                self.resize(size, observer);
            }
            if opened != learner.opened() {
                learner = self.open(learner, opened, observer);
            }
            let rate = self.learning_rate(self.position.step);
            learner = self
                .method
                .step(learner, rate, &mut self.position, observer)?;

            let signal = observer.signal();
            if signal == Signal::Leave {
                break StopReason::User;
            }
            let mut reason = self.bound_reached(signal, begun);
            let ends_epoch = self.position.step.is_multiple_of(self.steps_per_epoch);
            let evaluates = reason.is_some() || self.evaluation_due(ends_epoch);
            if evaluates || signal != Signal::Continue || self.method.unread() >= pace.read_every {
                self.read(&mut pace, begun, observer)?;
                reason = self
                    .diverged()
                    .or(reason)
                    .or_else(|| self.energy_spent(observer));
            }
            if evaluates || reason.is_some() {
                self.leave_train(&mut clock, observer)?;
                reason = self.evaluate(&learner, observer, reason)?;
                self.restore(reason);
            }
            if self.checkpoint_due(signal, ends_epoch, reason, last_checkpoint) {
                self.leave_train(&mut clock, observer)?;
                self.save(&learner, observer)?;
                last_checkpoint = Instant::now();
            }
            if let Some(reason) = reason {
                break reason;
            }
            if signal == Signal::Pause {
                self.leave_train(&mut clock, observer)?;
                observer.begin(Phase::Pause);
                observer.wait_while_paused();
                observer.end(Phase::Pause);
            }
            if clock.is_none() {
                pace.leave_out();
            }
        };
        self.leave_train(&mut clock, observer)?;
        Ok(self.outcome(reason))
    }

    /// The bounds that can be told without asking the device.
    fn bound_reached(&self, signal: Signal, begun: Instant) -> Option<StopReason> {
        let stop = &self.setup.regime.stop;
        if signal == Signal::Stop {
            return Some(StopReason::User);
        }
        let step = self.position.step;
        if stop.steps.is_some_and(|steps| step >= steps) {
            return Some(StopReason::Steps);
        }
        if self.steps_max().is_some_and(|steps| step >= steps) {
            return Some(StopReason::Epochs);
        }
        let measured_s = self.position.measured_s + begun.elapsed().as_secs_f64();
        if stop.time_s.is_some_and(|time_s| measured_s >= time_s) {
            return Some(StopReason::Time);
        }
        let until = self.until?.steps(self.steps_per_epoch);
        (step >= until).then_some(StopReason::Pause)
    }

    /// Why a run that is resumed has nothing left to do, where it has not: its checkpoint was its last one.
    fn ended_before(&self) -> Option<StopReason> {
        let ended = self.bound_reached(Signal::Continue, Instant::now());
        if self.position.stop.target_reached {
            Some(StopReason::Target)
        } else {
            ended
        }
    }

    fn energy_spent(&self, observer: &mut dyn Observer) -> Option<StopReason> {
        let budget_j = self.setup.regime.stop.energy_j?;
        let used_j = observer.energy_used_j()?;
        (used_j >= budget_j).then_some(StopReason::Energy)
    }

    fn diverged(&self) -> Option<StopReason> {
        let loss_sum = self.position.since_evaluation.loss_sum;
        (!loss_sum.is_finite()).then_some(StopReason::Diverged)
    }

    fn evaluation_due(&self, ends_epoch: bool) -> bool {
        let evaluation = &self.setup.regime.evaluation;
        match evaluation.every_steps {
            Some(steps) => self.position.step.is_multiple_of(steps),
            None => {
                ends_epoch
                    && (self.position.step / self.steps_per_epoch)
                        .is_multiple_of(evaluation.every_epochs)
            }
        }
    }

    fn checkpoint_due(
        &self,
        signal: Signal,
        ends_epoch: bool,
        reason: Option<StopReason>,
        last: Instant,
    ) -> bool {
        let checkpoint = &self.setup.checkpoint;
        if self.checkpoints.is_none() {
            return false;
        }
        match reason {
            // What has diverged is not worth going on from.
            Some(StopReason::Diverged) => false,
            Some(StopReason::User | StopReason::Pause) => true,
            Some(_) => checkpoint.at_end,
            None => {
                signal == Signal::Checkpoint
                    || ends_epoch && last.elapsed().as_secs_f64() >= checkpoint.every_s
            }
        }
    }

    fn read(
        &mut self,
        pace: &mut Pace,
        begun: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        observer.part(StepPart::Read);
        let Some(reading) = self.method.read()? else {
            return Ok(());
        };
        self.position
            .since_evaluation
            .add(&reading, self.method.metric());
        let step = self.position.step;
        let samples_per_s = pace.read(&reading);
        observer.progress(&Progress {
            step,
            epoch: (step - 1) / self.steps_per_epoch + 1,
            loss: reading.loss,
            metric: reading.metric,
            learning_rate: self.learning_rate(step - 1),
            samples_per_s,
            steps_max: self.steps_max(),
            train_s: self.position.train_s + begun.elapsed().as_secs_f64(),
            heads: reading.heads,
        });
        Ok(())
    }

    fn evaluate(
        &mut self,
        learner: &Learner,
        observer: &mut dyn Observer,
        reason: Option<StopReason>,
    ) -> Result<Option<StopReason>, TrainError> {
        observer.begin(Phase::Evaluate);
        let begun = Instant::now();
        let look = self.method.look(learner.best(), &self.position, observer)?;
        self.sync("evaluating")?;
        observer.end(Phase::Evaluate);
        self.position.measured_s += begun.elapsed().as_secs_f64();

        let since = std::mem::take(&mut self.position.since_evaluation);
        let metric = self.method.metric();
        let mut heads = look.means.heads;
        since.of_training(&mut heads);
        let evaluation = Evaluation {
            step: self.position.step,
            epoch: self.position.step.div_ceil(self.steps_per_epoch),
            loss: look.means.loss,
            metric: look.means.metric,
            others: look.means.others,
            heads,
            train_loss: since.mean_loss(),
            train_metric: since.metric(metric),
            samples: since.samples,
            train_s: self.position.train_s - self.position.evaluated_train_s,
        };
        self.position.evaluated_train_s = self.position.train_s;
        observer.evaluated(&evaluation);
        let (step, epoch) = (evaluation.step, evaluation.epoch);
        let answers = look.answers;
        let of_answers = |answers| self.method.predictions(answers, step, epoch);
        for predictions in answers.map(of_answers).unwrap_or_default() {
            observer.predicted(predictions);
        }
        let mut stop = self.setup.regime.stop.clone();
        if !look.is_whole {
            stop.target = None;
        }
        let by_rule = self.position.stop.after(&evaluation, metric, &stop);
        if stop.restore_best && self.position.stop.since_best == 0 {
            self.best = Some(learner.best().valid());
        }
        // Reaching the target is said even where the last step was also the last allowed one.
        Ok(match by_rule {
            Some(StopReason::Target | StopReason::Diverged) => by_rule,
            // What ends a run for good counts before what only ends it for now.
            _ if reason == Some(StopReason::Pause) => by_rule.or(reason),
            _ => reason.or(by_rule),
        })
    }

    /// The weights of the best evaluation are what the run came to, where it is over, asks for them, and has had better ones.
    fn restore(&mut self, reason: Option<StopReason>) {
        let is_over = reason.is_some_and(StopReason::restores);
        let best = self.position.stop.best.as_ref().map(|best| best.step);
        self.is_restored =
            is_over && self.best.is_some() && best.is_some_and(|step| step < self.position.step);
        if self.is_restored {
            self.position.stop.restore();
        }
    }

    fn save(&mut self, learner: &Learner, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let Some(folder) = &self.checkpoints else {
            return Ok(());
        };
        observer.begin(Phase::Checkpoint);
        let epoch = self.position.step / self.steps_per_epoch;
        let best = (self.best.as_ref(), self.is_restored);
        let saved = learner.save(folder, &self.setup_hash, &self.position, epoch, best)?;
        // Once a session is enough: it is the same at every checkpoint.
        if let Some(kept) = self.subject.kept.take() {
            kept.save(folder)?;
        }
        observer.end(Phase::Checkpoint);
        observer.saved(&saved);
        Ok(())
    }

    /// Ends the train phase, where one is going on, once the device has nothing left to do.
    fn leave_train(
        &mut self,
        clock: &mut Option<PhaseClock>,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        if let Some(clock) = clock.take() {
            self.sync("training")?;
            clock.end(observer, &mut self.position);
        }
        Ok(())
    }

    fn outcome(&self, reason: StopReason) -> Outcome {
        let Position {
            step,
            samples,
            train_s,
            ref stop,
            ..
        } = self.position;
        Outcome {
            reason,
            steps: step,
            epochs: step.div_ceil(self.steps_per_epoch),
            samples,
            train_s,
            metric: self.method.metric(),
            final_metric: stop.final_metric,
            final_loss: stop.final_loss,
            best_metric: stop.best_metric,
            target_reached: self.setup.has_target().then_some(stop.target_reached),
            heads: stop.heads.clone(),
            best_step: stop.best.as_ref().map(|best| best.step),
            is_restored: self.is_restored,
        }
    }
}

fn new_network(setup: &Setup, subject: &Subject, plan: &Plan, device: &Device) -> Network {
    let (input, outputs) = (subject.input, subject.outputs);
    Network::new(
        &setup.model,
        input,
        outputs,
        plan,
        setup.regime.seed,
        device,
    )
}
