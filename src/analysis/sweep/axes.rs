//! The axes of a sweep: their levels in order, and names for people.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::trial::Trial;
use crate::units::significant;

/// Distinct numbers from which on an axis is taken as continuous and cut into bins of equal count.
const LEVELS_MAX: usize = 16;
const BINS: usize = 8;

/// A field that differs between the setups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// Path of the field, such as `regime.batch_size`.
    pub path: String,
    /// For people, such as `batch size`.
    pub name: String,
    /// Names of its levels in order; of bins where the values are many.
    pub levels: Vec<String>,
    /// Whether levels are bins of many values.
    pub binned: bool,
    /// Whether levels are numbers, so that their order says something.
    pub numeric: bool,
    /// Position of each value, by its JSON.
    #[serde(skip)]
    places: BTreeMap<String, usize>,
}

impl Axis {
    /// Which level a value belongs to; a setup without the field has its own, the last.
    pub fn level(&self, value: Option<&Value>) -> usize {
        let key = value.map_or_else(String::new, Value::to_string);
        self.places.get(&key).copied().unwrap_or(0)
    }
}

/// The axes on which `trials` differ, in order of their paths.
pub fn axes<'a>(trials: impl Iterator<Item = &'a Trial> + Clone) -> Vec<Axis> {
    let paths: BTreeSet<&str> = trials
        .clone()
        .flat_map(|trial| trial.axes.keys().map(String::as_str))
        .collect();
    paths
        .into_iter()
        .filter_map(|path| axis(path, trials.clone()))
        .collect()
}

/// `None` where all trials have the same value.
fn axis<'a>(path: &str, trials: impl Iterator<Item = &'a Trial>) -> Option<Axis> {
    let mut values: BTreeMap<String, Option<&Value>> = BTreeMap::new();
    for trial in trials {
        let value = trial.axes.get(path);
        let key = value.map_or_else(String::new, Value::to_string);
        values.entry(key).or_insert(value);
    }
    if values.len() < 2 {
        return None;
    }
    let number = |value: &Option<&Value>| value.and_then(Value::as_f64);
    let is_numeric = values
        .values()
        .all(|value| value.is_none() || number(value).is_some());
    let mut sorted: Vec<(String, Option<&Value>)> = values.into_iter().collect();
    // Numbers by size, lists by their length and then number by number, all else by its text; what does not apply comes last.
    sorted.sort_by(|a, b| {
        let size = |value: &Option<&Value>| number(value).unwrap_or(f64::INFINITY);
        a.1.is_none()
            .cmp(&b.1.is_none())
            .then(size(&a.1).total_cmp(&size(&b.1)))
            .then_with(|| by_list(a.1, b.1))
            .then_with(|| a.0.cmp(&b.0))
    });
    let binned = is_numeric && sorted.len() > LEVELS_MAX;
    let mut levels = Vec::new();
    let mut places = BTreeMap::new();
    if binned {
        let (numbers, rest): (Vec<_>, Vec<_>) =
            sorted.into_iter().partition(|(_, value)| value.is_some());
        for bin in 0..BINS {
            let range = numbers.len() * bin / BINS..numbers.len() * (bin + 1) / BINS;
            let members = &numbers[range];
            let end = |at: Option<&(String, Option<&Value>)>| {
                at.and_then(|(_, value)| number(value))
                    .map_or_else(String::new, |value| significant(value, 2))
            };
            levels.push(format!("{}–{}", end(members.first()), end(members.last())));
            places.extend(members.iter().map(|(key, _)| (key.clone(), bin)));
        }
        for (key, _) in rest {
            places.insert(key, levels.len());
            levels.push("none".to_owned());
        }
    } else {
        for (at, (key, value)) in sorted.into_iter().enumerate() {
            levels.push(value.map_or_else(|| "none".to_owned(), text));
            places.insert(key, at);
        }
    }
    Some(Axis {
        name: name(path),
        path: path.to_owned(),
        levels,
        binned,
        numeric: is_numeric,
        places,
    })
}

/// Order of two lists of numbers; of other values none.
fn by_list(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
    let Some((a, b)) = list(a).zip(list(b)) else {
        return Ordering::Equal;
    };
    let numbers = a.iter().zip(&b).map(|(a, b)| {
        let size = |value: &Value| value.as_f64().unwrap_or(f64::INFINITY);
        size(a).total_cmp(&size(b))
    });
    a.len()
        .cmp(&b.len())
        .then(numbers.fold(Ordering::Equal, Ordering::then))
}

/// A value for people: text without quotes, lists without blanks too many; of a table what it names, such as the run of `start`, and
/// several tables, such as heads, joined by `+`.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Object(fields) => table(fields),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let items: Vec<String> = items.iter().map(text).collect();
            items.join(" + ")
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            format!("[{}]", items.join(", "))
        }
        // JSON writes 0.0001 as 1e-4 or 0.0001, as it was given; people read decimals.
        Value::Number(number) => number
            .as_f64()
            .filter(|value| !number.is_u64() && !number.is_i64() && value.abs() >= 1e-6)
            .map_or_else(|| number.to_string(), |value| value.to_string()),
        other => other.to_string(),
    }
}

/// The field that says what a table is stands without its name, the others behind it.
fn table(fields: &serde_json::Map<String, Value>) -> String {
    const NAMING: [&str; 6] = ["label", "run", "teacher", "file", "kind", "name"];
    let (naming, others): (Vec<_>, Vec<_>) = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(key, _)| NAMING.contains(&key.as_str()));
    let naming = naming.into_iter().map(|(_, value)| text(value));
    let others = others
        .into_iter()
        .map(|(key, value)| format!("{} {}", key.replace('_', " "), text(value)));
    naming.chain(others).collect::<Vec<_>>().join(" ")
}

/// The name of a field for people: its last part, that before it where the last only says `kind`, both where the last alone could be
/// of several tables.
pub fn name(path: &str) -> String {
    let mut parts = path.rsplit('.');
    let last = parts.next().unwrap_or(path);
    let word = match (last, parts.next()) {
        ("kind" | "name", Some(parent)) => parent.to_owned(),
        ("from" | "over" | "stages", Some(parent)) => format!("{parent} {last}"),
        _ => last.to_owned(),
    };
    word.replace('_', " ")
}

/// A setup for people, within a sentence: `batch 16 at 0.1, activation relu`.
pub fn label<'a>(axes: impl IntoIterator<Item = (&'a str, Option<&'a Value>)>) -> String {
    let mut batch = None;
    let mut rate = None;
    let mut others = Vec::new();
    for (path, value) in axes {
        let Some(value) = value else { continue };
        match path {
            "regime.batch_size" => batch = Some(text(value)),
            "regime.learning_rate" => rate = Some(text(value)),
            _ => others.push(format!("{} {}", name(path), text(value))),
        }
    }
    let first = match (batch, rate) {
        (Some(batch), Some(rate)) => Some(format!("batch {batch} at {rate}")),
        (Some(batch), None) => Some(format!("batch {batch}")),
        (None, Some(rate)) => Some(format!("learning rate {rate}")),
        (None, None) => None,
    };
    let all: Vec<String> = first.into_iter().chain(others).collect();
    if all.is_empty() {
        "the setup".to_owned()
    } else {
        all.join(", ")
    }
}
