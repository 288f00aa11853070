use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::Device;

use super::checkpoint::Position;
use super::layers::Layers;
use super::learner::Learner;
use super::method::{Method, Subject};
use super::pace::{Pace, PhaseClock};
use super::reinforce::Reinforced;
use super::start;
use super::supervised::Supervised;
use super::{Evaluation, Observer, Progress, Signal, StartFrom, StopReason, TrainError};
use crate::models::Network;
use crate::setup::sweep::Until;
use crate::setup::{DatasetSetup, Metric, Phase, Setup, StepPart, plan::Plan};
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
    observer.begin(Phase::Load);
    let (mut run, learner) = Run::load(job, start, observer)?;
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
}

impl Run {
    /// The run, and the learner that it starts from; they are apart because every step replaces it.
    fn load(
        job: Job,
        start: Option<&StartFrom>,
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
                let (method, subject) = Supervised::load(&setup, &plan, &device, on_processor)?;
                (Box::new(method), subject)
            }
        };
        let autodiff = device.clone().autodiff();
        let mut network = new_network(&setup, &subject, &plan, &autodiff);
        // What is resumed has it in its checkpoint.
        if let (Some(wanted), None) = (&setup.start, &resume) {
            let (begun, report) = start::begin(wanted, start, &setup.model, network)?;
            observer.started(&report);
            network = begun;
        }
        let steps_per_epoch = setup.steps_per_epoch(subject.samples) as u64;
        let layers = Layers::new(&setup.regime.layers, &plan, steps_per_epoch);
        let learner = Learner::new(&setup.regime, network, layers.clone(), &device)?;
        let setup_hash = setup.hash();
        let (learner, position) = match &resume {
            Some(path) => learner.restored(path, &setup_hash, &setup.regime, &device)?,
            None => (learner, Position::default()),
        };
        let run = Self {
            steps_per_epoch,
            layers,
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
        let all_opened = self.layers.all_opened();
        observer.warms_up(steps * all_opened.len() as u64);
        let rate = self.learning_rate(0);
        for opened in all_opened {
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
        Ok(())
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
        observer.learns(&self.layers.learning(learner.opened()));

        let reason = loop {
            let begun = clock
                .get_or_insert_with(|| PhaseClock::begin(observer))
                .begun;
            let opened = self.layers.opened(self.position.step);
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
        // Reaching the target is said even where the last step was also the last allowed one.
        Ok(match by_rule {
            Some(StopReason::Target | StopReason::Diverged) => by_rule,
            // What ends a run for good counts before what only ends it for now.
            _ if reason == Some(StopReason::Pause) => by_rule.or(reason),
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
