//! Step after step, until something ends it.

use std::time::Instant;

use super::{Outcome, Run};
use crate::setup::{Phase, StepPart};
use crate::train::learner::Learner;
use crate::train::pace::{Pace, PhaseClock};
use crate::train::{Observer, Progress, Signal, StopReason, TrainError};

impl Run {
    /// Trains on from where the run stands; a run that had ended before does nothing.
    pub(super) fn train(
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
}
