use super::cost::{StopAt, cost_j};
use super::thompson::{choose, mean};
use super::{Found, Plan, Proposed, Rung, Searcher, Step, Tried};
use crate::library::TrialStatus;
use crate::setup::sweep::{Combination, Sweep, TRIALS_MAX, Zeus as Setup};
use crate::units::quantity;

/// The search for the batch size of least cost over runs that recur (Zeus, You et al., NSDI 2023, section 4.3 and 4.4): walks
/// over the batch sizes prune those that do not reach the target, then Thompson sampling chooses among the rest. A run that
/// has cost β times the least so far is stopped, and counts as one that does not reach the target.
pub struct Zeus<'a> {
    sweep: &'a Sweep,
    setup: &'a Setup,
    /// Batch sizes from small to large.
    arms: Vec<Arm>,
}

struct Arm {
    combination: Combination,
    batch_size: u64,
}

/// What is known after some runs.
struct Known {
    /// Costs of each arm, in the order of the runs.
    costs: Vec<Vec<f64>>,
    /// The least cost of a run that reached the target.
    least_j: Option<f64>,
    power_max_w: f64,
}

impl<'a> Zeus<'a> {
    /// For a valid sweep, whose only axis is the batch size.
    pub fn new(sweep: &'a Sweep, setup: &'a Setup) -> Self {
        let combinations = sweep.combinations().take(TRIALS_MAX as usize);
        let mut arms: Vec<Arm> = combinations
            .into_iter()
            .filter_map(|combination| {
                let batch_size = combination.choices.first()?.1.as_u64()?;
                Some(Arm {
                    combination,
                    batch_size,
                })
            })
            .collect();
        arms.sort_by_key(|arm| arm.batch_size);
        Self { sweep, setup, arms }
    }

    fn arm_of(&self, tried: &Tried) -> Option<usize> {
        self.arms
            .iter()
            .position(|arm| arm.combination.number == tried.combination)
    }

    fn cost(&self, tried: &Tried, power_max_w: f64) -> Option<f64> {
        cost_j(
            self.setup.energy_share,
            power_max_w,
            tried.energy_j,
            tried.time_s,
        )
    }

    fn known(&self, history: &[Tried]) -> Known {
        let mean_power_w =
            |tried: &Tried| Some(tried.energy_j? / tried.time_s).filter(|w| w.is_finite());
        let seen_w = history.iter().filter_map(mean_power_w).fold(0.0, f64::max);
        let power_max_w = self.setup.power_max_w.unwrap_or(seen_w);
        let mut costs = vec![Vec::new(); self.arms.len()];
        let mut least_j: Option<f64> = None;
        for tried in history {
            let Some((arm, cost)) = self.arm_of(tried).zip(self.cost(tried, power_max_w)) else {
                continue;
            };
            costs[arm].push(cost);
            if reached(tried) {
                least_j = Some(least_j.map_or(cost, |least| least.min(cost)));
            }
        }
        Known {
            costs,
            least_j,
            power_max_w,
        }
    }

    /// Goes over the walks as the history tells them. Gives the arm to try next, or those that are left after the walks and
    /// how many runs they took.
    fn walk(&self, history: &[Tried]) -> Walk {
        let mut told = history.iter();
        let mut left: Vec<usize> = (0..self.arms.len()).collect();
        let base = self.sweep.base.regime.batch_size as u64;
        let mut start = self.arms.iter().position(|arm| arm.batch_size == base);
        let power_max_w = self.known(history).power_max_w;
        let mut least: Option<f64> = None;
        for _ in 0..self.setup.pruning_rounds {
            let Some(from) = start.filter(|from| left.contains(from)) else {
                break;
            };
            let mut good = Vec::new();
            let mut best = from;
            let (mut down, up): (Vec<usize>, Vec<usize>) =
                left.iter().partition(|arm| **arm <= from);
            down.reverse();
            for direction in [down, up] {
                for arm in direction {
                    let Some(tried) = told.next() else {
                        return Walk::At(arm);
                    };
                    if !reached(tried) {
                        break;
                    }
                    good.push(arm);
                    let cost = self.cost(tried, power_max_w).unwrap_or(f64::INFINITY);
                    if least.is_none_or(|least| cost < least) {
                        least = Some(cost);
                        best = arm;
                    }
                }
            }
            good.sort_unstable();
            left = good;
            start = Some(best);
        }
        Walk::Over(left)
    }

