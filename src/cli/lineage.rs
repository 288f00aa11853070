//! A run's energy with that of its ancestors.

use crate::analysis::lineage::{Ancestry, Lineage};
use crate::library::RunDetails;
use crate::units::{count, duration, estimate};

/// `own`, `whole`, or the number of uses among which the ancestry is shared.
pub fn ancestry(given: &str) -> Result<Ancestry, String> {
    match given.trim() {
        "own" => Ok(Ancestry::Own),
        "whole" => Ok(Ancestry::Whole),
        number => match number.parse() {
            Ok(uses) if uses >= 1 => Ok(Ancestry::Shared(uses)),
            _ => Err("allowed: own, whole, or a number of uses from 1 on".to_owned()),
        },
    }
}

fn ways(uses: Option<u64>) -> Vec<Ancestry> {
    let shared = uses.map(Ancestry::Shared);
    [Ancestry::Own, Ancestry::Whole]
        .into_iter()
        .chain(shared)
        .collect()
}

/// What a run took with its ancestors, for its summary; nothing where it has none.
pub fn text(details: &RunDetails, uses: Option<u64>) -> String {
    let lineage = Lineage::of(details);
    if lineage.ancestors.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nancestry\n");
    for (ancestor, energy) in details.ancestors.iter().zip(&lineage.ancestors) {
        let relation = ancestor.relation().in_words();
        let mut parts = vec![format!("{relation} {}", ancestor.label())];
        if ancestor.run_id.is_some() {
            parts.extend(ancestor.title.clone());
        }
        let trained = [&ancestor.dataset, &ancestor.model].into_iter().flatten();
        parts.extend(trained.cloned());
        parts.extend(ancestor.step.map(|step| format!("{} steps", count(step))));
        let trained = ancestor.training_s();
        parts.extend(trained.map(|trained_s| format!("{} of training", duration(trained_s))));
        if trained.is_none() {
            let in_all = ancestor.duration_s;
            parts.extend(in_all.map(|in_all_s| format!("{} in all", duration(in_all_s))));
        }
        parts.push(match energy.energy_j {
            Some(energy_j) => format!("{} · {}", estimate(energy_j, "J"), energy.source),
            None if ancestor.run_id.is_none() => {
                "its energy is not known (start.file_energy_j states it)".to_owned()
            }
            None => "its energy was not measured".to_owned(),
        });
        if energy.is_gone {
            parts.push("deleted since; figures as they were when this run began".to_owned());
        }
        let name = format!("  generation {}", ancestor.generation);
        text.push_str(&format!("{name:<16} {}\n", parts.join(" · ")));
    }
    let what = match details.run.target_reached {
        Some(true) => "energy to the target",
        _ => "energy of the run",
    };
    text.push_str(&format!("{what}\n"));
    for way in ways(uses) {
        let found = lineage.energy(way);
        let value = match found.energy_j {
            Some(energy_j) => estimate(energy_j, "J"),
            None if found.unknown.is_empty() => "missing: no meter answered".to_owned(),
            None => format!("not known: that of {} is missing", found.unknown.join(", ")),
        };
        text.push_str(&format!("  {}: {value}\n", way.in_words()));
    }
    text
}

/// The same as JSON.
pub fn json(details: &RunDetails, uses: Option<u64>) -> serde_json::Value {
    let lineage = Lineage::of(details);
    let energies: Vec<_> = ways(uses)
        .into_iter()
        .map(|way| lineage.energy(way))
        .collect();
    serde_json::json!({
        "reaches_target": details.run.target_reached,
        "ancestors": lineage.ancestors,
        "energies": energies,
    })
}
