//! What comes between two train phases: a look at the held-out samples, the best weights put back, a checkpoint.

use std::time::Instant;

use burn::module::Module;

use super::Run;
use crate::setup::Phase;
use crate::train::learner::Learner;
use crate::train::pace::PhaseClock;
use crate::train::{Evaluation, Observer, StopReason, TrainError};

impl Run {
    /// Looks at the held-out samples. Gives why the run ends, where it does: by its stop rule, or for `reason`.
    pub(super) fn evaluate(
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
    pub(super) fn restore(&mut self, reason: Option<StopReason>) {
        let is_over = reason.is_some_and(StopReason::restores);
        let best = self.position.stop.best.as_ref().map(|best| best.step);
        self.is_restored =
            is_over && self.best.is_some() && best.is_some_and(|step| step < self.position.step);
        if self.is_restored {
            self.position.stop.restore();
        }
    }

    pub(super) fn save(
        &mut self,
        learner: &Learner,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
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
    pub(super) fn leave_train(
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
}
