use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::Device;

use super::batches::{Batch, Batches, Feed, Feeding, Residence, Scale};
use super::checkpoint::Position;
use super::evaluate::Held;
use super::learner::Learner;
use super::metrics::Metrics;
use super::objective::Objective;
use super::pace::{Pace, PhaseClock};
use super::update::Update;
use super::{Evaluation, Observer, Progress, Signal, StopReason, TrainError, Work};
use crate::data::{self, Split};
use crate::models::Network;
use crate::setup::{Outputs, Phase, Setup, plan::Plan};

/// Steps of warm-up where kernels are compiled and tuned.
const WARM_UP_STEPS_COMPILED: usize = 10;
/// Steps of warm-up where there is nothing to compile: caches and thread pools only.
const WARM_UP_STEPS: usize = 2;

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
    /// Steps done in this session, after the checkpoint that it went on from.
    pub session_steps: u64,
    /// Seconds of training steps over all sessions.
    pub train_s: f64,
    /// The last held-out value of the task's metric.
    pub final_metric: Option<f64>,
    /// The last held-out loss.
    pub final_loss: Option<f64>,
    /// The best of them.
    pub best_metric: Option<f64>,
    /// Whether the target was reached; `None` where there is none.
    pub target_reached: Option<bool>,
}

/// Trains until the stop rule or the user ends it.
///
/// All work on the device happens on the calling thread; it should be one that does nothing else.
///
/// # Errors
/// Where the device fails or a checkpoint cannot be written or read.
pub fn train(job: Job, observer: &mut dyn Observer) -> Result<Outcome, TrainError> {
    observer.begin(Phase::Load);
    let (mut run, learner) = Run::load(job)?;
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
    input: crate::setup::InputShape,
    outputs: Outputs,
    device: Device,
    autodiff: Device,
    compiles: bool,
    checkpoints: Option<PathBuf>,
    feed: Feed,
    held: Held,
    /// The class of each held-out sample.
    truth: Vec<u16>,
    objective: Objective,
    position: Position,
    resumed_at: u64,
    steps_per_epoch: u64,
    has_dropout: bool,
}

impl Run {
    /// The run, and the learner that it starts from; they are apart because every step replaces it.
    fn load(job: Job) -> Result<(Self, Learner), TrainError> {
        let Job {
            setup,
            plan,
            device,
            compiles,
            on_processor,
            checkpoints,
            resume,
        } = job;
        let data = data::load(&setup.dataset)?;
        let autodiff = device.clone().autodiff();
        let (input, target) = (data.info.input, data.info.target);
        let (task, outputs) = (data.info.task, data.info.outputs());
        let network = new_network(&setup, input, outputs, &plan, &autodiff);
        let learner = Learner::new(&setup.regime, network, &device)?;
        let truth = data.test.labels.classes(target).map(<[u16]>::to_vec);
        let scale = Scale::of(&data.train.labels);
        let steps_per_epoch = setup.steps_per_epoch(data.train.len()) as u64;
        let feeding = Feeding::of(&setup.regime, steps_per_epoch);
        let normalisation = &data.normalisation;
        let part = |split: Split, changes: bool, device: &Device| {
            let residence = Residence::choose(&split.features, changes, on_processor);
            Batches::new(
                split,
                input,
                target,
                scale,
                normalisation,
                residence,
                device,
            )
        };
        let train = part(data.train, feeding.augmentation.moves_pixels(), &autodiff);
        let test = part(data.test, false, &device);
        let held = Held::new(test, setup.regime.evaluation.batch_size, &device);
        let setup_hash = setup.hash();
        let (learner, position) = match &resume {
            Some(path) => learner.restored(path, &setup_hash, &setup.regime, &device)?,
            None => (learner, Position::default()),
        };
        let run = Self {
            steps_per_epoch,
            objective: Objective::new(task, outputs, setup.regime.label_smoothing, scale.deviation),
            has_dropout: plan.layers.iter().any(|layer| layer.name == "dropout"),
            resumed_at: position.step,
            setup,
            setup_hash,
            plan,
            input,
            outputs,
            device,
            autodiff,
            compiles,
            checkpoints,
            feed: Feed::new(train, feeding, input),
            held,
            truth: truth.unwrap_or_default(),
            position,
        };
        Ok((run, learner))
    }

    fn sync(&self, doing: &'static str) -> Result<(), TrainError> {
        self.device.sync().map_err(TrainError::device(doing))
    }

    /// Steps and an evaluation of a network that is thrown away, so that every kernel of the run is compiled, tuned and
    /// cached before anything is counted.
    fn warm_up(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let setup = &self.setup;
        let network = new_network(setup, self.input, self.outputs, &self.plan, &self.autodiff);
        let mut learner = Learner::new(&setup.regime, network, &self.device)?;
        let steps = if self.compiles {
            WARM_UP_STEPS_COMPILED
        } else {
            WARM_UP_STEPS
        };
        let mut metrics = Metrics::new(&self.objective, &self.device);
        for index in 0..steps {
            let batch = self.feed.batch(index as u64)?;
            learner = self.step(learner, batch, 0, &mut metrics);
            observer.worked(Work::Step);
        }
        metrics.read()?;
        self.held
            .score(learner.best(), &self.objective, &self.device)?;
        observer.worked(self.held.work());
        Ok(())
    }

