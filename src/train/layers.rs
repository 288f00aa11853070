//! Which layers of a network learn, and how fast.

use std::collections::HashSet;

use burn::lr_scheduler::constant::ConstantLr;
use burn::lr_scheduler::module_lr_scheduler::{ModuleLearningRate, ModuleLrScheduler};
use burn::module::{Module, ParamGroup, ParamId};

use crate::models::Network;
use crate::setup::plan::Plan;
use crate::setup::{LayersSetup, Length, TrainedLayers};

/// The layers of a network by groups, and what a regime says of them.
///
/// A frozen group takes no part in the backward pass: its parameters ask for no gradient, so that nothing of it is recorded
/// where nothing before it learns either. Its batch normalisation uses its running statistics and leaves them as they are.
#[derive(Clone, Debug)]
pub struct Layers {
    setup: LayersSetup,
    /// From the samples to the head.
    groups: Vec<String>,
    length: Length,
}

impl Layers {
    /// Of a network with the layers of `plan`, in a run of this length.
    pub fn new(setup: &LayersSetup, plan: &Plan, length: Length) -> Self {
        Self {
            setup: setup.clone(),
            groups: plan.groups().into_iter().map(str::to_owned).collect(),
            length,
        }
    }

    /// How many groups, counted from the head, are to learn in step `step`, from 0. Several heads count as one, those that are frozen by
    /// name as none.
    pub fn opened(&self, step: u64) -> usize {
        let groups: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        let stages = self.setup.stages(&groups);
        self.setup.opened(stages, step, self.length)
    }

    /// The groups that learn where `opened` of them do.
    pub fn learning(&self, opened: usize) -> Vec<String> {
        let groups: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        let learning = self.setup.learning(&groups, opened);
        learning.into_iter().map(str::to_owned).collect()
    }

    /// `network` where `opened` groups learn and the others are frozen, and the parameters and statistics of the latter.
    pub fn freeze(&self, network: Network, opened: usize) -> (Network, HashSet<ParamId>) {
        if self.setup.train == TrainedLayers::All && self.setup.frozen.is_empty() {
            return (network, HashSet::new());
        }
        // What a group's batch normalisation saw last may still be missing in the running statistics that it is to use from now on: Burn
        // takes it in when the next comes, or when the network is asked for its form without autodiff.
        drop(network.valid());
        let learning = self.learning(opened);
        let (parameters, flags) = (network.parameters(), network.flags());
        let learns = |group: &String| learning.contains(group);
        let ids = |learnt: bool| -> Vec<ParamId> {
            let parameters = parameters.iter().map(|of| (Some(&of.group), of.id));
            // What several groups share, as dropout, goes on as in training.
            let flags = flags.iter().map(|of| (of.group.as_ref(), of.id));
            let all = parameters.chain(flags);
            all.filter(|(group, _)| group.is_some_and(learns) == learnt && group.is_some())
                .map(|(_, id)| id)
                .collect()
        };
        let frozen = ids(false);
        let network = network
            .unfreeze_group(ParamGroup::from_ids(ids(true)))
            .freeze_group(ParamGroup::from_ids(frozen.clone()));
        (network, frozen.into_iter().collect())
    }

    /// The groups of `network`, for the factors of their learning rates; none where all have the base rate.
    pub fn factors(&self, network: &Network) -> Factors {
        if self.setup.has_one_rate() {
            return Factors(Vec::new());
        }
        let parameters = network.parameters();
        let groups = self.groups.iter().map(|group| {
            let ids = parameters.iter().filter(|of| of.group == *group);
            let ids = ids.map(|parameter| parameter.id).collect();
            (group.clone(), ParamGroup::from_ids(ids))
        });
        Factors(groups.collect())
    }

    /// The learning rate of each parameter of `factors` in step `step`, from 0, where the base rate is `base`.
    pub fn rates(&self, factors: &Factors, base: f64, step: u64) -> ModuleLearningRate {
        if factors.0.is_empty() {
            return base.into();
        }
        let groups: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        let mut rates = ModuleLrScheduler::new(ConstantLr::new(base));
        for (name, group) in &factors.0 {
            let factor = self.setup.factor_at(&groups, name, step, self.length);
            rates = rates.with_group(group.clone(), ConstantLr::new(base * factor));
        }
        rates.step()
    }
}

/// The parameters of each group whose learning rate is not the base rate throughout.
#[derive(Clone, Debug)]
pub struct Factors(Vec<(String, ParamGroup)>);
