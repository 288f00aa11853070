//! Whose work is in the weights that a run starts from.

use crate::library::{Ancestor, RunDetails};
use crate::setup::StartSetup;

/// The ancestors of a run that starts from `parent`, after `step` of its steps: the parent as it is now, and its own ancestors as
/// they were when it began.
pub fn of_run(parent: &RunDetails, step: u64) -> Vec<Ancestor> {
    let run = &parent.run;
    let summary = parent.summary.as_ref();
    let carbon = summary.and_then(|summary| summary.carbon.as_ref());
    let first = Ancestor {
        generation: 1,
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
    let older = parent.ancestors.iter().map(|ancestor| Ancestor {
        generation: ancestor.generation + 1,
        ..ancestor.clone()
    });
    std::iter::once(first).chain(older).collect()
}

/// A file, of which its makers may have said what it took.
pub fn of_file(start: &StartSetup) -> Ancestor {
    let path = start.file.as_ref();
    Ancestor {
        generation: 1,
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
