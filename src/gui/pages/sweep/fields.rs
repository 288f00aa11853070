//! The fields of a setup that a sweep can vary, with what they may be.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::setup::{
    Change, DistilSetup, EmaSetup, GradientClipping, ModelSetup, OptimiserSetup, ResizeSetup, Setup,
};

/// Tables of one of several kinds, whose fields depend on the kind: path of the kind, and what is known.
const KINDS: [(&str, &[&str]); 3] = [
    ("model.kind", &ModelSetup::KINDS),
    ("regime.optimiser.kind", &OptimiserSetup::KINDS),
    ("regime.gradient_clipping.kind", &GradientClipping::KINDS),
];

/// Tables that a setup may do without, with what they have where nothing else is said.
fn optional() -> [(&'static str, Value); 3] {
    let table = |defaults: serde_json::Result<Value>| {
        // Plain structs: there is nothing that serde_json could refuse.
        defaults.unwrap_or_default()
    };
    [
        (
            "regime.resize",
            table(serde_json::to_value(ResizeSetup::default())),
        ),
        (
            "regime.ema",
            table(serde_json::to_value(EmaSetup::default())),
        ),
        (
            "distil",
            table(serde_json::to_value(DistilSetup::default())),
        ),
    ]
}

/// A field that can be varied.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its path, such as `regime.learning_rate`.
    pub path: String,
    /// What the base has there, or would have with a table that it does without; `None` where the base has no such field.
    pub value: Option<Value>,
    /// Where it is there only with some kinds of a table: path of the kind, and the kinds.
    pub only_with: Option<(String, Vec<String>)>,
}

/// Every field of `base` that can be varied, and those that other kinds of its tables would have.
pub fn fields(base: &Setup) -> Vec<Field> {
    let mut own = BTreeMap::new();
    flatten(&base.to_value(), String::new(), &mut own);
    for (table, defaults) in optional() {
        if own.get(table).is_some_and(Value::is_null) {
            own.remove(table);
            flatten(&defaults, table.to_owned(), &mut own);
        }
    }
    let mut found: Vec<Field> = own
        .iter()
        .filter(|(path, _)| !matches!(path.as_str(), "schema" | "regime.seed"))
        .map(|(path, value)| Field {
            path: path.clone(),
            value: Some(value.clone()),
            only_with: None,
        })
        .collect();
    for (kind_path, kinds) in KINDS {
        let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for kind in kinds {
            let table = kind_path.strip_suffix(".kind").unwrap_or(kind_path);
            let mut change = Change::default();
            change.set(kind_path, *kind);
            let Ok(setup) = change.apply(base) else {
                continue;
            };
            let mut fields = BTreeMap::new();
            let pointer = format!("/{}", table.replace('.', "/"));
            if let Some(value) = setup.to_value().pointer(&pointer) {
                flatten(value, table.to_owned(), &mut fields);
            }
            for path in fields.into_keys().filter(|path| !own.contains_key(path)) {
                others.entry(path).or_default().push((*kind).to_owned());
            }
        }
        found.extend(others.into_iter().map(|(path, kinds)| Field {
            path,
            value: None,
            only_with: Some((kind_path.to_owned(), kinds)),
        }));
    }
    // How something learns and what learns is what sweeps are mostly about.
    found.sort_by_key(|field| {
        let part = ["regime.", "model.", "dataset."];
        let at = part.iter().position(|part| field.path.starts_with(part));
        (
            field.only_with.is_some(),
            at.unwrap_or(part.len()),
            field.path.matches('.').count(),
        )
    });
    found
}

fn flatten(value: &Value, path: String, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = match path.as_str() {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                flatten(value, path, found);
            }
        }
        leaf => {
            found.insert(path, leaf.clone());
        }
    }
}

/// The words that a field may have, where it takes one of a few; as the setup's own message names them.
pub fn words(base: &Setup, path: &str) -> Vec<String> {
    if let Some((_, kinds)) = KINDS.iter().find(|(of, _)| *of == path) {
        return kinds.iter().map(|kind| (*kind).to_owned()).collect();
    }
    let mut change = Change::default();
    change.set(path, "?");
    match change.apply(base) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let error = error.to_string();
            let Some((_, known)) = error.split_once("unknown variant `?`, expected") else {
                return Vec::new();
            };
            let known = known.split("; did you mean").next().unwrap_or(known);
            known
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_there_and_those_of_other_kinds_say_with_which() {
        let base = Setup::default();
        let found = fields(&base);
        let of = |path: &str| found.iter().find(|field| field.path == path);
        assert_eq!(
            of("regime.learning_rate").and_then(|field| field.value.clone()),
            Some(Value::from(base.regime.learning_rate))
        );
        assert!(of("regime.seed").is_none() && of("schema").is_none());
        for (path, usual) in [("regime.resize.from", 0.5), ("distil.alpha", 0.9)] {
            let value = of(path).and_then(|field| field.value.clone());
            assert_eq!(value, Some(Value::from(usual)), "{path}");
        }
        let other = found.iter().find(|field| field.only_with.is_some());
        let (kind, kinds) = other.and_then(|field| field.only_with.clone()).unwrap();
        assert!(!kinds.is_empty() && kind.ends_with(".kind"));
        // Each is one that the setup takes.
        for field in found.iter().filter(|field| field.only_with.is_none()) {
            let mut change = Change::default();
            change.set(&field.path, field.value.clone().unwrap_or_default());
            change.apply(&base).unwrap();
        }
    }

    #[test]
    fn words_of_a_field_are_those_that_the_setup_knows() {
        let base = Setup::default();
        assert!(words(&base, "regime.optimiser.kind").contains(&"sgd".to_owned()));
        assert!(words(&base, "regime.schedule.kind").contains(&"cosine".to_owned()));
        assert_eq!(words(&base, "regime.batch_size"), Vec::<String>::new());
    }
}
