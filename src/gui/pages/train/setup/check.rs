//! What is wrong with the setup, and what follows from it where nothing is.

use crate::setup::plan::{Plan, plan};
use crate::setup::{DataCounts, Problem, Setup};

/// The last look at a setup; done again only when it or what is known of its data have changed.
#[derive(Default)]
pub struct Checked {
    of: Option<(Setup, Option<DataCounts>)>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Its layers, where the data are known and its model can be built for them; whatever else is wrong.
    pub plan: Option<Plan>,
    /// The groups of the model's layers, from the samples to the head, where the data are known; whatever else is wrong.
    pub groups: Vec<String>,
}

impl Checked {
    /// Looks at `setup`, with the data as far as they are known.
    pub fn update(&mut self, setup: &Setup, counts: Option<DataCounts>) {
        if self
            .of
            .as_ref()
            .is_some_and(|(of, with)| of == setup && *with == counts)
        {
            return;
        }
        self.problems = problems(setup, counts.as_ref());
        self.plan = counts.as_ref().and_then(|data| setup.plan_for(data).ok());
        // Heads that are wrong leave the groups of the trunk as they are.
        let trunk = |data: &DataCounts| plan(&setup.model, data.input, data.outputs).ok();
        let trunk = counts
            .as_ref()
            .filter(|_| self.plan.is_none())
            .and_then(trunk);
        let names = |plan: &Plan| plan.groups().into_iter().map(str::to_owned).collect();
        let planned = self.plan.as_ref().or(trunk.as_ref());
        self.groups = planned.map(names).unwrap_or_default();
        self.of = Some((setup.clone(), counts));
    }
}

/// What is wrong with a setup, with the data as far as they are known.
pub fn problems(setup: &Setup, counts: Option<&DataCounts>) -> Vec<Problem> {
    let result = match counts {
        Some(counts) => setup.validate_with(counts).map(drop),
        None => setup.validate(),
    };
    result.err().map_or_else(Vec::new, |problems| problems.0)
}

/// A problem as a sentence that names the field as the panel does.
pub fn sentence(field: &str, what: &str) -> String {
    if let Some((head, of)) = field
        .strip_prefix("multitask.heads.")
        .and_then(|rest| rest.split_once('.'))
    {
        let number = head
            .parse::<usize>()
            .map_or(head.to_owned(), |at| (at + 1).to_string());
        return super::form::sentence(&format!("{of} of head {number}: {what}"));
    }
    let name = field.rsplit('.').next().unwrap_or(field);
    let name = match name.split('[').next().unwrap_or(name) {
        "energy_j" => "energy",
        "time_s" => "time",
        "idle_s" => "idle baseline",
        "mlp_ratio" => "MLP ratio",
        "micro_batch_size" => "micro-batch",
        "crop_padding" => "random crop",
        "episode_steps_max" => "longest episode",
        "stop" => "stop rule",
        "multitask" => "tasks",
        "patience" => "no progress",
        "distil" => "teacher",
        "alpha" => "teacher's share",
        other => other,
    };
    super::form::sentence(&format!("{}: {what}", name.replace('_', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_their_field() {
        let mut setup = Setup::default();
        setup.regime.batch_size = 0;
        let problems = problems(&setup, None);
        assert_eq!(problems.len(), 1);
        let text = sentence(&problems[0].field, &problems[0].allowed);
        assert!(text.starts_with("Batch size: a whole number"), "{text}");
    }
}
