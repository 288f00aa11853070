//! Which setups of a sweep are tried next, from what came out so far. Pure: a searcher is a function of the sweep and of the
//! trials that are over, in their order, so that a sweep that was interrupted goes on as if it had not been.

mod ahead;
mod all;
mod cost;
mod expected;
mod halving;
mod thompson;
mod zeus;

pub use ahead::{Ahead, words};
pub use cost::{StopAt, cost_j};
pub use expected::{Candidate, Outlook, Total, outlook};

use serde::{Deserialize, Serialize};

use crate::library::{TrialRecord, TrialStatus};
use crate::setup::sweep::{Combination, SearcherSetup, Sweep, Until};
use crate::units::Metric;

/// A trial that is over, as a searcher sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// Where it stands in the order of the sweep's trials, from 1.
    pub number: u64,
    /// Number of its combination.
    pub combination: u64,
    /// Which repeat, from 0.
    pub repeat: u64,
    /// Which rung, from 0.
    pub rung: u64,
    /// How it ended.
    pub status: TrialStatus,
    /// What the task is judged by.
    pub metric: Metric,
    /// The last held-out value of it.
    pub value: Option<f64>,
    /// Whether its target was reached.
    pub target_reached: Option<bool>,
    /// Whether its run has ended for good, rather than for now.
    pub has_ended: bool,
    /// Gross joules of training and evaluation since its run began.
    pub energy_j: Option<f64>,
    /// Seconds of training and evaluation since its run began.
    pub time_s: f64,
}

impl Tried {
    /// What a stored trial says. `None` while nothing has come of it.
    pub fn of(trial: &TrialRecord) -> Option<Self> {
        if !trial.status.is_over() {
            return None;
        }
        let plan: Plan = trial
            .plan
            .clone()
            .and_then(|plan| serde_json::from_value(plan).ok())
            .unwrap_or_default();
        let result = trial.result.clone().unwrap_or_default();
        let paused = plan.until.is_some() && !result.ended;
        Some(Self {
            number: trial.number,
            combination: trial.combination,
            repeat: trial.repeat,
            rung: trial.rung,
            status: trial.status,
            metric: result.metric,
            value: result.value,
            target_reached: result.target_reached,
            has_ended: !paused,
            energy_j: result.energy_j.map(|energy| energy.value),
            time_s: result.time_s,
        })
    }

    /// Whether nothing more can come of its setup: it could not be run, or its run failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.status, TrialStatus::Failed | TrialStatus::Skipped)
    }
}

/// What more is asked of a trial than its setup says; kept with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// How far its run goes for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// Number of the trial whose run it goes on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues: Option<u64>,
    /// The cost at which its run is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_at: Option<StopAt>,
}

/// A trial that is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    /// What the axes say.
    pub combination: Combination,
    /// Which repeat, from 0.
    pub repeat: u64,
    /// Its seed.
    pub seed: u64,
    /// Which rung, from 0.
    pub rung: u64,
    /// What more is asked of it.
    pub plan: Plan,
}

/// A trial whose setup is given up.
#[derive(Clone, Debug, PartialEq)]
pub struct Pruned {
    /// Its number.
    pub number: u64,
    /// Why, in a sentence.
    pub reason: String,
}

/// What a searcher wants next, once all trials so far are over.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Trials to run, in this order; none where the search is over.
    pub trials: Vec<Proposed>,
    /// Trials whose setups are given up by what came out.
    pub pruned: Vec<Pruned>,
    /// What was found, where the search is over.
    pub found: Option<Found>,
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Number of the combination that the searcher would take; `None` where it ranks none, as a grid does not.
    pub combination: Option<u64>,
    /// Why the search is over and why this one, in a sentence.
    pub text: String,
}

/// Chooses trials.
pub trait Searcher {
    /// What is tried next; `history` is every trial that is over, in the order of their numbers. The same history gives the
    /// same answer.
    fn propose(&self, history: &[Tried]) -> Step;

    /// The combinations that may be tried.
    fn combinations(&self) -> Vec<Combination>;

    /// The search in rungs, as it goes where nothing fails and no run ends early: one for a search that has none.
    fn rungs(&self) -> Vec<Rung>;

    /// How many trials there will be at most.
    fn trials_max(&self) -> u64 {
        self.rungs().iter().map(|rung| rung.trials).sum()
    }
}

/// Trials that go equally far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// How many.
    pub trials: u64,
    /// Where they begin; at the beginning where not set.
    pub from: Option<Until>,
    /// Where they stop; at their setups' own ends where not set.
    pub until: Option<Until>,
}

/// The searcher that a sweep asks for. The sweep must be valid.
pub fn searcher(sweep: &Sweep) -> Box<dyn Searcher + '_> {
    match &sweep.searcher {
        SearcherSetup::Grid => Box::new(all::All::grid(sweep)),
        SearcherSetup::Random(random) => Box::new(all::All::random(sweep, random)),
        SearcherSetup::SuccessiveHalving(setup) => Box::new(halving::Halving::new(sweep, setup)),
        SearcherSetup::Zeus(setup) => Box::new(zeus::Zeus::new(sweep, setup)),
    }
}