    /// One step of gradient descent; nothing in it waits for the device.
    fn step(&self, learner: Learner, batch: Batch, step: u64, metrics: &mut Metrics) -> Learner {
        let regime = &self.setup.regime;
        if self.has_dropout {
            // The masks depend on seed and step alone, so that a resumed run draws the same ones.
            self.device
                .seed(regime.seed ^ step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        let update = Update {
            regime,
            objective: &self.objective,
            learning_rate: self.learning_rate(step),
        };
        learner.step(&update, batch, step, metrics)
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

    fn train(
        mut self,
        mut learner: Learner,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, TrainError> {
        let mut metrics = Metrics::new(&self.objective, &self.device);
        let mut pace = Pace::new();
        let mut last_checkpoint = Instant::now();
        let mut clock = None;
        if let Some(reason) = self.ended_before() {
            return Ok(self.outcome(reason));
        }

        let reason = loop {
            let begun = clock
                .get_or_insert_with(|| PhaseClock::begin(observer))
                .begun;
            let step = self.position.step;
            let index = step % self.steps_per_epoch;
            let batch = self.feed.batch(step)?;
            learner = self.step(learner, batch, step, &mut metrics);
            self.position.step += 1;
            observer.worked(Work::Step);

            let signal = observer.signal();
            let mut reason = self.bound_reached(signal, begun);
            let ends_epoch = index + 1 == self.steps_per_epoch;
            let evaluates = reason.is_some() || self.evaluation_due(ends_epoch);
            if evaluates || signal != Signal::Continue || metrics.steps() >= pace.read_every {
                self.read(&mut metrics, &mut pace, begun, observer)?;
                reason = self
                    .diverged()
                    .or(reason)
                    .or_else(|| self.energy_spent(observer));
            }
            if evaluates || reason.is_some() {
                self.leave_train(&mut clock, observer)?;
                reason = self.evaluate(&learner, observer, reason)?;
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
        stop.time_s
            .is_some_and(|time_s| measured_s >= time_s)
            .then_some(StopReason::Time)
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
            Some(StopReason::User) => true,
            Some(_) => checkpoint.at_end,
            None => {
                signal == Signal::Checkpoint
                    || ends_epoch && last.elapsed().as_secs_f64() >= checkpoint.every_s
            }
        }
    }

    fn read(
        &mut self,
        metrics: &mut Metrics,
        pace: &mut Pace,
        begun: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        let Some(reading) = metrics.read()? else {
            return Ok(());
        };
        self.position
            .since_evaluation
            .add(&reading, self.objective.metric());
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
        let (score, answers) = self
            .held
            .score(learner.best(), &self.objective, &self.device)?;
        self.sync("evaluating")?;
        observer.worked(self.held.work());
        observer.end(Phase::Evaluate);
        self.position.measured_s += begun.elapsed().as_secs_f64();

        let since = std::mem::take(&mut self.position.since_evaluation);
        let metric = self.objective.metric();
        let evaluation = Evaluation {
            step: self.position.step,
            epoch: self.position.step.div_ceil(self.steps_per_epoch),
            loss: score.loss,
            metric: score.metric,
            others: score.others,
            train_loss: since.mean_loss(),
            train_metric: since.metric(metric),
            samples: since.samples,
            train_s: self.position.train_s - self.position.evaluated_train_s,
        };
        self.position.evaluated_train_s = self.position.train_s;
        observer.evaluated(&evaluation);
        let (step, epoch) = (evaluation.step, evaluation.epoch);
        if let Some(predictions) =
            answers.predictions(&self.truth, self.outputs.numbers, step, epoch)
        {
            observer.predicted(predictions);
        }
        let by_rule = self
            .position
            .stop
            .after(&evaluation, metric, &self.setup.regime.stop);
        // Reaching the target is said even where the last step was also the last allowed one.
        Ok(match by_rule {
            Some(StopReason::Target | StopReason::Diverged) => by_rule,
            _ => reason.or(by_rule),
        })
    }

    fn save(&mut self, learner: &Learner, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let Some(folder) = &self.checkpoints else {
            return Ok(());
        };
        observer.begin(Phase::Checkpoint);
        let epoch = self.position.step / self.steps_per_epoch;
        let saved = learner.save(folder, &self.setup_hash, &self.position, epoch)?;
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
            train_s,
            ref stop,
            ..
        } = self.position;
        Outcome {
            reason,
            steps: step,
            epochs: step.div_ceil(self.steps_per_epoch),
            session_steps: step - self.resumed_at,
            train_s,
            final_metric: stop.final_metric,
            final_loss: stop.final_loss,
            best_metric: stop.best_metric,
            target_reached: self.setup.regime.stop.target.map(|_| stop.target_reached),
        }
    }
}

fn new_network(
    setup: &Setup,
    input: crate::setup::InputShape,
    outputs: Outputs,
    plan: &Plan,
    device: &Device,
) -> Network {
    Network::new(
        &setup.model,
        input,
        outputs,
        plan,
        setup.regime.seed,
        device,
    )
}