    fn step_to(&self, arm: usize, history: &[Tried]) -> Step {
        let known = self.known(history);
        let stop_at = known.least_j.map(|least_j| StopAt {
            cost_j: least_j * self.setup.stop_at,
            energy_share: self.setup.energy_share,
            power_max_w: known.power_max_w,
        });
        let combination = self.arms[arm].combination.clone();
        let before = history
            .iter()
            .filter(|tried| tried.combination == combination.number)
            .count() as u64;
        // Recurring runs are of new chance each.
        let seed = self.sweep.base.regime.seed;
        Step {
            trials: vec![Proposed {
                combination,
                repeat: before,
                seed: seed.saturating_add(history.len() as u64),
                rung: 0,
                plan: Plan {
                    until: None,
                    continues: None,
                    stop_at,
                },
            }],
            pruned: Vec::new(),
            found: None,
        }
    }

    fn over(&self, arm: Option<usize>, text: String) -> Step {
        Step {
            trials: Vec::new(),
            pruned: Vec::new(),
            found: Some(Found {
                combination: arm.map(|arm| self.arms[arm].combination.number),
                text,
            }),
        }
    }

    /// The arm of least mean cost among `arms`.
    fn best(&self, arms: &[usize], known: &Known) -> Option<(usize, f64)> {
        arms.iter()
            .filter_map(|arm| Some((*arm, mean(&known.costs[*arm])?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

enum Walk {
    At(usize),
    Over(Vec<usize>),
}

impl Searcher for Zeus<'_> {
    fn propose(&self, history: &[Tried]) -> Step {
        let blind = self.setup.energy_share > 0.0
            && history
                .iter()
                .any(|tried| reached(tried) && tried.energy_j.is_none());
        if blind {
            let text = "a run has no energy, so that no cost can be told; with `energy_share = 0` time alone decides";
            return self.over(None, text.to_owned());
        }
        let is_over = history.len() as u64 >= self.setup.runs;
        let left = match self.walk(history) {
            Walk::At(arm) if !is_over => return self.step_to(arm, history),
            Walk::At(_) => (0..self.arms.len()).collect(),
            Walk::Over(left) => left,
        };
        let known = self.known(history);
        let Some((best, cost_j)) = known.least_j.and_then(|_| self.best(&left, &known)) else {
            return self.over(None, "no batch size reached the target".to_owned());
        };
        if is_over {
            let batch_size = self.arms[best].batch_size;
            let text = format!(
                "batch size {batch_size} has the least mean cost, {}, after {} runs",
                quantity(cost_j, "J"),
                history.len()
            );
            return self.over(Some(best), text);
        }
        let costs: Vec<Vec<f64>> = left.iter().map(|arm| known.costs[*arm].clone()).collect();
        let chosen = choose(&costs, self.setup.seed, history.len() as u64);
        self.step_to(chosen.map_or(best, |at| left[at]), history)
    }

    fn combinations(&self) -> Vec<Combination> {
        self.arms
            .iter()
            .map(|arm| arm.combination.clone())
            .collect()
    }

    fn rungs(&self) -> Vec<Rung> {
        vec![Rung {
            trials: self.setup.runs,
            from: None,
            until: None,
        }]
    }
}

/// Whether a run came to its target.
fn reached(tried: &Tried) -> bool {
    tried.status == TrialStatus::Done && tried.target_reached != Some(false)
}
