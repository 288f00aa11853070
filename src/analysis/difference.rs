//! In which fields setups differ.

use std::collections::BTreeMap;

use serde_json::Value;

/// A field in which setups differ, and what each has there.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where it is, such as `regime.learning_rate`.
    pub field: String,
    /// Its value in each setup, in their order; `None` where one has no such field.
    pub values: Vec<Option<Value>>,
}

/// The fields in which `setups` differ, in alphabetical order; `leave_out` are not compared. Lists are compared as one.
pub fn differences(setups: &[Value], leave_out: &[&str]) -> Vec<Difference> {
    let mut fields: BTreeMap<String, Vec<Option<Value>>> = BTreeMap::new();
    for (at, setup) in setups.iter().enumerate() {
        visit(setup, &mut String::new(), &mut |field, value| {
            let values = fields
                .entry(field.to_owned())
                .or_insert_with(|| vec![None; setups.len()]);
            values[at] = Some(value.clone());
        });
    }
    fields
        .into_iter()
        .filter(|(field, values)| {
            !leave_out.contains(&field.as_str()) && values.iter().any(|value| value != &values[0])
        })
        .map(|(field, values)| Difference { field, values })
        .collect()
}

/// Hands every value that has no fields of its own to `found`, with its path.
fn visit(value: &Value, path: &mut String, found: &mut dyn FnMut(&str, &Value)) {
    let Value::Object(fields) = value else {
        return found(path, value);
    };
    for (name, value) in fields {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
        visit(value, path, found);
        path.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::differences;
    use serde_json::json;

    #[test]
    fn only_fields_that_differ_are_told_with_what_each_has() {
        let a = json!({"regime": {"seed": 1, "batch_size": 32, "optimiser": {"kind": "adam", "beta_1": 0.9}}});
        let b = json!({"regime": {"seed": 2, "batch_size": 64, "optimiser": {"kind": "sgd"}}});
        let found = differences(&[a.clone(), b], &["regime.seed"]);
        let fields: Vec<&str> = found.iter().map(|found| found.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "regime.batch_size",
                "regime.optimiser.beta_1",
                "regime.optimiser.kind"
            ]
        );
        assert_eq!(found[1].values, [Some(json!(0.9)), None]);
        assert!(differences(&[a.clone(), a], &[]).is_empty());
    }
}
