//! What so many models come to: with what was learnt before, from nothing, and the difference, each with its interval.

use super::Cost;
use crate::units::{Estimate, estimate};

/// Energies of so many models that were learnt in both ways.
#[derive(Clone, Debug, PartialEq)]
pub struct AfterUses {
    /// Models.
    pub uses: u64,
    /// Joules of learning them with what was learnt before, and of that once.
    pub with_j: Estimate,
    /// Joules of learning them from nothing.
    pub from_nothing_j: Estimate,
    /// Joules that are saved; below 0 it takes more.
    pub saved_j: Estimate,
    /// Whether all was measured by the same meters, whose error then cannot turn the difference round.
    pub is_one_source: bool,
    /// Whether how far runs differ is known of at least one side.
    pub knows_spread: bool,
}

/// Of `uses` models, by the means of the runs.
///
/// The interval of either sum is that of the meters and that over the runs, in quadrature. That of the difference is its mean ± the
/// half-widths over the runs in quadrature, as [`super::break_even`] has it: an error that all meters share scales its ends and cannot
/// change its sign; errors that they do not share count among the half-widths.
pub fn after_uses(pretrain: &Cost, scratch: &Cost, finetune: &Cost, uses: u64) -> AfterUses {
    let count = uses as f64;
    let spread = |cost: &Cost| cost.spread_j.unwrap_or(0.0);
    let of_meters = pretrain
        .energy_j
        .plus_same_source(finetune.energy_j.scale(count));
    let with_j = widened(of_meters, spread(pretrain).hypot(count * spread(finetune)));
    let of_meters = scratch.energy_j.scale(count);
    let from_nothing_j = widened(of_meters, count * spread(scratch));
    let is_one_source = [scratch, finetune]
        .iter()
        .all(|cost| cost.source == pretrain.source);
    let half = pretrain
        .half(&[scratch, finetune])
        .hypot(count * scratch.half(&[pretrain, finetune]))
        .hypot(count * finetune.half(&[pretrain, scratch]));
    let factor = if is_one_source {
        common_factor(&[pretrain, scratch, finetune])
    } else {
        Estimate::exact(1.0)
    };
    let value = from_nothing_j.value - with_j.value;
    let (low, high) = (value - half, value + half);
    // The end of the factor that takes each end of the difference further out.
    let saved_j = Estimate {
        value,
        low: (low * factor.low).min(low * factor.high),
        high: (high * factor.low).max(high * factor.high),
    };
    AfterUses {
        uses,
        with_j,
        from_nothing_j,
        saved_j,
        is_one_source,
        knows_spread: scratch.spread_j.is_some() || finetune.spread_j.is_some(),
    }
}

/// `figure` with half an interval of another cause, in quadrature. No energy is below 0.
fn widened(figure: Estimate, half: f64) -> Estimate {
    let both = Estimate::sum_independent([figure, Estimate::plus_minus(0.0, half)]);
    Estimate {
        low: both.low.max(0.0),
        ..both
    }
}

/// By what all that is measured by one meter may be wrong together.
fn common_factor(costs: &[&Cost]) -> Estimate {
    let all = costs
        .iter()
        .map(|cost| cost.energy_j)
        .fold(Estimate::ZERO, Estimate::plus_same_source);
    if all.value > 0.0 {
        all.scale(1.0 / all.value)
    } else {
        Estimate::exact(1.0)
    }
}

impl AfterUses {
    /// Whether the runs tell which of the two takes less.
    pub fn is_told(&self) -> bool {
        !self.saved_j.covers(0.0)
    }

    /// In a sentence without its end.
    pub fn in_words(&self) -> String {
        let models = if self.uses == 1 { "model" } else { "models" };
        let verdict = if !self.is_told() {
            match (self.knows_spread, self.is_one_source) {
                (false, _) => "the difference is within the error of the meters",
                (true, true) => "the difference is within what the runs differ by",
                (true, false) => {
                    "the difference is within what the runs differ by and the error of the meters"
                }
            }
            .to_owned()
        } else {
            let by = match self.knows_spread {
                true => "",
                false => ", by one run of each",
            };
            let what = match self.saved_j.value > 0.0 {
                true => format!("{} saved", estimate(self.saved_j, "J")),
                false => {
                    let more = estimate(self.saved_j.scale(-1.0), "J");
                    format!("{more} more than without it")
                }
            };
            format!("{what}{by}")
        };
        format!(
            "{} {models}: {} with what was learnt before, {} from nothing; {verdict}",
            self.uses,
            estimate(self.with_j, "J"),
            estimate(self.from_nothing_j, "J"),
        )
    }
}
