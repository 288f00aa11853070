//! What changes in the course of a run beside the learning rate: which layers learn, and how large the images are.

use serde::{Deserialize, Serialize};

use super::Setup;
use super::plan::Plan;
use super::regime::is_whole;

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Steps in an epoch, 1 or more.
    pub steps_per_epoch: u64,
    /// Steps after which it ends at the latest, where that is known.
    pub steps_max: Option<u64>,
}

/// A stretch of a run in which the same layers learn from images of the same size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its first step, from 0; it ends where the next one begins.
    pub from_step: u64,
    /// How many stages of layers learn, counted from the head: [`super::LayersSetup::opened`].
    pub opened: usize,
    /// The groups of layers that learn.
    pub learns: Vec<String>,
    /// Height and width of the images, where they are smaller than their own.
    pub size: Option<(usize, usize)>,
    /// Floating-point operations of training on one sample.
    pub training_flop: u64,
}

impl Setup {
    /// The stages of a run with the layers of `plan` and of this length, in order of time; those that it would not come to are left
    /// out.
    pub fn stages(&self, plan: &Plan, length: Length) -> Vec<Stage> {
        let groups = plan.groups();
        let layers = &self.regime.layers;
        let opened = layers.changes(layers.stages(&groups), length);
        let whole = vec![(0, None)];
        let sizes = match (&self.regime.resize, length.steps_max) {
            (Some(resize), Some(total)) => plan.input.height_and_width().map_or(whole, |(h, w)| {
                let changes = resize.changes(h, w, total).into_iter();
                changes
                    .map(|(step, size)| (step, (!is_whole(plan, size)).then_some(size)))
                    .collect()
            }),
            _ => whole,
        };
        let mut steps: Vec<u64> = opened.iter().map(|(step, _)| *step).collect();
        steps.extend(sizes.iter().map(|(step, _)| *step));
        steps.sort_unstable();
        steps.dedup();
        steps.retain(|step| length.steps_max.is_none_or(|total| *step < total.max(1)));
        let mut stages: Vec<Stage> = Vec::new();
        for from_step in steps {
            let opened = at(&opened, from_step).copied().unwrap_or_default();
            let size = at(&sizes, from_step).copied().flatten();
            let learns = layers.learning(&groups, opened);
            let training_flop = self.flop_of(plan, &learns, size);
            stages.push(Stage {
                from_step,
                opened,
                learns: learns.into_iter().map(str::to_owned).collect(),
                size,
                training_flop,
            });
        }
        stages
    }

    /// Floating-point operations of training on one sample, the teacher's left out: the mean over a run that takes all its steps. Of layers
    /// that begin to learn one after the other it is that of the last ones, since a run may be of any length.
    pub fn training_flop(&self, plan: &Plan) -> u64 {
        let groups = plan.groups();
        let layers = &self.regime.layers;
        let opened = layers.shares(layers.stages(&groups));
        let sizes = match (&self.regime.resize, plan.input.height_and_width()) {
            (Some(resize), Some((height, width))) => resize.sizes(height, width),
            _ => vec![(0.0, (0, 0))],
        };
        let mut shares: Vec<f64> = opened.iter().map(|(share, _)| *share).collect();
        shares.extend(sizes.iter().map(|(share, _)| *share));
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        shares.retain(|share| *share < 1.0);
        let mut mean = 0.0;
        for (index, share) in shares.iter().enumerate() {
            let until = shares.get(index + 1).copied().unwrap_or(1.0);
            let opened = at(&opened, *share).copied().unwrap_or_default();
            let size = at(&sizes, *share).copied();
            let learns = layers.learning(&groups, opened);
            let flop = self.flop_of(plan, &learns, size);
            if shares.len() == 1 {
                // Exact also where there are more than fit into the digits of an f64.
                return flop;
            }
            mean += (until - share) * flop as f64;
        }
        mean.round() as u64
    }

    fn flop_of(&self, plan: &Plan, learns: &[&str], size: Option<(usize, usize)>) -> u64 {
        plan.at(size)
            .trained(|group| learns.contains(&group))
            .flop()
    }
}

/// What holds at `now`: the last of what began at or before it.
fn at<K: PartialOrd, V>(changes: &[(K, V)], now: K) -> Option<&V> {
    let last = changes.iter().rev().find(|(from, _)| *from <= now);
    last.map(|(_, value)| value)
}
