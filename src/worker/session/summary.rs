//! What a run came to, of its training and its meters together.

use crate::power;
use crate::protocol::{LostMeter, Summary};
use crate::train::{Outcome, StopReason};
use crate::worker::convert;
use crate::worker::meters::Ended;

/// Puts together what the training came to (`outcome`) and what its meters did; `places` are those of the meters.
pub fn summary(outcome: Outcome, ended: Ended, places: &[power::Place]) -> Summary {
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
