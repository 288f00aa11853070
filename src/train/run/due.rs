//! What is due after a step: an end and why, an evaluation, a checkpoint.

use std::time::Instant;

use super::Run;
use crate::train::{Observer, Signal, StopReason};

impl Run {
    /// The bounds that can be told without asking the device.
    pub(super) fn bound_reached(&self, signal: Signal, begun: Instant) -> Option<StopReason> {
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
    pub(super) fn ended_before(&self) -> Option<StopReason> {
        let ended = self.bound_reached(Signal::Continue, Instant::now());
        if self.position.stop.target_reached {
            Some(StopReason::Target)
        } else {
            ended
        }
    }

    pub(super) fn energy_spent(&self, observer: &mut dyn Observer) -> Option<StopReason> {
        let budget_j = self.setup.regime.stop.energy_j?;
        let used_j = observer.energy_used_j()?;
        (used_j >= budget_j).then_some(StopReason::Energy)
    }

    pub(super) fn diverged(&self) -> Option<StopReason> {
        let loss_sum = self.position.since_evaluation.loss_sum;
        (!loss_sum.is_finite()).then_some(StopReason::Diverged)
    }

    pub(super) fn evaluation_due(&self, ends_epoch: bool) -> bool {
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

    pub(super) fn checkpoint_due(
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
}
