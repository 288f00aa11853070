use serde::{Deserialize, Serialize};

use crate::setup::Problems;

/// Layers that stop learning one group after the other, from the samples to the head (FreezeOut: Brock, Lim, Ritchie and Weston
/// 2017, arXiv:1706.04983).
///
/// Of `L` groups, numbered from the samples, group `i` learns until share `tᵢ` of the run: `tᵢ = t₀ + (1 − t₀)·i / (L − 1)`, or the
/// third power of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FreezingSetup {
    /// `t₀`, above 0 to 1: the share of the run after which the first group learns no more, before it is raised to a power.
    pub from: f64,
    /// How the times of the groups follow each other.
    pub times: FreezeTimes,
    /// What becomes of a group's learning rate until then.
    pub rates: FreezeRates,
    /// Whether each group's learning rate is divided by its `tᵢ`, so that groups that freeze early go as far as the others.
    pub scaled: bool,
}

/// How the times at which groups freeze follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreezeTimes {
    /// Evenly.
    #[default]
    Linear,
    /// By the third power: groups near the samples freeze sooner.
    Cubic,
}

/// What becomes of a group's learning rate until it freezes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreezeRates {
    /// It falls to 0 along half a cosine of its own, `½·(1 + cos(π·t / tᵢ))`, beside the schedule.
    #[default]
    Cosine,
    /// It is that of the schedule.
    Constant,
}

impl Default for FreezingSetup {
    fn default() -> Self {
        Self {
            from: 0.5,
            times: FreezeTimes::default(),
            rates: FreezeRates::default(),
            scaled: false,
        }
    }
}

impl FreezingSetup {
    /// `tᵢ` of each of `count` groups, from the samples to the head, whose is 1.
    pub fn shares(&self, count: usize) -> Vec<f64> {
        let share = |index: usize| {
            if index + 1 >= count {
                return 1.0;
            }
            let at = index as f64 / (count - 1) as f64;
            let linear = self.from + (1.0 - self.from) * at;
            match self.times {
                FreezeTimes::Linear => linear,
                FreezeTimes::Cubic => linear.powi(3),
            }
        };
        (0..count).map(share).collect()
    }

    /// The step, from 0, from which on each of `count` groups learns no more in a run of `total` steps; 1 or more.
    pub fn steps(&self, count: usize, total: u64) -> Vec<u64> {
        let shares = self.shares(count).into_iter();
        shares.map(|share| step_at(share, total).max(1)).collect()
    }

    /// The factor of the learning rate of group `index` of `count` in step `step`, from 0, of `total`; 0 where it is frozen.
    pub fn factor(&self, index: usize, count: usize, step: u64, total: u64) -> f64 {
        let end = self.steps(count, total).get(index).copied();
        let share = self.shares(count).get(index).copied();
        let (Some(end), Some(share)) = (end, share) else {
            return 1.0;
        };
        if step >= end {
            return 0.0;
        }
        let annealed = match self.rates {
            FreezeRates::Constant => 1.0,
            FreezeRates::Cosine => {
                0.5 * (1.0 + (std::f64::consts::PI * step as f64 / end as f64).cos())
            }
        };
        if self.scaled {
            annealed / share
        } else {
            annealed
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.from > 0.0 && self.from <= 1.0,
            "regime.layers.freezing.from",
            self.from,
            "a share of the run, above 0 to 1",
        );
    }
}

/// The first step that is not within `share` of `total` steps.
pub(in crate::setup) fn step_at(share: f64, total: u64) -> u64 {
    // A setup's counts fit into 63 bits; what f64 rounds of such a number is no step that anybody makes.
    ((share * total as f64).round() as u64).min(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_paper() {
        let linear = FreezingSetup::default();
        assert_eq!(linear.shares(3), [0.5, 0.75, 1.0]);
        assert_eq!(linear.steps(3, 40), [20, 30, 40]);
        let cubic = FreezingSetup {
            from: 0.8,
            times: FreezeTimes::Cubic,
            ..FreezingSetup::default()
        };
        let shares = cubic.shares(3);
        assert!((shares[0] - 0.512).abs() < 1e-12 && (shares[1] - 0.729).abs() < 1e-12);
        assert_eq!(cubic.shares(1), [1.0]);
        // However short the run, each group makes a step.
        assert_eq!(linear.steps(2, 1), [1, 1]);
    }

    #[test]
    fn rates_fall_to_nothing_at_their_own_time() {
        let setup = FreezingSetup {
            scaled: true,
            ..FreezingSetup::default()
        };
        let factor = |index, step| setup.factor(index, 3, step, 40);
        assert_eq!(factor(0, 0), 2.0);
        assert!((factor(0, 10) - 1.0).abs() < 1e-12);
        assert_eq!(factor(0, 20), 0.0);
        assert!((factor(2, 20) - 0.5).abs() < 1e-12);
        // Scaled, every group's rates add up to the same.
        let area = |index: usize| (0..40).map(|step| factor(index, step)).sum::<f64>();
        assert!((area(0) / area(2) - 1.0).abs() < 0.03);
        let constant = FreezingSetup {
            rates: FreezeRates::Constant,
            ..FreezingSetup::default()
        };
        assert_eq!(constant.factor(1, 3, 29, 40), 1.0);
        assert_eq!(constant.factor(1, 3, 30, 40), 0.0);
    }
}
