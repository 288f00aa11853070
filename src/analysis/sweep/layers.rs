//! Lists of widths as two axes: how many layers there are, and how wide they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::trial::Trial;

/// Takes every axis apart whose values are lists of one number repeated, such as `model.hidden` of `[32]`, `[32, 32]` and
/// `[128]`: depth and width of a network are different questions, and each has its effect. Only where both vary; the axes
/// are then called `….layers` and `….width`.
pub fn split(trials: &mut [Trial]) {
    let paths: BTreeSet<String> = trials
        .iter()
        .flat_map(|trial| trial.axes.keys().cloned())
        .collect();
    for path in paths {
        let values: Vec<&Value> = trials
            .iter()
            .filter_map(|trial| trial.axes.get(&path))
            .collect();
        let Some(parts) = values
            .iter()
            .map(|value| layers(value))
            .collect::<Option<Vec<_>>>()
        else {
            continue;
        };
        let depths: BTreeSet<usize> = parts.iter().map(|(depth, _)| *depth).collect();
        let widths: BTreeSet<String> = parts.iter().map(|(_, width)| width.to_string()).collect();
        if depths.len() > 1 && widths.len() > 1 {
            for trial in trials.iter_mut() {
                take_apart(&mut trial.axes, &path);
            }
        }
    }
}

/// How many layers a list has, and their common width.
fn layers(value: &Value) -> Option<(usize, &Value)> {
    let list = value.as_array()?;
    let first = list.first().filter(|first| first.is_number())?;
    let is_one = list.iter().all(|width| width == first);
    is_one.then_some((list.len(), first))
}

fn take_apart(axes: &mut BTreeMap<String, Value>, path: &str) {
    let Some(value) = axes.remove(path) else {
        return;
    };
    if let Some((depth, width)) = layers(&value) {
        axes.insert(format!("{path}.layers"), depth.into());
        axes.insert(format!("{path}.width"), width.clone());
    }
}
