//! Energies of runs as one figure, with what is uncertain in it.

use serde::{Deserialize, Serialize};

use crate::analysis::mean_interval;
use crate::units::Estimate;

/// Energies of several runs of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Mean joules, with the error of the meters.
    pub energy_j: Estimate,
    /// Half the width of the 95 % interval over the runs (Student's t); none for a single run, which says nothing of it.
    pub spread_j: Option<f64>,
    /// Mean seconds; none where they are not known of one of them.
    pub seconds: Option<f64>,
    /// Runs.
    pub runs: usize,
    /// The meters, in words.
    pub source: String,
}

impl Cost {
    /// The mean over `runs`: joules, seconds and source of each. `None` where there are none.
    pub fn of(runs: &[(Estimate, Option<f64>, String)]) -> Option<Self> {
        let mean = mean_interval(runs.iter().map(|(energy, ..)| energy.value))?;
        let count = runs.len() as f64;
        let sum = runs
            .iter()
            .map(|(energy, ..)| *energy)
            .reduce(Estimate::plus_same_source)?;
        let mut sources: Vec<&str> = runs.iter().map(|(.., source)| source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        Some(Self {
            energy_j: sum.scale(1.0 / count),
            spread_j: mean.half_width,
            seconds: runs
                .iter()
                .map(|(_, seconds, _)| *seconds)
                .sum::<Option<f64>>()
                .map(|sum_s| sum_s / count),
            runs: runs.len(),
            source: sources.join(" + "),
        })
    }

    /// Half the width of what is uncertain in a ratio of this and figures of `others`: the spread; and the meters' error as well, where
    /// they are not of one source with it.
    pub(super) fn half(&self, others: &[&Self]) -> f64 {
        let spread = self.spread_j.unwrap_or(0.0);
        if others.iter().all(|other| other.source == self.source) {
            spread
        } else {
            spread.hypot(self.energy_j.half_width())
        }
    }
}
