use std::collections::HashMap;

use super::all::in_blocks;
use super::{Found, Plan, Proposed, Pruned, Rung, Searcher, Step, Tried};
use crate::library::TrialStatus;
use crate::setup::sweep::{Combination, Halving as Setup, Sweep, TRIALS_MAX, Until};

/// Successive halving by performance and energy. All combinations begin; at the end of each rung one in `keep_one_in` goes
/// on, and the last one to its setup's own end. A run goes on where it stopped: no step is done twice.
///
/// The score of a combination within a rung, over the mean of its seeds, is (1 − w)·P + w·(1 − E): P is its held-out metric
/// and E the joules it took so far, each scaled to 0 for the least and 1 for the greatest of the rung, and P turned round
/// where lower is better. The idea of weighing performance against energy within successive halving is that of SM² (Geissler
/// et al. 2024, arXiv 2412.08526); the scaling is this program's own.
pub struct Halving<'a> {
    sweep: &'a Sweep,
    setup: &'a Setup,
    combinations: Vec<Combination>,
}

/// How a combination did in a rung.
struct Scored<'a> {
    combination: &'a Combination,
    /// `None` where a run of it failed.
    score: Option<f64>,
    performance: f64,
    energy_j: Option<f64>,
}

impl<'a> Halving<'a> {
    /// For a valid sweep.
    pub fn new(sweep: &'a Sweep, setup: &'a Setup) -> Self {
        let combinations = match setup.combinations {
            None => sweep.combinations().take(TRIALS_MAX as usize),
            Some(count) => sweep.combinations().draw(count as usize, setup.seed),
        };
        Self {
            sweep,
            setup,
            combinations,
        }
    }

    fn until(&self, rung: u64, alive: usize) -> Option<Until> {
        let factor = self
            .setup
            .keep_one_in
            .saturating_pow(u32::try_from(rung).unwrap_or(u32::MAX));
        (alive > 1).then(|| self.setup.first.times(factor))
    }

    /// Trials of this rung that have not been made.
    fn missing(&self, rung: u64, alive: &[Combination], history: &History<'_>) -> Vec<Proposed> {
        let until = self.until(rung, alive.len());
        in_blocks(self.sweep, alive)
            .filter_map(|(combination, repeat, seed)| {
                let last = history.latest(combination.number, repeat, rung);
                let is_over = last
                    .is_some_and(|last| last.rung == rung || last.has_ended || last.has_failed());
                (!is_over).then(|| Proposed {
                    combination: combination.clone(),
                    repeat,
                    seed,
                    rung,
                    plan: Plan {
                        until,
                        continues: last.map(|last| last.number),
                        stop_at: None,
                    },
                })
            })
            .collect()
    }

    /// Best first; those that failed last.
    fn ranked<'b>(
        &self,
        rung: u64,
        alive: &'b [Combination],
        history: &History<'_>,
    ) -> Vec<Scored<'b>> {
        let mut scored: Vec<Scored<'b>> = alive
            .iter()
            .map(|combination| self.figures(rung, combination, history))
            .collect();
        let able = || scored.iter().filter(|one| one.score.is_some());
        let performance = Scale::of(able().map(|one| one.performance));
        // A missing figure is not zero: where one is missing, energy is left out of all.
        let energies: Option<Vec<f64>> = able().map(|one| one.energy_j).collect();
        let energy = energies.map(|energies| Scale::of(energies.into_iter()));
        let weight = self.setup.energy_weight;
        for one in &mut scored {
            let performance = performance.place(one.performance);
            one.score = one.score.map(|_| match (&energy, one.energy_j) {
                (Some(energy), Some(energy_j)) => {
                    (1.0 - weight) * performance + weight * (1.0 - energy.place(energy_j))
                }
                _ => performance,
            });
        }
        let order = |one: &Scored<'_>| one.score.unwrap_or(f64::NEG_INFINITY);
        scored.sort_by(|a, b| {
            let by_score = order(b).total_cmp(&order(a));
            by_score.then(a.combination.number.cmp(&b.combination.number))
        });
        scored
    }

    /// Means over the seeds; the score is only whether there is one.
    fn figures<'b>(
        &self,
        rung: u64,
        combination: &'b Combination,
        history: &History<'_>,
    ) -> Scored<'b> {
        let repeats = self.sweep.seeds().len() as u64;
        let last: Vec<&Tried> = (0..repeats)
            .filter_map(|repeat| history.latest(combination.number, repeat, rung))
            .collect();
        let values: Option<Vec<f64>> = last
            .iter()
            .map(|tried| {
                let value = tried.value.filter(|value| value.is_finite())?;
                let sign = if tried.metric.higher_is_better() {
                    1.0
                } else {
                    -1.0
                };
                (!tried.has_failed()).then_some(sign * value)
            })
            .collect();
        let energies: Option<Vec<f64>> = last.iter().map(|tried| tried.energy_j).collect();
        let performance = values.as_deref().and_then(mean);
        Scored {
            combination,
            score: performance,
            performance: performance.unwrap_or_default(),
            energy_j: energies.as_deref().and_then(mean),
        }
    }

    /// What is said of the trials of those that do not go on.
    fn prune(
        &self,
        rung: u64,
        ranked: &[Scored<'_>],
        keep: usize,
        history: &History<'_>,
    ) -> Vec<Pruned> {
        let mut pruned = Vec::new();
        for (at, one) in ranked.iter().enumerate().skip(keep) {
            let reason = match one.score {
                Some(score) => format!(
                    "rung {}: score {score:.3}, {} of {}; the best {keep} go on",
                    rung + 1,
                    at + 1,
                    ranked.len()
                ),
                None => continue,
            };
            let of_it = (0..self.sweep.seeds().len() as u64)
                .filter_map(|repeat| history.latest(one.combination.number, repeat, rung))
                .filter(|tried| {
                    tried.rung == rung && !tried.has_failed() && tried.status != TrialStatus::Pruned
                });
            pruned.extend(of_it.map(|tried| Pruned {
                number: tried.number,
                reason: reason.clone(),
            }));
        }
        pruned
    }
}

