use std::collections::HashSet;

use super::{Found, Plan, Proposed, Rung, Searcher, Step, Tried};
use crate::setup::sweep::{Combination, RandomSearch, Sweep, TRIALS_MAX};

/// Every combination of a list, with every seed: of the whole grid, or of what was drawn.
pub struct All<'a> {
    sweep: &'a Sweep,
    combinations: Vec<Combination>,
}

impl<'a> All<'a> {
    /// Every combination that there is.
    pub fn grid(sweep: &'a Sweep) -> Self {
        Self {
            sweep,
            combinations: sweep.combinations().take(TRIALS_MAX as usize),
        }
    }

    /// Some, drawn by chance.
    pub fn random(sweep: &'a Sweep, setup: &RandomSearch) -> Self {
        let combinations = sweep
            .combinations()
            .draw(setup.combinations as usize, setup.seed);
        Self {
            sweep,
            combinations,
        }
    }
}

impl Searcher for All<'_> {
    fn propose(&self, history: &[Tried]) -> Step {
        let tried: HashSet<(u64, u64)> = history
            .iter()
            .map(|tried| (tried.combination, tried.repeat))
            .collect();
        let trials: Vec<Proposed> = in_blocks(self.sweep, &self.combinations)
            .filter(|(combination, repeat, _)| !tried.contains(&(combination.number, *repeat)))
            .map(|(combination, repeat, seed)| Proposed {
                combination: combination.clone(),
                repeat,
                seed,
                rung: 0,
                plan: Plan::default(),
            })
            .collect();
        let found = trials.is_empty().then(|| Found {
            combination: None,
            text: format!(
                "all {} combinations were tried with {}",
                self.combinations.len(),
                match self.sweep.seeds().len() {
                    1 => "1 seed".to_owned(),
                    seeds => format!("{seeds} seeds"),
                }
            ),
        });
        Step {
            trials,
            pruned: Vec::new(),
            found,
        }
    }

    fn combinations(&self) -> Vec<Combination> {
        self.combinations.clone()
    }

    fn rungs(&self) -> Vec<Rung> {
        vec![Rung {
            trials: (self.combinations.len() * self.sweep.seeds().len()) as u64,
            from: None,
            until: None,
        }]
    }
}

/// Combinations with repeat and seed in the order in which they are run: a block for each repeat.
pub fn in_blocks<'a>(
    sweep: &Sweep,
    combinations: &'a [Combination],
) -> impl Iterator<Item = (&'a Combination, u64, u64)> {
    let order = |repeat| sweep.positions(repeat, combinations.len());
    let blocks: Vec<_> = (0..)
        .zip(sweep.seeds())
        .map(|(repeat, seed)| (repeat, seed, order(repeat)))
        .collect();
    blocks.into_iter().flat_map(move |(repeat, seed, order)| {
        order
            .into_iter()
            .map(move |at| (&combinations[at], repeat, seed))
    })
}
