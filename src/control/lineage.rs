//! Whose work is in the weights of a run: of what it starts from, and of who teaches it.

use crate::library::{Ancestor, Relation, RunDetails};
use crate::setup::StartSetup;

/// The ancestors of a run that starts from `parent`, after `step` of its steps: the parent as it is now, and its own ancestors as
/// they were when it began.
pub fn of_run(parent: &RunDetails, step: u64) -> Vec<Ancestor> {
    of(parent, step, Relation::Start)
}

/// The same of a run that is taught by `teacher`.
pub fn of_teacher(teacher: &RunDetails, step: u64) -> Vec<Ancestor> {
    of(teacher, step, Relation::Teacher)
}

fn of(parent: &RunDetails, step: u64, relation: Relation) -> Vec<Ancestor> {
    let run = &parent.run;
    let summary = parent.summary.as_ref();
    let carbon = summary.and_then(|summary| summary.carbon.as_ref());
    let first = Ancestor {
        generation: 1,
        path: vec![relation],
        run_id: Some(run.id.clone()),
        title: run.name.clone(),
        dataset: Some(run.setup.dataset.clone()),
        model: Some(run.setup.model.clone()),
        setup_hash: Some(run.setup.hash.clone()),
        step: Some(step),
        duration_s: Some(run.duration_s),
        training: parent.training.clone(),
        stated_j: None,
        carbon_g: carbon.map(|carbon| carbon.carbon_g),
        is_here: true,
    };
    let older = parent.ancestors.iter().map(|ancestor| {
        let path = std::iter::once(relation).chain(ancestor.path.iter().copied());
        Ancestor {
            generation: ancestor.generation + 1,
            path: path.collect(),
            ..ancestor.clone()
        }
    });
    std::iter::once(first).chain(older).collect()
}

/// A file, of which its makers may have said what it took.
pub fn of_file(start: &StartSetup) -> Ancestor {
    let path = start.file.as_ref();
    Ancestor {
        generation: 1,
        path: vec![Relation::Start],
        run_id: None,
        title: path.map(|path| path.display().to_string()),
        dataset: None,
        model: None,
        setup_hash: None,
        step: None,
        duration_s: None,
        training: Vec::new(),
        stated_j: start.file_energy_j,
        carbon_g: None,
        is_here: false,
    }
}

/// Both, each once, since its work was done once: a run that is there by several ways stays where it is nearest.
pub fn together(own: Vec<Ancestor>, others: Vec<Ancestor>) -> Vec<Ancestor> {
    let mut all: Vec<Ancestor> = own.into_iter().chain(others).collect();
    all.sort_by_key(|ancestor| ancestor.generation);
    let mut each: Vec<Ancestor> = Vec::with_capacity(all.len());
    for ancestor in all {
        let label = ancestor.label().to_owned();
        match each.iter_mut().find(|known| known.label() == label) {
            None => each.push(ancestor),
            Some(known) => {
                let before = known.path.len().checked_sub(1);
                let is_beside = before.is_some_and(|before| {
                    known.path[..before] == ancestor.path[..before.min(ancestor.path.len())]
                });
                if known.path.len() == ancestor.path.len()
                    && is_beside
                    && known.relation() != ancestor.relation()
                    && let Some(last) = known.path.last_mut()
                {
                    *last = Relation::Both;
                }
            }
        }
    }
    each
}

/// Steps that the teacher of a run had done when the run began, where it has one.
pub fn teacher_step(ancestors: &[Ancestor]) -> Option<u64> {
    let teaches = |of: &&Ancestor| {
        of.generation == 1 && matches!(of.relation(), Relation::Teacher | Relation::Both)
    };
    ancestors.iter().find(teaches)?.step
}