impl Searcher for Halving<'_> {
    fn propose(&self, history: &[Tried]) -> Step {
        let history = &History::new(history);
        let mut alive = self.combinations.clone();
        let mut pruned = Vec::new();
        for rung in 0.. {
            let trials = self.missing(rung, &alive, history);
            if !trials.is_empty() {
                return Step {
                    trials,
                    pruned,
                    found: None,
                };
            }
            let ranked = self.ranked(rung, &alive, history);
            let able = ranked.iter().filter(|one| one.score.is_some()).count();
            let is_last = alive.len() <= 1 || able == 0;
            if is_last {
                let best = ranked.first().filter(|one| one.score.is_some());
                let text = match best {
                    Some(_) => format!(
                        "{} combinations went through {} rungs; one was left",
                        self.combinations.len(),
                        rung + 1
                    ),
                    None => "every combination failed".to_owned(),
                };
                return Step {
                    trials: Vec::new(),
                    pruned,
                    found: Some(Found {
                        combination: best.map(|one| one.combination.number),
                        text,
                    }),
                };
            }
            let keep = (alive.len() / self.setup.keep_one_in as usize).clamp(1, able);
            pruned.extend(self.prune(rung, &ranked, keep, history));
            alive = ranked[..keep]
                .iter()
                .map(|one| one.combination.clone())
                .collect();
            // In the order of the axes again: the order of running is shuffled from there.
            alive.sort_by_key(|combination| combination.number);
        }
        // The loop above ends within as many rungs as halve the combinations to one.
        Step {
            trials: Vec::new(),
            pruned,
            found: None,
        }
    }

    fn combinations(&self) -> Vec<Combination> {
        self.combinations.clone()
    }

    fn rungs(&self) -> Vec<Rung> {
        let seeds = self.sweep.seeds().len() as u64;
        let mut alive = self.combinations.len();
        let mut rungs: Vec<Rung> = Vec::new();
        loop {
            let until = self.until(rungs.len() as u64, alive);
            rungs.push(Rung {
                trials: alive as u64 * seeds,
                from: rungs.last().and_then(|last| last.until),
                until,
            });
            if until.is_none() {
                return rungs;
            }
            alive = (alive / self.setup.keep_one_in as usize).max(1);
        }
    }
}

/// Trials by combination and repeat.
struct History<'a>(HashMap<(u64, u64), Vec<&'a Tried>>);

impl<'a> History<'a> {
    fn new(history: &'a [Tried]) -> Self {
        let mut sorted: HashMap<_, Vec<&Tried>> = HashMap::new();
        for tried in history {
            let key = (tried.combination, tried.repeat);
            sorted.entry(key).or_default().push(tried);
        }
        Self(sorted)
    }

    /// The latest trial of a combination and repeat, of this rung or an earlier one.
    fn latest(&self, combination: u64, repeat: u64, rung: u64) -> Option<&'a Tried> {
        let of_it = self.0.get(&(combination, repeat))?.iter().copied();
        of_it
            .filter(|tried| tried.rung <= rung)
            .max_by_key(|tried| tried.rung)
    }
}

/// From the least to the greatest of some values.
struct Scale {
    least: f64,
    greatest: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let start = Self {
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
        };
        values.fold(start, |scale, value| Self {
            least: scale.least.min(value),
            greatest: scale.greatest.max(value),
        })
    }

    /// Where `value` lies, 0 to 1; halfway where all are the same.
    fn place(&self, value: f64) -> f64 {
        let width = self.greatest - self.least;
        if width > 0.0 {
            (value - self.least) / width
        } else {
            0.5
        }
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
